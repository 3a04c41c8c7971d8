//! The stream: `text_completion` events, each with a piece of one choice's text.

use super::encode::{chunk_frame, completion_id, finish_reason, text};
use super::form::Prompts;
use super::logprobs;
use crate::chat::{ApiError, Finish, Reply};
use crate::pace::cut::Chunk;
use crate::wire::json::{write_escaped, write_number, write_string};
use crate::wire::openai::chat::encode::{patch, write_usage};
use crate::wire::openai::chat::logprobs::Tokens;
use crate::wire::openai::error;
use crate::wire::{Envelope, StreamEncoder, sse};

/// The encoder of one stream.
pub(super) struct CompletionStream {
    prompts: Prompts,
    /// How many probabilities each token has, where the client wants to see them.
    top: Option<u32>,
    /// A frame up to its text.
    head: Vec<u8>,
    /// A frame from behind its choice.
    tail: Vec<u8>,
    /// The whole usage frame, where the client wants one.
    usage: Option<Vec<u8>>,
    /// The choice at hand.
    choice: Option<u32>,
    /// Its tokens, where the client wants to see them.
    tokens: Tokens,
    /// How many characters stand in front of the next token, those of the prompt included.
    offset: usize,
    /// What stands in front of its text is out.
    opened: bool,
}

impl CompletionStream {
    pub(super) fn new(envelope: &Envelope) -> Self {
        let id = completion_id(&mut envelope.ids.clone());
        let patch = patch(envelope);
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
            prompts: Prompts::of(envelope),
            top: envelope.form.logprobs,
            head: [b"data: ".as_slice(), &frame.head, br#"{"text":""#].concat(),
            tail: [b"}".as_slice(), &frame.tail, sse::END].concat(),
            usage,
            choice: None,
            tokens: Tokens::default(),
            offset: 0,
            opened: false,
        }
    }

    fn turn_to(&mut self, choice: u32) {
        if self.choice != Some(choice) {
            self.choice = Some(choice);
            self.tokens = Tokens::default();
            self.offset = 0;
            self.opened = false;
        }
    }

    /// The prompt comes first, where it is asked for.
    fn open_choice(&mut self, choice: u32, out: &mut Vec<u8>) {
        if self.opened {
            return;
        }
        self.opened = true;
        if !self.prompts.echo {
            self.offset = self.prompts.at(choice).chars().count();
            return;
        }
        let prompt = std::mem::take(&mut self.prompts);
        let said = prompt.echoed(choice);
        if !said.is_empty() {
            match self.top {
                None => self.text(choice, said, out),
                Some(_) => {
                    let after = std::mem::replace(&mut self.tokens, Tokens::of(said.to_owned()));
                    self.scored(choice, said, out);
                    self.tokens = after;
                }
            }
        }
        self.prompts = prompt;
    }

    fn text(&self, choice: u32, text: &str, out: &mut Vec<u8>) {
        out.reserve(self.head.len() + text.len() + self.tail.len() + 64);
        out.extend_from_slice(&self.head);
        write_escaped(out, text);
        out.extend_from_slice(br#"","index":"#);
        write_number(out, choice.into());
        out.extend_from_slice(br#","logprobs":null,"finish_reason":null"#);
        out.extend_from_slice(&self.tail);
    }

    /// The tokens that a piece of text completes.
    fn scored(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) {
        let run = self.tokens.say(text);
        if run.is_empty() {
            return;
        }
        out.extend_from_slice(&self.head);
        write_escaped(out, run.text());
        out.extend_from_slice(br#"","index":"#);
        write_number(out, choice.into());
        out.extend_from_slice(br#","logprobs":"#);
        logprobs::write(out, &[run], self.offset, self.top.unwrap_or_default());
        self.offset += run.text().chars().count();
        out.extend_from_slice(br#","finish_reason":null"#);
        out.extend_from_slice(&self.tail);
    }
}

impl StreamEncoder for CompletionStream {
    fn open(&mut self, _out: &mut Vec<u8>) {}

    // A choice begins that says all this: its tokens are those of the whole text, wherever that is cut.
    fn begin(&mut self, choice: u32, reply: &Reply) {
        self.turn_to(choice);
        if self.top.is_some() {
            self.tokens = Tokens::of(text(reply).into_owned());
        }
    }

    fn chunk(&mut self, choice: u32, chunk: Chunk<'_>, out: &mut Vec<u8>) {
        self.turn_to(choice);
        let (Chunk::Text(text) | Chunk::Refusal(text)) = chunk else { return };
        self.open_choice(choice, out);
        match self.top {
            _ if text.is_empty() => {}
            None => self.text(choice, text, out),
            Some(_) => self.scored(choice, text, out),
        }
    }

    fn finish(&mut self, choice: u32, finish: Finish<'_>, out: &mut Vec<u8>) {
        self.turn_to(choice);
        self.open_choice(choice, out);
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#"","index":"#);
        write_number(out, choice.into());
        out.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
        write_string(out, finish_reason(finish));
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
