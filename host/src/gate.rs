//! Who may ask: the keys that clients send, and those that are wanted.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::config::Secret;

/// A key that is wanted. It is kept as its digest: comparing two digests takes a time that tells nothing about the keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// What a client showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// No key at all.
    Nothing,
    /// A key that is not the one.
    Other,
    /// The key.
    Key,
}

impl Key {
    /// The key that is this secret.
    pub fn new(secret: &Secret) -> Self {
        Self::of(secret.reveal())
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// What a request shows: as a Bearer, in `x-api-key` as Anthropic has it, or in `api-key` as Azure does.
    pub fn look(&self, headers: &HeaderMap) -> Shown {
        let mut shown = Shown::Nothing;
        for key in keys(headers) {
            if Self::of(key) == *self {
                return Shown::Key;
            }
            shown = Shown::Other;
        }
        shown
    }
}

/// The keys that a request shows.
fn keys(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let others = ["x-api-key", "api-key"].into_iter().filter_map(|name| headers.get(name)?.to_str().ok());
    bearer.into_iter().chain(others).filter(|key| !key.is_empty())
}

/// The token of `Bearer TOKEN`; the scheme compares without case (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_found_wherever_a_client_may_send_it() {
        let key = Key::new(&Secret::new("right"));
        for (name, value, wanted) in [
            ("authorization", "Bearer right", Shown::Key),
            ("authorization", "bearer  right ", Shown::Key),
            ("authorization", "Bearer wrong", Shown::Other),
            ("authorization", "Basic right", Shown::Nothing),
            ("authorization", "right", Shown::Nothing),
            ("authorization", "Bearer ", Shown::Nothing),
            ("x-api-key", "right", Shown::Key),
            ("x-api-key", "Right", Shown::Other),
            ("api-key", "right", Shown::Key),
            ("accept", "right", Shown::Nothing),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(key.look(&headers), wanted, "{name}: {value}");
        }
    }
}
