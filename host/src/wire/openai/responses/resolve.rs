//! From a body to a request: what is wrong with it in OpenAI's words, and what was said before.

use serde_json::Value;

use super::super::chat::limits::at_most;
use super::super::error::OpenAiWording;
use super::decode::{Decoded, fast};
use super::item::{Entry, Turn, entry};
use super::shape::BODY;
use crate::chat::{ApiError, Message, Request, Role};
use crate::wire::History;
use crate::wire::check::{Wording, first_violation};

const TOOLS: usize = 128;

/// Decodes a body: fast, and where that fails, slowly.
///
/// # Errors
/// What is wrong with the body.
pub(super) fn read(body: &str) -> Result<Decoded<'_>, ApiError> {
    if let Some(decoded) = fast(body) {
        return Ok(decoded);
    }
    let value: Value = serde_json::from_str(body).map_err(|error| OpenAiWording.malformed(&error.to_string()))?;
    if let Some(field) = missing(&value) {
        let code = Some("missing_required_parameter".to_owned());
        let error = ApiError::new(400, format!("Missing required parameter: '{field}'."));
        return Err(ApiError { param: Some(field.to_owned()), code, ..error });
    }
    if let Some(violation) = first_violation(&BODY, &value) {
        return Err(OpenAiWording.violation(&violation));
    }
    // Only what the table does not look at can be wrong now, such as a field of another kind of item.
    match fast(&value.to_string()) {
        Some(decoded) => Ok(decoded.into_owned()),
        None => Err(ApiError::new(400, "A field of the body has a type that its place does not allow.")),
    }
}

/// A field that only some bodies can do without: a prompt template brings a model, and there are other ways to say
/// something.
pub(super) fn missing(body: &Value) -> Option<&'static str> {
    let has = |key: &str| body.get(key).is_some_and(|value| !value.is_null());
    let input = ["input", "previous_response_id", "prompt", "conversation"];
    match body.is_object() {
        true if !has("model") && !has("prompt") => Some("model"),
        true if !input.into_iter().any(has) => Some("input"),
        _ => None,
    }
}

/// The request with its whole conversation: instructions, what was kept of it, and the input.
///
/// # Errors
/// There is too much of something, or what the body refers to is not kept.
pub(super) fn request<'a>(decoded: Decoded<'a>, history: &dyn History) -> Result<Request<'a>, ApiError> {
    let Decoded { mut request, instructions, previous, input } = decoded;
    at_most("tools", TOOLS, request.tools.len())?;
    let kept = match previous {
        None => Vec::new(),
        Some(id) => history.conversation(&id).ok_or_else(|| previous_not_found(&id))?,
    };
    let messages = &mut request.messages;
    messages.reserve(kept.len() + input.len() + 1);
    messages.extend(instructions.map(|text| Message::text_of(Role::System, text)));
    for item in kept {
        // What was kept was decoded before.
        if let Some(item) = entry(&item) {
            turn(item.into_owned(), history)?.push(messages);
        }
    }
    for item in input {
        turn(item, history)?.push(messages);
    }
    Ok(request)
}

/// What an item says, or the item that it refers to.
fn turn<'a>(item: Entry<'a>, history: &dyn History) -> Result<Turn<'a>, ApiError> {
    let id = match item {
        Entry::Turn(turn) => return Ok(turn),
        Entry::Reference(id) => id,
    };
    match history.item(&id).and_then(|json| entry(&json).map(Entry::into_owned)) {
        Some(Entry::Turn(turn)) => Ok(turn),
        // A reference is never kept under the id that it refers to.
        Some(Entry::Reference(_)) | None => Err(item_not_found(&id)),
    }
}

fn previous_not_found(id: &str) -> ApiError {
    ApiError {
        param: Some("previous_response_id".to_owned()),
        code: Some("previous_response_not_found".to_owned()),
        ..ApiError::new(400, format!("Previous response with id '{id}' not found."))
    }
}

fn item_not_found(id: &str) -> ApiError {
    ApiError { param: Some("input".to_owned()), ..ApiError::new(404, format!("Item with id '{id}' not found.")) }
}
