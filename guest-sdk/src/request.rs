//! What the client asks, fetched from the server piece by piece.

use std::iter::FusedIterator;
use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::host::request as host;
use crate::json::read_at;
use crate::{Content, Message, Result, Role, Tool, ToolChoice};

/// The request being answered.
///
/// It stays in the server, and each method here fetches one piece of it: a long conversation costs a plugin nothing
/// that it does not read. What is used twice is better kept in a variable.
#[derive(Debug)]
pub struct Request(());

impl Request {
    /// An instance serves one request at a time: this one.
    pub(crate) const CURRENT: Self = Self(());

    /// Unique in this run, and the same for every plugin of the chain.
    pub fn id(&self) -> String {
        host::id()
    }

    /// What is asked for: OpenTelemetry's `gen_ai.operation.name`, such as `chat` or `embeddings`.
    pub fn operation(&self) -> String {
        host::operation()
    }

    /// Whose wire format it is: OpenTelemetry's `gen_ai.provider.name`, such as `openai` or `anthropic`.
    pub fn provider(&self) -> String {
        host::provider()
    }

    /// The path that the client asked for, without the query.
    pub fn path(&self) -> String {
        host::path()
    }

    /// The model, as the client wrote it.
    pub fn model(&self) -> String {
        host::model()
    }

    /// Whether the client wants a stream.
    pub fn is_streaming(&self) -> bool {
        host::is_streaming()
    }

    /// Which of several choices is asked for; 0 where the client wants only one. Where a strategy passes on a later one, the
    /// first is repeated in its place.
    pub fn choice_index(&self) -> u32 {
        host::choice_index()
    }

    /// Which of the conditions of [`Plugin::activation`](crate::Plugin::activation) held, by its place in the list.
    pub fn matched_condition(&self) -> Option<usize> {
        host::matched_condition().map(|index| index as usize)
    }

    /// The text of the last user message that has text, its parts joined by newlines.
    pub fn last_user_text(&self) -> Option<String> {
        host::last_user_text()
    }

    /// The role of the last message that is neither system nor developer.
    pub fn last_role(&self) -> Option<Role> {
        host::last_role()
    }

    /// The text of every system and developer message, joined by newlines.
    pub fn system_text(&self) -> Option<String> {
        host::system_text()
    }

    /// How many messages there are, system messages included.
    pub fn message_count(&self) -> u32 {
        host::message_count()
    }

    /// One message; none past the end.
    pub fn message_at(&self, index: u32) -> Option<Message> {
        host::message_at(index)
    }

    /// The messages, oldest first, each fetched when the iterator comes to it: `messages().rev()` starts at the newest.
    pub fn messages(&self) -> Messages<'_> {
        Messages { request: self, left: 0..self.message_count() }
    }

    /// Every message at once, oldest first.
    pub fn list_messages(&self) -> Vec<Message> {
        host::list_messages()
    }

    /// How many tools the client offers.
    pub fn tool_count(&self) -> u32 {
        host::tool_count()
    }

    /// The tools that the client offers.
    pub fn tools(&self) -> Vec<Tool> {
        host::list_tools()
    }

    /// Whether one of them may, must or must not be called.
    pub fn tool_choice(&self) -> ToolChoice {
        host::get_tool_choice()
    }

    /// JSON Schema that the reply has to satisfy, as JSON text.
    pub fn output_schema(&self) -> Option<String> {
        host::output_schema()
    }

    /// The most tokens that the client wants.
    pub fn max_output_tokens(&self) -> Option<u32> {
        host::max_output_tokens()
    }

    /// Texts at which the model should stop.
    pub fn stop_sequences(&self) -> Vec<String> {
        host::stop_sequences()
    }

    /// What an embeddings request asks to embed.
    pub fn embedding_inputs(&self) -> Vec<String> {
        host::embedding_inputs()
    }

    /// A header's value; names compare without case.
    pub fn header(&self, name: &str) -> Option<String> {
        host::header(name)
    }

    /// The value of the body at an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) pointer, such as `/temperature`.
    ///
    /// # Errors
    /// It is there, but no `T`.
    pub fn json_at<T: DeserializeOwned>(&self, pointer: &str) -> Result<Option<T>> {
        host::json_at(pointer).map(|json| read_at("the request's body", pointer, &json)).transpose()
    }

    /// The whole body as it came.
    pub fn body(&self) -> String {
        host::body()
    }
}

/// The messages of a request. See [`Request::messages`].
#[derive(Debug)]
pub struct Messages<'a> {
    request: &'a Request,
    left: Range<u32>,
}

impl Iterator for Messages<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.request.message_at(self.left.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl DoubleEndedIterator for Messages<'_> {
    fn next_back(&mut self) -> Option<Message> {
        self.request.message_at(self.left.next_back()?)
    }
}

impl FusedIterator for Messages<'_> {}

impl Message {
    /// A message of one text.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, name: None, content: vec![Content::Text(text.into())] }
    }

    /// Its text parts joined by newlines; none where it has no text part.
    pub fn text(&self) -> Option<String> {
        let mut parts = self.content.iter().filter_map(|content| match content {
            Content::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let mut text = parts.next()?.to_owned();
        for part in parts {
            text.push('\n');
            text.push_str(part);
        }
        Some(text)
    }
}
