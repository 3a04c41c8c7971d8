//! One session: its counters, and what strategies keep in it, bounded for each of them and for all sessions together.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;

/// What one strategy may keep in one session, keys and values together, in bytes.
pub const MAX_STATE_BYTES: usize = 1 << 20;
/// What all sessions of a server may keep together, in bytes; each key counts 96 more, for its place in the map.
pub const MAX_TOTAL_BYTES: usize = 256 << 20;
/// What a key and its value take in memory beside their text, about.
const PER_KEY: usize = 96;

/// What is remembered of one session.
#[derive(Debug)]
pub struct Session {
    name: Box<str>,
    turns: AtomicU64,
    others: AtomicU64,
    /// Whether any strategy ever kept something: spares the lock where none does. Changes under the lock.
    has_state: AtomicBool,
    state: Mutex<State>,
    room: Arc<Room>,
}

/// What strategies keep, by their names.
type State = HashMap<Box<str>, Bag>;

#[derive(Debug, Default, Clone)]
struct Bag {
    values: HashMap<String, String>,
    bytes: usize,
}

/// How much all sessions of a server keep.
#[derive(Debug, Default)]
pub(super) struct Room(AtomicUsize);

/// Why a value was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateError {
    /// The strategy's share of the session is used up, or the room of all sessions is.
    Full,
    /// The value is no decimal integer, or adding to it overflows.
    NotANumber,
}

impl Session {
    /// A session that no server knows: for trials and tests.
    pub fn named(name: &str) -> Self {
        Self::within(name, Arc::default())
    }

    /// A session that shares the room of others.
    pub(super) fn within(name: &str, room: Arc<Room>) -> Self {
        Self {
            name: name.into(),
            turns: AtomicU64::default(),
            others: AtomicU64::default(),
            has_state: AtomicBool::default(),
            state: Mutex::default(),
            room,
        }
    }

    /// A copy that no server knows: what happens to it does not happen to this one.
    pub fn overlay(&self) -> Self {
        let state = lock(&self.state).clone();
        Self {
            name: self.name.clone(),
            turns: AtomicU64::new(self.turns.load(Ordering::Relaxed)),
            others: AtomicU64::new(self.others.load(Ordering::Relaxed)),
            has_state: AtomicBool::new(!state.is_empty()),
            state: Mutex::new(state),
            // As full as the original finds it.
            room: Arc::new(Room(AtomicUsize::new(self.room.used()))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The turn of a request that strategies will see: how many came before.
    pub fn next_turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// How many requests strategies saw.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Counts a request that no strategy sees, so that its id is unique and eats no turn.
    pub fn next_other(&self) -> u64 {
        self.others.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether any strategy may have kept something.
    pub fn has_state(&self) -> bool {
        self.has_state.load(Ordering::Acquire)
    }

    /// What strategies keep, keys and values together, in bytes.
    pub fn bytes(&self) -> usize {
        lock(&self.state).values().map(|bag| bag.bytes).sum()
    }

    /// Everything that is kept, by strategy and key.
    pub fn snapshot(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let state = lock(&self.state);
        let kept = state.iter().filter(|(_, bag)| !bag.values.is_empty());
        kept.map(|(strategy, bag)| {
            let values = bag.values.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            (strategy.to_string(), values)
        })
        .collect()
    }

    /// A value that a strategy kept.
    pub fn get(&self, strategy: &str, key: &str) -> Option<String> {
        lock(&self.state).get(strategy)?.values.get(key).cloned()
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// [`StateError::Full`].
    pub fn set(&self, strategy: &str, key: String, value: String) -> Result<(), StateError> {
        self.change(strategy, |bag| bag.set(key, value, &self.room))
    }

    /// Forgets a value.
    pub fn delete(&self, strategy: &str, key: &str) {
        if let Some(bag) = lock(&self.state).get_mut(strategy)
            && let Some(value) = bag.values.remove(key)
        {
            bag.bytes -= key.len() + value.len();
            self.room.give_back(key.len() + value.len() + PER_KEY);
        }
    }

    /// Adds to a number, and returns the one before.
    ///
    /// # Errors
    /// Either [`StateError`].
    pub fn fetch_add(&self, strategy: &str, key: String, delta: i64) -> Result<i64, StateError> {
        self.change(strategy, |bag| {
            let before = match bag.values.get(&key) {
                None => 0,
                Some(value) => value.parse().map_err(|_| StateError::NotANumber)?,
            };
            let after: i64 = i64::checked_add(before, delta).ok_or(StateError::NotANumber)?;
            bag.set(key, after.to_string(), &self.room)?;
            Ok(before)
        })
    }

    /// Begins anew: no state, and the first turn.
    pub(super) fn clear(&self) {
        let mut state = lock(&self.state);
        self.room.give_back(weight(&state));
        *state = State::new();
        self.has_state.store(false, Ordering::Release);
        self.turns.store(0, Ordering::Relaxed);
        self.others.store(0, Ordering::Relaxed);
    }

    fn change<T>(
        &self,
        strategy: &str,
        change: impl FnOnce(&mut Bag) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let mut state = lock(&self.state);
        self.has_state.store(true, Ordering::Release);
        match state.get_mut(strategy) {
            Some(bag) => change(bag),
            None => change(state.entry(strategy.into()).or_default()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.room.give_back(weight(state));
    }
}

impl Bag {
    fn set(&mut self, key: String, value: String, room: &Room) -> Result<(), StateError> {
        let (old, place) = match self.values.get(&key) {
            Some(old) => (key.len() + old.len(), 0),
            None => (0, PER_KEY),
        };
        let new = key.len() + value.len();
        let bytes = self.bytes - old + new;
        if bytes > MAX_STATE_BYTES {
            return Err(StateError::Full);
        }
        match (new + place).checked_sub(old) {
            Some(more) => room.take(more)?,
            None => room.give_back(old - new),
        }
        self.bytes = bytes;
        self.values.insert(key, value);
        Ok(())
    }
}

impl Room {
    pub(super) fn used(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> Result<(), StateError> {
        let taken = |used: usize| Some(used + bytes).filter(|used| *used <= MAX_TOTAL_BYTES);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).map(|_| ()).map_err(|_| StateError::Full)
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

fn weight(state: &State) -> usize {
    state.values().map(|bag| bag.bytes + bag.values.len() * PER_KEY).sum()
}
