//! The page that Prometheus reads: which metrics there are, under which names, with which labels.
//!
//! From the OpenTelemetry semantic conventions for generative AI come three histograms with their bounds, in Prometheus form
//! (dots become underscores, a unit of time is a suffix): `gen_ai.server.request.duration`,
//! `gen_ai.server.time_to_first_token` and `gen_ai.client.token.usage`; so do the labels `gen_ai.provider.name`,
//! `gen_ai.operation.name`, `gen_ai.request.model`, `gen_ai.token.type` and, where a request failed, `error.type`. The label
//! `http.response.status_code` is that of the conventions for HTTP. Everything else is standin's own.
//!
//! `error_type` is the status of the answer, or `trap`, `timeout` or `put_aside` where a strategy failed so, or `broken_off`
//! where an answer did not come to its end.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::histogram::Histogram;
use super::text::{Braced, Text};
use super::{Labels, Metrics, Set, lock};
use crate::record::FailureKind;
use crate::strategy::state::Sessions;

/// A second, in what durations are counted in.
const SECOND: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
/// Bounds of `gen_ai.server.request.duration`, in nanoseconds.
pub(super) const DURATION: [u64; 14] = [
    10 * MS,
    20 * MS,
    40 * MS,
    80 * MS,
    160 * MS,
    320 * MS,
    640 * MS,
    1_280 * MS,
    2_560 * MS,
    5_120 * MS,
    10_240 * MS,
    20_480 * MS,
    40_960 * MS,
    81_920 * MS,
];
/// Bounds of `gen_ai.server.time_to_first_token`, in nanoseconds.
pub(super) const FIRST_BYTE: [u64; 16] = [
    MS,
    5 * MS,
    10 * MS,
    20 * MS,
    40 * MS,
    60 * MS,
    80 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    1_000 * MS,
    2_500 * MS,
    5_000 * MS,
    7_500 * MS,
    10_000 * MS,
];
/// Bounds of `gen_ai.client.token.usage`: the powers of four.
pub(super) const TOKENS: [u64; 14] =
    [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

const REQUESTS: &str = "standin_requests_total";
const REQUEST_DURATION: &str = "gen_ai_server_request_duration_seconds";
const TIME_TO_FIRST_TOKEN: &str = "gen_ai_server_time_to_first_token_seconds";
const TOKEN_USAGE: &str = "gen_ai_client_token_usage";
const CHUNKS: &str = "standin_stream_chunks_total";
const FAILURES: &str = "standin_strategy_failures_total";
const RELOADS: &str = "standin_reloads_total";
const SESSIONS: &str = "standin_sessions";
const STATE: &str = "standin_state_bytes";
const BUILD: &str = "standin_build_info";

/// All workers together: samples by their labels, in order.
#[derive(Default)]
struct Totals {
    requests: BTreeMap<Braced, u64>,
    durations: BTreeMap<Braced, Histogram<{ DURATION.len() }>>,
    first_bytes: BTreeMap<Braced, Histogram<{ FIRST_BYTE.len() }>>,
    tokens: BTreeMap<Braced, Histogram<{ TOKENS.len() }>>,
    chunks: BTreeMap<Braced, u64>,
    failures: BTreeMap<Braced, u64>,
}

impl Metrics {
    /// The page that Prometheus reads.
    pub fn render(&self, sessions: &Sessions) -> String {
        let totals = self.totals();
        let mut text = Text::default();
        text.describe(REQUESTS, "counter", "Requests that were answered, by who answered and with which status.");
        for (labels, count) in &totals.requests {
            text.sample(REQUESTS, labels, count);
        }
        text.describe(REQUEST_DURATION, "histogram", "Time from the head of a request to the last byte of its answer.");
        for (labels, histogram) in &totals.durations {
            text.histogram(REQUEST_DURATION, labels, (&DURATION, SECOND), histogram);
        }
        let help = "Time from the head of a request to the first byte of its answer, where that is no error.";
        text.describe(TIME_TO_FIRST_TOKEN, "histogram", help);
        for (labels, histogram) in &totals.first_bytes {
            text.histogram(TIME_TO_FIRST_TOKEN, labels, (&FIRST_BYTE, SECOND), histogram);
        }
        text.describe(
            TOKEN_USAGE,
            "histogram",
            "Tokens that a request cost; raw responses of a strategy are not counted.",
        );
        for (labels, histogram) in &totals.tokens {
            text.histogram(TOKEN_USAGE, labels, (&TOKENS, 1), histogram);
        }
        text.describe(CHUNKS, "counter", "Chunks of streams that were sent.");
        for (labels, count) in &totals.chunks {
            text.sample(CHUNKS, labels, count);
        }
        text.describe(FAILURES, "counter", "Requests that failed with a strategy, by how it failed.");
        for (labels, count) in &totals.failures {
            text.sample(FAILURES, labels, count);
        }
        text.describe(RELOADS, "counter", "Reloads of the configuration, by whether it was taken or refused.");
        for (result, count) in ["refused", "taken"].iter().zip(&self.reloads) {
            text.sample(RELOADS, &Braced::default().with("result", result), count.load(Ordering::Relaxed));
        }
        text.describe(SESSIONS, "gauge", "Sessions that are remembered.");
        text.sample(SESSIONS, &Braced::default(), sessions.count());
        text.describe(STATE, "gauge", "Bytes that strategies keep in all sessions.");
        text.sample(STATE, &Braced::default(), sessions.bytes());
        text.describe(BUILD, "gauge", "Always 1; the version of this server.");
        text.sample(BUILD, &Braced::default().with("version", env!("CARGO_PKG_VERSION")), 1);
        text.finish()
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        let mut sets: Vec<(Labels, Set)> = Vec::new();
        for shard in &self.shards {
            // No longer than a copy takes: a worker waits for it.
            sets.extend(lock(&shard.0).sets.iter().map(|(labels, set)| (*labels, Set::clone(set))));
        }
        // After the counts, so that every number has its name.
        let (models, strategies) = (self.models.list(), self.strategies.list());
        for (labels, set) in sets {
            let (model, strategy) = (&*models[usize::from(labels.model)], &*strategies[usize::from(labels.strategy)]);
            totals.add(&labels, model, strategy, &set);
        }
        totals
    }
}

impl Totals {
    fn add(&mut self, labels: &Labels, model: &str, strategy: &str, set: &Set) {
        let common = Braced::default()
            .with("gen_ai_operation_name", labels.operation.unwrap_or_default())
            .with("gen_ai_provider_name", labels.provider)
            .with("gen_ai_request_model", model);
        let status = match labels.status {
            class @ 0..=9 => format!("{class}xx"),
            status => status.to_string(),
        };
        let by = common.clone().with("http_response_status_code", &status).with("standin_strategy", strategy);
        *self.requests.entry(by).or_default() += set.requests;
        let failure = labels.failure.map(failure);
        if let Some(failure) = failure {
            let by = Braced::default().with("error_type", failure).with("standin_strategy", strategy);
            *self.failures.entry(by).or_default() += set.requests;
        }
        if set.chunks > 0 {
            *self.chunks.entry(common.clone()).or_default() += set.chunks;
        }
        // The conventions speak of operations: what is none, such as a list of models, is only counted.
        if labels.operation.is_none() {
            return;
        }
        let error = match failure {
            Some(failure) if failure != OTHER_FAILURE => failure,
            _ if labels.status >= 400 || (4..10).contains(&labels.status) => &status,
            _ if !labels.whole => "broken_off",
            _ => "",
        };
        self.durations.entry(common.clone().with("error_type", error)).or_default().merge(&set.duration);
        if set.first_byte.count() > 0 {
            self.first_bytes.entry(common.clone()).or_default().merge(&set.first_byte);
        }
        for (kind, tokens) in [("input", &set.input), ("output", &set.output)] {
            if tokens.count() > 0 {
                self.tokens.entry(common.clone().with("gen_ai_token_type", kind)).or_default().merge(tokens);
            }
        }
    }
}

/// `error.type` of what has no name of its own, as the conventions have it.
const OTHER_FAILURE: &str = "_OTHER";

fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Trap => "trap",
        FailureKind::Timeout => "timeout",
        FailureKind::PutAside => "put_aside",
        FailureKind::Other => OTHER_FAILURE,
    }
}
