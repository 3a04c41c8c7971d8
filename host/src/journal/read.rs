//! Reading the journal: in the order in which requests came, page by page.

use std::collections::{BinaryHeap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::entry::{Entry, View};
use super::filter::Filter;
use super::segment::Segment;
use super::{Journal, lock};

/// A place in the journal: an entry's time and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at_ns: u64,
    id: Box<str>,
}

impl Cursor {
    fn of(view: &View<'_>) -> Self {
        Self { at_ns: view.at_ns, id: view.id.into() }
    }

    /// Whether an entry comes behind this place.
    fn is_before(&self, view: &View<'_>) -> bool {
        (self.at_ns, &*self.id) < (view.at_ns, view.id)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}", self.at_ns, self.id)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (at, id) = text.split_once('.').unwrap_or_default();
        let at_ns = u64::from_str_radix(at, 16)
            .map_err(|_| format!("found `{text}`, expected the `next` of the page before, as it is"))?;
        Ok(Self { at_ns, id: id.into() })
    }
}

/// Some entries, and where the next ones begin.
#[derive(Debug, Default)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// The place of the last one, where more come behind it.
    pub next: Option<Cursor>,
}

/// An entry on its way into a page: ordered by its place alone.
struct Placed(Cursor, Entry);

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Placed {}
impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Placed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl Journal {
    /// The entries that a filter lets through, from a place on, and so many of them.
    pub fn page(&self, filter: &Filter, after: Option<&Cursor>, limit: usize) -> Page {
        let mut first: BinaryHeap<Placed> = BinaryHeap::with_capacity(limit.min(1_000) + 2);
        self.visit(filter.session(), |view, bytes| {
            let comes = after.is_none_or(|after| after.is_before(view))
                && (first.len() <= limit || first.peek().is_some_and(|last| !last.0.is_before(view)));
            if comes && filter.admits(view) {
                first.push(Placed(Cursor::of(view), Entry::new(bytes)));
                if first.len() > limit + 1 {
                    first.pop();
                }
            }
        });
        let more = first.len() > limit;
        let mut entries = first.into_sorted_vec();
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|last| last.0.clone());
        Page { entries: entries.into_iter().map(|placed| placed.1).collect(), next }
    }

    /// The entry of that id; the newest, where a session that was reset gave it twice.
    pub fn find(&self, id: &str) -> Option<Entry> {
        let mut found: Option<Placed> = None;
        self.visit(None, |view, bytes| {
            if view.id == id && found.as_ref().is_none_or(|found| found.0.is_before(view)) {
                found = Some(Placed(Cursor::of(view), Entry::new(bytes)));
            }
        });
        found.map(|found| found.1)
    }

    /// Looks at every entry in no order; where a session is named, at those that may be its.
    pub fn visit(&self, session: Option<&str>, mut look: impl FnMut(&View<'_>, &[u8])) {
        let segments = self.segments();
        let oldest = self.oldest(&segments);
        for bytes in segments.iter().flat_map(|segment| segment.entries(session)) {
            if let Some(oldest) = &oldest
                && View::place(bytes).is_none_or(|place| place < (oldest.at_ns, &*oldest.id))
            {
                continue;
            }
            if let Some(view) = View::read(bytes) {
                look(&view, bytes);
            }
        }
    }

    /// All that is written by now. Segments that are open are copied: their workers go on meanwhile.
    fn segments(&self) -> Vec<Arc<Segment>> {
        let open: Vec<Segment> = self.open.iter().map(|open| lock(&open.0).clone()).collect();
        let mut segments: Vec<Arc<Segment>> = lock(&self.shelf).full.iter().cloned().collect();
        // One that was open a moment ago may be on the shelf by now.
        let full: HashSet<u64> = segments.iter().map(|segment| segment.number()).collect();
        segments.extend(open.into_iter().filter(|segment| !full.contains(&segment.number())).map(Arc::new));
        segments
    }

    /// The place of the oldest entry that is shown; none where all are. Segments are emptied as a whole, and may hold more than
    /// is asked for.
    fn oldest(&self, segments: &[Arc<Segment>]) -> Option<Cursor> {
        let most = self.entries.load(Ordering::Relaxed).max(1);
        if segments.iter().map(|segment| segment.len()).sum::<usize>() <= most {
            return None;
        }
        let entries = segments.iter().flat_map(|segment| segment.entries(None));
        let mut places: Vec<(u64, &str)> = entries.filter_map(View::place).collect();
        let more = places.len().checked_sub(most)?;
        let (_, &mut (at_ns, id), _) = places.select_nth_unstable(more);
        Some(Cursor { at_ns, id: id.into() })
    }
}
