//! A request made up by a test.

use serde_json::Value;

use crate::{Content, Message, Role, Tool, ToolChoice, ToolResult};

/// A request made up by a test: each method adds one thing and returns the whole.
///
/// It is a `chat` in OpenAI's format to `gpt-4o`, unless it is said otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub(super) operation: String,
    pub(super) provider: String,
    pub(super) path: String,
    pub(super) model: String,
    pub(super) streaming: bool,
    pub(super) choice_index: u32,
    pub(super) messages: Vec<Message>,
    pub(super) tools: Vec<Tool>,
    pub(super) tool_choice: ToolChoice,
    pub(super) output_schema: Option<String>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) stop_sequences: Vec<String>,
    pub(super) embedding_inputs: Vec<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
    pub(super) session: String,
}

impl Request {
    /// A request without messages.
    pub fn new() -> Self {
        Self {
            operation: "chat".to_owned(),
            provider: "openai".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            model: "gpt-4o".to_owned(),
            streaming: false,
            choice_index: 0,
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            output_schema: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            embedding_inputs: Vec::new(),
            headers: Vec::new(),
            body: Value::Object(serde_json::Map::new()),
            session: "default".to_owned(),
        }
    }

    /// A request with one user message.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new().message(Role::User, text)
    }

    /// Then a message of one text.
    pub fn message(self, role: Role, text: impl Into<String>) -> Self {
        self.push(Message::new(role, text))
    }

    /// Then what a tool answered.
    pub fn tool_result(self, call_id: impl Into<String>, content: impl Into<String>) -> Self {
        let result = ToolResult { call_id: call_id.into(), content: content.into(), is_error: false };
        self.push(Message { role: Role::Tool, name: None, content: vec![Content::ToolResult(result)] })
    }

    /// Then this message.
    pub fn push(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// A function that may be called.
    pub fn tool(mut self, name: impl Into<String>) -> Self {
        self.tools.push(Tool { kind: "function".to_owned(), name: name.into(), description: None, parameters: None });
        self
    }

    /// A function that may be called, with the JSON Schema of its arguments.
    pub fn tool_with(mut self, name: impl Into<String>, parameters: Value) -> Self {
        let (kind, parameters) = ("function".to_owned(), Some(parameters.to_string()));
        self.tools.push(Tool { kind, name: name.into(), description: None, parameters });
        self
    }

    /// Whether a tool may, must or must not be called.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = choice;
        self
    }

    /// The model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// OpenTelemetry's `gen_ai.provider.name`.
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = provider.into();
        self
    }

    /// OpenTelemetry's `gen_ai.operation.name`.
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = operation.into();
        self
    }

    /// The path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// As a stream.
    pub fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// Which of several choices.
    pub fn choice_index(mut self, index: u32) -> Self {
        self.choice_index = index;
        self
    }

    /// JSON Schema that the reply has to satisfy, as JSON text.
    pub fn output_schema(mut self, schema: impl Into<String>) -> Self {
        self.output_schema = Some(schema.into());
        self
    }

    /// The most tokens.
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// A text at which the model should stop.
    pub fn stop_sequence(mut self, text: impl Into<String>) -> Self {
        self.stop_sequences.push(text.into());
        self
    }

    /// A text to embed; the request becomes one for embeddings.
    pub fn embedding_input(mut self, text: impl Into<String>) -> Self {
        self.embedding_inputs.push(text.into());
        self.operation("embeddings").path("/v1/embeddings")
    }

    /// A header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body. It is not made from the rest of the request, nor the rest from it.
    pub fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// The session.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = session.into();
        self
    }

    pub(super) fn last_user_text(&self) -> Option<String> {
        self.messages.iter().rev().filter(|message| message.role == Role::User).find_map(Message::text)
    }

    pub(super) fn last_role(&self) -> Option<Role> {
        self.messages.iter().map(|message| message.role).rfind(|role| !is_system(*role))
    }

    pub(super) fn system_text(&self) -> Option<String> {
        let systems = self.messages.iter().filter(|message| is_system(message.role));
        let texts: Vec<_> = systems.filter_map(Message::text).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    pub(super) fn header_value(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }
}

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

fn is_system(role: Role) -> bool {
    matches!(role, Role::System | Role::Developer)
}
