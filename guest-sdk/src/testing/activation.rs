//! Which requests the server would ask a plugin about.

use serde_json::Value;

use super::Request;
use crate::json::path_of;
use crate::{Activation, Condition};

/// Whether each pointer of the conditions points at an object.
pub(super) fn check(activation: &Activation, settings: &Value) -> Result<(), String> {
    for condition in activation.conditions() {
        let Condition::UserTextKeyOf(pointer) = condition else { continue };
        let found = match settings.pointer(pointer) {
            Some(Value::Object(_)) => continue,
            None => "nothing",
            Some(Value::Array(_)) => "an array",
            Some(_) => "a single value",
        };
        return Err(format!("{}: {found} found, expected an object", path_of("settings", pointer)));
    }
    Ok(())
}

/// Whether a condition holds for a request.
pub(super) fn holds(
    condition: &Condition,
    request: &Request,
    settings: &Value,
    has_state: &dyn Fn(&str) -> bool,
) -> bool {
    let text = || request.last_user_text().map(|text| fold(&text));
    match condition {
        Condition::UserTextContains(part) => text().is_some_and(|text| text.contains(&fold(part))),
        Condition::UserTextEquals(whole) => text().is_some_and(|text| text == fold(whole)),
        Condition::UserTextKeyOf(pointer) => text().is_some_and(|text| {
            let table = settings.pointer(pointer).and_then(Value::as_object);
            table.is_some_and(|table| table.keys().any(|key| fold(key) == text))
        }),
        Condition::LastRole(role) => request.last_role() == Some(*role),
        Condition::Model(pattern) => matches(pattern, &request.model),
        Condition::Operation(name) => *name == request.operation,
        Condition::HeaderPresent(name) => request.header_value(name).is_some(),
        Condition::HasTools => !request.tools.is_empty(),
        Condition::HasOutputSchema => request.output_schema.is_some(),
        Condition::HasState(key) => has_state(key),
    }
}

/// Trimmed and case-folded, as the server compares texts.
fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether a text is what a pattern says, in which `*` stands for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            tail.char_indices().map(|(start, _)| start).chain([tail.len()]).any(|start| matches(rest, &tail[start..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Role;

    #[test]
    fn texts_compare_trimmed_and_without_case() {
        let request = Request::user("  What IS it? ");
        let settings = json!({ "answers": { "what is it?": 1 } });
        let check = |condition| holds(&condition, &request, &settings, &|key| key == "kept");
        assert!(check(Condition::user_text_equals("what is it?")));
        assert!(check(Condition::user_text_contains("IS")));
        assert!(check(Condition::user_text_key_of("/answers")));
        assert!(!check(Condition::user_text_key_of("/questions")));
        assert!(check(Condition::LastRole(Role::User)));
        assert!(!check(Condition::HasTools));
        assert!(check(Condition::has_state("kept")) && !check(Condition::has_state("other")));
    }

    #[test]
    fn a_star_stands_for_any_run() {
        assert!(matches("gpt-*", "gpt-4o"));
        assert!(matches("*-4o*", "gpt-4o"));
        assert!(matches("*", ""));
        assert!(!matches("gpt-*-mini", "gpt-4o"));
        assert!(!matches("gpt", "gpt-4o"));
    }
}
