//! The stream: items that begin, grow and end, inside a response that does the same. What is not a text of the reply is
//! made once an item, so that a chunk costs copies and its number.

use serde_json::Value;

use super::encode::{State, frame, last_status, patch};
use super::output::{Item, Keys, Kind, Part};
use crate::chat::{ApiError, Finish};
use crate::pace::cut::Chunk;
use crate::wire::json::{is_object, write_escaped, write_line, write_number, write_string};
use crate::wire::openai::error;
use crate::wire::{Envelope, Ids, StreamEncoder};

/// The encoder of one stream.
pub(super) struct ResponsesStream {
    envelope: Envelope,
    patch: Option<Value>,
    id: String,
    keys: Keys,
    /// Where the padding of chunks comes from, if the client wants any.
    noise: Option<Ids>,
    /// The number of the next event.
    sequence: u64,
    /// The items that have ended.
    output: Vec<u8>,
    /// The index of the open item, or else of the next one.
    index: u64,
    item: Option<Item>,
    /// The parts of the open item that have ended.
    parts: Vec<u8>,
    /// The index of the open part, or else of the next one.
    part_index: u64,
    part: Option<Part>,
    /// What the open part or call has grown by, as it stands inside a JSON string.
    text: Vec<u8>,
    /// A chunk's frame up to its number, from there to its text, and from behind it.
    before: &'static str,
    middle: Vec<u8>,
    behind: &'static str,
}

/// The frame of an event up to its number.
macro_rules! event {
    ($name:literal) => {
        concat!("event: ", $name, "\ndata: {\"type\":\"", $name, "\",\"sequence_number\":")
    };
}

const END: &[u8] = b"}\n\n";

impl ResponsesStream {
    pub(super) fn new(envelope: &Envelope) -> Self {
        let (id, keys) = Keys::new(envelope);
        Self {
            patch: patch(envelope),
            noise: envelope.form.obfuscation.then(|| keys.noise()),
            envelope: envelope.clone(),
            id,
            keys,
            sequence: 0,
            output: Vec::new(),
            index: 0,
            item: None,
            parts: Vec::new(),
            part_index: 0,
            part: None,
            text: Vec::new(),
            before: "",
            middle: Vec::with_capacity(128),
            behind: "",
        }
    }

    /// One frame: the event's own members, each with a comma before it.
    fn event(&mut self, out: &mut Vec<u8>, before: &str, members: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        out.extend_from_slice(before.as_bytes());
        write_number(out, self.sequence);
        self.sequence += 1;
        members(self, out);
        out.extend_from_slice(END);
    }

    /// A frame that carries the whole response.
    fn response(&mut self, out: &mut Vec<u8>, before: &str, state: State<'_>) {
        let frame = frame(&self.id, &self.envelope, state, self.patch.as_ref());
        self.event(out, before, |this, out| {
            out.extend_from_slice(br#","response":"#);
            out.extend_from_slice(&frame.head);
            out.extend_from_slice(&this.output);
            out.extend_from_slice(&frame.tail);
        });
    }

    /// A frame that carries an item.
    fn item_event(&mut self, out: &mut Vec<u8>, before: &str, item: impl FnOnce(&Self, &mut Vec<u8>)) {
        self.event(out, before, |this, out| {
            out.extend_from_slice(br#","output_index":"#);
            write_number(out, this.index);
            out.extend_from_slice(br#","item":"#);
            item(this, out);
        });
    }

    /// An item begins.
    fn begin(&mut self, item: Item, out: &mut Vec<u8>) {
        self.item_event(out, event!("response.output_item.added"), |_, out| item.write(out, "in_progress", b""));
        if let Kind::Call { custom, .. } = item.kind {
            self.before = if custom {
                event!("response.custom_tool_call_input.delta")
            } else {
                event!("response.function_call_arguments.delta")
            };
            self.behind = r#"""#;
            self.middle.clear();
            write_place(&mut self.middle, &item.id, self.index, None);
            self.middle.extend_from_slice(br#","delta":""#);
        }
        (self.item, self.part_index) = (Some(item), 0);
        self.parts.clear();
        self.text.clear();
    }

    /// Where an event belongs: the open item, and its open part.
    fn place(&self, out: &mut Vec<u8>) {
        if let Some(item) = &self.item {
            write_place(out, &item.id, self.index, self.part.map(|part| (part, self.part_index)));
        }
    }

    /// A part of the open item begins.
    fn begin_part(&mut self, part: Part, out: &mut Vec<u8>) {
        self.part = Some(part);
        let added = match part {
            Part::Summary => event!("response.reasoning_summary_part.added"),
            Part::Text | Part::Refusal => event!("response.content_part.added"),
        };
        self.event(out, added, |this, out| {
            this.place(out);
            out.extend_from_slice(br#","part":"#);
            out.extend_from_slice(part.around().0);
            out.extend_from_slice(part.around().1);
        });
        (self.before, self.behind) = match part {
            Part::Text => (event!("response.output_text.delta"), r#"","logprobs":[]"#),
            Part::Refusal => (event!("response.refusal.delta"), r#"""#),
            Part::Summary => (event!("response.reasoning_summary_text.delta"), r#"""#),
        };
        let mut middle = std::mem::take(&mut self.middle);
        middle.clear();
        self.place(&mut middle);
        middle.extend_from_slice(br#","delta":""#);
        self.middle = middle;
        self.text.clear();
    }

    /// A piece of the open part or call.
    fn delta(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        // One growth at most for the whole frame, escapes aside.
        out.reserve(self.before.len() + self.middle.len() + text.len() + self.behind.len() + 64);
        out.extend_from_slice(self.before.as_bytes());
        write_number(out, self.sequence);
        self.sequence += 1;
        out.extend_from_slice(&self.middle);
        let at = out.len();
        write_escaped(out, text);
        self.text.extend_from_slice(&out[at..]);
        out.extend_from_slice(self.behind.as_bytes());
        if let Some(noise) = &mut self.noise {
            noise.write_alphanumeric(out, r#","obfuscation":""#, PADDED - text.len() % PADDED);
            out.push(b'"');
        }
        out.extend_from_slice(END);
    }

    fn end_part(&mut self, out: &mut Vec<u8>) {
        let Some(part) = self.part else { return };
        let (done, key) = match part {
            Part::Text => (event!("response.output_text.done"), br#","text":""#.as_slice()),
            Part::Refusal => (event!("response.refusal.done"), br#","refusal":""#.as_slice()),
            Part::Summary => (event!("response.reasoning_summary_text.done"), br#","text":""#.as_slice()),
        };
        self.event(out, done, |this, out| {
            this.place(out);
            out.extend_from_slice(key);
            out.extend_from_slice(&this.text);
            out.extend_from_slice(if part == Part::Text { br#"","logprobs":[]"#.as_slice() } else { b"\"" });
        });
        if self.part_index > 0 {
            self.parts.push(b',');
        }
        let (before, behind) = part.around();
        let at = self.parts.len();
        self.parts.extend_from_slice(before);
        self.parts.extend_from_slice(&self.text);
        self.parts.extend_from_slice(behind);
        let done = match part {
            Part::Summary => event!("response.reasoning_summary_part.done"),
            Part::Text | Part::Refusal => event!("response.content_part.done"),
        };
        self.event(out, done, |this, out| {
            this.place(out);
            out.extend_from_slice(br#","part":"#);
            out.extend_from_slice(&this.parts[at..]);
        });
        self.part = None;
        self.part_index += 1;
        self.text.clear();
    }

    /// The open item ends, if there is one.
    fn end(&mut self, status: &str, out: &mut Vec<u8>) {
        self.end_part(out);
        let Some(item) = &self.item else { return };
        if let Kind::Call { custom, name, .. } = &item.kind {
            // Clients of some generations require the name of a function here, and those of no generation mind it.
            let mut members = Vec::with_capacity(self.text.len() + 256);
            self.place(&mut members);
            members.extend_from_slice(if *custom { br#","input":""#.as_slice() } else { br#","arguments":""# });
            members.extend_from_slice(&self.text);
            members.push(b'"');
            if !custom {
                members.extend_from_slice(br#","name":"#);
                write_string(&mut members, name);
            }
            let done = if *custom {
                event!("response.custom_tool_call_input.done")
            } else {
                event!("response.function_call_arguments.done")
            };
            self.event(out, done, |_, out| out.extend_from_slice(&members));
        }
        let Some(item) = self.item.take() else { return };
        self.done(out, |this, out| {
            let grown = if matches!(item.kind, Kind::Call { .. }) { &this.text } else { &this.parts };
            item.write(out, status, grown);
        });
    }

    /// An item is whole.
    fn done(&mut self, out: &mut Vec<u8>, item: impl FnOnce(&Self, &mut Vec<u8>)) {
        let mut whole = Vec::with_capacity(self.parts.len() + self.text.len() + 256);
        item(self, &mut whole);
        self.item_event(out, event!("response.output_item.done"), |_, out| out.extend_from_slice(&whole));
        if self.index > 0 {
            self.output.push(b',');
        }
        self.output.extend_from_slice(&whole);
        self.index += 1;
    }

    fn said(&mut self, part: Part, text: &str, out: &mut Vec<u8>) {
        if self.part != Some(part) {
            if matches!(&self.item, Some(Item { kind: Kind::Message, .. })) {
                self.end_part(out);
            } else {
                self.end("completed", out);
                self.begin(Item::message(self.keys.item(self.index)), out);
            }
            self.begin_part(part, out);
        }
        self.delta(text, out);
    }
}

/// A chunk with its padding is a multiple of so many bytes long.
const PADDED: usize = 16;

fn write_place(out: &mut Vec<u8>, id: &str, index: u64, part: Option<(Part, u64)>) {
    out.extend_from_slice(br#","item_id":"#);
    write_string(out, id);
    out.extend_from_slice(br#","output_index":"#);
    write_number(out, index);
    if let Some((part, part_index)) = part {
        out.extend_from_slice(match part {
            Part::Summary => br#","summary_index":"#.as_slice(),
            Part::Text | Part::Refusal => br#","content_index":"#,
        });
        write_number(out, part_index);
    }
}

impl StreamEncoder for ResponsesStream {
    fn open(&mut self, out: &mut Vec<u8>) {
        self.response(out, event!("response.created"), State::Running);
        self.response(out, event!("response.in_progress"), State::Running);
    }

    fn chunk(&mut self, _choice: u32, chunk: Chunk<'_>, out: &mut Vec<u8>) {
        match chunk {
            Chunk::Text(text) => self.said(Part::Text, text, out),
            Chunk::Refusal(text) => self.said(Part::Refusal, text, out),
            Chunk::ReasoningStart(reasoning) => {
                self.end("completed", out);
                let ids = self.keys.item(self.index);
                self.begin(Item::thought(ids, reasoning, self.envelope.form.encrypted), out);
            }
            Chunk::ReasoningText("") => {}
            Chunk::ReasoningText(text) => {
                if self.part.is_none() {
                    self.begin_part(Part::Summary, out);
                }
                self.delta(text, out);
            }
            Chunk::ReasoningEnd(_) => self.end("completed", out),
            Chunk::ToolStart(call) => {
                self.end("completed", out);
                self.begin(Item::call(self.keys.item(self.index), call), out);
            }
            Chunk::ToolArguments(text) => self.delta(text, out),
            Chunk::Block(json) if is_object(json) => {
                self.end("completed", out);
                let mut line = Vec::with_capacity(json.len());
                write_line(&mut line, json);
                self.item_event(out, event!("response.output_item.added"), |_, out| out.extend_from_slice(&line));
                self.done(out, |_, out| out.extend_from_slice(&line));
            }
            // What is no JSON object cannot be sent as an item.
            Chunk::Block(_) => {}
        }
    }

    fn finish(&mut self, _choice: u32, finish: Finish<'_>, out: &mut Vec<u8>) {
        let status = last_status(finish);
        self.end(status, out);
        let last = match status {
            "incomplete" => event!("response.incomplete"),
            _ => event!("response.completed"),
        };
        self.response(out, last, State::Ended(finish));
    }

    fn close(&mut self, _out: &mut Vec<u8>) {}

    /// Twice: as an `error`, at which the official clients raise, and as the end of the response. The former has its
    /// fields where the provider's documents put them, and also where its server does: the Python client looks there.
    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(256);
        error::write(&mut body, error);
        let fields: Value = serde_json::from_slice(&body).unwrap_or_default();
        self.event(out, event!("error"), |_, out| {
            for field in ["code", "message", "param"] {
                out.extend_from_slice(format!(",\"{field}\":{}", fields["error"][field]).as_bytes());
            }
            out.extend_from_slice(format!(",\"error\":{}", fields["error"]).as_bytes());
        });
        self.response(out, event!("response.failed"), State::Failed(error));
    }
}
