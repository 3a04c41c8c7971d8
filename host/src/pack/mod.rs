//! Packs: strategies that are shipped to others, and how they come here.
//!
//! `manifest` says what a pack is, `archive` is the file it travels in, `build` makes one of a folder, `registry` fetches and
//! publishes, `store` keeps what was installed, `lock` pins it, `install` is the way from the one to the other, and `resolve`
//! finds for the chain what a `reference` means, without a network. Whatever comes from elsewhere is checked against its digest
//! each time it is used; nothing of it runs outside the sandbox.

pub mod archive;
pub mod build;
pub mod digest;
pub mod install;
pub mod lock;
pub mod manifest;
pub mod reference;
pub mod registry;
pub mod resolve;
pub mod store;
mod transport;
mod wasm;

use std::path::Path;

use crate::config::ConfigError;
use digest::Digest;
pub use wasm::describe_component;

/// Why something cannot be done with a pack: what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Mistakes in a file that a person wrote.
    #[error(transparent)]
    Written(#[from] ConfigError),
    /// An archive that is not unpacked.
    #[error("{what} is refused: {refusal}")]
    Archive {
        /// Which.
        what: String,
        /// Why.
        refusal: archive::Refusal,
    },
    /// What came is not what was pinned.
    #[error("{what} is refused: expected {expected} ({by}), found {found}; {advice}")]
    Digest {
        /// Which.
        what: String,
        /// What it should be.
        expected: Digest,
        /// Who says so.
        by: Box<str>,
        /// What it is.
        found: Digest,
        /// What to do.
        advice: Box<str>,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl PackError {
    fn other(message: impl Into<String>) -> Self {
        Self::Other(message.into())
    }

    fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::Other(format!("{what} {}: {error}", path.display()))
    }
}

/// What comes of most things here.
pub type Result<T> = std::result::Result<T, PackError>;
