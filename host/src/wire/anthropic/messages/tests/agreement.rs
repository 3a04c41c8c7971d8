//! A stream and a unary body say the same, whatever the reply is.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::answer::unary;
use super::any_json;
use crate::chat::{Chunking, Event};
use crate::wire::tests::{chunkings, envelope, frames, replies, reply, stream};

/// What a client makes of the events.
fn collected(frames: &[(Option<String>, Value)]) -> Value {
    let mut message = Value::Null;
    let mut open = None;
    let mut input = String::new();
    for (name, event) in frames {
        assert_eq!(name.as_deref(), event["type"].as_str());
        let index = event["index"].as_u64().unwrap_or_default() as usize;
        match event["type"].as_str().unwrap() {
            "message_start" => message = event["message"].clone(),
            "content_block_start" => {
                assert_eq!((open, index), (None, message["content"].as_array().unwrap().len()));
                message["content"].as_array_mut().unwrap().push(event["content_block"].clone());
                open = Some(index);
                input.clear();
            }
            "content_block_delta" => {
                assert_eq!(open, Some(index), "a delta goes to the open block");
                let delta = event["delta"].as_object().unwrap();
                let (key, more) = delta.iter().find(|(key, _)| *key != "type").unwrap();
                if key == "partial_json" {
                    input.push_str(more.as_str().unwrap());
                } else if key == "citation" {
                    message["content"][index]["citations"].as_array_mut().unwrap().push(more.clone());
                } else {
                    let block = &mut message["content"][index][key];
                    *block = json!(block.as_str().unwrap().to_owned() + more.as_str().unwrap());
                }
            }
            "content_block_stop" => {
                assert_eq!(open.take(), Some(index));
                if !input.trim().is_empty() {
                    message["content"][index]["input"] = serde_json::from_str(&input).unwrap_or(json!(input));
                }
            }
            "message_delta" => {
                for part in ["delta", "usage"] {
                    for (key, value) in event[part].as_object().unwrap() {
                        let target = if part == "usage" { &mut message["usage"] } else { &mut message };
                        target[key] = value.clone();
                    }
                }
            }
            "ping" | "message_stop" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(open, None);
    message
}

/// A block in the provider's own JSON: what the provider sends, and what it never would.
fn block() -> impl Strategy<Value = String> {
    let whole = prop::sample::select(vec![
        r#"{"type":"text","text":"a b\\nc","citations":[{"type":"char_location"},{"type":"page_location"}]}"#,
        r#"{"type":"text","text":"","citations":null}"#,
        r#"{"type":"text","text":"plain"}"#,
        r#"{"type":"text","text":5,"citations":{}}"#,
        r#"{"type":"thinking","thinking":"so so","signature":"sig"}"#,
        r#"{"type":"thinking","thinking":"","signature":""}"#,
        r#"{"type":"thinking","thinking":"so"}"#,
        r#"{"type":"tool_use","id":"i","name":"n","input":{"a":[1,"\\"b\\""]},"toolset_name":"browser"}"#,
        r#"{"type":"server_tool_use","id":"i","name":"web_search","input":{"query":"q"},"caller":{"type":"direct"}}"#,
        r#"{"type":"mcp_tool_use","id":"i","name":"n","server_name":"s","input":{}}"#,
        r#"{"type":"mcp_tool_use","id":"i","name":"n","server_name":"s","input":7}"#,
        r#"{"type":"web_search_tool_result","tool_use_id":"i","content":[{"type":"web_search_result"}]}"#,
        r#"{"type":"container_upload","file_id":"f"}"#,
    ]);
    prop_oneof![4 => whole.prop_map(str::to_owned), 1 => any_json().prop_map(|json| json!({"type": "x", "y": json}).to_string())]
}

/// Replies with blocks anywhere in them, and with a stop sequence where they met one.
fn any_replies() -> impl Strategy<Value = Reply> {
    let blocks = prop::collection::vec((any::<prop::sample::Index>(), block()), 0..4);
    (replies(), blocks, prop::option::of("[a-z\"]{1,4}")).prop_map(|(mut reply, blocks, stop_sequence)| {
        for (place, block) in blocks {
            reply.events.insert(place.index(reply.events.len() + 1), Event::Block(block));
        }
        Reply { stop_sequence: stop_sequence.filter(|_| reply.finish.as_deref() == Some("stop-sequence")), ..reply }
    })
}

proptest! {
    #[test]
    fn a_stream_collected_is_the_unary_body(reply in any_replies(), chunking in chunkings()) {
        let body: Value = serde_json::from_str(&unary(&envelope(), &reply)).unwrap();
        let frames = frames(&stream(&Messages, &envelope(), std::slice::from_ref(&reply), chunking));
        prop_assert_eq!(collected(&frames), body);
    }

    #[test]
    fn a_body_decoded_and_written_again_is_the_same(first in replies(), stop_sequence in "[a-z]{0,3}") {
        let first = Reply { stop_sequence: Some(stop_sequence), ..first };
        let body: Value = serde_json::from_str(&unary(&envelope(), &first)).unwrap();
        let again = Messages.decode_reply(&body.to_string()).unwrap();
        let envelope = Envelope { patch: again.patch.clone(), ..envelope() };
        let again: Value = serde_json::from_str(&unary(&envelope, &again)).unwrap();
        prop_assert_eq!(again, body);
    }

    #[test]
    fn no_block_makes_an_encoder_panic(json in any_json(), events in prop::collection::vec(block(), 0..3)) {
        let mut events: Vec<Event> = events.into_iter().map(Event::Block).collect();
        events.push(Event::Block(json.to_string()));
        let whole = stream(&Messages, &envelope(), &[reply(events)], Chunking::Tokens);
        frames(&whole);
    }
}
