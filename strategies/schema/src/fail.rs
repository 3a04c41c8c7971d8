//! Why there is no value: what stands where in the schema.

use std::borrow::Cow;

use serde_json::Value;

use crate::budget::Spent;
use crate::document::Document;

/// Why there is no value.
#[derive(Debug, Clone)]
pub(crate) enum Fail<'d> {
    /// This part of the schema is in the way.
    Here { at: &'d Value, why: Cow<'static, str> },
    /// It would take too long to find out.
    Spent,
}

impl<'d> Fail<'d> {
    /// This part of the schema is in the way.
    pub(crate) fn here(at: &'d Value, why: impl Into<Cow<'static, str>>) -> Self {
        Self::Here { at, why: why.into() }
    }

    /// The same, for when it was not seen to the end.
    pub(crate) fn at_length(self) -> Self {
        match self {
            Self::Here { at, why } => {
                Self::here(at, format!("it takes too long to find a value here; the last try: {why}"))
            }
            Self::Spent => Self::Spent,
        }
    }

    /// In words, with the place as an RFC 6901 pointer.
    pub(crate) fn message(&self, document: &Document<'d>) -> String {
        match self {
            Self::Here { at, why } => {
                let pointer = document.pointer(at);
                let place = if pointer.is_empty() { "at its root".to_owned() } else { format!("at `{pointer}`") };
                format!("{place}: {why}")
            }
            Self::Spent => "it takes too long to find a value; make the schema simpler".to_owned(),
        }
    }
}

impl From<Spent> for Fail<'_> {
    fn from(_: Spent) -> Self {
        Self::Spent
    }
}
