//! The clock that interrupts guests: it advances the engines' epochs, and rests while no guest runs.
//!
//! A wake-up costs tens of microseconds, so that a clock which always ticks would be what an idle server does all day. A call
//! says how long the clock has to go on ([`keep_ticking`]), which is two loads where it does so anyway.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often the epoch advances: the grain of every deadline.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The clock goes on for so many ticks after the last call, so that a busy server seldom writes [`UNTIL`].
const LINGER: u64 = 100;

/// Ticks since the process began.
static NOW: AtomicU64 = AtomicU64::new(0);
/// The tick at which the clock may rest.
static UNTIL: AtomicU64 = AtomicU64::new(0);
static ENGINES: Mutex<Vec<EngineWeak>> = Mutex::new(Vec::new());
static CLOCK: OnceLock<Thread> = OnceLock::new();

/// Advances this engine's epoch from now on.
///
/// # Errors
/// There can be no further thread.
pub(super) fn drive(engine: &Engine) -> std::io::Result<()> {
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    engines.push(engine.weak());
    if CLOCK.get().is_none() {
        let clock = thread::Builder::new().name("standin-epoch".into()).spawn(tick)?;
        CLOCK.get_or_init(|| clock.thread().clone());
    }
    Ok(())
}

/// A guest is about to run, and has to be interrupted after so many ticks.
pub(super) fn keep_ticking(ticks: u64) {
    let needed = NOW.load(Ordering::Relaxed).saturating_add(ticks);
    if UNTIL.load(Ordering::Relaxed) <= needed {
        UNTIL.fetch_max(needed.saturating_add(LINGER), Ordering::SeqCst);
        if let Some(clock) = CLOCK.get() {
            clock.unpark();
        }
    }
}

fn tick() {
    loop {
        // An `unpark` that came just before is not lost: `park` then returns at once.
        if UNTIL.load(Ordering::SeqCst) <= NOW.load(Ordering::Relaxed) {
            thread::park();
            continue;
        }
        thread::sleep(TICK);
        NOW.fetch_add(1, Ordering::Relaxed);
        for engine in ENGINES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(EngineWeak::upgrade) {
            engine.increment_epoch();
        }
    }
}
