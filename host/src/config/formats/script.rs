//! A script: replies that are given in order, as ModelMesh's mock client takes them.
//!
//! The strategy `script` takes them as its settings. That client is given its replies by a program, so that this is our way
//! of writing them down, and an unknown key is a mistake.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Foreign;
use super::spot::{Document, Spot};
use crate::config::load::ResolvedStage;
use crate::config::model::{Config, Stage};
use crate::config::report::{Diagnostic, Severity};
use crate::config::trouble::Break;
use crate::config::units::Time;

/// The keys of the document.
pub(super) const KEYS: [&str; 3] = ["replies", "responses", "then"];

const REPLY: [&str; 14] = [
    "content",
    "model",
    "tokens",
    "prompt_tokens",
    "completion_tokens",
    "finish_reason",
    "tool_calls",
    "error",
    "fault",
    "delay",
    "promptTokens",
    "completionTokens",
    "finishReason",
    "toolCalls",
];

const ERROR: [&str; 7] = ["status", "message", "type", "code", "param", "retry_after", "retryAfter"];

pub(super) fn read(document: Document) -> (Foreign, Vec<Diagnostic>) {
    let root = document.root();
    let mut list = Some(root);
    if root.value().is_object() {
        root.keys(&KEYS, Severity::Error);
        if let Some(then) = root.field("then") {
            then.word(&["repeat", "pass"]);
        }
        list = match (root.field("replies"), root.field("responses")) {
            (Some(_), Some(_)) => {
                let message = "`responses` stands beside `replies`; expected one of the two";
                root.object_to_key("responses", message, "they mean the same: leave out one of them");
                None
            }
            (None, None) => root.needed("replies"),
            (replies, responses) => replies.or(responses),
        };
    } else if !root.value().is_array() {
        root.wrong("a list of replies, or a mapping with `replies`");
        list = None;
    }
    let position = list.map(|it| document.tree.place(&it.path()).at);
    if let Some(list) = &list {
        list.items().for_each(|it| reply(&it));
    }
    let (value, told) = document.finish();
    let stage = ResolvedStage { settings: Arc::new(settings(value)), position, ..ResolvedStage::named("script") };
    let config = Config { strategies: Some(vec![Stage::new("script")]), ..Config::default() };
    (Foreign { config, stages: vec![stage], log: None }, told)
}

/// The document as the strategy takes it. Where no reply is written, the default reply is given.
fn settings(document: Value) -> Value {
    let (list, then) = match document {
        Value::Object(mut map) => {
            let list = map.remove("replies").filter(|it| !it.is_null()).or_else(|| map.remove("responses"));
            (list.unwrap_or_default(), map.remove("then").filter(|it| !it.is_null()))
        }
        list => (list, None),
    };
    let mut replies = if list.as_array().is_none_or(Vec::is_empty) { json!([{}]) } else { list };
    replies.as_array_mut().into_iter().flatten().for_each(name_model);
    match then {
        Some(then) => json!({ "replies": replies, "then": then }),
        None => json!({ "replies": replies }),
    }
}

/// A reply that names no model is one of `mock-model`, as that client has it; without this file it is one of the model that was
/// asked for.
fn name_model(reply: &mut Value) {
    if let Value::String(content) = reply {
        *reply = json!({ "content": content });
    }
    if let Value::Object(map) = reply
        && !map.contains_key("error")
    {
        map.entry("model").or_insert_with(|| "mock-model".into());
    }
}

fn reply(reply: &Spot<'_>) {
    match reply.value() {
        Value::String(_) => return,
        Value::Object(_) => {}
        _ => return reply.wrong("a reply: its text, or a mapping with `content`"),
    }
    reply.keys(&REPLY, Severity::Error);
    let fields = [
        (["content", "content"], text as fn(&Spot<'_>)),
        (["model", "model"], text),
        (["tokens", "tokens"], count),
        (["prompt_tokens", "promptTokens"], count),
        (["completion_tokens", "completionTokens"], count),
        (["finish_reason", "finishReason"], text),
        (["tool_calls", "toolCalls"], |it| it.items().for_each(|it| tool_call(&it))),
        (["error", "error"], error),
        (["fault", "fault"], |it| _ = it.typed::<Break>()),
        (["delay", "delay"], |it| _ = it.typed::<Time>()),
    ];
    for (names, check) in fields {
        if let Some(it) = either(reply, names) {
            check(&it);
        }
    }
    if reply.field("error").is_some() {
        let besides = REPLY.iter().filter(|key| !["error", "delay"].contains(*key) && reply.field(key).is_some());
        for key in besides {
            let message = format!("`{key}` stands beside `error`, which is the whole answer");
            reply.object_to_key(key, &message, "leave out one of the two; only `delay` may stand beside an error");
        }
    }
    let prompt = reply.field("prompt_tokens").or_else(|| reply.field("promptTokens"));
    if let (Some(total), Some(prompt)) = (reply.field("tokens"), prompt)
        && let (Some(all), Some(part)) = (total.value().as_u64(), prompt.value().as_u64())
        && part > all
    {
        prompt.object(
            format!("{part} is more than `tokens`, which is {all}"),
            "`tokens` is what goes in and out together",
        );
    }
}

/// A field under one of its two names.
fn either<'a>(spot: &'a Spot<'a>, [name, camel]: [&'a str; 2]) -> Option<Spot<'a>> {
    match (spot.field(name), spot.field(camel)) {
        (Some(_), Some(it)) if name != camel => {
            let message = format!("`{camel}` stands beside `{name}`; expected one of the two");
            spot.object_to_key(camel, &message, "they mean the same: leave out one of them");
            Some(it)
        }
        (it, other) => it.or(other),
    }
}

fn text(spot: &Spot<'_>) {
    spot.text();
}

fn count(spot: &Spot<'_>) {
    spot.whole(0..=u64::from(u32::MAX));
}

fn tool_call(call: &Spot<'_>) {
    if !call.keys(&["id", "name", "arguments"], Severity::Error) {
        return;
    }
    if let Some(id) = call.field("id") {
        id.text();
    }
    if let Some(name) = call.needed("name") {
        name.text();
    }
    if let Some(arguments) = call.field("arguments")
        && !matches!(arguments.value(), Value::String(_) | Value::Object(_))
    {
        arguments.wrong("a mapping, or JSON as text");
    }
}

fn error(error: &Spot<'_>) {
    if !error.keys(&ERROR, Severity::Error) {
        return;
    }
    if let Some(status) = error.needed("status") {
        status.whole(400..=599);
    }
    if let Some(message) = error.needed("message") {
        message.text();
    }
    for key in ["type", "code", "param"] {
        if let Some(it) = error.field(key) {
            it.text();
        }
    }
    if let Some(it) = either(error, ["retry_after", "retryAfter"]) {
        count(&it);
    }
}
