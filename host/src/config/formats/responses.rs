//! `responses.yml` of mockllm: the table that the strategy `lookup` answers from.
//!
//! The settings of `lookup` are this document as it is. What its users know besides: another sentence for what is not in the
//! table, a bound on the length of answers, and variables for where to listen and what to log.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::spot::{Document, Spot};
use super::{Foreign, Variables};
use crate::config::load::ResolvedStage;
use crate::config::model::{Config, Stage};
use crate::config::report::{Diagnostic, Severity};

/// The keys of the document.
pub(super) const KEYS: [&str; 3] = ["responses", "defaults", "settings"];

const SETTINGS: [&str; 4] = ["lag_enabled", "lag_factor", "max_response_length", "timeout_seconds"];

/// What is said to everything that is not in the table, where the file has no sentence for it.
pub(super) const UNKNOWN: &str = "I don't know the answer to that.";

/// Their words for how much a log says, and ours.
const LEVELS: [(&str, &str); 6] = [
    ("trace", "trace"),
    ("debug", "debug"),
    ("info", "info"),
    ("warning", "warn"),
    ("error", "error"),
    ("critical", "error"),
];

pub(super) fn read(document: Document, variables: &Variables) -> (Foreign, Vec<Diagnostic>) {
    let root = document.root();
    let mut lag_enabled = None;
    let mut longest = None;
    let mut position = None;
    if root.keys(&KEYS, Severity::Warning) {
        if let Some(responses) = root.needed("responses") {
            position = Some(document.tree.key_place(&responses.path()).at);
            responses.entries().for_each(|(_, answer)| answer_is_text(&answer));
        }
        if let Some(defaults) = root.field("defaults").filter(|it| it.keys(&["unknown_response"], Severity::Warning))
            && let Some(unknown) = defaults.field("unknown_response")
        {
            answer_is_text(&unknown);
        }
        if let Some(settings) = root.field("settings").filter(|it| it.keys(&SETTINGS, Severity::Warning)) {
            lag_enabled = settings.field("lag_enabled").and_then(|it| it.flag());
            longest = settings.field("max_response_length").and_then(|it| it.whole(0..=u64::from(u32::MAX)));
            if let Some(factor) = settings.field("lag_factor") {
                lag_factor(&factor);
            }
            if let Some(timeout) = settings.field("timeout_seconds") {
                timeout.number();
                timeout.warn("is read, and changes nothing", "no answer takes longer than `lag_factor` makes it");
            }
        }
    }
    let mut config = Config { strategies: Some(vec![Stage::new("lookup")]), ..Config::default() };
    config.listen.set_ip(host(&document, variables).unwrap_or(config.listen.ip()));
    config.listen.set_port(port(&document, variables).unwrap_or(config.listen.port()));
    let log = level(&document, variables);

    let (mut settings, told) = document.finish();
    if let Some(flag) = lag_enabled {
        settings["settings"]["lag_enabled"] = flag.into();
    }
    if let Value::Object(map) = &mut settings {
        say_unknown(map.entry("defaults").or_insert(Value::Null));
        if let Some(longest) = longest {
            shorten(map, usize::try_from(longest).unwrap_or(usize::MAX));
        }
    }
    let stage = ResolvedStage { settings: Arc::new(settings), position, ..ResolvedStage::named("lookup") };
    (Foreign { config, stages: vec![stage], log }, told)
}

fn answer_is_text(answer: &Spot<'_>) {
    if answer.value().is_null() {
        answer.object("expected text, found nothing", "an empty answer is written `\"\"`");
    } else {
        answer.said();
    }
}

fn lag_factor(factor: &Spot<'_>) {
    let Some(number) = factor.number() else { return };
    if number <= 0.0 || Duration::try_from_secs_f64(0.1 / number).is_err() {
        factor.object(
            format!("expected a number above 0, found {}", factor.value()),
            "a character takes 0.1 seconds, divided by it: 10 is fast, 1 is slow",
        );
    }
}

/// Their server says a sentence of its own, where `lookup` would leave the question to the next strategy.
fn say_unknown(defaults: &mut Value) {
    match defaults {
        Value::Object(map) if map.get("unknown_response").is_none_or(Value::is_null) => {
            map.insert("unknown_response".to_owned(), UNKNOWN.into());
        }
        Value::Null => *defaults = json!({ "unknown_response": UNKNOWN }),
        _ => {}
    }
}

fn shorten(document: &mut serde_json::Map<String, Value>, longest: usize) {
    for table in ["responses", "defaults"] {
        let answers = document.get_mut(table).and_then(Value::as_object_mut);
        for answer in answers.into_iter().flat_map(|map| map.values_mut()) {
            if let Value::String(text) = answer
                && let Some((end, _)) = text.char_indices().nth(longest)
            {
                text.truncate(end);
            }
        }
    }
}

fn host(document: &Document, variables: &Variables) -> Option<IpAddr> {
    let host = given(variables, "MOCKLLM_HOST")?;
    match host {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        _ => host.parse().map_err(|_| refuse(document, "MOCKLLM_HOST", host, "an IP address, such as `0.0.0.0`")).ok(),
    }
}

fn port(document: &Document, variables: &Variables) -> Option<u16> {
    let port = given(variables, "MOCKLLM_PORT")?;
    port.parse().map_err(|_| refuse(document, "MOCKLLM_PORT", port, "a port from 0 to 65535")).ok()
}

fn level(document: &Document, variables: &Variables) -> Option<&'static str> {
    let level = given(variables, "MOCKLLM_LOG_LEVEL")?;
    let known = LEVELS.iter().find(|(theirs, ours)| [theirs, ours].iter().any(|it| it.eq_ignore_ascii_case(level)));
    if known.is_none() {
        refuse(document, "MOCKLLM_LOG_LEVEL", level, "`debug`, `info`, `warning`, `error` or `critical`");
    }
    known.map(|(_, ours)| *ours)
}

fn given<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn refuse(document: &Document, name: &str, found: &str, expected: &str) {
    let message = format!("the variable `{name}`: expected {expected}, found `{found}`");
    document.note(Diagnostic::file(&document.text.file, message).with_help("set it to that, or unset it"));
}
