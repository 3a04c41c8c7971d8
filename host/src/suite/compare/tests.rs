use super::*;
use crate::chat::{Chunking, Event, Reply, ToolCall, Usage};

fn said(events: Vec<Event>) -> Outcome {
    let reply = Reply { events, ..Reply::default() };
    let headers = vec![("x-a".to_owned(), "1".to_owned())];
    let said = Said::new(vec![reply], Chunking::Words, Usage::default(), "m".into(), headers);
    Outcome { by: Some("s".into()), came: Came::Reply(Box::new(said)) }
}

fn text(text: &str) -> Outcome {
    said(vec![Event::Text(text.into())])
}

fn call(arguments: &str) -> Outcome {
    let call =
        ToolCall { id: Some("call_1".into()), kind: "function".into(), name: "f".into(), arguments: arguments.into() };
    said(vec![Event::ToolCall(call)])
}

#[track_caller]
fn mend(expect: Value, outcome: &Outcome) -> Option<Mend> {
    let expect: Expect = serde_json::from_value(expect).unwrap();
    compare(&expect, outcome).mend
}

#[track_caller]
fn holds(expect: Value, outcome: &Outcome) {
    assert_eq!(mend(expect, outcome), None);
}

#[track_caller]
fn keys(expect: Value, outcome: &Outcome, key: &str, came: Value) {
    assert_eq!(mend(expect, outcome), Some(Mend::Keys(vec![(key.to_owned(), came)])));
}

#[test]
fn a_subset_is_in_the_whole() {
    for (wanted, is, within) in [
        (json!({}), json!({ "a": 1 }), true),
        (json!({ "a": 1 }), json!({ "a": 1.0, "b": 2 }), true),
        (json!({ "a": { "b": [1, { "c": 2 }] } }), json!({ "a": { "b": [1, { "c": 2, "d": 3 }], "e": 4 } }), true),
        (json!({ "a": null }), json!({}), false),
        (json!([1]), json!([1, 2]), false),
        (json!([1, 2]), json!([2, 1]), false),
        (json!("1"), json!(1), false),
        (json!({ "a": 1 }), json!([1]), false),
    ] {
        assert_eq!(is_subset(&wanted, &is), within, "{wanted} in {is}");
    }
}

#[test]
fn texts_match_as_they_are_to() {
    let outcome = text("one two");
    for matcher in [
        json!("one two"),
        json!({ "contains": "e t" }),
        json!({ "matches": "^one \\w+$", "contains": "two" }),
        json!({ "equals": "one two" }),
    ] {
        holds(json!({ "text": matcher }), &outcome);
    }
    for matcher in [json!("one"), json!({ "contains": "three" }), json!({ "contains": "one", "matches": "^two" })] {
        keys(json!({ "text": matcher, "finish": "stop" }), &outcome, "text", json!("one two"));
    }
}

#[test]
fn json_is_compared_as_json() {
    let outcome = text(r#"{ "a": [1, 2], "b": { "c": true }, "d": "x" }"#);
    holds(json!({ "text": { "json": { "b": { "c": true }, "a": [1, 2] } } }), &outcome);
    let came = json!({ "json": { "a": [1, 2], "b": {} } });
    keys(json!({ "text": { "json": { "a": [1], "b": { "e": 1 } } } }), &outcome, "text", came);
    keys(json!({ "text": { "json": {} } }), &text("no json"), "text", json!("no json"));
}

#[test]
fn calls_are_compared_one_by_one() {
    let outcome = call(r#"{"a": 1, "b": "x"}"#);
    holds(json!({ "tool-calls": [{ "name": "f" }] }), &outcome);
    holds(json!({ "tool-calls": [{ "name": "f", "arguments": { "a": 1 }, "id": "call_1" }] }), &outcome);
    holds(json!({ "tool-calls": [{ "name": "f", "arguments": "{\"a\": 1, \"b\": \"x\"}" }] }), &outcome);
    let came = json!([{ "name": "f", "arguments": { "a": 1 } }]);
    keys(json!({ "tool-calls": [{ "name": "f", "arguments": { "a": 2 } }] }), &outcome, "tool-calls", came);
    let came = json!([{ "name": "f", "arguments": { "a": 1, "b": "x" } }]);
    keys(json!({ "tool-calls": [] }), &outcome, "tool-calls", came);
    let came = json!([{ "name": "f", "arguments": "{" }]);
    keys(json!({ "tool-calls": [{ "name": "f", "arguments": {} }] }), &call("{"), "tool-calls", came);
    keys(json!({ "tool-calls": [{ "name": "f" }] }), &text("a"), "tool-calls", json!([]));
}

#[test]
fn errors_are_compared_member_by_member() {
    let error = ApiError { code: Some("c".into()), retry_after_s: Some(7), ..ApiError::new(429, "slow down") };
    let outcome = Outcome { by: None, came: Came::Error(error) };
    holds(json!({ "error": { "status": 429, "message": { "contains": "slow" }, "retry-after": 7 } }), &outcome);
    let came = json!({ "message": { "contains": "slow" }, "code": "c" });
    let wanted = json!({ "error": { "message": { "contains": "slow" }, "code": "d", "param": "p" } });
    keys(wanted, &outcome, "error", came);
}

#[test]
fn another_kind_of_outcome_is_told_as_what_it_is() {
    let fails = Outcome { by: Some("s".into()), came: Came::Fails("trapped: x".into()) };
    let whole = |value: Value| Some(Mend::Whole(value));
    assert_eq!(mend(json!({ "text": "a" }), &fails), whole(json!({ "fails": "trapped: x" })));
    assert_eq!(mend(json!("pass"), &text("a")), whole(json!({ "text": "a" })));
    let pass = Outcome { by: None, came: Came::Pass };
    assert_eq!(mend(json!({ "fails": "x" }), &pass), whole(json!("pass")));
    holds(json!("pass"), &pass);
    holds(json!({ "fails": "trapped", "by": "s" }), &fails);
}

#[test]
fn the_rest_of_a_reply_is_compared_too() {
    let fault = Event::Fault(crate::chat::Fault::Stall);
    let outcome = said(vec![Event::Text("one two".into()), fault]);
    let wanted = json!({
        "chunks": ["one", " two"], "fault": "stall@2", "finish": "stop", "model": "m", "by": "s", "refusal": "",
        "headers": { "X-A": "1" }, "usage": { "input-tokens": 0 }
    });
    holds(wanted, &outcome);
    keys(json!({ "chunks": ["one two"] }), &outcome, "chunks", json!(["one", " two"]));
    keys(json!({ "headers": { "x-a": "2" } }), &outcome, "headers", json!({ "x-a": "1" }));
    keys(json!({ "fault": "none" }), &outcome, "fault", json!("stall@2"));
    let vectors = Outcome { by: None, came: Came::Vectors(vec![vec![0.0; 3]; 2]) };
    holds(json!({ "vectors": { "count": 2, "dimensions": 3 } }), &vectors);
    keys(json!({ "vectors": { "count": 1 } }), &vectors, "vectors", json!({ "count": 2 }));
}
