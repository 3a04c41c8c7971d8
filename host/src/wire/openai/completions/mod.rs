//! `POST /v1/completions`, the protocol from before conversations: the decoder, the unary encoder and the stream encoder.
//!
//! Each prompt is a user message of its own. Of an answer only the text is shown, refusals included: the protocol has no
//! place for calls and thoughts. Prompts that come as tokens are read as text; `suffix` and the sampling parameters change nothing,
//! and without `max_tokens` an answer is not cut, where the provider stops after 16 tokens.

use super::OpenAi;
use crate::chat::{ApiError, Operation, Reply, Request};
use crate::wire::{Envelope, History, Ids, Provider, StreamEncoder, WireFormat};

mod decode;
mod encode;
mod form;
mod logprobs;
mod reply;
mod stream;
#[cfg(test)]
mod tests;

/// OpenAI's text completions.
#[derive(Debug, Clone, Copy)]
pub struct Completions;

impl WireFormat for Completions {
    fn provider(&self) -> &'static dyn Provider {
        &OpenAi
    }

    fn operation(&self) -> Operation {
        Operation::TextCompletion
    }

    fn decode<'a>(&self, body: &'a str, _history: &dyn History) -> Result<Request<'a>, ApiError> {
        decode::decode(body)
    }

    fn tool_call_id(&self, ids: &mut Ids) -> String {
        ids.alphanumeric("call_", 24)
    }

    fn unary(&self, envelope: &Envelope, choices: &[Reply]) -> Vec<u8> {
        encode::unary(envelope, choices)
    }

    fn stream(&self, envelope: &Envelope) -> Box<dyn StreamEncoder> {
        Box::new(stream::CompletionStream::new(envelope))
    }

    fn decode_reply(&self, body: &str) -> Result<Reply, String> {
        reply::decode(body)
    }
}
