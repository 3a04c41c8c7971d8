//! What a strategy sees of the machine: nothing; and of time and chance: the same in every run.

use serde_json::{Value, json};

use crate::api::{Anthropic, OpenAi};
use crate::support::{Running, Site, logged};

fn always(settings: Value) -> Running {
    Site::new().guest("evil", "watcher").chain(json!([{ "use": "watcher", "settings": settings }])).serve()
}

#[test]
fn there_are_no_variables_no_arguments_and_no_files() {
    let server = always(json!({ "mode": "env" }));
    let said = server.said("hello");
    assert!(said.starts_with("0 variables, 0 arguments, /etc/passwd: "), "{said}");
    assert!(!said.contains("read,") && !said.contains("written"), "{said}");
    assert!(said.ends_with(r#"stdin: """#), "{said}");
}

#[test]
fn there_is_no_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    for address in [listener.local_addr().unwrap().to_string(), "example.com:80".into(), "[::1]:80".into()] {
        let said = always(json!({ "mode": "net", "text": address })).said("hello");
        assert!(said.starts_with("not connected: "), "{said}");
    }
    assert!(listener.accept().is_err(), "nobody has knocked");
}

#[test]
fn what_is_printed_goes_to_the_log_under_the_strategys_name() {
    let server = Site::evil("printer", json!({ "mode": "print" })).serve();
    assert_eq!(server.said("evil"), "printed");
    for line in ["a line on standard output", "a line on standard error"] {
        let line = logged(&[r#""strategy":"printer""#, line]);
        assert_eq!(line["level"], "INFO");
    }
}

#[test]
fn log_lines_keep_their_level_and_stay_one_line() {
    let server = Site::evil("logger", json!({ "mode": "log" })).serve();
    assert_eq!(server.said("evil"), "logged");
    assert_eq!(logged(&[r#""strategy":"logger""#, "a warning"])["level"], "WARN");
    assert_eq!(logged(&[r#""strategy":"logger""#, "an error"])["level"], "ERROR");
    assert_eq!(logged(&[r#""strategy":"logger""#, "info"])["level"], "INFO");
}

#[test]
fn a_sleep_is_refused_at_once() {
    let server = Site::evil("sleeper", json!({ "mode": "sleep" })).workers(1).serve();
    let message = server.fails("evil", 500);
    assert!(message.starts_with("The strategy `sleeper` trapped: ") && message.contains("tried to wait"), "{message}");
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_hash_map_has_the_same_order_in_every_instance_and_run() {
    let orders = |workers: usize, isolation: &str| {
        let stage = json!({ "use": "watcher", "settings": { "mode": "hashmap-order" }, "isolation": isolation });
        let server = Site::new().workers(workers).guest("evil", "watcher").chain(json!([stage])).serve();
        (0..6).map(|_| server.says("hello")).collect::<Vec<_>>()
    };
    let fresh = orders(2, "fresh");
    assert_eq!(fresh[0].split(' ').count(), 10);
    assert!(fresh.iter().all(|order| *order == fresh[0]), "{fresh:?}");
    assert_eq!(orders(1, "fresh"), fresh);
    // A warm instance counts its maps, which is Rust's doing: the order depends on how often the instance was asked, and on
    // nothing else. Connections go to the two workers in turn.
    let warm = orders(1, "warm");
    assert_eq!(orders(1, "warm"), warm);
    let two = orders(2, "warm");
    assert_eq!([&two[0], &two[2], &two[4]], [&two[1], &two[3], &two[5]]);
    assert_eq!([&two[0], &two[2], &two[4]], [&warm[0], &warm[1], &warm[2]]);
}

#[test]
fn clocks_are_seeded_and_go_on_with_the_turns_of_a_session() {
    let say = || {
        let server = always(json!({ "mode": "clocks" }));
        let ask = |session| OpenAi.said(&server.send(&OpenAi.ask("hello", false).session(session)));
        [ask("a"), ask("a"), ask("b"), ask("a")]
    };
    let first = say();
    assert_eq!(first, ["1735689600000 true", "1735689601000 true", "1735689600000 true", "1735689602000 true"]);
    assert_eq!(say(), first);
}

#[test]
fn the_real_clock_is_a_setting() {
    let site = Site::new().guest("evil", "watcher");
    let server = site
        .config(json!({ "clock": "real", "strategies": [{ "use": "watcher", "settings": { "mode": "clocks" } }] }))
        .serve();
    let said = server.says("hello");
    let now: u128 = said.split(' ').next().and_then(|it| it.parse().ok()).unwrap();
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!(real - 60_000 < now && now <= real + 1_000, "{now}");
    assert!(server.ask(OpenAi, "hello", false).json()["created"].as_u64().unwrap() > 1_760_000_000);
}

#[test]
fn the_random_number_depends_on_the_turn_the_session_the_strategy_and_the_seed() {
    let draw = |seed: u64, name: &str, session: &str, turns: usize| {
        let stage = json!({ "use": name, "settings": { "mode": "random" } });
        let config = json!({ "seed": seed, "strategies": [stage] });
        let server = Site::new().guest("evil", name).config(config).serve();
        let ask = || OpenAi.said(&server.send(&OpenAi.ask("hello", false).session(session)));
        (1..turns).for_each(|_| drop(ask()));
        ask()
    };
    let one = draw(0, "dice", "a", 1);
    assert_eq!(draw(0, "dice", "a", 1), one);
    let mut drawn =
        vec![one, draw(1, "dice", "a", 1), draw(0, "die", "a", 1), draw(0, "dice", "b", 1), draw(0, "dice", "a", 2)];
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), 5, "{drawn:?}");
}

#[test]
fn a_strategy_learns_its_session_its_turn_and_the_time() {
    let server = always(json!({ "mode": "context" }));
    assert_eq!(server.says("hello"), "default 0 1735689600000");
    assert_eq!(server.says("hello"), "default 1 1735689601000");
    let ask = || Anthropic.said(&server.send(&Anthropic.ask("hello", true).session("mine")));
    assert_eq!(ask(), "mine 0 1735689600000");
    assert_eq!(ask(), "mine 1 1735689601000");
}

#[test]
fn state_is_kept_per_session_whichever_worker_answers() {
    let server = always(json!({ "mode": "state-counter" }));
    let ask = |session| OpenAi.said(&server.send(&OpenAi.ask("hello", false).session(session)));
    let counted: Vec<_> = (0..6).map(|_| ask("a")).collect();
    assert_eq!(counted, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(ask("b"), "0");
    assert_eq!(ask("a"), "6");
    assert_eq!(server.says("hello"), "0", "no session is one too");
}

#[test]
fn state_that_is_no_number_is_not_added_to() {
    let said = always(json!({ "mode": "state-not-a-number" })).says("hello");
    assert!(said.contains("NotANumber") && said.contains(r#"Some("one")"#) && said.ends_with("None"), "{said}");
}

#[test]
fn a_warm_instance_keeps_its_globals_and_a_fresh_one_begins_anew() {
    let site = |isolation: &str| {
        let stage = json!({ "use": "counter", "settings": { "mode": "instance-counter" }, "isolation": isolation });
        Site::new().workers(1).guest("evil", "counter").chain(json!([stage])).serve()
    };
    let server = site("warm");
    assert_eq!([server.says("hello"), server.says("hello")], ["1", "2"]);
    let server = site("fresh");
    assert_eq!([server.says("hello"), server.says("hello"), server.says("hello")], ["1", "1", "1"]);
}

#[test]
fn a_strategy_is_told_all_of_a_request() {
    let server = always(json!({ "mode": "inspect" }));
    let body = json!({
        "model": "gpt-4o", "stream": false, "temperature": 0.5, "max_completion_tokens": 7000, "stop": ["\n\n\n", "\t\t"],
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [{ "type": "text", "text": "one" }, { "type": "text", "text": "two" }] },
        ],
        "tools": [{ "type": "function", "function": { "name": "f", "parameters": { "type": "object" } } }],
        "tool_choice": "required",
    });
    let said = OpenAi.said(&server.send(&OpenAi.request(&body).header("X-Test", "yes")));
    for line in [
        r#"operation: "chat""#,
        r#"provider: "openai""#,
        r#"path: "/v1/chat/completions""#,
        r#"model: "gpt-4o""#,
        "is-streaming: false",
        "choice-index: 0",
        "matched-condition: None",
        r#"last-user-text: Some("one\ntwo")"#,
        "last-role: Some(Role::User)",
        r#"system-text: Some("Be brief.")"#,
        "message-count: 2",
        "message-at: true",
        "past-the-end: None",
        "get-tool-choice: ToolChoice::Required",
        "max-output-tokens: Some(7000)",
        r#"stop-sequences: ["\n\n\n", "\t\t"]"#,
        "embedding-inputs: []",
        r#"header: Some("yes")"#,
        "json-at: Ok(Some(0.5))",
        &format!("body: {} bytes", body.to_string().len()),
        "tokens: 3",
    ] {
        assert!(said.lines().any(|it| it == line), "{line} is missing:\n{said}");
    }
}
