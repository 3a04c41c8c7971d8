//! Who may ask: what would let nobody in, and that no message shows a key.

use std::path::Path;

use super::mistakes;
use crate::config::{Admin, Config, Format, Secret, from_str};

#[track_caller]
fn one(text: &str, expected: &str) {
    assert_eq!(mistakes(Format::Standin, text), [expected], "{text}");
}

#[test]
fn an_empty_key_is_refused() {
    one("api-key: ''", "1:10 `api-key` is empty");
    one("api-key: ' '", "1:10 `api-key` is empty");
    one("admin: {key: ''}", "1:14 `admin.key` is empty");
    one("admin: {enabled: maybe}", "1:18 `admin.enabled`: expected `true` or `false`, found the text `maybe`");
    one("strict: 1", "1:9 `strict`: expected `true` or `false`, found the number `1`");
    // Left out, as any key.
    assert_eq!(from_str("api-key:", Path::new("a")).unwrap().config.api_key, None);
}

#[test]
fn an_origin_is_what_a_browser_sends() {
    let origins = |origin: &str| format!("cors: {{allow-origins: [\"{origin}\"]}}");
    for origin in
        ["*", "http://localhost", "https://a.example:8443", "http://[::1]:80", "app+x://host", "http://127.0.0.1:5173"]
    {
        assert!(from_str(&origins(origin), Path::new("a")).is_ok(), "{origin}");
    }
    for origin in [
        "",
        "localhost",
        "http://",
        "http://a/",
        "http://a/b",
        "http://a:b",
        "http://a:99999",
        "http://a:",
        "http://a b",
        "://a",
        "1a://b",
        "http://u@a",
        "http://a?b",
        "http://::1",
        "http://[::1",
        "http://*.a.com",
        "**",
    ] {
        let expected = "`, expected `*`, or an origin such as `http://localhost:5173`, without a path";
        one(&origins(origin), &format!("1:24 `cors.allow-origins[0]`: found `{origin}{expected}"));
    }
    let error = from_str(&origins("http://a/"), Path::new("a")).unwrap_err().to_string();
    assert!(error.ends_with("= a browser sends scheme, host and port alone, without a `/` at the end"), "{error}");
}

#[test]
fn no_message_shows_a_key() {
    for text in [
        "api-key: s3cret # and\nseed: lots\n",
        "{api-key: s3cret, seed: lots}",
        "{'api-key': \"s3cret\", 'admin': {'key': 's3cret', 'enabled': 1}}",
        "api-key: [s3cret]",
        "api-key: {a: s3cret}",
        "api-key:\n  - s3cret\nseed: lots",
        "api-key: [\"s3cret\nfoo\"]",
        "admin: {key: {a: [s3cret]}}",
        "admin:\n  kye: 1\n  key: &a s3cret\napi-key: *a\nstrict: 1\n",
        "api-key: s3cret\napi-key: s3cret\nseed: -1\n",
        "port: http\napi-key: {a: s3cret}\n",
        "{port: http, api-key: s3cret}",
        // Not even where the text could not be read.
        "api-key: \"s3cret\n",
        "api-key: s3cret: b\n",
        "{\"api-key\": \"s3cret\" \"b\"}",
        "admin:\n  key: @s3cret\n",
    ] {
        for name in ["a.yaml", "a.json"] {
            let error = from_str(text, Path::new(name)).expect_err(text);
            let shown = format!("{error} {:?}", error.rest.as_ref().map(|rest| &rest.config));
            assert!(!shown.contains("s3cret"), "{text}: {shown}");
        }
    }
    // A number that was meant as a key.
    let error = from_str("api-key: 90210\n", Path::new("a")).unwrap_err().to_string();
    assert_eq!(
        error,
        "error: `api-key`: expected text, found something else
 --> a:1:10
  |
1 | api-key: *****
  |          ^^^^^
  = to make it text, put it into quotes"
    );
    let error = from_str("\u{feff}seed: x # ü\r\nadmin: { key: 'ü', enabled: 2 }\r\n", Path::new("a")).unwrap_err();
    assert!(
        error.to_string().contains("2 | admin: { key: ***, enabled: 2 }\n  |                             ^"),
        "{error}"
    );
}

#[test]
fn a_configuration_is_written_without_its_keys() {
    let admin = Admin { enabled: true, key: Some(Secret::new("s3cret")) };
    let config = Config { api_key: Some(Secret::new("s3cret")), admin, ..Config::default() };
    let written = serde_json::to_value(&config).unwrap();
    assert_eq!((&written["api-key"], &written["admin"]["key"]), (&"***".into(), &"***".into()));
    assert!(!format!("{config:?}").contains("s3cret"));
}
