//! What is read from a body, and what is written, byte by byte.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Body, Chunking, Content, Event, Media, MediaSource, Message, Reasoning, Role, ToolChoice};
use crate::wire::check::tests::assert_halves_agree;
use crate::wire::tests::{call, chunkings, envelope, frames, replies, reply, stream};

fn everything() -> Value {
    json!({
        "model": "claude", "max_tokens": 5, "stream": true, "stop_sequences": ["a", "b"],
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "t"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
                {"type": "document", "source": {"type": "file", "file_id": "file_1"}, "title": null},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
                {"type": "search_result", "source": "s", "title": "t", "content": []},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "h", "signature": "sig"},
                {"type": "redacted_thinking", "data": "enc"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": [
                    {"type": "text", "text": "x"}, {"type": "text", "text": "y"},
                    {"type": "image", "source": {"type": "url", "url": "u"}},
                ]},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": "z"},
                {"type": "tool_result", "tool_use_id": "toolu_3"},
                {"type": "text", "text": "and"},
            ]},
            {"role": "assistant", "content": "a"},
            {"role": "system", "content": "mid"},
        ],
        "tools": [
            {"name": "f", "description": "d", "input_schema": {"type": "object"}},
            {"type": "custom", "name": "g", "input_schema": {}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
            {"type": "browser_toolset_20260801"},
        ],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "temperature": 1, "top_p": 0.5, "top_k": 3, "metadata": {"user_id": "u"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        "cache_control": {"type": "ephemeral"}, "diagnostics": {}, "container": "c",
        "service_tier": "auto", "inference_geo": "us", "speed": "fast", "unknown": [1],
    })
}

fn text(text: &str) -> Content<'_> {
    Content::Text(text.into())
}

fn result<'a>(call_id: &'a str, content: &'a str, is_error: bool) -> Content<'a> {
    Content::ToolResult { call_id: call_id.into(), content: content.into(), is_error }
}

fn at(url: &'static str) -> Media<'static> {
    Media { media_type: None, source: MediaSource::Url(url.into()) }
}

#[test]
fn a_whole_request_is_read() {
    let body = everything().to_string();
    let request = Messages.decode(&body).unwrap();
    assert_eq!((request.stream, request.stream_usage, request.choices), (true, true, 1));
    assert_eq!((request.max_output_tokens, request.stop.as_slice()), (Some(5), &["a".into(), "b".into()][..]));
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert_eq!(request.output_schema.as_deref(), Some(r#"{"type":"object"}"#));
    let tools: Vec<_> =
        request.tools.iter().map(|t| (t.kind.as_ref(), t.name.as_ref(), t.parameters.as_deref())).collect();
    let wanted = [
        ("function", "f", Some(r#"{"type":"object"}"#)),
        ("function", "g", Some("{}")),
        ("web_search_20250305", "web_search", None),
        ("browser_toolset_20260801", "browser_toolset_20260801", None),
    ];
    assert_eq!(tools, wanted);

    let user = vec![
        text("t"),
        Content::Image(Media { media_type: Some("image/png".into()), source: MediaSource::Data("AAAA".into()) }),
        Content::Image(at("https://x/y.png")),
        Content::File(Media { media_type: None, source: MediaSource::FileId("file_1".into()) }),
        Content::Other(r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}"#.into()),
        Content::Other(r#"{"type":"search_result","source":"s","title":"t","content":[]}"#.into()),
    ];
    let assistant = vec![
        Content::Reasoning { text: "h".into(), signature: Some("sig".into()), redacted: false },
        Content::Reasoning { text: "enc".into(), signature: None, redacted: true },
        Content::ToolCall {
            id: "toolu_1".into(),
            kind: "function".into(),
            name: "f".into(),
            arguments: r#"{"a":1}"#.into(),
        },
    ];
    let results = vec![
        result("toolu_1", "x\ny", true),
        Content::Image(at("u")),
        result("toolu_2", "z", false),
        result("toolu_3", "", false),
    ];
    let message = |role, parts| Message { role, name: None, body: Body::Parts(parts) };
    let wanted = [
        message(Role::System, vec![text("s")]),
        message(Role::User, user),
        message(Role::Assistant, assistant),
        message(Role::Tool, results),
        message(Role::User, vec![text("and")]),
        Message::text_of(Role::Assistant, "a"),
        Message::text_of(Role::System, "mid"),
    ];
    assert_eq!(request.messages, wanted);
    assert_eq!(request.clone().into_owned(), request);
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    assert_halves_agree(&everything(), decode::fast, &shape::BODY);
    let mut other = everything();
    other["system"] = json!("s");
    other["container"] = json!({"id": "c"});
    other["output_format"] = other["output_config"]["format"].take();
    assert_halves_agree(&other, decode::fast, &shape::BODY);
}

#[test]
fn results_alone_are_one_tool_message_and_borrowed() {
    let body = r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[
        {"type":"tool_result","tool_use_id":"a","content":"x"},
        {"type":"tool_result","tool_use_id":"b","content":[{"type":"tool_result","tool_use_id":"in"}]}]}]}"#;
    let request = Messages.decode(body).unwrap();
    let [Message { role: Role::Tool, body: Body::Parts(parts), .. }] = request.messages.as_slice() else { panic!() };
    let inner = Content::Other(r#"{"type":"tool_result","tool_use_id":"in"}"#.into());
    assert_eq!(parts, &[result("a", "x", false), result("b", "", false), inner]);
    assert!(matches!(&parts[0], Content::ToolResult { content: Cow::Borrowed("x"), .. }));
}

#[test]
fn arguments_are_passed_on_as_they_came() {
    let body = r#"{"model":"m","max_tokens":0,"messages":[{"role":"assistant","content":[
        {"type":"tool_use","id":"a","name":"f","input":{"b" : 1.50, "a":[ ]}}]}]}"#;
    let request = Messages.decode(body).unwrap();
    let Body::Parts(parts) = &request.messages[0].body else { panic!() };
    assert!(matches!(&parts[0], Content::ToolCall { arguments: Cow::Borrowed(r#"{"b" : 1.50, "a":[ ]}"#), .. }));
    assert_eq!(request.max_output_tokens, Some(0));
}

#[test]
fn of_a_key_that_occurs_twice_the_last_counts() {
    let body = r#"{"model":"a","model":"b","max_tokens":1,"messages":[{"role":"user","content":"x","content":"y"}]}"#;
    let request = Messages.decode(body).unwrap();
    assert_eq!((request.model.as_ref(), request.last_user_text().as_deref()), ("b", Some("y")));
}

const END_USAGE: &str = r#"{"input_tokens":20,"cache_creation_input_tokens":3,"cache_read_input_tokens":7,"output_tokens":20,"output_tokens_details":{"thinking_tokens":5},"server_tool_use":null}"#;

fn usage(output: u32, details: &str) -> String {
    format!(
        r#"{{"input_tokens":20,"cache_creation_input_tokens":3,"cache_read_input_tokens":7,"cache_creation":{{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":0}},"output_tokens":{output},"output_tokens_details":{details},"server_tool_use":null,"service_tier":"standard","inference_geo":null,"speed":null}}"#
    )
}

fn told() -> Reply {
    reply(vec![
        Event::Reasoning(Reasoning { text: "so so".into(), signature: Some("sig".into()), redacted: false }),
        Event::Reasoning(Reasoning { text: "enc".into(), signature: None, redacted: true }),
        Event::Text("Hi \"you\"".into()),
        Event::Block("{\"type\":\n\"x\"}".into()),
        call(Some("toolu_x"), "function", "f", "{\"a\": 1"),
        Event::ToolArguments("}".into()),
    ])
}

fn unary(envelope: &Envelope, reply: &Reply) -> String {
    String::from_utf8(Messages.unary(envelope, std::slice::from_ref(reply))).unwrap()
}

#[test]
fn a_message_of_every_block() {
    let id = encode::message_id(&mut envelope().ids);
    assert!(id.starts_with("msg_01") && id.len() == 28);
    let wanted = format!(
        r#"{{"model":"mock \"1\"","id":"{id}","type":"message","role":"assistant","content":[{{"type":"thinking","thinking":"so so","signature":"sig"}},{{"type":"redacted_thinking","data":"enc"}},{{"type":"text","text":"Hi \"you\"","citations":null}},{{"type": "x"}},{{"type":"tool_use","id":"toolu_x","name":"f","input":{{"a": 1}},"caller":{{"type":"direct"}}}}],"stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{}}}"#,
        usage(20, r#"{"thinking_tokens":5}"#)
    );
    assert_eq!(unary(&envelope(), &told()), wanted);
}

#[test]
fn input_is_json_whatever_the_arguments_are() {
    for (arguments, wanted) in [
        ("", json!({})),
        (" ", json!({})),
        ("{\n}", json!({})),
        ("[1]", json!([1])),
        ("{\"a\":", json!("{\"a\":")),
        ("not json", json!("not json")),
    ] {
        let body = unary(&envelope(), &reply(vec![call(None, "function", "f", arguments)]));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["content"][0]["input"], wanted);
    }
}

#[test]
fn a_refusal_is_a_text_with_a_reason() {
    let refused = Reply { finish: Some("refusal".into()), ..reply(vec![Event::Refusal("no".into())]) };
    let body: Value = serde_json::from_str(&unary(&envelope(), &refused)).unwrap();
    assert_eq!(body["content"], json!([{"type": "text", "text": "no", "citations": null}]));
    assert_eq!(body["stop_reason"], "refusal");
    assert_eq!(body["stop_details"], json!({"type": "refusal", "category": null, "explanation": null}));
}

#[test]
fn a_stream_byte_by_byte() {
    let id = encode::message_id(&mut envelope().ids);
    let frame = |json: &str| {
        let kind = json.strip_prefix(r#"{"type":""#).unwrap().split('"').next().unwrap();
        format!("event: {kind}\ndata: {json}\n\n")
    };
    let start = format!(
        r#"{{"type":"message_start","message":{{"model":"mock \"1\"","id":"{id}","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{}}}}}"#,
        usage(1, "null")
    );
    let end = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null}},"usage":{END_USAGE}}}"#
    );
    let wanted: Vec<String> = [
        start.as_str(),
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"so"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" so"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"enc"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"","citations":null}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Hi"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":" \"you\""}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type": "x"}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_x","name":"f","input":{},"caller":{"type":"direct"}}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":" 1"}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"}"}}"#,
        r#"{"type":"content_block_stop","index":4}"#,
        end.as_str(),
        r#"{"type":"message_stop"}"#,
    ]
    .iter()
    .map(|json| frame(json))
    .collect();
    assert_eq!(stream(&Messages, &envelope(), &[told()], Chunking::Words), wanted.concat());
}

#[test]
fn a_patch_is_where_clients_look_for_it() {
    let patch =
        r#"{"id":"msg_1","content":[],"stop_sequence":"END","new":1,"usage":{"input_tokens":99,"speed":"fast"}}"#;
    let patched = Envelope { patch: Some(patch.into()), ..envelope() };
    let body: Value = serde_json::from_str(&unary(&patched, &Reply::text("a"))).unwrap();
    assert_eq!((&body["id"], &body["stop_sequence"], &body["new"]), (&json!("msg_1"), &json!("END"), &json!(1)));
    assert_eq!((&body["usage"]["input_tokens"], &body["content"][0]["text"]), (&json!(99), &json!("a")));

    let frames = frames(&stream(&Messages, &patched, &[Reply::text("a")], Chunking::Words));
    let message = &frames[0].1["message"];
    assert_eq!(
        (&message["id"], &message["stop_sequence"], &message["new"]),
        (&json!("msg_1"), &json!(null), &json!(1))
    );
    assert_eq!((&message["usage"]["input_tokens"], &message["usage"]["speed"]), (&json!(99), &json!("fast")));
    let end = &frames[frames.len() - 2].1;
    assert_eq!((&end["delta"]["stop_sequence"], &end["delta"]["stop_reason"]), (&json!("END"), &json!("end_turn")));
    assert_eq!((&end["usage"]["input_tokens"], end["usage"].get("speed")), (&json!(99), None));
}

#[test]
fn an_error_in_mid_stream_is_an_event() {
    let mut out = Vec::new();
    Messages.stream(&envelope()).error(&ApiError::new(529, "busy"), &mut out);
    let wanted = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"},\"request_id\":null}\n\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
}

#[test]
fn a_verbatim_body_becomes_a_reply() {
    let body = unary(&envelope(), &told()).replace(r#""stop_sequence":null"#, r#""stop_sequence":"END""#);
    let decoded = Messages.decode_reply(&body).unwrap();
    let wanted = [
        told().events[0].clone(),
        told().events[1].clone(),
        told().events[2].clone(),
        Event::Block(r#"{"type":"x"}"#.into()),
        call(Some("toolu_x"), "function", "f", r#"{"a":1}"#),
    ];
    assert_eq!(decoded.events, wanted);
    assert_eq!((decoded.finish.as_deref(), decoded.usage), (Some("tool-calls"), Some(envelope().usage)));
    let id = encode::message_id(&mut envelope().ids);
    assert_eq!(decoded.patch, Some(format!(r#"{{"id":"{id}","stop_sequence":"END"}}"#)));
    assert_eq!(Messages.decode_reply("{}").unwrap_err(), "`content` is not a list of blocks");
    assert_eq!(Messages.decode_reply(r#"{"content":[5]}"#).unwrap_err(), "`content[0]` is not a block with a `type`");
}

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

proptest! {
    #[test]
    fn a_stream_collected_is_the_unary_body(reply in replies(), chunking in chunkings()) {
        let body: Value = serde_json::from_str(&unary(&envelope(), &reply)).unwrap();
        let frames = frames(&stream(&Messages, &envelope(), std::slice::from_ref(&reply), chunking));
        prop_assert_eq!(collected(&frames), body);
    }

    #[test]
    fn a_body_decoded_and_written_again_is_the_same(first in replies()) {
        let body: Value = serde_json::from_str(&unary(&envelope(), &first)).unwrap();
        let again = Messages.decode_reply(&body.to_string()).unwrap();
        let envelope = Envelope { patch: again.patch.clone(), ..envelope() };
        let again: Value = serde_json::from_str(&unary(&envelope, &again)).unwrap();
        prop_assert_eq!(again, body);
    }
}
