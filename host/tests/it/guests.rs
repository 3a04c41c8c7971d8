//! The components in `tests/guests`, built once per run of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

/// A folder of this target directory that lasts.
pub fn tmp() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// The bytes of a guest's component.
pub fn wasm(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let file = BUILT.get_or_init(build).join(format!("{name}.wasm"));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn build() -> PathBuf {
    let target = tmp().join("guests");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/Cargo.toml");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--target", "wasm32-wasip2"]);
    cargo.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(&target);
    // Those of the outer build are for another target.
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(name);
    }
    let output = cargo.output().expect("cargo");
    assert!(output.status.success(), "the guests do not build:\n{}", String::from_utf8_lossy(&output.stderr));
    target.join("wasm32-wasip2/release")
}

/// The same component, built for another version of the contract: it is a part of every name, `standin:plugin/types@0.1.0`.
pub fn of_version(wasm: &[u8], version: &str) -> Vec<u8> {
    const OURS: &[u8] = b"standin:plugin/";
    const NOW: &[u8] = b"@0.1.0";
    assert_eq!(version.len() + 1, NOW.len());
    let mut patched = wasm.to_vec();
    let names = (0..wasm.len()).filter(|at| wasm[*at..].starts_with(OURS)).map(|at| at + OURS.len());
    for start in names {
        let length = wasm[start..].iter().position(|byte| !byte.is_ascii_lowercase() && *byte != b'-');
        let end = length.map_or(wasm.len(), |length| start + length);
        if wasm[end..].starts_with(NOW) {
            patched[end + 1..end + NOW.len()].copy_from_slice(version.as_bytes());
        }
    }
    assert_ne!(patched, wasm, "no version was found");
    patched
}
