//! What a route gives: JSON, or a problem in the one shape that all problems have.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Why a route does not give what it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: u16,
    message: String,
    more: Map<String, Value>,
}

/// A problem, as it is told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ProblemJson {
    error: MessageJson,
}

/// What is wrong.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ErrorMessage")]
struct MessageJson {
    /// For a person.
    message: String,
}

impl Problem {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), more: Map::new() }
    }

    /// The same, with more to say beside the message.
    pub(super) fn with(mut self, more: &impl Serialize) -> Self {
        if let Ok(Value::Object(more)) = serde_json::to_value(more) {
            self.more = more;
        }
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let told = ProblemJson { error: MessageJson { message: self.message } };
        let mut body = Map::new();
        if let Ok(Value::Object(told)) = serde_json::to_value(told) {
            body.extend(told);
        }
        body.extend(self.more);
        json(status, Value::Object(body).to_string())
    }
}

/// A value, as JSON.
pub(super) fn ok(value: &impl Serialize) -> Result<Response<Body>, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::new(500, error.to_string()))?;
    Ok(json(StatusCode::OK, body))
}

/// Done, and nothing to tell.
pub(super) fn done() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
