//! Write plugins for the standin mock LLM server in Rust.
//!
//! A plugin is a WebAssembly component. This is a whole one, which answers every request with the last user message:
//!
//! ```
//! use standin_sdk::{Outcome, Plugin, Reply, Request, Result};
//!
//! struct Mirror;
//!
//! impl Plugin for Mirror {
//!     type Settings = ();
//!     fn new(_: ()) -> Result<Self> {
//!         Ok(Mirror)
//!     }
//!     fn respond(&self, request: &Request) -> Result<Outcome> {
//!         Ok(Reply::text(request.last_user_text().unwrap_or_default()).into())
//!     }
//! }
//! standin_sdk::export!(Mirror);
//! ```
//!
//! Its `Cargo.toml` has `crate-type = ["cdylib"]` under `[lib]`, and `cargo build --release --target wasm32-wasip2`
//! makes the component. Its name, version and summary are the package's name, version and description.
//!
//! - [`Plugin`] is the one trait, [`export!`] the one macro.
//! - [`Request`] is what the client asks. It stays in the server: each method fetches one piece of it.
//! - [`Outcome`] is what a strategy makes of it: mostly a [`Reply`], an [`ApiError`] or [`Outcome::Pass`].
//! - [`settings`], [`state`], [`context`], [`log`] and [`tokens`] are what else the server offers.
//! - [`testing`] runs a plugin in an ordinary `cargo test`, without WebAssembly.

#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod export;

mod activation;
pub mod context;
mod error;
mod json;
pub mod log;
mod plugin;
mod reply;
mod request;
pub mod settings;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod tokens;

/// What the server offers: its imports in a component, and the test harness everywhere else.
mod host {
    #[cfg(target_arch = "wasm32")]
    pub(crate) use crate::bindings::host::standin::plugin::{context, log, request, settings, state, tokens};
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) use crate::testing::imports::{context, log, request, settings, state, tokens};
}

pub use bindings::embedder::exports::standin::plugin::embedder::EmbeddingOutcome;
pub use bindings::host::standin::plugin::types::{
    ApiError, Chunking, Content, Event, Fault, Media, MediaSource, Message, Pacing, RawResponse, Reasoning, Reply,
    Role, Tool, ToolCall, ToolChoice, ToolResult, Usage,
};
pub use bindings::lifecycle::exports::standin::plugin::lifecycle::{Activation, Condition};
pub use bindings::strategy::exports::standin::plugin::strategy::Outcome;
pub use error::{Error, Result};
pub use json::from_json;
pub use plugin::Plugin;
pub use request::{Messages, Request};
