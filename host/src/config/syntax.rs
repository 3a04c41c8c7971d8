//! Where the parser's positions are, and what its complaints mean.
//!
//! Its words are those of YAML's grammar. They are kept, since a search finds them; a hint is added where the usual cause is
//! known.

use saphyr_parser::{Marker, Span};

use super::tree::{Place, Position};
use super::yaml::Flaw;

const NO_TABS: &str = "YAML is indented with spaces, not with tabs";

/// Parts of the parser's messages, and what mostly helps.
const HINTS: [(&str, &str); 8] = [
    ("tab", NO_TABS),
    (
        "mapping values are not",
        "text with `: ` in it needs quotes; otherwise check the indentation of this line and the one above",
    ),
    ("unknown anchor", "an alias `*name` needs an anchor `&name` before it; text that starts with `*` needs quotes"),
    ("unexpected character", "text that starts with this character needs quotes"),
    ("unknown escape", "in double quotes `\\` begins an escape; in single quotes it is a character as any other"),
    ("end of stream", "a quote or a bracket is not closed"),
    ("expected ','", "a bracket is not closed, or a comma is missing"),
    ("simple key", "a `:` is missing after a key, or the indentation of this line or the one above is off"),
];

const OTHERWISE: &str = "check the indentation of this line and the one above, and that quotes and brackets are closed";

/// What the parser objects to, where, and what mostly helps.
pub(super) fn syntax_error(text: &str, marker: &Marker, info: &str) -> Flaw {
    // At the end of the text there is nothing to point at: the last line with something on it is what lacks something.
    let end = place_of(text, text.trim_end().len()).at;
    let at = Some(position(marker)).filter(|at| at.line <= end.line).unwrap_or(end);
    let tab = tab(text, at.line, info.contains("tab"));
    let flaw = Flaw::new(Place { at: tab.unwrap_or(at), width: 1 }, format!("not valid YAML: {info}"));
    if tab.is_some() {
        return flaw.help(NO_TABS);
    }
    let hint = HINTS.iter().find(|(part, _)| info.contains(part)).map_or(OTHERWISE, |(_, hint)| hint);
    flaw.help(hint)
}

/// The tab that a line is indented with. The parser tells of one where the scalar begins that the line would have continued, so
/// that the lines after it are looked at as well.
fn tab(text: &str, line: u32, told: bool) -> Option<Position> {
    let lines = text.lines().zip(1..).skip(line as usize - 1).take(if told { usize::MAX } else { 1 });
    lines
        .filter_map(|(text, line)| {
            let column = text.find(|character| character != ' ').filter(|at| text[*at..].starts_with('\t'))?;
            Some(Position { line, column: u32::try_from(column + 1).unwrap_or(u32::MAX) })
        })
        .next()
}

/// The place of a byte offset.
pub(super) fn place_of(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let (mut line, mut column, mut characters) = (1, 1, before.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\n' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
    }
    Place { at: Position { line, column }, width: 1 }
}

fn position(marker: &Marker) -> Position {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: number(marker.line()).max(1), column: number(marker.col()).saturating_add(1) }
}

/// The place of what the parser tells of.
pub(super) fn place(span: &Span) -> Place {
    let length = span.end.index().saturating_sub(span.start.index());
    Place { at: position(&span.start), width: u32::try_from(length).unwrap_or(u32::MAX).max(1) }
}
