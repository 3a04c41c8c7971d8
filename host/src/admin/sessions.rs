//! Sessions: what strategies keep for them, and how they begin anew.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::answer::{Problem, done, ok};
use super::call::Call;
use super::route::{AFTER, DONE, LIMIT, NONE, Parameter, Route, SESSION, fails, says};
use crate::exchange::App;

pub(super) const ROUTES: &[Route] = &[
    Route {
        path: "/state",
        summary: "What strategies keep, session by session",
        parameters: &[SESSION, Parameter { name: "strategy", about: "One strategy alone." }, LIMIT, AFTER],
        responses: &[
            says(200, "The sessions, by name.", SchemaGenerator::subschema_for::<Sessions>),
            fails(404, "There is no such session."),
        ],
        answer: state,
        ..NONE
    },
    Route {
        method: Method::POST,
        path: "/reset",
        summary: "Let a session, or all, begin anew: state, script, turns and journal",
        parameters: &[SESSION],
        responses: &[DONE],
        answer: reset,
        ..NONE
    },
];

/// Some sessions.
#[derive(Serialize, JsonSchema)]
struct Sessions {
    sessions: Vec<State>,
    /// To be sent as `after`, for the next page; null where there is none.
    next: Option<String>,
}

/// What is remembered of one session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionState")]
struct State {
    session: String,
    /// How many requests strategies saw.
    turns: u64,
    /// What each strategy keeps, key by key.
    strategies: BTreeMap<String, BTreeMap<String, String>>,
}

fn state(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    let limit = call.limit()?;
    let (names, next) = match call.session() {
        Some(name) => (vec![name.to_owned()], None),
        None => {
            // One more than is told: whether there is a next page.
            let mut names = app.sessions.names(call.parameter(AFTER.name), limit + 1);
            let more = names.len() > limit;
            names.truncate(limit);
            let next = names.last().filter(|_| more).cloned();
            (names, next)
        }
    };
    let sessions: Vec<State> = names.iter().filter_map(|name| one(app, name, call.parameter("strategy"))).collect();
    match call.session() {
        Some(name) if sessions.is_empty() => {
            Err(Problem::new(404, format!("there is no session `{name}`: nobody asked in it yet, or it was forgotten")))
        }
        _ => ok(&Sessions { sessions, next }),
    }
}

fn one(app: &App, name: &str, strategy: Option<&str>) -> Option<State> {
    let session = app.sessions.peek(name)?;
    let mut strategies = session.snapshot();
    if let Some(wanted) = strategy {
        strategies.retain(|name, _| name == wanted);
    }
    Some(State { session: session.name().to_owned(), turns: session.turns(), strategies })
}

fn reset(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    app.sessions.reset(call.session());
    app.journal.clear(call.session());
    Ok(done())
}
