//! The warm instances of one worker thread: at most one per stage of its chain, without a lock.
//!
//! A call takes the instance out and puts it back when it went well. An instance that failed or is worn out is dropped, and
//! the next call makes a new one. When the worker meets a new chain, the old chain's instances go.

use std::cell::RefCell;

use super::chain::Chain;
use super::health::Health;
use super::instance::{Failure, Instance};
use super::plugin::Plugin;
use crate::config::Isolation;

#[derive(Default)]
struct Pool {
    chain: u64,
    /// Boxed: an instance goes in and out at every call.
    slots: Vec<Option<Box<Instance>>>,
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

/// Drops the instances of an older chain and makes those of this one, so that no request has to wait for it.
pub fn prepare(chain: &Chain) {
    for (stage, plugin) in chain.stages().iter().enumerate() {
        if plugin.isolation == Isolation::Warm
            && take(chain, stage).is_none()
            && let Ok(instance) = Instance::new(plugin)
        {
            put_back(chain, stage, Box::new(instance));
        }
    }
}

fn take(chain: &Chain, stage: usize) -> Option<Box<Instance>> {
    POOL.with_borrow_mut(|pool| {
        if pool.chain != chain.id() {
            pool.chain = chain.id();
            pool.slots.clear();
            pool.slots.resize_with(chain.stages().len(), || None);
        }
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
