//! The files of other systems: whose they are, and what they mean here.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{read, told};
use crate::config::{Format, Loaded, Model, Reference, Secret, from_str_as, load};

fn is(text: &str) -> Format {
    read(text, &[]).unwrap_or_else(|error| panic!("{error}")).config.format
}

/// The names of the chain, and the settings of the first stage.
fn chain(loaded: &Loaded) -> (Vec<&str>, &Value) {
    let stages = loaded.stages.as_deref().unwrap();
    let names = stages.iter().map(|stage| match &stage.strategy {
        Reference::Name(name) => name.as_str(),
        Reference::Path(path) => panic!("{}", path.display()),
        Reference::Installed(name) => panic!("{name}"),
    });
    (names.collect(), stages.first().map_or(&Value::Null, |stage| &stage.settings))
}

#[test]
fn a_file_is_known_by_its_keys() {
    for (text, format) in [
        ("", Format::Standin),
        ("{}", Format::Standin),
        ("seed: 1", Format::Standin),
        ("models: [{id: a}]", Format::Standin),
        ("strategies: [mirror]", Format::Standin),
        ("{strategies: [mirror], api-key: k, cors: {allow-origins: ['*']}}", Format::Standin),
        ("responses: {a: b}", Format::Responses),
        ("{responses: {a: b}, other: 1}", Format::Responses),
        ("openai: []", Format::Mocks),
        ("{\"listen_addr\": \"127.0.0.1:0\"}", Format::Mocks),
        ("openai_embeddings: []", Format::Mocks),
        ("port: 8000", Format::Llmock),
        ("{models: [{id: a}], debug: false}", Format::Llmock),
        ("{models: [{id: a}], strategies: [MirrorStrategy]}", Format::Llmock),
        ("strategies: [OtherStrategy]", Format::Llmock),
        ("customReplies: []", Format::Llmock),
        ("[]", Format::Script),
        ("- Hello", Format::Script),
        ("responses: [Hello]", Format::Script),
        ("{replies: [Hello], then: pass}", Format::Script),
    ] {
        assert_eq!(is(text), format, "{text}");
    }
}

#[test]
fn a_file_with_keys_of_several_formats_is_refused_with_both() {
    let error = read("seed: 1\nresponses: {a: b}\n", &[]).unwrap_err().to_string();
    let expected =
        "error: `responses` is a key of the format `mockllm`, and `seed` (at 1:1) one of `standin`; expected the \
                    keys of one format
 --> conf/file.yaml:2:1
  |
2 | responses: {a: b}
  | ^^^^^^^^^
  = leave out those of the other, or say with `--format` which one is meant
  = the format `standin` (the standin.yaml of standin itself) has the keys `listen`, ";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains("= the format `mockllm` (the responses.yml of mockllm: questions and their answers) has the keys `responses`, `defaults`, `settings`"), "{error}");
    for text in ["{port: 1, openai: []}", "{responses: {}, replies: []}", "{debug: true, defaults: {}}"] {
        let error = read(text, &[]).unwrap_err();
        assert_eq!(error.diagnostics.len(), 1, "{text}");
        assert!(error.to_string().contains("expected the keys of one format"), "{error}");
    }
}

#[test]
fn a_file_without_any_known_key_is_told_the_keys_of_all() {
    let error = read("answers: {a: b}\n", &[]).unwrap_err().to_string();
    for part in [
        "error: unknown key `answers`\n --> conf/file.yaml:1:1",
        "= the keys are `listen`, ",
        "`mockllm` (the responses.yml of mockllm: questions and their answers) has the keys `responses`, `defaults`, `settings`",
        "`kagent` (the mocks.json of kagent's mockllm: whole responses, and what they answer) has the keys `listen_addr`, `openai`,",
        "`llmock` (the config.yaml of llmock) has the keys `port`, `debug`,",
        "has a list, or the keys `replies`, `responses`, `then`",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(read("Hello", &[]).unwrap_err().to_string().contains("the format `llmock`"));
    // Who has a key of ours is told about ours alone.
    assert!(!read("seed: 1\nanswers: 2", &[]).unwrap_err().to_string().contains("llmock"));
}

#[test]
fn a_named_format_is_not_guessed() {
    let file = Path::new("file.yaml");
    let read = |text: &str, format| from_str_as(text, file, Some(format), &Default::default());
    let error = read("responses: {a: b}", Format::Standin).unwrap_err().to_string();
    assert!(error.contains("unknown key `responses`"), "{error}");
    let loaded = read("models: [{id: a}]", Format::Llmock).unwrap();
    assert_eq!((loaded.config.format, chain(&loaded).0.len()), (Format::Llmock, 4));
    assert_eq!(chain(&read("openai: []", Format::Mocks).unwrap()).0, ["mocks"]);
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
        assert!(!format.keys().is_empty(), "{format}");
    }
    assert_eq!(
        "yaml".parse::<Format>().unwrap_err(),
        "there is no format `yaml`; expected one of `standin`, `mockllm`, `kagent`, `llmock`, `modelmesh`"
    );
}

#[test]
fn the_documented_responses() {
    let text = "\
responses:            # exact, case-sensitive, untrimmed key = last user message
  \"what colour is the sky?\": \"The sky is blue during a clear day due to a phenomenon called Rayleigh scattering.\"
defaults:
  unknown_response: \"I don't know the answer to that. This is a mock response.\"   # built-in default: \"I don't know the answer to that.\"
settings:
  lag_enabled: true   # default false
  lag_factor: 10      # default 10, higher = faster
";
    let loaded = read(text, &[]).unwrap();
    assert_eq!(told(&loaded.warnings), [""; 0]);
    assert_eq!(
        chain(&loaded),
        (
            vec!["lookup"],
            &json!({
                "responses": { "what colour is the sky?": "The sky is blue during a clear day due to a phenomenon called Rayleigh scattering." },
                "defaults": { "unknown_response": "I don't know the answer to that. This is a mock response." },
                "settings": { "lag_enabled": true, "lag_factor": 10 },
            })
        )
    );
    assert_eq!(loaded.config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(loaded.files, [PathBuf::from("conf/file.yaml")]);
    assert_eq!(loaded.config.strategies_dir, PathBuf::from("conf/./strategies"));
}

#[test]
fn responses_without_a_sentence_for_the_rest_get_the_one_of_their_server() {
    for text in ["responses: {}", "{responses: {}, defaults: }", "{responses: {}, defaults: {unknown_response: }}"] {
        let loaded = read(text, &[]).unwrap();
        assert_eq!(chain(&loaded).1["defaults"]["unknown_response"], "I don't know the answer to that.", "{text}");
    }
    // Of a key that stands twice, the last one wins.
    let loaded = read("responses:\n  a: one\n  a: two\n", &[]).unwrap();
    assert_eq!(chain(&loaded).1["responses"], json!({"a": "two"}));
    assert_eq!(told(&loaded.warnings), ["3:3 the key `a` stands here a second time; the first, at 2:3, is ignored"]);
    // Words that were truth values to the YAML of their time, and a bound on answers.
    let text = "{responses: {a: 'éab', b: 12345}, settings: {lag_enabled: yes, max_response_length: 2}}";
    let loaded = read(text, &[]).unwrap();
    let settings = chain(&loaded).1;
    assert_eq!(settings["settings"]["lag_enabled"], true);
    assert_eq!((&settings["responses"]["a"], &settings["responses"]["b"]), (&json!("éa"), &json!(12345)));
    assert_eq!(settings["defaults"]["unknown_response"], "I ");
    let loaded = read("responses: {}\nsettings: {timeout_seconds: 30}\nauthor: me\n", &[]).unwrap();
    assert_eq!(
        told(&loaded.warnings),
        ["2:29 `settings.timeout_seconds`: is read, and changes nothing", "3:1 unknown key `author`, which is ignored"]
    );
}

#[test]
fn the_documented_mocks() {
    let text = r#"{"listen_addr":"127.0.0.1:8090",
 "openai":[{"name":"initial_request",
   "match":{"match_type":"exact","message":{"content":"List all nodes in the cluster","role":"user"}},
   "response":{"id":"chatcmpl-1","object":"chat.completion","created":1677652288,"model":"gpt-4.1-mini",
     "choices":[{"index":0,"message":{"content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"k8s_get_resources","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}},
  {"name":"after_tool","match":{"match_type":"contains","message":{"content":"kagent-control-plane","role":"tool","tool_call_id":"call_1"}},"response":{ }}],
 "anthropic":[{"name":"hi","match":{"match_type":"contains","message":{"role":"user","content":[{"type":"text","text":"Hello"}]}},
   "response":{"id":"msg_123","type":"message","role":"assistant","model":"claude-3-5-sonnet-20240620","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}}]}
"#;
    let loaded = from_str_as(text, Path::new("mocks.json"), None, &Default::default()).unwrap();
    assert_eq!(told(&loaded.warnings), [""; 0]);
    assert_eq!(loaded.config.listen.to_string(), "127.0.0.1:8090");
    assert_eq!(chain(&loaded), (vec!["mocks"], &serde_json::from_str(text).unwrap()));
    // What is not known is told, and left out: the strategy would refuse it.
    let odd = "{openai: [{comment: 1, match: {match_type: exact, message: {role: user}, input: a, headers: [{name: a, value: b, c: d}]}, response: {e: f}}], z: 1}";
    let loaded = read(odd, &[]).unwrap();
    assert_eq!(
        *chain(&loaded).1,
        json!({"openai": [{
            "match": {"match_type": "exact", "message": {"role": "user"}, "headers": [{"name": "a", "value": "b"}]},
            "response": {"e": "f"},
        }]})
    );
    assert_eq!(
        told(&loaded.warnings),
        [
            "1:12 unknown key `comment`, which is ignored",
            "1:74 unknown key `input`, which is ignored",
            "1:114 unknown key `c`, which is ignored",
            "1:143 unknown key `z`, which is ignored",
        ]
    );
    let listen = |text: &str| read(&format!("listen_addr: '{text}'"), &[]).unwrap().config.listen.to_string();
    assert_eq!(listen(":8090"), "0.0.0.0:8090");
    assert_eq!(listen("localhost:0"), "127.0.0.1:0");
}

#[test]
fn the_documented_llmock() {
    let text = "\
port: 8000
debug: false            # true: pretty-prints request bodies to stdout
api-key:                # unset/empty = no auth
cors:
  allow-origins: [\"http://localhost:8000\"]
models:                 # empty/missing list = any model accepted
  - {id: \"gpt-4o\", created: 1715367049, owned_by: \"openai\"}
  - {id: \"gpt-4o-mini\", created: 1721172741, owned_by: \"openai\"}
  - {id: \"gpt-3.5-turbo\", created: 1677610602, owned_by: \"openai\"}
strategies: [ErrorStrategy, CustomAnswersStrategy, ToolCallStrategy, MirrorStrategy]   # also the default when absent; unknown names: warning + skipped
customReplies:
  - {question: How are you today?, answer: I'm fine. how are you?}
  - {question: What is 1+1?, answer: 2}       # non-strings are str()'d
";
    let loaded = read(text, &[]).unwrap();
    assert_eq!(told(&loaded.warnings), [""; 0]);
    let config = &loaded.config;
    assert_eq!((config.listen.to_string().as_str(), &config.api_key, loaded.log), ("127.0.0.1:8000", &None, None));
    assert_eq!(config.cors.allow_origins, ["http://localhost:8000"]);
    let model = |id: &str, created| Model { id: id.into(), created, owned_by: "openai".into() };
    assert_eq!(
        config.models,
        [model("gpt-4o", 1_715_367_049), model("gpt-4o-mini", 1_721_172_741), model("gpt-3.5-turbo", 1_677_610_602)]
    );
    assert_eq!(chain(&loaded).0, ["error", "lookup", "tool-call", "mirror"]);
    assert_eq!(
        *loaded.stages.unwrap()[1].settings,
        json!({
            "responses": { "How are you today?": "I'm fine. how are you?", "What is 1+1?": "2" },
            "trim": true,
            "chunking": "default",
        })
    );
}

#[test]
fn llmock_in_other_words() {
    assert_eq!(chain(&read("port: 1", &[]).unwrap()).0, ["error", "lookup", "tool-call", "mirror"]);
    assert_eq!(chain(&read("{port: 1, strategies: []}", &[]).unwrap()).0, [""; 0]);
    assert_eq!(read("debug: on", &[]).unwrap().log, Some("debug"));
    assert_eq!(read("{port: 1, api-key: ''}", &[]).unwrap().config.api_key, None);
    assert_eq!(read("{port: 1, api-key: 12345}", &[]).unwrap().config.api_key, Some(Secret::new("12345")));
    let text = "\
strategies: [MirrorStrategy, RandomStrategy]
customReplies: [{question: ' a ', answer: ' x '}, {question: a, answer: y}, {question: 1, answer: true}]
models: [{id: m}, {id: m}]
cors: {allow-origins: ['http://a/'], allow-methods: [GET]}
host: 0.0.0.0
";
    let loaded = read(text, &[]).unwrap();
    assert_eq!(chain(&loaded).0, ["mirror"]);
    assert_eq!(loaded.config.models, [Model::new("m")]);
    assert_eq!(
        told(&loaded.warnings),
        [
            "1:30 `strategies[1]`: there is no strategy `RandomStrategy`; it is left out",
            "2:62 `customReplies[1].question`: `a` is asked here a second time; the first, at 2:28, is answered",
            "3:24 `models[1].id`: the model `m` stands here a second time, and is ignored",
            "4:24 `cors.allow-origins[0]`: found `http://a/`, expected `*`, or an origin such as `http://localhost:5173`, \
             without a path",
            "4:38 unknown key `allow-methods`, which is ignored",
            "5:1 unknown key `host`, which is ignored",
        ]
    );
    let loaded = read("strategies: [CustomAnswersStrategy]\ncustomReplies: [{question: ' a ', answer: ' x '}]", &[]);
    assert_eq!(chain(&loaded.unwrap()).1["responses"], json!({"a": " x "}));
}

#[test]
fn the_documented_script() {
    let text = "\
responses:
  - { content: 'Hello!', model: gpt-4o, tokens: 10 }
  - { content: 'Goodbye!', model: claude-3, tokens: 15, promptTokens: 5, completionTokens: 10, finishReason: stop }
";
    let loaded = read(text, &[]).unwrap();
    assert_eq!(told(&loaded.warnings), [""; 0]);
    let (names, settings) = chain(&loaded);
    assert_eq!((names, &settings["replies"][0]["content"]), (vec!["script"], &json!("Hello!")));
    assert_eq!(settings["replies"][1]["promptTokens"], 5);
    let settings = |text: &str| chain(&read(text, &[]).unwrap()).1.clone();
    // The model that it names where a reply names none.
    let (a, default) = (json!({"content": "a", "model": "mock-model"}), json!({"model": "mock-model"}));
    assert_eq!(settings("- a\n- {}\n"), json!({"replies": [a, default]}));
    assert_eq!(settings("{replies: [a], then: pass}"), json!({"replies": [a], "then": "pass"}));
    // A mock client without replies gives the default one.
    assert_eq!(settings("responses: []"), json!({"replies": [default]}));
    let whole = "\
- { delay: 10ms, error: { status: 429, message: m, type: t, code: c, param: p, retry_after: 1 } }
- { fault: stall@3, tool_calls: [{ name: f, arguments: { a: 1 } }, { id: i, name: g, arguments: '{}' }] }
";
    assert_eq!(told(&read(whole, &[]).unwrap().warnings), [""; 0]);
}

#[test]
fn the_files_of_the_tests_are_good() {
    for (file, format) in [
        ("mockllm/responses.yml", Format::Responses),
        ("kagent/mocks.json", Format::Mocks),
        ("llmock/config.yaml", Format::Llmock),
        ("modelmesh/script.yml", Format::Script),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(file);
        let loaded = load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((loaded.config.format, told(&loaded.warnings)), (format, vec![]), "{file}");
    }
}
