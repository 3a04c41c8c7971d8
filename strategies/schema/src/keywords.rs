//! What a schema says under its keywords, in the words of each draft.

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

/// The schema that a schema has for an item at this place.
pub(crate) fn for_item(map: &Map<String, Value>, index: usize) -> Option<&Value> {
    let items = map.get("items");
    // Before 2020, `items` could be the list, with `additionalItems` for the rest.
    let (first, rest) = match items {
        Some(Value::Array(first)) => (Some(first), map.get("additionalItems")),
        _ => (map.get("prefixItems").and_then(Value::as_array), items.or_else(|| map.get("unevaluatedItems"))),
    };
    first.and_then(|first| first.get(index)).or(rest)
}

/// The entries of a list under a key, if there is one.
pub(crate) fn list<'d>(map: &'d Map<String, Value>, key: &str) -> std::slice::Iter<'d, Value> {
    map.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter()
}

/// The entries of an object under a key, if there is one.
pub(crate) fn entries<'d>(map: &'d Map<String, Value>, key: &str) -> impl Iterator<Item = (&'d String, &'d Value)> {
    map.get(key).and_then(Value::as_object).into_iter().flatten()
}
