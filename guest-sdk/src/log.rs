//! Lines in the server's log, under the plugin's name. Each takes a text, or `format_args!(…)`.

use std::fmt::Display;

use crate::host::log as host;

pub use crate::bindings::host::standin::plugin::log::Level;

/// Every step.
pub fn trace(message: impl Display) {
    write(Level::Trace, message);
}

/// What an author wants to see.
pub fn debug(message: impl Display) {
    write(Level::Debug, message);
}

/// What a user wants to see.
pub fn info(message: impl Display) {
    write(Level::Info, message);
}

/// Odd, but handled.
pub fn warn(message: impl Display) {
    write(Level::Warn, message);
}

/// Went wrong.
pub fn error(message: impl Display) {
    write(Level::Error, message);
}

/// Writes one line.
pub fn write(level: Level, message: impl Display) {
    host::write(level, &message.to_string());
}
