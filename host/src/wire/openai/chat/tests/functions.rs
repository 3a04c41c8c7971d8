//! The older protocol of functions, the tier, and the padding of chunks.

use serde_json::{Value, json};

use super::super::*;
use super::{USAGE, formed, stream, unary};
use crate::chat::{Body, Chunking, Content, Event, Form, Message, Role, ToolChoice};
use crate::wire::NoHistory;
use crate::wire::tests::{call, envelope, frames, reply};

fn functions() -> Envelope {
    formed(Form { functions: true, ..Form::default() })
}

fn two_calls() -> Reply {
    reply(vec![
        call(Some("call_x"), "custom", "f", "{\"a\": 1"),
        Event::ToolArguments("}".into()),
        call(None, "function", "g", "{}"),
        Event::ToolArguments(" ".into()),
    ])
}

#[test]
fn a_function_call_is_one_body() {
    let id = envelope().ids.alphanumeric("chatcmpl-", 29);
    let wanted = format!(
        r#"{{"id":"{id}","object":"chat.completion","created":1715367049,"model":"mock \"1\"","choices":[{{"index":0,"message":{{"role":"assistant","content":null,"function_call":{{"name":"f","arguments":"{{\"a\": 1}}"}},"refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"function_call"}}],"usage":{USAGE},"service_tier":"default","system_fingerprint":"fp_5ca1ab1e00"}}"#
    );
    assert_eq!(unary(&functions(), &[two_calls()]), wanted);
}

#[test]
fn a_function_call_is_streamed() {
    let frames = frames(&stream(&functions(), &[two_calls()], Chunking::Words));
    let deltas: Vec<&Value> = frames.iter().map(|(_, chunk)| &chunk["choices"][0]["delta"]).collect();
    let wanted = [
        json!({"role": "assistant", "content": null, "refusal": null}),
        json!({"function_call": {"name": "f", "arguments": ""}}),
        json!({"function_call": {"arguments": "{\"a\":"}}),
        json!({"function_call": {"arguments": " 1"}}),
        json!({"function_call": {"arguments": "}"}}),
        json!({}),
    ];
    assert_eq!(deltas[..6], wanted.iter().collect::<Vec<_>>());
    assert_eq!(frames[5].1["choices"][0]["finish_reason"], "function_call");
}

#[test]
fn functions_are_read_as_tools_and_their_calls_as_calls() {
    let body = r#"{"model":"m","functions":[{"name":"f","description":"d"}],"function_call":{"name":"f"},"messages":[
        {"role":"user","content":"a"},
        {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
        {"role":"function","name":"f","content":null}]}"#;
    let request = Chat.decode(body, &NoHistory).unwrap();
    assert_eq!((request.form.functions, request.tool_choice), (true, ToolChoice::Named("f".into())));
    assert_eq!((request.tools.len(), request.tools[0].name.as_ref()), (1, "f"));
    let call = Content::ToolCall { id: "f".into(), kind: "function".into(), name: "f".into(), arguments: "{}".into() };
    let result = Content::ToolResult { call_id: "f".into(), content: "".into(), is_error: false };
    let wanted = [
        Message::text_of(Role::User, "a"),
        Message { role: Role::Assistant, name: None, body: Body::Parts(vec![call]) },
        Message { role: Role::Tool, name: Some("f".into()), body: Body::Parts(vec![result]) },
    ];
    assert_eq!(request.messages, wanted);
}

#[test]
fn a_verbatim_function_call_is_a_call() {
    let body = r#"{"choices":[{"message":{"content":null,"function_call":{"name":"f","arguments":"1"}},"finish_reason":"function_call"}]}"#;
    let decoded = Chat.decode_reply(body).unwrap();
    assert_eq!(decoded.events, [call(None, "function", "f", "1")]);
    assert_eq!(decoded.finish.as_deref(), Some("tool-calls"));
    let nameless = r#"{"choices":[{"message":{"function_call":{}}}]}"#;
    assert_eq!(Chat.decode_reply(nameless).unwrap_err(), "`choices[0].message.function_call` has no name");
}

#[test]
fn the_tier_is_in_the_body_and_in_every_chunk() {
    let flex = formed(Form { echo: r#""service_tier":"flex""#.into(), ..Form::default() });
    let body: Value = serde_json::from_str(&unary(&flex, &[Reply::text("a")])).unwrap();
    assert_eq!(body["service_tier"], "flex");
    let frames = frames(&stream(&flex, &[Reply::text("a")], Chunking::Words));
    assert!(frames.iter().all(|(_, chunk)| chunk["service_tier"] == "flex"));
}

#[test]
fn chunks_are_padded_where_the_client_asks_for_it() {
    let padded = formed(Form { obfuscation: true, ..Form::default() });
    let text = stream(&padded, &[Reply::text("Hello to eight12 all")], Chunking::Words);
    let chunks = frames(&text);
    let shown = |chunk: &Value| {
        let said = chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default().len();
        (said, chunk["obfuscation"].as_str().unwrap().len())
    };
    let sizes: Vec<_> = chunks.iter().map(|(_, chunk)| shown(chunk)).collect();
    // Role, four pieces of text, the end, the usage.
    assert_eq!(sizes, [(0, 8), (5, 3), (3, 5), (8, 8), (4, 4), (0, 8), (0, 8)]);
    // Nothing but the padding differs, and the ids of calls do not either.
    let replies = [Reply::text("a b"), two_calls()];
    let plain = frames(&stream(&envelope(), &replies, Chunking::Words));
    let mut others = frames(&stream(&padded, &replies, Chunking::Words));
    for (_, chunk) in &mut others {
        chunk.as_object_mut().unwrap().shift_remove("obfuscation").unwrap();
    }
    assert_eq!(others, plain);
    assert_eq!(text, stream(&padded, &[Reply::text("Hello to eight12 all")], Chunking::Words), "the same every time");
    assert!(!unary(&padded, &replies).contains("obfuscation"));
}
