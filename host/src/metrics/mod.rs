//! Metrics in the Prometheus text format.
//!
//! Every worker counts for itself, under a lock that only the one who reads the page ever contends for; the page adds them up.
//! Names and buckets are those of the OpenTelemetry semantic conventions for generative AI where they have one, see `page`;
//! what they do not know begins with `standin_`.
//!
//! Models are words of clients: so many have a label of their own, and further ones count as [`OTHER`]. Paths, sessions and
//! keys are no labels at all.

mod histogram;
mod names;
mod page;
mod text;

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use self::histogram::Histogram;
use self::names::{Known, Names};
use crate::record::{self, FailureKind, Record};

/// What the page is, as its `content-type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// So many models, and so many strategies, are labels of their own.
pub const MAX_NAMES: usize = 200;
/// What counts for all others.
pub const OTHER: &str = "other";
/// So many different sets of labels a worker counts apart; of further ones it drops what clients choose.
const MAX_SETS: usize = 4_096;

/// What is counted and measured, since the start.
pub struct Metrics {
    shards: Box<[Shard]>,
    models: Names,
    strategies: Names,
    /// Reloads that were refused, and those that were taken.
    reloads: [AtomicU64; 2],
}

/// What one worker counts, on cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    models: Known,
    strategies: Known,
    sets: FxHashMap<Labels, Box<Set>>,
}

/// Requests that count together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Labels {
    provider: &'static str,
    operation: Option<&'static str>,
    /// Numbers of names; 0 is none.
    model: u16,
    strategy: u16,
    /// An HTTP status; one digit stands for all that begin with it.
    status: u16,
    failure: Option<FailureKind>,
    whole: bool,
}

/// What is counted of them.
#[derive(Clone, Default)]
struct Set {
    requests: u64,
    chunks: u64,
    duration: Histogram<{ page::DURATION.len() }>,
    first_byte: Histogram<{ page::FIRST_BYTE.len() }>,
    input: Histogram<{ page::TOKENS.len() }>,
    output: Histogram<{ page::TOKENS.len() }>,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new(workers: usize) -> Self {
        Self {
            shards: (0..workers.max(1)).map(|_| Shard::default()).collect(),
            models: Names::default(),
            strategies: Names::default(),
            reloads: Default::default(),
        }
    }

    /// Counts a request.
    pub fn record(&self, record: &Record<'_>) {
        let shard = &self.shards[record::worker() % self.shards.len()];
        let mut counts = lock(&shard.0);
        let Counts { models, strategies, sets } = &mut *counts;
        let labels = Labels {
            provider: record.provider,
            operation: record.operation,
            model: record.model.map_or(0, |model| models.number(model, &self.models)),
            strategy: record.strategy.map_or(0, |strategy| strategies.number(strategy, &self.strategies)),
            status: record.status,
            failure: record.failure,
            whole: record.whole,
        };
        let room = sets.len() < MAX_SETS;
        let set = match sets.entry(labels) {
            Entry::Occupied(set) => set.into_mut(),
            Entry::Vacant(place) if room => place.insert(Box::default()),
            Entry::Vacant(_) => sets.entry(labels.coarse()).or_default(),
        };
        set.count(record);
    }

    /// Counts a reload, and whether it was taken.
    pub fn reloaded(&self, taken: bool) {
        self.reloads[usize::from(taken)].fetch_add(1, Ordering::Relaxed);
    }
}

impl Labels {
    /// The same without what clients choose.
    fn coarse(self) -> Self {
        Self { model: names::OTHER, status: (self.status / 100).clamp(1, 9), ..self }
    }
}

impl Set {
    fn count(&mut self, record: &Record<'_>) {
        self.requests += 1;
        self.chunks += u64::from(record.chunks);
        self.duration.add(nanoseconds(record.duration), &page::DURATION);
        if record.status < 300 {
            self.first_byte.add(nanoseconds(record.first_byte), &page::FIRST_BYTE);
        }
        if let Some(usage) = &record.usage {
            self.input.add(usage.input_tokens.into(), &page::TOKENS);
            self.output.add(usage.output_tokens.into(), &page::TOKENS);
        }
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Counts are whole after a panic elsewhere, or one short.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "../../tests/it/prometheus.rs"]
mod prometheus;
#[cfg(test)]
mod tests;
