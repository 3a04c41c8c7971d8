//! What a client wants of the chain, said in headers: who is asked, and whether a fallback will do.

use axum::http::{HeaderMap, HeaderValue};

use super::{STRATEGY, STRICT};
use crate::chat::ApiError;
use crate::snapshot::{Snapshot, names};

/// What a client wants of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// The only stage that is to be asked.
    pub forced: Option<usize>,
    /// Fallbacks are not asked.
    pub strict: bool,
}

impl Wishes {
    /// What the headers say; where they say nothing, what the configuration does.
    ///
    /// # Errors
    /// A header that says nothing sensible, as a 400.
    pub fn read(snapshot: &Snapshot, headers: &HeaderMap) -> Result<Self, ApiError> {
        let forced = headers.get(STRATEGY).map(|name| {
            let name = String::from_utf8_lossy(name.as_bytes());
            let chain = &snapshot.chain;
            chain.place_of(&name).ok_or_else(|| {
                let message =
                    format!("X-Standin-Strategy: there is no strategy `{name}` in the chain: {}", names(chain));
                ApiError::new(400, message)
            })
        });
        let strict = match headers.get(STRICT).map(HeaderValue::as_bytes) {
            None => snapshot.strict,
            Some(b"true" | b"1") => true,
            Some(b"false" | b"0") => false,
            Some(other) => {
                let other = String::from_utf8_lossy(other);
                return Err(ApiError::new(400, format!("X-Standin-Strict: expected true or false, found `{other}`")));
            }
        };
        Ok(Self { forced: forced.transpose()?, strict })
    }
}
