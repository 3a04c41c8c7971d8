//! What a test of both providers, in both modes, does the same: asks with a prompt, reads what was said.

use serde_json::{Value, json};

use crate::http::{Request, Response};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    OpenAi,
    Anthropic,
}

pub use Api::{Anthropic, OpenAi};

/// Each provider, unary and streaming.
pub const MODES: [(Api, bool); 4] = [(OpenAi, false), (OpenAi, true), (Anthropic, false), (Anthropic, true)];

impl Api {
    pub fn path(self) -> &'static str {
        match self {
            OpenAi => "/v1/chat/completions",
            Anthropic => "/v1/messages",
        }
    }

    /// A request of this provider's client.
    pub fn request(self, body: &Value) -> Request {
        let request = Request::post(self.path(), body.to_string());
        match self {
            OpenAi => request.header("authorization", "Bearer sk-test"),
            Anthropic => request.header("authorization", "Bearer sk-test").header("anthropic-version", "2026-10-21"),
        }
    }

    pub fn body(self, messages: Value, stream: bool) -> Value {
        let mut body = json!({ "model": "test-model", "messages": messages });
        if self == Anthropic {
            // More than any test has to say: what is longer is cut off.
            body["max_tokens"] = 100_000_000.into();
        }
        if stream {
            body["stream"] = true.into();
        }
        body
    }

    /// One user message.
    pub fn ask(self, prompt: &str, stream: bool) -> Request {
        self.request(&self.body(json!([{ "role": "user", "content": prompt }]), stream))
    }

    /// The text that was said, in either mode; of a stream, its deltas added up.
    #[track_caller]
    pub fn said(self, response: &Response) -> String {
        assert_eq!(response.status, 200, "{}", response.fixed());
        assert!(response.whole, "broken off: {}", response.fixed());
        if response.header("content-type") == Some("application/json") {
            let body = response.json();
            return match self {
                OpenAi => text_of(&body["choices"][0]["message"]["content"]),
                Anthropic => {
                    let blocks = body["content"].as_array().expect("blocks");
                    blocks.iter().filter(|block| block["type"] == "text").map(|block| text_of(&block["text"])).collect()
                }
            };
        }
        let events = response.events();
        match self {
            OpenAi => {
                let (last, chunks) = events.split_last().expect("events");
                assert_eq!(last.data, "[DONE]");
                let deltas = chunks.iter().map(|event| event.json()).filter(|chunk| chunk["choices"][0]["index"] == 0);
                deltas.map(|chunk| text_of(&chunk["choices"][0]["delta"]["content"])).collect()
            }
            Anthropic => {
                assert_eq!(events.last().and_then(|event| event.name.as_deref()), Some("message_stop"));
                let deltas = events.iter().filter(|event| event.name.as_deref() == Some("content_block_delta"));
                deltas.map(|event| text_of(&event.json()["delta"]["text"])).collect()
            }
        }
    }

    /// The model that answered, in either mode.
    #[track_caller]
    pub fn model(self, response: &Response) -> String {
        if response.header("content-type") == Some("application/json") {
            return text_of(&response.json()["model"]);
        }
        let first = response.events().first().expect("an event").json();
        text_of(if self == OpenAi { &first["model"] } else { &first["message"]["model"] })
    }

    /// The message of an error, which has to be in this provider's shape, with its headers.
    #[track_caller]
    pub fn error(self, response: &Response, status: u16) -> String {
        let shown = response.fixed();
        assert_eq!(response.status, status, "{shown}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{shown}");
        let body = response.json();
        let error = &body["error"];
        assert!(error["type"].is_string(), "{shown}");
        match self {
            OpenAi => {
                assert!(response.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{shown}");
                assert!(error.get("param").is_some() && error.get("code").is_some(), "{shown}");
            }
            Anthropic => {
                assert_eq!(body["type"], "error", "{shown}");
                assert_eq!(response.header("request-id"), body["request_id"].as_str(), "{shown}");
            }
        }
        text_of(&error["message"])
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
