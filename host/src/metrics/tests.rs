use std::time::Duration;

use super::prometheus::{read, total};
use super::*;
use crate::chat::Usage;
use crate::strategy::state::Sessions;

fn chat(model: &str) -> Record<'_> {
    Record {
        operation: Some("chat"),
        model: Some(model),
        strategy: Some("mirror"),
        status: 200,
        ..Record::new("openai", "req_1")
    }
}

fn page(metrics: &Metrics) -> String {
    metrics.render(&Sessions::default())
}

#[test]
fn a_page_says_what_was_counted() {
    let metrics = Metrics::new(1);
    let usage = Usage { input_tokens: 5, output_tokens: 4, ..Usage::default() };
    let (first_byte, duration) = (Duration::from_millis(5), Duration::from_micros(40_500));
    metrics.record(&Record { usage: Some(usage), chunks: 7, first_byte, duration, ..chat("gpt-4o") });
    metrics.record(&Record { status: 404, strategy: None, model: None, operation: None, ..chat("") });
    metrics.record(&Record { status: 504, failure: Some(FailureKind::Timeout), strategy: Some("slow"), ..chat("m") });
    metrics.reloaded(true);
    let sessions = Sessions::default();
    sessions.get(Some("s")).set("a", "k".into(), "v".into()).unwrap();
    let page = metrics.render(&sessions);
    read(&page);
    let of = r#"gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model"#;
    for line in [
        format!(
            r#"standin_requests_total{{{of}="gpt-4o",http_response_status_code="200",standin_strategy="mirror"}} 1"#
        ),
        r#"standin_requests_total{gen_ai_provider_name="openai",http_response_status_code="404"} 1"#.to_owned(),
        "# TYPE gen_ai_server_request_duration_seconds histogram".to_owned(),
        format!(r#"gen_ai_server_request_duration_seconds_bucket{{{of}="gpt-4o",le="0.04"}} 0"#),
        format!(r#"gen_ai_server_request_duration_seconds_bucket{{{of}="gpt-4o",le="0.08"}} 1"#),
        format!(r#"gen_ai_server_request_duration_seconds_bucket{{{of}="gpt-4o",le="81.92"}} 1"#),
        format!(r#"gen_ai_server_request_duration_seconds_bucket{{{of}="gpt-4o",le="+Inf"}} 1"#),
        format!(r#"gen_ai_server_request_duration_seconds_sum{{{of}="gpt-4o"}} 0.0405"#),
        format!(r#"gen_ai_server_request_duration_seconds_count{{{of}="m",error_type="timeout"}} 1"#),
        format!(r#"gen_ai_server_time_to_first_token_seconds_bucket{{{of}="gpt-4o",le="0.001"}} 0"#),
        // A number on a bound is not above it.
        format!(r#"gen_ai_server_time_to_first_token_seconds_bucket{{{of}="gpt-4o",le="0.005"}} 1"#),
        format!(r#"gen_ai_client_token_usage_bucket{{{of}="gpt-4o",gen_ai_token_type="input",le="4"}} 0"#),
        format!(r#"gen_ai_client_token_usage_bucket{{{of}="gpt-4o",gen_ai_token_type="output",le="4"}} 1"#),
        format!(r#"gen_ai_client_token_usage_sum{{{of}="gpt-4o",gen_ai_token_type="input"}} 5"#),
        format!(r#"standin_stream_chunks_total{{{of}="gpt-4o"}} 7"#),
        r#"standin_strategy_failures_total{error_type="timeout",standin_strategy="slow"} 1"#.to_owned(),
        r#"standin_reloads_total{result="refused"} 0"#.to_owned(),
        r#"standin_reloads_total{result="taken"} 1"#.to_owned(),
        "standin_sessions 2".to_owned(),
        "standin_state_bytes 98".to_owned(),
        format!(r#"standin_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION")),
    ] {
        assert!(page.lines().any(|it| it == line), "{line}\n{page}");
    }
    let first_token = "gen_ai_server_time_to_first_token_seconds_count";
    assert_eq!(total(&read(&page), first_token, &[]), 1.0, "what failed has no first token");
}

#[test]
fn an_error_is_told_by_its_cause() {
    let cases = [
        (200, None, true, ""),
        (200, None, false, "broken_off"),
        (429, None, true, "429"),
        (499, None, false, "499"),
        (500, Some(FailureKind::Trap), true, "trap"),
        (504, Some(FailureKind::Timeout), true, "timeout"),
        (503, Some(FailureKind::PutAside), true, "put_aside"),
        (502, Some(FailureKind::Other), true, "502"),
    ];
    let metrics = Metrics::new(1);
    for (place, (status, failure, whole, _)) in cases.iter().enumerate() {
        let model = format!("m{place}");
        metrics.record(&Record { status: *status, failure: *failure, whole: *whole, ..chat(&model) });
    }
    let samples = read(&page(&metrics));
    for (place, (_, _, _, error)) in cases.iter().enumerate() {
        let labels = [("gen_ai_request_model", &*format!("m{place}")), ("error_type", error)];
        assert_eq!(total(&samples, "gen_ai_server_request_duration_seconds_count", &labels), 1.0, "{labels:?}");
    }
    assert_eq!(total(&samples, "standin_strategy_failures_total", &[("error_type", "_OTHER")]), 1.0);
    assert_eq!(total(&samples, "standin_strategy_failures_total", &[]), 4.0);
}

#[test]
fn words_of_clients_cannot_break_the_page() {
    let metrics = Metrics::new(1);
    let nasty = ["a\"b", "a\\b", "a\nb", "\\n", "\\\\\"", "{}", "a,b=\"c\"", "é\u{7f}\r\t\u{0}", " "];
    for model in nasty {
        metrics.record(&chat(model));
    }
    metrics.record(&chat(""));
    let samples = read(&page(&metrics));
    for model in nasty.into_iter().chain([""]) {
        let labels = [("gen_ai_request_model", model)];
        assert_eq!(total(&samples, "standin_requests_total", &labels), 1.0, "{model:?}");
    }
}

#[test]
fn models_are_bounded_in_number_and_length() {
    let metrics = Metrics::new(2);
    // Two workers meet them in different orders.
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let metrics = &metrics;
            scope.spawn(move || {
                record::set_worker(worker);
                for i in 0..1_000 {
                    let i = if worker == 0 { i } else { 999 - i };
                    metrics.record(&chat(&format!("model-{i}")));
                }
                metrics.record(&chat(&"long".repeat(1_000)));
                metrics.record(&chat(OTHER));
            });
        }
    });
    let samples = read(&page(&metrics));
    let models: std::collections::BTreeSet<_> =
        samples.keys().filter_map(|(_, labels)| labels.get("gen_ai_request_model")).collect();
    assert_eq!(models.len(), MAX_NAMES + 1);
    let requests = "standin_requests_total";
    assert_eq!(total(&samples, requests, &[]), 2_004.0);
    let named: Vec<_> = models.iter().filter(|it| **it != OTHER).collect();
    for model in named {
        // Met by one worker while there was room, it is known to the other as well.
        assert_eq!(total(&samples, requests, &[("gen_ai_request_model", model)]), 2.0, "{model}");
    }
    assert_eq!(total(&samples, requests, &[("gen_ai_request_model", OTHER)]), 2_004.0 - 2.0 * 200.0);
}

#[test]
fn sets_of_labels_are_bounded_and_nothing_is_lost() {
    let metrics = Metrics::new(1);
    for status in 100..1_000 {
        for i in 0..10 {
            metrics.record(&Record { status, ..chat(&format!("m{i}")) });
        }
    }
    let samples = read(&page(&metrics));
    let sets = samples.keys().filter(|(name, _)| name == "standin_requests_total").count();
    assert_eq!(sets, MAX_SETS + 5, "and one for each class of status of the rest");
    assert_eq!(total(&samples, "standin_requests_total", &[]), 9_000.0);
    let rest = [("http_response_status_code", "9xx"), ("gen_ai_request_model", OTHER)];
    assert_eq!(total(&samples, "standin_requests_total", &rest), 1_000.0);
    assert_eq!(total(&samples, "gen_ai_server_request_duration_seconds_count", &[("error_type", "9xx")]), 1_000.0);
}

#[test]
fn workers_count_at_once_and_nothing_is_lost() {
    let metrics = Metrics::new(3);
    std::thread::scope(|scope| {
        // More threads than shards: some share one.
        for worker in 0..6 {
            let metrics = &metrics;
            scope.spawn(move || {
                record::set_worker(worker);
                for i in 0..1_000_u64 {
                    let usage = Some(Usage { input_tokens: 2, output_tokens: 1, ..Usage::default() });
                    let model = if i % 2 == 0 { "even" } else { "odd" };
                    let duration = Duration::from_millis(i);
                    metrics.record(&Record { usage, chunks: 3, duration, ..chat(model) });
                }
            });
        }
        for _ in 0..20 {
            read(&page(&metrics));
        }
    });
    let samples = read(&page(&metrics));
    let sum = |name: &str| total(&samples, name, &[("gen_ai_request_model", "even")]);
    assert_eq!(sum("standin_requests_total"), 3_000.0);
    assert_eq!(sum("standin_stream_chunks_total"), 9_000.0);
    assert_eq!(sum("gen_ai_client_token_usage_sum"), 9_000.0);
    let milliseconds: u64 = 6 * (0..1_000).step_by(2).sum::<u64>();
    assert_eq!(sum("gen_ai_server_request_duration_seconds_sum"), milliseconds as f64 / 1e3);
}
