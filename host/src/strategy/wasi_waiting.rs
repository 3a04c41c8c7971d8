//! WASI preview 2 for plugins that may wait: the same as for others, with files that are granted, and with waiting for time to
//! pass. Their clock is seeded all the same: it leaps over what was waited for.

use std::time::Duration;

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::files;
use super::imports::Ctx;
use super::sockets;
use super::wasi::{self, Moment};

/// Adds every WASI interface to a linker.
pub(super) fn link(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<Ctx, Leaping>(linker, |ctx| Leaps(ctx))?;
    sockets::link(linker)?;
    files::link(linker, true)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Marks the views of [`Leaps`] to wasmtime.
struct Leaping;

impl HasData for Leaping {
    type Data<'a> = Leaps<'a>;
}

/// The seeded clock, of a guest that may wait.
struct Leaps<'a>(&'a mut Ctx);

impl Leaps<'_> {
    fn wait(&mut self, nanos: u64, until: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let at = tokio::time::Instant::now().checked_add(Duration::from_nanos(nanos));
        let deadline = Deadline { at, until, moment: std::sync::Arc::clone(&self.0.moment), given_way: false };
        let deadline = self.0.table.push(deadline)?;
        subscribe(&mut self.0.table, deadline)
    }
}

impl monotonic_clock::Host for Leaps<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.0.moment.now_ns())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(wasi::RESOLUTION_NS)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.0.moment.now_ns();
        self.wait(when.saturating_sub(now), when)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.0.moment.now_ns();
        self.wait(duration, now.saturating_add(duration))
    }
}

/// Waits on the wall, and then sets the seeded clock.
struct Deadline {
    /// None: never.
    at: Option<tokio::time::Instant>,
    until: u64,
    moment: std::sync::Arc<Moment>,
    given_way: bool,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Deadline {
    async fn ready(&mut self) {
        let Some(at) = self.at else { return std::future::pending().await };
        if at > tokio::time::Instant::now() {
            tokio::time::sleep_until(at).await;
        } else if !self.given_way {
            // A guest that polls in a loop would else keep what it polls for from arriving.
            self.given_way = true;
            tokio::task::yield_now().await;
        }
        self.moment.leap_to(self.until);
    }
}
