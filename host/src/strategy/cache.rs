//! The compiled form of users' components, kept on disk: a CPython component takes seconds to compile and milliseconds to
//! load.
//!
//! Loading compiled code is running it: only files that standin wrote are loaded. They lie in a directory that nobody else
//! may write to, and each begins with a digest of what follows, so that a damaged or half-written file is compiled anew.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::componentize::{componentize, is_core};

const DIGEST: usize = 32;

/// The digest of a component's bytes.
pub type Key = [u8; DIGEST];

/// The digest of a component's bytes.
pub fn digest(bytes: &[u8]) -> Key {
    Sha256::digest(bytes).into()
}

/// A digest as text.
pub fn hex(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Loads the compiled form of a component from the cache, or compiles it and keeps it there: in this folder, else in the
/// user's. A cache that cannot be used costs time, and a line in the log.
///
/// # Errors
/// The component does not compile.
pub fn compile(engine: &Engine, folder: Option<&Path>, key: &Key, wasm: &[u8]) -> wasmtime::Result<Component> {
    let folder = match folder.map(Path::to_owned).map_or_else(users_folder, Ok).and_then(private) {
        Ok(folder) => folder,
        Err(reason) => {
            tracing::warn!("compiled components are not kept: {reason}");
            return build(engine, wasm);
        }
    };
    let file = folder.join(name(engine, key));
    if let Some(component) = load(engine, &file) {
        return Ok(component);
    }
    let started = std::time::Instant::now();
    let component = build(engine, wasm)?;
    tracing::debug!(duration_ms = started.elapsed().as_millis() as u64, "compiled a component");
    if let Err(error) = component.serialize().map_err(io::Error::other).and_then(|native| store(&file, &native)) {
        tracing::warn!("cannot keep a compiled component in {}: {error}", file.display());
    }
    Ok(component)
}

/// A core module is made a component first; it is known by its own digest all the same.
fn build(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
    if !is_core(wasm) {
        return Component::from_binary(engine, wasm);
    }
    let component = componentize(wasm).map_err(wasmtime::Error::new)?;
    Component::from_binary(engine, &component)
}

/// Loads code that was compiled at build time.
///
/// # Errors
/// It was compiled for another machine.
#[allow(unsafe_code)]
pub fn embedded(engine: &Engine, native: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are part of this binary; the build script made them with the same wasmtime.
    unsafe { Component::deserialize(engine, native) }
}

#[allow(unsafe_code)]
fn load(engine: &Engine, file: &Path) -> Option<Component> {
    let bytes = fs::read(file).ok()?;
    let (sum, native) = bytes.split_at_checked(DIGEST)?;
    if sum != digest(native) {
        tracing::warn!("{} is damaged; compiling anew", file.display());
        return None;
    }
    // SAFETY: `folder` made sure that only this user can write there, and the digest that standin wrote the file to its end.
    unsafe { Component::deserialize(engine, native) }.ok()
}

/// Written under another name and renamed, so that a reader, or a kill, never meets half a file.
fn store(file: &Path, native: &[u8]) -> io::Result<()> {
    static STORED: AtomicU64 = AtomicU64::new(0);
    let number = STORED.fetch_add(1, Ordering::Relaxed);
    let half = file.with_extension(format!("{}-{number}.part", std::process::id()));
    let mut bytes = digest(native).to_vec();
    bytes.extend_from_slice(native);
    let written = fs::write(&half, bytes).and_then(|()| fs::rename(&half, file));
    if written.is_err() {
        let _ = fs::remove_file(&half);
    }
    written
}

/// A file for each component, each wasmtime and each set of compilation settings.
fn name(engine: &Engine, key: &Key) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{}-{:016x}.cwasm", hex(key), hasher.finish())
}

/// `$STANDIN_CACHE_DIR`, else `standin` in the user's cache directory.
fn users_folder() -> Result<PathBuf, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("STANDIN_CACHE_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|it| it.join("standin")))
        .or_else(|| set("HOME").map(|it| it.join(".cache/standin")))
        .ok_or_else(|| "none of STANDIN_CACHE_DIR, XDG_CACHE_HOME and HOME is set".into())
}

/// Makes a folder that only this user may write to, or makes sure that it is one.
pub(crate) fn private(folder: PathBuf) -> Result<PathBuf, String> {
    let shown = folder.display();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|e| format!("{shown} cannot be made: {e}"))?;
    let meta = fs::metadata(&folder).map_err(|e| format!("{shown} cannot be read: {e}"))?;
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("{shown} belongs to another user"));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(format!("others may write to {shown}; `chmod 700` it"));
    }
    Ok(folder)
}
