//! What one call may hand to the host is bounded, and the bounds can be raised.

use serde_json::{Value, json};

use crate::api::{MODES, OpenAi};
use crate::support::{Running, Site, count_logged, evil, logged};

fn limited(name: &str, settings: Value, limits: Value) -> Running {
    let mut stage = evil(name, settings);
    stage["limits"] = limits;
    Site::new().guest("evil", name).chain(json!([stage, "mirror"])).serve()
}

#[test]
fn a_giant_reply_is_refused_at_its_limit() {
    let server = limited("giant", json!({ "mode": "giant-reply", "mib": 17 }), json!({ "time": "5s" }));
    assert_eq!(server.fails("evil", 500), "The strategy `giant` answered with more than its limit of 16.0 MiB");
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_giant_reply_under_a_raised_limit_is_sent() {
    let limits = json!({ "reply": "64MiB", "memory": "256MiB", "time": "5s" });
    let server = limited("giant", json!({ "mode": "giant-reply", "mib": 20 }), limits);
    for (api, stream) in MODES {
        let said = api.said(&server.ask(api, "evil", stream));
        assert_eq!(said.len(), 20 << 20);
    }
}

#[test]
fn a_reply_limit_may_be_lowered() {
    let settings = json!({ "mode": "answer", "text": "x".repeat(3_000) });
    let server = limited("modest", settings.clone(), json!({ "reply": "1KiB" }));
    assert_eq!(server.fails("evil", 500), "The strategy `modest` answered with more than its limit of 1.0 KiB");
    let server = limited("modest", settings, json!({ "reply": "16KiB" }));
    assert_eq!(server.said("evil").len(), 3_000);
}

#[test]
fn the_reply_limit_holds_for_each_call_anew() {
    let settings = json!({ "mode": "answer", "text": "x".repeat(3_000) });
    let server = limited("again", settings, json!({ "reply": "8KiB" }));
    let mut connection = server.connect();
    for _ in 0..20 {
        assert_eq!(OpenAi.said(&connection.send(&OpenAi.ask("evil", false))).len(), 3_000);
    }
}

#[test]
fn a_million_events_are_refused_or_sent_whole() {
    let settings = json!({ "mode": "million-events", "count": 1_000_000 });
    let server = limited("million", settings.clone(), json!({ "time": "20s", "memory": "1GiB" }));
    let message = OpenAi.error(&server.ask(OpenAi, "evil", true), 500);
    assert!(message.contains("limit of 16.0 MiB"), "{message}");
    let limits = json!({ "time": "20s", "memory": "1GiB", "reply": "1GiB" });
    let server = limited("million", settings, limits);
    for (api, stream) in MODES {
        assert_eq!(api.said(&server.ask(api, "evil", stream)).len(), 1_000_000);
    }
}

#[test]
fn memory_may_be_limited_and_raised() {
    let server = limited("small", json!({ "mode": "memory-bomb" }), json!({ "memory": "4MiB", "time": "5s" }));
    assert_eq!(server.fails("evil", 500), "The strategy `small` wanted more memory than its limit of 4.0 MiB");
}

#[test]
fn a_flood_of_log_lines_is_cut_and_said_so() {
    for (name, mode) in [("log-flood", "log-flood"), ("print-flood", "print-flood")] {
        let settings = json!({ "mode": mode, "count": 20_000 });
        let server = limited(name, settings, json!({ "time": "10s" }));
        assert!(["logged", "printed"].contains(&server.says("evil").as_str()));
        logged(&[&format!(r#""strategy":"{name}""#), "the rest is dropped", "WARN"]);
        let lines = count_logged(&format!(r#""strategy":"{name}""#));
        assert!((1_000..10_000).contains(&lines), "{lines} lines of {mode}");
    }
}

#[test]
fn state_is_bounded_per_session() {
    let settings = json!({ "mode": "state-flood", "count": 5_000 });
    let server = limited("hoarder", settings, json!({ "time": "5s" }));
    let said = server.says("evil");
    let kept: u32 = said.split(' ').next().and_then(|it| it.parse().ok()).unwrap();
    assert!(said.contains("Full") && (900..1_024).contains(&kept), "{said}");
}

#[test]
fn a_body_limit_above_the_reply_limit_raises_it() {
    let config = "{ body-limit: 24MiB, strategies: [ { use: mirror, limits: { time: 5s } } ] }";
    let server = Site::new().config(config).serve();
    let prompt = "x".repeat(20 << 20);
    let response = server.ask(OpenAi, &prompt, false);
    assert!(OpenAi.said(&response) == prompt);
}
