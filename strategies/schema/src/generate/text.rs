//! Texts: of a format, of a pattern, or like what the property's name says.

use serde_json::Value;
use standin_sdk::context::below;

use super::flat::Flat;
use super::{Generator, Made};
use crate::fail::Fail;
use crate::{formats, words};

/// Longer texts are no test of anything.
const LONGEST: u64 = 100_000;
const ATTEMPTS: u32 = 80;

impl<'d> Generator<'d> {
    pub(super) fn text(&mut self, flat: &Flat<'d>, name: &str) -> Made<'d, String> {
        let (least, most) = (flat.least("minLength"), flat.most("maxLength"));
        if least > most || least > LONGEST {
            let why = if least > most {
                format!("it asks for {least} characters or more, and for {most} or less")
            } else {
                format!("it asks for {least} characters; {LONGEST} is the most that is made")
            };
            return Err(Fail::here(flat.place(&["minLength", "maxLength"]), why));
        }
        let (least, most) = (least as usize, most.min(LONGEST * 2) as usize);
        let mut patterns = Vec::new();
        for (schema, map) in flat.both() {
            if let Some(pattern) = map.get("pattern").and_then(Value::as_str) {
                self.checker.pattern(schema, pattern)?;
                patterns.push((schema, pattern));
            }
        }
        let formats: Vec<&str> = flat.maps().filter_map(format_of).collect();
        let known = formats.iter().copied().find(|format| formats::make(format).is_some());
        let description = flat.maps().find_map(|map| map.get("description")?.as_str());

        for attempt in 0..ATTEMPTS {
            self.checker.budget.spend(20 + least)?;
            // First what the format or the name promises, then what the pattern wants.
            let text = match (known, patterns.first()) {
                (Some(format), pattern) if pattern.is_none() || attempt < 6 => {
                    let text = formats::make(format).unwrap_or_default();
                    let short = text.chars().count() < least;
                    Some(if short { formats::stretch(format, &text, least).unwrap_or(text) } else { text })
                }
                (_, Some((schema, pattern))) if attempt > 0 => {
                    self.matching(schema, pattern, (least as u32, most as u32), attempt - 1)?
                }
                _ if self.wide => Some(fitting(format!("{} {}", words::phrase(), below(10_000)), least, most)),
                _ if attempt < 2 => Some(fitting(words::text(name, description), least, most)),
                _ => Some(fitting(words::phrase(), least, most)),
            };
            let Some(text) = text else { continue };
            let mut holds = (least..=most).contains(&text.chars().count());
            // What is made for a format is of that format.
            if formats.len() > usize::from(patterns.is_empty()) {
                for format in &formats {
                    holds = holds && self.checker.is_of(flat.place(&["format"]), format, &text)?;
                }
            }
            for (schema, pattern) in &patterns {
                holds = holds && self.checker.matches(schema, pattern, &text)?;
            }
            if holds {
                return Ok(text);
            }
        }
        let mut wanted: Vec<_> = patterns.iter().map(|(_, pattern)| format!("pattern `{pattern}`")).collect();
        wanted.extend(formats.iter().map(|format| format!("format `{format}`")));
        let length = match (least, most as u64) {
            (0, LONGEST..) => String::new(),
            (least, LONGEST..) => format!(" of {least} characters or more"),
            (0, most) => format!(" of {most} characters or less"),
            (least, most) => format!(" of {least} to {most} characters"),
        };
        let why = format!("no text{length} was found that has the {}", wanted.join(" and the "));
        Err(Fail::here(flat.place(&["pattern", "format"]), why))
    }

    /// A text that a pattern probably matches.
    pub(super) fn matching(
        &self,
        schema: &'d Value,
        pattern: &'d str,
        (least, most): (u32, u32),
        attempt: u32,
    ) -> Made<'d, Option<String>> {
        self.checker.budget.spend(pattern.len() + 5 * least as usize)?;
        let pattern = self.checker.pattern(schema, pattern)?;
        Ok(pattern.as_ref().as_ref().ok().and_then(|pattern| pattern.make(least, most, attempt)))
    }
}

fn format_of(map: &serde_json::Map<String, Value>) -> Option<&str> {
    let encoding = map.get("contentEncoding").filter(|encoding| *encoding == "base64");
    map.get("format").or(encoding)?.as_str()
}

/// Cut, or made longer, to a length. The text is ASCII.
fn fitting(mut text: String, least: usize, most: usize) -> String {
    while text.len() < least {
        text.push(' ');
        text.push_str(&words::phrase());
    }
    if text.chars().count() <= most {
        return text;
    }
    let mut cut: String = text.chars().take(most).collect();
    // A text does not end with a blank.
    if cut.ends_with(' ') {
        cut.pop();
        cut.push(char::from(b'a' + below(26) as u8));
    }
    cut
}
