//! What a configuration does to clients on purpose: faults at a rate, and budgets that can be exceeded.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::units::{self, Time};

/// What goes wrong with a share of the requests. The first rule that fits a request and its dice is the one that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultRule {
    /// The share of the requests, from 0 to 1. Seeded: the same requests of a session fail. Default: 1.
    #[serde(default = "FaultRule::always", deserialize_with = "units::share")]
    #[schemars(range(min = 0, max = 1))]
    pub rate: f32,
    /// Only requests whose path ends with this, such as `/chat/completions`. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Only requests for this model; `*` stands for any run of characters. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Answer with the provider's own error of this status, 400 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 400, max = 599))]
    pub status: Option<u16>,
    /// With a status: the seconds after which the client may try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Wait so long before answering. Default: `0ms`.
    #[serde(default)]
    pub delay: Time,
    /// Break the answer: `disconnect`, `stall`, `truncate` or `garbage`, and with `@N` after so many chunks of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Break>,
}

impl FaultRule {
    const fn always() -> f32 {
        1.0
    }
}

/// What every key may use up in a minute. More is refused with the provider's own 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RateLimits {
    /// Requests a minute. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<NonZeroU64>,
    /// Tokens a minute, those that go in and those that come out. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<NonZeroU64>,
}

/// How an answer breaks, and after how many chunks of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// How.
    pub kind: BreakKind,
    /// After so many chunks.
    pub after: u32,
}

/// How an answer breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakKind {
    /// The connection is closed.
    Disconnect,
    /// Nothing more is sent, and the connection stays open.
    Stall,
    /// The stream ends cleanly without its closing events; a body that is not streamed is half.
    Truncate,
    /// Bytes that are no part of the protocol stand in between.
    Garbage,
}

const WORDS: [(&str, BreakKind); 4] = [
    ("disconnect", BreakKind::Disconnect),
    ("stall", BreakKind::Stall),
    ("truncate", BreakKind::Truncate),
    ("garbage", BreakKind::Garbage),
];

const A_BREAK: &str = "`disconnect`, `stall`, `truncate` or `garbage`, where wanted with the number of chunks before it, such as `stall@3`";

impl FromStr for Break {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, after) = match text.trim().split_once('@') {
            Some((word, after)) => (word.trim_end(), after.trim_start().parse().ok()),
            None => (text.trim(), Some(0)),
        };
        let kind = WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, kind)| kind);
        kind.zip(after)
            .map(|(kind, after)| Self { kind, after })
            .ok_or_else(|| format!("found `{text}`, expected {A_BREAK}"))
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.into_iter().find(|(_, kind)| *kind == self.kind).map_or("", |(word, _)| word);
        match self.after {
            0 => f.write_str(word),
            after => write!(f, "{word}@{after}"),
        }
    }
}

impl Serialize for Break {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Break {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Break;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(A_BREAK)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Break, E> {
                text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

impl JsonSchema for Break {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Break".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "How an answer breaks, and with `@N` after how many chunks of its stream.",
            "pattern": "^(disconnect|stall|truncate|garbage)(@[0-9]+)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_read_as_it_is_written() {
        for text in ["disconnect", "stall@3", "truncate@10", "garbage"] {
            assert_eq!(text.parse::<Break>().map(|it| it.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(" stall @ 2 ".parse(), Ok(Break { kind: BreakKind::Stall, after: 2 }));
        for text in ["", "@", "stall@", "stall@-1", "Stall", "stall@many", "disconnect@99999999999"] {
            let error = text.parse::<Break>().unwrap_err();
            assert!(error.starts_with(&format!("found `{text}`, expected `disconnect`")), "{error}");
        }
    }
}
