//! The files of other systems on the command line, their variables, and what a flag says about who may ask.

use rustix::process::Signal;

use super::{Process, fails, prints, run, standin};
use crate::api::OpenAi;
use crate::http::Connection;
use crate::support::{Site, eventually};

/// The files of the other systems, as in `tests/formats`.
fn foreign(file: &str) -> String {
    format!("{}/tests/formats/{file}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_files_of_other_systems_are_checked_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for (file, format, chain) in [
        ("mockllm/responses.yml", "mockllm", "lookup"),
        ("kagent/mocks.json", "kagent", "mocks"),
        ("llmock/config.yaml", "llmock", "tool-call"),
        ("modelmesh/script.yml", "modelmesh", "script"),
    ] {
        for command in ["check", "validate"] {
            let said = prints(folder.path(), &[command, &foreign(file)]);
            for part in ["is a good configuration", &format!("format      {format}: "), chain] {
                assert!(said.contains(part), "{part} is missing:\n{said}");
            }
        }
        // As a file of another system it is none.
        let other = if format == "llmock" { "kagent" } else { "llmock" };
        let told = run(folder.path(), &["check", &foreign(file), "--format", other]);
        assert!(told.0 == Some(2) || told.1.contains("unknown key"), "{told:?}");
    }
    assert!(
        fails(folder.path(), &["check", "--format", "yaml"]).contains("standin, mockllm, kagent, llmock, modelmesh")
    );
}

#[test]
fn a_mistake_in_the_file_of_another_system_is_told_with_line_and_column() {
    let site = Site::new();
    for (file, text, place) in [
        ("responses.yml", "responses:\n  a: [b]\n", ":2:6"),
        ("mocks.json", "{\"openai\": [\n {\"match\": 1, \"response\": {}}]}", ":2:12"),
        ("config.yaml", "port: 1\ncustomReplies: [a]\n", ":2:17"),
        ("script.yml", "- content: [a]\n", ":1:12"),
        ("both.yml", "seed: 1\nresponses: {}\n", ":2:1"),
    ] {
        site.put(file, text.as_bytes());
        for args in [["check", file], ["validate", file], ["--config", file]] {
            let told = fails(&site.path(""), &args);
            assert!(told.contains(&format!("{file}{place}")), "{told}");
        }
    }
}

#[test]
fn a_table_of_answers_is_served_and_read_again_when_it_changes() {
    let site = Site::new().file("table.yml", "responses: { ping: pong }");
    let server = Process::start(&mut standin(&site.path(""), &["--config", "table.yml", "--listen", "127.0.0.1:0"]));
    assert_eq!(server.says("ping"), "pong");
    assert_eq!(server.says("other"), "I don't know the answer to that.");
    site.put("table.yml", b"responses: { ping: changed }\ndefaults: { unknown_response: sorry }");
    eventually("the change is seen", || server.says("ping") == "changed");
    assert_eq!(server.says("other"), "sorry");
}

#[test]
fn the_variables_of_mockllm_count_where_ours_say_nothing() {
    let site = Site::new().file("table.yml", "responses: { ping: pong }").config("strategies: [ mirror ]");
    let folder = site.path("");
    let start = |args: &[&str], pairs: &[(&str, &str)]| {
        Process::start(
            standin(&folder, args).envs([("MOCKLLM_RESPONSES_FILE", "table.yml")]).envs(pairs.iter().copied()),
        )
    };
    let server = start(&[], &[("MOCKLLM_HOST", "127.0.0.1"), ("MOCKLLM_PORT", "0"), ("MOCKLLM_LOG_LEVEL", "ERROR")]);
    assert_eq!(server.says("ping"), "pong");
    server.signal(Signal::TERM);
    assert_eq!(server.end().1, "", "nothing that is logged is an error");
    let server =
        start(&["--log", "info", "--listen", "127.0.0.1:0"], &[("MOCKLLM_PORT", "1"), ("MOCKLLM_LOG_LEVEL", "ERROR")]);
    assert_eq!(server.says("ping"), "pong");
    server.signal(Signal::TERM);
    assert!(server.end().1.contains("/v1/chat/completions"));
    let server = start(&["--config", "standin.yaml", "--listen", "127.0.0.1:0"], &[("MOCKLLM_PORT", "none")]);
    assert_eq!(server.says("ping"), "ping");
    let (code, _, told) = {
        let output = standin(&folder, &[])
            .env("MOCKLLM_RESPONSES_FILE", "table.yml")
            .env("MOCKLLM_PORT", "none")
            .output()
            .unwrap();
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(code, Some(2));
    assert!(told.contains("the variable `MOCKLLM_PORT`: expected a port from 0 to 65535, found `none`"), "{told}");
}

#[test]
fn the_variables_of_llmock_override_its_file() {
    let site = Site::new().file("config.yaml", "port: 1\ndebug: true\nstrategies: [ErrorStrategy]\napi-key:\n");
    let mut command = standin(&site.path(""), &["--config", "config.yaml"]);
    let command =
        command.envs([("LLMOCK_PORT", "0"), ("LLMOCK_STRATEGIES", "MirrorStrategy"), ("LLMOCK_MODELS", "[]")]);
    let server = Process::start(command);
    assert_eq!(server.says("hello"), "hello");
    server.signal(Signal::TERM);
    let log = server.end().1;
    assert!(log.contains("the variable `LLMOCK_MODELS` overrides nothing"), "{log}");
}

#[test]
fn a_key_by_flag_or_variable_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    for by_flag in [true, false] {
        let mut command = standin(folder.path(), &["--listen", "127.0.0.1:0"]);
        let command =
            if by_flag { command.args(["--api-key", "s3cret"]) } else { command.env("STANDIN_API_KEY", "s3cret") };
        let server = Process::start(command);
        assert!(server.greeting.contains("(the configured API key)"), "{}", server.greeting);
        assert!(!server.greeting.contains("s3cret"));
    }
    assert!(fails(folder.path(), &["--api-key", ""]).contains("the key is empty"));
    let help = standin(folder.path(), &["--help"]).env("STANDIN_API_KEY", "s3cret").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("s3cret"));
    let site = Site::new().config("api-key: s3cret");
    assert!(!prints(&site.path(""), &["check"]).contains("s3cret"));
}

#[test]
fn strict_refuses_what_only_a_fallback_would_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(&mut standin(folder.path(), &["--listen", "127.0.0.1:0", "--strict"]));
    let mut connection = Connection::open(server.address);
    assert_eq!(connection.send(&OpenAi.ask("hello", false)).status, 404);
    let raised = OpenAi.ask(r#"raise error {"code": 418, "message": "m"}"#, false);
    assert_eq!(connection.send(&raised).status, 418);
}
