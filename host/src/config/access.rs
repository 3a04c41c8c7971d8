//! Who may ask, who may look into the server, and what it remembers for them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::tree::Step;
use super::units::Size;

/// The keys whose values are secrets.
pub(super) const SECRETS: [&[&str]; 2] = [&["api-key"], &["admin", "key"]];

/// Whether this is, or stands in, the value of such a key.
pub(super) fn is_secret(path: &[Step]) -> bool {
    SECRETS.iter().any(|secret| {
        secret.len() <= path.len() && secret.iter().zip(path).all(|(key, step)| *step == Step::from(*key))
    })
}

/// A text that no log, error or page shows. Written out, it is `***`.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(#[schemars(length(min = 1))] String);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What it is, for whoever compares it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Which web pages may ask from within a browser (CORS).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cors {
    /// Their origins, such as `http://localhost:5173`, without a path; `*` is any. Default: none.
    pub allow_origins: Vec<String>,
}

/// Whether a browser could send this as an origin, or it is `*`.
///
/// # Errors
/// Says what an origin looks like.
pub(super) fn check_origin(text: &str) -> Result<(), String> {
    if text == "*" || is_origin(text) {
        return Ok(());
    }
    Err(format!("found `{text}`, expected `*`, or an origin such as `http://localhost:5173`, without a path"))
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, address)) = text.split_once("://") else { return false };
    let (host, port) = match address.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    };
    let host = host.strip_prefix('[').map_or((!host.contains(':')).then_some(host), |host| host.strip_suffix(']'));
    let name = |text: &str, also: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte));
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && name(scheme, b"+-.")
        && host.is_some_and(|host| !host.is_empty() && name(host, b"-._:"))
        && port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

/// What is remembered of requests and their answers. The oldest are forgotten first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Journal {
    /// How many requests, all workers together; 0 remembers nothing. Default: 10000.
    pub entries: usize,
    /// How much memory they may take. Default: `8MiB`.
    pub bytes: Size,
    /// How much of each body is kept. Default: `64KiB`.
    pub body: Size,
}

impl Default for Journal {
    fn default() -> Self {
        Self { entries: 10_000, bytes: Size::from_mib(8), body: Size(64 << 10) }
    }
}

/// The routes under `/_standin/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Admin {
    /// Whether they are there. Default: true.
    pub enabled: bool,
    /// The key that they want, as a Bearer. Default: the `api-key`, and none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { enabled: true, key: None }
    }
}
