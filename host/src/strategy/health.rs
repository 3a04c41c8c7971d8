//! Whether a plugin may be asked: one that keeps timing out is put aside for a while, on every worker.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Puts a plugin aside that keeps timing out: each timeout blocks a worker for the whole deadline.
#[derive(Debug)]
pub struct Health {
    born: Instant,
    /// Milliseconds after `born` at which the first of the counted timeouts came, plus one.
    since: AtomicU64,
    timeouts: AtomicU32,
    /// Milliseconds after `born` until which the plugin is not asked.
    until: AtomicU64,
    pauses: AtomicU32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            since: AtomicU64::new(0),
            timeouts: AtomicU32::new(0),
            until: AtomicU64::new(0),
            pauses: AtomicU32::new(0),
        }
    }
}

impl Health {
    /// So many timeouts within a second put a plugin aside.
    pub const TIMEOUTS: u32 = 3;
    /// The first pause; each that follows without a good answer between them is twice as long, up to a minute.
    pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the plugin may be asked now. Costs one load where it never timed out.
    pub fn is_well(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until == 0 || self.now() >= until
    }

    /// The plugin timed out. True where that put it aside.
    pub fn timed_out(&self) -> bool {
        let now = self.now();
        let since = self.since.load(Ordering::Relaxed);
        if since == 0 || now + 1 - since > 1_000 {
            self.since.store(now + 1, Ordering::Relaxed);
            self.timeouts.store(1, Ordering::Relaxed);
            return false;
        }
        if self.timeouts.fetch_add(1, Ordering::Relaxed) + 1 < Self::TIMEOUTS {
            return false;
        }
        let pauses = self.pauses.fetch_add(1, Ordering::Relaxed).min(6);
        let pause = Self::FIRST_PAUSE.as_millis() as u64 * (1 << pauses);
        self.until.store(now + pause.min(60_000), Ordering::Relaxed);
        self.since.store(0, Ordering::Relaxed);
        true
    }

    /// The plugin answered: the next pause is short again.
    pub fn answered(&self) {
        if self.pauses.load(Ordering::Relaxed) != 0 {
            self.pauses.store(0, Ordering::Relaxed);
            self.until.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_timeouts_within_a_second_put_a_plugin_aside() {
        let health = Health::default();
        assert!(!health.timed_out());
        assert!(!health.timed_out());
        assert!(health.is_well());
        assert!(health.timed_out());
        assert!(!health.is_well());
        health.answered();
        assert!(health.is_well());
    }
}
