//! Values that a person writes with a unit or in a fixed form: durations, sizes, an address, a share.
//!
//! Each is read through one function that also serves the command line, so that a flag and a key mean the same and are
//! refused in the same words.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The longest duration that is accepted: a year. More is a slip of the unit, and timers overflow somewhere beyond it.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

const A_TIME: &str = "a duration with its unit, such as `20ms` or `1s 500ms`";
const A_SIZE: &str = "a size, such as `64MiB`, or a whole number of bytes";

/// A duration, written with its unit: `20ms`, `1s 500ms`, `2min`; `0` needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub Duration);

/// A size in bytes: `64MiB` (1024-based), `64MB` (1000-based), or a whole number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Size(pub u64);

impl Time {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// In whole microseconds, the unit of the plugin contract.
    pub fn as_micros(self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let duration = match text.trim() {
            "0" => Duration::ZERO,
            trimmed => humantime::parse_duration(trimmed)
                .map_err(|error| format!("`{text}` is not {A_TIME}: {}", plain_time_error(&error)))?,
        };
        if duration > LONGEST {
            return Err(format!("`{text}` is longer than a year; expected {A_TIME}"));
        }
        Ok(Self(duration))
    }
}

/// humantime counts bytes where a person reads words.
fn plain_time_error(error: &humantime::DurationError) -> String {
    match error {
        humantime::DurationError::UnknownUnit { unit, value, .. } if unit.is_empty() => {
            format!("the unit is missing; for milliseconds write `{value}ms`")
        }
        humantime::DurationError::UnknownUnit { unit, .. } => {
            format!("there is no unit `{unit}`; there are us, ms, s, min, h and d")
        }
        humantime::DurationError::NumberOverflow => "the number is too large, or finer than a nanosecond".to_owned(),
        _ => "it has to be a number and a unit, and there may be several of them".to_owned(),
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() { f.write_str("0ms") } else { humantime::format_duration(self.0).fmt(f) }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(A_TIME)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Time, E> {
                match value {
                    0 => Ok(Time::default()),
                    _ => Err(E::custom(format!(
                        "the number `{value}` has no unit; expected {A_TIME}; for milliseconds write `{value}ms`"
                    ))),
                }
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Time, E> {
                value.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration, written with its unit: `20ms`, `1s 500ms`, `2min`; `0` needs none.",
            "anyOf": [{ "type": "string", "pattern": "^\\s*([0-9][0-9.]*\\s*[a-zA-Zµ]+\\s*)+$|^0$" }, { "const": 0 }],
        })
    }
}

impl Size {
    /// So many mebibytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib * 1024 * 1024)
    }

    /// As a length in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().parse::<bytesize::ByteSize>() {
            Ok(size) => Ok(Self(size.as_u64())),
            Err(_) => Err(format!("`{text}` is not {A_SIZE}; the units are B, KiB, MiB and GiB, or kB, MB and GB")),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, bytes) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 != 0 && self.0.is_multiple_of(bytes) {
                return write!(f, "{}{unit}", self.0 / bytes);
            }
        }
        write!(f, "{}B", self.0)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(A_SIZE)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Size, E> {
                Ok(Size(value))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Size, E> {
                value.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A size: `64MiB` (1024-based), `64MB` (1000-based), or a whole number of bytes.",
            "anyOf": [
                { "type": "string", "pattern": "^\\s*[0-9.]+\\s*([kKmMgGtTpPeE][iI]?)?[bB]?\\s*$" },
                { "type": "integer", "minimum": 0 },
            ],
        })
    }
}

/// Reads an address to listen on: `127.0.0.1:8000`, `[::1]:8000`, or `localhost:8000`, which means 127.0.0.1.
///
/// # Errors
/// Says what an address looks like. Other names are refused: what they mean depends on the machine.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let trimmed = text.trim();
    let numeric = trimmed.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric.as_deref().unwrap_or(trimmed).parse().map_err(|_| {
        format!("`{text}` is not an address to listen on; expected IP:PORT, such as `127.0.0.1:8000` or `0.0.0.0:8000`")
    })
}

/// [`parse_listen`] for a key of the configuration.
pub(super) fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    struct Read;
    impl Visitor<'_> for Read {
        type Value = SocketAddr;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address as text, such as `127.0.0.1:8000`")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<SocketAddr, E> {
            Err(E::custom(format!(
                "`{value}` is not an address to listen on; expected IP:PORT, such as `127.0.0.1:{value}`"
            )))
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<SocketAddr, E> {
            parse_listen(value).map_err(E::custom)
        }
    }
    deserializer.deserialize_any(Read)
}

/// A share, from 0 to 1.
pub(super) fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let value = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value as f32);
    }
    Err(D::Error::invalid_value(Unexpected::Float(value), &"a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_except_zero() {
        assert_eq!("1s 500ms".parse(), Ok(Time::from_millis(1500)));
        assert_eq!(" 0 ".parse(), Ok(Time::default()));
        assert_eq!("1.5s".parse(), Ok(Time::from_millis(1500)));
        for (text, part) in [
            ("20", "for milliseconds write `20ms`"),
            ("20 parsecs", "there is no unit `parsecs`"),
            ("", "`` is not a duration"),
            ("-1ms", "a number and a unit"),
            ("1e5ms", "no unit `e`"),
            ("99999999999999999999s", "too large"),
            ("400d", "longer than a year"),
        ] {
            let error = text.parse::<Time>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn sizes_count_in_both_bases() {
        for (text, bytes) in [("64MiB", 64 << 20), ("64 MB", 64_000_000), ("1.5KiB", 1536), ("7", 7), ("0", 0)] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "64 apples", "1e3MiB"] {
            assert!(text.parse::<Size>().unwrap_err().contains("the units are"), "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for time in [Time::default(), Time::from_millis(1500), Time(Duration::from_micros(3))] {
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        for size in [Size(0), Size(1), Size(1536), Size::from_mib(64), Size(u64::MAX)] {
            assert_eq!(size.to_string().parse(), Ok(size));
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(parse_listen("localhost:80"), Ok(SocketAddr::from(([127, 0, 0, 1], 80))));
        assert!(parse_listen("[::1]:8000").is_ok());
        for text in ["8000", "example.com:80", "127.0.0.1", "127.0.0.1:99999", ""] {
            assert!(parse_listen(text).unwrap_err().contains("expected IP:PORT"), "{text}");
        }
    }
}
