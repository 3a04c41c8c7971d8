//! From a schema to a value.
//!
//! What a value has to be is a *goal*: a list of schemas that all have to hold, each a part of the document. A goal is first
//! spread out: references and `allOf` add their schemas to it, `anyOf` and its like are choices, tried one after the other
//! until there is a value. What is left is a flat list, from which each type is built. Nothing is merged into new schemas, so
//! that whatever goes wrong has a place in the document.

mod array;
mod choice;
mod flat;
mod object;
mod text;

use serde_json::Value;
use standin_sdk::context::{below, pick};

use self::choice::too_deep;
use self::flat::{Flat, constants};
use crate::budget::Budget;
use crate::check::Checker;
use crate::document::Document;
use crate::fail::Fail;
use crate::keywords::{self, list};
use crate::number::{Decimal, Likely, Wanted};
use crate::types::Types;
use crate::words;

/// From here on, only what has to be there is.
const DEEP: u32 = 12;
/// How often a recursive schema may come back before only what has to be there is.
const RECURSIONS: usize = 3;
/// So many values are enough.
const MANY: u32 = 150;
/// How often a value is tried that can only be looked at afterwards.
const ATTEMPTS: u32 = 12;

/// The keywords about numbers.
const BOUNDS: [&str; 5] = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"];

pub(crate) type Made<'d, T = Value> = Result<T, Fail<'d>>;

/// Makes the values of one document.
pub(crate) struct Generator<'d> {
    checker: Checker<'d>,
    /// The addresses of the schemas that references on the way to here meant.
    way: Vec<usize>,
    depth: u32,
    values: u32,
    /// What is likely is used up: items have to differ.
    wide: bool,
    /// What was last in the way, for when it takes too long.
    hint: Option<Fail<'d>>,
}

/// Which optional properties are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Optional {
    /// Two of three.
    Some,
    None,
    All,
}

impl<'d> Generator<'d> {
    pub(crate) fn new(document: &'d Document<'d>, budget: &'d Budget) -> Self {
        Self { checker: Checker::new(document, budget), way: Vec::new(), depth: 0, values: 0, wide: false, hint: None }
    }

    /// A value that the whole document, and another schema beside it, accepts.
    ///
    /// # Errors
    /// What is in the way, if something was found to be.
    pub(crate) fn value(&mut self, beside: &'d Value) -> Made<'d> {
        let root = self.checker.document.root();
        if !self.checker.document.ends(root) {
            return Err(Fail::here(root, "every value has another one of its kind in it, without an end"));
        }
        let mut last = None;
        for _ in 0..ATTEMPTS {
            self.values = 0;
            let value = match self.make(&[beside, root], "") {
                Err(Fail::Spent) => return Err(self.hint.take().unwrap_or(Fail::Spent).at_length()),
                made => made?,
            };
            match self.checker.check(&value, root) {
                Ok(()) => return Ok(value),
                Err(fail) => last = Some(fail),
            }
        }
        Err(last.unwrap_or(Fail::Spent))
    }

    /// A value for a goal, under a property's name.
    fn make(&mut self, goal: &[&'d Value], name: &str) -> Made<'d> {
        self.checker.budget.spend(40)?;
        self.values += 1;
        self.depth += 1;
        let way = self.way.len();
        let budget = self.checker.budget;
        let made = budget.nested(1_800, || self.spread(goal, goal, Flat::default(), name));
        let made = made.unwrap_or_else(|| Err(too_deep(goal)));
        self.way.truncate(way);
        self.depth -= 1;
        made
    }

    /// Only what has to be there is.
    // Copied to wherever it is called, it would be a hundredth of the component.
    #[inline(never)]
    fn is_lean(&self) -> bool {
        let last = self.way.last();
        let again = last.map_or(0, |last| self.way.iter().filter(|other| *other == last).count());
        self.depth > DEEP || self.values > MANY || again > RECURSIONS
    }

    /// Whether this goal can have a value at all, as far as its depth tells.
    fn ends(&self, goal: &[&'d Value]) -> bool {
        goal.iter().all(|schema| self.checker.document.ends(schema))
    }

    /// A value for a goal without choices.
    fn leaf(&mut self, goal: &[&'d Value], flat: &Flat<'d>, name: &str) -> Made<'d> {
        if let Some(value) = self.listed(goal, flat)? {
            return Ok(value);
        }
        if !self.is_lean()
            && below(2) == 0
            && let Some(value) = self.example(goal, flat)?
        {
            return Ok(value);
        }
        let mut fail = None;
        let mut types = flat.types();
        while let Some(kind) = self.pick_type(flat, types) {
            types = types.without(kind);
            match self.of_type(goal, flat, kind, name) {
                Err(found @ Fail::Here { .. }) => fail = fail.or(Some(found)),
                done => return done,
            }
        }
        Err(fail.unwrap_or_else(|| Fail::here(flat.place(&["type"]), "it leaves no type")))
    }

    /// A value of one type, looked at where it cannot be built to fit.
    fn of_type(&mut self, goal: &[&'d Value], flat: &Flat<'d>, kind: Types, name: &str) -> Made<'d> {
        let attempts = if flat.has_to_be_tried() { ATTEMPTS } else { 1 };
        let mut last = None;
        for attempt in 0..attempts {
            let optional = match attempt {
                4 | 8 => Optional::None,
                5 | 9 => Optional::All,
                _ => Optional::Some,
            };
            let value = match kind {
                Types::NULL => Value::Null,
                Types::BOOLEAN => Value::Bool(below(2) == 0),
                Types::STRING => Value::String(self.text(flat, name)?),
                Types::ARRAY => self.array(flat, name)?,
                Types::OBJECT => self.object(flat, optional)?,
                number => self.number(flat, number, name)?,
            };
            if attempts == 1 {
                return Ok(value);
            }
            match self.check(goal, &value) {
                Ok(()) => return Ok(value),
                Err(Fail::Spent) => return Err(Fail::Spent),
                Err(fail) => {
                    self.hint = Some(fail.clone());
                    last = Some(fail);
                }
            }
        }
        Err(last.unwrap_or(Fail::Spent))
    }

    fn check(&self, goal: &[&'d Value], value: &Value) -> Result<(), Fail<'d>> {
        goal.iter().try_for_each(|schema| self.checker.check(value, schema))
    }

    fn holds(&self, goal: &[&'d Value], value: &Value) -> Made<'d, bool> {
        match self.check(goal, value) {
            Ok(()) => Ok(true),
            Err(Fail::Here { .. }) => Ok(false),
            Err(Fail::Spent) => Err(Fail::Spent),
        }
    }

    /// One of the values that `const` or `enum` lists, if one does.
    fn listed(&self, goal: &[&'d Value], flat: &Flat<'d>) -> Made<'d, Option<Value>> {
        let lists = flat.parts().filter_map(constants);
        let Some(values) = lists.min_by_key(|values| values.len()) else { return Ok(None) };
        let count = values.len() as u64;
        let mut start = below(count);
        // A null among other values is what they are when there is none of them.
        if values.get(start as usize).is_some_and(Value::is_null) && below(3) > 0 {
            start += 1;
        }
        for next in 0..count {
            let value = &values[((start + next) % count) as usize];
            if self.holds(goal, value)? {
                return Ok(Some(value.clone()));
            }
        }
        let at = flat.parts().find(|part| part.get("const").or_else(|| part.get("enum")).is_some());
        let why = "none of the values that it lists fits the rest of the schema";
        Err(Fail::here(at.unwrap_or(&Value::Null), why))
    }

    /// One of the values that the schema gives as examples, or its default where that says something.
    fn example(&self, goal: &[&'d Value], flat: &Flat<'d>) -> Made<'d, Option<Value>> {
        let telling = |value: &&Value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        };
        let mut given = Vec::new();
        for map in flat.maps() {
            given.extend(list(map, "examples").filter(telling));
            given.extend(map.get("default").filter(telling));
        }
        let Some(value) = pick(&given) else { return Ok(None) };
        Ok(self.holds(goal, value)?.then(|| (*value).clone()))
    }

    /// One of the types that are left: null seldom, and in a lean value what is flat.
    fn pick_type(&self, flat: &Flat<'d>, types: Types) -> Option<Types> {
        let all = [Types::STRING, types.and(Types::NUMBER), Types::BOOLEAN, Types::ARRAY, Types::OBJECT, Types::NULL];
        let left: Vec<_> = all.into_iter().filter(|kind| types.has(*kind)).collect();
        if self.is_lean() || left.len() < 2 {
            let nested = Types::ARRAY.or(Types::OBJECT);
            return left.iter().find(|kind| !kind.has(nested)).or(left.first()).copied();
        }
        // What nothing is said about may be anything; a text is the least surprising.
        if types == Types::ALL && !flat.declared {
            return Some(Types::STRING);
        }
        let kinds = left.len() - usize::from(types.has(Types::NULL) && below(4) > 0);
        pick(&left[..kinds]).copied()
    }

    /// A number of this type.
    // Copied to wherever it is called, it would be a hundredth of the component.
    #[inline(never)]
    fn number(&self, flat: &Flat<'d>, kind: Types, name: &str) -> Made<'d> {
        let bound = |(number, open)| (Decimal::new(number), open);
        let mut wanted =
            Wanted { integer: kind == Types::INTEGER, fraction: kind == Types::FRACTION, ..Wanted::default() };
        for map in flat.maps() {
            wanted.least.extend(keywords::least(map).map(bound));
            wanted.most.extend(keywords::most(map).map(bound));
            wanted.steps.extend(map.get("multipleOf").and_then(Value::as_number).map(Decimal::new));
        }
        let Likely(from, to, places) = words::number(name);
        let likely = Likely(from, if self.wide { to * 1_000 } else { to }, places);
        wanted.make(likely).ok_or_else(|| {
            let mut found = Vec::new();
            for key in BOUNDS {
                found.extend(flat.maps().filter_map(|map| Some(format!("`{key}` {}", map.get(key)?))));
            }
            let why = format!("there is no {} within its bounds: {}", kind.names(), found.join(", "));
            Fail::here(flat.place(&BOUNDS), why)
        })
    }
}
