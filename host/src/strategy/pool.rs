//! The warm instances of one worker thread: at most one per stage of its chain, without a lock.
//!
//! A call takes the instance out and puts it back when it went well. An instance that failed or is worn out is dropped, and
//! the next call makes a new one. When the worker meets a new chain, the old chain's instances go.
//!
//! A stage that may wait has as many instances as calls were under way at once, up to [`MOST_WAITING`].

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::chain::Chain;
use super::health::Health;
use super::instance::{Failure, Instance};
use super::plugin::Plugin;
use super::waiting::Waiting;
use crate::config::Isolation;

/// So many calls of one stage that may wait are under way on a worker at once; the next one waits for its turn, within its
/// time.
pub const MOST_WAITING: usize = 64;

#[derive(Default)]
struct Pool {
    chain: u64,
    /// Boxed: an instance goes in and out at every call.
    slots: Vec<Option<Box<Instance>>>,
    /// The same for stages that may wait; empty where there are none.
    waiting: Vec<Shelf>,
}

/// The instances of a stage that may wait, and the turns of its calls.
struct Shelf {
    idle: Vec<Waiting>,
    turns: Arc<Semaphore>,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// Calls a stage's plugin in an instance of this thread.
pub(super) fn call<T>(
    chain: &Chain,
    stage: usize,
    plugin: &Plugin,
    call: impl FnOnce(&mut Instance) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if !plugin.health.is_well() {
        return Err(Failure::PutAside(Health::TIMEOUTS));
    }
    let kept = match plugin.isolation {
        Isolation::Warm => take(chain, stage),
        Isolation::Fresh => None,
    };
    let mut instance = match kept {
        Some(instance) => instance,
        None => Box::new(Instance::new(plugin)?),
    };
    let result = call(&mut instance);
    match &result {
        Ok(_) | Err(Failure::Own(_)) => {
            plugin.health.answered();
            if plugin.isolation == Isolation::Warm && !instance.is_worn_out() {
                put_back(chain, stage, instance);
            }
        }
        Err(Failure::Timeout(_)) => {
            if plugin.health.timed_out() {
                tracing::error!(strategy = %plugin.name, "put aside: it keeps timing out, and each time blocks a worker");
            }
        }
        Err(_) => {}
    }
    result
}

/// Calls a stage's plugin that may wait, in an instance of this thread that no other call is in. The call gets what is left
/// of its time once it is its turn. Dropped, it takes the instance with it.
pub(super) async fn wait<T>(
    chain: &Chain,
    stage: usize,
    plugin: &Plugin,
    call: impl AsyncFnOnce(&mut Waiting, Duration) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if !plugin.health.is_well() {
        return Err(Failure::PutAside(Health::TIMEOUTS));
    }
    let started = Instant::now();
    let time = plugin.limits.time;
    let turn = timeout_at(started + time, turns(chain, stage).acquire_owned()).await;
    let result = match turn {
        // Nobody closes them.
        Ok(turn) => {
            let left = time.saturating_sub(started.elapsed());
            let result = in_waiting(chain, stage, plugin, left, call).await;
            drop(turn);
            result
        }
        Err(_) => Err(Failure::Timeout(time)),
    };
    match &result {
        Ok(_) | Err(Failure::Own(_)) => plugin.health.answered(),
        Err(Failure::Timeout(_)) => {
            if plugin.health.timed_out() {
                tracing::error!(strategy = %plugin.name, "put aside: it keeps timing out");
            }
        }
        Err(_) => {}
    }
    result
}

async fn in_waiting<T>(
    chain: &Chain,
    stage: usize,
    plugin: &Plugin,
    time: Duration,
    call: impl AsyncFnOnce(&mut Waiting, Duration) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let kept = on_shelf(chain, stage, |shelf| shelf.idle.pop()).flatten();
    let mut instance = match kept {
        Some(instance) => instance,
        None => Waiting::new(plugin).await?,
    };
    let result = call(&mut instance, time).await;
    let well = matches!(result, Ok(_) | Err(Failure::Own(_)));
    if well && plugin.isolation == Isolation::Warm && !instance.is_worn_out() {
        on_shelf(chain, stage, |shelf| shelf.idle.push(instance));
    }
    result
}

fn turns(chain: &Chain, stage: usize) -> Arc<Semaphore> {
    POOL.with_borrow_mut(|pool| {
        pool.enter(chain);
        let turns = pool.waiting.get(stage).map(|shelf| Arc::clone(&shelf.turns));
        turns.unwrap_or_else(|| Arc::new(Semaphore::new(1)))
    })
}

/// The shelf of a stage, unless the worker has met another chain since the call began.
fn on_shelf<T>(chain: &Chain, stage: usize, with: impl FnOnce(&mut Shelf) -> T) -> Option<T> {
    POOL.with_borrow_mut(|pool| match pool.chain == chain.id() {
        true => pool.waiting.get_mut(stage).map(with),
        false => None,
    })
}

/// Drops the instances of an older chain and makes those of this one, so that no request has to wait for it.
/// Those of plugins that may wait are made by the first calls.
pub fn prepare(chain: &Chain) {
    POOL.with_borrow_mut(|pool| pool.enter(chain));
    for (stage, plugin) in chain.stages().iter().enumerate() {
        if plugin.isolation == Isolation::Warm
            && !plugin.waits
            && take(chain, stage).is_none()
            && let Ok(instance) = Instance::new(plugin)
        {
            put_back(chain, stage, Box::new(instance));
        }
    }
}

impl Pool {
    fn enter(&mut self, chain: &Chain) {
        if self.chain != chain.id() {
            self.change(chain);
        }
    }

    #[cold]
    fn change(&mut self, chain: &Chain) {
        let stages = chain.stages();
        self.chain = chain.id();
        self.slots.clear();
        self.slots.resize_with(stages.len(), || None);
        self.waiting.clear();
        if stages.iter().any(|plugin| plugin.waits) {
            let shelf = || Shelf { idle: Vec::new(), turns: Arc::new(Semaphore::new(MOST_WAITING)) };
            self.waiting.resize_with(stages.len(), shelf);
        }
    }
}

fn take(chain: &Chain, stage: usize) -> Option<Box<Instance>> {
    POOL.with_borrow_mut(|pool| {
        pool.enter(chain);
        pool.slots.get_mut(stage)?.take()
    })
}

fn put_back(chain: &Chain, stage: usize, instance: Box<Instance>) {
    POOL.with_borrow_mut(|pool| {
        if pool.chain == chain.id()
            && let Some(slot) = pool.slots.get_mut(stage)
        {
            *slot = Some(instance);
        }
    });
}
