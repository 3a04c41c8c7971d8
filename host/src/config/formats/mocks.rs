//! `mocks.json` of kagent's mockllm: whole responses, and the message or input that each of them answers.
//!
//! The strategy `mocks` takes the document as its settings. Here, only what it could not use is refused.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;

use super::Foreign;
use super::spot::{Document, Spot};
use crate::config::load::ResolvedStage;
use crate::config::model::{Config, Stage};
use crate::config::report::{Diagnostic, Severity};
use crate::config::units::parse_listen;

/// The keys of the document.
pub(super) const KEYS: [&str; 5] = ["listen_addr", "openai", "openai_response", "openai_embeddings", "anthropic"];

/// The lists of mocks, and by which key of a request they are chosen.
const LISTS: [(&str, &str); 4] =
    [("openai", "message"), ("openai_response", "input"), ("openai_embeddings", "input"), ("anthropic", "message")];

const MOCK: [&str; 3] = ["name", "match", "response"];

const HEADER: [&str; 3] = ["name", "value", "match_type"];

const MATCH_TYPES: [&str; 2] = ["exact", "contains"];

pub(super) fn read(document: Document) -> (Foreign, Vec<Diagnostic>) {
    let root = document.root();
    let mut config = Config { strategies: Some(vec![Stage::new("mocks")]), ..Config::default() };
    let position = Some(document.tree.place(&[]).at);
    if root.keys(&KEYS, Severity::Warning) {
        if let Some(address) = root.field("listen_addr").and_then(|it| listen(&it)) {
            config.listen = address;
        }
        for (list, by) in LISTS {
            if let Some(list) = root.field(list) {
                list.items().for_each(|it| mock(&it, by));
            }
        }
    }
    let (mut settings, told) = document.finish();
    known_alone(&mut settings);
    let stage = ResolvedStage { settings: Arc::new(settings), position, ..ResolvedStage::named("mocks") };
    (Foreign { config, stages: vec![stage], log: None }, told)
}

/// Without a host before the `:` every address of the machine is meant.
fn listen(spot: &Spot<'_>) -> Option<SocketAddr> {
    let text = spot.text()?;
    let everywhere = text.strip_prefix(':').map(|port| format!("{}:{port}", Ipv4Addr::UNSPECIFIED));
    match parse_listen(everywhere.as_deref().unwrap_or(text)) {
        Ok(address) => Some(address),
        Err(_) => {
            let message = format!("`{text}` is not an address to listen on");
            spot.object(message, "expected IP:PORT, such as `127.0.0.1:8090`; port 0 takes a free one");
            None
        }
    }
}

fn mock(mock: &Spot<'_>, by: &'static str) {
    if !mock.keys(&MOCK, Severity::Warning) {
        return;
    }
    if let Some(name) = mock.field("name") {
        name.text();
    }
    if let Some(it) = mock.needed("match")
        && it.keys(&matched(by), Severity::Warning)
    {
        if let Some(kind) = it.needed("match_type") {
            kind.word(&MATCH_TYPES);
        }
        match it.needed(by) {
            Some(it) if by == "input" => text_or_list(&it),
            Some(it) => message(&it),
            None => {}
        }
        if let Some(headers) = it.field("headers") {
            headers.items().for_each(|it| header(&it));
        }
    }
    if let Some(response) = mock.needed("response") {
        response.mapping();
    }
}

fn matched(by: &'static str) -> [&'static str; 3] {
    ["match_type", by, "headers"]
}

/// Takes out the keys that are ignored, and have been told: the strategy would refuse them.
fn known_alone(document: &mut Value) {
    let keep = |value: &mut Value, known: &[&str]| {
        if let Value::Object(map) = value {
            map.retain(|key, _| known.contains(&key.as_str()));
        }
    };
    keep(document, &KEYS);
    for (list, by) in LISTS {
        let mocks = document.get_mut(list).and_then(Value::as_array_mut);
        for mock in mocks.into_iter().flatten() {
            keep(mock, &MOCK);
            let Some(it) = mock.get_mut("match") else { continue };
            keep(it, &matched(by));
            let headers = it.get_mut("headers").and_then(Value::as_array_mut);
            headers.into_iter().flatten().for_each(|rule| keep(rule, &HEADER));
        }
    }
}

fn message(message: &Spot<'_>) {
    if message.mapping().is_none() {
        return;
    }
    if let Some(role) = message.needed("role") {
        role.text();
    }
    if let Some(content) = message.field("content") {
        text_or_list(&content);
    }
}

fn text_or_list(spot: &Spot<'_>) {
    if !matches!(spot.value(), Value::String(_) | Value::Array(_)) {
        spot.wrong("text or a list");
    }
}

fn header(rule: &Spot<'_>) {
    if !rule.keys(&HEADER, Severity::Warning) {
        return;
    }
    if let Some(name) = rule.needed("name")
        && let Some(text) = name.text()
        && !is_header_name(text)
    {
        name.object(format!("`{text}` cannot be the name of a header"), "such as `X-Tenant-ID`");
    }
    if let Some(value) = rule.needed("value") {
        value.text();
    }
    if let Some(kind) = rule.field("match_type") {
        kind.word(&MATCH_TYPES);
    }
}

/// A token (<https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>).
fn is_header_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
