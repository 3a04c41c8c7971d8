//! Cuts a reply into chunks. What a reply means is decided here once: streams render the chunks one by one, and a
//! unary body renders [`parts`], the same chunks collected. Neither looks at the events itself, so the two cannot
//! disagree.

use std::borrow::Cow;

use crate::chat::{Chunking, Event, Fault, Reasoning, Reply, ToolCall};

#[cfg(test)]
mod tests;

/// What a stream encoder renders in one go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Chunk<'a> {
    /// A piece of text; empty only where an event's whole text is.
    Text(&'a str),
    /// A piece of a refusal.
    Refusal(&'a str),
    /// A thought begins. Its text follows, unless it is redacted.
    ReasoningStart(&'a Reasoning),
    /// A piece of the thought's text.
    ReasoningText(&'a str),
    /// The thought ends.
    ReasoningEnd(&'a Reasoning),
    /// A call begins; its arguments follow.
    ToolStart(&'a ToolCall),
    /// A piece of the arguments of the call that began last.
    ToolArguments(&'a str),
    /// A content block in the provider's own JSON.
    Block(&'a str),
}

/// One step of a reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cut<'a> {
    /// Something to send.
    Chunk {
        /// What.
        chunk: Chunk<'a>,
        /// Whether it stands for tokens, and so takes a token's time. Starts, ends and blocks do not.
        timed: bool,
    },
    /// Microseconds to wait.
    Pause(u64),
    /// A fault at this point.
    Fault(&'a Fault),
}

/// A position in a reply. It does not own the reply, which is passed to every step and must be the same one.
#[derive(Debug, Clone, Default)]
pub struct Cutter {
    /// The event at hand.
    event: usize,
    /// How much of its text is out, in bytes.
    offset: usize,
    /// Whether its start is out, where it has one.
    begun: bool,
    /// The last call may still be continued by the event at hand.
    in_call: bool,
    /// Where to look for the last call's remaining arguments, which are sent before anything else begins.
    late: Option<usize>,
}

impl Cutter {
    /// The next step, or none at the end.
    ///
    /// Arguments belong to the last call, and no protocol lets a finished call be continued: those that stand behind
    /// other content are brought forward to their call. Arguments without a call are left out.
    pub fn next<'r>(&mut self, reply: &'r Reply, chunking: Chunking) -> Option<Cut<'r>> {
        loop {
            if let Some(from) = self.late {
                if let Some((at, text)) = late_arguments(&reply.events, from) {
                    self.late = Some(at + 1);
                    return Some(timed(Chunk::ToolArguments(text)));
                }
                self.late = None;
                self.in_call = false;
            }
            let event = reply.events.get(self.event)?;
            match event {
                Event::Pause(micros) => {
                    self.advance();
                    return Some(Cut::Pause(*micros));
                }
                Event::Fault(fault) => {
                    self.advance();
                    return Some(Cut::Fault(fault));
                }
                Event::ToolArguments(text) => {
                    let wanted = self.in_call;
                    self.advance();
                    if wanted {
                        return Some(timed(Chunk::ToolArguments(text)));
                    }
                }
                Event::ToolCall(call) => {
                    if !self.begun {
                        (self.begun, self.in_call) = (true, false);
                        return Some(untimed(Chunk::ToolStart(call)));
                    }
                    if self.offset < call.arguments.len() {
                        return Some(timed(Chunk::ToolArguments(self.piece(&call.arguments, chunking))));
                    }
                    self.advance();
                    self.in_call = true;
                }
                _ if self.in_call => self.late = Some(self.event),
                Event::Text(text) => {
                    let piece = self.piece(text, chunking);
                    if self.offset >= text.len() {
                        self.advance();
                    }
                    return Some(timed(Chunk::Text(piece)));
                }
                Event::Refusal(text) => {
                    let piece = self.piece(text, chunking);
                    if self.offset >= text.len() {
                        self.advance();
                    }
                    return Some(timed(Chunk::Refusal(piece)));
                }
                Event::Reasoning(reasoning) => {
                    if !self.begun {
                        self.begun = true;
                        return Some(untimed(Chunk::ReasoningStart(reasoning)));
                    }
                    if !reasoning.redacted && self.offset < reasoning.text.len() {
                        return Some(timed(Chunk::ReasoningText(self.piece(&reasoning.text, chunking))));
                    }
                    self.advance();
                    return Some(untimed(Chunk::ReasoningEnd(reasoning)));
                }
                Event::Block(json) => {
                    self.advance();
                    return Some(untimed(Chunk::Block(json)));
                }
            }
        }
    }

    fn advance(&mut self) {
        self.event += 1;
        self.offset = 0;
        self.begun = false;
    }

    fn piece<'r>(&mut self, text: &'r str, chunking: Chunking) -> &'r str {
        let rest = text.get(self.offset..).unwrap_or_default();
        let length = first_piece(rest, chunking);
        self.offset += length;
        rest.get(..length).unwrap_or(rest)
    }
}

const fn timed(chunk: Chunk<'_>) -> Cut<'_> {
    Cut::Chunk { chunk, timed: true }
}

const fn untimed(chunk: Chunk<'_>) -> Cut<'_> {
    Cut::Chunk { chunk, timed: false }
}

/// The next arguments at or behind a position, if no other call comes first.
fn late_arguments(events: &[Event], from: usize) -> Option<(usize, &str)> {
    for (at, event) in events.iter().enumerate().skip(from) {
        match event {
            Event::ToolCall(_) => return None,
            Event::ToolArguments(text) => return Some((at, text)),
            _ => {}
        }
    }
    None
}

/// The most letters or digits of a word in a chunk of [`Chunking::Tokens`]: an English word makes about 1.3 tokens.
const TOKEN_LETTERS: u32 = 6;
/// The most other characters (punctuation, and every script but ASCII) in such a chunk.
const TOKEN_OTHERS: u32 = 2;

/// The length in bytes of the first piece of a text; zero only where the text is empty.
///
/// `Tokens` cuts words further: after its leading white space a chunk holds either up to six ASCII letters and digits
/// or up to two other characters. No tokenizer is that simple, but sizes and boundaries look like one's, at no cost.
pub fn first_piece(text: &str, chunking: Chunking) -> usize {
    match chunking {
        Chunking::Verbatim => text.len(),
        Chunking::Characters(count) => {
            let count = count.max(1) as usize;
            text.char_indices().nth(count).map_or(text.len(), |(at, _)| at)
        }
        Chunking::Words => {
            let space = run(text, is_space);
            let rest = text.get(space..).unwrap_or_default();
            space + run(rest, |c| !is_space(c))
        }
        Chunking::Tokens => {
            let space = run(text, is_space);
            let rest = text.get(space..).unwrap_or_default();
            let letters = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
            let mut left = if letters { TOKEN_LETTERS } else { TOKEN_OTHERS };
            space
                + run(rest, |c| {
                    let fits = left > 0 && c.is_ascii_alphanumeric() == letters && !is_space(c);
                    left -= u32::from(fits);
                    fits
                })
        }
    }
}

/// The length in bytes of the leading characters that satisfy a condition.
fn run(text: &str, mut holds: impl FnMut(char) -> bool) -> usize {
    let mut at = 0;
    // ASCII is looked at byte by byte: decoding it would double the time of the whole cut.
    for byte in text.bytes() {
        if !byte.is_ascii() {
            let rest = text.get(at..).unwrap_or_default();
            return rest.char_indices().find(|(_, c)| !holds(*c)).map_or(text.len(), |(stop, _)| at + stop);
        }
        if !holds(char::from(byte)) {
            return at;
        }
        at += 1;
    }
    at
}

/// White space as Unicode has it, with ASCII decided before any table is asked.
fn is_space(c: char) -> bool {
    if c.is_ascii() { matches!(c, ' ' | '\t'..='\r') } else { c.is_whitespace() }
}

/// A part of a whole reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<'a> {
    /// One text.
    Text(Cow<'a, str>),
    /// One refusal.
    Refusal(Cow<'a, str>),
    /// One thought.
    Reasoning(&'a Reasoning),
    /// One call.
    ToolCall {
        /// The call as it began.
        call: &'a ToolCall,
        /// All of its arguments.
        arguments: Cow<'a, str>,
    },
    /// A content block in the provider's own JSON.
    Block(&'a str),
}

/// A reply as parts: its chunks collected, neighbouring texts being one text. Pauses and faults have no part in it.
pub fn parts(reply: &Reply) -> Vec<Part<'_>> {
    let mut parts = Vec::with_capacity(reply.events.len());
    let mut cutter = Cutter::default();
    while let Some(cut) = cutter.next(reply, Chunking::Verbatim) {
        let Cut::Chunk { chunk, .. } = cut else { continue };
        match (chunk, parts.last_mut()) {
            (Chunk::Text(more), Some(Part::Text(text))) | (Chunk::Refusal(more), Some(Part::Refusal(text))) => {
                append(text, more);
            }
            (Chunk::ToolArguments(more), Some(Part::ToolCall { arguments, .. })) => append(arguments, more),
            (Chunk::Text(text), _) => parts.push(Part::Text(Cow::Borrowed(text))),
            (Chunk::Refusal(text), _) => parts.push(Part::Refusal(Cow::Borrowed(text))),
            (Chunk::ReasoningStart(reasoning), _) => parts.push(Part::Reasoning(reasoning)),
            (Chunk::ToolStart(call), _) => parts.push(Part::ToolCall { call, arguments: Cow::Borrowed("") }),
            (Chunk::Block(json), _) => parts.push(Part::Block(json)),
            // A thought's text is read from the thought; the cutter lets arguments only follow their call.
            (Chunk::ReasoningText(_) | Chunk::ReasoningEnd(_) | Chunk::ToolArguments(_), _) => {}
        }
    }
    parts
}

fn append<'a>(text: &mut Cow<'a, str>, more: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else if !more.is_empty() {
        text.to_mut().push_str(more);
    }
}
