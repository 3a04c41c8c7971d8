//! OpenAI's headers for budgets, and its words where one is used up:
//! <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>.

use std::time::Duration;

use crate::chat::ApiError;
use crate::wire::rate::{Exceeded, RateStatus};

/// What stands where no budget is set: one that a single request hardly touches.
pub(super) const UNLIMITED: [(&str, &str); 6] = [
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "30000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "29999976"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "0s"),
];

/// The same headers for a budget that is set.
pub(super) fn headers(status: &RateStatus) -> Vec<(&'static str, String)> {
    let reset = duration(status.reset);
    let values = [
        status.requests.limit.to_string(),
        status.tokens.limit.to_string(),
        status.requests.remaining.to_string(),
        status.tokens.remaining.to_string(),
        reset.clone(),
        reset,
    ];
    UNLIMITED.iter().map(|(name, _)| *name).zip(values).collect()
}

/// A duration as Go writes it: `6m0s`, `1.5s`, `20ms`.
fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let seconds = if millis % 1_000 == 0 {
        format!("{}s", millis / 1_000)
    } else {
        format!("{}.{}s", millis / 1_000, format!("{:03}", millis % 1_000).trim_end_matches('0'))
    };
    match (minutes, millis) {
        (0, 1..1_000) => format!("{millis}ms"),
        (0, _) => seconds,
        _ => format!("{minutes}m{seconds}"),
    }
}

/// The error of a request that comes too early.
pub(super) fn exceeded(model: &str, exceeded: Exceeded, status: &RateStatus) -> ApiError {
    let (name, short, budget, kind) = match exceeded {
        Exceeded::Requests => ("requests", "RPM", status.requests, "requests"),
        Exceeded::Tokens => ("tokens", "TPM", status.tokens, "tokens"),
    };
    let message = format!(
        "Rate limit reached for {model} in organization org-standin on {name} per min ({short}): Limit {}, Used {}, Requested \
         1. Please try again in {}. Visit https://platform.openai.com/account/rate-limits to learn more.",
        budget.limit,
        budget.limit.saturating_sub(budget.remaining),
        duration(status.reset)
    );
    ApiError {
        kind: Some(kind.to_owned()),
        code: Some("rate_limit_exceeded".to_owned()),
        retry_after_s: Some(status.retry_after_s()),
        ..ApiError::new(429, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (millis, text) in [
            (0, "0s"),
            (20, "20ms"),
            (999, "999ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (1_050, "1.05s"),
            (60_000, "1m0s"),
            (90_250, "1m30.25s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
