//! YAML 1.2 to JSON values, with the place of every node.
//!
//! Built on the events of `saphyr-parser`: no YAML library that we know gives plain JSON values, positions, duplicate keys
//! as warnings and bounds on aliases at once. JSON is YAML, so that this reads JSON as well. Nothing here recurses over the
//! input, and what comes out is at most [`MAX_DEPTH`] deep, so that whatever walks it may.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use super::scalar;
use super::syntax::{place, place_of, syntax_error};
use super::tree::{Children, Node, Place, Position, Tree};

/// How deep lists and mappings may nest.
pub const MAX_DEPTH: usize = 128;

/// What anchors and aliases may multiply a document to, in bytes of memory, about: a file of a few hundred bytes can ask for
/// billions of nodes.
const MAX_EXPANSION: usize = 256 << 20;

/// More duplicate keys than these are counted, not listed.
const MAX_WARNINGS: usize = 50;

/// Something that is wrong, or odd, in a document.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Flaw {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A document that was read.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) tree: Tree,
    pub(super) warnings: Vec<Flaw>,
}

/// Reads a text as one value, without the places.
///
/// # Errors
/// The position of the first mistake, and what it is.
pub fn to_value(text: &str) -> Result<Value, (Position, String)> {
    match parse(text) {
        Ok(document) => Ok(document.tree.value),
        Err(flaw) => Err((flaw.place.at, flaw.message)),
    }
}

/// Reads a text as one document; an empty one is null.
pub(super) fn parse(text: &str) -> Result<Document, Flaw> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The scanner takes NUL for the end of the text, and would leave out the rest without a word.
    if let Some(offset) = text.find('\0') {
        return Err(Flaw::new(place_of(text, offset), "a NUL character, which YAML does not allow")
            .help("is this a text file? In double quotes, NUL is written `\\0`"));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax_error(text, error.marker(), error.info()))?;
        builder.event(event, span)?;
    }
    let tree = builder.root.unwrap_or(Tree { value: Value::Null, node: Node::leaf(Place::START) });
    if builder.unlisted > 0 {
        let message = format!("{} more duplicate keys, not listed", builder.unlisted);
        builder.warnings.push(Flaw::new(Place::START, message));
    }
    Ok(Document { tree, warnings: builder.warnings })
}

/// A list or mapping whose end has not come yet.
struct Frame {
    anchor: usize,
    place: Place,
    content: Content,
}

enum Content {
    List(Vec<Value>, Vec<(usize, Node)>),
    Mapping { key: Option<Key>, entries: Vec<(Key, Value, Node)> },
}

struct Key {
    text: String,
    place: Place,
    /// An unquoted `<<`.
    merge: bool,
}

#[derive(Default)]
struct Builder {
    frames: Vec<Frame>,
    root: Option<Tree>,
    documents: usize,
    anchors: HashMap<usize, Tree>,
    expanded: usize,
    warnings: Vec<Flaw>,
    unlisted: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Flaw> {
        let place = place(&span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Flaw::new(place, "a second document starts here; expected one")
                        .help("leave out this `---` and what follows it, or put it into a file of its own"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => return self.scalar(&text, style, anchor, tag.as_deref(), place),
            Event::Alias(anchor) => return self.alias(anchor, place),
            Event::SequenceStart(anchor, _) => self.open(anchor, place, Content::List(Vec::new(), Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                self.open(anchor, place, Content::Mapping { key: None, entries: Vec::new() })?;
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Mapping { key: None, .. }, .. }))
    }

    fn open(&mut self, anchor: usize, place: Place, content: Content) -> Result<(), Flaw> {
        let place = Place { width: 1, ..place };
        if self.expects_key() {
            return Err(Flaw::new(place, "a key has to be text; found a list or a mapping")
                .help("text in `{…}` or `[…]` needs quotes"));
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.frames.push(Frame { anchor, place, content });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Flaw> {
        let Some(Frame { anchor, place, content }) = self.frames.pop() else { return Ok(()) };
        let (value, children) = match content {
            Content::List(values, nodes) => (Value::Array(values), Children::List(nodes)),
            Content::Mapping { entries, .. } => self.mapping(entries)?,
        };
        self.finished(anchor, Tree { value, node: Node { place, children } })
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<(), Flaw> {
        let plain = style == ScalarStyle::Plain;
        let as_key = self.expects_key();
        if as_key && anchor == 0 {
            // Keys are their text, whatever it would mean as a value.
            let merge = plain && tag.is_none() && text == "<<";
            self.set_key(Key { text: text.to_owned(), place, merge });
            return Ok(());
        }
        let value = tagged(text, plain, tag).map_err(|message| Flaw::new(place, message))?;
        let tree = Tree { value, node: Node::leaf(place) };
        if as_key {
            self.set_key(Key { text: text.to_owned(), place, merge: false });
            self.anchors.insert(anchor, tree);
            return Ok(());
        }
        self.finished(anchor, tree)
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Flaw> {
        let Some(tree) = self.anchors.get(&anchor) else {
            return Err(Flaw::new(place, "an alias stands inside of what it names, and would never end"));
        };
        let (weight, depth) = weigh(&tree.value);
        if self.frames.len() + depth > MAX_DEPTH {
            return Err(too_deep(place));
        }
        let tree = tree.clone();
        self.spend(weight, place)?;
        if !self.expects_key() {
            return self.finished(0, tree);
        }
        let text = match tree.value {
            Value::String(text) => text,
            Value::Array(_) | Value::Object(_) => {
                return Err(Flaw::new(place, "a key has to be text; this alias names a list or a mapping"));
            }
            scalar => scalar.to_string(),
        };
        self.set_key(Key { text, place, merge: false });
        Ok(())
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Frame { content: Content::Mapping { key, .. }, .. }) = self.frames.last_mut() {
            *key = Some(new);
        }
    }

    /// A whole node, into what it stands in.
    fn finished(&mut self, anchor: usize, tree: Tree) -> Result<(), Flaw> {
        if anchor != 0 {
            self.spend(weigh(&tree.value).0, tree.node.place)?;
            self.anchors.insert(anchor, tree.clone());
        }
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(tree),
            Some(Content::List(values, nodes)) => {
                nodes.push((values.len(), tree.node));
                values.push(tree.value);
            }
            Some(Content::Mapping { key, entries }) => {
                if let Some(key) = key.take() {
                    entries.push((key, tree.value, tree.node));
                }
            }
        }
        Ok(())
    }

    fn spend(&mut self, weight: usize, place: Place) -> Result<(), Flaw> {
        self.expanded = self.expanded.saturating_add(weight);
        if self.expanded > MAX_EXPANSION {
            return Err(Flaw::new(place, "the aliases of this document repeat too much: more than 256 MiB")
                .help("write less in what an anchor `&name` names, or name it less often"));
        }
        Ok(())
    }

    /// The entries of a mapping: of equal keys the last one wins, and what `<<` brings in yields to all of them.
    fn mapping(&mut self, entries: Vec<(Key, Value, Node)>) -> Result<(Value, Children), Flaw> {
        let mut map = Map::with_capacity(entries.len());
        let mut places: Vec<(Place, Node)> = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        // The map does not tell the index of a key, which only a duplicate needs.
        let mut indices: Option<HashMap<String, usize>> = None;
        for (key, value, node) in entries {
            if key.merge {
                merged.push((key, value, node));
                continue;
            }
            if map.contains_key(&key.text) {
                let indices = indices.get_or_insert_with(|| map.keys().cloned().zip(0..).collect());
                if let Some(first) = indices.get(&key.text).and_then(|index| places.get_mut(*index)) {
                    let first = std::mem::replace(first, (key.place, node));
                    self.duplicate(&key, first.0.at);
                }
                map.insert(key.text, value);
                continue;
            }
            if let Some(indices) = &mut indices {
                indices.insert(key.text.clone(), places.len());
            }
            map.insert(key.text, value);
            places.push((key.place, node));
        }
        for (key, value, node) in merged {
            merge(&mut map, &mut places, value, node).map_err(|()| {
                Flaw::new(key.place, "`<<` takes a mapping, or a list of mappings, mostly an alias: `<<: *name`")
                    .help("a key that is really named `<<` needs quotes")
            })?;
        }
        Ok((Value::Object(map), Children::Mapping(places)))
    }

    fn duplicate(&mut self, key: &Key, first: Position) {
        if self.warnings.len() >= MAX_WARNINGS {
            self.unlisted += 1;
            return;
        }
        let message = format!("the key `{}` stands here a second time; the first, at {first}, is ignored", key.text);
        self.warnings.push(Flaw::new(key.place, message).help("leave out one of the two"));
    }
}

/// What `<<` brings in: keys that are not there yet; of several mappings the first one wins.
fn merge(map: &mut Map<String, Value>, places: &mut Vec<(Place, Node)>, value: Value, node: Node) -> Result<(), ()> {
    match (value, node.children) {
        (Value::Object(from), Children::Mapping(from_places)) => {
            for ((key, value), place) in from.into_iter().zip(from_places) {
                if !map.contains_key(&key) {
                    map.insert(key, value);
                    places.push(place);
                }
            }
            Ok(())
        }
        (Value::Array(from), Children::List(nodes)) if from.iter().all(Value::is_object) => {
            from.into_iter().zip(nodes).try_for_each(|(value, (_, node))| merge(map, places, value, node))
        }
        _ => Err(()),
    }
}

fn too_deep(place: Place) -> Flaw {
    Flaw::new(place, format!("lists and mappings nest more than {MAX_DEPTH} deep"))
}

/// The value of a scalar. Of tags, those of the core schema count; others say nothing about JSON.
fn tagged(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Value, String> {
    let as_text = || Ok(Value::String(text.to_owned()));
    let Some(tag) = tag else {
        return if plain { scalar::resolve(text) } else { as_text() };
    };
    // The tag `!` alone says that a scalar is text.
    if tag.handle.is_empty() && tag.suffix == "!" {
        return as_text();
    }
    if !tag.is_yaml_core_schema() {
        return if plain { scalar::resolve(text) } else { as_text() };
    }
    let expected = match tag.suffix.as_str() {
        "str" => return as_text(),
        suffix @ ("int" | "float" | "bool" | "null") => suffix,
        _ => return if plain { scalar::resolve(text) } else { as_text() },
    };
    match (expected, scalar::resolve(text)?) {
        ("int", value @ Value::Number(_)) if !value.is_f64() => Ok(value),
        ("float", value) if value.is_f64() => Ok(value),
        ("float", value) if value.is_number() => Ok(value.as_f64().map_or(value, Value::from)),
        ("bool", value @ Value::Bool(_)) | ("null", value @ Value::Null) => Ok(value),
        _ => Err(format!("`{text}` is tagged `!!{expected}`, and is none")),
    }
}

/// About how many bytes a value takes, and how deep it is.
fn weigh(value: &Value) -> (usize, usize) {
    const NODE: usize = 128;
    let below = |(weight, depth): (usize, usize), (own, value): (usize, &Value)| {
        let (more, deeper) = weigh(value);
        (weight + own + more, depth.max(deeper))
    };
    let (weight, depth) = match value {
        Value::String(text) => return (NODE + text.len(), 0),
        Value::Array(list) => list.iter().map(|value| (0, value)).fold((0, 0), below),
        Value::Object(map) => map.iter().map(|(key, value)| (key.len(), value)).fold((0, 0), below),
        _ => return (NODE, 0),
    };
    (NODE + weight, depth + 1)
}
