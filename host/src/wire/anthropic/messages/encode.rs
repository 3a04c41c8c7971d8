//! The unary body, and what it shares with the stream: the envelope, blocks, usage and reasons to stop.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::tool_call_id;
use crate::chat::{Finish, Form, Reasoning, Reply, ToolCall, Usage};
use crate::pace::cut::{Part, parts};
use crate::wire::frame::Frame;
use crate::wire::json::{is_object, is_valid, write_line, write_number, write_string};
use crate::wire::{Envelope, Ids};

/// The body of an answer that is not streamed. This provider knows one choice.
pub(super) fn unary(envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
    let mut ids = envelope.ids.clone();
    let id = message_id(&mut ids);
    let patch = envelope.patch.as_deref().and_then(|patch| serde_json::from_str::<Value>(patch).ok());
    let finish = choices.first().map_or(Finish::Stop, Reply::finish);
    let frame = message_frame(&id, envelope, Some(finish)).patched(patch.as_ref(), "content", &[]);

    let mut body = frame.head;
    let mut first = true;
    for part in choices.first().map(parts).unwrap_or_default() {
        if matches!(part, Part::Block(json) if !is_object(json)) {
            continue;
        }
        if !first {
            body.push(b',');
        }
        first = false;
        match part {
            // A refusal is a text here; what makes it one is the reason to stop.
            Part::Text(text) | Part::Refusal(text) => write_text_block(&mut body, &text),
            Part::Reasoning(reasoning) if reasoning.redacted => write_redacted_block(&mut body, reasoning),
            Part::Reasoning(reasoning) => {
                let signature = signature(reasoning, &mut ids);
                write_thinking_block(&mut body, &reasoning.text, &signature);
            }
            Part::ToolCall { call, arguments } => {
                write_call_block(&mut body, call, &mut ids, |out| write_input(out, &arguments));
            }
            Part::Block(json) => write_line(&mut body, json),
        }
    }
    body.extend_from_slice(&frame.tail);
    body
}

/// The first id that an envelope mints: the stream's and the unary body's are the same.
pub(super) fn message_id(ids: &mut Ids) -> String {
    ids.alphanumeric("msg_01", 22)
}

/// A message around its content. Without a reason to stop it has just begun, as in a stream's first event.
pub(super) fn message_frame(id: &str, envelope: &Envelope, finish: Option<Finish<'_>>) -> Frame {
    let mut head = Vec::with_capacity(256);
    head.extend_from_slice(br#"{"model":"#);
    write_string(&mut head, &envelope.model);
    head.extend_from_slice(br#","id":"#);
    write_string(&mut head, id);
    head.extend_from_slice(br#","type":"message","role":"assistant","content":["#);
    let mut tail = Vec::with_capacity(512);
    tail.extend_from_slice(b"],");
    write_stop(&mut tail, finish);
    let echo = Echo::of(&envelope.form);
    tail.extend_from_slice(br#","container":null,"diagnostics":null"#);
    write_context_management(&mut tail, &echo);
    tail.extend_from_slice(br#","usage":"#);
    write_usage(&mut tail, &envelope.usage, finish.is_some(), &echo);
    tail.push(b'}');
    Frame { head, tail }
}

/// What of the request stands in the answer, as the decoder left it.
#[derive(Default, Deserialize)]
pub(super) struct Echo {
    inference_geo: Option<Box<RawValue>>,
    speed: Option<Box<RawValue>>,
    context_management: Option<Box<RawValue>>,
}

impl Echo {
    /// Most requests leave nothing to say.
    pub(super) fn of(form: &Form) -> Self {
        if form.echo.is_empty() {
            return Self::default();
        }
        serde_json::from_str(&format!("{{{}}}", form.echo)).unwrap_or_default()
    }
}

/// Only an answer to a request that has it tells of it.
pub(super) fn write_context_management(out: &mut Vec<u8>, echo: &Echo) {
    if let Some(json) = &echo.context_management {
        out.extend_from_slice(br#","context_management":"#);
        write_line(out, json.get());
    }
}

/// `stop_reason`, `stop_sequence` and `stop_details`.
pub(super) fn write_stop(out: &mut Vec<u8>, finish: Option<Finish<'_>>) {
    out.extend_from_slice(br#""stop_reason":"#);
    match finish {
        Some(finish) => write_string(out, stop_reason(finish)),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(br#","stop_sequence":"#);
    match finish {
        Some(Finish::StopSequence(Some(text))) => write_string(out, text),
        _ => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(br#","stop_details":"#);
    out.extend_from_slice(if matches!(finish, Some(Finish::Refusal | Finish::ContentFilter)) {
        br#"{"type":"refusal","category":null,"explanation":null}"#
    } else {
        b"null"
    });
}

/// A text that cites nothing. The provider's types would have `"citations":null` here; some clients refuse the null, and
/// all of them know what it means when there is nothing.
pub(super) fn write_text_block(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(br#"{"type":"text","text":"#);
    write_string(out, text);
    out.push(b'}');
}

pub(super) fn write_thinking_block(out: &mut Vec<u8>, text: &str, signature: &str) {
    out.extend_from_slice(br#"{"type":"thinking","thinking":"#);
    write_string(out, text);
    out.extend_from_slice(br#","signature":"#);
    write_string(out, signature);
    out.push(b'}');
}

pub(super) fn write_redacted_block(out: &mut Vec<u8>, reasoning: &Reasoning) {
    out.extend_from_slice(br#"{"type":"redacted_thinking","data":"#);
    write_string(out, &reasoning.text);
    out.push(b'}');
}

/// A call. `server_tool_use` and its like are kinds of this provider; every other one is a `tool_use` to it.
pub(super) fn write_call_block(out: &mut Vec<u8>, call: &ToolCall, ids: &mut Ids, input: impl FnOnce(&mut Vec<u8>)) {
    let kind = if call.kind.ends_with("_tool_use") { &call.kind } else { "tool_use" };
    out.extend_from_slice(br#"{"type":"#);
    write_string(out, kind);
    out.extend_from_slice(br#","id":"#);
    match &call.id {
        Some(id) => write_string(out, id),
        None => write_string(out, &tool_call_id(ids)),
    }
    out.extend_from_slice(br#","name":"#);
    write_string(out, &call.name);
    out.extend_from_slice(br#","input":"#);
    input(out);
    // The model itself, not a program that it wrote. A call to an MCP server has no such field.
    out.extend_from_slice(if kind == "mcp_tool_use" { b"}" } else { br#","caller":{"type":"direct"}}"# });
}

/// Arguments as they are. What is no JSON can only stand here as a text; a stream passes it on untouched.
fn write_input(out: &mut Vec<u8>, arguments: &str) {
    if arguments.trim_ascii().is_empty() {
        out.extend_from_slice(b"{}");
    } else if is_valid(arguments) {
        write_line(out, arguments);
    } else {
        write_string(out, arguments);
    }
}

/// The thought's signature, or one that looks like the provider's.
pub(super) fn signature(reasoning: &Reasoning, ids: &mut Ids) -> String {
    match &reasoning.signature {
        Some(signature) => signature.clone(),
        None => ids.alphanumeric("Eq", 84) + "==",
    }
}

/// `usage` of a message. This provider counts what it read from and wrote to a cache beside the input, not in it.
fn write_usage(out: &mut Vec<u8>, usage: &Usage, done: bool, echo: &Echo) {
    out.extend_from_slice(br#"{"input_tokens":"#);
    write_number(out, uncached(usage).into());
    out.extend_from_slice(br#","cache_creation_input_tokens":"#);
    write_number(out, usage.cache_creation_input_tokens.into());
    out.extend_from_slice(br#","cache_read_input_tokens":"#);
    write_number(out, usage.cache_read_input_tokens.into());
    out.extend_from_slice(br#","cache_creation":{"ephemeral_5m_input_tokens":"#);
    write_number(out, usage.cache_creation_input_tokens.into());
    out.extend_from_slice(br#","ephemeral_1h_input_tokens":0},"output_tokens":"#);
    // A message that has just begun tells of its first token.
    write_number(out, if done { usage.output_tokens } else { usage.output_tokens.min(1) }.into());
    out.extend_from_slice(br#","output_tokens_details":"#);
    if done {
        write_output_details(out, usage);
    } else {
        out.extend_from_slice(b"null");
    }
    out.extend_from_slice(br#","server_tool_use":null,"service_tier":"standard","inference_geo":"#);
    write_line(out, echo.inference_geo.as_deref().map_or("null", RawValue::get));
    out.extend_from_slice(br#","speed":"#);
    write_line(out, echo.speed.as_deref().map_or("null", RawValue::get));
    out.push(b'}');
}

/// `usage` of a stream's last event but one.
pub(super) fn write_delta_usage(out: &mut Vec<u8>, usage: &Usage) {
    out.extend_from_slice(br#"{"input_tokens":"#);
    write_number(out, uncached(usage).into());
    out.extend_from_slice(br#","cache_creation_input_tokens":"#);
    write_number(out, usage.cache_creation_input_tokens.into());
    out.extend_from_slice(br#","cache_read_input_tokens":"#);
    write_number(out, usage.cache_read_input_tokens.into());
    out.extend_from_slice(br#","output_tokens":"#);
    write_number(out, usage.output_tokens.into());
    out.extend_from_slice(br#","output_tokens_details":"#);
    write_output_details(out, usage);
    out.extend_from_slice(br#","server_tool_use":null}"#);
}

fn write_output_details(out: &mut Vec<u8>, usage: &Usage) {
    out.extend_from_slice(br#"{"thinking_tokens":"#);
    write_number(out, usage.reasoning_output_tokens.into());
    out.push(b'}');
}

const fn uncached(usage: &Usage) -> u32 {
    usage.input_tokens.saturating_sub(usage.cache_read_input_tokens).saturating_sub(usage.cache_creation_input_tokens)
}

/// The provider's word for why a reply ended. It has none for a filter, whose work is a refusal.
pub(super) const fn stop_reason(finish: Finish<'_>) -> &str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::StopSequence(_) => "stop_sequence",
        Finish::Pause => "pause_turn",
        Finish::Refusal | Finish::ContentFilter => "refusal",
        Finish::Other(word) => word,
    }
}
