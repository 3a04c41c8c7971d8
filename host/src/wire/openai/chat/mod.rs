//! `POST /v1/chat/completions`: the decoder, the unary encoder and the stream encoder.

use super::OpenAi;
use super::error::OpenAiWording;
use crate::chat::{ApiError, Reply, Request};
use crate::wire::{Envelope, History, Ids, Provider, StreamEncoder, WireFormat, check};

mod decode;
pub(in crate::wire::openai) mod encode;
pub(in crate::wire::openai) mod limits;
pub(in crate::wire::openai) mod logprobs;
mod part;
pub(in crate::wire::openai) mod reply;
mod shape;
mod stream;
#[cfg(test)]
mod tests;
mod tool;

/// OpenAI's chat completions.
#[derive(Debug, Clone, Copy)]
pub struct Chat;

impl WireFormat for Chat {
    fn provider(&self) -> &'static dyn Provider {
        &OpenAi
    }

    fn decode<'a>(&self, body: &'a str, _history: &dyn History) -> Result<Request<'a>, ApiError> {
        let request = check::decode(body, decode::fast, &shape::BODY, &OpenAiWording)?;
        limits::check(&request)?;
        Ok(request)
    }

    fn decode_lax<'a>(&self, body: &'a str, history: &dyn History) -> Result<Request<'a>, ApiError> {
        match decode::any_length(body) {
            Some(request) => limits::check(&request).map(|()| request),
            None => self.decode(body, history),
        }
    }

    fn tool_call_id(&self, ids: &mut Ids) -> String {
        tool_call_id(ids)
    }

    fn unary(&self, envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
        encode::unary(envelope, choices)
    }

    fn stream(&self, envelope: &Envelope) -> Box<dyn StreamEncoder> {
        Box::new(stream::ChatStream::new(envelope))
    }

    fn decode_reply(&self, body: &str) -> Result<Reply, String> {
        reply::decode(body)
    }
}

fn tool_call_id(ids: &mut Ids) -> String {
    ids.alphanumeric("call_", 24)
}
