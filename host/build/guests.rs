//! Builds every crate in `strategies/` as a component and compiles it ahead of time.
//!
//! The nested cargo gets a target directory of its own (the outer one is locked while this runs) and none of the outer
//! build's flags: `RUSTFLAGS=-C target-cpu=native` would break a WebAssembly build.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::tuning;

const TARGET: &str = "wasm32-wasip2";

pub(crate) fn build(out: &Path) -> Result<(), String> {
    let host = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = host.parent().ok_or("host/ has no parent folder")?.to_owned();
    for input in ["strategies", "guest-sdk", "wit", "Cargo.toml", "Cargo.lock", "host/src/strategy/tuning.rs"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }

    let names = strategies(&root.join("strategies"))?;
    ensure_target()?;
    let target_dir = out.join("guests");
    compile_to_wasm(&root, &target_dir, &names)?;

    let engine = engine()?;
    let mut table = String::from("/// Every bundled strategy, by name.\npub static BUNDLED: &[Bundled] = &[\n");
    for name in &names {
        let wasm = target_dir.join(TARGET).join("guest").join(format!("{}.wasm", name.replace('-', "_")));
        let bytes = fs::read(&wasm).map_err(|e| format!("{} was not built: {e}", wasm.display()))?;
        let native = engine.precompile_component(&bytes).map_err(|e| format!("{name} does not compile: {e:#}"))?;
        write(&out.join(format!("{name}.wasm")), &bytes)?;
        write(&out.join(format!("{name}.cwasm")), &native)?;
        let _ = writeln!(
            table,
            "    Bundled {{ name: \"{name}\", wasm: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.wasm\")), \
             native: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.cwasm\")) }},"
        );
    }
    table.push_str("];\n");
    write(&out.join("bundled.rs"), table.as_bytes())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("cargo did not set {name}"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

fn strategies(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Installs the wasm target where rustup is there to do it.
fn ensure_target() -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|e| format!("cannot run rustc: {e}"))?;
    if Path::new(String::from_utf8_lossy(&sysroot.stdout).trim()).is_dir() {
        return Ok(());
    }
    let toolchain = env::var("RUSTUP_TOOLCHAIN").ok();
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    if let Some(toolchain) = &toolchain {
        rustup.args(["--toolchain", toolchain]);
    }
    match rustup.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "the bundled strategies need the Rust target {TARGET}, and `rustup target add {TARGET}` failed. Run it by hand to \
             see why, then build again."
        )),
        Err(_) => Err(format!(
            "the bundled strategies need the Rust target {TARGET}, which this toolchain lacks, and there is no rustup to add \
             it. Install rustup (or your distribution's package of the standard library for {TARGET}), then build again."
        )),
    }
}

fn compile_to_wasm(root: &Path, target_dir: &Path, names: &[String]) -> Result<(), String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--profile", "guest", "--target", TARGET, "--target-dir"])
        .arg(target_dir);
    for name in names {
        cargo.args(["--package", name]);
    }
    for inherited in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
    ] {
        cargo.env_remove(inherited);
    }
    // Guests that start on a small stack are cheap to instantiate; a strategy that recurses deeper traps, as on any stack.
    cargo.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-Clink-arg=-zstack-size=131072");
    let status = cargo.status().map_err(|e| format!("cannot run cargo for the bundled strategies: {e}"))?;
    if status.success() { Ok(()) } else { Err("the bundled strategies do not build; cargo's reasons are above".into()) }
}

fn engine() -> Result<wasmtime::Engine, String> {
    let mut config = tuning::config();
    let target = variable("TARGET")?;
    config.target(&target).map_err(|e| format!("wasmtime cannot compile for {target}: {e:#}"))?;
    if target.starts_with("x86_64") {
        for flag in tuning::BASELINE {
            // SAFETY: the flags say which processors may run the code; the server checks them against its own before it loads
            // the code, and compiles anew where one is missing.
            #[allow(unsafe_code)]
            unsafe {
                config.cranelift_flag_enable(flag);
            }
        }
    }
    wasmtime::Engine::new(&config).map_err(|e| format!("wasmtime cannot be set up for {target}: {e:#}"))
}
