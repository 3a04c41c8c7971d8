//! Whether what came is what was expected, key by key; and what would have to be written for it to be.

use serde_json::{Map, Value, json};

use super::model::{Expect, ExpectedCall, ExpectedError, ExpectedUsage, Matcher};
use super::outcome::{Came, Outcome, Said, json_or_text, usage};
use crate::chat::ApiError;

/// What came beside what was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What was expected, as it is written.
    pub expected: Value,
    /// What came, in the same words: what holds stands there as it was expected.
    pub came: Value,
    /// What makes the expectation hold; none where it does.
    pub mend: Option<Mend>,
}

/// What has to be written in the place of an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Mend {
    /// Another one.
    Whole(Value),
    /// Other values of these keys.
    Keys(Vec<(String, Value)>),
}

/// Whether one key holds, and what came of it; none where the outcome has nothing of that kind.
type Checked = (bool, Option<Value>);

/// Compares an outcome with what is expected of it.
pub fn compare(expect: &Expect, outcome: &Outcome) -> Compared {
    let expected = serde_json::to_value(expect).unwrap_or_default();
    let Value::Object(keys) = &expected else {
        let came = outcome.describe();
        let mend = (outcome.came != Came::Pass).then(|| Mend::Whole(came.clone()));
        return Compared { expected, came, mend };
    };
    let (mut held, mut wrong, mut other) = (Map::new(), Vec::new(), false);
    let mut came = Map::new();
    for (key, value) in keys {
        match check(key, expect, outcome) {
            (true, _) => {
                held.insert(key.clone(), value.clone());
                came.insert(key.clone(), value.clone());
            }
            (false, Some(actual)) => {
                came.insert(key.clone(), actual.clone());
                wrong.push((key.clone(), actual));
            }
            (false, None) => other = true,
        }
    }
    if other {
        // Another kind of outcome: told as what it is.
        let described = outcome.describe();
        let came = match &described {
            Value::Object(told) => {
                held.extend(told.clone());
                Value::Object(held)
            }
            word => word.clone(),
        };
        return Compared { expected, came, mend: Some(Mend::Whole(described)) };
    }
    let mend = (!wrong.is_empty()).then_some(Mend::Keys(wrong));
    Compared { expected, came: Value::Object(came), mend }
}

fn check(key: &str, expect: &Expect, outcome: &Outcome) -> Checked {
    if key == "by" {
        let by = outcome.by.as_deref();
        return (expect.by.as_deref() == by, by.map(Value::from));
    }
    match (&outcome.came, key) {
        (Came::Reply(said), _) => check_reply(key, expect, said),
        (Came::Error(error), "error") => expect.error.as_ref().map_or((true, None), |it| check_error(it, error)),
        (Came::Fails(reason), "fails") => {
            (expect.fails.as_ref().is_some_and(|part| reason.contains(part)), Some(reason.as_str().into()))
        }
        (Came::Verbatim(raw), "verbatim") => expect.verbatim.as_ref().map_or((true, None), |wanted| {
            let status = wanted.status.map(|status| (status == raw.status, Some(raw.status.into())));
            let body = wanted.body.as_ref().map(|body| check_text(body, &raw.body));
            members([("status", status), ("body", body)], wanted)
        }),
        (Came::Verbatim(raw), "headers") => check_headers(expect, &raw.headers),
        (Came::Vectors(vectors), "vectors") => expect.vectors.as_ref().map_or((true, None), |wanted| {
            let length = vectors.first().map_or(0, Vec::len);
            let count = wanted.count.map(|count| (count == vectors.len(), Some(vectors.len().into())));
            let dimensions = wanted.dimensions.map(|it| (it == length, Some(length.into())));
            members([("count", count), ("dimensions", dimensions)], wanted)
        }),
        _ => (false, None),
    }
}

fn check_reply(key: &str, expect: &Expect, said: &Said) -> Checked {
    let text = |matcher: &Option<Matcher>, text: &str| {
        matcher.as_ref().map_or((true, None), |matcher| check_text(matcher, text))
    };
    let word = |wanted: &Option<String>, word: &str| (wanted.as_deref() == Some(word), Some(word.into()));
    match key {
        "text" => text(&expect.text, &said.text),
        "reasoning" => text(&expect.reasoning, &said.reasoning),
        "refusal" => text(&expect.refusal, &said.refusal),
        "finish" => word(&expect.finish, &said.finish),
        "model" => word(&expect.model, &said.model),
        "fault" => word(&expect.fault, said.fault.as_deref().unwrap_or("none")),
        "chunks" => (expect.chunks.as_ref() == Some(&said.chunks), Some(json!(said.chunks))),
        "usage" => expect.usage.as_ref().map_or((true, None), |wanted| check_usage(wanted, said)),
        "headers" => check_headers(expect, &said.headers),
        "tool-calls" => check_calls(expect.tool_calls.as_deref().unwrap_or_default(), said),
        _ => (false, None),
    }
}

/// Whether a text is as a matcher wants it; if not, what to write in its place.
fn check_text(matcher: &Matcher, text: &str) -> Checked {
    let Matcher { equals, contains, matches, json } = matcher;
    let parsed: Option<Value> = json.as_ref().and_then(|_| serde_json::from_str(text).ok());
    let holds = equals.as_ref().is_none_or(|it| it == text)
        && contains.as_ref().is_none_or(|it| text.contains(it))
        && matches.as_ref().is_none_or(|it| it.0.is_match(text))
        && json.as_ref().is_none_or(|wanted| parsed.as_ref().is_some_and(|it| is_subset(wanted, it)));
    let came = match (json, &parsed, equals, contains, matches) {
        (Some(wanted), Some(parsed), None, None, None) => json!({ "json": project(wanted, parsed) }),
        _ => text.into(),
    };
    (holds, Some(came))
}

fn check_error(wanted: &ExpectedError, error: &ApiError) -> Checked {
    let word = |wanted: &Option<String>, is: &Option<String>| {
        wanted.as_ref().map(|wanted| (Some(wanted) == is.as_ref(), is.as_deref().map(Value::from)))
    };
    let status = wanted.status.map(|status| (status == error.status, Some(error.status.into())));
    let retry_after =
        wanted.retry_after.map(|it| (Some(it) == error.retry_after_s, error.retry_after_s.map(Value::from)));
    members(
        [
            ("status", status),
            ("message", wanted.message.as_ref().map(|it| check_text(it, &error.message))),
            ("kind", word(&wanted.kind, &error.kind)),
            ("code", word(&wanted.code, &error.code)),
            ("param", word(&wanted.param, &error.param)),
            ("retry-after", retry_after),
        ],
        wanted,
    )
}

fn check_usage(wanted: &ExpectedUsage, said: &Said) -> Checked {
    let is = usage(&said.usage);
    let written = serde_json::to_value(wanted).unwrap_or_default();
    (is_subset(&written, &is), Some(project(&written, &is)))
}

fn check_headers(expect: &Expect, headers: &[(String, String)]) -> Checked {
    let Some(wanted) = &expect.headers else { return (true, None) };
    let (mut holds, mut came) = (true, Map::new());
    for (name, matcher) in wanted {
        let found = headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        let (good, is) = found.map_or((false, None), |(_, value)| check_text(matcher, value));
        holds &= good;
        let is = if good { serde_json::to_value(matcher).ok() } else { is };
        came.extend(is.map(|is| (name.clone(), is)));
    }
    (holds, Some(Value::Object(came)))
}

fn check_calls(wanted: &[ExpectedCall], said: &Said) -> Checked {
    let mut holds = wanted.len() == said.calls.len();
    let came = said.calls.iter().enumerate().map(|(index, call)| {
        let wanted = wanted.get(index);
        let mut told = Map::new();
        told.insert("name".into(), call.name.as_str().into());
        holds &= wanted.is_some_and(|it| it.name == call.name);
        let as_written = || Value::from(call.arguments.as_str());
        let arguments = match wanted.map(|it| &it.arguments) {
            Some(None) => None,
            Some(Some(Value::String(text))) => {
                holds &= *text == call.arguments;
                Some(as_written())
            }
            Some(Some(arguments)) => match serde_json::from_str::<Value>(&call.arguments) {
                Ok(is) => {
                    holds &= is_subset(arguments, &is);
                    Some(project(arguments, &is))
                }
                Err(_) => {
                    holds = false;
                    Some(as_written())
                }
            },
            None => Some(Some(json_or_text(&call.arguments)).filter(|it| !it.is_string()).unwrap_or_else(as_written)),
        };
        told.extend(arguments.map(|it| ("arguments".to_owned(), it)));
        if let Some(id) = wanted.and_then(|it| it.id.as_ref()) {
            holds &= *id == call.id;
            told.insert("id".into(), call.id.as_str().into());
        }
        Value::Object(told)
    });
    let came: Vec<Value> = came.collect();
    (holds, Some(came.into()))
}

/// The members of a mapping that was expected, each checked; those that hold stand as they are written.
fn members<const N: usize>(checked: [(&str, Option<Checked>); N], wanted: &impl serde::Serialize) -> Checked {
    let written = serde_json::to_value(wanted).unwrap_or_default();
    let (mut holds, mut came) = (true, Map::new());
    for (name, checked) in checked {
        let Some((good, is)) = checked else { continue };
        holds &= good;
        let is = if good { written.get(name).cloned() } else { is };
        came.extend(is.map(|is| (name.to_owned(), is)));
    }
    (holds, Some(Value::Object(came)))
}

/// Whether a value has all of another: each member of a mapping, and lists item by item.
pub fn is_subset(wanted: &Value, is: &Value) -> bool {
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            wanted.iter().all(|(key, value)| is.get(key).is_some_and(|is| is_subset(value, is)))
        }
        (Value::Array(wanted), Value::Array(is)) => {
            wanted.len() == is.len() && wanted.iter().zip(is).all(|(wanted, is)| is_subset(wanted, is))
        }
        (Value::Number(wanted), Value::Number(is)) => wanted == is || wanted.as_f64() == is.as_f64(),
        _ => wanted == is,
    }
}

/// The part of a value that another one speaks of.
fn project(wanted: &Value, is: &Value) -> Value {
    if is_subset(wanted, is) {
        return wanted.clone();
    }
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            let members = wanted.iter().filter_map(|(key, value)| Some((key.clone(), project(value, is.get(key)?))));
            Value::Object(members.collect())
        }
        (Value::Array(wanted), Value::Array(is)) => {
            is.iter().enumerate().map(|(at, is)| wanted.get(at).map_or(is.clone(), |it| project(it, is))).collect()
        }
        _ => is.clone(),
    }
}

#[cfg(test)]
mod tests;
