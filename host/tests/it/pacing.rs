//! Time: in what order things come and how long they take at least; and what a connection does to a client on purpose.
//! Nothing is said of how long anything takes at most.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::api::{Api, MODES, OpenAi};
use crate::http::Response;
use crate::support::{Running, Site, logged};

fn timed(request: impl FnOnce() -> Response) -> (Response, Duration) {
    let started = Instant::now();
    let response = request();
    (response, started.elapsed())
}

#[test]
fn a_stream_takes_its_time_and_keeps_its_order() {
    let server = Site::new().config("pacing: { ttft: 80ms, chunk: 20ms }").serve();
    for (api, stream) in MODES {
        let (response, took) = timed(|| server.ask(api, "one two three four five six", stream));
        assert_eq!(api.said(&response), "one two three four five six");
        assert!(took >= Duration::from_millis(80 + 5 * 20), "{api:?} {stream} came after {took:?}");
    }
}

#[test]
fn a_chunk_is_sent_when_it_is_due_and_not_with_those_behind_it() {
    let server = Site::new().config("pacing: { chunk: 1h }").serve();
    for (api, _) in MODES {
        let mut connection = server.connect();
        connection.write(&api.ask("one two three", true).bytes());
        let came = connection.read_until("one");
        assert!(!came.contains("two"), "{came}");
    }
}

#[test]
fn jitter_is_seeded_and_stays_within_its_share() {
    let server = Site::new().config("pacing: { ttft: 40ms, chunk: 20ms, jitter: 0.5 }").serve();
    for (api, stream) in MODES {
        let (response, took) = timed(|| server.ask(api, "one two three four five", stream));
        assert_eq!(api.said(&response), "one two three four five");
        assert!(took >= Duration::from_millis((40 + 4 * 20) / 2), "{took:?}");
    }
}

#[test]
fn text_is_cut_as_configured_and_adds_up() {
    let prompt = "One  two,\tthree…\n\nFünf 👩‍👩‍👧‍👦 six.";
    let chunks = |pacing: &str| {
        let server = Site::new().config(format!("pacing: {{ chunking: {pacing} }}")).serve();
        assert_eq!(server.said(prompt), prompt, "{pacing}");
        server.ask(OpenAi, prompt, true).text().matches(r#""delta":{"content":""#).count()
    };
    assert_eq!(chunks("verbatim"), 1);
    assert_eq!(chunks("words"), 6);
    assert_eq!(chunks("{ characters: 1 }"), prompt.chars().count());
    assert_eq!(chunks("{ characters: 4 }"), prompt.chars().count().div_ceil(4));
    assert!((7..prompt.len()).contains(&chunks("tokens")));
}

#[test]
fn a_table_lags_by_the_character() {
    let table = "responses: { ping: pong }\nsettings: { lag_enabled: true, lag_factor: 1 }";
    let server = Site::new().file("responses.yml", table).serve();
    for (api, stream) in MODES {
        let (response, took) = timed(|| server.ask(api, "ping", stream));
        assert_eq!(api.said(&response), "pong");
        // A character every 100 ms, in a stream give or take a half.
        assert!(took >= Duration::from_millis(if stream { 200 } else { 400 }), "{took:?}");
    }
}

#[test]
fn a_slow_answer_has_the_headers_of_a_quick_one() {
    let names = |config: &str, api, stream| -> Vec<String> {
        let answer = Site::new().config(config).serve().ask(api, "one two", stream);
        let framing = ["content-length", "transfer-encoding"];
        answer.headers.into_iter().map(|(name, _)| name).filter(|name| !framing.contains(&name.as_str())).collect()
    };
    for (api, stream) in MODES {
        assert_eq!(names("pacing: { ttft: 1ms, chunk: 1ms }", api, stream), names("{}", api, stream));
    }
}

#[test]
fn a_slow_stream_holds_no_worker() {
    let server = Site::new().workers(1).config("pacing: { chunk: 200ms }").serve();
    let mut slow: Vec<_> = (0..50)
        .map(|_| {
            let mut connection = server.connect();
            connection.write(&OpenAi.ask("one two three", true).bytes());
            connection
        })
        .collect();
    for connection in &mut slow {
        connection.read_until("one");
    }
    assert_eq!(server.get("/health").status, 200);
    for connection in &mut slow {
        assert_eq!(OpenAi.said(&connection.response().unwrap()), "one two three");
    }
}

#[test]
fn a_pause_for_ever_holds_one_connection_and_nothing_else() {
    for mode in ["long-pause", "invalid-pacing"] {
        let server = Site::evil("waiter", json!({ "mode": mode })).workers(1).serve();
        for (api, stream) in MODES {
            let mut connection = server.connect();
            connection.write(&api.ask("evil", stream).bytes());
            if stream {
                connection.read_until("200 OK");
            }
            while !connection.is_silent_for(Duration::from_millis(100)) {}
            assert_eq!(server.said("hello"), "hello");
        }
    }
}

fn faulty(fault: &str) -> Running {
    Site::evil("faulty", json!({ "mode": "fault", "text": fault })).serve()
}

/// The text of a stream that may have no end.
fn deltas(api: Api, response: &Response) -> String {
    let text = response.text();
    let marker = if api == OpenAi { r#""delta":{"content":""# } else { r#""type":"text_delta","text":""# };
    text.split(marker).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn a_disconnect_breaks_the_connection_off() {
    let server = faulty("disconnect");
    for (api, stream) in MODES {
        let mut connection = server.connect();
        connection.write(&api.ask("evil", stream).bytes());
        match connection.response() {
            None => assert!(!stream, "a stream begins before it breaks off"),
            Some(response) => {
                assert!(!response.whole, "{}", response.fixed());
                if stream {
                    assert_eq!(deltas(api, &response), "one two");
                }
            }
        }
        assert!(connection.read_to_end().is_empty());
        assert_eq!(server.said("hello"), "hello");
    }
}

#[test]
fn a_truncated_stream_ends_cleanly_without_its_closing_events() {
    let server = faulty("truncate");
    for (api, stream) in MODES {
        let mut connection = server.connect();
        connection.write(&api.ask("evil", stream).bytes());
        let response = connection.response().expect("an answer");
        if stream {
            assert!(response.whole);
            assert_eq!(deltas(api, &response), "one two");
            let text = response.text();
            for closing in ["[DONE]", "message_stop", r#"finish_reason":"stop"#, "three"] {
                assert!(!text.contains(closing), "{closing} in {text}");
            }
            // The connection is as good as before.
            assert_eq!(api.said(&connection.send(&api.ask("hello", true))), "hello");
        } else {
            assert!(!response.whole && !response.body.is_empty(), "{}", response.fixed());
            assert!(serde_json::from_slice::<serde_json::Value>(&response.body).is_err());
        }
    }
}

#[test]
fn a_stalled_answer_comes_to_no_end_and_disturbs_nobody() {
    let server = faulty("stall");
    for (api, stream) in MODES {
        let mut connection = server.connect();
        connection.write(&api.ask("evil", stream).bytes());
        let seen = connection.read_until(if stream { " two" } else { "200 OK" });
        assert!(!seen.contains("three"));
        while !connection.is_silent_for(Duration::from_millis(100)) {}
        let seen = connection.read_until("200 OK");
        assert!(!seen.contains("three") && !seen.contains("[DONE]") && !seen.contains("message_stop"), "{seen}");
        assert_eq!(server.said("hello"), "hello");
    }
}

#[test]
fn garbage_stands_where_it_was_put_and_the_answer_goes_on() {
    let server = faulty("garbage");
    for (api, stream) in MODES {
        let response = server.ask(api, "evil", stream);
        assert!(response.whole && response.status == 200);
        let text = response.text();
        if stream {
            assert_eq!(text.matches("data: {garbage\n\n").count(), 1);
            assert_eq!(deltas(api, &response), "one two three");
            assert!(text.ends_with(if api == OpenAi { "data: [DONE]\n\n" } else { "{\"type\":\"message_stop\"}\n\n" }));
        } else {
            let rest = text.strip_prefix("data: {garbage\n\n").expect("garbage in front");
            assert!(serde_json::from_str::<serde_json::Value>(rest).is_ok());
        }
    }
}

#[test]
fn an_error_in_mid_stream_is_the_providers_event_and_before_it_a_status() {
    let server = faulty("error");
    for (api, stream) in MODES {
        let response = server.ask(api, "evil", stream);
        if !stream {
            assert_eq!(api.error(&response, 503), "too much to do");
            assert_eq!(response.header("retry-after"), Some("7"));
            continue;
        }
        assert_eq!(response.status, 200);
        assert_eq!(deltas(api, &response), "one two");
        let events = response.events();
        let last = events.last().unwrap();
        assert_eq!(last.json()["error"]["message"], "too much to do");
        if api == Api::Anthropic {
            assert_eq!(last.name.as_deref(), Some("error"));
            assert_eq!(last.json()["type"], "error");
        }
        assert!(!response.text().contains("message_stop"));
    }
}

#[test]
fn a_stream_that_a_fault_ends_is_told_in_the_log() {
    let server = Site::evil("log-of-fault", json!({ "mode": "fault", "text": "disconnect" })).serve();
    let mut connection = server.connect();
    connection.write(&OpenAi.ask("evil", true).bytes());
    let _ = connection.response();
    logged(&["log-of-fault", r#""status":200"#]);
}

#[test]
fn events_of_every_kind_come_in_their_order() {
    let server = Site::evil("eventful", json!({ "mode": "events" })).serve();
    for (api, stream) in MODES {
        let response = server.ask(api, "evil", stream);
        assert!(api.said(&response).starts_with("odd and even"), "{}", response.fixed());
        let text = response.text();
        assert!(text.contains("call_evil"), "{text}");
        let (first, second) = (text.find(r#""name":"a""#).unwrap(), text.find(r#""name":"b""#).unwrap());
        assert!(first < second);
        let finish = if api == OpenAi { "tool_calls" } else { "tool_use" };
        assert!(text.contains(finish));
    }
}
