//! The unary body, and what it shares with the stream.

use std::borrow::Cow;

use serde_json::Value;

use super::form::Prompts;
use super::logprobs;
use crate::chat::{Event, Finish, Reply};
use crate::pace::cut::{Part, parts};
use crate::wire::frame::Frame;
use crate::wire::json::{write_escaped, write_number, write_string};
use crate::wire::openai::chat::encode::{FINGERPRINT, patch, write_usage};
use crate::wire::openai::chat::logprobs::Tokens;
use crate::wire::{Envelope, Ids};

/// The body of an answer that is not streamed.
pub(super) fn unary(envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
    let prompts = Prompts::of(envelope);
    let said = |reply: &Reply| reply.events.iter().map(length).sum::<usize>() + 96;
    let mut body = Vec::with_capacity(768 + choices.iter().map(said).sum::<usize>());
    open_envelope(&mut body, &completion_id(&mut envelope.ids.clone()), envelope);
    body.extend_from_slice(br#","choices":["#);
    let mut tail = Vec::with_capacity(512);
    tail.extend_from_slice(br#"],"usage":"#);
    write_usage(&mut tail, &envelope.usage);
    tail.push(b'}');
    let Frame { head: mut body, tail } = Frame { head: body, tail }.patched(patch(envelope).as_ref(), "choices", &[]);
    for (index, reply) in (0..).zip(choices) {
        if index > 0 {
            body.push(b',');
        }
        let text = text(reply);
        body.extend_from_slice(br#"{"text":""#);
        write_escaped(&mut body, prompts.echoed(index));
        write_escaped(&mut body, &text);
        body.extend_from_slice(br#"","index":"#);
        write_number(&mut body, index.into());
        body.extend_from_slice(br#","logprobs":"#);
        match envelope.form.logprobs {
            None => body.extend_from_slice(b"null"),
            Some(top) => {
                let echoed = Tokens::of(prompts.echoed(index).to_owned());
                let from = if prompts.echo { 0 } else { prompts.at(index).chars().count() };
                logprobs::write(&mut body, &[echoed.all(), Tokens::of(text.into_owned()).all()], from, top);
            }
        }
        body.extend_from_slice(br#","finish_reason":"#);
        write_string(&mut body, finish_reason(reply.finish()));
        body.push(b'}');
    }
    body.extend_from_slice(&tail);
    body
}

fn length(event: &Event) -> usize {
    match event {
        Event::Text(text) | Event::Refusal(text) => text.len() + text.len() / 8,
        _ => 0,
    }
}

/// The first id that an envelope mints.
pub(super) fn completion_id(ids: &mut Ids) -> String {
    ids.alphanumeric("cmpl-", 29)
}

fn open_envelope(out: &mut Vec<u8>, id: &str, envelope: &Envelope) {
    out.extend_from_slice(br#"{"id":"#);
    write_string(out, id);
    out.extend_from_slice(br#","object":"text_completion","created":"#);
    write_number(out, envelope.created);
    out.extend_from_slice(br#","model":"#);
    write_string(out, &envelope.model);
    out.extend_from_slice(br#","system_fingerprint":"#);
    write_string(out, FINGERPRINT);
}

/// The frame of every chunk of a stream, and of its usage chunk.
pub(super) fn chunk_frame(id: &str, envelope: &Envelope, patch: Option<&Value>, usage: Option<&[u8]>) -> Frame {
    let mut head = Vec::with_capacity(256 + envelope.model.len());
    open_envelope(&mut head, id, envelope);
    head.extend_from_slice(br#","choices":["#);
    let mut tail = b"]".to_vec();
    if let Some(usage) = usage {
        tail.extend_from_slice(br#","usage":"#);
        tail.extend_from_slice(usage);
    }
    tail.push(b'}');
    let keep: &[&str] = if usage.is_none_or(|usage| usage == b"null") { &["usage"] } else { &[] };
    Frame { head, tail }.patched(patch, "choices", keep)
}

/// All that a reply says, refusals included.
pub(super) fn text(reply: &Reply) -> Cow<'_, str> {
    let texts = parts(reply).into_iter().filter_map(|part| match part {
        Part::Text(text) | Part::Refusal(text) => Some(text),
        Part::Reasoning(_) | Part::ToolCall { .. } | Part::Block(_) => None,
    });
    texts.reduce(|whole, more| whole + more).unwrap_or_default()
}

/// The provider's word for why a reply ended. Calls are not shown: the reply just stops.
pub(super) const fn finish_reason(finish: Finish<'_>) -> &str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Pause | Finish::Refusal | Finish::ToolCalls => "stop",
        Finish::Length => "length",
        Finish::ContentFilter => "content_filter",
        Finish::Other(word) => word,
    }
}
