//! What the configuration gives a plugin under `settings`.
//!
//! [`Plugin::Settings`](crate::Plugin::Settings) is read from them, from all of them, before
//! [`Plugin::new`](crate::Plugin::new). They also stay in the server: a plugin with a large table takes [`Unread`]
//! settings, and asks for single values here.

use std::any::Any;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::host::settings as host;
use crate::{Error, Result};

/// A [`Plugin::Settings`](crate::Plugin::Settings) that leaves all of them in the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Unread {}

/// The value at an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) pointer; "" is all of the settings.
///
/// # Errors
/// It is there, but no `T`.
///
/// ```
/// # use standin_sdk::{settings, Result};
/// fn answer_to(question: &str) -> Result<Option<String>> {
///     settings::at(&settings::pointer(["answers", question]))
/// }
/// ```
pub fn at<T: DeserializeOwned>(pointer: &str) -> Result<Option<T>> {
    json_at(pointer).map(|json| from_json("settings", pointer, &json)).transpose()
}

/// The JSON text of the value at a pointer.
pub fn json_at(pointer: &str) -> Option<String> {
    host::json_at(pointer)
}

/// The pointer made of these keys, whatever characters they contain.
pub fn pointer<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    let mut pointer = String::new();
    for key in keys {
        pointer.push('/');
        for char in key.chars() {
            match char {
                '~' => pointer.push_str("~0"),
                '/' => pointer.push_str("~1"),
                other => pointer.push(other),
            }
        }
    }
    pointer
}

/// All of the settings. A plugin that takes none, or leaves them in the server, carries no JSON parser for them.
pub(crate) fn read<T: DeserializeOwned + 'static>() -> Result<T> {
    if let Some(unread) = same(Unread {}) {
        return Ok(unread);
    }
    let json = json_at("").unwrap_or_else(|| "{}".to_owned());
    if let Some(nothing) = same(()) {
        return match json.trim() {
            "{}" | "null" => Ok(nothing),
            given => Err(format!("settings: this plugin takes none, but was given {given}").into()),
        };
    }
    from_json("settings", "", &json)
}

/// The value, if a `T` is what it is.
fn same<T: 'static, U: 'static>(value: U) -> Option<T> {
    let mut value = Some(value);
    (&mut value as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take)
}

/// Reads JSON text; an error names the place within `whole` and what was expected there.
pub(crate) fn from_json<T: DeserializeOwned>(whole: &str, pointer: &str, json: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let mut place = path_of(whole, pointer);
        let path = error.path().to_string();
        if !path.starts_with(['.', '[']) {
            place.push('.');
        }
        if path != "." {
            place.push_str(&path);
        }
        // The line and column are those of the host's JSON text, which nobody wrote.
        let message = error.inner().to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        Error::from(format!("{place}: {message}"))
    })
}

/// A pointer in the form in which a person writes a path: `settings.answers.why`.
pub(crate) fn path_of(whole: &str, pointer: &str) -> String {
    let mut path = whole.to_owned();
    path.push_str(&pointer.replace('/', ".").replace("~1", "/").replace("~0", "~"));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_its_keys() {
        assert_eq!(pointer(["answers", "a/b~c", ""]), "/answers/a~1b~0c/");
        assert_eq!(path_of("settings", "/answers/a~1b~0c"), "settings.answers.a/b~c");
    }

    #[test]
    fn an_error_names_the_place_and_not_the_column() {
        #[derive(Debug, Deserialize)]
        struct Inner {
            #[expect(dead_code, reason = "only its type matters")]
            times: Vec<u8>,
        }
        let error = |json| from_json::<Inner>("settings", "/inner", json).unwrap_err().to_string();
        let expected = "settings.inner.times[1]: invalid type: string \"two\", expected u8";
        assert_eq!(error(r#"{ "times": [1, "two"] }"#), expected);
        assert_eq!(error("{}"), "settings.inner: missing field `times`");
        let error = from_json::<Vec<u8>>("settings", "", "[1, true]").unwrap_err().to_string();
        assert_eq!(error, "settings[1]: invalid type: boolean `true`, expected u8");
    }
}
