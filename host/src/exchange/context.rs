//! What every answer carries, whatever it says: the provider's headers, a request id; and what is told of it when it is over,
//! to the log, the journal and the metrics.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};

use super::{App, STRATEGY};
use crate::chat::{ApiError, Fault, Usage};
use crate::pace::body::BrokenBody;
use crate::record::{FailureKind, Record, wall};
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::strategy::state::Session;
use crate::wire::rate::RateStatus;
use crate::wire::{Ids, Provider, ids};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What every answer carries, and what is told of it.
pub(super) struct Context<'a> {
    app: &'a Arc<App>,
    rate: Option<RateStatus>,
    /// Taken where the answer is over, or goes on without us.
    about: Option<About>,
    course: Course,
}

/// What became of a request so far.
#[derive(Clone, Copy)]
struct Course {
    provider: &'static dyn Provider,
    started: Instant,
    /// When the answer began, where it has not ended at once.
    first_byte: Option<Duration>,
    /// What it costs, where that is counted.
    usage: Option<Usage>,
    /// How the strategy failed.
    failure: Option<FailureKind>,
}

/// The request that an answer is about.
enum About {
    /// Strategies saw it.
    Asked(Arc<Asked>),
    /// They did not.
    Unasked(Box<Unasked>),
}

/// A request that strategies do not see.
pub(super) struct Unasked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) model: Option<String>,
    pub(super) operation: Option<&'static str>,
    pub(super) session: Arc<Session>,
    pub(super) id: String,
}

/// How an answer went out.
pub(super) struct Sent<'s> {
    pub(super) status: StatusCode,
    pub(super) by: Option<&'s str>,
    pub(super) bytes: &'s [u8],
    pub(super) whole: bool,
    pub(super) streamed: bool,
    pub(super) chunks: u32,
}

/// What is told of an answer that goes on after its request's function is over.
pub(super) struct Tail {
    app: Arc<App>,
    about: About,
    course: Course,
    by: Option<String>,
}

impl Course {
    const fn new(provider: &'static dyn Provider, started: Instant) -> Self {
        Self { provider, started, first_byte: None, usage: None, failure: None }
    }
}

impl Unasked {
    /// A request of which only the head is of interest.
    pub(super) fn new(snapshot: &Snapshot, session: Arc<Session>, head: &mut Parts) -> Self {
        let key = ids::key(snapshot.seed, session.name(), session.next_other(), "other");
        Self {
            method: head.method.clone(),
            uri: std::mem::take(&mut head.uri),
            headers: std::mem::take(&mut head.headers),
            body: Bytes::new(),
            model: None,
            operation: None,
            session,
            id: Ids::new(key).hex("req_", 32),
        }
    }
}

impl About {
    fn id(&self) -> &str {
        match self {
            Self::Asked(asked) => &asked.id,
            Self::Unasked(it) => &it.id,
        }
    }

    fn tell(&self, app: &App, course: &Course, sent: &Sent<'_>) {
        let Course { provider, started, first_byte, usage, failure } = *course;
        let duration = started.elapsed();
        let record = match self {
            Self::Asked(asked) => {
                let request = asked.request();
                Record {
                    session: asked.session.name(),
                    turn: Some(asked.turn),
                    method: "POST",
                    path: asked.uri.path(),
                    query: asked.uri.query(),
                    headers: &asked.headers,
                    body: asked.decoded.body().as_bytes(),
                    operation: Some(request.operation.name()),
                    model: Some(&request.model),
                    ..Record::new(provider.name(), &asked.id)
                }
            }
            Self::Unasked(it) => Record {
                session: it.session.name(),
                method: it.method.as_str(),
                path: it.uri.path(),
                query: it.uri.query(),
                headers: &it.headers,
                body: &it.body,
                operation: it.operation,
                model: it.model.as_deref(),
                ..Record::new(provider.name(), &it.id)
            },
        };
        app.tell(&Record {
            streamed: sent.streamed,
            strategy: sent.by,
            failure,
            status: sent.status.as_u16(),
            answer: sent.bytes,
            whole: sent.whole,
            usage,
            chunks: sent.chunks,
            at: wall(started),
            first_byte: first_byte.unwrap_or(duration),
            duration,
            ..record
        });
    }
}

impl Tail {
    /// Tells of it; `whole` is false where the client went away before the end.
    pub(super) fn tell(self, status: StatusCode, bytes: &[u8], chunks: u32, whole: bool) {
        let sent = Sent { status, by: self.by.as_deref(), bytes, whole, streamed: true, chunks };
        self.about.tell(&self.app, &self.course, &sent);
    }
}

impl<'a> Context<'a> {
    pub(super) fn asked(
        app: &'a Arc<App>,
        provider: &'static dyn Provider,
        asked: &Arc<Asked>,
        started: Instant,
        rate: Option<RateStatus>,
    ) -> Self {
        let about = Some(About::Asked(Arc::clone(asked)));
        Self { app, rate, about, course: Course::new(provider, started) }
    }

    /// For a request that strategies do not see.
    pub(super) fn unasked(
        app: &'a Arc<App>,
        provider: &'static dyn Provider,
        unasked: Unasked,
        started: Instant,
        rate: Option<RateStatus>,
    ) -> Self {
        let about = Some(About::Unasked(Box::new(unasked)));
        Self { app, rate, about, course: Course::new(provider, started) }
    }

    /// What the key has of its budgets, from now on.
    pub(super) fn set_rate(&mut self, rate: Option<RateStatus>) {
        self.rate = rate;
    }

    /// What the answer costs.
    pub(super) fn set_usage(&mut self, usage: Usage) {
        self.course.usage = Some(usage);
    }

    /// How the strategy failed.
    pub(super) fn set_failure(&mut self, failure: FailureKind) {
        self.course.failure = Some(failure);
    }

    /// The answer is over.
    pub(super) fn tell(&mut self, sent: &Sent<'_>) {
        if let Some(about) = self.about.take() {
            about.tell(self.app, &self.course, sent);
        }
    }

    /// The answer goes on without us.
    pub(super) fn tail(&mut self, by: Option<&str>) -> Option<Tail> {
        Some(Tail {
            app: Arc::clone(self.app),
            about: self.about.take()?,
            course: Course { first_byte: Some(self.course.started.elapsed()), ..self.course },
            by: by.map(str::to_owned),
        })
    }

    /// An answer with the provider's headers. Nothing is told of it yet.
    pub(super) fn respond(&self, status: StatusCode, by: Option<&str>, body: Body) -> Response<Body> {
        let provider = self.course.provider;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        *headers = standard_headers(provider);
        for (name, value) in self.rate.iter().flat_map(|rate| provider.rate_headers(rate)) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        if let Some(Ok(id)) = self.about.as_ref().map(|about| HeaderValue::from_str(about.id())) {
            headers.insert(HeaderName::from_static(provider.request_id_header()), id);
        }
        if let Some(by) = by.and_then(|by| HeaderValue::from_str(by).ok()) {
            headers.insert(STRATEGY, by);
        }
        response
    }

    /// An error in the provider's shape, in either mode.
    pub(super) fn refuse(self, error: &ApiError, by: Option<&str>) -> Response<Body> {
        let id = self.about.as_ref().map(About::id).unwrap_or_default();
        let body = self.course.provider.error_body(error, id);
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = self.body(status, by, body.into());
        if let Some(seconds) = error.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// A body in the provider's JSON.
    pub(super) fn json(self, body: impl Into<Bytes>) -> Response<Body> {
        self.body(StatusCode::OK, None, body.into())
    }

    /// A body of JSON that breaks.
    pub(super) fn broken(mut self, status: StatusCode, by: Option<&str>, body: Bytes, fault: Fault) -> Response<Body> {
        let mut response = self.respond(status, by, broken(body.clone(), fault));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        self.tell(&Sent { status, by, bytes: &body, whole: false, streamed: false, chunks: 0 });
        response
    }

    /// A whole body of JSON.
    pub(super) fn body(mut self, status: StatusCode, by: Option<&str>, body: Bytes) -> Response<Body> {
        let mut response = self.respond(status, by, Body::from(body.clone()));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        self.tell(&Sent { status, by, bytes: &body, whole: true, streamed: false, chunks: 0 });
        response
    }
}

/// The headers that a provider sends on every answer, with those about budgets as if there were none.
fn standard_headers(provider: &dyn Provider) -> HeaderMap {
    thread_local! {
        /// Copied for each answer: making a map anew takes five times as long.
        static MADE: RefCell<Vec<(&'static str, HeaderMap)>> = const { RefCell::new(Vec::new()) };
    }
    MADE.with_borrow_mut(|made| {
        if let Some((_, headers)) = made.iter().find(|(name, _)| *name == provider.name()) {
            return headers.clone();
        }
        let pairs = provider.headers().iter().chain(provider.unlimited_headers());
        // Room for what each answer adds: its index is copied as it is, and not built anew.
        let mut headers = HeaderMap::with_capacity(24);
        headers.extend(pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))));
        made.push((provider.name(), headers.clone()));
        headers
    })
}

/// A body that breaks.
fn broken(body: Bytes, fault: Fault) -> Body {
    match fault {
        Fault::Disconnect => Body::new(BrokenBody::disconnect(Bytes::new())),
        Fault::Truncate | Fault::Error(_) => Body::new(BrokenBody::disconnect(body.slice(..body.len() / 2))),
        Fault::Stall => Body::new(BrokenBody::stall()),
        Fault::Garbage(garbage) => Body::from([garbage.as_bytes(), &body].concat()),
    }
}

impl Drop for Context<'_> {
    /// A client that went away before its answer is told of as well, with nginx's number for that.
    fn drop(&mut self) {
        let status = StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        self.tell(&Sent { status, by: None, bytes: &[], whole: false, streamed: false, chunks: 0 });
    }
}
