//! What is read, what is written, and that a stream collected is the unary body.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode::{BODIES, fast};
use super::*;
use crate::chat::{Body, Chunking, Event, Form, Message, Operation, Role, Usage};
use crate::tokens;
use crate::wire::NoHistory;
use crate::wire::check::first_violation;
use crate::wire::check::tests::spoiled;
use crate::wire::openai::embeddings::input::shape_of;
use crate::wire::tests::{call, chunkings, envelope, frames, replies, reply};

fn everything(prompt: Value) -> Value {
    json!({
        "model": "m", "prompt": prompt, "stream": false, "stream_options": {"include_usage": true, "include_obfuscation": true},
        "n": 2, "best_of": 3, "max_tokens": 0, "stop": ["a", "b"], "echo": true, "logprobs": 5, "suffix": "s", "temperature": 1,
        "top_p": 0.5, "frequency_penalty": -1.5, "presence_penalty": 2, "seed": -4, "logit_bias": {"1": 2}, "user": "u", "x": [1],
    })
}

#[test]
fn a_whole_request_is_read() {
    let body = everything(json!(["p", "q\n"])).to_string();
    let request = Completions.decode(&body, &NoHistory).unwrap();
    assert_eq!((request.operation, request.model.as_ref()), (Operation::TextCompletion, "m"));
    assert_eq!((request.stream, request.stream_usage, request.choices), (false, true, 2));
    assert_eq!((request.max_output_tokens, request.stop.len()), (Some(0), 2));
    assert_eq!(request.messages, [Message::text_of(Role::User, "p")]);
    assert_eq!(request.more_prompts, ["q\n"]);
    let echo = r#""n":2,"echo":true,"prompts":["p","q\n"]"#.to_owned();
    assert_eq!(request.form, Form { logprobs: Some(5), echo, ..Form::default() });
    assert_eq!(request.clone().into_owned(), request);
}

#[test]
fn every_form_of_a_prompt_is_read() {
    let prompts = |prompt: &str| {
        let body = format!(r#"{{"model":"m",{prompt}"stop":"x"}}"#);
        let request = Completions.decode(&body, &NoHistory).unwrap();
        assert_eq!((request.stop.len(), request.choices), (1, 1));
        let Body::Text(first) = &request.messages[0].body else { panic!() };
        [first].into_iter().chain(&request.more_prompts).map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(prompts(r#""prompt":"a","#), ["a"]);
    assert_eq!(prompts(r#""prompt":["a","","c"],"#), ["a", "", "c"]);
    assert_eq!(prompts(r#""prompt":[24912,2375],"#), ["hello world"]);
    assert_eq!(prompts(r#""prompt":[[24912],[2375]],"#), ["hello", " world"]);
    assert_eq!(prompts(r#""prompt":null,"#), [""]);
    assert_eq!(prompts(""), [""]);
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    for prompt in [json!("a"), json!(["a", "b"]), json!([1, 2]), json!([[1], [2, 3]])] {
        for (what, body) in spoiled(&everything(prompt)) {
            let text = body.to_string();
            let violation = first_violation(&BODIES[shape_of(&text, "/prompt")], &body);
            assert_eq!(fast(&text).is_some(), violation.is_none(), "{what}: {violation:?}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |fields: &str| {
        let body = format!(r#"{{"model":"m","prompt":"a",{fields}}}"#);
        let error = Completions.decode(&body, &NoHistory).unwrap_err();
        assert_eq!(error.status, 400);
        (error.param.unwrap_or_default(), error.message)
    };
    let (param, message) = refused(r#""n":3,"best_of":2"#);
    assert_eq!(param, "best_of");
    assert!(message.contains("you must set 'n' (currently 3) to be at most 'best_of' (currently 2)"), "{message}");
    assert_eq!(refused(r#""best_of":2,"stream":true"#).0, "best_of");
    assert_eq!(refused(r#""stop":["a","b","c","d","e"]"#).0, "stop");
    assert_eq!(refused(r#""logprobs":6"#).0, "logprobs");
    let many = |count: usize| vec![r#""a""#; count].join(",");
    assert_eq!(refused(&format!(r#""prompt":[{}]"#, many(2049))).0, "prompt");
    assert_eq!(refused(&format!(r#""prompt":[{}],"n":3"#, many(700))).0, "n");
    let empty = refused(r#""prompt":[]"#);
    assert_eq!((empty.0.as_str(), empty.1.contains("empty array")), ("prompt", true));
    for fine in
        [r#""n":2,"best_of":2,"stream":true"#, r#""best_of":5"#, r#""best_of":null,"n":2"#, r#""user":"best_of""#]
    {
        let body = format!(r#"{{"model":"m","prompt":"a",{fine}}}"#);
        assert!(Completions.decode(&body, &NoHistory).is_ok(), "{fine}");
    }
}

const USAGE: &str = r#"{"prompt_tokens":30,"completion_tokens":20,"total_tokens":50,"prompt_tokens_details":{"cached_tokens":7,"cache_write_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;

fn formed(form: Form) -> Envelope {
    Envelope { form, ..envelope() }
}

fn prompted(n: u32, echo: bool, logprobs: Option<u32>, prompts: &[&str]) -> Envelope {
    formed(Form { logprobs, echo: form::write(n, echo, prompts.iter().copied()), ..Form::default() })
}

fn unary(envelope: &Envelope, choices: &[Reply]) -> String {
    String::from_utf8(Completions.unary(envelope, choices)).unwrap()
}

fn stream(envelope: &Envelope, choices: &[Reply], chunking: Chunking) -> String {
    crate::wire::tests::stream(&Completions, envelope, choices, chunking)
}

fn head() -> String {
    let id = envelope().ids.alphanumeric("cmpl-", 29);
    format!(
        r#"{{"id":"{id}","object":"text_completion","created":1715367049,"model":"mock \"1\"","system_fingerprint":"fp_5ca1ab1e00","choices":["#
    )
}

#[test]
fn two_choices_are_one_body() {
    let first =
        reply(vec![Event::Text("Hi \"you\"".into()), call(None, "function", "f", "{}"), Event::Refusal("!".into())]);
    let second = Reply { finish: Some("length".into()), ..Reply::text("b") };
    let choices = r#"{"text":"Hi \"you\"!","index":0,"logprobs":null,"finish_reason":"stop"},{"text":"b","index":1,"logprobs":null,"finish_reason":"length"}"#;
    let wanted = format!(r#"{}{choices}],"usage":{USAGE}}}"#, head());
    assert_eq!(unary(&envelope(), &[first, second]), wanted);
}

#[test]
fn a_stream_byte_by_byte() {
    let frame = |choice: &str, usage: &str| format!("data: {}{choice}],\"usage\":{usage}}}\n\n", head());
    let wanted = [
        frame(r#"{"text":"Hi","index":0,"logprobs":null,"finish_reason":null}"#, "null"),
        frame(r#"{"text":"\nyou","index":0,"logprobs":null,"finish_reason":null}"#, "null"),
        frame(r#"{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}"#, "null"),
        frame(r#"{"text":"","index":1,"logprobs":null,"finish_reason":"stop"}"#, "null"),
        frame("", USAGE),
        "data: [DONE]\n\n".to_owned(),
    ];
    let calls = reply(vec![call(None, "function", "f", "{}")]);
    assert_eq!(stream(&envelope(), &[Reply::text("Hi\nyou"), calls], Chunking::Words), wanted.concat());
    let quiet = Envelope { stream_usage: false, ..envelope() };
    assert!(!stream(&quiet, &[Reply::text("a b")], Chunking::Words).contains("usage"));
}

#[test]
fn an_echo_stands_in_front_of_each_text() {
    let envelope = prompted(2, true, None, &["p ", "q"]);
    let replies: Vec<Reply> = ["a", "b", "c", ""].map(Reply::text).into();
    let body: Value = serde_json::from_str(&unary(&envelope, &replies)).unwrap();
    let texts: Vec<&str> = body["choices"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["p a", "p b", "qc", "q"]);
    // Asked for probabilities alone, the prompt is not shown.
    let body: Value = serde_json::from_str(&unary(&prompted(1, false, Some(0), &["p"]), &replies[..1])).unwrap();
    assert_eq!(body["choices"][0]["text"], "a");
}

#[test]
fn probabilities_are_columns() {
    let body: Value =
        serde_json::from_str(&unary(&prompted(1, true, Some(2), &["é "]), &[Reply::text("Hi there")])).unwrap();
    let logprobs = &body["choices"][0]["logprobs"];
    assert_eq!(logprobs["tokens"], json!(["é", " ", "Hi", " there"]));
    assert_eq!(logprobs["text_offset"], json!([0, 1, 2, 4]));
    let own = logprobs["token_logprobs"].as_array().unwrap();
    for (index, top) in logprobs["top_logprobs"].as_array().unwrap().iter().enumerate() {
        let top = top.as_object().unwrap();
        assert_eq!((top.len(), top.get(logprobs["tokens"][index].as_str().unwrap())), (2, Some(&own[index])));
    }
    // Without an echo the text still begins behind the prompt.
    let body: Value =
        serde_json::from_str(&unary(&prompted(1, false, Some(0), &["é "]), &[Reply::text("Hi")])).unwrap();
    let logprobs = &body["choices"][0]["logprobs"];
    assert_eq!((&logprobs["text_offset"], &logprobs["tokens"]), (&json!([2]), &json!(["Hi"])));
    assert_eq!(logprobs["top_logprobs"], json!([{"Hi": logprobs["token_logprobs"][0]}]));
    let half: Value =
        serde_json::from_str(&unary(&prompted(1, false, Some(0), &[""]), &[Reply::text("\u{1fae0}")])).unwrap();
    assert!(half["choices"][0]["logprobs"]["tokens"][0].as_str().unwrap().starts_with("bytes:\\x"));
}

#[test]
fn a_patch_is_in_every_chunk_and_its_usage_in_the_last() {
    let patch = r#"{"id": "cmpl-1", "choices": [], "usage": {"total_tokens": 9}, "new": {"a": 1}}"#;
    let patched = Envelope { patch: Some(patch.into()), ..envelope() };
    let body: Value = serde_json::from_str(&unary(&patched, &[Reply::text("a")])).unwrap();
    assert_eq!(
        (&body["id"], &body["new"], &body["usage"]["total_tokens"]),
        (&json!("cmpl-1"), &json!({"a": 1}), &json!(9))
    );
    let frames = frames(&stream(&patched, &[Reply::text("a b")], Chunking::Words));
    let (last, others) = frames.split_last().unwrap();
    assert!(others.iter().all(|(_, chunk)| chunk["id"] == "cmpl-1" && chunk["usage"].is_null()));
    assert_eq!((&last.1["choices"], &last.1["usage"]["total_tokens"]), (&json!([]), &json!(9)));
}

#[test]
fn a_verbatim_body_becomes_a_reply() {
    let body = format!(
        r#"{{"id":"cmpl-1","object":"text_completion","created":5,"model":"m","choices":[{{"text":"hi","index":0,"finish_reason":"length"}}],"usage":{USAGE}}}"#
    );
    let decoded = Completions.decode_reply(&body).unwrap();
    assert_eq!((decoded.events, decoded.finish.as_deref()), (vec![Event::Text("hi".into())], Some("length")));
    assert_eq!((decoded.model.as_deref(), decoded.usage), (Some("m"), Some(envelope().usage)));
    assert_eq!(decoded.patch.as_deref(), Some(r#"{"id":"cmpl-1","created":5}"#));
    assert_eq!(Completions.decode_reply("{}").unwrap_err(), "`choices` holds no choice");
    assert_eq!(Completions.decode_reply(r#"{"choices":[{}]}"#).unwrap_err(), "`choices[0].text` is not a text");
    let bare = Completions.decode_reply(r#"{"choices":[{"text":""}]}"#).unwrap();
    assert_eq!((bare.usage, bare.finish), (None::<Usage>, None));
}

#[test]
fn an_error_in_mid_stream_is_a_frame() {
    let mut out = Vec::new();
    Completions.stream(&envelope()).error(&ApiError::new(503, "down"), &mut out);
    let wanted = "data: {\"error\":{\"message\":\"down\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
}

/// What a client makes of the chunks: text, logprobs and reason to finish.
fn collected(frames: &[(Option<String>, Value)], choice: usize) -> Value {
    let (mut text, mut logprobs, mut finish) = (String::new(), Value::Null, Value::Null);
    for (_, chunk) in frames {
        for part in chunk["choices"].as_array().unwrap().iter().filter(|part| part["index"] == choice) {
            assert!(finish.is_null(), "nothing follows the end");
            finish = part["finish_reason"].clone();
            text.push_str(part["text"].as_str().unwrap());
            for (column, entries) in part["logprobs"].as_object().into_iter().flatten() {
                let mut whole = logprobs[column].as_array().cloned().unwrap_or_default();
                whole.extend(entries.as_array().unwrap().iter().cloned());
                logprobs[column] = whole.into();
            }
        }
    }
    json!({"text": text, "index": choice, "logprobs": logprobs, "finish_reason": finish})
}

proptest! {
    #[test]
    fn a_stream_collected_is_the_unary_body(
        choices in prop::collection::vec(replies(), 1..5), chunking in chunkings(), n in 1u32..3, echo in any::<bool>(),
        logprobs in prop::option::of(0u32..=5), prompts in prop::collection::vec("\\PC{0,9}", 1..3),
    ) {
        let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
        let envelope = prompted(n, echo, logprobs, &prompts);
        let body: Value = serde_json::from_str(&unary(&envelope, &choices)).unwrap();
        let frames = frames(&stream(&envelope, &choices, chunking));
        for (index, choice) in body["choices"].as_array().unwrap().iter().enumerate() {
            prop_assert_eq!(&collected(&frames, index), choice);
            let count: usize = match logprobs {
                None => 0,
                Some(_) => {
                    let prompt = if echo { prompts.get(index / n as usize).copied().unwrap_or_default() } else { "" };
                    let said = choice["text"].as_str().unwrap().strip_prefix(prompt).unwrap();
                    (tokens::exact(prompt) + tokens::exact(said)) as usize
                }
            };
            prop_assert_eq!(choice["logprobs"]["tokens"].as_array().map_or(0, Vec::len), count);
        }
        for key in ["id", "object", "created", "model", "system_fingerprint"] {
            prop_assert!(frames.iter().all(|(_, chunk)| chunk[key] == body[key]), "{}", key);
        }
    }

    #[test]
    fn no_body_makes_it_panic(prompt in "[\\[\\]{}\",0-9a.e:-]{0,24}", best in "[0-9a.e\"-]{0,5}") {
        let _ = Completions.decode(&prompt, &NoHistory);
        let _ = Completions.decode(&format!(r#"{{"model":"m","prompt":{prompt}}}"#), &NoHistory);
        let _ = Completions.decode(&format!(r#"{{"model":"m","best_of":{best}}}"#), &NoHistory);
        let _ = Completions.decode_reply(&prompt);
        let _ = Completions.unary(&formed(Form { echo: prompt, logprobs: Some(1), ..Form::default() }), &[Reply::text("a")]);
    }
}
