//! The journal: what was asked and answered, for tests that look.
//!
//! Each worker writes into a segment of its own, one entry behind the other, copied and without credentials. A full segment
//! goes to the shelf that all workers share, and the oldest one there is emptied for what comes next: so a busy worker may use
//! the memory of idle ones, and a lock is shared only once a segment. Reading works on copies, and stops nobody.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config;
use crate::record::{self, Record};

mod entry;
pub mod filter;
mod read;
mod redact;
mod segment;
#[cfg(test)]
mod tests;
mod told;

use entry::Draft;
pub use entry::Entry;
pub use read::{Cursor, Page};
use segment::Segment;
pub use told::EntryJson;

/// A segment is no larger, unless one entry is.
const SEGMENT: usize = 256 << 10;

/// What was asked and answered, bounded: the oldest entries go first.
pub struct Journal {
    /// What each worker writes into.
    open: Box<[Open]>,
    shelf: Mutex<Shelf>,
    /// How many entries are shown; 0: none is written.
    entries: AtomicUsize,
    /// How much of a body is kept, in bytes.
    body: AtomicUsize,
}

/// A worker's segment, on cache lines of its own.
#[repr(align(128))]
#[derive(Default)]
struct Open(Mutex<Segment>);

/// What is written full, and the bounds of all.
#[derive(Default)]
struct Shelf {
    /// Oldest first.
    full: VecDeque<Arc<Segment>>,
    /// Entries on the shelf.
    entries: usize,
    /// Bytes of all segments, those that are open included.
    bytes: usize,
    /// Numbers that were given to segments.
    numbers: u64,
    most_entries: usize,
    most_bytes: usize,
    segment: usize,
}

impl Journal {
    /// An empty journal for so many workers.
    pub fn new(workers: usize, limits: config::Journal) -> Self {
        let journal = Self {
            open: (0..workers.max(1)).map(|_| Open::default()).collect(),
            shelf: Mutex::default(),
            entries: AtomicUsize::new(0),
            body: AtomicUsize::new(0),
        };
        journal.resize(limits);
        journal
    }

    /// Takes new limits, after a reload.
    pub fn resize(&self, limits: config::Journal) {
        let bytes = limits.bytes.as_usize();
        let entries = if bytes == 0 { 0 } else { limits.entries };
        {
            let mut shelf = lock(&self.shelf);
            shelf.most_entries = entries;
            shelf.most_bytes = bytes;
            shelf.segment = (bytes / self.open.len() / 4).min(SEGMENT);
            drop(shelf.make_room(0));
        }
        // No entry may take all that there is.
        self.body.store(limits.body.as_usize().min(bytes / 8), Ordering::Relaxed);
        self.entries.store(entries, Ordering::Relaxed);
        if entries == 0 {
            self.clear(None);
        }
    }

    /// Keeps an entry. Credentials are left out.
    pub fn record(&self, record: &Record<'_>) {
        if self.entries.load(Ordering::Relaxed) == 0 {
            return;
        }
        let entry = Draft::new(record, self.body.load(Ordering::Relaxed));
        let mut open = lock(&self.open[record::worker() % self.open.len()].0);
        if open.write(&entry).is_none() {
            self.turn_over(&mut open, entry.size());
            open.write(&entry);
        }
    }

    /// Forgets the entries of a session, or all.
    pub fn clear(&self, session: Option<&str>) {
        match session {
            Some(name) => {
                for open in &self.open {
                    lock(&open.0).forget(name);
                }
                // What was open a moment ago is on the shelf now, if it is no longer open.
                let full: Vec<_> = lock(&self.shelf).full.iter().cloned().collect();
                full.iter().for_each(|segment| segment.forget(name));
            }
            None => {
                for open in &self.open {
                    let mut open = lock(&open.0);
                    let gone = std::mem::take(&mut *open);
                    lock(&self.shelf).bytes -= gone.capacity();
                }
                let mut shelf = lock(&self.shelf);
                let gone = std::mem::take(&mut shelf.full);
                shelf.bytes -= gone.iter().map(|segment| segment.capacity()).sum::<usize>();
                shelf.entries = 0;
            }
        }
    }

    /// Puts a segment on the shelf, and takes an empty one that has room for so much.
    #[cold]
    fn turn_over(&self, open: &mut Segment, wanted: usize) {
        let full = std::mem::take(open);
        let mut shelf = lock(&self.shelf);
        shelf.put(full);
        shelf.numbers += 1;
        let (number, size) = (shelf.numbers, shelf.segment.max(wanted));
        let emptied = shelf.make_room(Segment::cost(size)).map(|segment| segment.emptied(number));
        *open = emptied.filter(|segment| segment.size() >= size).unwrap_or_else(|| Segment::new(number, size));
        shelf.bytes += open.capacity();
    }
}

impl Shelf {
    fn put(&mut self, segment: Segment) {
        if segment.len() == 0 {
            self.bytes -= segment.capacity();
            return;
        }
        self.entries += segment.len();
        self.full.push_back(Arc::new(segment));
    }

    /// Forgets the oldest segments until there is room for so many bytes more. Gives one of them, unless somebody reads it.
    fn make_room(&mut self, bytes: usize) -> Option<Segment> {
        let mut spare = None;
        while let Some(oldest) = self.full.front() {
            let enough = self.entries - oldest.len() >= self.most_entries;
            if !enough && self.bytes + bytes <= self.most_bytes {
                break;
            }
            self.entries -= oldest.len();
            self.bytes -= oldest.capacity();
            spare = self.full.pop_front().and_then(Arc::into_inner).or(spare);
        }
        spare
    }
}

/// A panic elsewhere leaves a segment whole, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
