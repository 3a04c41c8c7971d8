//! The stream: blocks that begin, grow and end, inside a message that does the same.

use serde_json::{Map, Value};

use super::encode::{
    Echo, message_frame, message_id, signature, write_call_block, write_context_management, write_delta_usage,
    write_redacted_block, write_stop, write_text_block, write_thinking_block,
};
use crate::chat::{ApiError, Finish, Usage};
use crate::pace::cut::Chunk;
use crate::wire::anthropic::error;
use crate::wire::json::{at, is_object, merge_patch, write_escaped, write_line, write_number, write_string};
use crate::wire::{Envelope, Ids, StreamEncoder, sse};

/// The encoder of one stream.
pub(super) struct MessagesStream {
    ids: Ids,
    /// The first frame.
    start: Vec<u8>,
    usage: Usage,
    patch: Option<Value>,
    echo: Echo,
    /// What the open block is made of.
    block: Option<Made>,
    /// The index of the open block, or else of the next one.
    index: u64,
    /// A frame of the open block up to its delta's text.
    before: Vec<u8>,
    pinged: bool,
}

/// What a block is made of. Text and refusal are the same on the wire, and yet not one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Text,
    Refusal,
    Thought,
    Arguments,
}

/// The fields of a message that a stream tells at its end. Clients take them from there.
const LATE: [&str; 4] = ["stop_reason", "stop_sequence", "stop_details", "container"];

impl MessagesStream {
    pub(super) fn new(envelope: &Envelope) -> Self {
        let mut ids = envelope.ids.clone();
        let id = message_id(&mut ids);
        let patch = envelope.patch.as_deref().and_then(|patch| serde_json::from_str::<Value>(patch).ok());
        let message = message_frame(&id, envelope, None).patched(patch.as_ref(), "content", &LATE);
        let mut start = Vec::with_capacity(512);
        let json = [br#"{"type":"message_start","message":"#.as_slice(), &message.head, &message.tail, b"}"].concat();
        sse::event(&mut start, "message_start", &json);
        let (usage, echo, before) = (envelope.usage, Echo::of(&envelope.form), Vec::with_capacity(128));
        Self { ids, start, usage, patch, echo, block: None, index: 0, before, pinged: false }
    }

    fn begin(&mut self, out: &mut Vec<u8>, block: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        out.extend_from_slice(b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":");
        write_number(out, self.index);
        out.extend_from_slice(br#","content_block":"#);
        block(self, out);
        out.extend_from_slice(b"}\n\n");
        if !self.pinged {
            self.pinged = true;
            sse::event(out, "ping", br#"{"type":"ping"}"#);
        }
    }

    /// Prepares the deltas of the block that has begun.
    fn grow(&mut self, made: Made) {
        self.block = Some(made);
        self.before.clear();
        self.before
            .extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        write_number(&mut self.before, self.index);
        self.before.extend_from_slice(match made {
            Made::Text | Made::Refusal => br#","delta":{"type":"text_delta","text":""#.as_slice(),
            Made::Thought => br#","delta":{"type":"thinking_delta","thinking":""#,
            Made::Arguments => br#","delta":{"type":"input_json_delta","partial_json":""#,
        });
    }

    fn delta(&self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        // One growth at most for the whole frame, escapes aside.
        out.reserve(self.before.len() + text.len() + 8);
        out.extend_from_slice(&self.before);
        write_escaped(out, text);
        out.extend_from_slice(b"\"}}\n\n");
    }

    /// A delta of a kind that is not prepared.
    fn other_delta(&self, kind: &str, key: &str, json: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        write_number(out, self.index);
        out.extend_from_slice(br#","delta":{"type":"#);
        write_string(out, kind);
        out.push(b',');
        write_string(out, key);
        out.push(b':');
        out.extend_from_slice(json);
        out.extend_from_slice(b"}}\n\n");
    }

    /// A block in the provider's own JSON. What clients collect from deltas is told in deltas.
    fn whole(&mut self, json: &str, out: &mut Vec<u8>) {
        let Some(grown) = Grown::of(json) else {
            self.begin(out, |_, out| write_line(out, json));
            return self.end(out);
        };
        self.begin(out, |_, out| out.extend_from_slice(grown.start.to_string().as_bytes()));
        self.grow(grown.made);
        self.delta(&grown.text, out);
        for citation in &grown.citations {
            self.other_delta("citations_delta", "citation", citation.to_string().as_bytes(), out);
        }
        if !grown.signature.is_empty() {
            self.other_delta("signature_delta", "signature", &json_string(&grown.signature), out);
        }
        self.end(out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":");
        write_number(out, self.index);
        out.extend_from_slice(b"}\n\n");
        self.block = None;
        self.index += 1;
    }

    fn end_open(&mut self, out: &mut Vec<u8>) {
        if self.block.is_some() {
            self.end(out);
        }
    }

    fn said(&mut self, made: Made, text: &str, out: &mut Vec<u8>) {
        if self.block != Some(made) {
            self.end_open(out);
            self.begin(out, |_, out| write_text_block(out, ""));
            self.grow(made);
        }
        self.delta(text, out);
    }

    /// What the patch says of a message's last fields and its usage, where they are told a second time.
    fn patch_end(&self, delta: Vec<u8>, usage: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        let Some(Value::Object(patch)) = &self.patch else { return (delta, usage) };
        let late = patch.iter().filter(|(key, _)| LATE.contains(&key.as_str()));
        let delta = patched(delta, late.map(|(key, value)| (key.clone(), value.clone())).collect());
        let Some(Value::Object(change)) = patch.get("usage") else { return (delta, usage) };
        let Ok(Value::Object(known)) = serde_json::from_slice::<Value>(&usage) else { return (delta, usage) };
        let change = change.iter().filter(|(key, _)| known.contains_key(key.as_str()));
        (delta, patched(usage, change.map(|(key, value)| (key.clone(), value.clone())).collect()))
    }
}

fn json_string(text: &str) -> Vec<u8> {
    let mut json = Vec::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}

fn patched(json: Vec<u8>, patch: Map<String, Value>) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(&json) else { return json };
    merge_patch(&mut value, &Value::Object(patch));
    value.to_string().into_bytes()
}

/// A block in the provider's own JSON, taken apart into what begins it and what makes it grow.
struct Grown {
    start: Value,
    made: Made,
    text: String,
    citations: Vec<Value>,
    signature: String,
}

impl Grown {
    /// None for a block that is told as a whole.
    fn of(json: &str) -> Option<Self> {
        let mut start: Value = serde_json::from_str(json).ok()?;
        let kind = start.get("type")?.as_str()?.to_owned();
        let block = start.as_object_mut()?;
        let mut take = |key: &str| match block.get_mut(key) {
            Some(Value::String(text)) => Some(std::mem::take(text)),
            _ => None,
        };
        let (made, text, signature) = match kind.as_str() {
            "text" => (Made::Text, take("text")?, String::new()),
            "thinking" => (Made::Thought, take("thinking")?, take("signature")?),
            kind if kind.ends_with("tool_use") => {
                // As it stands there: a client sees the text of the arguments.
                let input = at(json, "/input")?.to_owned();
                let fields = block.get_mut("input")?.as_object_mut()?;
                let text = if fields.is_empty() { String::new() } else { input };
                fields.clear();
                (Made::Arguments, text, String::new())
            }
            _ => return None,
        };
        let citations = match block.get_mut("citations") {
            Some(Value::Array(citations)) if made == Made::Text => std::mem::take(citations),
            _ => Vec::new(),
        };
        Some(Self { start, made, text, citations, signature })
    }
}

impl StreamEncoder for MessagesStream {
    fn open(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.start);
    }

    fn chunk(&mut self, _choice: u32, chunk: Chunk<'_>, out: &mut Vec<u8>) {
        match chunk {
            Chunk::Text(text) => self.said(Made::Text, text, out),
            Chunk::Refusal(text) => self.said(Made::Refusal, text, out),
            Chunk::ReasoningStart(reasoning) if reasoning.redacted => {
                self.end_open(out);
                self.begin(out, |_, out| write_redacted_block(out, reasoning));
            }
            Chunk::ReasoningStart(_) => {
                self.end_open(out);
                self.begin(out, |_, out| write_thinking_block(out, "", ""));
                self.grow(Made::Thought);
            }
            Chunk::ReasoningText(text) | Chunk::ToolArguments(text) => self.delta(text, out),
            Chunk::ReasoningEnd(reasoning) => {
                if !reasoning.redacted {
                    let signature = signature(reasoning, &mut self.ids);
                    self.other_delta("signature_delta", "signature", &json_string(&signature), out);
                }
                self.end(out);
            }
            Chunk::ToolStart(call) => {
                self.end_open(out);
                self.begin(out, |this, out| {
                    write_call_block(out, call, &mut this.ids, |out| out.extend_from_slice(b"{}"));
                });
                self.grow(Made::Arguments);
            }
            // What is no JSON object cannot be sent as a block.
            Chunk::Block(json) if is_object(json) => {
                self.end_open(out);
                self.whole(json, out);
            }
            // It parts two texts all the same, as it does in a unary body.
            Chunk::Block(_) => self.end_open(out),
        }
    }

    fn finish(&mut self, _choice: u32, finish: Finish<'_>, out: &mut Vec<u8>) {
        self.end_open(out);
        let mut delta = b"{".to_vec();
        write_stop(&mut delta, Some(finish));
        delta.extend_from_slice(br#","container":null}"#);
        let mut usage = Vec::with_capacity(256);
        write_delta_usage(&mut usage, &self.usage);
        let (delta, usage) = self.patch_end(delta, usage);
        let mut context_management = Vec::new();
        write_context_management(&mut context_management, &self.echo);
        let begin = br#"{"type":"message_delta","delta":"#.as_slice();
        let parts = [begin, &delta, &context_management, br#","usage":"#, &usage, b"}"];
        sse::event(out, "message_delta", &parts.concat());
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        sse::event(out, "message_stop", br#"{"type":"message_stop"}"#);
    }

    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(256);
        error::write(&mut body, error, None);
        sse::event(out, "error", &body);
    }
}
