//! The further routes under `/v1/responses/{id}`: what they say of an answer that was kept. They know no store.

use serde_json::{Map, Value};

use super::super::error::OpenAiWording;
use super::members::Members;
use crate::chat::ApiError;
use crate::kept::Progress;
use crate::wire::check::{Shape, Wording, first_violation, optional};
use crate::wire::json::write_string;
use crate::wire::{History, Kept};

/// `GET /v1/responses/{id}`: the answer, as far as it is.
pub fn retrieve(kept: &Kept, progress: Progress) -> Vec<u8> {
    match progress {
        Progress::Queued => unfinished(&kept.answer, r#""queued""#),
        Progress::Completed => kept.answer.as_bytes().to_vec(),
        Progress::Cancelled => unfinished(&kept.answer, r#""cancelled""#),
    }
}

/// `POST /v1/responses` where the client does not wait for the answer: what it gets instead.
pub fn queued(kept: &Kept) -> Vec<u8> {
    retrieve(kept, Progress::Queued)
}

/// A response of which only the envelope is known.
fn unfinished(answer: &str, status: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(answer.len());
    let unknown = ["completed_at", "error", "incomplete_details", "usage"].map(|key| (key, "null"));
    let members = [&[("status", status), ("output", "[]")], unknown.as_slice()].concat();
    if let Some(response) = Members::read(answer) {
        response.write(&mut body, &members, &[]);
    }
    body
}

/// `POST /v1/responses/{id}/cancel`: the answer, called off or not.
///
/// # Errors
/// The client waited for it.
pub fn cancel(kept: &Kept, progress: Progress) -> Result<Vec<u8>, ApiError> {
    if kept.background {
        Ok(retrieve(kept, progress))
    } else {
        Err(ApiError::new(400, "Cannot cancel a synchronous response."))
    }
}

/// `DELETE /v1/responses/{id}`.
pub fn deleted(id: &str) -> Vec<u8> {
    let mut body = br#"{"id":"#.to_vec();
    write_string(&mut body, id);
    body.extend_from_slice(br#","object":"response","deleted":true}"#);
    body
}

/// No such answer, on any of the routes.
pub fn not_found(id: &str) -> ApiError {
    ApiError::new(404, format!("Response with id '{id}' not found."))
}

/// What the list of items takes; `include` is accepted like everything else that a client may ask for.
static QUERY: Shape = Shape::Object(&[
    optional("after", Shape::Text),
    optional("limit", Shape::Int(1, 100)),
    optional("order", Shape::Word(&["asc", "desc"])),
]);

const PAGE: usize = 20;

/// `GET /v1/responses/{id}/input_items`: a page of what the client sent, by the query without its question mark.
///
/// # Errors
/// A parameter is not as it should be, or there is no such item to go on from.
pub fn input_items(kept: &Kept, query: &str, history: &dyn History) -> Result<Vec<u8>, ApiError> {
    let query = parameters(query);
    if let Some(violation) = first_violation(&QUERY, &query) {
        return Err(OpenAiWording.violation(&violation));
    }
    let limit = query["limit"].as_u64().map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let mut items: Vec<(String, String)> =
        kept.input.iter().filter_map(|(id, item)| resolved(id, item, history)).collect();
    if query["order"].as_str() != Some("asc") {
        items.reverse();
    }
    let start = match query["after"].as_str() {
        None => 0,
        Some(after) => match items.iter().position(|(id, _)| id == after) {
            Some(at) => at + 1,
            None => {
                let error = ApiError::new(400, format!("Item with id '{after}' not found."));
                return Err(ApiError { param: Some("after".to_owned()), ..error });
            }
        },
    };
    let rest = items.get(start..).unwrap_or_default();
    let page = rest.get(..limit).unwrap_or(rest);

    let mut body = br#"{"object":"list","data":["#.to_vec();
    for (index, (_, item)) in page.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(item.as_bytes());
    }
    body.push(b']');
    for (key, item) in [(r#","first_id":"#, page.first()), (r#","last_id":"#, page.last())] {
        body.extend_from_slice(key.as_bytes());
        match item {
            Some((id, _)) => write_string(&mut body, id),
            None => body.extend_from_slice(b"null"),
        }
    }
    body.extend_from_slice(if page.len() < rest.len() { br#","has_more":true}"# } else { br#","has_more":false}"# });
    Ok(body)
}

/// An item, or what it refers to; none where that is gone.
fn resolved(id: &str, item: &str, history: &dyn History) -> Option<(String, String)> {
    let members = Members::read(item)?;
    if members.text("type").is_some_and(|kind| kind.0 == "item_reference") {
        let referred = members.text("id")?.0.into_owned();
        let item = history.item(&referred)?;
        return Some((referred, item.to_string()));
    }
    Some((id.to_owned(), item.to_owned()))
}

/// The parameters of a query; a number is one.
fn parameters(query: &str) -> Value {
    let mut object = Map::new();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = decoded(value);
        let number = value.parse::<i64>().ok().filter(|_| key == "limit");
        object.insert(decoded(key), number.map_or_else(|| Value::String(value), Value::from));
    }
    Value::Object(object)
}

/// Percent-decoded; what is no UTF-8 then is replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, behind @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                let byte = hex(high).unwrap_or_default() << 4 | hex(low).unwrap_or_default();
                bytes.push(byte as u8);
                rest = behind;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
