//! YAML documents to JSON values.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::config::Position;
use crate::config::tree::{Step, Tree};
use crate::config::yaml::{MAX_DEPTH, parse, to_value};

#[track_caller]
fn reads(text: &str, expected: Value) {
    assert_eq!(to_value(text).unwrap(), expected, "{text}");
}

/// The text is refused, at line and column, with this in the message.
#[track_caller]
fn refused(text: &str, line: u32, column: u32, part: &str) {
    let (position, message) = to_value(text).unwrap_err();
    assert_eq!(position, Position { line, column }, "{text}: {message}");
    assert!(message.contains(part), "{text}: {message}");
}

fn at(tree: &Tree, path: &[Step]) -> (u32, u32, u32) {
    let place = tree.place(path);
    (place.at.line, place.at.column, place.width)
}

#[test]
fn scalars_are_those_of_the_core_schema() {
    reads("[1, -2, 0x10, 1.5, true, ~, null, text, yes]", json!([1, -2, 16, 1.5, true, null, null, "text", "yes"]));
    reads("['1', \"true\", '~', \"a\\n\\u00e9\"]", json!(["1", "true", "~", "a\né"]));
    reads("|\n  12\n", json!("12\n"));
    reads(">-\n  12\n  13\n", json!("12 13"));
    refused("a: .inf", 1, 4, "JSON does not have");
}

#[test]
fn keys_are_their_text() {
    reads(
        "{1: a, true: b, null: c, 1.50: d, 'q': e, ~: f}",
        json!({"1": "a", "true": "b", "null": "c", "1.50": "d", "q": "e", "~": "f"}),
    );
    reads("? a\n: 1\n? b\n", json!({"a": 1, "b": null}));
    reads(": 1", json!({"": 1}));
    refused("[a]: 1", 1, 1, "a key has to be text");
    refused("x:\n  {b: 1}: 2", 2, 3, "a key has to be text");
    refused("a: &x [1]\n*x : 2", 2, 1, "a key has to be text");
}

#[test]
fn an_empty_document_is_null() {
    for text in ["", "\n", "# a comment", "---", "---\n...\n", "\u{feff}", "null"] {
        reads(text, json!(null));
    }
}

#[test]
fn one_document_is_enough() {
    reads("---\na: 1\n...\n", json!({"a": 1}));
    refused("a: 1\n---\nb: 2\n", 2, 1, "a second document");
}

#[test]
fn anchors_are_filled_in() {
    reads("a: &x {b: [1, 2]}\nc: *x", json!({"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}));
    reads("&a k: 1\nl: *a", json!({"k": 1, "l": "k"}));
    reads("- &n 12\n- {*n : x}", json!([12, {"12": "x"}]));
    reads("- &a 1\n- &a 2\n- *a", json!([1, 2, 2]));
    refused("a: *x", 1, 4, "unknown anchor");
    refused("a: &x [1, *x]", 1, 11, "never end");
}

#[test]
fn merge_keys_yield_to_the_mapping_and_to_earlier_ones() {
    let defaults = "d: &d {a: 1, b: 2}\ne: &e {b: 3, c: 4}\n";
    let with = |text: &str| to_value(&format!("{defaults}{text}")).unwrap()["x"].clone();
    assert_eq!(with("x: {<<: *d, b: 9}"), json!({"b": 9, "a": 1}));
    assert_eq!(with("x: {<<: [*d, *e]}"), json!({"a": 1, "b": 2, "c": 4}));
    assert_eq!(with("x: {<<: *d, <<: *e}"), json!({"a": 1, "b": 2, "c": 4}));
    assert_eq!(with("x: {'<<': *d}"), json!({"<<": {"a": 1, "b": 2}}), "in quotes it is a key as any other");
    refused("x:\n  <<: 1", 2, 3, "takes a mapping");
    refused("x: {<<: [{}, 1]}", 1, 5, "takes a mapping");
}

#[test]
fn core_tags_count_and_others_do_not() {
    reads("[!!str 1, !!str true, !!str , !!int '3', !!float 1, ! 12]", json!(["1", "true", "", 3, 1.0, "12"]));
    reads("[!mine 1, !!set {a: }, !<tag:x.org,2000:y> b]", json!([1, {"a": null}, "b"]));
    refused("a: !!int x", 1, 4, "is tagged `!!int`");
    refused("a: !!bool 1", 1, 4, "is tagged `!!bool`");
}

#[test]
fn of_duplicate_keys_the_last_one_wins_with_a_warning() {
    let document = parse("a: 1\nb: 2\n'a': 3\na: 4\nb: {x: 5}\n").unwrap();
    assert_eq!(document.tree.value, json!({"a": 4, "b": {"x": 5}}));
    let warnings: Vec<_> = document.warnings.iter().map(|w| (w.place.at.line, w.message.as_str())).collect();
    assert_eq!(
        warnings,
        [
            (3, "the key `a` stands here a second time; the first, at 1:1, is ignored"),
            (4, "the key `a` stands here a second time; the first, at 3:1, is ignored"),
            (5, "the key `b` stands here a second time; the first, at 2:1, is ignored"),
        ]
    );
    assert_eq!(at(&document.tree, &["b".into(), "x".into()]), (5, 8, 1), "the places are those of the last one");
    assert_eq!(document.tree.key_place(&["a".into()]).at, Position { line: 4, column: 1 });
    let many = parse(&"k: 1\n".repeat(1000)).unwrap();
    assert!(many.warnings.len() < 100, "a thousand warnings would not be read");
    assert!(many.warnings.last().unwrap().message.starts_with("949 more"));
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    let started = Instant::now();
    let (_, message) = to_value(&bomb).unwrap_err();
    assert!(message.contains("repeat too much"), "{message}");
    assert!(started.elapsed() < Duration::from_secs(5));
    // As deep as it is wide.
    let deep: String = (1..200).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1)).collect();
    assert!(to_value(&format!("a0: &a0 x\n{deep}")).unwrap_err().1.contains("nest more than"));
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(to_value(&nested(MAX_DEPTH)).is_ok());
    assert!(to_value(&nested(MAX_DEPTH + 1)).unwrap_err().1.contains("nest more than 128 deep"));
    assert!(to_value(&"[".repeat(100_000)).is_err());
    assert!(to_value(&"- ".repeat(100_000)).is_err());
    assert!(to_value(&"{a: ".repeat(100_000)).is_err());
}

#[test]
fn json_is_yaml() {
    let text = "{\"a\": [1, 2.5, -3e2, true, null, \"b: #\\\"\\/\\u00e9\\t\"],\r\n\t\"c\":{},\"d\":[]}\n";
    reads(text, serde_json::from_str(text).unwrap());
}

#[test]
fn every_value_has_its_place() {
    for newline in ["\n", "\r\n", "\r"] {
        let text =
            ["\u{feff}# first", "a:", "  - x", "  - {b: 'two words', ü: plain words # c", "    }", "d: &n 5", "e: *n"];
        let tree = parse(&text.join(newline)).unwrap().tree;
        assert_eq!(at(&tree, &[]), (2, 1, 1));
        assert_eq!(at(&tree, &["a".into(), 0.into()]), (3, 5, 1));
        assert_eq!(at(&tree, &["a".into(), 1.into(), "b".into()]), (4, 9, 11));
        assert_eq!(at(&tree, &["a".into(), 1.into(), "ü".into()]), (4, 25, 11), "columns are characters");
        assert_eq!(tree.key_place(&["a".into(), 1.into(), "ü".into()]).at, Position { line: 4, column: 22 });
        assert_eq!(at(&tree, &["d".into()]), (6, 4, 4), "anchors and tags belong to it");
        assert_eq!(at(&tree, &["e".into()]), (6, 4, 4), "what an alias names is where it is written");
        assert_eq!(at(&tree, &["a".into(), 7.into()]), (3, 3, 1), "the nearest that there is");
    }
}

#[test]
fn broken_text_is_refused_where_it_breaks() {
    refused("a: 1\nb: c: d\n", 2, 5, "mapping values are not allowed");
    refused("a: 'x\nb: 1\n", 1, 4, "");
    refused("a: [1, 2\n", 1, 9, "expected ',' or ']'");
    refused("a: @x", 1, 4, "");
    refused("a: 1\n\tb: 2\n", 2, 1, "found a tab");
    refused("a:\n  - x\n  \t- y: z\n", 3, 3, "");
    refused("a:\n  b: 1\n c: 2\n", 3, 2, "");
    refused("a: 1\0\nb: 2", 1, 5, "NUL");
    let help = |text: &str| parse(text).unwrap_err().help.unwrap_or_default();
    assert!(help("a:\n\tb: 2\n").contains("not with tabs"));
    assert!(help("b: c: d").contains("needs quotes"));
    assert!(help("b: @c").contains("needs quotes"));
    assert!(help("b: *c").contains("needs an anchor"));
    assert!(help("a: \"C:\\dir\"").contains("single quotes"));
    assert!(help("a: 'b").contains("not closed"));
    assert!(help("a: [b").contains("not closed"));
    assert!(help("a:\n  b: 1\n c: 2\n").contains("indentation"));
}

#[test]
fn a_huge_table_is_read_fast() {
    let rows = 100_000;
    let table: String = (0..rows).map(|row| format!("question number {row}: the answer is {row}\n")).collect();
    let json = serde_json::to_string(&to_value(&table).unwrap()).unwrap();
    for (text, kind) in [(table, "YAML"), (json, "JSON as YAML")] {
        let started = Instant::now();
        let value = to_value(&text).unwrap();
        let taken = started.elapsed();
        assert_eq!(value.as_object().unwrap().len(), rows);
        println!("{rows} entries of {kind}: {taken:?}");
        assert!(taken < Duration::from_secs(5), "{kind}: {taken:?}");
    }
    let started = Instant::now();
    to_value(&"same: key\n".repeat(rows)).unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "duplicates: {:?}", started.elapsed());
}
