//! The two wasmtime engines of a process.
//!
//! Warm instances are few and live long: they are allocated on demand, so that a guest of any size fits. Fresh instances are
//! made and dropped at every request: they come from a pool of slots that are cleared and reused, which takes a third of the
//! time. Both compile alike, so what was compiled for one loads in the other.

use std::sync::LazyLock;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::imports::Ctx;
use super::{bindings, epoch, tuning, wasi};

/// An engine, with everything that the host offers to its guests linked.
pub struct Side {
    /// The engine.
    pub engine: Engine,
    /// The host interfaces and WASI.
    pub(super) linker: Linker<Ctx>,
}

/// Made at first use, in about a millisecond, and kept: nothing in them depends on a configuration.
static WARM: LazyLock<Result<Side, String>> = LazyLock::new(|| Side::new(tuning::config()));
static FRESH: LazyLock<Result<Side, String>> = LazyLock::new(|| {
    let mut config = tuning::config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(slots()));
    Side::new(config)
});

/// The side for warm instances.
///
/// # Errors
/// This machine cannot run it, for instance because address space is limited (`ulimit -v`).
pub fn warm() -> Result<&'static Side, String> {
    WARM.as_ref().map_err(Clone::clone)
}

/// The side for fresh instances.
///
/// # Errors
/// As [`warm`].
pub fn fresh() -> Result<&'static Side, String> {
    FRESH.as_ref().map_err(Clone::clone)
}

impl Side {
    fn new(config: Config) -> Result<Self, String> {
        let build = || -> wasmtime::Result<Self> {
            let engine = Engine::new(&config)?;
            let mut linker = Linker::new(&engine);
            bindings::Plugin::add_to_linker::<_, HasSelf<Ctx>>(&mut linker, |ctx| ctx)?;
            wasi::link(&mut linker)?;
            epoch::drive(&engine)?;
            Ok(Self { engine, linker })
        };
        build().map_err(|error| format!("this machine cannot run WebAssembly: {error:#}"))
    }
}

/// Calls are synchronous, so no more than one fresh instance per worker is alive, and two while one is being dropped. There
/// may be more workers than processors; a slot that is never used costs address space alone.
fn slots() -> PoolingAllocationConfig {
    const LEAST: u32 = 512;
    let processors = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1);
    let busy = processors.saturating_mul(2).saturating_add(8);
    let slots = busy.max(LEAST);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * 4)
        .total_memories(slots)
        .total_tables(slots * 2)
        .max_unused_warm_slots(busy)
        // What a small guest touches is cleared by hand, which is cheaper than giving the pages back; a large figure here
        // would be a memset of that size at every request.
        .linear_memory_keep_resident(128 << 10)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}
