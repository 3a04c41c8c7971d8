//! The providers' wire formats: the only place that knows a provider's JSON.
//!
//! A provider is one folder here, with one file per endpoint that holds its decoder, its unary encoder and its stream
//! encoder side by side. A new one implements [`Provider`] once and [`WireFormat`] per endpoint, and is named in
//! [`routes`]; nothing else changes.

use crate::chat::{ApiError, Finish, Reply, Request, Usage};
use crate::pace::cut::Chunk;

pub mod anthropic;
mod check;
mod field;
mod frame;
pub mod ids;
pub mod json;
pub mod openai;
pub mod sse;
#[cfg(test)]
pub(crate) mod tests;

pub use ids::Ids;

/// The protocol of one endpoint that strategies answer.
pub trait WireFormat: Send + Sync {
    /// Whose format it is.
    fn provider(&self) -> &'static dyn Provider;

    /// Decodes a request's body, which the caller has passed through [`json::sanitize`].
    ///
    /// # Errors
    /// What the provider answers to a body that it cannot read, or that lacks something: usually a 400.
    fn decode<'a>(&self, body: &'a str) -> Result<Request<'a>, ApiError>;

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
    /// Tokens; zeros where nothing on the wire will show them.
    pub usage: Usage,
    /// In a stream, whether the usage is sent where the format lets the client choose.
    pub stream_usage: bool,
    /// JSON merge patch (RFC 7396) over the envelope, valid JSON.
    pub patch: Option<String>,
}

/// Renders one stream, from the events of [`crate::pace`] to the bytes on the wire. Every method appends whole SSE
/// frames.
pub trait StreamEncoder: Send {
    /// What comes before the first token.
    fn open(&mut self, out: &mut Vec<u8>);
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
    /// The body of an error.
    fn error_body(&self, error: &ApiError, request_id: &str) -> Vec<u8>;
    /// No such path.
    fn not_found(&self, method: &str, path: &str) -> ApiError;
    /// No such method on this path.
    fn method_not_allowed(&self, method: &str, path: &str) -> ApiError;
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
    /// The body of `GET /v1/models`.
    fn model_list(&self, models: &[Model]) -> Vec<u8>;
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

/// The endpoints that strategies answer: path without the `/v1` prefix, and its format.
pub fn routes() -> [(&'static str, &'static dyn WireFormat); 2] {
    [("/chat/completions", &openai::chat::Chat), ("/messages", &anthropic::messages::Messages)]
}

/// The provider whose error shape a client expects on a path that several providers share: an `anthropic-version` or
/// `x-api-key` header means Anthropic.
pub fn provider_of(header: &dyn Fn(&str) -> bool) -> &'static dyn Provider {
    if header("anthropic-version") || header("x-api-key") { &anthropic::Anthropic } else { &openai::OpenAi }
}
