//! Between the contract's types and the plain ones. Requests are copied into the contract's types where a plugin asks for
//! them; replies are moved out of them.

use super::bindings::{embedder, lifecycle, strategy, types as wit};
use crate::chat::{
    ApiError, Body, Chunking, Content, EmbeddingOutcome, Event, Fault, Media, MediaSource, Message, Outcome, Pacing,
    RawResponse, Reasoning, Reply, Role, Tool, ToolCall, ToolChoice, Usage,
};

pub(super) const fn role(role: Role) -> wit::Role {
    match role {
        Role::System => wit::Role::System,
        Role::Developer => wit::Role::Developer,
        Role::User => wit::Role::User,
        Role::Assistant => wit::Role::Assistant,
        Role::Tool => wit::Role::Tool,
    }
}

pub(super) const fn role_from(role: lifecycle::Role) -> Role {
    match role {
        wit::Role::System => Role::System,
        wit::Role::Developer => Role::Developer,
        wit::Role::User => Role::User,
        wit::Role::Assistant => Role::Assistant,
        wit::Role::Tool => Role::Tool,
    }
}

pub(super) fn message(message: &Message<'_>) -> wit::Message {
    wit::Message {
        role: role(message.role),
        name: message.name.as_deref().map(str::to_owned),
        content: match &message.body {
            Body::Text(text) => vec![wit::Content::Text(text.to_string())],
            Body::Parts(parts) => parts.iter().map(content).collect(),
        },
    }
}

fn content(part: &Content<'_>) -> wit::Content {
    match part {
        Content::Text(text) => wit::Content::Text(text.to_string()),
        Content::Image(it) => wit::Content::Image(media(it)),
        Content::Audio(it) => wit::Content::Audio(media(it)),
        Content::File(it) => wit::Content::File(media(it)),
        Content::ToolCall { id, kind, name, arguments } => wit::Content::ToolCall(wit::ToolCall {
            id: Some(id.to_string()),
            kind: kind.to_string(),
            name: name.to_string(),
            arguments: arguments.to_string(),
        }),
        Content::ToolResult { call_id, content, is_error } => wit::Content::ToolResult(wit::ToolResult {
            call_id: call_id.to_string(),
            content: content.to_string(),
            is_error: *is_error,
        }),
        Content::Reasoning { text, signature, redacted } => wit::Content::Reasoning(wit::Reasoning {
            text: text.to_string(),
            signature: signature.as_deref().map(str::to_owned),
            redacted: *redacted,
        }),
        Content::Refusal(text) => wit::Content::Refusal(text.to_string()),
        Content::Other(json) => wit::Content::Other(json.to_string()),
    }
}

fn media(media: &Media<'_>) -> wit::Media {
    wit::Media {
        media_type: media.media_type.as_deref().map(str::to_owned),
        source: match &media.source {
            MediaSource::Url(url) => wit::MediaSource::Url(url.to_string()),
            MediaSource::Data(data) => wit::MediaSource::Data(data.to_string()),
            MediaSource::FileId(id) => wit::MediaSource::FileId(id.to_string()),
        },
    }
}

pub(super) fn tool(tool: &Tool<'_>) -> wit::Tool {
    wit::Tool {
        kind: tool.kind.to_string(),
        name: tool.name.to_string(),
        description: tool.description.as_deref().map(str::to_owned),
        parameters: tool.parameters.as_deref().map(str::to_owned),
    }
}

pub(super) fn tool_choice(choice: &ToolChoice<'_>) -> wit::ToolChoice {
    match choice {
        ToolChoice::Auto => wit::ToolChoice::Auto,
        ToolChoice::None => wit::ToolChoice::None,
        ToolChoice::Required => wit::ToolChoice::Required,
        ToolChoice::Named(name) => wit::ToolChoice::Named(name.to_string()),
    }
}

pub(super) fn outcome(outcome: strategy::Outcome) -> Outcome {
    match outcome {
        strategy::Outcome::Pass => Outcome::Pass,
        strategy::Outcome::Reply(it) => Outcome::Reply(reply(it)),
        strategy::Outcome::Error(it) => Outcome::Error(error(it)),
        strategy::Outcome::Verbatim(it) => Outcome::Verbatim(raw(it)),
    }
}

pub(super) fn embedding_outcome(outcome: embedder::EmbeddingOutcome) -> EmbeddingOutcome {
    match outcome {
        embedder::EmbeddingOutcome::Pass => EmbeddingOutcome::Pass,
        embedder::EmbeddingOutcome::Vectors(it) => EmbeddingOutcome::Vectors(it),
        embedder::EmbeddingOutcome::Error(it) => EmbeddingOutcome::Error(error(it)),
        embedder::EmbeddingOutcome::Verbatim(it) => EmbeddingOutcome::Verbatim(raw(it)),
    }
}

fn raw(response: wit::RawResponse) -> RawResponse {
    RawResponse { status: response.status, headers: response.headers, body: response.body }
}

pub(super) fn reply(reply: wit::Reply) -> Reply {
    Reply {
        events: reply.events.into_iter().map(event).collect(),
        finish: reply.finish,
        usage: reply.usage.map(|it| Usage {
            input_tokens: it.input_tokens,
            output_tokens: it.output_tokens,
            cache_read_input_tokens: it.cache_read_input_tokens,
            cache_creation_input_tokens: it.cache_creation_input_tokens,
            reasoning_output_tokens: it.reasoning_output_tokens,
        }),
        model: reply.model,
        pacing: reply.pacing.map(|it| Pacing {
            chunking: it.chunking.map(|it| match it {
                wit::Chunking::Verbatim => Chunking::Verbatim,
                wit::Chunking::Characters(n) => Chunking::Characters(n),
                wit::Chunking::Words => Chunking::Words,
                wit::Chunking::Tokens => Chunking::Tokens,
            }),
            ttft_us: it.ttft_us,
            chunk_us: it.chunk_us,
            jitter: it.jitter,
        }),
        patch: reply.patch,
        headers: reply.headers,
        stop_sequence: None,
    }
}

fn event(event: wit::Event) -> Event {
    match event {
        wit::Event::Text(text) => Event::Text(text),
        wit::Event::Reasoning(it) => {
            Event::Reasoning(Reasoning { text: it.text, signature: it.signature, redacted: it.redacted })
        }
        wit::Event::Refusal(text) => Event::Refusal(text),
        wit::Event::ToolCall(it) => {
            Event::ToolCall(ToolCall { id: it.id, kind: it.kind, name: it.name, arguments: it.arguments })
        }
        wit::Event::ToolArguments(text) => Event::ToolArguments(text),
        wit::Event::Block(json) => Event::Block(json),
        wit::Event::Pause(us) => Event::Pause(us),
        wit::Event::Fault(it) => Event::Fault(match it {
            wit::Fault::Disconnect => Fault::Disconnect,
            wit::Fault::Truncate => Fault::Truncate,
            wit::Fault::Stall => Fault::Stall,
            wit::Fault::Garbage(bytes) => Fault::Garbage(bytes),
            wit::Fault::Error(it) => Fault::Error(error(it)),
        }),
    }
}

fn error(error: wit::ApiError) -> ApiError {
    ApiError {
        status: error.status,
        message: error.message,
        kind: error.kind,
        code: error.code,
        param: error.param,
        retry_after_s: error.retry_after_s,
    }
}

/// The way back, for amenders.
pub(super) fn reply_to_wit(reply: Reply) -> wit::Reply {
    wit::Reply {
        events: reply.events.into_iter().map(event_to_wit).collect(),
        finish: reply.finish,
        usage: reply.usage.map(|it| wit::Usage {
            input_tokens: it.input_tokens,
            output_tokens: it.output_tokens,
            cache_read_input_tokens: it.cache_read_input_tokens,
            cache_creation_input_tokens: it.cache_creation_input_tokens,
            reasoning_output_tokens: it.reasoning_output_tokens,
        }),
        model: reply.model,
        pacing: reply.pacing.map(|it| wit::Pacing {
            chunking: it.chunking.map(|it| match it {
                Chunking::Verbatim => wit::Chunking::Verbatim,
                Chunking::Characters(n) => wit::Chunking::Characters(n),
                Chunking::Words => wit::Chunking::Words,
                Chunking::Tokens => wit::Chunking::Tokens,
            }),
            ttft_us: it.ttft_us,
            chunk_us: it.chunk_us,
            jitter: it.jitter,
        }),
        patch: reply.patch,
        headers: reply.headers,
    }
}

fn event_to_wit(event: Event) -> wit::Event {
    match event {
        Event::Text(text) => wit::Event::Text(text),
        Event::Reasoning(it) => {
            wit::Event::Reasoning(wit::Reasoning { text: it.text, signature: it.signature, redacted: it.redacted })
        }
        Event::Refusal(text) => wit::Event::Refusal(text),
        Event::ToolCall(it) => {
            wit::Event::ToolCall(wit::ToolCall { id: it.id, kind: it.kind, name: it.name, arguments: it.arguments })
        }
        Event::ToolArguments(text) => wit::Event::ToolArguments(text),
        Event::Block(json) => wit::Event::Block(json),
        Event::Pause(us) => wit::Event::Pause(us),
        Event::Fault(it) => wit::Event::Fault(match it {
            Fault::Disconnect => wit::Fault::Disconnect,
            Fault::Truncate => wit::Fault::Truncate,
            Fault::Stall => wit::Fault::Stall,
            Fault::Garbage(bytes) => wit::Fault::Garbage(bytes),
            Fault::Error(it) => wit::Fault::Error(wit::ApiError {
                status: it.status,
                message: it.message,
                kind: it.kind,
                code: it.code,
                param: it.param,
                retry_after_s: it.retry_after_s,
            }),
        }),
    }
}
