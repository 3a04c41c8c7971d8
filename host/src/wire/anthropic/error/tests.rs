//! The words are those of the API.

use crate::chat::ApiError;
use crate::wire::anthropic::Anthropic;
use crate::wire::anthropic::messages::Messages;
use crate::wire::{NoHistory, Provider, WireFormat};

fn refusal(body: &str) -> String {
    let error = Messages.decode(body, &NoHistory).unwrap_err();
    assert_eq!((error.status, &error.kind, &error.param, &error.code), (400, &None, &None, &None));
    error.message
}

fn with(field: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"a"}}],{field}}}"#)
}

#[test]
fn what_is_wrong_is_said_in_pydantics_words() {
    let user = r#"{"role":"user","content":"a"}"#;
    let message = |message: &str| format!(r#"{{"model":"m","max_tokens":1,"messages":[{message}]}}"#);
    for (body, wanted) in [
        (format!(r#"{{"model":"m","messages":[{user}]}}"#), "max_tokens: Field required"),
        (r#"{"model":"m","max_tokens":1}"#.into(), "messages: Field required"),
        (r#"{"messages":[],"max_tokens":1}"#.into(), "model: Field required"),
        (message(""), "messages: at least one message is required"),
        (message(r#"{"role":"user","content":5}"#), "messages.0.content: Input should be a valid string"),
        (message(r#"{"role":"user"}"#), "messages.0.content: Field required"),
        (
            message(r#"{"role":"tool","content":""}"#),
            "messages.0.role: Input should be 'user', 'assistant' or 'system'",
        ),
        (message(r#"{"role":"user","content":[{"type":"text"}]}"#), "messages.0.content.0.text.text: Field required"),
        (
            message(r#"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":"{}"}]}"#),
            "messages.0.content.0.tool_use.input: Input should be a valid dictionary",
        ),
        (
            with(r#""max_tokens":1.5"#),
            "max_tokens: Input should be a valid integer, got a number with a fractional part",
        ),
        (with(r#""max_tokens":-1"#), "max_tokens: Input should be greater than or equal to 0"),
        (with(r#""temperature":1.5"#), "temperature: Input should be less than or equal to 1"),
        (with(r#""stream":1"#), "stream: Input should be a valid boolean"),
        (with(r#""tools":[{"name":"f"}]"#), "tools.0.custom.input_schema: Field required"),
        (with(r#""tool_choice":{"type":"foo"}"#), "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"),
        (with(r#""tool_choice":{"type":"tool"}"#), "tool_choice.tool.name: Field required"),
        (with(r#""thinking":{"type":"enabled"}"#), "thinking.enabled.budget_tokens: Field required"),
        (
            with(r#""thinking":{"type":"enabled","budget_tokens":1023}"#),
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
        (with(r#""service_tier":"flex""#), "service_tier: Input should be 'auto' or 'standard_only'"),
        (with(r#""speed":"slow""#), "speed: Input should be 'standard' or 'fast'"),
        (with(r#""metadata":"x""#), "metadata: Input should be a valid dictionary"),
        (with(r#""mcp_servers":[{"type":"url","name":"n"}]"#), "mcp_servers.0.url: Field required"),
        (
            with(r#""output_config":{"format":{"type":"json"}}"#),
            "output_config.format.type: Input should be 'json_schema'",
        ),
        (with(r#""output_config":{"format":{"type":"json_schema"}}"#), "output_config.format.schema: Field required"),
        (with(r#""cache_control":{"type":"persistent"}"#), "cache_control.type: Input should be 'ephemeral'"),
        (
            message(r#"{"role":"user","content":[{"type":"text","text":"a","cache_control":{}}]}"#),
            "messages.0.content.0.text.cache_control.type: Field required",
        ),
        (
            message(r#"{"role":"user","content":[{"type":"document","source":{"type":"content"}}]}"#),
            "messages.0.content.0.document.source.content.content: Field required",
        ),
        (
            message(r#"{"role":"assistant","content":[{"type":"server_tool_use","id":"a","name":"b"}]}"#),
            "messages.0.content.0.server_tool_use.input: Field required",
        ),
        ("[]".into(), "Input should be a valid dictionary"),
    ] {
        assert_eq!(refusal(&body), wanted, "{body}");
    }
    assert!(refusal("{").starts_with("The request body is not valid JSON: EOF"));
}

#[test]
fn errors_have_the_type_of_their_status() {
    let body = |error: &ApiError| String::from_utf8(Anthropic.error_body(error, "req_1")).unwrap();
    for (status, kind) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ] {
        let wanted = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"no"}},"request_id":"req_1"}}"#);
        assert_eq!(body(&ApiError::new(status, "no")), wanted);
    }
    let given =
        |code: &str| ApiError { kind: Some("mine".into()), code: Some(code.into()), ..ApiError::new(500, "no") };
    let wanted = r#"{"type":"error","error":{"type":"mine","message":"no"},"request_id":"req_1"}"#;
    assert_eq!(body(&given("error")), wanted);
    let wanted = r#"{"type":"error","error":{"type":"mine","message":"no","details":{"error_code":"\"c\""}},"request_id":"req_1"}"#;
    assert_eq!(body(&given("\"c\"")), wanted);
}

#[test]
fn a_version_is_asked_for() {
    assert!(Anthropic.check_headers(&|name| name == "anthropic-version").is_ok());
    let error = Anthropic.check_headers(&|_| false).unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (400, "anthropic-version: header is required"));
}
