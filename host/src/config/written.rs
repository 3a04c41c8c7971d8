//! A document beside the configuration, such as a file of tests: read with the same care, every mistake at its place.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::load::{self, Loaded};
use super::report::{ConfigError, Diagnostic, Text};
use super::source::{self, parse};
use super::tree::{Children, Node, Place, Step, Tree};
use super::typed;

/// A document that was read.
#[derive(Debug, Clone)]
pub struct Written {
    text: Text,
    tree: Tree,
    warnings: Vec<Diagnostic>,
}

impl Written {
    /// Reads a file.
    ///
    /// # Errors
    /// That it cannot be read, or is no YAML.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        Self::parse(source::read(path)?)
    }

    /// Reads a text; `file` is what it is called in errors.
    ///
    /// # Errors
    /// It is no YAML.
    pub fn from_text(file: &Path, text: &str) -> Result<Self, Diagnostic> {
        Self::parse(Text::new(file, text))
    }

    fn parse(mut text: Text) -> Result<Self, Diagnostic> {
        let (tree, warnings) = parse(&mut text)?;
        Ok(Self { text, tree, warnings })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.text.file
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text.text
    }

    /// The value as a whole.
    pub fn value(&self) -> &Value {
        &self.tree.value
    }

    /// What is odd in it.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// What it says, and every mistake in it.
    pub fn typed<T: DeserializeOwned + Default>(&self) -> (T, Vec<Diagnostic>) {
        typed::read(&mut self.tree.clone(), &self.text)
    }

    /// An error about the value at a path, or the nearest that there is around it.
    pub fn error_at(&self, path: &[Step], message: impl Into<String>) -> Diagnostic {
        self.text.error(self.tree.place(path), message)
    }

    /// An error about a key.
    pub fn error_at_key(&self, path: &[Step], message: impl Into<String>) -> Diagnostic {
        self.text.error(self.tree.key_place(path), message)
    }

    /// The line of a value, from 1.
    pub fn line(&self, path: &[Step]) -> u32 {
        self.tree.place(path).at.line
    }

    /// Takes keys out of the root that are those of a configuration, into a document of their own: each value keeps its
    /// place. Those of `stage` become the only stage of its chain, under the name that comes second.
    pub fn split(&mut self, keys: &[&str], stage: &[(&str, &str)]) -> Self {
        let (mut whole, mut one) = (Taken::default(), Taken::default());
        let mut rest = Taken::default();
        let at = self.tree.node.place;
        if let (Value::Object(map), Children::Mapping(places)) = (&self.tree.value, &self.tree.node.children) {
            for ((key, value), place) in map.iter().zip(places) {
                match stage.iter().find(|(name, _)| name == key) {
                    Some((_, name)) => one.add(name, value, place),
                    None if keys.contains(&key.as_str()) => whole.add(key, value, place),
                    None => rest.add(key, value, place),
                }
            }
            self.tree = rest.into_tree(at);
        }
        if let Some((place, _)) = one.places.first() {
            let place = *place;
            let one = one.into_tree(place);
            let list = Node { place, children: Children::List(vec![(0, one.node)]) };
            whole.add("strategies", &Value::Array(vec![one.value]), &(place, list));
        }
        Self { text: self.text.clone(), tree: whole.into_tree(at), warnings: Vec::new() }
    }

    /// Reads it as a configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        load::own(self.text, self.tree, self.warnings)
    }
}

/// Entries of a mapping, with their places.
#[derive(Default)]
struct Taken {
    values: Map<String, Value>,
    places: Vec<(Place, Node)>,
}

impl Taken {
    fn add(&mut self, key: &str, value: &Value, place: &(Place, Node)) {
        self.values.insert(key.to_owned(), value.clone());
        self.places.push(place.clone());
    }

    fn into_tree(self, place: Place) -> Tree {
        let node = Node { place, children: Children::Mapping(self.places) };
        Tree { value: Value::Object(self.values), node }
    }
}
