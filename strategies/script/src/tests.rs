//! A script is followed from its first reply to its last, in its settings and in the state of a session.

use std::time::Duration;

use standin_sdk::testing::{Host, Request, json};
use standin_sdk::{ApiError, Chunking, Event, Fault, Outcome, Pacing, Reply, ToolCall, Usage};

use super::*;

fn host(settings: serde_json::Value) -> Host<Script> {
    Host::new().settings(settings)
}

fn say(host: &mut Host<Script>) -> Option<String> {
    host.respond(&Request::user("whatever")).unwrap().text()
}

/// What one reply makes.
fn outcome(reply: serde_json::Value) -> Outcome {
    host(json!({ "replies": [reply] })).respond(&Request::user("hi")).unwrap()
}

fn reply(reply: serde_json::Value) -> Reply {
    outcome(reply).as_reply().unwrap().clone()
}

fn texts(host: &mut Host<Script>, count: usize) -> Vec<String> {
    (0..count).map(|_| say(host).unwrap_or_else(|| "(passed)".to_owned())).collect()
}

#[test]
fn replies_come_in_order_and_the_last_repeats() {
    for key in ["replies", "responses"] {
        let mut host = host(json!({ key: ["one", { "content": "two" }] }));
        assert_eq!(texts(&mut host, 4), ["one", "two", "two", "two"]);
    }
}

#[test]
fn it_may_pass_when_all_are_given() {
    let mut host = host(json!({ "replies": ["one"], "then": "pass" }));
    assert_eq!(texts(&mut host, 3), ["one", "(passed)", "(passed)"]);
    assert_eq!(host.state("default", NEXT_OF_SETTINGS), Some("1"));
}

#[test]
fn an_empty_list_is_one_reply_of_defaults() {
    let mut empty = host(json!({ "replies": [] }));
    assert_eq!(texts(&mut empty, 2), ["Mock response", "Mock response"]);
    assert_eq!(texts(&mut host(json!({ "replies": [], "then": "pass" })), 1), ["(passed)"]);
}

#[test]
fn each_session_begins_at_the_first() {
    let mut host = host(json!({ "replies": ["one", "two"] }));
    let mut ask = |session: &str| host.respond(&Request::new().session(session)).unwrap().text().unwrap();
    assert_eq!([ask("a"), ask("a"), ask("b"), ask("a"), ask("b")], ["one", "two", "one", "two", "two"]);
}

#[test]
fn a_request_for_several_choices_takes_one_reply() {
    let mut host = host(json!({ "replies": ["one", "two"] }));
    let choice = |index| Request::user("hi").choice_index(index);
    assert_eq!(host.respond(&choice(0)).unwrap().text().as_deref(), Some("one"));
    assert_eq!(host.respond(&choice(1)).unwrap(), Outcome::Pass);
    assert_eq!(host.respond(&choice(2)).unwrap(), Outcome::Pass);
    assert_eq!(say(&mut host).as_deref(), Some("two"));
}

fn queue(script: &str) -> Host<Script> {
    Host::new().keep("default", SCRIPT, script)
}

#[test]
fn a_session_may_have_a_script_of_its_own() {
    let mut host = queue(r#"{ "replies": ["one", { "content": "two", "model": "m" }] }"#);
    assert_eq!(host.configure().unwrap(), Activation::any([Condition::has_state("script")]));
    assert_eq!(texts(&mut host, 3), ["one", "two", "two"]);
    assert_eq!(host.respond(&Request::user("hi").session("other")).unwrap(), Outcome::Pass);
}

#[test]
fn what_is_queued_comes_before_the_settings() {
    let mut host =
        queue(r#"{ "replies": ["mine"], "then": "pass" }"#).settings(json!({ "replies": ["theirs", "last"] }));
    assert_eq!(host.configure().unwrap(), Activation::Always);
    assert_eq!(texts(&mut host, 4), ["mine", "theirs", "last", "last"]);
    let mut host = queue(r#"{ "replies": ["mine"] }"#).settings(json!({ "replies": ["theirs"] }));
    assert_eq!(texts(&mut host, 2), ["mine", "mine"]);
}

#[test]
fn what_is_queued_later_is_given_from_its_beginning() {
    let mut host = queue(r#"{ "replies": ["one"] }"#);
    assert_eq!(texts(&mut host, 3), ["one", "one", "one"]);
    assert_eq!(host.state("default", NEXT), Some("1"));
    let mut host = host.keep("default", SCRIPT, r#"{ "replies": ["one", "two", "three"] }"#);
    assert_eq!(texts(&mut host, 3), ["two", "three", "three"]);
}

#[test]
fn a_counter_may_be_anywhere() {
    let mut host = queue(r#"{ "replies": ["one", "two"] }"#).keep("default", NEXT, "-2");
    assert_eq!(texts(&mut host, 3), ["one", "two", "two"]);
    let mut host = queue(r#"{ "replies": ["one"], "then": "pass" }"#).keep("default", NEXT, "2");
    assert_eq!(texts(&mut host, 1), ["(passed)"]);
    assert_eq!(host.state("default", NEXT), Some("2"));
    let mut host = queue(r#"{ "replies": ["one"] }"#).keep("default", NEXT, "many");
    let error = host.respond(&Request::new()).unwrap_err();
    assert!(error.contains("NotANumber") || error.contains("not-a-number"), "{error}");
}

#[test]
fn a_script_in_the_state_is_checked_as_far_as_it_is_given() {
    let mut host = queue(r#"{ "replies": ["one", { "tokens": "many" }, "three"] }"#);
    assert_eq!(say(&mut host).as_deref(), Some("one"));
    let error = host.respond(&Request::new()).unwrap_err();
    assert_eq!(error, "script.replies[1].tokens: invalid type: string \"many\", expected u32");
    assert_eq!(say(&mut host).as_deref(), Some("three"));
    let error = queue(r#"{ "replies": {} }"#).respond(&Request::new()).unwrap_err();
    assert_eq!(error, "script.replies: invalid type: map, expected a sequence");
}

#[test]
fn defaults_are_those_of_the_mock_client() {
    assert_eq!(reply(json!({})), Reply::text("Mock response").usage(Usage::new(3, 7)));
    assert_eq!(reply(json!({ "content": "" })), Reply::text("").usage(Usage::new(3, 7)));
    let usage = |fields| reply(fields).usage.map(|usage| (usage.input_tokens, usage.output_tokens));
    assert_eq!(usage(json!({ "tokens": 20 })), Some((6, 14)));
    assert_eq!(usage(json!({ "tokens": 20, "prompt_tokens": 5 })), Some((5, 15)));
    assert_eq!(usage(json!({ "tokens": 20, "completion_tokens": 5 })), Some((6, 5)));
    assert_eq!(usage(json!({ "prompt_tokens": 100 })), Some((100, 0)));
    assert_eq!(usage(json!({ "promptTokens": 1, "completionTokens": 2 })), Some((1, 2)));
    assert_eq!(usage(json!({ "tokens": 0 })), Some((0, 0)));
}

#[test]
fn everything_may_be_said() {
    let full = json!({
        "content": "Hi", "model": "mock-model", "tokens": 30, "finish_reason": "length", "delay": "250ms",
        "tool_calls": [{ "id": "call_1", "name": "f", "arguments": { "b": 1, "a": [] } }, { "name": "g" },
            { "name": "h", "arguments": "{broken" }],
    });
    let call = |id: Option<&str>, name, arguments| {
        Event::ToolCall(ToolCall { id: id.map(str::to_owned), ..ToolCall::function(name, arguments) })
    };
    let expected = Reply::new()
        .pause(Duration::from_millis(250))
        .say("Hi")
        .event(call(Some("call_1"), "f", r#"{"b":1,"a":[]}"#))
        .event(call(None, "g", "{}"))
        .event(call(None, "h", "{broken"))
        .model("mock-model")
        .finish("length")
        .usage(Usage::new(10, 20));
    assert_eq!(reply(full), expected);
}

#[test]
fn a_call_says_nothing_beside_it() {
    let calls = reply(json!({ "toolCalls": [{ "name": "f" }] }));
    assert_eq!(calls.said(), "");
    assert_eq!((calls.events.len(), calls.finish), (1, None));
    assert_eq!(reply(json!({ "tool_calls": [] })).said(), "Mock response");
}

#[test]
fn openais_words_are_understood() {
    for (word, ours) in [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool-calls"),
        ("function_call", "tool-calls"),
        ("content_filter", "content-filter"),
        ("end_turn", "end_turn"),
    ] {
        assert_eq!(reply(json!({ "finishReason": word })).finish.as_deref(), Some(ours));
    }
}

#[test]
fn an_error_is_the_whole_answer() {
    let minimal = json!({ "error": { "status": 503, "message": "down" } });
    assert_eq!(outcome(minimal), ApiError::new(503, "down").into());
    let full = json!({ "error": { "status": 429, "message": "slow", "type": "rate_limit_error", "code": "c", "param": "p",
        "retry_after": 7 } });
    let expected = ApiError::new(429, "slow").kind("rate_limit_error").code("c").param("p").retry_after(7);
    assert_eq!(outcome(full), expected.into());
    let late = json!({ "error": { "status": 504, "message": "late", "retryAfter": 1 }, "delay": "2s" });
    let fault = Fault::Error(ApiError::new(504, "late").retry_after(1));
    assert_eq!(outcome(late), Reply::new().pause(Duration::from_secs(2)).fault(fault).into());
}

#[test]
fn a_fault_comes_after_so_many_chunks() {
    let broken = |fault: &str| reply(json!({ "content": "one two three", "fault": fault }));
    let usage = Usage::new(3, 7);
    assert_eq!(broken("disconnect"), Reply::new().fault(Fault::Disconnect).say("one two three").usage(usage));
    let words = Pacing::new().chunking(Chunking::Words);
    let expected = Reply::text("one two").fault(Fault::Stall).say(" three").usage(usage).pacing(words);
    assert_eq!(broken("stall@2"), expected);
    assert!(broken("truncate@9").events.ends_with(&[Event::Fault(Fault::Truncate)]));
    assert!(matches!(&broken("garbage").events[0], Event::Fault(Fault::Garbage(bytes)) if bytes.ends_with("\n\n")));
}

#[test]
fn mistakes_name_their_place() {
    let a_fault =
        "expected `disconnect`, `stall`, `truncate` or `garbage`, where wanted with a number of chunks: `stall@3`";
    for (settings, expected) in [
        (json!({ "replies": [0] }), "settings.replies[0]: invalid type: integer `0`, expected a text, or an object"),
        (json!({ "replies": ["a", {}, { "tokens": -1 }] }), "settings.replies[2].tokens: invalid value: integer `-1`"),
        (json!({ "responses": [{ "contents": "a" }] }), "settings.responses[0].contents: unknown field `contents`"),
        (json!({ "replies": [{ "tool_calls": [{}] }] }), "settings.replies[0].tool_calls[0]: missing field `name`"),
        (
            json!({ "replies": [{ "error": { "status": 200, "message": "a" } }] }),
            "settings.replies[0].error.status: invalid value: integer `200`, expected a status from 400 to 599",
        ),
        (json!({ "replies": [{ "error": { "status": 500 } }] }), "settings.replies[0].error: missing field `message`"),
        (
            json!({ "replies": [{ "error": { "status": 500, "message": "a" }, "fault": "stall" }] }),
            "settings.replies[0]: `error` is the whole answer; found `fault` beside it, which has to go",
        ),
        (
            json!({ "replies": [{ "fault": "explode" }] }),
            &format!("settings.replies[0].fault: invalid value: string \"explode\", {a_fault}"),
        ),
        (
            json!({ "replies": [{ "fault": "stall@x" }] }),
            "settings.replies[0].fault: invalid value: string \"stall@x\"",
        ),
        (
            json!({ "replies": [{ "delay": 5 }] }),
            "settings.replies[0].delay: invalid value: integer `5`, expected a time with its unit, such as `20ms`",
        ),
        (json!({ "replies": [], "responses": [] }), "settings: duplicate field `replies`"),
        (
            json!({ "replies": [], "then": "stop" }),
            "settings.then: unknown variant `stop`, expected `repeat` or `pass`",
        ),
        (json!({ "then": "pass" }), "settings.then: nothing found that it could follow; give `replies` as well"),
        (json!({ "reply": [] }), "settings.reply: unknown field `reply`, expected one of `replies`"),
    ] {
        let error = host(settings).configure().unwrap_err();
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}
