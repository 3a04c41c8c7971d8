//! standin: a mock LLM server that people extend with WebAssembly components.
//!
//! `exchange` is where to start reading: the way of one request, one function per arrow. Below it lie the wire formats
//! ([`wire`]), the strategies ([`strategy`]) and the pacing of streams ([`pace`]), which do not know each other; they meet in
//! plain types ([`chat`]). [`server`] and [`reload`] keep it running.

#[cfg(feature = "engine")]
pub mod server;

#[cfg(feature = "engine")]
pub mod admin;
#[cfg(feature = "engine")]
pub mod exchange;
#[cfg(feature = "engine")]
pub mod mock;
#[cfg(feature = "engine")]
pub mod reload;
#[cfg(feature = "engine")]
pub mod scaffold;
#[cfg(feature = "engine")]
pub mod suite;

#[cfg(feature = "engine")]
pub mod snapshot;

#[cfg(feature = "engine")]
pub mod gate;
#[cfg(feature = "engine")]
pub mod journal;
pub mod kept;
#[cfg(feature = "engine")]
pub mod metrics;
pub mod pace;
#[cfg(feature = "engine")]
pub mod pack;
#[cfg(feature = "engine")]
pub mod strategy;
pub mod wire;

pub mod chat;
#[cfg(feature = "engine")]
pub mod componentize;
pub mod config;
#[cfg(feature = "engine")]
pub mod record;
#[cfg(feature = "engine")]
mod tls;
pub mod tokens;
pub mod usage;
