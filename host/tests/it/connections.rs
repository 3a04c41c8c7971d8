//! Clients that are hostile, broken or too many: each meets a bound with a clear status, and others are served meanwhile.

use serde_json::json;

use crate::api::{Api, MODES};
use crate::http::{Connection, Request};
use crate::support::{Running, Site, eventually};

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM_AND_HEADERS: u8 = 5;

/// The connection preface, and empty settings.
fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(4, 0, 0, &[])].concat()
}

/// `GET path` on a stream, in HPACK without Huffman codes (RFC 7541).
fn get(stream: u32, path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    let block = [&[0x82, 0x86, 0x41, 4], b"test".as_slice(), &[0x44, length], path.as_bytes()].concat();
    frame(HEADERS, END_STREAM_AND_HEADERS, stream, &block)
}

/// The frames that come until the connection closes, or one that is wanted.
fn read_frames(connection: &mut Connection, wanted: impl Fn(u8, u32, &[u8]) -> bool) -> Option<Vec<u8>> {
    use std::io::Read;
    loop {
        let mut head = [0; 9];
        connection.socket.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        connection.socket.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if wanted(head[3], stream, &payload) {
            return Some(payload);
        }
    }
}

#[track_caller]
fn answers(server: &Running) {
    assert_eq!(server.says("still there?"), "still there?");
}

#[test]
fn http_2_without_tls_is_served_beside_http_1() {
    let server = Site::new().serve();
    let mut connection = server.connect();
    // The preface comes in pieces: what has been seen of it is not yet a request.
    let bytes = preface();
    connection.write(&bytes[..3]);
    answers(&server);
    connection.write(&bytes[3..]);
    connection.write(&get(1, "/health"));
    let body = read_frames(&mut connection, |kind, stream, payload| kind == 0 && stream == 1 && !payload.is_empty());
    assert!(String::from_utf8(body.expect("data")).unwrap().contains("status"));
}

#[test]
fn streams_that_are_reset_at_once_end_their_connection_alone() {
    const ENHANCE_YOUR_CALM: u32 = 11;
    let server = Site::new().workers(1).serve();
    let mut connection = server.connect();
    let mut flood = preface();
    for number in 0..5_000 {
        let stream = number * 2 + 1;
        flood.extend(get(stream, "/health"));
        flood.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    // It may be closed while it is still being written to.
    let _ = std::io::Write::write_all(&mut connection.socket, &flood);
    answers(&server);
    let goaway = read_frames(&mut connection, |kind, _, _| kind == GOAWAY);
    if let Some(goaway) = goaway {
        assert_eq!(u32::from_be_bytes(goaway[4..8].try_into().unwrap()), ENHANCE_YOUR_CALM);
    }
    answers(&server);
}

#[test]
fn more_connections_than_allowed_are_told_so_and_take_their_place_later() {
    let server = Site::new().config(json!({ "connections": 3, "strategies": ["mirror"] })).serve();
    // Two that say nothing, and one that works.
    let (first, mut second) = (server.connect(), server.connect());
    let mut third = server.connect();
    assert_eq!(third.send(&Request::get("/health")).status, 200);
    let refused = server.send(&Request::get("/health"));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    let message = "3 connections are open, which is as many as `connections` allows";
    assert_eq!(refused.json()["error"]["message"], message);
    // Those that are open go on.
    assert_eq!(second.send(&Request::get("/health")).status, 200);
    drop(first);
    eventually("a place is free again", || server.send(&Request::get("/health")).status == 200);
}

#[test]
fn thousands_of_attempts_against_the_cap_cost_no_request() {
    let server = Site::new().config(json!({ "connections": 64, "strategies": ["mirror"] })).serve();
    let mut client = server.connect();
    let ask = |client: &mut Connection| client.send(&Api::OpenAi.ask("hello", false)).status;
    assert_eq!(ask(&mut client), 200);
    let idle: Vec<_> = (0..63).map(|_| server.connect()).collect();
    for _ in 0..2_000 {
        drop(server.connect());
    }
    assert_eq!(ask(&mut client), 200);
    drop(idle);
    eventually("there is room again", || server.send(&Request::get("/health")).status == 200);
}

#[test]
fn a_compressed_body_is_refused_in_the_provider_s_shape() {
    let server = Site::new().serve();
    for (api, stream) in MODES {
        let request = api.ask("hello", stream).header("content-encoding", "gzip");
        let message = api.error(&server.send(&request), 415);
        assert_eq!(message, "content-encoding: found `gzip`, expected none; send the body as it is");
        let request = api.ask("hello", stream).header("content-encoding", "identity");
        assert_eq!(server.send(&request).status, 200);
    }
    let request = Request::post("/_standin/verify", "{}").header("content-encoding", "br");
    assert_eq!(server.send(&request).status, 415);
}

#[test]
fn a_head_has_bounds() {
    let server = Site::new().serve();
    // The bound is looked at between two reads, so what is well above it is refused. The connection may be closed while the
    // rest is still being sent.
    let large = Request::get("/health").header("x-large", &"x".repeat(1 << 20));
    let mut connection = server.connect();
    let _ = std::io::Write::write_all(&mut connection.socket, &large.bytes());
    let answer = String::from_utf8_lossy(&connection.read_to_end()).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let many = (0..200).fold(Request::get("/health"), |request, n| request.header(&format!("x-{n}"), "1"));
    assert_eq!(server.send(&many).status, 431);
    let fits = Request::get("/health").header("x-large", &"x".repeat(60 << 10));
    assert_eq!(server.send(&fits).status, 200);
}

#[test]
fn what_is_no_http_is_a_400_or_a_closed_connection() {
    let server = Site::new().serve();
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"]
    {
        let mut connection = server.connect();
        connection.write(bytes);
        connection.finish_writing();
        let answer = String::from_utf8_lossy(&connection.read_to_end()).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer}");
    }
    answers(&server);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Site::new().serve();
    let mut connection = server.connect();
    let requests: Vec<_> = (0..20).map(|n| Api::OpenAi.ask(&format!("number {n}"), n % 2 == 1)).collect();
    connection.write(&requests.iter().flat_map(Request::bytes).collect::<Vec<u8>>());
    for n in 0..20 {
        let response = connection.response().expect("an answer");
        assert!(response.text().contains(&format!("{n}")), "{n}: {}", response.text());
        assert_eq!(response.status, 200);
    }
}

#[test]
fn deeply_nested_json_is_refused() {
    let server = Site::new().serve();
    for (api, stream) in MODES {
        let mut request = api.ask("hello", stream);
        let nested = "[".repeat(100_000) + &"]".repeat(100_000);
        let body = String::from_utf8(request.body).unwrap();
        request.body = body.replacen("\"hello\"", &nested, 1).into_bytes();
        assert_eq!(server.send(&request).status, 400);
    }
    answers(&server);
}
