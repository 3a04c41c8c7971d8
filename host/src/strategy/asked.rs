//! One request as plugins see it: decoded once, shared by the whole chain, pulled from through `imports.rs`.

use std::sync::Arc;

use bytestring::ByteString;
use self_cell::self_cell;

use super::state::Session;
use crate::chat::{Message, Request, Role};
use crate::config::TokenCount;
use crate::wire::json;

self_cell!(
    /// A body, and the request that borrows from it.
    pub struct Decoded {
        owner: ByteString,
        #[covariant]
        dependent: Request,
    }
);

impl Decoded {
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
    /// The path and the query.
    pub uri: axum::http::Uri,
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
    /// The only stage that is to be asked, where the client says so.
    pub forced: Option<usize>,
    /// Fallbacks are not asked.
    pub strict: bool,
}

impl Asked {
    /// The request.
    pub fn request(&self) -> &Request<'_> {
        self.decoded.request()
    }

    /// The same request with another prompt.
    pub fn with_prompt(&self, prompt: &str) -> Self {
        let mut request = self.request().clone().into_owned();
        request.messages = vec![Message::text_of(Role::User, prompt.to_owned())];
        Self {
            decoded: Decoded::from_request(self.decoded.body().into(), request),
            provider: self.provider,
            uri: self.uri.clone(),
            headers: self.headers.clone(),
            id: self.id.clone(),
            session: Arc::clone(&self.session),
            turn: self.turn,
            now_ms: self.now_ms,
            seed: self.seed,
            tokens: self.tokens,
            forced: self.forced,
            strict: self.strict,
        }
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
