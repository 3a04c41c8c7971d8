//! START HERE: the way of one request, one function per arrow.
//!
//! ```text
//! receive ─► decode ─► ask the chain (WASM) ─► dress ─► send (paced stream, or one body)
//! ```
//!
//! A request takes the snapshot once, when its body is there, and sees that one to its end. WASM is finished before the first
//! byte goes out: a slow stream holds no instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytestring::ByteString;

use crate::chat::{ApiError, Event, Fault, RawResponse, Reply, Usage};
use crate::pace::body::{BrokenBody, PacedBody, wait};
use crate::pace::stream::{self, ReplyStream, Schedule};
use crate::snapshot::Snapshot;
use crate::strategy::asked::{Asked, Decoded};
use crate::strategy::chain::{Answer, Answered};
use crate::strategy::instance::Failure;
use crate::strategy::state::{Session, Sessions};
use crate::usage::Counter;
use crate::wire::{Envelope, Ids, Provider, WireFormat, ids, json};

/// What all workers share.
pub struct App {
    /// What requests see, swapped whole.
    pub snapshot: ArcSwap<Snapshot>,
    /// What is remembered between requests.
    pub sessions: Sessions,
}

/// The header with which a client names its session.
pub const SESSION: &str = "x-standin-session";
/// The header that names who answered.
pub const STRATEGY: HeaderName = HeaderName::from_static("x-standin-strategy");
/// A client may take so long to send a body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Answers one request to an endpoint that strategies answer.
pub async fn exchange(app: &App, format: &'static dyn WireFormat, head: Parts, body: Body) -> Response<Body> {
    let started = Instant::now();
    let session = app.sessions.get(head.headers.get(SESSION).and_then(|name| name.to_str().ok()));
    let received = receive(app.snapshot.load().body_limit, format.provider(), &head, body).await;
    let snapshot = app.snapshot.load_full();

    let asked = match received.and_then(|body| decode(&snapshot, format, body)) {
        Ok(decoded) => ask(&snapshot, format, &session, head, decoded),
        Err(error) => {
            let context = Context::unasked(&snapshot, format.provider(), &session, &head, started);
            return context.refuse(&error, None);
        }
    };
    let context = Context::new(format.provider(), &asked, started);
    // The one place where guests run: synchronous, and bounded by their deadlines.
    let Answered { answer, by } = snapshot.chain.answer(&asked);
    let by = by.as_deref();
    match answer {
        Answer::Replies(replies) => match dress(&snapshot, format, &asked, replies) {
            Ok(dressed) => send(format, &asked, dressed, context, by).await,
            Err(reason) => context.refuse(&plugin_error(500, by, &reason), by),
        },
        Answer::Verbatim(response) => verbatim(&snapshot, format, &asked, response, context, by).await,
        Answer::Error(error) if (400..600).contains(&error.status) => context.refuse(&error, by),
        Answer::Error(error) => {
            let reason = format!("answered with an error of status {}; expected 400 to 599", error.status);
            context.refuse(&plugin_error(500, by, &reason), by)
        }
        Answer::Failed(failure) => {
            tracing::warn!(strategy = by, id = asked.id, "the strategy {failure}");
            let status = match failure {
                Failure::Timeout(_) => 504,
                Failure::PutAside(_) => 503,
                _ => 500,
            };
            context.refuse(&plugin_error(status, by, &failure.to_string()), by)
        }
        Answer::Nobody => context.refuse(&nobody(&snapshot), None),
    }
}

/// The whole body, bounded in size and time.
async fn receive(limit: usize, provider: &dyn Provider, head: &Parts, body: Body) -> Result<Bytes, ApiError> {
    provider.check_headers(&|name| head.headers.contains_key(name))?;
    match tokio::time::timeout(BODY_TIMEOUT, collect(body, limit)).await {
        Ok(Ok(Some(body))) => Ok(body),
        Ok(Ok(None)) => Err(provider.body_too_large(limit)),
        Ok(Err(error)) => Err(provider.malformed_body(&format!("the body broke off: {error}"))),
        Err(_) => Err(ApiError::new(408, format!("the body did not arrive within {} s", BODY_TIMEOUT.as_secs()))),
    }
}

/// The body's bytes; none where they are more than the limit. A body that is too large is still read, up to a bound: a client
/// that is cut off in the middle of sending would see a broken connection, and not the answer.
async fn collect(mut body: Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    use axum::body::HttpBody;
    let drain = limit.saturating_mul(4).max(64 << 20);
    let mut first: Option<Bytes> = None;
    let mut whole: Vec<u8> = Vec::new();
    let mut length: usize = 0;
    loop {
        let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await;
        let Some(frame) = frame else { break };
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > drain {
            break;
        }
        if length > limit {
            first = None;
            whole = Vec::new();
        } else if first.is_none() && whole.is_empty() {
            first = Some(data);
        } else {
            if let Some(first) = first.take() {
                whole.reserve(first.len() + data.len());
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    if length > limit {
        return Ok(None);
    }
    // Most bodies come in one piece, and are never copied.
    Ok(Some(first.unwrap_or_else(|| whole.into())))
}

/// From bytes to plain types.
fn decode(snapshot: &Snapshot, format: &dyn WireFormat, body: Bytes) -> Result<Decoded, ApiError> {
    let text = match json::sanitize(&body) {
        Ok(std::borrow::Cow::Borrowed(_)) => ByteString::try_from(body.clone()).unwrap_or_default(),
        Ok(std::borrow::Cow::Owned(text)) => text.into(),
        Err(error) => return Err(format.provider().malformed_body(&error.to_string())),
    };
    let decoded = Decoded::decode(format, text)?;
    let model = &*decoded.request().model;
    if !snapshot.models.is_empty() && !snapshot.models.iter().any(|it| it.id == model) {
        return Err(format.provider().unknown_model(model));
    }
    Ok(decoded)
}

/// The request as strategies see it: with a turn of its session, an id and a time.
fn ask(
    snapshot: &Snapshot,
    format: &dyn WireFormat,
    session: &Arc<Session>,
    head: Parts,
    decoded: Decoded,
) -> Arc<Asked> {
    let turn = session.next_turn();
    Arc::new(Asked {
        decoded,
        provider: format.provider().name(),
        path: head.uri.path().to_owned(),
        headers: head.headers,
        id: Ids::new(ids::key(snapshot.seed, session.name(), turn, "request")).hex("req_", 32),
        session: Arc::clone(session),
        turn,
        now_ms: snapshot.now_ms(turn),
        seed: snapshot.seed,
        tokens: snapshot.tokens,
    })
}

/// Replies with everything decided that the wire shows.
struct Dressed {
    envelope: Envelope,
    replies: Vec<(Reply, Schedule)>,
    headers: HeaderMap,
    dice: Ids,
}

/// Fills in what strategies leave to the host: ids, model, usage, pacing. Fails where a plugin said what cannot be said.
fn dress(
    snapshot: &Snapshot,
    format: &dyn WireFormat,
    asked: &Asked,
    mut replies: Vec<Reply>,
) -> Result<Dressed, String> {
    let request = asked.request();
    let keyed = |role| Ids::new(ids::key(asked.seed, asked.session.name(), asked.turn, role));
    let mut call_ids = keyed("call");
    for reply in &mut replies {
        for event in &mut reply.events {
            if let Event::ToolCall(call) = event
                && call.id.is_none()
            {
                call.id = Some(format.tool_call_id(&mut call_ids));
            }
        }
    }
    let usage = if !request.stream || request.stream_usage {
        Counter::new(asked.tokens).usage(request, replies.iter())
    } else {
        Usage::default()
    };
    let (model, patch, headers) = match replies.first_mut() {
        Some(first) => (first.model.take(), first.patch.take(), std::mem::take(&mut first.headers)),
        None => (None, None, Vec::new()),
    };
    if let Some(patch) = &patch
        && !json::is_object(patch)
    {
        return Err("answered with a `patch` that is no JSON object".into());
    }
    let envelope = Envelope {
        ids: keyed("answer"),
        created: asked.now_ms / 1_000,
        model: model.unwrap_or_else(|| request.model.to_string()),
        usage,
        stream_usage: request.stream_usage,
        patch,
    };
    let replies = replies.into_iter().map(|reply| (snapshot.schedule.of(reply.pacing), reply));
    Ok(Dressed {
        envelope,
        replies: replies.map(|(schedule, reply)| (reply, schedule)).collect(),
        headers: plugin_headers(&headers)?,
        dice: keyed("pace"),
    })
}

/// The headers that a plugin adds. Those that frame the message are the server's.
fn plugin_headers(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    const FRAMING: [&str; 5] = ["connection", "content-length", "transfer-encoding", "upgrade", "date"];
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let parsed = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        let Some((header, value)) = parsed.filter(|(name, _)| !FRAMING.contains(&name.as_str())) else {
            return Err(format!("answered with the header {name:?}: {value:?}, which cannot be sent"));
        };
        map.append(header, value);
    }
    Ok(map)
}

/// Renders and sends, in the time that the pacing asks for.
async fn send(
    format: &'static dyn WireFormat,
    asked: &Arc<Asked>,
    dressed: Dressed,
    mut context: Context,
    by: Option<&str>,
) -> Response<Body> {
    let Dressed { envelope, replies, headers, dice } = dressed;
    if asked.request().stream {
        let stream = ReplyStream::new(format.stream(&envelope), replies, dice);
        let record = context.record(StatusCode::OK, by);
        let mut body = PacedBody::new(stream, move |whole| record.write(whole));
        let body = match body.at_once() {
            Some(bytes) => Body::from(bytes),
            None => Body::new(body),
        };
        let mut response = context.respond(StatusCode::OK, by, body);
        let standard = response.headers_mut();
        standard.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
        standard.insert("cache-control", HeaderValue::from_static("no-cache"));
        extend(standard, headers);
        return response;
    }
    let plan = stream::unary(&replies, dice);
    wait(plan.delay_us).await;
    let replies: Vec<Reply> = replies.into_iter().map(|(reply, _)| reply).collect();
    let body = Bytes::from(format.unary(&envelope, &replies));
    let body = match plan.fault {
        None => Body::from(body),
        Some(Fault::Error(error)) => return context.refuse(&error, by),
        Some(Fault::Disconnect) => Body::new(BrokenBody::disconnect(Bytes::new())),
        Some(Fault::Truncate) => Body::new(BrokenBody::disconnect(body.slice(..body.len() / 2))),
        Some(Fault::Stall) => Body::new(BrokenBody::stall()),
        Some(Fault::Garbage(garbage)) => Body::from([garbage.as_bytes(), &body].concat()),
    };
    let mut response = context.respond(StatusCode::OK, by, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    extend(response.headers_mut(), headers);
    context.record(StatusCode::OK, by).write(true);
    response
}

/// A whole response, as the strategy gave it; asked to stream, the same as a stream.
async fn verbatim(
    snapshot: &Snapshot,
    format: &'static dyn WireFormat,
    asked: &Arc<Asked>,
    raw: RawResponse,
    mut context: Context,
    by: Option<&str>,
) -> Response<Body> {
    let refused = |reason: String| plugin_error(500, by, &reason);
    let status = match StatusCode::from_u16(raw.status) {
        Ok(status) if raw.status >= 200 && raw.status < 600 => status,
        _ => {
            let error = refused(format!("answered with the status {}; expected 200 to 599", raw.status));
            return context.refuse(&error, by);
        }
    };
    if asked.request().stream && status.is_success() {
        let decoded = format
            .decode_reply(&raw.body)
            .and_then(|reply| dress(snapshot, format, asked, vec![Reply { headers: raw.headers.clone(), ..reply }]));
        return match decoded {
            Ok(dressed) => send(format, asked, dressed, context, by).await,
            Err(reason) => {
                context.refuse(&refused(format!("answered with a body that cannot be streamed: {reason}")), by)
            }
        };
    }
    let headers = match plugin_headers(&raw.headers) {
        Ok(headers) => headers,
        Err(reason) => return context.refuse(&refused(reason), by),
    };
    let mut response = context.respond(status, by, Body::from(raw.body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    extend(response.headers_mut(), headers);
    context.record(status, by).write(true);
    response
}

fn extend(headers: &mut HeaderMap, more: HeaderMap) {
    for name in more.keys() {
        headers.remove(name);
    }
    for (name, value) in &more {
        headers.append(name, value.clone());
    }
}

/// A plugin's own failure, as the client sees it.
fn plugin_error(status: u16, by: Option<&str>, reason: &str) -> ApiError {
    ApiError::new(status, format!("The strategy `{}` {reason}", by.unwrap_or("?")))
}

/// No strategy answered.
fn nobody(snapshot: &Snapshot) -> ApiError {
    let names: Vec<&str> = snapshot.chain.stages().iter().map(|plugin| &*plugin.name).collect();
    let names = if names.is_empty() { "the chain is empty".to_owned() } else { format!("asked: {}", names.join(", ")) };
    ApiError::new(
        404,
        format!("No strategy answers this request ({names}). A chain that ends with `mirror` answers everything."),
    )
}

/// What every answer carries, and what the log says of it.
pub struct Context {
    provider: &'static dyn Provider,
    request_id: String,
    started: Instant,
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
    fn new(provider: &'static dyn Provider, asked: &Asked, started: Instant) -> Self {
        let line = logs().then(|| Line {
            method: "POST".into(),
            path: asked.path.clone(),
            model: Some(asked.request().model.to_string()),
        });
        Self { provider, request_id: asked.id.clone(), started, line }
    }

    /// For a request that strategies do not see.
    pub fn unasked(
        snapshot: &Snapshot,
        provider: &'static dyn Provider,
        session: &Session,
        head: &Parts,
        started: Instant,
    ) -> Self {
        let key = ids::key(snapshot.seed, session.name(), session.next_other(), "other");
        let line =
            logs().then(|| Line { method: head.method.to_string(), path: head.uri.path().to_owned(), model: None });
        Self { provider, request_id: Ids::new(key).hex("req_", 32), started, line }
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
        for (name, value) in self.provider.headers() {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
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
    pub fn json(mut self, body: Vec<u8>) -> Response<Body> {
        let mut response = self.respond(StatusCode::OK, None, Body::from(body));
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
