//! Answers that clients ask for again by their id: bounded in number and bytes, the oldest go first.
//!
//! A conversation is a chain of answers, each of which names the one that it continues. They outlive a reload.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::{History, Kept};

/// How many answers are kept.
pub const MAX_ANSWERS: usize = 10_000;
/// How many bytes they may take, all together.
pub const MAX_BYTES: usize = 64 << 20;
/// How many answers a conversation may have; older ones are left out of it.
const MAX_TURNS: usize = 1_000;

/// How far an answer is that nobody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody asked for it yet.
    Queued,
    /// It is there.
    Completed,
    /// It was called off before anybody asked for it.
    Cancelled,
}

/// The answers that are kept.
#[derive(Default)]
pub struct KeptAnswers {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    answers: HashMap<String, Entry>,
    items: HashMap<String, Arc<str>>,
    /// Ids in the order of their keeping; a deleted one stays until its turn to go.
    order: VecDeque<String>,
    bytes: usize,
}

struct Entry {
    kept: Arc<Kept>,
    progress: Progress,
}

impl KeptAnswers {
    /// Keeps an answer, and lets the oldest go where there are too many. One that is larger than all the room is not kept.
    pub fn keep(&self, kept: Kept) {
        let bytes = size(&kept);
        if bytes > MAX_BYTES {
            return;
        }
        let mut inner = self.lock();
        inner.remove(&kept.id);
        let progress = if kept.background { Progress::Queued } else { Progress::Completed };
        // A client that sends an item back sends its id too: it stays the item of the answer that it came from.
        for (id, item) in kept.input.iter().chain(&kept.output) {
            inner.items.entry(id.clone()).or_insert_with(|| Arc::clone(item));
        }
        inner.bytes += bytes;
        inner.order.push_back(kept.id.clone());
        inner.answers.insert(kept.id.clone(), Entry { kept: Arc::new(kept), progress });
        while inner.bytes > MAX_BYTES || inner.order.len() > MAX_ANSWERS {
            let Some(oldest) = inner.order.pop_front() else { break };
            inner.remove(&oldest);
        }
    }

    /// An answer, for a client that asks for it: one that was queued is there from now on.
    pub fn get(&self, id: &str) -> Option<(Arc<Kept>, Progress)> {
        let mut inner = self.lock();
        let entry = inner.answers.get_mut(id)?;
        if entry.progress == Progress::Queued {
            entry.progress = Progress::Completed;
        }
        Some((Arc::clone(&entry.kept), entry.progress))
    }

    /// What was kept, for somebody who does not ask for the answer.
    pub fn peek(&self, id: &str) -> Option<Arc<Kept>> {
        self.lock().answers.get(id).map(|entry| Arc::clone(&entry.kept))
    }

    /// Calls an answer off, if nobody asked for it yet.
    pub fn cancel(&self, id: &str) -> Option<(Arc<Kept>, Progress)> {
        let mut inner = self.lock();
        let entry = inner.answers.get_mut(id)?;
        if entry.progress == Progress::Queued {
            entry.progress = Progress::Cancelled;
        }
        Some((Arc::clone(&entry.kept), entry.progress))
    }

    /// Forgets an answer; false where there is none.
    pub fn delete(&self, id: &str) -> bool {
        self.lock().remove(id)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn remove(&mut self, id: &str) -> bool {
        let Some(entry) = self.answers.remove(id) else { return false };
        self.bytes -= size(&entry.kept);
        for (id, item) in entry.kept.input.iter().chain(&entry.kept.output) {
            if self.items.get(id).is_some_and(|it| Arc::ptr_eq(it, item)) {
                self.items.remove(id);
            }
        }
        // Deleted by a client: the ids of those that are gone must not pile up.
        if self.order.len() > 2 * self.answers.len() + 16 {
            let answers = &self.answers;
            self.order.retain(|id| answers.contains_key(id));
        }
        true
    }
}

impl History for KeptAnswers {
    fn conversation(&self, id: &str) -> Option<Vec<Arc<str>>> {
        let inner = self.lock();
        let mut turns = Vec::new();
        let mut next = Some(id.to_owned());
        while let Some(id) = next
            && turns.len() < MAX_TURNS
        {
            let kept = &inner.answers.get(&id)?.kept;
            turns.push(Arc::clone(kept));
            next = kept.previous.clone();
        }
        let items = turns.iter().rev().flat_map(|turn| turn.input.iter().chain(&turn.output));
        Some(items.map(|(_, item)| Arc::clone(item)).collect())
    }

    fn item(&self, id: &str) -> Option<Arc<str>> {
        self.lock().items.get(id).cloned()
    }
}

/// What an answer takes, with its ids and its place in the tables.
fn size(kept: &Kept) -> usize {
    const ENTRY: usize = 256;
    let items = kept.input.iter().chain(&kept.output).map(|(id, item)| ENTRY + 2 * id.len() + item.len());
    ENTRY + 3 * kept.id.len() + kept.answer.len() + items.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(id: &str, previous: Option<&str>) -> Kept {
        let item = |side: &str| vec![(format!("{side}_{id}"), Arc::from(format!("{side} of {id}")))];
        Kept {
            id: id.into(),
            previous: previous.map(str::to_owned),
            answer: Arc::from(format!("answer {id}")),
            input: item("in"),
            output: item("out"),
            background: false,
        }
    }

    #[test]
    fn a_conversation_is_told_from_its_beginning() {
        let answers = KeptAnswers::default();
        answers.keep(kept("a", None));
        answers.keep(kept("b", Some("a")));
        answers.keep(kept("other", None));
        let told = answers.conversation("b").unwrap();
        assert_eq!(told.iter().map(|it| &**it).collect::<Vec<_>>(), ["in of a", "out of a", "in of b", "out of b"]);
        assert!(answers.delete("a"));
        assert_eq!(answers.conversation("b"), None);
        assert_eq!(answers.item("in_a"), None);
        assert_eq!(answers.item("in_b").as_deref(), Some("in of b"));
        assert!(!answers.delete("a"));
    }

    #[test]
    fn an_item_that_is_sent_back_stays_that_of_its_answer() {
        let answers = KeptAnswers::default();
        answers.keep(kept("a", None));
        let again = ("out_a".to_owned(), Arc::from("sent back"));
        answers.keep(Kept { input: vec![again], ..kept("b", None) });
        assert_eq!(answers.item("out_a").as_deref(), Some("out of a"));
        assert!(answers.delete("b"));
        assert_eq!(answers.item("out_a").as_deref(), Some("out of a"));
    }

    #[test]
    fn the_oldest_go_first() {
        let answers = KeptAnswers::default();
        for number in 0..MAX_ANSWERS + 5 {
            answers.keep(kept(&number.to_string(), None));
        }
        assert!(answers.get("4").is_none() && answers.item("in_4").is_none());
        assert!(answers.get("5").is_some());
        let inner = answers.lock();
        assert_eq!(
            (inner.answers.len(), inner.order.len(), inner.items.len()),
            (MAX_ANSWERS, MAX_ANSWERS, 2 * MAX_ANSWERS)
        );
    }

    #[test]
    fn the_bytes_are_bounded_and_add_up() {
        let answers = KeptAnswers::default();
        let long = |id: usize| Kept { answer: Arc::from("x".repeat(1 << 20)), ..kept(&id.to_string(), None) };
        (0..100).for_each(|id| answers.keep(long(id)));
        assert!(answers.lock().bytes <= MAX_BYTES);
        assert!(answers.get("99").is_some() && answers.get("0").is_none());
        answers.keep(Kept { answer: Arc::from("x".repeat(MAX_BYTES)), ..kept("giant", None) });
        assert!(answers.get("giant").is_none() && answers.get("99").is_some());
        for id in 0..100 {
            answers.delete(&id.to_string());
        }
        let inner = answers.lock();
        assert_eq!((inner.bytes, inner.answers.len(), inner.items.len()), (0, 0, 0));
        assert!(inner.order.len() < 20);
    }

    #[test]
    fn what_nobody_waits_for_can_be_called_off_until_it_is_asked_for() {
        let answers = KeptAnswers::default();
        for id in ["a", "b"] {
            answers.keep(Kept { background: true, ..kept(id, None) });
        }
        let progress = |found: Option<(Arc<Kept>, Progress)>| found.map(|(_, progress)| progress);
        assert!(answers.peek("a").is_some() && answers.peek("c").is_none());
        assert_eq!(progress(answers.cancel("a")), Some(Progress::Cancelled));
        assert_eq!(progress(answers.get("a")), Some(Progress::Cancelled));
        assert_eq!(progress(answers.get("b")), Some(Progress::Completed));
        assert_eq!(progress(answers.cancel("b")), Some(Progress::Completed));
        assert_eq!(progress(answers.cancel("c")), None);
    }
}
