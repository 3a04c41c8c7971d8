//! A change takes effect without a restart, and without failing or mixing a single request; a bad one changes nothing.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::api::{MODES, OpenAi};
use crate::guests;
use crate::support::{Running, Site, eventually, logged};

fn stamped(number: u64) -> Value {
    let settings = json!({ "mode": "stamp", "stamp": format!("number-{number}") });
    json!({ "strategies": [{ "use": "stamp", "settings": settings }] })
}

#[track_caller]
fn eventually_says(server: &Running, prompt: &str, wanted: &str) {
    eventually(&format!("it says {wanted}"), || {
        let response = server.ask(OpenAi, prompt, false);
        response.status == 200 && OpenAi.said(&response) == wanted
    });
}

#[test]
fn a_change_of_the_configuration_is_seen() {
    let server = Site::new().guest("evil", "stamp").config(stamped(1)).serve_watched();
    assert_eq!(server.said("hello"), "number-1");
    server.site.put("standin.yaml", stamped(2).to_string().as_bytes());
    eventually_says(&server, "hello", "number-2");
    // Written in place, as some editors do.
    fs::write(server.site.path("standin.yaml"), stamped(3).to_string()).unwrap();
    eventually_says(&server, "hello", "number-3");
    assert_eq!(server.said("hello"), "number-3");
}

#[test]
fn a_change_of_a_settings_file_is_seen() {
    let stage = json!({ "use": "lookup", "settings-file": "tables/answers.yml" });
    let site = Site::new().file("tables/answers.yml", "responses: { ping: pong }").chain(json!([stage, "mirror"]));
    let server = site.serve_watched();
    assert_eq!(server.said("ping"), "pong");
    server.site.put("tables/answers.yml", b"responses: { ping: changed, new: one }");
    eventually_says(&server, "ping", "changed");
    assert_eq!(server.said("new"), "one");
}

#[test]
fn a_component_that_is_replaced_added_or_removed_is_seen() {
    let server = Site::new().guest("amend", "own").serve_watched();
    let chain = || standin::snapshot::names(&server.server().snapshot().chain);
    assert_eq!(chain(), "script → own → error → tool-call → schema → mirror → reasoning → embeddings");
    let first = server.server().snapshot().chain.id();
    server.site.put("strategies/own.wasm", &guests::wasm("embed"));
    eventually("it is replaced", || server.server().snapshot().chain.id() != first);
    assert_eq!(server.server().snapshot().chain.stages()[1].exports.roles().collect::<Vec<_>>(), ["embedder"]);
    server.site.put("strategies/added.wasm", &guests::wasm("amend"));
    eventually("it is added", || {
        chain() == "script → added → own → error → tool-call → schema → mirror → reasoning → embeddings"
    });
    fs::remove_file(server.site.path("strategies/own.wasm")).unwrap();
    eventually("it is removed", || {
        chain() == "script → added → error → tool-call → schema → mirror → reasoning → embeddings"
    });
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_folder_of_strategies_that_appears_is_seen() {
    let server = Site::new().serve_watched();
    fs::create_dir(server.site.path("strategies")).unwrap();
    server.site.put("strategies/late.wasm", &guests::wasm("amend"));
    eventually("it is there", || server.server().snapshot().chain.stages()[1].name.as_ref() == "late");
}

#[test]
fn a_responses_file_that_appears_and_goes_is_seen() {
    let server = Site::new().serve_watched();
    assert_eq!(server.said("ping"), "ping");
    server.site.put("responses.yml", b"responses: { ping: pong }");
    eventually_says(&server, "ping", "pong");
    fs::remove_file(server.site.path("responses.yml")).unwrap();
    eventually_says(&server, "ping", "ping");
}

#[test]
fn a_bad_change_keeps_what_was_there_and_says_why() {
    let server = Site::new().guest("evil", "stamp").config(stamped(1)).serve_watched();
    let kept = server.server().snapshot().chain.id();
    let bad: [(&str, &[u8], &str); 5] = [
        ("standin.yaml", b"stratgies: []", "stratgies"),
        ("standin.yaml", b"strategies: [ nobody-of-this-name ]", "nobody-of-this-name"),
        ("standin.yaml", b"strategies: [", "standin.yaml"),
        ("standin.yaml", b"strategies: [ { use: stamp, settings: { mode: configure-trap } } ]", "configure"),
        ("standin.yaml", b"strategies: [ { use: stamp, settings: { mode: loop } } ]", "as it was tried"),
    ];
    let folder = server.site.path("");
    for (file, bytes, reason) in bad {
        server.site.put(file, bytes);
        logged(&["ERROR", "not reloaded, and the old configuration stays", folder.to_str().unwrap(), reason]);
        assert_eq!(server.said("hello"), "number-1");
        assert_eq!(server.server().snapshot().chain.id(), kept);
    }
    server.site.put("standin.yaml", stamped(2).to_string().as_bytes());
    eventually_says(&server, "hello", "number-2");
}

#[test]
fn a_component_that_is_replaced_by_a_bad_one_stays_until_it_is_mended() {
    let server = Site::new().guest("evil", "stamp").config(stamped(1)).serve_watched();
    let folder = server.site.path("");
    server.site.put("strategies/stamp.wasm", b"half a fi");
    logged(&["not reloaded", folder.to_str().unwrap(), "is not a WebAssembly component"]);
    assert_eq!(server.said("hello"), "number-1");
    server.site.put("strategies/stamp.wasm", &guests::wasm("future"));
    logged(&["not reloaded", folder.to_str().unwrap(), "was built for"]);
    assert_eq!(server.said("hello"), "number-1");
    let bad = server.server().snapshot().chain.id();
    server.site.put("strategies/stamp.wasm", &guests::wasm("evil"));
    eventually("it is mended", || server.server().snapshot().chain.id() != bad);
    assert_eq!(server.said("hello"), "number-1");
}

#[test]
fn a_settings_file_that_was_bad_is_seen_when_it_is_mended() {
    let stage = json!({ "use": "lookup", "settings-file": "answers.yml" });
    let site = Site::new().file("answers.yml", "responses: { ping: one }").chain(json!([stage, "mirror"]));
    let server = site.serve_watched();
    let file = server.site.path("answers.yml");
    server.site.put("answers.yml", b"responses: [");
    logged(&["not reloaded", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    logged(&["not reloaded", file.to_str().unwrap(), "cannot be used"]);
    assert_eq!(server.said("ping"), "one");
    server.site.put("answers.yml", b"responses: { ping: two }");
    eventually_says(&server, "ping", "two");
}

#[test]
fn a_reload_may_be_asked_for() {
    let server = Site::new().serve_watched();
    let before = server.server().snapshot().chain.id();
    server.reload();
    eventually("there is a new chain", || server.server().snapshot().chain.id() != before);
}

#[test]
fn state_and_turns_live_on_through_a_reload() {
    let config = |seed: u64| json!({ "seed": seed, "strategies": [{ "use": "counter", "settings": { "mode": "state-counter" } }] });
    let server = Site::new().guest("evil", "counter").config(config(0)).serve_watched();
    assert_eq!([server.says("hello"), server.says("hello")], ["0", "1"]);
    let before = server.server().snapshot().chain.id();
    server.site.put("standin.yaml", config(1).to_string().as_bytes());
    eventually("it is reloaded", || server.server().snapshot().chain.id() != before);
    assert_eq!(server.says("hello"), "2");
}

#[test]
fn a_stream_that_is_open_keeps_the_configuration_that_it_began_with() {
    let mut config = stamped(1);
    config["strategies"][0]["settings"] = json!({ "mode": "answer", "text": "one two three four five six" });
    config["pacing"] = json!({ "chunk": "150ms" });
    let server = Site::new().workers(1).guest("evil", "stamp").config(config).serve_watched();
    let mut connection = server.connect();
    connection.write(&OpenAi.ask("hello", true).bytes());
    connection.read_until("two");
    server.site.put("standin.yaml", stamped(2).to_string().as_bytes());
    eventually_says(&server, "hello", "number-2");
    assert_eq!(OpenAi.said(&connection.response().unwrap()), "one two three four five six");
    assert_eq!(OpenAi.said(&connection.send(&OpenAi.ask("hello", true))), "number-2");
}

/// Clients hammer on connections that they keep, while configurations are swapped below them. Each stamps the text and the
/// model of its answers with its number: an answer with two numbers, or a request that fails, fails the test.
#[test]
fn under_load_no_request_fails_and_none_sees_two_configurations() {
    const LAST: u64 = 25;
    let server = Site::new().guest("evil", "stamp").config(stamped(0)).serve_watched();
    let over = AtomicBool::new(false);
    let answers = AtomicU64::new(0);
    let newest = AtomicU64::new(0);
    thread::scope(|scope| {
        for client in 0..6_usize {
            let (server, over, answers, newest) = (&server, &over, &answers, &newest);
            scope.spawn(move || {
                let (api, stream) = MODES[client % MODES.len()];
                let request = api.ask("hello", stream);
                let mut connection = server.connect();
                let mut seen = 0;
                while !over.load(Ordering::Relaxed) {
                    let response = connection.send(&request);
                    let text = api.said(&response);
                    assert_eq!(api.model(&response), text, "one answer, two configurations");
                    let number: u64 = text.strip_prefix("number-").and_then(|it| it.parse().ok()).expect("a number");
                    assert!(number >= seen, "{number} after {seen}: an older configuration came back");
                    seen = number;
                    newest.fetch_max(number, Ordering::Relaxed);
                    answers.fetch_add(1, Ordering::Relaxed);
                }
                assert_eq!(seen, LAST, "the last configuration reaches every client");
            });
        }
        let finish = Finish(&over);
        for number in 1..=LAST {
            let before = answers.load(Ordering::Relaxed);
            server.site.put("standin.yaml", stamped(number).to_string().as_bytes());
            eventually("it is swapped in under load", || {
                newest.load(Ordering::Relaxed) == number && answers.load(Ordering::Relaxed) > before + 20
            });
        }
        let before = answers.load(Ordering::Relaxed);
        eventually("every client asks again", || answers.load(Ordering::Relaxed) > before + 200);
        drop(finish);
    });
}

/// Ends the clients, also where the test fails in the middle.
struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
