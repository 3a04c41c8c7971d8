//! From a name in the configuration to a checked plugin: finds the component, compiles or loads it, tries it.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use wasmtime::component::Component;

use super::cache::{self, Key};
use super::plugin::{LoadError, Origin, Plugin, Spec, stem};
use crate::componentize::{ComponentizeError, is_core};
use crate::config::Isolation;

/// A strategy that is embedded in the binary.
pub struct Bundled {
    /// Its name.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
    /// The same, compiled for the baseline of this architecture.
    pub native: &'static [u8],
}

mod bundled {
    use super::Bundled;
    include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
}

pub use bundled::BUNDLED;

/// Loads plugins, and remembers compiled components from one configuration to the next.
#[derive(Default)]
pub struct Loader {
    cache: Option<PathBuf>,
    components: HashMap<(Key, bool), Component>,
    used: HashMap<(Key, bool), Component>,
}

/// Where the names of a configuration are looked up.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Scanned for `*.wasm`.
    pub strategies: PathBuf,
}

impl Folders {
    /// The components in the strategies folder, by name, sorted. A folder that is not there holds none.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn scan(&self) -> Result<Vec<(String, PathBuf)>, String> {
        let entries = match fs::read_dir(&self.strategies) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(format!("cannot read the strategies folder {}: {error}", self.strategies.display()));
            }
        };
        let mut found: Vec<(String, PathBuf)> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "wasm") && path.is_file())
            .map(|path| (stem(&path), path))
            .collect();
        found.sort();
        Ok(found)
    }

    /// Finds what a name of the chain means: a component in the strategies folder, or a bundled one. None where there is no
    /// such component.
    pub fn find(&self, name: &str) -> Option<Origin> {
        let file = self.strategies.join(format!("{name}.wasm"));
        if file.is_file() {
            return Some(Origin::File(file));
        }
        BUNDLED.iter().any(|it| it.name == name).then_some(Origin::Bundled)
    }
}

impl Loader {
    /// A loader that keeps compiled components in this folder instead of the user's.
    pub fn with_cache(folder: impl Into<PathBuf>) -> Self {
        Self { cache: Some(folder.into()), ..Self::default() }
    }

    /// Loads one plugin, and proves that it works.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn load(&mut self, origin: Origin, spec: Spec) -> Result<Plugin, LoadError> {
        let mut plugin = self.link(origin, spec)?;
        plugin.prove()?;
        Ok(plugin)
    }

    /// Loads one plugin as far as it goes without its settings.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn link(&mut self, origin: Origin, spec: Spec) -> Result<Plugin, LoadError> {
        // One that may wait is allocated on demand, whether it is kept or not: many of its calls may be under way.
        let isolation = if spec.rights.waits() { Isolation::Warm } else { spec.isolation };
        match self.link_on(isolation, origin.clone(), spec.clone()) {
            // A guest that is too large for a slot of the pool is allocated on demand, fresh all the same.
            Err(LoadError::Link(_) | LoadError::NotAComponent(_)) if isolation == Isolation::Fresh => {
                self.link_on(Isolation::Warm, origin, spec)
            }
            other => other,
        }
    }

    fn link_on(&mut self, isolation: Isolation, origin: Origin, spec: Spec) -> Result<Plugin, LoadError> {
        let side = Plugin::side(isolation).map_err(LoadError::Link)?;
        let component = match &origin {
            Origin::Bundled => {
                let bundled = BUNDLED.iter().find(|it| it.name == &*spec.name);
                let bundled =
                    bundled.ok_or_else(|| LoadError::Read("there is no bundled strategy of that name".into()))?;
                cache::embedded(&side.engine, bundled.native)
                    .or_else(|_| self.compile(isolation, bundled.wasm))
                    .map_err(|e| LoadError::NotAComponent(format!("{e:#}")))?
            }
            Origin::File(path) | Origin::Installed { file: path, .. } => {
                let bytes = fs::read(path).map_err(|e| LoadError::Read(e.to_string()))?;
                check_header(&bytes)?;
                self.compile(isolation, &bytes).map_err(|error| match error.downcast::<ComponentizeError>() {
                    Ok(reason) => LoadError::CoreModule(reason),
                    Err(error) => LoadError::NotAComponent(error.root_cause().to_string()),
                })?
            }
        };
        Plugin::link(origin, &component, side, spec)
    }

    /// Forgets components that were not used since the last call.
    pub fn prune(&mut self) {
        self.components = std::mem::take(&mut self.used);
    }

    fn compile(&mut self, isolation: Isolation, wasm: &[u8]) -> wasmtime::Result<Component> {
        let side = Plugin::side(isolation).map_err(wasmtime::Error::msg)?;
        let digest = cache::digest(wasm);
        let key = (digest, isolation == Isolation::Fresh);
        let component = match self.used.get(&key).or_else(|| self.components.get(&key)) {
            Some(component) => component.clone(),
            None => cache::compile(&side.engine, self.cache.as_deref(), &digest, wasm)?,
        };
        self.used.insert(key, component.clone());
        Ok(component)
    }
}

/// The first eight bytes tell a component or a core module from anything else, before a compiler sees it.
fn check_header(bytes: &[u8]) -> Result<(), LoadError> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        Some(_) if is_core(bytes) => Ok(()),
        _ if bytes.is_empty() => Err(LoadError::NotAComponent("the file is empty".into())),
        _ => Err(LoadError::NotAComponent("it does not begin as WebAssembly does (\\0asm)".into())),
    }
}
