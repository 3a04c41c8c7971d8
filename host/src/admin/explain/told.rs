//! An explanation, as it is told.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::describe::activation;
use crate::chat::{Event, Finish, Reply};
use crate::strategy::asked::Asked;
use crate::strategy::chain::{Answer, Chain};
use crate::strategy::explain::{Cost, Explained, Skipped, Verdict};
use crate::strategy::nearest::nearest;

/// What would be answered, and how.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
pub(super) struct Told {
    /// Who would answer, or fail to; null where nobody would.
    strategy: Option<String>,
    /// The reply, amended.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyJson>,
    /// The error that the client would see.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson>,
    /// The whole response that a strategy would give as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    verbatim: Option<VerbatimJson>,
    /// How many vectors there would be, and how long each.
    #[serde(skip_serializing_if = "Option::is_none")]
    vectors: Option<VectorsJson>,
    /// How the strategy would fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// Where nobody would answer: what strategies wait for, the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nearest: Vec<String>,
    session: String,
    /// The turn that the request would be, from 0 on.
    turn: u64,
    /// Whether fallbacks are not asked.
    strict: bool,
    /// The chain, in order.
    stages: Vec<StageJson>,
    /// Who would have changed the reply, in order.
    amenders: Vec<AmenderJson>,
}

/// What the model would say and do; of several choices the first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedReply")]
struct ReplyJson {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    refusal: String,
    tool_calls: Vec<ToolCallJson>,
    /// Why it would end.
    finish: String,
    /// The model, where the strategy says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// How many choices there would be.
    choices: usize,
}

/// A tool that would be called.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedToolCall")]
struct ToolCallJson {
    name: String,
    arguments: String,
}

/// An error that the client would see.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedError")]
struct ErrorJson {
    status: u16,
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
    retry_after: Option<u32>,
}

/// A whole response.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedResponse")]
struct VerbatimJson {
    status: u16,
    body: String,
}

/// Vectors, without their numbers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedVectors")]
struct VectorsJson {
    count: usize,
    dimensions: usize,
}

/// One stage of the chain.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedStage")]
struct StageJson {
    name: String,
    outcome: OutcomeJson,
    /// Why it was skipped, or how it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How long it took; null where it was not asked.
    duration_us: Option<u64>,
    /// The memory of its instance; null where it was not asked.
    memory_bytes: Option<usize>,
}

/// What came of a stage.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ExplainedOutcome")]
enum OutcomeJson {
    /// It was not asked.
    Skipped,
    /// It left the request to the next one.
    Passed,
    /// It answered.
    Answered,
    /// It failed.
    Failed,
    /// An earlier one answered.
    NotReached,
}

/// An amender.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExplainedAmender")]
struct AmenderJson {
    name: String,
    /// Whether the reply was another one after it.
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    duration_us: Option<u64>,
    memory_bytes: Option<usize>,
}

pub(super) fn tell(chain: &Chain, asked: &Asked, explained: Explained) -> Told {
    let micros = |cost: Option<Cost>| cost.map(|it| u64::try_from(it.duration.as_micros()).unwrap_or(u64::MAX));
    let memory = |cost: Option<Cost>| cost.map(|it| it.memory);
    let mut told = Told {
        strategy: explained.answered.by.as_deref().map(str::to_owned),
        reply: None,
        error: None,
        verbatim: None,
        vectors: None,
        failure: None,
        nearest: Vec::new(),
        session: asked.session.name().to_owned(),
        turn: asked.turn,
        strict: asked.strict,
        stages: Vec::with_capacity(explained.stages.len()),
        amenders: Vec::with_capacity(explained.amendments.len()),
    };
    for stage in explained.stages {
        let (outcome, reason) = match stage.verdict {
            Verdict::Skipped(why) => (OutcomeJson::Skipped, Some(because(why, chain, &stage.name))),
            Verdict::Passed => (OutcomeJson::Passed, None),
            Verdict::Answered => (OutcomeJson::Answered, None),
            Verdict::Failed(failure) => (OutcomeJson::Failed, Some(failure.to_string())),
            Verdict::NotReached => (OutcomeJson::NotReached, None),
        };
        told.stages.push(StageJson {
            name: stage.name.to_string(),
            outcome,
            reason,
            duration_us: micros(stage.cost),
            memory_bytes: memory(stage.cost),
        });
    }
    for amendment in explained.amendments {
        told.amenders.push(AmenderJson {
            name: amendment.name.to_string(),
            changed: amendment.changed,
            failure: amendment.failure.map(|failure| failure.to_string()),
            duration_us: micros(amendment.cost),
            memory_bytes: memory(amendment.cost),
        });
    }
    match explained.answered.answer {
        Answer::Replies(replies) => told.reply = replies.first().map(|reply| tell_reply(reply, replies.len())),
        Answer::Vectors(vectors) => {
            let dimensions = vectors.first().map_or(0, Vec::len);
            told.vectors = Some(VectorsJson { count: vectors.len(), dimensions });
        }
        Answer::Error(error) => {
            told.error = Some(ErrorJson {
                status: error.status,
                message: error.message,
                kind: error.kind,
                code: error.code,
                param: error.param,
                retry_after: error.retry_after_s,
            });
        }
        Answer::Verbatim(raw) => told.verbatim = Some(VerbatimJson { status: raw.status, body: raw.body }),
        Answer::Failed(failure) => told.failure = Some(failure.to_string()),
        Answer::Nobody => {
            let text = asked.request().last_user_text();
            told.nearest = text.iter().flat_map(|text| nearest(chain, text)).map(|near| near.to_string()).collect();
        }
    }
    told
}

fn because(why: Skipped, chain: &Chain, name: &str) -> String {
    match why {
        Skipped::Role => "it answers no such requests".to_owned(),
        Skipped::Fallback => "it is a fallback, and the request is strict".to_owned(),
        Skipped::Forced => "the request names another strategy".to_owned(),
        Skipped::Activation => {
            let stage = chain.stages().iter().find(|plugin| &*plugin.name == name);
            let activation = stage.map(|plugin| activation(plugin)).unwrap_or_default();
            format!("it is asked {activation}")
        }
    }
}

fn tell_reply(reply: &Reply, choices: usize) -> ReplyJson {
    let mut told = ReplyJson {
        text: String::new(),
        reasoning: String::new(),
        refusal: String::new(),
        tool_calls: Vec::new(),
        finish: match reply.finish() {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::ToolCalls => "tool-calls",
            Finish::ContentFilter => "content-filter",
            Finish::Refusal => "refusal",
            Finish::StopSequence(_) => "stop-sequence",
            Finish::Pause => "pause",
            Finish::Other(word) => word,
        }
        .to_owned(),
        model: reply.model.clone(),
        choices,
    };
    for event in &reply.events {
        match event {
            Event::Text(text) => told.text.push_str(text),
            Event::Reasoning(reasoning) => told.reasoning.push_str(&reasoning.text),
            Event::Refusal(text) => told.refusal.push_str(text),
            Event::ToolCall(call) => {
                told.tool_calls.push(ToolCallJson { name: call.name.clone(), arguments: call.arguments.clone() });
            }
            Event::ToolArguments(more) => {
                if let Some(call) = told.tool_calls.last_mut() {
                    call.arguments.push_str(more);
                }
            }
            Event::Block(_) | Event::Pause(_) | Event::Fault(_) => {}
        }
    }
    told
}
