//! Whatever a strategy does, one request fails, in its provider's shape, with the strategy's name; every other is served.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use crate::api::{MODES, OpenAi};
use crate::support::{Site, eventually, evil, logged};

#[test]
fn an_endless_loop_is_a_timeout_that_names_the_strategy() {
    for (api, stream) in MODES {
        let server = Site::evil("looper", json!({ "mode": "loop" })).serve();
        let response = server.ask(api, "evil", stream);
        let message = api.error(&response, 504);
        assert_eq!(message, "The strategy `looper` did not finish within 20 ms");
        assert_eq!(response.header("x-standin-strategy"), Some("looper"));
        assert_eq!(server.says("hello"), "hello");
    }
}

#[test]
fn while_one_strategy_loops_others_answer() {
    let server = Site::evil("busy", json!({ "mode": "loop" })).serve();
    let over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut connection = server.connect();
                while !over.load(Ordering::Relaxed) {
                    let n = answered.fetch_add(1, Ordering::Relaxed);
                    for (api, stream) in MODES {
                        let prompt = format!("good {n}");
                        assert_eq!(api.said(&connection.send(&api.ask(&prompt, stream))), prompt);
                    }
                }
            });
        }
        let mut connection = server.connect();
        for _ in 0..10 {
            let status = connection.send(&OpenAi.ask("evil", false)).status;
            assert!(status == 504 || status == 503, "{status}");
        }
        eventually("others are answered", || answered.load(Ordering::Relaxed) > 50);
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_strategy_that_keeps_timing_out_is_put_aside_and_asked_again_later() {
    let server = Site::evil("sluggard", json!({ "mode": "loop" })).serve();
    let mut timeouts = 0;
    for (api, stream) in MODES {
        // The first pause is a second, and on a busy machine it may be over before the last mode has asked.
        eventually("it is put aside", || {
            let response = server.ask(api, "evil", stream);
            timeouts += u32::from(response.status == 504);
            if response.status != 503 {
                return false;
            }
            let wanted = "The strategy `sluggard` is put aside after it timed out 3 times within a second";
            assert_eq!(api.error(&response, 503), wanted);
            true
        });
    }
    assert!(timeouts >= 3);
    logged(&["sluggard", "put aside", "ERROR"]);
    assert_eq!(server.said("hello"), "hello");
    eventually("it is asked again", || server.ask(OpenAi, "evil", false).status == 504);
}

#[test]
fn a_strategy_that_is_put_aside_does_not_take_another_of_the_same_component_along() {
    let chain = json!([evil("one", json!({ "mode": "loop" })), {
        "use": "two", "settings": { "mode": "answer", "text": "fine", "contains": "good" }
    }, "mirror"]);
    let server = Site::new().guest("evil", "one").guest("evil", "two").chain(chain).serve();
    eventually("it is put aside", || server.ask(OpenAi, "evil", false).status == 503);
    assert_eq!(server.said("good"), "fine");
}

#[test]
fn a_memory_bomb_names_its_limit() {
    let mut stage = evil("bomb", json!({ "mode": "memory-bomb" }));
    // So that it is memory, and not time, that runs out.
    stage["limits"] = json!({ "time": "5s" });
    let server = Site::new().guest("evil", "bomb").chain(json!([stage, "mirror"])).serve();
    assert_eq!(server.fails("evil", 500), "The strategy `bomb` wanted more memory than its limit of 64.0 MiB");
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_panic_tells_its_message() {
    let settings = json!({ "mode": "panic", "text": "I lost \"it\" completely" });
    let server = Site::evil("panicker", settings).serve();
    let message = server.fails("evil", 500);
    assert!(message.starts_with("The strategy `panicker` trapped: "), "{message}");
    assert!(message.contains("I lost \"it\" completely"), "{message}");
    logged(&["panicker", "WARN", "I lost", "completely"]);
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_trap_an_exit_and_an_overflow_fail_one_request_each() {
    for mode in ["trap", "exit", "stack-overflow"] {
        let server = Site::evil("faller", json!({ "mode": mode })).serve();
        let message = server.fails("evil", 500);
        assert!(message.starts_with("The strategy `faller` trapped: "), "{mode}: {message}");
        assert_eq!(server.said("hello"), "hello");
    }
}

#[test]
fn an_error_of_the_strategy_itself_names_it() {
    let server = Site::evil("unable", json!({ "mode": "err", "text": "no idea\n\"how\"" })).serve();
    assert_eq!(server.fails("evil", 500), "The strategy `unable` failed: no idea\n\"how\"");
    logged(&["unable", "no idea", "WARN"]);
}

#[test]
fn after_a_trap_the_next_request_meets_a_new_instance() {
    let chain = json!([{ "use": "frail", "settings": { "mode": "panic-at-boom" } }]);
    let server = Site::new().workers(1).guest("evil", "frail").chain(chain).serve();
    for _ in 0..3 {
        assert_eq!(server.said("hello"), "fine");
        server.fails("boom", 500);
    }
    assert_eq!(server.said("hello"), "fine");
}

#[test]
fn a_longer_time_may_be_given() {
    let mut stage = evil("patient", json!({ "mode": "loop" }));
    stage["limits"] = json!({ "time": "60ms" });
    let server = Site::new().guest("evil", "patient").chain(json!([stage])).serve();
    let message = OpenAi.error(&server.ask(OpenAi, "evil", false), 504);
    assert_eq!(message, "The strategy `patient` did not finish within 60 ms");
}

#[test]
fn a_failure_ends_the_chain_and_the_strategies_behind_it_are_not_asked() {
    let server = Site::evil("gate", json!({ "mode": "err", "text": "no" })).serve();
    assert!(server.fails("evil", 500).contains("gate"));
}

#[test]
fn a_fresh_instance_fails_like_a_warm_one() {
    for (mode, status) in [("loop", 504), ("memory-bomb", 500), ("panic", 500), ("sleep", 500)] {
        let mut stage = evil("fresh", json!({ "mode": mode }));
        stage["isolation"] = "fresh".into();
        if mode == "memory-bomb" {
            stage["limits"] = json!({ "time": "5s" });
        }
        let server = Site::new().guest("evil", "fresh").chain(json!([stage, "mirror"])).serve();
        let message = OpenAi.error(&server.ask(OpenAi, "evil", true), status);
        assert!(message.contains("`fresh`"), "{message}");
        assert_eq!(server.said("hello"), "hello");
    }
}

#[test]
fn many_workers_may_have_a_fresh_instance_each_at_once() {
    // More than there are processors: some worker is always put to sleep in the middle of a call.
    const MANY: usize = 32;
    let settings = json!({ "mode": "hashmap-order" });
    let stage = json!({ "use": "many", "settings": settings, "isolation": "fresh", "limits": { "time": "5s" } });
    let server = Site::new().workers(MANY).guest("evil", "many").chain(json!([stage])).serve();
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                let mut connection = server.connect();
                for _ in 0..100 {
                    OpenAi.said(&connection.send(&OpenAi.ask("hello", false)));
                }
            });
        }
    });
}

#[test]
fn odd_replies_are_an_answer_or_an_error_and_never_a_broken_connection() {
    let modes = [
        "empty",
        "invalid-patch",
        "invalid-status",
        "invalid-verbatim",
        "invalid-pacing",
        "stray-arguments",
        "invalid-call",
        "invalid-block",
        "invalid-finish",
        "giant-usage",
        "characters",
        "events",
        "headers",
        "patch",
    ];
    for mode in modes {
        let mut settings = json!({ "mode": mode });
        if mode == "invalid-pacing" {
            // Its time to the first token is the longest that there is: such an answer never comes.
            settings["mode"] = "answer".into();
        }
        let server = Site::evil("odd", settings).serve();
        for (api, stream) in MODES {
            let response = server.ask(api, "evil", stream);
            assert!(response.whole, "{mode}: {}", response.fixed());
            match response.status {
                200 => drop(api.said(&response)),
                status => assert!(api.error(&response, status).contains("`odd`"), "{mode}: {}", response.fixed()),
            }
        }
        assert_eq!(server.said("hello"), "hello");
    }
}
