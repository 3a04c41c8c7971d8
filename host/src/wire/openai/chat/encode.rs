//! The unary body, and what it shares with the stream: the envelope, calls, usage and reasons to finish.

use serde_json::Value;

use super::logprobs::{self, Tokens};
use super::tool_call_id;
use crate::chat::{Event, Finish, Reply, ToolCall, Usage};
use crate::pace::cut::{Part, parts};
use crate::wire::frame::Frame;
use crate::wire::json::{write_escaped, write_number, write_string};
use crate::wire::{Envelope, Ids};

/// OpenAI names the backend's configuration by it; ours never changes.
pub(in crate::wire::openai) const FINGERPRINT: &str = "fp_5ca1ab1e00";

const ID: &str = "chatcmpl-";
const ID_LENGTH: usize = 29;

/// The body of an answer that is not streamed.
pub(super) fn unary(envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
    let mut ids = envelope.ids.clone();
    let mut body = Vec::with_capacity(capacity(envelope, choices));
    body.extend_from_slice(br#"{"id":""#);
    ids.write_alphanumeric(&mut body, ID, ID_LENGTH);
    open_envelope(&mut body, "chat.completion", envelope);
    body.extend_from_slice(br#","choices":["#);
    let Some(patch) = patch(envelope) else {
        write_choices(&mut body, envelope, choices, &mut ids);
        close_body(&mut body, envelope);
        return body;
    };
    let mut tail = Vec::with_capacity(512);
    close_body(&mut tail, envelope);
    let Frame { head: mut body, tail } = Frame { head: body, tail }.patched(Some(&patch), "choices", &[]);
    write_choices(&mut body, envelope, choices, &mut ids);
    body.extend_from_slice(&tail);
    body
}

/// The merge patch over an envelope, if there is one.
pub(in crate::wire::openai) fn patch(envelope: &Envelope) -> Option<Value> {
    envelope.patch.as_deref().and_then(|patch| serde_json::from_str(patch).ok())
}

/// About the size of the body, so that it need not grow: what it says, and its frame.
fn capacity(envelope: &Envelope, choices: &[Reply]) -> usize {
    let length = |event: &Event| match event {
        Event::Text(text) | Event::Refusal(text) | Event::ToolArguments(text) => text.len() + text.len() / 8,
        Event::ToolCall(call) => 128 + call.name.len() + call.arguments.len() + call.arguments.len() / 4,
        Event::Reasoning(_) | Event::Block(_) | Event::Pause(_) | Event::Fault(_) => 0,
    };
    let said: usize = choices.iter().map(|reply| 160 + reply.events.iter().map(length).sum::<usize>()).sum();
    640 + envelope.model.len() + said
}

fn write_choices(out: &mut Vec<u8>, envelope: &Envelope, choices: &[Reply], ids: &mut Ids) {
    for (index, reply) in choices.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"index":"#);
        write_number(out, index as u64);
        out.extend_from_slice(br#","message":"#);
        write_message(out, reply, envelope.form.functions, ids);
        match envelope.form.logprobs {
            None => out.extend_from_slice(br#","logprobs":null,"finish_reason":"#),
            Some(top) => {
                out.extend_from_slice(br#","logprobs":"#);
                let (content, refusal) = texts(reply);
                logprobs::write(out, Tokens::of(content).all(), Tokens::of(refusal).all(), top);
                out.extend_from_slice(br#","finish_reason":"#);
            }
        }
        write_string(out, finish_reason(reply.finish(), envelope.form.functions));
        out.push(b'}');
    }
}

fn close_body(out: &mut Vec<u8>, envelope: &Envelope) {
    out.extend_from_slice(br#"],"usage":"#);
    write_usage(out, &envelope.usage);
    out.push(b',');
    write_service(out, envelope);
    out.push(b'}');
}

/// The frame of every chunk of a stream, and of its usage chunk.
pub(super) fn chunk_frame(id: &str, envelope: &Envelope, patch: Option<&Value>, usage: Option<&[u8]>) -> Frame {
    let mut head = Vec::with_capacity(256 + envelope.model.len());
    head.extend_from_slice(br#"{"id":""#);
    head.extend_from_slice(id.as_bytes());
    open_envelope(&mut head, "chat.completion.chunk", envelope);
    head.push(b',');
    write_service(&mut head, envelope);
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
    ids.alphanumeric(ID, ID_LENGTH)
}

/// From behind the id's digits.
fn open_envelope(head: &mut Vec<u8>, object: &str, envelope: &Envelope) {
    head.extend_from_slice(br#"","object":""#);
    head.extend_from_slice(object.as_bytes());
    head.extend_from_slice(br#"","created":"#);
    write_number(head, envelope.created);
    head.extend_from_slice(br#","model":"#);
    write_string(head, &envelope.model);
}

fn write_service(out: &mut Vec<u8>, envelope: &Envelope) {
    let tier = envelope.form.echo.as_str();
    out.extend_from_slice(if tier.is_empty() { br#""service_tier":"default""# } else { tier.as_bytes() });
    out.extend_from_slice(br#","system_fingerprint":""#);
    out.extend_from_slice(FINGERPRINT.as_bytes());
    out.push(b'"');
}

/// All that a reply says, and all that it refuses.
pub(super) fn texts(reply: &Reply) -> (String, String) {
    let (mut content, mut refusal) = (String::new(), String::new());
    for part in parts(reply) {
        match part {
            Part::Text(text) => content.push_str(&text),
            Part::Refusal(text) => refusal.push_str(&text),
            Part::Reasoning(_) | Part::ToolCall { .. } | Part::Block(_) => {}
        }
    }
    (content, refusal)
}

fn write_message(out: &mut Vec<u8>, reply: &Reply, functions: bool, ids: &mut Ids) {
    out.extend_from_slice(br#"{"role":"assistant","content":"#);
    // What nearly every reply is, without a list of its parts.
    if let [Event::Text(text)] = reply.events.as_slice() {
        write_string(out, text);
        out.extend_from_slice(br#","refusal":null,"annotations":[]}"#);
        return;
    }
    let mut parts = parts(reply);
    // An empty refusal refuses nothing; a stream does not show it either.
    parts.retain(|part| !matches!(part, Part::Refusal(text) if text.is_empty()));
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
    let calls = parts.iter().filter_map(|part| match part {
        Part::ToolCall { call, arguments } => Some((*call, arguments)),
        _ => None,
    });
    if functions {
        write_function_call(out, calls);
    } else {
        write_calls(out, calls, ids);
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

fn write_calls<'c>(out: &mut Vec<u8>, calls: impl Iterator<Item = (&'c ToolCall, impl AsRef<str>)>, ids: &mut Ids) {
    let before = out.len();
    for (call, arguments) in calls {
        out.extend_from_slice(if out.len() == before { br#","tool_calls":[{"# } else { b",{" });
        write_call(out, call, ids, |out| write_escaped(out, arguments.as_ref()));
        out.push(b'}');
    }
    if out.len() > before {
        out.push(b']');
    }
}

/// The older protocol has one call and no id.
fn write_function_call<'c>(out: &mut Vec<u8>, mut calls: impl Iterator<Item = (&'c ToolCall, impl AsRef<str>)>) {
    if let Some((call, arguments)) = calls.next() {
        out.extend_from_slice(br#","function_call":{"name":"#);
        write_string(out, &call.name);
        out.extend_from_slice(br#","arguments":"#);
        write_string(out, arguments.as_ref());
        out.push(b'}');
    }
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
pub(in crate::wire::openai) fn write_usage(out: &mut Vec<u8>, usage: &Usage) {
    out.extend_from_slice(br#"{"prompt_tokens":"#);
    write_number(out, usage.input_tokens.into());
    out.extend_from_slice(br#","completion_tokens":"#);
    write_number(out, usage.output_tokens.into());
    out.extend_from_slice(br#","total_tokens":"#);
    write_number(out, u64::from(usage.input_tokens) + u64::from(usage.output_tokens));
    out.extend_from_slice(br#","prompt_tokens_details":{"cached_tokens":"#);
    write_number(out, usage.cache_read_input_tokens.into());
    out.extend_from_slice(br#","cache_write_tokens":"#);
    write_number(out, usage.cache_creation_input_tokens.into());
    out.extend_from_slice(br#","audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":"#);
    write_number(out, usage.reasoning_output_tokens.into());
    out.extend_from_slice(br#","audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
}

/// The provider's word for why a reply ended.
pub(super) const fn finish_reason(finish: Finish<'_>, functions: bool) -> &str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Pause | Finish::Refusal => "stop",
        Finish::Length => "length",
        Finish::ToolCalls if functions => "function_call",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
        Finish::Other(word) => word,
    }
}
