//! What goes wrong on purpose: by header, by rule, by budget, for both providers and in both modes.

use serde_json::json;

use crate::api::{Anthropic, Api, MODES, OpenAi};
use crate::http::Request;
use crate::support::{Running, Site};

fn with(api: Api, stream: bool, headers: &[(&str, &str)]) -> Request {
    headers
        .iter()
        .fold(api.ask("one two three four five six", stream), |request, (name, value)| request.header(name, value))
}

#[test]
fn a_client_orders_an_error() {
    let server = Site::new().serve();
    for (api, stream) in MODES {
        let response = server.send(&with(api, stream, &[("X-Standin-Status", "503"), ("X-Standin-Retry-After", "7")]));
        assert_eq!(api.error(&response, 503), "standin was asked to fail with status 503.");
        assert_eq!(response.header("retry-after"), Some("7"));
    }
    // No turn is taken: what comes next is the first answer of the session.
    let first = Site::new().serve().ask(OpenAi, "hello", false);
    assert_eq!(server.ask(OpenAi, "hello", false).json(), first.json());
}

#[test]
fn every_endpoint_takes_orders() {
    let server = Site::new().serve();
    for (path, body) in [
        ("/v1/completions", json!({ "model": "m", "prompt": "a b" })),
        ("/v1/responses", json!({ "model": "m", "input": "a b" })),
        ("/v1/embeddings", json!({ "model": "m", "input": "a b" })),
        ("/v1/moderations", json!({ "input": "a b" })),
        ("/v1/messages/count_tokens", json!({ "model": "m", "messages": [{ "role": "user", "content": "a b" }] })),
    ] {
        let request = || Request::post(path, body.to_string()).header("anthropic-version", "2023-06-01");
        assert_eq!(server.send(&request()).status, 200, "{path}");
        assert_eq!(server.send(&request().header("X-Standin-Status", "503")).status, 503, "{path}");
        assert_eq!(server.send(&request().header("X-Standin-Status", "5")).status, 400, "{path}");
        let truncated = server.send(&request().header("X-Standin-Fault", "truncate"));
        assert!(truncated.status == 200 && !truncated.whole, "{path}");
    }
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    let server = Site::new().serve();
    for (name, value, part) in [
        ("X-Standin-Status", "99", "expected a status from 400 to 599"),
        ("X-Standin-Retry-After", "5", "`x-standin-status` beside it"),
        ("X-Standin-Delay", "soon", "is not a duration"),
        ("X-Standin-Fault", "explode", "expected `disconnect`"),
    ] {
        for api in [OpenAi, Anthropic] {
            let message = api.error(&server.send(&with(api, false, &[(name, value)])), 400);
            assert!(message.contains(part) && message.contains(&name.to_lowercase()), "{message}");
        }
    }
}

#[test]
fn a_client_orders_a_fault_in_a_stream() {
    let server = Site::new().serve();
    for api in [OpenAi, Anthropic] {
        let whole = server.send(&with(api, true, &[])).text();
        for (fault, broken_off) in [("disconnect@2", true), ("truncate@2", false)] {
            let response = server.send(&with(api, true, &[("X-Standin-Fault", fault)]));
            assert_eq!((response.status, response.whole), (200, !broken_off), "{fault}: {}", response.text());
            let text = response.text();
            assert!(text.contains("one") && text.contains(" two") && !text.contains("three"), "{fault}: {text}");
        }
        let garbage = server.send(&with(api, true, &[("X-Standin-Fault", "garbage@1")])).text();
        assert_eq!(garbage.replacen("data: {garbage\n\n", "", 1).len(), whole.len());
        assert!(garbage.find("one") < garbage.find("{garbage") && garbage.find("{garbage") < garbage.find(" two"));
        // A fault behind the end happens at the end.
        let late = server.send(&with(api, true, &[("X-Standin-Fault", "truncate@99")])).text();
        assert!(late.contains(" six") && late.len() < whole.len(), "{late}");
        let mut stalled = server.connect();
        stalled.write(&with(api, true, &[("X-Standin-Fault", "stall@1")]).bytes());
        assert!(stalled.read_until("one").starts_with("HTTP/1.1 200"));
        assert!(stalled.is_silent_for(std::time::Duration::from_millis(100)));
    }
}

#[test]
fn a_client_orders_a_fault_in_a_body() {
    let server = Site::new().serve();
    for api in [OpenAi, Anthropic] {
        for fault in ["disconnect", "truncate"] {
            let response = server.send(&with(api, false, &[("X-Standin-Fault", fault)]));
            assert!(!response.whole, "{fault}: {}", response.text());
            assert_eq!(response.body.is_empty(), fault == "disconnect");
        }
        let garbage = server.send(&with(api, false, &[("X-Standin-Fault", "garbage")]));
        assert!(garbage.text().starts_with("data: {garbage"), "{}", garbage.text());
    }
}

#[test]
fn a_rule_fails_its_share_of_the_requests() {
    let config = json!({ "strategies": ["mirror"], "faults": [
        { "rate": 0.3, "route": "/messages", "status": 529, "retry-after": 1 },
        { "model": "broken-*", "status": 500 },
    ] });
    let serve = || Site::new().config(&config).serve();
    let statuses = |server: &Running| -> Vec<u16> {
        (0..60).map(|_| server.send(&Anthropic.ask("hi", false).session("s")).status).collect()
    };
    let (one, other) = (statuses(&serve()), statuses(&serve()));
    assert_eq!(one, other, "the dice are seeded");
    let failed = one.iter().filter(|status| **status == 529).count();
    assert!((6..36).contains(&failed) && one.iter().all(|status| [200, 529].contains(status)), "{one:?}");
    let server = serve();
    assert_eq!(server.says("hi"), "hi");
    let mut body = OpenAi.body(json!([{ "role": "user", "content": "hi" }]), false);
    body["model"] = "broken-1".into();
    OpenAi.error(&server.send(&OpenAi.request(&body)), 500);
}

#[test]
fn headers_tell_of_budgets_that_nobody_set() {
    let server = Site::new().serve();
    for (api, stream) in MODES {
        let names: &[&str] = match api {
            OpenAi => &["x-ratelimit-limit-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests"],
            Anthropic => &["anthropic-ratelimit-requests-limit", "anthropic-ratelimit-output-tokens-remaining"],
        };
        for response in [server.ask(api, "hello", stream), server.ask(api, "raise error 500\nx", stream)] {
            assert!(names.iter().all(|name| response.header(name).is_some()), "{}", response.fixed());
        }
    }
}

#[test]
fn a_budget_of_requests_ends_in_a_429() {
    for (api, stream) in MODES {
        let server = Site::new().config("rate-limits: { requests: 2 }").serve();
        let remaining = match api {
            OpenAi => "x-ratelimit-remaining-requests",
            Anthropic => "anthropic-ratelimit-requests-remaining",
        };
        for left in ["1", "0"] {
            let response = server.ask(api, "hello", stream);
            assert_eq!((response.status, response.header(remaining)), (200, Some(left)));
        }
        let refused = server.ask(api, "hello", stream);
        let message = api.error(&refused, 429);
        assert!(message.to_lowercase().contains("rate limit"), "{message}");
        let seconds: u32 = refused.header("retry-after").expect("a time").parse().unwrap();
        assert!((1..=60).contains(&seconds));
        assert_eq!(refused.header(remaining), Some("0"));
        // Another key has a budget of its own.
        let mut other = api.ask("hello", stream);
        other.headers.retain(|(name, _)| name != "authorization");
        assert_eq!(server.send(&other.header("x-api-key", "another")).status, 200);
    }
}

#[test]
fn a_budget_of_tokens_is_spent_by_what_is_said() {
    let server = Site::new().config("rate-limits: { tokens: 30 }").serve();
    let mut left = 30;
    for stream in [true, false] {
        let response = server.ask(OpenAi, "one two three", stream);
        assert_eq!(response.status, 200);
        let now: i64 = response.header("x-ratelimit-remaining-tokens").expect("a number").parse().unwrap();
        assert!(now < left, "{now} of {left}");
        left = now;
    }
    while server.ask(OpenAi, "one two three", false).status == 200 {}
    let message = OpenAi.error(&server.ask(OpenAi, "one two three", false), 429);
    assert!(message.contains("tokens per min (TPM): Limit 30"), "{message}");
}
