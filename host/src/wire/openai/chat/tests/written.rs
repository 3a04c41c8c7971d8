//! What is written, byte by byte.

use serde_json::{Value, json};

use super::super::*;
use super::{USAGE, stream, unary};
use crate::chat::{Chunking, Event, Reasoning, Usage};
use crate::wire::tests::{call, envelope, frames, reply};

#[test]
fn a_text_and_two_calls_are_one_body() {
    let events = vec![
        Event::Reasoning(Reasoning::default()),
        Event::Text("Hi \"you\"".into()),
        Event::Text("!".into()),
        call(Some("call_x"), "function", "f", "{"),
        Event::ToolArguments("}".into()),
        call(Some("call_y"), "custom", "c", "in"),
    ];
    let id = envelope().ids.alphanumeric("chatcmpl-", 29);
    assert!(id.starts_with("chatcmpl-") && id.len() == 38);
    let wanted = format!(
        r#"{{"id":"{id}","object":"chat.completion","created":1715367049,"model":"mock \"1\"","choices":[{{"index":0,"message":{{"role":"assistant","content":"Hi \"you\"!","tool_calls":[{{"id":"call_x","type":"function","function":{{"name":"f","arguments":"{{}}"}}}},{{"id":"call_y","type":"custom","custom":{{"name":"c","input":"in"}}}}],"refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"tool_calls"}}],"usage":{USAGE},"service_tier":"default","system_fingerprint":"fp_5ca1ab1e00"}}"#
    );
    assert_eq!(unary(&envelope(), &[reply(events)]), wanted);
}

#[test]
fn content_is_null_only_where_something_else_is_said() {
    let content = |events: Vec<Event>| {
        let body: Value = serde_json::from_str(&unary(&envelope(), &[reply(events)])).unwrap();
        let message = &body["choices"][0]["message"];
        (message["content"].clone(), message["refusal"].clone())
    };
    assert_eq!(content(vec![]), (json!(""), json!(null)));
    assert_eq!(content(vec![call(None, "function", "f", "")]), (json!(null), json!(null)));
    assert_eq!(content(vec![Event::Refusal("no".into())]), (json!(null), json!("no")));
    assert_eq!(content(vec![Event::Text("".into()), call(None, "function", "f", "")]), (json!(""), json!(null)));
}

#[test]
fn a_stream_byte_by_byte() {
    let id = Ids::new(7).alphanumeric("chatcmpl-", 29);
    let head = format!(
        r#"data: {{"id":"{id}","object":"chat.completion.chunk","created":1715367049,"model":"mock \"1\"","service_tier":"default","system_fingerprint":"fp_5ca1ab1e00","choices":["#
    );
    let frame = |delta: &str| {
        format!(
            "{head}{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":null}}],\"usage\":null}}\n\n"
        )
    };
    let end = |reason: &str| {
        let last = format!(r#"{{"index":0,"delta":{{}},"logprobs":null,"finish_reason":"{reason}"}}],"usage":null}}"#);
        format!("{head}{last}\n\n{head}],\"usage\":{USAGE}}}\n\ndata: [DONE]\n\n")
    };
    let text = reply(vec![Event::Text("Hi\nyou".into())]);
    let wanted = [
        frame(r#"{"role":"assistant","content":"","refusal":null}"#),
        frame(r#"{"content":"Hi"}"#),
        frame(r#"{"content":"\nyou"}"#),
        end("stop"),
    ];
    assert_eq!(stream(&envelope(), &[text], Chunking::Words), wanted.concat());

    let calls = reply(vec![
        call(Some("call_x"), "function", "f", "{\"a\": 1}"),
        call(Some("call_y"), "custom", "c", ""),
        Event::ToolArguments("in".into()),
    ]);
    let wanted = [
        frame(r#"{"role":"assistant","content":null,"refusal":null}"#),
        frame(r#"{"tool_calls":[{"index":0,"id":"call_x","type":"function","function":{"name":"f","arguments":""}}]}"#),
        frame(r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}"#),
        frame(r#"{"tool_calls":[{"index":0,"function":{"arguments":" 1}"}}]}"#),
        frame(r#"{"tool_calls":[{"index":1,"id":"call_y","type":"custom","custom":{"name":"c","input":""}}]}"#),
        frame(r#"{"tool_calls":[{"index":1,"custom":{"input":"in"}}]}"#),
        end("tool_calls"),
    ];
    assert_eq!(stream(&envelope(), &[calls], Chunking::Words), wanted.concat());
}

#[test]
fn without_stream_usage_no_chunk_speaks_of_it() {
    let quiet = Envelope { stream_usage: false, ..envelope() };
    assert!(!stream(&quiet, &[Reply::text("a b")], Chunking::Words).contains("usage"));
}

#[test]
fn a_patch_is_in_every_chunk_and_its_usage_in_the_last() {
    let patch = r#"{"id": "chatcmpl-1", "system_fingerprint": null, "object": "x", "choices": [], "usage": {"total_tokens": 9}, "new": {"a": 1}}"#;
    let patched = Envelope { patch: Some(patch.into()), ..envelope() };
    let body: Value = serde_json::from_str(&unary(&patched, &[Reply::text("a")])).unwrap();
    assert_eq!((&body["id"], &body["object"], &body["new"]), (&json!("chatcmpl-1"), &json!("x"), &json!({"a": 1})));
    assert_eq!(body["choices"][0]["message"]["content"], "a");
    assert_eq!((&body["usage"]["total_tokens"], body.get("system_fingerprint")), (&json!(9), None));

    let frames = frames(&stream(&patched, &[Reply::text("a b")], Chunking::Words));
    let (last, others) = frames.split_last().unwrap();
    for (_, chunk) in others {
        assert_eq!((&chunk["id"], &chunk["new"]), (&json!("chatcmpl-1"), &json!({"a": 1})));
        assert_eq!((&chunk["object"], &chunk["usage"]), (&json!("chat.completion.chunk"), &Value::Null));
        assert_eq!(chunk["choices"].as_array().unwrap().len(), 1);
    }
    assert_eq!((&last.1["choices"], &last.1["usage"]["total_tokens"]), (&json!([]), &json!(9)));
}

#[test]
fn an_error_in_mid_stream_is_a_frame() {
    let mut out = Vec::new();
    Chat.stream(&envelope()).error(&ApiError::new(503, "down"), &mut out);
    let wanted = "data: {\"error\":{\"message\":\"down\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
}

#[test]
fn a_verbatim_body_becomes_a_reply() {
    let body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"hi","refusal":null,"tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]}},"finish_reason":"tool_calls"}}],"usage":{USAGE},"service_tier":null}}"#
    );
    let decoded = Chat.decode_reply(&body).unwrap();
    assert_eq!(decoded.events, [Event::Text("hi".into()), call(Some("c"), "function", "f", "{}")]);
    assert_eq!((decoded.finish.as_deref(), decoded.model.as_deref()), (Some("tool-calls"), Some("m")));
    assert_eq!(decoded.usage, Some(envelope().usage));
    assert_eq!(decoded.patch.as_deref(), Some(r#"{"id":"chatcmpl-1","created":5}"#));
    assert_eq!(Chat.decode_reply("{}").unwrap_err(), "`choices` holds no choice");
    assert!(Chat.decode_reply("[").unwrap_err().starts_with("the body is not JSON"));
    let none = Chat.decode_reply(r#"{"choices":[{"message":{}}]}"#).unwrap();
    assert_eq!((none.events, none.usage, none.finish), (vec![], None::<Usage>, None));
}
