//! Arrays.

use serde_json::Value;
use standin_sdk::context::below;

use super::flat::Flat;
use super::{Generator, Made};
use crate::check::equal;
use crate::fail::Fail;
use crate::keywords::{self, for_item, list};
use crate::words;

/// More items than this are no test of anything.
const MOST: u64 = 1_000;
/// How often an item is tried that has to differ from the others.
const DIFFERENT: u32 = 60;

impl<'d> Generator<'d> {
    pub(super) fn array(&mut self, flat: &Flat<'d>, name: &str) -> Made<'d> {
        let mut contained = Vec::new();
        for map in flat.maps() {
            let times = keywords::count(map, "minContains").unwrap_or(1).min(MOST);
            (0..times).for_each(|_| contained.extend(map.get("contains")));
        }
        let needed = contained.len() as u64;
        let (least, most) = (flat.least("minItems").max(needed), flat.most("maxItems"));
        if least > most {
            let why = format!("it asks for {least} items or more, and for {most} or less");
            return Err(Fail::here(flat.place(&["minItems", "maxItems", "contains"]), why));
        }
        if least > MOST {
            let why = format!("it asks for {least} items; {MOST} is the most that is made");
            return Err(Fail::here(flat.place(&["minItems"]), why));
        }
        let tuple = flat.maps().map(|map| list(map, "prefixItems").len().max(list(map, "items").len())).max();
        let usual = match tuple.unwrap_or(0) as u64 {
            // Behind the first items, which may have schemas that do not let what is contained be there.
            tuple if needed > 0 => tuple + needed,
            _ if self.is_lean() => 0,
            0 => 1 + below(3),
            tuple => tuple,
        };
        let length = usual.clamp(least, most);

        // Where the contained items stand is tried out.
        let places = length - needed + 1;
        let first = if needed == 0 { 0 } else { below(places) };
        let mut fail = None;
        for place in 0..if needed == 0 { 1 } else { places } {
            let start = ((first + place) % places) as usize;
            match self.items(flat, (least as usize, length as usize), start, &contained, words::singular(name)) {
                Err(found @ Fail::Here { .. }) => fail = fail.or(Some(found)),
                done => return done,
            }
        }
        Err(fail.unwrap_or(Fail::Spent))
    }

    /// So many items, of which some are also what has to be contained.
    fn items(
        &mut self,
        flat: &Flat<'d>,
        (least, length): (usize, usize),
        start: usize,
        contained: &[&'d Value],
        name: &str,
    ) -> Made<'d> {
        let unique = flat.maps().any(|map| map.get("uniqueItems") == Some(&Value::Bool(true)));
        let mut items: Vec<Value> = Vec::with_capacity(length);
        for index in 0..length {
            let mut goal: Vec<&Value> = flat.maps().filter_map(|map| for_item(map, index)).collect();
            let held = index.checked_sub(start).and_then(|place| contained.get(place));
            goal.extend(held);
            let spare = index >= least && index >= start + contained.len();
            if spare && !self.ends(&goal) {
                break;
            }
            match self.item(&goal, &items, unique, name) {
                Ok(item) => items.push(item),
                Err(Fail::Here { .. }) if spare => break,
                Err(Fail::Here { at: Value::Null, .. }) => {
                    let why = format!("there are not {} different items", index + 1);
                    return Err(Fail::here(flat.place(&["uniqueItems"]), why));
                }
                Err(fail) => return Err(fail),
            }
        }
        Ok(Value::Array(items))
    }

    fn item(&mut self, goal: &[&'d Value], others: &[Value], unique: bool, name: &str) -> Made<'d> {
        for attempt in 0..if unique { DIFFERENT } else { 1 } {
            let wide = self.wide;
            self.wide = wide || attempt > DIFFERENT / 4;
            let made = self.make(goal, name);
            self.wide = wide;
            let item = made?;
            self.checker.budget.spend(if unique { others.len() / 2 } else { 0 })?;
            if !unique || !others.iter().any(|other| equal(other, &item)) {
                return Ok(item);
            }
        }
        Err(Fail::here(&Value::Null, ""))
    }
}
