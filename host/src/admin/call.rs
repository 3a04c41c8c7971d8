//! What a route is asked: its query, its body, and whose session is meant.

use std::borrow::Cow;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::answer::Problem;
use super::route::{LIMIT, Route};
use crate::exchange;
use crate::wire::json;

/// The most that a list holds.
const MOST: usize = 1_000;
/// What it holds where nobody says.
const USUAL: usize = 100;

/// One request to a route.
pub(super) struct Call {
    head: Parts,
    query: Vec<(String, String)>,
    body: String,
}

impl Call {
    /// Reads the query, which may hold what the route knows, and the body, where the route wants one.
    pub(super) async fn receive(route: &Route, request: Request, limit: usize) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let query = parse(head.uri.query().unwrap_or_default());
        let known = |name: &str| route.parameters.iter().any(|parameter| parameter.name == name);
        for (at, (name, _)) in query.iter().enumerate() {
            if !known(name) {
                let names: Vec<_> = route.parameters.iter().map(|it| format!("`{}`", it.name)).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(Problem::new(400, format!("unknown parameter `{name}`; this route knows {names}")));
            }
            if query[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::new(400, format!("the parameter `{name}` is there twice, expected once")));
            }
        }
        let body = match route.request {
            None => String::new(),
            Some(_) => {
                exchange::check_encoding(&head.headers).map_err(|error| Problem::new(error.status, error.message))?;
                let bytes = tokio::time::timeout(exchange::BODY_TIMEOUT, to_bytes(body, limit)).await;
                let bytes = bytes.map_err(|_| {
                    let seconds = exchange::BODY_TIMEOUT.as_secs();
                    Problem::new(408, format!("the body did not arrive within {seconds} s"))
                })?;
                let bytes = bytes.map_err(|error| {
                    Problem::new(413, format!("the body could not be read, or is larger than {limit} bytes: {error}"))
                })?;
                let text = json::sanitize(&bytes).map_err(|error| Problem::new(400, format!("the body: {error}")))?;
                text.into_owned()
            }
        };
        Ok(Self { head, query, body })
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Everything that stands in the query.
    pub(super) fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The session that is meant, by the query or the header.
    pub(super) fn session(&self) -> Option<&str> {
        let header = || self.head.headers.get(exchange::SESSION)?.to_str().ok();
        self.parameter("session").or_else(header)
    }

    /// How much of a list is wanted.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.parameter(LIMIT.name) else { return Ok(USUAL) };
        let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit.ok_or_else(|| Problem::new(400, format!("`limit`: found `{text}`, expected a number from 1 to {MOST}")))
    }

    /// The last segment of the path.
    pub(super) fn last_segment(&self) -> Cow<'_, str> {
        let segment = self.head.uri.path().rsplit('/').next().unwrap_or_default();
        percent_encoding::percent_decode_str(segment).decode_utf8_lossy()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The body, as text.
    pub(super) fn body(&self) -> &str {
        &self.body
    }

    /// The body, as what it has to be.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut deserializer = serde_json::Deserializer::from_str(&self.body);
        let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| wrong(&error))?;
        deserializer.end().map_err(|error| Problem::new(400, format!("the body is no JSON: {error}")))?;
        Ok(read)
    }
}

/// What is wrong with a body, and where.
pub(super) fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let path = error.path().to_string();
    let reason = error.inner();
    Problem::new(
        400,
        match path.as_str() {
            "." | "?" => format!("the body: {reason}"),
            _ => format!("`{path}`: {reason}"),
        },
    )
}

/// The pairs of a query, as forms write them.
fn parse(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
