//! Schemas without a value, or that are not understood: the error says what stands where.

use serde_json::{Value, json};
use standin_sdk::ToolChoice;
use standin_sdk::testing::{self, Request};

use super::answer;
use crate::{Schema, forced};

fn refused(schema: &Value) -> String {
    let message = answer(schema, 0).unwrap_err();
    message.strip_prefix("The output schema cannot be answered: ").unwrap_or(&message).to_owned()
}

fn property(schema: Value) -> Value {
    json!({ "type": "object", "properties": { "a/b": schema }, "required": ["a/b"] })
}

#[test]
fn says_what_stands_where() {
    for (schema, message) in [
        (
            json!({ "type": "integer", "minimum": 5, "maximum": 3 }),
            "there is no integer within its bounds: `minimum` 5, `maximum` 3",
        ),
        (
            json!({ "type": "integer", "minimum": 1, "maximum": 3, "multipleOf": 5 }),
            "there is no integer within its bounds: `minimum` 1, `maximum` 3, `multipleOf` 5",
        ),
        (json!({ "type": "text" }), "`type` is \"text\", which is no type of JSON Schema"),
        (
            json!({ "type": "string", "minLength": 4, "maxLength": 2 }),
            "it asks for 4 characters or more, and for 2 or less",
        ),
        (
            json!({ "type": "string", "minLength": 1_000_000 }),
            "it asks for 1000000 characters; 100000 is the most that is made",
        ),
        (json!({ "type": "string", "pattern": "(" }), "the pattern `(` is not understood: a `(` is not closed"),
        (
            json!({ "type": "string", "pattern": "^a$", "minLength": 3 }),
            "no text of 3 characters or more was found that has the pattern `^a$`",
        ),
        (json!({ "$ref": "#/$defs/x" }), "`$ref` is `#/$defs/x`, which is not in this document"),
        (
            json!({ "$ref": "https://example.com/x.json" }),
            "`$ref` is `https://example.com/x.json`, which is outside of this document; put it into `$defs`",
        ),
        (json!({ "type": "array", "minItems": 3, "maxItems": 2 }), "it asks for 3 items or more, and for 2 or less"),
        (json!({ "type": "array", "minItems": 100_000 }), "it asks for 100000 items; 1000 is the most that is made"),
        (
            json!({ "type": "array", "items": { "type": "boolean" }, "uniqueItems": true, "minItems": 3 }),
            "there are not 3 different items",
        ),
        (json!({ "type": "object", "required": ["x", "y"], "maxProperties": 1 }), "it requires more than 1 properties"),
        (
            json!({ "type": "object", "required": ["x"], "propertyNames": { "pattern": "^y" } }),
            "it requires `x`, which `propertyNames` does not let be",
        ),
        (json!({ "enum": [1, 2], "type": "string" }), "none of the values that it lists fits the rest of the schema"),
        (json!({ "enum": [] }), "none of the values that it lists fits the rest of the schema"),
        (
            json!({ "oneOf": [{ "type": "string" }, { "minLength": 0, "type": "string" }] }),
            "more than one branch of `oneOf` holds",
        ),
    ] {
        assert_eq!(refused(&property(schema.clone())), format!("at `/properties/a~1b`: {message}"), "{schema}");
    }
}

#[test]
fn the_place_may_be_anywhere() {
    for (schema, message) in [
        (json!(false), "at its root: nothing satisfies `false`"),
        (
            json!({ "allOf": [{ "type": "string" }, { "type": "integer" }] }),
            "at `/allOf/1`: `type` is integer, where the rest of the schema wants string",
        ),
        (
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "items": { "minLength": 2, "maxLength": 1 }, "minItems": 1 } } }),
            "at `/$defs/a/items`: it asks for 2 characters or more, and for 1 or less",
        ),
        (
            json!({ "type": "object", "properties": { "next": { "$ref": "#" } }, "required": ["next"] }),
            "at its root: every value has another one of its kind in it, without an end",
        ),
        (json!({ "properties": { "a": false }, "required": ["a"] }), "at `/properties/a`: nothing satisfies `false`"),
        (
            json!({ "type": "object", "required": ["a"], "additionalProperties": false }),
            "at `/additionalProperties`: nothing satisfies `false`",
        ),
        (json!({ "type": "string", "not": { "minLength": 0 } }), "at its root: `not` does not hold"),
    ] {
        assert_eq!(refused(&schema), message, "{schema}");
    }
}

#[test]
fn an_optional_property_that_cannot_be_is_left_out() {
    let schema = json!({ "type": "object", "properties": { "a": { "$ref": "other.json" }, "b": { "const": 1 } }, "required": ["b"] });
    for seed in 0..20 {
        assert_eq!(answer(&schema, seed), Ok(json!({ "b": 1 })));
    }
}

#[test]
fn names_the_tool() {
    let mut tool = standin_sdk::Tool { kind: "function".into(), name: "f".into(), description: None, parameters: None };
    tool.parameters = Some(json!({ "type": "string" }).to_string());
    let outcome = forced(&ToolChoice::Required, &[tool]).unwrap();
    let error = outcome.as_error().unwrap();
    assert_eq!((error.status, error.kind.as_deref()), (400, None));
    let why = "at its root: `type` is string, where the rest of the schema wants object";
    assert_eq!(error.message, format!("The parameters of the tool `f` cannot be filled: {why}"));
}

#[test]
fn is_never_busy_for_long() {
    // A schema that says nothing in 2^20 ways.
    let mut schema = json!({ "type": "string", "not": { "minLength": 0 } });
    for _ in 0..20 {
        schema = json!({ "anyOf": [schema.clone(), schema] });
        if schema.to_string().len() > 100_000 {
            break;
        }
    }
    let message = refused(&schema);
    assert!(message.starts_with("at its root: it takes too long to find a value here; the last try: "), "{message}");

    let deep = (0..60).fold(json!({ "type": "string" }), |inner, _| property(inner));
    let message = refused(&deep);
    assert!(message.ends_with(": it is nested too deep"), "{message}");
    let deepest = (0..500).fold("true".to_owned(), |inner, _| format!("{{\"not\":{inner}}}"));
    let outcome = testing::run::<Schema>(&Request::user("hello").output_schema(deepest)).unwrap();
    assert!(outcome.as_error().unwrap().message.contains("recursion limit exceeded"));
}
