//! Texts of the formats that JSON Schema, OpenAPI, Pydantic and Zod name, and whether a text is of one.

use standin_sdk::context::{below, pick};

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

macro_rules! date {
    () => {
        r"(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
    };
}
macro_rules! time {
    () => {
        r"(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
    };
}
macro_rules! hostname {
    () => {
        r"(?!.*[^.]{64})(?!-|.*-(?:\.|$)|.*\.-)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
    };
}

/// The pattern of a format that a schema may tell another value by; none where none is known.
pub(crate) fn pattern(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => concat!("^", date!(), "$"),
        "time" => concat!("^", time!(), "$"),
        "date-time" => concat!("^", date!(), "[Tt]", time!(), "$"),
        "duration" => r"^P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?!$)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$",
        "email" => concat!(r"^(?=.{1,64}@)(?!\.|.*\.[.@])[\w!#$%&'*+/=?^`{|}~.-]+@", hostname!(), "$"),
        "hostname" => concat!("^(?=.{1,253}$)", hostname!(), "$"),
        "ipv4" => r"^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$",
        "ipv6" => {
            r"^(?!:[^:]|.*[^:]:$|.*:::|.*::.*::)(?:(?=.*::)(?:[\dA-Fa-f]{0,4}:){2,7}|(?:[\dA-Fa-f]{1,4}:){7})[\dA-Fa-f]{0,4}$"
        }
        "uuid" => r"^[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}$",
        "uri" | "iri" => r#"^[A-Za-z][\w+.-]*:[^\s\x00-\x1f"<>\\^`{|}]*$"#,
        "uri-reference" | "iri-reference" => r#"^[^\s\x00-\x1f"<>\\^`{|}]*$"#,
        "json-pointer" => r"^(?:\/(?:[^~/]|~[01])*)*$",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::pattern::Pattern;

    fn holds(format: &str, text: &str) -> bool {
        Pattern::new(pattern(format).unwrap()).unwrap().matches(text, &Budget::new(1_000_000)).unwrap()
    }

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
            "json-pointer",
        ] {
            for _ in 0..200 {
                let text = make(format).unwrap();
                assert!(holds(format, &text), "{format} {text}");
            }
        }
    }

    #[test]
    fn longer_texts_hold() {
        for format in ["email", "hostname", "uri", "uri-reference", "json-pointer"] {
            for length in [30, 45, 60] {
                let text = stretch(format, &make(format).unwrap(), length).unwrap_or_default();
                if text.len() == length {
                    assert!(holds(format, &text), "{format} {text}");
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
            ("ipv6", "1:2:3"),
            ("ipv6", ":1::2"),
            ("ipv6", "1:2:3:4:5:6:7:8::"),
            ("ipv6", ":::"),
            ("uri", "/relative"),
            ("uri", "https://two words"),
            ("uuid", "123"),
            ("json-pointer", "a"),
            ("json-pointer", "/~2"),
        ] {
            assert!(!holds(format, text), "{format} {text}");
        }
        for (format, text) in [
            ("date", "2024-02-29"),
            ("time", "23:59:59.25+02:00"),
            ("duration", "P1Y2M3DT4H5M6S"),
            ("duration", "P3W"),
            ("email", "o'brien+a@sub.example.com"),
            ("ipv6", "::"),
            ("ipv6", "1:2:3:4:5:6:7:8"),
            ("ipv6", "fe80::1"),
            ("uri", "urn:isbn:123"),
            ("uri-reference", ""),
            ("json-pointer", ""),
            ("json-pointer", "/a~1b/0"),
        ] {
            assert!(holds(format, text), "{format} {text}");
        }
    }
}
