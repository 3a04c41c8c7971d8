//! The page that Prometheus reads, after requests of every kind.

use serde_json::json;

use crate::api::{Anthropic, OpenAi};
use crate::http::Request;
use crate::prometheus::{Samples, read, total};
use crate::support::{Running, Site, eventually, evil};

/// The page, once it says that so many requests are over: an answer is counted after its last byte has gone out.
#[track_caller]
fn page(server: &Running, requests: f64) -> Samples {
    let mut samples = Samples::new();
    eventually(&format!("{requests} requests are counted"), || {
        let response = server.get("/metrics");
        assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        samples = read(&response.text());
        total(&samples, "standin_requests_total", &[]) == requests
    });
    samples
}

#[test]
fn the_page_counts_what_was_asked_and_how_it_ended() {
    let site = Site::new().guest("evil", "trapper").guest("evil", "looper");
    let looper = json!({ "use": "looper", "settings": { "mode": "loop", "contains": "for ever" } });
    let server = site.chain(json!([evil("trapper", json!({ "mode": "panic" })), looper, "error", "mirror"])).serve();
    let before = page(&server, 0.0);
    assert_eq!(total(&before, "standin_sessions", &[]), 1.0);

    for (api, stream) in [(OpenAi, false), (OpenAi, true), (Anthropic, false), (Anthropic, true)] {
        assert_eq!(api.said(&server.send(&api.ask("one two", stream).session("s"))), "one two");
    }
    server.ask(OpenAi, "evil", false);
    server.ask(OpenAi, "for ever", true);
    server.ask(Anthropic, r#"raise error {"code": 429, "message": "m"}"#, false);
    server.get("/v1/models");
    server.get("/nowhere/at/all?a=b");
    server.send(&Request::post("/v1/chat/completions", "{"));
    let samples = page(&server, 10.0);

    let openai = ("gen_ai_provider_name", "openai");
    let chat = ("gen_ai_operation_name", "chat");
    let model = ("gen_ai_request_model", "test-model");
    let requests = |labels: &[(&str, &str)]| total(&samples, "standin_requests_total", labels);
    let status = |status| ("http_response_status_code", status);
    let by = |strategy| ("standin_strategy", strategy);
    assert_eq!(requests(&[openai, chat, model, status("200"), by("mirror")]), 2.0);
    assert_eq!(requests(&[("gen_ai_provider_name", "anthropic"), status("200"), by("mirror")]), 2.0);
    assert_eq!(requests(&[status("500"), by("trapper")]), 1.0);
    assert_eq!(requests(&[status("504"), by("looper")]), 1.0);
    assert_eq!(requests(&[status("429"), by("error")]), 1.0);
    assert_eq!(requests(&[status("400"), model]), 0.0);
    assert_eq!(requests(&[status("404"), by("")]), 1.0, "nobody was asked");

    let failures = |error| total(&samples, "standin_strategy_failures_total", &[("error_type", error)]);
    assert_eq!((failures("trap"), failures("timeout")), (1.0, 1.0));

    let durations =
        |error| total(&samples, "gen_ai_server_request_duration_seconds_count", &[chat, ("error_type", error)]);
    assert_eq!(durations(""), 4.0);
    for error in ["trap", "timeout", "429", "400"] {
        assert_eq!(durations(error), 1.0, "{error}");
    }
    let looped = total(&samples, "gen_ai_server_request_duration_seconds_sum", &[("error_type", "timeout")]);
    assert!(looped >= 0.02, "its time is up after 20 ms: {looped}");
    let first_bytes = |le| {
        let labels = [model, ("le", le)];
        total(&samples, "gen_ai_server_time_to_first_token_seconds_bucket", &labels)
    };
    assert_eq!(first_bytes("+Inf"), 4.0, "of what went well");

    let tokens = |name: &str, kind| total(&samples, name, &[model, ("gen_ai_token_type", kind)]);
    // All four answers, although a stream of OpenAI does not tell its usage unless it is asked to.
    assert_eq!(tokens("gen_ai_client_token_usage_count", "input"), 4.0);
    assert_eq!(tokens("gen_ai_client_token_usage_sum", "output"), 8.0);
    assert!(total(&samples, "standin_stream_chunks_total", &[openai, model]) >= 2.0);
    assert_eq!(total(&samples, "standin_sessions", &[]), 2.0);
}

#[test]
fn a_client_that_goes_away_is_counted() {
    let server = Site::new().config(json!({ "pacing": { "ttft": "1h" } })).serve();
    let mut connection = server.connect();
    connection.write(&OpenAi.ask("hello", true).bytes());
    connection.read_until("\r\n\r\n");
    drop(connection);
    let samples = page(&server, 1.0);
    let durations = "gen_ai_server_request_duration_seconds_count";
    assert_eq!(total(&samples, durations, &[("error_type", "broken_off")]), 1.0);
}

#[test]
fn reloads_are_counted() {
    let server = Site::new().config("seed: 1").serve_watched();
    let reloads = |result| total(&page(&server, 0.0), "standin_reloads_total", &[("result", result)]);
    server.site.put("standin.yaml", b"seed: many");
    eventually("a reload is refused", || reloads("refused") >= 1.0);
    assert_eq!(reloads("taken"), 0.0);
    server.site.put("standin.yaml", b"seed: 2");
    eventually("a reload is taken", || reloads("taken") >= 1.0);
}

#[test]
fn looking_at_the_page_is_not_counted_and_makes_no_session() {
    let server = Site::new().serve();
    for _ in 0..3 {
        server.send(&Request::get("/metrics").session("looker"));
    }
    assert_eq!(total(&page(&server, 0.0), "standin_sessions", &[]), 1.0);
}
