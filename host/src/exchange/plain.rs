//! Requests that no strategy sees: models, tokens, moderations, and answers that were kept.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response};

use super::fault::{Trouble, fault};
use super::send::broken;
use super::visit::Visit;
use super::{App, Context, SESSION};
use crate::chat::ApiError;
use crate::pace::body::wait;
use crate::usage::Counter;
use crate::wire::{self, Ids, Provider, anthropic, ids, json, openai};

/// Counts the tokens of a request.
pub async fn count_tokens(app: &App, head: Parts, body: Body) -> Response<Body> {
    let mut visit = Visit::new(app, &anthropic::Anthropic, head);
    let counted = visit.receive(body, None).await.and_then(|text| {
        let request = anthropic::messages::count::decode(&text)?;
        visit.check_model(&request.model)?;
        let trouble = visit.admit(&request.model)?;
        let count = Counter::new(visit.snapshot.tokens).input(&request);
        Ok((anthropic::messages::count::encode(count), trouble))
    });
    finish(&visit, counted).await
}

/// Judges texts. Its model has a name of its own, which no list of models need hold.
pub async fn moderate(app: &App, head: Parts, body: Body) -> Response<Body> {
    let mut visit = Visit::new(app, &openai::OpenAi, head);
    let judged = visit.receive(body, None).await.and_then(|text| {
        // The texts decide, so that the same ones get the same judgement.
        let mut ids = Ids::new(ids::key(visit.snapshot.seed, &text, 0, "moderation"));
        let body = openai::moderations::answer(&text, &mut ids)?;
        let model: String = json::at(&text, "/model").and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
        Ok((body, visit.admit(&model)?))
    });
    finish(&visit, judged).await
}

/// Sends a body that nobody was asked for, unless something is to go wrong.
async fn finish(visit: &Visit<'_>, body: Result<(Vec<u8>, Trouble), ApiError>) -> Response<Body> {
    let (body, trouble) = match body {
        Ok(answered) => answered,
        Err(error) => return visit.refuse(&error),
    };
    wait(trouble.delay_us).await;
    if let Some(error) = &trouble.error {
        return visit.refuse(error);
    }
    let body = match trouble.breaks {
        None => Body::from(body),
        Some(breaks) => broken(body.into(), fault(breaks.kind)),
    };
    visit.unasked().json(body)
}

/// The list of models.
pub fn models(app: &App, head: &Parts) -> Response<Body> {
    let (provider, context) = unasked(app, head);
    match provider.model_list(&app.snapshot.load().models, head.uri.query().unwrap_or_default()) {
        Ok(body) => context.json(body),
        Err(error) => context.refuse(&error, None),
    }
}

/// One model.
pub fn model(app: &App, head: &Parts, id: &str) -> Response<Body> {
    let (provider, context) = unasked(app, head);
    let snapshot = app.snapshot.load();
    // Where any model is served, any model is there.
    let any = snapshot.models.is_empty().then(|| {
        let crate::config::Model { id, created, owned_by } = crate::config::Model::new(id);
        wire::Model { id, created, owned_by }
    });
    match snapshot.models.iter().find(|it| it.id == id).or(any.as_ref()) {
        Some(model) => context.json(provider.model(model)),
        None => context.refuse(&provider.unknown_model(id), None),
    }
}

/// An answer that was kept, or the order to forget it.
pub fn kept(app: &App, head: &Parts, id: &str) -> Response<Body> {
    let context = context(app, &openai::OpenAi, head);
    // What other formats keep has other routes, or none.
    let body = if !id.starts_with("resp_") {
        None
    } else if head.method == Method::DELETE {
        app.kept.delete(id).then(|| openai::responses::stored::deleted(id))
    } else {
        app.kept.get(id).map(|(kept, progress)| openai::responses::stored::retrieve(&kept, progress))
    };
    match body {
        Some(body) => context.json(body),
        None => context.refuse(&openai::responses::stored::not_found(id), None),
    }
}

/// What a kept answer was asked.
pub fn kept_input(app: &App, head: &Parts, id: &str) -> Response<Body> {
    let context = context(app, &openai::OpenAi, head);
    let body = match app.kept.get(id) {
        Some((kept, _)) => {
            openai::responses::stored::input_items(&kept, head.uri.query().unwrap_or_default(), &app.kept)
        }
        None => Err(openai::responses::stored::not_found(id)),
    };
    match body {
        Ok(body) => context.json(body),
        Err(error) => context.refuse(&error, None),
    }
}

/// Calls off an answer that nobody waits for.
pub fn kept_cancel(app: &App, head: &Parts, id: &str) -> Response<Body> {
    let context = context(app, &openai::OpenAi, head);
    let body = match app.kept.cancel(id) {
        Some((kept, progress)) => openai::responses::stored::cancel(&kept, progress),
        None => Err(openai::responses::stored::not_found(id)),
    };
    match body {
        Ok(body) => context.json(body),
        Err(error) => context.refuse(&error, None),
    }
}

/// An error on a path that several providers share.
pub fn refuse(app: &App, head: &Parts, error: impl FnOnce(&dyn Provider) -> ApiError) -> Response<Body> {
    let (provider, context) = unasked(app, head);
    context.refuse(&error(provider), None)
}

/// Whose shape the answer has, and what it carries.
fn unasked(app: &App, head: &Parts) -> (&'static dyn Provider, Context) {
    let provider = wire::provider_of(&|name| head.headers.contains_key(name));
    (provider, context(app, provider, head))
}

fn context(app: &App, provider: &'static dyn Provider, head: &Parts) -> Context {
    let session = app.sessions.get(head.headers.get(SESSION).and_then(|name| name.to_str().ok()));
    Context::unasked(&app.snapshot.load(), provider, &session, head, std::time::Instant::now(), None)
}
