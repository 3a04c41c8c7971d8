//! What every answer carries, whatever it says: the provider's headers, a request id, and a line in the log.

use std::time::Instant;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use super::STRATEGY;
use crate::chat::ApiError;
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::strategy::state::Session;
use crate::wire::rate::RateStatus;
use crate::wire::{Ids, Provider, ids};

/// What every answer carries, and what the log says of it.
pub struct Context {
    provider: &'static dyn Provider,
    request_id: String,
    started: Instant,
    rate: Option<RateStatus>,
    line: Option<Line>,
}

/// The line in the log; made only where the log wants it.
struct Line {
    method: String,
    path: String,
    model: Option<String>,
}

/// One request's line, written when its answer is over.
pub struct Record {
    line: Option<Line>,
    started: Instant,
    status: StatusCode,
    strategy: Option<String>,
}

impl Record {
    /// Writes it; `whole` is false where the client went away before the end.
    pub fn write(self, whole: bool) {
        let Some(line) = self.line else { return };
        tracing::info!(
            target: "standin::request",
            method = line.method,
            path = line.path,
            model = line.model,
            strategy = self.strategy,
            status = self.status.as_u16(),
            duration_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "{}",
            if whole { "answered" } else { "broken off" }
        );
    }
}

impl Context {
    pub(super) fn new(
        provider: &'static dyn Provider,
        asked: &Asked,
        started: Instant,
        rate: Option<RateStatus>,
    ) -> Self {
        let line = logs().then(|| Line {
            method: "POST".into(),
            path: asked.path.clone(),
            model: Some(asked.request().model.to_string()),
        });
        Self { provider, request_id: asked.id.clone(), started, rate, line }
    }

    /// For a request that strategies do not see.
    pub fn unasked(
        snapshot: &Snapshot,
        provider: &'static dyn Provider,
        session: &Session,
        head: &Parts,
        started: Instant,
        rate: Option<RateStatus>,
    ) -> Self {
        let key = ids::key(snapshot.seed, session.name(), session.next_other(), "other");
        let line =
            logs().then(|| Line { method: head.method.to_string(), path: head.uri.path().to_owned(), model: None });
        Self { provider, request_id: Ids::new(key).hex("req_", 32), started, rate, line }
    }

    /// What the key has of its budgets, from now on.
    pub(super) fn set_rate(&mut self, rate: Option<RateStatus>) {
        self.rate = rate;
    }

    /// The line for the log. Only the first call gets it.
    pub fn record(&mut self, status: StatusCode, by: Option<&str>) -> Record {
        let line = self.line.take();
        let strategy = line.as_ref().and(by).map(str::to_owned);
        Record { line, started: self.started, status, strategy }
    }

    /// An answer with the provider's headers.
    pub fn respond(&self, status: StatusCode, by: Option<&str>, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.reserve(16);
        let fixed =
            |name: &'static str, value: &'static str| (HeaderName::from_static(name), HeaderValue::from_static(value));
        headers.extend(self.provider.headers().iter().map(|(name, value)| fixed(name, value)));
        match &self.rate {
            None => headers.extend(self.provider.unlimited_headers().iter().map(|(name, value)| fixed(name, value))),
            Some(rate) => {
                for (name, value) in self.provider.rate_headers(rate) {
                    if let Ok(value) = HeaderValue::try_from(value) {
                        headers.insert(HeaderName::from_static(name), value);
                    }
                }
            }
        }
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            headers.insert(HeaderName::from_static(self.provider.request_id_header()), id);
        }
        if let Some(by) = by.and_then(|by| HeaderValue::from_str(by).ok()) {
            headers.insert(STRATEGY, by);
        }
        response
    }

    /// An error in the provider's shape, in either mode.
    pub fn refuse(mut self, error: &ApiError, by: Option<&str>) -> Response<Body> {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = self.provider.error_body(error, &self.request_id);
        let mut response = self.respond(status, by, Body::from(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = error.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        self.record(status, by).write(true);
        response
    }

    /// A body in the provider's JSON.
    pub fn json(mut self, body: impl Into<Body>) -> Response<Body> {
        let mut response = self.respond(StatusCode::OK, None, body.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.record(StatusCode::OK, None).write(true);
        response
    }
}

impl Drop for Context {
    /// A client that went away before its answer leaves a line as well, with nginx's number for that.
    fn drop(&mut self) {
        let status = StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        self.record(status, None).write(false);
    }
}

fn logs() -> bool {
    tracing::enabled!(target: "standin::request", tracing::Level::INFO)
}
