//! What is told of tests: a line for each case, and a diff where one failed.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::run::{CaseRan, Failure, Ran, Wrong};
use super::yaml;

/// Whether what is told has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// For a terminal.
    Colours,
    /// For everything else.
    Plain,
}

const RED: &str = "31";
const GREEN: &str = "32";
const FAINT: &str = "2";
const BOLD: &str = "1";

impl Paint {
    fn on(self, colour: &str, text: &str) -> String {
        match self {
            Self::Colours => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

/// The cases of a file. Paths are shown relative to `root` where they lie below it.
pub fn file(ran: &Ran, root: &Path, paint: Paint) -> String {
    let file = ran.suite.written.file();
    let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
    let mut told = format!("{}\n", paint.on(BOLD, &shown));
    for case in &ran.cases {
        told.push_str(&line(case, paint));
        for failure in &case.failures {
            told.push_str(&explain(failure, &format!("{shown}:{}", case.line), paint));
        }
    }
    told
}

fn line(case: &CaseRan, paint: Paint) -> String {
    let (mark, colour) = if case.failures.is_empty() { ("ok    ", GREEN) } else { ("FAILED", RED) };
    let time = paint.on(FAINT, &format!("({})", millis(case.duration)));
    format!("  {} {} {time}\n", paint.on(colour, mark), printable(&case.name))
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// A name of a file must not steer the terminal that it is shown on.
fn printable(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}

/// Why a case failed.
pub fn explain(failure: &Failure, place: &str, paint: Paint) -> String {
    let turn = failure.turn.map(|turn| format!(", turn {turn}")).unwrap_or_default();
    let mut told = format!("         {}\n", paint.on(FAINT, &format!("{place}{turn}")));
    match &failure.what {
        Wrong::Request(reason) => {
            let _ = writeln!(told, "         the request cannot be made: {reason}");
        }
        Wrong::Different { compared, by } => {
            let by = by.as_ref().map_or_else(|| "nobody answered".to_owned(), |by| format!("came from `{by}`"));
            told.push_str(&diff(
                &yaml::document(&compared.expected),
                &yaml::document(&compared.came),
                "expected",
                &by,
                paint,
            ));
        }
        Wrong::Unexpected(came) => {
            told.push_str("         nothing is expected yet; this came, and --update writes it:\n");
            indent(&yaml::document(came), &mut told);
        }
        Wrong::Leaks { fresh, used } => {
            told.push_str(
                "         an instance that has served requests answers otherwise than a fresh one. A server keeps several\n         \
                 instances, and throws any of them away between two requests: what a plugin keeps in globals does not\n         \
                 survive. Keep it in the session, with the functions of `state`.\n",
            );
            let (fresh, used) = (yaml::document(fresh), yaml::document(used));
            if fresh == used {
                told.push_str("         (the difference is in what these words do not show)\n");
            }
            told.push_str(&diff(&fresh, &used, "fresh", "used", paint));
        }
    }
    told
}

/// A unified diff, with everything around the changes: an outcome is short.
fn diff(before: &str, after: &str, from: &str, to: &str, paint: Paint) -> String {
    let mut told = String::new();
    let _ = writeln!(told, "         {}", paint.on(RED, &format!("--- {from}")));
    let _ = writeln!(told, "         {}", paint.on(GREEN, &format!("+++ {to}")));
    let compared = TextDiff::from_lines(before, after);
    for change in compared.iter_all_changes() {
        let text = change.value().trim_end_matches('\n');
        let line = match change.tag() {
            ChangeTag::Delete => paint.on(RED, &format!("-{text}")),
            ChangeTag::Insert => paint.on(GREEN, &format!("+{text}")),
            ChangeTag::Equal => format!(" {text}"),
        };
        let _ = writeln!(told, "         {line}");
    }
    told
}

fn indent(text: &str, out: &mut String) {
    for line in text.lines() {
        let _ = writeln!(out, "           {line}");
    }
}

/// The last line.
pub fn summary(files: usize, passed: usize, failed: usize, left_out: usize, time: Duration, paint: Paint) -> String {
    let word = |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    let mut told = format!("{} in {}: {passed} passed", word(passed + failed, "case"), word(files, "file"));
    if failed > 0 {
        let _ = write!(told, ", {failed} failed");
    }
    if left_out > 0 {
        let _ = write!(told, ", {left_out} left out");
    }
    let told = paint.on(if failed > 0 { RED } else { GREEN }, &told);
    format!("{told} {}", paint.on(FAINT, &format!("({})", millis(time))))
}
