//! What a reader gets of an entry: JSON, with a schema.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::entry::{Reader, View};
use crate::record::FailureKind;

impl<'a> View<'a> {
    /// As it is told.
    pub fn json(&self) -> EntryJson<'a> {
        EntryJson {
            id: self.id,
            session: self.session,
            turn: self.turn,
            at: self.at(),
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers(),
            body: Content::of(self.body),
            body_size: self.body_size,
            body_cut: self.body_size > self.body.len() as u64,
            model: self.model,
            provider: self.provider,
            operation: self.operation,
            strategy: self.strategy,
            status: self.status,
            streamed: self.streamed,
            answer: Content::of(self.answer),
            answer_size: self.answer_size,
            answer_cut: self.answer_size > self.answer.len() as u64,
            usage: self.usage.map(|it| UsageJson {
                input_tokens: it.input_tokens,
                output_tokens: it.output_tokens,
                cache_read_input_tokens: it.cache_read_input_tokens,
                cache_creation_input_tokens: it.cache_creation_input_tokens,
                reasoning_output_tokens: it.reasoning_output_tokens,
            }),
            chunks: self.chunks,
            timing: Timing { first_byte_us: self.first_byte_us, duration_us: self.duration_us },
            whole: self.whole,
            failure: self.failure.map(|it| match it {
                FailureKind::Trap => "trap",
                FailureKind::Timeout => "timeout",
                FailureKind::PutAside => "put_aside",
                FailureKind::Other => "other",
            }),
        }
    }

    fn headers(&self) -> Headers<'a> {
        let mut from = Reader(self.headers);
        let mut headers: Vec<(&str, Cow<'_, str>)> = Vec::new();
        while let (Some(name), Some(Some(value))) = (from.text(), from.bytes()) {
            let value = String::from_utf8_lossy(value);
            match headers.iter_mut().find(|(it, _)| *it == name) {
                Some((_, values)) => *values = format!("{values}, {value}").into(),
                None => headers.push((name, value)),
            }
        }
        Headers(headers)
    }
}

/// One request and its answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Entry")]
pub struct EntryJson<'a> {
    /// The request's id, which its answer has in a header.
    id: &'a str,
    /// The session that asked.
    session: &'a str,
    /// How many requests the session made before; null where no strategy was asked.
    turn: Option<u64>,
    /// When the request came, in RFC 3339.
    at: String,
    method: &'a str,
    path: &'a str,
    /// Without credentials.
    query: Option<&'a str>,
    /// Names in lower case; values of one name are joined by commas. Credentials are `***`.
    headers: Headers<'a>,
    /// What was asked: JSON where it is JSON, else text.
    body: Content<'a>,
    /// How long the body was, in bytes.
    body_size: u64,
    /// Whether `body` is only its beginning, as text.
    body_cut: bool,
    /// The model that was asked for.
    model: Option<&'a str>,
    /// `openai`, `anthropic`, …
    provider: &'a str,
    /// `chat`, `embeddings`, …
    operation: Option<&'a str>,
    /// Who answered, or failed to.
    strategy: Option<&'a str>,
    /// The answer's status; 499 where the client went away before it.
    status: u16,
    /// Whether the answer is a stream.
    streamed: bool,
    /// What was answered: JSON where it is JSON, else text; of a stream the body that says the same.
    answer: Content<'a>,
    /// How long the answer was, in bytes.
    answer_size: u64,
    /// Whether `answer` is only its beginning, as text.
    answer_cut: bool,
    /// What it cost in tokens; none for errors and raw responses.
    usage: Option<UsageJson>,
    /// How many chunks a stream had.
    chunks: u32,
    timing: Timing,
    /// Whether the answer was sent to its end.
    whole: bool,
    /// How the strategy failed: `trap`, `timeout`, `put_aside` or `other`.
    failure: Option<&'static str>,
}

/// When the answer came, in microseconds after the request's head.
#[derive(Debug, Serialize, JsonSchema)]
struct Timing {
    first_byte_us: u64,
    duration_us: u64,
}

/// Tokens that a request cost.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Usage")]
struct UsageJson {
    input_tokens: u32,
    output_tokens: u32,
    cache_read_input_tokens: u32,
    cache_creation_input_tokens: u32,
    reasoning_output_tokens: u32,
}

/// Headers by name.
#[derive(Debug, JsonSchema)]
#[schemars(with = "std::collections::BTreeMap<String, String>")]
struct Headers<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A body.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(with = "serde_json::Value")]
enum Content<'a> {
    Json(&'a RawValue),
    Text(Cow<'a, str>),
}

impl<'a> Content<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(json) => Self::Json(json),
            Err(_) => Self::Text(String::from_utf8_lossy(bytes)),
        }
    }
}
