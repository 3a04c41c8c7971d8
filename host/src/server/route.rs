//! From a path to who answers it: standin's own routes, those that clients of other systems know, and the providers'.

use std::convert::Infallible;
use std::sync::Arc;

use arc_swap::Guard;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Response, StatusCode, Uri};
use tower::{Layer, ServiceExt, service_fn};

use super::home;
use crate::admin::{self, PREFIX as ADMIN};
use crate::chat::ApiError;
use crate::config::Format;
use crate::exchange::{App, SESSION, embed, exchange, plain};
use crate::gate::{Key, Shown};
use crate::metrics::CONTENT_TYPE as METRICS;
use crate::snapshot::Snapshot;
use crate::wire::anthropic::Anthropic;
use crate::wire::endpoint::{self, Endpoint, Found};
use crate::wire::openai::OpenAi;
use crate::wire::{Provider, provider_of};

/// What a worker answers with; one for each of them, so that no request counts references that others count too.
struct Site {
    app: Arc<App>,
    admin: Router,
}

/// Everything that a worker answers.
pub(super) fn router(app: Arc<App>) -> Router {
    let admin = Router::new().nest(ADMIN, admin::router(Arc::clone(&app)));
    Router::new().fallback(dispatch).with_state(Arc::new(Site { app, admin }))
}

async fn dispatch(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    let snapshot = site.app.snapshot.load();
    let Some(cors) = snapshot.cors.clone() else { return route(&site, snapshot, request).await };
    drop(snapshot);
    let inner = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(route(&site, site.app.snapshot.load(), request).await) }
    });
    match cors.layer(inner).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn route(site: &Site, snapshot: Guard<Arc<Snapshot>>, request: Request) -> Response<Body> {
    let app = &site.app;
    let (mut head, body) = request.into_parts();
    if head.uri.path().starts_with("/@") {
        enter_session(&mut head);
    }
    let path = head.uri.path();
    let is_get = matches!(head.method, Method::GET | Method::HEAD);
    match path {
        "/health" if is_get => return home::health(&snapshot),
        "/metrics" if is_get => return metrics(app, &snapshot, &head),
        _ if is_admin(path) && snapshot.admin => {
            if let Some(response) = shut(snapshot.admin_key.as_ref(), &head).or_else(|| foreign(&snapshot, &head)) {
                return response;
            }
            drop(snapshot);
            return administer(site, Request::from_parts(head, body)).await;
        }
        _ => {}
    }
    if let Some(response) = home::answer(app, &snapshot, &head) {
        return response;
    }
    let found = endpoint::find(path);
    let refused = refusal(&snapshot, found.as_ref(), &head);
    drop(snapshot);
    if let Some(error) = refused {
        let provider = whose(found.as_ref(), &head);
        return plain::turn_away(app, provider, head, body, &error).await;
    }
    let (method, path) = (head.method.as_str(), head.uri.path());
    let own = matches!(path, "/health" | "/metrics");
    let methods = if own { "GET, HEAD" } else { found.as_ref().map_or("", |found| found.endpoint.methods()) };
    let Some(Found { endpoint, deployment }) = found.filter(|found| found.endpoint.knows(&head.method)) else {
        let provider = whose(None, &head);
        let error = match methods {
            "" => provider.not_found(method, path),
            _ => provider.method_not_allowed(method, path),
        };
        let mut response = plain::refuse(app, provider, head, &error);
        if !methods.is_empty() {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        }
        return response;
    };
    match endpoint {
        Endpoint::Answer(format) => exchange(app, format, deployment.as_deref(), head, body).await,
        Endpoint::Embed(format) => embed(app, format, deployment.as_deref(), head, body).await,
        Endpoint::CountTokens => plain::count_tokens(app, head, body).await,
        Endpoint::Moderate => plain::moderate(app, head, body).await,
        Endpoint::Models => plain::models(app, head),
        Endpoint::Model(id) => plain::model(app, head, &id),
        Endpoint::Kept(id) => plain::kept(app, head, &id),
        Endpoint::KeptInput(id) => plain::kept_input(app, head, &id),
        Endpoint::KeptCancel(id) => plain::kept_cancel(app, head, &id),
    }
}

/// In whose words a request is refused: those of the provider whose path it is, or whose headers it has.
fn whose(found: Option<&Found>, head: &Parts) -> &'static dyn Provider {
    match found.map(|found| &found.endpoint) {
        Some(Endpoint::Answer(format)) => format.provider(),
        Some(Endpoint::Embed(format)) => format.provider(),
        Some(Endpoint::CountTokens) => &Anthropic,
        Some(Endpoint::Moderate | Endpoint::Kept(_) | Endpoint::KeptInput(_) | Endpoint::KeptCancel(_)) => &OpenAi,
        Some(Endpoint::Models | Endpoint::Model(_)) | None => provider_of(&|name| head.headers.contains_key(name)),
    }
}

fn is_admin(path: &str) -> bool {
    path.strip_prefix(ADMIN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn administer(site: &Site, mut request: Request) -> Response<Body> {
    if request.uri().path().strip_prefix(ADMIN) == Some("/") {
        *request.uri_mut() = Uri::from_static(ADMIN);
    }
    match site.admin.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// A client that can set no header names its session in its base URL: `/@ID/v1`. A header wins.
fn enter_session(head: &mut Parts) {
    let Some(whole) = head.uri.path_and_query() else { return };
    let Some((name, rest)) = whole.as_str().strip_prefix("/@").and_then(|rest| rest.split_once('/')) else { return };
    let Ok(rest) = PathAndQuery::try_from(format!("/{rest}")) else { return };
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8().unwrap_or(name.into());
    let visible = decoded.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let Ok(value) = HeaderValue::from_str(if visible { &decoded } else { name }) else { return };
    if name.is_empty() {
        return;
    }
    head.headers.entry(SESSION).or_insert(value);
    head.uri = Uri::from(rest);
}

/// Why a client may not ask.
fn refusal(snapshot: &Snapshot, found: Option<&Found>, head: &Parts) -> Option<ApiError> {
    if let Some(key) = &snapshot.api_key {
        let shown = key.look(&head.headers);
        let provider = whose(found, head);
        return match (shown, snapshot.format) {
            (Shown::Key, _) => None,
            (Shown::Nothing, Format::Llmock) => Some(home::key_error("Missing API key")),
            (Shown::Other, Format::Llmock) => Some(home::key_error("Invalid API key")),
            (Shown::Nothing, _) => Some(provider.key_missing()),
            (Shown::Other, _) => Some(provider.key_refused()),
        };
    }
    // Whether a key is there is all that kagent's mockllm looks at.
    if snapshot.format == Format::Mocks && found.is_some_and(|found| found.endpoint.knows(&head.method)) {
        let bearer = head.headers.contains_key(AUTHORIZATION);
        let (shown, header) = match whose(found, head).name() {
            "anthropic" => (bearer || head.headers.contains_key("x-api-key"), "x-api-key"),
            _ => (bearer, "Authorization"),
        };
        return (!shown).then(|| ApiError::new(401, format!("Missing {header} header")));
    }
    None
}

/// The answer to a request for one of standin's own routes that does not show their key.
fn shut(key: Option<&Key>, head: &Parts) -> Option<Response<Body>> {
    let message = match key?.look(&head.headers) {
        Shown::Key => return None,
        Shown::Nothing => "this route wants a key: send `Authorization: Bearer KEY`",
        Shown::Other => "this is not the key of this route",
    };
    let mut response = json(serde_json::json!({ "error": { "message": message } }).to_string());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    Some(response)
}

/// The answer to a web page that would change something here without being allowed to ask: browsers send such a request, and
/// only keep its answer from the page.
fn foreign(snapshot: &Snapshot, head: &Parts) -> Option<Response<Body>> {
    let origin = head.headers.get(ORIGIN)?;
    let allowed = &snapshot.config.cors.allow_origins;
    let named = allowed.iter().any(|it| it == "*" || it.as_bytes() == origin.as_bytes());
    let host = head.headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let own = origin.as_bytes().split(|byte| *byte == b'/').next_back() == Some(host);
    if named || own || matches!(head.method, Method::GET | Method::HEAD) {
        return None;
    }
    let message = format!(
        "a web page of {} may not do this; add its origin to `cors: {{ allow-origins: […] }}`",
        String::from_utf8_lossy(origin.as_bytes())
    );
    let mut response = json(serde_json::json!({ "error": { "message": message } }).to_string());
    *response.status_mut() = StatusCode::FORBIDDEN;
    Some(response)
}

fn metrics(app: &App, snapshot: &Snapshot, head: &Parts) -> Response<Body> {
    if let Some(response) = shut(snapshot.admin_key.as_ref(), head) {
        return response;
    }
    let mut response = Response::new(Body::from(app.metrics.render(&app.sessions)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(METRICS));
    response
}

/// A body of JSON that is no provider's.
pub(super) fn json(body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
