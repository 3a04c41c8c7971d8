//! `POST /v1/responses`: the decoder, the unary encoder and the stream encoder; what is kept of an answer, and what the
//! further routes say of it.

use super::OpenAi;
use crate::chat::{ApiError, Reply, Request};
use crate::wire::{Envelope, History, Ids, Kept, Provider, StreamEncoder, WireFormat};

mod decode;
mod echo;
mod encode;
mod item;
mod keep;
mod members;
mod output;
mod part;
mod reply;
mod resolve;
mod shape;
pub mod stored;
mod stream;
#[cfg(test)]
mod tests;

/// OpenAI's responses.
#[derive(Debug, Clone, Copy)]
pub struct Responses;

impl WireFormat for Responses {
    fn provider(&self) -> &'static dyn Provider {
        &OpenAi
    }

    fn decode<'a>(&self, body: &'a str, history: &dyn History) -> Result<Request<'a>, ApiError> {
        resolve::request(resolve::read(body)?, history)
    }

    fn tool_call_id(&self, ids: &mut Ids) -> String {
        tool_call_id(ids)
    }

    fn unary(&self, envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
        encode::unary(envelope, choices)
    }

    fn stream(&self, envelope: &Envelope) -> Box<dyn StreamEncoder> {
        Box::new(stream::ResponsesStream::new(envelope))
    }

    fn decode_reply(&self, body: &str) -> Result<Reply, String> {
        reply::decode(body)
    }

    fn keep(&self, request: &str, answer: &[u8]) -> Option<Kept> {
        keep::keep(request, answer)
    }

    fn queued(&self, kept: &Kept) -> Vec<u8> {
        stored::queued(kept)
    }
}

fn tool_call_id(ids: &mut Ids) -> String {
    ids.alphanumeric("call_", 24)
}
