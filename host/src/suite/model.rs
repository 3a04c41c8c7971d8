//! What a file of tests may say. The doc comments are the reference: `standin schema --tests` prints them.

mod expect;
mod request;

use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

pub use self::expect::{
    Expect, ExpectedCall, ExpectedError, ExpectedUsage, ExpectedVectors, ExpectedVerbatim, Matcher,
};
pub use self::request::{Choice, Media, Message, Operation, Part, Request, Role, Thought, Tool, ToolCall, ToolResult};
use crate::config::{Allow, Isolation, Limits, Model, Pacing, Stage};

/// Tests of a strategy, or of a chain. Paths are relative to this file. The keys from `strategy` to `models` mean what they mean
/// in `standin.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TestFile {
    /// The strategy that is tested: a path to a component (with a `/`, or ending in `.wasm`), or the name of a bundled one. Not
    /// beside `strategies`.
    pub strategy: Option<String>,
    /// Its settings. Not beside `settings-file`. Default: `{}`.
    pub settings: Option<Value>,
    /// Its settings, in a file of their own. Not beside `settings`.
    pub settings_file: Option<std::path::PathBuf>,
    /// What one call of it may use up.
    pub limits: Option<Limits>,
    /// Whether an instance serves more than one request. Default: `warm`.
    pub isolation: Option<Isolation>,
    /// What it may do beside answering. Default: nothing.
    pub allow: Option<Allow>,
    /// The chain that is tested, as in `standin.yaml`. Not beside `strategy`.
    pub strategies: Option<Vec<Stage>>,
    /// What ids and random numbers are drawn from. Default: 0.
    pub seed: Option<u64>,
    /// How replies are cut into chunks, where a strategy does not say.
    pub pacing: Option<Pacing>,
    /// The models that are served; a request for another is refused. Default: any model is.
    pub models: Option<Vec<Model>>,
    /// The tests.
    pub cases: Vec<Case>,
}

/// The keys of a [`TestFile`] that are those of a stage, each with its name there.
pub const STAGE: [(&str, &str); 6] = [
    ("strategy", "use"),
    ("settings", "settings"),
    ("settings-file", "settings-file"),
    ("limits", "limits"),
    ("isolation", "isolation"),
    ("allow", "allow"),
];

/// The keys of a [`TestFile`] that are those of a configuration.
pub const CONFIG: [&str; 4] = ["strategies", "seed", "pacing", "models"];

/// One test: a request and what is expected of its answer, or several of them in one session.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// What is tested, as it is told.
    pub name: String,
    /// What is asked.
    pub request: Option<Request>,
    /// What is expected. Missing, it is a mistake, unless `--update` is to write it.
    pub expect: Option<Expect>,
    /// Several requests of one session, one after the other: what strategies keep is kept, and turns are counted. In place of
    /// `request` and `expect`.
    pub turns: Option<Vec<Turn>>,
    /// The name of the session. Default: `default`. Each case has a session of its own, whatever its name.
    pub session: Option<String>,
    /// A seed of its own. Default: that of the file.
    pub seed: Option<u64>,
}

/// One request of a session.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Turn {
    /// What is asked.
    pub request: Request,
    /// What is expected.
    pub expect: Option<Expect>,
}

/// A text, or a mapping with the same meaning and more.
macro_rules! text_or_mapping {
    ($type:ident, $expected:literal, $from:expr) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;
                impl<'de> serde::de::Visitor<'de> for Read {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        let from: fn(&str) -> Option<$type> = $from;
                        let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
                        from(text).ok_or_else(wrong)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        $type::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_any(Read)
            }
        }
    };
}
use text_or_mapping;

/// The schema of a mapping for which a text can stand.
fn or_text(schema: &mut Schema) {
    let mut mapping = std::mem::take(schema);
    let description = mapping.remove("description");
    *schema = json_schema!({ "description": description, "anyOf": [{ "type": "string" }, mapping] });
}

/// The JSON Schema of a file of tests, for editors and `standin schema --tests`.
pub fn schema() -> Value {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<TestFile>();
    schema.insert("title".to_owned(), "*.test.yaml".into());
    // Where a doc comment breaks its lines means nothing to an editor.
    let mut one_line = RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace('\n', " ");
        }
    });
    one_line.transform(&mut schema);
    schema.to_value()
}
