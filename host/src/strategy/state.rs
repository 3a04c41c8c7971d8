//! Sessions: what the server remembers from one request to the next.
//!
//! A session has a counter of turns and, per strategy, a small key-value store. Sessions lie in shards by the hash of their
//! name; a request takes a shard's lock once, to find its session, and a strategy that uses state takes that session's lock.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The session of a request that names none.
pub const COMMON: &str = "default";
/// How many sessions are remembered; past it, those that were idle longest are forgotten.
pub const MAX_SESSIONS: usize = 16_384;
/// What one strategy may keep in one session, keys and values together, in bytes.
pub const MAX_STATE_BYTES: usize = 1 << 20;
/// A session's name may be so long, in bytes; a longer one is known by its SHA-256.
pub const MAX_NAME: usize = 256;
const SHARDS: usize = 16;

/// Sessions by name, each with the time of its last use.
type Shard = HashMap<Box<str>, (Arc<Session>, u64)>;

/// All sessions of a server.
pub struct Sessions {
    common: Arc<Session>,
    shards: [Mutex<Shard>; SHARDS],
    /// Advances with every look-up: the age of a session's last use.
    clock: AtomicU64,
}

/// What is remembered of one session.
#[derive(Debug, Default)]
pub struct Session {
    name: Box<str>,
    turns: AtomicU64,
    others: AtomicU64,
    /// Whether any strategy ever kept something: spares the lock where none does.
    has_state: AtomicBool,
    state: Mutex<HashMap<Box<str>, Bag>>,
}

#[derive(Debug, Default)]
struct Bag {
    values: HashMap<String, String>,
    bytes: usize,
}

/// Why a value was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateError {
    /// The strategy's share of the session is used up.
    Full,
    /// The value is no decimal integer, or adding to it overflows.
    NotANumber,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            common: Arc::new(Session::named(COMMON)),
            shards: std::array::from_fn(|_| Mutex::default()),
            clock: AtomicU64::new(0),
        }
    }
}

impl Sessions {
    /// The session of that name, made where there is none yet; the common one for no name.
    pub fn get(&self, name: Option<&str>) -> Arc<Session> {
        let Some(name) = name.filter(|name| *name != COMMON) else { return Arc::clone(&self.common) };
        if name.len() > MAX_NAME {
            return self.get(Some(&super::cache::hex(&super::cache::digest(name.as_bytes()))));
        }
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let mut shard = lock(&self.shards[(hasher.finish() as usize) % SHARDS]);
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        if let Some((session, used)) = shard.get_mut(name) {
            *used = now;
            return Arc::clone(session);
        }
        if shard.len() >= MAX_SESSIONS / SHARDS
            && let Some(oldest) = shard.iter().min_by_key(|(_, (_, used))| *used).map(|(name, _)| name.clone())
        {
            shard.remove(&oldest);
        }
        let session = Arc::new(Session::named(name));
        shard.insert(name.into(), (Arc::clone(&session), now));
        session
    }
}

impl Session {
    /// A session that no server knows: for trials and tests.
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The turn of a request that strategies will see: how many came before.
    pub fn next_turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a request that no strategy sees, so that its id is unique and eats no turn.
    pub fn next_other(&self) -> u64 {
        self.others.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether any strategy may have kept something.
    pub fn has_state(&self) -> bool {
        self.has_state.load(Ordering::Acquire)
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
        self.has_state.store(true, Ordering::Release);
        lock(&self.state).entry(strategy.into()).or_default().set(key, value)
    }

    /// Forgets a value.
    pub fn delete(&self, strategy: &str, key: &str) {
        if let Some(bag) = lock(&self.state).get_mut(strategy)
            && let Some(value) = bag.values.remove(key)
        {
            bag.bytes -= key.len() + value.len();
        }
    }

    /// Adds to a number, and returns the one before.
    ///
    /// # Errors
    /// Either [`StateError`].
    pub fn fetch_add(&self, strategy: &str, key: String, delta: i64) -> Result<i64, StateError> {
        self.has_state.store(true, Ordering::Release);
        let mut state = lock(&self.state);
        let bag = state.entry(strategy.into()).or_default();
        let before = match bag.values.get(&key) {
            None => 0,
            Some(value) => value.parse().map_err(|_| StateError::NotANumber)?,
        };
        let after: i64 = i64::checked_add(before, delta).ok_or(StateError::NotANumber)?;
        bag.set(key, after.to_string())?;
        Ok(before)
    }
}

impl Bag {
    fn set(&mut self, key: String, value: String) -> Result<(), StateError> {
        let replaced = self.values.get(&key).map_or(0, |old| key.len() + old.len());
        let bytes = self.bytes - replaced + key.len() + value.len();
        if bytes > MAX_STATE_BYTES {
            return Err(StateError::Full);
        }
        self.bytes = bytes;
        self.values.insert(key, value);
        Ok(())
    }
}

/// A panic elsewhere leaves these maps whole, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_bounded_and_freed_by_what_is_deleted() {
        let session = Session::named("s");
        let large = "x".repeat(MAX_STATE_BYTES - 1);
        assert_eq!(session.set("a", "k".into(), large), Ok(()));
        assert_eq!(session.set("a", "l".into(), "1".into()), Err(StateError::Full));
        assert_eq!(session.set("b", "l".into(), "1".into()), Ok(()), "each strategy has its own share");
        session.delete("a", "k");
        assert_eq!(session.set("a", "l".into(), "1".into()), Ok(()));
    }

    #[test]
    fn counting_starts_at_zero_and_refuses_what_is_no_number() {
        let session = Session::named("s");
        assert_eq!(session.fetch_add("a", "n".into(), 5), Ok(0));
        assert_eq!(session.fetch_add("a", "n".into(), -7), Ok(5));
        assert_eq!(session.get("a", "n").as_deref(), Some("-2"));
        session.set("a", "n".into(), "many".into()).unwrap();
        assert_eq!(session.fetch_add("a", "n".into(), 1), Err(StateError::NotANumber));
        session.set("a", "n".into(), i64::MAX.to_string()).unwrap();
        assert_eq!(session.fetch_add("a", "n".into(), 1), Err(StateError::NotANumber));
    }

    #[test]
    fn a_long_name_is_a_session_like_any_other_and_takes_little_memory() {
        let sessions = Sessions::default();
        let (long, other) = ("x".repeat(100_000), "y".repeat(100_000));
        assert_eq!(sessions.get(Some(&long)).next_turn(), 0);
        assert_eq!(sessions.get(Some(&long)).next_turn(), 1);
        assert_eq!(sessions.get(Some(&other)).next_turn(), 0);
        assert_eq!(sessions.get(Some(&long)).name().len(), 64);
    }

    #[test]
    fn sessions_are_bounded_and_the_idle_go_first() {
        let sessions = Sessions::default();
        assert_eq!(sessions.get(Some("kept")).next_turn(), 0);
        for i in 0..MAX_SESSIONS * 2 {
            sessions.get(Some(&i.to_string()));
            sessions.get(Some("kept"));
        }
        assert_eq!(sessions.get(Some("kept")).next_turn(), 1);
        assert!(sessions.shards.iter().map(|s| lock(s).len()).sum::<usize>() <= MAX_SESSIONS);
    }
}
