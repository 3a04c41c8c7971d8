//! The providers' wire formats: the only place that knows a provider's JSON.
//!
//! A provider is one folder here, with one file per endpoint that holds its decoder, its unary encoder and its stream
//! encoder side by side. A new one implements [`Provider`] once and [`WireFormat`] per endpoint, and is named in
//! [`endpoint`]; nothing else changes.

use std::sync::Arc;

use crate::chat::{ApiError, Finish, Form, Operation, Reply, Request, Usage};
use crate::pace::cut::Chunk;

pub mod anthropic;
mod check;
#[cfg(feature = "engine")]
pub mod endpoint;
mod field;
mod frame;
pub mod ids;
pub mod json;
pub mod openai;
pub mod rate;
pub mod sse;
#[cfg(test)]
pub(crate) mod tests;

pub use ids::Ids;
use rate::{Exceeded, RateStatus};

/// The protocol of one endpoint that strategies answer.
pub trait WireFormat: Send + Sync {
    /// Whose format it is.
    fn provider(&self) -> &'static dyn Provider;

    /// What is asked for.
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    /// Decodes a request's body, which the caller has passed through [`json::sanitize`].
    ///
    /// # Errors
    /// What the provider answers to a body that it cannot read, or that lacks something: usually a 400.
    fn decode<'a>(&self, body: &'a str, history: &dyn History) -> Result<Request<'a>, ApiError>;

    /// The same for a body that may lack what the provider insists on and nobody needs.
    ///
    /// # Errors
    /// As [`WireFormat::decode`].
    fn decode_lax<'a>(&self, body: &'a str, history: &dyn History) -> Result<Request<'a>, ApiError> {
        self.decode(body, history)
    }

    /// Mints an id for a tool call, in the provider's style.
    fn tool_call_id(&self, ids: &mut Ids) -> String;

    /// The body of an answer that is not streamed; one reply for each choice, at least one.
    fn unary(&self, envelope: &Envelope, choices: &[Reply]) -> Vec<u8>;

    /// The encoder of one stream.
    fn stream(&self, envelope: &Envelope) -> Box<dyn StreamEncoder>;

    /// Decodes an answer in this format, so that a verbatim body can be streamed.
    ///
    /// # Errors
    /// A sentence that says what is not as the format wants it.
    fn decode_reply(&self, body: &str) -> Result<Reply, String>;

    /// What is kept of an exchange that can be asked for again; `answer` is its unary body. Only asked where
    /// [`Form::keep`] is set.
    fn keep(&self, request: &str, answer: &[u8]) -> Option<Kept> {
        let _ = (request, answer);
        None
    }

    /// The body of an answer that the client does not wait for. Only asked of what [`WireFormat::keep`] gave.
    fn queued(&self, kept: &Kept) -> Vec<u8> {
        kept.answer.as_bytes().to_vec()
    }
}

/// What was said before, for formats whose requests refer to it by id. Everything is the format's own JSON text.
pub trait History {
    /// The items of a kept conversation up to and with this answer, oldest first; none where one of them is gone.
    fn conversation(&self, id: &str) -> Option<Vec<Arc<str>>>;
    /// One kept item.
    fn item(&self, id: &str) -> Option<Arc<str>>;
}

/// Nothing was said before.
#[derive(Debug, Clone, Copy)]
pub struct NoHistory;

impl History for NoHistory {
    fn conversation(&self, _id: &str) -> Option<Vec<Arc<str>>> {
        None
    }

    fn item(&self, _id: &str) -> Option<Arc<str>> {
        None
    }
}

/// An exchange that can be asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The id of the answer.
    pub id: String,
    /// The answer that this one continues.
    pub previous: Option<String>,
    /// The whole answer, as JSON text.
    pub answer: Arc<str>,
    /// What the client sent: each item's id, and its JSON text, oldest first.
    pub input: Vec<(String, Arc<str>)>,
    /// What was answered, in the same way.
    pub output: Vec<(String, Arc<str>)>,
    /// The client did not wait for it.
    pub background: bool,
}

/// The protocol of one endpoint that turns texts into vectors.
pub trait EmbeddingFormat: Send + Sync {
    /// Whose format it is.
    fn provider(&self) -> &'static dyn Provider;

    /// Decodes a request's body; the texts are its [`Request::embedding_inputs`].
    ///
    /// # Errors
    /// As [`WireFormat::decode`].
    fn decode<'a>(&self, body: &'a str) -> Result<Request<'a>, ApiError>;

    /// The body of an answer: a vector for each text.
    fn encode(&self, envelope: &Envelope, vectors: &[Vec<f32>]) -> Vec<u8>;
}

/// What an answer says beside what the strategy said. All of it is known before the first byte is sent.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Mints the answer's ids; a clone mints the same ones, so that unary and stream agree.
    pub ids: Ids,
    /// Seconds since the Unix epoch.
    pub created: u64,
    /// The model that answers.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
    /// In a stream, whether the usage is sent where the format lets the client choose.
    pub stream_usage: bool,
    /// JSON merge patch (RFC 7396) over the envelope, valid JSON.
    pub patch: Option<String>,
    /// How the client wants it written.
    pub form: Form,
}

/// Renders one stream, from the events of [`crate::pace`] to the bytes on the wire. Every method appends whole SSE
/// frames.
pub trait StreamEncoder: Send {
    /// What comes before the first token.
    fn open(&mut self, out: &mut Vec<u8>);

    /// A choice begins that will say all this; its chunks follow.
    fn begin(&mut self, choice: u32, reply: &Reply) {
        let _ = (choice, reply);
    }

    /// One chunk of one choice. Choices come one after the other.
    fn chunk(&mut self, choice: u32, chunk: Chunk<'_>, out: &mut Vec<u8>);
    /// The end of one choice.
    fn finish(&mut self, choice: u32, finish: Finish<'_>, out: &mut Vec<u8>);
    /// What comes after the last choice.
    fn close(&mut self, out: &mut Vec<u8>);
    /// The provider's error event; nothing follows it.
    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>);
}

/// What the endpoints of one provider have in common.
pub trait Provider: Send + Sync {
    /// OpenTelemetry `gen_ai.provider.name`.
    fn name(&self) -> &'static str;
    /// The header that names a request, on every answer; its value is `req_…`.
    fn request_id_header(&self) -> &'static str;
    /// Headers that the provider sends on every answer.
    fn headers(&self) -> &'static [(&'static str, &'static str)];

    /// Headers about budgets, on every answer where none is set.
    fn unlimited_headers(&self) -> &'static [(&'static str, &'static str)];

    /// The same for a budget that is set.
    fn rate_headers(&self, status: &RateStatus) -> Vec<(&'static str, String)>;

    /// A budget is used up.
    fn rate_exceeded(&self, model: &str, exceeded: Exceeded, status: &RateStatus) -> ApiError;
    /// The body of an error.
    fn error_body(&self, error: &ApiError, request_id: &str) -> Vec<u8>;
    /// No such path.
    fn not_found(&self, method: &str, path: &str) -> ApiError;
    /// No such method on this path.
    fn method_not_allowed(&self, method: &str, path: &str) -> ApiError;
    /// The server wants a key, and the client showed none.
    fn key_missing(&self) -> ApiError;
    /// The key is not the one that the server wants.
    fn key_refused(&self) -> ApiError;
    /// The body exceeds the limit, in bytes.
    fn body_too_large(&self, limit: usize) -> ApiError;
    /// The body is no JSON, or not even text; what the parser says of it.
    fn malformed_body(&self, reason: &str) -> ApiError;
    /// Models are listed, and this is none of them.
    fn unknown_model(&self, model: &str) -> ApiError;
    /// What the provider asks of a request's headers; `header` looks one up, names compare without case.
    ///
    /// # Errors
    /// What the provider answers where something is missing.
    fn check_headers(&self, header: &dyn Fn(&str) -> bool) -> Result<(), ApiError>;
    /// The body of `GET /v1/models`, or of the page of it that a query asks for.
    ///
    /// # Errors
    /// What the provider answers to a query that makes no sense.
    fn model_list(&self, models: &[Model], query: &str) -> Result<Vec<u8>, ApiError>;
    /// The body of `GET /v1/models/{id}`.
    fn model(&self, model: &Model) -> Vec<u8>;
}

/// A model that the configuration lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// Seconds since the Unix epoch.
    pub created: u64,
    /// Who owns it.
    pub owned_by: String,
}

/// The provider whose error shape a client expects on a path that several providers share: an `anthropic-version` or
/// `x-api-key` header means Anthropic.
pub fn provider_of(header: &dyn Fn(&str) -> bool) -> &'static dyn Provider {
    if header("anthropic-version") || header("x-api-key") { &anthropic::Anthropic } else { &openai::OpenAi }
}
