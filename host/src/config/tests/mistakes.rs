//! Each kind of mistake: where it is told, and in which words; and all of them at once.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::config::{
    Admin, Break, BreakKind, Chunking, Clock, Config, ConfigError, Cors, FaultRule, Format, Isolation, Journal, Limits,
    Loaded, Model, Pacing, RateLimits, Reference, Secret, Severity, Size, Stage, Time, TokenCount, from_str, schema,
};

fn read(text: &str) -> Result<Loaded, ConfigError> {
    from_str(text, Path::new("conf/standin.yaml"))
}

/// `line:column message`, for each.
fn mistakes(text: &str) -> Vec<String> {
    let diagnostics = read(text).expect_err(text).diagnostics;
    diagnostics.iter().map(|it| format!("{} {}", it.position.unwrap(), it.message)).collect()
}

#[track_caller]
fn one(text: &str, expected: &str) {
    assert_eq!(mistakes(text), [expected], "{text}");
}

/// The only mistake as it is shown.
fn shown(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn everything_that_can_be_said() {
    let text = "
listen: 0.0.0.0:80
workers: 2
seed: 18446744073709551615
clock: real
tokens: estimate
strategies-dir: plugins
strategies:
  - error
  - use: ./plugins/greeter.wasm
    settings: { greeting: hello, n: 1 }
    limits: { memory: 1MiB, time: 5ms, reply: 100 }
    isolation: fresh
  - use: mirror
    limits: { time: 1s }
models:
  - { id: gpt-4o, created: 1715367049, owned_by: openai }
  - id: mine
pacing: { chunking: { characters: 3 }, ttft: 10ms, chunk: 1s 500ms, jitter: 0.5 }
faults:
  - { rate: 0.5, route: /messages, model: claude-*, status: 529, retry-after: 2 }
  - { delay: 1s, fault: stall@3 }
rate-limits: { requests: 60, tokens: 1000 }
api-key: s3cret
cors: { allow-origins: ['http://localhost:5173', 'https://[::1]:8443', '*'] }
strict: true
journal: { entries: 10, bytes: 1MiB, body: 1KiB }
admin: { enabled: false, key: another }
body-limit: 1MB
shutdown-timeout: 0
";
    let loaded = read(text).unwrap();
    let limits = Limits { memory: Some(Size(1 << 20)), time: Some(Time::from_millis(5)), reply: Some(Size(100)) };
    let greeter = Stage {
        settings: Some(json!({"greeting": "hello", "n": 1})),
        limits,
        isolation: Isolation::Fresh,
        ..Stage::new("./plugins/greeter.wasm")
    };
    let mirror =
        Stage { limits: Limits { time: Some(Time::from_millis(1000)), ..Limits::default() }, ..Stage::new("mirror") };
    let expected = Config {
        listen: ([0, 0, 0, 0], 80).into(),
        workers: NonZeroUsize::new(2),
        seed: u64::MAX,
        clock: Clock::Real,
        tokens: TokenCount::Estimate,
        strategies_dir: PathBuf::from("conf/plugins"),
        strategies: Some(vec![Stage::new("error"), greeter, mirror]),
        models: vec![
            Model { id: "gpt-4o".into(), created: 1_715_367_049, owned_by: "openai".into() },
            Model::new("mine"),
        ],
        pacing: Pacing {
            chunking: Chunking::Characters(NonZeroU32::new(3).unwrap()),
            ttft: Time::from_millis(10),
            chunk: Time::from_millis(1500),
            jitter: 0.5,
        },
        faults: vec![
            FaultRule {
                rate: 0.5,
                route: Some("/messages".into()),
                model: Some("claude-*".into()),
                status: Some(529),
                retry_after: Some(2),
                delay: Time::default(),
                fault: None,
            },
            FaultRule {
                rate: 1.0,
                route: None,
                model: None,
                status: None,
                retry_after: None,
                delay: Time::from_millis(1_000),
                fault: Some(Break { kind: BreakKind::Stall, after: 3 }),
            },
        ],
        rate_limits: Some(RateLimits { requests: NonZeroU64::new(60), tokens: NonZeroU64::new(1_000) }),
        api_key: Some(Secret::new("s3cret")),
        cors: Cors { allow_origins: ["http://localhost:5173", "https://[::1]:8443", "*"].map(str::to_owned).to_vec() },
        strict: true,
        journal: Journal { entries: 10, bytes: Size::from_mib(1), body: Size(1 << 10) },
        admin: Admin { enabled: false, key: Some(Secret::new("another")) },
        format: Format::Standin,
        connections: Config::default().connections,
        body_limit: Size(1_000_000),
        shutdown_timeout: Time::default(),
    };
    assert_eq!(loaded.config, expected);
    let stages = loaded.stages.as_ref().unwrap();
    assert_eq!(stages[0].strategy, Reference::Name("error".into()));
    assert_eq!(*stages[0].settings, json!({}));
    assert_eq!(stages[1].strategy, Reference::Path("conf/./plugins/greeter.wasm".into()));
    assert_eq!(*stages[1].settings, json!({"greeting": "hello", "n": 1}));
    assert_eq!(stages[1].position.unwrap().to_string(), "10:5");
    assert_eq!(loaded.files, [PathBuf::from("conf/standin.yaml")]);
    // Through JSON, the same.
    let json = serde_json::to_string_pretty(&crate::config::yaml::to_value(text).unwrap()).unwrap();
    assert_eq!(from_str(&json, Path::new("conf/standin.json")).unwrap().config, expected);
}

#[test]
fn nothing_means_the_defaults() {
    let expected = Config { strategies_dir: PathBuf::from("conf/./strategies"), ..Config::default() };
    for text in ["", "# nothing", "{}", "---\n", "pacing:\nmodels:\nstrategies:\nseed:\n", "pacing: {ttft: }"] {
        let loaded = read(text).unwrap();
        assert_eq!(loaded.config, expected, "{text}");
        assert_eq!(loaded.stages, None);
    }
    assert_eq!(read("strategies: []").unwrap().stages, Some(vec![]), "an empty chain is not the default one");
    let limits = Limits::default();
    assert_eq!((limits.memory(), limits.time(false)), (Size::from_mib(64), Time::from_millis(20)));
    assert_eq!(limits.time(true), Time::from_millis(5000));
    assert_eq!(limits.reply(Size(1)), Size::from_mib(16));
    assert_eq!(limits.reply(Size::from_mib(99)), Size::from_mib(99));
}

#[test]
fn an_unknown_key_is_told_with_what_was_probably_meant() {
    assert_eq!(
        shown("seed: 1\nstrategy:\n  - error\n"),
        "error: unknown key `strategy`
 --> conf/standin.yaml:2:1
  |
2 | strategy:
  | ^^^^^^^^
  = did you mean `strategies`?
  = the keys are `listen`, `workers`, `seed`, `clock`, `tokens`, `strategies-dir`, `strategies`, `models`, `pacing`, `faults`, \
     `rate-limits`, `api-key`, `cors`, `strict`, `journal`, `admin`, `body-limit`, `connections`, `shutdown-timeout`"
    );
    assert_eq!(
        shown("pacing:\n  speed: 1\n"),
        "error: unknown key `speed`
 --> conf/standin.yaml:2:3
  |
2 |   speed: 1
  |   ^^^^^
  = the keys of `pacing` are `chunking`, `ttft`, `chunk`, `jitter`"
    );
    one("strategies: [{use: a, limits: {cpu: 1}}]", "1:32 unknown key `cpu`");
    one("pacing: {chunking: {word: 1, characters: 2}}", "1:21 unknown key `word`");
    one("models: [{id: a, owned-by: b}]", "1:18 unknown key `owned-by`");
    one("unknown:", "1:1 unknown key `unknown`");
}

#[test]
fn a_wrong_type_is_told_with_both() {
    assert_eq!(
        shown("seed: lots"),
        "error: `seed`: expected a whole number, 0 or more, found the text `lots`
 --> conf/standin.yaml:1:7
  |
1 | seed: lots
  |       ^^^^"
    );
    assert!(shown("seed: '12'").contains("leave out the quotes"));
    assert!(shown("strategies: [{use: 12}]").contains("put it into quotes"));
    one("seed: 1.5", "1:7 `seed`: expected a whole number, 0 or more, found the number `1.5`");
    one("seed: -1", "1:7 `seed`: expected a whole number, 0 or more, found the number `-1`");
    one("strategies: mirror", "1:13 `strategies`: expected a list, found the text `mirror`");
    one("pacing: []", "1:9 `pacing`: expected a mapping (`key: value`), found a list");
    one("models: [gpt-4o]", "1:10 `models[0]`: expected a mapping (`key: value`), found the text `gpt-4o`");
    one("strategies-dir: 5", "1:17 `strategies-dir`: expected text, found the number `5`");
    one(
        "strategies:\n  - error\n  -\n",
        "3:4 `strategies[1]`: expected a strategy: its name or path, or a mapping with `use`, found nothing",
    );
    for root in ["true", "error", "12"] {
        let found = mistakes(root);
        assert!(found[0].starts_with("1:1 expected a mapping (`key: value`), found "), "{found:?}");
    }
}

#[test]
fn a_value_out_of_bounds_is_told_with_the_bounds() {
    one("workers: 0", "1:10 `workers`: expected a whole number, 1 or more, found the number `0`");
    one("pacing: {jitter: 1.5}", "1:18 `pacing.jitter`: expected a number from 0 to 1, found the number `1.5`");
    one("pacing: {jitter: -1}", "1:18 `pacing.jitter`: expected a number from 0 to 1, found the number `-1`");
    one("body-limit: 0", "1:13 `body-limit`: expected more than 0, found 0");
    one(
        "pacing: {chunking: {characters: 0}}",
        "1:33 `pacing.chunking.characters`: expected a whole number from 1 to 4294967295, found the number `0`",
    );
    let limits = "strategies: [{use: a, limits: {memory: 0, time: 0ms, reply: 0B}}]";
    let paths = mistakes(limits).join("\n");
    assert_eq!(
        paths,
        "1:40 `strategies[0].limits.memory`: expected more than 0, found 0
1:49 `strategies[0].limits.time`: expected more than 0, found 0
1:61 `strategies[0].limits.reply`: expected more than 0, found 0"
    );
}

#[test]
fn units_and_words_are_told_with_examples() {
    for (text, place, part) in [
        ("listen: 8000", "1:9", "such as `127.0.0.1:8000`"),
        ("listen: example.com:80", "1:9", "expected IP:PORT"),
        ("shutdown-timeout: 20", "1:19", "for milliseconds write `20ms`"),
        ("shutdown-timeout: 20 apples", "1:19", "there is no unit `apples`"),
        (
            "shutdown-timeout: [1s]",
            "1:19",
            "expected a duration with its unit, such as `20ms` or `1s 500ms`, found a list",
        ),
        ("body-limit: 4 apples", "1:13", "the units are B, KiB"),
        ("body-limit: -4", "1:13", "expected a size, such as `64MiB`"),
        ("body-limit: 1.5", "1:13", "expected a size, such as `64MiB`"),
        ("clock: sundial", "1:8", "found `sundial`, expected one of `seeded`, `real`"),
        ("tokens: true", "1:9", "expected one of `exact`, `estimate`, found `true`"),
        ("pacing: {chunking: syllables}", "1:20", "expected one of `words`, `tokens`, `verbatim`, `characters`"),
        (
            "pacing: {chunking: 5}",
            "1:20",
            "expected `words`, `tokens`, `verbatim`, or `{ characters: N }`, found the number `5`",
        ),
    ] {
        let found = mistakes(text);
        assert!(found.len() == 1 && found[0].starts_with(place) && found[0].contains(part), "{text}: {found:?}");
    }
    assert!(shown("strategies: [{use: a, isolation: wram}]").contains("did you mean `warm`?"));
    let chunking = |text: &str| read(text).unwrap().config.pacing.chunking;
    assert_eq!(chunking("pacing: {chunking: characters}"), Chunking::Characters(NonZeroU32::MIN));
    assert_eq!(chunking("pacing: {chunking: verbatim}"), Chunking::Verbatim);
}

#[test]
fn what_is_missing_is_told_where_it_belongs_and_once() {
    assert_eq!(
        shown("strategies:\n  - settings: {a: 1}\n"),
        "error: `strategies[0]`: `use` is missing
 --> conf/standin.yaml:2:5
  |
2 |   - settings: {a: 1}
  |     ^
  = add `use: …` here"
    );
    one("models: [{created: 1}]", "1:10 `models[0]`: `id` is missing");
    one("strategies: [{use: }]", "1:14 `strategies[0]`: `use` is missing");
    one("strategies: [{usr: a}]", "1:15 unknown key `usr`");
    one("strategies: [{use: [a]}]", "1:20 `strategies[0].use`: expected text, found a list");
    one("strategies: [{use: ''}]", "1:20 the name of a strategy is empty");
    one("pacing: {chunking: {}}", "1:20 `pacing.chunking`: `characters` is missing");
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let text = "\
seeed: 1
strategies:
  - 12
  - use: lookup
    isolation: cold
  - [a]
  - settings: {}
    limits: {time: 5}
models: [{id: a}, {id: 1}, {id: a}]
pacing: {ttft: soon, jitter: 7}
clock: real
clock: reel
";
    assert_eq!(
        mistakes(text),
        [
            "1:1 unknown key `seeed`",
            "3:5 `strategies[0]`: expected a strategy: its name or path, or a mapping with `use`, found the number `12`",
            "5:16 `strategies[1].isolation`: found `cold`, expected one of `warm`, `fresh`",
            "6:5 `strategies[2]`: expected a strategy: its name or path, or a mapping with `use`, found a list",
            "7:5 `strategies[3]`: `use` is missing",
            "8:20 `strategies[3].limits.time`: the number `5` has no unit; expected a duration with its unit, such as `20ms` \
             or `1s 500ms`; for milliseconds write `5ms`",
            "9:24 `models[1].id`: expected text, found the number `1`",
            "9:33 the model `a` stands here a second time; the first is at 9:15",
            "10:16 `pacing.ttft`: `soon` is not a duration with its unit, such as `20ms` or `1s 500ms`: it has to be a number \
             and a unit, and there may be several of them",
            "10:30 `pacing.jitter`: expected a number from 0 to 1, found the number `7`",
            "12:1 the key `clock` stands here a second time; the first, at 11:1, is ignored",
            "12:8 `clock`: found `reel`, expected one of `seeded`, `real`",
        ]
    );
    let error = read(text).unwrap_err();
    assert!(error.to_string().ends_with("\n\n11 mistakes in the configuration"), "{error}");
    assert_eq!(error.diagnostics.iter().filter(|it| it.severity == Severity::Warning).count(), 1);
    let many: String = (0..500).map(|n| format!("key{n}: 1\n")).collect();
    let error = read(&many).unwrap_err();
    assert_eq!(error.diagnostics.len(), 51);
    assert!(error.to_string().contains("the rest was not looked at"));
    // However many keys are left empty, a configuration is read whole or refused.
    let empty: String = (0..3000).map(|n| format!("- {{id: m{n}, owned_by: , created: }}\n")).collect();
    assert_eq!(read(&format!("models:\n{empty}")).unwrap().config.models.len(), 3000);
    let empty: String = (0..3000).map(|n| format!("- {{use: s{n}, limits: }}\n")).collect();
    match read(&format!("strategies:\n{empty}")) {
        Ok(loaded) => assert_eq!(loaded.stages.unwrap().len(), 3000),
        Err(error) => assert!(error.to_string().contains("the rest was not looked at")),
    }
}

#[test]
fn lines_are_right_whatever_ends_them() {
    for newline in ["\n", "\r\n", "\r"] {
        let text = ["\u{feff}# ü", "seed: 1", "pacing:", "  ttft: soon # é"].join(newline);
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(":4:9\n  |\n4 |   ttft: soon # é\n  |         ^^^^"), "{error}");
    }
    let error = shown("pacing:\n\tttft: 0\n");
    assert!(error.contains(":2:1\n  |\n2 | \tttft: 0\n  | ^") && error.contains("not with tabs"), "{error}");
}

#[test]
fn mistakes_behind_aliases_are_told_where_they_are_written() {
    one(
        "strategies: [&a {use: x, isolation: cold}]",
        "1:37 `strategies[0].isolation`: found `cold`, expected one of `warm`, `fresh`",
    );
    let merged = "strategies:\n  - &a {use: x, isolation: warm, color: red}\n  - {<<: *a, use: y}\n";
    assert_eq!(mistakes(merged), ["2:34 unknown key `color`", "2:34 unknown key `color`"]);
}

#[test]
fn a_caller_tells_its_own_mistakes_at_a_stage() {
    let loaded = read("strategies:\n  - error\n  - use: lokup\n    settings: {a: 1}\n").unwrap();
    let error =
        ConfigError::from(loaded.stage_error(1, "no strategy named `lokup`").with_help("did you mean `lookup`?"));
    assert_eq!(
        error.to_string(),
        "error: no strategy named `lokup`
 --> conf/standin.yaml:3:10
  |
3 |   - use: lokup
  |          ^^^^^
  = did you mean `lookup`?"
    );
    assert!(loaded.stage_error(0, "x").to_string().contains("2 |   - error\n  |     ^^^^^"));
    assert!(loaded.settings_error(1, "x").to_string().contains("4 |     settings: {a: 1}\n  |               ^"));
    assert!(loaded.settings_error(0, "x").to_string().contains(":2:5"), "without settings it is the stage");
    assert!(loaded.stage_error(9, "x").to_string().contains("standin.yaml:2:3"), "the nearest place that there is");
    let elsewhere = loaded.error_at(&["models".into()], "x").to_string();
    assert_eq!(elsewhere, "error: x\n--> conf/standin.yaml", "what is not written has no line");
    assert!(Loaded::defaults().stage_error(0, "x").to_string().contains("(defaults)"));
}

#[test]
fn the_schema_describes_every_key() {
    fn undescribed(path: &str, schema: &serde_json::Value, found: &mut Vec<String>) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            // The only key of a mapping that is described as a whole.
            if property["description"].as_str().is_none_or(str::is_empty) && key != "characters" {
                found.push(path.clone());
            }
            undescribed(&path, property, found);
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            assert!(definition["description"].is_string(), "{name}");
            undescribed(name, definition, found);
        }
        for one in schema["anyOf"].as_array().into_iter().flatten() {
            undescribed(path, one, found);
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    undescribed("", &schema, &mut found);
    assert_eq!(found, [""; 0]);
    assert_eq!(schema["properties"]["listen"]["default"], "127.0.0.1:8000");
    assert_eq!(schema["$defs"]["Stage"]["anyOf"][1]["required"], json!(["use"]));
    assert_eq!(schema["additionalProperties"], false);
    assert!(!schema.to_string().contains("\\n"), "descriptions are single lines");
}

#[test]
fn a_fault_says_what_goes_wrong() {
    one("faults: [ { status: 200 } ]", "1:21 `faults[0].status`: expected 400 to 599, found 200");
    one("faults: [ { delay: 1s, retry-after: 1 } ]", "1:37 `faults[0].retry-after` stands without a `status`");
    one("faults: [ { rate: 0.5 } ]", "1:11 `faults[0]` does nothing: expected `status`, `fault` or `delay`");
    let mistake = mistakes("faults: [ { fault: explode } ]");
    assert!(mistake[0].contains("`stall@3`") && mistake[0].contains("explode"), "{mistake:?}");
    assert!(mistakes("rate-limits: { requests: 0 }")[0].contains("rate-limits.requests"));
}
