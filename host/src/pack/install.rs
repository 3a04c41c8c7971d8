//! The way of a pack from elsewhere into the local store, and into the lock.
//!
//! Nothing is tried before its digest is that of the lock, and nothing is installed before it was tried: in the sandbox, without
//! any rights.

use std::fs;
use std::path::{Path, PathBuf};

use super::build::{Pack, prove_alone};
use super::digest::Digest;
use super::lock::{Home, Lock, Pin};
use super::manifest::Manifest;
use super::reference::{PACK, Place, Reference, Which, version_of};
use super::registry::{Fetched, Kind, Registry};
use super::store::{Item, Source, Store};
use super::{PackError, Result};
use crate::config::load::{self, Reference as Strategy};
use crate::strategy::loader::Loader;

/// Installs.
pub struct Installer<'a> {
    /// Where to.
    pub store: &'a Store,
    /// From where.
    pub registry: &'a Registry,
    /// Tries what is installed.
    pub loader: Loader,
}

/// What was installed.
pub struct Installed {
    /// As which.
    pub item: Item,
    /// What the pack says of itself; none of a component that stands alone.
    pub manifest: Option<Manifest>,
    /// Another content, which had the same name and version.
    pub replaced: Option<Digest>,
}

/// Content on its way.
struct Arrived {
    item: Item,
    content: Content,
}

enum Content {
    Pack(Box<Pack>),
    Component(Vec<u8>),
}

impl Installer<'_> {
    /// Installs what a reference means, and pins it.
    ///
    /// # Errors
    /// It cannot be had, is not what the lock says, or does not work.
    pub fn install(&mut self, reference: &Reference, lock: Option<&Path>) -> Result<Installed> {
        let Place::Remote(remote) = &reference.place else {
            return Err(PackError::other(format!(
                "`{reference}` names a pack that is installed already; to install one, say where it is: `oci://REGISTRY/NAME@VERSION`, \
                 an archive or a folder"
            )));
        };
        let arrived = arrived(self.registry.fetch(remote, &reference.which)?)?;
        if let (Some(strategy), Content::Pack(pack)) = (&reference.strategy, &arrived.content) {
            pack.manifest.strategy(Some(strategy)).map_err(PackError::Other)?;
        }
        let source = arrived.item.source.clone();
        let mut pins = read(lock)?;
        // A version that is published stays what it is. A tag such as `latest` moves, and that is what it is for.
        let pinned = pins.same(&arrived.item).filter(|_| arrived.item.version.is_some());
        if let (Some(pin), Some(lock)) = (pinned, lock) {
            matches(pin, &arrived.item, lock)?;
        }
        let installed = self.enter(arrived)?;
        if let (Some(lock), Some(source)) = (lock, source) {
            pins.pin(&installed.item, Home::Remote(source), reference);
            pins.write(lock)?;
        }
        Ok(installed)
    }

    /// Installs an archive or a folder, and pins it.
    ///
    /// # Errors
    /// It is no pack, or does not work.
    pub fn install_file(&mut self, path: &Path, lock: Option<&Path>) -> Result<Installed> {
        let installed = self.enter(from_file(path)?)?;
        if let (Some(lock), Some(pack)) = (lock, &installed.item.pack) {
            let mut pins = read(Some(lock))?;
            let instead = Reference { place: Place::Pack(pack.clone()), which: Which::Newest, strategy: None };
            pins.pin(&installed.item, Home::Path(relative(path, lock)), &instead);
            pins.write(lock)?;
        }
        Ok(installed)
    }

    /// Installs all that a lock pins, and then what the configuration names beyond that. Says what was not there yet.
    ///
    /// # Errors
    /// Something cannot be had, is not what the lock says, or does not work.
    pub fn restore(&mut self, config: Option<&Path>, lock: &Path) -> Result<Vec<Installed>> {
        let mut installed = Vec::new();
        for pin in read(Some(lock))?.pins {
            if self.store.read(pin.digest)?.is_some() && self.is_entered(&pin)? {
                continue;
            }
            installed.push(self.restore_one(&pin, lock)?);
        }
        let Some(config) = config else { return Ok(installed) };
        let loaded = load::load(config)?;
        for stage in loaded.stages.iter().flatten() {
            let Strategy::Installed(text) = &stage.strategy else { continue };
            let reference: Reference = text.parse().map_err(PackError::Other)?;
            let mut pins = read(Some(lock))?;
            if pins.find(&reference).is_some() {
                continue;
            }
            if let Place::Remote(_) = reference.place {
                installed.push(self.install(&reference, Some(lock))?);
                continue;
            }
            let item = self.store.find(&reference)?.ok_or_else(|| {
                PackError::other(format!(
                    "{}: `{reference}` is not installed, and {} does not say where it is; run `standin pack install REF`, where REF \
                     is `oci://REGISTRY/NAME@VERSION`, an archive or a folder",
                    config.display(),
                    lock.display()
                ))
            })?;
            // What came from a file stays unpinned: nobody could fetch it again.
            if let Some(source) = item.source.clone() {
                pins.pin(&item, Home::Remote(source), &reference);
                pins.write(lock)?;
            }
        }
        Ok(installed)
    }

    fn restore_one(&mut self, pin: &Pin, lock: &Path) -> Result<Installed> {
        let mut arrived = match &pin.from {
            Home::Remote(source) => {
                let fetched = self.registry.fetch(&source.remote(), &Which::Digest(source.manifest))?;
                let source = Source { tag: source.tag.clone(), ..fetched.source };
                arrived(Fetched { source, ..fetched })?
            }
            Home::Path(path) => from_file(&lock.parent().unwrap_or(Path::new("")).join(path))?,
        };
        matches(pin, &arrived.item, lock)?;
        arrived.item.version = arrived.item.version.or_else(|| pin.version.clone());
        self.enter(arrived)
    }

    fn is_entered(&self, pin: &Pin) -> Result<bool> {
        Ok(self.store.items()?.0.iter().any(|item| item.digest == pin.digest))
    }

    /// Keeps the blobs, tries what can be tried, and enters it into the index. What does not work leaves nothing.
    fn enter(&mut self, Arrived { mut item, content }: Arrived) -> Result<Installed> {
        let store = self.store;
        let mut new = Vec::new();
        let mut keep = |bytes: &[u8]| {
            let (digest, fresh) = store.keep(bytes)?;
            if fresh {
                new.push(digest);
            }
            Ok::<_, PackError>(digest)
        };
        let kept = match &content {
            Content::Pack(pack) => pack
                .manifest
                .strategies
                .iter()
                .try_for_each(|strategy| {
                    item.components.push(keep(pack.component(strategy))?);
                    Ok(())
                })
                .and_then(|()| {
                    let path = |strategy: &_| store.path(Digest::of(pack.component(strategy)));
                    pack.prove(&mut self.loader, path).map_err(|error| refused(&item, &error))
                })
                .and_then(|()| keep(&pack.archive).map(drop)),
            Content::Component(bytes) => keep(bytes).and_then(|digest| {
                prove_alone(&mut self.loader, &store.path(digest), "it")
                    .map(drop)
                    .map_err(|error| refused(&item, &error))
            }),
        };
        item.components.sort();
        item.components.dedup();
        let replaced = kept.and_then(|()| store.enter(&item)).inspect_err(|_| {
            new.iter().for_each(|digest| store.drop_blob(*digest));
        })?;
        let replaced = replaced.map(|before| before.digest).filter(|before| *before != item.digest);
        let manifest = match content {
            Content::Pack(pack) => Some(pack.manifest),
            Content::Component(_) => None,
        };
        Ok(Installed { item, manifest, replaced })
    }
}

fn refused(item: &Item, error: &PackError) -> PackError {
    PackError::other(format!("{} is not installed:\n{error}", item.title()))
}

fn arrived(fetched: Fetched) -> Result<Arrived> {
    let Fetched { kind, source, bytes } = fetched;
    let what = format!("{}@{}", source.remote(), source.tag.clone().unwrap_or_else(|| source.manifest.to_string()));
    Ok(match kind {
        Kind::Pack => pack(Pack::from_archive(bytes, &what)?, Some(source)),
        Kind::Component => Arrived {
            item: Item {
                pack: None,
                version: source.tag.as_deref().and_then(version_of),
                source: Some(source),
                digest: Digest::of(&bytes),
                size: bytes.len() as u64,
                components: Vec::new(),
            },
            content: Content::Component(bytes),
        },
    })
}

fn pack(pack: Pack, source: Option<Source>) -> Arrived {
    let item = Item {
        pack: Some(pack.manifest.name.clone()),
        version: Some(pack.manifest.version.clone()),
        source,
        digest: pack.digest(),
        size: pack.archive.len() as u64,
        components: Vec::new(),
    };
    Arrived { item, content: Content::Pack(Box::new(pack)) }
}

fn from_file(path: &Path) -> Result<Arrived> {
    if path.is_dir() {
        return Ok(pack(Pack::from_folder(path)?, None));
    }
    if path.extension().is_some_and(|it| it == "wasm") {
        return Err(PackError::other(format!(
            "{} is a component and needs no installing: a chain takes its path, `use: {}`",
            path.display(),
            path.display()
        )));
    }
    let bytes = fs::read(path).map_err(|error| PackError::io("cannot read", path, &error))?;
    Ok(pack(Pack::from_archive(bytes, &path.display().to_string())?, None))
}

fn matches(pin: &Pin, item: &Item, lock: &Path) -> Result<()> {
    if pin.digest == item.digest {
        return Ok(());
    }
    Err(PackError::Digest {
        what: item.title(),
        expected: pin.digest,
        by: format!("pinned in {}", lock.display()).into(),
        found: item.digest,
        advice: "a version that is published does not change: ask whoever published it, and to accept the other content take the \
                 entry out of the lock"
            .into(),
    })
}

fn read(lock: Option<&Path>) -> Result<Lock> {
    Ok(lock.map_or_else(|| Ok(Lock::default()), Lock::read)?)
}

/// A path as the lock names it: from its own folder where it lies below, else as it is.
fn relative(path: &Path, lock: &Path) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute(lock).parent().map(Path::to_owned).unwrap_or_default();
    let path = absolute(path);
    match path.strip_prefix(&folder) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        Err(_) => path,
    }
}

/// `pack:NAME`, as it begins in a chain.
pub fn use_of(item: &Item, manifest: Option<&Manifest>) -> Vec<String> {
    match (&item.pack, manifest) {
        (Some(pack), Some(manifest)) => {
            manifest.strategies.iter().map(|strategy| format!("{PACK}{pack}/{}", strategy.name)).collect()
        }
        _ => vec![item.title()],
    }
}
