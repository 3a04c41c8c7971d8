//! OpenAI's error shape, and its words for what can be wrong with a body.

use serde_json::Value;

use crate::chat::ApiError;
use crate::wire::check::{Problem, Shape, Step, Violation, Wording};
use crate::wire::json::write_string;

#[cfg(test)]
mod tests;

/// Appends `{"error":{…}}`.
pub(super) fn write(out: &mut Vec<u8>, error: &ApiError) {
    let (kind, code) = usual(error.status);
    out.extend_from_slice(br#"{"error":{"message":"#);
    write_string(out, &error.message);
    out.extend_from_slice(br#","type":"#);
    write_string(out, error.kind.as_deref().unwrap_or(kind));
    out.extend_from_slice(br#","param":"#);
    write_nullable(out, error.param.as_deref());
    out.extend_from_slice(br#","code":"#);
    // A kind of the strategy's own has no code of ours.
    write_nullable(out, error.code.as_deref().or(code.filter(|_| error.kind.is_none())));
    out.extend_from_slice(b"}}");
}

fn write_nullable(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => write_string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// The type, and the code where there is one, that OpenAI usually sends with a status.
const fn usual(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        429 => ("requests", Some("rate_limit_exceeded")),
        500..=599 => ("server_error", None),
        _ => ("invalid_request_error", None),
    }
}

/// OpenAI's words.
pub(super) struct OpenAiWording;

const NOT_JSON: &str = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your \
    HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. The parser \
    says: ";

impl Wording for OpenAiWording {
    fn malformed(&self, reason: &str) -> ApiError {
        ApiError::new(400, format!("{NOT_JSON}{reason})"))
    }

    fn violation(&self, violation: &Violation<'_>) -> ApiError {
        let path = path(&violation.path);
        if path.is_empty() {
            return self.malformed("the body is not an object");
        }
        let (message, code) = match &violation.problem {
            // The one message that is older than the others.
            Problem::Missing if path == "model" => {
                return ApiError::new(400, "you must provide a model parameter");
            }
            Problem::Missing => (format!("Missing required parameter: '{path}'."), "missing_required_parameter"),
            Problem::Type(expected, found) => {
                let (expected, found) = (expected_of(expected), found_of(found));
                (format!("Invalid type for '{path}': expected {expected}, but got {found} instead."), "invalid_type")
            }
            Problem::Word(words, found) => {
                let words = listed(words, "and");
                (format!("Invalid value: '{found}'. Supported values are: {words}."), "invalid_value")
            }
            Problem::Below(least, found, is_whole) => {
                let (noun, code) = if *is_whole {
                    ("integer", "integer_below_min_value")
                } else {
                    ("decimal", "decimal_below_min_value")
                };
                let wanted = format!("Expected a value >= {least}, but got {found} instead.");
                (format!("Invalid '{path}': {noun} below minimum value. {wanted}"), code)
            }
            Problem::Above(most, found, is_whole) => {
                let (noun, code) = if *is_whole {
                    ("integer", "integer_above_max_value")
                } else {
                    ("decimal", "decimal_above_max_value")
                };
                let wanted = format!("Expected a value <= {most}, but got {found} instead.");
                (format!("Invalid '{path}': {noun} above maximum value. {wanted}"), code)
            }
            Problem::TooShort(least, 0) => {
                let wanted = format!("Expected an array with minimum length {least}, but got an empty array instead.");
                (format!("Invalid '{path}': empty array. {wanted}"), "empty_array")
            }
            Problem::TooShort(least, found) => {
                let wanted = format!(
                    "Expected an array with minimum length {least}, but got an array with length {found} instead."
                );
                (format!("Invalid '{path}': array too short. {wanted}"), "array_below_min_length")
            }
        };
        ApiError { param: Some(path), code: Some(code.to_owned()), ..ApiError::new(400, message) }
    }
}

/// `messages[0].content`.
fn path(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Kind(_) => {}
        }
    }
    path
}

fn expected_of(shape: &Shape) -> String {
    match shape {
        Shape::Word(words) => format!("one of {}", listed(words, "or")),
        Shape::Either(shapes) => {
            let nouns: Vec<&str> = shapes.iter().map(noun).collect();
            match nouns.split_last() {
                Some((last, [])) => article(last),
                Some((last, rest)) => format!("one of {} or {last}", article(&rest.join(", "))),
                None => "a value".to_owned(),
            }
        }
        shape => article(noun(shape)),
    }
}

fn noun(shape: &Shape) -> &'static str {
    match shape {
        Shape::Either(_) => "value",
        Shape::Bool => "boolean",
        Shape::Int(..) => "integer",
        Shape::Num(..) => "decimal",
        Shape::Text | Shape::Word(_) => "string",
        Shape::Object(_) | Shape::Tagged(_) => "object",
        Shape::List(item, _) => match item {
            Shape::Object(_) | Shape::Tagged(_) => "array of objects",
            Shape::Text | Shape::Word(_) => "array of strings",
            _ => "array",
        },
    }
}

fn found_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(number) if number.is_f64() => "a decimal".to_owned(),
        Value::Number(_) => "an integer".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', and 'c'`.
fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => format!("'{one}'"),
        [one, two] => format!("'{one}' {last} '{two}'"),
        [init @ .., end] => format!("'{}', {last} '{end}'", init.join("', '")),
    }
}
