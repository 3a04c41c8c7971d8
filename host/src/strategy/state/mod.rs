//! Sessions: what the server remembers from one request to the next.
//!
//! A session has a counter of turns and, per strategy, a small key-value store. Sessions lie in shards by the hash of their
//! name; a request takes a shard's lock once, to find its session, and a strategy that uses state takes that session's lock.
//! A request that names no session takes no lock at all.

mod session;

use std::collections::BinaryHeap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use self::session::Room;
pub use self::session::{MAX_STATE_BYTES, MAX_TOTAL_BYTES, Session, StateError};

/// The session of a request that names none.
pub const COMMON: &str = "default";
/// How many sessions are remembered; past it, those that were idle longest are forgotten.
pub const MAX_SESSIONS: usize = 16_384;
/// A session that was idle for longer than this is forgotten. Nothing waits for that: one of the look-ups that follow does it.
pub const MAX_IDLE: Duration = Duration::from_secs(3_600);
/// A session's name may be so long, in bytes; a longer one is known by its SHA-256.
pub const MAX_NAME: usize = 256;
const SHARDS: usize = 16;
/// So often, in seconds, one look-up forgets what is idle in every shard; the others look at their own session alone.
const SWEEP_S: u64 = 60;

/// Sessions by name, in the order of their last use.
type Shard = LruCache<Box<str>, Entry>;

struct Entry {
    session: Arc<Session>,
    used: Instant,
}

/// All sessions of a server.
pub struct Sessions {
    common: Arc<Session>,
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// How many sessions all shards hold.
    count: AtomicUsize,
    /// What all sessions keep, together.
    room: Arc<Room>,
    started: Instant,
    /// Seconds from `started` to the last sweep.
    swept: AtomicU64,
}

impl Default for Sessions {
    fn default() -> Self {
        let room = Arc::<Room>::default();
        Self {
            common: Arc::new(Session::within(COMMON, Arc::clone(&room))),
            shards: std::array::from_fn(|_| Mutex::new(LruCache::unbounded())),
            hasher: RandomState::new(),
            count: AtomicUsize::new(0),
            room,
            started: Instant::now(),
            swept: AtomicU64::new(0),
        }
    }
}

impl Sessions {
    /// The session of that name, made where there is none yet; the common one for no name.
    pub fn get(&self, name: Option<&str>) -> Arc<Session> {
        match name {
            Some(name) if name != COMMON => self.get_at(&known_as(name), Instant::now()),
            _ => Arc::clone(&self.common),
        }
    }

    /// The session of that name, where there is one. It is not used by that: it grows as old as before.
    pub fn peek(&self, name: &str) -> Option<Arc<Session>> {
        if name == COMMON {
            return Some(Arc::clone(&self.common));
        }
        self.peek_at(&known_as(name), Instant::now())
    }

    /// The names of at most so many sessions, in the order of their bytes, from the one that follows this name on. The common
    /// session is always there.
    pub fn names(&self, after: Option<&str>, limit: usize) -> Vec<String> {
        let now = Instant::now();
        // The first names seen so far, the last of them on top.
        let mut first = BinaryHeap::new();
        let mut add = |name: &str| {
            if after.is_some_and(|after| name <= after) {
                return;
            }
            if first.len() < limit {
                first.push(name.to_owned());
            } else if let Some(mut last) = first.peek_mut()
                && name < last.as_str()
            {
                *last = name.to_owned();
            }
        };
        add(COMMON);
        for shard in &self.shards {
            lock(shard).iter().filter(|(_, entry)| !entry.is_idle(now)).for_each(|(name, _)| add(name));
        }
        first.into_sorted_vec()
    }

    /// One session begins anew, or all do: its state and its turns. A request in flight may finish with what there was.
    pub fn reset(&self, name: Option<&str>) {
        match name {
            Some(COMMON) => self.common.clear(),
            Some(name) => {
                let name = known_as(name);
                if lock(self.shard(&name)).pop(&*name).is_some() {
                    self.count.fetch_sub(1, Ordering::Relaxed);
                }
            }
            None => {
                self.common.clear();
                for shard in &self.shards {
                    let gone = std::mem::replace(&mut *lock(shard), LruCache::unbounded());
                    self.count.fetch_sub(gone.len(), Ordering::Relaxed);
                }
            }
        }
    }

    /// How many sessions are remembered, the common one included.
    pub fn count(&self) -> usize {
        self.sweep(Instant::now());
        self.count.load(Ordering::Relaxed) + 1
    }

    /// What all sessions keep, in bytes, as [`MAX_TOTAL_BYTES`] counts them.
    pub fn bytes(&self) -> usize {
        self.room.used()
    }

    fn get_at(&self, name: &str, now: Instant) -> Arc<Session> {
        let seconds = now.saturating_duration_since(self.started).as_secs();
        let swept = self.swept.load(Ordering::Relaxed);
        if seconds >= swept + SWEEP_S
            && self.swept.compare_exchange(swept, seconds, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.sweep(now);
        }
        let mut shard = lock(self.shard(name));
        if let Some(entry) = shard.get_mut(name) {
            if entry.is_idle(now) {
                entry.session = self.make(name);
            }
            entry.used = now;
            return Arc::clone(&entry.session);
        }
        let session = self.make(name);
        shard.put(name.into(), Entry { session: Arc::clone(&session), used: now });
        if self.count.fetch_add(1, Ordering::Relaxed) < MAX_SESSIONS {
            return session;
        }
        // The one that was idle longest of this shard goes, which is about the oldest of all; of another, where the new one
        // is alone in this.
        let mut gone = if shard.len() > 1 { shard.pop_lru() } else { None };
        drop(shard);
        let mut others = self.shards.iter();
        while gone.is_none()
            && let Some(other) = others.next()
        {
            let mut other = lock(other);
            gone = if other.len() > 1 { other.pop_lru() } else { None };
        }
        if gone.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        session
    }

    fn peek_at(&self, name: &str, now: Instant) -> Option<Arc<Session>> {
        let shard = lock(self.shard(name));
        shard.peek(name).filter(|entry| !entry.is_idle(now)).map(|entry| Arc::clone(&entry.session))
    }

    /// Forgets what is idle. The oldest come first, so that nothing else is looked at.
    fn sweep(&self, now: Instant) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            let mut gone = Vec::new();
            while shard.peek_lru().is_some_and(|(_, entry)| entry.is_idle(now)) {
                gone.extend(shard.pop_lru());
            }
            drop(shard);
            // What they kept is freed without the lock.
            self.count.fetch_sub(gone.len(), Ordering::Relaxed);
        }
    }

    fn make(&self, name: &str) -> Arc<Session> {
        Arc::new(Session::within(name, Arc::clone(&self.room)))
    }

    fn shard(&self, name: &str) -> &Mutex<Shard> {
        &self.shards[(self.hasher.hash_one(name) as usize) % SHARDS]
    }
}

impl Entry {
    fn is_idle(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) > MAX_IDLE
    }
}

/// The name under which a session is kept.
fn known_as(name: &str) -> std::borrow::Cow<'_, str> {
    if name.len() <= MAX_NAME {
        return name.into();
    }
    crate::strategy::cache::hex(&crate::strategy::cache::digest(name.as_bytes())).into()
}

/// A panic elsewhere leaves these maps whole, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
