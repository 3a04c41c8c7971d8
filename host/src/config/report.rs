//! How mistakes are told: what was found, what was expected, what to do, and the line it is about.
//!
//! The form is that of compilers, without colours: it goes into logs and test output as often as to a terminal.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::tree::{Place, Position};

/// As many characters of a line are shown; a JSON file may be one line.
const MAX_SNIPPET: usize = 100;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can, and is probably not what was meant.
    Warning,
}

/// One thing that is wrong, or odd, in a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What was found, and what was expected.
    pub message: String,
    /// The file.
    pub file: PathBuf,
    /// The place in the file; none where it is about the file as a whole.
    pub position: Option<Position>,
    /// What to do: a sentence each.
    pub help: Vec<String>,
    /// The line, and the marks below it.
    #[serde(skip)]
    snippet: Option<Box<(String, String)>>,
}

impl Diagnostic {
    /// An error about a file as a whole.
    pub fn file(file: &Path, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            file: file.to_owned(),
            position: None,
            help: Vec::new(),
            snippet: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The line that it is about, as it is shown.
    pub fn snippet(&self) -> Option<&str> {
        self.snippet.as_ref().map(|snippet| snippet.0.as_str())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        let number = self.position.map_or_else(String::new, |position| position.line.to_string());
        let margin = " ".repeat(number.len());
        write!(f, "\n{margin}--> {}", self.file.display())?;
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        if let Some((line, marks)) = self.snippet.as_deref() {
            write!(f, "\n{margin} |\n{number} | {line}\n{margin} | {marks}")?;
        }
        self.help.iter().try_for_each(|help| write!(f, "\n{margin} = {help}"))
    }
}

/// Why a configuration cannot be used: everything that is wrong with it, at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", list(.diagnostics))]
pub struct ConfigError {
    /// What is wrong, and the warnings, in the order of the file; at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were looked at, or for: once one of them changes, trying again makes sense.
    pub files: Vec<PathBuf>,
    /// What could be read all the same, for whoever can find further mistakes in it. Never to be used.
    pub rest: Option<Box<super::Loaded>>,
}

impl ConfigError {
    /// Everything that is wrong with these, told at once.
    pub fn new(diagnostics: Vec<Diagnostic>, files: Vec<PathBuf>) -> Self {
        Self { diagnostics, files, rest: None }
    }
}

impl From<Diagnostic> for ConfigError {
    fn from(diagnostic: Diagnostic) -> Self {
        let files = vec![diagnostic.file.clone()];
        Self::new(vec![diagnostic], files)
    }
}

fn list(diagnostics: &[Diagnostic]) -> String {
    let mut parts: Vec<_> = diagnostics.iter().map(Diagnostic::to_string).collect();
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    if errors > 1 {
        parts.push(format!("{errors} mistakes in the configuration"));
    }
    parts.join("\n\n")
}

/// The text of a file, for showing lines of it.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) file: Arc<Path>,
    pub(super) text: Arc<str>,
}

impl Text {
    pub(super) fn new(file: &Path, text: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), text: text.into() }
    }

    /// An error at a place.
    pub(super) fn error(&self, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            position: Some(place.at),
            snippet: self.line(place.at.line).map(|line| Box::new(snippet(line, place))),
            ..Diagnostic::file(&self.file, message)
        }
    }

    /// Puts stars in the place of what stands there, so that no line that is shown has it.
    pub(super) fn hide(&mut self, places: &[Place]) {
        let (mut at, mut left) = (Position::START, 0);
        let bom = usize::from(self.text.starts_with('\u{feff}'));
        let mut hidden: String = self.text.chars().take(bom).collect();
        let mut characters = self.text.chars().skip(bom).peekable();
        while let Some(character) = characters.next() {
            left = places.iter().filter(|place| place.at == at).map(|place| place.width).max().unwrap_or(left);
            let newline = character == '\n' || (character == '\r' && characters.peek() != Some(&'\n'));
            hidden.push(if left > 0 && !matches!(character, '\r' | '\n') { '*' } else { character });
            left = left.saturating_sub(1);
            at = if newline {
                Position { line: at.line + 1, column: 1 }
            } else {
                Position { column: at.column + 1, ..at }
            };
        }
        self.text = hidden.into();
    }

    /// The same for a text that could not be read: whatever follows a key of a secret in its line.
    pub(super) fn hide_after_keys(&mut self) {
        let mut hidden = String::with_capacity(self.text.len());
        for line in self.text.split_inclusive(['\r', '\n']) {
            let end = line.find(['\r', '\n']).unwrap_or(line.len());
            let colon = line[..end].match_indices("key").find_map(|(start, word)| {
                let rest = &line[start + word.len()..end];
                let trimmed = rest.trim_start_matches(['"', '\'', ' ']);
                trimmed.starts_with(':').then(|| end - trimmed.len() + 1)
            });
            let shown = colon.unwrap_or(end);
            hidden.push_str(&line[..shown]);
            hidden.extend(line[shown..end].chars().map(|character| if character == ' ' { ' ' } else { '*' }));
            hidden.push_str(&line[end..]);
        }
        self.text = hidden.into();
    }

    fn line(&self, number: u32) -> Option<&str> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let mut rest = Some(text);
        for _ in 1..number {
            rest = rest.and_then(|rest| split_line(rest).1);
        }
        rest.map(|rest| split_line(rest).0)
    }
}

/// The first line, and what follows. To YAML, `\r` ends a line too.
fn split_line(text: &str) -> (&str, Option<&str>) {
    match text.find(['\r', '\n']) {
        Some(end) => {
            let rest = &text[end..];
            (&text[..end], Some(rest.strip_prefix("\r\n").unwrap_or(&rest[1..])))
        }
        None => (text, None),
    }
}

/// The line, or the part of it around the place, and the marks below.
fn snippet(line: &str, place: Place) -> (String, String) {
    let column = place.at.column.saturating_sub(1) as usize;
    let length = line.chars().count();
    let start = if length <= MAX_SNIPPET { 0 } else { column.saturating_sub(MAX_SNIPPET / 2) };
    let (mut shown, mut marks) = (String::new(), String::new());
    if start > 0 {
        shown.push('…');
        marks.push(' ');
    }
    let window = line.chars().enumerate().skip(start).take(MAX_SNIPPET);
    for (index, character) in window {
        // A line of a file must not steer the terminal that it is shown on.
        shown.push(if character.is_control() && character != '\t' { '\u{fffd}' } else { character });
        if index < column {
            marks.push(if character == '\t' { '\t' } else { ' ' });
        }
    }
    let visible = length.min(start + MAX_SNIPPET);
    if visible < length {
        shown.push('…');
    }
    let width = (place.width as usize).min(visible.saturating_sub(column)).max(1);
    marks.push_str(&"^".repeat(width));
    (shown, marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, line: u32, column: u32, width: u32) -> String {
        let text = Text::new(Path::new("a.yaml"), text);
        text.error(Place { at: Position { line, column }, width }, "odd").to_string()
    }

    #[test]
    fn marks_stand_below_what_is_meant() {
        assert_eq!(show("a: 1\nb: two\n", 2, 4, 3), "error: odd\n --> a.yaml:2:4\n  |\n2 | b: two\n  |    ^^^");
        assert_eq!(show("\tb: 1", 1, 2, 1), "error: odd\n --> a.yaml:1:2\n  |\n1 | \tb: 1\n  | \t^");
        assert_eq!(show("é: ü", 1, 4, 9), "error: odd\n --> a.yaml:1:4\n  |\n1 | é: ü\n  |    ^");
        assert!(show("a\r\nb\r\nc", 3, 1, 1).ends_with("3 | c\n  | ^"));
        assert!(show("a\rb", 2, 1, 1).ends_with("2 | b\n  | ^"));
        assert!(show("", 1, 1, 1).ends_with("1 | \n  | ^"));
        assert!(show("a", 7, 1, 1).ends_with("a.yaml:7:1"), "a line that is not there is not shown");
        assert!(show("a\u{1b}[31m", 1, 1, 1).contains("a\u{fffd}[31m"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = show(&format!("{}X{}", "a".repeat(500), "b".repeat(500)), 1, 501, 1);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[3].chars().count(), "1 | ".len() + MAX_SNIPPET + 2);
        let mark = lines[4].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[3].chars().nth(mark), Some('X'));
    }
}
