//! Writes what came into a file of tests. Only values of `expect` change, in the text itself: comments, order and everything else
//! stay as they are written.

use std::ops::Range;

use serde_json::{Map, Value};

use super::compare::Mend;
use super::run::Ran;
use super::yaml;
use crate::config::Step;
use crate::config::spans::{Extent, extent};
use crate::config::yaml::to_value;

/// What is written, by how many expectations; none where all of them hold.
///
/// # Errors
/// The text cannot be changed in place: why.
pub fn update(ran: &Ran) -> Result<Option<(String, usize)>, String> {
    let mends = ran.cases.iter().flat_map(|case| &case.failures);
    let mends: Vec<_> = mends.filter_map(|failure| Some((&failure.path[..], failure.what.mend()?))).collect();
    if mends.is_empty() {
        return Ok(None);
    }
    let count = mends.len();
    change(ran.suite.written.text(), &mends).map(|text| Some((text, count)))
}

/// A text with other expectations.
fn change(text: &str, mends: &[(&[Step], Mend)]) -> Result<String, String> {
    let mut edits = Vec::new();
    let mut wanted = to_value(text).map_err(|(_, reason)| reason)?;
    for (path, mend) in mends {
        let expect: Vec<Step> = path.iter().cloned().chain(["expect".into()]).collect();
        match mend {
            Mend::Whole(value) => {
                edits.push(match extent(text, &expect) {
                    Some(at) => replace(text, &at, value),
                    None => insert(text, path, value).ok_or_else(|| elsewhere(path))?,
                });
                put(&mut wanted, &expect, value);
            }
            Mend::Keys(keys) => {
                for (key, value) in keys {
                    let path: Vec<Step> = expect.iter().cloned().chain([Step::from(key.as_str())]).collect();
                    let at = extent(text, &path).ok_or_else(|| elsewhere(&path))?;
                    edits.push(replace(text, &at, value));
                    put(&mut wanted, &path, value);
                }
            }
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut changed = text.to_owned();
    let foreign = text.contains("\r\n");
    for (range, new) in edits.into_iter().rev() {
        changed.replace_range(range, &if foreign { new.replace('\n', "\r\n") } else { new });
    }
    // A text that says anything else than what was meant is not written.
    match to_value(&changed) {
        Ok(value) if value == wanted => Ok(changed),
        _ => Err("its anchors or its layout do not let an expectation be changed alone; change it by hand".to_owned()),
    }
}

fn elsewhere(path: &[Step]) -> String {
    let shown: Vec<_> = path
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.clone(),
            Step::Index(index) => index.to_string(),
        })
        .collect();
    format!("`{}` is brought in by an alias; change it by hand where it is written", shown.join("."))
}

/// Another value in the place of one.
fn replace(text: &str, at: &Extent, value: &Value) -> (Range<usize>, String) {
    let Extent { range, key, in_flow } = at;
    let from = key.as_ref().map_or(range.start, |key| key.end);
    // The place of a value that is not there may be before the colon.
    let colon = text[from..].find(':').filter(|_| key.is_some()).map_or(range.start, |colon| from + colon + 1);
    let range = &(range.start.max(colon)..range.end.max(colon));
    let rest = &text[range.end..];
    let rest = rest[..rest.find(['\r', '\n']).unwrap_or(rest.len())].trim();
    let before = text[colon..range.start].trim();
    // What stands in its line, or names it, stays; then the value has one line too.
    if *in_flow || !rest.is_empty() || before.starts_with(['&', '!']) || key.is_none() {
        let space = if range.start == colon { " " } else { "" };
        return (range.clone(), format!("{space}{}", yaml::flow(value)));
    }
    if !before.is_empty() {
        // A comment stands between the key and its value.
        let written = yaml::block(value, column(text, range.start));
        return (range.clone(), written.trim_start_matches([' ', '\n']).to_owned());
    }
    let indent = key.as_ref().map_or(0, |key| column(text, key.start)) + 2;
    (colon..range.end, yaml::block(value, indent))
}

/// An expectation beside the request that lacks one.
fn insert(text: &str, path: &[Step], value: &Value) -> Option<(Range<usize>, String)> {
    let request: Vec<Step> = path.iter().cloned().chain(["request".into()]).collect();
    let Extent { range, key, in_flow } = extent(text, &request)?;
    if in_flow {
        return Some((range.end..range.end, format!(", expect: {}", yaml::flow(value))));
    }
    let line = &text[range.end..];
    let end = range.end + line.find(['\r', '\n']).unwrap_or(line.len());
    let column = column(text, key?.start);
    Some((end..end, format!("\n{}expect:{}", " ".repeat(column), yaml::block(value, column + 2))))
}

/// How many characters stand before a place in its line.
fn column(text: &str, at: usize) -> usize {
    let line = text[..at].rfind(['\r', '\n']).map_or(0, |end| end + 1);
    text[line..at].trim_start_matches('\u{feff}').chars().count()
}

fn put(whole: &mut Value, path: &[Step], value: &Value) {
    let mut at = whole;
    for step in path {
        at = match step {
            Step::Key(key) => {
                if at.is_null() {
                    *at = Value::Object(Map::new());
                }
                match at {
                    Value::Object(map) => map.entry(key.clone()).or_insert(Value::Null),
                    _ => return,
                }
            }
            Step::Index(index) => match at.get_mut(*index) {
                Some(below) => below,
                None => return,
            },
        };
    }
    *at = value.clone();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case(index: usize) -> Vec<Step> {
        vec!["cases".into(), index.into()]
    }

    fn keys(key: &str, value: Value) -> Mend {
        Mend::Keys(vec![(key.to_owned(), value)])
    }

    #[test]
    fn only_expectations_change() {
        let before = include_str!("../../tests/suite/before.yaml");
        let after = include_str!("../../tests/suite/after.yaml");
        let turn = |index: usize| [case(7), vec!["turns".into(), index.into()]].concat();
        let mends: Vec<(Vec<Step>, Mend)> = vec![
            (case(0), keys("text", "good morning".into())),
            (case(1), keys("text", "two\nlines".into())),
            (case(2), Mend::Whole("pass".into())),
            (case(3), Mend::Whole(json!({ "error": { "status": 400, "message": "no: \"it\" is not" } }))),
            (case(4), keys("chunks", json!(["a", " b"]))),
            (case(5), Mend::Whole(json!({ "text": "was missing" }))),
            (case(6), Mend::Whole(json!({ "text": "was missing here, too" }))),
            (turn(0), keys("tool-calls", json!([{ "name": "f", "arguments": { "a": [1, 2] } }]))),
            (turn(1), Mend::Whole(json!({ "fails": "trapped: unreachable" }))),
            (case(8), Mend::Whole(json!({ "text": "one" }))),
            (case(9), keys("text", "one line again".into())),
        ];
        let mends: Vec<_> = mends.iter().map(|(path, mend)| (&path[..], mend.clone())).collect();
        let changed = change(before, &mends).unwrap();
        assert_eq!(changed, after, "{changed}");
    }

    #[test]
    fn line_breaks_of_another_system_are_no_obstacle() {
        let before = "cases:\r\n- name: a\r\n  request: x # y\r\n- name: b\r\n  request: x\r\n  expect: pass # z\r\n";
        let one = Mend::Whole(json!({ "text": "x" }));
        let changed = change(before, &[(&case(0), one.clone()), (&case(1), one)]).unwrap();
        let value = to_value(&changed).unwrap();
        assert_eq!(value.pointer("/cases/0/expect/text"), Some(&json!("x")));
        assert_eq!(value.pointer("/cases/1/expect/text"), Some(&json!("x")));
        assert!(changed.contains("# y\r\n") && changed.contains("# z\r\n"), "{changed:?}");
        assert_eq!(changed.matches('\n').count(), changed.matches("\r\n").count(), "{changed:?}");
    }

    #[test]
    fn what_is_written_elsewhere_is_left_to_a_person() {
        let text = "x: &e { text: a }\ncases:\n- name: a\n  request: x\n  expect: *e\n";
        let error = change(text, &[(&case(0), keys("text", "b".into()))]).unwrap_err();
        assert!(error.contains("`cases.0.expect.text` is brought in by an alias"), "{error}");
        let text = "cases:\n- name: a\n  request: x\n  expect: &e { text: a }\n- name: b\n  request: x\n  expect: *e\n";
        let error = change(text, &[(&case(0), keys("text", "b".into()))]).unwrap_err();
        assert!(error.contains("by hand"), "{error}");
        let whole = change(text, &[(&case(1), Mend::Whole("pass".into()))]).unwrap();
        assert!(whole.ends_with("expect: pass\n"), "{whole}");
    }
}
