//! The escapes are serde_json's, the patch is the RFC's, and nothing panics.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn mended(body: &str) -> String {
    sanitize(body.as_bytes()).unwrap().into_owned()
}

#[test]
fn lone_surrogates_are_replaced_and_pairs_are_not() {
    let cases = [
        (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
        (r#""\ud83d""#, r#""\ufffd""#),
        (r#""\uDE00\uD83D""#, r#""\ufffd\ufffd""#),
        (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
        (r#""\ud83d\ude00\ude00""#, r#""\ud83d\ude00\ufffd""#),
        (r#""\ud83dx\ude00""#, r#""\ufffdx\ufffd""#),
        (r#""\ud83d\\ude00""#, r#""\ufffd\\ude00""#),
        (r#""\\ud83d""#, r#""\\ud83d""#),
        (r#""\\\ud83d""#, r#""\\\ufffd""#),
        (r#""\ud8"#, r#""\ud8"#),
        (r"\ud83d", r"\ufffd"),
        (r#""\u00e9""#, r#""\u00e9""#),
        ("", ""),
    ];
    for (body, wanted) in cases {
        assert_eq!(mended(body), wanted, "{body}");
    }
}

#[test]
fn a_body_without_lone_surrogates_is_borrowed() {
    assert!(matches!(sanitize(r#"{"a":"\u00e9\ud83d\ude00 \\ud800"}"#.as_bytes()), Ok(Cow::Borrowed(_))));
}

#[test]
fn a_body_that_is_not_utf_8_says_where() {
    let error = sanitize(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(error, NotUtf8 { valid_up_to: 6 });
    assert!(error.to_string().contains("offset 6"));
}

#[test]
fn numbers_are_decimal() {
    let edges = (0..20).flat_map(|power| [10_u64.pow(power) - 1, 10_u64.pow(power), 3 * (10_u64.pow(power) / 2)]);
    for number in edges.chain([1_715_367_049, 1_001, 20_030, u64::MAX]) {
        let mut out = Vec::new();
        write_number(&mut out, number);
        assert_eq!(out, number.to_string().into_bytes());
    }
}

#[test]
fn every_control_character_is_escaped_as_serde_json_does_it() {
    let text: String = (0..=0x7f_u8).map(char::from).collect();
    let mut out = Vec::new();
    write_string(&mut out, &text);
    assert_eq!(out, serde_json::to_vec(&text).unwrap());
}

#[test]
fn a_line_has_no_line_breaks() {
    let mut out = Vec::new();
    write_line(&mut out, "{\r\n\t\"a\\n\": 1\n}");
    assert_eq!(out, b"{  \t\"a\\n\": 1 }");
}

/// RFC 7396, appendix A.
#[test]
fn patches_merge_as_the_rfc_says() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a": "b"}), json!(["c"]), json!(["c"])),
        (json!({"a": "foo"}), json!(null), json!(null)),
        (json!({"a": "foo"}), json!("bar"), json!("bar")),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ];
    for (mut target, patch, wanted) in cases {
        merge_patch(&mut target, &patch);
        assert_eq!(target, wanted, "{patch}");
    }
}

/// RFC 6901, section 5, and what it leaves open.
#[test]
fn pointers_find_the_text_of_a_value() {
    let body = r#" {"foo": ["bar", "baz" ], "": 0, "a/b": 1, "m~n": 8, "k\"l": 6, "x": {"y": [ {"z": 1.50} ]}, "é": "\u00e9"} "#;
    for (pointer, wanted) in [
        ("", Some(body.trim())),
        ("/foo", Some(r#"["bar", "baz" ]"#)),
        ("/foo/0", Some(r#""bar""#)),
        ("/foo/1", Some(r#""baz""#)),
        ("/foo/2", None),
        ("/foo/00", None),
        ("/foo/01", None),
        ("/foo/-", None),
        ("/foo/", None),
        ("/foo/0/0", None),
        ("/", Some("0")),
        ("/a~1b", Some("1")),
        ("/m~0n", Some("8")),
        ("/k\"l", Some("6")),
        ("/x/y/0/z", Some("1.50")),
        ("/é", Some(r#""\u00e9""#)),
        ("/nope", None),
        ("foo", None),
    ] {
        assert_eq!(at(body, pointer), wanted, "{pointer}");
    }
    assert_eq!(at(r#"{"a":1,"\u0061":2,"b":3}"#, "/a"), Some("2"), "the last of two counts");
    assert_eq!(at(r#"{"a":{"b":1},"a":5}"#, "/a/b"), None, "even if it leads nowhere");
    assert_eq!(at(r#"{"a":1} x"#, "/a"), None);
    assert_eq!(at(r#"{"a":1"#, "/a"), None);
    assert_eq!(at(r#"{"a":1,}"#, "/a"), None);
}

proptest! {
    #[test]
    fn strings_are_written_as_serde_json_writes_them(text in "\\PC{0,40}|[\u{0}-\u{7f}]{0,40}|[a-z\"\\\\\n]{0,40}") {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        prop_assert_eq!(out, serde_json::to_vec(&text).unwrap());
    }

    #[test]
    fn what_is_sanitized_is_json_if_it_was_and_as_long(units in prop::collection::vec(
        prop_oneof![0xd7f0u16..0xe010, any::<u16>()], 0..12), slashes in 0usize..4) {
        let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let body = format!("\"{}{escapes}\"", "\\\\".repeat(slashes));
        let mended = sanitize(body.as_bytes()).unwrap();
        prop_assert_eq!(mended.len(), body.len());
        let wanted = "\\".repeat(slashes) + &String::from_utf16_lossy(&units);
        prop_assert_eq!(serde_json::from_str::<String>(&mended).unwrap(), wanted);
    }

    #[test]
    fn pointers_never_panic(json in "[\\[\\]{}\":,0-9a\\\\u ]{0,40}", pointer in "[/~01a-]{0,8}") {
        let found = at(&json, &pointer);
        if let Ok(value) = serde_json::from_str::<Value>(&json) {
            let found: Option<Value> = found.and_then(|text| serde_json::from_str(text).ok());
            prop_assert_eq!(found.as_ref(), value.pointer(&pointer));
        }
    }
}
