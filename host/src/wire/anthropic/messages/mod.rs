//! `POST /v1/messages`: the decoder, the unary encoder and the stream encoder.

use super::Anthropic;
use super::error::AnthropicWording;
use crate::chat::{ApiError, Reply, Request};
use crate::wire::{Envelope, Ids, Provider, StreamEncoder, WireFormat, check};

mod block;
mod decode;
mod encode;
mod reply;
mod shape;
mod stream;
#[cfg(test)]
mod tests;

/// Anthropic's messages.
#[derive(Debug, Clone, Copy)]
pub struct Messages;

impl WireFormat for Messages {
    fn provider(&self) -> &'static dyn Provider {
        &Anthropic
    }

    fn decode<'a>(&self, body: &'a str) -> Result<Request<'a>, ApiError> {
        check::decode(body, decode::fast, &shape::BODY, &AnthropicWording)
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
}

fn tool_call_id(ids: &mut Ids) -> String {
    ids.alphanumeric("toolu_", 24)
}
