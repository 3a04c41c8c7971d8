//! Who may ask, who may look into the server, and what it remembers for them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::Size;

/// A text that no log, error or page shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Which web pages may ask from within a browser (CORS).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cors {
    /// Their origins, such as `http://localhost:5173`; `*` is any. Default: none.
    pub allow_origins: Vec<String>,
}

/// What is remembered of requests and their answers. The oldest are forgotten first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Journal {
    /// How many requests, all workers together; 0 remembers nothing. Default: 10000.
    pub entries: usize,
    /// How much memory they may take. Default: `16MiB`.
    pub bytes: Size,
    /// How much of each body is kept. Default: `64KiB`.
    pub body: Size,
}

impl Default for Journal {
    fn default() -> Self {
        Self { entries: 10_000, bytes: Size::from_mib(16), body: Size(64 << 10) }
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
