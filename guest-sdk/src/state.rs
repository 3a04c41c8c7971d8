//! Memory that outlives a request, kept in the server per plugin and session, and bounded.
//!
//! A plugin's own globals do not outlive it: there may be many instances, and any of them may be thrown away.

use crate::host::state as host;

pub use crate::bindings::host::standin::plugin::state::StateError;

/// The value that was kept under this key.
pub fn get(key: &str) -> Option<String> {
    host::get(key)
}

/// Keeps a value under this key.
///
/// # Errors
/// [`StateError::Full`]: the session's share is used up.
pub fn set(key: &str, value: &str) -> Result<(), StateError> {
    host::set(key, value)
}

/// Forgets this key.
pub fn delete(key: &str) {
    host::delete(key);
}

/// Adds to the number under this key, where a missing one counts as 0, and returns the number before.
///
/// # Errors
/// [`StateError::NotANumber`] where the value is no decimal integer, [`StateError::Full`] as in [`set`].
pub fn fetch_add(key: &str, delta: i64) -> Result<i64, StateError> {
    host::fetch_add(key, delta)
}
