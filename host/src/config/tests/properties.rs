//! Whatever the text: no panic, and messages that can be shown.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use crate::config::yaml::to_value;
use crate::config::{Config, Format, from_str, from_str_as};

/// Pieces that mean something to YAML or to the configuration, so that random texts get somewhere.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        "[ ]{1,4}",
        "[-?:,{}&*!|>'\"%@`#\\[\\]]",
        "[-?:] ",
        "(&|\\*)[ab]",
        Just("<<: ".to_owned()),
        Just("---".to_owned()),
        Just("!!str ".to_owned()),
        Just("\\".to_owned()),
        Just("\u{feff}".to_owned()),
        prop::sample::select(vec![
            "listen: ",
            "strategies:",
            "- use: ",
            "settings: ",
            "settings-file: ",
            "limits: ",
            "time: ",
            "models: ",
            "id: ",
            "pacing: ",
            "chunking: ",
            "characters: ",
            "jitter: ",
            "0x1F",
            "1e5",
            "null",
            "true",
            "12ms",
            "4MiB",
            "workers: 0",
            "api-key: ",
            "responses: ",
            "defaults: ",
            "lag_factor: ",
            "openai: ",
            "match: ",
            "headers: ",
            "customReplies: ",
            "question: ",
            "cors: ",
            "replies:",
            "content: ",
            "error: ",
        ])
        .prop_map(str::to_owned),
        "[a-c]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        // Beyond the basic plane, serde_json writes the characters themselves.
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn show(text: &str) {
    let variables = [("LLMOCK_PORT", "1"), ("LLMOCK_MODELS", "[{}]"), ("LLMOCK_CUSTOMREPLIES", "a;b")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let formats = Format::ALL.map(|format| ("standin.yaml", Some(format)));
    for (name, format) in [("standin.yaml", None), ("standin.json", None)].into_iter().chain(formats) {
        match from_str_as(text, Path::new(name), format, &variables) {
            Ok(loaded) => loaded.warnings.iter().for_each(|warning| assert!(!warning.to_string().is_empty())),
            Err(error) => {
                assert!(!error.diagnostics.is_empty());
                assert!(error.to_string().contains("error: "), "{error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        show(&text);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(text in pieces()) {
        show(&text);
    }

    #[test]
    fn what_serde_json_writes_is_read_as_the_same(value in json()) {
        for text in [serde_json::to_string(&value)?, serde_json::to_string_pretty(&value)?] {
            prop_assert_eq!(&to_value(&text).map_err(|(at, message)| TestCaseError::fail(format!("{at} {message}: {text}")))?, &value);
        }
    }
}

#[test]
fn a_configuration_that_is_written_reads_back() {
    let config = Config::default();
    let text = serde_json::to_string(&config).unwrap();
    let read = from_str(&text, Path::new("standin.json")).unwrap().config;
    assert_eq!(read, config);
}
