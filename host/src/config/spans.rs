//! Where each value ends in its text, for whoever changes a file in place. Reading needs only where values begin.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::tree::Step;

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The value, in bytes of the text, without what is white space or comment after it.
    pub range: Range<usize>,
    /// The key that it stands behind, where it does.
    pub key: Option<Range<usize>>,
    /// Whether it stands within `{…}` or `[…]`.
    pub in_flow: bool,
}

/// The value at a path; none where the text has none there, or an alias brings it in.
pub fn extent(text: &str, path: &[Step]) -> Option<Extent> {
    let mut part = &parts(text)?;
    let (mut in_flow, mut key) = (false, None);
    for step in path {
        in_flow |= part.flow;
        (part, key) = match (&part.kind, step) {
            (Kind::List(items), Step::Index(index)) => (items.get(*index)?, None),
            (Kind::Mapping(entries), Step::Key(wanted)) => {
                // Of equal keys the last one counts.
                let (_, at, value) = entries.iter().rfind(|(name, ..)| name == wanted)?;
                (value, Some(at.clone()))
            }
            _ => return None,
        };
    }
    Some(Extent { range: part.range.clone(), key, in_flow })
}

#[derive(Debug)]
struct Part {
    range: Range<usize>,
    /// Written in brackets.
    flow: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(String),
    /// What it stands for is written elsewhere.
    Alias,
    List(Vec<Part>),
    Mapping(Vec<(String, Range<usize>, Part)>),
}

/// A collection whose end has not come yet, and the key that waits for its value.
struct Open {
    start: usize,
    flow: bool,
    mapping: bool,
    parts: Vec<Part>,
}

fn parts(text: &str) -> Option<Part> {
    let bom = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    let body = &text[bom..];
    let offsets: Vec<usize> = body.char_indices().map(|(at, _)| at + bom).chain([text.len()]).collect();
    let byte = |index: usize| offsets.get(index).copied().unwrap_or(text.len());
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    // Where the last event ended: the mark of a block scalar stands behind it.
    let mut last = bom;
    for event in Parser::new_from_str(body) {
        let (event, span): (Event<'_>, Span) = event.ok()?;
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        let done = match event {
            Event::Scalar(value, style, ..) => {
                let range = scalar(text, style, last, start, end);
                Some(Part { range, flow: false, kind: Kind::Scalar(value.into_owned()) })
            }
            Event::Alias(_) => Some(Part { range: start..end, flow: false, kind: Kind::Alias }),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let bracket = text[start..end].find(['{', '[']);
                let mapping = matches!(event, Event::MappingStart(..));
                let begin = bracket.map_or(end, |at| start + at);
                // Of a list that is not indented the parser has taken the first dash already.
                let dashed = mapping || bracket.is_some() || text[begin..].starts_with('-');
                let begin = if dashed { begin } else { text[..begin].rfind('-').unwrap_or(begin) };
                open.push(Open { start: begin, flow: bracket.is_some(), mapping, parts: Vec::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|it| it.close(start)),
            _ => None,
        };
        let Some(part) = done else { continue };
        last = part.range.end;
        match open.last_mut() {
            Some(open) => open.parts.push(part),
            None => root = Some(part),
        }
    }
    root
}

/// The text of a scalar. What the parser says of its end may take in a comment, and of a block its beginning is the first line.
fn scalar(text: &str, style: ScalarStyle, last: usize, start: usize, end: usize) -> Range<usize> {
    let written = &text[start..end];
    match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            let quote = if style == ScalarStyle::SingleQuoted { '\'' } else { '"' };
            let mut characters = written.char_indices().skip(1).peekable();
            while let Some((at, character)) = characters.next() {
                match character {
                    '\\' if quote == '"' => drop(characters.next()),
                    '\'' if quote == '\'' && characters.next_if(|(_, next)| *next == '\'').is_some() => {}
                    _ if character == quote => return start..start + at + 1,
                    _ => {}
                }
            }
            start..end
        }
        ScalarStyle::Literal | ScalarStyle::Folded => {
            let mark = if style == ScalarStyle::Literal { '|' } else { '>' };
            let from = text.get(last..start).and_then(|between| between.find(mark)).map_or(start, |at| last + at);
            from..from + text[from..end].trim_end().len()
        }
        ScalarStyle::Plain => start..start + written.trim_end().len(),
    }
}

impl Open {
    /// The collection as a whole; `end` is where the parser met its end.
    fn close(self, end: usize) -> Part {
        let last = self.parts.last().map_or(self.start, |part| part.range.end);
        let range = self.start..if self.flow { end + 1 } else { last };
        let kind = if self.mapping {
            let mut entries = Vec::with_capacity(self.parts.len() / 2);
            let mut parts = self.parts.into_iter();
            while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                let name = if let Kind::Scalar(name) = key.kind { name } else { String::new() };
                entries.push((name, key.range, value));
            }
            Kind::Mapping(entries)
        } else {
            Kind::List(self.parts)
        };
        Part { range, flow: self.flow, kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\u{feff}# ä\na: |  # how\n  one\n  two\n\n# c\nb: plain\n  more # c2\nc: {x: 1, y: [2, \"}\"]} # c3\nd:\n  - e: \"q\\\"\" # c4\n    f: >-\n      fold\n      ed\n    # c5\n  - 'it''s' # c6\ng: &an\n  h: é # c7\ni: *an\nj:\nc:\n  x: last\n";

    fn written(path: &[Step]) -> Option<&'static str> {
        extent(TEXT, path).map(|it| &TEXT[it.range])
    }

    #[test]
    fn a_value_ends_before_white_space_and_comments() {
        let key = |key: &str| Step::from(key);
        for (path, wanted) in [
            (vec![key("a")], "|  # how\n  one\n  two"),
            (vec![key("b")], "plain\n  more"),
            (vec![key("c")], "x: last"),
            (vec![key("d"), 0.into(), key("e")], "\"q\\\"\""),
            (vec![key("d"), 0.into(), key("f")], ">-\n      fold\n      ed"),
            (vec![key("d"), 1.into()], "'it''s'"),
            (vec![key("d"), 0.into()], "e: \"q\\\"\" # c4\n    f: >-\n      fold\n      ed"),
            (vec![key("g")], "h: é"),
            (vec![key("i")], "*an"),
            (vec![key("j")], ""),
        ] {
            assert_eq!(written(&path), Some(wanted), "{path:?}");
        }
        assert_eq!(written(&[key("i"), key("h")]), None, "it is written elsewhere");
        assert_eq!(written(&[key("nothing")]), None);
    }

    #[test]
    fn brackets_are_told_from_blocks() {
        let text = "a: {b: [1, {c: 2}] , d: 3 } # e\nf:\n- 4\n";
        let at = |path: &[Step]| extent(text, path).map(|it| (&text[it.range], it.in_flow)).unwrap();
        assert_eq!(at(&["a".into()]), ("{b: [1, {c: 2}] , d: 3 }", false));
        assert_eq!(at(&["a".into(), "b".into()]), ("[1, {c: 2}]", true));
        assert_eq!(at(&["a".into(), "b".into(), 1.into(), "c".into()]), ("2", true));
        assert_eq!(at(&["f".into()]), ("- 4", false));
        assert_eq!(&text[extent(text, &["a".into(), "d".into()]).unwrap().key.unwrap()], "d");
    }
}
