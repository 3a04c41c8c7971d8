//! The unary body, and what it shares with the stream: the envelope, calls, usage and reasons to finish.

use serde_json::Value;

use super::tool_call_id;
use crate::chat::{Finish, Reply, ToolCall, Usage};
use crate::pace::cut::{Part, parts};
use crate::wire::frame::Frame;
use crate::wire::json::{write_escaped, write_number, write_string};
use crate::wire::{Envelope, Ids};

/// OpenAI names the backend's configuration by it; ours never changes.
const FINGERPRINT: &str = "fp_5ca1ab1e00";

/// The body of an answer that is not streamed.
pub(super) fn unary(envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
    let mut ids = envelope.ids.clone();
    let id = completion_id(&mut ids);
    let patch = envelope.patch.as_deref().and_then(|patch| serde_json::from_str::<Value>(patch).ok());

    let mut head = open_envelope(&id, "chat.completion", envelope);
    head.extend_from_slice(br#","choices":["#);
    let mut tail = br#"],"usage":"#.to_vec();
    write_usage(&mut tail, &envelope.usage);
    tail.push(b',');
    write_service(&mut tail);
    tail.push(b'}');
    let frame = Frame { head, tail }.patched(patch.as_ref(), "choices", &[]);

    let mut body = frame.head;
    for (index, reply) in choices.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"index":"#);
        write_number(&mut body, index as u64);
        body.extend_from_slice(br#","message":"#);
        write_message(&mut body, reply, &mut ids);
        body.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
        write_string(&mut body, finish_reason(reply.finish()));
        body.push(b'}');
    }
    body.extend_from_slice(&frame.tail);
    body
}

/// The frame of every chunk of a stream, and of its usage chunk.
pub(super) fn chunk_frame(id: &str, envelope: &Envelope, patch: Option<&Value>, usage: Option<&[u8]>) -> Frame {
    let mut head = open_envelope(id, "chat.completion.chunk", envelope);
    head.push(b',');
    write_service(&mut head);
    head.extend_from_slice(br#","choices":["#);
    let mut tail = b"]".to_vec();
    if let Some(usage) = usage {
        tail.extend_from_slice(br#","usage":"#);
        tail.extend_from_slice(usage);
    }
    tail.push(b'}');
    // A chunk is none in any other `object`, and only one of them carries the usage.
    let keep: &[&str] = if usage.is_none_or(|usage| usage == b"null") { &["object", "usage"] } else { &["object"] };
    Frame { head, tail }.patched(patch, "choices", keep)
}

/// The first id that an envelope mints: the stream's and the unary body's are the same.
pub(super) fn completion_id(ids: &mut Ids) -> String {
    ids.alphanumeric("chatcmpl-", 29)
}

fn open_envelope(id: &str, object: &str, envelope: &Envelope) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    head.extend_from_slice(br#"{"id":"#);
    write_string(&mut head, id);
    head.extend_from_slice(br#","object":"#);
    write_string(&mut head, object);
    head.extend_from_slice(br#","created":"#);
    write_number(&mut head, envelope.created);
    head.extend_from_slice(br#","model":"#);
    write_string(&mut head, &envelope.model);
    head
}

fn write_service(out: &mut Vec<u8>) {
    out.extend_from_slice(br#""service_tier":"default","system_fingerprint":"#);
    write_string(out, FINGERPRINT);
}

fn write_message(out: &mut Vec<u8>, reply: &Reply, ids: &mut Ids) {
    let mut parts = parts(reply);
    // An empty refusal refuses nothing; a stream does not show it either.
    parts.retain(|part| !matches!(part, Part::Refusal(text) if text.is_empty()));
    out.extend_from_slice(br#"{"role":"assistant","content":"#);
    // As a stream has it, whose first chunk tells whether there is any text.
    let first = parts.iter().find(|part| matches!(part, Part::Text(_) | Part::Refusal(_) | Part::ToolCall { .. }));
    let text_first = first.is_none_or(|part| matches!(part, Part::Text(_)));
    if text_first || parts.iter().any(|part| matches!(part, Part::Text(text) if !text.is_empty())) {
        // Content is one text here, whatever stood between its parts.
        out.push(b'"');
        for part in &parts {
            if let Part::Text(text) = part {
                write_escaped(out, text);
            }
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(b"null");
    }
    let mut calls = 0;
    for part in &parts {
        let Part::ToolCall { call, arguments } = part else { continue };
        out.extend_from_slice(if calls == 0 { br#","tool_calls":["# } else { b"," });
        out.push(b'{');
        write_call(out, call, ids, |out| write_escaped(out, arguments));
        out.push(b'}');
        calls += 1;
    }
    if calls > 0 {
        out.push(b']');
    }
    out.extend_from_slice(br#","refusal":"#);
    if parts.iter().any(|part| matches!(part, Part::Refusal(_))) {
        out.push(b'"');
        for part in &parts {
            if let Part::Refusal(text) = part {
                write_escaped(out, text);
            }
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(b"null");
    }
    out.extend_from_slice(br#","annotations":[]}"#);
}

/// The fields of a call, with arguments (already inside a JSON string) by the caller. A kind that OpenAI does not
/// have is a function to it.
pub(super) fn write_call(out: &mut Vec<u8>, call: &ToolCall, ids: &mut Ids, arguments: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(br#""id":"#);
    match &call.id {
        Some(id) => write_string(out, id),
        None => write_string(out, &tool_call_id(ids)),
    }
    let (before_name, before_arguments) = if is_custom(call) {
        (br#","type":"custom","custom":{"name":"#.as_slice(), br#","input":""#.as_slice())
    } else {
        (br#","type":"function","function":{"name":"#.as_slice(), br#","arguments":""#.as_slice())
    };
    out.extend_from_slice(before_name);
    write_string(out, &call.name);
    out.extend_from_slice(before_arguments);
    arguments(out);
    out.extend_from_slice(br#""}"#);
}

/// Whether a call goes to a custom tool, which takes a text and not JSON.
pub(super) fn is_custom(call: &ToolCall) -> bool {
    call.kind == "custom"
}

/// `usage`, with both of its details.
pub(super) fn write_usage(out: &mut Vec<u8>, usage: &Usage) {
    let total = u64::from(usage.input_tokens) + u64::from(usage.output_tokens);
    for (before, number) in [
        (r#"{"prompt_tokens":"#, u64::from(usage.input_tokens)),
        (r#","completion_tokens":"#, u64::from(usage.output_tokens)),
        (r#","total_tokens":"#, total),
        (r#","prompt_tokens_details":{"cached_tokens":"#, u64::from(usage.cache_read_input_tokens)),
        (r#","cache_write_tokens":"#, u64::from(usage.cache_creation_input_tokens)),
        (
            r#","audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":"#,
            u64::from(usage.reasoning_output_tokens),
        ),
    ] {
        out.extend_from_slice(before.as_bytes());
        write_number(out, number);
    }
    out.extend_from_slice(br#","audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
}

/// The provider's word for why a reply ended.
pub(super) const fn finish_reason(finish: Finish<'_>) -> &str {
    match finish {
        Finish::Stop | Finish::StopSequence | Finish::Pause | Finish::Refusal => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
        Finish::Other(word) => word,
    }
}
