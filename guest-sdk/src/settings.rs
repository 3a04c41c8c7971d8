//! What the configuration gives a plugin under `settings`.
//!
//! [`Plugin::Settings`](crate::Plugin::Settings) is read from them, from all of them, before
//! [`Plugin::new`](crate::Plugin::new). They also stay in the server: a plugin with a large table takes [`Unread`]
//! settings, and asks for single values here.

use std::any::Any;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::host::settings as host;
use crate::json::{from_json, read_at};

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
    json_at(pointer).map(|json| read_at("settings", pointer, &json)).transpose()
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
    from_json("settings", &json)
}

/// The value, if a `T` is what it is.
fn same<T: 'static, U: 'static>(value: U) -> Option<T> {
    let mut value = Some(value);
    (&mut value as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_its_keys() {
        assert_eq!(pointer(["answers", "a/b~c", ""]), "/answers/a~1b~0c/");
    }
}
