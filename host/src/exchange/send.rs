//! From an answer to bytes: a paced stream, one body, or an error.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::context::{Context, Sent};
use super::dress::{
    Dressed, check_error, check_vectors, dress, embedding_envelope, plugin_headers, reply_of, status_of,
};
use super::fault::fault;
use super::trim::trim;
use super::visit::Visit;
use super::{Answer, Failure};
use crate::chat::{ApiError, Fault, RawResponse, Reply};
use crate::config::{Break, Format};
use crate::pace::body::{PacedBody, wait};
use crate::pace::stream::{self, ReplyStream};
use crate::record::FailureKind;
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::strategy::nearest::nearest;
use crate::wire::{EmbeddingFormat, WireFormat};

/// An answer on its way to the client.
pub(super) struct Delivery<'a> {
    pub(super) visit: &'a Visit<'a>,
    pub(super) asked: &'a Arc<Asked>,
    pub(super) context: Context<'a>,
    /// Who answered.
    pub(super) by: Option<&'a str>,
    /// How the answer is to break.
    pub(super) breaks: Option<Break>,
}

impl Delivery<'_> {
    /// Renders and sends replies, in the time that the pacing asks for.
    pub(super) async fn replies(self, format: &'static dyn WireFormat, mut replies: Vec<Reply>) -> Response<Body> {
        for reply in &mut replies {
            trim(reply, self.asked.request(), self.asked.tokens);
        }
        self.whole_replies(format, replies).await
    }

    /// The same, with everything in them that is said: what a strategy gave as a whole response is not cut.
    async fn whole_replies(mut self, format: &'static dyn WireFormat, replies: Vec<Reply>) -> Response<Body> {
        let dressed = match dress(&self.visit.snapshot, format, self.asked, replies) {
            Ok(dressed) => dressed,
            Err(reason) => return self.plugin_failed(500, &reason),
        };
        self.visit.spend(&dressed.envelope.usage, &mut self.context);
        let Dressed { envelope, replies, schedules, headers, dice } = dressed;
        let (form, streams) = (&self.asked.request().form, self.asked.request().stream);
        let keeps = form.keep && self.breaks.is_none();
        // Of a stream the journal keeps what would have been its body: it says the same, and is shorter.
        let journal = streams && self.visit.snapshot.journal.entries > 0;
        let unary = if keeps || journal || !streams { format.unary(&envelope, &replies) } else { Vec::new() };
        let mut queued = None;
        if keeps && let Some(kept) = format.keep(self.asked.decoded.body(), &unary) {
            queued = form.background.then(|| format.queued(&kept));
            self.visit.app.kept.keep(kept);
        }
        let unary = Bytes::from(unary);
        match queued {
            Some(body) if !streams => self.whole(StatusCode::OK, body.into(), HeaderMap::new()),
            _ if streams => {
                let replies = replies.into_iter().zip(schedules).collect();
                self.stream(ReplyStream::new(format.stream(&envelope), replies, dice), unary, headers)
            }
            _ => {
                let plan = stream::unary(&replies, &schedules, dice);
                wait(plan.delay_us).await;
                match plan.fault {
                    None => self.whole(StatusCode::OK, unary, headers),
                    Some(Fault::Error(error)) => self.context.refuse(&error, self.by),
                    Some(fault) => self.broken(StatusCode::OK, unary, fault, headers),
                }
            }
        }
    }

    /// Sends a stream; `unary` is what is told of it.
    fn stream(mut self, mut stream: ReplyStream, unary: Bytes, headers: HeaderMap) -> Response<Body> {
        if let Some(breaks) = self.breaks {
            stream.break_after(breaks.after, fault(breaks.kind));
        }
        let (by, status) = (self.by, StatusCode::OK);
        let mut response = self.context.respond(status, by, Body::empty());
        let standard = response.headers_mut();
        standard.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
        standard.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        extend(standard, headers);
        let mut body = PacedBody::new(stream);
        let at_once = body.at_once();
        let chunks = body.chunks();
        *response.body_mut() = match at_once {
            Some(bytes) => Body::from(bytes),
            None => {
                if let Some(tail) = self.context.tail(by) {
                    let unary = unary.clone();
                    body.on_end(move |chunks, whole| tail.tell(status, &unary, chunks, whole));
                }
                Body::new(body)
            }
        };
        // Where the tail tells, this says nothing.
        self.context.tell(&Sent { status, by, bytes: &unary, whole: true, streamed: true, chunks });
        response
    }

    /// Sends vectors.
    pub(super) fn vectors(mut self, format: &'static dyn EmbeddingFormat, vectors: &[Vec<f32>]) -> Response<Body> {
        if let Err(reason) = check_vectors(vectors) {
            return self.plugin_failed(500, &reason);
        }
        let envelope = embedding_envelope(self.asked);
        self.visit.spend(&envelope.usage, &mut self.context);
        self.whole(StatusCode::OK, format.encode(&envelope, vectors).into(), HeaderMap::new())
    }

    /// Sends a whole response, as the strategy gave it; asked to stream, the same as a stream.
    pub(super) async fn verbatim(self, format: Option<&'static dyn WireFormat>, raw: RawResponse) -> Response<Body> {
        let status = match status_of(&raw) {
            Ok(status) => status,
            Err(reason) => return self.plugin_failed(500, &reason),
        };
        if let Some(format) = format
            && self.asked.request().stream
            && status.is_success()
        {
            return match reply_of(format, raw) {
                Ok(reply) => self.whole_replies(format, vec![reply]).await,
                Err(reason) => self.plugin_failed(500, &reason),
            };
        }
        match plugin_headers(&raw.headers) {
            Ok(headers) => self.whole(status, raw.body.into(), headers),
            Err(reason) => self.plugin_failed(500, &reason),
        }
    }

    /// Sends what is no reply.
    pub(super) fn without_reply(mut self, answer: Answer) -> Response<Body> {
        match answer {
            Answer::Error(error) => match check_error(&error) {
                Ok(()) => self.context.refuse(&error, self.by),
                Err(reason) => self.plugin_failed(500, &reason),
            },
            Answer::Failed(failure) => {
                tracing::warn!(strategy = self.by, id = self.asked.id, "the strategy {failure}");
                let (status, kind) = match failure {
                    Failure::Timeout(_) => (504, FailureKind::Timeout),
                    Failure::PutAside(_) => (503, FailureKind::PutAside),
                    Failure::Trap(_) => (500, FailureKind::Trap),
                    _ => (500, FailureKind::Other),
                };
                self.context.set_failure(kind);
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
        if let Some(breaks) = self.breaks {
            return self.broken(status, body, fault(breaks.kind), headers);
        }
        let mut response = self.context.body(status, self.by, body);
        extend(response.headers_mut(), headers);
        response
    }

    fn broken(self, status: StatusCode, body: Bytes, fault: Fault, headers: HeaderMap) -> Response<Body> {
        let mut response = self.context.broken(status, self.by, body, fault);
        extend(response.headers_mut(), headers);
        response
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
    let text = asked.request().last_user_text();
    if snapshot.format == Format::Responses && text.is_none() {
        return ApiError::new(400, "No user message found in request");
    }
    let stages = snapshot.chain.stages();
    let asks = stages.iter().enumerate().filter(|(stage, _)| asked.forced.is_none_or(|forced| forced == *stage));
    let names: Vec<&str> = asks.map(|(_, plugin)| &*plugin.name).collect();
    let names = if names.is_empty() { "the chain is empty".to_owned() } else { format!("asked: {}", names.join(", ")) };
    if !asked.strict {
        let all = if asked.request().embedding_inputs.is_empty() { "mirror" } else { "embeddings" };
        let message =
            format!("No strategy answers this request ({names}). A chain that ends with `{all}` answers everything.");
        return ApiError::new(404, message);
    }
    let near = nearest(&snapshot.chain, &text.unwrap_or_default());
    let near: Vec<String> = near.iter().map(ToString::to_string).collect();
    let near = if near.is_empty() { "No strategy waits for a certain text".into() } else { near.join("; ") };
    ApiError::new(404, format!("In strict mode no strategy answers this request ({names}). Nearest: {near}."))
}
