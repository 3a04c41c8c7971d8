//! How a pack, or a component that stands alone, is named: `pack:NAME/STRATEGY`, `oci://REGISTRY/NAME@VERSION`.
//!
//! One syntax on the command line, in a chain and in the lock: a place, behind `@` which of those that are there, and behind
//! a `/` the strategy, which may be left out where there is one alone. `:TAG`, as container tools write it, means that very tag.

use std::fmt;
use std::str::FromStr;

use semver::{Version, VersionReq};

use super::digest::Digest;

/// The beginning of a name in a registry.
pub const OCI: &str = "oci://";
/// The beginning of the name of an installed pack.
pub const PACK: &str = "pack:";

/// A name, as far as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where to look.
    pub place: Place,
    /// Which of those that are there.
    pub which: Which,
    /// Which strategy of the pack.
    pub strategy: Option<String>,
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Among the installed packs.
    Pack(String),
    /// In a registry.
    Remote(Remote),
}

/// A repository of a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remote {
    /// The registry: a host, with a port where there is one.
    pub registry: String,
    /// The name in it, with slashes.
    pub repository: String,
}

/// Which of those that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The highest version.
    Newest,
    /// The highest that fits: `1.2` means 1.2.0, 1.2.7, and not 1.3.0. Without such a version, the tag of this name.
    Version(String, VersionReq),
    /// This tag.
    Tag(String),
    /// This manifest.
    Digest(Digest),
}

impl Which {
    /// Whether one with this version, tag and digest is meant.
    pub fn admits(&self, version: Option<&Version>, tag: Option<&str>, manifest: Option<Digest>) -> bool {
        match self {
            Self::Newest => version.is_none_or(|version| version.pre.is_empty()),
            Self::Version(text, wanted) => version.is_some_and(|it| wanted.matches(it)) || tag == Some(text),
            Self::Tag(wanted) => tag == Some(wanted),
            Self::Digest(wanted) => manifest == Some(*wanted),
        }
    }
}

/// The version that a tag stands for. A tag has no `+`; `_` stands for it.
pub fn version_of(tag: &str) -> Option<Version> {
    Version::parse(&tag.replacen('_', "+", 1)).ok()
}

/// The tag of a version.
pub fn tag_of(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("sha256:") {
            return text.parse().map(Self::Digest);
        }
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let partial = text.split('.').count() <= 3 && text.split('.').all(digits);
        if (partial || Version::parse(text).is_ok())
            && let Ok(wanted) = VersionReq::parse(&format!("={}", text.split('+').next().unwrap_or_default()))
        {
            return Ok(Self::Version(text.to_owned(), wanted));
        }
        tag(text).map(Self::Tag)
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: String| {
            format!(
                "`{text}`: {why}; expected `pack:NAME/STRATEGY`, `oci://REGISTRY/NAME@VERSION` or \
                 `oci://REGISTRY/NAME@VERSION/STRATEGY`"
            )
        };
        let Some((rest, remote)) = text
            .strip_prefix(OCI)
            .map(|rest| (rest, true))
            .or_else(|| text.strip_prefix(PACK).map(|rest| (rest, false)))
        else {
            return Err(wrong("it begins with neither `oci://` nor `pack:`".to_owned()));
        };
        let (path, which, strategy) = match rest.split_once('@') {
            Some((path, rest)) => {
                let (which, strategy) = rest.split_once('/').map_or((rest, None), |(which, it)| (which, Some(it)));
                (path, which.parse().map_err(wrong)?, strategy)
            }
            None if remote => match rest.rsplit_once('/').and_then(|(_, last)| last.split_once(':')) {
                Some(("", _)) => return Err(wrong("there is no name before the tag".to_owned())),
                Some((_, tagged)) => {
                    let path = &rest[..rest.len() - tagged.len() - 1];
                    (path, Which::Tag(tag(tagged).map_err(wrong)?), None)
                }
                None => (rest, Which::Newest, None),
            },
            None => {
                let (name, strategy) = rest.split_once('/').map_or((rest, None), |(name, it)| (name, Some(it)));
                (name, Which::Newest, strategy)
            }
        };
        if let Some(strategy) = strategy {
            name(strategy).map_err(|why| wrong(format!("the strategy {why}")))?;
        }
        let place = if remote {
            Place::Remote(path.parse().map_err(wrong)?)
        } else {
            name(path).map_err(|why| wrong(format!("the name of the pack {why}")))?;
            Place::Pack(path.to_owned())
        };
        Ok(Self { place, which, strategy: strategy.map(str::to_owned) })
    }
}

impl FromStr for Remote {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no_registry = || format!("`{text}` names no registry; write it out, such as `oci://ghcr.io/{text}`");
        let (registry, repository) = text.split_once('/').ok_or_else(no_registry)?;
        let (host, port) = registry.split_once(':').map_or((registry, None), |(host, port)| (host, Some(port)));
        if !host.contains('.') && port.is_none() && host != "localhost" {
            return Err(no_registry());
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(format!(
                "`{registry}` is no registry; a registry is a host such as `ghcr.io` or `localhost:5000`"
            ));
        }
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(format!("the port of `{registry}` is no number from 1 to 65535"));
        }
        let part = |part: &str| {
            let (first, last) = (part.bytes().next(), part.bytes().next_back());
            let edge = |byte: Option<u8>| byte.is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
            let inner = |byte: u8| edge(Some(byte)) || matches!(byte, b'.' | b'_' | b'-');
            edge(first) && edge(last) && part.bytes().all(inner)
        };
        if repository.len() > 200 || !repository.split('/').all(part) {
            return Err(format!(
                "`{repository}` is no name in a registry; it is made of small letters and digits, with `.`, `_`, `-` and `/` \
                 between them"
            ));
        }
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned() })
    }
}

/// Whether this names a pack or a strategy.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<(), String> {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &str| !part.is_empty() && part.bytes().all(small);
    if text.len() <= 64 && text.split('-').all(part) {
        return Ok(());
    }
    Err(format!("is `{text}`; a name is made of small letters and digits, with `-` between them, 64 at most"))
}

fn tag(text: &str) -> Result<String, String> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.is_empty() || text.len() > 128 || text.starts_with(['.', '-']) || !text.bytes().all(inner) {
        return Err(format!("`{text}` is neither a version, such as `1.2`, nor a tag, nor a digest `sha256:…`"));
    }
    Ok(text.to_owned())
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => Ok(()),
            Self::Version(text, _) => write!(f, "@{text}"),
            // What would read as a version says that it is none.
            Self::Tag(text) if matches!(text.parse(), Ok(Self::Tag(_))) => write!(f, "@{text}"),
            Self::Tag(text) => write!(f, ":{text}"),
            Self::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OCI}{}/{}", self.registry, self.repository)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Pack(name) => write!(f, "{PACK}{name}{}", self.which)?,
            Place::Remote(remote) => write!(f, "{remote}{}", self.which)?,
        }
        self.strategy.as_ref().map_or(Ok(()), |strategy| write!(f, "/{strategy}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reference {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_reference_is_read_as_it_is_written() {
        let digest = format!("oci://h.example/a/b@{}", Digest::of(b""));
        for text in [
            "pack:greetings",
            "pack:greetings/greeter",
            "pack:greetings@1.2/greeter",
            "pack:greetings@1.2.3-rc.1+5/greeter-2",
            "oci://ghcr.io/team/greetings",
            "oci://localhost/greetings@1",
            "oci://localhost:5000/team/greetings@1.2/greeter",
            "oci://127.0.0.1:5000/a@latest",
            "oci://h.example/a:1.2",
            &digest,
            &format!("{digest}/greeter"),
        ] {
            assert_eq!(read(text).to_string(), text);
        }
        assert_eq!(read("oci://h.example/a:latest").to_string(), "oci://h.example/a@latest");
        assert_eq!(read("oci://h:1/a/b").place, Place::Remote("h:1/a/b".parse().unwrap()));
    }

    #[test]
    fn what_is_no_reference_is_told() {
        for (text, told) in [
            ("greetings", "neither `oci://` nor `pack:`"),
            ("pack:", "the name of the pack is ``"),
            ("pack:Greetings/x", "the name of the pack is `Greetings`"),
            ("pack:a/", "the strategy is ``"),
            ("pack:a/b/c", "the strategy is `b/c`"),
            ("pack:../a", "the name of the pack is `..`"),
            ("pack:a@", "`` is neither a version"),
            ("pack:a@^1.2", "`^1.2` is neither a version"),
            ("oci://greetings", "`oci://ghcr.io/greetings`"),
            ("oci://team/greetings", "names no registry"),
            ("oci://me:secret@h.example/a", "`me:secret`"),
            ("oci://h.example:0x/a", "the port"),
            ("oci://h.example/A", "`A` is no name in a registry"),
            ("oci://h.example/a/../b", "`a/../b` is no name"),
            ("oci://h.example/a:1/b", "`a:1/b` is no name"),
            ("oci://h.example/", "`` is no name"),
            ("oci://h.example/:1", "no name before the tag"),
            ("oci://h_x.example/a", "`h_x.example` is no registry"),
            ("oci://h.example/a@sha256:12", "64 of the digits"),
        ] {
            let error = text.parse::<Reference>().unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_version_means_the_highest_that_fits() {
        let admits = |which: &str, version: &str| {
            which.parse::<Which>().unwrap().admits(Version::parse(version).ok().as_ref(), Some(version), None)
        };
        for (which, in_it, not) in [
            ("1", &["1.0.0", "1.9.3", "1"][..], &["2.0.0", "0.1.0", "1.2.0-rc.1"][..]),
            ("1.2", &["1.2.0", "1.2.9", "1.2"], &["1.3.0", "1.2.1-rc.1"]),
            ("0.1.0", &["0.1.0", "0.1.0+build"], &["0.1.1"]),
            ("1.2.3-rc.1", &["1.2.3-rc.1"], &["1.2.3", "1.2.3-rc.2"]),
            ("latest", &["latest"], &["1.0.0"]),
        ] {
            in_it.iter().for_each(|version| assert!(admits(which, version), "{which} {version}"));
            not.iter().for_each(|version| assert!(!admits(which, version), "{which} {version}"));
        }
        let newest = |version: &str| Which::Newest.admits(Version::parse(version).ok().as_ref(), None, None);
        assert!(newest("1.2.3") && !newest("1.2.3-rc.1"));
        let version = Version::parse("1.0.0+a.1").unwrap();
        assert_eq!(tag_of(&version), "1.0.0_a.1");
        assert_eq!(version_of("1.0.0_a.1"), Some(version));
    }
}
