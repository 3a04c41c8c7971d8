//! Fails as the last user message says, so that a client's error handling can be tried from a prompt.
//!
//! The first line that contains `raise error <json>` counts, where the JSON object has
//! - `code`: the HTTP status, 400 to 599
//! - `message`: a text
//! - `type`, optional: the error's type. Left out: `api_error` in OpenAI's format, elsewhere the provider's usual type
//! - `error_code`, optional: the error's code. Left out: `error`
//! - `retry_after`, optional: seconds, sent as the header `retry-after`
//!
//! A line whose JSON is something else is skipped, with a warning in the log. There are no settings.

use serde::Deserialize;
use standin_sdk::{Activation, ApiError, Condition, Outcome, Plugin, Request, Result, log};

const TRIGGER: &str = "raise error";

/// Fails on demand.
pub struct Raise;

/// The JSON of a line.
#[derive(Deserialize)]
struct Wanted {
    code: i64,
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    error_code: Option<String>,
    retry_after: Option<u32>,
}

impl Plugin for Raise {
    type Settings = ();

    fn new(_: ()) -> Result<Self> {
        Ok(Self)
    }

    fn activation(&self) -> Activation {
        Activation::any([Condition::user_text_contains(TRIGGER)])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let text = request.last_user_text().unwrap_or_default();
        let error = text.lines().filter_map(json_of).find_map(|json| match error(json) {
            Ok(error) => Some(error),
            Err(why) => {
                log::warn(format_args!("skipped `{TRIGGER} {json}`: {why}"));
                None
            }
        });
        let Some(mut error) = error else { return Ok(Outcome::Pass) };
        if error.kind.is_none() && request.provider() == "openai" {
            error.kind = Some("api_error".to_owned());
        }
        Ok(error.into())
    }
}

/// The first match of `raise error\s+(\{.+\})` in a line.
fn json_of(line: &str) -> Option<&str> {
    line.match_indices(TRIGGER).find_map(|(start, _)| {
        let rest = &line[start + TRIGGER.len()..];
        let json = rest.trim_start();
        let end = json.rfind('}')?;
        (json.len() < rest.len() && json.starts_with('{') && end > 1).then(|| &json[..=end])
    })
}

/// The error that the JSON asks for, and otherwise what is wrong with it.
fn error(json: &str) -> Result<ApiError, String> {
    let wanted: Wanted = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let status = u16::try_from(wanted.code).ok().filter(|status| (400..=599).contains(status));
    let status = status.ok_or_else(|| format!("the code is {}, expected 400 to 599", wanted.code))?;
    let mut error = ApiError::new(status, wanted.message).code(wanted.error_code.unwrap_or_else(|| "error".to_owned()));
    error.kind = wanted.kind;
    error.retry_after_s = wanted.retry_after;
    Ok(error)
}

standin_sdk::export!(Raise);

#[cfg(test)]
mod tests {
    use standin_sdk::Role;
    use standin_sdk::testing::{self, Host, Request};

    use super::*;

    fn run(request: Request) -> Outcome {
        testing::run::<Raise>(&request).unwrap()
    }

    #[test]
    fn fails_as_it_is_told() {
        let text = r#"Now raise error {"code": 429, "message": "Slow {down}", "type": "rate_limit_error",
            "error_code": "rate_limit_exceeded", "retry_after": 3} please"#
            .replace('\n', " ");
        let expected =
            ApiError::new(429, "Slow {down}").kind("rate_limit_error").code("rate_limit_exceeded").retry_after(3);
        assert_eq!(run(Request::user(text)), expected.into());
    }

    #[test]
    fn the_type_is_left_to_other_providers() {
        let request = Request::user(r#"raise error {"code": 500, "message": "oops"}"#);
        let expected = ApiError::new(500, "oops").code("error");
        assert_eq!(run(request.clone()), expected.clone().kind("api_error").into());
        assert_eq!(run(request.provider("anthropic")), expected.into());
    }

    #[test]
    fn the_first_valid_line_wins() {
        let text = "raise error {nonsense}\r\nraise error {\"code\": 302, \"message\": \"a\"}\n\
            raise error {\"code\": 401, \"message\": \"b\"}\nraise error {\"code\": 402, \"message\": \"c\"}";
        let mut host = Host::<Raise>::new();
        let outcome = host.respond(&Request::user(text)).unwrap();
        assert_eq!(outcome.as_error().map(|error| error.status), Some(401));
        let log: Vec<_> = host.log().iter().map(|(level, line)| (*level, line.as_str())).collect();
        assert_eq!(log.len(), 2);
        assert_eq!(log[0].0, log::Level::Warn);
        let expected = r#"skipped `raise error {"code": 302, "message": "a"}`: the code is 302, expected 400 to 599"#;
        assert_eq!(log[1], (log::Level::Warn, expected));
    }

    #[test]
    fn what_is_no_error_is_passed() {
        let texts = [
            "hi",
            r#"raise error{"code": 500, "message": "a"}"#,
            r#"raise error "{"code": 500, "message": "a"}"#,
            r#"Raise error {"code": 500, "message": "a"}"#,
            r#"raise error {"code": "500", "message": "a"}"#,
            r#"raise error {"code": 500.5, "message": "a"}"#,
            r#"raise error {"code": 500}"#,
            "raise error\n{\"code\": 500, \"message\": \"a\"}",
            "raise error {}",
        ];
        for text in texts {
            assert_eq!(run(Request::user(text)), Outcome::Pass, "{text}");
        }
    }

    #[test]
    fn only_the_last_user_message_counts() {
        let text = r#"raise error {"code": 500, "message": "a"}"#;
        assert_eq!(run(Request::user(text).message(Role::User, "hi")), Outcome::Pass);
        assert_eq!(run(Request::user("hi").message(Role::System, text)), Outcome::Pass);
        assert!(run(Request::user(text).message(Role::Assistant, "hi")).as_error().is_some());
    }
}
