//! One reply of a script, as its author writes it. A bare text is short for `{"content": TEXT}`; every key is optional,
//! and understood in camelCase as well:
//!
//! - `content`: what the model says. Left out: `Mock response`, and nothing where there are `tool_calls`
//! - `model`: left out, the model that was asked for
//! - `tokens`: what the reply costs in all, by default 10; `prompt_tokens`: by default a third of them, rounded down;
//!   `completion_tokens`: by default the rest. What a client sees as their total is the sum of these two
//! - `finish_reason`: such as `stop`, `length`, `tool_calls` or `content_filter`. Left out: `tool_calls` where there are any,
//!   else `stop`
//! - `tool_calls`: a list of `{"id": …, "name": …, "arguments": …}`. The arguments are JSON, or a text that is passed on as it
//!   is, by default `{}`; an id that is left out is minted
//! - `error`: `{"status": …, "message": …}`, with `type`, `code`, `param` and `retry_after` (seconds) where wanted, instead of an
//!   answer; beside it only `delay`. One that is delayed comes in the middle of a stream, as its provider's event
//! - `fault`: `disconnect`, `stall`, `truncate` or `garbage`, with `@N` after N words of the reply, which are then the chunks of
//!   its stream
//! - `delay`: a time with its unit, such as `500ms`, before the reply begins

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer};
use serde_json::Value;
use standin_sdk::{ApiError, Chunking, Event, Fault, Outcome, Pacing, Reply, ToolCall, Usage};

use crate::chunks::break_after;
use crate::time::Time;

const CONTENT: &str = "Mock response";
const TOKENS: u32 = 10;

/// Neither JSON nor an event that a client could take for one, as the server has it.
const GARBAGE: &str = "data: {garbage\n\n";

/// One reply.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    content: Option<String>,
    model: Option<String>,
    tokens: Option<u32>,
    #[serde(alias = "promptTokens")]
    prompt_tokens: Option<u32>,
    #[serde(alias = "completionTokens")]
    completion_tokens: Option<u32>,
    #[serde(alias = "finishReason")]
    finish_reason: Option<String>,
    #[serde(alias = "toolCalls")]
    tool_calls: Option<Vec<Call>>,
    error: Option<Failure>,
    fault: Option<Break>,
    delay: Option<Time>,
}

/// One reply, whose fields go together.
#[derive(Debug, Default)]
pub(crate) struct Scripted(Fields);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    id: Option<String>,
    name: String,
    arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    #[serde(deserialize_with = "status")]
    status: u16,
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
    #[serde(alias = "retryAfter")]
    retry_after: Option<u32>,
}

/// What breaks the reply, after so many chunks.
#[derive(Debug)]
struct Break {
    fault: Fault,
    chunks: u32,
}

impl Scripted {
    /// What the client gets.
    pub(crate) fn outcome(&self) -> Outcome {
        let fields = &self.0;
        let begun = match fields.delay {
            Some(Time(delay)) if !delay.is_zero() => Reply::new().pause(delay),
            _ => Reply::new(),
        };
        match &fields.error {
            Some(error) if begun.events.is_empty() => error.to_api().into(),
            // A pause is a part of a reply: the server answers with the error itself where the client wants no stream.
            Some(error) => begun.fault(Fault::Error(error.to_api())).into(),
            None => fields.reply(begun).into(),
        }
    }
}

impl Fields {
    fn reply(&self, begun: Reply) -> Reply {
        let calls = self.tool_calls.as_deref().unwrap_or_default();
        let content = self.content.as_deref().or(calls.is_empty().then_some(CONTENT));
        let said = content.map(|text| Event::Text(text.to_owned()));
        let events = said.into_iter().chain(calls.iter().map(Call::event)).collect();
        let mut reply = begun.usage(self.usage());
        reply.events.extend(match &self.fault {
            None => events,
            Some(Break { fault, chunks }) => break_after(events, *chunks, fault.clone()),
        });
        if self.fault.as_ref().is_some_and(|it| it.chunks > 0) {
            reply.pacing = Some(Pacing::new().chunking(Chunking::Words));
        }
        reply.finish = self.finish_reason.as_deref().map(finish);
        reply.model.clone_from(&self.model);
        reply
    }

    fn usage(&self) -> Usage {
        let tokens = self.tokens.unwrap_or(TOKENS);
        let prompt = self.prompt_tokens.unwrap_or(tokens / 3);
        Usage::new(prompt, self.completion_tokens.unwrap_or(tokens.saturating_sub(prompt)))
    }

    /// The first key that is there beside `error` without a meaning.
    fn beside_error(&self) -> Option<&'static str> {
        let keys = [
            ("content", self.content.is_some()),
            ("model", self.model.is_some()),
            ("tokens", self.tokens.is_some()),
            ("prompt_tokens", self.prompt_tokens.is_some()),
            ("completion_tokens", self.completion_tokens.is_some()),
            ("finish_reason", self.finish_reason.is_some()),
            ("tool_calls", self.tool_calls.is_some()),
            ("fault", self.fault.is_some()),
        ];
        keys.into_iter().find(|(_, is_there)| *is_there).map(|(key, _)| key)
    }
}

impl Call {
    fn event(&self) -> Event {
        let arguments = match &self.arguments {
            None => "{}".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(json) => json.to_string(),
        };
        Event::ToolCall(ToolCall { id: self.id.clone(), ..ToolCall::function(&self.name, arguments) })
    }
}

impl Failure {
    fn to_api(&self) -> ApiError {
        let mut error = ApiError::new(self.status, &self.message);
        error.kind.clone_from(&self.kind);
        error.code.clone_from(&self.code);
        error.param.clone_from(&self.param);
        error.retry_after_s = self.retry_after;
        error
    }
}

/// OpenAI's word, as the server has it. Others are passed on.
fn finish(reason: &str) -> String {
    match reason {
        "tool_calls" | "function_call" => "tool-calls",
        "content_filter" => "content-filter",
        other => other,
    }
    .to_owned()
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let given = i64::deserialize(deserializer)?;
    let status = u16::try_from(given).ok().filter(|status| (400..=599).contains(status));
    status.ok_or_else(|| D::Error::invalid_value(Unexpected::Signed(given), &"a status from 400 to 599"))
}

impl<'de> Deserialize<'de> for Scripted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScriptedVisitor)
    }
}

struct ScriptedVisitor;

impl<'de> Visitor<'de> for ScriptedVisitor {
    type Value = Scripted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object with `content`, `tool_calls`, `error` and the like")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scripted, E> {
        Ok(Scripted(Fields { content: Some(text.to_owned()), ..Fields::default() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scripted, A::Error> {
        let fields = Fields::deserialize(MapAccessDeserializer::new(map))?;
        match fields.beside_error().filter(|_| fields.error.is_some()) {
            None => Ok(Scripted(fields)),
            Some(key) => {
                Err(A::Error::custom(format!("`error` is the whole answer; found `{key}` beside it, which has to go")))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Break {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(BreakVisitor)
    }
}

struct BreakVisitor;

impl Visitor<'_> for BreakVisitor {
    type Value = Break;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`disconnect`, `stall`, `truncate` or `garbage`, where wanted with a number of chunks: `stall@3`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Break, E> {
        let (word, chunks) = match text.trim().split_once('@') {
            Some((word, chunks)) => (word.trim_end(), chunks.trim_start().parse().ok()),
            None => (text.trim(), Some(0)),
        };
        let fault = match word {
            "disconnect" => Some(Fault::Disconnect),
            "stall" => Some(Fault::Stall),
            "truncate" => Some(Fault::Truncate),
            "garbage" => Some(Fault::Garbage(GARBAGE.to_owned())),
            _ => None,
        };
        let found = fault.zip(chunks).map(|(fault, chunks)| Break { fault, chunks });
        found.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}
