//! How a plugin fails: with any error at all, which the server reports under the plugin's name.

/// A plugin's own failure. Every error turns into it by `?`, and every text by `.into()`.
///
/// A failure which the *client* should see is an [`ApiError`](crate::ApiError), and no failure of the plugin.
pub type Error = Box<dyn std::error::Error>;

/// What a plugin's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error and its causes, in one line.
pub(crate) fn to_line(error: Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
