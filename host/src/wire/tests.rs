//! What holds for every format: a stream collected is the unary body, and no bytes make a decoder panic.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::chat::{Chunking, Event, Fault, Reasoning, ToolCall};
use crate::pace::cut::{Cut, Cutter};

pub(crate) fn envelope() -> Envelope {
    let usage = Usage {
        input_tokens: 30,
        output_tokens: 20,
        cache_read_input_tokens: 7,
        cache_creation_input_tokens: 3,
        reasoning_output_tokens: 5,
    };
    Envelope {
        ids: Ids::new(7),
        created: 1_715_367_049,
        model: "mock \"1\"".into(),
        usage,
        stream_usage: true,
        patch: None,
        form: Form::default(),
    }
}

pub(crate) fn call(id: Option<&str>, kind: &str, name: &str, arguments: &str) -> Event {
    Event::ToolCall(ToolCall {
        id: id.map(str::to_owned),
        kind: kind.into(),
        name: name.into(),
        arguments: arguments.into(),
    })
}

pub(crate) fn reply(events: Vec<Event>) -> Reply {
    Reply { events, ..Reply::default() }
}

/// The stream of some choices, whole.
pub(crate) fn stream(format: &dyn WireFormat, envelope: &Envelope, choices: &[Reply], chunking: Chunking) -> String {
    let mut encoder = format.stream(envelope);
    let mut out = Vec::new();
    encoder.open(&mut out);
    for (index, reply) in choices.iter().enumerate() {
        encoder.begin(index as u32, reply);
        let mut cutter = Cutter::default();
        while let Some(cut) = cutter.next(reply, chunking) {
            if let Cut::Chunk { chunk, .. } = cut {
                encoder.chunk(index as u32, chunk, &mut out);
            }
        }
        encoder.finish(index as u32, reply.finish(), &mut out);
    }
    encoder.close(&mut out);
    String::from_utf8(out).unwrap()
}

/// The frames of a stream: event name and JSON. Each frame has to be well-formed.
pub(crate) fn frames(stream: &str) -> Vec<(Option<String>, Value)> {
    assert!(stream.ends_with("\n\n"), "the last frame is closed");
    let frames = stream.trim_end().split("\n\n").filter(|frame| *frame != "data: [DONE]");
    frames
        .map(|frame| {
            let (name, data) = match frame.strip_prefix("event: ").and_then(|rest| rest.split_once('\n')) {
                Some((name, data)) => (Some(name.to_owned()), data),
                None => (None, frame),
            };
            let json = data.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {frame}"));
            (name, serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}")))
        })
        .collect()
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}|[a-z \"\\\\\n\u{0}]{0,30}"
}

fn arguments() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("{\n\"a\": [1, \"é\\n\"]}".to_owned()), text()]
}

fn event() -> impl Strategy<Value = Event> {
    let reasoning = (text(), prop::option::of("[a-z]{0,9}"), any::<bool>())
        .prop_map(|(text, signature, redacted)| Event::Reasoning(Reasoning { text, signature, redacted }));
    let kind = prop_oneof![Just("function"), Just("custom"), Just("server_tool_use")];
    let tool = (prop::option::of("[a-z]{1,5}"), kind, text(), arguments())
        .prop_map(|(id, kind, name, arguments)| call(id.as_deref(), kind, &name, &arguments));
    prop_oneof![
        4 => text().prop_map(Event::Text),
        1 => text().prop_map(Event::Refusal),
        1 => reasoning,
        2 => tool,
        3 => arguments().prop_map(Event::ToolArguments),
        1 => prop_oneof![Just("{\"type\":\n\"x\"}"), Just("{"), Just("7")].prop_map(|json| Event::Block(json.into())),
        1 => Just(Event::Pause(3)),
        1 => Just(Event::Fault(Fault::Garbage("~".into()))),
    ]
}

pub(crate) fn replies() -> impl Strategy<Value = Reply> {
    let finish = prop::option::of(prop_oneof![
        Just("stop"),
        Just("length"),
        Just("refusal"),
        Just("stop-sequence"),
        Just("pause"),
        Just("content-filter"),
        Just("own \"word\""),
    ]);
    (prop::collection::vec(event(), 0..9), finish)
        .prop_map(|(events, finish)| Reply { finish: finish.map(str::to_owned), ..reply(events) })
}

pub(crate) fn chunkings() -> impl Strategy<Value = Chunking> {
    prop_oneof![
        Just(Chunking::Verbatim),
        (0u32..4).prop_map(Chunking::Characters),
        Just(Chunking::Words),
        Just(Chunking::Tokens)
    ]
}

/// Pieces of bodies: what a random string would never hit.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"model\":\"m\"",
        "\"messages\":",
        "\"role\":\"user\"",
        "\"content\":",
        "\"type\":",
        "\"text\"",
        "\"tool_result\"",
        "\"tool_use_id\":\"a\"",
        "\"max_tokens\":1",
        "null",
        "1e999",
        "-0",
        "\"\\ud800\"",
        "\"system\":",
        "\"tools\":",
        "true",
        " ",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn decode_all(body: &[u8]) {
    let Ok(body) = json::sanitize(body) else { return };
    for (_, format) in formats() {
        let _ = format.decode(&body, &NoHistory);
        let _ = format.decode_reply(&body);
    }
}

#[test]
fn deep_bodies_do_not_overflow_the_stack() {
    for (open, close) in
        [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"type":"tool_result","tool_use_id":"a","content":"#, "}]")]
    {
        let deep = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        for body in [
            deep.clone(),
            format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":{deep}}}]}}"#),
            format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":[{deep}]}}]}}"#),
            format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"a"}}],"metadata":{deep}}}"#),
        ] {
            decode_all(body.as_bytes());
        }
        json::at(&deep, "/0/0/0");
    }
}

#[test]
fn a_shared_path_belongs_to_the_provider_whose_header_is_there() {
    assert_eq!(provider_of(&|_| false).name(), "openai");
    assert_eq!(provider_of(&|name| name == "x-api-key").name(), "anthropic");
    assert_eq!(provider_of(&|name| name == "anthropic-version").name(), "anthropic");
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), soup in soup()) {
        decode_all(&bytes);
        decode_all(soup.as_bytes());
    }

    #[test]
    fn a_stream_mints_the_ids_of_the_unary_body(reply in replies(), chunking in chunkings()) {
        for (_, format) in formats() {
            let unary: Value = serde_json::from_slice(&format.unary(&envelope(), std::slice::from_ref(&reply))).unwrap();
            let stream = stream(format, &envelope(), std::slice::from_ref(&reply), chunking);
            let (_, first) = frames(&stream).swap_remove(0);
            let id = first.get("id").or(first.pointer("/message/id")).or(first.pointer("/response/id")).cloned();
            prop_assert_eq!(id.as_ref(), unary.get("id"));
        }
    }
}

/// Every format that strategies answer.
fn formats() -> [(&'static str, &'static dyn WireFormat); 4] {
    [
        ("/chat/completions", &openai::chat::Chat),
        ("/completions", &openai::completions::Completions),
        ("/responses", &openai::responses::Responses),
        ("/messages", &anthropic::messages::Messages),
    ]
}
