//! From the words of a file of tests to a request as a wire format would have decoded it.

use std::borrow::Cow;

use bytestring::ByteString;
use serde_json::{Value, json};

use super::model::{self, Operation};
use crate::chat::{Body, Content, Media, MediaSource, Message, Operation as Asked, Request, Role, Tool, ToolChoice};
use crate::exchange::unsent::{Format, Unsent};
use crate::strategy::asked::Decoded;
use crate::wire::openai;

/// The model of a request that names none.
pub(super) const MODEL: &str = "standin-test";

/// The request that these words ask for. Its body is what an OpenAI client would send, as far as that has the words.
pub(super) fn request(words: &model::Request) -> Unsent {
    let request = decoded(words);
    let body = body(&request);
    let (format, path) = match request.operation {
        Asked::Chat => (Format::Answer(&openai::chat::Chat), "/v1/chat/completions"),
        Asked::TextCompletion => (Format::Answer(&openai::completions::Completions), "/v1/completions"),
        Asked::Embeddings => (Format::Embed(&openai::embeddings::Embeddings), "/v1/embeddings"),
    };
    let decoded = Decoded::from_request(ByteString::from(body), request);
    Unsent { format, uri: axum::http::Uri::from_static(path), decoded }
}

fn decoded(words: &model::Request) -> Request<'static> {
    let operation = match words.operation {
        Some(Operation::Chat) => Asked::Chat,
        Some(Operation::TextCompletion) => Asked::TextCompletion,
        Some(Operation::Embeddings) => Asked::Embeddings,
        None if words.inputs.is_empty() => Asked::Chat,
        None => Asked::Embeddings,
    };
    let mut request = Request::new(operation, words.model.clone().unwrap_or_else(|| MODEL.to_owned()));
    request.stream = words.stream;
    request.choices = words.choices.unwrap_or(1).max(1);
    request.parallel_tool_calls = words.parallel_tool_calls.unwrap_or(true);
    request.output_schema = words.output_schema.as_ref().map(|schema| json_text(schema).into());
    request.max_output_tokens = words.max_output_tokens;
    request.stop = words.stop.iter().cloned().map(Cow::Owned).collect();
    request.embedding_inputs = words.inputs.iter().cloned().map(Cow::Owned).collect();
    request.messages.extend(words.system.iter().map(|text| Message::text_of(Role::System, text.clone())));
    // A result that names no call answers the next one that has no result yet.
    let (mut calls, mut results) = (0, 0);
    request.messages.extend(words.messages.iter().map(|it| message(it, &mut calls, &mut results)));
    request.tools = words.tools.iter().map(tool).collect();
    request.tool_choice = match &words.tool_choice {
        None => ToolChoice::Auto,
        Some(choice) => match choice.word {
            Some("none") => ToolChoice::None,
            Some("required") => ToolChoice::Required,
            Some(_) => ToolChoice::Auto,
            None => ToolChoice::Named(choice.named.clone().into()),
        },
    };
    request
}

fn tool(tool: &model::Tool) -> Tool<'static> {
    Tool {
        kind: "function".into(),
        name: tool.name.clone().into(),
        description: tool.description.clone().map(Cow::Owned),
        parameters: tool.parameters.as_ref().map(|schema| json_text(schema).into()),
    }
}

fn message(words: &model::Message, calls: &mut usize, results: &mut usize) -> Message<'static> {
    let role = match words.role {
        Some(model::Role::System) => Role::System,
        Some(model::Role::Developer) => Role::Developer,
        Some(model::Role::User) => Role::User,
        Some(model::Role::Assistant) => Role::Assistant,
        Some(model::Role::Tool) => Role::Tool,
        None if words.tool_result.is_some() => Role::Tool,
        None if !words.tool_calls.is_empty() => Role::Assistant,
        None => Role::User,
    };
    let mut parts: Vec<Content<'static>> =
        words.content.iter().map(|text| Content::Text(text.clone().into())).collect();
    parts.extend(words.parts.iter().map(|it| part(it, calls, results)));
    parts.extend(words.tool_calls.iter().map(|it| call(it, calls)));
    parts.extend(words.tool_result.iter().map(|it| result(it, results)));
    let body = match (parts.len(), parts.pop()) {
        (1, Some(Content::Text(text))) => Body::Text(text),
        (_, last) => {
            parts.extend(last);
            Body::Parts(parts)
        }
    };
    Message { role, name: words.name.clone().map(Cow::Owned), body }
}

fn part(words: &model::Part, calls: &mut usize, results: &mut usize) -> Content<'static> {
    let model::Part { text, image, audio, file, tool_call, tool_result, reasoning, refusal, other } = words;
    let content = text.as_ref().map(|text| Content::Text(text.clone().into()));
    let content = content.or_else(|| image.as_ref().map(|it| Content::Image(media(it))));
    let content = content.or_else(|| audio.as_ref().map(|it| Content::Audio(media(it))));
    let content = content.or_else(|| file.as_ref().map(|it| Content::File(media(it))));
    let content = content.or_else(|| tool_call.as_ref().map(|it| call(it, calls)));
    let content = content.or_else(|| tool_result.as_ref().map(|it| result(it, results)));
    let content = content.or_else(|| refusal.as_ref().map(|text| Content::Refusal(text.clone().into())));
    let content = content.or_else(|| {
        reasoning.as_ref().map(|it| Content::Reasoning {
            text: it.text.clone().into(),
            signature: it.signature.clone().map(Cow::Owned),
            redacted: it.redacted,
        })
    });
    let content = content.or_else(|| other.as_ref().map(|it| Content::Other(json_text(it).into())));
    content.unwrap_or(Content::Text("".into()))
}

fn call(words: &model::ToolCall, calls: &mut usize) -> Content<'static> {
    *calls += 1;
    Content::ToolCall {
        id: words.id.clone().unwrap_or_else(|| format!("call_{calls}")).into(),
        kind: "function".into(),
        name: words.name.clone().into(),
        arguments: words.arguments.as_ref().map_or_else(|| "{}".to_owned(), json_text).into(),
    }
}

fn result(words: &model::ToolResult, results: &mut usize) -> Content<'static> {
    *results += 1;
    Content::ToolResult {
        call_id: words.call_id.clone().unwrap_or_else(|| format!("call_{results}")).into(),
        content: words.content.clone().into(),
        is_error: words.is_error,
    }
}

fn media(words: &model::Media) -> Media<'static> {
    let source = match (&words.url, &words.data, &words.file_id) {
        (Some(url), ..) => MediaSource::Url(url.clone().into()),
        (_, Some(data), _) => MediaSource::Data(data.clone().into()),
        (.., id) => MediaSource::FileId(id.clone().unwrap_or_default().into()),
    };
    Media { media_type: words.media_type.clone().map(Cow::Owned), source }
}

/// A text as it is, and anything else as JSON.
pub(super) fn json_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn body(request: &Request<'_>) -> String {
    let role = |role| match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| {
            let mut told = json!({ "role": role(message.role), "content": message.text() });
            let Body::Parts(parts) = &message.body else { return told };
            for part in parts {
                match part {
                    Content::ToolCall { id, name, arguments, .. } => {
                        let call = json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } });
                        match told.get_mut("tool_calls").and_then(Value::as_array_mut) {
                            Some(calls) => calls.push(call),
                            None => told["tool_calls"] = json!([call]),
                        }
                    }
                    Content::ToolResult { call_id, content, .. } => {
                        told["tool_call_id"] = json!(call_id);
                        told["content"] = json!(content);
                    }
                    _ => {}
                }
            }
            told
        })
        .collect();
    let mut body = match request.operation {
        Asked::Embeddings => json!({ "model": request.model, "input": request.embedding_inputs }),
        Asked::TextCompletion => json!({ "model": request.model, "prompt": request.last_user_text() }),
        Asked::Chat => json!({ "model": request.model, "messages": messages }),
    };
    if request.stream {
        body["stream"] = true.into();
    }
    if !request.tools.is_empty() {
        let tool = |tool: &Tool<'_>| json!({ "type": "function", "function": { "name": tool.name, "description": tool.description } });
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    body.to_string()
}
