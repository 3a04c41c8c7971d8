//! Answers with whole responses, matched by the last message: a mock file of kagent's mockllm, as settings.
//!
//! Settings: four lists of mocks, each optional, for one kind of request each. `listen_addr` may stand beside them, and is
//! the server's.
//!
//! - `openai`: chat completions, matched by `message`, the last one
//! - `openai_response`: Responses, matched by `input`
//! - `openai_embeddings`: embeddings, matched by `input`
//! - `anthropic`: messages, matched by `message`, the last one
//!
//! A mock is `{"name": …, "match": {"match_type": …, "message" or "input": …, "headers": […]}, "response": {…}}`. The first
//! one of its list that matches answers: its `response` goes out as it is, and as its provider's stream where the client wants
//! one; its vectors as base64 where the client wants that. Where none matches, the answer is a 404 with the request in its
//! message. `matching.rs` says when one matches.
//!
//! The responses stay in the server: an instance reads what requests are compared with, once, and fetches the one response
//! that it answers with.

mod file;
mod matching;
#[cfg(test)]
mod tests;
mod vectors;

use serde_json::Value;
use standin_sdk::{
    Activation, ApiError, Condition, EmbeddingOutcome, Outcome, Plugin, RawResponse, Request, Result, settings,
};

use self::file::File;
use self::matching::{Heard, Kind, Rule};

/// Answers by heart.
pub struct Mocks {
    /// A list for each [`Kind`], in its order.
    rules: [Vec<Rule>; 4],
}

impl Plugin for Mocks {
    type Settings = File;

    fn new(file: File) -> Result<Self> {
        Ok(Self { rules: file.rules()? })
    }

    fn activation(&self) -> Activation {
        Activation::any([Condition::operation("chat"), Condition::operation("embeddings")])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let Some(kind) = Kind::of(request) else { return Ok(Outcome::Pass) };
        Ok(match self.answer(kind, request)? {
            Some(response) => response.into(),
            None => not_found(request).into(),
        })
    }

    fn embed(&self, request: &Request) -> Result<EmbeddingOutcome> {
        Ok(match self.answer(Kind::Embeddings, request)? {
            Some(response) => RawResponse::new(200, vectors::encoded(response.body, request)?).into(),
            None => not_found(request).into(),
        })
    }
}

impl Mocks {
    /// The response of the first mock that matches.
    fn answer(&self, kind: Kind, request: &Request) -> Result<Option<RawResponse>> {
        let rules = &self.rules[kind as usize];
        if rules.is_empty() {
            return Ok(None);
        }
        let Some(heard) = Heard::from_request(kind, request)? else { return Ok(None) };
        let Some(index) = rules.iter().position(|rule| rule.matches(&heard, request)) else { return Ok(None) };
        let response = settings::json_at(&format!("/{}/{index}/response", kind.list()));
        Ok(response.map(|body| RawResponse::new(200, body)))
    }
}

/// Shows the request, so that a reader sees why nothing matched.
fn not_found(request: &Request) -> ApiError {
    let body = request.body();
    let indented = serde_json::from_str::<Value>(&body).ok().and_then(|json| serde_json::to_string_pretty(&json).ok());
    ApiError::new(404, format!("No matching mock found. Request: {}", indented.unwrap_or(body)))
}

standin_sdk::export!(Mocks: strategy, embedder);
