//! What is asked, in words that are no provider's, or as a provider's raw request.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::text_or_mapping;

/// What is asked. A text is short for one message of the user. A mapping has the words below; or `post`, the path of a
/// provider's endpoint, with `body`, what a client sends there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Request {
    /// The path of a provider's raw request, such as `/v1/chat/completions`. Beside it stand only `headers` and `body`.
    pub post: Option<String>,
    /// With `post`: the body; a text is sent as it is, and anything else as JSON.
    pub body: Option<Value>,
    /// Headers. `X-Standin-Strategy` and `X-Standin-Strict` count as they do in a request.
    pub headers: BTreeMap<String, String>,
    /// What is asked for. Default: `chat`, or `embeddings` where there are `inputs`.
    pub operation: Option<Operation>,
    /// The model. Default: `standin-test`.
    pub model: Option<String>,
    /// A system message before the others.
    pub system: Option<String>,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The tools that the client offers.
    pub tools: Vec<Tool>,
    /// Whether one of them may, must or must not be called. Default: `auto`.
    pub tool_choice: Option<Choice>,
    /// Whether several tools may be called at once. Default: true.
    pub parallel_tool_calls: Option<bool>,
    /// The JSON Schema that the answer has to satisfy.
    pub output_schema: Option<Value>,
    /// The most tokens that the client wants.
    pub max_output_tokens: Option<u32>,
    /// Texts at which the answer ends.
    pub stop: Vec<String>,
    /// How many answers the client wants. Default: 1; of several the first is compared.
    pub choices: Option<u32>,
    /// The client wants a stream. Default: false.
    pub stream: bool,
    /// The texts of an embeddings request.
    pub inputs: Vec<String>,
}

text_or_mapping!(Request, "text, or a mapping such as `{ messages: […] }` or `{ post: PATH, body: … }`", |text| {
    Some(Request { messages: vec![Message::user(text)], ..Request::default() })
});

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A conversation is continued.
    Chat,
    /// A text is continued.
    TextCompletion,
    /// Texts become vectors.
    Embeddings,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The rules of the conversation.
    System,
    /// The same, in OpenAI's newer word.
    Developer,
    /// Whoever asks.
    #[default]
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// One message. A text is short for one of the user. What it says stands in `content`, or in `parts`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Message {
    /// Who speaks. Default: `user`; `tool` where there is a `tool-result`, `assistant` where there are `tool-calls`.
    pub role: Option<Role>,
    /// The participant's name.
    pub name: Option<String>,
    /// A text.
    pub content: Option<String>,
    /// Parts, in order.
    pub parts: Vec<Part>,
    /// Calls that the assistant made.
    pub tool_calls: Vec<ToolCall>,
    /// What a tool answered.
    pub tool_result: Option<ToolResult>,
}

text_or_mapping!(Message, "text, or a mapping such as `{ role: user, content: … }`", |text| Some(Message::user(
    text
)));

impl Message {
    fn user(text: &str) -> Self {
        Self { content: Some(text.to_owned()), ..Self::default() }
    }
}

/// One part of a message: exactly one of these. A text is short for `{ text: … }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Part {
    /// Plain text.
    pub text: Option<String>,
    /// A picture.
    pub image: Option<Media>,
    /// A sound.
    pub audio: Option<Media>,
    /// A document.
    pub file: Option<Media>,
    /// A call that the assistant made.
    pub tool_call: Option<ToolCall>,
    /// What a tool answered.
    pub tool_result: Option<ToolResult>,
    /// What the assistant thought.
    pub reasoning: Option<Thought>,
    /// The assistant's refusal.
    pub refusal: Option<String>,
    /// A part of the provider's own, as JSON.
    pub other: Option<Value>,
}

text_or_mapping!(Part, "text, or a mapping such as `{ image: { url: … } }`", |text| Some(Part {
    text: Some(text.to_owned()),
    ..Part::default()
}));

/// Bytes or a reference: one of `url`, `data` and `file-id`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Media {
    /// The media type, such as `image/png`.
    pub media_type: Option<String>,
    /// An address.
    pub url: Option<String>,
    /// Base64.
    pub data: Option<String>,
    /// An id of the provider's file store.
    pub file_id: Option<String>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolCall {
    /// Its id. Default: `call_1`, and so on.
    pub id: Option<String>,
    /// The tool.
    pub name: String,
    /// Its arguments; a text as it is, and anything else as JSON. Default: `{}`.
    pub arguments: Option<Value>,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolResult {
    /// The id of the call. Default: `call_1`.
    pub call_id: Option<String>,
    /// What it answered.
    pub content: String,
    /// The tool failed. Default: false.
    #[serde(default)]
    pub is_error: bool,
}

/// What the assistant thought. A text is short for `{ text: … }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Thought {
    /// The thought; the opaque data where redacted.
    pub text: String,
    /// The provider's signature.
    pub signature: Option<String>,
    /// Hidden by the provider. Default: false.
    pub redacted: bool,
}

text_or_mapping!(Thought, "text, or a mapping such as `{ text: …, signature: … }`", |text| Some(Thought {
    text: text.to_owned(),
    ..Thought::default()
}));

/// A tool that the client offers. A text is short for `{ name: … }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    #[serde(default)]
    pub parameters: Option<Value>,
}

text_or_mapping!(Tool, "text, or a mapping such as `{ name: … }`", |text| Some(Tool {
    name: text.to_owned(),
    ..Tool::default()
}));

/// Whether a tool may, must or must not be called: `auto`, `none`, `required`, or `{ named: NAME }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = super::or_text)]
pub struct Choice {
    /// This tool has to be called.
    pub named: String,
    /// One of the words.
    #[serde(skip)]
    pub word: Option<&'static str>,
}

text_or_mapping!(Choice, "`auto`, `none`, `required`, or `{ named: NAME }`", |text| {
    let word = ["auto", "none", "required"].into_iter().find(|word| *word == text)?;
    Some(Choice { named: String::new(), word: Some(word) })
});
