//! Answers with a value that the client's JSON Schema accepts, and fills the arguments of a tool that has to be called.
//!
//! - Where the request has an output schema, the reply is one value that satisfies it, as compact JSON.
//! - Where a tool has to be called, the reply calls it with arguments that satisfy its parameters: the tool that
//!   `tool_choice` names, and otherwise the first function. A tool without a schema gets `{}`, a custom one a few words.
//! - When the last message is the result of a tool, no tool is called a second time, so that a client's loop comes to its end:
//!   the last function that was not called yet is, where one has to be (agents offer the tool that takes their result last). If
//!   there is none, the output schema is answered if there is one, and otherwise the next strategy is.
//!
//! Everything else is left to the next strategy. The values are by chance, which is seeded: the same request of the same
//! session gets the same value. Optional properties are there two times out of three; an example, or a default that says
//! something, is taken every other time; null is rare where there is something else. What a property's name promises, its
//! value looks like, as long as the schema allows it. A schema that has no value, or that is not understood, is an error 400
//! that says what stands where. There are no settings.

mod budget;
mod check;
mod document;
mod fail;
mod formats;
mod generate;
mod keywords;
mod number;
mod pattern;
#[cfg(test)]
mod tests;
mod types;
mod words;

use serde_json::{Value, json};
use standin_sdk::{
    Activation, ApiError, Condition, Content, Event, Outcome, Plugin, Reply, Request, Result, Role, Tool, ToolCall,
    ToolChoice,
};

use self::budget::Budget;
use self::document::Document;
use self::fail::Fail;
use self::generate::Generator;

/// How much work one answer may be: some milliseconds.
const STEPS: u32 = 150_000;

/// Larger schemas take too long to read.
const LARGEST: usize = 128 * 1024;

/// Answers what a schema asks for.
pub struct Schema;

impl Plugin for Schema {
    type Settings = ();

    fn new(_: ()) -> Result<Self> {
        Ok(Self)
    }

    fn activation(&self) -> Activation {
        Activation::any([Condition::HasOutputSchema, Condition::HasTools])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let choice = request.tool_choice();
        if matches!(choice, ToolChoice::Required | ToolChoice::Named(_)) {
            let tools = request.tools();
            let outcome = match request.last_role() {
                Some(Role::Tool) => not_yet_called(request, tools).and_then(|tool| forced(&choice, &[tool])),
                _ => forced(&choice, &tools),
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
        let Some(schema) = request.output_schema() else { return Ok(Outcome::Pass) };
        Ok(match instance(&schema, &Value::Bool(true)) {
            Ok(value) => Reply::text(value.to_string()).into(),
            Err(why) => refuse(&format!("The output schema cannot be answered: {why}")),
        })
    }
}

/// The last function that was not called since somebody asked, and that the choice allows.
fn not_yet_called(request: &Request, tools: Vec<Tool>) -> Option<Tool> {
    let since = request.messages().rev().take_while(|message| message.role != Role::User);
    let called: Vec<String> = since
        .flat_map(|message| message.content)
        .filter_map(|content| match content {
            Content::ToolCall(call) => Some(call.name),
            _ => None,
        })
        .collect();
    let named = match request.tool_choice() {
        ToolChoice::Named(name) => Some(name),
        _ => None,
    };
    let is_open = |tool: &Tool| {
        tool.kind == "function" && !called.contains(&tool.name) && named.as_ref().is_none_or(|name| *name == tool.name)
    };
    tools.into_iter().rfind(is_open)
}

/// The call that has to be made; none where there is no tool that a client runs.
fn forced(choice: &ToolChoice, tools: &[Tool]) -> Option<Outcome> {
    let tool = match choice {
        ToolChoice::Required => {
            let of_kind = |kind: &str| tools.iter().find(|tool| tool.kind == kind);
            of_kind("function").or_else(|| of_kind("custom"))?
        }
        ToolChoice::Named(name) => match tools.iter().find(|tool| tool.name == *name) {
            Some(tool) => tool,
            None => return Some(missing(name, tools)),
        },
        ToolChoice::Auto | ToolChoice::None => return None,
    };
    matches!(tool.kind.as_str(), "function" | "custom").then(|| call(tool))
}

/// A call of a tool with arguments that its parameters accept.
fn call(tool: &Tool) -> Outcome {
    if tool.kind == "custom" {
        let call = ToolCall { kind: tool.kind.clone(), ..ToolCall::function(&tool.name, words::phrase()) };
        return Reply::new().event(Event::ToolCall(call)).into();
    }
    let object = json!({ "type": "object" });
    match instance(tool.parameters.as_deref().unwrap_or("{}"), &object) {
        Ok(arguments) => Reply::new().tool_call(&tool.name, arguments.to_string()).into(),
        Err(why) => refuse(&format!("The parameters of the tool `{}` cannot be filled: {why}", tool.name)),
    }
}

/// A value that a schema, and another one beside it, accepts.
fn instance(schema: &str, beside: &Value) -> Result<Value, String> {
    if schema.len() > LARGEST {
        return Err(format!("it has {} bytes; {LARGEST} is the most that is read", schema.len()));
    }
    let root: Value =
        serde_json::from_str(schema).map_err(|error| format!("it is no JSON that is understood: {error}"))?;
    let budget = Budget::new(STEPS);
    let document = Document::new(&root, &budget).map_err(|_| "it is too large".to_owned())?;
    let made = Generator::new(&document, &budget).value(beside);
    made.map_err(|fail: Fail<'_>| fail.message(&document))
}

fn refuse(message: &str) -> Outcome {
    ApiError::new(400, message).into()
}

fn missing(name: &str, tools: &[Tool]) -> Outcome {
    let offered: Vec<_> = tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
    let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    refuse(&format!("The tool choice names `{name}`, which is not offered. Tools: {offered}"))
}

standin_sdk::export!(Schema);
