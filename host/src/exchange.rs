//! START HERE: the way of one request, one function per arrow.
//!
//! ```text
//! receive ─► decode ─► admit ─► ask the chain (WASM) ─► trim, dress ─► send (paced stream, or one body)
//! ```
//!
//! A request takes the snapshot once, when its body is there, and sees that one to its end. WASM is finished before the first
//! byte goes out: a slow stream holds no instance.

mod budget;
mod collect;
mod context;
pub(crate) mod dress;
pub mod fault;
pub mod plain;
mod send;
pub(crate) mod trim;
pub mod unsent;
mod visit;
mod wishes;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, Response};
use bytestring::ByteString;

use self::budget::Budgets;
use self::context::Context;
use self::fault::Trouble;
use self::send::Delivery;
use self::visit::Visit;
pub use self::visit::{BODY_TIMEOUT, check_encoding, with_model};
pub use self::wishes::Wishes;
use crate::chat::{ApiError, Operation, Request};
use crate::journal::Journal;
use crate::kept::KeptAnswers;
use crate::metrics::Metrics;
use crate::pace::body::wait;
use crate::record::Record;
use crate::snapshot::Snapshot;
use crate::strategy::asked::{Asked, Decoded};
use crate::strategy::chain::{Answer, Answered, Chain};
use crate::strategy::instance::Failure;
use crate::strategy::state::Sessions;
use crate::wire::{EmbeddingFormat, WireFormat};

/// Reads the configuration again, and says what the chain is now, or why the old one stays.
pub type Reload = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// What all workers share.
pub struct App {
    /// What requests see, swapped whole.
    pub snapshot: ArcSwap<Snapshot>,
    /// What is remembered between requests.
    pub sessions: Sessions,
    /// Answers that can be asked for again.
    pub kept: KeptAnswers,
    /// What was asked and answered.
    pub journal: Journal,
    /// What was counted and measured.
    pub metrics: Metrics,
    /// Reads the configuration again, where there is one to be read.
    pub reload: OnceLock<Reload>,
    /// What keys have used up.
    budgets: Budgets,
}

impl App {
    /// An application that begins with this snapshot, for so many workers.
    pub fn new(snapshot: Snapshot, workers: usize) -> Self {
        Self {
            journal: Journal::new(workers, snapshot.journal),
            metrics: Metrics::new(workers),
            reload: OnceLock::new(),
            snapshot: ArcSwap::from_pointee(snapshot),
            sessions: Sessions::default(),
            kept: KeptAnswers::default(),
            budgets: Budgets::default(),
        }
    }

    /// Tells of a request whose answer is over.
    fn tell(&self, record: &Record<'_>) {
        self.journal.record(record);
        self.metrics.record(record);
        tracing::info!(
            target: "standin::request",
            method = record.method,
            path = record.path,
            model = record.model,
            strategy = record.strategy,
            status = record.status,
            duration_us = u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX),
            "{}",
            if record.whole { "answered" } else { "broken off" }
        );
    }
}

/// The header with which a client names its session.
pub const SESSION: HeaderName = HeaderName::from_static("x-standin-session");
/// The header that names who answered; in a request, who is to answer.
pub const STRATEGY: HeaderName = HeaderName::from_static("x-standin-strategy");
/// The header that says whether a fallback will do.
pub const STRICT: HeaderName = HeaderName::from_static("x-standin-strict");

/// Answers one request to an endpoint that strategies answer.
pub async fn exchange(
    app: &Arc<App>,
    format: &'static dyn WireFormat,
    deployment: Option<&str>,
    head: Parts,
    body: Body,
) -> Response<Body> {
    let mut visit = Visit::new(app, format.provider(), Some(format.operation()), head);
    let entered = enter(&mut visit, body, deployment, |text, lax| match lax {
        false => format.decode(text, &app.kept),
        true => format.decode_lax(text, &app.kept),
    })
    .await;
    let (asked, trouble) = match entered {
        Ok(entered) => entered,
        Err(response) => return response,
    };
    let Answered { answer, by } = ask(&visit.snapshot.chain, &asked).await;
    let context = visit.context(&asked);
    let delivery = Delivery { visit: &visit, asked: &asked, context, by: by.as_deref(), breaks: trouble.breaks };
    match answer {
        Answer::Replies(replies) => delivery.replies(format, replies).await,
        Answer::Verbatim(response) => delivery.verbatim(Some(format), response).await,
        other => delivery.without_reply(other),
    }
}

/// Answers one request for embeddings.
pub async fn embed(
    app: &Arc<App>,
    format: &'static dyn EmbeddingFormat,
    deployment: Option<&str>,
    head: Parts,
    body: Body,
) -> Response<Body> {
    let mut visit = Visit::new(app, format.provider(), Some(Operation::Embeddings), head);
    let entered = enter(&mut visit, body, deployment, |text, _| format.decode(text)).await;
    let (asked, trouble) = match entered {
        Ok(entered) => entered,
        Err(response) => return response,
    };
    let Answered { answer, by } = visit.snapshot.chain.embed(&asked).await;
    let context = visit.context(&asked);
    let delivery = Delivery { visit: &visit, asked: &asked, context, by: by.as_deref(), breaks: trouble.breaks };
    match answer {
        Answer::Vectors(vectors) => delivery.vectors(format, &vectors),
        Answer::Verbatim(response) => delivery.verbatim(None, response).await,
        other => delivery.without_reply(other),
    }
}

/// From a request's head to the asking, or to what the client gets instead.
async fn enter(
    visit: &mut Visit<'_>,
    body: Body,
    deployment: Option<&str>,
    decode: impl for<'b> FnOnce(&'b ByteString, bool) -> Result<Request<'b>, ApiError>,
) -> Result<(Arc<Asked>, Trouble), Response<Body>> {
    let decoded = visit.receive(body, deployment).await.and_then(|text| {
        let lax = visit.snapshot.is_lax();
        let decoded = Decoded::try_new(text, |text| decode(text, lax))?;
        let model = &*decoded.request().model;
        visit.check_model(model)?;
        let trouble = visit.admit(model)?;
        Ok((decoded, trouble))
    });
    let (decoded, trouble) = decoded.map_err(|error| visit.refuse(&error))?;
    wait(trouble.delay_us).await;
    match &trouble.error {
        Some(error) => {
            visit.name_model(&decoded.request().model);
            Err(visit.refuse(error))
        }
        None => Ok((visit.ask(decoded), trouble)),
    }
}

/// The one place where guests run, bounded by their deadlines; only those with rights are waited for. Of several prompts each
/// is asked about, until one of them gets no reply.
async fn ask(chain: &Chain, asked: &Arc<Asked>) -> Answered {
    let first = chain.answer(asked).await;
    let Answered { answer: Answer::Replies(mut replies), by } = first else { return first };
    for prompt in &asked.request().more_prompts {
        match chain.answer(&Arc::new(asked.with_prompt(prompt))).await {
            Answered { answer: Answer::Replies(more), .. } => replies.extend(more),
            other => return other,
        }
    }
    Answered { answer: Answer::Replies(replies), by }
}
