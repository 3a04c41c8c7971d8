//! Which entries somebody looks for, and what others have instead.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memchr::memmem::Finder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entry::View;
use crate::strategy::activation::matches;
use crate::strategy::nearest::Likeness;

/// Which requests are meant; what is left out admits all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The session that asked.
    pub session: Option<String>,
    /// The path; `*` stands for any run of characters.
    pub path: Option<String>,
    /// The model that was asked for; `*` stands for any run of characters.
    pub model: Option<String>,
    /// Who answered, or failed to.
    pub strategy: Option<String>,
    /// The answer's status: `429`, `4xx` or `400-499`.
    pub status: Option<Word>,
    /// Whose API was asked: `openai` or `anthropic`.
    pub provider: Option<String>,
    /// Not before this time: RFC 3339, or milliseconds since the Unix epoch.
    pub since: Option<Word>,
    /// Not after this time: RFC 3339, or milliseconds since the Unix epoch.
    pub until: Option<Word>,
    /// What the request's body contains.
    pub contains: Option<String>,
}

/// A word that may be a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text or a number")]
pub enum Word {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

/// The same, ready to be compared with.
#[derive(Debug, Default)]
pub struct Filter {
    fields: Fields,
    status: Option<(u16, u16)>,
    since_ns: Option<u64>,
    until_ns: Option<u64>,
    contains: Option<Finder<'static>>,
}

/// Whether an entry has what a field wants, and how much it weighs where not: a request of another session is farther away
/// than one that differs in all else.
type Check = (fn(&Filter, &View<'_>) -> bool, usize);

const CHECKS: [Check; 9] = [
    (|it, entry| it.fields.session.as_ref().is_none_or(|wanted| wanted == entry.session), 16),
    (|it, entry| it.fields.path.as_ref().is_none_or(|glob| matches(glob, entry.path)), 1),
    (|it, entry| it.fields.model.as_ref().is_none_or(|glob| entry.model.is_some_and(|name| matches(glob, name))), 1),
    (|it, entry| it.fields.strategy.as_ref().is_none_or(|wanted| entry.strategy == Some(wanted)), 1),
    (|it, entry| it.fields.provider.as_ref().is_none_or(|wanted| wanted == entry.provider), 1),
    (|it, entry| it.status.is_none_or(|(from, to)| (from..=to).contains(&entry.status)), 1),
    (|it, entry| it.since_ns.is_none_or(|since| entry.at_ns >= since), 1),
    (|it, entry| it.until_ns.is_none_or(|until| entry.at_ns <= until), 1),
    (|it, entry| it.contains.as_ref().is_none_or(|text| text.find(entry.body).is_some()), 1),
];

/// What an entry has, and the filter does not want.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// The field of the filter.
    pub field: &'static str,
    /// What the filter wants.
    pub expected: String,
    /// What the request has.
    pub found: Value,
    /// How alike they are, from 0 to 1.
    #[serde(skip)]
    pub likeness: f32,
}

impl Filter {
    /// Reads the fields.
    ///
    /// # Errors
    /// A field that says nothing sensible.
    pub fn new(fields: Fields) -> Result<Self, String> {
        let time = |name: &str, word: &Option<Word>| {
            word.as_ref().map(|word| nanos(word).map_err(|error| format!("`{name}`: {error}"))).transpose()
        };
        Ok(Self {
            status: fields.status.as_ref().map(statuses).transpose()?,
            since_ns: time("since", &fields.since)?,
            // A time in whole milliseconds means all of that millisecond.
            until_ns: time("until", &fields.until)?.map(|at| if at % 1_000_000 == 0 { at + 999_999 } else { at }),
            contains: fields.contains.as_ref().map(|text| Finder::new(text).into_owned()),
            fields,
        })
    }

    /// The session that is meant.
    pub fn session(&self) -> Option<&str> {
        self.fields.session.as_deref()
    }

    /// Whether an entry is meant.
    pub fn admits(&self, entry: &View<'_>) -> bool {
        CHECKS.iter().all(|(check, _)| check(self, entry))
    }

    /// How far an entry is from what is meant: 0 where it is meant.
    pub fn misses(&self, entry: &View<'_>) -> usize {
        CHECKS.iter().filter(|(check, _)| !check(self, entry)).map(|(_, weight)| weight).sum()
    }

    /// In what an entry differs from what is meant.
    pub fn differences(&self, entry: &View<'_>) -> Vec<Difference> {
        let fields = &self.fields;
        let mut found = Vec::new();
        let mut differ = |field, expected: &Option<String>, has: Option<&str>, is: &dyn Fn(&str, &str) -> bool| {
            if let Some(expected) = expected
                && !has.is_some_and(|has| is(expected, has))
            {
                let likeness = Likeness::to(expected).of(has.unwrap_or_default());
                found.push(Difference { field, expected: expected.clone(), found: json!(has), likeness });
            }
        };
        let same = |expected: &str, has: &str| expected == has;
        differ("session", &fields.session, Some(entry.session), &same);
        differ("path", &fields.path, Some(entry.path), &matches);
        differ("model", &fields.model, entry.model, &matches);
        differ("strategy", &fields.strategy, entry.strategy, &same);
        differ("provider", &fields.provider, Some(entry.provider), &same);
        let mut push = |field, expected: String, has: Value, likeness| {
            found.push(Difference { field, expected, found: has, likeness });
        };
        if let (Some((from, to)), Some(word)) = (self.status, &fields.status)
            && !(from..=to).contains(&entry.status)
        {
            push("status", word.to_string(), entry.status.into(), 0.0);
        }
        if let (Some(since), Some(word)) = (self.since_ns, &fields.since)
            && entry.at_ns < since
        {
            push("since", word.to_string(), entry.at().into(), 0.0);
        }
        if let (Some(until), Some(word)) = (self.until_ns, &fields.until)
            && entry.at_ns > until
        {
            push("until", word.to_string(), entry.at().into(), 0.0);
        }
        if let (Some(finder), Some(text)) = (&self.contains, &fields.contains)
            && finder.find(entry.body).is_none()
        {
            const SHOWN: usize = 500;
            let body = String::from_utf8_lossy(entry.body);
            let shown: String = body.chars().take(SHOWN).collect();
            let shown = if shown.len() < body.len() { format!("{shown}…") } else { shown };
            push("contains", text.clone(), shown.into(), Likeness::to(text).within(&body));
        }
        found
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The least and the greatest status that are meant.
fn statuses(word: &Word) -> Result<(u16, u16), String> {
    let text = word.to_string();
    let status = |text: &str| text.trim().parse().ok().filter(|status| (100..600).contains(status));
    let range = if let Some(class) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        class.parse().ok().filter(|class| (1..6).contains(class)).map(|class: u16| (class * 100, class * 100 + 99))
    } else if let Some((from, to)) = text.split_once('-') {
        status(from).zip(status(to)).filter(|(from, to)| from <= to)
    } else {
        status(&text).map(|status| (status, status))
    };
    range.ok_or_else(|| format!("`status`: found `{text}`, expected a status such as `429`, `4xx` or `400-499`"))
}

/// Nanoseconds since the Unix epoch.
fn nanos(word: &Word) -> Result<u64, String> {
    let text = match word {
        Word::Number(millis) => return Ok(millis.saturating_mul(1_000_000)),
        Word::Text(text) => text.trim(),
    };
    if let Ok(millis) = text.parse::<u64>() {
        return Ok(millis.saturating_mul(1_000_000));
    }
    let wrong = || {
        format!("found `{text}`, expected a time such as `2026-01-31T12:00:00Z`, or milliseconds since the Unix epoch")
    };
    // humantime knows UTC alone. A plus that was not encoded arrives as a blank.
    let (local, offset) = match text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)) {
        Some((local, zone)) if zone.starts_with(['+', '-', ' ']) && zone.as_bytes().get(3) == Some(&b':') => {
            let minutes = |text: Option<&str>| text.and_then(|it| it.parse::<u64>().ok()).ok_or_else(wrong);
            let offset = Duration::from_secs(minutes(zone.get(1..3))? * 3_600 + minutes(zone.get(4..6))? * 60);
            (format!("{local}Z"), Some((zone.starts_with('-'), offset)))
        }
        _ => (text.to_owned(), None),
    };
    let time = humantime::parse_rfc3339(&local).map_err(|_| wrong())?;
    let time: Option<SystemTime> = match offset {
        None => Some(time),
        Some((true, offset)) => time.checked_add(offset),
        Some((false, offset)) => time.checked_sub(offset),
    };
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).ok_or_else(wrong)?;
    u64::try_from(since.as_nanos()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_or_a_class_or_a_range() {
        let read = |text: &str| statuses(&Word::Text(text.into()));
        assert_eq!(read("429"), Ok((429, 429)));
        assert_eq!(read("4xx"), Ok((400, 499)));
        assert_eq!(read("400-404"), Ok((400, 404)));
        assert_eq!(statuses(&Word::Number(200)), Ok((200, 200)));
        for text in ["", "xx", "6xx", "99", "404-400", "abc", "4x", "200-"] {
            assert!(read(text).unwrap_err().contains("expected a status such as"), "{text}");
        }
    }

    #[test]
    fn a_time_is_milliseconds_or_rfc_3339() {
        let read = |text: &str| nanos(&Word::Text(text.into()));
        let noon = 1_769_860_800_000_000_000;
        assert_eq!(read("2026-01-31T12:00:00Z"), Ok(noon));
        assert_eq!(read("1769860800000"), Ok(noon));
        assert_eq!(read("2026-01-31T14:00:00+02:00"), Ok(noon));
        assert_eq!(read("2026-01-31T14:00:00 02:00"), Ok(noon));
        assert_eq!(read("2026-01-31T11:30:00-00:30"), Ok(noon));
        assert_eq!(read("2026-01-31T12:00:00.000001Z"), Ok(noon + 1_000));
        for text in ["", "yesterday", "2026-01-31", "2026-01-31T12:00:00+ab:00", "1960-01-01T00:00:00Z", "ü+02:00"] {
            assert!(read(text).unwrap_err().contains("expected a time such as"), "{text}");
        }
    }
}
