//! Who would answer a request, and why: the chain is asked, and nothing of it stays.

mod told;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::told::{Told, tell};
use super::answer::{Problem, ok};
use super::call::Call;
use super::route::{Parameter, Route, SESSION, fails, says};
use crate::chat::ApiError;
use crate::exchange::unsent::{NotAsked, Unsent};
use crate::exchange::{self, App, STRATEGY, STRICT, Wishes};
use crate::strategy::state::{COMMON, Session};
use crate::wire::json;

pub(super) const ROUTES: &[Route] = &[Route {
    method: Method::POST,
    path: "/explain",
    summary: "Who would answer a request, and why; nothing of it stays",
    parameters: &[
        SESSION,
        Parameter {
            name: "path",
            about: "The path, where the body is the provider's request. Default: /v1/chat/completions.",
        },
    ],
    request: Some(SchemaGenerator::subschema_for::<Question>),
    responses: &[
        says(200, "What would be answered.", SchemaGenerator::subschema_for::<Told>),
        fails(400, "The question says nothing sensible."),
        fails(422, "The request would be refused before any strategy is asked."),
    ],
    // A strategy may have to wait for a disk or a host.
    waits: true,
    answer: explain,
}];

const USUAL: &str = "/v1/chat/completions";

/// A provider's request. Its body alone will do, beside the parameter `path`; its headers are those of the call then.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "says what a body looks like")]
#[schemars(untagged)]
enum Question {
    /// With where it goes.
    Addressed(AddressedSchema),
    /// The provider's request alone.
    Bare(serde_json::Map<String, Value>),
}

/// A provider's request, with where it goes.
#[derive(JsonSchema)]
#[schemars(rename = "Addressed")]
#[expect(dead_code, reason = "says what a body looks like")]
struct AddressedSchema {
    /// The path, and a query if there is one. Default: `/v1/chat/completions`.
    path: Option<String>,
    /// The headers. `X-Standin-Session`, `X-Standin-Strategy` and `X-Standin-Strict` count as they do in a request.
    headers: Option<std::collections::BTreeMap<String, String>>,
    /// The provider's request.
    body: serde_json::Map<String, Value>,
}

/// The same, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Addressed<'a> {
    path: Option<String>,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(borrow)]
    body: &'a RawValue,
}

fn explain(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    let snapshot = app.snapshot.load();
    let (path, headers, body) = question(call)?;
    let unsent = Unsent::read(&snapshot, &app.kept, &path, body.to_owned()).map_err(|why| match why {
        NotAsked::NoPath => Problem::new(400, format!("`path`: `{path}` is no path")),
        NotAsked::Nothing => {
            Problem::new(400, format!("`path`: strategies answer nothing at `{path}`; expected one such as {USUAL}"))
        }
        NotAsked::NoStrategy => Problem::new(400, format!("`path`: no strategy is asked at `{path}`")),
        NotAsked::Refused(error) => refused(&error),
    })?;
    let name = headers.get(exchange::SESSION).and_then(|it| it.to_str().ok()).or(call.session()).unwrap_or(COMMON);
    let wishes = Wishes::read(&snapshot, &headers).map_err(|error| Problem::new(400, error.message))?;
    let session = app.sessions.peek(name).map_or_else(|| Session::named(name), |session| session.overlay());
    let asked = Arc::new(unsent.asked(&snapshot, &Arc::new(session), headers, wishes, snapshot.seed));
    ok(&tell(&snapshot.chain, &asked, snapshot.chain.explain(&asked)))
}

fn refused(error: &ApiError) -> Problem {
    Problem::new(422, format!("the request would be refused with the status {}: {}", error.status, error.message))
}

/// The path, the headers and the body of the request that is asked about.
fn question(call: &Call) -> Result<(String, HeaderMap, &str), Problem> {
    let whole = call.body();
    if !json::is_object(whole) {
        return Err(Problem::new(400, "the body: expected a JSON object, the provider's request"));
    }
    if json::at(whole, "/body").is_none() {
        return Ok((call.parameter("path").unwrap_or(USUAL).to_owned(), call.headers().clone(), whole));
    }
    let mut from = serde_json::Deserializer::from_str(whole);
    let addressed: Addressed<'_> =
        serde_path_to_error::deserialize(&mut from).map_err(|error| super::call::wrong(&error))?;
    let mut headers = HeaderMap::new();
    for name in [STRATEGY, STRICT] {
        if let Some(value) = call.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in &addressed.headers {
        let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
        let (name, value) = pair.ok_or_else(|| Problem::new(400, format!("`headers.{name}`: this is no header")))?;
        headers.insert(name, value);
    }
    let path = addressed.path.as_deref().or(call.parameter("path")).unwrap_or(USUAL);
    Ok((path.to_owned(), headers, addressed.body.get()))
}
