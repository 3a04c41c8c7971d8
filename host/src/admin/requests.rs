//! The journal: what was asked and answered.

use axum::body::Body;
use axum::http::{Method, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::{Problem, done, ok};
use super::call::Call;
use super::route::{AFTER, DONE, LIMIT, NONE, Parameter, Route, SESSION, fails, says};
use crate::exchange::App;
use crate::journal::filter::{Fields, Filter};
use crate::journal::{Cursor, Entry, EntryJson};

pub(super) const ROUTES: &[Route] = &[
    Route {
        path: "/requests",
        summary: "Requests and their answers, oldest first",
        parameters: &[
            SESSION,
            Parameter { name: "path", about: "The path; `*` stands for any run of characters." },
            Parameter { name: "model", about: "The model; `*` stands for any run of characters." },
            Parameter { name: "strategy", about: "Who answered, or failed to." },
            Parameter { name: "status", about: "The answer's status: `429`, `4xx` or `400-499`." },
            Parameter { name: "provider", about: "Whose API was asked: `openai` or `anthropic`." },
            Parameter { name: "since", about: "Not before this time: RFC 3339, or milliseconds since the Unix epoch." },
            Parameter { name: "until", about: "Not after this time: RFC 3339, or milliseconds since the Unix epoch." },
            Parameter { name: "contains", about: "What the request's body contains." },
            LIMIT,
            AFTER,
        ],
        responses: &[
            says(200, "A page of them.", SchemaGenerator::subschema_for::<PageJson<'static>>),
            fails(400, "A parameter says nothing sensible."),
        ],
        answer: list,
        ..NONE
    },
    Route {
        method: Method::DELETE,
        path: "/requests",
        summary: "Forget the requests of a session, or all",
        parameters: &[SESSION],
        responses: &[DONE],
        answer: clear,
        ..NONE
    },
    Route {
        path: "/requests/{id}",
        summary: "One request and its answer",
        responses: &[
            says(200, "The request.", SchemaGenerator::subschema_for::<EntryJson<'static>>),
            fails(404, "There is no such request, or no longer."),
        ],
        answer: one,
        ..NONE
    },
];

/// Some requests, and where the next ones begin.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RequestPage")]
struct PageJson<'a> {
    requests: Vec<EntryJson<'a>>,
    /// To be sent as `after`, for the next page; null where there is none.
    next: Option<String>,
}

fn list(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    let mut fields = Map::new();
    for (name, value) in call.query() {
        if name != LIMIT.name && name != AFTER.name {
            fields.insert(name.clone(), Value::String(value.clone()));
        }
    }
    let filter = filter(Value::Object(fields), call)?;
    let after = call.parameter(AFTER.name).map(str::parse::<Cursor>).transpose();
    let after = after.map_err(|reason| Problem::new(400, format!("`after`: {reason}")))?;
    let page = app.journal.page(&filter, after.as_ref(), call.limit()?);
    let requests = page.entries.iter().filter_map(Entry::view).map(|view| view.json()).collect();
    ok(&PageJson { requests, next: page.next.map(|next| next.to_string()) })
}

/// The filter that some fields make; the session of the call, where they name none.
pub(super) fn filter(fields: Value, call: &Call) -> Result<Filter, Problem> {
    let mut fields: Fields = serde_path_to_error::deserialize(fields).map_err(|error| super::call::wrong(&error))?;
    fields.session = fields.session.or_else(|| call.session().map(str::to_owned));
    Filter::new(fields).map_err(|reason| Problem::new(400, reason))
}

fn one(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    let id = call.last_segment();
    let entry = app.journal.find(&id);
    match entry.as_ref().and_then(Entry::view) {
        Some(view) => ok(&view.json()),
        None => Err(Problem::new(404, format!("there is no request `{id}` in the journal, or no longer"))),
    }
}

fn clear(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    app.journal.clear(call.session());
    Ok(done())
}
