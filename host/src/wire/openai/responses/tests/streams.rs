//! Streams.

use proptest::prelude::*;

use super::*;
use crate::chat::{ApiError, Chunking, Event, Reasoning};
use crate::wire::tests::{call, chunkings, envelope, frames, replies, reply, stream};

fn unary(envelope: &Envelope, reply: &Reply) -> Value {
    serde_json::from_slice(&Responses.unary(envelope, std::slice::from_ref(reply))).unwrap()
}

/// A whole stream between its first two events and its last one, each frame without name and number.
fn middle(reply: &Reply, chunking: Chunking) -> Vec<String> {
    let whole = stream(&Responses, &envelope(), std::slice::from_ref(reply), chunking);
    let mut lines = Vec::new();
    for (number, frame) in whole.trim_end().split("\n\n").enumerate() {
        let (name, data) = frame.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let head = format!(r#"{{"type":"{name}","sequence_number":{number},"#);
        let rest = data.strip_prefix(&head).unwrap_or_else(|| panic!("{head} {data}"));
        lines.push(format!("{name} {{{rest}"));
    }
    assert!(lines[0].starts_with("response.created ") && lines[1].starts_with("response.in_progress "));
    lines.pop();
    lines.split_off(2)
}

fn id(reply: &Reply, index: usize) -> String {
    unary(&envelope(), reply)["output"][index]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_message_begins_grows_and_ends() {
    let reply = reply(vec![Event::Text("Hi\nyou".into()), Event::Refusal("no".into())]);
    let id = id(&reply, 0);
    let at = |index: u32| format!(r#""item_id":"{id}","output_index":0,"content_index":{index}"#);
    let (text, refusal) = (at(0), at(1));
    let part = |text: &str| format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":"{text}"}}"#);
    let whole = part(r"Hi\nyou");
    let item = |status: &str, content: &str| {
        format!(r#"{{"id":"{id}","type":"message","status":"{status}","role":"assistant","content":[{content}]}}"#)
    };
    let refused = r#"{"type":"refusal","refusal":"no"}"#;
    let wanted = [
        format!(r#"response.output_item.added {{"output_index":0,"item":{}}}"#, item("in_progress", "")),
        format!(r#"response.content_part.added {{{text},"part":{}}}"#, part("")),
        format!(r#"response.output_text.delta {{{text},"delta":"Hi","logprobs":[]}}"#),
        format!(r#"response.output_text.delta {{{text},"delta":"\nyou","logprobs":[]}}"#),
        format!(r#"response.output_text.done {{{text},"text":"Hi\nyou","logprobs":[]}}"#),
        format!(r#"response.content_part.done {{{text},"part":{whole}}}"#),
        format!(r#"response.content_part.added {{{refusal},"part":{{"type":"refusal","refusal":""}}}}"#),
        format!(r#"response.refusal.delta {{{refusal},"delta":"no"}}"#),
        format!(r#"response.refusal.done {{{refusal},"refusal":"no"}}"#),
        format!(r#"response.content_part.done {{{refusal},"part":{refused}}}"#),
        format!(
            r#"response.output_item.done {{"output_index":0,"item":{}}}"#,
            item("completed", &format!("{whole},{refused}"))
        ),
    ];
    assert_eq!(middle(&reply, Chunking::Words), wanted);
}

#[test]
fn calls_begin_grow_and_end() {
    let reply = reply(vec![
        call(Some("call_x"), "function", "f", "{\"a\": 1}"),
        call(Some("call_y"), "custom", "c", ""),
        Event::ToolArguments("in".into()),
        Event::Block("{\"type\":\n\"x\"}".into()),
    ]);
    let (first, second) = (id(&reply, 0), id(&reply, 1));
    let (one, two) =
        (format!(r#""item_id":"{first}","output_index":0"#), format!(r#""item_id":"{second}","output_index":1"#));
    let function = |status: &str, arguments: &str| {
        format!(
            r#"{{"output_index":0,"item":{{"id":"{first}","type":"function_call","status":"{status}","arguments":"{arguments}","call_id":"call_x","name":"f"}}}}"#
        )
    };
    let custom = |status: &str, input: &str| {
        format!(
            r#"{{"output_index":1,"item":{{"id":"{second}","type":"custom_tool_call","status":"{status}","input":"{input}","call_id":"call_y","name":"c"}}}}"#
        )
    };
    let whole = r#"{\"a\": 1}"#;
    let wanted = [
        format!("response.output_item.added {}", function("in_progress", "")),
        format!(r#"response.function_call_arguments.delta {{{one},"delta":"{{\"a\":"}}"#),
        format!(r#"response.function_call_arguments.delta {{{one},"delta":" 1}}"}}"#),
        format!(r#"response.function_call_arguments.done {{{one},"arguments":"{whole}","name":"f"}}"#),
        format!("response.output_item.done {}", function("completed", whole)),
        format!("response.output_item.added {}", custom("in_progress", "")),
        format!(r#"response.custom_tool_call_input.delta {{{two},"delta":"in"}}"#),
        format!(r#"response.custom_tool_call_input.done {{{two},"input":"in"}}"#),
        format!("response.output_item.done {}", custom("completed", "in")),
        r#"response.output_item.added {"output_index":2,"item":{"type": "x"}}"#.to_owned(),
        r#"response.output_item.done {"output_index":2,"item":{"type": "x"}}"#.to_owned(),
    ];
    assert_eq!(middle(&reply, Chunking::Words), wanted);
}

#[test]
fn a_thought_begins_grows_and_ends() {
    let thought = |text: &str, redacted| Event::Reasoning(Reasoning { text: text.into(), signature: None, redacted });
    let reply = reply(vec![thought("h m", false), thought("data", true)]);
    let (first, second) = (id(&reply, 0), id(&reply, 1));
    let at = format!(r#""item_id":"{first}","output_index":0,"summary_index":0"#);
    let part = |text: &str| format!(r#"{{"type":"summary_text","text":"{text}"}}"#);
    let item = |summary: &str| {
        format!(r#"{{"output_index":0,"item":{{"id":"{first}","type":"reasoning","summary":[{summary}]}}}}"#)
    };
    let hidden = format!(
        r#"{{"output_index":1,"item":{{"id":"{second}","type":"reasoning","summary":[],"encrypted_content":"data"}}}}"#
    );
    let wanted = [
        format!("response.output_item.added {}", item("")),
        format!(r#"response.reasoning_summary_part.added {{{at},"part":{}}}"#, part("")),
        format!(r#"response.reasoning_summary_text.delta {{{at},"delta":"h"}}"#),
        format!(r#"response.reasoning_summary_text.delta {{{at},"delta":" m"}}"#),
        format!(r#"response.reasoning_summary_text.done {{{at},"text":"h m"}}"#),
        format!(r#"response.reasoning_summary_part.done {{{at},"part":{}}}"#, part("h m")),
        format!("response.output_item.done {}", item(&part("h m"))),
        format!("response.output_item.added {hidden}"),
        format!("response.output_item.done {hidden}"),
    ];
    assert_eq!(middle(&reply, Chunking::Words), wanted);
}

#[test]
fn a_patch_is_in_every_event_and_the_end_in_the_last() {
    let patch = r#"{"id":"resp_1","status":"odd","usage":{"total_tokens":9},"completed_at":1,"output":[],"new":1}"#;
    let patched = Envelope { patch: Some(patch.into()), ..envelope() };
    let frames = frames(&stream(&Responses, &patched, &[Reply::text("a b")], Chunking::Words));
    let carriers: Vec<&Value> = frames.iter().filter_map(|(_, event)| event.get("response")).collect();
    assert_eq!(carriers.len(), 3);
    for early in &carriers[..2] {
        assert_eq!(
            (&early["id"], &early["new"], &early["status"]),
            (&json!("resp_1"), &json!(1), &json!("in_progress"))
        );
        assert_eq!(
            (&early["usage"], &early["completed_at"], &early["output"]),
            (&Value::Null, &Value::Null, &json!([]))
        );
    }
    assert_eq!(carriers[2], &unary(&patched, &Reply::text("a b")));
    assert_eq!((&carriers[2]["status"], &carriers[2]["usage"]["total_tokens"]), (&json!("odd"), &json!(9)));
}

#[test]
fn chunks_are_padded_where_the_client_wants_it() {
    let mut padded = envelope();
    padded.form.obfuscation = true;
    let reply = Reply::text("some words of a text of several lengths, and one-that-is-rather-long");
    let whole = stream(&Responses, &padded, std::slice::from_ref(&reply), Chunking::Words);
    assert_eq!(whole, stream(&Responses, &padded, std::slice::from_ref(&reply), Chunking::Words));
    let plain = stream(&Responses, &envelope(), std::slice::from_ref(&reply), Chunking::Words);
    assert!(!plain.contains("obfuscation"));
    let mut pads = Vec::new();
    for ((name, mut event), (_, plain)) in frames(&whole).into_iter().zip(frames(&plain)) {
        let pad = event.as_object_mut().unwrap().shift_remove("obfuscation");
        assert_eq!(event, plain);
        assert_eq!(pad.is_some(), name.is_some_and(|name| name.ends_with(".delta")));
        if let Some(pad) = pad {
            let length = pad.as_str().unwrap().len() + event["delta"].as_str().unwrap().len();
            assert_eq!(length % 16, 0);
            pads.push(pad);
        }
    }
    assert!(pads.len() > 5);
}

#[test]
fn an_error_in_mid_stream_is_told_twice() {
    let mut encoder = Responses.stream(&envelope());
    let mut out = Vec::new();
    encoder.open(&mut out);
    encoder.chunk(0, crate::pace::cut::Chunk::Text("a"), &mut out);
    let opened = out.len();
    encoder.error(&ApiError { code: Some("busy".into()), ..ApiError::new(503, "down") }, &mut out);
    let told = String::from_utf8(out.split_off(opened)).unwrap();
    let error = r#"event: error
data: {"type":"error","sequence_number":5,"code":"busy","message":"down","param":null,"error":{"message":"down","type":"server_error","param":null,"code":"busy"}}

"#;
    assert!(told.starts_with(error), "{told}");
    let frames = frames(&told);
    let (name, failed) = &frames[1];
    assert_eq!((name.as_deref(), frames.len()), (Some("response.failed"), 2));
    let response = &failed["response"];
    assert_eq!(
        (&response["status"], &response["error"]),
        (&json!("failed"), &json!({"code": "busy", "message": "down"}))
    );
    assert_eq!((&response["usage"], &response["completed_at"]), (&Value::Null, &Value::Null));

    for (status, code) in [(429, "rate_limit_exceeded"), (400, "invalid_prompt"), (500, "server_error")] {
        let mut out = Vec::new();
        Responses.stream(&envelope()).error(&ApiError::new(status, "x"), &mut out);
        let told = self::frames(&String::from_utf8(out).unwrap());
        assert_eq!(told[1].1["response"]["error"]["code"], code);
    }
}

/// What a client makes of the events: each item grows by its deltas, and is done when it is what it has grown to.
fn collected(frames: &[(Option<String>, Value)]) -> Value {
    let mut output: Vec<Value> = Vec::new();
    let append = |value: &mut Value, more: &Value| {
        *value = json!(value.as_str().unwrap().to_owned() + more.as_str().unwrap());
    };
    let response = &frames[0].1["response"];
    for (number, (name, event)) in frames.iter().enumerate() {
        let name = name.as_deref().unwrap();
        assert_eq!((&event["type"], &event["sequence_number"]), (&json!(name), &json!(number)));
        if let Some(carried) = event.get("response") {
            assert_eq!(carried["id"], response["id"]);
            continue;
        }
        let index = event["output_index"].as_u64().unwrap() as usize;
        if name == "response.output_item.added" {
            assert_eq!(index, output.len());
            output.push(event["item"].clone());
            continue;
        }
        assert_eq!(index + 1, output.len(), "only the last item is open");
        let item = &mut output[index];
        if name == "response.output_item.done" {
            // What has grown is what is done, but for the status.
            item["status"] = event["item"]["status"].clone();
            if item["status"].is_null() {
                item.as_object_mut().unwrap().shift_remove("status");
            }
            assert_eq!(item, &event["item"]);
            continue;
        }
        assert_eq!(event["item_id"], item["id"]);
        let (parts, key) = match event.get("summary_index") {
            Some(at) => ("summary", at),
            None => ("content", &event["content_index"]),
        };
        let at = key.as_u64().unwrap_or_default() as usize;
        if name.ends_with("_part.added") {
            assert_eq!(item[parts].as_array().unwrap().len(), at);
            item[parts].as_array_mut().unwrap().push(event["part"].clone());
            continue;
        }
        let is_call = item.get("call_id").is_some();
        let part = if is_call { item } else { &mut item[parts][at] };
        match name.strip_prefix("response.").unwrap() {
            "content_part.done" | "reasoning_summary_part.done" => assert_eq!(part, &event["part"]),
            "output_text.delta" | "reasoning_summary_text.delta" => append(&mut part["text"], &event["delta"]),
            "output_text.done" | "reasoning_summary_text.done" => assert_eq!(part["text"], event["text"]),
            "refusal.delta" => append(&mut part["refusal"], &event["delta"]),
            "refusal.done" => assert_eq!(part["refusal"], event["refusal"]),
            "function_call_arguments.delta" => append(&mut part["arguments"], &event["delta"]),
            "function_call_arguments.done" => {
                assert_eq!((&part["arguments"], &part["name"]), (&event["arguments"], &event["name"]));
            }
            "custom_tool_call_input.delta" => append(&mut part["input"], &event["delta"]),
            "custom_tool_call_input.done" => assert_eq!(part["input"], event["input"]),
            other => panic!("unknown event {other}"),
        }
    }
    output.into()
}

proptest! {
    #[test]
    fn a_stream_collected_is_the_unary_body(reply in replies(), chunking in chunkings(), encrypted in any::<bool>()) {
        let mut envelope = envelope();
        envelope.form.encrypted = encrypted;
        let request = Responses.decode(r#"{"model":"m","input":"a"}"#, &NoHistory).unwrap();
        envelope.form.echo = request.form.echo;
        let unary = unary(&envelope, &reply);
        let frames = frames(&stream(&Responses, &envelope, std::slice::from_ref(&reply), chunking));
        let (name, last) = frames.last().unwrap();
        prop_assert_eq!(&last["response"], &unary);
        prop_assert_eq!(name.as_deref(), Some(&*format!("response.{}", unary["status"].as_str().unwrap())));
        prop_assert_eq!(&collected(&frames), &unary["output"]);
        let created = &frames[0].1["response"];
        prop_assert_eq!(&created["tools"], &json!([]));
        prop_assert_eq!(created.as_object().unwrap().len(), unary.as_object().unwrap().len());
    }
}
