//! One visit of a client, up to the point where somebody is asked: its body, its session, its budget, and what is to go wrong.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_ENCODING;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};
use bytestring::ByteString;

use super::budget::Key;
use super::collect::collect;
use super::context::Unasked;
use super::fault::Trouble;
use super::wishes::Wishes;
use super::{App, Context, SESSION};
use crate::chat::{ApiError, Operation, Usage};
use crate::config::RateLimits;
use crate::snapshot::Snapshot;
use crate::strategy::asked::{Asked, Decoded};
use crate::strategy::state::Session;
use crate::wire::rate::RateStatus;
use crate::wire::{Ids, Provider, ids, json};

/// A client may take so long to send a body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// A body comes as it is: unpacked, a small one could be of any size.
///
/// # Errors
/// It is compressed.
pub fn check_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let found = String::from_utf8_lossy(encoding.as_bytes());
            Err(ApiError::new(415, format!("content-encoding: found `{found}`, expected none; send the body as it is")))
        }
        _ => Ok(()),
    }
}

/// One request, before somebody is asked.
pub(super) struct Visit<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) provider: &'static dyn Provider,
    pub(super) snapshot: Arc<Snapshot>,
    session: Arc<Session>,
    head: Parts,
    /// What is told of a request that is refused.
    body: Bytes,
    model: Option<String>,
    operation: Option<Operation>,
    started: Instant,
    budget: Option<(RateLimits, Key)>,
    rate: Option<RateStatus>,
    wishes: Wishes,
}

impl<'a> Visit<'a> {
    /// A request whose body is not there yet.
    pub(super) fn new(
        app: &'a Arc<App>,
        provider: &'static dyn Provider,
        operation: Option<Operation>,
        head: Parts,
    ) -> Self {
        let started = Instant::now();
        let session = app.sessions.get(head.headers.get(SESSION).and_then(|name| name.to_str().ok()));
        let snapshot = app.snapshot.load_full();
        Self {
            app,
            provider,
            snapshot,
            session,
            head,
            body: Bytes::new(),
            model: None,
            operation,
            started,
            budget: None,
            rate: None,
            wishes: Wishes::default(),
        }
    }

    /// The whole body, bounded in size and time, as text. From here on the request sees the snapshot of this moment. A
    /// path that names a deployment stands for a model that is left out, as Azure has it.
    pub(super) async fn receive(&mut self, body: Body, deployment: Option<&str>) -> Result<ByteString, ApiError> {
        if !self.snapshot.is_lax() {
            let headers = &self.head.headers;
            self.provider.check_headers(&|name| headers.contains_key(name))?;
        }
        self.collect(body).await?;
        // Counting references anew would write to a line that all workers share.
        let snapshot = self.app.snapshot.load();
        if !Arc::ptr_eq(&snapshot, &self.snapshot) {
            self.snapshot = Arc::clone(&snapshot);
        }
        let text = match json::sanitize(&self.body) {
            Ok(Cow::Borrowed(_)) => ByteString::try_from(self.body.clone()).unwrap_or_default(),
            Ok(Cow::Owned(text)) => text.into(),
            Err(error) => return Err(self.provider.malformed_body(&error.to_string())),
        };
        Ok(match deployment {
            Some(model) => with_model(text, model),
            None => text,
        })
    }

    /// The whole body, bounded in size and time.
    pub(super) async fn collect(&mut self, body: Body) -> Result<(), ApiError> {
        check_encoding(&self.head.headers)?;
        let limit = self.snapshot.body_limit;
        self.body = match tokio::time::timeout(BODY_TIMEOUT, collect(body, limit)).await {
            Ok(Ok(Some(body))) => body,
            Ok(Ok(None)) => return Err(self.provider.body_too_large(limit)),
            Ok(Err(error)) => return Err(self.provider.malformed_body(&format!("the body broke off: {error}"))),
            Err(_) => {
                let reason = format!("the body did not arrive within {} s", BODY_TIMEOUT.as_secs());
                return Err(ApiError::new(408, reason));
            }
        };
        Ok(())
    }

    /// Whether the model is served.
    pub(super) fn check_model(&mut self, model: &str) -> Result<(), ApiError> {
        let models = &self.snapshot.models;
        if models.is_empty() || models.iter().any(|it| it.id == model) {
            return Ok(());
        }
        self.model = Some(model.to_owned());
        Err(self.provider.unknown_model(model))
    }

    /// Whether the key may ask, and what is to go wrong.
    pub(super) fn admit(&mut self, model: &str) -> Result<Trouble, ApiError> {
        self.wishes = Wishes::read(&self.snapshot, &self.head.headers)?;
        let ordered = Trouble::ordered(&self.head.headers)?;
        if let Some(limits) = self.snapshot.rate_limits {
            let key = self.app.budgets.key(&self.head.headers);
            match self.app.budgets.admit(&limits, key, self.started) {
                Ok(status) => (self.budget, self.rate) = (Some((limits, key)), Some(status)),
                Err((exceeded, status)) => {
                    self.rate = Some(status);
                    return Err(self.provider.rate_exceeded(model, exceeded, &status));
                }
            }
        }
        if let Some(trouble) = ordered {
            return Ok(trouble);
        }
        if self.snapshot.faults.is_empty() {
            return Ok(Trouble::default());
        }
        // A number of its own: a request that fails takes no turn of its session, and the next try throws again.
        let key = ids::key(self.snapshot.seed, self.session.name(), self.session.next_other(), "fault");
        let trouble = Trouble::by_rule(&self.snapshot.faults, self.head.uri.path(), model, Ids::new(key));
        Ok(trouble.unwrap_or_default())
    }

    /// Takes an answer's tokens from the key's budget, and lets the answer tell.
    pub(super) fn spend(&self, usage: &Usage, context: &mut Context<'_>) {
        context.set_usage(*usage);
        if let Some((limits, key)) = &self.budget {
            let tokens = u64::from(usage.input_tokens) + u64::from(usage.output_tokens);
            context.set_rate(self.app.budgets.spend(limits, *key, tokens, self.started).or(self.rate));
        }
    }

    /// The request as strategies see it: with a turn of its session, an id and a time.
    pub(super) fn ask(&mut self, decoded: Decoded) -> Arc<Asked> {
        let (snapshot, session) = (&self.snapshot, &self.session);
        let turn = session.next_turn();
        Arc::new(Asked {
            decoded,
            provider: self.provider.name(),
            uri: std::mem::take(&mut self.head.uri),
            headers: std::mem::take(&mut self.head.headers),
            id: Ids::new(ids::key(snapshot.seed, session.name(), turn, "request")).hex("req_", 32),
            session: Arc::clone(session),
            turn,
            now_ms: snapshot.now_ms(turn),
            seed: snapshot.seed,
            tokens: snapshot.tokens,
            forced: self.wishes.forced,
            strict: self.wishes.strict,
        })
    }

    /// The context of an answer to what was asked.
    pub(super) fn context(&self, asked: &Arc<Asked>) -> Context<'a> {
        Context::asked(self.app, self.provider, asked, self.started, self.rate)
    }

    /// The context of an answer for which nobody was asked.
    pub(super) fn unasked(&mut self) -> Context<'a> {
        let unasked = Unasked {
            body: std::mem::take(&mut self.body),
            model: self.model.take(),
            operation: self.operation.map(Operation::name),
            ..Unasked::new(&self.snapshot, Arc::clone(&self.session), &mut self.head)
        };
        Context::unasked(self.app, self.provider, unasked, self.started, self.rate)
    }

    /// An error for which nobody was asked.
    pub(super) fn refuse(&mut self, error: &ApiError) -> Response<Body> {
        self.unasked().refuse(error, None)
    }

    /// Remembers which model is wanted, for what is told of a request that nobody sees.
    pub(super) fn name_model(&mut self, model: &str) {
        self.model = Some(model.to_owned());
    }
}

/// The same body with a model, where it has none.
pub fn with_model(body: ByteString, model: &str) -> ByteString {
    let Some(rest) = body.trim_start().strip_prefix('{') else { return body };
    if json::at(&body, "/model").is_some() {
        return body;
    }
    let mut text = Vec::with_capacity(body.len() + model.len() + 16);
    text.extend_from_slice(br#"{"model":"#);
    json::write_string(&mut text, model);
    if !rest.trim_start().starts_with('}') {
        text.push(b',');
    }
    text.extend_from_slice(rest.as_bytes());
    ByteString::try_from(text).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_stands_for_the_model() {
        for (body, wanted) in [
            (r#"{"n":1}"#, r#"{"model":"d\"1","n":1}"#),
            (" { } ", r#"{"model":"d\"1" } "#),
            (r#"{"model":"m"}"#, r#"{"model":"m"}"#),
            ("[1]", "[1]"),
            ("", ""),
        ] {
            assert_eq!(&*with_model(ByteString::from_static(body), "d\"1"), wanted);
        }
    }
}
