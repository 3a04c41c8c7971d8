//! What commands print: the one place that writes to the terminal. A reader that went away (`standin schema | head`) is no
//! error.

use std::io::Write;

/// A line to standard output.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Lines to standard output, each with its line break.
pub(super) fn say_as_it_is(lines: &str) {
    let _ = write!(std::io::stdout().lock(), "{lines}");
}

/// A line to standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "standin: {line}");
}
