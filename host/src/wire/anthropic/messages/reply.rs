//! The format's own unary body, back into events, so that a verbatim body can be streamed.

use serde_json::Value;

use crate::chat::{Event, Reasoning, Reply, ToolCall, Usage};
use crate::wire::json::remainder;

/// What of the envelope the encoder writes itself.
const OWN: [&str; 6] = ["type", "role", "content", "usage", "model", "stop_reason"];

/// Decodes a message.
pub(super) fn decode(body: &str) -> Result<Reply, String> {
    let body: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let body = body.as_object().ok_or("the body is not an object")?;
    let content = body.get("content").and_then(Value::as_array).ok_or("`content` is not a list of blocks")?;
    let mut reply = Reply::default();
    for (index, block) in content.iter().enumerate() {
        let event = event(block).ok_or_else(|| format!("`content[{index}]` is not a block with a `type`"))?;
        reply.events.push(match (event, reply.events.last()) {
            // Neighbouring texts are one text: a second block would be lost in the first.
            (Event::Text(_), Some(Event::Text(_))) => Event::Block(block.to_string()),
            (event, _) => event,
        });
    }
    reply.finish = body.get("stop_reason").and_then(Value::as_str).map(finish);
    let mut own = OWN.to_vec();
    if reply.finish.as_deref() == Some("stop-sequence") {
        reply.stop_sequence = body.get("stop_sequence").and_then(Value::as_str).map(str::to_owned);
        own.push("stop_sequence");
    }
    reply.model = body.get("model").and_then(Value::as_str).map(str::to_owned);
    reply.usage = body.get("usage").filter(|usage| usage.is_object()).map(usage);
    reply.patch = remainder(body, &own);
    Ok(reply)
}

/// A block as an event; one that says more than an event can stays as it is.
fn event(block: &Value) -> Option<Event> {
    let text = |key: &str| block.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = text("type")?;
    let plain = match kind.as_str() {
        "text" if block.get("citations").is_none_or(Value::is_null) => text("text").map(Event::Text),
        "tool_use" if is_direct(block) => text("name").map(|name| {
            Event::ToolCall(ToolCall {
                id: text("id"),
                kind: "function".to_owned(),
                name,
                arguments: block.get("input").map_or_else(|| "{}".to_owned(), Value::to_string),
            })
        }),
        "thinking" => text("thinking").map(|thought| {
            Event::Reasoning(Reasoning { text: thought, signature: text("signature"), redacted: false })
        }),
        "redacted_thinking" => {
            text("data").map(|data| Event::Reasoning(Reasoning { text: data, signature: None, redacted: true }))
        }
        _ => None,
    };
    Some(plain.unwrap_or_else(|| Event::Block(block.to_string())))
}

/// Whether the model called the tool itself, and not as a member of a toolset.
fn is_direct(call: &Value) -> bool {
    let direct = call.get("caller").is_none_or(|caller| caller.get("type").is_none_or(|kind| kind == "direct"));
    direct && call.get("toolset_name").is_none_or(Value::is_null)
}

fn finish(word: &str) -> String {
    match word {
        "end_turn" => "stop",
        "max_tokens" => "length",
        "tool_use" => "tool-calls",
        "stop_sequence" => "stop-sequence",
        "pause_turn" => "pause",
        other => other,
    }
    .to_owned()
}

fn usage(usage: &Value) -> Usage {
    let number = |pointer: &str| {
        usage.pointer(pointer).and_then(Value::as_u64).map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    let read = number("/cache_read_input_tokens");
    let written = number("/cache_creation_input_tokens");
    Usage {
        // The provider counts the cached tokens beside the others.
        input_tokens: number("/input_tokens").saturating_add(read).saturating_add(written),
        output_tokens: number("/output_tokens"),
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        reasoning_output_tokens: number("/output_tokens_details/thinking_tokens"),
    }
}
