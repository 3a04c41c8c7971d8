//! Logprobs: the shape, what any model's have in common, and that streams cut between tokens.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::{formed, stream, unary};
use crate::chat::{Chunking, Event, Form};
use crate::tokens;
use crate::wire::tests::{call, chunkings, frames, replies, reply};

fn asked(top: u32) -> Envelope {
    formed(Form { logprobs: Some(top), ..Form::default() })
}

fn logprobs(top: u32, reply: Reply) -> Value {
    let body: Value = serde_json::from_str(&unary(&asked(top), &[reply])).unwrap();
    body["choices"][0]["logprobs"].clone()
}

#[test]
fn two_tokens_byte_by_byte() {
    let body = unary(&asked(2), &[Reply::text("Hi!")]);
    let wanted = concat!(
        r#""logprobs":{"content":["#,
        r#"{"token":"Hi","logprob":LP,"bytes":[72,105],"top_logprobs":["#,
        r#"{"token":"Hi","logprob":LP,"bytes":[72,105]},{"token":"#,
    );
    let shape: String = {
        let start = body.find(r#""logprobs":"#).unwrap();
        let mut shape = body[start..].to_owned();
        // What is made up is not the point here.
        while let Some(at) = shape.find(r#""logprob":-"#) {
            let from = at + r#""logprob":"#.len();
            let to = from + shape[from..].find(',').unwrap();
            shape.replace_range(from..to, "LP");
        }
        shape
    };
    assert!(shape.starts_with(wanted), "{shape}");
    assert!(shape.contains(r#"]}],"refusal":null},"finish_reason":"stop"}]"#), "{shape}");
    assert_eq!(unary(&asked(2), &[Reply::text("Hi!")]), body, "the same every time");
}

#[test]
fn refusals_and_replies_without_text_have_theirs() {
    let none = logprobs(0, reply(vec![call(None, "function", "f", "{}")]));
    assert_eq!(none, Value::Null);
    let refused = logprobs(0, reply(vec![Event::Refusal("No.".into())]));
    assert_eq!(refused["content"], Value::Null);
    let tokens: Vec<&str> =
        refused["refusal"].as_array().unwrap().iter().map(|it| it["token"].as_str().unwrap()).collect();
    assert_eq!(tokens, ["No", "."]);
    assert_eq!(refused["refusal"][0]["top_logprobs"], json!([]));
}

#[test]
fn half_a_character_is_written_as_bytes() {
    let entries = logprobs(1, Reply::text("\u{1fae0}"));
    let entries = entries["content"].as_array().unwrap();
    assert!(entries.len() > 1, "one character of several tokens");
    let mut bytes = Vec::new();
    for entry in entries {
        let these: Vec<u8> = serde_json::from_value(entry["bytes"].clone()).unwrap();
        let name: String = these.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        assert_eq!(entry["token"], name);
        bytes.extend(these);
    }
    assert_eq!(String::from_utf8(bytes).unwrap(), "\u{1fae0}");
}

#[test]
fn a_chunk_ends_where_a_token_ends() {
    let chunks = |chunking| {
        let frames = frames(&stream(&asked(0), &[Reply::text("tokenisation works")], chunking));
        let texts = frames.iter().filter_map(|(_, chunk)| {
            let choice = &chunk["choices"][0];
            let said = choice["delta"]["content"].as_str().filter(|text| !text.is_empty())?;
            let tokens = choice["logprobs"]["content"].as_array().unwrap().iter();
            assert_eq!(tokens.map(|it| it["token"].as_str().unwrap()).collect::<String>(), said);
            Some(said.to_owned())
        });
        texts.collect::<Vec<_>>()
    };
    assert_eq!(chunks(Chunking::Words), ["tokenisation", " works"]);
    assert_eq!(chunks(Chunking::Characters(1)), ["token", "isation", " works"]);
    assert_eq!(chunks(Chunking::Characters(7)), ["token", "isation", " works"]);
}

#[test]
fn an_encoder_that_knows_nothing_beforehand_takes_every_chunk_for_a_text() {
    let mut encoder = Chat.stream(&asked(0));
    let mut out = Vec::new();
    for chunk in ["tok", "en", "", " works"] {
        encoder.chunk(0, crate::pace::cut::Chunk::Text(chunk), &mut out);
    }
    let frames = frames(&String::from_utf8(out).unwrap());
    let said: Vec<_> = frames.iter().skip(1).map(|(_, chunk)| &chunk["choices"][0]["delta"]["content"]).collect();
    assert_eq!(said, ["tok", "en", " works"]);
}

proptest! {
    #[test]
    fn they_are_what_a_model_might_say(text in "\\PC{0,40}|[a-z .\n]{0,60}", top in 0u32..=20) {
        let logprobs = logprobs(top, Reply::text(text.clone()));
        let entries = logprobs["content"].as_array().cloned().unwrap_or_default();
        prop_assert_eq!(entries.len(), tokens::exact(&text) as usize);
        let mut bytes: Vec<u8> = Vec::new();
        for entry in &entries {
            let own = entry["logprob"].as_f64().unwrap();
            prop_assert!(own < 0.0 && own > -1.0);
            bytes.extend(serde_json::from_value::<Vec<u8>>(entry["bytes"].clone()).unwrap());
            let tops = entry["top_logprobs"].as_array().unwrap();
            prop_assert_eq!(tops.len(), top as usize);
            let logs: Vec<f64> = tops.iter().map(|it| it["logprob"].as_f64().unwrap()).collect();
            prop_assert!(logs.is_sorted_by(|a, b| a > b), "{:?}", logs);
            prop_assert!(logs.iter().map(|log| log.exp()).sum::<f64>() <= 1.0, "{:?}", logs);
            let names: std::collections::HashSet<&str> = tops.iter().map(|it| it["token"].as_str().unwrap()).collect();
            prop_assert_eq!(names.len(), top as usize, "no token twice");
            if let Some(first) = tops.first() {
                let told = |it: &Value| (it["token"].clone(), it["logprob"].clone(), it["bytes"].clone());
                prop_assert_eq!(told(first), told(entry));
            }
        }
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }

    #[test]
    fn the_tokens_of_a_chunk_are_its_text(reply in replies(), chunking in chunkings()) {
        for (_, chunk) in frames(&stream(&asked(0), &[reply], chunking)) {
            for choice in chunk["choices"].as_array().unwrap() {
                for (side, said) in [("content", "content"), ("refusal", "refusal")] {
                    let said = choice["delta"][said].as_str().unwrap_or_default();
                    let entries = choice["logprobs"][side].as_array().cloned().unwrap_or_default();
                    let bytes: Vec<u8> = entries
                        .iter()
                        .flat_map(|it| serde_json::from_value::<Vec<u8>>(it["bytes"].clone()).unwrap())
                        .collect();
                    prop_assert_eq!(String::from_utf8(bytes).unwrap(), said);
                }
            }
        }
    }
}
