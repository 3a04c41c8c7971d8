//! What the configuration promises a person: every mistake, at its place, in plain words; and never a panic.

mod documents;
mod mistakes;
mod properties;
mod settings;
