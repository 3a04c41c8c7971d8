//! The fast decoder: serde structures that borrow from the body, turned into a [`Request`]. What it rejects,
//! [`super::shape`] explains.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::part::{Part, PartForm};
use super::tool::{Function, FunctionCall, WireCall, WireTool, function_choice, object, tool_choice};
use crate::chat::request::join;
use crate::chat::{Body, Content, Media, MediaSource, Message, Operation, Request, Role};
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
    moderation: Option<AnyObject>,
    web_search_options: Option<AnyObject>,
    prompt_cache_options: Option<AnyObject>,
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
    prompt_cache_retention: Option<Text<'a>>,
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
    #[serde(borrow)]
    audio: Option<Box<SaidBefore<'a>>>,
}

/// What the assistant said aloud in an earlier turn.
#[derive(Deserialize)]
struct SaidBefore<'a> {
    #[serde(borrow)]
    id: Text<'a>,
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

/// Alternatives to each token are asked for, but not the tokens themselves: [`super::limits`] refuses it.
pub(super) const TOP_ALONE: u32 = u32::MAX;

/// Decodes a body that is as it should be; none for any other. Parts are parsed in place at first, which is twice as fast;
/// if one of them turns out to need its own text, each part is cut out before it is parsed.
pub(super) fn fast(body: &str) -> Option<Request<'_>> {
    any_length(body).filter(|request| !request.messages.is_empty())
}

/// The same for a conversation that may have no message.
pub(super) fn any_length(body: &str) -> Option<Request<'_>> {
    decode::<Part<'_>>(body).or_else(|| decode::<&RawValue>(body))
}

fn decode<'a, P: PartForm<'a>>(body: &'a str) -> Option<Request<'a>> {
    let wire: Wire<'a, P> = serde_json::from_str(body).ok()?;
    let mut request = Request::new(Operation::Chat, wire.model.0);
    request.stream = wire.stream.unwrap_or_default();
    if let Some(options) = wire.stream_options {
        request.stream_usage = options.include_usage.unwrap_or_default();
        request.form.obfuscation = options.include_obfuscation.unwrap_or_default();
    }
    request.choices = wire.n.map_or(1, Int::to_u32);
    // `max_tokens` is the older name.
    request.max_output_tokens = wire.max_completion_tokens.or(wire.max_tokens).map(Int::to_u32);
    request.stop = match wire.stop {
        None => Vec::new(),
        Some(TextOr::Text(text)) => vec![text],
        Some(TextOr::List(texts)) => texts.into_iter().map(|text| text.0).collect(),
    };
    request.form.logprobs = match (wire.logprobs, wire.top_logprobs.map(Int::to_u32)) {
        (Some(true), top) => Some(top.unwrap_or_default()),
        (_, Some(1..)) => Some(TOP_ALONE),
        _ => None,
    };
    request.form.echo = tier(wire.service_tier.as_ref()).to_owned();
    request.messages = wire.messages.into_iter().map(message).collect::<Option<_>>()?;
    let functions = wire.functions.unwrap_or_default();
    request.form.functions = wire.tools.is_none() && !functions.is_empty();
    request.parallel_tool_calls = wire.parallel_tool_calls.unwrap_or(true) && !request.form.functions;
    for tool in wire.tools.unwrap_or_default() {
        request.tools.push(tool.tool()?);
    }
    for function in functions {
        request.tools.push(function.tool()?);
    }
    if let Some(raw) = wire.function_call {
        request.tool_choice = function_choice(raw.get())?;
    }
    if let Some(raw) = wire.tool_choice {
        let (choice, allowed) = tool_choice(raw.get())?;
        request.tool_choice = choice;
        request.tools.retain(|tool| allowed.is_empty() || allowed.contains(&tool.name));
    }
    if let Some(format) = wire.response_format
        && format.kind == FormatKind::JsonSchema
    {
        request.output_schema = object(format.json_schema?.schema)?;
    }
    Some(request)
}

/// The tier that serves a request, where it is not the usual one.
fn tier(asked: Option<&Text<'_>>) -> &'static str {
    match asked.map(|text| text.0.as_ref()) {
        Some("flex") => r#""service_tier":"flex""#,
        Some("scale") => r#""service_tier":"scale""#,
        // The provider has two words for one tier, and answers with the older one.
        Some("priority" | "fast") => r#""service_tier":"priority""#,
        _ => "",
    }
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
            match (content, wire.refusal, calls.as_slice(), wire.function_call, wire.audio) {
                (Some(TextOr::Text(text)), None, [], None, None) => Body::Text(text),
                (content, refusal, _, function_call, audio) => {
                    let mut body = match content {
                        None => Vec::new(),
                        Some(TextOr::Text(text)) => vec![Content::Text(text)],
                        Some(TextOr::List(list)) => parts(list)?,
                    };
                    body.extend(refusal.map(|text| Content::Refusal(text.0)));
                    body.extend(audio.map(|audio| {
                        Content::Audio(Media { media_type: None, source: MediaSource::FileId(audio.id.0) })
                    }));
                    for call in calls {
                        body.push(call.content()?);
                    }
                    body.extend(function_call.map(|call| call.content()));
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
