//! What a schema leaves open, decided by trying.

use serde_json::{Map, Value};
use standin_sdk::context::below;

use super::flat::{Choice, Flat, constants};
use super::{ATTEMPTS, Generator, Made};
use crate::check::unknown;
use crate::document::{REFERENCES, address};
use crate::fail::Fail;
use crate::keywords::{entries, list};
use crate::types::Types;

/// One way to decide: a schema that is added, or a property that is left out.
enum Way<'d> {
    With(&'d Value),
    Without(&'d str),
}

impl<'d> Generator<'d> {
    /// A value for a goal of which these schemas are not yet spread out.
    pub(super) fn spread(&mut self, goal: &[&'d Value], schemas: &[&'d Value], flat: Flat<'d>, name: &str) -> Made<'d> {
        let budget = self.checker.budget;
        let made = budget.nested(650, || self.decide(goal, schemas, flat, name));
        made.unwrap_or_else(|| Err(too_deep(goal)))
    }

    fn decide(&mut self, goal: &[&'d Value], schemas: &[&'d Value], mut flat: Flat<'d>, name: &str) -> Made<'d> {
        self.add(schemas, &mut flat)?;
        let Some(choice) = flat.next_choice() else {
            let conditions = flat.take_conditions();
            return if conditions.is_empty() {
                self.leaf(goal, &flat, name)
            } else {
                self.conditional(goal, &conditions, &flat, name)
            };
        };
        let mut fail = None;
        for way in self.ways(choice, &flat) {
            self.checker.budget.spend(60 + flat.parts().count())?;
            let mut flat = flat.clone();
            let length = self.way.len();
            let made = match way {
                Way::With(schema) => self.spread(goal, &[schema], flat, name),
                Way::Without(property) => {
                    flat.excluded.push(property);
                    self.spread(goal, &[], flat, name)
                }
            };
            match made {
                Err(found @ Fail::Here { .. }) => {
                    self.hint = Some(found.clone());
                    fail = fail.or(Some(found));
                }
                done => return done,
            }
            self.way.truncate(length);
        }
        Err(fail
            .unwrap_or_else(|| Fail::here(flat.place(&["anyOf", "oneOf"]), "it has no branch that can have a value")))
    }

    /// Adds schemas and all that they refer to.
    fn add(&mut self, schemas: &[&'d Value], flat: &mut Flat<'d>) -> Made<'d, ()> {
        let mut pending: Vec<_> = schemas.iter().rev().copied().collect();
        while let Some(schema) = pending.pop() {
            self.checker.budget.spend(20)?;
            let map = match schema {
                Value::Bool(true) => continue,
                Value::Bool(false) => return Err(Fail::here(schema, "nothing satisfies `false`")),
                Value::Object(map) => map,
                other => {
                    let found = Types::of(other).names();
                    return Err(Fail::here(
                        schema,
                        format!("this is {found}, expected a schema: an object or a boolean"),
                    ));
                }
            };
            if !flat.add(schema, map)? {
                continue;
            }
            for key in REFERENCES {
                if let Some(reference @ Value::String(text)) = map.get(key) {
                    let target = self.checker.document.target(reference).ok_or_else(|| unknown(schema, key, text))?;
                    self.way.push(address(target));
                    pending.push(target);
                }
            }
            let all: Vec<_> = list(map, "allOf").collect();
            pending.extend(all.into_iter().rev());
        }
        Ok(())
    }

    /// The ways to decide, in the order in which they are tried.
    fn ways(&self, choice: Choice<'d>, flat: &Flat<'d>) -> Vec<Way<'d>> {
        match choice {
            Choice::Branch(branches) => self.order(branches).into_iter().map(Way::With).collect(),
            Choice::Dependent(name, schema) if flat.requires(name) => vec![Way::With(schema)],
            Choice::Dependent(name, schema) if self.is_lean() || below(2) == 0 => {
                vec![Way::Without(name), Way::With(schema)]
            }
            Choice::Dependent(name, schema) => vec![Way::With(schema), Way::Without(name)],
        }
    }

    /// A value under conditions: the properties that they are about are decided first, and the rest is made to fit them.
    fn conditional(
        &mut self,
        goal: &[&'d Value],
        conditions: &[&'d Map<String, Value>],
        flat: &Flat<'d>,
        name: &str,
    ) -> Made<'d> {
        let mut names = Vec::new();
        for condition in conditions.iter().filter_map(|map| map.get("if")) {
            self.mentioned(condition, 3, &mut names);
        }
        let object = flat.types() == Types::OBJECT && flat.parts().all(|part| constants(part).is_none());
        let mut fail = None;
        for _ in 0..ATTEMPTS {
            self.checker.budget.spend(60 + flat.parts().count())?;
            let mut flat = flat.clone();
            let draft = if object { self.pin(&mut flat, &names)? } else { self.leaf(&[], &flat, name)? };
            let mut schemas = Vec::new();
            for map in conditions {
                let Some(condition) = map.get("if") else { continue };
                let holds = self.checker.holds(&draft, condition)?;
                schemas.extend(map.get(if holds { "then" } else { "else" }));
                if holds && !object {
                    schemas.push(condition);
                }
            }
            let length = self.way.len();
            match self.spread(goal, &schemas, flat, name) {
                Err(found @ Fail::Here { .. }) => {
                    self.hint = Some(found.clone());
                    fail = fail.or(Some(found));
                }
                done => return done,
            }
            self.way.truncate(length);
        }
        Err(fail.unwrap_or(Fail::Spent))
    }

    /// The properties that a condition is about.
    fn mentioned(&self, condition: &'d Value, depth: u32, names: &mut Vec<&'d str>) {
        let (Value::Object(map), 1..) = (condition, depth) else { return };
        names.extend(list(map, "required").filter_map(Value::as_str));
        names.extend(entries(map, "properties").map(|(name, _)| name.as_str()));
        let mut parts: Vec<_> = map.get("not").into_iter().collect();
        for key in ["allOf", "anyOf", "oneOf"] {
            parts.extend(list(map, key));
        }
        parts.extend(map.get("$ref").and_then(|reference| self.checker.document.target(reference)));
        parts.into_iter().for_each(|part| self.mentioned(part, depth - 1, names));
    }

    /// The branches by chance, null seldom first; in a lean value, the shallowest first.
    fn order(&self, branches: &'d [Value]) -> Vec<&'d Value> {
        let depth = |branch: &&Value| self.checker.document.depth(branch);
        let mut order: Vec<_> = branches.iter().filter(|branch| self.checker.document.ends(branch)).collect();
        for index in (1..order.len()).rev() {
            order.swap(index, below(index as u64 + 1) as usize);
        }
        let lean = self.is_lean();
        let late = |branch: &&Value| if lean { depth(branch) } else { u32::from(is_null(branch)) };
        if lean || below(4) > 0 {
            // A stable sort of a handful; the standard library's would be a fiftieth of the component.
            for index in 1..order.len() {
                let place = order[..index].iter().filter(|other| late(other) <= late(&order[index])).count();
                order[place..=index].rotate_right(1);
            }
        }
        order
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null") || schema.get("const") == Some(&Value::Null)
}

/// The stack ends before the value does.
pub(super) fn too_deep<'d>(goal: &[&'d Value]) -> Fail<'d> {
    Fail::here(goal.first().copied().unwrap_or(&Value::Null), "it is nested too deep")
}
