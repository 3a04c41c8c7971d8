//! What is answered, in provider-neutral words: a list of events, which a wire format renders as one body or as a stream.
//!
//! The names are those of `wit/types.wit`, which says what each field means to a plugin's author.

/// What a strategy makes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Ask the next one.
    Pass,
    /// The model's answer.
    Reply(Reply),
    /// A failure that the client sees.
    Error(ApiError),
    /// A whole response in the provider's own bytes.
    Verbatim(RawResponse),
}

/// What an embedder makes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum EmbeddingOutcome {
    /// Ask the next one.
    Pass,
    /// A vector for each input, in order.
    Vectors(Vec<Vec<f32>>),
    /// A failure that the client sees.
    Error(ApiError),
    /// A whole response in the provider's own bytes.
    Verbatim(RawResponse),
}

/// An answer of the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// What the model says and does, in order.
    pub events: Vec<Event>,
    /// Why it ended; see [`Reply::finish`].
    pub finish: Option<String>,
    /// Left out: counted by the host.
    pub usage: Option<Usage>,
    /// Left out: the model that was asked for.
    pub model: Option<String>,
    /// Left out: the configuration's.
    pub pacing: Option<Pacing>,
    /// JSON merge patch (RFC 7396) over the envelope.
    pub patch: Option<String>,
    /// Headers of the answer, beside the provider's own.
    pub headers: Vec<(String, String)>,
    /// The stop sequence that ended it, where the host cut it there.
    pub stop_sequence: Option<String>,
}

impl Reply {
    /// A reply of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { events: vec![Event::Text(text.into())], ..Self::default() }
    }

    /// Why the reply ended: as the strategy said, else by what it holds.
    pub fn finish(&self) -> Finish<'_> {
        match self.finish.as_deref() {
            Some("stop-sequence") => Finish::StopSequence(self.stop_sequence.as_deref()),
            Some(word) => Finish::from_word(word),
            None if self.events.iter().any(|event| matches!(event, Event::ToolCall(_))) => Finish::ToolCalls,
            None => Finish::Stop,
        }
    }
}

/// One step of a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Text that the model says; neighbours belong to one text.
    Text(String),
    /// What the model thinks.
    Reasoning(Reasoning),
    /// The model refuses; neighbours belong to one refusal.
    Refusal(String),
    /// A call, with the arguments known so far.
    ToolCall(ToolCall),
    /// Appended to the arguments of the last call.
    ToolArguments(String),
    /// A content block in the provider's own JSON.
    Block(String),
    /// Microseconds before the next event.
    Pause(u64),
    /// A fault at this point.
    Fault(Fault),
}

/// What the model thinks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reasoning {
    /// The thought; the opaque data where redacted.
    pub text: String,
    /// Minted where the provider wants one and there is none.
    pub signature: Option<String>,
    /// Hidden by the provider.
    pub redacted: bool,
}

/// A tool that the model calls.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// Minted in the provider's style before a wire format sees it.
    pub id: Option<String>,
    /// `function`, `custom`, or a provider's own tool type.
    pub kind: String,
    /// The tool's name.
    pub name: String,
    /// JSON text for a function; passed on as it is.
    pub arguments: String,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish<'a> {
    /// The model was done.
    Stop,
    /// It met the token limit.
    Length,
    /// It calls tools.
    ToolCalls,
    /// A filter stopped it.
    ContentFilter,
    /// It refused.
    Refusal,
    /// It met a stop sequence: this one, where it is known.
    StopSequence(Option<&'a str>),
    /// It paused a long turn.
    Pause,
    /// A provider's own word.
    Other(&'a str),
}

impl<'a> Finish<'a> {
    /// From the words of `wit/types.wit`, `reply.finish`.
    pub fn from_word(word: &'a str) -> Self {
        match word {
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool-calls" => Self::ToolCalls,
            "content-filter" => Self::ContentFilter,
            "refusal" => Self::Refusal,
            "stop-sequence" => Self::StopSequence(None),
            "pause" => Self::Pause,
            other => Self::Other(other),
        }
    }
}

/// Tokens that a request cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Everything that went in, cached or not.
    pub input_tokens: u32,
    /// Everything that came out, reasoning included.
    pub output_tokens: u32,
    /// Of the input: read from a cache.
    pub cache_read_input_tokens: u32,
    /// Of the input: written to a cache.
    pub cache_creation_input_tokens: u32,
    /// Of the output: thought, not said.
    pub reasoning_output_tokens: u32,
}

/// How a reply is cut and timed; what is left out is the configuration's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pacing {
    /// Where to cut.
    pub chunking: Option<Chunking>,
    /// Time to first token, in microseconds.
    pub ttft_us: Option<u64>,
    /// Time per chunk after the first, in microseconds.
    pub chunk_us: Option<u64>,
    /// 0.0 to 1.0: each time is multiplied by a factor between 1 - jitter and 1 + jitter.
    pub jitter: Option<f32>,
}

/// Where text is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunking {
    /// One chunk per event.
    Verbatim,
    /// N Unicode scalar values a chunk; 0 counts as 1.
    Characters(u32),
    /// Before each run of white space, which leads the next word.
    Words,
    /// About as a model's tokens.
    Tokens,
}

/// A failure that the client sees, in the error shape of its provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiError {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// For a person.
    pub message: String,
    /// Left out: the provider's usual type for that status.
    pub kind: Option<String>,
    /// Machine-readable code.
    pub code: Option<String>,
    /// The request's field that is at fault.
    pub param: Option<String>,
    /// Seconds, for the header `retry-after`.
    pub retry_after_s: Option<u32>,
}

impl ApiError {
    /// An error with a status and a message, and the provider's usual type.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), ..Self::default() }
    }
}

/// What a connection does to a client that a well-behaved server never would.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Close the connection at once.
    Disconnect,
    /// End the stream cleanly, without its closing events.
    Truncate,
    /// Send nothing more and keep the connection open.
    Stall,
    /// Bytes written as they are; the reply goes on.
    Garbage(String),
    /// The provider's own error event in mid-stream.
    Error(ApiError),
}

/// A whole response in the provider's own bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawResponse {
    /// HTTP status, 200 to 599.
    pub status: u16,
    /// Headers; `content-type` is `application/json` where it is left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}
