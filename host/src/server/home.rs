//! What clients of the systems that standin grew from ask for, beside the providers' routes. Which of it is there follows from
//! whose configuration file is in use.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::route;
use crate::chat::ApiError;
use crate::config::{Format, Model};
use crate::exchange::App;
use crate::journal::Entry;
use crate::journal::filter::Filter;
use crate::snapshot::Snapshot;

/// Whether the server is there.
pub(super) fn health(snapshot: &Snapshot) -> Response<Body> {
    let body = match snapshot.format {
        Format::Mocks => {
            let settings = snapshot.chain.stages().first().map(|plugin| &plugin.settings);
            let count = |key| settings.and_then(|it| it.get(key)?.as_array()).map_or(0, Vec::len);
            json!({ "anthropic": count("anthropic"), "openai": count("openai"), "service": "mock-llm", "status": "healthy" })
        }
        Format::Llmock => json!({ "status": "healthy", "timestamp": now() }),
        _ => json!({ "status": "healthy" }),
    };
    route::json(body.to_string())
}

fn now() -> String {
    humantime::format_rfc3339_micros(std::time::SystemTime::now()).to_string()
}

/// A key that llmock would not take, in its words.
pub(super) fn key_error(message: &str) -> ApiError {
    ApiError { kind: Some("auth_error".into()), ..ApiError::new(401, message) }
}

/// The answer to what is no provider's route; none where it is one, or nothing.
pub(super) fn answer(app: &App, snapshot: &Snapshot, head: &Parts) -> Option<Response<Body>> {
    let is_get = matches!(head.method, Method::GET | Method::HEAD);
    match (snapshot.format, head.uri.path()) {
        (Format::Responses, "/providers") if is_get => Some(route::json(providers().to_string())),
        (Format::Responses, "/models") if is_get && snapshot.models.is_empty() => {
            Some(route::json(models().to_string()))
        }
        (Format::Llmock, "/history") if is_get => Some(route::json(history(app).to_string())),
        (Format::Llmock, "/history") if head.method == Method::DELETE => {
            app.journal.clear(None);
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Some(response)
        }
        _ => None,
    }
}

/// llmock's list of what was asked, from the journal.
fn history(app: &App) -> Value {
    const PAGE: usize = 1_000;
    let (all, mut after, mut requests) = (Filter::default(), None, Vec::new());
    loop {
        let page = app.journal.page(&all, after.as_ref(), PAGE);
        for view in page.entries.iter().filter_map(Entry::view) {
            let entry = serde_json::to_value(view.json()).unwrap_or_default();
            if entry["method"] != "OPTIONS" {
                let body = if entry["body_size"] == 0 { &Value::Null } else { &entry["body"] };
                requests.push(json!({
                    "method": entry["method"], "path": entry["path"], "body": body, "timestamp": entry["at"],
                }));
            }
        }
        after = page.next;
        if after.is_none() {
            return json!({ "requests": requests });
        }
    }
}

/// mockllm's list of models, which is one that OpenAI's clients read as well.
fn models() -> Value {
    const OPENAI: [&str; 3] = ["gpt-3.5-turbo", "gpt-4", "gpt-4-turbo"];
    const ANTHROPIC: [&str; 3] = ["claude-3-sonnet-20240229", "claude-3-opus-20240229", "claude-3-haiku-20240307"];
    let all = || OPENAI.into_iter().chain(ANTHROPIC);
    let data = all().map(|id| {
        let Model { id, created, owned_by } = Model::new(id);
        json!({ "id": id, "object": "model", "created": created, "owned_by": owned_by })
    });
    json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "models": all().collect::<Vec<_>>(),
        "by_provider": { "openai": OPENAI, "anthropic": ANTHROPIC },
    })
}

/// mockllm's list of what it speaks.
fn providers() -> Value {
    json!({
        "openai": {
            "version": "1.0.0",
            "description": "OpenAI Chat Completions API provider",
            "endpoints": [{ "path": "/v1/chat/completions", "method": "POST", "handler": "handle_chat_completion" }],
            "models": ["gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "gpt-4o", "gpt-4o-mini"],
            "capabilities": { "streaming": true, "function_calling": true, "vision": true },
        },
        "anthropic": {
            "version": "1.0.0",
            "description": "Anthropic Messages API provider",
            "endpoints": [{ "path": "/v1/messages", "method": "POST", "handler": "handle_chat_completion" }],
            "models": [
                "claude-3-opus-20240229", "claude-3-sonnet-20240229", "claude-3-haiku-20240307", "claude-2.1", "claude-2.0",
            ],
            "capabilities": { "streaming": true, "vision": true, "function_calling": false },
        },
    })
}
