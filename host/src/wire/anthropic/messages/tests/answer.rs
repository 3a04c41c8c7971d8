//! What is written, byte by byte, in both modes.

use serde_json::{Value, json};

use super::super::*;
use crate::chat::{Chunking, Event, Form, Reasoning};
use crate::wire::tests::{call, envelope, frames, reply, stream};

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

pub(super) fn unary(envelope: &Envelope, reply: &Reply) -> String {
    String::from_utf8(Messages.unary(envelope, std::slice::from_ref(reply))).unwrap()
}

#[test]
fn a_message_of_every_block() {
    let id = encode::message_id(&mut envelope().ids);
    assert!(id.starts_with("msg_01") && id.len() == 28);
    let wanted = format!(
        r#"{{"model":"mock \"1\"","id":"{id}","type":"message","role":"assistant","content":[{{"type":"thinking","thinking":"so so","signature":"sig"}},{{"type":"redacted_thinking","data":"enc"}},{{"type":"text","text":"Hi \"you\""}},{{"type": "x"}},{{"type":"tool_use","id":"toolu_x","name":"f","input":{{"a": 1}},"caller":{{"type":"direct"}}}}],"stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{}}}"#,
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
    assert_eq!(body["content"], json!([{"type": "text", "text": "no"}]));
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
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
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
    let body = unary(&envelope(), &told());
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
    assert_eq!(decoded.patch, Some(format!(r#"{{"id":"{id}"}}"#)));
    assert_eq!(Messages.decode_reply("{}").unwrap_err(), "`content` is not a list of blocks");
    assert_eq!(Messages.decode_reply(r#"{"content":[5]}"#).unwrap_err(), "`content[0]` is not a block with a `type`");
}

#[test]
fn a_verbatim_body_keeps_what_only_a_block_can_say() {
    for block in [
        json!({"type": "text", "text": "a", "citations": [{"type": "char_location"}]}),
        json!({"type": "tool_use", "id": "i", "name": "n", "input": {}, "caller": {"type": "code_execution_20260120"}}),
        json!({"type": "tool_use", "id": "i", "name": "n", "input": {}, "toolset_name": "browser"}),
        json!({"type": "server_tool_use", "id": "i", "name": "web_search", "input": {"query": "q"}}),
        json!({"type": "web_search_tool_result", "tool_use_id": "i", "content": []}),
    ] {
        let decoded = Messages.decode_reply(&json!({"content": [block]}).to_string()).unwrap();
        assert_eq!(decoded.events, [Event::Block(block.to_string())]);
    }
    let plain = json!({"type": "tool_use", "id": "i", "name": "n", "input": {}, "toolset_name": null});
    let decoded = Messages.decode_reply(&json!({"content": [plain]}).to_string()).unwrap();
    assert_eq!(decoded.events, [call(Some("i"), "function", "n", "{}")]);
}

fn stopped(word: &str, sequence: Option<&str>) -> Reply {
    Reply { finish: Some(word.into()), stop_sequence: sequence.map(str::to_owned), ..Reply::text("a") }
}

#[test]
fn why_an_answer_ends_is_told_in_both_modes() {
    for (reply, reason, sequence) in [
        (Reply::text("a"), "end_turn", json!(null)),
        (stopped("length", None), "max_tokens", json!(null)),
        (stopped("stop-sequence", Some("\"END\"")), "stop_sequence", json!("\"END\"")),
        (stopped("stop-sequence", None), "stop_sequence", json!(null)),
        (stopped("stop", Some("not met")), "end_turn", json!(null)),
        (stopped("pause", None), "pause_turn", json!(null)),
        (stopped("model_context_window_exceeded", None), "model_context_window_exceeded", json!(null)),
        (reply(vec![call(None, "function", "f", "{}")]), "tool_use", json!(null)),
    ] {
        let body: Value = serde_json::from_str(&unary(&envelope(), &reply)).unwrap();
        let frames = frames(&stream(&Messages, &envelope(), std::slice::from_ref(&reply), Chunking::Words));
        for told in [&body, &frames[frames.len() - 2].1["delta"]] {
            assert_eq!((&told["stop_reason"], &told["stop_sequence"]), (&json!(reason), &sequence));
        }
    }
    // A verbatim body says it in the same place.
    let body = unary(&envelope(), &stopped("stop-sequence", Some("END")));
    let again = Messages.decode_reply(&body).unwrap();
    assert_eq!((again.finish.as_deref(), again.stop_sequence.as_deref()), (Some("stop-sequence"), Some("END")));
    assert!(!again.patch.unwrap().contains("stop_sequence"));
}

/// The frames of one block, between the first and the last two of a stream, without the ping.
fn block_frames(event: Event) -> Vec<String> {
    let stream = stream(&Messages, &envelope(), &[reply(vec![event])], Chunking::Words);
    let all: Vec<&str> = stream.trim_end().split("\n\n").collect();
    let own = &all[1..all.len() - 2];
    own.iter()
        .filter(|frame| !frame.starts_with("event: ping"))
        .map(|frame| frame.split_once("data: ").unwrap().1.to_owned())
        .collect()
}

#[test]
fn what_clients_collect_from_deltas_is_told_in_deltas() {
    let start = |json: &str| format!(r#"{{"type":"content_block_start","index":0,"content_block":{json}}}"#);
    let delta = |json: &str| format!(r#"{{"type":"content_block_delta","index":0,"delta":{json}}}"#);
    let stop = || r#"{"type":"content_block_stop","index":0}"#.to_owned();
    for (block, wanted) in [
        (
            r#"{"type":"text","text":"a \"b\"","citations":[{"type":"char_location","cited_text":"a"},{"n":2}]}"#,
            vec![
                start(r#"{"type":"text","text":"","citations":[]}"#),
                delta(r#"{"type":"text_delta","text":"a \"b\""}"#),
                delta(r#"{"type":"citations_delta","citation":{"type":"char_location","cited_text":"a"}}"#),
                delta(r#"{"type":"citations_delta","citation":{"n":2}}"#),
                stop(),
            ],
        ),
        (
            r#"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query" : 1.50}}"#,
            vec![
                start(r#"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}"#),
                delta(r#"{"type":"input_json_delta","partial_json":"{\"query\" : 1.50}"}"#),
                stop(),
            ],
        ),
        (
            r#"{"type":"mcp_tool_use","id":"m","name":"n","server_name":"s","input":{}}"#,
            vec![start(r#"{"type":"mcp_tool_use","id":"m","name":"n","server_name":"s","input":{}}"#), stop()],
        ),
        (
            r#"{"type":"thinking","thinking":"so","signature":"sig"}"#,
            vec![
                start(r#"{"type":"thinking","thinking":"","signature":""}"#),
                delta(r#"{"type":"thinking_delta","thinking":"so"}"#),
                delta(r#"{"type":"signature_delta","signature":"sig"}"#),
                stop(),
            ],
        ),
        (
            r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}"#,
            vec![start(r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}"#), stop()],
        ),
        // Not what the provider means by it: as it is.
        (r#"{"type":"text","text":5}"#, vec![start(r#"{"type":"text","text":5}"#), stop()]),
    ] {
        assert_eq!(block_frames(Event::Block(block.into())), wanted);
    }
}

#[test]
fn calls_have_a_caller_where_the_provider_has_one() {
    let block = |kind: &str| {
        let body = unary(&envelope(), &reply(vec![call(Some("i"), kind, "f", "{}")]));
        serde_json::from_str::<Value>(&body).unwrap()["content"][0].take()
    };
    let direct = json!({"type": "direct"});
    assert_eq!(block("function"), json!({"type": "tool_use", "id": "i", "name": "f", "input": {}, "caller": direct}));
    assert_eq!(block("bash_20250124")["type"], "tool_use");
    assert_eq!(block("server_tool_use")["caller"], direct);
    assert_eq!(block("mcp_tool_use").get("caller"), None);
}

fn echoing(echo: &str) -> Envelope {
    Envelope { form: Form { echo: echo.to_owned(), ..Form::default() }, ..envelope() }
}

#[test]
fn what_the_request_chose_stands_in_the_answer() {
    let envelope = echoing(r#""inference_geo":"us","speed":"fast","context_management":{"applied_edits":[]}"#);
    let body: Value = serde_json::from_str(&unary(&envelope, &Reply::text("a"))).unwrap();
    let frames = frames(&stream(&Messages, &envelope, &[Reply::text("a")], Chunking::Words));
    for message in [&body, &frames[0].1["message"]] {
        assert_eq!((&message["usage"]["inference_geo"], &message["usage"]["speed"]), (&json!("us"), &json!("fast")));
        assert_eq!(message["context_management"], json!({"applied_edits": []}));
    }
    let end = &frames[frames.len() - 2].1;
    assert_eq!(end["context_management"], json!({"applied_edits": []}));
    assert_eq!(end["usage"].get("speed"), None);
    // An echo that is none says nothing.
    let plain = unary(&self::envelope(), &Reply::text("a"));
    assert_eq!(unary(&echoing("{"), &Reply::text("a")), plain);
}
