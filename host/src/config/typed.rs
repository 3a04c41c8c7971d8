//! From a tree of values to a [`Config`], with every mistake and not only the first.
//!
//! serde stays the only one who knows what is right. It stops at the first mistake; that is noted at its place, taken out of
//! the tree, and the rest is read again, until nothing is left to object to.

use std::collections::HashSet;
use std::fmt::{self, Display};

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::model::Config;
use super::report::{Diagnostic, Text};
use super::tree::{Position, Step, Tree};

/// More mistakes than these are not looked for.
const MAX_MISTAKES: usize = 50;

/// No document that a person writes needs more readings; the bound is only there to be one.
const MAX_READINGS: usize = 1000;

/// Reads a configuration. What is wrong is taken out of the tree, so that paths into it are those of the result.
pub(super) fn read(tree: &mut Tree, text: &Text) -> (Config, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    // Keys that are missing because they were taken out, or misspelt: told already.
    let mut excused: HashSet<(Position, String)> = HashSet::new();
    for _ in 0..MAX_READINGS {
        let error = match serde_path_to_error::deserialize::<_, Config>(At(&tree.value)) {
            Ok(config) => return (config, diagnostics),
            Err(error) => error,
        };
        let path: Vec<Step> = error.path().iter().filter_map(step).collect();
        let parent = |path: &[Step]| tree.place(path.split_last().map_or(&[], |(_, parent)| parent)).at;
        let mistake = error.into_inner();
        match &mistake {
            // The same where serde does not say which keys are known: in a stage, and for the whole.
            Mistake::Wrong { nothing: true, .. } if !matches!(path.last(), Some(Step::Index(_))) => {
                tree.remove(&path);
                continue;
            }
            Mistake::UnknownKey { key, known } => {
                if let Some(meant) = closest(key, known) {
                    excused.insert((parent(&path), meant.to_owned()));
                }
            }
            Mistake::Missing { .. } => {}
            _ => {
                if let Some(Step::Key(key)) = path.last() {
                    excused.insert((parent(&path), key.clone()));
                }
            }
        }
        let told = matches!(&mistake, Mistake::Missing { key } if excused.contains(&(tree.place(&path).at, (*key).to_owned())));
        if !told {
            diagnostics.push(tell(&mistake, &path, tree, text));
        }
        tree.remove(&path);
        if diagnostics.len() >= MAX_MISTAKES {
            break;
        }
    }
    // Never an empty list: what was not read to its end is not a configuration.
    diagnostics.push(
        Diagnostic::file(&text.file, "there is too much to object to, and the rest was not looked at")
            .with_help("correct what is told, and look again"),
    );
    (Config::default(), diagnostics)
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn tell(mistake: &Mistake, path: &[Step], tree: &Tree, text: &Text) -> Diagnostic {
    let name = if path.is_empty() { String::new() } else { format!("`{}`: ", tree.dotted(path)) };
    let place = tree.place(path);
    match mistake {
        Mistake::UnknownKey { key, known } => {
            let mut diagnostic = text.error(tree.key_place(path), format!("unknown key `{key}`"));
            if let Some(meant) = closest(key, known) {
                diagnostic = diagnostic.with_help(format!("did you mean `{meant}`?"));
            }
            let of = match path {
                [] | [_] => String::new(),
                [parent @ .., _] => format!(" of `{}`", tree.dotted(parent)),
            };
            diagnostic.with_help(format!("the keys{of} are {}", words(known)))
        }
        Mistake::UnknownWord { word, known } => {
            let diagnostic = text.error(place, format!("{name}found `{word}`, expected one of {}", words(known)));
            match closest(word, known) {
                Some(meant) => diagnostic.with_help(format!("did you mean `{meant}`?")),
                None => diagnostic,
            }
        }
        Mistake::Missing { key } => {
            text.error(place, format!("{name}`{key}` is missing")).with_help(format!("add `{key}: …` here"))
        }
        Mistake::Wrong { found, expected, help, .. } => {
            let diagnostic = text.error(place, format!("{name}expected {expected}, found {found}"));
            help.iter().fold(diagnostic, Diagnostic::with_help)
        }
        Mistake::Other(message) => text.error(place, format!("{name}{message}")),
    }
}

/// The known word that was probably meant.
fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let near = known.iter().map(|candidate| (distance(&word, &candidate.replace('_', "-")), *candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= word.chars().count().max(candidate.len()).div_ceil(3).min(3)).then_some(candidate)
}

/// How many letters have to be added, taken, changed or swapped with their neighbour to come from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut rows: [Vec<usize>; 2] = [Vec::new(), (0..=to.len()).collect()];
    let mut before: Option<char> = None;
    for (i, letter) in from.chars().take(64).enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let changed = rows[1][j] + usize::from(letter != *other);
            let mut least = changed.min(rows[1][j + 1] + 1).min(row[j] + 1);
            if j > 0 && before == Some(*other) && to[j - 1] == letter {
                least = least.min(rows[0][j - 1] + 1);
            }
            row.push(least);
        }
        rows = [std::mem::take(&mut rows[1]), row];
        before = Some(letter);
    }
    rows[1].last().copied().unwrap_or_default()
}

fn words(known: &[&str]) -> String {
    let quoted: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// What serde objects to.
#[derive(Debug)]
enum Mistake {
    UnknownKey { key: String, known: &'static [&'static str] },
    UnknownWord { word: String, known: &'static [&'static str] },
    Missing { key: &'static str },
    Wrong { found: String, expected: String, help: Option<String>, nothing: bool },
    Other(String),
}

impl Mistake {
    fn wrong(found: Unexpected<'_>, expected: &str) -> Self {
        let text = matches!(found, Unexpected::Str(_));
        let scalar = text
            || matches!(
                found,
                Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) | Unexpected::Bool(_)
            );
        let (expected, help) = match expected {
            "u64" | "usize" => ("a whole number, 0 or more".to_owned(), None),
            "u32" => (format!("a whole number from 0 to {}", u32::MAX), None),
            "a nonzero usize" => ("a whole number, 1 or more".to_owned(), None),
            "a nonzero u32" => (format!("a whole number from 1 to {}", u32::MAX), None),
            "f64" => ("a number".to_owned(), None),
            "a string" | "path string" if scalar => ("text".to_owned(), Some("to make it text, put it into quotes")),
            "a string" | "path string" => ("text".to_owned(), None),
            "a sequence" => ("a list".to_owned(), Some("a list is written `[a, b]`, or with `- ` before each item")),
            _ if expected.starts_with("struct ") => ("a mapping (`key: value`)".to_owned(), None),
            _ => (expected.to_owned(), None),
        };
        let help = match found {
            Unexpected::Str(text) if expected.contains("number") && text.parse::<f64>().is_ok() => {
                Some("to make it a number, leave out the quotes")
            }
            _ => help,
        };
        let nothing = matches!(found, Unexpected::Unit | Unexpected::Option);
        Self::Wrong { found: describe(found), expected, help: help.map(str::to_owned), nothing }
    }
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) if text.chars().count() > 60 => {
            format!("the text `{}…`", text.chars().take(60).collect::<String>())
        }
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        other => other.to_string(),
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Self::UnknownWord { word, .. } => write!(f, "unknown word `{word}`"),
            Self::Missing { key } => write!(f, "`{key}` is missing"),
            Self::Wrong { found, expected, .. } => write!(f, "expected {expected}, found {found}"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(found, &expected.to_string())
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(found, &expected.to_string())
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownWord { word: word.to_owned(), known }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownKey { key: key.to_owned(), known }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Missing { key }
    }
}

/// A value as serde reads it. serde_json's own reader tells mistakes as text only, and this one in parts.
#[derive(Clone, Copy)]
struct At<'a>(&'a Value);

impl<'a> IntoDeserializer<'a, Mistake> for At<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for At<'de> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, value) => visitor.visit_f64(value.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(At))),
            Value::Object(map) => {
                visitor.visit_map(MapDeserializer::new(map.iter().map(|(key, value)| (key.as_str(), At(value)))))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            // serde would take the fields from a list, in order.
            Value::Array(_) => Err(Mistake::wrong(Unexpected::Seq, &format!("struct {name}"))),
            // A known key without a value counts as left out.
            Value::Object(map) => visitor.visit_map(MapDeserializer::new(
                map.iter()
                    .filter(|(key, value)| !value.is_null() || !fields.contains(&key.as_str()))
                    .map(|(key, value)| (key.as_str(), At(value))),
            )),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let found = match self.0 {
            Value::String(word) => return visitor.visit_enum(StrDeserializer::new(word)),
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(Mistake::wrong(found, &format!("one of {}", words(variants))))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_word_is_found() {
        let known = ["listen", "strategies", "strategies-dir", "body-limit", "seed"];
        for (word, meant) in [
            ("strategy", Some("strategies")),
            ("stratgies", Some("strategies")),
            ("strategies_dir", Some("strategies-dir")),
            ("Listen", Some("listen")),
            ("lisetn", Some("listen")),
            ("bodyLimit", Some("body-limit")),
            ("port", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(closest(word, &known), meant, "{word}");
        }
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
