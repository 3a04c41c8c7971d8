//! From an answer to bytes: a paced stream, one body, or an error.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::context::Context;
use super::dress::{Dressed, dress, embedding_envelope, plugin_headers};
use super::fault::fault;
use super::visit::Visit;
use super::{Answer, Failure};
use crate::chat::{ApiError, Fault, RawResponse, Reply};
use crate::config::Break;
use crate::pace::body::{BrokenBody, PacedBody, wait};
use crate::pace::stream::{self, ReplyStream};
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::wire::{EmbeddingFormat, WireFormat};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer on its way to the client.
pub(super) struct Delivery<'a> {
    pub(super) visit: &'a Visit<'a>,
    pub(super) asked: &'a Arc<Asked>,
    pub(super) context: Context,
    /// Who answered.
    pub(super) by: Option<&'a str>,
    /// How the answer is to break.
    pub(super) breaks: Option<Break>,
}

impl Delivery<'_> {
    /// Renders and sends replies, in the time that the pacing asks for.
    pub(super) async fn replies(mut self, format: &'static dyn WireFormat, replies: Vec<Reply>) -> Response<Body> {
        let count = self.visit.has_budget();
        let dressed = match dress(&self.visit.snapshot, format, self.asked, replies, count) {
            Ok(dressed) => dressed,
            Err(reason) => return self.plugin_failed(500, &reason),
        };
        self.visit.spend(&dressed.envelope.usage, &mut self.context);
        let form = &self.asked.request().form;
        let mut queued = None;
        if form.keep && self.breaks.is_none() {
            let replies: Vec<Reply> = dressed.replies.iter().map(|(reply, _)| reply.clone()).collect();
            if let Some(kept) = format.keep(self.asked.decoded.body(), &format.unary(&dressed.envelope, &replies)) {
                queued = form.background.then(|| format.queued(&kept));
                self.visit.app.kept.keep(kept);
            }
        }
        match queued {
            Some(body) if !self.asked.request().stream => self.whole(StatusCode::OK, body.into(), HeaderMap::new()),
            _ => self.send(format, dressed).await,
        }
    }

    async fn send(mut self, format: &'static dyn WireFormat, dressed: Dressed) -> Response<Body> {
        let Dressed { envelope, replies, headers, dice } = dressed;
        let by = self.by;
        if self.asked.request().stream {
            let mut stream = ReplyStream::new(format.stream(&envelope), replies, dice);
            if let Some(breaks) = self.breaks {
                stream.break_after(breaks.after, fault(breaks.kind));
            }
            let record = self.context.record(StatusCode::OK, by);
            let mut body = PacedBody::new(stream, move |whole| record.write(whole));
            let body = match body.at_once() {
                Some(bytes) => Body::from(bytes),
                None => Body::new(body),
            };
            let mut response = self.context.respond(StatusCode::OK, by, body);
            let standard = response.headers_mut();
            standard.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
            standard.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            extend(standard, headers);
            return response;
        }
        let plan = stream::unary(&replies, dice);
        wait(plan.delay_us).await;
        let replies: Vec<Reply> = replies.into_iter().map(|(reply, _)| reply).collect();
        let body = Bytes::from(format.unary(&envelope, &replies));
        match plan.fault {
            None => self.whole(StatusCode::OK, body, headers),
            Some(Fault::Error(error)) => self.context.refuse(&error, by),
            Some(fault) => self.body(StatusCode::OK, broken(body, fault), headers),
        }
    }

    /// Sends vectors.
    pub(super) fn vectors(mut self, format: &'static dyn EmbeddingFormat, vectors: &[Vec<f32>]) -> Response<Body> {
        if vectors.iter().any(Vec::is_empty) {
            return self.plugin_failed(500, "answered with an empty vector; expected numbers");
        }
        if vectors.iter().flatten().any(|number| !number.is_finite()) {
            return self
                .plugin_failed(500, "answered with a vector that holds no finite number; expected finite numbers");
        }
        let envelope = embedding_envelope(self.asked);
        self.visit.spend(&envelope.usage, &mut self.context);
        self.whole(StatusCode::OK, format.encode(&envelope, vectors).into(), HeaderMap::new())
    }

    /// Sends a whole response, as the strategy gave it; asked to stream, the same as a stream.
    pub(super) async fn verbatim(self, format: Option<&'static dyn WireFormat>, raw: RawResponse) -> Response<Body> {
        let status = match StatusCode::from_u16(raw.status) {
            Ok(status) if raw.status >= 200 && raw.status < 600 => status,
            _ => {
                let reason = format!("answered with the status {}; expected 200 to 599", raw.status);
                return self.plugin_failed(500, &reason);
            }
        };
        if let Some(format) = format
            && self.asked.request().stream
            && status.is_success()
        {
            return match format.decode_reply(&raw.body) {
                Ok(reply) => self.replies(format, vec![Reply { headers: raw.headers, ..reply }]).await,
                Err(reason) => {
                    self.plugin_failed(500, &format!("answered with a body that cannot be streamed: {reason}"))
                }
            };
        }
        match plugin_headers(&raw.headers) {
            Ok(headers) => self.whole(status, raw.body.into(), headers),
            Err(reason) => self.plugin_failed(500, &reason),
        }
    }

    /// Sends what is no reply.
    pub(super) fn without_reply(self, answer: Answer) -> Response<Body> {
        match answer {
            Answer::Error(error) if (400..600).contains(&error.status) => self.context.refuse(&error, self.by),
            Answer::Error(error) => {
                let reason = format!("answered with an error of status {}; expected 400 to 599", error.status);
                self.plugin_failed(500, &reason)
            }
            Answer::Failed(failure) => {
                tracing::warn!(strategy = self.by, id = self.asked.id, "the strategy {failure}");
                let status = match failure {
                    Failure::Timeout(_) => 504,
                    Failure::PutAside(_) => 503,
                    _ => 500,
                };
                self.plugin_failed(status, &failure.to_string())
            }
            Answer::Nobody | Answer::Replies(_) | Answer::Vectors(_) | Answer::Verbatim(_) => {
                self.context.refuse(&nobody(&self.visit.snapshot, self.asked), None)
            }
        }
    }

    /// A plugin's own failure, as the client sees it.
    fn plugin_failed(self, status: u16, reason: &str) -> Response<Body> {
        let message = format!("The strategy `{}` {reason}", self.by.unwrap_or("?"));
        self.context.refuse(&ApiError::new(status, message), self.by)
    }

    /// A body that is there as a whole, unless it is to break.
    fn whole(self, status: StatusCode, body: Bytes, headers: HeaderMap) -> Response<Body> {
        let body = match self.breaks {
            None => Body::from(body),
            Some(breaks) => broken(body, fault(breaks.kind)),
        };
        self.body(status, body, headers)
    }

    fn body(mut self, status: StatusCode, body: Body, headers: HeaderMap) -> Response<Body> {
        let mut response = self.context.respond(status, self.by, body);
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        extend(response.headers_mut(), headers);
        self.context.record(status, self.by).write(true);
        response
    }
}

/// A body that breaks.
pub(super) fn broken(body: Bytes, fault: Fault) -> Body {
    match fault {
        Fault::Disconnect => Body::new(BrokenBody::disconnect(Bytes::new())),
        Fault::Truncate | Fault::Error(_) => Body::new(BrokenBody::disconnect(body.slice(..body.len() / 2))),
        Fault::Stall => Body::new(BrokenBody::stall()),
        Fault::Garbage(garbage) => Body::from([garbage.as_bytes(), &body].concat()),
    }
}

fn extend(headers: &mut HeaderMap, more: HeaderMap) {
    for name in more.keys() {
        headers.remove(name);
    }
    for (name, value) in &more {
        headers.append(name, value.clone());
    }
}

/// No strategy answered.
fn nobody(snapshot: &Snapshot, asked: &Asked) -> ApiError {
    let names: Vec<&str> = snapshot.chain.stages().iter().map(|plugin| &*plugin.name).collect();
    let names = if names.is_empty() { "the chain is empty".to_owned() } else { format!("asked: {}", names.join(", ")) };
    let all = if asked.request().embedding_inputs.is_empty() { "mirror" } else { "embeddings" };
    ApiError::new(
        404,
        format!("No strategy answers this request ({names}). A chain that ends with `{all}` answers everything."),
    )
}
