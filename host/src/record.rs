//! One request and its answer, as the log, the journal and the metrics see it: told once, when the answer is over.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use axum::http::HeaderMap;

use crate::chat::Usage;

/// One request and its answer. Everything is borrowed: who wants to keep something copies it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The session's name.
    pub session: &'a str,
    /// How many requests the session made before, where strategies saw this one.
    pub turn: Option<u64>,
    /// The request's id, as the answer's header has it.
    pub id: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The headers as they came, credentials included.
    pub headers: &'a HeaderMap,
    /// The body as it came; empty where it was not read.
    pub body: &'a [u8],
    /// `gen_ai.provider.name`.
    pub provider: &'static str,
    /// `gen_ai.operation.name`, where the path has one.
    pub operation: Option<&'static str>,
    /// The model that was asked for.
    pub model: Option<&'a str>,
    /// Whether the answer is a stream.
    pub streamed: bool,
    /// Who answered, or failed to.
    pub strategy: Option<&'a str>,
    /// How the strategy failed, where it did.
    pub failure: Option<FailureKind>,
    /// The answer's status; 499 where the client went away before it.
    pub status: u16,
    /// The answer's body, as far as it was sent.
    pub answer: &'a [u8],
    /// Whether the answer was sent to its end.
    pub whole: bool,
    /// What it cost in tokens; none for errors and raw responses.
    pub usage: Option<Usage>,
    /// How many chunks a stream had; 0 for a body.
    pub chunks: u32,
    /// When the request's head was there.
    pub at: SystemTime,
    /// From then to the first byte of the answer.
    pub first_byte: Duration,
    /// From then to the last byte of the answer.
    pub duration: Duration,
}

impl<'a> Record<'a> {
    /// A record of a request that has only an id yet.
    pub fn new(provider: &'static str, id: &'a str) -> Self {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        Self {
            session: "",
            turn: None,
            id,
            method: "",
            path: "",
            query: None,
            headers: &NONE,
            body: &[],
            provider,
            operation: None,
            model: None,
            streamed: false,
            strategy: None,
            failure: None,
            status: 0,
            answer: &[],
            whole: true,
            usage: None,
            chunks: 0,
            at: SystemTime::UNIX_EPOCH,
            first_byte: Duration::ZERO,
            duration: Duration::ZERO,
        }
    }
}

/// When an instant was, by the clock on the wall; read once, so that the records of a process are in order.
pub fn wall(instant: Instant) -> SystemTime {
    static BASE: LazyLock<(Instant, SystemTime)> = LazyLock::new(|| (Instant::now(), SystemTime::now()));
    match instant.checked_duration_since(BASE.0) {
        Some(since) => BASE.1 + since,
        None => BASE.1 - BASE.0.duration_since(instant),
    }
}

/// How a strategy failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// It trapped.
    Trap,
    /// It used up its time.
    Timeout,
    /// It is put aside after timeouts, and was not asked.
    PutAside,
    /// Anything else: too much memory, too large a reply, its own error.
    Other,
}

thread_local! {
    static WORKER: Cell<usize> = const { Cell::new(0) };
}

/// Names the worker that this thread is, from 0 on.
pub fn set_worker(number: usize) {
    WORKER.set(number);
}

/// Which worker this thread is: what is written for each request lies apart for each of them.
pub fn worker() -> usize {
    WORKER.get()
}
