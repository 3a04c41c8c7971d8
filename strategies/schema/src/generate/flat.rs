//! A goal spread out: the schemas that all have to hold for one value, and what they say together.

use std::rc::Rc;

use serde_json::{Map, Value};

use crate::check::equal;
use crate::fail::Fail;
use crate::keywords::{self, entries, list};
use crate::types::Types;

/// The keywords whose work can only be looked at afterwards.
const TRIED: [&str; 8] =
    ["not", "oneOf", "if", "contains", "dependencies", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"];

/// Longer lists are not compared.
const LARGEST: usize = 10_000;

/// The schemas that hold for one value.
#[derive(Clone)]
pub(super) struct Flat<'d> {
    parts: Vec<(&'d Value, &'d Map<String, Value>)>,
    /// What is still to be decided, newest last.
    choices: Vec<Choice<'d>>,
    types: Types,
    /// Some schema has a `type`.
    pub(super) declared: bool,
    /// Properties that must not be there.
    pub(super) excluded: Vec<&'d str>,
    /// Properties whose value is decided already.
    pub(super) pinned: Vec<(&'d str, Rc<Value>)>,
    /// Schemas with an `if`.
    conditions: Vec<&'d Map<String, Value>>,
}

/// Something that a schema leaves open.
#[derive(Clone, Copy)]
pub(super) enum Choice<'d> {
    /// One of these: `anyOf` or `oneOf`.
    Branch(&'d [Value]),
    /// Where there is a property of this name, this holds as well.
    Dependent(&'d str, &'d Value),
}

impl<'d> Default for Flat<'d> {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            choices: Vec::new(),
            types: Types::ALL,
            declared: false,
            excluded: Vec::new(),
            pinned: Vec::new(),
            conditions: Vec::new(),
        }
    }
}

impl<'d> Flat<'d> {
    /// Adds a schema; whether it is new.
    pub(super) fn add(&mut self, schema: &'d Value, map: &'d Map<String, Value>) -> Result<bool, Fail<'d>> {
        if self.parts.iter().any(|(part, _)| std::ptr::eq(*part, schema)) {
            return Ok(false);
        }
        self.no_clash(map)?;
        self.parts.push((schema, map));
        if let Some(declared) = map.get("type") {
            let Some(types) = Types::declared(map) else {
                return Err(Fail::here(schema, format!("`type` is {declared}, which is no type of JSON Schema")));
            };
            let both = self.types.and(types);
            if both.is_empty() {
                let (found, other) = (types.names(), self.types.names());
                return Err(Fail::here(
                    schema,
                    format!("`type` is {found}, where the rest of the schema wants {other}"),
                ));
            }
            (self.types, self.declared) = (both, true);
        }
        if let Some(not) = map.get("not") {
            self.forbid(not)?;
        }
        for key in ["anyOf", "oneOf"] {
            let branches = map.get(key).and_then(Value::as_array);
            self.choices.extend(branches.map(|branches| Choice::Branch(branches)));
        }
        if map.contains_key("if") && (map.contains_key("then") || map.contains_key("else")) {
            self.conditions.push(map);
        }
        for key in ["dependentSchemas", "dependencies"] {
            let schemas = entries(map, key).filter(|(_, needed)| !needed.is_array());
            self.choices.extend(schemas.map(|(name, needed)| Choice::Dependent(name, needed)));
        }
        Ok(true)
    }

    /// Fails where a property has one constant here and another there: branches are told apart by that, and the sooner one
    /// is given up, the better.
    fn no_clash(&self, map: &'d Map<String, Value>) -> Result<(), Fail<'d>> {
        for (name, inner) in entries(map, "properties") {
            let Some(values) = constants(inner) else { continue };
            let others = self.maps().filter_map(|other| constants(other.get("properties")?.get(name)?));
            for other in others.filter(|other| values.len() * other.len() <= LARGEST) {
                if !values.iter().any(|value| other.iter().any(|other| equal(value, other))) {
                    return Err(Fail::here(inner, "the rest of the schema wants another value"));
                }
            }
        }
        Ok(())
    }

    /// Takes the conditions that are still to be decided.
    pub(super) fn take_conditions(&mut self) -> Vec<&'d Map<String, Value>> {
        std::mem::take(&mut self.conditions)
    }

    /// Keeps away from what must not hold, where that can be said in other words.
    pub(super) fn forbid(&mut self, not: &'d Value) -> Result<(), Fail<'d>> {
        let Value::Object(map) = not else {
            return if not == &Value::Bool(true) { Err(Fail::here(not, "`not` leaves nothing")) } else { Ok(()) };
        };
        let Some((key, said)) = map.iter().next().filter(|_| map.len() == 1) else { return Ok(()) };
        match (key.as_str(), said) {
            ("type", _) => {
                self.types = self.types.without(Types::declared(map).unwrap_or(Types::NONE));
                if self.types.is_empty() {
                    return Err(Fail::here(not, "`not` leaves no type"));
                }
            }
            ("required", Value::Array(names)) if names.len() == 1 => {
                self.excluded.extend(names.iter().filter_map(Value::as_str));
            }
            ("anyOf", Value::Array(branches)) => {
                for branch in branches {
                    self.forbid(branch)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn next_choice(&mut self) -> Option<Choice<'d>> {
        (!self.choices.is_empty()).then(|| self.choices.remove(0))
    }

    pub(super) fn parts(&self) -> impl DoubleEndedIterator<Item = &'d Value> {
        self.parts.iter().map(|(schema, _)| *schema)
    }

    pub(super) fn maps(&self) -> impl Iterator<Item = &'d Map<String, Value>> {
        self.parts.iter().map(|(_, map)| *map)
    }

    pub(super) fn both(&self) -> impl Iterator<Item = (&'d Value, &'d Map<String, Value>)> {
        self.parts.iter().copied()
    }

    /// The types that are left; without a `type`, the ones that the other keywords are about.
    pub(super) fn types(&self) -> Types {
        let meant = self.maps().map(Types::meant).fold(Types::NONE, Types::or).and(self.types);
        if self.declared || meant.is_empty() { self.types } else { meant }
    }

    pub(super) fn has_to_be_tried(&self) -> bool {
        self.maps().any(|map| TRIED.iter().any(|key| map.contains_key(*key)))
    }

    /// The last schema with one of these keywords; where none has, the first schema.
    pub(super) fn place(&self, keys: &[&str]) -> &'d Value {
        let with = self.both().filter(|(_, map)| keys.iter().any(|key| map.contains_key(*key))).last();
        with.or_else(|| self.both().next()).map_or(&Value::Null, |(schema, _)| schema)
    }

    /// The greatest of the counts that schemas have under a key.
    pub(super) fn least(&self, key: &str) -> u64 {
        self.maps().filter_map(|map| keywords::count(map, key)).max().unwrap_or(0)
    }

    /// The smallest of the counts that schemas have under a key.
    pub(super) fn most(&self, key: &str) -> u64 {
        self.maps().filter_map(|map| keywords::count(map, key)).min().unwrap_or(u64::MAX)
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.maps().any(|map| list(map, "required").any(|required| required == name))
    }
}

/// The values that `const` or `enum` lists.
pub(super) fn constants(schema: &Value) -> Option<&[Value]> {
    let constant = schema.get("const").map(std::slice::from_ref);
    constant.or_else(|| schema.get("enum")?.as_array().map(Vec::as_slice))
}
