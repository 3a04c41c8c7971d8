//! Values as YAML, for the eye: what is told of a failure, and what `--update` writes.

use serde_json::Value;

use crate::config::yaml::to_value;

/// A value with a line break after each part, as it stands at the margin.
pub(super) fn document(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => entries(value, 0, &mut text),
        Value::Array(list) if !list.is_empty() => entries(value, 0, &mut text),
        scalar => {
            text = block(scalar, 0).trim_start().to_owned();
            text.push('\n');
        }
    }
    text
}

/// A value as it stands behind `key:`, with the white space before it; what needs lines of its own is indented so far.
pub(super) fn block(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => nested(value, indent),
        Value::Array(list) if !list.is_empty() => nested(value, indent),
        Value::String(text) => format!(" {}", literal(text, indent).unwrap_or_else(|| scalar(text, "- ", ""))),
        other => format!(" {}", flow(other)),
    }
}

/// A value on one line, within brackets or not.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text, "[", "]"),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let members: Vec<_> = map.iter().map(|(key, value)| format!("{}: {}", name(key), flow(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn nested(value: &Value, indent: usize) -> String {
    let mut text = "\n".to_owned();
    entries(value, indent, &mut text);
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// The lines of a mapping or a list, each with its line break.
fn entries(value: &Value, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&format!("{margin}{}:{}\n", name(key), block(value, indent + 2)));
            }
        }
        Value::Array(list) => {
            for value in list {
                let mut inner = String::new();
                match value {
                    // The first key stands beside the dash.
                    Value::Object(map) if !map.is_empty() => entries(value, indent + 2, &mut inner),
                    _ => inner = format!("{}\n", block(value, indent + 2)),
                }
                out.push_str(&format!("{margin}- {}", inner.trim_start_matches([' ', '\n'])));
            }
        }
        _ => {}
    }
}

fn name(key: &str) -> String {
    let plain = matches!(to_value(&format!("{{ {key}: 1 }}")), Ok(Value::Object(map)) if map.len() == 1 && map.contains_key(key));
    if plain && !key.is_empty() { key.to_owned() } else { quoted(key) }
}

/// A text without quotes where it is read back as the same one.
fn scalar(text: &str, before: &str, after: &str) -> String {
    let read = to_value(&format!("{before}{text}{after}"));
    let same = matches!(&read, Ok(Value::Array(list)) if matches!(&list[..], [Value::String(it)] if it == text));
    if same && !text.contains(['\n', '\r']) { text.to_owned() } else { quoted(text) }
}

/// A text of several lines, as it is.
fn literal(text: &str, indent: usize) -> Option<String> {
    let (lines, mark) = match text.strip_suffix('\n') {
        Some(lines) => (lines, "|"),
        None => (text, "|-"),
    };
    if !lines.contains('\n') || lines.starts_with([' ', '\n']) || lines.ends_with('\n') {
        return None;
    }
    let margin = " ".repeat(indent.max(2));
    let lines: Vec<_> =
        lines.split('\n').map(|it| if it.is_empty() { String::new() } else { format!("{margin}{it}") }).collect();
    let written = format!("{mark}\n{}", lines.join("\n"));
    let read = to_value(&format!("k: {written}\n"));
    matches!(&read, Ok(value) if value.get("k").and_then(Value::as_str) == Some(text)).then_some(written)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_back_as_they_were() {
        let texts =
            ["plain", "", " a", "a: b", "a #b", "42", "true", "~", "- x", "[", "a, b", "ü\u{1f600}", "\u{7f}\u{85}\0"];
        let lines = ["a\nb", "a\n\n b\n", "\na", "a\nb \n", "a\r\nb", "a\n\n", "a\tb\nc", "#a\n- b: c\n"];
        for text in texts.into_iter().chain(lines) {
            let value = json!({ text: [text, { "k": text, "l": [[text], [], {}] }], "n": 1.5, "x": { "y": null } });
            assert_eq!(to_value(&document(&value)).unwrap(), value, "{}", document(&value));
            assert_eq!(to_value(&flow(&value)).unwrap(), value, "{}", flow(&value));
        }
        assert_eq!(document(&json!("pass")), "pass\n");
    }

    #[test]
    fn values_are_as_a_person_writes_them() {
        let value =
            json!({ "text": "one\ntwo", "tool-calls": [{ "name": "f", "arguments": { "a": 1 } }], "finish": "stop" });
        let wanted = "text: |-\n  one\n  two\ntool-calls:\n  - name: f\n    arguments:\n      a: 1\nfinish: stop\n";
        assert_eq!(document(&value), wanted);
        assert_eq!(
            flow(&value),
            "{ text: \"one\\ntwo\", tool-calls: [{ name: f, arguments: { a: 1 } }], finish: stop }"
        );
    }
}
