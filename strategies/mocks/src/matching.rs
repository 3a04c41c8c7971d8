//! When a mock matches a request.
//!
//! - `exact`: the whole last message, or the whole input, is the same JSON. The order of keys makes no difference, nor
//!   whether something is null or left out. Content of Anthropic's that is a text is the same as one block of that text.
//! - `contains`: a text of the last message, or of the input, contains the mock's text. Messages have to have the same role.
//!   In chat completions the content is a text, or the one text part of a list; in Anthropic's messages any text block may
//!   contain the mock's only one; of a list of Responses' items, the last counts: a message, or what a function returned
//! - Any other `match_type`, or none, never matches.
//! - `headers`: each of them is there with its value, or contains it where the header's `match_type` is `contains`. Names
//!   compare without case

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use standin_sdk::{Request, Result};

/// The requests that mocks are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Chat,
    Responses,
    Embeddings,
    Messages,
}

impl Kind {
    /// What a request that strategies answer is; none where there are no mocks for its like.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let (provider, path) = (request.provider(), request.path());
        match provider.as_str() {
            "openai" if path.ends_with("/chat/completions") => Some(Self::Chat),
            "openai" if path.ends_with("/responses") => Some(Self::Responses),
            "anthropic" if path.ends_with("/messages") => Some(Self::Messages),
            _ => None,
        }
    }

    /// Its list in the file.
    pub(crate) const fn list(self) -> &'static str {
        match self {
            Self::Chat => "openai",
            Self::Responses => "openai_response",
            Self::Embeddings => "openai_embeddings",
            Self::Messages => "anthropic",
        }
    }

    /// What a mock of it is compared with.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Chat | Self::Messages => "message",
            Self::Responses | Self::Embeddings => "input",
        }
    }
}

/// When one mock matches.
pub(crate) struct Rule {
    wanted: Wanted,
    headers: Vec<Header>,
}

enum Wanted {
    Exact(Value),
    Contains { role: Option<String>, text: String },
    Never,
}

/// A header that a request has to have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    name: String,
    value: String,
    match_type: Option<String>,
}

impl Rule {
    /// The rule of a mock.
    pub(crate) fn new(kind: Kind, match_type: &str, value: Value, headers: Vec<Header>) -> Self {
        let heard = Heard::new(kind, value);
        let wanted = match match_type {
            "exact" => Wanted::Exact(heard.whole),
            "contains" => heard.only_text().map_or(Wanted::Never, |(role, text)| Wanted::Contains { role, text }),
            _ => Wanted::Never,
        };
        Self { wanted, headers }
    }

    /// Whether a request is what the mock waits for.
    pub(crate) fn matches(&self, heard: &Heard, request: &Request) -> bool {
        let says_it = match &self.wanted {
            Wanted::Exact(whole) => *whole == heard.whole,
            Wanted::Contains { role, text } => {
                *role == heard.role && heard.texts.iter().any(|heard| heard.contains(text.as_str()))
            }
            Wanted::Never => false,
        };
        says_it && self.headers.iter().all(|header| header.is_there(request))
    }
}

impl Header {
    fn is_there(&self, request: &Request) -> bool {
        let Some(value) = request.header(&self.name) else { return false };
        match self.match_type.as_deref() {
            None | Some("" | "exact") => value == self.value,
            Some("contains") => value.contains(&self.value),
            Some(_) => false,
        }
    }
}

/// A last message, or an input, in the form in which two of them are compared.
#[derive(Debug, PartialEq)]
pub(crate) struct Heard {
    whole: Value,
    /// Who says it; an input is said by nobody.
    role: Option<String>,
    /// What of it may contain a mock's text.
    texts: Vec<String>,
    /// There is more in it than its texts.
    has_more: bool,
}

impl Heard {
    /// What a request says last; none where it says nothing.
    pub(crate) fn from_request(kind: Kind, request: &Request) -> Result<Option<Self>> {
        let value = match kind {
            Kind::Responses | Kind::Embeddings => request.json_at("/input")?,
            Kind::Chat | Kind::Messages => {
                // A conversation may be long: only its last message is looked into.
                let messages: Option<Vec<Box<RawValue>>> = request.json_at("/messages")?;
                messages.and_then(|mut all| all.pop()).map(|last| serde_json::from_str(last.get())).transpose()?
            }
        };
        Ok(value.map(|value| Self::new(kind, value)))
    }

    fn new(kind: Kind, mut value: Value) -> Self {
        without_nulls(&mut value);
        if kind == Kind::Messages
            && let Some(content) = value.get_mut("content").filter(|content| content.is_string())
        {
            *content = serde_json::json!([{ "type": "text", "text": content.take() }]);
        }
        let content = value.get("content").unwrap_or(&Value::Null);
        let (texts, parts) = match kind {
            Kind::Chat => (plain(content).into_iter().collect(), 1),
            Kind::Messages => (texts_of(content), content.as_array().map_or(0, Vec::len)),
            Kind::Embeddings => (value.as_str().map(str::to_owned).into_iter().collect(), 1),
            Kind::Responses => (last_text(&value).into_iter().collect(), 1),
        };
        let role = value.get("role").and_then(Value::as_str).map(str::to_owned);
        Self { role, has_more: parts != texts.len(), texts, whole: value }
    }

    /// Its role and its text, where there is exactly one and nothing else. A message without a role is no message.
    fn only_text(mut self) -> Option<(Option<String>, String)> {
        let is_message = self.whole.is_object();
        let text = self.texts.pop().filter(|_| self.texts.is_empty() && !self.has_more)?;
        (!is_message || self.role.is_some()).then_some((self.role, text))
    }
}

/// Takes out what is null, however deep.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// A text, or the one text part of a list.
fn plain(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) if parts.len() == 1 => texts_of(content).pop(),
        _ => None,
    }
}

/// The text parts of a list.
fn texts_of(content: &Value) -> Vec<String> {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = parts
        .iter()
        .filter(|part| matches!(part.get("type").and_then(Value::as_str), Some("text" | "input_text" | "output_text")));
    texts.filter_map(|part| Some(part.get("text")?.as_str()?.to_owned())).collect()
}

/// The text of an input: its own, or that of its last item.
fn last_text(input: &Value) -> Option<String> {
    let last = match input {
        Value::String(text) => return Some(text.clone()),
        Value::Array(items) => items.last()?,
        _ => return None,
    };
    let said = last.get("content").or_else(|| last.get("output"))?;
    match said {
        Value::String(text) => Some(text.clone()),
        parts => Some(texts_of(parts)).filter(|texts| !texts.is_empty()).map(|texts| texts.join("\n")),
    }
}
