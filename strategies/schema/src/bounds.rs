//! The bounds of a schema, in the words of each draft.

use serde_json::{Map, Number, Value};

/// A count, which may be written as 3.0.
pub(crate) fn count(map: &Map<String, Value>, key: &str) -> Option<u64> {
    let number = map.get(key)?.as_number()?;
    number.as_u64().or_else(|| number.as_f64().filter(|float| *float >= 0.0).map(|float| float.ceil() as u64))
}

/// The lower bounds, each with whether the bound itself is out.
pub(crate) fn least(map: &Map<String, Value>) -> impl Iterator<Item = (&Number, bool)> {
    both(map, "minimum", "exclusiveMinimum")
}

/// The upper bounds, each with whether the bound itself is out.
pub(crate) fn most(map: &Map<String, Value>) -> impl Iterator<Item = (&Number, bool)> {
    both(map, "maximum", "exclusiveMaximum")
}

fn both<'m>(map: &'m Map<String, Value>, closed: &str, open: &str) -> impl Iterator<Item = (&'m Number, bool)> {
    // In draft 4 and OpenAPI 3.0, `exclusiveMinimum: true` is said about `minimum`.
    let (closed, open) = (map.get(closed), map.get(open));
    let closed = closed.and_then(Value::as_number).map(|bound| (bound, open == Some(&Value::Bool(true))));
    closed.into_iter().chain(open.and_then(Value::as_number).map(|bound| (bound, true)))
}
