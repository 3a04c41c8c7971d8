//! Budgets of requests and tokens a minute, in plain words; each provider has headers of its own for them.

use std::time::Duration;

/// What a key has of one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// So much a minute.
    pub limit: u64,
    /// So much is left of it.
    pub remaining: u64,
}

/// What a key has of its budgets after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateStatus {
    /// Requests.
    pub requests: Budget,
    /// Tokens, in and out.
    pub tokens: Budget,
    /// When both are whole again.
    pub reset: Duration,
    /// The same as an instant, in milliseconds since the Unix epoch.
    pub reset_at_ms: u64,
}

/// Which budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// That of requests.
    Requests,
    /// That of tokens.
    Tokens,
}

impl RateStatus {
    /// Whole seconds until the budgets are whole again, at least one.
    pub fn retry_after_s(&self) -> u32 {
        u32::try_from(self.reset.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
    }
}
