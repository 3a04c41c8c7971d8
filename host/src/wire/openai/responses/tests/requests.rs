//! Requests.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::chat::{Body, Content, Media, MediaSource, Message, Operation, Role, ToolChoice};
use crate::wire::check::tests::assert_halves_agree;

fn everything() -> Value {
    json!({
        "model": "gpt", "stream": true, "stream_options": {"include_obfuscation": true}, "store": false, "background": true,
        "instructions": "be brief", "previous_response_id": null, "conversation": {"id": "conv_1"},
        "prompt": {"id": "pmpt_1", "version": "2", "variables": {"a": "b"}}, "include": ["reasoning.encrypted_content"],
        "max_output_tokens": 50, "max_tool_calls": 3, "parallel_tool_calls": false,
        "input": [
            {"role": "system", "content": "s"},
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "d"}]},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "user", "content": [
                {"type": "input_text", "text": "t"},
                {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
                {"type": "input_image", "file_id": "file-1", "image_url": null},
                {"type": "input_file", "file_data": "data:application/pdf;base64,CCCC", "filename": "a.pdf"},
                {"type": "input_file", "file_url": "https://x/y.pdf"},
                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "mp3"}},
                {"type": "new", "text": 5},
            ]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "content": [
                {"type": "reasoning_text", "text": "hmm"}], "encrypted_content": "gA"},
            {"type": "message", "id": "msg_2", "role": "assistant", "status": "completed", "content": [
                {"type": "output_text", "text": "o", "annotations": [], "logprobs": []}, {"type": "refusal", "refusal": "no"}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}", "status": "completed"},
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "c", "input": "i"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
            {"type": "function_call_output", "id": null, "call_id": "call_1", "output": "x"},
            {"type": "custom_tool_call_output", "call_id": "call_2", "output": [
                {"type": "input_text", "text": "y"}, {"type": "input_image", "file_id": "file-2"}, {"type": "input_text", "text": "z"}]},
            {"type": "computer_call_output", "call_id": "call_3", "output": {"type": "computer_screenshot"}},
            {"type": "mcp_approval_response", "approval_request_id": "a", "approve": true},
            {"role": "assistant", "content": "p"},
            {"role": "assistant", "content": "q"},
        ],
        "tools": [
            {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true},
            {"type": "custom", "name": "c", "description": "e", "format": {"type": "text"}},
            {"type": "web_search", "search_context_size": "low"},
            {"type": "mcp", "server_label": "l", "server_url": "https://x"},
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true, "description": "d"},
            "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto", "context": "auto"},
        "temperature": 1, "top_p": 0.5, "top_logprobs": 2, "truncation": "auto", "metadata": {"a": "b"}, "access_programs": {},
        "prompt_cache_options": {"ttl": "12h"}, "prompt_cache_retention": "24h", "prompt_cache_key": "k",
        "safety_identifier": "s", "service_tier": "flex", "user": "u", "unknown": [1],
    })
}

fn text(text: &str) -> Content<'_> {
    Content::Text(text.into())
}

fn message<'a>(role: Role, parts: Vec<Content<'a>>) -> Message<'a> {
    Message { role, name: None, body: Body::Parts(parts) }
}

fn called<'a>(id: &'a str, kind: &'a str, name: &'a str, arguments: &'a str) -> Content<'a> {
    Content::ToolCall { id: id.into(), kind: kind.into(), name: name.into(), arguments: arguments.into() }
}

fn result<'a>(call_id: &'a str, content: &'a str) -> Content<'a> {
    Content::ToolResult { call_id: call_id.into(), content: content.into(), is_error: false }
}

#[test]
fn a_whole_request_is_read() {
    let body = everything().to_string();
    let request = Responses.decode(&body, &NoHistory).unwrap();
    assert_eq!((request.model.as_ref(), request.stream, request.stream_usage), ("gpt", true, true));
    assert_eq!((request.choices, request.max_output_tokens), (1, Some(50)));
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert_eq!(request.output_schema.as_deref(), Some(r#"{"type":"object"}"#));
    let form = &request.form;
    assert_eq!((form.keep, form.background, form.obfuscation, form.encrypted), (false, true, true, true));
    assert_eq!((form.logprobs, request.parallel_tool_calls), (None, false));
    let tools: Vec<_> =
        request.tools.iter().map(|t| (t.kind.as_ref(), t.name.as_ref(), t.parameters.as_deref())).collect();
    let wanted = [
        ("function", "f", Some(r#"{"type":"object"}"#)),
        ("custom", "c", None),
        ("web_search", "web_search", None),
        ("mcp", "l", None),
    ];
    assert_eq!(tools, wanted);

    let media = |kind: Option<&'static str>, source| Media { media_type: kind.map(Cow::Borrowed), source };
    let data = |data: &'static str| MediaSource::Data(data.into());
    let user = vec![
        text("t"),
        Content::Image(media(None, MediaSource::Url("https://x/y.png".into()))),
        Content::Image(media(Some("image/png"), data("AAAA"))),
        Content::Image(media(None, MediaSource::FileId("file-1".into()))),
        Content::File(media(Some("application/pdf"), data("CCCC"))),
        Content::File(media(None, MediaSource::Url("https://x/y.pdf".into()))),
        Content::Audio(media(Some("audio/mpeg"), data("BBBB"))),
        Content::Other(r#"{"type":"new","text":5}"#.into()),
    ];
    let searched =
        r#"{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}"#;
    let answered = vec![
        Content::Reasoning { text: "hm".into(), signature: Some("gA".into()), redacted: false },
        text("o"),
        Content::Refusal("no".into()),
        called("call_1", "function", "f", "{}"),
        called("call_2", "custom", "c", "i"),
        Content::Other(searched.into()),
    ];
    let seen = Content::Image(media(None, MediaSource::FileId("file-2".into())));
    let clicked = r#"{"type":"computer_call_output","call_id":"call_3","output":{"type":"computer_screenshot"}}"#;
    let approved = r#"{"type":"mcp_approval_response","approval_request_id":"a","approve":true}"#;
    let wanted = [
        Message::text_of(Role::System, "be brief"),
        Message::text_of(Role::System, "s"),
        message(Role::Developer, vec![text("d")]),
        message(Role::User, user),
        message(Role::Assistant, answered),
        message(Role::Tool, vec![result("call_1", "x")]),
        message(Role::Tool, vec![result("call_2", "y\nz"), seen]),
        message(Role::Tool, vec![Content::Other(clicked.into())]),
        message(Role::User, vec![Content::Other(approved.into())]),
        Message::text_of(Role::Assistant, "p"),
        Message::text_of(Role::Assistant, "q"),
    ];
    assert_eq!(request.messages, wanted);
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    fn fast(body: &str) -> Option<Request<'_>> {
        // What is missing as a whole is told before the table is asked.
        if serde_json::from_str(body).is_ok_and(|body| resolve::missing(&body).is_some()) {
            return Some(Request::new(Operation::Chat, ""));
        }
        decode::fast(body).map(|decoded| decoded.request)
    }
    let mut other = everything();
    assert_halves_agree(&other, fast, &shape::BODY);
    for (field, value) in [
        ("tool_choice", json!({"type": "allowed_tools", "mode": "auto", "tools": []})),
        ("conversation", json!("conv_1")),
        ("text", json!({"format": {"type": "text"}})),
        ("input", json!([{"type": "item_reference", "id": "msg_1"}])),
    ] {
        other[field] = value;
    }
    assert_halves_agree(&other, fast, &shape::BODY);
    other["tool_choice"] = json!({"type": "file_search"});
    other["text"] = json!({"format": {"type": "json_object"}});
    other["input"] = json!("hi");
    assert_halves_agree(&other, fast, &shape::BODY);
}

#[test]
fn plain_texts_are_borrowed() {
    let body = r#"{"model":"m","input":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"input_text","text":"p"}]}]}"#;
    let request = Responses.decode(body, &NoHistory).unwrap();
    assert!(matches!(request.model, Cow::Borrowed("m")));
    assert!(matches!(request.messages[0].body, Body::Text(Cow::Borrowed("hi"))));
    let Body::Parts(parts) = &request.messages[1].body else { panic!() };
    assert!(matches!(parts[0], Content::Text(Cow::Borrowed("p"))));
}

#[test]
fn of_a_key_that_occurs_twice_the_last_counts() {
    let body = r#"{"model":"a","model":"b","input":5,"input":[{"role":"user","content":"\u0041"}]}"#;
    let request = Responses.decode(body, &NoHistory).unwrap();
    assert_eq!((request.model.as_ref(), request.last_user_text().as_deref()), ("b", Some("A")));
    assert_eq!(Responses.keep(body, br#"{"id":"resp_1","output":[]}"#).unwrap().input.len(), 1);
}

#[test]
fn defaults_are_the_providers() {
    let body = body(&json!({"tool_choice": null, "store": null}));
    let request = Responses.decode(&body, &NoHistory).unwrap();
    assert_eq!((request.stream, request.stream_usage, &request.tool_choice), (false, true, &ToolChoice::Auto));
    assert!(request.parallel_tool_calls);
    assert!(request.form.keep && !request.form.background && !request.form.obfuscation && !request.form.encrypted);
    assert_eq!(request.messages, [Message::text_of(Role::User, "hi")]);
    let logprobs = super::body(&json!({"include": ["message.output_text.logprobs"], "top_logprobs": 4}));
    assert_eq!(Responses.decode(&logprobs, &NoHistory).unwrap().form.logprobs, Some(4));
}

#[test]
fn tool_choices_have_their_neutral_words() {
    let choice = |choice: Value| {
        Responses.decode(&body(&json!({"tool_choice": choice})), &NoHistory).unwrap().into_owned().tool_choice
    };
    assert_eq!(choice(json!("none")), ToolChoice::None);
    assert_eq!(choice(json!("required")), ToolChoice::Required);
    assert_eq!(choice(json!({"type": "custom", "name": "c"})), ToolChoice::Named("c".into()));
    assert_eq!(choice(json!({"type": "allowed_tools", "mode": "required", "tools": []})), ToolChoice::Required);
    assert_eq!(choice(json!({"type": "web_search"})), ToolChoice::Named("web_search".into()));
    assert_eq!(choice(json!({"type": "mcp", "server_label": "l", "name": null})), ToolChoice::Named("l".into()));
}

#[test]
fn the_answer_repeats_the_request() {
    let plain = json!({
        "access_programs": null, "background": false, "conversation": null, "instructions": null, "max_output_tokens": null,
        "max_tool_calls": null, "metadata": {}, "parallel_tool_calls": true, "previous_response_id": null, "prompt": null,
        "prompt_cache_key": null, "prompt_cache_retention": null, "reasoning": {"effort": null, "summary": null},
        "safety_identifier": null, "service_tier": "default", "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto", "tools": [], "top_logprobs": 0,
        "top_p": 1.0, "truncation": "disabled", "user": null,
    });
    assert_eq!(echo(&json!({})), plain);

    let mut asked = everything();
    for key in ["model", "input", "stream", "stream_options", "store", "include", "unknown"] {
        asked.as_object_mut().unwrap().shift_remove(key);
    }
    let answered = echo(&asked);
    asked["prompt_cache_options"]["mode"] = json!("implicit");
    assert_eq!(answered, asked);

    let sparse = json!({
        "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}], "service_tier": "fast", "conversation": "c",
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": null}, "reasoning": {"effort": "low"},
    });
    let answered = echo(&sparse);
    let tools = json!([
        {"type": "function", "name": "f", "parameters": null, "strict": true},
        {"type": "custom", "name": "c", "format": {"type": "text"}},
    ]);
    assert_eq!((&answered["tools"], &answered["service_tier"]), (&tools, &json!("priority")));
    assert_eq!((&answered["conversation"]["id"], &answered["text"]["format"]["strict"]), (&json!("c"), &json!(false)));
    assert_eq!(answered["reasoning"], json!({"effort": "low", "summary": null}));
    // A request may be written over many lines, a frame of a stream may not.
    let lines = "{\"model\":\"m\",\"input\":\"hi\",\"metadata\":{\n\"a\":\r\n\"b\"},\"tools\":[{\n\"type\":\n\"x\"}]}";
    assert!(!Responses.decode(lines, &NoHistory).unwrap().form.echo.contains(['\n', '\r']));
}

fn refused(body: &str) -> (u16, String, Option<String>, Option<String>) {
    let error = Responses.decode(body, &NoHistory).unwrap_err();
    (error.status, error.message, error.param, error.code)
}

#[test]
fn what_is_wrong_is_said_in_the_providers_words() {
    let wanted = |message: &str, param: &str, code: &str| {
        (400, message.to_owned(), Some(param.to_owned()), Some(code.to_owned()))
    };
    let missing = "missing_required_parameter";
    assert_eq!(refused(r#"{"input":"a"}"#), wanted("Missing required parameter: 'model'.", "model", missing));
    assert_eq!(refused(r#"{"model":"m"}"#), wanted("Missing required parameter: 'input'.", "input", missing));
    let tool = refused(&body(&json!({"tools": [{"type": "function", "function": {"name": "f"}}]})));
    assert_eq!(tool, wanted("Missing required parameter: 'tools[0].name'.", "tools[0].name", missing));
    let limit = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.";
    let refusal = refused(&body(&json!({"max_output_tokens": 0})));
    assert_eq!(refusal, wanted(limit, "max_output_tokens", "integer_below_min_value"));
    let kind = "Invalid type for 'input': expected one of a string or array of objects, but got an integer instead.";
    assert_eq!(refused(r#"{"model":"m","input":7}"#), wanted(kind, "input", "invalid_type"));
    let role = "Invalid value: 'x'. Supported values are: 'assistant', 'system', 'developer', and 'user'.";
    let refusal = refused(r#"{"model":"m","input":[{"role":"x","content":"a"}]}"#);
    assert_eq!(refusal, wanted(role, "input[0].role", "invalid_value"));
    let many = refused(&body(&json!({"tools": vec![json!({"type": "web_search"}); 129]})));
    assert_eq!((many.2.as_deref(), many.3.as_deref()), (Some("tools"), Some("array_above_max_length")));
    assert!(refused("[").1.starts_with("We could not parse the JSON body of your request."));
    assert!(refused("[]").1.starts_with("We could not parse the JSON body of your request."));
}

#[test]
fn a_prompt_template_brings_its_model() {
    let request = Responses.decode(r#"{"prompt":{"id":"pmpt_1"}}"#, &NoHistory).unwrap();
    assert_eq!((request.model.as_ref(), request.messages.len()), ("pmpt_1", 0));
}

#[derive(Default)]
struct Told {
    conversation: Vec<Arc<str>>,
    items: HashMap<&'static str, Arc<str>>,
}

impl History for Told {
    fn conversation(&self, id: &str) -> Option<Vec<Arc<str>>> {
        (id == "resp_1").then(|| self.conversation.clone())
    }

    fn item(&self, id: &str) -> Option<Arc<str>> {
        self.items.get(id).cloned()
    }
}

#[test]
fn a_conversation_goes_on_from_what_was_kept() {
    let mut told = Told::default();
    let call = r#"{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}"#;
    told.conversation = [r#"{"role":"user","content":"one"}"#, call].map(Arc::from).to_vec();
    let body = r#"{"model":"m","instructions":"new","previous_response_id":"resp_1","input":[{"type":"function_call_output","call_id":"call_1","output":"two"},{"type":"item_reference","id":"msg_9"}]}"#;
    let error = Responses.decode(body, &told).unwrap_err();
    assert_eq!((error.status, &*error.message), (404, "Item with id 'msg_9' not found."));
    assert_eq!(error.param.as_deref(), Some("input"));

    told.items.insert("msg_9", r#"{"role":"assistant","content":"three"}"#.into());
    let wanted = [
        Message::text_of(Role::System, "new"),
        Message::text_of(Role::User, "one"),
        message(Role::Assistant, vec![called("call_1", "function", "f", "{}")]),
        message(Role::Tool, vec![result("call_1", "two")]),
        Message::text_of(Role::Assistant, "three"),
    ];
    assert_eq!(Responses.decode(body, &told).unwrap().messages, wanted);

    // A conversation that refers to itself has no end.
    told.items.insert("msg_9", r#"{"type":"item_reference","id":"msg_9"}"#.into());
    assert_eq!(Responses.decode(body, &told).unwrap_err().status, 404);
    let error = Responses.decode(&body.replace("resp_1", "resp_2"), &told).unwrap_err();
    assert_eq!((error.status, &*error.message), (400, "Previous response with id 'resp_2' not found."));
    let (param, code) = (error.param.as_deref(), error.code.as_deref());
    assert_eq!((param, code), (Some("previous_response_id"), Some("previous_response_not_found")));
}

proptest! {
    #[test]
    fn no_json_makes_the_decoder_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"model\":\"m\"", "\"input\":", "\"role\":\"user\"", "\"content\":", "\"type\":",
            "\"reasoning\"", "\"summary\":", "\"item_reference\"", "\"id\":\"a\"", "\"output\":", "\"tools\":", "\"text\":",
            "\"format\":", "\"prompt\":", "\"conversation\":", "\"temperature\":", "null", "1e999", "-0", "\"\\u00e9\"", "true", "{}",
        ]), 0..24),
    ) {
        let body = pieces.concat();
        let _ = Responses.decode(&body, &Told::default());
        let _ = Responses.decode_reply(&body);
        let _ = Responses.keep(&body, body.as_bytes());
        let _ = Responses.keep(r#"{"input":"a"}"#, body.as_bytes());
    }
}
