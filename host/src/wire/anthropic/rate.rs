//! Anthropic's headers for budgets, and its words where one is used up:
//! <https://docs.anthropic.com/en/api/rate-limits#response-headers>.

use std::time::{Duration, UNIX_EPOCH};

use crate::chat::ApiError;
use crate::wire::rate::{Exceeded, RateStatus};

/// What stands where no budget is set: one that a single request hardly touches, and the start of the seeded clock.
pub(super) const UNLIMITED: [(&str, &str); 12] = [
    ("anthropic-ratelimit-requests-limit", "4000"),
    ("anthropic-ratelimit-requests-remaining", "3999"),
    ("anthropic-ratelimit-requests-reset", "2025-01-01T00:00:00Z"),
    ("anthropic-ratelimit-tokens-limit", "4800000"),
    ("anthropic-ratelimit-tokens-remaining", "4800000"),
    ("anthropic-ratelimit-tokens-reset", "2025-01-01T00:00:00Z"),
    ("anthropic-ratelimit-input-tokens-limit", "4000000"),
    ("anthropic-ratelimit-input-tokens-remaining", "4000000"),
    ("anthropic-ratelimit-input-tokens-reset", "2025-01-01T00:00:00Z"),
    ("anthropic-ratelimit-output-tokens-limit", "800000"),
    ("anthropic-ratelimit-output-tokens-remaining", "800000"),
    ("anthropic-ratelimit-output-tokens-reset", "2025-01-01T00:00:00Z"),
];

/// The same headers for a budget that is set; tokens that go in and tokens that come out share it.
pub(super) fn headers(status: &RateStatus) -> Vec<(&'static str, String)> {
    let reset = instant(status.reset_at_ms);
    let budgets = [status.requests, status.tokens, status.tokens, status.tokens];
    let values =
        budgets.iter().flat_map(|budget| [budget.limit.to_string(), budget.remaining.to_string(), reset.clone()]);
    UNLIMITED.iter().map(|(name, _)| *name).zip(values).collect()
}

/// RFC 3339, in seconds, UTC.
fn instant(millis: u64) -> String {
    let seconds = Duration::from_secs(millis.div_ceil(1_000));
    UNIX_EPOCH.checked_add(seconds).map_or_else(String::new, |at| humantime::format_rfc3339_seconds(at).to_string())
}

/// The error of a request that comes too early.
pub(super) fn exceeded(exceeded: Exceeded, status: &RateStatus) -> ApiError {
    let (name, budget) = match exceeded {
        Exceeded::Requests => ("requests", status.requests),
        Exceeded::Tokens => ("tokens", status.tokens),
    };
    let message = format!(
        "This request would exceed your organization's rate limit of {} {name} per minute. Please reduce the frequency of \
         requests or the maximum tokens requested, or try again later.",
        budget.limit
    );
    ApiError { retry_after_s: Some(status.retry_after_s()), ..ApiError::new(429, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_dates() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_735_689_599_001, "2025-01-01T00:00:00Z"),
            (4_102_444_799_000, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(instant(millis), text);
        }
    }
}
