//! The same requests of a session give the same bytes, the `date` header aside: in every run, with one worker or more.

use std::collections::BTreeMap;
use std::thread;

use serde_json::{Value, json};

use crate::api::{Api, MODES, OpenAi};
use crate::http::Request;
use crate::support::{Running, Site};

const SESSIONS: usize = 8;

fn serve(workers: usize, seed: u64) -> Running {
    let stage = |mode: &str, word: &str| {
        // A warm instance counts its hash maps, see `sandbox`.
        let isolation = if mode == "hashmap-order" { "fresh" } else { "warm" };
        json!({ "use": mode, "settings": { "mode": mode, "contains": word }, "isolation": isolation })
    };
    let site = ["random", "context", "state-counter", "hashmap-order", "clocks", "events"]
        .iter()
        .fold(Site::new(), |site, mode| site.guest("evil", mode));
    let chain = json!([
        "error",
        "tool-call",
        stage("random", "dice"),
        stage("context", "context"),
        stage("state-counter", "count"),
        stage("hashmap-order", "order"),
        stage("clocks", "clock"),
        stage("events", "events"),
        "mirror",
    ]);
    let pacing = json!({ "chunk": "10us", "jitter": 0.5 });
    site.config(json!({ "seed": seed, "strategies": chain, "pacing": pacing })).workers(workers).serve()
}

/// What one session asks, in order.
fn requests(session: usize) -> Vec<Request> {
    let tools = |api| match api {
        Api::OpenAi => json!([{ "type": "function", "function": { "name": "f" } }]),
        Api::Anthropic => json!([{ "name": "f", "input_schema": {} }]),
    };
    let prompts = [
        "hello there",
        "dice",
        "context",
        "count",
        "order",
        "clock",
        "events",
        "call tool 'f' with '{\"a\": 1}'\ncall tool 'g' with ''",
        r#"raise error {"code": 503, "message": "m"}"#,
        "count",
        "dice",
    ];
    let mut requests = Vec::new();
    for (turn, prompt) in prompts.iter().enumerate() {
        let (api, stream) = MODES[(turn + session) % MODES.len()];
        let mut body: Value = api.body(json!([{ "role": "user", "content": prompt }]), stream);
        body["tools"] = tools(api);
        if api == OpenAi && turn % 2 == 0 {
            body["n"] = 2.into();
            body["stream_options"] = if stream { json!({ "include_usage": true }) } else { Value::Null };
        }
        requests.push(api.request(&body).session(&format!("session-{session}")));
        // Refused before a strategy sees it: has an id, and eats no turn.
        requests.push(Request { body: b"{".to_vec(), ..api.ask("", stream) }.session(&format!("session-{session}")));
    }
    requests
}

/// One connection for all, session after session.
fn in_turn(server: &Running) -> BTreeMap<usize, Vec<String>> {
    let mut connection = server.connect();
    let mut ask = |request: &Request| connection.send(request).fixed();
    (0..SESSIONS).map(|session| (session, requests(session).iter().map(&mut ask).collect())).collect()
}

/// A thread and a connection for each session, all at once.
fn interleaved(server: &Running) -> BTreeMap<usize, Vec<String>> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..SESSIONS)
            .map(|session| {
                scope.spawn(move || {
                    let mut connection = server.connect();
                    (session, requests(session).iter().map(|it| connection.send(it).fixed()).collect::<Vec<_>>())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn two_runs_give_the_same_bytes_with_one_worker_or_four() {
    let expected = in_turn(&serve(1, 0));
    for (what, came) in [
        ("a second run", in_turn(&serve(1, 0))),
        ("four workers", in_turn(&serve(4, 0))),
        ("all at once", interleaved(&serve(1, 0))),
        ("all at once, four workers", interleaved(&serve(4, 0))),
    ] {
        for (session, expected) in &expected {
            for (turn, expected) in expected.iter().enumerate() {
                assert_eq!(came[session][turn], *expected, "{what}, session {session}, request {turn}");
            }
        }
    }
}

#[test]
fn another_seed_gives_other_ids() {
    let ids = |seed| {
        let response = serve(1, seed).ask(OpenAi, "hello", false);
        (response.header("x-request-id").unwrap().to_owned(), response.json()["id"].clone())
    };
    assert_ne!(ids(0).0, ids(1).0);
    assert_ne!(ids(0).1, ids(1).1);
    assert_eq!(ids(7), ids(7));
}

#[test]
fn sessions_differ_and_so_do_their_turns() {
    let server = serve(1, 0);
    let mut seen = Vec::new();
    for session in ["a", "b", "a", "b"] {
        for (api, stream) in MODES {
            let response = server.send(&api.ask("hello", stream).session(session));
            let id = if stream { response.events()[0].data.clone() } else { response.json()["id"].to_string() };
            seen.push(id);
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "no id comes twice");
}

#[test]
fn a_stream_and_a_body_have_the_same_id() {
    for api in [Api::OpenAi, Api::Anthropic] {
        let unary = serve(1, 0).ask(api, "hello", false).json();
        let first = serve(1, 0).ask(api, "hello", true).events()[0].json();
        let streamed = if api == OpenAi { &first["id"] } else { &first["message"]["id"] };
        assert_eq!(&unary["id"], streamed);
    }
}

#[test]
fn every_chunk_of_a_stream_has_the_same_id_and_time() {
    let response = serve(1, 0).ask(OpenAi, "one two three four", true);
    let events = response.events();
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(|event| event.json()).collect();
    assert!(chunks.len() > 4);
    for chunk in &chunks {
        for field in ["id", "created", "model", "object"] {
            assert_eq!(chunk[field], chunks[0][field]);
        }
    }
}

#[test]
fn many_requests_without_a_session_share_one() {
    let server = serve(1, 0);
    let times: Vec<_> = (0..5).map(|_| server.ask(OpenAi, "hello", false).json()["created"].clone()).collect();
    let expected: Vec<Value> = (0..5).map(|turn| json!(1_735_689_600_u64 + turn)).collect();
    assert_eq!(times, expected);
}
