//! `LLMOCK_…` variables: each overrides a key that the file has.
//!
//! The name is that of the key in capitals, with `_` for `-` and between a key and the one that it stands in. A list is a JSON
//! array, or texts with `;` between them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Variables;
use super::spot::Document;
use crate::config::report::Diagnostic;
use crate::config::tree::Step;

const PREFIX: &str = "LLMOCK_";

/// The keys that are lists, whatever the file has there.
const LISTS: [&str; 4] = ["models", "strategies", "customReplies", "cors.allow-origins"];

/// Puts what the variables say into the document.
pub(super) fn apply(document: &mut Document, variables: &Variables) {
    let mut unused: BTreeSet<&str> =
        variables.keys().map(String::as_str).filter(|name| name.starts_with(PREFIX)).collect();
    if unused.is_empty() {
        return;
    }
    let mut found = Vec::new();
    if let Value::Object(map) = &document.tree.value {
        find(map, &[], PREFIX, variables, &mut found);
    }
    for (path, name) in found {
        unused.remove(name.as_str());
        let given = variables.get(&name).map(String::as_str).unwrap_or_default();
        let value = if LISTS.contains(&document.tree.dotted(&path).as_str()) {
            list(given).unwrap_or_else(|reason| {
                let message = format!("the variable `{name}`: {reason}");
                let error = document.text.error(document.tree.place(&path), message);
                document.note(error.with_help(
                    "it overrides this list: with a JSON array such as `[\"a\", \"b\"]`, or texts with `;` between them",
                ));
                Value::Array(Vec::new())
            })
        } else {
            Value::String(given.to_owned())
        };
        document.tree.replace(&path, value);
        document.overridden.push((path, name));
    }
    for name in unused {
        let message = format!("the variable `{name}` overrides nothing: the file has no such key");
        let warning = Diagnostic::file(&document.text.file, message).into_warning();
        document
            .note(warning.with_help("only what stands in the file is overridden: add the key, or unset the variable"));
    }
}

/// The values that a variable is there for.
fn find(
    map: &Map<String, Value>,
    path: &[Step],
    prefix: &str,
    variables: &Variables,
    found: &mut Vec<(Vec<Step>, String)>,
) {
    for (key, value) in map {
        let name = format!("{prefix}{}", key.to_uppercase().replace('-', "_"));
        let path: Vec<Step> = path.iter().cloned().chain([key.as_str().into()]).collect();
        match value {
            Value::Object(below) => find(below, &path, &format!("{name}_"), variables, found),
            _ if variables.contains_key(&name) => found.push((path, name)),
            _ => {}
        }
    }
}

fn list(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|error| format!("found `[`, and not a JSON array: {error}"));
    }
    Ok(text.split(';').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
}
