//! Whose file a document is: the system whose keys it has, and no other's.

use serde_json::{Map, Value};

use super::{Format, llmock};
use crate::config::report::{Diagnostic, Text};
use crate::config::tree::Tree;

/// What a document looks like.
pub(in crate::config) enum Found {
    /// A file of this format.
    Format(Format),
    /// Nothing in it is known to any format.
    Nothing,
    /// It has keys of several.
    Several(Box<Diagnostic>),
}

/// Says whose file this is.
pub(in crate::config) fn recognise(tree: &Tree, text: &Text) -> Found {
    let map = match &tree.value {
        Value::Array(_) => return Found::Format(Format::Script),
        Value::Null => return Found::Format(Format::Standin),
        Value::Object(map) if map.is_empty() => return Found::Format(Format::Standin),
        Value::Object(map) => map,
        _ => return Found::Nothing,
    };
    // For each format the first key that only it has.
    let mut marks: Vec<(&str, Format)> = Vec::new();
    let mut shared = false;
    for key in map.keys() {
        let owners: Vec<Format> = Format::ALL.into_iter().filter(|format| owns(*format, key, map)).collect();
        match owners[..] {
            [only] if marks.iter().all(|(_, format)| *format != only) => marks.push((key, only)),
            [_] | [] => {}
            _ => shared = true,
        }
    }
    match marks[..] {
        [(_, format)] => Found::Format(format),
        [] if shared && llmock::names_strategies(map) => Found::Format(Format::Llmock),
        [] if shared => Found::Format(Format::Standin),
        [] => Found::Nothing,
        [first, second, ..] => Found::Several(Box::new(several(first, second, tree, text))),
    }
}

fn owns(format: Format, key: &str, map: &Map<String, Value>) -> bool {
    if key == "responses" {
        // A table of answers, or a list of replies.
        let list = map.get(key).is_some_and(Value::is_array);
        let table = ["defaults", "settings"].iter().any(|key| map.contains_key(*key));
        return format == if list && !table { Format::Script } else { Format::Responses };
    }
    format.keys().contains(&key)
}

fn several(first: (&str, Format), second: (&str, Format), tree: &Tree, text: &Text) -> Diagnostic {
    let place = |key: &str| tree.key_place(&[key.into()]);
    let message = format!(
        "`{}` is a key of the format `{}`, and `{}` (at {}) one of `{}`; expected the keys of one format",
        second.0,
        second.1,
        first.0,
        place(first.0).at,
        first.1
    );
    text.error(place(second.0), message)
        .with_help("leave out those of the other, or say with `--format` which one is meant")
        .with_help(first.1.told())
        .with_help(second.1.told())
}
