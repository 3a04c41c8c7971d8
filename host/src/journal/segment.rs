//! A piece of the journal's memory: entries one behind the other, and where each of them ends.

use std::hash::Hasher;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHasher;

use super::entry::{Draft, View};

/// No entry is shorter.
const LEAST: usize = 128;

/// Entries, oldest first.
#[derive(Default)]
pub(super) struct Segment {
    /// Tells one from another.
    number: u64,
    /// The memory of the entries; what lies behind the last one means nothing.
    bytes: Box<[u8]>,
    slots: Vec<Slot>,
}

/// Where an entry lies.
struct Slot {
    end: u32,
    /// A hash of the session's name: most that is looked for is one session's.
    session: u32,
    forgotten: AtomicBool,
}

impl Segment {
    pub(super) fn new(number: u64, size: usize) -> Self {
        // Zeros that the system gives when they are first written to.
        Self { number, bytes: vec![0; size].into(), slots: Vec::with_capacity(slots(size)) }
    }

    /// What [`Segment::new`] takes.
    pub(super) const fn cost(size: usize) -> usize {
        size + slots(size) * size_of::<Slot>()
    }

    /// The same memory, with nothing in it.
    pub(super) fn emptied(mut self, number: u64) -> Self {
        self.number = number;
        self.slots.clear();
        self
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// How many entries it holds, forgotten ones included.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The memory that it takes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.len() + self.slots.capacity() * size_of::<Slot>()
    }

    fn end(&self) -> usize {
        self.slots.last().map_or(0, |last| last.end as usize)
    }

    /// The memory of its entries.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Adds an entry; none where there is no room for it.
    pub(super) fn write(&mut self, entry: &Draft<'_>) -> Option<()> {
        let end = self.end();
        if self.slots.len() == self.slots.capacity() {
            return None;
        }
        let written = entry.write(self.bytes.get_mut(end..)?)?;
        // A segment is far below 4 GiB.
        let end = u32::try_from(end + written).ok()?;
        self.slots.push(Slot { end, session: hash(entry.session()), forgotten: AtomicBool::new(false) });
        Some(())
    }

    /// Forgets the entries of a session.
    pub(super) fn forget(&self, session: &str) {
        for (slot, bytes) in self.slots() {
            if slot.session == hash(session) && View::read(bytes).is_some_and(|view| view.session == session) {
                slot.forgotten.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Its entries, or those that may be a session's: where hashes agree, names need not.
    pub(super) fn entries(&self, session: Option<&str>) -> impl Iterator<Item = &[u8]> {
        let wanted = session.map(hash);
        self.slots()
            .filter(move |(slot, _)| wanted.is_none_or(|wanted| slot.session == wanted))
            .filter(|(slot, _)| !slot.forgotten.load(Ordering::Relaxed))
            .map(|(_, bytes)| bytes)
    }

    fn slots(&self) -> impl Iterator<Item = (&Slot, &[u8])> {
        let mut start = 0;
        self.slots.iter().filter_map(move |slot| {
            let bytes = self.bytes.get(start..slot.end as usize);
            start = slot.end as usize;
            bytes.map(|bytes| (slot, bytes))
        })
    }
}

/// As many entries as a segment of this size may hold.
const fn slots(size: usize) -> usize {
    size / LEAST + 1
}

impl Clone for Segment {
    fn clone(&self) -> Self {
        let slots = self.slots.iter().map(|slot| Slot {
            end: slot.end,
            session: slot.session,
            forgotten: AtomicBool::new(slot.forgotten.load(Ordering::Relaxed)),
        });
        Self { number: self.number, bytes: self.bytes[..self.end()].into(), slots: slots.collect() }
    }
}

fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    (hasher.finish() >> 32) as u32
}
