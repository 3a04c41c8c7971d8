//! START HERE: the way of one request, one function per arrow.
//!
//! ```text
//! receive ─► decode ─► ask the chain (WASM) ─► dress ─► send (paced stream, or one body)
//! ```
//!
//! A request takes the snapshot once, when its body is there, and sees that one to its end. WASM is finished before the first
//! byte goes out: a slow stream holds no instance.

mod collect;
mod context;
mod dress;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytestring::ByteString;

use self::collect::collect;
pub use self::context::{Context, Record};
use self::dress::{Dressed, dress, plugin_headers};
use crate::chat::{ApiError, Fault, RawResponse, Reply};
use crate::pace::body::{BrokenBody, PacedBody, wait};
use crate::pace::stream::{self, ReplyStream};
use crate::snapshot::Snapshot;
use crate::strategy::asked::{Asked, Decoded};
use crate::strategy::chain::{Answer, Answered};
use crate::strategy::instance::Failure;
use crate::strategy::state::{Session, Sessions};
use crate::wire::{Ids, Provider, WireFormat, ids, json};

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
