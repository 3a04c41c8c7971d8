//! What the configuration promises a person: every mistake, at its place, in plain words; and never a panic.

mod access;
mod allow;
mod documents;
mod foreign;
mod formats;
mod mistakes;
mod properties;
mod settings;
mod variables;

use std::path::Path;

use super::{ConfigError, Diagnostic, Format, Loaded, Variables, from_str_as};

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Reads a text of whatever format it is.
fn read(text: &str, pairs: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    from_str_as(text, Path::new("conf/file.yaml"), None, &variables(pairs))
}

fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |it: &Diagnostic| it.position.map_or("-".to_owned(), |at| at.to_string());
    diagnostics.iter().map(|it| format!("{} {}", place(it), it.message)).collect()
}

/// `line:column message`, for everything that is wrong with a file of this format.
fn mistakes(format: Format, text: &str) -> Vec<String> {
    let error = from_str_as(text, Path::new("conf/file.yaml"), Some(format), &Variables::new()).expect_err(text);
    told(&error.diagnostics)
}
