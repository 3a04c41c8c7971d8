//! Names that are labels, as small numbers: a bounded list for all workers, and what each of them knows of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use super::{MAX_NAMES, lock};

/// A longer name, in bytes, is not worth a label.
const MAX_BYTES: usize = 128;
/// The number of every name that is not in the list. 0 is that of none, and those in the list follow.
pub(super) const OTHER: u16 = 1;

/// The first names that were met, by any worker.
#[derive(Default)]
pub(super) struct Names {
    list: Mutex<Vec<Box<str>>>,
    is_full: AtomicBool,
}

/// What a worker knows of the list, so that it need not look there.
#[derive(Default)]
pub(super) struct Known {
    numbers: FxHashMap<Box<str>, u16>,
    /// All of it.
    whole: bool,
}

impl Names {
    /// A number's name.
    pub(super) fn list(&self) -> Vec<Box<str>> {
        let known = lock(&self.list);
        ["", super::OTHER].into_iter().map(Into::into).chain(known.iter().cloned()).collect()
    }

    fn number(&self, name: &str) -> u16 {
        let mut list = lock(&self.list);
        if let Some(place) = list.iter().position(|it| **it == *name) {
            return number(place);
        }
        if list.len() == MAX_NAMES {
            return OTHER;
        }
        list.push(name.into());
        self.is_full.store(list.len() == MAX_NAMES, Ordering::Release);
        number(list.len() - 1)
    }
}

impl Known {
    /// A name's number; it gets one where there is room.
    pub(super) fn number(&mut self, name: &str, names: &Names) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        if self.whole || name.len() > MAX_BYTES || name == super::OTHER {
            return OTHER;
        }
        if names.is_full.load(Ordering::Acquire) {
            // It will not change any more.
            let list = lock(&names.list);
            self.numbers = list.iter().enumerate().map(|(place, name)| (name.clone(), number(place))).collect();
            self.whole = true;
            return self.numbers.get(name).copied().unwrap_or(OTHER);
        }
        let number = names.number(name);
        self.numbers.insert(name.into(), number);
        number
    }
}

/// The number of the name at a place in the list, which is short.
fn number(place: usize) -> u16 {
    u16::try_from(place + 2).unwrap_or(OTHER)
}
