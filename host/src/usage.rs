//! What a request cost, in tokens, where the strategy does not say.
//!
//! Input follows OpenAI's published recipe for chat models: the tokens of every text, 3 for each message, and 3 that prime
//! the answer; tool definitions, calls and results count by their text. Output is the tokens of what the model says, thinks and
//! passes to tools. What is no conversation is only its texts.

use crate::chat::{Body, Content, Event, Operation, Reply, Request, Usage};
use crate::config::TokenCount;
use crate::tokens;

const PER_MESSAGE: u32 = 3;
const PRIMING: u32 = 3;

/// Counts the tokens of one request. A text that is met again, as a mirror's answer is, is counted once.
pub struct Counter<'r> {
    mode: TokenCount,
    last: Option<(&'r str, u32)>,
}

impl<'r> Counter<'r> {
    /// A counter as the configuration wants it.
    pub const fn new(mode: TokenCount) -> Self {
        Self { mode, last: None }
    }

    fn count(&mut self, text: &'r str) -> u32 {
        if let Some((known, count)) = self.last
            && known == text
        {
            return count;
        }
        let count = count(self.mode, text);
        self.last = Some((text, count));
        count
    }

    /// The tokens that go in.
    pub fn input(&mut self, request: &'r Request<'_>) -> u32 {
        if request.operation != Operation::Chat {
            let prompts = request.messages.iter().filter_map(|message| match &message.body {
                Body::Text(text) => Some(text),
                Body::Parts(_) => None,
            });
            let texts = prompts.chain(&request.more_prompts).chain(&request.embedding_inputs);
            return texts.map(|text| self.count(text)).sum();
        }
        let mut total = PRIMING;
        for tool in &request.tools {
            let texts = [Some(&tool.name), tool.description.as_ref(), tool.parameters.as_ref()];
            total += texts.into_iter().flatten().map(|text| self.count(text)).sum::<u32>();
        }
        for message in &request.messages {
            total += PER_MESSAGE;
            if let Some(name) = &message.name {
                total += self.count(name);
            }
            match &message.body {
                Body::Text(text) => total += self.count(text),
                Body::Parts(parts) => {
                    for part in parts {
                        total += match part {
                            Content::Text(text) | Content::Refusal(text) => self.count(text),
                            Content::ToolCall { name, arguments, .. } => self.count(name) + self.count(arguments),
                            Content::ToolResult { content, .. } => self.count(content),
                            Content::Reasoning { text, redacted: false, .. } => self.count(text),
                            Content::Reasoning { .. }
                            | Content::Image(_)
                            | Content::Audio(_)
                            | Content::File(_)
                            | Content::Other(_) => 0,
                        };
                    }
                }
            }
        }
        total
    }

    /// The tokens that one choice puts out: all of them, and those of its reasoning.
    pub fn output(&mut self, reply: &'r Reply) -> (u32, u32) {
        let mut said = 0;
        let mut thought = 0;
        for event in &reply.events {
            match event {
                Event::Text(text) | Event::Refusal(text) | Event::ToolArguments(text) | Event::Block(text) => {
                    said += self.count(text);
                }
                Event::ToolCall(call) => said += self.count(&call.name) + self.count(&call.arguments),
                Event::Reasoning(reasoning) => thought += self.count(&reasoning.text),
                Event::Pause(_) | Event::Fault(_) => {}
            }
        }
        (said + thought, thought)
    }

    /// The usage of an answer: what the first choice says, or what is counted. The output of further choices adds up.
    pub fn usage(&mut self, request: &'r Request<'_>, replies: impl Iterator<Item = &'r Reply>) -> Usage {
        let mut usage = Usage::default();
        for (choice, reply) in replies.enumerate() {
            if choice == 0 {
                usage = reply.usage.unwrap_or_else(|| Usage { input_tokens: self.input(request), ..Usage::default() });
            }
            let (output, reasoning) = match reply.usage {
                Some(_) if choice == 0 => continue,
                Some(said) => (said.output_tokens, said.reasoning_output_tokens),
                None => self.output(reply),
            };
            usage.output_tokens += output;
            usage.reasoning_output_tokens += reasoning;
        }
        usage
    }
}

/// The tokens of one text.
pub fn count(mode: TokenCount, text: &str) -> u32 {
    match mode {
        TokenCount::Exact => tokens::count(text),
        TokenCount::Estimate => tokens::estimate(text),
    }
}
