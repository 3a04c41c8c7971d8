//! A value of a document and the way to it: what reads the file of another system, and notes each mistake at its place.
//!
//! Reading goes on after a mistake, so that all are told. Only mistakes look up a place.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::access::is_secret;
use crate::config::report::{Diagnostic, Severity, Text};
use crate::config::tree::{Step, Tree};
use crate::config::typed::{self, MAX_MISTAKES};
use crate::config::words::{A_LIST, A_MAPPING, closest, describe, hint, unexpected, words};

/// A document that is read, and what was objected to so far.
pub(super) struct Document {
    pub(super) text: Text,
    pub(super) tree: Tree,
    /// The values that variables have put into it.
    pub(super) overridden: Vec<(Vec<Step>, String)>,
    told: RefCell<Told>,
}

#[derive(Default)]
struct Told {
    diagnostics: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Document {
    pub(super) fn new(text: &Text, tree: Tree) -> Self {
        Self { text: text.clone(), tree, overridden: Vec::new(), told: RefCell::default() }
    }

    pub(super) fn root(&self) -> Spot<'_> {
        Spot { document: self, value: &self.tree.value, way: None }
    }

    /// Notes a mistake, or with [`Diagnostic::into_warning`] what is odd; of very many, that there are more.
    pub(super) fn note(&self, diagnostic: Diagnostic) {
        let mut told = self.told.borrow_mut();
        let count = match diagnostic.severity {
            Severity::Error => &mut told.errors,
            Severity::Warning => &mut told.warnings,
        };
        *count += 1;
        if *count <= MAX_MISTAKES {
            told.diagnostics.push(diagnostic);
        }
    }

    /// The document's value, and all that was noted.
    pub(super) fn finish(self) -> (Value, Vec<Diagnostic>) {
        let Told { mut diagnostics, errors, warnings } = self.told.into_inner();
        let more = |count: usize, what| {
            let count = count.checked_sub(MAX_MISTAKES).filter(|count| *count > 0)?;
            Some(Diagnostic::file(&self.text.file, format!("{count} more {what}, not listed")))
        };
        diagnostics.extend(more(errors, "mistakes"));
        diagnostics.extend(more(warnings, "warnings").map(Diagnostic::into_warning));
        (self.tree.value, diagnostics)
    }
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    document: &'a Document,
    value: &'a Value,
    /// What it stands in, and where in it.
    way: Option<(&'a Spot<'a>, Branch<'a>)>,
}

#[derive(Clone, Copy)]
enum Branch<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Spot<'a> {
    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn path(&self) -> Vec<Step> {
        let Some((parent, into)) = &self.way else { return Vec::new() };
        let mut path = parent.path();
        path.push(match into {
            Branch::Key(key) => Step::from(*key),
            Branch::Item(index) => Step::from(*index),
        });
        path
    }

    fn variable(&self) -> Option<&'a str> {
        if self.document.overridden.is_empty() {
            return None;
        }
        let path = self.path();
        let mut overridden = self.document.overridden.iter();
        overridden.find(|(over, _)| path.starts_with(over)).map(|(_, name)| name.as_str())
    }

    fn error(&self, message: impl AsRef<str>) -> Diagnostic {
        let path = self.path();
        let tree = &self.document.tree;
        let variable = self.variable().map_or_else(String::new, |name| format!("the variable `{name}`: "));
        let name = if path.is_empty() { String::new() } else { format!("`{}`: ", tree.dotted(&path)) };
        self.document.text.error(tree.place(&path), format!("{variable}{name}{}", message.as_ref()))
    }

    /// Notes a mistake in this value.
    pub(super) fn object(&self, message: impl AsRef<str>, help: &str) {
        self.document.note(self.error(message).with_help(help));
    }

    /// Notes what is odd about this value.
    pub(super) fn warn(&self, message: impl AsRef<str>, help: &str) {
        self.document.note(self.error(message).with_help(help).into_warning());
    }

    /// Notes that this is something else than what was expected.
    pub(super) fn wrong(&self, expected: &str) {
        let found = unexpected(self.value);
        if is_secret(&self.path()) {
            return self.document.note(self.error(format!("expected {expected}, found something else")));
        }
        let error = self.error(format!("expected {expected}, found {}", describe(found)));
        self.document.note(match hint(expected, found) {
            Some(help) => error.with_help(help),
            None => error,
        });
    }

    /// Whether this is a mapping; says which of its keys are not known.
    pub(super) fn keys(&self, known: &[&str], unknown: Severity) -> bool {
        let Some(map) = self.mapping() else { return false };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.unknown_key(key, known, unknown);
        }
        true
    }

    fn unknown_key(&self, key: &str, known: &[&str], severity: Severity) {
        let mut path = self.path();
        let of = if path.is_empty() { String::new() } else { format!(" of `{}`", self.document.tree.dotted(&path)) };
        path.push(key.into());
        let ignored = if severity == Severity::Warning { ", which is ignored" } else { "" };
        let place = self.document.tree.key_place(&path);
        let mut diagnostic = self.document.text.error(place, format!("unknown key `{key}`{ignored}"));
        if let Some(meant) = closest(key, known) {
            diagnostic = diagnostic.with_help(format!("did you mean `{meant}`?"));
        }
        diagnostic = diagnostic.with_help(format!("the keys{of} are {}", words(known)));
        self.document.note(if severity == Severity::Warning { diagnostic.into_warning() } else { diagnostic });
    }

    /// Notes that a key is not wanted here.
    pub(super) fn object_to_key(&self, key: &str, message: &str, help: &str) {
        let mut path = self.path();
        path.push(key.into());
        let place = self.document.tree.key_place(&path);
        self.document.note(self.document.text.error(place, message).with_help(help));
    }

    pub(super) fn mapping(&self) -> Option<&'a Map<String, Value>> {
        let map = self.value.as_object();
        if map.is_none() {
            self.wrong(A_MAPPING);
        }
        map
    }

    /// The value of a key; one that is empty counts as left out.
    pub(super) fn field(&'a self, key: &'a str) -> Option<Spot<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Spot { document: self.document, value, way: Some((self, Branch::Key(key))) })
    }

    /// The value of a key that may not be left out.
    pub(super) fn needed(&'a self, key: &'a str) -> Option<Spot<'a>> {
        let field = self.field(key);
        if field.is_none() && self.value.is_object() {
            self.object(format!("`{key}` is missing"), &format!("add `{key}: …` here"));
        }
        field
    }

    /// The values of a mapping, with their keys.
    pub(super) fn entries(&'a self) -> impl Iterator<Item = (&'a str, Spot<'a>)> {
        let entry = |(key, value): (&'a String, &'a Value)| {
            (key.as_str(), Spot { document: self.document, value, way: Some((self, Branch::Key(key.as_str()))) })
        };
        self.mapping().into_iter().flatten().map(entry)
    }

    /// The values of a list.
    pub(super) fn items(&'a self) -> impl Iterator<Item = Spot<'a>> {
        let list = self.value.as_array();
        if list.is_none() {
            self.wrong(A_LIST);
        }
        let item = |(index, value): (usize, &'a Value)| Spot {
            document: self.document,
            value,
            way: Some((self, Branch::Item(index))),
        };
        list.into_iter().flatten().enumerate().map(item)
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong("text");
        }
        text
    }

    /// Text, or a number or truth value as it is written in JSON.
    pub(super) fn said(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(self.value.to_string()),
            _ => {
                self.wrong("text");
                None
            }
        }
    }

    /// `true` or `false`, in one of the words that YAML had for them when these files were written.
    pub(super) fn flag(&self) -> Option<bool> {
        let said = self.value.as_str().map(str::to_lowercase);
        let flag = match (self.value, said.as_deref()) {
            (Value::Bool(flag), _) => Some(*flag),
            (_, Some("true" | "yes" | "on")) => Some(true),
            (_, Some("false" | "no" | "off")) => Some(false),
            (_, Some("1")) if self.variable().is_some() => Some(true),
            (_, Some("0")) if self.variable().is_some() => Some(false),
            _ => None,
        };
        if flag.is_none() {
            self.wrong("`true` or `false`");
        }
        flag
    }

    pub(super) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let number = match self.value {
            // A variable has nothing but text.
            Value::String(text) if self.variable().is_some() => text.trim().parse().ok(),
            value => value.as_u64(),
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(&format!("a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    pub(super) fn number(&self) -> Option<f64> {
        let number = self.value.as_f64();
        if number.is_none() {
            self.wrong("a number");
        }
        number
    }

    /// One of a few words.
    pub(super) fn word(&self, known: &[&'static str]) -> Option<&'static str> {
        let Some(text) = self.value.as_str() else {
            self.wrong(&format!("one of {}", words(known)));
            return None;
        };
        let word = known.iter().find(|word| **word == text).copied();
        if word.is_none() {
            let error = self.error(format!("found `{text}`, expected one of {}", words(known)));
            self.document.note(match closest(text, known) {
                Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
                None => error,
            });
        }
        word
    }

    /// A value that standin's own configuration has too.
    pub(super) fn typed<T: Deserialize<'a>>(&self) -> Option<T> {
        match typed::value(self.value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.document.note(self.error(message));
                None
            }
        }
    }
}
