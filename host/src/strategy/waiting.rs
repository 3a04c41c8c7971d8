//! An instance that may wait: one of a plugin that may read files or ask hosts. Its calls run on a fiber, so that the worker
//! serves others while the guest waits, and their time is that on the wall.
//!
//! Where the guest does not wait but computes, it gives way at every tick of the epoch. A call that is dropped, because its
//! time is up or its client gone, takes the instance with it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use wasmtime::component::{ComponentNamedList, Instance as Guest, Lift, Lower, TypedFunc};
use wasmtime::{Store, UpdateDeadline};

use super::asked::Asked;
use super::bindings::{embedder, lifecycle, strategy, types};
use super::convert;
use super::epoch;
use super::imports::Ctx;
use super::instance::{CONFIGURE_BYTES, CONFIGURE_TIME, Failure, MAX_CALLS, explain, ticks};
use super::plugin::{Limits, Plugin, interface_of};
use crate::chat::{EmbeddingOutcome, Outcome, Reply};

type Said<T> = (Result<T, String>,);

/// A live guest that may wait.
pub struct Waiting {
    store: Store<Ctx>,
    describe: TypedFunc<(), (lifecycle::Description,)>,
    configure: TypedFunc<(), Said<lifecycle::Activation>>,
    respond: Option<TypedFunc<(), Said<strategy::Outcome>>>,
    amend: Option<TypedFunc<(types::Reply,), Said<types::Reply>>>,
    embed: Option<TypedFunc<(), Said<embedder::EmbeddingOutcome>>>,
    limits: Limits,
    calls: u32,
}

impl Waiting {
    /// Instantiates a plugin, unconfigured.
    ///
    /// # Errors
    /// It traps in its start function, or does not fit, or a granted directory is gone.
    pub async fn unconfigured(plugin: &Plugin) -> Result<Self, Failure> {
        let time = CONFIGURE_TIME.max(plugin.limits.time);
        let parts = plugin.parts();
        // It opens the granted directories.
        let ctx = tokio::task::spawn_blocking(move || Ctx::new(parts)).await;
        let ctx = ctx.map_err(|error| Failure::Trap(error.to_string()))?.map_err(Failure::Own)?;
        let mut store = Store::new(plugin.pre.engine(), ctx);
        store.limiter(|ctx| &mut ctx.limiter);
        // tokio's own way to give way lets the runtime look for what arrived in the meantime.
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        store.set_hostcall_fuel(CONFIGURE_BYTES);
        begin(&mut store, time);
        let made = timeout(time, plugin.pre.instantiate_async(&mut store)).await;
        let guest = judge(made, &store, &plugin.limits, time)?;
        store.data_mut().started = true;
        let mut find = Find { plugin, guest, store: &mut store };
        let describe = find.required("lifecycle", "describe")?;
        let configure = find.required("lifecycle", "configure")?;
        let respond = find.optional(plugin.exports.strategy.is_some(), "strategy", "respond")?;
        let amend = find.optional(plugin.exports.amender.is_some(), "amender", "amend")?;
        let embed = find.optional(plugin.exports.embedder.is_some(), "embedder", "embed")?;
        Ok(Self { store, describe, configure, respond, amend, embed, limits: plugin.limits, calls: 0 })
    }

    /// Instantiates a plugin, ready to serve.
    ///
    /// # Errors
    /// As [`Waiting::unconfigured`], or what `configure` says.
    pub async fn new(plugin: &Plugin) -> Result<Self, Failure> {
        let mut instance = Self::unconfigured(plugin).await?;
        instance.configure().await?;
        Ok(instance)
    }

    /// Who the plugin says it is.
    ///
    /// # Errors
    /// It traps or times out.
    pub async fn describe(&mut self) -> Result<lifecycle::Description, Failure> {
        let describe = self.describe;
        self.run(describe, (), CONFIGURE_TIME.max(self.limits.time)).await
    }

    /// Lets the plugin read its settings; says when it need not be asked.
    ///
    /// # Errors
    /// It traps or times out, or refuses its settings.
    pub async fn configure(&mut self) -> Result<lifecycle::Activation, Failure> {
        let configure = self.configure;
        let activation = self.run(configure, (), CONFIGURE_TIME.max(self.limits.time)).await?;
        self.store.set_hostcall_fuel(self.limits.reply);
        activation.map_err(|reason| Failure::Own(self.store.data().with_missing_grant(reason)))
    }

    /// Asks a strategy, which has so long. A plugin that is none passes.
    ///
    /// # Errors
    /// Any [`Failure`]; the instance must not be used again.
    pub async fn respond(
        &mut self,
        asked: &Arc<Asked>,
        choice: u32,
        condition: Option<u32>,
        time: Duration,
    ) -> Result<Outcome, Failure> {
        let Some(respond) = self.respond else { return Ok(Outcome::Pass) };
        self.store.data_mut().begin(asked, choice, condition);
        self.say(respond, (), time).await.map(convert::outcome)
    }

    /// Lets an amender change a reply. A plugin that is none leaves it.
    ///
    /// # Errors
    /// Any [`Failure`]; the instance must not be used again.
    pub async fn amend(
        &mut self,
        asked: &Arc<Asked>,
        choice: u32,
        reply: Reply,
        time: Duration,
    ) -> Result<Reply, Failure> {
        let Some(amend) = self.amend else { return Ok(reply) };
        self.store.data_mut().begin(asked, choice, None);
        self.say(amend, (convert::reply_to_wit(reply),), time).await.map(convert::reply)
    }

    /// Asks an embedder about a part of the texts. A plugin that is none passes.
    ///
    /// # Errors
    /// Any [`Failure`]; the instance must not be used again.
    pub async fn embed(
        &mut self,
        asked: &Arc<Asked>,
        part: Range<usize>,
        condition: Option<u32>,
        time: Duration,
    ) -> Result<EmbeddingOutcome, Failure> {
        let Some(embed) = self.embed else { return Ok(EmbeddingOutcome::Pass) };
        self.store.data_mut().begin(asked, 0, condition);
        self.store.data_mut().only(part);
        self.say(embed, (), time).await.map(convert::embedding_outcome)
    }

    /// The instance has served long enough, or holds too much, to be kept.
    pub fn is_worn_out(&self) -> bool {
        self.calls >= MAX_CALLS || self.store.data().limiter.used > self.limits.memory / 4 * 3
    }

    /// Bytes of linear memory that the guest holds.
    pub fn memory(&self) -> usize {
        self.store.data().limiter.used
    }

    /// One call for a request, that may fail by its own account.
    async fn say<P, T>(&mut self, call: TypedFunc<P, Said<T>>, params: P, time: Duration) -> Result<T, Failure>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        T: Send + Sync + 'static,
        Said<T>: ComponentNamedList + Lift,
    {
        let said = self.run(call, params, time).await;
        let ctx = self.store.data_mut();
        ctx.end();
        said?.map_err(|reason| Failure::Own(ctx.with_missing_grant(reason)))
    }

    async fn run<P, T>(&mut self, call: TypedFunc<P, (T,)>, params: P, time: Duration) -> Result<T, Failure>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        T: Send + Sync + 'static,
        (T,): ComponentNamedList + Lift,
    {
        self.calls += 1;
        begin(&mut self.store, time);
        let made = timeout(time, call.call_async(&mut self.store, params)).await;
        judge(made, &self.store, &self.limits, time).map(|(value,)| value)
    }
}

/// The clock has to go on for as long as the guest may run, or else it would not give way.
fn begin(store: &mut Store<Ctx>, time: Duration) {
    epoch::keep_ticking(ticks(time));
    store.set_epoch_deadline(1);
}

fn judge<T>(
    made: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
    store: &Store<Ctx>,
    limits: &Limits,
    time: Duration,
) -> Result<T, Failure> {
    match made {
        Ok(made) => made.map_err(|error| explain(&error, store, limits, time)),
        Err(_) => Err(Failure::Timeout(limits.time)),
    }
}

/// Finds the functions of an instance.
struct Find<'a> {
    plugin: &'a Plugin,
    guest: Guest,
    store: &'a mut Store<Ctx>,
}

impl Find<'_> {
    fn required<P, T>(&mut self, interface: &str, name: &str) -> Result<TypedFunc<P, T>, Failure>
    where
        P: ComponentNamedList + Lower,
        T: ComponentNamedList + Lift,
    {
        let component = self.plugin.pre.component();
        let kind = component.component_type();
        let exported = kind.exports(component.engine()).map(|(name, _)| name);
        let exported = exported.into_iter().find(|it| interface_of(it, interface).is_some()).unwrap_or_default();
        let gone = || Failure::Trap(format!("its function `{name}` is gone"));
        let index = self.guest.get_export_index(&mut *self.store, None, exported).ok_or_else(gone)?;
        let index = self.guest.get_export_index(&mut *self.store, Some(&index), name).ok_or_else(gone)?;
        let found = self.guest.get_typed_func(&mut *self.store, index);
        found.map_err(|error| Failure::Trap(format!("{error:#}")))
    }

    fn optional<P, T>(&mut self, there: bool, interface: &str, name: &str) -> Result<Option<TypedFunc<P, T>>, Failure>
    where
        P: ComponentNamedList + Lower,
        T: ComponentNamedList + Lift,
    {
        there.then(|| self.required(interface, name)).transpose()
    }
}
