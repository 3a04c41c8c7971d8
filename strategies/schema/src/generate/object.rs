//! Objects.

use std::rc::Rc;

use serde_json::{Map, Value};
use standin_sdk::context::{below, pick};

use super::flat::Flat;
use super::{Generator, Made, Optional};
use crate::fail::Fail;
use crate::keywords::{entries, list};
use crate::words;

/// More properties than this are no test of anything.
const MOST: u64 = 1_000;

/// An object, or the optional property that it cannot have.
enum Attempt<'d> {
    Done(Map<String, Value>),
    Without(&'d str),
}

/// Names in the order in which they came.
#[derive(Default)]
struct Names<'d> {
    order: Vec<&'d str>,
    known: Map<String, Value>,
}

impl<'d> Names<'d> {
    // Copied to wherever it is called, it would be a hundredth of the component.
    #[inline(never)]
    fn add(&mut self, name: &'d str) {
        if self.known.insert(name.to_owned(), Value::Null).is_none() {
            self.order.push(name);
        }
    }

    /// Forgets all but the first ones.
    fn forget(&mut self, length: usize) {
        for name in self.order.drain(length..) {
            self.known.remove(name);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    fn count(&self) -> u64 {
        self.order.len() as u64
    }
}

impl<'d> Generator<'d> {
    pub(super) fn object(&mut self, flat: &Flat<'d>, optional: Optional) -> Made<'d> {
        let mut without = flat.excluded.clone();
        loop {
            match self.object_without(flat, optional, &without)? {
                Attempt::Done(object) => return Ok(Value::Object(object)),
                Attempt::Without(name) => without.push(name),
            }
        }
    }

    // Copied to wherever it is called, it would be a hundredth of the component.
    #[inline(never)]
    fn object_without(&mut self, flat: &Flat<'d>, optional: Optional, without: &[&'d str]) -> Made<'d, Attempt<'d>> {
        let mut listed = Names::default();
        let mut needed = Names::default();
        for map in flat.maps() {
            entries(map, "properties").for_each(|(name, _)| listed.add(name));
        }
        for name in flat.maps().flat_map(|map| list(map, "required")).filter_map(Value::as_str) {
            need(flat, name, &mut needed);
        }
        for (name, _) in &flat.pinned {
            need(flat, name, &mut needed);
        }
        needed.order.iter().for_each(|name| listed.add(name));
        self.checker.budget.spend(listed.order.len() * 20)?;
        if let Some(name) = without.iter().find(|name| needed.has(name)) {
            let why = format!("it requires `{name}`, which something else keeps out");
            return Err(Fail::here(flat.place(&["required"]), why));
        }
        let chosen = self.chosen(flat, optional, without, &listed, &needed)?;

        // Where nothing depends on it, a property that cannot be is left out without another thought.
        let simple = flat.least("minProperties") == 0
            && !flat.maps().any(|map| map.contains_key("dependentRequired") || map.contains_key("dependencies"));
        let mut object = Map::new();
        // What is chosen is listed, or needed beside something that is.
        chosen.order.iter().for_each(|name| listed.add(name));
        for &name in listed.order.iter().filter(|name| chosen.has(name)) {
            let goal = self.goal(flat, name)?;
            let pinned = flat.pinned.iter().find(|(pinned, _)| *pinned == name);
            let made = match pinned {
                Some((_, value)) => self.check(&goal, value).map(|()| (**value).clone()),
                None => self.make(&goal, name),
            };
            match made {
                Ok(value) => {
                    object.insert(name.to_owned(), value);
                }
                Err(Fail::Here { .. }) if !needed.has(name) => {
                    if !simple {
                        return Ok(Attempt::Without(name));
                    }
                }
                Err(fail) => return Err(fail),
            }
        }
        let map_like = flat.maps().any(|map| {
            map.get("additionalProperties").is_some_and(Value::is_object) || map.contains_key("patternProperties")
        });
        let wished = listed.order.is_empty() && map_like && optional != Optional::None && !self.is_lean();
        self.extras(flat, without, if wished { 1 + below(3) } else { 0 }, &mut object)?;
        Ok(Attempt::Done(object))
    }

    /// The properties that the object gets, with the ones that these need.
    fn chosen(
        &self,
        flat: &Flat<'d>,
        optional: Optional,
        without: &[&'d str],
        listed: &Names<'d>,
        needed: &Names<'d>,
    ) -> Made<'d, Names<'d>> {
        let (least, most) = (flat.least("minProperties"), flat.most("maxProperties"));
        if needed.count() > most || least > most || least > MOST {
            let why = match least {
                _ if needed.count() > most => format!("it requires more than {most} properties"),
                least if least > most => format!("it asks for {least} properties or more, and for {most} or less"),
                least => format!("it asks for {least} properties; {MOST} is the most that is made"),
            };
            return Err(Fail::here(flat.place(&["minProperties", "maxProperties"]), why));
        }
        let mut chosen = Names::default();
        for name in &needed.order {
            if !self.may_be_named(flat, name)? {
                let why = format!("it requires `{name}`, which `propertyNames` does not let be");
                return Err(Fail::here(flat.place(&["propertyNames"]), why));
            }
            chosen.add(name);
        }
        for filling in [false, true] {
            for &name in &listed.order {
                let wished = match optional {
                    _ if filling => chosen.count() < least,
                    _ if self.is_lean() => false,
                    Optional::Some => below(3) > 0,
                    Optional::None => false,
                    Optional::All => true,
                };
                if !wished || chosen.has(name) {
                    continue;
                }
                let before = chosen.order.len();
                need(flat, name, &mut chosen);
                let allowed = chosen.count() <= most && !without.iter().any(|name| chosen.has(name));
                if !(allowed && self.may_be_named(flat, name)? && self.ends(&self.goal(flat, name)?)) {
                    chosen.forget(before);
                }
            }
        }
        Ok(chosen)
    }

    /// Decides some properties before the others: each has a value or is left out from now on. They as an object.
    pub(super) fn pin(&mut self, flat: &mut Flat<'d>, names: &[&'d str]) -> Made<'d> {
        for name in names {
            if flat.excluded.contains(name) || flat.pinned.iter().any(|(pinned, _)| pinned == name) {
                continue;
            }
            let goal = self.goal(flat, name)?;
            let required = flat.requires(name);
            let wished = required || (!self.is_lean() && below(3) > 0 && self.ends(&goal));
            match if wished { self.make(&goal, name).map(Some) } else { Ok(None) } {
                Ok(Some(value)) => flat.pinned.push((name, Rc::new(value))),
                Err(fail) if required || matches!(fail, Fail::Spent) => return Err(fail),
                _ => flat.excluded.push(name),
            }
        }
        let mut object = Map::new();
        for (name, value) in &flat.pinned {
            object.insert((*name).to_owned(), (**value).clone());
        }
        Ok(Value::Object(object))
    }

    fn may_be_named(&self, flat: &Flat<'d>, name: &str) -> Made<'d, bool> {
        for names in flat.maps().filter_map(|map| map.get("propertyNames")) {
            if !self.checker.holds(&Value::String(name.to_owned()), names)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the value of a property has to be.
    fn goal(&self, flat: &Flat<'d>, name: &str) -> Made<'d, Vec<&'d Value>> {
        let mut goal = Vec::new();
        let mut known = false;
        for (schema, map) in flat.both() {
            self.checker.for_property(schema, map, name, &mut goal, &mut known)?;
        }
        if !known {
            goal.extend(flat.maps().filter_map(|map| map.get("unevaluatedProperties")));
        }
        Ok(goal)
    }

    /// Adds properties that the schema does not name: as many as are wished for and possible, and as many as are needed.
    fn extras(
        &mut self,
        flat: &Flat<'d>,
        without: &[&'d str],
        wished: u64,
        object: &mut Map<String, Value>,
    ) -> Made<'d, ()> {
        let least = flat.least("minProperties");
        let target = least.max((object.len() as u64 + wished).min(flat.most("maxProperties")));
        let mut fail = None;
        for attempt in 0..target * 4 {
            if object.len() as u64 >= target {
                break;
            }
            let Some(name) = self.extra_name(flat, attempt)? else { continue };
            if object.contains_key(&name) || without.contains(&name.as_str()) || !self.may_be_named(flat, &name)? {
                continue;
            }
            let goal = self.goal(flat, &name)?;
            if !self.ends(&goal) {
                continue;
            }
            match self.make(&goal, &name) {
                Ok(value) => {
                    object.insert(name, value);
                }
                Err(Fail::Spent) => return Err(Fail::Spent),
                Err(found) => fail = fail.or(Some(found)),
            }
        }
        if (object.len() as u64) < least {
            let why = format!("it asks for {least} properties, and lets there be only {}", object.len());
            return Err(fail.unwrap_or_else(|| Fail::here(flat.place(&["minProperties"]), why)));
        }
        Ok(())
    }

    fn extra_name(&mut self, flat: &Flat<'d>, attempt: u64) -> Made<'d, Option<String>> {
        let names: Vec<_> = flat.maps().filter_map(|map| map.get("propertyNames")).collect();
        if !names.is_empty() {
            let name = self.make(&names, "key")?;
            return Ok(name.as_str().map(str::to_owned));
        }
        let patterns: Vec<_> = flat
            .both()
            .flat_map(|(schema, map)| entries(map, "patternProperties").map(move |(pattern, _)| (schema, pattern)))
            .collect();
        if let Some((schema, pattern)) = pick(&patterns) {
            return self.matching(schema, pattern, (1 + attempt.min(11) as u32, 20), attempt as u32);
        }
        let key = words::key();
        Ok(Some(if attempt < 4 { key } else { format!("{key}_{attempt}") }))
    }
}

/// Adds a property and all that it needs beside it.
fn need<'d>(flat: &Flat<'d>, name: &'d str, needed: &mut Names<'d>) {
    if needed.has(name) {
        return;
    }
    needed.add(name);
    for map in flat.maps() {
        for key in ["dependentRequired", "dependencies"] {
            let others = map.get(key).and_then(|needs| needs.get(name)).and_then(Value::as_array);
            for other in others.into_iter().flatten().filter_map(Value::as_str) {
                need(flat, other, needed);
            }
        }
    }
}
