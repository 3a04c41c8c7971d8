//! What is kept of an exchange: its answer, and its items, each with an id and in the form in which they are listed.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::members::Members;
use crate::wire::field::{Text, TextOr};
use crate::wire::json::write_string;
use crate::wire::{Ids, Kept, ids};

/// A body that was decoded before.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    input: Option<TextOr<'a, &'a RawValue>>,
    #[serde(borrow)]
    previous_response_id: Option<Text<'a>>,
    background: Option<bool>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    output: Vec<&'a RawValue>,
}

/// What is kept; none where the answer is no response, which a strategy's own body may be.
pub(super) fn keep(request: &str, answer: &[u8]) -> Option<Kept> {
    if let Ok(asked) = serde_json::from_str(request) {
        return kept(asked, answer);
    }
    // A key that occurs twice, of which the last counts.
    let request = serde_json::from_str::<Value>(request).ok()?.to_string();
    kept(serde_json::from_str(&request).ok()?, answer)
}

fn kept(asked: Asked<'_>, answer: &[u8]) -> Option<Kept> {
    let answer = std::str::from_utf8(answer).ok()?;
    let Answer { id: Text(id), output } = serde_json::from_str(answer).ok()?;
    let mut ids = Ids::new(ids::key(0, &id, 0, "input"));
    let input = match asked.input {
        None => Vec::new(),
        Some(TextOr::Text(text)) => vec![said(&text, &mut ids)],
        Some(TextOr::List(items)) => {
            items.into_iter().map(|item| listed(item.get(), &mut ids)).collect::<Option<_>>()?
        }
    };
    let output = output.into_iter().map(|item| {
        let id = Members::read(item.get())?.text("id").map_or_else(|| ids.hex("item_", 48), |id| id.0.into_owned());
        Some((id, Arc::from(item.get())))
    });
    Some(Kept {
        previous: asked.previous_response_id.map(|id| id.0.into_owned()),
        answer: Arc::from(answer),
        input,
        output: output.collect::<Option<_>>()?,
        background: asked.background.unwrap_or_default(),
        id: id.into_owned(),
    })
}

/// A text is what the user says.
fn said(text: &str, ids: &mut Ids) -> (String, Arc<str>) {
    let id = ids.hex("msg_", 48);
    let mut item =
        format!(r#"{{"id":"{id}","type":"message","status":"completed","role":"user","content":"#).into_bytes();
    write_content(&mut item, text, "user");
    item.push(b'}');
    (id, shared(item))
}

/// An item as it is listed: with its id, its type and, where its kind has one, a status.
fn listed(json: &str, ids: &mut Ids) -> Option<(String, Arc<str>)> {
    let item = Members::read(json)?;
    let kind = item.text("type").map_or("message".into(), |kind| kind.0);
    let (prefix, has_status) = match kind.as_ref() {
        "message" => ("msg_", true),
        "function_call" => ("fc_", true),
        "function_call_output" => ("fco_", true),
        "custom_tool_call" => ("ctc_", true),
        "custom_tool_call_output" => ("ctco_", true),
        "reasoning" => ("rs_", false),
        // Its id is that of what it refers to, which must not be kept twice.
        "item_reference" => return Some((ids.hex("ref_", 48), Arc::from(json))),
        _ => ("item_", false),
    };
    let id = item.text("id").map_or_else(|| ids.hex(prefix, 48), |id| id.0.into_owned());
    let mut quoted = Vec::with_capacity(id.len() + 2);
    write_string(&mut quoted, &id);
    let quoted = String::from_utf8(quoted).ok()?;
    let mut defaults = vec![("id", quoted.as_str()), ("type", r#""message""#)];
    if has_status {
        defaults.push(("status", r#""completed""#));
    }

    let content = if kind == "message" { Some(content(&item)?) } else { None };
    let mut out = Vec::with_capacity(json.len() + 128);
    match &content {
        Some(content) => item.write(&mut out, &[("content", content)], &defaults),
        None => item.write(&mut out, &[], &defaults),
    }
    Some((id, shared(out)))
}

/// The content of a message as a list of parts, each with what the provider fills in.
fn content(message: &Members<'_>) -> Option<String> {
    let role = message.text("role")?.0;
    let mut out = Vec::new();
    match serde_json::from_str(message.get("content")?).ok()? {
        TextOr::Text(text) => write_content(&mut out, &text, &role),
        TextOr::List(parts) => {
            out.push(b'[');
            for (index, part) in parts.into_iter().map(RawValue::get).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let part = Members::read(part)?;
                let defaults: &[(&str, &str)] = match part.text("type").as_ref().map(|kind| &*kind.0) {
                    Some("input_image") => &[("detail", r#""auto""#)],
                    Some("output_text") => &[("annotations", "[]"), ("logprobs", "[]")],
                    _ => &[],
                };
                part.write(&mut out, &[], defaults);
            }
            out.push(b']');
        }
    }
    String::from_utf8(out).ok()
}

fn write_content(out: &mut Vec<u8>, text: &str, role: &str) {
    let (before, behind) = match role {
        "assistant" => (r#"[{"type":"output_text","text":"#, r#","annotations":[],"logprobs":[]}]"#),
        _ => (r#"[{"type":"input_text","text":"#, "}]"),
    };
    out.extend_from_slice(before.as_bytes());
    write_string(out, text);
    out.extend_from_slice(behind.as_bytes());
}

/// Everything that is written here is UTF-8.
fn shared(json: Vec<u8>) -> Arc<str> {
    Arc::from(String::from_utf8(json).unwrap_or_default())
}
