//! A decoder's two halves must agree. The formats' tests spoil a body that uses everything, one place at a time.

use serde_json::{Value, json};

use super::*;

/// Every body that differs from the given one in one place: a value replaced by another, or left out.
pub(crate) fn spoiled(body: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    collect(body, String::new(), &mut places);
    let mut bodies = Vec::new();
    for place in places {
        for other in
            [json!(null), json!(true), json!(-1), json!(1e9), json!(0.5), json!("x"), json!([]), json!([7]), json!({})]
        {
            let mut spoiled = body.clone();
            if let Some(value) = spoiled.pointer_mut(&place) {
                *value = other.clone();
            }
            bodies.push((format!("{place} = {other}"), spoiled));
        }
        if let Some((parent, key)) = place.rsplit_once('/') {
            let mut spoiled = body.clone();
            match spoiled.pointer_mut(parent) {
                Some(Value::Object(object)) => _ = object.shift_remove(key),
                Some(Value::Array(list)) => _ = list.remove(key.parse().unwrap()),
                _ => continue,
            }
            bodies.push((format!("{place} left out"), spoiled));
        }
    }
    bodies
}

fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                collect(value, format!("{at}/{key}"), places);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect(value, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

/// Holds the fast decoder against the table: whatever one of them takes, the other takes too.
pub(crate) fn assert_halves_agree(
    body: &Value,
    fast: for<'b> fn(&'b str) -> Option<Request<'b>>,
    shape: &'static Shape,
) {
    assert!(fast(&body.to_string()).is_some(), "the whole body decodes");
    let bodies = spoiled(body);
    assert!(bodies.len() > 500, "{} is too few", bodies.len());
    let mut apart = Vec::new();
    for (what, body) in bodies {
        let text = body.to_string();
        let (decoded, violation) = (fast(&text).is_some(), first_violation(shape, &body));
        if decoded != violation.is_none() {
            apart.push(format!("{what}: decoded {decoded}, violation {violation:?}"));
        }
    }
    assert!(apart.is_empty(), "{} disagreements:\n{}", apart.len(), apart.join("\n"));
}

#[test]
fn whole_numbers_may_be_written_as_decimals() {
    static SHAPE: Shape = Shape::Int(1, 10);
    assert!(first_violation(&SHAPE, &json!(3.0)).is_none());
    assert!(matches!(first_violation(&SHAPE, &json!(3.5)).unwrap().problem, Problem::Type(..)));
    assert!(matches!(first_violation(&SHAPE, &json!(0)).unwrap().problem, Problem::Below(1, _, true)));
    assert!(matches!(first_violation(&SHAPE, &json!(u64::MAX)).unwrap().problem, Problem::Above(10, _, true)));
}
