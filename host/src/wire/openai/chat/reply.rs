//! The format's own unary body, back into events, so that a verbatim body can be streamed.

use serde_json::{Map, Value};

use crate::chat::{Event, Reply, ToolCall, Usage};
use crate::wire::json::remainder;

/// What of the envelope the encoder writes itself, or writes differently in a stream.
const OWN: [&str; 4] = ["object", "choices", "usage", "model"];

/// Decodes a `chat.completion`; of several choices the first.
pub(super) fn decode(body: &str) -> Result<Reply, String> {
    let body: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let body = body.as_object().ok_or("the body is not an object")?;
    let choice = body.get("choices").and_then(|choices| choices.get(0)).ok_or("`choices` holds no choice")?;
    let message = choice.get("message").and_then(Value::as_object).ok_or("`choices[0].message` is not an object")?;
    let mut reply = Reply { events: events(message)?, ..Reply::default() };
    reply.finish = choice.get("finish_reason").and_then(Value::as_str).map(finish);
    reply.model = body.get("model").and_then(Value::as_str).map(str::to_owned);
    reply.usage = body.get("usage").filter(|usage| usage.is_object()).map(usage);
    reply.patch = remainder(body, &OWN);
    Ok(reply)
}

fn events(message: &Map<String, Value>) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    match message.get("content") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => events.push(Event::Text(text.clone())),
        Some(_) => return Err("`choices[0].message.content` is neither a string nor null".to_owned()),
    }
    if let Some(text) = message.get("refusal").and_then(Value::as_str) {
        events.push(Event::Refusal(text.to_owned()));
    }
    if let Some(call) = message.get("function_call").and_then(Value::as_object) {
        let text = |key: &str| call.get(key).and_then(Value::as_str).map(str::to_owned);
        events.push(Event::ToolCall(ToolCall {
            id: None,
            kind: "function".to_owned(),
            name: text("name").ok_or("`choices[0].message.function_call` has no name")?,
            arguments: text("arguments").unwrap_or_default(),
        }));
    }
    let calls = message.get("tool_calls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, call) in calls.iter().enumerate() {
        let text = |pointer: &str| call.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (name, arguments, kind) = if call.get("custom").is_some() {
            ("/custom/name", "/custom/input", "custom")
        } else {
            ("/function/name", "/function/arguments", "function")
        };
        events.push(Event::ToolCall(ToolCall {
            id: text("/id"),
            kind: kind.to_owned(),
            name: text(name).ok_or_else(|| format!("`choices[0].message.tool_calls[{index}]` has no name"))?,
            arguments: text(arguments).unwrap_or_default(),
        }));
    }
    Ok(events)
}

pub(in crate::wire::openai) fn finish(word: &str) -> String {
    match word {
        "tool_calls" | "function_call" => "tool-calls",
        "content_filter" => "content-filter",
        other => other,
    }
    .to_owned()
}

pub(in crate::wire::openai) fn usage(usage: &Value) -> Usage {
    let number = |pointer: &str| {
        usage.pointer(pointer).and_then(Value::as_u64).map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    Usage {
        input_tokens: number("/prompt_tokens"),
        output_tokens: number("/completion_tokens"),
        cache_read_input_tokens: number("/prompt_tokens_details/cached_tokens"),
        cache_creation_input_tokens: number("/prompt_tokens_details/cache_write_tokens"),
        reasoning_output_tokens: number("/completion_tokens_details/reasoning_tokens"),
    }
}
