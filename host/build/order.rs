//! Where the functions of a request lie: next to each other, as `order.txt` lists them.
//!
//! A request runs through some five hundred functions out of forty thousand. Scattered over the whole program they take a page,
//! and a place among the processor's page translations, nearly each; side by side they take a few dozen. `benches/order` writes
//! the list. A name that no longer fits is left out by the linker, which costs nothing but its part of the gain.

use std::path::Path;
use std::process::{Command, Stdio};

/// Tells the linker, where it is one that takes such a list.
pub(crate) fn link(out: &Path) {
    let Ok(list) = std::path::absolute("build/order.txt") else { return };
    let arguments = [format!("-Wl,--symbol-ordering-file={}", list.display()), "-Wl,--no-warn-symbol-ordering".into()];
    if list.is_file() && takes(out, &arguments) {
        for argument in arguments {
            println!("cargo::rustc-link-arg-bins={argument}");
            println!("cargo::rustc-link-arg-benches={argument}");
        }
    }
}

/// Whether a program can be linked with these, under the flags and by the linker of this build: the one way to know.
fn takes(out: &Path, arguments: &[String]) -> bool {
    let (Some(rustc), Ok(target), Ok(host)) =
        (std::env::var_os("RUSTC"), std::env::var("TARGET"), std::env::var("HOST"))
    else {
        return false;
    };
    let source = out.join("order_probe.rs");
    if target != host || !target.ends_with("linux-gnu") || std::fs::write(&source, "fn main() {}").is_err() {
        return false;
    }
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let linker = std::env::var("RUSTC_LINKER").map(|linker| format!("-Clinker={linker}"));
    let linked = Command::new(rustc)
        .args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()))
        .args(linker)
        .arg(&source)
        .arg("-o")
        .arg(out.join("order_probe"))
        .args(arguments.iter().map(|argument| format!("-Clink-arg={argument}")))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    linked.is_ok_and(|status| status.success())
}
