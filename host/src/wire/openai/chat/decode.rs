//! The fast decoder: serde structures that borrow from the body, turned into a [`Request`]. What it rejects,
//! [`super::shape`] explains.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::part::{Part, PartForm};
use crate::chat::request::join;
use crate::chat::{Body, Content, Message, Operation, Request, Role, Tool, ToolChoice};
use crate::wire::field::{AnyObject, Int, Num, Text, TextOr};

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct Wire<'a, P> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    messages: Vec<WireMessage<'a, P>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<Int<1, 128>>,
    max_tokens: Option<Int<1, { i64::MAX }>>,
    max_completion_tokens: Option<Int<1, { i64::MAX }>>,
    #[serde(borrow)]
    stop: Option<TextOr<'a, Text<'a>>>,
    #[serde(borrow)]
    tools: Option<Vec<WireTool<'a>>>,
    #[serde(borrow)]
    tool_choice: Option<&'a RawValue>,
    #[serde(borrow)]
    functions: Option<Vec<Function<'a>>>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    response_format: Option<ResponseFormat<'a>>,
    temperature: Option<Num<0, 2>>,
    top_p: Option<Num<0, 1>>,
    frequency_penalty: Option<Num<-2, 2>>,
    presence_penalty: Option<Num<-2, 2>>,
    seed: Option<Int<{ i64::MIN }, { i64::MAX }>>,
    logprobs: Option<bool>,
    top_logprobs: Option<Int<0, 20>>,
    logit_bias: Option<AnyObject>,
    metadata: Option<AnyObject>,
    audio: Option<AnyObject>,
    prediction: Option<AnyObject>,
    web_search_options: Option<AnyObject>,
    #[serde(borrow)]
    modalities: Option<Vec<Text<'a>>>,
    parallel_tool_calls: Option<bool>,
    store: Option<bool>,
    #[serde(borrow)]
    user: Option<Text<'a>>,
    #[serde(borrow)]
    safety_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    prompt_cache_key: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning_effort: Option<Text<'a>>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    verbosity: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
    #[expect(dead_code, reason = "only checked")]
    include_obfuscation: Option<bool>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum WireRole {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    Function,
}

#[derive(Deserialize)]
struct WireMessage<'a, P> {
    role: WireRole,
    #[serde(borrow)]
    content: Option<TextOr<'a, P>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<WireCall<'a>>>,
    #[serde(borrow)]
    function_call: Option<Box<FunctionCall<'a>>>,
    #[serde(borrow)]
    tool_call_id: Option<Text<'a>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum ToolKind {
    Function,
    Custom,
}

#[derive(Deserialize)]
struct WireCall<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: ToolKind,
    #[serde(borrow)]
    function: Option<FunctionCall<'a>>,
    #[serde(borrow)]
    custom: Option<CustomCall<'a>>,
}

#[derive(Deserialize)]
struct FunctionCall<'a> {
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

#[derive(Deserialize)]
struct WireTool<'a> {
    #[serde(rename = "type")]
    kind: ToolKind,
    #[serde(borrow)]
    function: Option<Function<'a>>,
    #[serde(borrow)]
    custom: Option<Custom<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
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

#[derive(Deserialize)]
struct ResponseFormat<'a> {
    #[serde(rename = "type")]
    kind: FormatKind,
    #[serde(borrow)]
    json_schema: Option<JsonSchema<'a>>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum FormatKind {
    Text,
    JsonObject,
    JsonSchema,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct JsonSchema<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    strict: Option<bool>,
}

/// Decodes a body that is as it should be; none for any other. Parts are parsed in place at first, which is twice as fast;
/// if one of them turns out to need its own text, each part is cut out before it is parsed.
pub(super) fn fast(body: &str) -> Option<Request<'_>> {
    decode::<Part<'_>>(body).or_else(|| decode::<&RawValue>(body))
}

fn decode<'a, P: PartForm<'a>>(body: &'a str) -> Option<Request<'a>> {
    let wire: Wire<'a, P> = serde_json::from_str(body).ok()?;
    if wire.messages.is_empty() {
        return None;
    }
    let mut request = Request::new(Operation::Chat, wire.model.0);
    request.stream = wire.stream.unwrap_or_default();
    request.stream_usage = wire.stream_options.and_then(|options| options.include_usage).unwrap_or_default();
    request.choices = wire.n.map_or(1, Int::to_u32);
    // `max_tokens` is the older name.
    request.max_output_tokens = wire.max_completion_tokens.or(wire.max_tokens).map(Int::to_u32);
    request.stop = match wire.stop {
        None => Vec::new(),
        Some(TextOr::Text(text)) => vec![text],
        Some(TextOr::List(texts)) => texts.into_iter().map(|text| text.0).collect(),
    };
    request.messages = wire.messages.into_iter().map(message).collect::<Option<_>>()?;
    for tool in wire.tools.unwrap_or_default() {
        request.tools.push(match (tool.kind, tool.function, tool.custom) {
            (ToolKind::Function, Some(function), _) => function_tool(function)?,
            (ToolKind::Custom, _, Some(custom)) => Tool {
                kind: Cow::Borrowed("custom"),
                name: custom.name.0,
                description: custom.description.map(|text| text.0),
                parameters: None,
            },
            _ => return None,
        });
    }
    for function in wire.functions.unwrap_or_default() {
        request.tools.push(function_tool(function)?);
    }
    if let Some(raw) = wire.function_call {
        request.tool_choice = function_choice(raw.get())?;
    }
    if let Some(raw) = wire.tool_choice {
        request.tool_choice = tool_choice(raw.get())?;
    }
    if let Some(format) = wire.response_format
        && format.kind == FormatKind::JsonSchema
    {
        request.output_schema = object(format.json_schema?.schema)?;
    }
    Some(request)
}

/// The text of a value that has to be an object, if it is there at all; none where it is something else.
fn object(raw: Option<&RawValue>) -> Option<Option<Cow<'_, str>>> {
    match raw.map(RawValue::get) {
        None => Some(None),
        Some(text) if text.starts_with('{') => Some(Some(Cow::Borrowed(text))),
        Some(_) => None,
    }
}

fn function_tool(function: Function<'_>) -> Option<Tool<'_>> {
    Some(Tool {
        kind: Cow::Borrowed("function"),
        name: function.name.0,
        description: function.description.map(|text| text.0),
        parameters: object(function.parameters)?,
    })
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

fn tool_choice(json: &str) -> Option<ToolChoice<'_>> {
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
            allowed_tools: Allowed,
        },
    }
    #[derive(Deserialize)]
    struct Allowed {
        mode: Mode,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Auto,
        Required,
    }

    if let Ok(Text(word)) = serde_json::from_str(json) {
        return match word.as_ref() {
            "none" => Some(ToolChoice::None),
            "auto" => Some(ToolChoice::Auto),
            "required" => Some(ToolChoice::Required),
            _ => None,
        };
    }
    Some(match serde_json::from_str(json).ok()? {
        Choice::Function { function: named } | Choice::Custom { custom: named } => ToolChoice::Named(named.name.0),
        Choice::AllowedTools { allowed_tools: Allowed { mode: Mode::Auto } } => ToolChoice::Auto,
        Choice::AllowedTools { allowed_tools: Allowed { mode: Mode::Required } } => ToolChoice::Required,
    })
}

fn function_choice(json: &str) -> Option<ToolChoice<'_>> {
    if let Ok(Text(word)) = serde_json::from_str(json) {
        return match word.as_ref() {
            "none" => Some(ToolChoice::None),
            "auto" => Some(ToolChoice::Auto),
            _ => None,
        };
    }
    serde_json::from_str(json).ok().map(|named: Named<'_>| ToolChoice::Named(named.name.0))
}

fn message<'a, P: PartForm<'a>>(wire: WireMessage<'a, P>) -> Option<Message<'a>> {
    let name = wire.name.map(|text| text.0);
    let role = match wire.role {
        WireRole::System => Role::System,
        WireRole::Developer => Role::Developer,
        WireRole::User => Role::User,
        WireRole::Assistant => Role::Assistant,
        WireRole::Tool | WireRole::Function => Role::Tool,
    };
    let body = match (wire.role, wire.content) {
        (WireRole::Tool, Some(content)) => tool_result(wire.tool_call_id?.0, content)?,
        // A function had no id in the days of `functions`: its name stands for it.
        (WireRole::Function, content) => {
            tool_result(name.clone()?, content.unwrap_or(TextOr::Text(Cow::Borrowed(""))))?
        }
        (WireRole::Assistant, content) => {
            let calls = wire.tool_calls.unwrap_or_default();
            match (content, wire.refusal, calls.as_slice(), wire.function_call) {
                (Some(TextOr::Text(text)), None, [], None) => Body::Text(text),
                (content, refusal, _, function_call) => {
                    let mut body = match content {
                        None => Vec::new(),
                        Some(TextOr::Text(text)) => vec![Content::Text(text)],
                        Some(TextOr::List(list)) => parts(list)?,
                    };
                    body.extend(refusal.map(|text| Content::Refusal(text.0)));
                    for call in calls {
                        body.push(tool_call(call)?);
                    }
                    body.extend(function_call.map(|call| Content::ToolCall {
                        id: call.name.0.clone(),
                        kind: Cow::Borrowed("function"),
                        name: call.name.0,
                        arguments: call.arguments.0,
                    }));
                    Body::Parts(body)
                }
            }
        }
        (_, Some(TextOr::Text(text))) => Body::Text(text),
        (_, Some(TextOr::List(list))) => Body::Parts(parts(list)?),
        (_, None) => return None,
    };
    Some(Message { role, name, body })
}

fn tool_call(call: WireCall<'_>) -> Option<Content<'_>> {
    Some(match (call.kind, call.function, call.custom) {
        (ToolKind::Function, Some(function), _) => Content::ToolCall {
            id: call.id.0,
            kind: Cow::Borrowed("function"),
            name: function.name.0,
            arguments: function.arguments.0,
        },
        (ToolKind::Custom, _, Some(custom)) => Content::ToolCall {
            id: call.id.0,
            kind: Cow::Borrowed("custom"),
            name: custom.name.0,
            arguments: custom.input.0,
        },
        _ => return None,
    })
}

fn parts<'a, P: PartForm<'a>>(list: Vec<P>) -> Option<Vec<Content<'a>>> {
    list.into_iter().map(P::content).collect()
}

/// The result, followed by whatever it holds beside text.
fn tool_result<'a, P: PartForm<'a>>(call_id: Cow<'a, str>, content: TextOr<'a, P>) -> Option<Body<'a>> {
    let (content, others) = match content {
        TextOr::Text(text) => (text, Vec::new()),
        TextOr::List(list) => {
            let (texts, others): (Vec<_>, Vec<_>) =
                parts(list)?.into_iter().partition(|part| matches!(part, Content::Text(_)));
            let texts =
                texts.into_iter().filter_map(|part| if let Content::Text(text) = part { Some(text) } else { None });
            (join(texts).unwrap_or_default(), others)
        }
    };
    let mut body = vec![Content::ToolResult { call_id, content, is_error: false }];
    body.extend(others);
    Some(Body::Parts(body))
}
