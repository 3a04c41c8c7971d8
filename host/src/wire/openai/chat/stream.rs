//! The stream: `chat.completion.chunk` events from a template that is made once.

use serde_json::Value;

use super::encode::{chunk_frame, completion_id, finish_reason, is_custom, write_call, write_usage};
use crate::chat::{ApiError, Finish};
use crate::pace::cut::Chunk;
use crate::wire::json::{write_escaped, write_number, write_string};
use crate::wire::openai::error;
use crate::wire::{Envelope, Ids, StreamEncoder, sse};

/// The encoder of one stream.
pub(super) struct ChatStream {
    ids: Ids,
    /// A frame up to the first choice: `data: {…"choices":[`.
    head: Vec<u8>,
    /// A frame from behind the last choice: `]…}` and the blank line.
    tail: Vec<u8>,
    /// The whole usage frame, where the client wants one.
    usage: Option<Vec<u8>>,
    /// The choice that the two texts below are made for.
    choice: Option<u32>,
    /// A frame up to its delta.
    before: Vec<u8>,
    /// A frame from behind its delta, where the choice goes on.
    behind: Vec<u8>,
    /// The same two around a text: what nearly every frame is made of.
    text_before: Vec<u8>,
    text_behind: Vec<u8>,
    /// The role of this choice is out.
    opened: bool,
    /// How many calls of this choice have begun.
    calls: u64,
    /// The last one goes to a custom tool.
    custom: bool,
}

const GOES_ON: &[u8] = br#","logprobs":null,"finish_reason":null}"#;

impl ChatStream {
    pub(super) fn new(envelope: &Envelope) -> Self {
        let mut ids = envelope.ids.clone();
        let id = completion_id(&mut ids);
        let patch = envelope.patch.as_deref().and_then(|patch| serde_json::from_str::<Value>(patch).ok());
        let frame = chunk_frame(&id, envelope, patch.as_ref(), envelope.stream_usage.then_some(b"null".as_slice()));
        let usage = envelope.stream_usage.then(|| {
            let mut usage = Vec::with_capacity(256);
            write_usage(&mut usage, &envelope.usage);
            let frame = chunk_frame(&id, envelope, patch.as_ref(), Some(&usage));
            let mut out = Vec::new();
            sse::data(&mut out, &[frame.head, frame.tail].concat());
            out
        });
        Self {
            ids,
            head: [b"data: ".as_slice(), &frame.head].concat(),
            tail: [frame.tail.as_slice(), sse::END].concat(),
            usage,
            choice: None,
            before: Vec::new(),
            behind: Vec::new(),
            text_before: Vec::new(),
            text_behind: Vec::new(),
            opened: false,
            calls: 0,
            custom: false,
        }
    }

    fn turn_to(&mut self, choice: u32) {
        if self.choice == Some(choice) {
            return;
        }
        self.choice = Some(choice);
        self.before.clone_from(&self.head);
        self.before.extend_from_slice(br#"{"index":"#);
        write_number(&mut self.before, choice.into());
        self.before.extend_from_slice(br#","delta":"#);
        self.behind = [GOES_ON, &self.tail].concat();
        self.text_before = [self.before.as_slice(), br#"{"content":""#].concat();
        self.text_behind = [br#""}"#.as_slice(), &self.behind].concat();
        (self.opened, self.calls) = (false, 0);
    }

    fn delta(&mut self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        out.extend_from_slice(&self.before);
        delta(self, out);
        out.extend_from_slice(&self.behind);
    }

    /// The role comes with the first chunk of a choice, because only that tells whether there is any text.
    fn open_choice(&mut self, out: &mut Vec<u8>, content: &str) {
        if !self.opened {
            self.opened = true;
            self.delta(out, |_, out| {
                out.extend_from_slice(br#"{"role":"assistant","content":"#);
                out.extend_from_slice(content.as_bytes());
                out.extend_from_slice(br#","refusal":null}"#);
            });
        }
    }
}

impl StreamEncoder for ChatStream {
    fn open(&mut self, _out: &mut Vec<u8>) {}

    fn chunk(&mut self, choice: u32, chunk: Chunk<'_>, out: &mut Vec<u8>) {
        self.turn_to(choice);
        match chunk {
            Chunk::Text(text) => {
                self.open_choice(out, r#""""#);
                if !text.is_empty() {
                    // One growth at most for the whole frame, escapes aside.
                    out.reserve(self.text_before.len() + text.len() + self.text_behind.len());
                    out.extend_from_slice(&self.text_before);
                    write_escaped(out, text);
                    out.extend_from_slice(&self.text_behind);
                }
            }
            Chunk::Refusal("") => {}
            Chunk::Refusal(text) => {
                self.open_choice(out, "null");
                self.delta(out, |_, out| {
                    out.extend_from_slice(br#"{"refusal":""#);
                    write_escaped(out, text);
                    out.extend_from_slice(br#""}"#);
                });
            }
            Chunk::ToolStart(call) => {
                self.open_choice(out, "null");
                self.delta(out, |this, out| {
                    out.extend_from_slice(br#"{"tool_calls":[{"index":"#);
                    write_number(out, this.calls);
                    out.push(b',');
                    write_call(out, call, &mut this.ids, |_| {});
                    out.extend_from_slice(b"}]}");
                });
                self.calls += 1;
                self.custom = is_custom(call);
            }
            Chunk::ToolArguments("") => {}
            Chunk::ToolArguments(text) => self.delta(out, |this, out| {
                out.extend_from_slice(br#"{"tool_calls":[{"index":"#);
                write_number(out, this.calls.saturating_sub(1));
                out.extend_from_slice(if this.custom {
                    br#","custom":{"input":""#.as_slice()
                } else {
                    br#","function":{"arguments":""#
                });
                write_escaped(out, text);
                out.extend_from_slice(br#""}}]}"#);
            }),
            // This format has no place for what the model thinks, nor for other providers' blocks.
            Chunk::ReasoningStart(_) | Chunk::ReasoningText(_) | Chunk::ReasoningEnd(_) | Chunk::Block(_) => {}
        }
    }

    fn finish(&mut self, choice: u32, finish: Finish<'_>, out: &mut Vec<u8>) {
        self.turn_to(choice);
        self.open_choice(out, r#""""#);
        out.extend_from_slice(&self.before);
        out.extend_from_slice(br#"{},"logprobs":null,"finish_reason":"#);
        write_string(out, finish_reason(finish));
        out.push(b'}');
        out.extend_from_slice(&self.tail);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = &self.usage {
            out.extend_from_slice(usage);
        }
        sse::data(out, b"[DONE]");
    }

    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(256);
        error::write(&mut body, error);
        sse::data(out, &body);
    }
}
