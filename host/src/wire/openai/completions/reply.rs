//! The format's own unary body, back into events, so that a verbatim body can be streamed.

use serde_json::Value;

use crate::chat::{Event, Reply};
use crate::wire::json::remainder;
use crate::wire::openai::chat::reply::{finish, usage};

/// What of the envelope the encoder writes itself, or writes differently in a stream.
const OWN: [&str; 4] = ["object", "choices", "usage", "model"];

/// Decodes a `text_completion`; of several choices the first.
pub(super) fn decode(body: &str) -> Result<Reply, String> {
    let body: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let body = body.as_object().ok_or("the body is not an object")?;
    let choice = body.get("choices").and_then(|choices| choices.get(0)).ok_or("`choices` holds no choice")?;
    let text = choice.get("text").and_then(Value::as_str).ok_or("`choices[0].text` is not a text")?;
    let mut reply = Reply { events: vec![Event::Text(text.to_owned())], ..Reply::default() };
    reply.finish = choice.get("finish_reason").and_then(Value::as_str).map(finish);
    reply.model = body.get("model").and_then(Value::as_str).map(str::to_owned);
    reply.usage = body.get("usage").filter(|usage| usage.is_object()).map(usage);
    reply.patch = remainder(body, &OWN);
    Ok(reply)
}
