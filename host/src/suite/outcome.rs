//! What came of a request, in the words in which a file of tests expects it.

use serde_json::{Map, Value, json};

use crate::chat::{ApiError, Chunking, Fault, Finish, RawResponse, Reply, Usage};
use crate::pace::cut::{Chunk, Cut, Cutter, Part, parts};

/// What came of a request, and by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Who answered, or failed to; none where nobody did.
    pub by: Option<String>,
    /// What came.
    pub came: Came,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// Nobody answers.
    Pass,
    /// A reply, as it would be sent.
    Reply(Box<Said>),
    /// An error that the client sees.
    Error(ApiError),
    /// A whole response.
    Verbatim(RawResponse),
    /// Vectors.
    Vectors(Vec<Vec<f32>>),
    /// The plugin failed.
    Fails(String),
}

/// What a reply says, all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The first choice.
    pub text: String,
    /// Its thoughts.
    pub reasoning: String,
    /// Its refusal.
    pub refusal: String,
    /// Its calls of tools.
    pub calls: Vec<Call>,
    /// Why it ends.
    pub finish: String,
    /// The pieces of its text.
    pub chunks: Vec<String>,
    /// How its stream breaks.
    pub fault: Option<String>,
    /// What the answer costs.
    pub usage: Usage,
    /// The model that it names.
    pub model: String,
    /// What the strategy adds to the headers.
    pub headers: Vec<(String, String)>,
    /// All choices, as they came: two answers that differ anywhere are not the same.
    pub replies: Vec<Reply>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as they are written.
    pub arguments: String,
}

impl Said {
    /// What the first of these replies says.
    pub fn new(
        replies: Vec<Reply>,
        chunking: Chunking,
        usage: Usage,
        model: String,
        headers: Vec<(String, String)>,
    ) -> Self {
        let empty = Reply::default();
        let first = replies.first().unwrap_or(&empty);
        let mut said = Self {
            text: String::new(),
            reasoning: String::new(),
            refusal: String::new(),
            calls: Vec::new(),
            finish: finish(first.finish()).to_owned(),
            chunks: Vec::new(),
            fault: None,
            usage,
            model,
            headers,
            replies: Vec::new(),
        };
        for part in parts(first) {
            match part {
                Part::Text(text) => said.text.push_str(&text),
                Part::Reasoning(thought) => said.reasoning.push_str(&thought.text),
                Part::Refusal(text) => said.refusal.push_str(&text),
                Part::ToolCall { call, arguments } => said.calls.push(Call {
                    id: call.id.clone().unwrap_or_default(),
                    name: call.name.clone(),
                    arguments: arguments.into_owned(),
                }),
                Part::Block(_) => {}
            }
        }
        let mut cutter = Cutter::default();
        let mut count = 0;
        while let Some(cut) = cutter.next(first, chunking) {
            match cut {
                Cut::Chunk { chunk, timed } => {
                    count += u32::from(timed);
                    if let Chunk::Text(piece) = chunk {
                        said.chunks.push(piece.to_owned());
                    }
                }
                Cut::Fault(fault) if said.fault.is_none() => said.fault = Some(format!("{}@{count}", word(fault))),
                Cut::Fault(_) | Cut::Pause(_) => {}
            }
        }
        Self { replies, ..said }
    }
}

/// The word for a reason, as plugins say it.
pub fn finish(finish: Finish<'_>) -> &str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool-calls",
        Finish::ContentFilter => "content-filter",
        Finish::Refusal => "refusal",
        Finish::StopSequence(_) => "stop-sequence",
        Finish::Pause => "pause",
        Finish::Other(word) => word,
    }
}

fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::Disconnect => "disconnect",
        Fault::Truncate => "truncate",
        Fault::Stall => "stall",
        Fault::Garbage(_) => "garbage",
        Fault::Error(_) => "error",
    }
}

/// JSON where it is, else the text itself.
pub fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

impl Outcome {
    /// The outcome as somebody would expect it who wants to see what matters: a value for `expect`.
    pub fn describe(&self) -> Value {
        let mut told = Map::new();
        let mut tell = |key: &str, value: Value| drop(told.insert(key.to_owned(), value));
        match &self.came {
            Came::Pass => return "pass".into(),
            Came::Fails(reason) => tell("fails", reason.as_str().into()),
            Came::Error(error) => tell("error", describe_error(error)),
            Came::Verbatim(raw) => tell("verbatim", json!({ "status": raw.status, "body": raw.body })),
            Came::Vectors(vectors) => {
                tell("vectors", json!({ "count": vectors.len(), "dimensions": vectors.first().map_or(0, Vec::len) }));
            }
            Came::Reply(said) => {
                let usual = if said.calls.is_empty() { "stop" } else { "tool-calls" };
                if !said.reasoning.is_empty() {
                    tell("reasoning", said.reasoning.as_str().into());
                }
                let silent = said.calls.is_empty() && said.refusal.is_empty();
                if !said.text.is_empty() || silent {
                    tell("text", said.text.as_str().into());
                }
                if !said.refusal.is_empty() {
                    tell("refusal", said.refusal.as_str().into());
                }
                if !said.calls.is_empty() {
                    let calls = said.calls.iter().map(|call| {
                        let arguments = match json_or_text(&call.arguments) {
                            // A text that is JSON would be taken for the arguments as they are written.
                            Value::String(_) => call.arguments.as_str().into(),
                            other => other,
                        };
                        json!({ "name": call.name, "arguments": arguments })
                    });
                    tell("tool-calls", calls.collect());
                }
                if said.finish != usual {
                    tell("finish", said.finish.as_str().into());
                }
                if let Some(fault) = &said.fault {
                    tell("fault", fault.as_str().into());
                }
            }
        }
        Value::Object(told)
    }

    /// Everything that a strategy said, for whoever looks for a difference.
    pub fn whole(&self) -> Value {
        let mut told = match self.describe() {
            Value::Object(told) => told,
            other => return other,
        };
        if let Came::Reply(said) = &self.came {
            told.insert("finish".into(), said.finish.as_str().into());
            told.insert("chunks".into(), json!(said.chunks));
            told.insert("usage".into(), usage(&said.usage));
            told.insert("model".into(), said.model.as_str().into());
        }
        if let Some(by) = &self.by {
            told.insert("by".into(), by.as_str().into());
        }
        Value::Object(told)
    }
}

fn describe_error(error: &ApiError) -> Value {
    let mut told = Map::new();
    told.insert("status".into(), error.status.into());
    told.insert("message".into(), error.message.as_str().into());
    for (key, value) in [("kind", &error.kind), ("code", &error.code), ("param", &error.param)] {
        if let Some(value) = value {
            told.insert(key.into(), value.as_str().into());
        }
    }
    if let Some(seconds) = error.retry_after_s {
        told.insert("retry-after".into(), seconds.into());
    }
    Value::Object(told)
}

/// Tokens, as they are expected.
pub fn usage(usage: &Usage) -> Value {
    json!({
        "input-tokens": usage.input_tokens,
        "output-tokens": usage.output_tokens,
        "cache-read-input-tokens": usage.cache_read_input_tokens,
        "cache-creation-input-tokens": usage.cache_creation_input_tokens,
        "reasoning-output-tokens": usage.reasoning_output_tokens,
    })
}
