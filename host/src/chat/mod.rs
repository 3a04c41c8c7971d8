//! Plain data that passes between the wire formats and the strategies: no JSON of any provider, no WASM, no IO.

pub mod reply;
pub mod request;

pub use reply::{
    ApiError, Chunking, EmbeddingOutcome, Event, Fault, Finish, Outcome, Pacing, RawResponse, Reasoning, Reply,
    ToolCall, Usage,
};
pub use request::{Body, Content, Form, Media, MediaSource, Message, Operation, Request, Role, Tool, ToolChoice};
