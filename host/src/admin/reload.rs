//! The configuration, read again on request.

use axum::body::Body;
use axum::http::{Method, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::answer::{Problem, ok};
use super::call::Call;
use super::route::{NONE, Route, fails, says};
use crate::exchange::App;

pub(super) const ROUTES: &[Route] = &[Route {
    method: Method::POST,
    path: "/reload",
    summary: "Read the configuration again",
    responses: &[
        says(200, "It is in use.", SchemaGenerator::subschema_for::<Reloaded>),
        fails(409, "There is nothing that could be read again."),
        fails(422, "It cannot be used, and the old one stays."),
    ],
    waits: true,
    answer: reload,
    ..NONE
}];

/// What is in use now.
#[derive(Serialize, JsonSchema)]
struct Reloaded {
    /// The strategies, in the order in which they are asked.
    chain: String,
}

fn reload(app: &App, _: &Call) -> Result<Response<Body>, Problem> {
    let Some(reload) = app.reload.get() else {
        return Err(Problem::new(409, "this server was started without a configuration that could be read again"));
    };
    match reload() {
        Ok(chain) => ok(&Reloaded { chain }),
        Err(reason) => Err(Problem::new(422, reason)),
    }
}
