//! The variables that other systems have beside their files.

use super::{read, told};
use crate::config::{Loaded, Secret};

const LLMOCK: &str = "\
port: 1
debug: false
api-key:
cors:
  allow-origins: [a]
  allow-methods: GET
models: []
strategies: [MirrorStrategy]
customReplies: []
";

fn good(text: &str, pairs: &[(&str, &str)]) -> Loaded {
    read(text, pairs).unwrap_or_else(|error| panic!("{error}"))
}

fn llmock(name: &str, value: &str) -> Loaded {
    good(LLMOCK, &[(name, value)])
}

#[track_caller]
fn refused(name: &str, value: &str, expected: &str) {
    let error = read(LLMOCK, &[(name, value)]).expect_err(value);
    let mistakes: Vec<_> = told(&error.diagnostics).into_iter().filter(|it| it.contains("the variable")).collect();
    assert_eq!(mistakes, [expected], "{value}");
}

#[test]
fn each_key_of_llmock_is_overridden() {
    assert_eq!(llmock("LLMOCK_PORT", "8081").config.listen.port(), 8081);
    assert_eq!(
        llmock("LLMOCK_API_KEY", "your-secret-api-key").config.api_key,
        Some(Secret::new("your-secret-api-key"))
    );
    assert_eq!(llmock("LLMOCK_API_KEY", "123").config.api_key, Some(Secret::new("123")));
    assert_eq!(llmock("LLMOCK_API_KEY", "").config.api_key, None);
    for (value, log) in [
        ("true", Some("debug")),
        ("1", Some("debug")),
        ("YES", Some("debug")),
        ("false", None),
        ("False", None),
        ("0", None),
    ] {
        assert_eq!(llmock("LLMOCK_DEBUG", value).log, log, "{value}");
    }
    for value in
        ["http://localhost:8000;http://localhost:5173", r#"["http://localhost:8000", "http://localhost:5173"]"#]
    {
        let loaded = llmock("LLMOCK_CORS_ALLOW_ORIGINS", value);
        assert_eq!(loaded.config.cors.allow_origins, ["http://localhost:8000", "http://localhost:5173"], "{value}");
    }
    let loaded = llmock("LLMOCK_MODELS", r#"[{"id": "m", "created": 1}]"#);
    assert_eq!((loaded.config.models[0].id.as_str(), loaded.config.models[0].created), ("m", 1));
    for value in ["ErrorStrategy; MirrorStrategy", r#"["ErrorStrategy", "MirrorStrategy"]"#] {
        assert_eq!(llmock("LLMOCK_STRATEGIES", value).stages.unwrap().len(), 2, "{value}");
    }
    assert_eq!(llmock("LLMOCK_STRATEGIES", "").stages.unwrap().len(), 0);
    let text = LLMOCK.replace("MirrorStrategy", "CustomAnswersStrategy");
    let loaded = good(&text, &[("LLMOCK_CUSTOMREPLIES", r#"[{"question": "q", "answer": 1}]"#)]);
    assert_eq!(loaded.stages.unwrap()[0].settings["responses"]["q"], "1");
}

#[test]
fn what_a_variable_has_wrong_is_told_with_its_name_and_the_key() {
    refused(
        "LLMOCK_PORT",
        "http",
        "1:7 the variable `LLMOCK_PORT`: `port`: expected a whole number from 0 to 65535, found the text `http`",
    );
    refused(
        "LLMOCK_DEBUG",
        "2",
        "2:8 the variable `LLMOCK_DEBUG`: `debug`: expected `true` or `false`, found the text `2`",
    );
    refused(
        "LLMOCK_MODELS",
        "gpt-4o",
        "7:9 the variable `LLMOCK_MODELS`: `models[0]`: expected a mapping (`key: value`), found the text `gpt-4o`",
    );
}

#[test]
fn a_list_is_one_or_is_refused() {
    for value in ["[a, b]", "[\"a\"", "[1"] {
        let error = read(LLMOCK, &[("LLMOCK_STRATEGIES", value)]).expect_err(value).to_string();
        let expected = "error: the variable `LLMOCK_STRATEGIES`: found `[`, and not a JSON array: ";
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(" --> conf/file.yaml:8:13\n"), "{error}");
        assert!(error.contains("a JSON array such as `[\"a\", \"b\"]`, or texts with `;` between them"), "{error}");
    }
    let warned = llmock("LLMOCK_STRATEGIES", "NoStrategy;MirrorStrategy").warnings;
    assert_eq!(
        told(&warned)[2..],
        ["8:13 the variable `LLMOCK_STRATEGIES`: `strategies[0]`: there is no strategy `NoStrategy`; it is left out"]
    );
}

#[test]
fn only_what_stands_in_the_file_is_overridden() {
    let loaded = good("port: 1", &[("LLMOCK_API_KEY", "k"), ("LLMOCK_PORT", "2"), ("LLMOCKPORT", "3"), ("PORT", "4")]);
    assert_eq!((loaded.config.api_key, loaded.config.listen.port()), (None, 2));
    assert_eq!(told(&loaded.warnings), ["- the variable `LLMOCK_API_KEY` overrides nothing: the file has no such key"]);
    // A mapping cannot be replaced, but what is in it.
    let loaded = llmock("LLMOCK_CORS", r#"{"allow-origins": []}"#);
    assert_eq!(loaded.config.cors.allow_origins, ["a"]);
    assert!(told(&loaded.warnings).iter().any(|it| it.contains("`LLMOCK_CORS` overrides nothing")));
    assert_eq!(llmock("LLMOCK_CORS_ALLOW_METHODS", "GET").config.listen.port(), 1);
    // They are llmock's alone.
    assert_eq!(good("listen: 127.0.0.1:1", &[("LLMOCK_PORT", "2")]).config.listen.port(), 1);
    assert_eq!(good("responses: {}", &[("LLMOCK_PORT", "2")]).config.listen.port(), 8000);
}

#[test]
fn mockllm_is_told_where_to_listen_and_what_to_log() {
    let listen = |pairs: &[(&str, &str)]| good("responses: {}", pairs).config.listen.to_string();
    assert_eq!(listen(&[("MOCKLLM_HOST", "0.0.0.0")]), "0.0.0.0:8000");
    assert_eq!(listen(&[("MOCKLLM_HOST", "::1"), ("MOCKLLM_PORT", "9000")]), "[::1]:9000");
    assert_eq!(listen(&[("MOCKLLM_HOST", "localhost"), ("MOCKLLM_PORT", "0")]), "127.0.0.1:0");
    assert_eq!(listen(&[("MOCKLLM_HOST", ""), ("MOCKLLM_PORT", " ")]), "127.0.0.1:8000");
    let log = |level: &str| good("responses: {}", &[("MOCKLLM_LOG_LEVEL", level)]).log;
    for (theirs, ours) in
        [("INFO", "info"), ("WARNING", "warn"), ("warn", "warn"), ("Critical", "error"), ("debug", "debug")]
    {
        assert_eq!(log(theirs), Some(ours), "{theirs}");
    }
    assert_eq!(log(""), None);
    let pairs = [("MOCKLLM_HOST", "example.com"), ("MOCKLLM_PORT", "70000"), ("MOCKLLM_LOG_LEVEL", "loud")];
    assert_eq!(
        told(&read("responses: {}", &pairs).unwrap_err().diagnostics),
        [
            "- the variable `MOCKLLM_HOST`: expected an IP address, such as `0.0.0.0`, found `example.com`",
            "- the variable `MOCKLLM_PORT`: expected a port from 0 to 65535, found `70000`",
            "- the variable `MOCKLLM_LOG_LEVEL`: expected `debug`, `info`, `warning`, `error` or `critical`, found `loud`",
        ]
    );
    assert_eq!(good("listen: 127.0.0.1:1", &pairs).config.listen.port(), 1, "they are mockllm's alone");
}
