//! The strategies: WebAssembly components, and the only place that knows wasmtime.
//!
//! `chain` asks the plugins of a configuration in order, `activation` says which need not be asked, `pool` keeps the warm
//! instances of each worker, `instance` is one of them, `epoch` interrupts it, `health` puts a plugin aside that keeps timing
//! out. `loader` turns a file into a checked `plugin`, with `trial` and `cache`. `imports` and `wasi` are what a guest can
//! ask of the host; `bindings` and `convert` are the contract's types.

mod bindings;
mod convert;
mod epoch;
mod imports;
mod trial;
mod tuning;
mod wasi;

pub mod activation;
pub mod asked;
pub mod cache;
pub mod chain;
pub mod engine;
pub mod explain;
pub mod health;
pub mod instance;
pub mod loader;
pub mod nearest;
pub mod plugin;
pub mod pool;
pub mod state;
