//! Who would answer a request, and why: the chain is asked, and nothing of it stays.

mod told;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use bytestring::ByteString;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::told::{Told, tell};
use super::answer::{Problem, ok};
use super::call::Call;
use super::route::{NONE, Parameter, Route, SESSION, fails, says};
use crate::chat::ApiError;
use crate::exchange::{self, App, STRATEGY, STRICT, Wishes, with_model};
use crate::strategy::asked::{Asked, Decoded};
use crate::strategy::state::{COMMON, Session};
use crate::wire::endpoint::{self, Endpoint, Found};
use crate::wire::{Ids, ids, json};

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
    answer: explain,
    ..NONE
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
    let uri: Uri = path.parse().map_err(|_| Problem::new(400, format!("`path`: `{path}` is no path")))?;
    let Some(Found { endpoint, deployment }) = endpoint::find(uri.path()) else {
        return Err(Problem::new(
            400,
            format!("`path`: strategies answer nothing at `{path}`; expected one such as {USUAL}"),
        ));
    };
    let body = ByteString::from(body);
    let body = match deployment {
        Some(model) => with_model(body, &model),
        None => body,
    };
    let (provider, decoded) = match endpoint {
        Endpoint::Answer(format) => {
            let decoded = Decoded::try_new(body, |text| match snapshot.is_lax() {
                true => format.decode_lax(text, &app.kept),
                false => format.decode(text, &app.kept),
            });
            (format.provider(), decoded)
        }
        Endpoint::Embed(format) => (format.provider(), Decoded::try_new(body, |text| format.decode(text))),
        _ => return Err(Problem::new(400, format!("`path`: no strategy is asked at `{path}`"))),
    };
    let decoded = decoded.map_err(|error| refused(&error))?;
    let model = &*decoded.request().model;
    if !snapshot.models.is_empty() && snapshot.models.iter().all(|it| it.id != model) {
        return Err(refused(&provider.unknown_model(model)));
    }
    let name = headers.get(exchange::SESSION).and_then(|it| it.to_str().ok()).or(call.session()).unwrap_or(COMMON);
    let wishes = Wishes::read(&snapshot, &headers).map_err(|error| Problem::new(400, error.message))?;
    let session = app.sessions.peek(name).map_or_else(|| Session::named(name), |session| session.overlay());
    let turn = session.next_turn();
    let asked = Arc::new(Asked {
        decoded,
        provider: provider.name(),
        uri,
        id: Ids::new(ids::key(snapshot.seed, session.name(), turn, "request")).hex("req_", 32),
        session: Arc::new(session),
        turn,
        now_ms: snapshot.now_ms(turn),
        seed: snapshot.seed,
        tokens: snapshot.tokens,
        forced: wishes.forced,
        strict: wishes.strict,
        headers,
    });
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
