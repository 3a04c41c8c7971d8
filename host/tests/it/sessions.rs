//! A thousand tests that share one server, each in a session of its own: they interleave over eight connections, half of them
//! name themselves by the header, half by the path.

use std::thread;

use serde_json::{Value, json};

use crate::api::{Api, MODES, OpenAi};
use crate::http::{Connection, Request};
use crate::prometheus::{read, total};
use crate::support::{Running, Site, eventually};

const SESSIONS: usize = 1_000;
const CLIENTS: usize = 8;

/// A server that counts where somebody says `count`, and remembers every request.
fn serve(first: &[&str]) -> Running {
    let count = json!({ "use": "counter", "settings": { "mode": "state-counter", "contains": "count" } });
    let chain: Vec<Value> = first.iter().map(|name| json!(name)).chain([count, json!("mirror")]).collect();
    let journal = json!({ "entries": 50_000, "bytes": "128MiB" });
    Site::new().guest("evil", "counter").config(json!({ "strategies": chain, "journal": journal })).serve()
}

fn name(session: usize) -> String {
    format!("session-{session}")
}

/// The same request, in a session.
fn within(session: usize, request: Request) -> Request {
    if session.is_multiple_of(2) {
        return request.session(&name(session));
    }
    Request { path: format!("/@{}{}", name(session), request.path), ..request }
}

/// One step of every session, all at once, and each on another connection than the step before.
fn each(clients: &mut [Connection], step: usize, take: impl Fn(usize, &mut Connection) + Sync) {
    thread::scope(|scope| {
        for (client, connection) in clients.iter_mut().enumerate() {
            let take = &take;
            let sessions = (0..SESSIONS).filter(move |session| (session + step) % CLIENTS == client);
            scope.spawn(move || sessions.for_each(|session| take(session, connection)));
        }
    });
}

fn connect(server: &Running) -> Vec<Connection> {
    (0..CLIENTS).map(|_| server.connect()).collect()
}

/// What the journal holds of a session, once it holds so many entries: an answer is told of after its last byte.
fn journal(session: usize, entries: usize, connection: &mut Connection) -> Vec<Value> {
    let mut found = Vec::new();
    eventually(&format!("the journal holds {entries} requests of {}", name(session)), || {
        let path = format!("/_standin/requests?session={}", name(session));
        let response = connection.send(&Request::get(&path));
        assert_eq!(response.status, 200, "{}", response.fixed());
        found = response.json()["requests"].as_array().expect("a list").clone();
        found.len() >= entries
    });
    assert_eq!(found.len(), entries, "{found:#?}");
    found
}

fn state(session: &str, connection: &mut Connection) -> Value {
    let response = connection.send(&Request::get(&format!("/_standin/state?session={session}")));
    assert_eq!(response.status, 200, "{}", response.fixed());
    response.json()["sessions"][0].clone()
}

/// Nothing of all that came to the session of those who name none.
fn check_common(server: &Running) {
    let common = state("default", &mut server.connect());
    assert_eq!((&common["turns"], &common["strategies"]), (&json!(0), &json!({})), "{common}");
}

#[test]
fn a_thousand_sessions_keep_their_turns_their_state_and_their_journal() {
    const TURNS: usize = 5;
    let server = serve(&[]);
    let mut clients = connect(&server);
    let counts = |session: usize, turn: usize| !(session + turn).is_multiple_of(3);
    let prompt = |session: usize, turn: usize| match counts(session, turn) {
        true => format!("count for {}", name(session)),
        false => format!("hello from {}, turn {turn}", name(session)),
    };
    let counted = |session: usize, turns: usize| (0..turns).filter(|turn| counts(session, *turn)).count();
    let mode = |session: usize, turn: usize| MODES[(session + turn) % MODES.len()];

    for turn in 0..TURNS {
        each(&mut clients, turn, |session, connection| {
            let (api, stream) = mode(session, turn);
            let response = connection.send(&within(session, api.ask(&prompt(session, turn), stream)));
            let (expected, by) = match counts(session, turn) {
                true => (counted(session, turn).to_string(), "counter"),
                false => (prompt(session, turn), "mirror"),
            };
            assert_eq!(api.said(&response), expected, "{} turn {turn}", name(session));
            assert_eq!(response.header("x-standin-strategy"), Some(by));
            if (api, stream) == (OpenAi, false) {
                // The clock of a session advances with its turns.
                assert_eq!(response.json()["created"], json!(1_735_689_600 + turn as u64));
            }
        });
    }
    each(&mut clients, TURNS, |session, connection| {
        let entries = journal(session, TURNS, connection);
        for (turn, entry) in entries.iter().enumerate() {
            let (api, stream) = mode(session, turn);
            let said = api.body(json!([{ "role": "user", "content": prompt(session, turn) }]), stream);
            let by = if counts(session, turn) { "counter" } else { "mirror" };
            for (field, expected) in [
                ("session", json!(name(session))),
                ("turn", json!(turn)),
                ("path", json!(api.path())),
                ("body", said),
                ("strategy", json!(by)),
                ("status", json!(200)),
                ("streamed", json!(stream)),
                ("whole", json!(true)),
            ] {
                assert_eq!(entry[field], expected, "{field} of {entry:#}");
            }
        }
        let state = state(&name(session), connection);
        let count = counted(session, TURNS).to_string();
        assert_eq!(state["turns"], json!(TURNS), "{state}");
        assert_eq!(state["strategies"], json!({ "counter": { "count": count } }), "{state}");
    });
    check_common(&server);
    let metrics = read(&server.get("/metrics").text());
    assert_eq!(total(&metrics, "standin_sessions", &[]), SESSIONS as f64 + 1.0);
    assert_eq!(total(&metrics, "standin_requests_total", &[]), (SESSIONS * TURNS) as f64);
}

#[test]
fn a_thousand_sessions_have_scripts_of_their_own() {
    let server = serve(&["script"]);
    let mut clients = connect(&server);
    let post = |session: usize, script: Value, connection: &mut Connection| {
        let response = connection.send(&within(session, Request::post("/_standin/script", script.to_string())));
        assert_eq!(response.status, 200, "{}", response.fixed());
    };
    let api = |session: usize| if session.is_multiple_of(3) { Api::Anthropic } else { OpenAi };
    let ask = |session: usize, prompt: &str, stream: bool, connection: &mut Connection| {
        connection.send(&within(session, api(session).ask(prompt, stream)))
    };

    each(&mut clients, 0, |session, connection| {
        let (first, second) = (format!("{} first", name(session)), format!("{} second", name(session)));
        let replies = json!([first, { "content": second, "tokens": 30 + session }]);
        post(session, json!({ "replies": replies, "then": "pass" }), connection);
    });
    each(&mut clients, 1, |session, connection| {
        let response = ask(session, "anything", session.is_multiple_of(2), connection);
        assert_eq!(api(session).said(&response), format!("{} first", name(session)));
        assert_eq!(response.header("x-standin-strategy"), Some("script"));
    });
    // One more behind what is left.
    each(&mut clients, 2, |session, connection| {
        let error = json!({ "status": 429, "message": format!("{} has to wait", name(session)) });
        post(session, json!({ "replies": [{ "error": error }] }), connection);
    });
    each(&mut clients, 3, |session, connection| {
        let response = ask(session, "anything", false, connection);
        assert_eq!(api(session).said(&response), format!("{} second", name(session)));
        let usage = &response.json()["usage"];
        let input = if api(session) == OpenAi { &usage["prompt_tokens"] } else { &usage["input_tokens"] };
        assert_eq!(*input, json!((30 + session) / 3), "{usage}");
    });
    each(&mut clients, 4, |session, connection| {
        let response = ask(session, "anything", session.is_multiple_of(2), connection);
        assert_eq!(api(session).error(&response, 429), format!("{} has to wait", name(session)));
    });
    each(&mut clients, 5, |session, connection| {
        let prompt = format!("{} has no script any more", name(session));
        assert_eq!(api(session).said(&ask(session, &prompt, true, connection)), prompt);
    });
    each(&mut clients, 6, |session, connection| {
        let entries = journal(session, 4, connection);
        let told: Vec<Value> = entries.iter().map(|it| json!([it["turn"], it["status"], it["strategy"]])).collect();
        let expected = json!([[0, 200, "script"], [1, 200, "script"], [2, 429, "script"], [3, 200, "mirror"]]);
        assert_eq!(json!(told), expected);
        assert!(entries.iter().all(|entry| entry["session"] == json!(name(session))));
        let left = connection.send(&within(session, Request::get("/_standin/script"))).json();
        assert_eq!((&left["session"], &left["left"]), (&json!(name(session)), &json!([])), "{left}");
        assert_eq!(state(&name(session), connection)["turns"], json!(4));
    });
    check_common(&server);
}
