//! The ABI file of a project in Go or AssemblyScript: the contract's types, what the host offers as plain functions, and the
//! exports that call the author's functions. Generated from the WIT, so that it follows the contract.
//!
//! `layout` says how the contract's types lie in memory; `go` and `assemblyscript` write them down, each after a short prelude
//! of its own.

macro_rules! line {
    ($file:expr, $($text:tt)*) => {{
        let _ = writeln!($file.out, $($text)*);
    }};
}

mod assemblyscript;
mod go;
mod layout;
#[cfg(test)]
mod tests;

use self::layout::Layout;

/// The world of which the files are made.
const WORLD: &str = "strategy-plugin";

/// `abi.go`, package main: the author writes `Describe`, `Configure` and `Respond`.
///
/// # Errors
/// The contract has a type that the file cannot express.
pub fn go() -> Result<String, String> {
    go::write(&Layout::of(WORLD)?)
}

/// `assembly/abi.ts`: the author exports `describe`, `configure` and `respond` from `assembly/strategy.ts`.
///
/// # Errors
/// The contract has a type that the file cannot express.
pub fn assemblyscript() -> Result<String, String> {
    assemblyscript::write(&Layout::of(WORLD)?)
}
