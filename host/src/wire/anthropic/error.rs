//! Anthropic's error shape, and its words for what can be wrong with a body.

use serde_json::Value;

use crate::chat::ApiError;
use crate::wire::check::{Problem, Shape, Step, Violation, Wording};
use crate::wire::json::write_string;

#[cfg(test)]
mod tests;

/// What a code says where nobody gave one; the provider sends none then.
const NO_CODE: &str = "error";

/// Appends `{"type":"error","error":{…},"request_id":…}`. In a stream the id is not known: the header names it.
/// An error's parameter has no place in this shape.
pub(super) fn write(out: &mut Vec<u8>, error: &ApiError, request_id: Option<&str>) {
    out.extend_from_slice(br#"{"type":"error","error":{"type":"#);
    write_string(out, error.kind.as_deref().unwrap_or(usual(error.status)));
    out.extend_from_slice(br#","message":"#);
    write_string(out, &error.message);
    if let Some(code) = error.code.as_deref().filter(|code| *code != NO_CODE) {
        // The clients of today choose the class of an error by this code.
        out.extend_from_slice(br#","details":{"error_code":"#);
        write_string(out, code);
        out.push(b'}');
    }
    out.extend_from_slice(br#"},"request_id":"#);
    match request_id {
        Some(id) => write_string(out, id),
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
}

/// The type that Anthropic usually sends with a status.
const fn usual(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500..=599 => "api_error",
        _ => "invalid_request_error",
    }
}

/// Anthropic's words, which are pydantic's for the most part.
pub(super) struct AnthropicWording;

impl Wording for AnthropicWording {
    fn malformed(&self, reason: &str) -> ApiError {
        ApiError::new(400, format!("The request body is not valid JSON: {reason}"))
    }

    fn violation(&self, violation: &Violation<'_>) -> ApiError {
        let path = path(&violation.path);
        let message = match &violation.problem {
            Problem::Missing => "Field required".to_owned(),
            Problem::Type(expected, found) => expected_of(expected, found),
            Problem::Word(words, _) => one_of(words),
            Problem::Below(least, ..) => format!("Input should be greater than or equal to {least}"),
            Problem::Above(most, ..) => format!("Input should be less than or equal to {most}"),
            Problem::TooShort(..) if path == "messages" => "at least one message is required".to_owned(),
            Problem::TooShort(least, found) => {
                format!("List should have at least {least} items after validation, not {found}")
            }
        };
        ApiError::new(400, if path.is_empty() { message } else { format!("{path}: {message}") })
    }
}

/// `messages.0.content.1.text.text`.
fn path(steps: &[Step<'_>]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::Key(key) => (*key).to_owned(),
            Step::Kind(kind) => (*kind).to_owned(),
            Step::Index(index) => index.to_string(),
        })
        .collect();
    steps.join(".")
}

fn expected_of(shape: &Shape, found: &Value) -> String {
    match shape {
        Shape::Bool => "Input should be a valid boolean".to_owned(),
        Shape::Int(..) if found.is_f64() => {
            "Input should be a valid integer, got a number with a fractional part".to_owned()
        }
        Shape::Int(..) => "Input should be a valid integer".to_owned(),
        Shape::Num(..) => "Input should be a valid number".to_owned(),
        Shape::Text => "Input should be a valid string".to_owned(),
        Shape::Word(words) => one_of(words),
        Shape::Object(_) | Shape::Tagged(_) => "Input should be a valid dictionary".to_owned(),
        Shape::List(..) => "Input should be a valid list".to_owned(),
        // The provider names the first of them.
        Shape::Either(shapes) => shapes.first().map(|shape| expected_of(shape, found)).unwrap_or_default(),
    }
}

fn one_of(words: &[&str]) -> String {
    match words {
        [] => "Input is not valid".to_owned(),
        [one] => format!("Input should be '{one}'"),
        [init @ .., last] => format!("Input should be '{}' or '{last}'", init.join("', '")),
    }
}
