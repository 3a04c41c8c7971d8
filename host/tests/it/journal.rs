//! What was asked and answered can be looked up, by whoever may look into the server, without anybody's keys.

use serde_json::{Value, json};

use crate::api::{Anthropic, Api, OpenAi};
use crate::http::Request;
use crate::support::{Running, Site, eventually};

/// The requests that a query finds. A stream is told of a moment after its last byte: `count` are waited for.
#[track_caller]
fn requests(server: &Running, query: &str, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    eventually(&format!("there are {count} requests for `{query}`"), || {
        let page = server.get(&format!("/_standin/requests?{query}"));
        assert_eq!(page.status, 200, "{}", page.text());
        found = page.json()["requests"].as_array().expect("a list").clone();
        found.len() == count
    });
    found
}

fn ask(server: &Running, api: Api, session: &str, prompt: &str, stream: bool) {
    server.send(&api.ask(prompt, stream).session(session));
}

#[test]
fn an_entry_tells_everything_but_credentials() {
    let server = Site::new().serve();
    let request =
        OpenAi.ask("hello", false).session("s").header("x-api-key", "sk-other").header("cookie", "id=sk-cookie");
    let request = Request { path: "/v1/chat/completions?api_key=sk-query&v=1".into(), ..request };
    let answer = server.send(&request);
    let [entry] = &requests(&server, "session=s", 1)[..] else { panic!("one entry") };
    assert_eq!(entry["id"].as_str(), answer.header("x-request-id"));
    assert_eq!(entry["answer"], answer.json());
    assert_eq!(entry["body"], serde_json::from_slice::<Value>(&request.body).unwrap());
    assert_eq!(entry["query"], "api_key=***&v=1");
    for (name, value) in [("authorization", "Bearer ***"), ("x-api-key", "***"), ("cookie", "***"), ("host", "test")] {
        assert_eq!(entry["headers"][name], value, "{name}");
    }
    for (field, value) in [
        ("session", json!("s")),
        ("turn", json!(0)),
        ("method", json!("POST")),
        ("path", json!("/v1/chat/completions")),
        ("model", json!("test-model")),
        ("provider", json!("openai")),
        ("operation", json!("chat")),
        ("strategy", json!("mirror")),
        ("status", json!(200)),
        ("streamed", json!(false)),
        ("whole", json!(true)),
        ("failure", json!(null)),
        ("body_cut", json!(false)),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    assert!(entry["timing"]["duration_us"].as_u64() >= entry["timing"]["first_byte_us"].as_u64());
    assert_eq!(entry["usage"]["output_tokens"], answer.json()["usage"]["completion_tokens"]);
    assert!(!entry.to_string().contains("sk-"), "{entry}");
    let one = server.get(&format!("/_standin/requests/{}", entry["id"].as_str().unwrap()));
    assert_eq!(one.json(), *entry);
    assert_eq!(server.get("/_standin/requests/req_none").status, 404);
}

#[test]
fn of_a_stream_the_body_is_kept_that_says_the_same() {
    let server = Site::new().serve();
    for api in [OpenAi, Anthropic] {
        let [one, other] = [true, false].map(|stream| {
            let session = format!("{api:?}-{stream}");
            ask(&server, api, &session, "hello there", stream);
            requests(&server, &format!("session={session}"), 1).remove(0)
        });
        let text = |entry: &Value| {
            entry["answer"]
                .pointer("/choices/0/message/content")
                .or(entry["answer"].pointer("/content/0/text"))
                .cloned()
        };
        assert_eq!(text(&one), Some(json!("hello there")));
        assert_eq!(text(&one), text(&other));
        assert_eq!([&one["streamed"], &one["whole"], &other["streamed"]], [true, true, false]);
        assert!(one["chunks"].as_u64() >= Some(2) && other["chunks"] == 0, "{one}");
    }
}

#[test]
fn an_entry_has_its_tokens_whether_the_client_sees_them_or_not() {
    let server = Site::new().serve();
    ask(&server, OpenAi, "s", "one two", false);
    ask(&server, OpenAi, "s", "one two", true);
    server.send(&Request::post("/v1/embeddings", r#"{"model": "m", "input": "one two"}"#).session("s"));
    let entries = requests(&server, "session=s", 3);
    assert_eq!(entries[0]["usage"], entries[1]["usage"]);
    assert_eq!(entries[1]["usage"]["output_tokens"], 2);
    assert_eq!(entries[2]["usage"]["input_tokens"], 2);
}

#[test]
fn requests_are_found_by_what_they_are() {
    let server = Site::new().serve();
    ask(&server, OpenAi, "a", "needle one", false);
    ask(&server, Anthropic, "a", "two", false);
    ask(&server, OpenAi, "b", r#"raise error {"code": 429, "message": "needle"}"#, false);
    server.send(&Request::get("/v1/models").session("b"));
    for (query, count) in [
        ("session=a", 2),
        ("session=b", 2),
        ("session=c", 0),
        ("provider=anthropic", 1),
        ("strategy=error", 1),
        ("status=429", 1),
        ("status=4xx", 1),
        ("status=200-299", 3),
        ("path=*/chat/completions", 2),
        ("model=test-*", 3),
        ("contains=needle", 2),
        ("contains=needle+one", 1),
        ("contains=needle&session=b&status=4xx", 1),
        ("since=2020-01-01T00:00:00Z", 4),
        ("until=2020-01-01T00:00:00Z", 0),
        ("since=99999999999999", 0),
    ] {
        requests(&server, query, count);
    }
    let by_header = server.send(&Request::get("/_standin/requests").session("a")).json();
    assert_eq!(by_header["requests"].as_array().map(Vec::len), Some(2));
    for (query, reason) in [
        ("sesion=a", "unknown parameter `sesion`; this route knows `session`, `path`"),
        ("session=a&session=b", "is there twice"),
        ("status=many", "`status`: found `many`, expected a status"),
        ("since=yesterday", "`since`: found `yesterday`, expected a time"),
        ("limit=0", "`limit`: found `0`, expected a number from 1 to 1000"),
        ("after=x", "`after`: found `x`, expected the `next`"),
    ] {
        let refused = server.get(&format!("/_standin/requests?{query}"));
        assert_eq!(refused.status, 400, "{query}");
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "{query}: {message}");
    }
}

#[test]
fn pages_join() {
    let server = Site::new().serve();
    for n in 0..25 {
        ask(&server, OpenAi, "s", &format!("number {n}"), false);
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = server.get(&format!("/_standin/requests?session=s&limit=10{after}")).json();
        for entry in page["requests"].as_array().unwrap() {
            seen.push(entry["body"]["messages"][0]["content"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..25).map(|n| format!("number {n}")).collect::<Vec<_>>());
}

/// Its answer has no body, and no length that says so.
fn forget(query: &str) -> Request {
    Request::new("DELETE", &format!("/_standin/requests{query}")).header("connection", "close")
}

#[test]
fn a_session_is_forgotten_alone_and_all_are_forgotten_at_once() {
    let server = Site::new().serve();
    for session in ["a", "a", "b"] {
        ask(&server, OpenAi, session, "hello", false);
    }
    assert_eq!(server.send(&forget("?session=a")).status, 204);
    requests(&server, "session=a", 0);
    requests(&server, "session=b", 1);
    assert_eq!(server.send(&forget("")).status, 204);
    requests(&server, "", 0);
}

#[test]
fn a_failure_is_told_by_its_kind() {
    let modes = [("trap", "trap"), ("loop", "timeout"), ("err", "other")];
    for (mode, kind) in modes {
        let server = Site::evil("evil", json!({ "mode": mode })).serve();
        ask(&server, OpenAi, "s", "evil", false);
        let [entry] = &requests(&server, "session=s", 1)[..] else { panic!("one entry") };
        assert_eq!([&entry["failure"], &entry["strategy"]], [kind, "evil"]);
    }
}

#[test]
fn a_refused_request_is_kept_too() {
    let server = Site::new().serve();
    let bad = Request::post("/v1/chat/completions", "{\"model\":").session("s");
    assert_eq!(server.send(&bad).status, 400);
    let [entry] = &requests(&server, "session=s", 1)[..] else { panic!("one entry") };
    assert_eq!([&entry["status"], &entry["body"]], [&json!(400), &json!("{\"model\":")]);
}

#[test]
fn the_journal_is_bounded_as_the_configuration_says() {
    let server = Site::new().config(json!({ "journal": { "entries": 5, "body": "10B" } })).serve();
    for n in 0..20 {
        ask(&server, OpenAi, "s", &n.to_string(), false);
    }
    let entries = requests(&server, "", 5);
    assert_eq!(entries[4]["turn"], 19);
    assert_eq!([&entries[4]["body"], &entries[4]["body_cut"]], [&json!("{\"model\":\""), &json!(true)]);
    assert!(entries[4]["body_size"].as_u64() > Some(10));
    let server = Site::new().config(json!({ "journal": { "entries": 0 } })).serve();
    ask(&server, OpenAi, "s", "hello", false);
    requests(&server, "", 0);
}
