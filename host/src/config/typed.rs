//! From a tree of values to a [`Config`], with every mistake and not only the first.
//!
//! serde stays the only one who knows what is right. It stops at the first mistake; that is noted at its place, taken out of
//! the tree, and the rest is read again, until nothing is left to object to.

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::sync::LazyLock;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::access::is_secret;
use super::model::Config;
use super::report::{Diagnostic, Text};
use super::tree::{Position, Step, Tree};
use super::words::{A_LIST, A_MAPPING, closest, describe, hint, unexpected, words};

/// More mistakes than these are not looked for.
pub(super) const MAX_MISTAKES: usize = 50;

/// No document that a person writes needs more readings; the bound is only there to be one.
const MAX_READINGS: usize = 1000;

/// Reads a configuration, or another document. What is wrong is taken out of the tree, so that paths into it are those of the
/// result.
pub(super) fn read<T: DeserializeOwned + Default>(tree: &mut Tree, text: &Text) -> (T, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    // Keys that are missing because they were taken out, or misspelt: told already.
    let mut excused: HashSet<(Position, String)> = HashSet::new();
    for _ in 0..MAX_READINGS {
        let error = match serde_path_to_error::deserialize::<_, T>(At(&tree.value)) {
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
    (T::default(), diagnostics)
}

/// The keys at the top of a configuration.
pub(super) fn keys() -> &'static [&'static str] {
    static NO_KEY: LazyLock<Value> = LazyLock::new(|| serde_json::json!({ "": 0 }));
    match Config::deserialize(At(&NO_KEY)) {
        Err(Mistake::UnknownKey { known, .. }) => known,
        _ => &[],
    }
}

/// A value alone.
pub(super) fn value<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, String> {
    T::deserialize(At(value)).map_err(|mistake| mistake.to_string())
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
            let found = if is_secret(path) { "something else" } else { found };
            let diagnostic = text.error(place, format!("{name}expected {expected}, found {found}"));
            help.iter().fold(diagnostic, |diagnostic, help| diagnostic.with_help(*help))
        }
        Mistake::Other(message) => text.error(place, format!("{name}{message}")),
    }
}

/// What serde objects to.
#[derive(Debug)]
enum Mistake {
    UnknownKey { key: String, known: &'static [&'static str] },
    UnknownWord { word: String, known: &'static [&'static str] },
    Missing { key: &'static str },
    Wrong { found: String, expected: String, help: Option<&'static str>, nothing: bool },
    Other(String),
}

impl Mistake {
    fn wrong(found: Unexpected<'_>, expected: &str) -> Self {
        let expected = match expected {
            "u64" | "usize" => "a whole number, 0 or more",
            "u16" => "a whole number from 0 to 65535",
            "u32" => "a whole number from 0 to 4294967295",
            "a nonzero usize" => "a whole number, 1 or more",
            "a nonzero u32" => "a whole number from 1 to 4294967295",
            "f64" => "a number",
            "a string" | "path string" => "text",
            "a sequence" => A_LIST,
            "a boolean" => "`true` or `false`",
            _ if expected.starts_with("struct ") => A_MAPPING,
            _ => expected,
        };
        let nothing = matches!(found, Unexpected::Unit | Unexpected::Option);
        Self::Wrong { found: describe(found), expected: expected.to_owned(), help: hint(expected, found), nothing }
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
        if let Value::String(word) = self.0 {
            return visitor.visit_enum(StrDeserializer::new(word));
        }
        Err(Mistake::wrong(unexpected(self.0), &format!("one of {}", words(variants))))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}
