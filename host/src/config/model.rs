//! What a configuration file may say. The doc comments are the reference: `standin schema` prints them.
//!
//! These are plain values. Nothing here has looked at a file; [`load`](super::load()) does, and keeps for every value the place
//! where it was written.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::access::{Admin, Cors, Journal, Secret};
use super::allow::Allow;
use super::formats::Format;
use super::trouble::{FaultRule, RateLimits};
use super::units::{self, Size, Time};

/// The configuration of standin. Every key may be left out, and an empty file is a configuration too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The address and port to listen on, such as `0.0.0.0:8000`; port 0 takes a free one. Default: `127.0.0.1:8000`.
    #[serde(deserialize_with = "units::listen")]
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// How many worker threads serve, 1 or more. Default: one a processor core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<NonZeroUsize>,
    /// What ids and random numbers are drawn from: the same seed gives the same bytes. Default: 0.
    pub seed: u64,
    /// What the time in answers is. Default: `seeded`.
    pub clock: Clock,
    /// How tokens are counted. Default: `exact`.
    pub tokens: TokenCount,
    /// The folder that strategies are looked up in by name, relative to this file; it need not exist. Default: `./strategies`.
    pub strategies_dir: PathBuf,
    /// The chain: strategies in the order in which they are asked. An empty list answers nothing. Default: the bundled chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategies: Option<Vec<Stage>>,
    /// The models that are served, and listed; a request for another is refused. Default: none, and any model is served.
    pub models: Vec<Model>,
    /// How replies are cut into chunks and timed, where a strategy does not say.
    pub pacing: Pacing,
    /// What goes wrong on purpose, and how often. Default: nothing.
    pub faults: Vec<FaultRule>,
    /// What every key may use up in a minute. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimits>,
    /// The key that a client has to send, as a Bearer or in `x-api-key`. Default: none, and any key will do, or no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// Which web pages may ask from within a browser. Default: none.
    pub cors: Cors,
    /// Whether what only a fallback would answer, such as `mirror`, is refused with a 404. Default: false.
    pub strict: bool,
    /// What is remembered of requests and their answers, for `/_standin/requests`.
    pub journal: Journal,
    /// The routes under `/_standin/`, with which a test looks into the server.
    pub admin: Admin,
    /// The largest request body that is accepted. Default: `16MiB`.
    pub body_limit: Size,
    /// The most connections at once; a further one is answered with a 503. Default: 20000, or as many as the system lets this
    /// process open.
    pub connections: NonZeroUsize,
    /// How long open requests may go on after the signal to stop. Default: `30s`.
    pub shutdown_timeout: Time,
    /// Whose file this is.
    #[serde(skip)]
    pub format: Format,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            workers: None,
            seed: 0,
            clock: Clock::default(),
            tokens: TokenCount::default(),
            strategies_dir: PathBuf::from("./strategies"),
            strategies: None,
            models: Vec::new(),
            pacing: Pacing::default(),
            faults: Vec::new(),
            rate_limits: None,
            api_key: None,
            cors: Cors::default(),
            strict: false,
            journal: Journal::default(),
            admin: Admin::default(),
            body_limit: Size::from_mib(16),
            connections: const { NonZeroUsize::new(20_000).unwrap() },
            format: Format::default(),
            shutdown_timeout: Time::from_millis(30_000),
        }
    }
}

/// What the time in answers is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// A fixed start, and a second more with each request of a session: the same requests give the same bytes.
    #[default]
    Seeded,
    /// The machine's.
    Real,
}

/// How tokens are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenCount {
    /// With the real vocabulary, up to a size from which an estimate is used all the same.
    #[default]
    Exact,
    /// From the length of the text: fast, and deterministic as well.
    Estimate,
}

/// One strategy of the chain. A bare name is short for a mapping with nothing but `use`.
// `remote`: serde derives how a mapping is read as a function of `Stage`, and leaves the trait, with the short form, to us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = Stage::or_a_name)]
pub struct Stage {
    /// The strategy: a path to a component (with a `/`, or ending in `.wasm`; relative to this file), `pack:NAME/STRATEGY` of an
    /// installed pack, `oci://REGISTRY/NAME@VERSION` that was installed from there, else the name of one in `strategies-dir` or of
    /// a bundled one.
    #[serde(rename = "use")]
    pub strategy: String,
    /// The strategy's settings, written here: any value that it understands. Not beside `settings-file`. Default: `{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// The strategy's settings in a file of their own, YAML or JSON, relative to this file; it is watched. Not beside
    /// `settings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_file: Option<PathBuf>,
    /// What one call of the strategy may use up.
    #[serde(default)]
    pub limits: Limits,
    /// Whether an instance serves more than one request. Default: `warm`.
    #[serde(default)]
    pub isolation: Isolation,
    /// What the strategy may do beyond answering: see variables, read files, ask hosts. Default: nothing.
    #[serde(default, skip_serializing_if = "Allow::is_empty")]
    pub allow: Allow,
}

impl Stage {
    /// A stage with nothing but a name or path.
    pub fn new(strategy: impl Into<String>) -> Self {
        Self {
            strategy: strategy.into(),
            settings: None,
            settings_file: None,
            limits: Limits::default(),
            isolation: Isolation::default(),
            allow: Allow::default(),
        }
    }

    /// Whether `use` is a path to a component, and not a name.
    pub fn is_path(&self) -> bool {
        !self.is_installed() && (self.strategy.contains(['/', '\\']) || self.strategy.ends_with(".wasm"))
    }

    /// Whether `use` names what `standin pack install` brought here.
    pub fn is_installed(&self) -> bool {
        self.strategy.starts_with("pack:") || self.strategy.starts_with("oci://")
    }

    fn or_a_name(schema: &mut Schema) {
        let mut mapping = std::mem::take(schema);
        let description = mapping.remove("description");
        *schema = json_schema!({
            "description": description,
            "anyOf": [{ "type": "string", "minLength": 1 }, mapping],
        });
    }
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Stage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a strategy: its name or path, or a mapping with `use`")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Stage, E> {
                Ok(Stage::new(value))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Stage, A::Error> {
                Stage::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stage::serialize(self, serializer)
    }
}

/// What one call of a strategy may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// The memory of an instance, above which it cannot grow. Default: `64MiB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// The time of one call, after which it is interrupted. Default: `20ms`, of which waiting for the processor is no part; `5s`
    /// for a strategy that may read files or ask hosts, all its waiting counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// The largest reply that is accepted. Default: `16MiB`, or `body-limit` where that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Size>,
}

impl Limits {
    /// `memory`, or its default.
    pub fn memory(&self) -> Size {
        self.memory.unwrap_or(Size::from_mib(64))
    }

    /// `time`, or its default, which is longer for a strategy that may wait.
    pub fn time(&self, waits: bool) -> Time {
        self.time.unwrap_or(Time::from_millis(if waits { 5_000 } else { 20 }))
    }

    /// `reply`, or its default, which is never below the body limit: a strategy may answer with what it was asked.
    pub fn reply(&self, body_limit: Size) -> Size {
        self.reply.unwrap_or(Size::from_mib(16).max(body_limit))
    }
}

/// Whether an instance serves more than one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Instances are kept and serve one request after another.
    #[default]
    Warm,
    /// Each request gets an instance of its own, at about a third of the throughput.
    Fresh,
}

/// A model that is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The name that clients ask for.
    #[schemars(length(min = 1))]
    pub id: String,
    /// When it was made, in seconds since the Unix epoch. Default: 1700000000 (14 November 2023).
    #[serde(default = "Model::default_created")]
    pub created: u64,
    /// Whose it is. Default: `standin`.
    #[serde(default = "Model::default_owner")]
    pub owned_by: String,
}

impl Model {
    /// A model with the defaults of `created` and `owned_by`.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), created: Self::default_created(), owned_by: Self::default_owner() }
    }

    fn default_created() -> u64 {
        1_700_000_000
    }

    fn default_owner() -> String {
        "standin".to_owned()
    }
}

/// How replies are cut into chunks and timed, where a strategy does not say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pacing {
    /// Where text is cut into chunks. Default: `words`.
    pub chunking: Chunking,
    /// The time to the first token. Default: `0ms`.
    pub ttft: Time,
    /// The time per chunk after the first. Default: `0ms`.
    pub chunk: Time,
    /// How far each time varies, from 0 to 1: at 0.2, times lie between 80 % and 120 %. Seeded. Default: 0.
    #[serde(deserialize_with = "units::share")]
    #[schemars(range(min = 0, max = 1))]
    pub jitter: f32,
}

/// Where text is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chunking {
    /// Before each word.
    #[default]
    Words,
    /// About as a model's tokens.
    Tokens,
    /// Where the strategy cut it.
    Verbatim,
    /// After so many characters.
    Characters(NonZeroU32),
}

impl<'de> Deserialize<'de> for Chunking {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Word {
            Words,
            Tokens,
            Verbatim,
            Characters,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Mapping {
            characters: NonZeroU32,
        }
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Chunking;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`words`, `tokens`, `verbatim`, or `{ characters: N }`")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Chunking, E> {
                Ok(match Word::deserialize(StrDeserializer::new(value))? {
                    Word::Words => Chunking::Words,
                    Word::Tokens => Chunking::Tokens,
                    Word::Verbatim => Chunking::Verbatim,
                    Word::Characters => Chunking::Characters(NonZeroU32::MIN),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Chunking, A::Error> {
                Mapping::deserialize(MapAccessDeserializer::new(map))
                    .map(|Mapping { characters }| Chunking::Characters(characters))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Chunking {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Chunking".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where text is cut into chunks.",
            "oneOf": [
                { "const": "words", "description": "Before each word." },
                { "const": "tokens", "description": "About as a model's tokens." },
                { "const": "verbatim", "description": "Where the strategy cut it." },
                { "const": "characters", "description": "After each character." },
                {
                    "type": "object",
                    "description": "After so many characters.",
                    "properties": { "characters": { "type": "integer", "minimum": 1 } },
                    "required": ["characters"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// The JSON Schema of a configuration file, for editors and `standin schema`.
pub fn schema() -> Value {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<Config>();
    schema.insert("title".to_owned(), "standin.yaml".into());
    // Where a doc comment breaks its lines means nothing to an editor.
    let mut one_line = RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace('\n', " ");
        }
    });
    one_line.transform(&mut schema);
    schema.to_value()
}
