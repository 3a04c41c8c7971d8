//! Metrics in the Prometheus text format.

use crate::record::Record;

/// What is counted and measured, since the start.
pub struct Metrics {}

impl Metrics {
    /// Nothing counted yet.
    pub fn new(workers: usize) -> Self {
        let _ = workers;
        Self {}
    }

    /// Counts a request.
    pub fn record(&self, record: &Record<'_>) {
        let _ = record;
    }

    /// Counts a reload, and whether it was taken.
    pub fn reloaded(&self, taken: bool) {
        let _ = taken;
    }

    /// The page that Prometheus reads.
    pub fn render(&self) -> String {
        String::new()
    }
}
