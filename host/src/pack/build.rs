//! From a folder to a pack: what belongs into it is gathered, checked and tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::archive::{self, Files, Limits};
use super::digest::Digest;
use super::manifest::{self, Manifest, Strategy};
use super::{PackError, Result};
use crate::config::{Isolation, Rights};
use crate::strategy::loader::Loader;
use crate::strategy::plugin::{self, LoadError, Origin, Plugin, Spec};

const README: &str = "README.md";

/// A pack with all that is in it.
pub struct Pack {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its files.
    pub files: Files,
    /// All of that as an archive.
    pub archive: Vec<u8>,
}

impl Pack {
    /// Gathers a pack from its folder: the manifest, the README, licences, the components, and the tests.
    ///
    /// # Errors
    /// All that is missing or wrong.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        let path = folder.join(manifest::FILE);
        if !path.is_file() {
            return Err(PackError::other(format!(
                "there is no {} in {}; a pack is a folder with one, a {README} and its components",
                manifest::FILE,
                folder.display()
            )));
        }
        let manifest = Manifest::read(&path)?;
        let mut gathered = Gathered { folder, files: Files::new(), mistakes: Vec::new() };
        gathered.take(manifest::FILE);
        gathered.take(README);
        if gathered.files.get(README).is_some_and(|text| text.iter().all(u8::is_ascii_whitespace)) {
            gathered.mistakes.push(format!("{README} is empty; say what the pack does, and with which settings"));
        }
        for name in names(folder)? {
            let upper = name.to_uppercase();
            if ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|it| upper.starts_with(it)) {
                gathered.take(&name);
            }
        }
        manifest.strategies.iter().for_each(|strategy| gathered.take(&strategy.file));
        gathered.take_folder(&manifest.tests)?;
        let Gathered { files, mut mistakes, .. } = gathered;
        let limits = Limits::default();
        mistakes.extend(
            files
                .keys()
                .filter(|name| name.len() > limits.name)
                .map(|name| format!("{name} has a name of {} bytes; a pack takes {} at most", name.len(), limits.name)),
        );
        if files.len() > limits.files {
            mistakes.push(format!("there are {} files; a pack takes {} at most", files.len(), limits.files));
        }
        let bytes: u64 = files.values().map(|bytes| bytes.len() as u64).sum();
        if bytes > limits.bytes {
            mistakes.push(format!("its files have {bytes} bytes; a pack takes {} at most", limits.bytes));
        }
        mistakes.extend(manifest.fits().err());
        told(mistakes)?;
        let archive = archive::build(&files)
            .map_err(|error| PackError::other(format!("the archive cannot be written: {error}")))?;
        Ok(Self { manifest, files, archive })
    }

    /// Reads a pack from its archive; `what` is what it is called in errors.
    ///
    /// # Errors
    /// It is not unpacked, or is no pack.
    pub fn from_archive(archive: Vec<u8>, what: &str) -> Result<Self> {
        let files = archive::unpack(archive.as_slice(), Limits::default())
            .map_err(|refusal| PackError::Archive { what: what.to_owned(), refusal })?;
        let text = files
            .get(manifest::FILE)
            .ok_or_else(|| PackError::other(format!("{what} is no pack: there is no {} in it", manifest::FILE)))?;
        let manifest = Manifest::from_bytes(&Path::new(what).join(manifest::FILE), text)?;
        let missing = manifest.strategies.iter().filter(|strategy| !files.contains_key(&strategy.file));
        told(missing.map(|strategy| format!("{what} has no `{}`, which its manifest names", strategy.file)).collect())?;
        manifest.fits().map_err(PackError::Other)?;
        Ok(Self { manifest, files, archive })
    }

    /// The digest of its archive.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.archive)
    }

    /// `greetings@1.2.0`.
    pub fn title(&self) -> String {
        format!("{}@{}", self.manifest.name, self.manifest.version)
    }

    /// What a registry shows of it.
    pub fn describe(&self) -> Value {
        let Manifest { name, version, summary, licence, standin, strategies, .. } = &self.manifest;
        let strategies: Vec<_> = strategies
            .iter()
            .map(|it| json!({ "name": it.name, "description": it.description, "allow": it.allow }))
            .collect();
        json!({
            "name": name,
            "version": version.to_string(),
            "summary": summary,
            "licence": licence,
            "standin": standin.to_string(),
            "strategies": strategies,
            "layerDigests": [self.digest().to_string()],
        })
    }

    /// The component of a strategy.
    pub fn component(&self, strategy: &Strategy) -> &[u8] {
        self.files.get(&strategy.file).map_or(&[], Vec::as_slice)
    }

    /// Loads every strategy with its default settings, and proves that it works. Without any rights: one that asks for some may
    /// refuse to be configured. `path` says where its component lies.
    ///
    /// # Errors
    /// Every strategy that does not work.
    pub fn prove(&self, loader: &mut Loader, path: impl Fn(&Strategy) -> PathBuf) -> Result<()> {
        let mut mistakes = Vec::new();
        for strategy in &self.manifest.strategies {
            let spec = spec(strategy);
            let proved = inside(|| {
                let mut plugin = loader.link(Origin::File(path(strategy)), spec)?;
                plugin.prove()
            })?;
            match proved {
                Ok(()) => {}
                Err(LoadError::Settings(_)) if !strategy.allow.is_empty() => {}
                Err(error) => mistakes.push(format!("{}: the strategy `{}` {error}", strategy.file, strategy.name)),
            }
        }
        told(mistakes)
    }
}

/// Loads a component that stands alone. One that needs settings is a good one all the same.
///
/// # Errors
/// It does not work.
pub fn prove_alone(loader: &mut Loader, path: &Path, what: &str) -> Result<Plugin> {
    let strategy = Strategy {
        name: "component".into(),
        file: String::new(),
        description: String::new(),
        settings: None,
        limits: crate::config::Limits::default(),
        allow: crate::config::Allow::default(),
    };
    let proved = inside(|| {
        let mut plugin = loader.link(Origin::File(path.to_owned()), spec(&strategy))?;
        match plugin.prove() {
            Ok(()) | Err(LoadError::Settings(_)) => Ok(plugin),
            Err(error) => Err(error),
        }
    })?;
    proved.map_err(|error| PackError::other(format!("{what} {error}")))
}

/// A guest that is tried may look for timers, which need a runtime around them.
fn inside<T>(run: impl FnOnce() -> T) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| PackError::other(format!("no runtime for a trial: {error}")))?;
    let _inside = runtime.enter();
    Ok(run())
}

fn spec(strategy: &Strategy) -> Spec {
    let limits = &strategy.limits;
    Spec {
        name: Arc::from(strategy.name.as_str()),
        settings: Arc::new(strategy.settings.clone().unwrap_or_else(|| json!({}))),
        limits: plugin::Limits {
            memory: limits.memory().as_usize(),
            time: limits.time(false).0,
            reply: limits.reply(crate::config::Size::from_mib(16)).as_usize(),
        },
        isolation: Isolation::Warm,
        rights: Rights::default(),
        seed: 0,
    }
}

fn told(mistakes: Vec<String>) -> Result<()> {
    if mistakes.is_empty() { Ok(()) } else { Err(PackError::Other(mistakes.join("\n"))) }
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|error| PackError::io("cannot read", folder, &error))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| PackError::io("cannot read", folder, &error))?.file_name();
        let name = name
            .into_string()
            .map_err(|name| PackError::other(format!("{}: its name is not UTF-8", folder.join(name).display())))?;
        names.push(name);
    }
    names.sort();
    Ok(names)
}

/// What belongs into a pack, so far.
struct Gathered<'a> {
    folder: &'a Path,
    files: Files,
    mistakes: Vec<String>,
}

impl Gathered<'_> {
    fn take(&mut self, name: &str) {
        if self.files.contains_key(name) {
            return;
        }
        let path = self.folder.join(name);
        let shown = path.display();
        // A link may lead to what nobody meant to publish.
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => {
                self.mistakes.push(format!("{shown} is a link; put the file itself there"));
            }
            Ok(meta) if !meta.is_file() => self.mistakes.push(format!("{shown} is not a file")),
            Ok(_) => match fs::read(&path) {
                Ok(bytes) => drop(self.files.insert(name.to_owned(), bytes)),
                Err(error) => self.mistakes.push(format!("cannot read {shown}: {error}")),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.mistakes.push(format!("{shown} is missing, and belongs to the pack"));
            }
            Err(error) => self.mistakes.push(format!("cannot read {shown}: {error}")),
        }
    }

    /// Everything that lies in a folder, if it is there.
    fn take_folder(&mut self, folder: &str) -> Result<()> {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let path = self.folder.join(&folder);
            match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => {
                    self.mistakes.push(format!("{} is not a folder", path.display()));
                    continue;
                }
                Err(_) => continue,
            }
            for name in names(&path)? {
                let below = format!("{folder}/{name}");
                if self.folder.join(&below).symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                    folders.push(below);
                } else {
                    self.take(&below);
                }
            }
        }
        Ok(())
    }
}
