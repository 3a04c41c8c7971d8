//! What a route is: how it is asked for, what is documented of it, and the function behind it.

use axum::body::Body;
use axum::http::{Method, Response};
use schemars::{Schema, SchemaGenerator};

use super::answer::{Problem, ProblemJson};
use super::call::Call;
use crate::exchange::App;

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub(super) struct Route {
    pub(super) method: Method,
    /// Without the common prefix; `{id}` stands for one segment.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// What may stand in the query. Anything else is refused.
    pub(super) parameters: &'static [Parameter],
    /// What the body has to be.
    pub(super) request: Option<SchemaOf>,
    pub(super) responses: &'static [Said],
    /// Its function may wait.
    pub(super) waits: bool,
    pub(super) answer: fn(&App, &Call) -> Result<Response<Body>, Problem>,
}

/// A route that takes nothing and says nothing, to begin with.
pub(super) const NONE: Route = Route {
    method: Method::GET,
    path: "",
    summary: "",
    parameters: &[],
    request: None,
    responses: &[],
    waits: false,
    answer: |_, _| Err(Problem::new(404, "there is nothing")),
};

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
}

/// What a route may say.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) about: &'static str,
    /// None: no body.
    pub(super) schema: Option<SchemaOf>,
}

/// Whose session is meant.
pub(super) const SESSION: Parameter =
    Parameter { name: "session", about: "The session; the header `X-Standin-Session` names one as well." };
/// How much of a list is wanted.
pub(super) const LIMIT: Parameter =
    Parameter { name: "limit", about: "The most that is listed, 1 to 1000; default 100." };
/// Where a list goes on.
pub(super) const AFTER: Parameter = Parameter { name: "after", about: "`next` of the page before." };

/// An answer with a body.
pub(super) const fn says(status: u16, about: &'static str, schema: SchemaOf) -> Said {
    Said { status, about, schema: Some(schema) }
}

/// An answer without one.
pub(super) const DONE: Said = Said { status: 204, about: "Done.", schema: None };

/// A problem.
pub(super) const fn fails(status: u16, about: &'static str) -> Said {
    Said { status, about, schema: Some(SchemaGenerator::subschema_for::<ProblemJson>) }
}
