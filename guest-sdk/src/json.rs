//! Reads JSON text, and says where it is not what was expected.

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// Reads JSON text, such as a value of the [`state`](crate::state). An error names the place within `whole`, and what was
/// expected there.
///
/// # Errors
/// It is no `T`, or no JSON.
///
/// ```
/// let error = standin_sdk::from_json::<Vec<u8>>("the plan", "[1, true]").unwrap_err();
/// assert_eq!(error.to_string(), "the plan[1]: invalid type: boolean `true`, expected u8");
/// ```
pub fn from_json<T: DeserializeOwned>(whole: &str, json: &str) -> Result<T> {
    read_at(whole, "", json)
}

/// The same, where the JSON text is what stands at a pointer within `whole`.
pub(crate) fn read_at<T: DeserializeOwned>(whole: &str, pointer: &str, json: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let mut place = path_of(whole, pointer);
        let path = error.path().to_string();
        if !path.starts_with(['.', '[']) {
            place.push('.');
        }
        if path != "." {
            place.push_str(&path);
        }
        failure(&place, error.inner())
    })?;
    deserializer.end().map_err(|error| failure(&path_of(whole, pointer), &error))?;
    Ok(value)
}

/// Without the line and the column: they are those of a text on one line, which nobody wrote.
fn failure(place: &str, error: &serde_json::Error) -> Error {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    format!("{place}: {message}").into()
}

/// A pointer in the form in which a person writes a path: `settings.answers.why`.
pub(crate) fn path_of(whole: &str, pointer: &str) -> String {
    let mut path = whole.to_owned();
    path.push_str(&pointer.replace('/', ".").replace("~1", "/").replace("~0", "~"));
    path
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn an_error_names_the_place_and_not_the_column() {
        #[derive(Debug, Deserialize)]
        struct Inner {
            #[expect(dead_code, reason = "only its type matters")]
            times: Vec<u8>,
        }
        let error = |json| read_at::<Inner>("settings", "/inner", json).unwrap_err().to_string();
        let expected = "settings.inner.times[1]: invalid type: string \"two\", expected u8";
        assert_eq!(error(r#"{ "times": [1, "two"] }"#), expected);
        assert_eq!(error("{}"), "settings.inner: missing field `times`");
        let error = from_json::<Vec<u8>>("settings", "[1, true]").unwrap_err().to_string();
        assert_eq!(error, "settings[1]: invalid type: boolean `true`, expected u8");
        let error = from_json::<Vec<u8>>("settings", "[1] 2").unwrap_err().to_string();
        assert_eq!(error, "settings: trailing characters");
    }

    #[test]
    fn a_pointer_becomes_a_path() {
        assert_eq!(path_of("settings", "/answers/a~1b~0c"), "settings.answers.a/b~c");
    }
}
