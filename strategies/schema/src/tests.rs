//! The strategy as a client meets it. The corpus and the random schemas are in the files beside.

mod answers;
mod corpus;
mod properties;
mod refused;

use serde_json::Value;
use standin_sdk::testing::{Host, Request};

use crate::Schema;
use crate::budget::Budget;
use crate::check::Checker;
use crate::document::Document;

/// What a request gets from a host of this seed: the value, or the error's message.
fn answer(schema: &Value, seed: u64) -> Result<Value, String> {
    let request = Request::user("hello").output_schema(schema.to_string());
    let outcome = Host::<Schema>::new().seed(seed).respond(&request).unwrap();
    match outcome.as_error() {
        Some(error) => {
            assert_eq!(error.status, 400);
            Err(error.message.clone())
        }
        None => Ok(serde_json::from_str(&outcome.text().unwrap()).unwrap()),
    }
}

/// Whether the value is what the schema says; by an independent validator as well, where the feature `jsonschema` is on.
fn accepts(schema: &Value, value: &Value) -> Result<(), String> {
    let budget = Budget::new(10_000_000);
    let document = Document::new(schema, &budget).unwrap();
    let checked = Checker::new(&document, &budget).check(value, schema);
    checked.map_err(|fail| fail.message(&document))?;
    judge(schema, value)
}

#[cfg(feature = "jsonschema")]
fn judge(schema: &Value, value: &Value) -> Result<(), String> {
    validator(schema)?.validate(value).map_err(|error| format!("at {}: {error}", error.instance_path()))
}

#[cfg(feature = "jsonschema")]
fn validator(schema: &Value) -> Result<jsonschema::Validator, String> {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema).map_err(|error| format!("the schema is wrong: {error}"))
}

#[cfg(not(feature = "jsonschema"))]
fn judge(_: &Value, _: &Value) -> Result<(), String> {
    Ok(())
}

/// Every value in this one, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}
