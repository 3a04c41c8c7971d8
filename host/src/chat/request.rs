//! What a client asks, in provider-neutral words.
//!
//! Everything is borrowed from the request's body where it can be: a long conversation that no strategy reads costs its
//! parse and nothing else. The names are those of `wit/types.wit`.

use std::borrow::Cow;

/// A decoded request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// What is asked for.
    pub operation: Operation,
    /// The model, as the client wrote it.
    pub model: Cow<'a, str>,
    /// The client wants a stream.
    pub stream: bool,
    /// In a stream, the client wants the usage too. Formats that always send it set this.
    pub stream_usage: bool,
    /// How many answers the client wants, at least 1.
    pub choices: u32,
    /// The conversation, oldest first, system messages included.
    pub messages: Vec<Message<'a>>,
    /// The tools that the client offers.
    pub tools: Vec<Tool<'a>>,
    /// Whether one of them may, must or must not be called.
    pub tool_choice: ToolChoice<'a>,
    /// Whether an answer may call several tools; where not, the host sends the first call alone.
    pub parallel_tool_calls: bool,
    /// JSON Schema that the answer has to satisfy, as JSON text.
    pub output_schema: Option<Cow<'a, str>>,
    /// The most tokens that the client wants.
    pub max_output_tokens: Option<u32>,
    /// Texts at which the model should stop.
    pub stop: Vec<Cow<'a, str>>,
    /// What an embeddings request asks to embed.
    pub embedding_inputs: Vec<Cow<'a, str>>,
    /// Further prompts of a text completion; each is answered as a request of its own.
    pub more_prompts: Vec<Cow<'a, str>>,
    /// How the answer is to be written.
    pub form: Form,
}

/// How the client wants its answer written, beside what it says. Strategies do not see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Each token with its logarithmic probability, and so many alternatives to it.
    pub logprobs: Option<u32>,
    /// Chunks of a stream are padded, so that their sizes tell nothing.
    pub obfuscation: bool,
    /// The client speaks the older protocol of `functions`, in which there is one call and no id.
    pub functions: bool,
    /// Vectors as base64 instead of lists of numbers.
    pub base64: bool,
    /// The answer can be asked for again by its id.
    pub keep: bool,
    /// The client does not wait for the answer, and asks for it later.
    pub background: bool,
    /// Thoughts in the opaque form that a client can send back.
    pub encrypted: bool,
    /// What of the request stands in the answer: members of a JSON object, without the braces.
    pub echo: String,
}

impl<'a> Request<'a> {
    /// An empty request for a model.
    pub fn new(operation: Operation, model: impl Into<Cow<'a, str>>) -> Self {
        Self {
            operation,
            model: model.into(),
            stream: false,
            stream_usage: false,
            choices: 1,
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            parallel_tool_calls: true,
            output_schema: None,
            max_output_tokens: None,
            stop: Vec::new(),
            embedding_inputs: Vec::new(),
            more_prompts: Vec::new(),
            form: Form::default(),
        }
    }

    /// The same request, borrowing nothing.
    pub fn into_owned(self) -> Request<'static> {
        Request {
            operation: self.operation,
            model: owned(self.model),
            stream: self.stream,
            stream_usage: self.stream_usage,
            choices: self.choices,
            messages: self.messages.into_iter().map(Message::into_owned).collect(),
            tools: self.tools.into_iter().map(Tool::into_owned).collect(),
            tool_choice: match self.tool_choice {
                ToolChoice::Auto => ToolChoice::Auto,
                ToolChoice::None => ToolChoice::None,
                ToolChoice::Required => ToolChoice::Required,
                ToolChoice::Named(name) => ToolChoice::Named(owned(name)),
            },
            parallel_tool_calls: self.parallel_tool_calls,
            output_schema: self.output_schema.map(owned),
            max_output_tokens: self.max_output_tokens,
            stop: self.stop.into_iter().map(owned).collect(),
            embedding_inputs: self.embedding_inputs.into_iter().map(owned).collect(),
            more_prompts: self.more_prompts.into_iter().map(owned).collect(),
            form: self.form,
        }
    }

    /// The text of the last user message that has text, its parts joined by newlines.
    pub fn last_user_text(&self) -> Option<Cow<'_, str>> {
        self.messages.iter().rev().filter(|m| m.role == Role::User).find_map(|m| m.text())
    }

    /// The role of the last message that is neither system nor developer.
    pub fn last_role(&self) -> Option<Role> {
        self.messages.iter().rev().map(|m| m.role).find(|role| !role.is_system())
    }

    /// The text of every system and developer message, joined by newlines.
    pub fn system_text(&self) -> Option<Cow<'_, str>> {
        join(self.messages.iter().filter(|m| m.role.is_system()).filter_map(|m| m.text()))
    }
}

/// What is asked for; the names are OpenTelemetry's `gen_ai.operation.name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation is continued.
    Chat,
    /// A text is continued.
    TextCompletion,
    /// Texts become vectors.
    Embeddings,
}

impl Operation {
    /// `gen_ai.operation.name`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::Embeddings => "embeddings",
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The rules of the conversation.
    System,
    /// The same, in OpenAI's newer word.
    Developer,
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

impl Role {
    /// System or developer.
    pub const fn is_system(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// The participant's name.
    pub name: Option<Cow<'a, str>>,
    /// What is said.
    pub body: Body<'a>,
}

impl<'a> Message<'a> {
    /// A message of one text.
    pub fn text_of(role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        Self { role, name: None, body: Body::Text(text.into()) }
    }

    /// The same message, borrowing nothing.
    pub fn into_owned(self) -> Message<'static> {
        let body = match self.body {
            Body::Text(text) => Body::Text(owned(text)),
            Body::Parts(parts) => Body::Parts(parts.into_iter().map(Content::into_owned).collect()),
        };
        Message { role: self.role, name: self.name.map(owned), body }
    }

    /// Its text parts joined by newlines; none where it has no text part.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.body {
            Body::Text(text) => Some(Cow::Borrowed(text)),
            Body::Parts(parts) => join(parts.iter().filter_map(|part| match part {
                Content::Text(text) => Some(Cow::Borrowed(text.as_ref())),
                _ => None,
            })),
        }
    }
}

/// What a message says: most say one text, which needs no list.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    /// One text.
    Text(Cow<'a, str>),
    /// Parts, in order.
    Parts(Vec<Content<'a>>),
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Content<'a> {
    /// Plain text.
    Text(Cow<'a, str>),
    /// A picture.
    Image(Media<'a>),
    /// A sound.
    Audio(Media<'a>),
    /// A document.
    File(Media<'a>),
    /// A call that the assistant made.
    ToolCall {
        /// Its id.
        id: Cow<'a, str>,
        /// `function`, `custom`, or a provider's own tool type.
        kind: Cow<'a, str>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// JSON text for a function, as it came.
        arguments: Cow<'a, str>,
    },
    /// What a tool answered.
    ToolResult {
        /// The id of the call.
        call_id: Cow<'a, str>,
        /// Its text parts, joined by newlines.
        content: Cow<'a, str>,
        /// The tool failed.
        is_error: bool,
    },
    /// What the assistant thought.
    Reasoning {
        /// The thought; the opaque data where redacted.
        text: Cow<'a, str>,
        /// The provider's signature.
        signature: Option<Cow<'a, str>>,
        /// Hidden by the provider.
        redacted: bool,
    },
    /// The assistant's refusal.
    Refusal(Cow<'a, str>),
    /// A part that has no name here: its own JSON.
    Other(Cow<'a, str>),
}

impl Content<'_> {
    /// The same part, borrowing nothing.
    fn into_owned(self) -> Content<'static> {
        match self {
            Self::Text(text) => Content::Text(owned(text)),
            Self::Image(media) => Content::Image(media.into_owned()),
            Self::Audio(media) => Content::Audio(media.into_owned()),
            Self::File(media) => Content::File(media.into_owned()),
            Self::ToolCall { id, kind, name, arguments } => {
                Content::ToolCall { id: owned(id), kind: owned(kind), name: owned(name), arguments: owned(arguments) }
            }
            Self::ToolResult { call_id, content, is_error } => {
                Content::ToolResult { call_id: owned(call_id), content: owned(content), is_error }
            }
            Self::Reasoning { text, signature, redacted } => {
                Content::Reasoning { text: owned(text), signature: signature.map(owned), redacted }
            }
            Self::Refusal(text) => Content::Refusal(owned(text)),
            Self::Other(json) => Content::Other(owned(json)),
        }
    }
}

/// Bytes or a reference that a message carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Media<'a> {
    /// IANA media type, where the client said it.
    pub media_type: Option<Cow<'a, str>>,
    /// Where the bytes are.
    pub source: MediaSource<'a>,
}

impl Media<'_> {
    /// The same, borrowing nothing.
    fn into_owned(self) -> Media<'static> {
        let source = match self.source {
            MediaSource::Url(url) => MediaSource::Url(owned(url)),
            MediaSource::Data(data) => MediaSource::Data(owned(data)),
            MediaSource::FileId(id) => MediaSource::FileId(owned(id)),
        };
        Media { media_type: self.media_type.map(owned), source }
    }
}

/// Where the bytes of a [`Media`] are.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaSource<'a> {
    /// An address.
    Url(Cow<'a, str>),
    /// Base64, as it came.
    Data(Cow<'a, str>),
    /// An id of the provider's file store.
    FileId(Cow<'a, str>),
}

/// A tool that the client offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool<'a> {
    /// `function`, `custom`, or a provider's own tool type.
    pub kind: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does.
    pub description: Option<Cow<'a, str>>,
    /// JSON Schema of its arguments, as JSON text.
    pub parameters: Option<Cow<'a, str>>,
}

impl Tool<'_> {
    /// The same tool, borrowing nothing.
    fn into_owned(self) -> Tool<'static> {
        Tool {
            kind: owned(self.kind),
            name: owned(self.name),
            description: self.description.map(owned),
            parameters: self.parameters.map(owned),
        }
    }
}

/// Whether a tool may, must or must not be called.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolChoice<'a> {
    /// The model decides.
    Auto,
    /// No tool.
    None,
    /// Some tool.
    Required,
    /// This tool.
    Named(Cow<'a, str>),
}

/// Joins texts by newlines; one text is passed on as it is.
pub fn join<'t>(mut texts: impl Iterator<Item = Cow<'t, str>>) -> Option<Cow<'t, str>> {
    let mut joined = texts.next()?;
    for text in texts {
        let whole = joined.to_mut();
        whole.push('\n');
        whole.push_str(&text);
    }
    Some(joined)
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
