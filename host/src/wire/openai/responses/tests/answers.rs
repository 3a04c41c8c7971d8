//! Unary answers, and what is read back from them.

use proptest::prelude::*;

use super::*;
use crate::chat::{Event, Fault, Reasoning};
use crate::wire::openai::responses::output::Keys;
use crate::wire::tests::{call, envelope, replies, reply};

fn unary(envelope: &Envelope, reply: Reply) -> String {
    String::from_utf8(Responses.unary(envelope, &[reply])).unwrap()
}

fn items(reply: Reply) -> Value {
    serde_json::from_str::<Value>(&unary(&envelope(), reply)).unwrap()["output"].take()
}

/// The ids of the answer's items.
fn id(prefix: &str, index: u64) -> String {
    Keys::new(&envelope()).1.item(index).hex(prefix, 48)
}

fn thought(text: &str, signature: Option<&str>, redacted: bool) -> Event {
    Event::Reasoning(Reasoning { text: text.into(), signature: signature.map(str::to_owned), redacted })
}

#[test]
fn a_text_is_one_body() {
    let mut asked = envelope();
    asked.form.echo = r#""user":null"#.into();
    let (response, message) = (Keys::new(&asked).0, id("msg_", 0));
    assert!(response.starts_with("resp_") && response.len() == 53 && message.starts_with("msg_"));
    let wanted = format!(
        r#"{{"id":"{response}","object":"response","created_at":1715367049,"status":"completed","completed_at":1715367049,"error":null,"incomplete_details":null,"model":"mock \"1\"","user":null,"output":[{{"id":"{message}","type":"message","status":"completed","role":"assistant","content":[{{"type":"output_text","annotations":[],"logprobs":[],"text":"Hi \"you\"!"}}]}}],"usage":{USAGE}}}"#
    );
    assert_eq!(unary(&asked, reply(vec![Event::Text("Hi \"you\"".into()), Event::Text("!".into())])), wanted);
    let empty = wanted.replace(&wanted[wanted.find("[{").unwrap()..=wanted.rfind(']').unwrap()], "[]");
    assert_eq!(unary(&asked, reply(vec![])), empty);
}

#[test]
fn items_stand_in_their_order() {
    let found = items(reply(vec![
        thought("hm", Some("gA"), false),
        Event::Text("a".into()),
        Event::Refusal("no".into()),
        call(Some("call_x"), "function", "f", "{"),
        Event::ToolArguments("}".into()),
        call(None, "custom", "c", "in"),
        Event::Block("{\"type\":\n\"web_search_call\"}".into()),
        Event::Block("7".into()),
    ]));
    let call_id = found[3]["call_id"].as_str().unwrap();
    assert!(call_id.starts_with("call_") && call_id.len() == 29);
    let text = |text: &str| json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text});
    let wanted = json!([
        {"id": id("rs_", 0), "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gA"},
        {"id": id("msg_", 1), "type": "message", "status": "completed", "role": "assistant",
            "content": [text("a"), {"type": "refusal", "refusal": "no"}]},
        {"id": id("fc_", 2), "type": "function_call", "status": "completed", "arguments": "{}", "call_id": "call_x", "name": "f"},
        {"id": id("ctc_", 3), "type": "custom_tool_call", "status": "completed", "input": "in", "call_id": call_id, "name": "c"},
        {"type": "web_search_call"},
    ]);
    assert_eq!(found, wanted);
}

#[test]
fn a_thought_is_opaque_where_the_client_or_the_strategy_wants_it() {
    let plain = items(reply(vec![thought("a", None, false), thought("data", None, true), thought("", None, false)]));
    assert_eq!(
        plain[0],
        json!({"id": id("rs_", 0), "type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]})
    );
    assert_eq!(plain[1], json!({"id": id("rs_", 1), "type": "reasoning", "summary": [], "encrypted_content": "data"}));
    assert_eq!(plain[2], json!({"id": id("rs_", 2), "type": "reasoning", "summary": []}));
    let mut asked = envelope();
    asked.form.encrypted = true;
    let body: Value = serde_json::from_str(&unary(&asked, reply(vec![thought("a", None, false)]))).unwrap();
    let minted = body["output"][0]["encrypted_content"].as_str().unwrap();
    assert!(minted.starts_with("gAAAAAB") && minted.len() > 100);
}

#[test]
fn an_answer_that_was_cut_is_incomplete() {
    for (finish, reason) in [
        ("length", Some("max_output_tokens")),
        ("content-filter", Some("content_filter")),
        ("max_messages", Some("max_messages")),
        ("refusal", None),
        ("own word", None),
    ] {
        let events = vec![call(Some("a"), "function", "f", "{}"), Event::Text("b".into()), Event::Block("7".into())];
        let reply = Reply { finish: Some(finish.into()), ..reply(events) };
        let body: Value = serde_json::from_str(&unary(&envelope(), reply)).unwrap();
        let (status, details, at) = match reason {
            Some(reason) => ("incomplete", json!({"reason": reason}), Value::Null),
            None => ("completed", Value::Null, json!(1_715_367_049)),
        };
        assert_eq!(
            (&body["status"], &body["incomplete_details"], &body["completed_at"]),
            (&json!(status), &details, &at)
        );
        assert_eq!(body["output"][0]["status"], "completed", "only the last item is cut");
        assert_eq!(body["output"][1]["status"], status);
    }
}

#[test]
fn a_patch_changes_the_response() {
    let patch = r#"{"id":"resp_1","output":[],"usage":{"total_tokens":9},"error":null,"model":null,"new":{"a":1}}"#;
    let patched = Envelope { patch: Some(patch.into()), ..envelope() };
    let body: Value = serde_json::from_str(&unary(&patched, Reply::text("a"))).unwrap();
    assert_eq!((&body["id"], &body["new"], body.get("model")), (&json!("resp_1"), &json!({"a": 1}), None));
    assert_eq!((&body["usage"]["total_tokens"], &body["usage"]["input_tokens"]), (&json!(9), &json!(30)));
    assert_eq!(body["output"][0]["content"][0]["text"], "a");
}

#[test]
fn a_verbatim_body_becomes_a_reply() {
    let body = json!({
        "id": "resp_1", "object": "response", "created_at": 5, "status": "incomplete", "model": "m", "error": null,
        "incomplete_details": {"reason": "max_output_tokens"}, "usage": serde_json::from_str::<Value>(USAGE).unwrap(),
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": null},
            {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gA"},
            {"type": "reasoning", "id": "rs_3", "summary": [], "content": [{"type": "reasoning_text", "text": "t"}]},
            {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "hi"}, {"type": "refusal", "refusal": "no"}]},
            {"type": "message", "id": "msg_2", "content": [{"type": "output_text", "text": "second"}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "d", "name": "g", "input": "i"},
            {"type": "message", "id": "msg_3", "content": [{"type": "output_text", "text": "x", "annotations": [{}]}]},
            {"type": "web_search_call", "id": "ws_1"},
        ],
    });
    let decoded = Responses.decode_reply(&body.to_string()).unwrap();
    let block = |index: usize| Event::Block(body["output"][index].to_string());
    let wanted = [
        thought("hm", None, false),
        thought("gA", None, true),
        block(2),
        Event::Text("hi".into()),
        Event::Refusal("no".into()),
        block(4),
        call(Some("c"), "function", "f", "{}"),
        call(Some("d"), "custom", "g", "i"),
        block(7),
        block(8),
    ];
    assert_eq!(decoded.events, wanted);
    assert_eq!((decoded.finish.as_deref(), decoded.model.as_deref()), (Some("length"), Some("m")));
    assert_eq!(decoded.usage, Some(envelope().usage));
    assert_eq!(decoded.patch.as_deref(), Some(r#"{"id":"resp_1","created_at":5}"#));
}

#[test]
fn a_verbatim_failure_is_one_in_a_stream_as_well() {
    let body = r#"{"output":[],"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"}}"#;
    let decoded = Responses.decode_reply(body).unwrap();
    let Some(Event::Fault(Fault::Error(error))) = decoded.events.first() else { panic!("{decoded:?}") };
    assert_eq!((error.status, &*error.message, error.code.as_deref()), (429, "slow", Some("rate_limit_exceeded")));
    assert_eq!((decoded.finish, decoded.patch), (None, None));
}

#[test]
fn a_body_that_is_no_response_is_told() {
    let told = |body: &str| Responses.decode_reply(body).unwrap_err();
    assert!(told("[").starts_with("the body is not JSON"));
    assert_eq!(told("[]"), "the body is not an object");
    assert_eq!(told("{}"), "`output` is not a list of items");
    assert_eq!(told(r#"{"output":[{}]}"#), "`output[0]` is not an item with a `type`");
}

proptest! {
    #[test]
    fn a_body_decoded_and_written_again_is_the_same(first in replies()) {
        let body = Responses.unary(&envelope(), &[first]);
        let again = Responses.decode_reply(std::str::from_utf8(&body).unwrap()).unwrap();
        let envelope = Envelope { patch: again.patch.clone(), ..envelope() };
        let again: Value = serde_json::from_slice(&Responses.unary(&envelope, &[again])).unwrap();
        prop_assert_eq!(again, serde_json::from_slice::<Value>(&body).unwrap());
    }
}
