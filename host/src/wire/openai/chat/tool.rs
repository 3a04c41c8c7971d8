//! Tools of a request: those that are offered, which of them may be called, and calls of earlier turns.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chat::{Content, Tool, ToolChoice};
use crate::wire::field::Text;

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum ToolKind {
    Function,
    Custom,
}

/// A call of an earlier turn.
#[derive(Deserialize)]
pub(super) struct WireCall<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: ToolKind,
    #[serde(borrow)]
    function: Option<FunctionCall<'a>>,
    #[serde(borrow)]
    custom: Option<CustomCall<'a>>,
}

/// What is called, as it stands in a call, and, in the days of `functions`, in a message.
#[derive(Deserialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    arguments: Text<'a>,
}

#[derive(Deserialize)]
struct CustomCall<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    input: Text<'a>,
}

impl<'a> WireCall<'a> {
    /// The call; none where it lacks what its kind says.
    pub(super) fn content(self) -> Option<Content<'a>> {
        Some(match (self.kind, self.function, self.custom) {
            (ToolKind::Function, Some(function), _) => Content::ToolCall {
                id: self.id.0,
                kind: Cow::Borrowed("function"),
                name: function.name.0,
                arguments: function.arguments.0,
            },
            (ToolKind::Custom, _, Some(custom)) => Content::ToolCall {
                id: self.id.0,
                kind: Cow::Borrowed("custom"),
                name: custom.name.0,
                arguments: custom.input.0,
            },
            _ => return None,
        })
    }
}

impl<'a> FunctionCall<'a> {
    /// The call. There were no ids in the days of `functions`: the name stands for it.
    pub(super) fn content(self) -> Content<'a> {
        Content::ToolCall {
            id: self.name.0.clone(),
            kind: Cow::Borrowed("function"),
            name: self.name.0,
            arguments: self.arguments.0,
        }
    }
}

/// A tool that is offered.
#[derive(Deserialize)]
pub(super) struct WireTool<'a> {
    #[serde(rename = "type")]
    kind: ToolKind,
    #[serde(borrow)]
    function: Option<Function<'a>>,
    #[serde(borrow)]
    custom: Option<Custom<'a>>,
}

/// A function that is offered.
#[derive(Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    #[expect(dead_code, reason = "only checked")]
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct Custom<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
}

impl<'a> WireTool<'a> {
    /// The tool; none where it lacks what its kind says.
    pub(super) fn tool(self) -> Option<Tool<'a>> {
        match (self.kind, self.function, self.custom) {
            (ToolKind::Function, Some(function), _) => function.tool(),
            (ToolKind::Custom, _, Some(custom)) => Some(Tool {
                kind: Cow::Borrowed("custom"),
                name: custom.name.0,
                description: custom.description.map(|text| text.0),
                parameters: None,
            }),
            _ => None,
        }
    }
}

impl<'a> Function<'a> {
    /// The tool; none where its parameters are no object.
    pub(super) fn tool(self) -> Option<Tool<'a>> {
        Some(Tool {
            kind: Cow::Borrowed("function"),
            name: self.name.0,
            description: self.description.map(|text| text.0),
            parameters: object(self.parameters)?,
        })
    }
}

/// The text of a value that has to be an object, if it is there at all; none where it is something else.
pub(super) fn object(raw: Option<&RawValue>) -> Option<Option<Cow<'_, str>>> {
    match raw.map(RawValue::get) {
        None => Some(None),
        Some(text) if text.starts_with('{') => Some(Some(Cow::Borrowed(text))),
        Some(_) => None,
    }
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

/// What `tool_choice` says, and the names of the only tools that it allows; none allow all.
pub(super) fn tool_choice(json: &str) -> Option<(ToolChoice<'_>, Vec<Cow<'_, str>>)> {
    #[derive(Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Choice<'a> {
        Function {
            #[serde(borrow)]
            function: Named<'a>,
        },
        Custom {
            #[serde(borrow)]
            custom: Named<'a>,
        },
        AllowedTools {
            #[serde(borrow)]
            allowed_tools: Allowed<'a>,
        },
    }
    #[derive(Deserialize)]
    struct Allowed<'a> {
        mode: Mode,
        #[serde(borrow)]
        tools: Option<Vec<AllowedTool<'a>>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Auto,
        Required,
    }
    #[derive(Deserialize)]
    struct AllowedTool<'a> {
        #[serde(borrow)]
        function: Option<Named<'a>>,
        #[serde(borrow)]
        custom: Option<Named<'a>>,
    }

    if let Ok(Text(word)) = serde_json::from_str(json) {
        let choice = match word.as_ref() {
            "none" => ToolChoice::None,
            "auto" => ToolChoice::Auto,
            "required" => ToolChoice::Required,
            _ => return None,
        };
        return Some((choice, Vec::new()));
    }
    Some(match serde_json::from_str(json).ok()? {
        Choice::Function { function: named } | Choice::Custom { custom: named } => {
            (ToolChoice::Named(named.name.0), Vec::new())
        }
        Choice::AllowedTools { allowed_tools: Allowed { mode, tools } } => {
            let tools = tools.unwrap_or_default().into_iter();
            let names = tools.filter_map(|tool| tool.function.or(tool.custom)).map(|named| named.name.0);
            let choice = match mode {
                Mode::Auto => ToolChoice::Auto,
                Mode::Required => ToolChoice::Required,
            };
            (choice, names.collect())
        }
    })
}

/// What `function_call` says, the older word for it.
pub(super) fn function_choice(json: &str) -> Option<ToolChoice<'_>> {
    if let Ok(Text(word)) = serde_json::from_str(json) {
        return match word.as_ref() {
            "none" => Some(ToolChoice::None),
            "auto" => Some(ToolChoice::Auto),
            _ => None,
        };
    }
    serde_json::from_str(json).ok().map(|named: Named<'_>| ToolChoice::Named(named.name.0))
}
