//! What every client relies on, whichever strategy answers: paths, methods, bodies of any size, connections of any kind.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::api::{Anthropic, MODES, OpenAi};
use crate::http::{Connection, Request, Response};
use crate::support::{Running, Site, logged};

fn mirror() -> Running {
    Site::new().serve()
}

#[test]
fn endpoints_answer_with_and_without_the_prefix() {
    let server = mirror();
    for (api, stream) in MODES {
        let mut request = api.ask("hello", stream);
        assert_eq!(api.said(&server.send(&request)), "hello");
        request.path = request.path.replacen("/v1", "", 1);
        assert_eq!(api.said(&server.send(&request)), "hello");
        request.path += "?beta=true";
        assert_eq!(api.said(&server.send(&request)), "hello");
    }
    for path in ["/models", "/v1/models"] {
        assert_eq!(server.get(path).status, 200);
    }
}

#[test]
fn health_is_told_without_a_session_or_a_turn() {
    let server = mirror();
    let response = server.get("/health");
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["status"], "healthy");
    let first = server.ask(OpenAi, "hello", false);
    let other = mirror();
    assert_eq!(first.fixed(), other.ask(OpenAi, "hello", false).fixed());
}

const MODELS: &str = "models: [ { id: gpt-4o, created: 1715367049, owned_by: openai }, { id: org/claude:latest } ]";

#[test]
fn models_are_listed_in_the_shape_of_the_client() {
    let server = Site::new().config(MODELS).serve();
    for path in ["/models", "/v1/models"] {
        let list = server.get(path).json();
        assert_eq!(list["object"], "list");
        let first = json!({ "id": "gpt-4o", "object": "model", "created": 1_715_367_049, "owned_by": "openai" });
        assert_eq!(list["data"][0], first);
        for header in ["anthropic-version", "x-api-key"] {
            let list = server.send(&Request::get(path).header(header, "2026-10-21")).json();
            assert_eq!(list["data"][0]["type"], "model");
            assert_eq!(list["data"][0]["created_at"], "2024-05-10T18:50:49Z");
            assert_eq!(list["has_more"], false);
            assert_eq!((&list["first_id"], &list["last_id"]), (&json!("gpt-4o"), &json!("org/claude:latest")));
        }
    }
}

#[test]
fn one_model_is_told_in_the_shape_of_the_client() {
    let server = Site::new().config(MODELS).serve();
    for path in
        ["/models/gpt-4o", "/v1/models/gpt-4o", "/v1/models/org/claude:latest", "/v1/models/org%2Fclaude:latest"]
    {
        let id = if path.ends_with("4o") { "gpt-4o" } else { "org/claude:latest" };
        assert_eq!(server.get(path).json()["id"], id, "{path}");
        let anthropic = server.send(&Request::get(path).header("anthropic-version", "2026-10-21")).json();
        assert_eq!((&anthropic["id"], &anthropic["type"]), (&json!(id), &json!("model")), "{path}");
    }
    let message = OpenAi.error(&server.get("/v1/models/none"), 404);
    assert!(message.contains("none"), "{message}");
    Anthropic.error(&server.send(&Request::get("/v1/models/none").header("anthropic-version", "2026-10-21")), 404);
}

#[test]
fn any_model_is_there_where_none_is_listed() {
    let server = mirror();
    assert_eq!(server.get("/v1/models").json()["data"], json!([]));
    assert_eq!(server.get("/v1/models/whatever").json()["id"], "whatever");
    for (api, stream) in MODES {
        assert_eq!(api.model(&server.ask(api, "hello", stream)), "test-model");
    }
}

#[test]
fn where_models_are_listed_another_is_not_found() {
    let server = Site::new().config(MODELS).serve();
    for (api, stream) in MODES {
        let message = api.error(&server.ask(api, "hello", stream), 404);
        assert!(message.contains("test-model"), "{message}");
    }
}

#[test]
fn five_megabytes_come_back() {
    let server = mirror();
    let line = "A line \"with\" quotes, an emoji 🦀, a tab\tand a CRLF.\r\n";
    let prompt = line.repeat(5 * 1024 * 1024 / line.len());
    for (api, stream) in MODES {
        let response = server.ask(api, &prompt, stream);
        assert!(api.said(&response) == prompt, "{api:?}, stream: {stream}: another text");
    }
}

#[test]
fn a_thousand_messages_are_read_to_the_last() {
    let server = mirror();
    let role = |index| if index % 2 == 0 { "user" } else { "assistant" };
    let messages: Vec<_> = (0..=1_000)
        .map(|index| json!({ "role": role(index), "content": format!("message {index}, {}", "word ".repeat(20)) }))
        .collect();
    for (api, stream) in MODES {
        let response = server.send(&api.request(&api.body(messages.clone().into(), stream)));
        assert!(api.said(&response).starts_with("message 1000, word"));
    }
}

#[test]
fn odd_characters_come_back_as_they_were() {
    let server = mirror();
    for prompt in [
        "\0",
        "a\r\nb\rc\n",
        "👩‍👩‍👧‍👦 🇦🇹 e\u{301}",
        "\u{feff}\u{2028}\u{2029}\u{85}",
        "\u{10ffff}\u{fffd}\u{7f}",
        "\"\\/\u{8}\u{c}",
        "data: x\n\nevent: y",
        "  two  blanks  ",
        "[DONE]",
    ] {
        assert_eq!(server.said(prompt), prompt);
    }
}

#[test]
fn half_a_surrogate_pair_becomes_the_replacement_character() {
    let server = mirror();
    for (sent, expected) in [
        (r"\ud83e", "\u{fffd}"),
        (r"a\udd80\ud83e", "a\u{fffd}\u{fffd}"),
        (r"\ud83e\udd80", "🦀"),
        (r"\\ud83e", r"\ud83e"),
    ] {
        for (api, stream) in MODES {
            let mut request = api.ask("PROMPT", stream);
            request.body = String::from_utf8(request.body).unwrap().replace("PROMPT", sent).into();
            assert_eq!(api.said(&server.send(&request)), expected, "{sent} {api:?}");
        }
    }
}

#[test]
fn a_body_that_is_no_json_is_a_bad_request() {
    let server = mirror();
    for body in [&b""[..], b" ", b"{", b"[]", b"null", b"\xff\xfe", b"{\"model\": \"\xc3\x28\"}", b"{} {}", b"\0"] {
        for (api, _) in MODES {
            let request = Request { body: body.to_vec(), ..api.ask("", false) };
            api.error(&server.send(&request), 400);
        }
    }
    assert_eq!(server.says("still there"), "still there");
}

#[test]
fn json_that_nests_too_deeply_is_a_bad_request() {
    let server = mirror();
    for (api, stream) in MODES {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let mut request = api.ask("PROMPT", stream);
            let nested = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            request.body = String::from_utf8(request.body).unwrap().replace("\"PROMPT\"", &nested).into();
            api.error(&server.send(&request), 400);
        }
    }
}

#[test]
fn a_body_over_the_limit_is_refused_and_the_answer_arrives() {
    let server = Site::new().config("body-limit: 64KiB").serve();
    for (api, stream) in MODES {
        let message = api.error(&server.ask(api, &"x".repeat(2 << 20), stream), 413);
        assert!(!message.is_empty());
        let mut whole = api.ask("", stream);
        whole = api.ask(&"x".repeat((64 << 10) - whole.body.len()), stream);
        assert_eq!(whole.body.len(), 64 << 10);
        assert_eq!(server.send(&whole).status, 200, "a body of just the limit");
        whole.body.push(b' ');
        assert_eq!(server.send(&whole).status, 413, "a byte more");
    }
}

#[test]
fn unknown_paths_and_methods_are_refused_in_the_shape_of_the_client() {
    let server = mirror();
    for (method, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("GET", "/", 404),
        ("POST", "/v1/messages/", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/messages", 405),
        ("PUT", "/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/health", 405),
    ] {
        let response = server.send(&Request::new(method, path));
        OpenAi.error(&response, status);
        if status == 405 {
            assert!(response.header("allow").is_some(), "{method} {path}: a 405 names what is allowed");
        }
        let response = server.send(&Request::new(method, path).header("anthropic-version", "2026-10-21"));
        Anthropic.error(&response, status);
    }
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let server = mirror();
    let mut connection = server.connect();
    for round in 0..50 {
        for (api, stream) in MODES {
            let prompt = format!("round {round}");
            assert_eq!(api.said(&connection.send(&api.ask(&prompt, stream))), prompt);
        }
        OpenAi.error(&connection.send(&Request::post("/v1/chat/completions", "{")), 400);
        assert_eq!(connection.send(&Request::get("/health")).status, 200);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = mirror();
    let mut connection = server.connect();
    let requests: Vec<_> =
        (0..40).map(|n| (MODES[n % 4].0, MODES[n % 4].0.ask(&format!("number {n}"), MODES[n % 4].1))).collect();
    connection.write(&requests.iter().flat_map(|(_, request)| request.bytes()).collect::<Vec<u8>>());
    for (n, (api, _)) in requests.iter().enumerate() {
        assert_eq!(api.said(&connection.response().unwrap()), format!("number {n}"));
    }
}

#[test]
fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = mirror();
    for (api, stream) in MODES {
        let request = api.ask("hello", stream).bytes();
        let (half, rest) = request.split_at(20);
        let mut connection = server.connect();
        connection.write(&[&request, half].concat());
        assert_eq!(api.said(&connection.response().unwrap()), "hello");
        connection.write(rest);
        assert_eq!(api.said(&connection.response().unwrap()), "hello");
    }
}

#[test]
fn what_is_no_http_is_told_so_and_takes_no_answer_along() {
    let server = mirror();
    let first = |bytes: &[u8]| {
        let mut connection = server.connect();
        connection.write(bytes);
        connection.response().map(|response| response.status)
    };
    assert_eq!(first(b"nonsense\r\n\r\n"), Some(400));
    let request = Request::get("/health").bytes();
    assert_eq!(first(&[&request[..], b"nonsense\r\n\r\n"].concat()), Some(200));
    assert_eq!(server.says("hello"), "hello");
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let server = mirror();
    for (api, stream) in MODES {
        let mut connection = server.connect();
        let request = String::from_utf8(api.ask("hello", stream).bytes()).unwrap();
        connection.write(request.replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes());
        let answer = String::from_utf8(connection.read_to_end()).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert!(answer.contains("hello") && !answer.contains("transfer-encoding"), "{answer}");
    }
}

#[test]
fn a_body_may_come_in_pieces() {
    let server = mirror();
    for (api, stream) in MODES {
        let bytes = api.ask("hello there", stream).bytes();
        let mut connection = server.connect();
        for piece in bytes.chunks(bytes.len() / 12) {
            connection.write(piece);
            thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(api.said(&connection.response().unwrap()), "hello there");
    }
}

#[test]
fn a_body_may_be_chunked_and_wait_for_leave() {
    let server = mirror();
    for (api, stream) in MODES {
        let request = api.ask("hello there", stream);
        let mut connection = server.connect();
        let head = String::from_utf8(Request { body: Vec::new(), ..request.clone() }.bytes()).unwrap();
        let chunked = "expect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write(head.replace("content-length: 0\r\n\r\n", chunked).as_bytes());
        connection.read_until("HTTP/1.1 100 Continue\r\n\r\n");
        for piece in request.body.chunks(7) {
            connection.write(format!("{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)).as_bytes());
        }
        connection.write(b"0\r\n\r\n");
        assert_eq!(api.said(&connection.response().unwrap()), "hello there");
    }
}

#[test]
fn a_client_that_sends_half_a_request_disturbs_nobody() {
    let server = Site::new().workers(1).serve();
    let request = OpenAi.ask("hello", false).bytes();
    let halves: Vec<Connection> = (0..20)
        .map(|n| {
            let mut connection = server.connect();
            connection.write(&request[..request.len() * n / 20]);
            connection
        })
        .collect();
    assert_eq!(server.said("hello"), "hello");
    let (some, others) = halves.split_at(10);
    some.iter().for_each(Connection::finish_writing);
    assert_eq!(server.said("hello"), "hello");
    let _ = others;
}

#[test]
fn a_client_that_hangs_up_in_mid_stream_disturbs_nobody() {
    let server = Site::new().workers(1).config("pacing: { chunk: 100ms }").serve();
    for (api, _) in MODES {
        let mut request = api.ask(&"word ".repeat(1_000), true);
        request.path += "?hang-up";
        let mut connection = server.connect();
        connection.write(&request.bytes());
        connection.read_until("word");
        drop(connection);
    }
    logged(&["broken off", r#""path":"/v1/chat/completions""#]);
    logged(&["broken off", r#""path":"/v1/messages""#]);
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_client_that_does_not_wait_for_its_answer_is_told_in_the_log() {
    let server = Site::new().workers(1).config("pacing: { ttft: 1h }").serve();
    for (api, _) in MODES {
        let mut body = api.body(json!([{ "role": "user", "content": "hello" }]), false);
        body["model"] = format!("impatient-{api:?}").into();
        let mut connection = server.connect();
        connection.write(&api.request(&body).bytes());
        assert!(connection.is_silent_for(Duration::from_millis(50)));
        drop(connection);
        logged(&["broken off", &format!("impatient-{api:?}")]);
    }
}

#[test]
fn more_choices_than_the_provider_gives_are_refused() {
    let server = mirror();
    for (n, status) in [(1, 200), (128, 200), (129, 400), (4_000_000_000_u64, 400), (0, 400)] {
        let mut body = OpenAi.body(json!([{ "role": "user", "content": "hello" }]), false);
        body["n"] = n.into();
        assert_eq!(server.send(&OpenAi.request(&body)).status, status, "{n}");
    }
}

#[test]
fn an_answer_names_its_strategy_and_its_request() {
    let server = mirror();
    let ids = |response: &Response, name: &str| response.header(name).expect("an id").to_owned();
    let mut seen = Vec::new();
    for (api, stream) in MODES {
        let header = if api == OpenAi { "x-request-id" } else { "request-id" };
        let response = server.ask(api, "hello", stream);
        assert_eq!(response.header("x-standin-strategy"), Some("mirror"));
        seen.push(ids(&response, header));
        let prompt = r#"raise error {"code": 429, "message": "slow", "retry_after": 3}"#;
        let response = server.ask(api, prompt, stream);
        assert_eq!(api.error(&response, 429), "slow");
        assert_eq!(response.header("x-standin-strategy"), Some("error"));
        assert_eq!(response.header("retry-after"), Some("3"));
        seen.push(ids(&response, header));
        let response = server.send(&Request { body: b"{".to_vec(), ..api.ask("", stream) });
        assert_eq!(response.header("x-standin-strategy"), None);
        assert_eq!(response.header("retry-after"), None);
        seen.push(ids(&response, header));
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "ids are unique");
}

#[test]
fn a_stream_is_not_kept_by_caches_and_asked_for_alone() {
    let server = mirror();
    for (api, stream) in MODES {
        let response = server.ask(api, "hello", stream);
        let kind = if stream { "text/event-stream; charset=utf-8" } else { "application/json" };
        assert_eq!(response.header("content-type"), Some(kind));
        assert_eq!(response.header("cache-control"), stream.then_some("no-cache"));
    }
}

#[test]
fn http_2_is_spoken_on_the_same_port() {
    let server = mirror();
    let mut connection = server.connect();
    // The preface, and an empty SETTINGS frame; the answer begins with one.
    connection.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    connection.read_until("\x04\0\0\0\0\0");
}
