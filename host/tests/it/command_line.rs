//! The program itself: what it prints, how it ends, what signals and variables do.

mod foreign;
mod new;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::api::OpenAi;
use crate::guests;
use crate::http::{Connection, Request};
use crate::support::{Site, eventually};

fn standin(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.args(args).current_dir(folder).env("STANDIN_CACHE_DIR", guests::tmp().join("cache")).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let other = |prefix| name.starts_with(prefix) && name != "STANDIN_CACHE_DIR";
        if ["STANDIN_", "MOCKLLM_", "LLMOCK_"].into_iter().any(other) {
            command.env_remove(&*name);
        }
    }
    command
}

/// Runs to the end.
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = standin(folder, args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[track_caller]
fn fails(folder: &Path, args: &[&str]) -> String {
    let (code, stdout, stderr) = run(folder, args);
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    assert_eq!(stdout, "");
    stderr
}

#[track_caller]
fn prints(folder: &Path, args: &[&str]) -> String {
    let (code, stdout, stderr) = run(folder, args);
    assert_eq!(code, Some(0), "{stderr}");
    stdout
}

/// A server in a process of its own.
struct Process {
    child: Child,
    address: SocketAddr,
    /// What it said before it served.
    greeting: String,
    log: Option<thread::JoinHandle<String>>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut greeting = String::new();
        for line in lines.by_ref() {
            greeting += &format!("{line}\n");
            if line.contains("ANTHROPIC_BASE_URL") {
                break;
            }
        }
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        let Some(address) = address.and_then(|it| it.parse().ok()) else {
            let _ = child.kill();
            panic!("it did not start:\n{greeting}{}", log.join().unwrap());
        };
        Self { child, address, greeting, log: Some(log) }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; the exit code, and the log.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        (status.code(), self.log.take().unwrap().join().unwrap())
    }

    fn says(&self, prompt: &str) -> String {
        OpenAi.said(&Connection::open(self.address).send(&OpenAi.ask(prompt, false)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path) -> Process {
    Process::start(&mut standin(folder, &["--listen", "127.0.0.1:0"]))
}

#[test]
fn without_a_configuration_it_serves_the_default_chain_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    assert_eq!(server.says("hello"), "hello");
    let address = server.address;
    for part in [
        &format!("listens on http://{address}"),
        "error → tool-call → schema → mirror → reasoning → embeddings",
        &format!("OPENAI_BASE_URL=http://{address}/v1"),
        &format!("ANTHROPIC_BASE_URL=http://{address} "),
    ] {
        assert!(server.greeting.contains(part), "{part} is missing:\n{}", server.greeting);
    }
    server.signal(Signal::TERM);
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn in_a_folder_with_strategies_and_responses_they_are_served() {
    let site = Site::new().guest("amend", "own").file("responses.yml", "responses: { ping: pong }");
    std::fs::remove_file(site.path("standin.yaml")).unwrap();
    let server = serve(&site.path(""));
    assert!(
        server.greeting.contains("own → error → tool-call → lookup → schema → mirror → reasoning → embeddings"),
        "{}",
        server.greeting
    );
    assert_eq!(server.says("ping"), "pong");
    site.put("responses.yml", b"responses: { ping: changed }");
    eventually("the change is seen", || server.says("ping") == "changed");
    site.put("standin.yaml", b"strategies: [ mirror ]");
    eventually("the new file is seen", || server.says("ping") == "ping");
}

#[test]
fn a_port_in_use_is_one_sentence_and_exit_code_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let sentence = fails(folder.path(), &["--listen", &address]);
    assert_eq!(
        sentence,
        format!(
            "standin: {address} is in use; stop the program that listens there, or choose another port with --listen \
             127.0.0.1:PORT\n"
        )
    );
}

#[test]
fn a_file_that_is_not_there_or_unreadable_is_one_sentence_and_exit_code_2() {
    let site = Site::new();
    let folder = site.path("");
    for args in [["serve", "--config", "nowhere.yaml"], ["--config", "nowhere.yaml", "--log=info"]] {
        let sentence = fails(&folder, &args);
        assert!(sentence.contains("nowhere.yaml"), "{sentence}");
        assert!(!sentence.contains("panicked"), "{sentence}");
    }
    assert!(fails(&folder, &["check", "nowhere.yaml"]).contains("nowhere.yaml"));
    assert!(fails(&folder, &["check", "nowhere.wasm"]).contains("nowhere.wasm"));
    assert!(fails(&folder, &["inspect", "nowhere.wasm"]).contains("cannot read nowhere.wasm"));
    assert!(fails(&folder, &["--config", "."]).contains("/."), "a folder is no file");
    assert!(fails(&folder, &["--strategies", "nowhere"]).contains("there is no such folder"));
    site.put("binary.yaml", b"\xff\xfe\0");
    assert!(fails(&folder, &["--config", "binary.yaml"]).contains("binary.yaml"));
}

const BAD: &str = "listen: nowhere
sead: 1
strategies:
  - mirror
  - use: nobody
    limits: { time: soon }
pacing: { jitter: 7 }
models: [ { id: a }, { id: a } ]
";

#[test]
fn a_bad_configuration_is_told_whole_with_lines_and_columns() {
    let site = Site::new().config(BAD);
    for args in [&["check"][..], &["check", "standin.yaml"], &["serve"], &[]] {
        let told = fails(&site.path(""), args);
        for part in [
            "standin.yaml:1:9",
            "standin.yaml:2:1",
            "standin.yaml:6:21",
            "standin.yaml:7:19",
            "standin.yaml:8:28",
            "sead: 1",
            "mistakes in the configuration",
        ] {
            assert!(told.contains(part), "{part} is missing:\n{told}");
        }
    }
}

#[test]
fn check_says_what_is_served() {
    let site = Site::new().guest("evil", "own").chain(json!([
        { "use": "own", "settings": { "mode": "answer", "contains": "magic" } },
        "mirror",
    ]));
    let said = prints(&site.path(""), &["check"]);
    for part in ["is a good configuration", "127.0.0.1:8000", "own.wasm", r#"contains "magic""#, "mirror", "any"] {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let said = prints(folder.path(), &["check"]);
    assert!(said.contains("there is no standin.yaml") && said.contains("tool-call"), "{said}");
}

#[test]
fn check_and_inspect_say_what_a_component_is() {
    let site = Site::new().guest("amend", "own").guest("future", "future").file("strategies/text.wasm", "a text");
    let folder = site.path("strategies");
    for command in ["check", "inspect"] {
        let said = prints(&folder, &[command, "own.wasm"]);
        for part in [
            "amend",
            "0.1.0",
            "Changes the text of a reply",
            "world       standin:plugin/amending-plugin@0.1.0",
            "asked       always",
            "exports     standin:plugin/lifecycle@0.1.0",
            "imports     standin:plugin/settings@0.1.0",
            &format!("{} bytes", guests::wasm("amend").len()),
        ] {
            assert!(said.contains(part), "{part} is missing:\n{said}");
        }
        assert!(fails(&folder, &[command, "future.wasm"]).contains("@0.2.0"));
        assert!(fails(&folder, &[command, "text.wasm"]).contains("is not a WebAssembly component"));
    }
}

#[test]
fn schema_is_a_json_schema_that_knows_every_key() {
    let folder = tempfile::tempdir().unwrap();
    let schema: Value = serde_json::from_str(&prints(folder.path(), &["schema"])).unwrap();
    for key in [
        "listen",
        "seed",
        "strategies-dir",
        "strategies",
        "models",
        "pacing",
        "body-limit",
        "api-key",
        "cors",
        "strict",
        "journal",
        "admin",
    ] {
        assert!(schema["properties"][key]["description"].is_string(), "{key}");
    }
}

#[test]
fn help_and_version_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let packs = ["build", "push", "pull", "install", "list", "remove", "verify"].map(|it| vec!["pack", it]);
    let others =
        ["serve", "check", "inspect", "new", "componentize", "test", "run", "pack", "schema"].map(|it| vec![it]);
    for command in others.into_iter().chain(packs) {
        let help = prints(folder.path(), &[&command[..], &["--help"]].concat());
        assert!(help.contains("Usage: standin") && help.contains("\nExample"), "{command:?}:\n{help}");
    }
    let help = prints(folder.path(), &["--help"]);
    for part in [
        "serve",
        "check",
        "validate",
        "inspect",
        "schema",
        "--listen",
        "STANDIN_LISTEN",
        "--strategies",
        "--log-format",
        "--format",
        "--strict",
        "--api-key",
    ] {
        assert!(help.contains(part), "{part} is missing:\n{help}");
    }
    assert_eq!(prints(folder.path(), &["--version"]), format!("standin {}\n", env!("CARGO_PKG_VERSION")));
    let (code, _, told) = run(folder.path(), &["--no-such-flag"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("--no-such-flag"));
}

#[test]
fn variables_win_over_the_file_and_flags_over_variables() {
    let site = Site::new().config("{ listen: '127.0.0.1:1', seed: 1 }");
    site.put("elsewhere/own.wasm", &guests::wasm("amend"));
    let folder = site.path("");
    let id = |server: &Process| {
        let response = Connection::open(server.address).send(&OpenAi.ask("hello", false));
        response.header("x-request-id").unwrap().to_owned()
    };
    let mut by_variable = standin(&folder, &[]);
    by_variable.env("STANDIN_LISTEN", "127.0.0.1:0").env("STANDIN_SEED", "2").env("STANDIN_STRATEGIES", "elsewhere");
    let by_variable = Process::start(&mut by_variable);
    assert!(by_variable.greeting.contains("own → error"), "{}", by_variable.greeting);
    let mut by_flag = standin(&folder, &["--seed", "3", "--listen", "127.0.0.1:0"]);
    let by_flag = Process::start(by_flag.env("STANDIN_LISTEN", "127.0.0.1:2").env("STANDIN_SEED", "2"));
    let by_file = Process::start(&mut standin(&folder, &["--listen", "127.0.0.1:0"]));
    let ids = [id(&by_variable), id(&by_flag), id(&by_file)];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
}

#[test]
fn sigterm_lets_a_stream_finish_and_ends_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let site = Site::new().config("pacing: { chunk: 100ms }");
        let server = serve(&site.path(""));
        let mut connection = Connection::open(server.address);
        let mut idle = Connection::open(server.address);
        assert_eq!(idle.send(&Request::get("/health")).status, 200);
        connection.write(&OpenAi.ask("one two three four five six seven", true).bytes());
        connection.read_until("two");
        server.signal(signal);
        let response = connection.response().unwrap();
        assert_eq!(OpenAi.said(&response), "one two three four five six seven");
        assert!(connection.read_to_end().is_empty() && idle.read_to_end().is_empty());
        let address = server.address;
        let (code, log) = server.end();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("open requests may finish"), "{log}");
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}

#[test]
fn a_stream_that_does_not_end_is_given_up_on() {
    let site = Site::new().config("{ shutdown-timeout: 100ms, pacing: { chunk: 1h } }");
    let server = serve(&site.path(""));
    let mut connection = Connection::open(server.address);
    connection.write(&OpenAi.ask("one two", true).bytes());
    connection.read_until("one");
    server.signal(Signal::TERM);
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("still open"), "{log}");
}

#[test]
fn sighup_reads_the_configuration_again() {
    // Not in a watched folder: a link whose target changes tells nobody.
    let (site, other) = (Site::new(), Site::new().config("strategies: [ mirror ]"));
    std::fs::remove_file(site.path("standin.yaml")).unwrap();
    std::os::unix::fs::symlink(other.path("standin.yaml"), site.path("standin.yaml")).unwrap();
    let server = serve(&site.path(""));
    assert_eq!(server.says("hello"), "hello");
    other.put("standin.yaml", br#"strategies: [ { use: lookup, settings: { responses: { hello: again } } } ]"#);
    thread::sleep(Duration::from_millis(50));
    server.signal(Signal::HUP);
    eventually("it is read again", || server.says("hello") == "again");
}

#[test]
fn the_log_says_of_each_request_who_answered_what_and_how_long_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--log-format", "json"];
    let server = Process::start(&mut standin(folder.path(), &args));
    let mut connection = Connection::open(server.address);
    connection.send(&OpenAi.ask("hello", false));
    connection.send(&OpenAi.ask("hello", true));
    connection.send(&OpenAi.ask(r#"raise error {"code": 418, "message": "m"}"#, true));
    connection.send(&Request::get("/v1/nothing"));
    connection.send(&Request::get("/v1/models"));
    drop(connection);
    server.signal(Signal::TERM);
    let (_, log) = server.end();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let lines: Vec<&Value> = lines.iter().filter(|line| line["target"] == "standin::request").collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| [&line["method"], &line["path"], &line["model"], &line["strategy"], &line["status"]])
        .map(|fields| fields.map(ToString::to_string).join(" "))
        .collect();
    assert_eq!(
        told,
        [
            r#""POST" "/v1/chat/completions" "test-model" "mirror" 200"#,
            r#""POST" "/v1/chat/completions" "test-model" "mirror" 200"#,
            r#""POST" "/v1/chat/completions" "test-model" "error" 418"#,
            r#""GET" "/v1/nothing" null null 404"#,
            r#""GET" "/v1/models" null null 200"#,
        ]
    );
    assert!(lines.iter().all(|line| line["duration_us"].is_u64()), "{log}");
}
