//! `standin serve --dev`: components that are being written, before the rest of the chain.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use standin::config::{ConfigError, Diagnostic};
use standin::snapshot::{Built, lone};
use standin::strategy::cache::{digest, hex};
use standin::strategy::chain::Chain;
use standin::strategy::loader::Loader;
use standin::strategy::plugin::Origin;

/// What the log says: everything of a plugin, its traps with their backtraces, and a line for each request.
pub(super) const LOG: &str = "info,standin::plugin=trace,standin::strategy::imports=trace";

/// Components that are being written.
pub(super) struct Dev {
    files: Vec<PathBuf>,
    /// The bytes that were loaded last, by their digest and how many.
    loaded: Mutex<HashMap<PathBuf, (String, usize)>>,
}

impl Dev {
    /// These components, which have to be there at the start.
    pub(super) fn new(files: &[PathBuf]) -> anyhow::Result<Self> {
        let files: Vec<PathBuf> = files.iter().map(|file| plain(file)).collect();
        if let Some(missing) = files.iter().find(|file| !file.is_file()) {
            anyhow::bail!("--dev {}: there is no such file; build the component first", missing.display());
        }
        Ok(Self { files, loaded: Mutex::default() })
    }

    /// Puts them before the chain, except those that are in it.
    pub(super) fn join(&self, built: &mut Built, loader: &mut Loader) -> Result<(), ConfigError> {
        let mut plugins = Vec::with_capacity(self.files.len() + built.snapshot.chain.stages().len());
        let mut wrong = Vec::new();
        for file in &self.files {
            let started = Instant::now();
            built.files.push(file.clone());
            let is_this = |origin: &Origin| matches!(origin, Origin::File(path) if plain(path) == *file);
            if !built.snapshot.chain.stages().iter().any(|stage| is_this(&stage.origin)) {
                let (origin, mut spec) = lone(file);
                spec.seed = built.config.seed;
                match loader.load(origin, spec) {
                    Ok(plugin) => plugins.push(Arc::new(plugin)),
                    Err(error) => {
                        wrong.push(Diagnostic::file(file, format!("{} {error}", file.display())));
                        continue;
                    }
                }
            }
            self.tell(file, started);
        }
        if !wrong.is_empty() {
            return Err(ConfigError::new(wrong, built.files.clone()));
        }
        if !plugins.is_empty() {
            plugins.extend(built.snapshot.chain.stages().iter().cloned());
            built.snapshot.chain = Chain::new(plugins).map_err(|reason| {
                ConfigError::new(vec![Diagnostic::file(&self.files[0], reason)], built.files.clone())
            })?;
        }
        Ok(())
    }

    /// Says what was loaded, where it is another component than before.
    fn tell(&self, file: &Path, started: Instant) {
        let Ok(bytes) = std::fs::read(file) else { return };
        let (size, full) = (bytes.len(), hex(&digest(&bytes)));
        let short = full.get(..12).unwrap_or_default().to_owned();
        let time = started.elapsed();
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let before = loaded.insert(file.to_owned(), (short.clone(), size));
        let before = match before {
            Some((digest, _)) if digest == short => return,
            Some((digest, size)) => format!("; before, sha256 {digest}, {size} bytes"),
            None => String::new(),
        };
        tracing::info!("loaded {}: sha256 {short}, {size} bytes, in {} ms{before}", file.display(), time.as_millis());
    }
}

fn plain(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components().collect()
}
