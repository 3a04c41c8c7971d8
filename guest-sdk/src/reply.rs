//! What a plugin answers, in builders: every method adds one thing and returns the whole.

use std::time::Duration;

use crate::{
    ApiError, Chunking, EmbeddingOutcome, Event, Fault, Outcome, Pacing, RawResponse, Reasoning, Reply, ToolCall, Usage,
};

impl Reply {
    /// A reply that says nothing yet.
    pub fn new() -> Self {
        Self {
            events: Vec::new(),
            finish: None,
            usage: None,
            model: None,
            pacing: None,
            patch: None,
            headers: Vec::new(),
        }
    }

    /// A reply that says this.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().say(text)
    }

    /// Then says this. Neighbouring texts are one text, cut into chunks by the pacing.
    pub fn say(self, text: impl Into<String>) -> Self {
        self.event(Event::Text(text.into()))
    }

    /// Then calls a function with these arguments, JSON text. Several calls in a row are parallel ones.
    pub fn tool_call(self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        self.event(Event::ToolCall(ToolCall::function(name, arguments)))
    }

    /// Then thinks this.
    pub fn reasoning(self, text: impl Into<String>) -> Self {
        self.event(Event::Reasoning(Reasoning { text: text.into(), signature: None, redacted: false }))
    }

    /// Then refuses, in these words.
    pub fn refusal(self, text: impl Into<String>) -> Self {
        self.event(Event::Refusal(text.into()))
    }

    /// Then waits.
    pub fn pause(self, time: Duration) -> Self {
        self.event(Event::Pause(micros(time)))
    }

    /// Then does to the connection what no good server would.
    pub fn fault(self, fault: Fault) -> Self {
        self.event(Event::Fault(fault))
    }

    /// Then this.
    pub fn event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// Why it ended: `stop`, `length`, `tool-calls`, `content-filter`, `refusal`, `stop-sequence`, `pause`, or a
    /// provider's own word. Left out: `tool-calls` where there is one, else `stop`.
    pub fn finish(mut self, reason: impl Into<String>) -> Self {
        self.finish = Some(reason.into());
        self
    }

    /// What it cost, instead of what the server counts.
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Which model answers, instead of the one that was asked for.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// How it is cut and timed, instead of as the server's configuration says.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = Some(pacing);
        self
    }

    /// JSON merge patch over the envelope: what stands beside the choices, content or output.
    pub fn patch(mut self, json: impl Into<String>) -> Self {
        self.patch = Some(json.into());
        self
    }

    /// One more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Everything that it says, in one text.
    pub fn said(&self) -> String {
        let texts = self.events.iter().filter_map(|event| match event {
            Event::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The calls that it makes. Their arguments are whole only where no [`Event::ToolArguments`] follows.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.events.iter().filter_map(|event| match event {
            Event::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// Changes each text that it says, piece by piece as the strategy cut it.
    pub fn map_text(mut self, mut change: impl FnMut(String) -> String) -> Self {
        for event in &mut self.events {
            if let Event::Text(text) = event {
                *text = change(std::mem::take(text));
            }
        }
        self
    }
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl ToolCall {
    /// A call of a function, with its arguments as JSON text.
    pub fn function(name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { id: None, kind: "function".to_owned(), name: name.into(), arguments: arguments.into() }
    }
}

impl Usage {
    /// So many tokens in and out, none of them cached or reasoning.
    pub fn new(input_tokens: u32, output_tokens: u32) -> Self {
        Self {
            input_tokens,
            output_tokens,
            cache_read_input_tokens: 0,
            cache_creation_input_tokens: 0,
            reasoning_output_tokens: 0,
        }
    }
}

impl Pacing {
    /// A pacing that leaves everything to the server's configuration.
    pub fn new() -> Self {
        Self { chunking: None, ttft_us: None, chunk_us: None, jitter: None }
    }

    /// Where text is cut.
    pub fn chunking(mut self, chunking: Chunking) -> Self {
        self.chunking = Some(chunking);
        self
    }

    /// The time to the first token.
    pub fn ttft(mut self, time: Duration) -> Self {
        self.ttft_us = Some(micros(time));
        self
    }

    /// The time of each chunk after the first.
    pub fn per_chunk(mut self, time: Duration) -> Self {
        self.chunk_us = Some(micros(time));
        self
    }

    /// How much the times vary, from 0.0 to 1.0: each is multiplied by a factor between 1 - `jitter` and 1 + `jitter`.
    pub fn jitter(mut self, jitter: f32) -> Self {
        self.jitter = Some(jitter);
        self
    }
}

impl Default for Pacing {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiError {
    /// A failure with this HTTP status, 400 to 599, of the type that the provider usually gives it.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind: None, code: None, param: None, retry_after_s: None }
    }

    /// The error's type, such as `rate_limit_error`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// A machine-readable code, where the provider has one.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The request's field that is at fault.
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Seconds, sent as the header `retry-after`.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl RawResponse {
    /// A whole response, in the provider's own bytes.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// One more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl Outcome {
    /// Everything that the reply says; none where there is no reply.
    pub fn text(&self) -> Option<String> {
        self.as_reply().map(Reply::said)
    }

    /// The reply, where there is one.
    pub fn as_reply(&self) -> Option<&Reply> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// The failure that the client sees, where there is one.
    pub fn as_error(&self) -> Option<&ApiError> {
        match self {
            Self::Error(error) => Some(error),
            _ => None,
        }
    }

    /// The whole response, where there is one in the provider's own bytes.
    pub fn as_verbatim(&self) -> Option<&RawResponse> {
        match self {
            Self::Verbatim(response) => Some(response),
            _ => None,
        }
    }

    /// The tool calls of the reply, each as its name and its arguments.
    pub fn tool_calls(&self) -> Vec<(&str, &str)> {
        let calls = self.as_reply().into_iter().flat_map(Reply::tool_calls);
        calls.map(|call| (call.name.as_str(), call.arguments.as_str())).collect()
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

impl From<ApiError> for Outcome {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

impl From<RawResponse> for Outcome {
    fn from(response: RawResponse) -> Self {
        Self::Verbatim(response)
    }
}

impl From<Vec<Vec<f32>>> for EmbeddingOutcome {
    fn from(vectors: Vec<Vec<f32>>) -> Self {
        Self::Vectors(vectors)
    }
}

impl From<RawResponse> for EmbeddingOutcome {
    fn from(response: RawResponse) -> Self {
        Self::Verbatim(response)
    }
}

impl From<ApiError> for EmbeddingOutcome {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

/// Microseconds, as many as fit.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
