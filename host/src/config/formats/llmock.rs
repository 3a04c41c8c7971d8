//! `config.yaml` of llmock: where to listen, who may ask for what, and strategies under its names for them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::spot::{Document, Spot};
use super::{Foreign, Variables, variables};
use crate::config::access::{Secret, check_origin};
use crate::config::load::ResolvedStage;
use crate::config::model::{Config, Model, Stage};
use crate::config::report::{Diagnostic, Severity};
use crate::config::tree::Position;

/// The keys of the document.
pub(super) const KEYS: [&str; 7] = ["port", "debug", "api-key", "cors", "models", "strategies", "customReplies"];

/// Their strategies, in the order in which they are asked where the file does not say, and ours.
const STRATEGIES: [(&str, &str); 4] = [
    ("ErrorStrategy", "error"),
    ("CustomAnswersStrategy", "lookup"),
    ("ToolCallStrategy", "tool-call"),
    ("MirrorStrategy", "mirror"),
];

/// Whether the strategies are named as theirs are: what else is in the file, both systems have.
pub(super) fn names_strategies(document: &Map<String, Value>) -> bool {
    let list = document.get("strategies").and_then(Value::as_array);
    list.is_some_and(|list| list.iter().filter_map(Value::as_str).any(|name| name.ends_with("Strategy")))
}

pub(super) fn read(mut document: Document, environment: &Variables) -> (Foreign, Vec<Diagnostic>) {
    variables::apply(&mut document, environment);
    let root = document.root();
    let mut config = Config::default();
    let mut log = None;
    let mut table = Map::new();
    let mut chain: Vec<(&'static str, Option<Position>)> = STRATEGIES.map(|(_, ours)| (ours, None)).to_vec();
    if root.keys(&KEYS, Severity::Warning) {
        if let Some(port) = root.field("port").and_then(|it| it.whole(0..=u64::from(u16::MAX))) {
            config.listen.set_port(u16::try_from(port).unwrap_or_default());
        }
        if root.field("debug").and_then(|it| it.flag()) == Some(true) {
            log = Some("debug");
        }
        let key = root.field("api-key").and_then(|it| it.said());
        config.api_key = key.filter(|key| !key.is_empty()).map(Secret::new);
        if let Some(cors) = root.field("cors").filter(|it| it.keys(&["allow-origins"], Severity::Warning))
            && let Some(list) = cors.field("allow-origins")
        {
            config.cors.allow_origins = origins(&list);
        }
        if let Some(list) = root.field("models") {
            config.models = models(&list);
        }
        if let Some(list) = root.field("strategies") {
            chain = strategies(&list, &document);
        }
        if let Some(list) = root.field("customReplies") {
            table = replies(&list, &document);
        }
    }
    let (_, told) = document.finish();
    let answers = Arc::new(json!({ "responses": table, "trim": true, "chunking": "default" }));
    let stage = |(name, position): (&'static str, Option<Position>)| {
        let stage = ResolvedStage { position, ..ResolvedStage::named(name) };
        if name == "lookup" { ResolvedStage { settings: Arc::clone(&answers), ..stage } } else { stage }
    };
    config.strategies = Some(chain.iter().map(|(name, _)| Stage::new(*name)).collect());
    (Foreign { config, stages: chain.into_iter().map(stage).collect(), log }, told)
}

fn origins(list: &Spot<'_>) -> Vec<String> {
    let mut origins = Vec::new();
    for item in list.items() {
        let Some(origin) = item.text() else { continue };
        if let Err(message) = check_origin(origin) {
            item.warn(message, "no browser sends it");
        }
        origins.push(origin.to_owned());
    }
    origins
}

fn models(list: &Spot<'_>) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    for item in list.items().filter(|it| it.keys(&["id", "created", "owned_by"], Severity::Warning)) {
        let created = item.field("created").and_then(|it| it.whole(0..=u64::MAX));
        let owner = item.field("owned_by").and_then(|it| it.said());
        let Some(id) = item.needed("id") else { continue };
        let Some(name) = id.said() else { continue };
        if name.is_empty() {
            id.object("the `id` of a model is empty", "write the name that clients ask for");
        } else if models.iter().any(|model| model.id == name) {
            id.warn(
                format!("the model `{name}` stands here a second time, and is ignored"),
                "leave out one of the two",
            );
        } else {
            let mut model = Model::new(name);
            model.created = created.unwrap_or(model.created);
            model.owned_by = owner.unwrap_or(model.owned_by);
            models.push(model);
        }
    }
    models
}

fn strategies(list: &Spot<'_>, document: &Document) -> Vec<(&'static str, Option<Position>)> {
    let mut chain = Vec::new();
    for item in list.items() {
        let Some(name) = item.text() else { continue };
        match STRATEGIES.iter().find(|(theirs, _)| *theirs == name) {
            Some((_, ours)) => chain.push((*ours, Some(document.tree.place(&item.path()).at))),
            None => item.warn(
                format!("there is no strategy `{name}`; it is left out"),
                "there are `ErrorStrategy`, `CustomAnswersStrategy`, `ToolCallStrategy` and `MirrorStrategy`",
            ),
        }
    }
    chain
}

/// Of equal questions the first one is answered.
fn replies(list: &Spot<'_>, document: &Document) -> Map<String, Value> {
    let mut table = Map::new();
    let mut places: HashMap<String, Position> = HashMap::new();
    for item in list.items().filter(|it| it.keys(&["question", "answer"], Severity::Warning)) {
        let (question, answer) = (item.needed("question"), item.needed("answer"));
        let answer = answer.and_then(|it| it.said());
        let Some(spot) = question else { continue };
        let Some(question) = spot.said().map(|text| text.trim().to_owned()) else { continue };
        if let Some(first) = places.get(&question) {
            let message = format!("`{question}` is asked here a second time; the first, at {first}, is answered");
            spot.warn(message, "leave out one of the two");
        } else {
            places.insert(question.clone(), document.tree.place(&spot.path()).at);
            table.insert(question, answer.into());
        }
    }
    table
}
