//! One live guest that never waits: a store with an instance in it, and the functions that it exports.
//!
//! The rules of its life: made by [`Instance::new`], which calls `configure`; called by one thread at a time, for one request
//! at a time; thrown away after any failure (a trapped guest may not be entered again), after [`MAX_CALLS`] calls, or when it
//! has grown past three quarters of its memory limit.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Store, Trap, UpdateDeadline, WasmBacktrace};

use super::asked::Asked;
use super::bindings::{amender, embedder, lifecycle, strategy};
use super::convert;
use super::epoch::{self, TICK};
use super::imports::Ctx;
use super::plugin::{Limits, Plugin};
use crate::chat::{EmbeddingOutcome, Outcome, Reply};

/// An instance is retired after so many calls, so that what a guest leaks stays bounded.
pub const MAX_CALLS: u32 = 100_000;
/// How long `configure` may take.
pub const CONFIGURE_TIME: Duration = Duration::from_secs(2);
/// What `configure` may hand to the host, in bytes: conditions can be many.
pub(super) const CONFIGURE_BYTES: usize = 64 << 20;

/// Why a call failed. Every one is the plugin's own doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It used up its time.
    #[error("did not finish within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// It wanted more memory than it may have.
    #[error("wanted more memory than its limit of {}", bytesize::ByteSize(*.0 as u64).display().iec())]
    Memory(usize),
    /// It handed over more than it may.
    #[error("answered with more than its limit of {}", bytesize::ByteSize(*.0 as u64).display().iec())]
    ReplySize(usize),
    /// It trapped.
    #[error("trapped: {0}")]
    Trap(String),
    /// It said itself that it failed.
    #[error("failed: {0}")]
    Own(String),
    /// It timed out too often, and is not asked for a while.
    #[error("is put aside after it timed out {0} times within a second")]
    PutAside(u32),
}

/// A live guest.
pub struct Instance {
    store: Store<Ctx>,
    strategy: Option<strategy::Guest>,
    amender: Option<amender::Guest>,
    embedder: Option<embedder::Guest>,
    lifecycle: lifecycle::Guest,
    limits: Limits,
    calls: u32,
}

impl Instance {
    /// Instantiates a plugin, unconfigured.
    ///
    /// # Errors
    /// It traps in its start function, or does not fit.
    pub fn unconfigured(plugin: &Plugin) -> Result<Self, Failure> {
        let limits = plugin.limits;
        let mut store = Store::new(plugin.pre.engine(), Ctx::new(plugin.parts()).map_err(Failure::Own)?);
        store.limiter(|ctx| &mut ctx.limiter);
        store.epoch_deadline_callback(|mut store| Ok(deadline(store.data_mut())));
        store.set_hostcall_fuel(CONFIGURE_BYTES);
        begin(&mut store, CONFIGURE_TIME);
        let instance = match plugin.pre.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return Err(explain(&error, &store, &limits, CONFIGURE_TIME)),
        };
        store.data_mut().started = true;
        let exports = &plugin.exports;
        let load = |error: wasmtime::Error| Failure::Trap(format!("{error:#}"));
        let lifecycle = exports.lifecycle.load(&mut store, &instance).map_err(load)?;
        let strategy = exports.strategy.as_ref().map(|it| it.load(&mut store, &instance)).transpose().map_err(load)?;
        let amender = exports.amender.as_ref().map(|it| it.load(&mut store, &instance)).transpose().map_err(load)?;
        let embedder = exports.embedder.as_ref().map(|it| it.load(&mut store, &instance)).transpose().map_err(load)?;
        Ok(Self { store, strategy, amender, embedder, lifecycle, limits, calls: 0 })
    }

    /// Instantiates a plugin, ready to serve.
    ///
    /// # Errors
    /// As [`Instance::unconfigured`], or what `configure` says.
    pub fn new(plugin: &Plugin) -> Result<Self, Failure> {
        let mut instance = Self::unconfigured(plugin)?;
        instance.configure()?;
        Ok(instance)
    }

    /// Who the plugin says it is.
    ///
    /// # Errors
    /// It traps or times out.
    pub fn describe(&mut self) -> Result<lifecycle::Description, Failure> {
        self.guarded(CONFIGURE_TIME, |this| this.lifecycle.call_describe(&mut this.store))
    }

    /// Lets the plugin read its settings; says when it need not be asked.
    ///
    /// # Errors
    /// It traps or times out, or refuses its settings.
    pub fn configure(&mut self) -> Result<lifecycle::Activation, Failure> {
        let activation = self.guarded(CONFIGURE_TIME, |this| this.lifecycle.call_configure(&mut this.store))?;
        self.store.set_hostcall_fuel(self.limits.reply);
        activation.map_err(|reason| self.own(reason))
    }

    /// Asks a strategy. A plugin that is none passes.
    ///
    /// # Errors
    /// Any [`Failure`]; the instance must not be used again.
    pub fn respond(&mut self, asked: &Arc<Asked>, choice: u32, condition: Option<u32>) -> Result<Outcome, Failure> {
        self.store.data_mut().begin(asked, choice, condition);
        let outcome = self.guarded(self.limits.time, |this| match &this.strategy {
            Some(guest) => guest.call_respond(&mut this.store),
            None => Ok(Ok(strategy::Outcome::Pass)),
        });
        self.store.data_mut().end();
        outcome?.map(convert::outcome).map_err(|reason| self.own(reason))
    }

    /// Lets an amender change a reply. A plugin that is none leaves it.
    ///
    /// # Errors
    /// Any [`Failure`]; the instance must not be used again.
    pub fn amend(&mut self, asked: &Arc<Asked>, choice: u32, reply: Reply) -> Result<Reply, Failure> {
        if self.amender.is_none() {
            return Ok(reply);
        }
        let reply = convert::reply_to_wit(reply);
        self.store.data_mut().begin(asked, choice, None);
        let amended = self.guarded(self.limits.time, |this| match &this.amender {
            Some(guest) => guest.call_amend(&mut this.store, &reply),
            None => Ok(Err("the amender is gone".into())),
        });
        self.store.data_mut().end();
        amended?.map(convert::reply).map_err(|reason| self.own(reason))
    }

    /// Asks an embedder about a part of the texts. A plugin that is none passes.
    ///
    /// # Errors
    /// Any [`Failure`]; the instance must not be used again.
    pub fn embed(
        &mut self,
        asked: &Arc<Asked>,
        part: Range<usize>,
        condition: Option<u32>,
    ) -> Result<EmbeddingOutcome, Failure> {
        self.store.data_mut().begin(asked, 0, condition);
        self.store.data_mut().only(part);
        let outcome = self.guarded(self.limits.time, |this| match &this.embedder {
            Some(guest) => guest.call_embed(&mut this.store),
            None => Ok(Ok(embedder::EmbeddingOutcome::Pass)),
        });
        self.store.data_mut().end();
        outcome?.map(convert::embedding_outcome).map_err(|reason| self.own(reason))
    }

    /// The instance has served long enough, or holds too much, to be kept.
    pub fn is_worn_out(&self) -> bool {
        self.calls >= MAX_CALLS || self.store.data().limiter.used > self.limits.memory / 4 * 3
    }

    /// Bytes of linear memory that the guest holds.
    pub fn memory(&self) -> usize {
        self.store.data().limiter.used
    }

    #[cold]
    fn own(&self, reason: String) -> Failure {
        Failure::Own(self.store.data().with_missing_grant(reason))
    }

    fn guarded<T>(
        &mut self,
        time: Duration,
        call: impl FnOnce(&mut Self) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        self.calls += 1;
        begin(&mut self.store, time);
        call(self).map_err(|error| explain(&error, &self.store, &self.limits, time))
    }
}

/// Ticks that last at least so long: the first one may come at once.
pub(super) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX).saturating_add(1)
}

fn begin(store: &mut Store<Ctx>, time: Duration) {
    let ctx = store.data_mut();
    ctx.cpu_seen = None;
    ctx.time = time;
    let ticks = ticks(time / 2);
    epoch::keep_ticking(ticks);
    store.set_epoch_deadline(ticks);
}

/// Runs when half of the deadline has passed on the wall, and every tick from then on. A worker that the kernel put to sleep
/// in the middle of a call must not fail a good plugin: what counts from here on is the CPU time of this thread.
fn deadline(ctx: &mut Ctx) -> UpdateDeadline {
    epoch::keep_ticking(1);
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let now = Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0));
    match ctx.cpu_seen {
        None => {
            ctx.cpu_seen = Some(now);
            UpdateDeadline::Continue(1)
        }
        Some(seen) if now.saturating_sub(seen) >= ctx.time / 2 => UpdateDeadline::Interrupt,
        Some(_) => UpdateDeadline::Continue(1),
    }
}

/// From wasmtime's error to a sentence for whoever runs the server.
pub(super) fn explain(error: &wasmtime::Error, store: &Store<Ctx>, limits: &Limits, time: Duration) -> Failure {
    let ctx = store.data();
    if matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) {
        return Failure::Timeout(time);
    }
    if ctx.limiter.refused {
        return Failure::Memory(limits.memory);
    }
    let root = error.root_cause().to_string();
    if root.contains("hostcall") && root.contains("fuel") {
        return Failure::ReplySize(store.hostcall_fuel());
    }
    // What a Rust guest prints as it panics says more than "unreachable".
    let printed = ctx.output.tail();
    tell_frames(error, ctx.strategy());
    let reason = root.strip_prefix("wasm trap: ").unwrap_or(&root).to_owned();
    let reason = if printed.is_empty() { reason } else { format!("{reason}; it printed: {printed}") };
    Failure::Trap(match ctx.missing() {
        Some(missing) => format!("{reason} ({missing})"),
        None => reason,
    })
}

/// Where in the guest it happened, a line for each frame, for somebody who develops it. Names are there unless they were
/// stripped, files and lines where it was built to say them.
fn tell_frames(error: &wasmtime::Error, strategy: &str) {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return };
    if !tracing::enabled!(target: "standin::plugin", tracing::Level::DEBUG) {
        return;
    }
    let mut frames: Vec<String> = Vec::new();
    for line in trace.to_string().lines().map(str::trim) {
        match frames.last_mut() {
            Some(frame) if line.starts_with("at ") => frame.extend([" ", line]),
            None if !line.starts_with("0:") => {}
            _ => frames.push(line.to_owned()),
        }
    }
    for frame in frames {
        tracing::debug!(target: "standin::plugin", strategy, "{frame}");
    }
}
