//! How components are compiled: shared by the server and by the build script, which compiles the bundled ones ahead of
//! time. Code compiled under one of these settings is refused under another, so there is exactly one place for them.

use wasmtime::{Config, WasmBacktraceDetails};

/// The compilation settings, for any allocation strategy.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // A guest that loops is interrupted at its loop heads and function entries; measured at 5 % of a warm call, where fuel
    // costs 10 to 46 %.
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    // A component that was built with its lines tells them in a backtrace; one that was not costs nothing.
    config.wasm_backtrace_details(WasmBacktraceDetails::Enable);
    config
}

/// The oldest x86-64 processors that the bundled components are compiled for: those with SSE4.1 (2008). A server on another
/// machine, or another architecture, compiles for what it finds.
#[allow(dead_code, reason = "used by the build script alone")]
pub(crate) const BASELINE: &[&str] = &["has_sse3", "has_ssse3", "has_sse41"];
