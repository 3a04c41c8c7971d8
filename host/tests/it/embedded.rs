//! The server as a Rust test embeds it: many at once, on ports of their own, gone when they are dropped.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::{Value, json};
use standin::mock::{Mock, MockError};

use crate::api::OpenAi;
use crate::http::{Connection, PATIENCE, Request};

/// A configuration that answers `who` with a name.
fn called(name: &str) -> Value {
    let lookup = json!({ "use": "lookup", "settings": { "responses": { "who": name } } });
    json!({ "strategies": [lookup, "mirror"], "models": [{ "id": name }, { "id": "test-model" }] })
}

fn said(address: SocketAddr, prompt: &str) -> String {
    OpenAi.said(&Connection::open(address).send(&OpenAi.ask(prompt, false)))
}

/// Whether nobody listens there any more, or somebody else does: another test may have taken the port.
fn is_gone(address: SocketAddr, name: &str) -> bool {
    TcpStream::connect(address).is_err() || said(address, "who") != name
}

#[test]
fn twenty_run_at_once_each_with_its_own_configuration() {
    let names: Vec<String> = (0..20).map(|i| format!("mock-{i}")).collect();
    let mocks: Vec<Mock> = thread::scope(|scope| {
        let start = |name: &str| Mock::builder().config(called(name).to_string()).start();
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || start(name))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    thread::scope(|scope| {
        for (mock, name) in mocks.iter().zip(&names) {
            scope.spawn(move || {
                assert_eq!(said(mock.address(), "who"), *name);
                assert_eq!(said(mock.address(), "something else"), "something else");
                let models = Connection::open(mock.address()).send(&Request::get("/v1/models")).json();
                assert_eq!(models["data"][0]["id"], json!(name));
            });
        }
    });
    let addresses: Vec<SocketAddr> = mocks.iter().map(Mock::address).collect();
    drop(mocks);
    for (address, name) in addresses.into_iter().zip(&names) {
        assert!(is_gone(address, name), "{name} still listens on {address}");
    }
}

#[test]
fn its_url_is_where_it_listens() {
    let mock = Mock::builder().start().unwrap();
    assert_eq!(mock.base_url(), format!("http://127.0.0.1:{}", mock.address().port()));
    assert_eq!(said(mock.address(), "hello"), "hello", "the default chain");
    mock.stop();
    let mock = Mock::builder().listen(([127, 0, 0, 1], 0)).workers(3).start().unwrap();
    assert_eq!(said(mock.address(), "hello"), "hello");
}

#[test]
fn a_file_is_read_as_the_server_reads_it_and_its_paths_are_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let stage = json!({ "use": "lookup", "settings-file": "answers.yml" });
    fs::write(folder.path().join("mocks.json"), json!({ "strategies": [stage], "listen": "127.0.0.1:1" }).to_string())
        .unwrap();
    fs::write(folder.path().join("answers.yml"), "responses: { who: a file }").unwrap();
    let mock = Mock::builder().config_file(folder.path().join("mocks.json")).start().unwrap();
    assert_eq!(said(mock.address(), "who"), "a file");
}

#[test]
fn a_file_of_mocks_is_embedded_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let response = json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1_677_652_288, "model": "m", "choices": [
        { "index": 0, "message": { "role": "assistant", "content": "two nodes" }, "finish_reason": "stop" },
    ] });
    let matched = json!({ "match_type": "contains", "message": { "role": "user", "content": "nodes" } });
    let mocks = json!({ "openai": [{ "name": "first", "match": matched, "response": response }] });
    let file = folder.path().join("mocks.json");
    fs::write(&file, mocks.to_string()).unwrap();
    let mock = Mock::builder().config_file(&file).start().unwrap();
    let mut connection = Connection::open(mock.address());
    let answer = connection.send(&OpenAi.ask("List all nodes", false));
    assert_eq!((answer.status, answer.json()["id"].clone()), (200, json!("chatcmpl-1")), "{}", answer.fixed());
    assert_eq!(OpenAi.said(&answer), "two nodes");
    assert_eq!(OpenAi.said(&connection.send(&OpenAi.ask("List all nodes", true))), "two nodes");
    assert_eq!(connection.send(&OpenAi.ask("something else", false)).status, 404);
}

#[test]
fn the_seed_decides_the_ids() {
    let id = |seed| {
        let mock = Mock::builder().config("seed: 1").seed(seed).start().unwrap();
        Connection::open(mock.address()).send(&OpenAi.ask("hello", false)).json()["id"].clone()
    };
    assert_eq!(id(7), id(7));
    assert_ne!(id(7), id(8));
}

#[test]
fn what_cannot_start_says_why() {
    let error = |builder: standin::mock::Builder| match builder.start() {
        Ok(_) => panic!("this started, and should not"),
        Err(error) => error,
    };
    let wrong = error(Mock::builder().config("strategies: [mirror, nobody]\nseed: many"));
    let text = wrong.to_string();
    assert!(matches!(wrong, MockError::Config(_)), "{text}");
    assert!(text.contains("nobody") && text.contains("seed") && text.contains("mock.yaml:1:22"), "{text}");
    let missing = error(Mock::builder().config_file("no/such/file.yaml")).to_string();
    assert!(missing.contains("no/such/file.yaml"), "{missing}");
    let first = Mock::builder().start().unwrap();
    let taken = error(Mock::builder().listen(first.address()));
    assert!(matches!(&taken, MockError::Listen { address, .. } if *address == first.address()), "{taken}");
    assert!(taken.to_string().starts_with(&format!("cannot listen on {}: ", first.address())), "{taken}");
}

#[test]
fn within_a_runtime_it_starts_and_stops_as_well() {
    for runtime in
        [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()].iter_mut()
    {
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            let mock = Mock::builder().config(called("inside").to_string()).start().unwrap();
            // Held open by a task of the runtime that the drop blocks.
            let _idle = tokio::net::TcpStream::connect(mock.address()).await.unwrap();
            let address = mock.address();
            assert_eq!(tokio::task::spawn_blocking(move || said(address, "who")).await.unwrap(), "inside");
            drop(mock);
            assert!(tokio::task::spawn_blocking(move || is_gone(address, "inside")).await.unwrap());
        });
    }
}

#[test]
fn an_open_stream_does_not_keep_it() {
    let mock = Mock::builder().config("pacing: { ttft: 1h }\nshutdown-timeout: 1h").start().unwrap();
    let mut waits = Connection::open(mock.address());
    waits.write(&OpenAi.ask("hello", true).bytes());
    // The head is there at once; the first word is an hour away.
    waits.read_until("\r\n\r\n");
    let started = Instant::now();
    drop(mock);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert!(started.elapsed() >= Duration::from_millis(100), "what is open has a little time");
    waits.read_to_end();
}
