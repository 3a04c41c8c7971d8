//! The words are those of the API.

use crate::chat::ApiError;
use crate::wire::openai::OpenAi;
use crate::wire::openai::chat::Chat;
use crate::wire::{NoHistory, Provider, WireFormat};

fn refusal(body: &str) -> (String, Option<String>, Option<String>) {
    let error = Chat.decode(body, &NoHistory).unwrap_err();
    assert_eq!((error.status, &error.kind), (400, &None));
    (error.message, error.param, error.code)
}

fn check(body: &str, message: &str, param: &str, code: &str) {
    let wanted = (message.to_owned(), Some(param.to_owned()), Some(code.to_owned()));
    assert_eq!(refusal(body), wanted, "{body}");
}

#[test]
fn what_is_not_json_is_hinted_at() {
    for body in ["", "{", "[]", "7", r#"{"model":}"#, "{\"a\":\"\n\"}"] {
        let (message, param, code) = refusal(body);
        assert!(message.starts_with("We could not parse the JSON body of your request. (HINT: "), "{message}");
        assert_eq!((param, code), (None, None));
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(refusal("{}"), ("you must provide a model parameter".into(), None, None));
    let missing = "missing_required_parameter";
    check(r#"{"model":"m"}"#, "Missing required parameter: 'messages'.", "messages", missing);
    let body = r#"{"model":"m","messages":[{"content":"a"}]}"#;
    check(body, "Missing required parameter: 'messages[0].role'.", "messages[0].role", missing);
    let body = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#;
    let param = "messages[0].content[0].text";
    check(body, "Missing required parameter: 'messages[0].content[0].text'.", param, missing);
}

#[test]
fn wrong_types_say_what_was_expected_and_found() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":5}]}"#;
    let message = "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer instead.";
    check(body, message, "messages[0].content", "invalid_type");
    let body = r#"{"model":"m","messages":"hi"}"#;
    let message = "Invalid type for 'messages': expected an array of objects, but got a string instead.";
    check(body, message, "messages", "invalid_type");
    let with = |field: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{field}}}"#);
    let message = "Invalid type for 'stream': expected a boolean, but got a string instead.";
    check(&with(r#""stream":"yes""#), message, "stream", "invalid_type");
    let message = "Invalid type for 'max_tokens': expected an integer, but got a decimal instead.";
    check(&with(r#""max_tokens":1.5"#), message, "max_tokens", "invalid_type");
    let message = "Invalid type for 'temperature': expected a decimal, but got a string instead.";
    check(&with(r#""temperature":"hot""#), message, "temperature", "invalid_type");
    let message = "Invalid type for 'stop[1]': expected a string, but got null instead.";
    check(&with(r#""stop":["a",null]"#), message, "stop[1]", "invalid_type");
}

#[test]
fn wrong_values_say_what_is_supported() {
    let body = r#"{"model":"m","messages":[{"role":"foo","content":"a"}]}"#;
    let message = "Invalid value: 'foo'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.";
    check(body, message, "messages[0].role", "invalid_value");
    let body = r#"{"model":"m","messages":[]}"#;
    let message =
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    check(body, message, "messages", "empty_array");
    let with = |field: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{field}}}"#);
    let message = "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.";
    check(&with(r#""temperature":3"#), message, "temperature", "decimal_above_max_value");
    let message =
        "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -2.5 instead.";
    check(&with(r#""presence_penalty":-2.5"#), message, "presence_penalty", "decimal_below_min_value");
    let message = "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.";
    check(&with(r#""n":0"#), message, "n", "integer_below_min_value");
    let message = "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.";
    check(&with(r#""n":129"#), message, "n", "integer_above_max_value");
    let message = "Invalid value: 'json'. Supported values are: 'json_object', 'json_schema', and 'text'.";
    check(&with(r#""response_format":{"type":"json"}"#), message, "response_format.type", "invalid_value");
}

fn body(error: &ApiError) -> String {
    String::from_utf8(OpenAi.error_body(error, "req_1")).unwrap()
}

#[test]
fn the_type_follows_the_status_unless_it_is_given() {
    let auth = r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
    assert_eq!(body(&ApiError::new(401, "no")), auth);
    let busy = r#"{"error":{"message":"no","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    assert_eq!(body(&ApiError::new(429, "no")), busy);
    let broken = r#"{"error":{"message":"a \"b\"","type":"server_error","param":null,"code":null}}"#;
    assert_eq!(body(&ApiError::new(503, "a \"b\"")), broken);
    let given = ApiError {
        kind: Some("api_error".into()),
        code: Some("error".into()),
        param: Some("p".into()),
        ..ApiError::new(429, "no")
    };
    assert_eq!(body(&given), r#"{"error":{"message":"no","type":"api_error","param":"p","code":"error"}}"#);
    let kind_only = ApiError { kind: Some("mine".into()), ..ApiError::new(429, "no") };
    assert_eq!(body(&kind_only), r#"{"error":{"message":"no","type":"mine","param":null,"code":null}}"#);
}

#[test]
fn the_providers_own_errors() {
    let error = OpenAi.not_found("GET", "/v1/foo");
    assert_eq!((error.status, error.message.as_str()), (404, "Invalid URL (GET /v1/foo)"));
    let error = OpenAi.unknown_model("nope");
    assert_eq!(error.message, "The model 'nope' does not exist or you do not have access to it.");
    assert_eq!((error.code.as_deref(), error.param), (Some("model_not_found"), None));
    let error = OpenAi.method_not_allowed("GET", "/v1/chat/completions");
    assert_eq!((error.status, error.message.as_str()), (405, "Not allowed to GET on /v1/chat/completions."));
    assert!(OpenAi.check_headers(&|_| false).is_ok());
}
