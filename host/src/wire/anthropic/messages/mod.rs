//! `POST /v1/messages`: the decoder, the unary encoder and the stream encoder.

use super::Anthropic;
use super::error::AnthropicWording;
use crate::chat::{ApiError, Reply, Request};
use crate::wire::{Envelope, History, Ids, Kept, Provider, StreamEncoder, WireFormat, check};

mod block;
pub mod count;
mod decode;
mod encode;
mod reply;
mod shape;
mod stream;
#[cfg(test)]
mod tests;
mod thread;

/// Anthropic's messages.
#[derive(Debug, Clone, Copy)]
pub struct Messages;

impl WireFormat for Messages {
    fn provider(&self) -> &'static dyn Provider {
        &Anthropic
    }

    fn decode<'a>(&self, body: &'a str, history: &dyn History) -> Result<Request<'a>, ApiError> {
        decode(body, history, MaxTokens::Required)
    }

    fn decode_lax<'a>(&self, body: &'a str, history: &dyn History) -> Result<Request<'a>, ApiError> {
        decode(body, history, MaxTokens::Optional)
    }

    fn tool_call_id(&self, ids: &mut Ids) -> String {
        tool_call_id(ids)
    }

    fn unary(&self, envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
        encode::unary(envelope, choices)
    }

    fn stream(&self, envelope: &Envelope) -> Box<dyn StreamEncoder> {
        Box::new(stream::MessagesStream::new(envelope))
    }

    fn decode_reply(&self, body: &str) -> Result<Reply, String> {
        reply::decode(body)
    }

    fn keep(&self, request: &str, answer: &[u8]) -> Option<Kept> {
        thread::keep(request, answer)
    }
}

/// Whether a request has to say how long its answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxTokens {
    /// As the provider wants it.
    Required,
    /// For clients that were written against less.
    Optional,
}

/// Decodes a body, after what its thread remembers.
///
/// # Errors
/// What the provider answers to a body that it cannot read, or that lacks something.
pub fn decode<'a>(body: &'a str, history: &dyn History, max_tokens: MaxTokens) -> Result<Request<'a>, ApiError> {
    let (fast, shape): (for<'b> fn(&'b str) -> Option<Request<'b>>, _) = match max_tokens {
        MaxTokens::Required => (decode::fast, &shape::CREATE),
        MaxTokens::Optional => (decode::any_length, &shape::ANY_LENGTH),
    };
    // Most requests are right, and belong to no thread.
    if let Some(request) = fast(body)
        && !request.form.keep
    {
        return Ok(request);
    }
    if let Some(previous) = thread::previous(body) {
        let remembered = history.conversation(&previous).ok_or_else(|| thread::not_found(&previous))?;
        if let Some(whole) = thread::whole(body, &remembered) {
            return check::decode(&whole, fast, shape, &AnthropicWording).map(Request::into_owned);
        }
    }
    check::decode(body, fast, shape, &AnthropicWording)
}

fn tool_call_id(ids: &mut Ids) -> String {
    ids.alphanumeric("toolu_", 24)
}
