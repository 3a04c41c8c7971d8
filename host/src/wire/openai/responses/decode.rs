//! The fast decoder: serde structures that borrow from the body, turned into a [`Request`] and the items of its input.
//! What it rejects, [`super::shape`] explains; what was said before, [`super::resolve`] adds.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::item::{Entry, Item, ItemForm, Turn};
use super::members::Members;
use super::part::{Part, Tag};
use crate::chat::{Message, Operation, Request, Role, Tool, ToolChoice};
use crate::wire::field::{AnyObject, Int, Num, Text, TextOr};

/// A decoded body, before it is known what was said before.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    /// Without any messages.
    pub(super) request: Request<'a>,
    /// They come first.
    pub(super) instructions: Option<Cow<'a, str>>,
    /// The answer that the conversation goes on from.
    pub(super) previous: Option<Cow<'a, str>>,
    /// They come last.
    pub(super) input: Vec<Entry<'a>>,
}

impl Decoded<'_> {
    /// The same, borrowing nothing.
    pub(super) fn into_owned(self) -> Decoded<'static> {
        Decoded {
            request: self.request.into_owned(),
            instructions: self.instructions.map(|text| Cow::Owned(text.into_owned())),
            previous: self.previous.map(|id| Cow::Owned(id.into_owned())),
            input: self.input.into_iter().map(Entry::into_owned).collect(),
        }
    }
}

/// A body; what the answer repeats of it is read as it stands.
#[derive(Deserialize)]
pub(super) struct Wire<'a, I> {
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<TextOr<'a, I>>,
    #[serde(borrow)]
    pub(super) instructions: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) previous_response_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) conversation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) prompt: Option<&'a RawValue>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    store: Option<bool>,
    pub(super) background: Option<bool>,
    #[serde(borrow)]
    include: Option<Vec<Text<'a>>>,
    pub(super) max_output_tokens: Option<Int<1, { i64::MAX }>>,
    pub(super) max_tool_calls: Option<Int<1, { i64::MAX }>>,
    #[serde(borrow)]
    pub(super) tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) tool_choice: Option<&'a RawValue>,
    pub(super) parallel_tool_calls: Option<bool>,
    #[serde(borrow)]
    pub(super) text: Option<TextConfig<'a>>,
    #[serde(borrow)]
    pub(super) reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) temperature: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) top_p: Option<&'a RawValue>,
    pub(super) top_logprobs: Option<Int<0, 20>>,
    pub(super) truncation: Option<Truncation>,
    #[serde(borrow)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) access_programs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) prompt_cache_options: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) prompt_cache_retention: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) prompt_cache_key: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) safety_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_obfuscation: Option<bool>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Truncation {
    Auto,
    Disabled,
}

#[derive(Deserialize)]
pub(super) struct TextConfig<'a> {
    #[serde(borrow)]
    pub(super) format: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) verbosity: Option<Text<'a>>,
}

/// Decodes a body that is as it should be; none for any other. Items are parsed in place at first, which is twice as
/// fast; if one of them turns out to need its own text, each item is cut out before it is parsed.
pub(super) fn fast(body: &str) -> Option<Decoded<'_>> {
    decode::<Item<'_, Part<'_>>>(body).or_else(|| decode::<&RawValue>(body))
}

fn decode<'a, I: ItemForm<'a>>(body: &'a str) -> Option<Decoded<'a>> {
    let wire: Wire<'a, I> = serde_json::from_str(body).ok()?;
    // Known to be missing in `resolve::missing`.
    if wire.input.is_none() && wire.previous_response_id.is_none() && wire.prompt.or(wire.conversation).is_none() {
        return None;
    }
    let echo = wire.echo()?;
    check(&wire)?;

    let mut request = Request::new(Operation::Chat, model(wire.model, wire.prompt)?);
    request.stream = wire.stream.unwrap_or_default();
    request.stream_usage = true;
    request.max_output_tokens = wire.max_output_tokens.map(Int::to_u32);
    request.parallel_tool_calls = wire.parallel_tool_calls.unwrap_or(true);
    request.tools = wire.tools.unwrap_or_default().into_iter().map(|raw| tool(raw.get())).collect::<Option<_>>()?;
    if let Some(raw) = wire.tool_choice {
        request.tool_choice = tool_choice(raw.get())?;
    }
    if let Some(raw) = wire.text.and_then(|text| text.format) {
        request.output_schema = output_schema(raw.get())?;
    }
    let includes = |what: &str| wire.include.iter().flatten().any(|text| text.0 == what);
    let form = &mut request.form;
    form.logprobs = includes("message.output_text.logprobs").then(|| wire.top_logprobs.map_or(0, Int::to_u32));
    form.encrypted = includes("reasoning.encrypted_content");
    form.obfuscation = wire.stream_options.and_then(|options| options.include_obfuscation).unwrap_or_default();
    form.keep = wire.store.unwrap_or(true);
    form.background = wire.background.unwrap_or_default();
    form.echo = echo;

    let input = match wire.input {
        None => Vec::new(),
        Some(TextOr::Text(text)) => vec![Entry::Turn(Turn::said(Message::text_of(Role::User, text)))],
        Some(TextOr::List(items)) => items.into_iter().map(I::entry).collect::<Option<_>>()?,
    };
    Some(Decoded {
        request,
        instructions: wire.instructions.map(|text| text.0),
        previous: wire.previous_response_id.map(|text| text.0),
        input,
    })
}

/// What nothing of the request is made from, and yet has its type.
fn check<I>(wire: &Wire<'_, I>) -> Option<()> {
    fn is<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<()> {
        raw.is_none_or(|raw| serde_json::from_str::<T>(raw.get()).is_ok()).then_some(())
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only checked")]
    struct Thinking<'a> {
        #[serde(borrow)]
        effort: Option<Text<'a>>,
        #[serde(borrow)]
        summary: Option<Text<'a>>,
    }

    is::<Num<0, 2>>(wire.temperature)?;
    is::<Num<0, 1>>(wire.top_p)?;
    is::<AnyObject>(wire.metadata)?;
    is::<AnyObject>(wire.access_programs)?;
    is::<AnyObject>(wire.prompt_cache_options)?;
    is::<AnyObject>(wire.reasoning)?;
    is::<Thinking<'_>>(wire.reasoning)
}

/// The model, or the prompt template that brings its own.
fn model<'a>(model: Option<Text<'a>>, prompt: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
    let template = match prompt {
        None => None,
        Some(raw) => Some(Members::read(raw.get())?.text("id")?),
    };
    model.or(template).map(|text| text.0)
}

/// Only functions and custom tools are read; the provider's own are known by their kind.
fn tool(json: &str) -> Option<Tool<'_>> {
    #[derive(Deserialize)]
    struct WireTool<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(borrow)]
        description: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Function<'a> {
        #[serde(borrow)]
        parameters: Option<&'a RawValue>,
        #[expect(dead_code, reason = "only checked")]
        strict: Option<bool>,
    }

    let kind = serde_json::from_str::<Tag<'_>>(json).ok().filter(|_| json.starts_with('{'))?.kind.0;
    let parameters = match kind.as_ref() {
        "function" => match serde_json::from_str::<Function<'_>>(json).ok()?.parameters.map(RawValue::get) {
            None => None,
            Some(schema) if schema.starts_with('{') => Some(Cow::Borrowed(schema)),
            Some(_) => return None,
        },
        "custom" => None,
        _ => {
            let name = Members::read(json).and_then(|members| members.text("name").or(members.text("server_label")));
            let name = name.map_or_else(|| kind.clone(), |text| text.0);
            return Some(Tool { kind, name, description: None, parameters: None });
        }
    };
    let WireTool { name, description } = serde_json::from_str(json).ok()?;
    Some(Tool { kind, name: name.0, description: description.map(|text| text.0), parameters })
}

fn tool_choice(json: &str) -> Option<ToolChoice<'_>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Auto,
        Required,
    }
    #[derive(Deserialize)]
    struct Allowed {
        mode: Mode,
    }

    if let Ok(Text(word)) = serde_json::from_str(json) {
        return match word.as_ref() {
            "none" => Some(ToolChoice::None),
            "auto" => Some(ToolChoice::Auto),
            "required" => Some(ToolChoice::Required),
            _ => None,
        };
    }
    let members = Members::read(json)?;
    let kind = members.text("type")?.0;
    Some(match kind.as_ref() {
        "function" | "custom" => ToolChoice::Named(members.text("name")?.0),
        "allowed_tools" => match serde_json::from_str::<Allowed>(json).ok()?.mode {
            Mode::Auto => ToolChoice::Auto,
            Mode::Required => ToolChoice::Required,
        },
        _ => ToolChoice::Named(members.text("name").or(members.text("server_label")).map_or(kind, |text| text.0)),
    })
}

/// The schema of a `json_schema`; the outer none where the format is not as it should be.
fn output_schema(json: &str) -> Option<Option<Cow<'_, str>>> {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "some fields are only checked")]
    struct JsonSchema<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(borrow)]
        schema: &'a RawValue,
        #[serde(borrow)]
        description: Option<Text<'a>>,
        strict: Option<bool>,
    }

    let kind = Members::read(json)?.text("type")?.0;
    match kind.as_ref() {
        "text" | "json_object" => Some(None),
        "json_schema" => {
            let schema = serde_json::from_str::<JsonSchema<'_>>(json).ok()?.schema.get();
            schema.starts_with('{').then_some(Some(Cow::Borrowed(schema)))
        }
        _ => None,
    }
}
