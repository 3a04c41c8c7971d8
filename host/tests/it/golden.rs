//! Golden files: what goes over the wire, to the byte.
//!
//! `tests/golden/<name>.request.json` is a body; `<name>.unary.txt` is what comes back, status line, headers and body, and
//! `<name>.stream.txt` the same where the client wants a stream, for which `"stream":true` is put at the front of the body.
//! The name begins with the endpoint ([`ENDPOINTS`]). `<name>.head`, where it is there, is another first line, and more headers.
//!
//! `UPDATE_GOLDEN=1 cargo test --release -p standin --test it golden` writes what comes back: read the difference.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use crate::api::{Anthropic, OpenAi};
use crate::http::Request;
use crate::support::{Running, Site};

const CONFIG: &str = "
models:
  - { id: gpt-4o, created: 1715367049, owned_by: openai }
  - { id: claude-sonnet-4-5, created: 1759104000, owned_by: anthropic }
  - { id: text-embedding-3-small, created: 1705948997, owned_by: system }
body-limit: 4KiB
";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The names of the files with this ending, without it.
fn names(ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.filter_map(|file| file.strip_suffix(ending).map(str::to_owned)).collect()
}

/// What the names of the cases begin with, and where they are sent.
const ENDPOINTS: [(&str, &str); 8] = [
    ("openai-", "/v1/chat/completions"),
    ("responses-", "/v1/responses"),
    ("completions-", "/v1/completions"),
    ("embeddings-", "/v1/embeddings"),
    ("moderations-", "/v1/moderations"),
    ("anthropic-", "/v1/messages"),
    ("anthropic-count-", "/v1/messages/count_tokens"),
    ("models-", "/v1/models"),
];

fn request(name: &str, stream: bool) -> Request {
    let api = if name.starts_with("anthropic") { Anthropic } else { OpenAi };
    let (_, path) = ENDPOINTS.into_iter().rfind(|(prefix, _)| name.starts_with(prefix)).expect("a known endpoint");
    let body = fs::read_to_string(folder().join(format!("{name}.request.json"))).unwrap();
    let body = match body.strip_prefix('{') {
        Some(rest) if stream => format!("{{\"stream\":true,{rest}"),
        _ => body,
    };
    let mut request = Request { path: path.to_owned(), body: body.into(), ..api.request(&().into()) };
    if let Ok(head) = fs::read_to_string(folder().join(format!("{name}.head"))) {
        let mut lines = head.lines();
        let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("a method and a path");
        request = Request { method: method.to_owned(), path: path.to_owned(), ..request };
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
    }
    request.session(name)
}

/// Asks for every case, and compares. Each mode has a server of its own, so that both have the same ids.
fn compare(server: &Running, mode: &str) {
    let mut different = String::new();
    for name in names(".request.json") {
        let came = server.send(&request(&name, mode == "stream")).fixed();
        let file = folder().join(format!("{name}.{mode}.txt"));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, &came).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if came != expected {
            different += &format!("\n=== {}, expected:\n{expected}\n--- came:\n{came}\n", file.display());
        }
    }
    assert!(different.is_empty(), "{different}\nUPDATE_GOLDEN=1 writes what came");
}

#[test]
fn golden_unary() {
    compare(&Site::new().config(CONFIG).serve(), "unary");
}

#[test]
fn golden_stream() {
    compare(&Site::new().config(CONFIG).serve(), "stream");
}

#[test]
fn every_golden_file_belongs_to_a_request() {
    let requests = names(".request.json");
    assert!(requests.len() > 50);
    for file in names("") {
        let name =
            [".request.json", ".unary.txt", ".stream.txt", ".head"].iter().find_map(|end| file.strip_suffix(end));
        assert!(name.is_some_and(|name| requests.contains(name)), "{file} belongs to no request");
    }
}

#[test]
fn both_providers_have_the_same_cases() {
    let of = |provider| {
        let names = names(".request.json").into_iter();
        names.filter_map(|name| name.strip_prefix(provider).map(str::to_owned)).collect::<BTreeSet<_>>()
    };
    // What one of them alone has a word for.
    let alone = [
        "-choices",
        "-include-usage",
        "-developer",
        "-max-tokens-missing",
        "-count-",
        "-logprobs",
        "-functions",
        "-audio",
        "-obfuscation",
    ];
    let shared = |names: BTreeSet<String>| {
        let has_pair = |name: &String| !alone.iter().any(|start| name.starts_with(start));
        names.into_iter().filter(has_pair).collect::<BTreeSet<_>>()
    };
    assert_eq!(shared(of("openai")), shared(of("anthropic")));
}
