//! What goes wrong on purpose: ordered by the client with headers, or by a rule of the configuration.

use axum::http::HeaderMap;

use crate::chat::{ApiError, Fault};
use crate::config::{Break, BreakKind, FaultRule, Time};
use crate::strategy::activation::matches;
use crate::wire::Ids;

/// Answer with an error of this status.
pub const STATUS: &str = "x-standin-status";
/// With a status: the seconds after which the client may try again.
pub const RETRY_AFTER: &str = "x-standin-retry-after";
/// Wait so long before answering, such as `500ms`.
pub const DELAY: &str = "x-standin-delay";
/// Break the answer: see [`Break`].
pub const FAULT: &str = "x-standin-fault";

/// What goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trouble {
    /// The error that is answered, and no strategy is asked.
    pub error: Option<ApiError>,
    /// Microseconds before the answer.
    pub delay_us: u64,
    /// How the answer breaks.
    pub breaks: Option<Break>,
}

impl Trouble {
    /// What the client's headers order; none where they say nothing.
    ///
    /// # Errors
    /// A header that says nothing sensible, as a 400.
    pub(super) fn ordered(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        // Nearly every request has none of them: one look at the names is enough.
        if !headers.keys().any(|name| [STATUS, RETRY_AFTER, DELAY, FAULT].contains(&name.as_str())) {
            return Ok(None);
        }
        let value = |name: &str| {
            headers
                .get(name)
                .map(|value| value.to_str().map_err(|_| refused(name, "bytes that are no text", "text")))
                .transpose()
        };
        let mut trouble = Self::default();
        if let Some(text) = value(STATUS)? {
            let status = text.trim().parse().ok().filter(|status| (400..600).contains(status));
            let status = status.ok_or_else(|| refused(STATUS, &format!("`{text}`"), "a status from 400 to 599"))?;
            trouble.error = Some(error(status));
        }
        if let Some(text) = value(RETRY_AFTER)? {
            let seconds =
                text.trim().parse().map_err(|_| refused(RETRY_AFTER, &format!("`{text}`"), "whole seconds"))?;
            match &mut trouble.error {
                Some(error) => error.retry_after_s = Some(seconds),
                None => return Err(refused(RETRY_AFTER, &format!("`{text}`"), &format!("`{STATUS}` beside it"))),
            }
        }
        if let Some(text) = value(DELAY)? {
            let time: Time = text
                .parse()
                .map_err(|reason: String| ApiError::new(400, format!("The header `{DELAY}`: {reason}.")))?;
            trouble.delay_us = time.as_micros();
        }
        if let Some(text) = value(FAULT)? {
            let breaks: Break = text
                .parse()
                .map_err(|reason: String| ApiError::new(400, format!("The header `{FAULT}`: {reason}.")))?;
            trouble.breaks = Some(breaks);
        }
        Ok(Some(trouble))
    }

    /// What the rules of the configuration make of a request: the first one that fits it, and whose dice fall.
    pub(super) fn by_rule(rules: &[FaultRule], path: &str, model: &str, mut dice: Ids) -> Option<Self> {
        let fits = |rule: &FaultRule| {
            rule.route.as_ref().is_none_or(|route| path.ends_with(route.as_str()))
                && rule.model.as_ref().is_none_or(|glob| matches(glob, model))
        };
        // 53 random bits make a number from 0 to below 1. Each rule has its own throw, whether it fits or not.
        let rule = rules.iter().find(|rule| {
            let throw = (dice.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            throw < f64::from(rule.rate) && fits(rule)
        })?;
        let error = rule.status.map(|status| ApiError { retry_after_s: rule.retry_after, ..error(status) });
        Some(Self { error, delay_us: rule.delay.as_micros(), breaks: rule.fault })
    }
}

/// What a break does to an answer.
pub(super) fn fault(kind: BreakKind) -> Fault {
    match kind {
        BreakKind::Disconnect => Fault::Disconnect,
        BreakKind::Stall => Fault::Stall,
        BreakKind::Truncate => Fault::Truncate,
        // Neither JSON nor an event that a client could take for one.
        BreakKind::Garbage => Fault::Garbage("data: {garbage\n\n".to_owned()),
    }
}

fn error(status: u16) -> ApiError {
    ApiError::new(status, format!("standin was asked to fail with status {status}."))
}

fn refused(header: &str, found: &str, expected: &str) -> ApiError {
    ApiError::new(400, format!("The header `{header}`: found {found}, expected {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids;

    fn ordered(headers: &[(&'static str, &'static str)]) -> Result<Option<Trouble>, String> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Trouble::ordered(&headers.collect()).map_err(|error| error.message)
    }

    #[test]
    fn headers_order_what_goes_wrong() {
        assert_eq!(ordered(&[("authorization", "Bearer x")]), Ok(None));
        let trouble =
            ordered(&[(STATUS, "503"), (RETRY_AFTER, " 2 "), (DELAY, "1ms"), (FAULT, "stall@3")]).unwrap().unwrap();
        let error = trouble.error.unwrap();
        assert_eq!((error.status, error.retry_after_s, trouble.delay_us), (503, Some(2), 1_000));
        assert_eq!(trouble.breaks, Some(Break { kind: BreakKind::Stall, after: 3 }));
    }

    #[test]
    fn a_header_that_says_nothing_sensible_is_refused() {
        for (name, value, part) in [
            (STATUS, "200", "found `200`, expected a status from 400 to 599"),
            (STATUS, "many", "found `many`"),
            (RETRY_AFTER, "2", "`x-standin-status` beside it"),
            (DELAY, "5", "for milliseconds write `5ms`"),
            (FAULT, "explode", "expected `disconnect`"),
        ] {
            let message = ordered(&[(name, value)]).unwrap_err();
            assert!(message.contains(part) && message.contains(name), "{message}");
        }
    }

    #[test]
    fn rules_fall_as_often_as_they_say() {
        let rule = |rate, route: Option<&str>, model: Option<&str>, status| FaultRule {
            rate,
            route: route.map(str::to_owned),
            model: model.map(str::to_owned),
            status: Some(status),
            retry_after: None,
            delay: Time::default(),
            fault: None,
        };
        let rules =
            [rule(0.25, Some("/messages"), None, 500), rule(1.0, None, Some("gpt-*"), 429), rule(0.0, None, None, 503)];
        let status = |path: &str, model: &str, turn| {
            let dice = Ids::new(ids::key(0, "s", turn, "fault"));
            Trouble::by_rule(&rules, path, model, dice).and_then(|it| it.error).map(|it| it.status)
        };
        assert_eq!(status("/v1/chat/completions", "gpt-4o", 0), Some(429));
        assert_eq!(status("/v1/chat/completions", "other", 0), None);
        let fallen = (0..4_000).filter(|turn| status("/v1/messages", "claude", *turn) == Some(500)).count();
        assert!((900..1_100).contains(&fallen), "{fallen}");
        assert_eq!(status("/v1/messages", "claude", 7), status("/v1/messages", "claude", 7));
    }
}
