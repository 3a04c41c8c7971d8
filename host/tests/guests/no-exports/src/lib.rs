//! A component that exports nothing which a host knows.

/// Only for Rust.
pub fn answer() -> u32 {
    42
}
