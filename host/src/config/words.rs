//! Mistakes in words: what was found, and which of the known words was probably meant.

use serde::de::Unexpected;
use serde_json::Value;

pub(super) const A_MAPPING: &str = "a mapping (`key: value`)";
pub(super) const A_LIST: &str = "a list";

/// A value as serde calls it.
pub(super) fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), _, _) => Unexpected::Unsigned(value),
            (_, Some(value), _) => Unexpected::Signed(value),
            (_, _, value) => Unexpected::Float(value.unwrap_or_default()),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// What mostly helps whoever wrote the one for the other.
pub(super) fn hint(expected: &str, found: Unexpected<'_>) -> Option<&'static str> {
    match (expected, found) {
        (_, Unexpected::Str(text)) if expected.contains("number") && text.parse::<f64>().is_ok() => {
            Some("to make it a number, leave out the quotes")
        }
        ("text", Unexpected::Seq | Unexpected::Map | Unexpected::Unit | Unexpected::Option) => None,
        ("text", _) => Some("to make it text, put it into quotes"),
        (A_LIST, _) => Some("a list is written `[a, b]`, or with `- ` before each item"),
        _ => None,
    }
}

pub(super) fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) if text.chars().count() > 60 => {
            format!("the text `{}…`", text.chars().take(60).collect::<String>())
        }
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// The known word that was probably meant.
pub(super) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    let near = known.iter().map(|candidate| (distance(&word, &candidate.replace('_', "-")), *candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= word.chars().count().max(candidate.len()).div_ceil(3).min(3)).then_some(candidate)
}

/// How many letters have to be added, taken, changed or swapped with their neighbour to come from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut rows: [Vec<usize>; 2] = [Vec::new(), (0..=to.len()).collect()];
    let mut before: Option<char> = None;
    for (i, letter) in from.chars().take(64).enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let changed = rows[1][j] + usize::from(letter != *other);
            let mut least = changed.min(rows[1][j + 1] + 1).min(row[j] + 1);
            if j > 0 && before == Some(*other) && to[j - 1] == letter {
                least = least.min(rows[0][j - 1] + 1);
            }
            row.push(least);
        }
        rows = [std::mem::take(&mut rows[1]), row];
        before = Some(letter);
    }
    rows[1].last().copied().unwrap_or_default()
}

pub(super) fn words(known: &[&str]) -> String {
    let quoted: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_word_is_found() {
        let known = ["listen", "strategies", "strategies-dir", "body-limit", "seed"];
        for (word, meant) in [
            ("strategy", Some("strategies")),
            ("stratgies", Some("strategies")),
            ("strategies_dir", Some("strategies-dir")),
            ("Listen", Some("listen")),
            ("lisetn", Some("listen")),
            ("bodyLimit", Some("body-limit")),
            ("port", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(closest(word, &known), meant, "{word}");
        }
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
