//! What is expected of an answer.

use std::collections::BTreeMap;

use regex_lite::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::text_or_mapping;

/// What is expected: `pass` where nobody is to answer, else a mapping whose keys all have to hold. What it does not speak of
/// may be anything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = Expect::or_pass)]
pub struct Expect {
    /// Nobody answers.
    #[serde(skip)]
    pub pass: bool,
    /// Who answers, by the name in the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What the reply says, as one text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Matcher>,
    /// The calls of tools in the reply: these, in this order, and no others. `[]`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<ExpectedCall>>,
    /// What the reply thinks, as one text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Matcher>,
    /// The words of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Matcher>,
    /// Why the reply ends: `stop`, `length`, `tool-calls`, `content-filter`, `refusal`, `stop-sequence`, `pause`, or a provider's
    /// own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// The pieces into which a stream cuts the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunks: Option<Vec<String>>,
    /// How a stream of the reply breaks, and after how many pieces: `disconnect`, `stall`, `truncate`, `garbage` or `error`, and
    /// `@N`, such as `stall@3`; `none` where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The tokens that the answer costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<ExpectedUsage>,
    /// The model that the reply names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Headers that the strategy adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, Matcher>>,
    /// An error that the strategy answers with, or one for which no strategy is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ExpectedError>,
    /// A whole response in the provider's own bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbatim: Option<ExpectedVerbatim>,
    /// The vectors of an embeddings request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vectors: Option<ExpectedVectors>,
    /// The plugin itself fails - an error of its own, a trap, a limit -, and what is told of it contains this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails: Option<String>,
}

text_or_mapping!(Expect, "`pass`, or a mapping such as `{ text: … }`", |text| (text == "pass")
    .then(|| Expect { pass: true, ..Expect::default() }));

impl Serialize for Expect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.pass { serializer.serialize_str("pass") } else { Expect::serialize(self, serializer) }
    }
}

impl Expect {
    fn or_pass(schema: &mut Schema) {
        let mut mapping = std::mem::take(schema);
        let description = mapping.remove("description");
        mapping.insert("minProperties".to_owned(), 1.into());
        *schema = json_schema!({ "description": description, "anyOf": [{ "const": "pass" }, mapping] });
    }
}

/// A text that is equal to this one; or a mapping whose keys all have to hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Matcher {
    /// It is this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// It contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// This regular expression is found in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<Pattern>,
    /// It is JSON, and has all of this: every member that is written here, and lists item by item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
}

text_or_mapping!(Matcher, "text, or a mapping of `equals`, `contains`, `matches` or `json`", |text| Some(Matcher {
    equals: Some(text.to_owned()),
    ..Matcher::default()
}));

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self { equals: Some(text), contains: None, matches: None, json: None } => serializer.serialize_str(text),
            _ => Matcher::serialize(self, serializer),
        }
    }
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern(pub Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |error| D::Error::custom(format!("`{text}` is no regular expression: {error}"));
        Regex::new(&text).map(Self).map_err(wrong)
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "regex" })
    }
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedCall {
    /// The tool.
    pub name: String,
    /// Its arguments have all of this; a text is the whole of them, as they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// The id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// An error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedError {
    /// Its HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Matcher>,
    /// Its type, where the strategy says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The request's field that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// The seconds after which the client may try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// Tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedUsage {
    /// Everything that went in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u32>,
    /// Everything that came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u32>,
    /// Of the input: read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u32>,
    /// Of the input: written to a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation_input_tokens: Option<u32>,
    /// Of the output: thought, not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_output_tokens: Option<u32>,
}

/// A whole response.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedVerbatim {
    /// Its HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Matcher>,
}

/// Vectors, without their numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedVectors {
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// How many numbers each has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<usize>,
}
