//! What a strategy may do beyond answering: nothing, and what is granted. The guest does what the prompt says.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::{fs, thread};

use serde_json::{Value, json};

use crate::api::OpenAi;
use crate::guests;
use crate::http::{Connection, Request};
use crate::support::{Running, Site, logged};

/// A folder with the guest under this name, and `mirror` behind it.
fn granted(name: &str, allow: Value) -> Site {
    with(name, allow, json!({}))
}

fn with(name: &str, allow: Value, limits: Value) -> Site {
    let stage = json!({ "use": name, "allow": allow, "limits": limits });
    Site::new().workers(1).guest("rights", name).chain(json!([stage, "mirror"]))
}

/// The same with a folder that may be read, and beside it what may not.
fn reader(name: &str) -> Running {
    let site = granted(name, json!({ "read": ["./data"] }));
    let site = site.file("data/hello.txt", "Good day").file("data/deep/er.txt", "deeper").file("secret.txt", "hidden");
    symlink("../secret.txt", site.path("data/link.txt")).unwrap();
    symlink(site.path("secret.txt"), site.path("data/absolute.txt")).unwrap();
    symlink("..", site.path("data/up")).unwrap();
    symlink("hello.txt", site.path("data/within.txt")).unwrap();
    site.serve()
}

#[test]
fn a_granted_directory_is_read_under_the_path_that_is_written() {
    let server = reader("reader");
    for path in ["./data/hello.txt", "data/hello.txt", "/data/hello.txt", "data/deep/../hello.txt", "data/within.txt"] {
        assert_eq!(server.says(&format!("read {path}")), "Good day", "{path}");
    }
    assert_eq!(server.says("size data/deep/er.txt"), "6");
    assert_eq!(server.says("list data/deep"), "er.txt");
    assert_eq!(server.says("list data"), "absolute.txt deep hello.txt link.txt up within.txt");
    assert_eq!(server.said("hello"), "hello");
    assert!(server.says("read data/nothing.txt").starts_with("no: No such file"));
}

#[test]
fn no_way_leads_out_of_a_granted_directory() {
    let server = reader("walker");
    for path in [
        "data/../secret.txt",
        "data/deep/../../secret.txt",
        "./data/./../secret.txt",
        "data/link.txt",
        "data/absolute.txt",
        "data/up/secret.txt",
        "secret.txt",
        "/etc/passwd",
    ] {
        for verb in ["read", "size"] {
            let said = server.says(&format!("{verb} {path}"));
            assert!(said.starts_with("no: "), "{verb} {path}: {said}");
        }
    }
    logged(&[
        r#""strategy":"walker""#,
        "../secret.txt",
        "grants reading what lies in ./data, and nothing else",
        "WARN",
    ]);
    let message = server.fails("read! data/link.txt", 500);
    assert!(message.contains("`link.txt` cannot be opened"), "{message}");
    let message = server.fails("read! /etc/passwd", 500);
    assert!(message.contains(r#"not granted: add `allow: { read: ["/etc"] }` to this strategy"#), "{message}");
}

#[test]
fn nothing_can_be_written() {
    let server = reader("writer");
    for prompt in ["write data/new.txt", "write data/hello.txt", "remove data/hello.txt", "write new.txt"] {
        let said = server.says(prompt);
        assert!(said.starts_with("no: "), "{prompt}: {said}");
    }
    logged(&[r#""strategy":"writer""#, "`hello.txt` cannot be changed: a strategy may read files at most", "WARN"]);
    assert_eq!(fs::read_to_string(server.site.path("data/hello.txt")).unwrap(), "Good day");
    assert!(!server.site.path("data/new.txt").exists() && !server.site.path("new.txt").exists());
}

#[test]
fn a_file_that_is_not_granted_is_named_with_what_to_add() {
    let server = granted("unread", json!({})).serve();
    let wanted = r#"`/etc/passwd` cannot be read: not granted: add `allow: { read: ["/etc"] }` to this strategy"#;
    assert!(server.says("read /etc/passwd").starts_with("no: Permission denied"));
    assert_eq!(logged(&[r#""strategy":"unread""#, "/etc/passwd"])["message"], wanted);
    let message = server.fails("read! /etc/passwd", 500);
    assert!(message.starts_with("The strategy `unread` failed: Permission denied"), "{message}");
    assert!(message.ends_with(&format!(" ({wanted})")), "{message}");
    assert!(server.says("list /").starts_with("no: "), "the root is closed");
    // What was refused in one call is no reason of the next one's failure.
    let message = server.fails("panic twice", 500);
    assert!(message.contains("twice") && !message.contains("not granted"), "{message}");
}

#[test]
fn a_plugin_that_asks_for_nothing_is_told_nothing() {
    let server = granted("modest", json!({})).serve();
    server.fails("panic modestly", 500);
    server.fails("variable! NOTHING", 500);
    assert_eq!(server.said("hello"), "hello");
    assert_eq!(crate::support::count_logged(r#""level":"WARN","strategy":"modest""#), 0);
}

#[test]
fn the_environment_shows_what_is_granted_and_set() {
    assert_eq!(granted("blind", json!({})).serve().says("variables"), "");
    let server = granted("seeing", json!({ "env": ["PATH", "STANDIN_TEST_NOT_SET"] })).serve();
    assert_eq!(server.says("variables"), "PATH");
    assert_eq!(server.says("variable PATH"), std::env::var("PATH").unwrap());
    assert!(server.says("variable STANDIN_TEST_NOT_SET").starts_with("no: "));
    // The same for one that may wait.
    let server = granted("watching", json!({ "env": ["PATH"], "http": ["localhost"] })).serve();
    assert_eq!(server.says("variables"), "PATH");
}

#[test]
fn who_misses_a_variable_is_told_what_to_add() {
    let server = granted("missing", json!({})).serve();
    let message = server.fails("variable! PATH", 500);
    assert!(message.ends_with("(it sees no environment variables: add `allow: { env: [NAME] }` to this strategy)"));
    let stage = json!({ "use": "needy", "settings": { "needs": "PATH" } });
    let refused = Site::new().guest("rights", "needy").chain(json!([stage])).refused();
    assert!(
        refused.contains("refuses its settings: PATH: ") && refused.contains("allow: { env: [NAME] }"),
        "{refused}"
    );
    let stage = json!({ "use": "needy", "settings": { "needs": "PATH" }, "allow": { "env": ["PATH"] } });
    Site::new().guest("rights", "needy").chain(json!([stage])).build().unwrap();
}

/// A host: answers each request as the function says, on a thread for each connection.
fn host(answer: impl Fn(&str, TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let line = lines.next().and_then(Result::ok).unwrap_or_default();
                while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
                answer(&line, stream);
            });
        }
    });
    address
}

fn say(mut stream: TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
}

#[test]
fn a_granted_host_is_asked() {
    let address = host(|line, stream| say(stream, "200 OK", "", &format!("you asked {line}")));
    let server = granted("asker", json!({ "http": [address.to_string()] })).serve();
    assert_eq!(server.said(&format!("get http://{address}/a?b=c")), "200 you asked GET /a?b=c HTTP/1.1");
    let large = "x".repeat(300_000);
    let expected = format!("200 {large}");
    let address = host(move |_, stream| say(stream, "200 OK", "", &large));
    let server = granted("collector", json!({ "http": [address.to_string()] })).serve();
    assert_eq!(server.says(&format!("get http://{address}")), expected);
}

#[test]
fn a_host_that_is_not_granted_is_named_with_what_to_add() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let address = host(move |_, stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        say(stream, "200 OK", "", "found");
    });
    let port = address.port();
    let missing = |host: &str| format!(r#"not granted: add `allow: {{ http: ["{host}"] }}` to this strategy"#);
    for (name, allow) in [
        ("no-host", json!({})),
        ("other-host", json!({ "http": [format!("localhost:{port}")] })),
        ("other-port", json!({ "http": ["127.0.0.1", "127.0.0.1:1"] })),
        ("files-alone", json!({ "read": ["."] })),
    ] {
        let server = granted(name, allow).serve();
        let said = server.says(&format!("get http://{address}/"));
        assert!(said.contains(&missing(&address.to_string())), "{name}: {said}");
        assert!(server.says("get http://example.com/").contains(&missing("example.com")), "{name}");
        assert!(server.says("get https://example.com:8443/").contains(&missing("example.com:8443")), "{name}");
        let message = server.fails(&format!("get! http://{address}/"), 500);
        assert!(message.contains(&missing(&address.to_string())), "{name}: {message}");
        assert_eq!(message.matches("not granted").count(), 1, "{message}");
        logged(&[&format!(r#""strategy":"{name}""#), "not granted", "WARN"]);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_redirect_is_an_answer_and_leads_nowhere() {
    let elsewhere = host(|_, stream| say(stream, "200 OK", "", "elsewhere"));
    let address =
        host(move |_, stream| say(stream, "302 Found", &format!("location: http://{elsewhere}/\r\n"), "there"));
    let server = granted("redirected", json!({ "http": [address.to_string()] })).serve();
    assert_eq!(server.says(&format!("get http://{address}/")), "302 there");
}

#[test]
fn a_response_is_bounded_by_the_reply_limit() {
    let address = host(|_, stream| say(stream, "200 OK", "", &"x".repeat(10_000)));
    let allow = json!({ "http": [address.to_string()] });
    let server = with("bounded", allow, json!({ "reply": "4KiB" })).serve();
    let said = server.says(&format!("get http://{address}/"));
    assert!(said.starts_with("no: "), "{said}");
}

#[test]
fn nobody_listens_and_nobody_knows_the_name() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = granted("lonely", json!({ "http": [format!("127.0.0.1:{port}"), "*.invalid"] })).serve();
    let said = server.says(&format!("get http://127.0.0.1:{port}/"));
    assert!(said.contains("ConnectionRefused"), "{said}");
    let said = server.says("get http://nobody.invalid/");
    assert!(said.contains("nobody.invalid:80 cannot be reached"), "{said}");
}

/// A host that takes a request and answers once it is told to; `arrived` tells that a request is there.
fn patient_host() -> (SocketAddr, Receiver<TcpStream>) {
    let (arrived, arrivals): (Sender<TcpStream>, _) = channel();
    let arrived = Mutex::new(arrived);
    (host(move |_, stream| drop(arrived.lock().unwrap().send(stream))), arrivals)
}

#[test]
fn a_worker_serves_others_while_a_strategy_waits() {
    let (address, arrivals) = patient_host();
    let server = with("patient", json!({ "http": [address.to_string()] }), json!({ "time": "60s" })).serve();
    let mut waiting: Vec<Connection> = (0..3).map(|_| server.connect()).collect();
    let mut streams = Vec::new();
    for connection in &mut waiting {
        connection.write(&OpenAi.ask(&format!("get http://{address}/"), false).bytes());
        streams.push(arrivals.recv().unwrap());
    }
    // All three wait in this moment, and the only worker has time.
    for prompt in ["one", "two", "three"] {
        assert_eq!(server.said(prompt), prompt);
    }
    assert_eq!(server.says("count"), "1", "in an instance of its own");
    for stream in streams {
        say(stream, "200 OK", "", "at last");
    }
    for connection in &mut waiting {
        assert_eq!(OpenAi.said(&connection.response().unwrap()), "200 at last");
    }
}

#[test]
fn a_silent_host_takes_no_longer_than_the_limit() {
    let (address, arrivals) = patient_host();
    let server = with("silent", json!({ "http": [address.to_string()] }), json!({ "time": "150ms" })).serve();
    let message = OpenAi.error(&server.ask(OpenAi, &format!("get http://{address}/"), false), 504);
    assert_eq!(message, "The strategy `silent` did not finish within 150 ms");
    // The connection went with the call.
    let mut stream = BufReader::new(arrivals.recv().unwrap());
    assert_eq!(stream.read_line(&mut String::new()).unwrap_or(0), 0);
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_client_that_goes_away_ends_the_call() {
    let (address, arrivals) = patient_host();
    let server = with("left", json!({ "http": [address.to_string()] }), json!({ "time": "10min" })).serve();
    let mut connection = server.connect();
    connection.write(&OpenAi.ask(&format!("get http://{address}/"), false).bytes());
    let mut stream = BufReader::new(arrivals.recv().unwrap());
    drop(connection);
    assert_eq!(stream.read_line(&mut String::new()).unwrap_or(0), 0);
    assert_eq!(server.says("count"), "1");
}

#[test]
fn a_loop_keeps_the_only_worker_from_nothing() {
    let server = with("looping", json!({ "http": ["localhost"] }), json!({ "time": "60s" })).serve();
    let mut looping = server.connect();
    looping.write(&OpenAi.ask("loop for-ever", false).bytes());
    logged(&[r#""strategy":"looping""#, "looping for-ever"]);
    for prompt in ["one", "two", "three"] {
        assert_eq!(server.said(prompt), prompt);
    }
    drop(looping);
    let server = with("stopped", json!({ "http": ["localhost"] }), json!({ "time": "100ms" })).serve();
    let message = OpenAi.error(&server.ask(OpenAi, "loop a-while", false), 504);
    assert_eq!(message, "The strategy `stopped` did not finish within 100 ms");
}

#[test]
fn so_many_calls_are_under_way_and_the_others_wait_for_their_turn() {
    const MOST: usize = 64;
    const CALLS: usize = 70;
    let gate = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let theirs = Arc::clone(&gate);
    let address = host(move |_, stream| {
        let (state, changed) = &*theirs;
        let mut open = state.lock().unwrap();
        open.0 += 1;
        open.1 = open.1.max(open.0);
        changed.notify_all();
        // Nobody is answered before there are as many as there may be.
        open = changed.wait_while(open, |open| open.1 < MOST).unwrap();
        open.0 -= 1;
        drop(open);
        say(stream, "200 OK", "", "done");
    });
    let server = with("crowd", json!({ "http": [address.to_string()] }), json!({ "time": "60s" })).serve();
    let mut waiting: Vec<Connection> = (0..CALLS).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        connection.write(&OpenAi.ask(&format!("get http://{address}/"), false).bytes());
    }
    for connection in &mut waiting {
        assert_eq!(OpenAi.said(&connection.response().unwrap()), "200 done");
    }
    assert_eq!(gate.0.lock().unwrap().1, MOST);
}

#[test]
fn a_silent_host_at_load_is_no_reason_not_to_serve() {
    let (address, _arrivals) = patient_host();
    let stage = json!({
        "use": "eager", "settings": { "always": format!("get http://{address}/") },
        "allow": { "http": [address.to_string()] }, "limits": { "time": "100ms" },
    });
    let server = Site::new().guest("rights", "eager").chain(json!([stage])).serve();
    logged(&[r#""strategy":"eager""#, "as it was tried at load, `respond` did not finish within 100 ms", "WARN"]);
    assert_eq!(server.says("count"), "1");
}

#[test]
fn a_sleep_lasts_and_the_seeded_clock_leaps_over_it() {
    let server = with("sleeper", json!({ "http": ["localhost"] }), json!({ "time": "60s" })).serve();
    assert_eq!(server.says("sleep 30"), "true true");
    // Without a grant it is refused at once, as before.
    let message = granted("waker", json!({})).serve().fails("sleep 30", 500);
    assert!(message.contains("tried to wait"), "{message}");
}

#[test]
fn sockets_are_refused_whatever_is_granted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    for (name, allow) in [("plain", json!({})), ("knocker", json!({ "http": [address.to_string()], "read": ["."] }))] {
        let server = granted(name, allow).serve();
        let message = server.fails(&format!("connect! {address}"), 500);
        assert!(message.contains("there are no sockets for a strategy"), "{message}");
    }
    assert!(listener.accept().is_err());
}

#[test]
fn a_waiting_strategy_keeps_its_instance_until_a_reload() {
    let site = granted("keeper", json!({ "read": ["."] }));
    let server = site.serve_watched();
    assert_eq!([server.says("count"), server.says("count")], ["1", "2"]);
    let config = json!({ "seed": 1, "strategies": [{ "use": "keeper", "allow": { "read": ["."] } }, "mirror"] });
    server.site.put("standin.yaml", config.to_string().as_bytes());
    crate::support::eventually("the old instance goes", || server.says("count") == "1");
    let stage = json!({ "use": "keeper", "allow": { "read": ["."] }, "isolation": "fresh" });
    let server = Site::new().workers(1).guest("rights", "keeper").chain(json!([stage])).serve();
    assert_eq!([server.says("count"), server.says("count")], ["1", "1"]);
}

#[test]
fn what_is_granted_is_shown() {
    let allow = json!({ "env": ["PATH"], "read": ["./data"], "http": ["*.example.com", "127.0.0.1:8080"] });
    let site = granted("shown", allow.clone()).file("data/a", "");
    let server = site.serve();
    let strategies = server.get("/_standin/strategies").json();
    assert_eq!(strategies["strategies"][0]["allow"], allow);
    assert_eq!(strategies["strategies"][0]["limits"]["time_ms"], 5_000);
    assert_eq!(strategies["strategies"][1]["allow"], json!({}));
    assert_eq!(strategies["strategies"][1]["limits"]["time_ms"], 20);
    assert_eq!(server.get("/_standin/config").json()["strategies"][0]["allow"], allow);
}

#[test]
fn a_waiting_strategy_is_explained() {
    let server = reader("explained");
    let question = OpenAi.body(json!([{ "role": "user", "content": "read data/hello.txt" }]), false);
    let told = server.send(&Request::post("/_standin/explain", question.to_string())).json();
    assert!(told.to_string().contains("Good day"), "{told}");
}

#[test]
fn inspect_says_what_a_component_may_ask_for() {
    let site = Site::new().guest("rights", "rights");
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.args(["inspect", "rights.wasm"]).current_dir(site.path("strategies"));
    let output = command.env("STANDIN_CACHE_DIR", guests::tmp().join("cache")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for line in [
        "rights      none, unless the configuration grants them",
        "may ask for variables: `allow: { env: [NAME] }`",
        "may ask for files: `allow: { read: [DIR] }`",
        "may ask for hosts: `allow: { http: [HOST] }`",
        "may ask for sockets: never granted",
    ] {
        assert!(said.lines().any(|it| it == line), "{line} is missing:\n{said}");
    }
}

#[test]
fn a_directory_that_is_gone_is_told_at_load() {
    let site = granted("gone", json!({ "read": ["./data"] }));
    assert!(site.refused().contains("there is no such directory"));
}
