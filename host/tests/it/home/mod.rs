//! Whether the users of the systems that standin grew from are at home: a file of each, served as it is, and what it promises
//! them, row by row. Where standin does otherwise, the test says so, and a comment why.

mod kagent;
mod llmock;
mod mockllm;
mod modelmesh;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::http::{Request, Response};
use crate::support::{Running, Site};

/// The text of a file in `tests/formats`.
fn text_of(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A folder with a copy of such a file, as the configuration.
fn site(file: &str) -> Site {
    let (_, name) = file.rsplit_once('/').expect("a folder and a file");
    Site::of(name, text_of(file))
}

/// Sends JSON with no header but its type, and those that are named.
#[track_caller]
fn post(server: &Running, path: &str, headers: &[(&str, &str)], body: &Value) -> Response {
    server.send(&with(Request::post(path, body.to_string()), headers))
}

fn with(request: Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// A body with these messages and these other members.
fn body(messages: Value, more: Value) -> Value {
    let mut body = json!({ "model": "gpt-4o", "messages": messages });
    for (key, value) in more.as_object().expect("members") {
        body[key] = value.clone();
    }
    body
}

/// One user message.
fn user(content: impl Into<Value>) -> Value {
    json!([{ "role": "user", "content": content.into() }])
}

/// What was found at the end of a pointer, for each event of a stream that has it.
#[track_caller]
fn pieces(response: &Response, pointer: &str) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.fixed());
    let events = response.events();
    let json = events.iter().filter(|event| event.data != "[DONE]").map(|event| event.json());
    json.filter_map(|event| Some(event.pointer(pointer)?.as_str()?.to_owned())).collect()
}

/// The names of a stream's events, those that follow each other with the same name once.
fn names(response: &Response) -> Vec<String> {
    let mut names: Vec<String> = response.events().into_iter().filter_map(|event| event.name).collect();
    names.dedup();
    names
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}
