//! One request as plugins see it: decoded once, shared by the whole chain, pulled from through `imports.rs`.

use std::sync::Arc;

use bytestring::ByteString;
use self_cell::self_cell;

use super::state::Session;
use crate::chat::{ApiError, Request};
use crate::config::TokenCount;
use crate::wire::{WireFormat, json};

self_cell!(
    /// A body, and the request that borrows from it.
    pub struct Decoded {
        owner: ByteString,
        #[covariant]
        dependent: Request,
    }
);

impl Decoded {
    /// Decodes a body as it came.
    ///
    /// # Errors
    /// What the provider answers to it.
    pub fn decode(format: &dyn WireFormat, body: ByteString) -> Result<Self, ApiError> {
        Self::try_new(body, |body| format.decode(body))
    }

    /// A request that was made by hand, and the body that it would have had.
    pub fn from_request(body: ByteString, request: Request<'static>) -> Self {
        Self::new(body, |_| request)
    }

    /// The request.
    pub fn request(&self) -> &Request<'_> {
        self.borrow_dependent()
    }

    /// The whole body.
    pub fn body(&self) -> &str {
        self.borrow_owner()
    }
}

/// A request, with all that a plugin may ask about it.
pub struct Asked {
    /// What the client sent.
    pub decoded: Decoded,
    /// `gen_ai.provider.name`.
    pub provider: &'static str,
    /// The path, without the query.
    pub path: String,
    /// The headers.
    pub headers: axum::http::HeaderMap,
    /// Unique in this run.
    pub id: String,
    /// Whose request it is.
    pub session: Arc<Session>,
    /// How many requests the session made before.
    pub turn: u64,
    /// Milliseconds since the Unix epoch, by the server's clock.
    pub now_ms: u64,
    /// The configuration's seed.
    pub seed: u64,
    /// How tokens are counted.
    pub tokens: TokenCount,
}

impl Asked {
    /// The request.
    pub fn request(&self) -> &Request<'_> {
        self.decoded.request()
    }

    /// A header's value, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// JSON text of the body's value at an RFC 6901 pointer.
    pub fn json_at(&self, pointer: &str) -> Option<&str> {
        json::at(self.decoded.body(), pointer)
    }
}
