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
}
