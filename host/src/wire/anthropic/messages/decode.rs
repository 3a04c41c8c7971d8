//! The fast decoder: serde structures that borrow from the body, turned into a [`Request`]. What it rejects,
//! [`super::shape`] explains.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::block::{Block, BlockForm, Blocks, object};
use crate::chat::{Body, Message, Operation, Request, Role, Tool, ToolChoice};
use crate::wire::field::{AnyObject, Int, Num, Text, TextOr};

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct Wire<'a, B> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    messages: Vec<WireMessage<'a, B>>,
    max_tokens: Int<0, { i64::MAX }>,
    #[serde(borrow)]
    system: Option<TextOr<'a, B>>,
    #[serde(borrow)]
    stop_sequences: Option<Vec<Text<'a>>>,
    stream: Option<bool>,
    temperature: Option<Num<0, 1>>,
    top_p: Option<Num<0, 1>>,
    top_k: Option<Int<0, { i64::MAX }>>,
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    tools: Option<Vec<WireTool<'a>>>,
    #[serde(borrow)]
    tool_choice: Option<WireChoice<'a>>,
    #[serde(borrow)]
    thinking: Option<Thinking<'a>>,
    #[serde(borrow)]
    output_config: Option<OutputConfig<'a>>,
    #[serde(borrow)]
    output_format: Option<OutputFormat<'a>>,
    cache_control: Option<AnyObject>,
    diagnostics: Option<AnyObject>,
    #[serde(borrow)]
    container: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    inference_geo: Option<Text<'a>>,
    #[serde(borrow)]
    speed: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only checked")]
struct Metadata<'a> {
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only checked")]
struct Thinking<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    budget_tokens: Option<Int<0, { i64::MAX }>>,
}

#[derive(Deserialize)]
struct WireMessage<'a, B> {
    role: WireRole,
    #[serde(borrow)]
    content: TextOr<'a, B>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum WireRole {
    User,
    Assistant,
    System,
}

#[derive(Deserialize)]
struct WireTool<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    input_schema: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireChoice<'a> {
    #[serde(rename = "type")]
    kind: ChoiceKind,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChoiceKind {
    Auto,
    Any,
    Tool,
    None,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct OutputConfig<'a> {
    #[serde(borrow)]
    effort: Option<Text<'a>>,
    #[serde(borrow)]
    format: Option<OutputFormat<'a>>,
}

#[derive(Deserialize)]
struct OutputFormat<'a> {
    #[serde(rename = "type")]
    _kind: FormatKind,
    #[serde(borrow)]
    schema: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormatKind {
    JsonSchema,
}

/// Decodes a body that is as it should be; none for any other. Blocks are parsed in place at first, which is twice as fast;
/// if one of them turns out to need its own text, each block is cut out before it is parsed.
pub(super) fn fast(body: &str) -> Option<Request<'_>> {
    decode::<Block<'_, Block<'_, &RawValue>>>(body).or_else(|| decode::<&RawValue>(body))
}

fn decode<'a, B: BlockForm<'a>>(body: &'a str) -> Option<Request<'a>> {
    let wire: Wire<'a, B> = serde_json::from_str(body).ok()?;
    if wire.messages.is_empty() {
        return None;
    }
    if wire.container.is_some_and(|container| !container.get().starts_with(['"', '{'])) {
        return None;
    }
    let mut request = Request::new(Operation::Chat, wire.model.0);
    request.stream = wire.stream.unwrap_or_default();
    // Every stream of this provider tells the usage.
    request.stream_usage = true;
    request.max_output_tokens = Some(wire.max_tokens.to_u32());
    request.stop = wire.stop_sequences.unwrap_or_default().into_iter().map(|text| text.0).collect();
    request.messages.reserve(wire.messages.len() + 1);
    match wire.system {
        None => {}
        Some(TextOr::Text(text)) => request.messages.push(Message::text_of(Role::System, text)),
        Some(TextOr::List(list)) => push_blocks(&mut request.messages, Role::System, list)?,
    }
    for message in wire.messages {
        let role = match message.role {
            WireRole::User => Role::User,
            WireRole::Assistant => Role::Assistant,
            WireRole::System => Role::System,
        };
        match message.content {
            TextOr::Text(text) => request.messages.push(Message::text_of(role, text)),
            TextOr::List(list) => push_blocks(&mut request.messages, role, list)?,
        }
    }
    for wire in wire.tools.unwrap_or_default() {
        request.tools.push(tool(wire)?);
    }
    if let Some(choice) = wire.tool_choice {
        request.tool_choice = match choice.kind {
            ChoiceKind::Auto => ToolChoice::Auto,
            ChoiceKind::Any => ToolChoice::Required,
            ChoiceKind::Tool => ToolChoice::Named(choice.name?.0),
            ChoiceKind::None => ToolChoice::None,
        };
    }
    for format in [wire.output_format, wire.output_config.and_then(|config| config.format)].into_iter().flatten() {
        request.output_schema = Some(object(format.schema)?);
    }
    Some(request)
}

/// The results of tools, which this provider lets the user tell, are a message of their own before what the user says.
fn push_blocks<'a, B: BlockForm<'a>>(messages: &mut Vec<Message<'a>>, role: Role, list: Vec<B>) -> Option<()> {
    let mut blocks = Blocks::default();
    for block in list {
        block.read(&mut blocks, false)?;
    }
    let Blocks { results, mut rest } = blocks;
    if role == Role::User && !results.is_empty() {
        messages.push(Message { role: Role::Tool, name: None, body: Body::Parts(results) });
        if rest.is_empty() {
            return Some(());
        }
    } else {
        rest.extend(results);
    }
    messages.push(Message { role, name: None, body: Body::Parts(rest) });
    Some(())
}

fn tool(wire: WireTool<'_>) -> Option<Tool<'_>> {
    let description = wire.description.map(|text| text.0);
    match wire.kind {
        // What a client defines itself is a function, in the neutral word.
        kind if kind.as_ref().is_none_or(|kind| kind.0 == "custom") => Some(Tool {
            kind: Cow::Borrowed("function"),
            name: wire.name?.0,
            description,
            parameters: Some(object(wire.input_schema?)?),
        }),
        kind => {
            let kind = kind?.0;
            Some(Tool {
                // A toolset goes by its type.
                name: wire.name.map_or_else(|| kind.clone(), |name| name.0),
                kind,
                description,
                parameters: wire.input_schema.map(|raw| Cow::Borrowed(raw.get())),
            })
        }
    }
}
