//! A schema as one document: where its references lead, how deep a value has to be at least, and where in it something stands.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::budget::{Budget, Spent};
use crate::keywords;
use crate::types::Types;

/// The keywords that refer to another schema.
pub(crate) const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// The depth of a value that has no end.
pub(crate) const ENDLESS: u32 = u32::MAX;

/// A schema, its references followed.
#[derive(Debug)]
pub(crate) struct Document<'d> {
    root: &'d Value,
    /// By the address of what it is about.
    facts: BTreeMap<usize, Fact<'d>>,
}

/// What is known about a part of the document.
#[derive(Debug, Clone, Copy)]
enum Fact<'d> {
    /// The schema that a reference means.
    Target(&'d Value),
    /// How many levels the shallowest value of a schema has that a reference means.
    Depth(u32),
}

/// What one walk over the document finds.
#[derive(Default)]
struct Found<'d> {
    /// Each `$id`, with its schema.
    resources: Vec<(&'d str, &'d Value)>,
    anchors: Vec<(&'d str, &'d Value)>,
    /// Each reference, with the resource that it stands in.
    references: Vec<(&'d Value, &'d Value)>,
}

/// Where a value is in memory, which is its identity.
pub(crate) fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

impl<'d> Document<'d> {
    pub(crate) fn new(root: &'d Value, budget: &Budget) -> Result<Self, Spent> {
        let mut found = Found::default();
        walk(root, root, &mut found, budget)?;
        let mut document = Self { root, facts: BTreeMap::new() };
        let mut targets = Vec::new();
        for (reference, resource) in &found.references {
            budget.spend(25)?;
            if let Some(target) = resolve(reference.as_str().unwrap_or_default(), resource, root, &found) {
                document.facts.insert(address(reference), Fact::Target(target));
                if document.facts.insert(address(target), Fact::Depth(ENDLESS)).is_none() {
                    targets.push(target);
                }
            }
        }
        // Whatever refers to what stands after it is settled on the way back.
        while document.settle(targets.iter(), budget)? && document.settle(targets.iter().rev(), budget)? {}
        Ok(document)
    }

    /// Goes once over the schemas that are referred to; whether that told anything new.
    fn settle<'s>(&mut self, targets: impl Iterator<Item = &'s &'d Value>, budget: &Budget) -> Result<bool, Spent>
    where
        'd: 's,
    {
        let mut new = false;
        for target in targets {
            budget.spend(50)?;
            let depth = self.estimate(target);
            if depth < self.depth(target) {
                self.facts.insert(address(target), Fact::Depth(depth));
                new = true;
            }
        }
        Ok(new)
    }

    pub(crate) fn root(&self) -> &'d Value {
        self.root
    }

    /// The schema that a reference means; none where it is not in the document.
    pub(crate) fn target(&self, reference: &Value) -> Option<&'d Value> {
        match self.facts.get(&address(reference)) {
            Some(Fact::Target(target)) => Some(target),
            _ => None,
        }
    }

    /// How many levels the shallowest value of a schema has at least: 0 is a text or a number.
    // Copied to wherever it is called, it would be a hundredth of the component.
    #[inline(never)]
    pub(crate) fn depth(&self, schema: &Value) -> u32 {
        match self.facts.get(&address(schema)) {
            Some(Fact::Depth(depth)) => *depth,
            _ => self.estimate(schema),
        }
    }

    /// Whether a schema can have a value at all, as far as its depth tells.
    pub(crate) fn ends(&self, schema: &Value) -> bool {
        // Without references, everything ends.
        self.facts.is_empty() || self.depth(schema) != ENDLESS
    }

    fn estimate(&self, schema: &Value) -> u32 {
        // Of `false` there is no value, and it is better said where it stands.
        let Value::Object(map) = schema else { return 0 };
        let list = |key| map.get(key).and_then(Value::as_array).into_iter().flatten();
        let mut depth = self.own(map);
        for reference in REFERENCES.iter().filter_map(|key| map.get(*key)) {
            depth = depth.max(self.target(reference).map_or(0, |target| self.depth(target)));
        }
        depth = list("allOf").map(|schema| self.depth(schema)).fold(depth, u32::max);
        for key in ["anyOf", "oneOf"] {
            depth = depth.max(list(key).map(|schema| self.depth(schema)).min().unwrap_or(0));
        }
        depth
    }

    /// The depth that a schema's own keywords ask for.
    fn own(&self, map: &Map<String, Value>) -> u32 {
        if map.contains_key("const") || map.contains_key("enum") {
            return 0;
        }
        let types = Types::declared(map).unwrap_or_else(|| Types::meant(map));
        if types.is_empty() || !types.without(Types::ARRAY.or(Types::OBJECT)).is_empty() {
            return 0;
        }
        let array = || {
            let least = keywords::count(map, "minItems").unwrap_or(0);
            let first = map.get("prefixItems").or_else(|| map.get("items")).and_then(Value::as_array);
            let first = first.into_iter().flatten().take(least as usize).map(|schema| self.depth(schema)).max();
            let more = map.get("items").filter(|items| least > 0 && !items.is_array()).map(|items| self.depth(items));
            let held = map.get("contains").filter(|_| map.get("minContains").and_then(Value::as_u64) != Some(0));
            let held = held.map(|schema| self.depth(schema));
            [first, more.filter(|_| first.is_none()), held]
                .into_iter()
                .flatten()
                .max()
                .map_or(0, |depth| depth.saturating_add(1))
        };
        let object = || {
            let required = map.get("required").and_then(Value::as_array).into_iter().flatten();
            let property = |name: &str| map.get("properties")?.get(name);
            let inner = required.filter_map(|name| property(name.as_str()?)).map(|schema| self.depth(schema)).max();
            let listed = map.get("properties").and_then(Value::as_object).map_or(0, Map::len) as u64;
            let more = map.get("additionalProperties").filter(|_| keywords::count(map, "minProperties") > Some(listed));
            inner.max(more.map(|schema| self.depth(schema))).map_or(0, |depth| depth.saturating_add(1))
        };
        let array = if types.has(Types::ARRAY) { array() } else { ENDLESS };
        array.min(if types.has(Types::OBJECT) { object() } else { ENDLESS })
    }

    /// The RFC 6901 pointer to a part of the document.
    pub(crate) fn pointer(&self, part: &Value) -> String {
        let mut pointer = String::new();
        find(self.root, part, &mut pointer);
        pointer
    }
}

fn walk<'d>(value: &'d Value, resource: &'d Value, found: &mut Found<'d>, budget: &Budget) -> Result<(), Spent> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| walk(item, resource, found, budget)),
        Value::Object(map) => {
            budget.spend(5)?;
            let mut resource = resource;
            for (key, inner) in map.iter().filter(|(key, _)| key.starts_with('$')) {
                match (key.as_str(), inner) {
                    // An anchor, as it was written before there was `$anchor`.
                    ("$id", Value::String(id)) if id.starts_with('#') => found.anchors.push((&id[1..], value)),
                    ("$id", Value::String(id)) => {
                        resource = value;
                        found.resources.push((id.trim_end_matches('#'), value));
                    }
                    ("$anchor" | "$dynamicAnchor", Value::String(name)) => found.anchors.push((name, value)),
                    _ => {}
                }
            }
            for (key, inner) in map {
                if inner.is_string() && REFERENCES.contains(&key.as_str()) {
                    found.references.push((inner, resource));
                }
                walk(inner, resource, found, budget)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn resolve<'d>(reference: &str, resource: &'d Value, root: &'d Value, found: &Found<'d>) -> Option<&'d Value> {
    let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let inner = |base: &str| {
        let exact = found.resources.iter().find(|(id, _)| *id == base);
        let relative =
            || found.resources.iter().find(|(id, _)| id.rsplit_once('/').is_some_and(|(_, end)| end == base));
        exact.or_else(relative).map(|(_, schema)| *schema)
    };
    let resource = if base.is_empty() { resource } else { inner(base)? };
    match fragment {
        "" => Some(resource),
        pointer if pointer.starts_with('/') => {
            let pointer = decoded(pointer);
            resource.pointer(&pointer).or_else(|| root.pointer(&pointer))
        }
        anchor => found.anchors.iter().find(|(name, _)| *name == anchor).map(|(_, schema)| *schema),
    }
}

/// Without percent-encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = text_of(tail.get(..2)).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(bytes: Option<&[u8]>) -> Option<&str> {
    std::str::from_utf8(bytes?).ok()
}

fn find(value: &Value, part: &Value, pointer: &mut String) -> bool {
    if std::ptr::eq(value, part) {
        return true;
    }
    let length = pointer.len();
    let mut within = |key: &str, inner: &Value| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let found = find(inner, part, pointer);
        if !found {
            pointer.truncate(length);
        }
        found
    };
    match value {
        Value::Array(items) => items.iter().enumerate().any(|(index, item)| within(&index.to_string(), item)),
        Value::Object(map) => map.iter().any(|(key, inner)| within(key, inner)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed() {
        let root = json!({
            "$id": "https://example.com/root.json",
            "$defs": {
                "a b": { "type": "null" },
                "anchored": { "$anchor": "here" },
                "other": { "$id": "other", "$defs": { "in": { "type": "string" } }, "not": { "$ref": "#/$defs/in" } },
            },
            "allOf": [
                { "$ref": "#" }, { "$ref": "#/$defs/a%20b" }, { "$ref": "#here" }, { "$ref": "other#/$defs/in" },
                { "$ref": "root.json" }, { "$ref": "https://example.com/root.json#/$defs/other" },
                { "$ref": "elsewhere.json" }, { "$ref": "#/$defs/none" },
            ],
        });
        let document = Document::new(&root, &Budget::new(10_000)).unwrap();
        let target =
            |pointer: &str| document.target(root.pointer(pointer).unwrap()).map(|found| document.pointer(found));
        let expected =
            ["", "/$defs/a b", "/$defs/anchored", "/$defs/other/$defs/in", "", "/$defs/other"].map(str::to_owned);
        let found: Vec<_> = (0..6).map(|index| target(&format!("/allOf/{index}/$ref")).unwrap()).collect();
        assert_eq!(found, expected);
        assert_eq!(target("/allOf/6/$ref"), None);
        assert_eq!(target("/allOf/7/$ref"), None);
        assert_eq!(target("/$defs/other/not/$ref").as_deref(), Some("/$defs/other/$defs/in"));
    }

    #[test]
    fn the_shallowest_value_is_known() {
        let root = json!({
            "list": { "properties": { "next": { "anyOf": [{ "$ref": "#/list" }, { "type": "null" }] } }, "required": ["next"] },
            "endless": { "properties": { "next": { "$ref": "#/endless" } }, "required": ["next"] },
            "tree": { "properties": { "children": { "type": "array", "items": { "$ref": "#/tree" } } }, "required": ["children"] },
            "pairs": { "type": "array", "items": { "$ref": "#/pairs" }, "minItems": 2 },
            "either": { "oneOf": [{ "$ref": "#/endless" }, { "$ref": "#/deep" }] },
            "deep": { "properties": { "a": { "properties": { "b": true }, "required": ["b"] } }, "required": ["a"] },
        });
        let document = Document::new(&root, &Budget::new(10_000)).unwrap();
        let depth = |name: &str| document.depth(&root[name]);
        assert_eq!(["list", "endless", "tree", "pairs", "either", "deep"].map(depth), [1, ENDLESS, 1, ENDLESS, 2, 2]);
    }
}
