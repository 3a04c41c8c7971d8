//! `POST /v1/messages/count_tokens`: how many tokens a request would put in.

use super::MaxTokens;
use crate::chat::{ApiError, Request};
use crate::wire::NoHistory;
use crate::wire::json::write_number;

/// Decodes a request's body, which the caller has passed through [`crate::wire::json::sanitize`]: that of a message, which
/// need not say how long its answer may be.
///
/// # Errors
/// A 400 that says what is wrong with it.
pub fn decode(body: &str) -> Result<Request<'_>, ApiError> {
    super::decode(body, &NoHistory, MaxTokens::Optional)
}

/// The body of the answer.
pub fn encode(input_tokens: u32) -> Vec<u8> {
    let mut body = br#"{"input_tokens":"#.to_vec();
    write_number(&mut body, input_tokens.into());
    body.push(b'}');
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_asks_for_no_limit() {
        let request = decode(r#"{"model":"m","messages":[{"role":"user","content":"a"}],"system":"s"}"#).unwrap();
        assert_eq!((request.max_output_tokens, request.messages.len(), request.stream), (None, 2, false));
        for (body, wanted) in [
            (r#"{"messages":[{"role":"user","content":"a"}]}"#, "model: Field required"),
            (r#"{"model":"m","messages":[]}"#, "messages: at least one message is required"),
            (r#"{"model":"m","messages":[{"role":"user"}]}"#, "messages.0.content: Field required"),
        ] {
            let error = decode(body).unwrap_err();
            assert_eq!((error.status, error.message.as_str()), (400, wanted));
        }
    }

    #[test]
    fn the_answer_is_a_number() {
        assert_eq!(encode(0), br#"{"input_tokens":0}"#);
        assert_eq!(encode(u32::MAX), br#"{"input_tokens":4294967295}"#);
    }
}
