//! The strategies: WebAssembly components, and the only place that knows wasmtime.
//!
//! `chain` asks the plugins of a configuration in order, `activation` says which need not be asked, `pool` keeps the warm
//! instances of each worker, `instance` is one of them, `epoch` interrupts it, `health` puts a plugin aside that keeps timing
//! out. `loader` turns a file into a checked `plugin`, with `trial` and `cache`. `imports` and `wasi` are what a guest can
//! ask of the host; `bindings` and `convert` are the contract's types.
//!
//! A plugin has no rights beyond answering, unless `grants` says so. One that may read files or ask hosts is `waiting`: its
//! calls run on fibers, with `wasi_waiting`, `http` and `tls` in place of what cannot wait. `guest` is either kind.

mod bindings;
mod convert;
mod epoch;
mod files;
mod guest;
mod http;
mod imports;
mod sockets;
mod tls;
mod trial;
mod tuning;
mod wasi;
mod wasi_waiting;

pub mod activation;
pub mod asked;
pub mod cache;
pub mod chain;
pub mod engine;
pub mod explain;
pub mod grants;
pub mod health;
pub mod instance;
pub mod loader;
pub mod nearest;
pub mod plugin;
pub mod pool;
pub mod state;
pub mod waiting;
