//! Makes what the server embeds: the token tables, the files that `standin new` writes, and the bundled strategies, built for
//! wasm32-wasip2 and compiled ahead of time, so that even a first start takes milliseconds.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a build script talks to cargo and to a person by printing"
)]

#[cfg(feature = "engine")]
#[path = "build/guests.rs"]
mod guests;
#[cfg(feature = "engine")]
#[path = "build/order.rs"]
mod order;
#[cfg(feature = "engine")]
#[path = "build/templates.rs"]
mod templates;
#[path = "build/tokens.rs"]
mod tokens;
#[cfg(feature = "engine")]
#[path = "src/strategy/tuning.rs"]
mod tuning;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    for input in ["build.rs", "build", "src/tokens/layout.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // A sentence for a person, instead of a panic with a backtrace.
        Err(reason) => {
            eprintln!("\nstandin: {reason}\n");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    write_tokens(&out)?;
    #[cfg(feature = "engine")]
    {
        templates::write(&out)?;
        guests::build(&out)?;
        order::link(&out);
    }
    Ok(())
}

fn write_tokens(out: &Path) -> Result<(), String> {
    tokens::write(out).map_err(|error| format!("the token tables cannot be made: {error}"))
}
