//! When the server has to ask a plugin, in words that read well.

use crate::{Activation, Condition};

impl Activation {
    /// Ask the plugin where one of these holds.
    ///
    /// ```
    /// # use standin_sdk::{Activation, Condition, Role};
    /// Activation::any([Condition::user_text_contains("raise error"), Condition::LastRole(Role::Tool)]);
    /// ```
    pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Self {
        Self::AnyOf(conditions.into_iter().collect())
    }

    /// Ask the plugin every time. Where none of these holds, it answers for want of a better answer: a strict server does
    /// not ask it then.
    ///
    /// ```
    /// # use standin_sdk::{Activation, Condition};
    /// Activation::fallback([]); // such as a mirror
    /// Activation::fallback([Condition::user_text_key_of("/answers")]); // such as a table with a default answer
    /// ```
    pub fn fallback(conditions: impl IntoIterator<Item = Condition>) -> Self {
        Self::Fallback(conditions.into_iter().collect())
    }

    /// Its conditions; none where it has none.
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::Always => &[],
            Self::AnyOf(conditions) | Self::Fallback(conditions) => conditions,
        }
    }
}

impl Condition {
    /// The last user text contains this; both are compared trimmed and without case.
    pub fn user_text_contains(text: impl Into<String>) -> Self {
        Self::UserTextContains(text.into())
    }

    /// The last user text is this; both are compared trimmed and without case.
    pub fn user_text_equals(text: impl Into<String>) -> Self {
        Self::UserTextEquals(text.into())
    }

    /// The last user text is a key of the object at this pointer into the settings, compared trimmed and without case.
    pub fn user_text_key_of(pointer: impl Into<String>) -> Self {
        Self::UserTextKeyOf(pointer.into())
    }

    /// The model's name; `*` stands for any run of characters.
    pub fn model(pattern: impl Into<String>) -> Self {
        Self::Model(pattern.into())
    }

    /// What is asked for, such as `chat`.
    pub fn operation(name: impl Into<String>) -> Self {
        Self::Operation(name.into())
    }

    /// The request has this header.
    pub fn header_present(name: impl Into<String>) -> Self {
        Self::HeaderPresent(name.into())
    }

    /// The plugin keeps something under this key in the request's session.
    pub fn has_state(key: impl Into<String>) -> Self {
        Self::HasState(key.into())
    }
}
