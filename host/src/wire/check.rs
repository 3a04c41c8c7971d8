//! The slow half of a decoder: where the fast one has failed, finds out what is wrong with a body.
//!
//! A format describes its body as a [`Shape`], a constant table. [`first_violation`] walks a parsed body along the
//! table, and the provider words what it finds: which field, what was expected, what was found. If nothing is wrong,
//! the fast half only stumbled over spelling (a key that occurs twice, of which the last counts), and decodes the
//! body as it was parsed.

use serde_json::{Map, Value};

use super::field::whole;
use crate::chat::{ApiError, Request};

#[cfg(test)]
pub(crate) mod tests;

/// What a provider expects at some place of a body.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A boolean.
    Bool,
    /// A whole number from and to.
    Int(i64, i64),
    /// A number from and to.
    Num(i64, i64),
    /// A text.
    Text,
    /// One of these texts.
    Word(&'static [&'static str]),
    /// An object with at least these fields as described; others are not looked at.
    Object(&'static [Field]),
    /// A list with at least so many items.
    List(&'static Self, usize),
    /// One of these, told apart by their JSON type.
    Either(&'static [Self]),
    /// An object whose further fields depend on the text in one of its fields.
    Tagged(&'static Tagged),
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    name: &'static str,
    shape: Shape,
    need: Need,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// It has to be there, and null is a wrong type.
    Required,
    /// It may be left out, or null.
    Optional,
}

/// An object of several kinds.
#[derive(Debug)]
pub(crate) struct Tagged {
    /// The field that names the kind.
    pub(crate) tag: &'static str,
    /// The kinds and their fields.
    pub(crate) cases: &'static [(&'static str, &'static [Field])],
    /// What the kind is where the tag is left out; without it the tag is required.
    pub(crate) default: Option<&'static str>,
    /// The fields of every other kind; without it there is no other kind.
    pub(crate) others: Option<&'static [Field]>,
}

/// A field that has to be there.
pub(crate) const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, need: Need::Required }
}

/// A field that may be left out or null.
pub(crate) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, need: Need::Optional }
}

/// One step from a value to a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'v> {
    /// To a field of an object.
    Key(&'static str),
    /// To an item of a list.
    Index(usize),
    /// Into an object as the kind that its tag says; providers that print union paths print it.
    Kind(&'v str),
}

/// What is wrong, and where.
#[derive(Debug)]
pub(crate) struct Violation<'v> {
    /// The way from the body to the place.
    pub(crate) path: Vec<Step<'v>>,
    /// What is wrong there.
    pub(crate) problem: Problem<'v>,
}

/// What is wrong at a place.
#[derive(Debug)]
pub(crate) enum Problem<'v> {
    /// A required field is left out.
    Missing,
    /// Another JSON type was expected.
    Type(&'static Shape, &'v Value),
    /// A text, but none of these.
    Word(Vec<&'static str>, &'v str),
    /// A number below the least; whether a whole one was expected.
    Below(i64, &'v Value, bool),
    /// A number above the most; whether a whole one was expected.
    Above(i64, &'v Value, bool),
    /// A list with too few items.
    TooShort(usize, usize),
}

/// How a provider words what is wrong with a body.
pub(crate) trait Wording {
    /// The body is no JSON.
    fn malformed(&self, reason: &str) -> ApiError;
    /// The body is not as the table wants it.
    fn violation(&self, violation: &Violation<'_>) -> ApiError;
}

/// Decodes a body: fast, and where that fails, slowly.
///
/// # Errors
/// What is wrong with the body, in the provider's words.
pub(crate) fn decode<'a>(
    body: &'a str,
    fast: for<'b> fn(&'b str) -> Option<Request<'b>>,
    shape: &'static Shape,
    wording: &dyn Wording,
) -> Result<Request<'a>, ApiError> {
    if let Some(request) = fast(body) {
        return Ok(request);
    }
    let value: Value = serde_json::from_str(body).map_err(|error| wording.malformed(&error.to_string()))?;
    if let Some(violation) = first_violation(shape, &value) {
        return Err(wording.violation(&violation));
    }
    // Only what the table does not look at can be wrong now, such as a field of another kind of message.
    match fast(&value.to_string()) {
        Some(request) => Ok(request.into_owned()),
        None => Err(ApiError::new(400, "A field of the body has a type that its place does not allow.")),
    }
}

/// Finds the first thing in a value that is not as a table wants it.
pub(crate) fn first_violation<'v>(shape: &'static Shape, value: &'v Value) -> Option<Violation<'v>> {
    let mut path = Vec::new();
    walk(shape, value, &mut path).map(|problem| Violation { path, problem })
}

/// Leaves the path at the place of the problem.
fn walk<'v>(shape: &'static Shape, value: &'v Value, path: &mut Vec<Step<'v>>) -> Option<Problem<'v>> {
    match (shape, value) {
        (Shape::Either(shapes), value) => match shapes.iter().find(|shape| fits(shape, value)) {
            Some(shape) => walk(shape, value, path),
            None => Some(Problem::Type(shape, value)),
        },
        (shape, value) if !fits(shape, value) => Some(Problem::Type(shape, value)),
        (Shape::Int(min, max), Value::Number(number)) => match whole(number)? {
            number if number < *min => Some(Problem::Below(*min, value, true)),
            number if number > *max => Some(Problem::Above(*max, value, true)),
            _ => None,
        },
        (Shape::Num(min, max), Value::Number(number)) => match number.as_f64()? {
            number if number < *min as f64 => Some(Problem::Below(*min, value, false)),
            number if number > *max as f64 => Some(Problem::Above(*max, value, false)),
            _ => None,
        },
        (Shape::Word(words), Value::String(text)) => {
            (!words.contains(&text.as_str())).then(|| Problem::Word(words.to_vec(), text))
        }
        (Shape::Object(fields), Value::Object(object)) => walk_fields(fields, object, path),
        (Shape::List(item, least), Value::Array(items)) => {
            if items.len() < *least {
                return Some(Problem::TooShort(*least, items.len()));
            }
            items.iter().enumerate().find_map(|(index, value)| {
                path.push(Step::Index(index));
                let problem = walk(item, value, path);
                if problem.is_none() {
                    path.pop();
                }
                problem
            })
        }
        (Shape::Tagged(tagged), Value::Object(object)) => walk_tagged(tagged, object, path),
        _ => None,
    }
}

fn walk_fields<'v>(
    fields: &'static [Field],
    object: &'v Map<String, Value>,
    path: &mut Vec<Step<'v>>,
) -> Option<Problem<'v>> {
    fields.iter().find_map(|field| {
        path.push(Step::Key(field.name));
        let problem = match (object.get(field.name), field.need) {
            (None, Need::Required) => Some(Problem::Missing),
            (None | Some(Value::Null), Need::Optional) => None,
            (Some(value), _) => walk(&field.shape, value, path),
        };
        if problem.is_none() {
            path.pop();
        }
        problem
    })
}

fn walk_tagged<'v>(
    tagged: &'static Tagged,
    object: &'v Map<String, Value>,
    path: &mut Vec<Step<'v>>,
) -> Option<Problem<'v>> {
    let found = match (object.get(tagged.tag), tagged.default) {
        (Some(Value::String(kind)), _) => kind.as_str(),
        (None | Some(Value::Null), Some(kind)) => kind,
        (None, None) => {
            path.push(Step::Key(tagged.tag));
            return Some(Problem::Missing);
        }
        (Some(other), _) => {
            path.push(Step::Key(tagged.tag));
            return Some(Problem::Type(&Shape::Text, other));
        }
    };
    match tagged.cases.iter().find(|(kind, _)| *kind == found) {
        Some((_, fields)) => {
            path.push(Step::Kind(found));
            let problem = walk_fields(fields, object, path);
            if problem.is_none() {
                path.pop();
            }
            problem
        }
        None => match tagged.others {
            Some(fields) => walk_fields(fields, object, path),
            None => {
                path.push(Step::Key(tagged.tag));
                Some(Problem::Word(tagged.cases.iter().map(|(kind, _)| *kind).collect(), found))
            }
        },
    }
}

/// Whether a value has the JSON type of a shape; how it looks inside is another question.
fn fits(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (Shape::Either(shapes), value) => shapes.iter().any(|shape| fits(shape, value)),
        (Shape::Int(..), Value::Number(number)) => whole(number).is_some(),
        (Shape::Bool, Value::Bool(_))
        | (Shape::Num(..), Value::Number(_))
        | (Shape::Text | Shape::Word(_), Value::String(_))
        | (Shape::Object(_) | Shape::Tagged(_), Value::Object(_))
        | (Shape::List(..), Value::Array(_)) => true,
        _ => false,
    }
}
