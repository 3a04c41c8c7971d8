//! The two wasmtime engines of a process.
//!
//! Warm instances are few and live long: they are allocated on demand, so that a guest of any size fits. Fresh instances are
//! made and dropped at every request: they come from a pool of slots that are cleared and reused, which takes a third of the
//! time. Both compile alike, so what was compiled for one loads in the other.

use std::sync::{LazyLock, OnceLock};

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::imports::Ctx;
use super::{bindings, epoch, http, tuning, wasi, wasi_waiting};

/// An engine, with everything that the host offers to its guests linked.
pub struct Side {
    /// The engine.
    pub engine: Engine,
    /// The host interfaces and WASI.
    linker: Linker<Ctx>,
    /// The same and HTTP, of which a start without such a plugin needs to know nothing.
    with_http: OnceLock<Result<Linker<Ctx>, String>>,
    /// The same where everything may wait.
    waiting: OnceLock<Result<Linker<Ctx>, String>>,
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
            Ok(Self { engine, linker, with_http: OnceLock::new(), waiting: OnceLock::new() })
        };
        build().map_err(|error| format!("this machine cannot run WebAssembly: {error:#}"))
    }

    /// What a plugin is linked with: one that may wait, or one that asks for HTTP, or any other.
    ///
    /// # Errors
    /// The interfaces do not fit together.
    pub(super) fn linker(&self, waits: bool, http: bool) -> Result<&Linker<Ctx>, String> {
        let with_http = || {
            let mut linker = self.linker.clone();
            http::link(&mut linker).map_err(|error| format!("{error:#}"))?;
            Ok(linker)
        };
        let waiting = || {
            let build = || -> wasmtime::Result<Linker<Ctx>> {
                let mut linker = Linker::new(&self.engine);
                bindings::Plugin::add_to_linker::<_, HasSelf<Ctx>>(&mut linker, |ctx| ctx)?;
                wasi_waiting::link(&mut linker)?;
                http::link(&mut linker)?;
                Ok(linker)
            };
            build().map_err(|error| format!("{error:#}"))
        };
        match (waits, http) {
            (true, _) => self.waiting.get_or_init(waiting).as_ref().map_err(Clone::clone),
            (false, true) => self.with_http.get_or_init(with_http).as_ref().map_err(Clone::clone),
            (false, false) => Ok(&self.linker),
        }
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
