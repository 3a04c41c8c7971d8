//! The unary body, and what it shares with the stream: the envelope, usage and how an answer ended.

use serde_json::Value;

use super::output::{Item, Keys, Part};
use crate::chat::{ApiError, Finish, Reply, Usage};
use crate::pace::cut::{self, parts};
use crate::wire::Envelope;
use crate::wire::frame::Frame;
use crate::wire::json::{is_object, write_escaped, write_line, write_number, write_string};

/// The body of an answer that is not streamed. This endpoint knows one choice.
pub(super) fn unary(envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
    let (id, keys) = Keys::new(envelope);
    let patch = patch(envelope);
    let finish = choices.first().map_or(Finish::Stop, Reply::finish);
    let frame = frame(&id, envelope, State::Ended(finish), patch.as_ref());
    let mut body = frame.head;
    if let Some(reply) = choices.first() {
        write_output(&mut body, reply, &keys, envelope);
    }
    body.extend_from_slice(&frame.tail);
    body
}

/// The envelope's patch, parsed.
pub(super) fn patch(envelope: &Envelope) -> Option<Value> {
    envelope.patch.as_deref().and_then(|patch| serde_json::from_str(patch).ok())
}

fn write_output(out: &mut Vec<u8>, reply: &Reply, keys: &Keys, envelope: &Envelope) {
    let mut parts = parts(reply);
    // What is no JSON object cannot be sent as an item; a stream passes it over as well.
    parts.retain(|part| !matches!(part, cut::Part::Block(json) if !is_object(json)));
    let last = last_status(reply.finish());
    let mut parts = parts.iter().peekable();
    let mut grown = Vec::new();
    let mut index = 0;
    while let Some(part) = parts.next() {
        if index > 0 {
            out.push(b',');
        }
        grown.clear();
        let ids = keys.item(index);
        index += 1;
        let item = match part {
            cut::Part::Text(_) | cut::Part::Refusal(_) => {
                let mut open = None;
                let mut next = said(part);
                while let Some((part, text)) = next {
                    grow(&mut grown, &mut open, part, text);
                    next = parts.next_if(|part| said(part).is_some()).and_then(said);
                }
                end(&mut grown, open);
                Item::message(ids)
            }
            cut::Part::Reasoning(reasoning) => {
                if !reasoning.redacted && !reasoning.text.is_empty() {
                    let mut open = None;
                    grow(&mut grown, &mut open, Part::Summary, &reasoning.text);
                    end(&mut grown, open);
                }
                Item::thought(ids, reasoning, envelope.form.encrypted)
            }
            cut::Part::ToolCall { call, arguments } => {
                write_escaped(&mut grown, arguments);
                Item::call(ids, call)
            }
            cut::Part::Block(json) => {
                write_line(out, json);
                continue;
            }
        };
        item.write(out, if parts.peek().is_none() { last } else { "completed" }, &grown);
    }
}

/// What belongs into a message.
fn said<'p>(part: &'p cut::Part<'_>) -> Option<(Part, &'p str)> {
    match part {
        cut::Part::Text(text) => Some((Part::Text, text)),
        cut::Part::Refusal(text) => Some((Part::Refusal, text)),
        _ => None,
    }
}

/// Appends a text to the open part, or to one of its own.
fn grow(grown: &mut Vec<u8>, open: &mut Option<Part>, part: Part, text: &str) {
    if *open != Some(part) {
        end(grown, *open);
        if open.is_some() {
            grown.push(b',');
        }
        grown.extend_from_slice(part.around().0);
        *open = Some(part);
    }
    write_escaped(grown, text);
}

fn end(grown: &mut Vec<u8>, open: Option<Part>) {
    grown.extend_from_slice(open.map_or(b"", |part| part.around().1));
}

/// How far an answer is.
#[derive(Debug, Clone, Copy)]
pub(super) enum State<'a> {
    Running,
    Ended(Finish<'a>),
    Failed(&'a ApiError),
}

/// What only the end of a stream tells: a patch of it has no place before.
const LATE: [&str; 5] = ["status", "completed_at", "error", "incomplete_details", "usage"];

/// A response around its output.
pub(super) fn frame(id: &str, envelope: &Envelope, state: State<'_>, patch: Option<&Value>) -> Frame {
    let (status, reason, error) = match state {
        State::Running => ("in_progress", None, None),
        State::Ended(finish) => match incomplete(finish) {
            Some(reason) => ("incomplete", Some(reason), None),
            None => ("completed", None, None),
        },
        State::Failed(error) => ("failed", None, Some(error)),
    };
    let mut head = Vec::with_capacity(envelope.form.echo.len() + 512);
    head.extend_from_slice(br#"{"id":"#);
    write_string(&mut head, id);
    head.extend_from_slice(br#","object":"response","created_at":"#);
    write_number(&mut head, envelope.created);
    head.extend_from_slice(br#","status":"#);
    write_string(&mut head, status);
    head.extend_from_slice(br#","completed_at":"#);
    match status {
        "completed" => write_number(&mut head, envelope.created),
        _ => head.extend_from_slice(b"null"),
    }
    head.extend_from_slice(br#","error":"#);
    write_error(&mut head, error);
    head.extend_from_slice(br#","incomplete_details":"#);
    match reason {
        Some(reason) => {
            head.extend_from_slice(br#"{"reason":"#);
            write_string(&mut head, reason);
            head.push(b'}');
        }
        None => head.extend_from_slice(b"null"),
    }
    head.extend_from_slice(br#","model":"#);
    write_string(&mut head, &envelope.model);
    if !envelope.form.echo.is_empty() {
        head.push(b',');
        head.extend_from_slice(envelope.form.echo.as_bytes());
    }
    head.extend_from_slice(br#","output":["#);
    let mut tail = br#"],"usage":"#.to_vec();
    match state {
        State::Ended(_) => write_usage(&mut tail, &envelope.usage),
        State::Running | State::Failed(_) => tail.extend_from_slice(b"null"),
    }
    tail.push(b'}');
    let keep: &[&str] = if matches!(state, State::Ended(_)) { &[] } else { &LATE };
    Frame { head, tail }.patched(patch, "output", keep)
}

/// Why an answer is not whole, in the provider's words; none where it is.
const fn incomplete(finish: Finish<'_>) -> Option<&str> {
    match finish {
        Finish::Length => Some("max_output_tokens"),
        Finish::ContentFilter => Some("content_filter"),
        Finish::Other(word) => match word.as_bytes() {
            b"max_output_tokens" | b"content_filter" | b"max_messages" | b"steered" => Some(word),
            _ => None,
        },
        Finish::Stop | Finish::ToolCalls | Finish::Refusal | Finish::StopSequence(_) | Finish::Pause => None,
    }
}

/// The status of the item that an answer ends with.
pub(super) const fn last_status(finish: Finish<'_>) -> &'static str {
    if incomplete(finish).is_some() { "incomplete" } else { "completed" }
}

fn write_error(out: &mut Vec<u8>, error: Option<&ApiError>) {
    let Some(error) = error else {
        out.extend_from_slice(b"null");
        return;
    };
    let code = error.code.as_deref().unwrap_or(match error.status {
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_prompt",
        _ => "server_error",
    });
    out.extend_from_slice(br#"{"code":"#);
    write_string(out, code);
    out.extend_from_slice(br#","message":"#);
    write_string(out, &error.message);
    out.push(b'}');
}

/// `usage`, with both of its details.
fn write_usage(out: &mut Vec<u8>, usage: &Usage) {
    for (before, number) in [
        (r#"{"input_tokens":"#, u64::from(usage.input_tokens)),
        (r#","input_tokens_details":{"cached_tokens":"#, u64::from(usage.cache_read_input_tokens)),
        (r#","cache_write_tokens":"#, u64::from(usage.cache_creation_input_tokens)),
        (r#"},"output_tokens":"#, u64::from(usage.output_tokens)),
        (r#","output_tokens_details":{"reasoning_tokens":"#, u64::from(usage.reasoning_output_tokens)),
        (r#"},"total_tokens":"#, u64::from(usage.input_tokens) + u64::from(usage.output_tokens)),
    ] {
        out.extend_from_slice(before.as_bytes());
        write_number(out, number);
    }
    out.push(b'}');
}
