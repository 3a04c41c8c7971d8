//! Where each value was written: a tree of places beside the tree of values.
//!
//! Values stay plain `serde_json::Value`s, which serde reads without knowing of places. Children stand in the order of the
//! value's entries, so that a path through the one is a path through the other. Only mistakes look anything up here.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A place in a text: line and column, both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl Position {
    /// The beginning of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A step on the way from the root to a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a mapping, by key.
    Key(String),
    /// Into a list, by index.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A position and how many characters from there are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: Position,
    pub(super) width: u32,
}

impl Place {
    pub(super) const START: Self = Self { at: Position::START, width: 1 };
}

/// The place of a value, and those of the values in it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) children: Children,
}

#[derive(Debug, Clone)]
pub(super) enum Children {
    None,
    /// With the index of each item in the text, which stays when another is taken out.
    List(Vec<(usize, Node)>),
    /// With the place of each key.
    Mapping(Vec<(Place, Node)>),
}

impl Node {
    pub(super) fn leaf(place: Place) -> Self {
        Self { place, children: Children::None }
    }
}

/// A value and the places of all values in it.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) value: Value,
    pub(super) node: Node,
}

impl Tree {
    /// Whether the root has this.
    pub(super) fn has(&self, step: &Step) -> bool {
        index_of(&self.value, step).is_some()
    }

    /// The place of a value; where the path leads nowhere, that of the last value on it.
    pub(super) fn place(&self, path: &[Step]) -> Place {
        self.walk(path).map_or_else(|last| last.place, |(_, node)| node.place)
    }

    /// The place of the key that the path ends in; where there is none, that of the value.
    pub(super) fn key_place(&self, path: &[Step]) -> Place {
        let key = path.split_last().and_then(|(step, parent)| {
            let (value, node) = self.walk(parent).ok()?;
            match (&node.children, index_of(value, step)) {
                (Children::Mapping(entries), Some(index)) => entries.get(index).map(|(key, _)| *key),
                _ => None,
            }
        });
        key.unwrap_or_else(|| self.place(path))
    }

    /// A path as the person knows it who wrote the text: `strategies[2].limits.time`.
    pub(super) fn dotted(&self, path: &[Step]) -> String {
        let mut shown = String::new();
        for (depth, step) in path.iter().enumerate() {
            match step {
                Step::Key(key) if shown.is_empty() => shown.push_str(key),
                Step::Key(key) => shown.extend([".", key]),
                Step::Index(index) => {
                    let written = match self.walk(&path[..depth]) {
                        Ok((_, Node { children: Children::List(items), .. })) => {
                            items.get(*index).map(|(written, _)| *written)
                        }
                        _ => None,
                    };
                    shown.push_str(&format!("[{}]", written.unwrap_or(*index)));
                }
            }
        }
        shown
    }

    /// Takes a value out; the root becomes an empty mapping.
    pub(super) fn remove(&mut self, path: &[Step]) {
        let Some((step, parent)) = path.split_last() else {
            self.value = Value::Object(serde_json::Map::new());
            self.node.children = Children::Mapping(Vec::new());
            return;
        };
        let (mut value, mut node) = (&mut self.value, &mut self.node);
        for step in parent {
            let Some(index) = index_of(value, step) else { return };
            let (Some(value_below), Some(node_below)) = (child(value, step), node_child(node, index)) else { return };
            (value, node) = (value_below, node_below);
        }
        let Some(index) = index_of(value, step) else { return };
        match (value, step) {
            (Value::Object(map), Step::Key(key)) => drop(map.shift_remove(key)),
            (Value::Array(list), Step::Index(_)) => drop(list.remove(index)),
            _ => {}
        }
        match &mut node.children {
            Children::List(items) if index < items.len() => drop(items.remove(index)),
            Children::Mapping(entries) if index < entries.len() => drop(entries.remove(index)),
            _ => {}
        }
    }

    /// Puts a value in the place of another.
    pub(super) fn replace(&mut self, path: &[Step], with: Value) {
        let (mut value, mut node) = (&mut self.value, &mut self.node);
        for step in path {
            let Some(index) = index_of(value, step) else { return };
            let (Some(value_below), Some(node_below)) = (child(value, step), node_child(node, index)) else { return };
            (value, node) = (value_below, node_below);
        }
        *value = with;
        node.children = Children::None;
    }

    /// The places of the scalars in a value.
    pub(super) fn leaves(&self, path: &[Step]) -> Vec<Place> {
        let Ok((_, node)) = self.walk(path) else { return Vec::new() };
        let (mut leaves, mut open) = (Vec::new(), vec![node]);
        while let Some(node) = open.pop() {
            match &node.children {
                Children::None => leaves.push(node.place),
                Children::List(items) => open.extend(items.iter().map(|(_, node)| node)),
                Children::Mapping(entries) => open.extend(entries.iter().map(|(_, node)| node)),
            }
        }
        leaves
    }

    fn walk(&self, path: &[Step]) -> Result<(&Value, &Node), &Node> {
        let (mut value, mut node) = (&self.value, &self.node);
        for step in path {
            let index = index_of(value, step).ok_or(node)?;
            let below = match &node.children {
                Children::List(items) => items.get(index).map(|(_, node)| node),
                Children::Mapping(entries) => entries.get(index).map(|(_, node)| node),
                Children::None => None,
            };
            node = below.ok_or(node)?;
            value = match step {
                Step::Key(key) => value.get(key),
                Step::Index(index) => value.get(index),
            }
            .ok_or(node)?;
        }
        Ok((value, node))
    }
}

fn index_of(value: &Value, step: &Step) -> Option<usize> {
    match (value, step) {
        (Value::Object(map), Step::Key(key)) => map.keys().position(|other| other == key),
        (Value::Array(list), Step::Index(index)) => (*index < list.len()).then_some(*index),
        _ => None,
    }
}

fn child<'a>(value: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    }
}

fn node_child(node: &mut Node, index: usize) -> Option<&mut Node> {
    match &mut node.children {
        Children::List(items) => items.get_mut(index).map(|(_, node)| node),
        Children::Mapping(entries) => entries.get_mut(index).map(|(_, node)| node),
        Children::None => None,
    }
}
