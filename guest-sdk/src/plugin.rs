//! What an author implements.

use serde::de::DeserializeOwned;

use crate::{Activation, EmbeddingOutcome, Outcome, Reply, Request, Result};

/// A plugin: a strategy, an amender, an embedder, or several of them.
///
/// An instance serves one request at a time, but there may be many, and any of them may be thrown away between two
/// requests: what has to outlive a request belongs into [`state`](crate::state). For the same requests to get the same
/// answers, say nothing that depends on what an instance did before: the order of a `HashMap` does, a `BTreeMap`'s does not.
pub trait Plugin: Sized + 'static {
    /// What the configuration gives this plugin under `settings`; `()` where it takes none.
    ///
    /// A large table is better left in the server: take [`settings::Unread`](crate::settings::Unread), and look single
    /// values up with [`settings::at`](crate::settings::at).
    type Settings: DeserializeOwned + 'static;

    /// Makes an instance. There is no request yet: of what the server offers, only [`settings`](crate::settings) and
    /// [`log`](crate::log) may be used here.
    ///
    /// # Errors
    /// What is wrong with the settings, in words for the person who wrote them.
    fn new(settings: Self::Settings) -> Result<Self>;

    /// When the server has to ask this plugin. The conditions must hold for every request that it would not
    /// [pass](Outcome::Pass).
    fn activation(&self) -> Activation {
        Activation::Always
    }

    /// Answers a request. For a strategy: `export!(Type)`.
    ///
    /// # Errors
    /// The plugin's own failure: the client gets a 500 which names the plugin.
    fn respond(&self, request: &Request) -> Result<Outcome> {
        let _ = request;
        Ok(Outcome::Pass)
    }

    /// Changes what a strategy answered. For an amender: `export!(Type: amender)`.
    ///
    /// # Errors
    /// As for [`respond`](Self::respond).
    fn amend(&self, request: &Request, reply: Reply) -> Result<Reply> {
        let _ = request;
        Ok(reply)
    }

    /// Turns each of [`Request::embedding_inputs`] into a vector. For an embedder: `export!(Type: embedder)`.
    ///
    /// # Errors
    /// As for [`respond`](Self::respond).
    fn embed(&self, request: &Request) -> Result<EmbeddingOutcome> {
        let _ = request;
        Ok(EmbeddingOutcome::Pass)
    }

    /// JSON Schema of the settings, as JSON text; "" where there is none.
    fn settings_schema() -> String {
        String::new()
    }
}
