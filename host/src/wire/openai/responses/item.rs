//! Items of a request's input, and of what was kept of earlier ones, turned into messages.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::part::{Part, PartForm, Tag};
use crate::chat::request::join;
use crate::chat::{Body, Content, Message, Role};
use crate::wire::field::{Text, TextOr};

/// What an item is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry<'a> {
    /// Something of the conversation.
    Turn(Turn<'a>),
    /// The id of an item that was kept.
    Reference(Cow<'a, str>),
}

/// An item as a message of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn<'a> {
    message: Message<'a>,
    /// It is a `message`, and no call or thought beside one.
    said: bool,
}

impl Entry<'_> {
    /// The same entry, borrowing nothing.
    pub(super) fn into_owned(self) -> Entry<'static> {
        match self {
            Self::Turn(Turn { message, said }) => Entry::Turn(Turn { message: message.into_owned(), said }),
            Self::Reference(id) => Entry::Reference(Cow::Owned(id.into_owned())),
        }
    }
}

impl<'a> Turn<'a> {
    /// A message.
    pub(super) const fn said(message: Message<'a>) -> Self {
        Self { message, said: true }
    }

    /// Appends it to a conversation. What the model thinks, says and calls in one answer is one message, as it is with
    /// every other provider; a second text is a second message.
    pub(super) fn push(self, messages: &mut Vec<Message<'a>>) {
        let Self { message, said } = self;
        if message.role == Role::Assistant
            && let Some(last) = messages.last_mut().filter(|last| last.role == Role::Assistant)
            && !(said && speaks(&last.body))
        {
            let mut parts = into_parts(std::mem::replace(&mut last.body, Body::Parts(Vec::new())));
            parts.extend(into_parts(message.body));
            last.body = Body::Parts(parts);
        } else {
            messages.push(message);
        }
    }
}

fn speaks(body: &Body<'_>) -> bool {
    match body {
        Body::Text(_) => true,
        Body::Parts(parts) => parts.iter().any(|part| matches!(part, Content::Text(_) | Content::Refusal(_))),
    }
}

fn into_parts(body: Body<'_>) -> Vec<Content<'_>> {
    match body {
        Body::Text(text) => vec![Content::Text(text)],
        Body::Parts(parts) => parts,
    }
}

/// An item of the input, in one of the two forms that it is read in.
pub(super) trait ItemForm<'a>: Deserialize<'a> {
    /// What the item is; none where it is not as it should be, or where this form cannot tell.
    fn entry(self) -> Option<Entry<'a>>;
}

impl<'a> ItemForm<'a> for Item<'a, Part<'a>> {
    fn entry(self) -> Option<Entry<'a>> {
        self.read(None)
    }
}

impl<'a> ItemForm<'a> for &'a RawValue {
    fn entry(self) -> Option<Entry<'a>> {
        entry(self.get())
    }
}

/// What an item is, by its own text.
pub(super) fn entry(json: &str) -> Option<Entry<'_>> {
    if let Ok(item) = serde_json::from_str::<Item<'_, &RawValue>>(json) {
        return item.read(Some(json));
    }
    // An item of a kind that nobody here knows may use the others' field names as it likes.
    let Tag { kind: Text(kind) } = serde_json::from_str(json).ok()?;
    (!KNOWN.contains(&&*kind)).then(|| other(&kind, json))
}

const KNOWN: [&str; 7] = [
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "reasoning",
    "item_reference",
];

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum WireRole {
    System,
    Developer,
    User,
    Assistant,
}

/// An item, parsed.
#[derive(Deserialize)]
pub(super) struct Item<'a, P> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    role: Option<WireRole>,
    #[serde(borrow)]
    content: Option<TextOr<'a, P>>,
    #[serde(borrow)]
    call_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<Text<'a>>,
    #[serde(borrow)]
    output: Option<TextOr<'a, P>>,
    summary: Option<Vec<P>>,
    #[serde(borrow)]
    encrypted_content: Option<Text<'a>>,
}

impl<'a, P: PartForm<'a>> Item<'a, P> {
    /// What the item is; only some kinds need its text.
    fn read(self, json: Option<&'a str>) -> Option<Entry<'a>> {
        let kind = self.kind.as_ref().map_or("message", |kind| &*kind.0);
        let (role, body) = match kind {
            "message" => {
                let role = match self.role? {
                    WireRole::System => Role::System,
                    WireRole::Developer => Role::Developer,
                    WireRole::User => Role::User,
                    WireRole::Assistant => Role::Assistant,
                };
                let body = match self.content? {
                    TextOr::Text(text) => Body::Text(text),
                    TextOr::List(list) => Body::Parts(parts(list)?),
                };
                return Some(Entry::Turn(Turn::said(Message { role, name: None, body })));
            }
            "function_call" => (Role::Assistant, call("function", self.call_id?, self.name?, self.arguments?)),
            "custom_tool_call" => (Role::Assistant, call("custom", self.call_id?, self.name?, self.input?)),
            "function_call_output" | "custom_tool_call_output" => (Role::Tool, result(self.call_id?, self.output?)?),
            "reasoning" => (Role::Assistant, vec![thought(self.summary?, self.content, self.encrypted_content)?]),
            "item_reference" => return Some(Entry::Reference(self.id?.0)),
            kind => return Some(other(kind, json?)),
        };
        Some(Entry::Turn(Turn { message: Message { role, name: None, body: Body::Parts(body) }, said: false }))
    }
}

fn parts<'a, P: PartForm<'a>>(list: Vec<P>) -> Option<Vec<Content<'a>>> {
    list.into_iter().map(P::content).collect()
}

fn call<'a>(kind: &'static str, id: Text<'a>, name: Text<'a>, arguments: Text<'a>) -> Vec<Content<'a>> {
    vec![Content::ToolCall { id: id.0, kind: Cow::Borrowed(kind), name: name.0, arguments: arguments.0 }]
}

/// The result, followed by whatever it holds beside text.
fn result<'a, P: PartForm<'a>>(call_id: Text<'a>, output: TextOr<'a, P>) -> Option<Vec<Content<'a>>> {
    let (content, others) = match output {
        TextOr::Text(text) => (text, Vec::new()),
        TextOr::List(list) => {
            let (texts, others) = split_texts(parts(list)?);
            (join(texts.into_iter()).unwrap_or_default(), others)
        }
    };
    let mut body = vec![Content::ToolResult { call_id: call_id.0, content, is_error: false }];
    body.extend(others);
    Some(body)
}

/// The summary is what a client sees of a thought; where there is none, its text, or else only its opaque form.
fn thought<'a, P: PartForm<'a>>(
    summary: Vec<P>,
    content: Option<TextOr<'a, P>>,
    encrypted: Option<Text<'a>>,
) -> Option<Content<'a>> {
    let summary = join(split_texts(parts(summary)?).0.into_iter());
    let content = match content {
        None => None,
        Some(TextOr::Text(text)) => Some(text),
        Some(TextOr::List(list)) => join(split_texts(parts(list)?).0.into_iter()),
    };
    let signature = encrypted.map(|text| text.0);
    Some(match (summary.or(content), signature) {
        (None, Some(data)) => Content::Reasoning { text: data, signature: None, redacted: true },
        (text, signature) => Content::Reasoning { text: text.unwrap_or_default(), signature, redacted: false },
    })
}

fn split_texts(parts: Vec<Content<'_>>) -> (Vec<Cow<'_, str>>, Vec<Content<'_>>) {
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Content::Text(text) => texts.push(text),
            other => others.push(other),
        }
    }
    (texts, others)
}

/// An item that has no name here. What a client sends for a tool is that tool's; an approval is the user's.
fn other<'a>(kind: &str, json: &'a str) -> Entry<'a> {
    let role = match kind {
        "mcp_approval_response" => Role::User,
        kind if kind.ends_with("_output") => Role::Tool,
        _ => Role::Assistant,
    };
    let body = Body::Parts(vec![Content::Other(Cow::Borrowed(json))]);
    Entry::Turn(Turn { message: Message { role, name: None, body }, said: false })
}
