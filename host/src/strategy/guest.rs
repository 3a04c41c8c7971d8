//! An instance of either kind, for what happens seldom: at load, and where an answer is explained.

use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::asked::Asked;
use super::bindings::lifecycle;
use super::instance::{Failure, Instance};
use super::plugin::Plugin;
use super::waiting::Waiting;
use crate::chat::{EmbeddingOutcome, Outcome, Reply};

/// A live guest of any plugin.
pub(super) enum Guest {
    /// One that answers at once.
    AtOnce(Box<Instance>),
    /// One that may wait.
    Waiting(Box<Waiting>),
}

impl Guest {
    /// Instantiates a plugin, unconfigured.
    pub(super) async fn unconfigured(plugin: &Plugin) -> Result<Self, Failure> {
        Ok(match plugin.waits {
            false => Self::AtOnce(Box::new(Instance::unconfigured(plugin)?)),
            true => Self::Waiting(Box::new(Waiting::unconfigured(plugin).await?)),
        })
    }

    /// Instantiates a plugin, ready to serve.
    pub(super) async fn new(plugin: &Plugin) -> Result<Self, Failure> {
        let mut guest = Self::unconfigured(plugin).await?;
        guest.configure().await?;
        Ok(guest)
    }

    pub(super) async fn describe(&mut self) -> Result<lifecycle::Description, Failure> {
        match self {
            Self::AtOnce(instance) => instance.describe(),
            Self::Waiting(instance) => instance.describe().await,
        }
    }

    pub(super) async fn configure(&mut self) -> Result<lifecycle::Activation, Failure> {
        match self {
            Self::AtOnce(instance) => instance.configure(),
            Self::Waiting(instance) => instance.configure().await,
        }
    }

    pub(super) async fn respond(
        &mut self,
        plugin: &Plugin,
        asked: &Arc<Asked>,
        choice: u32,
        condition: Option<u32>,
    ) -> Result<Outcome, Failure> {
        match self {
            Self::AtOnce(instance) => instance.respond(asked, choice, condition),
            Self::Waiting(instance) => instance.respond(asked, choice, condition, plugin.limits.time).await,
        }
    }

    pub(super) async fn amend(
        &mut self,
        plugin: &Plugin,
        asked: &Arc<Asked>,
        choice: u32,
        reply: Reply,
    ) -> Result<Reply, Failure> {
        match self {
            Self::AtOnce(instance) => instance.amend(asked, choice, reply),
            Self::Waiting(instance) => instance.amend(asked, choice, reply, plugin.limits.time).await,
        }
    }

    pub(super) async fn embed(
        &mut self,
        plugin: &Plugin,
        asked: &Arc<Asked>,
        part: Range<usize>,
        condition: Option<u32>,
    ) -> Result<EmbeddingOutcome, Failure> {
        match self {
            Self::AtOnce(instance) => instance.embed(asked, part, condition),
            Self::Waiting(instance) => instance.embed(asked, part, condition, plugin.limits.time).await,
        }
    }

    /// Bytes of linear memory that the guest holds.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::AtOnce(instance) => instance.memory(),
            Self::Waiting(instance) => instance.memory(),
        }
    }
}

/// Runs to its end, from a function that cannot wait. Where a guest may wait, on a thread and a runtime of their own: the
/// caller may be within a runtime, which would not let itself be waited for.
pub(super) fn finish<F: Future<Output: Send>>(
    waits: bool,
    begin: impl FnOnce() -> F + Send,
) -> Result<F::Output, Failure> {
    if !waits {
        return match pin!(begin()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(Failure::Own("it waits, and was granted nothing to wait for".into())),
        };
    }
    let failed = |error: std::io::Error| Failure::Own(format!("there is no thread to call it on: {error}"));
    std::thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let value = runtime.block_on(begin());
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
            Ok(value)
        };
        let thread =
            std::thread::Builder::new().name("standin-load".into()).spawn_scoped(scope, run).map_err(failed)?;
        match thread.join() {
            Ok(value) => value.map_err(failed),
            Err(_) => Err(Failure::Own("the thread that it was called on ended".into())),
        }
    })
}
