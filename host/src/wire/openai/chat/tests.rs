//! What is read from a body, and what is written, byte by byte.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Body, Chunking, Content, Event, Media, MediaSource, Message, Reasoning, Role, ToolChoice, Usage};
use crate::wire::check::tests::assert_halves_agree;
use crate::wire::tests::{call, chunkings, envelope, frames, replies, reply, stream};

fn everything() -> Value {
    let choice = json!({"type": "function", "function": {"name": "f"}});
    json!({
        "model": "gpt", "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
        "n": 2, "max_tokens": 5, "max_completion_tokens": 6, "stop": ["a", "b"],
        "messages": [
            {"role": "system", "content": "s", "name": "n"},
            {"role": "developer", "content": [{"type": "text", "text": "d"}]},
            {"role": "user", "content": [
                {"type": "text", "text": "t"},
                {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "wav"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,CCCC", "filename": "a.pdf"}},
                {"type": "new", "text": 5},
            ]},
            {"role": "assistant", "content": null, "refusal": "r", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "i"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
            {"role": "assistant", "content": "a", "function_call": {"name": "g", "arguments": "1"}},
            {"role": "function", "name": "g", "content": "z"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}},
            {"type": "custom", "custom": {"name": "c", "description": "e"}},
        ],
        "functions": [{"name": "g", "parameters": {}}],
        "tool_choice": choice, "function_call": {"name": "g"},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": true}},
        "temperature": 1, "top_p": 0.5, "frequency_penalty": -1.5, "presence_penalty": 2, "seed": -4,
        "logprobs": true, "top_logprobs": 2, "logit_bias": {"1": 2}, "metadata": {"a": "b"}, "audio": {}, "prediction": {},
        "web_search_options": {}, "modalities": ["text"], "parallel_tool_calls": true, "store": false, "user": "u",
        "safety_identifier": "s", "prompt_cache_key": "k", "reasoning_effort": "low", "service_tier": "auto", "verbosity": "low",
        "unknown": [1],
    })
}

fn text(text: &str) -> Content<'_> {
    Content::Text(text.into())
}

fn called<'a>(id: &'a str, kind: &'a str, name: &'a str, arguments: &'a str) -> Content<'a> {
    Content::ToolCall { id: id.into(), kind: kind.into(), name: name.into(), arguments: arguments.into() }
}

fn result<'a>(call_id: &'a str, content: &'a str) -> Body<'a> {
    Body::Parts(vec![Content::ToolResult { call_id: call_id.into(), content: content.into(), is_error: false }])
}

#[test]
fn a_whole_request_is_read() {
    let body = everything().to_string();
    let request = Chat.decode(&body).unwrap();
    assert_eq!((request.stream, request.stream_usage, request.choices), (true, true, 2));
    assert_eq!((request.max_output_tokens, request.stop.as_slice()), (Some(6), &["a".into(), "b".into()][..]));
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert_eq!(request.output_schema.as_deref(), Some(r#"{"type":"object"}"#));
    let tools: Vec<_> =
        request.tools.iter().map(|t| (t.kind.as_ref(), t.name.as_ref(), t.parameters.as_deref())).collect();
    let wanted =
        [("function", "f", Some(r#"{"type":"object"}"#)), ("custom", "c", None), ("function", "g", Some("{}"))];
    assert_eq!(tools, wanted);

    let data = |kind: &'static str, data: &'static str| Media {
        media_type: Some(kind.into()),
        source: MediaSource::Data(data.into()),
    };
    let user = vec![
        text("t"),
        Content::Image(Media { media_type: None, source: MediaSource::Url("https://x/y.png".into()) }),
        Content::Image(data("image/png", "AAAA")),
        Content::Audio(data("audio/wav", "BBBB")),
        Content::File(Media { media_type: None, source: MediaSource::FileId("file-1".into()) }),
        Content::File(data("application/pdf", "CCCC")),
        Content::Other(r#"{"type":"new","text":5}"#.into()),
    ];
    let message = |role, body| Message { role, name: None, body };
    let wanted = [
        Message { role: Role::System, name: Some("n".into()), body: Body::Text("s".into()) },
        message(Role::Developer, Body::Parts(vec![text("d")])),
        message(Role::User, Body::Parts(user)),
        message(
            Role::Assistant,
            Body::Parts(vec![
                Content::Refusal("r".into()),
                called("call_1", "function", "f", "{}"),
                called("call_2", "custom", "c", "i"),
            ]),
        ),
        message(Role::Tool, result("call_1", "x\ny")),
        message(Role::Assistant, Body::Parts(vec![text("a"), called("g", "function", "g", "1")])),
        Message { role: Role::Tool, name: Some("g".into()), body: result("g", "z") },
        message(Role::Assistant, Body::Parts(vec![Content::Refusal("no".into())])),
    ];
    assert_eq!(request.messages, wanted);
    assert_eq!(request.clone().into_owned(), request);
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    assert_halves_agree(&everything(), decode::fast, &shape::BODY);
    let mut other = everything();
    other["tool_choice"] = json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}});
    other["function_call"] = json!("none");
    other["stop"] = json!("a");
    other["response_format"] = json!({"type": "text"});
    assert_halves_agree(&other, decode::fast, &shape::BODY);
}

#[test]
fn plain_texts_are_borrowed() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"text","text":"p"}]}],"stop":["s"]}"#;
    let request = Chat.decode(body).unwrap();
    assert!(matches!(request.model, Cow::Borrowed("m")));
    assert!(matches!(request.stop[0], Cow::Borrowed("s")));
    assert!(matches!(request.messages[0].body, Body::Text(Cow::Borrowed("hi"))));
    let Body::Parts(parts) = &request.messages[1].body else { panic!() };
    assert!(matches!(parts[0], Content::Text(Cow::Borrowed("p"))));
}

#[test]
fn of_a_key_that_occurs_twice_the_last_counts() {
    let body = r#"{"model":"a","model":"b","messages":5,"messages":[{"role":"user","content":"\u0041"}]}"#;
    let request = Chat.decode(body).unwrap();
    assert_eq!((request.model.as_ref(), request.last_user_text().as_deref()), ("b", Some("A")));
}

#[test]
fn tool_choices_have_their_neutral_words() {
    let choice = |field: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{field}}}"#);
        Chat.decode(&body).unwrap().into_owned().tool_choice
    };
    assert_eq!(choice(r#""tool_choice":null"#), ToolChoice::Auto);
    assert_eq!(choice(r#""tool_choice":"none""#), ToolChoice::None);
    assert_eq!(choice(r#""tool_choice":"required""#), ToolChoice::Required);
    assert_eq!(choice(r#""function_call":"none""#), ToolChoice::None);
    assert_eq!(choice(r#""function_call":{"name":"f"}"#), ToolChoice::Named("f".into()));
    assert_eq!(choice(r#""tool_choice":{"type":"custom","custom":{"name":"c"}}"#), ToolChoice::Named("c".into()));
    let allowed = r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}}"#;
    assert_eq!(choice(allowed), ToolChoice::Required);
}

const USAGE: &str = r#"{"prompt_tokens":30,"completion_tokens":20,"total_tokens":50,"prompt_tokens_details":{"cached_tokens":7,"cache_write_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;

fn unary(envelope: &Envelope, choices: &[Reply]) -> String {
    String::from_utf8(Chat.unary(envelope, choices)).unwrap()
}

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
    let mut ids = envelope().ids;
    let id = encode::completion_id(&mut ids);
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
    let id = encode::completion_id(&mut envelope().ids);
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
    assert_eq!(stream(&Chat, &envelope(), &[text], Chunking::Words), wanted.concat());

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
    assert_eq!(stream(&Chat, &envelope(), &[calls], Chunking::Words), wanted.concat());
}

#[test]
fn without_stream_usage_no_chunk_speaks_of_it() {
    let quiet = Envelope { stream_usage: false, ..envelope() };
    assert!(!stream(&Chat, &quiet, &[Reply::text("a b")], Chunking::Words).contains("usage"));
}

#[test]
fn a_patch_is_in_every_chunk_and_its_usage_in_the_last() {
    let patch = r#"{"id": "chatcmpl-1", "system_fingerprint": null, "object": "x", "choices": [], "usage": {"total_tokens": 9}, "new": {"a": 1}}"#;
    let patched = Envelope { patch: Some(patch.into()), ..envelope() };
    let body: Value = serde_json::from_str(&unary(&patched, &[Reply::text("a")])).unwrap();
    assert_eq!((&body["id"], &body["object"], &body["new"]), (&json!("chatcmpl-1"), &json!("x"), &json!({"a": 1})));
    assert_eq!(body["choices"][0]["message"]["content"], "a");
    assert_eq!((&body["usage"]["total_tokens"], body.get("system_fingerprint")), (&json!(9), None));

    let frames = frames(&stream(&Chat, &patched, &[Reply::text("a b")], Chunking::Words));
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

/// What a client makes of the deltas.
fn collected(frames: &[(Option<String>, Value)], choice: usize) -> Value {
    let append = |value: &mut Value, more: &Value| {
        if let Some(more) = more.as_str() {
            *value = json!(value.as_str().unwrap_or_default().to_owned() + more);
        }
    };
    let mut message = json!({"content": null, "refusal": null});
    let mut calls: Vec<Value> = Vec::new();
    let mut finish = Value::Null;
    for (_, chunk) in frames {
        for part in chunk["choices"].as_array().unwrap().iter().filter(|part| part["index"] == choice) {
            assert!(finish.is_null(), "nothing follows the end");
            finish = part["finish_reason"].clone();
            let delta = &part["delta"];
            append(&mut message["content"], &delta["content"]);
            append(&mut message["refusal"], &delta["refusal"]);
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
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!([message, finish])
}

proptest! {
    #[test]
    fn a_stream_collected_is_the_unary_body(choices in prop::collection::vec(replies(), 1..3), chunking in chunkings()) {
        let mut body: Value = serde_json::from_slice(&Chat.unary(&envelope(), &choices)).unwrap();
        let frames = frames(&stream(&Chat, &envelope(), &choices, chunking));
        for index in 0..choices.len() {
            let choice = &mut body["choices"][index];
            let message = choice["message"].as_object_mut().unwrap();
            message.shift_remove("role");
            message.shift_remove("annotations");
            prop_assert_eq!(collected(&frames, index), json!([message, choice["finish_reason"]]));
        }
    }

    #[test]
    fn a_body_decoded_and_written_again_is_the_same(first in replies()) {
        let body = Chat.unary(&envelope(), &[first]);
        let again = Chat.decode_reply(std::str::from_utf8(&body).unwrap()).unwrap();
        let envelope = Envelope { patch: again.patch.clone(), ..envelope() };
        let again: Value = serde_json::from_slice(&Chat.unary(&envelope, &[again])).unwrap();
        prop_assert_eq!(again, serde_json::from_slice::<Value>(&body).unwrap());
    }
}
