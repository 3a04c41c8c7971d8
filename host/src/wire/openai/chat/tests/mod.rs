//! What is read and written, and that a stream collected is the unary body.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Chunking, Form};
use crate::wire::tests::{chunkings, envelope, frames, replies};

mod functions;
mod logprobs;
mod read;
mod written;

const USAGE: &str = r#"{"prompt_tokens":30,"completion_tokens":20,"total_tokens":50,"prompt_tokens_details":{"cached_tokens":7,"cache_write_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;

fn unary(envelope: &Envelope, choices: &[Reply]) -> String {
    String::from_utf8(Chat.unary(envelope, choices)).unwrap()
}

fn formed(form: Form) -> Envelope {
    Envelope { form, ..envelope() }
}

fn stream(envelope: &Envelope, choices: &[Reply], chunking: Chunking) -> String {
    crate::wire::tests::stream(&Chat, envelope, choices, chunking)
}

/// What a client makes of the deltas: message, logprobs and reason to finish.
fn collected(frames: &[(Option<String>, Value)], choice: usize) -> Value {
    let append = |value: &mut Value, more: &Value| {
        if let Some(more) = more.as_str() {
            *value = json!(value.as_str().unwrap_or_default().to_owned() + more);
        }
    };
    let mut message = json!({"content": null, "refusal": null});
    let mut calls: Vec<Value> = Vec::new();
    let (mut logprobs, mut finish) = (Value::Null, Value::Null);
    for (_, chunk) in frames {
        for part in chunk["choices"].as_array().unwrap().iter().filter(|part| part["index"] == choice) {
            assert!(finish.is_null(), "nothing follows the end");
            finish = part["finish_reason"].clone();
            let delta = &part["delta"];
            append(&mut message["content"], &delta["content"]);
            append(&mut message["refusal"], &delta["refusal"]);
            for key in ["name", "arguments"] {
                if let Some(more) = delta["function_call"].get(key) {
                    append(&mut message["function_call"][key], more);
                }
            }
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                let index = call["index"].as_u64().unwrap() as usize;
                if index == calls.len() {
                    let mut call = call.clone();
                    call.as_object_mut().unwrap().shift_remove("index");
                    calls.push(call);
                } else {
                    for (pointer, kind) in [("/function/arguments", "function"), ("/custom/input", "custom")] {
                        if let Some(more) = call.pointer(pointer) {
                            assert_eq!(calls[index]["type"], kind);
                            append(calls[index].pointer_mut(pointer).unwrap(), more);
                        }
                    }
                }
            }
            for (side, entries) in part["logprobs"].as_object().into_iter().flatten() {
                if logprobs.is_null() {
                    logprobs = json!({"content": null, "refusal": null});
                }
                if let Some(entries) = entries.as_array() {
                    let mut whole = logprobs[side].as_array().cloned().unwrap_or_default();
                    whole.extend(entries.iter().cloned());
                    logprobs[side] = whole.into();
                }
            }
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!([message, logprobs, finish])
}

fn forms() -> impl Strategy<Value = Form> {
    (prop::option::of(0u32..4), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(logprobs, obfuscation, functions, is_flex)| Form {
            logprobs,
            obfuscation,
            functions,
            echo: if is_flex { r#""service_tier":"flex""#.to_owned() } else { String::new() },
            ..Form::default()
        },
    )
}

proptest! {
    #[test]
    fn a_stream_collected_is_the_unary_body(
        choices in prop::collection::vec(replies(), 1..3), chunking in chunkings(), form in forms(),
    ) {
        let envelope = formed(form);
        let mut body: Value = serde_json::from_str(&unary(&envelope, &choices)).unwrap();
        let frames = frames(&stream(&envelope, &choices, chunking));
        for index in 0..choices.len() {
            let choice = &mut body["choices"][index];
            let message = choice["message"].as_object_mut().unwrap();
            message.shift_remove("role");
            message.shift_remove("annotations");
            let wanted = json!([message.clone(), choice["logprobs"], choice["finish_reason"]]);
            prop_assert_eq!(collected(&frames, index), wanted);
        }
        for key in ["id", "created", "model", "service_tier", "system_fingerprint"] {
            prop_assert!(frames.iter().all(|(_, chunk)| chunk[key] == body[key]), "{}", key);
        }
        for (_, chunk) in &frames {
            prop_assert_eq!(chunk.get("obfuscation").is_some(), envelope.form.obfuscation);
        }
    }

    #[test]
    fn a_body_decoded_and_written_again_is_the_same(first in replies(), functions in any::<bool>()) {
        let envelope = formed(Form { functions, ..Form::default() });
        let body = unary(&envelope, &[first]);
        let again = Chat.decode_reply(&body).unwrap();
        let envelope = Envelope { patch: again.patch.clone(), ..envelope };
        let again: Value = serde_json::from_str(&unary(&envelope, &[again])).unwrap();
        prop_assert_eq!(again, serde_json::from_str::<Value>(&body).unwrap());
    }
}
