//! A time that a person writes with its unit.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A time, written as in the server's configuration: `20ms`, `1s 500ms`; `0` needs no unit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Time(pub(crate) Duration);

/// The longest that is accepted, as in the configuration: a year. More is a slip of the unit.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

const UNITS: [(&str, f64); 10] = [
    ("us", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("sec", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("hour", 3600.0),
    ("d", 86_400.0),
    ("day", 86_400.0),
];

/// Reads one or more numbers, each with its unit.
fn parse(text: &str) -> Option<Time> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(Time::default());
    }
    let mut total = Duration::ZERO;
    loop {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number);
        let tail = tail.trim_start();
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
        let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?)?;
        rest = tail.trim_start();
        if rest.is_empty() {
            return Some(Time(total)).filter(|time| time.0 <= LONGEST);
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time with its unit, such as `20ms` or `1s 500ms`")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Time, E> {
        if value == 0 { Ok(Time::default()) } else { Err(E::invalid_value(Unexpected::Unsigned(value), &self)) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        for (text, millis) in
            [("20ms", 20), ("1s 500ms", 1500), ("1s500 ms", 1500), (" 2min ", 120_000), ("0", 0), ("1.5s", 1500)]
        {
            assert_eq!(parse(text), Some(Time(Duration::from_millis(millis))), "{text}");
        }
        for text in ["", "5", "ms", "-1s", "1 fortnight", "1s 5", "1.2.3s", "400d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
