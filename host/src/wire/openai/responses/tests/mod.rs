//! What is read from a body, and what is written, byte by byte.

use serde_json::{Value, json};

use super::*;
use crate::wire::NoHistory;

mod answers;
mod requests;
mod routes;
mod streams;

/// The smallest body, with these fields beside.
fn body(fields: &Value) -> String {
    let mut body = json!({"model": "m", "input": "hi"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body.to_string()
}

/// What a body's answer repeats of it.
fn echo(fields: &Value) -> Value {
    let request = Responses.decode(&body(fields), &NoHistory).unwrap().into_owned();
    assert!(!request.form.echo.contains('\n'));
    serde_json::from_str(&format!("{{{}}}", request.form.echo)).unwrap()
}

/// The usage of [`crate::wire::tests::envelope`].
const USAGE: &str = r#"{"input_tokens":30,"input_tokens_details":{"cached_tokens":7,"cache_write_tokens":3},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":50}"#;
