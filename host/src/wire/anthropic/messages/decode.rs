//! The fast decoder: serde structures that borrow from the body, turned into a [`Request`]. What it rejects,
//! [`super::shape`] explains.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::block::{Block, BlockForm, Blocks, CacheControl, object};
use super::shape;
use crate::chat::{Body, Message, Operation, Request, Role, Tool, ToolChoice};
use crate::wire::check::{Shape, first_violation};
use crate::wire::field::{Int, Num, Text, TextOr};
use crate::wire::json::at;

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct Wire<'a, B> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    messages: Vec<WireMessage<'a, B>>,
    max_tokens: Option<Int<0, { i64::MAX }>>,
    #[serde(borrow)]
    system: Option<TextOr<'a, B>>,
    #[serde(borrow)]
    stop_sequences: Option<Vec<Text<'a>>>,
    stream: Option<bool>,
    temperature: Option<Num<0, 1>>,
    top_p: Option<Num<0, 1>>,
    top_k: Option<Int<0, { i64::MAX }>>,
    #[serde(borrow)]
    tools: Option<Vec<WireTool<'a>>>,
    #[serde(borrow)]
    tool_choice: Option<WireChoice<'a>>,
    // What few requests have is cut out, and checked with the table.
    #[serde(borrow)]
    output_format: Option<&'a RawValue>,
    #[serde(borrow)]
    output_config: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_control: Option<&'a RawValue>,
    #[serde(borrow)]
    container: Option<&'a RawValue>,
    #[serde(borrow)]
    diagnostics: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    inference_geo: Option<&'a RawValue>,
    #[serde(borrow)]
    speed: Option<&'a RawValue>,
    #[serde(borrow)]
    context_management: Option<&'a RawValue>,
    #[serde(borrow)]
    mcp_servers: Option<&'a RawValue>,
    #[serde(borrow)]
    thread: Option<&'a RawValue>,
    #[serde(borrow)]
    fallbacks: Option<&'a RawValue>,
    #[serde(borrow)]
    fallback_credit_token: Option<&'a RawValue>,
    #[serde(borrow)]
    compaction: Option<&'a RawValue>,
    #[serde(borrow)]
    billing_policy: Option<&'a RawValue>,
}

impl<B> Wire<'_, B> {
    /// Whether what few requests have is as it should be.
    fn rare_is_right(&self) -> bool {
        let rare: [(Option<&RawValue>, &'static Shape); 17] = [
            (self.output_format, &shape::OUTPUT_FORMAT),
            (self.output_config, &shape::OUTPUT_CONFIG),
            (self.thinking, &shape::THINKING),
            (self.metadata, &shape::METADATA),
            (self.cache_control, &shape::CACHE_CONTROL),
            (self.container, &shape::CONTAINER),
            (self.diagnostics, &shape::DIAGNOSTICS),
            (self.service_tier, &shape::SERVICE_TIER),
            (self.inference_geo, &shape::TEXT),
            (self.speed, &shape::SPEED),
            (self.context_management, &shape::CONTEXT_MANAGEMENT),
            (self.mcp_servers, &shape::MCP_SERVERS),
            (self.thread, &shape::THREAD),
            (self.fallbacks, &shape::FALLBACKS),
            (self.fallback_credit_token, &shape::TEXT_OR_OBJECT),
            (self.compaction, &shape::COMPACTION),
            (self.billing_policy, &shape::ANY_OBJECT),
        ];
        rare.iter().all(|(raw, shape)| raw.is_none_or(|raw| has_shape(raw.get(), shape)))
    }
}

/// Whether a JSON text is as a table wants it.
pub(super) fn has_shape(json: &str, shape: &'static Shape) -> bool {
    serde_json::from_str::<Value>(json).is_ok_and(|value| first_violation(shape, &value).is_none())
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
#[expect(dead_code, reason = "some fields are only checked")]
struct WireTool<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    input_schema: Option<&'a RawValue>,
    #[serde(borrow)]
    mcp_server_name: Option<Text<'a>>,
    #[serde(borrow)]
    cache_control: Option<Box<CacheControl<'a>>>,
    strict: Option<bool>,
    defer_loading: Option<bool>,
}

#[derive(Deserialize)]
struct WireChoice<'a> {
    #[serde(rename = "type")]
    kind: ChoiceKind,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    disable_parallel_tool_use: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChoiceKind {
    Auto,
    Any,
    Tool,
    None,
}

/// Decodes a body that is as it should be and says how long its answer may be; none for any other.
pub(super) fn fast(body: &str) -> Option<Request<'_>> {
    any_length(body).filter(|request| request.max_output_tokens.is_some())
}

/// Decodes a body that is as it should be; none for any other. Blocks are parsed in place at first, which is twice as fast;
/// if one of them turns out to need its own text, each block is cut out before it is parsed.
pub(super) fn any_length(body: &str) -> Option<Request<'_>> {
    decode::<Block<'_, Block<'_, &RawValue>>>(body).or_else(|| decode::<&RawValue>(body))
}

fn decode<'a, B: BlockForm<'a>>(body: &'a str) -> Option<Request<'a>> {
    let wire: Wire<'a, B> = serde_json::from_str(body).ok()?;
    if wire.messages.is_empty() || !wire.rare_is_right() {
        return None;
    }
    let mut request = Request::new(Operation::Chat, wire.model.0);
    request.stream = wire.stream.unwrap_or_default();
    // Every stream of this provider tells the usage.
    request.stream_usage = true;
    request.max_output_tokens = wire.max_tokens.map(Int::to_u32);
    request.form.keep = wire.thread.is_some();
    request.form.echo = echo(wire.inference_geo, wire.speed, wire.context_management.is_some());
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
        request.parallel_tool_calls = !choice.disable_parallel_tool_use.unwrap_or_default();
        request.tool_choice = match choice.kind {
            ChoiceKind::Auto => ToolChoice::Auto,
            ChoiceKind::Any => ToolChoice::Required,
            ChoiceKind::Tool => ToolChoice::Named(choice.name?.0),
            ChoiceKind::None => ToolChoice::None,
        };
    }
    let schema = |raw: Option<&'a RawValue>, pointer| raw.and_then(|raw| at(raw.get(), pointer));
    let schema = schema(wire.output_config, "/format/schema").or(schema(wire.output_format, "/schema"));
    request.output_schema = schema.map(Cow::Borrowed);
    Some(request)
}

/// What the answer says of the request: members of an object, where [`super::encode`] finds them.
fn echo(geo: Option<&RawValue>, speed: Option<&RawValue>, context_management: bool) -> String {
    let given = [("inference_geo", geo), ("speed", speed)];
    let given = given.iter().filter_map(|(key, raw)| raw.map(|raw| format!(r#""{key}":{}"#, raw.get())));
    // Nothing is ever cleared from a context here.
    let edits = context_management.then(|| r#""context_management":{"applied_edits":[]}"#.to_owned());
    given.chain(edits).collect::<Vec<_>>().join(",")
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
                // A toolset goes by its server, or else by its type.
                name: wire.name.or(wire.mcp_server_name).map_or_else(|| kind.clone(), |name| name.0),
                kind,
                description,
                parameters: wire.input_schema.map(|raw| Cow::Borrowed(raw.get())),
            })
        }
    }
}
