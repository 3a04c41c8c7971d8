//! Token counts, as they appear in an answer's usage.

use crate::host::tokens as host;

/// How many tokens the server counts for this text and model.
pub fn count(model: &str, text: &str) -> u32 {
    host::count(model, text)
}
