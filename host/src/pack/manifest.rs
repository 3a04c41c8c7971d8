//! `pack.yaml`: what a pack is. It is read as the configuration is, so that every mistake is told at once, each with its place.

use std::collections::HashSet;
use std::path::Path;

use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{archive, reference};
use crate::config::written::Written;
use crate::config::{Allow, ConfigError, Diagnostic, Limits, Step};

/// The name of the manifest, in a folder and in an archive.
pub const FILE: &str = "pack.yaml";

/// The manifest of a pack, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// What it is, in a line.
    pub summary: String,
    /// Under which licence it may be used, as an SPDX expression.
    pub licence: String,
    /// The versions of standin that it works with.
    pub standin: VersionReq,
    /// Its strategies, in the order in which they are meant to be asked.
    pub strategies: Vec<Strategy>,
    /// The folder of its tests.
    pub tests: String,
}

/// A strategy of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// Its name in the pack.
    pub name: String,
    /// Its component, relative to the folder of the pack.
    pub file: String,
    /// What it does, in a line.
    #[serde(default)]
    pub description: String,
    /// Its settings, where a stage says nothing else.
    #[serde(default)]
    pub settings: Option<Value>,
    /// What one call of it may use up, where a stage says nothing else.
    #[serde(default)]
    pub limits: Limits,
    /// The rights that it asks for. A stage has to grant them.
    #[serde(default)]
    pub allow: Allow,
}

/// The manifest as it is written: what has to be there is looked for afterwards, so that all of it is told.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    name: Option<String>,
    version: Option<String>,
    summary: Option<String>,
    licence: Option<String>,
    standin: Option<String>,
    strategies: Option<Vec<Strategy>>,
    tests: Option<String>,
}

impl Manifest {
    /// Reads a manifest from a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::of(&Written::read(path)?, path)
    }

    /// Reads a manifest from its bytes, such as those in an archive; `path` is what it is called in errors.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, ConfigError> {
        let text = std::str::from_utf8(bytes).map_err(|_| Diagnostic::file(path, "the manifest is not UTF-8"))?;
        Self::of(&Written::from_text(path, text)?, path)
    }

    fn of(written: &Written, path: &Path) -> Result<Self, ConfigError> {
        let (keys, mut mistakes) = written.typed::<Keys>();
        let whole = mistakes.is_empty();
        let mut required = |key: &str, value: Option<String>, such: &str| {
            let value = value.unwrap_or_default().trim().to_owned();
            // What was taken out as a mistake is told already.
            if value.is_empty() && (whole || written.value().get(key).is_none()) {
                let at = if written.value().get(key).is_some() { vec![key.into()] } else { Vec::new() };
                mistakes.push(
                    written.error_at(&at, format!("`{key}` is missing")).with_help(format!("such as `{key}: {such}`")),
                );
            }
            value
        };
        let name = required("name", keys.name, "greetings");
        let version = required("version", keys.version, "1.0.0");
        let summary = required("summary", keys.summary, "Replies that greet");
        let licence = required("licence", keys.licence, "MIT");
        let standin = required("standin", keys.standin, concat!("^", env!("CARGO_PKG_VERSION")));

        let mut object = |at: &[Step], message: String, help: &str| {
            mistakes.push(written.error_at(at, message).with_help(help));
        };
        if !name.is_empty()
            && let Err(why) = reference::name(&name)
        {
            object(&["name".into()], format!("`name` {why}"), "such as `greetings`");
        }
        let parsed = Version::parse(&version);
        if let (false, Err(error)) = (version.is_empty(), &parsed) {
            let message = format!("`version`: expected a semantic version, found `{version}`: {error}");
            object(&["version".into()], message, "such as `1.0.0`");
        }
        let range = VersionReq::parse(&standin);
        if let (false, Err(error)) = (standin.is_empty(), &range) {
            let message = format!("`standin`: expected a range of versions, found `{standin}`: {error}");
            object(&["standin".into()], message, concat!("such as `^", env!("CARGO_PKG_VERSION"), "`"));
        }
        for (key, text) in [("summary", &summary), ("licence", &licence)] {
            if text.chars().any(char::is_control) {
                object(&[key.into()], format!("`{key}`: expected one line of text"), "the README has room for more");
            }
        }
        let tests = keys.tests.unwrap_or_else(|| "tests".to_owned());
        if !archive::is_name(&tests) {
            let message = format!("`tests`: expected a folder of the pack, found `{tests}`");
            object(&["tests".into()], message, "a relative path without `..`; left out, it is `tests`");
        }
        let strategies = keys.strategies.unwrap_or_default();
        if strategies.is_empty() && (whole || written.value().get("strategies").is_none()) {
            let help = "such as `strategies: [{ name: greeter, file: greeter.wasm }]`";
            object(&["strategies".into()], "`strategies` is empty, and a pack has at least one".to_owned(), help);
        }
        let mut seen = HashSet::new();
        for (index, strategy) in strategies.iter().enumerate() {
            let at = |key: &str| ["strategies".into(), index.into(), Step::from(key)];
            if let Err(why) = reference::name(&strategy.name) {
                object(&at("name"), format!("`strategies[{index}].name` {why}"), "such as `greeter`");
            } else if !seen.insert(strategy.name.as_str()) {
                let message = format!("the strategy `{}` stands here a second time", strategy.name);
                object(&at("name"), message, "each has a name of its own");
            }
            if strategy.description.trim().chars().any(char::is_control) {
                let message = format!("`strategies[{index}].description`: expected one line of text");
                object(&at("description"), message, "the README has room for more");
            }
            if !archive::is_name(&strategy.file) || !strategy.file.ends_with(".wasm") {
                let message = format!("`strategies[{index}].file`: expected a component, found `{}`", strategy.file);
                object(&at("file"), message, "a path such as `greeter.wasm`, relative to this file, without `..`");
            }
        }
        match (parsed, range) {
            (Ok(version), Ok(standin)) if mistakes.is_empty() => {
                Ok(Self { name, version, summary, licence, standin, strategies, tests })
            }
            _ => {
                mistakes.extend_from_slice(written.warnings());
                mistakes.sort_by_key(|it| it.position);
                Err(ConfigError::new(mistakes, vec![path.to_owned()]))
            }
        }
    }

    /// Whether it works with this standin.
    ///
    /// # Errors
    /// That it does not, and what to do.
    pub fn fits(&self) -> Result<(), String> {
        let ours = env!("CARGO_PKG_VERSION");
        match Version::parse(ours) {
            Ok(version) if !self.standin.matches(&version) => Err(format!(
                "{} {} is made for standin {}, and this is standin {ours}; take another version of the one or the other",
                self.name, self.version, self.standin
            )),
            _ => Ok(()),
        }
    }

    /// The strategy of this name, or the only one.
    ///
    /// # Errors
    /// Which there are.
    pub fn strategy(&self, name: Option<&str>) -> Result<&Strategy, String> {
        let names: Vec<_> = self.strategies.iter().map(|it| format!("`{}`", it.name)).collect();
        let names = names.join(", ");
        match (name, self.strategies.as_slice()) {
            (None, [strategy]) => Ok(strategy),
            (None, _) => Err(format!(
                "{} {} has several strategies: {names}; say which, with `/` and its name",
                self.name, self.version
            )),
            (Some(name), strategies) => strategies
                .iter()
                .find(|it| it.name == name)
                .ok_or_else(|| format!("{} {} has no strategy `{name}`; it has {names}", self.name, self.version)),
        }
    }
}

/// Rights as a line of a configuration: `{ env: [HOME], http: [example.com] }`.
pub fn rights(allow: &Allow) -> String {
    let quoted = |text: String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-');
        if text.bytes().all(plain) && !text.starts_with('-') { text } else { Value::from(text).to_string() }
    };
    let list = |key: &str, items: Vec<String>| {
        let items: Vec<_> = items.into_iter().map(quoted).collect();
        (!items.is_empty()).then(|| format!("{key}: [{}]", items.join(", ")))
    };
    let parts = [
        list("env", allow.env.clone()),
        list("read", allow.read.iter().map(|path| path.display().to_string()).collect()),
        list("http", allow.http.iter().map(ToString::to_string).collect()),
    ];
    format!("{{ {} }}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: &str = "name: greetings\nversion: 1.2.0\nsummary: Replies that greet\nlicence: MIT\nstandin: '>=0.1, <2'\n\
        strategies:\n  - name: greeter\n    file: greeter.wasm\n    settings: { greeting: Hello }\n    limits: { time: 50ms }\n    \
        allow: { env: [LANG], http: ['example.com:8443'] }\n  - { name: other-one, file: bin/other.wasm }\n";

    fn read(text: &str) -> Result<Manifest, ConfigError> {
        Manifest::from_bytes(Path::new("pack.yaml"), text.as_bytes())
    }

    #[test]
    fn a_manifest_is_read() {
        let manifest = read(GOOD).unwrap();
        assert_eq!((manifest.name.as_str(), manifest.version.to_string().as_str()), ("greetings", "1.2.0"));
        assert_eq!(manifest.tests, "tests");
        assert_eq!(manifest.strategies[0].settings, Some(json!({ "greeting": "Hello" })));
        assert_eq!(rights(&manifest.strategies[0].allow), "{ env: [LANG], http: [\"example.com:8443\"] }");
        assert_eq!(manifest.strategies[1].settings, None);
        assert_eq!(manifest.fits(), Ok(()));
        assert_eq!(manifest.strategy(Some("other-one")).unwrap().file, "bin/other.wasm");
        assert!(manifest.strategy(None).unwrap_err().contains("`greeter`, `other-one`; say which"));
        assert!(manifest.strategy(Some("x")).unwrap_err().contains("it has `greeter`, `other-one`"));
        let later = read(&GOOD.replace(">=0.1, <2", "^99")).unwrap();
        assert!(later.fits().unwrap_err().contains("is made for standin ^99, and this is standin "));
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_their_places() {
        let text = "name: My Pack\nversion: one\nsumary: x\nstandin: new\ntests: ../x\nstrategies:\n  - name: a\n    file: /x.wasm\n  \
            - name: a\n    file: b.txt\n    limits: { time: soon }\n  - file: c.wasm\n";
        let error = read(text).unwrap_err();
        let told = error.to_string();
        for part in [
            "pack.yaml:1:7",
            "`name` is `My Pack`",
            "pack.yaml:2:10",
            "expected a semantic version, found `one`",
            "unknown key `sumary`",
            "did you mean `summary`?",
            "`licence` is missing",
            "expected a range of versions, found `new`",
            "expected a folder of the pack, found `../x`",
            "pack.yaml:8:11",
            "expected a component, found `/x.wasm`",
            "expected a component, found `b.txt`",
            "`a` stands here a second time",
            "`strategies[1].limits.time`",
            "`name` is missing",
            "8 |     file: /x.wasm\n  |           ^^^^^^^",
        ] {
            assert!(told.contains(part), "{part}:\n{told}");
        }
        let lines: Vec<_> = error.diagnostics.iter().map(|it| it.position).collect();
        assert!(lines.is_sorted(), "{lines:?}");
    }

    #[test]
    fn what_is_no_manifest_is_told() {
        for (text, told) in [
            ("", "`name` is missing"),
            ("[]", "expected a mapping"),
            ("name: [", "pack.yaml:"),
            ("name: a\nstrategies: []", "a pack has at least one"),
            ("summary: \"a\\e[31mb\"", "`summary`: expected one line of text"),
            ("name: 7", "expected text, found the number `7`"),
        ] {
            assert!(read(text).unwrap_err().to_string().contains(told), "{text}");
        }
        let error = Manifest::from_bytes(Path::new("x/pack.yaml"), b"\xff").unwrap_err().to_string();
        assert!(error.contains("not UTF-8"), "{error}");
    }
}
