//! The load: many connections, one request at a time on each, every answer checked.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::servers::Server;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Whatever comes back is right.
    Fixed,
    Unary,
    OpenAiStream,
    AnthropicStream,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Run {
    pub(crate) requests: u64,
    pub(crate) frames: u64,
    pub(crate) cpu_us: f64,
}

/// How many words a streamed prompt has, and so how many chunks its mirror.
const WORDS: usize = 200;

pub(crate) async fn run(server: &Server, load: Load, connections: usize, time: Duration, round: u64) -> Run {
    let until = Instant::now() + time;
    let before = server.cpu_us();
    let tasks: Vec<_> = (0..connections as u64)
        .map(|connection| tokio::spawn(drive(server.port, load, until, round << 48 | connection << 32)))
        .collect();
    let mut run = Run::default();
    for task in tasks {
        let done = task.await.unwrap();
        run.requests += done.requests;
        run.frames += done.frames;
    }
    run.cpu_us = server.cpu_us() - before;
    run
}

async fn drive(port: u16, load: Load, until: Instant, first: u64) -> Run {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut run = Run::default();
    let mut answer = Vec::with_capacity(64 << 10);
    let mut number = first;
    while Instant::now() < until {
        number += 1;
        let prompt = prompt(load, number);
        stream.write_all(&request(load, &prompt)).await.unwrap();
        answer.clear();
        let body = loop {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "the server hung up");
            if let Some(body) = whole(&answer) {
                break body;
            }
        };
        run.frames += check(load, &prompt, body);
        run.requests += 1;
    }
    run
}

fn prompt(load: Load, number: u64) -> String {
    match load {
        Load::Fixed | Load::Unary => format!("The quick brown fox jumps over the lazy dog {number}"),
        Load::OpenAiStream | Load::AnthropicStream => {
            let mut text = format!("n{number}");
            for word in 1..WORDS {
                text += " w";
                text += &(word as u64 * 7 % 1_000).to_string();
            }
            text
        }
    }
}

fn request(load: Load, prompt: &str) -> Vec<u8> {
    let stream = matches!(load, Load::OpenAiStream | Load::AnthropicStream);
    let (path, more) = match load {
        Load::AnthropicStream => ("/v1/messages", "anthropic-version: 2023-06-01\r\n"),
        _ => ("/v1/chat/completions", ""),
    };
    let body = format!(
        r#"{{"model":"gpt-4o","max_tokens":4096,"stream":{stream},"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
    );
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer x\r\n{more}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The body, once it is whole. Unpaced answers, streams too, come with their length.
fn whole(answer: &[u8]) -> Option<&[u8]> {
    let head = find(answer, b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    answer.get(head + 4..head + 4 + length.parse::<usize>().unwrap())
}

/// Checks that the answer is the prompt, and counts the frames of a stream.
fn check(load: Load, prompt: &str, body: &[u8]) -> u64 {
    let (begin, end): (&[u8], &[u8]) = match load {
        Load::Fixed => return 0,
        Load::Unary => {
            let wanted = format!("\"content\":\"{prompt}\"");
            assert!(find(body, wanted.as_bytes()).is_some(), "{}", String::from_utf8_lossy(body));
            return 0;
        }
        Load::OpenAiStream => (b"\"delta\":{\"content\":\"", b"\"}"),
        Load::AnthropicStream => (b"\"text_delta\",\"text\":\"", b"\"}"),
    };
    let mut text = Vec::with_capacity(prompt.len());
    let mut frames = 0;
    let mut rest = body;
    while let Some(stop) = find(rest, b"\n\n") {
        let frame = &rest[..stop];
        frames += 1;
        if let Some(at) = find(frame, begin) {
            let delta = &frame[at + begin.len()..];
            text.extend_from_slice(&delta[..find(delta, end).unwrap()]);
        }
        rest = &rest[stop + 2..];
    }
    assert!(rest.is_empty(), "the stream ends in a frame: {}", String::from_utf8_lossy(rest));
    assert_eq!(String::from_utf8_lossy(&text), prompt);
    frames
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}

/// Asks over new connections until there is an answer.
pub(crate) fn ask_until_answered(port: u16) {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if let Ok(mut stream) = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            stream.write_all(&request(Load::Unary, "first")).unwrap();
            let mut answer = [0; 2_048];
            if stream.read(&mut answer).is_ok_and(|length| length > 0) {
                return;
            }
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    panic!("no answer on port {port}");
}

/// Asks five thousand times, one prompt after the other.
pub(crate) fn ask_often(port: u16) {
    ask_until_answered(port);
    let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut answer = Vec::new();
    for number in 0..5_000 {
        let prompt = prompt(Load::Unary, number);
        stream.write_all(&request(Load::Unary, &prompt)).unwrap();
        answer.clear();
        let mut piece = [0; 4_096];
        while whole(&answer).is_none() {
            let length = stream.read(&mut piece).unwrap();
            assert_ne!(length, 0, "the server hung up");
            answer.extend_from_slice(&piece[..length]);
        }
    }
}
