//! What the provider refuses of a body whose every field is as it should be.

use super::decode::TOP_ALONE;
use crate::chat::{ApiError, Request};

/// The most stop sequences.
pub(in crate::wire::openai) const STOPS: usize = 4;
const TOOLS: usize = 128;

/// Refuses what is too much, or makes no sense together.
pub(super) fn check(request: &Request<'_>) -> Result<(), ApiError> {
    at_most("stop", STOPS, request.stop.len())?;
    at_most("tools", TOOLS, request.tools.len())?;
    if request.form.logprobs == Some(TOP_ALONE) {
        let message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.";
        return Err(ApiError { param: Some("top_logprobs".to_owned()), ..ApiError::new(400, message) });
    }
    Ok(())
}

/// Refuses a list with more items than that.
pub(in crate::wire::openai) fn at_most(param: &str, most: usize, found: usize) -> Result<(), ApiError> {
    if found <= most {
        return Ok(());
    }
    let wanted = format!("Expected an array with maximum length {most}, but got an array with length {found} instead.");
    Err(ApiError {
        param: Some(param.to_owned()),
        code: Some("array_above_max_length".to_owned()),
        ..ApiError::new(400, format!("Invalid '{param}': array too long. {wanted}"))
    })
}
