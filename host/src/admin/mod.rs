//! The routes under `/_standin/`, with which a test looks into the server.
//!
//! Each group of routes is a file: a table of what it offers, and the functions behind it. The router and the OpenAPI document
//! are made from the same tables. `call` is what a function gets, `answer` what it gives.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use self::answer::Problem;
use self::call::Call;
use self::route::Route;
use crate::exchange::App;

mod answer;
mod call;
mod describe;
mod explain;
mod openapi;
mod reload;
mod requests;
mod route;
mod script;
mod sessions;
mod verify;

/// Where the routes lie.
pub const PREFIX: &str = "/_standin";

/// Every route, in the order in which they are documented.
fn routes() -> impl Iterator<Item = &'static Route> {
    [
        requests::ROUTES,
        verify::ROUTES,
        script::ROUTES,
        explain::ROUTES,
        describe::ROUTES,
        sessions::ROUTES,
        reload::ROUTES,
        openapi::ROUTES,
    ]
    .into_iter()
    .flatten()
}

/// The routes, without their common prefix and without the check of the key.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in routes() {
        router = router.route(route.path, handler(route));
    }
    router.method_not_allowed_fallback(method_not_allowed).fallback(not_found).with_state(app)
}

fn handler(route: &'static Route) -> MethodRouter<Arc<App>> {
    let filter = match route.method {
        Method::POST => MethodFilter::POST,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    on(filter, move |State(app): State<Arc<App>>, request: Request| async move {
        answer(app, route, request).await.unwrap_or_else(Problem::into_response)
    })
}

async fn answer(app: Arc<App>, route: &'static Route, request: Request) -> Result<Response<Body>, Problem> {
    let limit = app.snapshot.load().body_limit;
    let call = Call::receive(route, request, limit).await?;
    if !route.waits {
        return (route.answer)(&app, &call);
    }
    // Not on the worker's thread: it has others to serve.
    let answered = tokio::task::spawn_blocking(move || (route.answer)(&app, &call)).await;
    answered.unwrap_or_else(|error| Err(Problem::new(500, format!("the route failed: {error}"))))
}

async fn not_found(request: Request) -> Response<Body> {
    let message = format!(
        "there is no route {PREFIX}{}; GET {PREFIX}/openapi.json lists those that there are",
        request.uri().path().trim_end_matches('/')
    );
    Problem::new(404, message).into_response()
}

async fn method_not_allowed(request: Request) -> Response<Body> {
    let message = format!("{} is not a method of {PREFIX}{}", request.method(), request.uri().path());
    Problem::new(405, message).into_response()
}
