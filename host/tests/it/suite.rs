//! `standin test`, `standin run` and `standin serve --dev`: what an author of a strategy has on the command line.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::api::OpenAi;
use crate::guests;
use crate::http::Connection;
use crate::support::eventually;

fn standin(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("STANDIN_") {
            command.env_remove(name);
        }
    }
    command.env("STANDIN_CACHE_DIR", guests::tmp().join("cache"));
    command
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = standin(folder, args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Runs, ends so, and prints all of this.
#[track_caller]
fn prints(folder: &Path, args: &[&str], code: i32, parts: &[&str]) -> String {
    let (ended, stdout, stderr) = run(folder, args);
    let all = format!("{stdout}{stderr}");
    assert_eq!(ended, Some(code), "{all}");
    for part in parts {
        assert!(all.contains(part), "{part}\n---\n{all}");
    }
    stdout
}

/// A folder with the hostile guest and a file of tests.
fn folder(settings: &str, cases: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("evil.wasm"), guests::wasm("evil")).unwrap();
    let text = format!("strategy: ./evil.wasm\nsettings: {settings}\ncases:\n{cases}");
    fs::write(folder.path().join("a.test.yaml"), text).unwrap();
    folder
}

#[test]
fn the_bundled_strategies_pass_their_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let told = prints(&root, &["test", "strategies/"], 0, &["passed"]);
    for name in ["mirror", "error", "tool-call", "lookup"] {
        assert!(told.contains(&format!("strategies/{name}/tests/")), "{told}");
    }
    let summary = standin::suite::run_folder(&root.join("strategies/mirror")).unwrap();
    assert!(summary.passed > 3 && summary.failed == 0, "{summary}");
}

#[test]
fn a_case_that_fails_shows_what_came_beside_what_was_expected() {
    let folder = folder(
        "{ mode: stamp, stamp: one two }",
        "- { name: good, request: hi, expect: { text: one two, model: one two, by: evil } }\n\
         - { name: bad, request: hi, expect: { text: one three, finish: stop } }\n\
         - { name: other, request: hi, expect: pass }\n",
    );
    let parts = ["ok     good", "FAILED bad", "a.test.yaml:5", "-text: one three", "+text: one two", " finish: stop"];
    prints(folder.path(), &["test"], 1, &parts);
    prints(folder.path(), &["test", "."], 1, &["-pass", "+text: one two", "3 cases in 1 file: 1 passed, 2 failed"]);
    let told = prints(folder.path(), &["test", "a.test.yaml", "--filter", "good"], 0, &["1 passed, 2 left out"]);
    assert!(!told.contains('\u{1b}'), "no colours where there is no terminal");
}

#[test]
fn mistakes_and_components_that_do_not_load_end_with_2() {
    let folder = folder("{ mode: answer, text: hi }", "- { name: a, request: hi }\n");
    prints(folder.path(), &["test"], 2, &["`expect` is missing", "a.test.yaml:4:3", "standin test --update"]);
    let write = |text: &str| fs::write(folder.path().join("a.test.yaml"), text).unwrap();
    write("strategy: nothing-of-this-name\ncases: [{ name: a, request: hi, expect: pass }]");
    prints(folder.path(), &["test"], 2, &["there is no strategy `nothing-of-this-name`", "a.test.yaml:1:11"]);
    write("strategy: ./gone.wasm\ncases: [{ name: a, request: hi, expect: pass }]");
    prints(folder.path(), &["test"], 2, &["gone.wasm cannot be read", "a.test.yaml:1:11"]);
    write("strategy: ./evil.wasm\nsettings: { mode: odd }\ncases: [{ name: a, request: hi, expect: pass }]");
    prints(folder.path(), &["test"], 2, &["refuses its settings", "a.test.yaml:2:11"]);
    write("strategy: mirror\ncases: [{ name: a, request: { post: /x, body: {} }, expect: pass }]");
    prints(folder.path(), &["test"], 1, &["no strategy is asked at `/x`"]);
    fs::remove_file(folder.path().join("a.test.yaml")).unwrap();
    prints(folder.path(), &["test"], 2, &["there are no tests in ."]);
    prints(folder.path(), &["test", "nowhere"], 2, &["there is no such file or folder"]);
}

#[test]
fn a_session_keeps_state_and_counts_turns() {
    let turns = "- name: counts\n  session: s1\n  turns:\n  - { request: a, expect: { text: '0' } }\n  \
                 - { request: b, expect: { text: '1' } }\n  - { request: c, expect: { text: '2' } }\n\
                 - { name: another session, request: a, expect: { text: '0' } }\n";
    prints(folder("{ mode: state-counter }", turns).path(), &["test"], 0, &["2 passed"]);
    let turns = "- name: context\n  session: s1\n  turns:\n  - { request: a, expect: { text: { matches: '^s1 0 \\d+$' } } }\n  \
                 - { request: b, expect: { text: { contains: s1 1 } } }\n";
    prints(folder("{ mode: context }", turns).path(), &["test"], 0, &["1 passed"]);
}

#[test]
fn what_a_plugin_keeps_in_globals_is_a_failure() {
    let folder = folder("{ mode: instance-counter }", "- { name: counts, request: a, expect: { text: '1' } }\n");
    let parts = ["--- fresh", "+++ used", "-text: \"1\"", "+text: \"2\"", "does not\n         survive", "`state`"];
    prints(folder.path(), &["test"], 1, &parts);
    let text = fs::read_to_string(folder.path().join("a.test.yaml")).unwrap();
    // Each request an instance of its own: nothing leaks then.
    fs::write(folder.path().join("a.test.yaml"), format!("isolation: fresh\n{text}")).unwrap();
    prints(folder.path(), &["test"], 0, &["1 passed"]);
}

#[test]
fn a_plugin_that_fails_is_expected_by_its_words() {
    let cases = "- { name: traps, request: boom, expect: { fails: 'panicked' } }\n\
                 - { name: lives, request: hi, expect: { text: fine } }\n";
    prints(folder("{ mode: panic-at-boom }", cases).path(), &["test"], 0, &["2 passed"]);
    // Asked three times, it would be put aside.
    let cases = "- { name: never ends, request: an evil one, expect: { fails: did not finish within 5 ms } }\n\
                 - { name: still asked, request: an evil one, expect: { fails: did not finish } }\n";
    let folder = folder("{ mode: loop, contains: evil }\nlimits: { time: 5ms }", cases);
    prints(folder.path(), &["test"], 0, &["2 passed"]);
}

#[test]
fn the_seed_is_given() {
    let folder =
        folder("{ mode: random }\nseed: 7", "- { name: a, request: hi }\n- { name: b, seed: 8, request: hi }\n");
    prints(folder.path(), &["test", "--update"], 0, &["wrote 2 expectations"]);
    prints(folder.path(), &["test"], 0, &["2 passed"]);
    prints(folder.path(), &["test", "--seed", "8"], 1, &["1 passed, 1 failed"]);
}

#[test]
fn update_writes_what_came_and_nothing_else() {
    let cases = "# first\n- name: a   # why\n  request: hi\n- name: b\n  request: hi\n  expect: { text: no, finish: stop } # kept\n\
                 - { name: c, request: hi, expect: { text: { contains: 'e t' } } }\n";
    let folder = folder("{ mode: answer, text: one two }", cases);
    let before = fs::read_to_string(folder.path().join("a.test.yaml")).unwrap();
    prints(folder.path(), &["test", "--update"], 0, &["wrote 2 expectations into"]);
    let after = fs::read_to_string(folder.path().join("a.test.yaml")).unwrap();
    let wanted = before
        .replace("  request: hi\n- name: b", "  request: hi\n  expect:\n    text: one two\n- name: b")
        .replace("text: no,", "text: one two,");
    assert_eq!(after, wanted);
    prints(folder.path(), &["test"], 0, &["3 passed"]);
    prints(folder.path(), &["test", "--update"], 0, &["3 passed"]);
    assert_eq!(fs::read_to_string(folder.path().join("a.test.yaml")).unwrap(), wanted);
}

#[test]
fn junit_is_told() {
    let cases =
        "- { name: a, request: hi, expect: { text: hi } }\n- { name: 'b <&', request: hi, expect: { text: ']]>' } }\n";
    let folder = folder("{ mode: answer, text: hi }", cases);
    prints(folder.path(), &["test", "--junit", "out.xml"], 1, &["1 passed, 1 failed"]);
    let xml = fs::read_to_string(folder.path().join("out.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((report.tests, report.failures), (2, 1));
    let suite = &report.test_suites[0];
    assert_eq!(suite.name.as_str(), "a.test.yaml");
    assert_eq!(suite.test_cases[1].name.as_str(), "b <&");
}

#[test]
fn the_schema_of_tests_is_printed() {
    let schema: Value = serde_json::from_str(&prints(Path::new("."), &["schema", "--tests"], 0, &[])).unwrap();
    assert_eq!(schema["title"], "*.test.yaml");
    for key in ["strategy", "strategies", "settings", "cases", "allow"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

/// What a process prints, as far as it is.
struct Told {
    child: Child,
    text: Arc<Mutex<String>>,
}

impl Told {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let text = Arc::new(Mutex::new(String::new()));
        fn follow(from: impl Read + Send + 'static, text: &Arc<Mutex<String>>) {
            let text = Arc::clone(text);
            thread::spawn(move || {
                for line in BufReader::new(from).lines().map_while(Result::ok) {
                    *text.lock().unwrap() += &format!("{line}\n");
                }
            });
        }
        let out: ChildStdout = child.stdout.take().unwrap();
        follow(out, &text);
        follow(child.stderr.take().unwrap(), &text);
        Self { child, text }
    }

    fn count(&self, part: &str) -> usize {
        self.text.lock().unwrap().matches(part).count()
    }

    #[track_caller]
    fn says(&self, part: &str) {
        eventually(&format!("it says {part}"), || self.count(part) > 0);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_watched_test_is_run_again() {
    let folder = folder("{ mode: answer, text: hi }", "- { name: a, request: x, expect: { text: hello } }\n");
    let told = Told::start(standin(folder.path(), &["test", "--watch"]));
    told.says("watching");
    told.says("0 passed, 1 failed");
    let file = folder.path().join("a.test.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("hello", "hi")).unwrap();
    told.says("1 case in 1 file: 1 passed");
    eventually("it watches again", || told.count("watching") == 2);
    // A component that vanishes and comes back, as a build does it.
    let component = folder.path().join("evil.wasm");
    let wasm = fs::read(&component).unwrap();
    fs::remove_file(&component).unwrap();
    told.says("evil.wasm cannot be read");
    let runs = told.count("watching");
    fs::write(&component, wasm).unwrap();
    eventually("it is run again", || told.count("watching") > runs);
    // A test that is new.
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("b.test.yaml"), text).unwrap();
    told.says("2 cases in 2 files");
}

#[test]
fn run_asks_once_and_tells_what_that_took() {
    let folder = folder("{}", "");
    let settings = "{ mode: log }";
    let args = ["run", "./evil.wasm", "--message", "hi", "--settings", settings, "--repeat", "3"];
    let parts = ["outcome     text: logged", "asked       yes", "warm", "the median of 3 calls", "memory", "a warning"];
    prints(folder.path(), &args, 0, &parts);
    let told = prints(folder.path(), &[&args[..], &["--json"]].concat(), 0, &[]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["outcome"]["text"], &told["by"]), (&"logged".into(), &"evil".into()));
    assert!(told["warm_us"].as_f64().unwrap() > 0.0 && told["memory_bytes"].as_u64().unwrap() > 65_536, "{told}");
    assert!(told["size_bytes"].as_u64().unwrap() > 1_000 && told["first_us"].is_number(), "{told}");
    assert_eq!(told["log"].as_array().unwrap().iter().filter(|it| it.to_string().contains("a warning")).count(), 1);
}

#[test]
fn run_says_how_a_plugin_fails_and_when_it_is_not_asked() {
    let folder = folder("{}", "");
    let boom = ["run", "./evil.wasm", "--message", "boom", "--settings", "{ mode: panic-at-boom }"];
    prints(folder.path(), &boom, 1, &["fails", "panicked"]);
    prints(
        folder.path(),
        &["run", "tool-call", "-m", "hi"],
        0,
        &["outcome     pass", "asked       no: it is asked where"],
    );
    prints(
        folder.path(),
        &["run", "tool-call", "-m", "call tool 'a' with ''"],
        0,
        &["asked       yes: the last user text contains"],
    );
    prints(folder.path(), &["run", "nobody", "-m", "hi"], 2, &["there is no strategy `nobody`"]);
    prints(folder.path(), &["run", "./evil.wasm", "-m", "hi"], 2, &["refuses its settings"]);
    prints(folder.path(), &["run", "mirror", "-m", "hi", "--settings", "{"], 2, &["--settings"]);
    let body = r#"{"model":"m","messages":[{"role":"user","content":"from a file"}]}"#;
    fs::write(folder.path().join("body.json"), body).unwrap();
    prints(folder.path(), &["run", "mirror", "--request", "body.json"], 0, &["text: from a file"]);
    let mut child =
        standin(folder.path(), &["run", "mirror"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from a pipe\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("text: from a pipe"));
}

#[test]
fn a_component_that_is_being_written_is_served_before_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("mine.wasm");
    fs::write(&component, guests::wasm("amend")).unwrap();
    prints(folder.path(), &["serve", "--dev", "gone.wasm"], 2, &["--dev", "build the component first"]);
    let told = Told::start(standin(folder.path(), &["serve", "--dev", "mine.wasm", "--listen", "127.0.0.1:0"]));
    told.says("ANTHROPIC_BASE_URL");
    told.says("strategies  mine → script");
    told.says("mine.wasm: sha256");
    let address = {
        let text = told.text.lock().unwrap();
        text.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    let ask = || OpenAi.said(&Connection::open(address).send(&OpenAi.ask("hello", false)));
    let first = ask();
    assert!(!first.is_empty());
    told.says("answered");
    // Gone for a moment: the old one serves.
    fs::remove_file(&component).unwrap();
    told.says("not reloaded, and the old configuration stays");
    assert_eq!(ask(), first);
    fs::write(&component, guests::wasm("embed")).unwrap();
    told.says("; before, sha256");
    told.says("reloaded: mine → script");
    assert_eq!(ask(), "hello", "what amended answers is gone");
}
