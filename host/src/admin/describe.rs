//! What the server is made of: strategies, models, configuration.

use axum::body::Body;
use axum::http::Response;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::answer::{Problem, ok};
use super::call::Call;
use super::route::{NONE, Route, says};
use crate::config::{Allow, Config, Isolation, Model};
use crate::exchange::App;
use crate::strategy::plugin::Plugin;

pub(super) const ROUTES: &[Route] = &[
    Route {
        path: "/strategies",
        summary: "The chain, in order",
        responses: &[says(200, "The strategies.", SchemaGenerator::subschema_for::<Strategies>)],
        answer: strategies,
        ..NONE
    },
    Route {
        path: "/models",
        summary: "The models that are served",
        responses: &[says(200, "The models.", SchemaGenerator::subschema_for::<Models>)],
        answer: models,
        ..NONE
    },
    Route {
        path: "/config",
        summary: "The configuration in use, without its secrets",
        responses: &[says(200, "The configuration.", SchemaGenerator::subschema_for::<Config>)],
        answer: config,
        ..NONE
    },
];

/// The strategies of the chain.
#[derive(Serialize, JsonSchema)]
struct Strategies {
    /// In the order in which they are asked.
    strategies: Vec<Strategy>,
}

/// One strategy of the chain.
#[derive(Serialize, JsonSchema)]
struct Strategy {
    /// Its name in the chain.
    name: String,
    /// `bundled`, or the path of its component.
    origin: String,
    version: String,
    /// What it does, in a sentence.
    summary: String,
    /// `strategy`, `amender`, `embedder`.
    roles: Vec<&'static str>,
    /// When it is asked.
    activation: String,
    isolation: Isolation,
    /// What it may do beyond answering, as the configuration grants it; empty where that is nothing.
    allow: Allow,
    limits: Limits,
    /// JSON Schema of its settings; null where it has none.
    settings_schema: Option<Value>,
    health: Health,
}

/// What one call may use up.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StrategyLimits")]
struct Limits {
    memory_bytes: usize,
    time_ms: u64,
    reply_bytes: usize,
}

/// Whether a strategy is asked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// It is.
    Well,
    /// It timed out too often, and is not asked for a while.
    PutAside,
}

/// The models that are served.
#[derive(Serialize, JsonSchema)]
struct Models {
    /// Whether any other model is served too.
    any: bool,
    models: Vec<Model>,
}

fn strategies(app: &App, _: &Call) -> Result<Response<Body>, Problem> {
    let snapshot = app.snapshot.load();
    let stages = snapshot.chain.stages().iter().map(|plugin| strategy(plugin));
    ok(&Strategies { strategies: stages.collect() })
}

fn strategy(plugin: &Plugin) -> Strategy {
    let description = &plugin.description;
    let rights = &plugin.grants.rights;
    Strategy {
        name: plugin.name.to_string(),
        origin: plugin.origin.to_string(),
        version: description.version.clone(),
        summary: description.summary.clone(),
        roles: plugin.exports.roles().collect(),
        activation: activation(plugin),
        isolation: plugin.isolation,
        allow: Allow {
            env: rights.env.clone(),
            read: rights.read.iter().map(|directory| directory.name.clone().into()).collect(),
            http: rights.http.clone(),
        },
        limits: Limits {
            memory_bytes: plugin.limits.memory,
            time_ms: u64::try_from(plugin.limits.time.as_millis()).unwrap_or(u64::MAX),
            reply_bytes: plugin.limits.reply,
        },
        settings_schema: serde_json::from_str(&description.settings_schema).ok(),
        health: if plugin.health.is_well() { Health::Well } else { Health::PutAside },
    }
}

/// When a strategy is asked, in words; of many conditions the first.
pub(super) fn activation(plugin: &Plugin) -> String {
    const SHOWN: usize = 2_000;
    let text = plugin.activation.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn models(app: &App, _: &Call) -> Result<Response<Body>, Problem> {
    let models = app.snapshot.load().config.models.clone();
    ok(&Models { any: models.is_empty(), models })
}

fn config(app: &App, _: &Call) -> Result<Response<Body>, Problem> {
    ok(&app.snapshot.load().config)
}
