//! What is installed: blobs by their digest, and an index that says what each is.
//!
//! A blob is hashed each time it is read: what does not match its name is refused. Every file is written under another name and
//! renamed, and every entry of the index is a file of its own, so that two processes at once do not harm each other.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use semver::Version;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::reference::{Place, Reference, Remote};
use super::{PackError, Result};
use crate::strategy::cache::private;

/// The variable that names another store.
pub const VARIABLE: &str = "STANDIN_STORE";

/// The installed packs, and the components that stand alone.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The name of the pack; none: a component that stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// From where it was fetched; none: from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Its archive, or the component.
    pub digest: Digest,
    /// The size of that.
    pub size: u64,
    /// The components of a pack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Digest>,
}

/// A place in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The registry.
    pub registry: String,
    /// The name in it.
    pub repository: String,
    /// The tag, if it was found by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The manifest.
    pub manifest: Digest,
}

impl Source {
    /// The repository.
    pub fn remote(&self) -> Remote {
        Remote { registry: self.registry.clone(), repository: self.repository.clone() }
    }
}

impl Item {
    /// What it is called: `greetings@1.2.0`, `oci://ghcr.io/team/greeter@0.3.0`.
    pub fn title(&self) -> String {
        match (&self.pack, &self.version, &self.source) {
            (Some(pack), Some(version), _) => format!("{pack}@{version}"),
            (_, _, Some(source)) => match &source.tag {
                Some(tag) => format!("{}@{tag}", source.remote()),
                None => format!("{}@{}", source.remote(), source.manifest),
            },
            _ => self.digest.to_string(),
        }
    }

    /// Whether a reference means it.
    pub fn answers(&self, reference: &Reference) -> bool {
        let (tag, manifest) = match &self.source {
            Some(source) => (source.tag.as_deref(), Some(source.manifest)),
            None => (None, None),
        };
        let here = match &reference.place {
            Place::Pack(name) => self.pack.as_ref() == Some(name),
            Place::Remote(remote) => self.source.as_ref().is_some_and(|source| source.remote() == *remote),
        };
        here && reference.which.admits(self.version.as_ref(), tag, manifest)
    }

    /// The name of its file in the index.
    fn file(&self) -> String {
        let plain = |character: char| {
            if character.is_ascii_alphanumeric() {
                character.to_string()
            } else {
                match character {
                    '@' | '.' | '-' | '_' | '+' => character.to_string(),
                    other => format!("%{:02x}", u32::from(other)),
                }
            }
        };
        let title: String = self.title().chars().map(plain).collect();
        format!("{title}.json")
    }
}

impl Store {
    /// A store in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The user's: `$STANDIN_STORE`, else `standin/packs` where data of the user lies.
    ///
    /// # Errors
    /// None of the variables that say so is set.
    pub fn users() -> Result<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set(VARIABLE)
            .or_else(|| set("XDG_DATA_HOME").map(|it| it.join("standin/packs")))
            .or_else(|| set("HOME").map(|it| it.join(".local/share/standin/packs")))
            .map(Self::new)
            .ok_or_else(|| {
                PackError::other("there is no place for packs: none of STANDIN_STORE, XDG_DATA_HOME and HOME is set")
            })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a blob.
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join("sha256").join(digest.hex())
    }

    /// The bytes of a blob; none where it is not there.
    ///
    /// # Errors
    /// It is not what its name says, or cannot be read.
    pub fn read(&self, digest: Digest) -> Result<Option<Vec<u8>>> {
        let path = self.path(digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PackError::io("cannot read", &path, &error)),
        };
        let found = Digest::of(&bytes);
        if found == digest {
            return Ok(Some(bytes));
        }
        Err(PackError::Digest {
            what: path.display().to_string(),
            expected: digest,
            by: "its name in the local store".into(),
            found,
            advice: "it was changed after it was installed: delete this file, and install what it belongs to again"
                .into(),
        })
    }

    /// Keeps a blob. Says whether it is new.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<(Digest, bool)> {
        let digest = Digest::of(bytes);
        let path = self.path(digest);
        if let Ok(Some(_)) = self.read(digest) {
            return Ok((digest, false));
        }
        self.private("sha256")?;
        write_whole(&path, bytes)?;
        Ok((digest, true))
    }

    /// Everything that is installed, by title, and what of the index cannot be read.
    ///
    /// # Errors
    /// The index as a whole cannot be read.
    pub fn items(&self) -> Result<(Vec<Item>, Vec<String>)> {
        let folder = self.folder.join("index");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            Err(error) => return Err(PackError::io("cannot read", &folder, &error)),
        };
        let (mut items, mut odd) = (Vec::<Item>::new(), Vec::new());
        let files = entries.filter_map(io::Result::ok).map(|entry| entry.path());
        for file in files.filter(|file| file.extension().is_some_and(|it| it == "json")) {
            match fs::read(&file)
                .map_err(|error| error.to_string())
                .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
            {
                Ok(item) => items.push(item),
                // Somebody else may just have removed it.
                Err(_) if !file.exists() => {}
                Err(error) => odd.push(format!("{} is no entry of an index: {error}", file.display())),
            }
        }
        items.sort_by(|a, b| (&a.pack, &a.version, a.title()).cmp(&(&b.pack, &b.version, b.title())));
        Ok((items, odd))
    }

    /// The highest version that a reference means.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn find(&self, reference: &Reference) -> Result<Option<Item>> {
        let (items, _) = self.items()?;
        Ok(items.into_iter().filter(|item| item.answers(reference)).max_by(|a, b| a.version.cmp(&b.version)))
    }

    /// Enters something into the index. What was there under the same name comes back.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn enter(&self, item: &Item) -> Result<Option<Item>> {
        self.private("index")?;
        let path = self.folder.join("index").join(item.file());
        let before = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let bytes = serde_json::to_vec_pretty(item).map_err(|error| PackError::other(error.to_string()))?;
        write_whole(&path, &bytes)?;
        Ok(before)
    }

    /// Takes something out of the index, and the blobs that nothing else there needs.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, item: &Item) -> Result<()> {
        let path = self.folder.join("index").join(item.file());
        fs::remove_file(&path).map_err(|error| PackError::io("cannot remove", &path, &error))?;
        let (rest, _) = self.items()?;
        for blob in item.components.iter().chain([&item.digest]) {
            if !rest.iter().any(|it| it.digest == *blob || it.components.contains(blob)) {
                self.drop_blob(*blob);
            }
        }
        Ok(())
    }

    /// Removes a blob, where it is there.
    pub fn drop_blob(&self, digest: Digest) {
        let _ = fs::remove_file(self.path(digest));
    }

    fn private(&self, below: &str) -> Result<()> {
        for folder in [self.folder.clone(), self.folder.join(below)] {
            private(folder).map_err(|reason| PackError::other(format!("the local store cannot be used: {reason}")))?;
        }
        Ok(())
    }
}

/// Writes a file under another name and renames it: nobody meets half of it.
///
/// # Errors
/// It cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut half = path.as_os_str().to_owned();
    half.push(format!(".{}-{number}.part", std::process::id()));
    let half = PathBuf::from(half);
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&half)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&half, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&half);
        PackError::io("cannot write", path, &error)
    })
}

#[cfg(test)]
mod tests;
