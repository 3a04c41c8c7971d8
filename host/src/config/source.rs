//! From a file on disk to a document: reading, decoding, and the choice between YAML and JSON.

use std::path::Path;

use serde_json::Value;

use super::access::SECRETS;
use super::report::{Diagnostic, Text};
use super::syntax::place_of;
use super::tree::{Node, Place, Position, Step, Tree};
use super::yaml::{self, Document, Flaw};

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<Text, Diagnostic> {
    let bytes = std::fs::read(path)
        .map_err(|error| Diagnostic::file(path, format!("cannot read `{}`: {error}", path.display())))?;
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(Text::new(path, text)),
        Err(error) => error,
    };
    let bytes = error.as_bytes();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Diagnostic::file(path, "the file is in UTF-16; expected UTF-8").with_help("save it as UTF-8"));
    }
    let offset = error.utf8_error().valid_up_to();
    let byte = bytes.get(offset).copied().unwrap_or_default();
    // The part before the offset is valid, so that it keeps its length here.
    let text = Text::new(path, String::from_utf8_lossy(bytes));
    let place = place_of(&text.text, offset);
    Err(text.error(place, format!("the byte 0x{byte:02X} is not UTF-8")).with_help("save the file as UTF-8"))
}

/// A configuration's document, and the warnings about it. What is secret in the text is hidden.
pub(super) fn parse(text: &mut Text) -> Result<(Tree, Vec<Diagnostic>), Diagnostic> {
    match document(text) {
        Ok(Document { tree, warnings }) => {
            let secrets = SECRETS.map(|keys| tree.leaves(&keys.iter().map(|key| Step::from(*key)).collect::<Vec<_>>()));
            if !secrets.iter().all(Vec::is_empty) {
                text.hide(&secrets.concat());
            }
            Ok((tree, warnings.into_iter().map(|flaw| tell(text, flaw).into_warning()).collect()))
        }
        Err(flaw) => {
            text.hide_after_keys();
            Err(tell(text, flaw))
        }
    }
}

fn document(text: &Text) -> Result<Document, Flaw> {
    let flaw = match yaml::parse(&text.text) {
        Ok(document) => return Ok(document),
        Err(flaw) => flaw,
    };
    if !is_json(&text.file) {
        return Err(flaw);
    }
    // There is JSON that the YAML parser does not read: surrogate pairs in escapes. Without them, it knows the places.
    let value: Value = serde_json::from_str(without_bom(text)).map_err(|error| json_error(&error))?;
    match yaml::parse(&without_surrogates(&text.text)) {
        Ok(Document { tree: Tree { value: other, node }, warnings }) if members(&other) == members(&value) => {
            Ok(Document { tree: Tree { value, node }, warnings })
        }
        _ => Ok(Document { tree: Tree { value, node: Node::leaf(Place::START) }, warnings: Vec::new() }),
    }
}

/// The same JSON, as long, with another character for each escape of a surrogate.
fn without_surrogates(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        shown.push_str(before);
        let surrogate = escape.as_bytes().get(1..4).is_some_and(|it| {
            it[0] == b'u'
                && it[1].eq_ignore_ascii_case(&b'd')
                && matches!(it[2], b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F')
        });
        let length = if surrogate { 6 } else { 2 };
        let end = escape.char_indices().nth(length).map_or(escape.len(), |(end, _)| end);
        shown.push_str(if surrogate { "\\ufffd" } else { &escape[..end] });
        rest = &escape[end..];
    }
    shown + rest
}

/// A value alone, for settings, which may be large: JSON takes the fast way.
pub(super) fn parse_value(text: &Text) -> Result<(Value, Vec<Diagnostic>), Diagnostic> {
    if is_json(&text.file)
        && let Ok(value) = serde_json::from_str::<Value>(without_bom(text))
        && members(&value) == colons(&text.text)
    {
        return Ok((value, Vec::new()));
    }
    match document(text) {
        Ok(Document { tree, warnings }) => {
            Ok((tree.value, warnings.into_iter().map(|flaw| tell(text, flaw).into_warning()).collect()))
        }
        Err(flaw) => Err(tell(text, flaw)),
    }
}

fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn without_bom(text: &Text) -> &str {
    text.text.strip_prefix('\u{feff}').unwrap_or(&text.text)
}

fn tell(text: &Text, flaw: Flaw) -> Diagnostic {
    flaw.help.into_iter().fold(text.error(flaw.place, flaw.message), Diagnostic::with_help)
}

fn json_error(error: &serde_json::Error) -> Flaw {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let at = Position { line: number(error.line()), column: number(error.column()) };
    let message = error.to_string();
    // The position is told in its own line.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    Flaw::new(Place { at, width: 1 }, format!("not valid JSON: {message}"))
}

/// How many members the objects in a value have.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(members).sum(),
        Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// How many members are written in a JSON text: more than were read, and some key is there twice, which serde_json does not say.
fn colons(json: &str) -> usize {
    let (mut count, mut quoted) = (0, false);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b':' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_counted_in_the_text_as_in_the_value() {
        for text in [r#"{"a:b":"c:\"d:","e":[{"f":1},{}]}"#, "[]", r#"{"\\":":"}"#] {
            assert_eq!(colons(text), members(&serde_json::from_str(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn json_takes_either_way() {
        let parse = |name: &str, text: &str| parse_value(&Text::new(Path::new(name), text));
        assert_eq!(parse("a.json", "{\"a\": [1, \"\\ud83d\\ude00\"]}").unwrap().0, json!({"a": [1, "😀"]}));
        assert_eq!(parse("a.json", "# a comment\na: 1").unwrap().0, json!({"a": 1}), "JSON that is YAML");
        let (value, warnings) = parse("a.JSON", "{\"a\": 1,\n \"a\": 2}").unwrap();
        assert_eq!((value, warnings.len()), (json!({"a": 2}), 1), "duplicate keys are told in JSON too");
        let error = parse("a.json", "{\"a\": 1,\n \"b\" 2}").unwrap_err();
        assert_eq!(error.message, "not valid JSON: expected `:`");
        assert_eq!(error.position, Some(Position { line: 2, column: 6 }));
    }
}
