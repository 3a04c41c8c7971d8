//! Whether a value is what a schema says. What is made is built to fit, but `not`, `oneOf`, `if` and the like can only be
//! tried and looked at.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::budget::Budget;
use crate::document::{Document, REFERENCES};
use crate::fail::Fail;
use crate::keywords::{entries, for_item, list};
use crate::number::is_multiple;
use crate::pattern::Pattern;
use crate::types::Types;
use crate::{formats, keywords};

type Checked<'d> = Result<(), Fail<'d>>;

/// A pattern that was read, or what is wrong with it.
type Read = Rc<Result<Pattern, String>>;

/// Compares values with the schemas of a document.
pub(crate) struct Checker<'d> {
    pub(crate) document: &'d Document<'d>,
    pub(crate) budget: &'d Budget,
    patterns: RefCell<Vec<(&'d str, Read)>>,
}

impl<'d> Checker<'d> {
    pub(crate) fn new(document: &'d Document<'d>, budget: &'d Budget) -> Self {
        Self { document, budget, patterns: RefCell::default() }
    }

    /// A pattern, read once.
    pub(crate) fn pattern(&self, at: &'d Value, source: &'d str) -> Result<Read, Fail<'d>> {
        let known =
            self.patterns.borrow().iter().find(|(known, _)| *known == source).map(|(_, known)| Rc::clone(known));
        let pattern = match known {
            Some(pattern) => pattern,
            None => {
                self.budget.spend(source.len())?;
                let pattern = Rc::new(Pattern::new(source));
                self.patterns.borrow_mut().push((source, Rc::clone(&pattern)));
                pattern
            }
        };
        match &*pattern {
            Ok(_) => Ok(pattern),
            Err(why) => Err(Fail::here(at, format!("the pattern `{source}` is not understood: {why}"))),
        }
    }

    /// Whether a pattern matches a text.
    pub(crate) fn matches(&self, at: &'d Value, source: &'d str, text: &str) -> Result<bool, Fail<'d>> {
        match &*self.pattern(at, source)? {
            Ok(pattern) => Ok(pattern.matches(text, self.budget)?),
            Err(_) => Ok(false),
        }
    }

    /// Whether a text is of a format, as far as that is known.
    pub(crate) fn is_of(&self, at: &'d Value, format: &str, text: &str) -> Result<bool, Fail<'d>> {
        match formats::pattern(format) {
            Some(pattern) => self.matches(at, pattern, text),
            None => Ok(format != "regex" || Pattern::new(text).is_ok()),
        }
    }

    /// Whether the value is what the schema says.
    pub(crate) fn holds(&self, value: &Value, schema: &'d Value) -> Result<bool, Fail<'d>> {
        match self.check(value, schema) {
            Ok(()) => Ok(true),
            Err(Fail::Here { .. }) => Ok(false),
            Err(Fail::Spent) => Err(Fail::Spent),
        }
    }

    /// Checks a value against a schema.
    ///
    /// # Errors
    /// The keyword that does not hold.
    pub(crate) fn check(&self, value: &Value, schema: &'d Value) -> Checked<'d> {
        self.budget.spend(15)?;
        let map = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(map) => map,
            _ => return Err(Fail::here(schema, "nothing satisfies `false`")),
        };
        let check = || {
            self.own(value, schema, map)?;
            self.applied(value, schema, map)?;
            match value {
                Value::Object(object) => self.object(value, object, schema, map),
                Value::Array(items) => self.array(items, schema, map),
                _ => Ok(()),
            }
        };
        self.budget.nested(400, check).unwrap_or_else(|| Err(Fail::here(schema, "it is nested too deep")))
    }

    /// What stands in the schema itself.
    fn own(&self, value: &Value, schema: &'d Value, map: &'d Map<String, Value>) -> Checked<'d> {
        let sure = |holds: bool, keyword: &'static str| {
            if holds { Ok(()) } else { Err(Fail::here(schema, keyword)) }
        };
        if let Some(types) = Types::declared(map) {
            sure(types.has(Types::of(value)), "`type` does not hold")?;
        }
        if let Some(constant) = map.get("const") {
            sure(equal(constant, value), "`const` does not hold")?;
        }
        if let Some(values) = map.get("enum").and_then(Value::as_array) {
            self.budget.spend(values.len() / 2)?;
            sure(values.iter().any(|known| equal(known, value)), "`enum` does not hold")?;
        }
        match value {
            Value::Number(number) => {
                let float = number.as_f64().unwrap_or(f64::NAN);
                for (bound, open) in keywords::least(map) {
                    let bound = bound.as_f64().unwrap_or(f64::NAN);
                    sure(if open { float > bound } else { float >= bound }, "`minimum` does not hold")?;
                }
                for (bound, open) in keywords::most(map) {
                    let bound = bound.as_f64().unwrap_or(f64::NAN);
                    sure(if open { float < bound } else { float <= bound }, "`maximum` does not hold")?;
                }
                if let Some(Value::Number(step)) = map.get("multipleOf") {
                    sure(is_multiple(number, step), "`multipleOf` does not hold")?;
                }
            }
            Value::String(text) => {
                let length = text.chars().count() as u64;
                sure(
                    keywords::count(map, "minLength").is_none_or(|least| length >= least),
                    "`minLength` does not hold",
                )?;
                sure(keywords::count(map, "maxLength").is_none_or(|most| length <= most), "`maxLength` does not hold")?;
                if let Some(pattern) = map.get("pattern").and_then(Value::as_str) {
                    sure(self.matches(schema, pattern, text)?, "`pattern` does not hold")?;
                }
                if let Some(format) = map.get("format").and_then(Value::as_str) {
                    sure(self.is_of(schema, format, text)?, "`format` does not hold")?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The schemas that this one applies to the same value.
    fn applied(&self, value: &Value, schema: &'d Value, map: &'d Map<String, Value>) -> Checked<'d> {
        for key in REFERENCES {
            if let Some(reference @ Value::String(name)) = map.get(key) {
                match self.document.target(reference) {
                    Some(target) => self.check(value, target)?,
                    None => return Err(unknown(schema, key, name)),
                }
            }
        }
        for part in list(map, "allOf") {
            self.check(value, part)?;
        }
        if let Some(branches) = map.get("anyOf").and_then(Value::as_array)
            && self.count(value, branches)? == 0
        {
            return Err(Fail::here(schema, "`anyOf` does not hold"));
        }
        if let Some(branches) = map.get("oneOf").and_then(Value::as_array) {
            let count = self.count(value, branches)?;
            if count != 1 {
                let why =
                    if count == 0 { "no branch of `oneOf` holds" } else { "more than one branch of `oneOf` holds" };
                return Err(Fail::here(schema, why));
            }
        }
        if let Some(not) = map.get("not")
            && self.holds(value, not)?
        {
            return Err(Fail::here(schema, "`not` does not hold"));
        }
        if let Some(condition) = map.get("if") {
            let branch = if self.holds(value, condition)? { "then" } else { "else" };
            if let Some(branch) = map.get(branch) {
                self.check(value, branch)?;
            }
        }
        Ok(())
    }

    fn count(&self, value: &Value, branches: &'d [Value]) -> Result<usize, Fail<'d>> {
        let mut count = 0;
        for branch in branches {
            count += usize::from(self.holds(value, branch)?);
        }
        Ok(count)
    }

    fn object(
        &self,
        value: &Value,
        object: &Map<String, Value>,
        schema: &'d Value,
        map: &'d Map<String, Value>,
    ) -> Checked<'d> {
        let fail = |why: &'static str| Err(Fail::here(schema, why));
        let size = object.len() as u64;
        if keywords::count(map, "minProperties").is_some_and(|least| size < least) {
            return fail("`minProperties` does not hold");
        }
        if keywords::count(map, "maxProperties").is_some_and(|most| size > most) {
            return fail("`maxProperties` does not hold");
        }
        for name in list(map, "required").filter_map(Value::as_str) {
            if !object.contains_key(name) {
                return fail("`required` does not hold");
            }
        }
        for key in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (_, needed) in entries(map, key).filter(|(name, _)| object.contains_key(*name)) {
                let Value::Array(names) = needed else {
                    self.check(value, needed)?;
                    continue;
                };
                if !names.iter().all(|name| name.as_str().is_none_or(|name| object.contains_key(name))) {
                    return fail("`dependentRequired` does not hold");
                }
            }
        }
        let strict = map.get("unevaluatedProperties");
        let mut seen = Vec::new();
        if strict.is_some() {
            self.evaluated(value, schema, &mut seen)?;
        }
        let mut parts = Vec::new();
        for (name, inner) in object {
            if let Some(names) = map.get("propertyNames") {
                self.check(&Value::String(name.clone()), names)?;
            }
            let mut known = false;
            parts.clear();
            self.for_property(schema, map, name, &mut parts, &mut known)?;
            for part in &parts {
                self.check(inner, part)?;
            }
            if let Some(strict) = strict
                && !known
                && !seen.contains(name)
            {
                self.check(inner, strict)?;
            }
        }
        Ok(())
    }

    /// Adds the schemas that a schema has for a property of this name, and says whether it has any.
    pub(crate) fn for_property(
        &self,
        schema: &'d Value,
        map: &'d Map<String, Value>,
        name: &str,
        parts: &mut Vec<&'d Value>,
        known: &mut bool,
    ) -> Checked<'d> {
        let before = parts.len();
        parts.extend(map.get("properties").and_then(|properties| properties.get(name)));
        for (pattern, part) in entries(map, "patternProperties") {
            if self.matches(schema, pattern, name)? {
                parts.push(part);
            }
        }
        if parts.len() == before {
            parts.extend(map.get("additionalProperties"));
        }
        *known |= parts.len() > before;
        Ok(())
    }

    /// The properties that a schema, and the ones that it applies, have something to say about.
    fn evaluated(&self, value: &Value, schema: &'d Value, seen: &mut Vec<String>) -> Checked<'d> {
        let (Value::Object(map), Value::Object(object)) = (schema, value) else { return Ok(()) };
        self.budget.spend(object.len() * 10)?;
        for name in object.keys() {
            let mut known = false;
            self.for_property(schema, map, name, &mut Vec::new(), &mut known)?;
            if known {
                seen.push(name.clone());
            }
        }
        let mut parts = Vec::new();
        for key in REFERENCES {
            parts.extend(map.get(key).and_then(|reference| self.document.target(reference)));
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            parts.extend(list(map, key));
        }
        for key in ["if", "then", "else"] {
            parts.extend(map.get(key));
        }
        for (name, part) in entries(map, "dependentSchemas") {
            if object.contains_key(name) {
                parts.push(part);
            }
        }
        for part in parts {
            if self.holds(value, part)? {
                self.evaluated(value, part, seen)?;
            }
        }
        Ok(())
    }

    fn array(&self, items: &[Value], schema: &'d Value, map: &'d Map<String, Value>) -> Checked<'d> {
        let sure = |holds: bool, keyword: &'static str| {
            if holds { Ok(()) } else { Err(Fail::here(schema, keyword)) }
        };
        let length = items.len() as u64;
        sure(keywords::count(map, "minItems").is_none_or(|least| length >= least), "`minItems` does not hold")?;
        sure(keywords::count(map, "maxItems").is_none_or(|most| length <= most), "`maxItems` does not hold")?;
        if map.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.budget.spend(items.len() * items.len() / 2)?;
            let twice = |(index, item): (usize, &Value)| items[..index].iter().any(|other| equal(item, other));
            sure(!items.iter().enumerate().any(twice), "`uniqueItems` does not hold")?;
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(part) = for_item(map, index) {
                self.check(item, part)?;
            }
        }
        if let Some(contained) = map.get("contains") {
            let mut count = 0;
            for item in items {
                count += u64::from(self.holds(item, contained)?);
            }
            let least = keywords::count(map, "minContains").unwrap_or(1);
            let most = keywords::count(map, "maxContains").unwrap_or(u64::MAX);
            sure((least..=most).contains(&count), "`contains` does not hold")?;
        }
        Ok(())
    }
}

/// A reference that leads nowhere.
pub(crate) fn unknown<'d>(schema: &'d Value, key: &str, name: &str) -> Fail<'d> {
    let why = if name.starts_with('#') {
        "which is not in this document"
    } else {
        "which is outside of this document; put it into `$defs`"
    };
    Fail::here(schema, format!("`{key}` is `{name}`, {why}"))
}

/// Whether two values are the same to JSON Schema, to which 1.0 is 1.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}
