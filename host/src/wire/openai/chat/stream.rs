//! The stream: `chat.completion.chunk` events from a template that is made once.

use super::encode::{chunk_frame, completion_id, finish_reason, is_custom, patch, texts, write_call, write_usage};
use super::logprobs::{self, Run, Tokens};
use crate::chat::{ApiError, Finish, Reply};
use crate::pace::cut::Chunk;
use crate::wire::json::{write_escaped, write_number, write_string};
use crate::wire::openai::error;
use crate::wire::{Envelope, Ids, StreamEncoder, sse};

/// The encoder of one stream.
pub(super) struct ChatStream {
    ids: Ids,
    /// A frame up to the first choice: `data: {…"choices":[`.
    head: Vec<u8>,
    /// A frame from behind the last choice: `]…}` and the blank line. Where chunks are padded, up to the padding.
    tail: Vec<u8>,
    /// The whole usage frame, where the client wants one.
    usage: Option<Vec<u8>>,
    /// The choice that the texts below are made for.
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
    /// The client speaks the older protocol of `functions`.
    functions: bool,
    /// What pads the chunks, where the client wants that.
    padding: Option<Ids>,
    /// The tokens of this choice, where the client wants to see them.
    scored: Option<Box<Scored>>,
}

struct Scored {
    top: u32,
    content: Tokens,
    refusal: Tokens,
}

const GOES_ON: &[u8] = br#","logprobs":null,"finish_reason":null}"#;

/// Chunks are padded to a multiple of so many bytes of text.
const PADDED: usize = 8;

impl ChatStream {
    pub(super) fn new(envelope: &Envelope) -> Self {
        let mut ids = envelope.ids.clone();
        let id = completion_id(&mut ids);
        let patch = patch(envelope);
        let frame = |usage: Option<&[u8]>| {
            let mut frame = chunk_frame(&id, envelope, patch.as_ref(), usage);
            if envelope.form.obfuscation {
                // The padding stands in front of the last brace.
                frame.tail.pop();
            } else {
                frame.tail.extend_from_slice(sse::END);
            }
            frame
        };
        let each = frame(envelope.stream_usage.then_some(b"null"));
        let mut this = Self {
            padding: envelope.form.obfuscation.then(|| Ids::new(!ids.clone().next_u64())),
            ids,
            head: [b"data: ".as_slice(), &each.head].concat(),
            tail: each.tail,
            usage: None,
            choice: None,
            before: Vec::new(),
            behind: Vec::new(),
            text_before: Vec::new(),
            text_behind: Vec::new(),
            opened: false,
            calls: 0,
            custom: false,
            functions: envelope.form.functions,
            scored: envelope
                .form
                .logprobs
                .map(|top| Box::new(Scored { top, content: Tokens::default(), refusal: Tokens::default() })),
        };
        if envelope.stream_usage {
            let mut usage = Vec::with_capacity(256);
            write_usage(&mut usage, &envelope.usage);
            let frame = frame(Some(&usage));
            let mut out = [b"data: ".as_slice(), &frame.head, &frame.tail].concat();
            this.pad(&mut out, 0);
            this.usage = Some(out);
        }
        this
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
        if let Some(scored) = &mut self.scored {
            (scored.content, scored.refusal) = (Tokens::default(), Tokens::default());
        }
    }

    fn delta(&mut self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        out.extend_from_slice(&self.before);
        delta(self, out);
        out.extend_from_slice(&self.behind);
        self.pad(out, 0);
    }

    /// The end of a frame that says so many bytes, where chunks are padded.
    fn pad(&mut self, out: &mut Vec<u8>, said: usize) {
        if let Some(dice) = &mut self.padding {
            dice.write_alphanumeric(out, r#","obfuscation":""#, PADDED - said % PADDED);
            out.extend_from_slice(br#""}"#);
            out.extend_from_slice(sse::END);
        }
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

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.scored.is_some() {
            return self.scored_text(text, false, out);
        }
        // One growth at most for the whole frame, escapes aside.
        out.reserve(self.text_before.len() + text.len() + self.text_behind.len());
        out.extend_from_slice(&self.text_before);
        write_escaped(out, text);
        out.extend_from_slice(&self.text_behind);
        self.pad(out, text.len());
    }

    fn refusal(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.scored.is_some() {
            return self.scored_text(text, true, out);
        }
        out.extend_from_slice(&self.before);
        out.extend_from_slice(br#"{"refusal":""#);
        write_escaped(out, text);
        out.extend_from_slice(br#""}"#);
        out.extend_from_slice(&self.behind);
        self.pad(out, text.len());
    }

    /// The tokens that a piece of text completes.
    fn scored_text(&mut self, text: &str, is_refusal: bool, out: &mut Vec<u8>) {
        let Some(scored) = &mut self.scored else { return };
        let side = if is_refusal { &mut scored.refusal } else { &mut scored.content };
        let run = side.say(text);
        if run.is_empty() {
            return;
        }
        let said = run.text();
        out.extend_from_slice(&self.before);
        out.extend_from_slice(if is_refusal { br#"{"refusal":"# } else { br#"{"content":"# });
        write_string(out, said);
        out.extend_from_slice(br#"},"logprobs":"#);
        let (content, refusal) = if is_refusal { (Run::EMPTY, run) } else { (run, Run::EMPTY) };
        logprobs::write(out, content, refusal, scored.top);
        out.extend_from_slice(br#","finish_reason":null}"#);
        out.extend_from_slice(&self.tail);
        let said = said.len();
        self.pad(out, said);
    }

    /// The older protocol has one call and no id.
    fn function_call(&mut self, key: &str, text: &str, more: &str, out: &mut Vec<u8>) {
        self.delta(out, |_, out| {
            out.extend_from_slice(br#"{"function_call":{""#);
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(br#"":"#);
            write_string(out, text);
            out.extend_from_slice(more.as_bytes());
            out.extend_from_slice(b"}}");
        });
    }
}

impl StreamEncoder for ChatStream {
    fn open(&mut self, _out: &mut Vec<u8>) {}

    // A choice begins that says all this: its tokens are those of the whole text, wherever that is cut. Without it, every
    // chunk is a text of its own.
    fn begin(&mut self, choice: u32, reply: &Reply) {
        self.turn_to(choice);
        if let Some(scored) = &mut self.scored {
            let (content, refusal) = texts(reply);
            (scored.content, scored.refusal) = (Tokens::of(content), Tokens::of(refusal));
        }
    }

    fn chunk(&mut self, choice: u32, chunk: Chunk<'_>, out: &mut Vec<u8>) {
        self.turn_to(choice);
        match chunk {
            Chunk::Text(text) => {
                self.open_choice(out, r#""""#);
                if !text.is_empty() {
                    self.text(text, out);
                }
            }
            Chunk::Refusal("") => {}
            Chunk::Refusal(text) => {
                self.open_choice(out, "null");
                self.refusal(text, out);
            }
            Chunk::ToolStart(call) => {
                self.calls += 1;
                self.custom = is_custom(call);
                self.open_choice(out, "null");
                if !self.functions {
                    self.delta(out, |this, out| {
                        out.extend_from_slice(br#"{"tool_calls":[{"index":"#);
                        write_number(out, this.calls - 1);
                        out.push(b',');
                        write_call(out, call, &mut this.ids, |_| {});
                        out.extend_from_slice(b"}]}");
                    });
                } else if self.calls == 1 {
                    self.function_call("name", &call.name, r#","arguments":"""#, out);
                }
            }
            Chunk::ToolArguments("") => {}
            Chunk::ToolArguments(text) if self.functions => {
                if self.calls == 1 {
                    self.function_call("arguments", text, "", out);
                }
            }
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
        write_string(out, finish_reason(finish, self.functions));
        out.push(b'}');
        out.extend_from_slice(&self.tail);
        self.pad(out, 0);
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
