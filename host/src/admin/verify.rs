//! Whether so many requests were made, and if not, which came nearest.

use std::cmp::Reverse;
use std::fmt;

use axum::body::Body;
use axum::http::{Method, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Problem, ok};
use super::call::Call;
use super::requests::filter;
use super::route::{NONE, Route, SESSION, fails, says};
use crate::exchange::App;
use crate::journal::Entry;
use crate::journal::filter::{Difference, Fields, Filter};

pub(super) const ROUTES: &[Route] = &[Route {
    method: Method::POST,
    path: "/verify",
    summary: "Check how many requests were made",
    parameters: &[SESSION],
    request: Some(SchemaGenerator::subschema_for::<Wanted>),
    responses: &[
        says(200, "As many as expected.", SchemaGenerator::subschema_for::<MatchedJson>),
        fails(400, "The filter or the count says nothing sensible."),
        says(422, "More or fewer.", SchemaGenerator::subschema_for::<RefutedJson>),
    ],
    answer: verify,
    ..NONE
}];

/// So many are told of those that came near.
const TOLD: usize = 5;
/// So many with the fewest differences are compared closely.
const COMPARED: usize = 64;

/// Which requests are meant, and how many are expected.
#[derive(JsonSchema)]
#[schemars(rename = "Verification")]
#[expect(dead_code, reason = "says what a body looks like; it is read in two parts")]
struct Wanted {
    #[schemars(flatten)]
    fields: Fields,
    #[schemars(flatten)]
    count: Count,
}

/// How many are expected.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Count {
    /// So many, no more and no fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    exactly: Option<u64>,
    /// No fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<u64>,
    /// No more.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<u64>,
}

/// How many matched.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Verified")]
struct MatchedJson {
    matched: u64,
}

/// How many matched, and what was made instead.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refuted")]
struct RefutedJson {
    matched: u64,
    expected: Count,
    /// Up to five requests that do not match, the nearest first.
    nearest: Vec<Seen>,
    /// Up to five that match, the newest first.
    matches: Vec<Seen>,
}

/// A request, in short.
#[derive(Serialize, JsonSchema)]
struct Seen {
    id: String,
    session: String,
    at: String,
    method: String,
    path: String,
    model: Option<String>,
    strategy: Option<String>,
    status: u16,
    /// What it has that the filter does not want.
    differences: Vec<Difference>,
}

impl Count {
    fn check(self) -> Result<Self, Problem> {
        let message = match (self.exactly, self.at_least, self.at_most) {
            (None, None, None) => "no count is there; expected `exactly`, `at_least` or `at_most` with a number",
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                "`exactly` stands beside another count; expected it alone, or `at_least` and `at_most`"
            }
            _ => return Ok(self),
        };
        Err(Problem::new(400, message))
    }

    fn admits(self, matched: u64) -> bool {
        self.exactly.is_none_or(|it| it == matched)
            && self.at_least.is_none_or(|it| matched >= it)
            && self.at_most.is_none_or(|it| matched <= it)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("exactly", self.exactly), ("at least", self.at_least), ("at most", self.at_most)];
        let parts = parts.iter().filter_map(|(word, count)| Some(format!("{word} {}", (*count)?)));
        f.write_str(&parts.collect::<Vec<_>>().join(" and "))
    }
}

fn verify(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    let Value::Object(mut body) = call.read()? else {
        return Err(Problem::new(400, "the body: expected an object with a filter and a count"));
    };
    let counts = ["exactly", "at_least", "at_most"];
    let count: serde_json::Map<String, Value> =
        counts.iter().filter_map(|name| Some(((*name).to_owned(), body.remove(*name)?))).collect();
    let count: Count =
        serde_path_to_error::deserialize(Value::Object(count)).map_err(|error| super::call::wrong(&error))?;
    let count = count.check()?;
    let filter = filter(Value::Object(body), call)?;
    let mut matched = 0;
    app.journal.visit(filter.session(), |view, _| matched += u64::from(filter.admits(view)));
    if count.admits(matched) {
        return ok(&MatchedJson { matched });
    }
    let refuted =
        RefutedJson { matched, expected: count, nearest: nearest(app, &filter), matches: newest(app, &filter) };
    Err(Problem::new(422, format!("expected {count} matching, and found {matched}")).with(&refuted))
}

/// The requests that are nearest to what is meant, and are not meant.
fn nearest(app: &App, filter: &Filter) -> Vec<Seen> {
    // First by the number of differences, another session counting more than all else; of the best the likeness decides.
    let mut few: Vec<(usize, Reverse<u64>, Entry)> = Vec::with_capacity(2 * COMPARED);
    app.journal.visit(None, |view, bytes| {
        if filter.admits(view) {
            return;
        }
        let weight = filter.misses(view);
        if few.len() < COMPARED || few.last().is_some_and(|last| (weight, Reverse(view.at_ns)) < (last.0, last.1)) {
            let place = few.partition_point(|it| (it.0, it.1) <= (weight, Reverse(view.at_ns)));
            few.insert(place, (weight, Reverse(view.at_ns), Entry::new(bytes)));
            few.truncate(COMPARED);
        }
    });
    let mut seen: Vec<(usize, i64, Seen)> = few
        .iter()
        .filter_map(|(weight, _, entry)| {
            let differences = filter.differences(&entry.view()?);
            let likeness: f32 = differences.iter().map(|it| it.likeness).sum();
            Some((*weight, -(likeness * 1e6) as i64, see(entry, differences)?))
        })
        .collect();
    seen.sort_by_key(|(weight, unlike, _)| (*weight, *unlike));
    seen.into_iter().take(TOLD).map(|(_, _, seen)| seen).collect()
}

/// The newest requests that are meant.
fn newest(app: &App, filter: &Filter) -> Vec<Seen> {
    let mut newest: Vec<(Reverse<u64>, Entry)> = Vec::with_capacity(TOLD + 1);
    app.journal.visit(filter.session(), |view, bytes| {
        let at = Reverse(view.at_ns);
        if filter.admits(view) && (newest.len() < TOLD || newest.last().is_some_and(|last| at < last.0)) {
            let place = newest.partition_point(|it| it.0 <= at);
            newest.insert(place, (at, Entry::new(bytes)));
            newest.truncate(TOLD);
        }
    });
    newest.iter().filter_map(|(_, entry)| see(entry, Vec::new())).collect()
}

fn see(entry: &Entry, differences: Vec<Difference>) -> Option<Seen> {
    let view = entry.view()?;
    Some(Seen {
        id: view.id.to_owned(),
        session: view.session.to_owned(),
        at: view.at(),
        method: view.method.to_owned(),
        path: view.path.to_owned(),
        model: view.model.map(str::to_owned),
        strategy: view.strategy.map(str::to_owned),
        status: view.status,
        differences,
    })
}
