//! The mock file. What is wrong in it is told with its place; only what a mock is compared with may be anything, since a mock
//! that never matches is one as well.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use standin_sdk::Result;

use crate::matching::{Header, Kind, Rule};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    openai: Option<Vec<Mock>>,
    openai_response: Option<Vec<Mock>>,
    openai_embeddings: Option<Vec<Mock>>,
    anthropic: Option<Vec<Mock>>,
    #[serde(rename = "listen_addr")]
    _listen_addr: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mock {
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "match")]
    wanted: Match,
    #[serde(rename = "response")]
    _response: Object,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    match_type: Option<String>,
    message: Option<Value>,
    input: Option<Value>,
    headers: Option<Vec<Header>>,
}

impl File {
    /// What requests are compared with: a list for each [`Kind`], in its order.
    pub(crate) fn rules(self) -> Result<[Vec<Rule>; 4]> {
        let read = |kind, mocks: Option<Vec<Mock>>| -> Result<Vec<Rule>> {
            let mocks = mocks.unwrap_or_default().into_iter().enumerate();
            mocks.map(|(index, mock)| rule(kind, index, mock.wanted)).collect()
        };
        Ok([
            read(Kind::Chat, self.openai)?,
            read(Kind::Responses, self.openai_response)?,
            read(Kind::Embeddings, self.openai_embeddings)?,
            read(Kind::Messages, self.anthropic)?,
        ])
    }
}

fn rule(kind: Kind, index: usize, wanted: Match) -> Result<Rule> {
    let place = || format!("settings.{}[{index}].match", kind.list());
    let key = kind.key();
    let (value, other) = match key {
        "message" => (wanted.message, ("input", wanted.input)),
        _ => (wanted.input, ("message", wanted.message)),
    };
    if let (other, Some(_)) = other {
        return Err(format!("{}.{other}: unknown field `{other}`, expected `{key}`", place()).into());
    }
    let match_type = wanted.match_type.as_deref().unwrap_or_default();
    let value = match value {
        Some(value) => value,
        // It never matches, whatever is there.
        None if !matches!(match_type, "exact" | "contains") => Value::Null,
        None => return Err(format!("{}: missing field `{key}`", place()).into()),
    };
    if key == "message" && !matches!(value, Value::Object(_) | Value::Null) {
        return Err(
            format!("{}.message: found `{value}`, expected an object with `role` and `content`", place()).into()
        );
    }
    Ok(Rule::new(kind, match_type, value, wanted.headers.unwrap_or_default()))
}

/// An object, whatever is in it.
struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object: the whole response")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Object)
    }
}
