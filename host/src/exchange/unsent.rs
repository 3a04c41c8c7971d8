//! A request that did not come over HTTP: what is asked about a chain, and by tests. It goes the same way, without a socket.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use bytestring::ByteString;

use super::{Wishes, ask, with_model};
use crate::chat::{ApiError, Request};
use crate::snapshot::Snapshot;
use crate::strategy::asked::{Asked, Decoded};
use crate::strategy::chain::{Answered, Chain};
use crate::strategy::state::Session;
use crate::wire::endpoint::{self, Endpoint, Found};
use crate::wire::{EmbeddingFormat, History, Ids, Provider, WireFormat, ids};

/// Who speaks at a path that strategies answer.
#[derive(Clone, Copy)]
pub enum Format {
    /// Answers.
    Answer(&'static dyn WireFormat),
    /// Vectors.
    Embed(&'static dyn EmbeddingFormat),
}

impl Format {
    /// Whose format it is.
    pub fn provider(&self) -> &'static dyn Provider {
        match self {
            Self::Answer(format) => format.provider(),
            Self::Embed(format) => format.provider(),
        }
    }
}

/// A provider's request.
pub struct Unsent {
    /// Whose words it is in.
    pub format: Format,
    /// Where it goes.
    pub uri: Uri,
    /// What it says.
    pub decoded: Decoded,
}

/// Why no strategy is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAsked {
    /// This is no path.
    NoPath,
    /// Nothing is known of the path.
    Nothing,
    /// Somebody else answers there.
    NoStrategy,
    /// The provider refuses it.
    Refused(ApiError),
}

impl Unsent {
    /// Reads a provider's request, and checks that its model is served.
    ///
    /// # Errors
    /// Why no strategy is asked.
    pub fn read(
        snapshot: &Snapshot,
        history: &dyn History,
        path: &str,
        body: impl Into<ByteString>,
    ) -> Result<Self, NotAsked> {
        let uri: Uri = path.parse().map_err(|_| NotAsked::NoPath)?;
        let Some(Found { endpoint, deployment }) = endpoint::find(uri.path()) else { return Err(NotAsked::Nothing) };
        let body = match deployment {
            Some(model) => with_model(body.into(), &model),
            None => body.into(),
        };
        let (format, decoded) = match endpoint {
            Endpoint::Answer(format) => {
                let decoded = Decoded::try_new(body, |text| match snapshot.is_lax() {
                    true => format.decode_lax(text, history),
                    false => format.decode(text, history),
                });
                (Format::Answer(format), decoded)
            }
            Endpoint::Embed(format) => (Format::Embed(format), Decoded::try_new(body, |text| format.decode(text))),
            _ => return Err(NotAsked::NoStrategy),
        };
        let decoded = decoded.map_err(NotAsked::Refused)?;
        serves(snapshot, format.provider(), decoded.request()).map_err(NotAsked::Refused)?;
        Ok(Self { format, uri, decoded })
    }

    /// The request as strategies see it, in this turn of a session.
    pub fn asked(
        self,
        snapshot: &Snapshot,
        session: &Arc<Session>,
        headers: HeaderMap,
        wishes: Wishes,
        seed: u64,
    ) -> Asked {
        let turn = session.next_turn();
        Asked {
            decoded: self.decoded,
            provider: self.format.provider().name(),
            uri: self.uri,
            id: Ids::new(ids::key(seed, session.name(), turn, "request")).hex("req_", 32),
            session: Arc::clone(session),
            turn,
            now_ms: snapshot.now_ms(turn),
            seed,
            tokens: snapshot.tokens,
            forced: wishes.forced,
            strict: wishes.strict,
            headers,
        }
    }
}

/// Whether the model of a request is served.
///
/// # Errors
/// What the provider says to one that is not.
pub fn serves(snapshot: &Snapshot, provider: &dyn Provider, request: &Request<'_>) -> Result<(), ApiError> {
    let models = &snapshot.models;
    if models.is_empty() || models.iter().any(|it| it.id == *request.model) {
        return Ok(());
    }
    Err(provider.unknown_model(&request.model))
}

/// What a chain answers.
pub async fn answer(chain: &Chain, format: Format, asked: &Arc<Asked>) -> Answered {
    match format {
        Format::Answer(_) => ask(chain, asked).await,
        Format::Embed(_) => chain.embed(asked).await,
    }
}
