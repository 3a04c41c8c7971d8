//! Threads: a conversation that the server remembers, so that a client sends only what is new in it. The tool loops of the
//! official clients work like that. What is kept is put together with what comes, and the whole is decoded as if the client
//! had sent it.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chat::ApiError;
use crate::wire::Kept;
use crate::wire::json::{at, write_string};

/// What a thread remembers beside its messages; a client does not send it again.
const SETTINGS: [&str; 2] = ["system", "tools"];

type Fields<'a> = BTreeMap<String, &'a RawValue>;

#[derive(Deserialize)]
struct Thread {
    #[serde(rename = "type")]
    kind: String,
    previous_message_id: Option<String>,
}

/// The id of the answer that a body goes on from, if it does.
pub(super) fn previous(body: &str) -> Option<String> {
    // Most bodies are not parsed for this.
    memmem::find(body.as_bytes(), br#""thread""#)?;
    let thread: Thread = serde_json::from_str(at(body, "/thread")?).ok()?;
    thread.previous_message_id.filter(|_| thread.kind == "continue")
}

/// Nothing is known of that answer.
pub(super) fn not_found(id: &str) -> ApiError {
    let message = format!("thread.previous_message_id: no thread is known that has come to `{id}`");
    ApiError { code: Some("thread_not_found".to_owned()), ..ApiError::new(404, message) }
}

/// A body with everything in it that its thread remembers. None where it is no object, or its messages are no list.
pub(super) fn whole(body: &str, remembered: &[Arc<str>]) -> Option<String> {
    let mut fields: Fields<'_> = serde_json::from_str(body).ok()?;
    let mut messages: Vec<&str> = Vec::new();
    for item in remembered {
        let item_fields: Fields<'_> = serde_json::from_str(item).ok()?;
        if item_fields.contains_key("role") {
            messages.push(item);
        } else {
            // What a client says in spite of it counts.
            item_fields.into_iter().for_each(|(key, value)| _ = fields.entry(key).or_insert(value));
        }
    }
    let new: Vec<&RawValue> = match fields.remove("messages") {
        Some(new) => serde_json::from_str(new.get()).ok()?,
        None => Vec::new(),
    };
    messages.extend(new.into_iter().map(RawValue::get));
    let mut whole = b"{".to_vec();
    for (key, value) in &fields {
        write_string(&mut whole, key);
        whole.push(b':');
        whole.extend_from_slice(value.get().as_bytes());
        whole.push(b',');
    }
    whole.extend_from_slice(br#""messages":["#);
    whole.extend_from_slice(messages.join(",").as_bytes());
    whole.extend_from_slice(b"]}");
    String::from_utf8(whole).ok()
}

/// What is kept of one turn.
pub(super) fn keep(request: &str, answer: &[u8]) -> Option<Kept> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        id: String,
        #[serde(borrow)]
        content: &'a RawValue,
    }

    let text = std::str::from_utf8(answer).ok()?;
    let answer: Answer<'_> = serde_json::from_str(text).ok()?;
    let fields: Fields<'_> = serde_json::from_str(request).ok()?;
    let messages: Vec<&RawValue> = serde_json::from_str(fields.get("messages")?.get()).ok()?;
    let settings: BTreeMap<&str, &RawValue> =
        SETTINGS.iter().filter_map(|key| Some((*key, *fields.get(*key)?))).collect();
    let settings = (!settings.is_empty()).then(|| serde_json::to_string(&settings)).transpose().ok()?;
    let messages = messages.into_iter().map(|message| message.get().to_owned());
    let said = format!(r#"{{"role":"assistant","content":{}}}"#, answer.content.get());
    let input = settings.into_iter().chain(messages).enumerate();
    Some(Kept {
        previous: previous(request),
        input: input.map(|(place, item)| (format!("{}/{place}", answer.id), item.into())).collect(),
        output: vec![(format!("{}/answer", answer.id), said.into())],
        id: answer.id,
        answer: text.into(),
        background: false,
    })
}
