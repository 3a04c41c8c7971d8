//! What a strategy may do beyond answering: a stage's `allow`. A strategy that is granted nothing has no rights.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

const A_HOST: &str = "a host such as `example.com`, `example.com:8443`, `*.example.com` or `127.0.0.1:8080`";

/// What a strategy may do beyond answering. Everything that is not granted here is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Allow {
    /// The environment variables that it sees, as far as they are set where standin runs. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The directories whose files it may read, with all that lies in them, relative to this file. It finds each under the path
    /// that is written here; `..` and links do not lead out, and nothing can be written. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<PathBuf>,
    /// The hosts that it may ask over HTTP: `example.com`, `example.com:8443`, `*.example.com` (every name below it, and not
    /// itself), `127.0.0.1:8080`. Without a port, 80 and 443 are meant. Redirects are not followed. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Host>,
}

impl Allow {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a call of the strategy may have to wait, for a disk or for a host.
    pub fn waits(&self) -> bool {
        !self.read.is_empty() || !self.http.is_empty()
    }
}

/// Whether this can be the name of an environment variable.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_variable(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("the name of a variable is empty"),
        _ if name.contains(['=', '\0']) => Err("the name of a variable has no `=`, and its value is not written here"),
        _ if name.chars().any(char::is_whitespace) => Err("the name of a variable has no spaces"),
        _ => Ok(()),
    }
}

/// A host that may be asked over HTTP, with its port where one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// In lower case; an IPv6 address in brackets. Without the `*` of a pattern, and with its dot.
    name: String,
    port: Option<u16>,
}

impl Host {
    /// Whether a request to this host and port is meant. The host is compared without regard to case.
    pub fn covers(&self, host: &str, port: u16) -> bool {
        let named = match self.name.strip_prefix('.') {
            Some(_) => {
                let below = host.len().checked_sub(self.name.len()).and_then(|at| host.split_at_checked(at));
                below.is_some_and(|(name, tail)| !name.is_empty() && tail.eq_ignore_ascii_case(&self.name))
            }
            None => host.eq_ignore_ascii_case(&self.name),
        };
        named && self.port.map_or(matches!(port, 80 | 443), |granted| granted == port)
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("expected {A_HOST}, found `{text}`: {why}"));
        if text.contains("://") {
            return wrong("leave out the scheme");
        }
        if text.contains(['/', '?', '#']) {
            return wrong("leave out the path");
        }
        if text.contains('@') {
            return wrong("leave out the user");
        }
        let (name, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address stand in brackets.
            Some((name, port)) if !port.ends_with(']') => match port.parse::<u16>() {
                Ok(port) if port != 0 => (name, Some(port)),
                _ if name.contains(':') => return wrong("an IPv6 address stands in brackets, such as `[::1]:8080`"),
                _ => return wrong("the port is a number from 1 to 65535"),
            },
            _ => (text, None),
        };
        if let Some(address) = name.strip_prefix('[') {
            let address = address.strip_suffix(']').and_then(|it| it.parse::<std::net::Ipv6Addr>().ok());
            return match address {
                Some(address) => Ok(Self { name: format!("[{address}]"), port }),
                None => wrong("this is no IPv6 address"),
            };
        }
        let labels = name.strip_prefix("*.").unwrap_or(name);
        let label = |label: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !label.is_empty() && label.bytes().all(plain)
        };
        if !labels.split('.').all(label) {
            return wrong(
                "a name is made of letters, digits, `-`, `_` and dots, and a `*` stands only before the first dot",
            );
        }
        Ok(Self { name: name.strip_prefix('*').unwrap_or(name).to_ascii_lowercase(), port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.starts_with('.') {
            f.write_str("*")?;
        }
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Serialize for Host {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Host;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(A_HOST)
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Host, E> {
                value.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Host {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Host".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "description": "A host, with a port where one is meant alone." })
    }
}

/// A directory that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Where it lies.
    pub path: PathBuf,
    /// Under which name the strategy finds it.
    pub name: String,
}

/// What a stage grants, with its paths resolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// The names of environment variables.
    pub env: Vec<String>,
    /// The directories that may be read.
    pub read: Vec<Directory>,
    /// The hosts that may be asked.
    pub http: Vec<Host>,
}

impl Rights {
    /// Whether a call may have to wait; see [`Allow::waits`].
    pub fn waits(&self) -> bool {
        !self.read.is_empty() || !self.http.is_empty()
    }
}
