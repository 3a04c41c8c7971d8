//! Who may ask: the key, and pages of other origins; and what was asked.

use serde_json::{Value, json};

use super::{BEARER, CHAT, chat, responses, says, serve};
use crate::api::{Anthropic, OpenAi};
use crate::home::{body, keys, post, text_of, user, with};
use crate::http::Request;
use crate::support::{Running, Site};

const PAGE: (&str, &str) = ("origin", "http://localhost:8000");

/// What was asked: method, path, body.
#[track_caller]
fn history(server: &Running) -> Vec<(String, String, Value)> {
    let answer = server.get("/history");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let answer = answer.json();
    assert_eq!(keys(&answer), ["requests"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = answer["requests"].as_array().unwrap().iter().map(|entry| {
        let mut keys = keys(entry);
        keys.sort_unstable();
        assert_eq!(keys, ["body", "method", "path", "timestamp"]);
        let at = text(&entry["timestamp"]);
        assert!(at.starts_with("20") && at.contains('T') && at.ends_with('Z'), "{at}");
        (text(&entry["method"]), text(&entry["path"]), entry["body"].clone())
    });
    entries.collect()
}

#[test]
fn the_key_is_asked_for_in_its_words() {
    let server = serve();
    let missing = r#"{"error":{"message":"Missing API key","type":"auth_error","param":null,"code":null}}"#;
    let invalid = r#"{"error":{"message":"Invalid API key","type":"auth_error","param":null,"code":null}}"#;
    for path in ["/models", "/v1/models", "/models/gpt-4o", "/docs", "/nope"] {
        // `param` and `code` are what OpenAI's errors have besides.
        let answer = server.get(path);
        assert_eq!((answer.status, answer.text().as_str()), (401, missing), "{path}");
    }
    for path in [CHAT, "/v1/chat/completions", "/responses", "/v1/responses"] {
        for (headers, told) in [
            (vec![], missing),
            (vec![("authorization", "Basic your-secret-api-key")], missing),
            (vec![("authorization", "your-secret-api-key")], missing),
            (vec![("authorization", "Bearer other")], invalid),
            (vec![("authorization", "Bearer your-secret-api-key2")], invalid),
        ] {
            // Before the body.
            let answer = server.send(&with(Request::post(path, "{"), &headers));
            assert_eq!((answer.status, answer.text().as_str()), (401, told), "{path} {headers:?}");
        }
    }
    // Anthropic's SDK sends a key in this header; theirs has no route for it.
    let asked = body(user("Hello"), json!({ "max_tokens": 9 }));
    let headers = [("x-api-key", "your-secret-api-key"), ("anthropic-version", "2023-06-01")];
    assert_eq!(Anthropic.said(&post(&server, "/v1/messages", &headers, &asked)), "Hello");
}

#[test]
fn without_a_key_in_the_file_none_is_asked_for() {
    for key in ["", "''", "null"] {
        let text = text_of("llmock/config.yaml").replace("api-key: your-secret-api-key", &format!("api-key: {key}"));
        let server = Site::of("config.yaml", text).serve();
        assert_eq!(OpenAi.said(&post(&server, CHAT, &[], &body(user("Hello"), json!({})))), "Hello", "{key}");
        assert_eq!(server.get("/models").status, 200);
    }
}

#[test]
fn history_has_every_request_refused_ones_included() {
    let server = serve();
    let asked = body(user("Hello"), json!({}));
    chat(&server, user("Hello"), json!({}));
    post(&server, "/v1/chat/completions", &[BEARER], &asked);
    responses(&server, json!("Hello"), json!({}));
    server.send(&with(Request::get("/models"), &[BEARER]));
    server.send(&with(Request::get("/nope"), &[BEARER]));
    server.get("/models");
    server.send(&with(Request::post(CHAT, "not json"), &[BEARER]));
    // None of these is in it.
    server.get("/health");
    server.get("/history");
    server.send(&with(Request::new("OPTIONS", CHAT), &[PAGE, ("access-control-request-method", "POST")]));
    let entry = |method: &str, path: &str, body: Value| (method.to_owned(), path.to_owned(), body);
    let wanted = [
        entry("POST", CHAT, asked.clone()),
        entry("POST", "/v1/chat/completions", asked),
        entry("POST", "/responses", json!({ "model": "gpt-4o", "input": "Hello" })),
        entry("GET", "/models", json!(null)),
        entry("GET", "/nope", json!(null)),
        entry("GET", "/models", json!(null)),
        entry("POST", CHAT, json!("not json")),
    ];
    assert_eq!(history(&server), wanted);
}

#[test]
fn history_has_the_body_of_a_request_without_a_key() {
    let server = serve();
    let asked = body(user("Hello"), json!({}));
    assert_eq!(post(&server, CHAT, &[], &asked).status, 401);
    assert_eq!(history(&server), [("POST".to_owned(), CHAT.to_owned(), asked)]);
}

#[test]
fn history_is_forgotten_on_demand() {
    let server = serve();
    says(&server, user("Hello"));
    assert_eq!(history(&server).len(), 1);
    // Without a key, as theirs; and the answer has no body, and no length that says so.
    let answer = server.send(&Request::new("DELETE", "/history").header("connection", "close"));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(history(&server), []);
    says(&server, user("Hello"));
    assert_eq!(history(&server).len(), 1);
}

#[test]
fn a_page_may_ask_and_read_errors_as_well() {
    let server = serve();
    let preflight = |origin: &str| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        server.send(&with(Request::new("OPTIONS", "/v1/chat/completions"), &asked))
    };
    for origin in ["http://localhost:8000", "http://localhost:5173"] {
        let answer = preflight(origin);
        // Without a key: a browser sends none with it.
        assert_eq!(answer.status, 200, "{}", answer.fixed());
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", "authorization,content-type"),
            ("access-control-max-age", "600"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.fixed());
        }
    }
    assert_eq!(preflight("http://localhost:9000").header("access-control-allow-origin"), None);
    // Theirs has none on a 401, so that a page cannot tell why.
    let asked = body(user("Hello"), json!({}));
    let raised = body(user(r#"raise error {"code": 500, "message": "m"}"#), json!({}));
    for (headers, asked, status) in [
        (vec![PAGE, BEARER], &asked, 200),
        (vec![PAGE], &asked, 401),
        (vec![PAGE, BEARER], &raised, 500),
        (vec![PAGE, BEARER], &json!({}), 400),
    ] {
        let answer = post(&server, CHAT, &headers, asked);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE.1), "{}", answer.fixed());
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    }
    let answer = server.send(&with(Request::get("/nope"), &[PAGE, BEARER]));
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (404, Some(PAGE.1)));
    let other = post(&server, CHAT, &[("origin", "http://localhost:9000"), BEARER], &asked);
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
}
