//! Scripts: replies that a test queues for a session, which the strategy `script` gives in order.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Method, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Problem, done, ok};
use super::call::Call;
use super::route::{DONE, NONE, Route, SESSION, fails, says};
use crate::config::{Break, Time};
use crate::exchange::App;
use crate::snapshot::{SCRIPT, names};
use crate::strategy::state::{MAX_STATE_BYTES, Session, StateError};

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::POST,
        path: "/script",
        summary: "Queue replies for a session, behind those that it has",
        parameters: &[SESSION],
        request: Some(SchemaGenerator::subschema_for::<Script>),
        responses: &[
            says(200, "What is left of the script.", SchemaGenerator::subschema_for::<Left>),
            fails(400, "A reply says nothing sensible."),
            fails(409, "The chain has no strategy `script`."),
            fails(422, "The script takes more memory than a session may have."),
        ],
        answer: append,
        ..NONE
    },
    Route {
        path: "/script",
        summary: "What is left of a session's script",
        parameters: &[SESSION],
        responses: &[says(200, "What is left.", SchemaGenerator::subschema_for::<Left>)],
        answer: left,
        ..NONE
    },
    Route {
        method: Method::DELETE,
        path: "/script",
        summary: "Forget a session's script",
        parameters: &[SESSION],
        responses: &[DONE],
        answer: forget,
        ..NONE
    },
];

/// How many replies were given, in the strategy's state.
const NEXT: &str = "next";

/// Replies for a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Script {
    /// The session. Default: that of the query or the header, or `default`.
    session: Option<String>,
    /// What is answered, in order.
    #[schemars(length(min = 1))]
    replies: Vec<Reply>,
    /// What comes after the last one: it is repeated, or the next strategy is asked. Default: as it was, or `repeat`.
    then: Option<Then>,
}

/// What comes after the last reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Then {
    /// The last reply is repeated.
    #[default]
    Repeat,
    /// The next strategy is asked.
    Pass,
}

/// One reply: a text, or a mapping. Names may be written in camelCase as well.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields)]
#[schemars(transform = Reply::or_a_text)]
struct Reply {
    /// What is said. Default: `Mock response`.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// The model that answers. Default: the one that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Tokens in all. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u32>,
    /// Tokens that went in. Default: a third of `tokens`.
    #[serde(skip_serializing_if = "Option::is_none", alias = "promptTokens")]
    prompt_tokens: Option<u32>,
    /// Tokens that came out. Default: the rest.
    #[serde(skip_serializing_if = "Option::is_none", alias = "completionTokens")]
    completion_tokens: Option<u32>,
    /// Why it ended. Default: `stop`.
    #[serde(skip_serializing_if = "Option::is_none", alias = "finishReason")]
    finish_reason: Option<String>,
    /// Tools that are called.
    #[serde(skip_serializing_if = "Option::is_none", alias = "toolCalls")]
    tool_calls: Option<Vec<ToolCall>>,
    /// An error in place of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    /// How the answer breaks: `disconnect`, `stall`, `truncate` or `garbage`, with `@N` after N chunks.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "a_fault")]
    fault: Option<String>,
    /// A time before the answer, such as `500ms`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "a_time")]
    #[schemars(with = "Option<Time>")]
    delay: Option<String>,
}

/// A tool that is called.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToolCall {
    /// Default: one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    name: String,
    /// JSON, or the text of it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    arguments: Value,
}

/// An error that the client sees.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScriptedError")]
struct Failure {
    /// The status, 400 to 599.
    #[serde(deserialize_with = "a_status")]
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    message: String,
    /// Default: the provider's for that status.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// Seconds, for the header `retry-after`.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "retryAfter")]
    retry_after: Option<u32>,
}

/// What is left of a script.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ScriptLeft")]
struct Left {
    session: String,
    /// How many requests were answered from it.
    given: u64,
    /// The replies that were not given yet, the next one first.
    left: Vec<Value>,
    /// What comes after the last one; null where there is no script.
    then: Option<Then>,
}

/// A script as it lies in the strategy's state.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    replies: Vec<Value>,
    then: Then,
}

impl Reply {
    fn or_a_text(schema: &mut Schema) {
        let mut mapping = std::mem::take(schema);
        let description = mapping.remove("description");
        *schema = json_schema!({
            "description": description,
            "anyOf": [{ "type": "string", "description": "What is said." }, mapping],
        });
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Reply;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a reply: its text, or a mapping with `content`, `tool_calls`, `error` and the like")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Reply, E> {
                Ok(Reply { content: Some(text.to_owned()), ..Reply::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reply, A::Error> {
                Reply::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Serialize for Reply {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reply::serialize(self, serializer)
    }
}

fn a_fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.as_deref().map(str::parse::<Break>).transpose().map_err(D::Error::custom)?;
    Ok(text)
}

fn a_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Time>::deserialize(deserializer)?.map(|time| time.to_string()))
}

fn a_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(deserializer)?;
    if (400..600).contains(&status) {
        return Ok(status);
    }
    Err(D::Error::custom(format!("found the status {status}, expected 400 to 599")))
}

fn append(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    /// Two that append to one session at once come one after the other.
    static APPENDING: Mutex<()> = Mutex::new(());
    let script: Script = call.read()?;
    let snapshot = app.snapshot.load();
    if snapshot.chain.place_of(SCRIPT).is_none() {
        let chain = names(&snapshot.chain);
        let message = format!("the chain has no strategy `{SCRIPT}`: {chain}; add it to `strategies`, in front");
        return Err(Problem::new(409, message));
    }
    if script.replies.is_empty() {
        return Err(Problem::new(400, "`replies`: found an empty list, expected one reply or more"));
    }
    let session = app.sessions.get(script.session.as_deref().or(call.session()));
    let _alone = APPENDING.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut kept, given) = kept(&session);
    let before = kept.replies.len();
    for reply in script.replies {
        kept.replies.push(serde_json::to_value(reply).map_err(|error| Problem::new(500, error.to_string()))?);
    }
    kept.then = script.then.unwrap_or(kept.then);
    let text = serde_json::to_string(&kept).map_err(|error| Problem::new(500, error.to_string()))?;
    // The last one may have been repeated: what is new comes next all the same.
    if given > before as u64 {
        session.set(SCRIPT, NEXT.to_owned(), before.to_string()).map_err(full)?;
    }
    session.set(SCRIPT, SCRIPT.to_owned(), text).map_err(full)?;
    ok(&tell(&session))
}

fn full(_: StateError) -> Problem {
    Problem::new(
        422,
        format!(
            "the session has no room for the script; a session's script may take {MAX_STATE_BYTES} bytes, and all \
                 sessions together have a bound as well"
        ),
    )
}

fn left(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    match app.sessions.peek(call.session().unwrap_or(crate::strategy::state::COMMON)) {
        Some(session) => ok(&tell(&session)),
        None => ok(&tell(&Session::named(call.session().unwrap_or_default()))),
    }
}

fn forget(app: &App, call: &Call) -> Result<Response<Body>, Problem> {
    if let Some(session) = app.sessions.peek(call.session().unwrap_or(crate::strategy::state::COMMON)) {
        session.delete(SCRIPT, SCRIPT);
        session.delete(SCRIPT, NEXT);
    }
    Ok(done())
}

/// The script of a session, and how many of its replies were given.
fn kept(session: &Session) -> (Kept, u64) {
    let script = session.get(SCRIPT, SCRIPT).and_then(|text| serde_json::from_str(&text).ok());
    let given = session.get(SCRIPT, NEXT).and_then(|text| text.parse().ok()).unwrap_or_default();
    (script.unwrap_or_default(), given)
}

fn tell(session: &Session) -> Left {
    let (mut kept, given) = kept(session);
    let is_there = !kept.replies.is_empty();
    let done = usize::try_from(given).unwrap_or(usize::MAX).min(kept.replies.len());
    Left {
        session: session.name().to_owned(),
        given,
        left: kept.replies.split_off(done),
        then: is_there.then_some(kept.then),
    }
}
