//! The format's own unary body, back into events, so that a verbatim body can be streamed.

use serde_json::{Map, Value};

use crate::chat::{ApiError, Event, Fault, Reasoning, Reply, ToolCall, Usage};
use crate::wire::json::remainder;

/// What of a response the encoder writes itself.
const OWN: [&str; 7] = ["object", "output", "usage", "model", "status", "incomplete_details", "error"];

/// Decodes a response.
pub(super) fn decode(body: &str) -> Result<Reply, String> {
    let body: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let body = body.as_object().ok_or("the body is not an object")?;
    let output = body.get("output").and_then(Value::as_array).ok_or("`output` is not a list of items")?;
    let mut reply = Reply::default();
    for (index, item) in output.iter().enumerate() {
        let kind = item.get("type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| format!("`output[{index}]` is not an item with a `type`"))?;
        // Neighbouring messages are one message: the second would be lost in the first.
        let follows = matches!(reply.events.last(), Some(Event::Text(_) | Event::Refusal(_)));
        match events(item, kind).filter(|_| !(follows && kind == "message")) {
            Some(events) => reply.events.extend(events),
            None => reply.events.push(Event::Block(item.to_string())),
        }
    }
    reply.events.extend(failure(body));
    reply.finish = body.get("incomplete_details").and_then(|details| details.get("reason")?.as_str()).map(finish);
    reply.model = body.get("model").and_then(Value::as_str).map(str::to_owned);
    reply.usage = body.get("usage").filter(|usage| usage.is_object()).map(usage);
    reply.patch = remainder(body, &OWN);
    Ok(reply)
}

/// An item as events; none where it says more than events can, and has to stay as it is.
fn events(item: &Value, kind: &str) -> Option<Vec<Event>> {
    let text = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let list = |key: &str| item.get(key).and_then(Value::as_array);
    match kind {
        "message" => {
            let parts: Vec<Event> = list("content")?.iter().map(said).collect::<Option<_>>()?;
            let merges = |pair: &[Event]| {
                matches!(pair, [Event::Text(_), Event::Text(_)] | [Event::Refusal(_), Event::Refusal(_)])
            };
            (!parts.is_empty() && !parts.windows(2).any(merges)).then_some(parts)
        }
        "reasoning" => {
            let encrypted = text("encrypted_content");
            let summary = list("summary")?.as_slice();
            let is_plain = list("content").is_none_or(Vec::is_empty);
            let reasoning = match (summary, encrypted) {
                _ if !is_plain => return None,
                ([], Some(data)) => Reasoning { text: data, signature: None, redacted: true },
                ([], None) => Reasoning::default(),
                ([part], signature) => {
                    let text = part.get("text").and_then(Value::as_str).filter(|text| !text.is_empty())?;
                    Reasoning { text: text.to_owned(), signature, redacted: false }
                }
                _ => return None,
            };
            Some(vec![Event::Reasoning(reasoning)])
        }
        "function_call" | "custom_tool_call" => {
            let (kind, arguments) =
                if kind == "function_call" { ("function", "arguments") } else { ("custom", "input") };
            let call = ToolCall {
                id: text("call_id"),
                kind: kind.to_owned(),
                name: text("name")?,
                arguments: text(arguments).unwrap_or_default(),
            };
            Some(vec![Event::ToolCall(call)])
        }
        _ => None,
    }
}

fn said(part: &Value) -> Option<Event> {
    let text = |key: &str| part.get(key).and_then(Value::as_str).map(str::to_owned);
    let lacks = |key: &str| part.get(key).is_none_or(|value| value.as_array().is_none_or(Vec::is_empty));
    match text("type")?.as_str() {
        "output_text" if lacks("annotations") && lacks("logprobs") => text("text").map(Event::Text),
        "refusal" => text("refusal").map(Event::Refusal),
        _ => None,
    }
}

/// A response that failed ends in an error when it is streamed.
fn failure(body: &Map<String, Value>) -> Option<Event> {
    let error = body.get("error")?.as_object()?;
    let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
    let code = text("code");
    let status = if code.as_deref() == Some("rate_limit_exceeded") { 429 } else { 500 };
    Some(Event::Fault(Fault::Error(ApiError { code, ..ApiError::new(status, text("message").unwrap_or_default()) })))
}

fn finish(reason: &str) -> String {
    match reason {
        "max_output_tokens" => "length",
        "content_filter" => "content-filter",
        other => other,
    }
    .to_owned()
}

fn usage(usage: &Value) -> Usage {
    let number = |pointer: &str| {
        usage.pointer(pointer).and_then(Value::as_u64).map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    Usage {
        input_tokens: number("/input_tokens"),
        output_tokens: number("/output_tokens"),
        cache_read_input_tokens: number("/input_tokens_details/cached_tokens"),
        cache_creation_input_tokens: number("/input_tokens_details/cache_write_tokens"),
        reasoning_output_tokens: number("/output_tokens_details/reasoning_tokens"),
    }
}
