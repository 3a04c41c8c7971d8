//! Budgets of requests and tokens a minute and key, where the configuration sets them.
//!
//! A minute begins with a key's first request, by the machine's clock, and what was used up is forgotten at its end. Requests that
//! are refused cost nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;

use crate::config::RateLimits;
use crate::wire::rate::{Budget, Exceeded, RateStatus};

const MINUTE: Duration = Duration::from_secs(60);
/// So many keys are told apart; the one whose minute began first makes room for a new one.
const MAX_KEYS: usize = 16_384;
/// Where a budget has no limit, this stands in its headers.
const UNLIMITED: u64 = 1_000_000_000;

/// What every key has used up.
#[derive(Default)]
pub(super) struct Budgets {
    hasher: RandomState,
    /// By the hash of a key: a server that is asked for nobody's keys need not hold them.
    minutes: Mutex<HashMap<u64, Minute>>,
}

#[derive(Clone, Copy)]
struct Minute {
    begun: Instant,
    requests: u64,
    tokens: u64,
}

/// A key, as far as budgets tell keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Budgets {
    /// The key that a request came with; requests without one share theirs.
    pub(super) fn key(&self, headers: &HeaderMap) -> Key {
        let key = ["authorization", "x-api-key", "api-key"].into_iter().find_map(|name| headers.get(name));
        let key = key.map_or(&b""[..], |value| value.as_bytes());
        Key(self.hasher.hash_one(key.strip_prefix(b"Bearer ").unwrap_or(key)))
    }

    /// Takes a request from a key's budget.
    ///
    /// # Errors
    /// Which budget is used up.
    pub(super) fn admit(
        &self,
        limits: &RateLimits,
        key: Key,
        now: Instant,
    ) -> Result<RateStatus, (Exceeded, RateStatus)> {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.len() >= MAX_KEYS
            && !minutes.contains_key(&key.0)
            && let Some(oldest) = minutes.iter().min_by_key(|(_, minute)| minute.begun).map(|(key, _)| *key)
        {
            minutes.remove(&oldest);
        }
        let fresh = Minute { begun: now, requests: 0, tokens: 0 };
        let minute = minutes.entry(key.0).or_insert(fresh);
        if now.saturating_duration_since(minute.begun) >= MINUTE {
            *minute = fresh;
        }
        if limits.requests.is_some_and(|limit| minute.requests >= limit.get()) {
            return Err((Exceeded::Requests, status(limits, minute, now)));
        }
        if limits.tokens.is_some_and(|limit| minute.tokens >= limit.get()) {
            return Err((Exceeded::Tokens, status(limits, minute, now)));
        }
        minute.requests += 1;
        Ok(status(limits, minute, now))
    }

    /// Takes an answer's tokens from a key's budget, which may end below nothing: they are known when they are spent.
    pub(super) fn spend(&self, limits: &RateLimits, key: Key, tokens: u64, now: Instant) -> Option<RateStatus> {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.get_mut(&key.0)?;
        minute.tokens = minute.tokens.saturating_add(tokens);
        Some(status(limits, minute, now))
    }
}

fn status(limits: &RateLimits, minute: &Minute, now: Instant) -> RateStatus {
    let budget = |limit: Option<std::num::NonZeroU64>, used: u64| {
        let limit = limit.map_or(UNLIMITED, std::num::NonZeroU64::get);
        Budget { limit, remaining: limit.saturating_sub(used) }
    };
    let reset = MINUTE.saturating_sub(now.saturating_duration_since(minute.begun));
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_add(reset);
    RateStatus {
        requests: budget(limits.requests, minute.requests),
        tokens: budget(limits.tokens, minute.tokens),
        reset,
        reset_at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits(requests: u64, tokens: u64) -> RateLimits {
        RateLimits { requests: NonZeroU64::new(requests), tokens: NonZeroU64::new(tokens) }
    }

    fn key(budgets: &Budgets, name: &'static str, value: &'static str) -> Key {
        budgets.key(&HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]))
    }

    #[test]
    fn a_budget_of_requests_is_whole_again_after_a_minute() {
        let (budgets, start) = (Budgets::default(), Instant::now());
        let (limits, mine) = (limits(2, 0), key(&budgets, "authorization", "Bearer mine"));
        let remaining = |after: Duration| {
            budgets
                .admit(&limits, mine, start + after)
                .map(|it| it.requests.remaining)
                .map_err(|(what, it)| (what, it.retry_after_s()))
        };
        assert_eq!(remaining(Duration::ZERO), Ok(1));
        assert_eq!(remaining(SECOND * 10), Ok(0));
        assert_eq!(remaining(SECOND * 20), Err((Exceeded::Requests, 40)));
        assert_eq!(remaining(SECOND * 59), Err((Exceeded::Requests, 1)));
        assert_eq!(remaining(SECOND * 60), Ok(1));
    }

    #[test]
    fn a_budget_of_tokens_is_spent_by_answers() {
        let (budgets, start) = (Budgets::default(), Instant::now());
        let (limits, mine) = (limits(0, 10), key(&budgets, "x-api-key", "mine"));
        assert_eq!(budgets.spend(&limits, mine, 3, start), None);
        assert!(budgets.admit(&limits, mine, start).is_ok());
        assert_eq!(
            budgets.spend(&limits, mine, 7, start).map(|it| it.tokens),
            Some(Budget { limit: 10, remaining: 3 })
        );
        assert!(budgets.admit(&limits, mine, start).is_ok());
        assert_eq!(budgets.spend(&limits, mine, 7, start).map(|it| it.tokens.remaining), Some(0));
        assert_eq!(budgets.admit(&limits, mine, start).map_err(|(what, _)| what), Err(Exceeded::Tokens));
    }

    #[test]
    fn keys_have_budgets_of_their_own_whatever_header_they_come_in() {
        let budgets = Budgets::default();
        let bearer = key(&budgets, "authorization", "Bearer one");
        assert_eq!(bearer, key(&budgets, "x-api-key", "one"));
        assert_eq!(bearer, key(&budgets, "api-key", "one"));
        assert_ne!(bearer, key(&budgets, "api-key", "two"));
        assert_ne!(bearer, budgets.key(&HeaderMap::new()));
    }

    #[test]
    fn the_number_of_keys_is_bounded() {
        let (budgets, start) = (Budgets::default(), Instant::now());
        for number in 0..MAX_KEYS as u64 + 10 {
            let _ = budgets.admit(&limits(1, 0), Key(number), start + Duration::from_nanos(number));
        }
        assert_eq!(budgets.minutes.lock().unwrap().len(), MAX_KEYS);
        assert!(budgets.admit(&limits(1, 0), Key(0), start).is_ok());
        assert!(budgets.admit(&limits(1, 0), Key(MAX_KEYS as u64), start).is_err());
    }
}
