//! Each kind of mistake in the file of another system: its place, its words, and all of them at once.

use std::path::Path;

use super::mistakes;
use crate::config::{Format, from_str_as};

#[track_caller]
fn one(format: Format, text: &str, expected: &str) {
    assert_eq!(mistakes(format, text), [expected], "{text}");
}

#[test]
fn responses() {
    let one = |text: &str, expected: &str| one(Format::Responses, text, expected);
    one("- a", "1:1 expected a mapping (`key: value`), found a list");
    one("", "1:1 expected a mapping (`key: value`), found nothing");
    one("settings: {}", "1:1 `responses` is missing");
    one("responses:", "1:1 `responses` is missing");
    one("responses: [a]", "1:12 `responses`: expected a mapping (`key: value`), found a list");
    one("responses: a", "1:12 `responses`: expected a mapping (`key: value`), found the text `a`");
    one("responses: {a: [b]}", "1:16 `responses.a`: expected text, found a list");
    one("responses: {a: {b: c}}", "1:16 `responses.a`: expected text, found a mapping");
    one("responses:\n  a:\n", "2:4 `responses.a`: expected text, found nothing");
    one(
        "{responses: {}, defaults: sorry}",
        "1:27 `defaults`: expected a mapping (`key: value`), found the text `sorry`",
    );
    one(
        "{responses: {}, defaults: {unknown_response: []}}",
        "1:46 `defaults.unknown_response`: expected text, found a list",
    );
    one("{responses: {}, settings: 1}", "1:27 `settings`: expected a mapping (`key: value`), found the number `1`");
    let setting = |setting: &str, expected: &str| one(&format!("responses: {{}}\nsettings:\n  {setting}\n"), expected);
    setting("lag_enabled: maybe", "3:16 `settings.lag_enabled`: expected `true` or `false`, found the text `maybe`");
    setting("lag_enabled: 1", "3:16 `settings.lag_enabled`: expected `true` or `false`, found the number `1`");
    setting("lag_factor: fast", "3:15 `settings.lag_factor`: expected a number, found the text `fast`");
    setting("lag_factor: 0", "3:15 `settings.lag_factor`: expected a number above 0, found 0");
    setting("lag_factor: -1.5", "3:15 `settings.lag_factor`: expected a number above 0, found -1.5");
    setting("lag_factor: 1e-300", "3:15 `settings.lag_factor`: expected a number above 0, found 1e-300");
    setting(
        "max_response_length: -1",
        "3:24 `settings.max_response_length`: expected a whole number from 0 to 4294967295, found the number `-1`",
    );
    let error = mistakes(Format::Responses, "responses: {}\nsettings: {timeout_seconds: soon}");
    assert_eq!(error[0], "2:29 `settings.timeout_seconds`: expected a number, found the text `soon`");
    // What is not YAML at all.
    assert!(mistakes(Format::Responses, "responses:\n  a: b: c\n")[0].starts_with("2:7 not valid YAML: "));
}

#[test]
fn mocks() {
    let one = |text: &str, expected: &str| one(Format::Mocks, text, expected);
    one("- a", "1:1 expected a mapping (`key: value`), found a list");
    one("{\"listen_addr\": 8090}", "1:17 `listen_addr`: expected text, found the number `8090`");
    one("{\"listen_addr\": \"nowhere\"}", "1:17 `listen_addr`: `nowhere` is not an address to listen on");
    one("{\"openai\": {}}", "1:12 `openai`: expected a list, found a mapping");
    one("{\"anthropic\": [1]}", "1:16 `anthropic[0]`: expected a mapping (`key: value`), found the number `1`");
    let mock = |list: &str, mock: &str, expected: &str| one(&format!("{{\"{list}\": [\n{mock}\n]}}"), expected);
    let good = r#""match": {"match_type": "exact", "message": {"role": "user", "content": "a"}}, "response": {}"#;
    mock("openai", &format!("{{\"name\": 1, {good}}}"), "2:10 `openai[0].name`: expected text, found the number `1`");
    mock("openai", r#"{"response": {}}"#, "2:1 `openai[0]`: `match` is missing");
    mock(
        "openai",
        r#"{"match": 1, "response": {}}"#,
        "2:11 `openai[0].match`: expected a mapping (`key: value`), found the number `1`",
    );
    let matched = |matched: &str, expected: &str| {
        mock("anthropic", &format!(r#"{{"response": {{}}, "match": {matched}}}"#), expected)
    };
    matched(r#"{"message": {"role": "user"}}"#, "2:27 `anthropic[0].match`: `match_type` is missing");
    matched(
        r#"{"match_type": "exactly", "message": {"role": "user"}}"#,
        "2:42 `anthropic[0].match.match_type`: found `exactly`, expected one of `exact`, `contains`",
    );
    matched(
        r#"{"match_type": 1, "message": {"role": "user"}}"#,
        "2:42 `anthropic[0].match.match_type`: expected one of `exact`, `contains`, found the number `1`",
    );
    matched(r#"{"match_type": "exact"}"#, "2:27 `anthropic[0].match`: `message` is missing");
    matched(
        r#"{"match_type": "exact", "message": "a"}"#,
        "2:62 `anthropic[0].match.message`: expected a mapping (`key: value`), found the text `a`",
    );
    matched(r#"{"match_type": "exact", "message": {}}"#, "2:62 `anthropic[0].match.message`: `role` is missing");
    matched(
        r#"{"match_type": "exact", "message": {"role": 1}}"#,
        "2:71 `anthropic[0].match.message.role`: expected text, found the number `1`",
    );
    matched(
        r#"{"match_type": "exact", "message": {"role": "user", "content": 1}}"#,
        "2:90 `anthropic[0].match.message.content`: expected text or a list, found the number `1`",
    );
    mock(
        "openai",
        &format!("{{{}}}", good.replace(", \"response\": {}", "")),
        "2:1 `openai[0]`: `response` is missing",
    );
    mock(
        "openai",
        &format!("{{{}}}", good.replace("{}", "\"a\"")),
        "2:93 `openai[0].response`: expected a mapping (`key: value`), found the text `a`",
    );
    mock(
        "openai_response",
        r#"{"match": {"match_type": "exact"}, "response": {}}"#,
        "2:11 `openai_response[0].match`: `input` is missing",
    );
    mock(
        "openai_embeddings",
        r#"{"match": {"match_type": "exact", "input": 1}, "response": {}}"#,
        "2:44 `openai_embeddings[0].match.input`: expected text or a list, found the number `1`",
    );
    let header = |rule: &str, expected: &str| {
        mock(
            "openai_response",
            &format!(r#"{{"response": {{}}, "match": {{"match_type": "exact", "input": "a", "headers": {rule}}}}}"#),
            expected,
        );
    };
    header("{}", "2:76 `openai_response[0].match.headers`: expected a list, found a mapping");
    header(
        "[1]",
        "2:77 `openai_response[0].match.headers[0]`: expected a mapping (`key: value`), found the number `1`",
    );
    header(r#"[{"value": "a"}]"#, "2:77 `openai_response[0].match.headers[0]`: `name` is missing");
    header(r#"[{"name": "a"}]"#, "2:77 `openai_response[0].match.headers[0]`: `value` is missing");
    header(
        r#"[{"name": "a b", "value": "c"}]"#,
        "2:86 `openai_response[0].match.headers[0].name`: `a b` cannot be the name of a header",
    );
    header(
        r#"[{"name": "a", "value": 1}]"#,
        "2:100 `openai_response[0].match.headers[0].value`: expected text, found the number `1`",
    );
    header(
        r#"[{"name": "a", "value": "b", "match_type": "regex"}]"#,
        "2:119 `openai_response[0].match.headers[0].match_type`: found `regex`, expected one of `exact`, `contains`",
    );
}

#[test]
fn mocks_are_json_with_places_whatever_is_escaped() {
    let text = r#"{"openai": [
  {"name": "\ud83d\uDE00 \u00e9 \\ud83d \"", "match": 1, "match": 2, "response": 3}
]}"#;
    let error = from_str_as(text, Path::new("mocks.json"), None, &Default::default()).unwrap_err();
    assert_eq!(
        super::told(&error.diagnostics),
        [
            "2:58 the key `match` stands here a second time; the first, at 2:46, is ignored",
            "2:67 `openai[0].match`: expected a mapping (`key: value`), found the number `2`",
            "2:82 `openai[0].response`: expected a mapping (`key: value`), found the number `3`",
        ]
    );
    let good = r#"{"openai": [{"match": {"match_type": "exact", "message": {"role": "user", "content": "\ud83d\ude00"}}, "response": {}}]}"#;
    let loaded = from_str_as(good, Path::new("mocks.json"), None, &Default::default()).unwrap();
    assert_eq!(loaded.stages.unwrap()[0].settings["openai"][0]["match"]["message"]["content"], "😀");
}

#[test]
fn llmock() {
    let one = |text: &str, expected: &str| one(Format::Llmock, text, expected);
    one("- a", "1:1 expected a mapping (`key: value`), found a list");
    one("port: http", "1:7 `port`: expected a whole number from 0 to 65535, found the text `http`");
    one("port: 65536", "1:7 `port`: expected a whole number from 0 to 65535, found the number `65536`");
    one("debug: maybe", "1:8 `debug`: expected `true` or `false`, found the text `maybe`");
    one("api-key: [a]", "1:10 `api-key`: expected text, found something else");
    one("cors: '*'", "1:7 `cors`: expected a mapping (`key: value`), found the text `*`");
    one("cors: {allow-origins: '*'}", "1:23 `cors.allow-origins`: expected a list, found the text `*`");
    one("cors: {allow-origins: [1]}", "1:24 `cors.allow-origins[0]`: expected text, found the number `1`");
    one("models: gpt-4o", "1:9 `models`: expected a list, found the text `gpt-4o`");
    one("models: [gpt-4o]", "1:10 `models[0]`: expected a mapping (`key: value`), found the text `gpt-4o`");
    one("models: [{created: 1}]", "1:10 `models[0]`: `id` is missing");
    one("models: [{id: ''}]", "1:15 `models[0].id`: the `id` of a model is empty");
    one("models: [{id: [a]}]", "1:15 `models[0].id`: expected text, found a list");
    one(
        "models: [{id: a, created: now}]",
        "1:27 `models[0].created`: expected a whole number from 0 to 18446744073709551615, found the text `now`",
    );
    one("models: [{id: a, owned_by: {}}]", "1:28 `models[0].owned_by`: expected text, found a mapping");
    one("strategies: MirrorStrategy", "1:13 `strategies`: expected a list, found the text `MirrorStrategy`");
    one("strategies: [1]", "1:14 `strategies[0]`: expected text, found the number `1`");
    one("customReplies: {a: b}", "1:16 `customReplies`: expected a list, found a mapping");
    one("customReplies: [a]", "1:17 `customReplies[0]`: expected a mapping (`key: value`), found the text `a`");
    one("customReplies: [{answer: a}]", "1:17 `customReplies[0]`: `question` is missing");
    one("customReplies: [{question: a}]", "1:17 `customReplies[0]`: `answer` is missing");
    one("customReplies: [{question: a, answer: {}}]", "1:39 `customReplies[0].answer`: expected text, found a mapping");
    one("customReplies: [{question: [], answer: a}]", "1:28 `customReplies[0].question`: expected text, found a list");
}

#[test]
fn script() {
    let one = |text: &str, expected: &str| one(Format::Script, text, expected);
    one("Hello", "1:1 expected a list of replies, or a mapping with `replies`, found the text `Hello`");
    one("then: pass", "1:1 `replies` is missing");
    one("replies: Hello", "1:10 `replies`: expected a list, found the text `Hello`");
    one("{replies: [], responses: []}", "1:15 `responses` stands beside `replies`; expected one of the two");
    one("{replies: [], than: pass}", "1:15 unknown key `than`");
    one("{replies: [], then: stop}", "1:21 `then`: found `stop`, expected one of `repeat`, `pass`");
    one("[1]", "1:2 `[0]`: expected a reply: its text, or a mapping with `content`, found the number `1`");
    one("replies: [[]]", "1:11 `replies[0]`: expected a reply: its text, or a mapping with `content`, found a list");
    let field = |field: &str, expected: &str| one(&format!("responses:\n- {{{field}}}\n"), &format!("2:{expected}"));
    field("contents: a", "4 unknown key `contents`");
    field("content: 1", "13 `responses[0].content`: expected text, found the number `1`");
    field("model: []", "11 `responses[0].model`: expected text, found a list");
    field(
        "tokens: many",
        "12 `responses[0].tokens`: expected a whole number from 0 to 4294967295, found the text `many`",
    );
    field(
        "prompt_tokens: -1",
        "19 `responses[0].prompt_tokens`: expected a whole number from 0 to 4294967295, found the number `-1`",
    );
    field(
        "completionTokens: 1.5",
        "22 `responses[0].completionTokens`: expected a whole number from 0 to 4294967295, found the number `1.5`",
    );
    field("tokens: 1, promptTokens: 2", "29 `responses[0].promptTokens`: 2 is more than `tokens`, which is 1");
    field("finish_reason: 1", "19 `responses[0].finish_reason`: expected text, found the number `1`");
    field(
        "finish_reason: stop, finishReason: stop",
        "25 `finishReason` stands beside `finish_reason`; expected one of the two",
    );
    field("tool_calls: {}", "16 `responses[0].tool_calls`: expected a list, found a mapping");
    field("tool_calls: [f]", "17 `responses[0].tool_calls[0]`: expected a mapping (`key: value`), found the text `f`");
    field("tool_calls: [{id: i}]", "17 `responses[0].tool_calls[0]`: `name` is missing");
    field("tool_calls: [{name: 1}]", "24 `responses[0].tool_calls[0].name`: expected text, found the number `1`");
    field("tool_calls: [{name: f, id: 1}]", "31 `responses[0].tool_calls[0].id`: expected text, found the number `1`");
    field("tool_calls: [{name: f, args: 1}]", "27 unknown key `args`");
    field(
        "tool_calls: [{name: f, arguments: 1}]",
        "38 `responses[0].tool_calls[0].arguments`: expected a mapping, or JSON as text, found the number `1`",
    );
    field("error: 429", "11 `responses[0].error`: expected a mapping (`key: value`), found the number `429`");
    field("error: {message: m}", "11 `responses[0].error`: `status` is missing");
    field("error: {status: 429}", "11 `responses[0].error`: `message` is missing");
    field(
        "error: {status: 200, message: m}",
        "20 `responses[0].error.status`: expected a whole number from 400 to 599, found the number `200`",
    );
    field(
        "error: {status: 500, message: m, type: 1}",
        "43 `responses[0].error.type`: expected text, found the number `1`",
    );
    field(
        "error: {status: 500, message: m, retryAfter: soon}",
        "49 `responses[0].error.retryAfter`: expected a whole number from 0 to 4294967295, found the text `soon`",
    );
    field("error: {status: 500, message: m, kind: a}", "37 unknown key `kind`");
    field(
        "error: {status: 500, message: m}, delay: 1s, content: a",
        "49 `content` stands beside `error`, which is the whole answer",
    );
    field(
        "delay: 5",
        "11 `responses[0].delay`: the number `5` has no unit; expected a duration with its unit, such as `20ms` or `1s 500ms`; for milliseconds write `5ms`",
    );
    field(
        "delay: soon",
        "11 `responses[0].delay`: `soon` is not a duration with its unit, such as `20ms` or `1s 500ms`: it has to be a number and a unit, and there may be several of them",
    );
    let fault = mistakes(Format::Script, "- {fault: explode}");
    assert!(fault[0].starts_with("1:11 `[0].fault`: expected `disconnect`, `stall`"), "{fault:?}");
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let text = "\
port: http
strategies: [MirrorStrategy, 5, MirrorStrategie]
models:
  - id: a
    colour: red
  - {}
  - [a]
customReplies: yes
";
    let error = from_str_as(text, Path::new("config.yaml"), None, &Default::default()).unwrap_err();
    assert_eq!(
        super::told(&error.diagnostics),
        [
            "1:7 `port`: expected a whole number from 0 to 65535, found the text `http`",
            "2:30 `strategies[1]`: expected text, found the number `5`",
            "2:33 `strategies[2]`: there is no strategy `MirrorStrategie`; it is left out",
            "5:5 unknown key `colour`, which is ignored",
            "6:5 `models[1]`: `id` is missing",
            "7:5 `models[2]`: expected a mapping (`key: value`), found a list",
            "8:16 `customReplies`: expected a list, found the text `yes`",
        ]
    );
    assert!(error.to_string().ends_with("5 mistakes in the configuration"), "{error}");
    let shown = "error: `port`: expected a whole number from 0 to 65535, found the text `http`
 --> config.yaml:1:7
  |
1 | port: http
  |       ^^^^
";
    assert!(error.to_string().starts_with(shown), "{error}");
    // However many there are, a person is told as many as can be read.
    let many = "- 1\n".repeat(500);
    let error = mistakes(Format::Script, &many);
    assert_eq!((error.len(), error[50].as_str()), (51, "- 450 more mistakes, not listed"));
    let odd: String = (0..500).map(|n| format!("key{n}: 1\n")).collect();
    let loaded = from_str_as(&format!("port: 1\n{odd}"), Path::new("c"), None, &Default::default()).unwrap();
    assert_eq!(loaded.warnings.len(), 51);
}

#[test]
fn a_strategy_that_objects_is_told_where_its_settings_stand() {
    let read = |text: &str| from_str_as(text, Path::new("f.yaml"), None, &Default::default()).unwrap();
    let at = |text: &str, index| read(text).settings_error(index, "x").position.map(|at| at.to_string());
    assert_eq!(at("settings: {}\nresponses: {a: b}", 0).as_deref(), Some("2:1"));
    assert_eq!(at("strategies:\n- MirrorStrategy\n- Other\n- ErrorStrategy\n", 1).as_deref(), Some("4:3"));
    assert_eq!(at("port: 1", 1), None);
    assert!(read("port: 1").stage_error(1, "x").to_string().ends_with("--> f.yaml"));
}
