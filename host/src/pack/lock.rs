//! `standin.lock`: which content a configuration was served with, so that it is served with no other.
//!
//! It lies beside the configuration and belongs into version control. An entry pins the digest of a pack's archive or of a
//! component, and says where it is fetched from.

use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;

use super::Result;
use super::digest::Digest;
use super::reference::{Place, Reference, Remote, Which};
use super::store::{Item, Source, write_whole};
use crate::config::ConfigError;
use crate::config::Step;
use crate::config::written::Written;

/// The name of the file.
pub const FILE: &str = "standin.lock";

const HEAD: &str = "# Written by `standin pack install`. Keep it in version control, beside the configuration.\n";

/// The entries of a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// In the order of the file.
    pub pins: Vec<Pin>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The name of the pack; none: a component that stands alone.
    pub pack: Option<String>,
    /// Its version.
    pub version: Option<Version>,
    /// From where it is fetched.
    pub from: Home,
    /// The digest of the archive, or of the component.
    pub digest: Digest,
}

/// From where something is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// A registry.
    Remote(Source),
    /// An archive or a folder, relative to the lock.
    Path(PathBuf),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    packs: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    pack: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    tag: Option<String>,
    from: String,
    digest: String,
}

impl Lock {
    /// The lock beside a configuration.
    pub fn beside(config: &Path) -> PathBuf {
        config.parent().unwrap_or(Path::new("")).join(FILE)
    }

    /// Reads a lock; where there is none, an empty one.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(path: &Path) -> std::result::Result<Self, ConfigError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let written = Written::read(path)?;
        let (keys, mut mistakes) = written.typed::<Keys>();
        let mut pins = Vec::with_capacity(keys.packs.len());
        for (index, entry) in keys.packs.into_iter().enumerate() {
            match pin(entry) {
                Ok(pin) => pins.push(pin),
                Err((key, message)) => mistakes.push(
                    written
                        .error_at(&["packs".into(), index.into(), Step::from(key)], format!("`{key}`: {message}"))
                        .with_help(
                            "restore the file from version control, or delete it and run `standin pack install`",
                        ),
                ),
            }
        }
        if mistakes.is_empty() { Ok(Self { pins }) } else { Err(ConfigError::new(mistakes, vec![path.to_owned()])) }
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, self.to_string().as_bytes())
    }

    /// The entry that a reference means: of several, that of the highest version.
    pub fn find(&self, reference: &Reference) -> Option<&Pin> {
        self.pins.iter().filter(|pin| pin.answers(reference)).max_by(|a, b| a.version.cmp(&b.version))
    }

    /// The entry of the same thing: the same version of a pack, or the same tag of a component.
    pub fn same(&self, item: &Item) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.is_same(item))
    }

    /// Pins something, in place of what `instead` means. An entry that is there already stays where it is.
    pub fn pin(&mut self, item: &Item, from: Home, instead: &Reference) {
        let pin = Pin { pack: item.pack.clone(), version: item.version.clone(), from, digest: item.digest };
        self.pins.retain(|other| !other.is_same(item) && !other.answers(instead));
        self.pins.push(pin);
        self.pins.sort_by_key(|pin| (pin.pack.clone(), pin.origin_text(), pin.version.clone()));
    }
}

impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(HEAD)?;
        if self.pins.is_empty() {
            return f.write_str("packs: []\n");
        }
        f.write_str("packs:\n")?;
        for pin in &self.pins {
            let mut lead = "  - ";
            let mut line = |key: &str, value: String| {
                let line = writeln!(f, "{lead}{key}: {value}");
                lead = "    ";
                line
            };
            if let Some(pack) = &pin.pack {
                line("pack", pack.clone())?;
            }
            if let Some(version) = &pin.version {
                line("version", version.to_string())?;
            }
            if let Home::Remote(Source { tag: Some(tag), .. }) = &pin.from {
                line("tag", quoted(tag))?;
            }
            line("from", pin.origin_text())?;
            line("digest", pin.digest.to_string())?;
        }
        Ok(())
    }
}

impl Pin {
    /// Whether a reference means it.
    pub fn answers(&self, reference: &Reference) -> bool {
        self.as_item().answers(reference)
    }

    /// Whether this is an entry of the same version of the same thing.
    fn is_same(&self, item: &Item) -> bool {
        match (&self.pack, &item.pack) {
            (Some(ours), Some(theirs)) => ours == theirs && self.version == item.version,
            (None, None) => match (&self.from, &item.source) {
                (Home::Remote(ours), Some(theirs)) => {
                    let manifest = ours.tag.is_none() && theirs.tag.is_none() && ours.manifest != theirs.manifest;
                    ours.remote() == theirs.remote() && ours.tag == theirs.tag && !manifest
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The same as an entry of the index, as far as it is known.
    pub fn as_item(&self) -> Item {
        Item {
            pack: self.pack.clone(),
            version: self.version.clone(),
            source: match &self.from {
                Home::Remote(source) => Some(source.clone()),
                Home::Path(_) => None,
            },
            digest: self.digest,
            size: 0,
            components: Vec::new(),
        }
    }

    fn origin_text(&self) -> String {
        match &self.from {
            Home::Remote(source) => format!("{}@{}", source.remote(), source.manifest),
            Home::Path(path) => quoted(&path.display().to_string()),
        }
    }
}

/// Text that YAML takes for text.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn pin(entry: Entry) -> std::result::Result<Pin, (&'static str, String)> {
    let digest = entry.digest.parse().map_err(|error| ("digest", error))?;
    let version = entry.version.map(|text| {
        Version::parse(&text).map_err(|error| ("version", format!("`{text}` is no semantic version: {error}")))
    });
    let from = match entry.from.parse::<Reference>() {
        Ok(Reference { place: Place::Remote(remote), which: Which::Digest(manifest), .. }) => {
            let Remote { registry, repository } = remote;
            Home::Remote(Source { registry, repository, tag: entry.tag, manifest })
        }
        _ if entry.from.starts_with("oci://") => {
            let expected = "expected `oci://REGISTRY/NAME@sha256:…`";
            return Err(("from", format!("found `{}`, {expected}", entry.from)));
        }
        _ => Home::Path(PathBuf::from(entry.from)),
    };
    Ok(Pin { pack: entry.pack, version: version.transpose()?, from, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(version: &str, tag: Option<&str>, bytes: &[u8]) -> Item {
        let source = tag.map(|tag| Source {
            registry: "localhost:5000".into(),
            repository: "team/greetings".into(),
            tag: Some(tag.to_owned()),
            manifest: Digest::of(tag.as_bytes()),
        });
        Item {
            pack: Some("greetings".into()),
            version: Version::parse(version).ok(),
            source,
            digest: Digest::of(bytes),
            size: 1,
            components: Vec::new(),
        }
    }

    fn remote(item: &Item) -> Home {
        Home::Remote(item.source.clone().unwrap())
    }

    fn reference(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn a_lock_is_read_as_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        assert_eq!(Lock::read(&path).unwrap(), Lock::default());
        let mut lock = Lock::default();
        lock.write(&path).unwrap();
        assert_eq!(Lock::read(&path).unwrap(), lock);
        let first = item("1.2.0", Some("1.2.0"), b"a");
        lock.pin(&first, remote(&first), &reference("oci://localhost:5000/team/greetings@1.2"));
        let alone = Item { pack: None, version: None, ..item("1.0.0", Some("no"), b"b") };
        lock.pin(&alone, remote(&alone), &reference("oci://localhost:5000/team/greetings@no"));
        let file = Item { pack: Some("other".into()), ..item("0.1.0", None, b"c") };
        lock.pin(&file, Home::Path("a: b # c/x.tar.gz".into()), &reference("pack:other"));
        lock.write(&path).unwrap();
        assert_eq!(Lock::read(&path).unwrap(), lock);
        assert!(lock.to_string().contains("  - pack: greetings\n    version: 1.2.0\n    tag: \"1.2.0\"\n    from: oci://localhost:5000/team/greetings@sha256:"), "{lock}");
        assert_eq!(lock.find(&reference("pack:greetings/greeter")).map(|pin| pin.digest), Some(Digest::of(b"a")));
        assert_eq!(
            lock.find(&reference("oci://localhost:5000/team/greetings@no")).map(|pin| pin.digest),
            Some(Digest::of(b"b"))
        );
        assert_eq!(lock.find(&reference("pack:greetings@1.3")), None);
    }

    #[test]
    fn a_new_pin_takes_the_place_of_what_was_meant() {
        let mut lock = Lock::default();
        let wanted = reference("oci://localhost:5000/team/greetings@1");
        for version in ["1.2.0", "1.3.0"] {
            let item = item(version, Some(version), version.as_bytes());
            lock.pin(&item, remote(&item), &wanted);
        }
        let versions: Vec<_> =
            lock.pins.iter().filter_map(|pin| pin.version.clone()).map(|it| it.to_string()).collect();
        assert_eq!(versions, ["1.3.0"]);
        let later = item("2.0.0", Some("2.0.0"), b"2");
        lock.pin(&later, remote(&later), &reference("oci://localhost:5000/team/greetings@2"));
        assert_eq!(lock.pins.len(), 2);
        assert!(lock.same(&item("2.0.0", None, b"other bytes")).is_some());
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let good = Digest::of(b"");
        std::fs::write(&path, format!("packs:\n  - from: oci://h.example/a@1\n    digest: {good}\n  - from: x\n    digest: md5\n    other: 1\n  - digest: {good}\n")).unwrap();
        let error = Lock::read(&path).unwrap_err().to_string();
        for part in [
            "standin.lock:2:11",
            "expected `oci://REGISTRY/NAME@sha256:…`",
            "found `md5`",
            "unknown key `other`",
            "`from` is missing",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
