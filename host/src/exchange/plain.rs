//! Requests that no strategy sees: models, tokens, moderations, and answers that were kept.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};

use super::context::{Context, Unasked};
use super::fault::{Trouble, fault};
use super::visit::Visit;
use super::{App, SESSION};
use crate::chat::ApiError;
use crate::pace::body::wait;
use crate::usage::Counter;
use crate::wire::{self, Ids, Provider, anthropic, ids, json, openai};

/// Counts the tokens of a request.
pub async fn count_tokens(app: &Arc<App>, head: Parts, body: Body) -> Response<Body> {
    let mut visit = Visit::new(app, &anthropic::Anthropic, None, head);
    let counted = visit.receive(body, None).await.and_then(|text| {
        let request = anthropic::messages::count::decode(&text)?;
        visit.check_model(&request.model)?;
        let trouble = visit.admit(&request.model)?;
        let count = Counter::new(visit.snapshot.tokens).input(&request);
        Ok((anthropic::messages::count::encode(count), trouble))
    });
    finish(&mut visit, counted).await
}

/// Judges texts. Its model has a name of its own, which no list of models need hold.
pub async fn moderate(app: &Arc<App>, head: Parts, body: Body) -> Response<Body> {
    let mut visit = Visit::new(app, &openai::OpenAi, None, head);
    let judged = visit.receive(body, None).await.and_then(|text| {
        // The texts decide, so that the same ones get the same judgement.
        let mut ids = Ids::new(ids::key(visit.snapshot.seed, &text, 0, "moderation"));
        let body = openai::moderations::answer(&text, &mut ids)?;
        let model: String = json::at(&text, "/model").and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
        Ok((body, visit.admit(&model)?))
    });
    finish(&mut visit, judged).await
}

/// Sends a body that nobody was asked for, unless something is to go wrong.
async fn finish(visit: &mut Visit<'_>, body: Result<(Vec<u8>, Trouble), ApiError>) -> Response<Body> {
    let (body, trouble) = match body {
        Ok(answered) => answered,
        Err(error) => return visit.refuse(&error),
    };
    wait(trouble.delay_us).await;
    if let Some(error) = &trouble.error {
        return visit.refuse(error);
    }
    match trouble.breaks {
        None => visit.unasked().json(body),
        Some(breaks) => visit.unasked().broken(StatusCode::OK, None, body.into(), fault(breaks.kind)),
    }
}

/// The list of models.
pub fn models(app: &Arc<App>, head: Parts) -> Response<Body> {
    let provider = provider(&head);
    let list = provider.model_list(&app.snapshot.load().models, head.uri.query().unwrap_or_default());
    end(context(app, provider, head), list)
}

/// One model.
pub fn model(app: &Arc<App>, head: Parts, id: &str) -> Response<Body> {
    let provider = provider(&head);
    let snapshot = app.snapshot.load();
    // Where any model is served, any model is there.
    let any = snapshot.models.is_empty().then(|| {
        let crate::config::Model { id, created, owned_by } = crate::config::Model::new(id);
        wire::Model { id, created, owned_by }
    });
    let found = snapshot.models.iter().find(|it| it.id == id).or(any.as_ref());
    let body = found.map(|model| provider.model(model)).ok_or_else(|| provider.unknown_model(id));
    end(context(app, provider, head), body)
}

/// An answer that was kept, or the order to forget it.
pub fn kept(app: &Arc<App>, head: Parts, id: &str) -> Response<Body> {
    // What other formats keep has other routes, or none.
    let body = if !id.starts_with("resp_") {
        None
    } else if head.method == Method::DELETE {
        app.kept.delete(id).then(|| openai::responses::stored::deleted(id))
    } else {
        app.kept.get(id).map(|(kept, progress)| openai::responses::stored::retrieve(&kept, progress))
    };
    let body = body.ok_or_else(|| openai::responses::stored::not_found(id));
    end(context(app, &openai::OpenAi, head), body)
}

/// What a kept answer was asked.
pub fn kept_input(app: &Arc<App>, head: Parts, id: &str) -> Response<Body> {
    let body = match app.kept.get(id) {
        Some((kept, _)) => {
            openai::responses::stored::input_items(&kept, head.uri.query().unwrap_or_default(), &app.kept)
        }
        None => Err(openai::responses::stored::not_found(id)),
    };
    end(context(app, &openai::OpenAi, head), body)
}

/// Calls off an answer that nobody waits for.
pub fn kept_cancel(app: &Arc<App>, head: Parts, id: &str) -> Response<Body> {
    let body = match app.kept.cancel(id) {
        Some((kept, progress)) => openai::responses::stored::cancel(&kept, progress),
        None => Err(openai::responses::stored::not_found(id)),
    };
    end(context(app, &openai::OpenAi, head), body)
}

/// An error for which nobody was asked.
pub fn refuse(app: &Arc<App>, provider: &'static dyn Provider, head: Parts, error: &ApiError) -> Response<Body> {
    context(app, provider, head).refuse(error, None)
}

/// The same for a request whose body is still to come: it is read, so that the client reads its answer, and can be told of.
pub async fn turn_away(
    app: &Arc<App>,
    provider: &'static dyn Provider,
    head: Parts,
    body: Body,
    error: &ApiError,
) -> Response<Body> {
    let mut visit = Visit::new(app, provider, None, head);
    let collected = visit.collect(body).await;
    visit.refuse(collected.as_ref().err().unwrap_or(error))
}

fn end(context: Context<'_>, body: Result<Vec<u8>, ApiError>) -> Response<Body> {
    match body {
        Ok(body) => context.json(body),
        Err(error) => context.refuse(&error, None),
    }
}

/// Whose shape an answer has on such a path.
fn provider(head: &Parts) -> &'static dyn Provider {
    wire::provider_of(&|name| head.headers.contains_key(name))
}

fn context<'a>(app: &'a Arc<App>, provider: &'static dyn Provider, mut head: Parts) -> Context<'a> {
    let session = app.sessions.get(head.headers.get(SESSION).and_then(|name| name.to_str().ok()));
    let unasked = Unasked::new(&app.snapshot.load(), session, &mut head);
    Context::unasked(app, provider, unasked, Instant::now(), None)
}
