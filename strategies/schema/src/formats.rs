//! Texts of the formats that JSON Schema, OpenAPI, Pydantic and Zod name, and whether a text is of one.

use std::net::{Ipv4Addr, Ipv6Addr};

use standin_sdk::context::{below, pick};

use crate::pattern::Pattern;
use crate::words::{self, NOUNS};

/// A text of a format; none where the format is not known, which means nothing to a validator.
pub(crate) fn make(format: &str) -> Option<String> {
    Some(match format {
        "date-time" | "datetime" => format!("{}T{}Z", date(), time()),
        "date" => date(),
        "time" => format!("{}Z", time()),
        "duration" => match below(3) {
            0 => format!("P{}DT{}H", 1 + below(6), 1 + below(23)),
            1 => format!("PT{}M", 5 + below(55)),
            _ => format!("P{}W", 1 + below(4)),
        },
        "email" | "idn-email" => {
            format!("{}.{}@example.com", one(words::FIRST).to_ascii_lowercase(), one(words::LAST).to_ascii_lowercase())
        }
        "hostname" | "idn-hostname" => format!("{}.example.com", one(NOUNS)),
        "ipv4" | "ipvanyaddress" | "ipvanyinterface" => ipv4(),
        "ipv4network" | "cidrv4" | "ipvanynetwork" => format!("192.0.2.{}/28", 16 * below(16)),
        "ipv4interface" => format!("{}/24", ipv4()),
        "ipv6" => ipv6(),
        "ipv6network" | "cidrv6" => format!("2001:db8:{:x}::/48", 1 + below(0xffff)),
        "ipv6interface" => format!("{}/64", ipv6()),
        "uri" | "url" | "iri" | "http-url" => format!("https://example.com/{}/{}", one(NOUNS), 1 + below(999)),
        "uri-reference" | "iri-reference" => format!("/{}/{}", one(NOUNS), 1 + below(999)),
        "uri-template" => format!("https://example.com/{}/{{id}}", one(NOUNS)),
        "uuid" | "guid" | "uuid4" => uuid('4'),
        "uuid1" | "uuid3" | "uuid5" | "uuid6" | "uuid7" | "uuid8" => uuid(format.chars().next_back()?),
        "regex" => format!("^{}-[0-9]{{1,{}}}$", one(NOUNS), 2 + below(7)),
        "json-pointer" => format!("/{}/{}", one(NOUNS), below(10)),
        "relative-json-pointer" => format!("{}/{}", 1 + below(3), one(NOUNS)),
        "byte" | "base64" | "binary" | "base64url" => base64(),
        "json-string" => format!("{{\"{}\":{}}}", one(NOUNS), below(100)),
        "path" | "file-path" => words::path(),
        "directory-path" => format!("/home/user/{}", one(NOUNS)),
        "phone" => phone(),
        "color" => format!("#{:06x}", below(0x0100_0000)),
        "currency" => one(&["EUR", "USD", "GBP", "JPY", "CHF"]).to_owned(),
        _ => return None,
    })
}

fn one(texts: &'static [&'static str]) -> &'static str {
    pick(texts).copied().unwrap_or_default()
}

/// A day from 2024 to 2026.
fn date() -> String {
    format!("{}-{:02}-{:02}", 2024 + below(3), 1 + below(12), 1 + below(28))
}

fn time() -> String {
    format!("{:02}:{:02}:{:02}", below(24), below(60), below(60))
}

/// Of the blocks that are kept for examples.
fn ipv4() -> String {
    format!("{}.{}", one(&["192.0.2", "198.51.100", "203.0.113"]), 1 + below(254))
}

fn ipv6() -> String {
    format!("2001:db8:{:x}::{:x}", 1 + below(0xffff), 1 + below(0xffff))
}

fn phone() -> String {
    format!("+1202555{:04}", 100 + below(100))
}

fn uuid(version: char) -> String {
    let hex = |digits: usize| format!("{:0digits$x}", below(1 << (4 * digits)));
    let variant = one(&["8", "9", "a", "b"]);
    format!("{}-{}-{version}{}-{variant}{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}

fn base64() -> String {
    let letter = || {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        char::from(letters[below(letters.len() as u64) as usize])
    };
    (0..4 * (2 + below(4))).map(|_| letter()).collect()
}

/// A text of a format, made longer at the place where that does no harm.
pub(crate) fn stretch(format: &str, text: &str, length: usize) -> Option<String> {
    let missing = length.checked_sub(text.chars().count())?;
    let more = |count: usize| -> String { (0..count).map(|_| char::from(b'a' + below(26) as u8)).collect() };
    Some(match format {
        "email" | "idn-email" if missing < 40 => format!("{}{text}", more(missing)),
        "hostname" | "idn-hostname" if missing < 200 => {
            let labels = (0..missing / 10).map(|_| format!("{}.", more(9)));
            format!("{}{}{text}", more(missing % 10), labels.collect::<String>())
        }
        "uri" | "url" | "iri" | "uri-reference" | "iri-reference" | "json-pointer" | "path" | "file-path" => {
            format!("{text}{}", more(missing))
        }
        "byte" | "base64" | "binary" => format!("{text}{}", more(missing.next_multiple_of(4))),
        _ => return None,
    })
}

/// Whether a text is of a format; none where that is not known.
pub(crate) fn holds(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date-time" => {
            let split = text.find(['T', 't']);
            split.is_some_and(|at| is_date(&text[..at]) && is_time(&text[at + 1..]))
        }
        "date" => is_date(text),
        "time" => is_time(text),
        "email" => text.split_once('@').is_some_and(|(local, host)| {
            let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
            let known = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(char);
            !local.is_empty() && local.len() <= 64 && dots && local.chars().all(known) && is_hostname(host)
        }),
        "hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" | "url" | "iri" => text.split_once(':').is_some_and(|(scheme, rest)| {
            let known = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
            scheme.starts_with(|char: char| char.is_ascii_alphabetic()) && scheme.chars().all(known) && is_uri(rest)
        }),
        "uri-reference" | "iri-reference" => is_uri(text),
        "uuid" => {
            let parts: Vec<_> = text.split('-').map(str::len).collect();
            parts == [8, 4, 4, 4, 12] && text.chars().all(|char| char == '-' || char.is_ascii_hexdigit())
        }
        "regex" => Pattern::new(text).is_ok(),
        "json-pointer" => (text.is_empty() || text.starts_with('/')) && is_escaped(text),
        "duration" => is_duration(text),
        _ => return None,
    })
}

fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut part = |digits| parts.next().and_then(|part| number(part, digits));
    let (Some(year), Some(month), Some(day)) = (part(4), part(2), part(2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    let Some(at) = text.find(['Z', 'z', '+', '-']) else { return false };
    let (clock, offset) = text.split_at(at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let clock: Option<Vec<_>> = clock.split(':').map(|part| number(part, 2)).collect();
    let within = |parts: &[u32]| parts[0] < 24 && parts[1..].iter().all(|part| *part < 60);
    let zone = offset.eq_ignore_ascii_case("z") || {
        let parts: Option<Vec<_>> = offset[1..].split(':').map(|part| number(part, 2)).collect();
        parts.is_some_and(|parts| parts.len() == 2 && within(&parts))
    };
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    zone && digits && clock.is_some_and(|parts| parts.len() == 3 && within(&parts))
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        let known = label.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
        !label.is_empty() && label.len() < 64 && known && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() < 254 && text.split('.').all(label)
}

fn is_uri(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() || char.is_whitespace() || "\"<>\\^`{|}".contains(char))
}

fn is_escaped(text: &str) -> bool {
    text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}

fn is_duration(text: &str) -> bool {
    // The parts in their order, each at most once; weeks stand alone.
    let ordered = |text: &str, units: &str| {
        let mut units = units.chars();
        let mut parts = text.split_inclusive(|char: char| char.is_ascii_alphabetic());
        parts.all(|part| {
            let digits = part.trim_end_matches(|char: char| char.is_ascii_alphabetic());
            let unit = &part[digits.len()..];
            !digits.is_empty() && number(digits, digits.len()).is_some() && units.any(|known| unit == known.to_string())
        })
    };
    let Some(rest) = text.strip_prefix('P') else { return false };
    match rest.split_once('T') {
        Some((date, time)) => !time.is_empty() && ordered(date, "YMD") && ordered(time, "HMS"),
        None => !rest.is_empty() && (ordered(rest, "YMD") || ordered(rest, "W")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_holds() {
        for format in [
            "date-time",
            "date",
            "time",
            "duration",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uri",
            "uri-reference",
            "uuid",
            "regex",
            "json-pointer",
        ] {
            for _ in 0..200 {
                let text = make(format).unwrap();
                assert_eq!(holds(format, &text), Some(true), "{format} {text}");
            }
        }
    }

    #[test]
    fn longer_texts_hold() {
        for format in ["email", "hostname", "uri", "uri-reference", "json-pointer"] {
            for length in [30, 45, 60] {
                let text = stretch(format, &make(format).unwrap(), length).unwrap_or_default();
                if text.len() == length {
                    assert_eq!(holds(format, &text), Some(true), "{format} {text}");
                }
            }
        }
    }

    #[test]
    fn other_texts_do_not_hold() {
        for (format, text) in [
            ("date", "2025-02-29"),
            ("date", "2025-2-03"),
            ("time", "24:00:00Z"),
            ("time", "10:00:00"),
            ("date-time", "2025-01-01 10:00:00Z"),
            ("duration", "P1S"),
            ("duration", "P1DT"),
            ("duration", "P1W1D"),
            ("email", "a@b@c"),
            ("email", "two words@example.com"),
            ("hostname", "-a.example"),
            ("ipv4", "1.2.3.256"),
            ("ipv6", "1::2::3"),
            ("uri", "/relative"),
            ("uri", "https://two words"),
            ("uuid", "123"),
            ("regex", "("),
            ("json-pointer", "a"),
            ("json-pointer", "/~2"),
        ] {
            assert_eq!(holds(format, text), Some(false), "{format} {text}");
        }
        assert_eq!(holds("shoe-size", "x"), None);
    }
}
