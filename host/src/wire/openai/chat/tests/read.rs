//! What is read from a body.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::*;
use crate::chat::{Body, Content, Form, Media, MediaSource, Message, Role, ToolChoice};
use crate::wire::NoHistory;
use crate::wire::check::tests::assert_halves_agree;

fn everything() -> Value {
    let choice = json!({"type": "function", "function": {"name": "f"}});
    json!({
        "model": "gpt", "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": true},
        "n": 2, "max_tokens": 5, "max_completion_tokens": 6, "stop": ["a", "b"],
        "messages": [
            {"role": "system", "content": "s", "name": "n"},
            {"role": "developer", "content": [{"type": "text", "text": "d"}]},
            {"role": "user", "content": [
                {"type": "text", "text": "t"},
                {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "wav"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,CCCC", "filename": "a.pdf"}},
                {"type": "new", "text": 5},
            ]},
            {"role": "assistant", "content": null, "refusal": "r", "audio": {"id": "audio_1"}, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "i"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
            {"role": "assistant", "content": "a", "function_call": {"name": "g", "arguments": "1"}},
            {"role": "function", "name": "g", "content": "z"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}},
            {"type": "custom", "custom": {"name": "c", "description": "e"}},
        ],
        "functions": [{"name": "g", "parameters": {}}],
        "tool_choice": choice, "function_call": {"name": "g"},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": true}},
        "temperature": 1, "top_p": 0.5, "frequency_penalty": -1.5, "presence_penalty": 2, "seed": -4,
        "logprobs": true, "top_logprobs": 2, "logit_bias": {"1": 2}, "metadata": {"a": "b"}, "audio": {}, "prediction": {},
        "moderation": {"model": "m"}, "prompt_cache_options": {}, "prompt_cache_retention": "24h",
        "web_search_options": {}, "modalities": ["text"], "parallel_tool_calls": false, "store": false, "user": "u",
        "safety_identifier": "s", "prompt_cache_key": "k", "reasoning_effort": "low", "service_tier": "fast", "verbosity": "low",
        "unknown": [1],
    })
}

fn text(text: &str) -> Content<'_> {
    Content::Text(text.into())
}

fn called<'a>(id: &'a str, kind: &'a str, name: &'a str, arguments: &'a str) -> Content<'a> {
    Content::ToolCall { id: id.into(), kind: kind.into(), name: name.into(), arguments: arguments.into() }
}

fn result<'a>(call_id: &'a str, content: &'a str) -> Body<'a> {
    Body::Parts(vec![Content::ToolResult { call_id: call_id.into(), content: content.into(), is_error: false }])
}

#[test]
fn a_whole_request_is_read() {
    let body = everything().to_string();
    let request = Chat.decode(&body, &NoHistory).unwrap();
    assert_eq!((request.stream, request.stream_usage, request.choices), (true, true, 2));
    assert_eq!((request.max_output_tokens, request.stop.as_slice()), (Some(6), &["a".into(), "b".into()][..]));
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert_eq!(request.output_schema.as_deref(), Some(r#"{"type":"object"}"#));
    let tools: Vec<_> =
        request.tools.iter().map(|t| (t.kind.as_ref(), t.name.as_ref(), t.parameters.as_deref())).collect();
    let wanted =
        [("function", "f", Some(r#"{"type":"object"}"#)), ("custom", "c", None), ("function", "g", Some("{}"))];
    assert_eq!(tools, wanted);

    let data = |kind: &'static str, data: &'static str| Media {
        media_type: Some(kind.into()),
        source: MediaSource::Data(data.into()),
    };
    let user = vec![
        text("t"),
        Content::Image(Media { media_type: None, source: MediaSource::Url("https://x/y.png".into()) }),
        Content::Image(data("image/png", "AAAA")),
        Content::Audio(data("audio/wav", "BBBB")),
        Content::File(Media { media_type: None, source: MediaSource::FileId("file-1".into()) }),
        Content::File(data("application/pdf", "CCCC")),
        Content::Other(r#"{"type":"new","text":5}"#.into()),
    ];
    let message = |role, body| Message { role, name: None, body };
    let wanted = [
        Message { role: Role::System, name: Some("n".into()), body: Body::Text("s".into()) },
        message(Role::Developer, Body::Parts(vec![text("d")])),
        message(Role::User, Body::Parts(user)),
        message(
            Role::Assistant,
            Body::Parts(vec![
                Content::Refusal("r".into()),
                Content::Audio(Media { media_type: None, source: MediaSource::FileId("audio_1".into()) }),
                called("call_1", "function", "f", "{}"),
                called("call_2", "custom", "c", "i"),
            ]),
        ),
        message(Role::Tool, result("call_1", "x\ny")),
        message(Role::Assistant, Body::Parts(vec![text("a"), called("g", "function", "g", "1")])),
        Message { role: Role::Tool, name: Some("g".into()), body: result("g", "z") },
        message(Role::Assistant, Body::Parts(vec![Content::Refusal("no".into())])),
    ];
    assert_eq!(request.messages, wanted);
    let form =
        Form { logprobs: Some(2), obfuscation: true, echo: r#""service_tier":"priority""#.into(), ..Form::default() };
    assert_eq!((&request.form, request.parallel_tool_calls), (&form, false));
    assert_eq!(request.clone().into_owned(), request);
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    assert_halves_agree(&everything(), decode::fast, &shape::BODY);
    let mut other = everything();
    let allowed = json!([{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}}]);
    other["tool_choice"] = json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": allowed}});
    other["function_call"] = json!("none");
    other["stop"] = json!("a");
    other["response_format"] = json!({"type": "text"});
    assert_halves_agree(&other, decode::fast, &shape::BODY);
}

#[test]
fn plain_texts_are_borrowed() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"text","text":"p"}]}],"stop":["s"]}"#;
    let request = Chat.decode(body, &NoHistory).unwrap();
    assert!(matches!(request.model, Cow::Borrowed("m")));
    assert!(matches!(request.stop[0], Cow::Borrowed("s")));
    assert!(matches!(request.messages[0].body, Body::Text(Cow::Borrowed("hi"))));
    let Body::Parts(parts) = &request.messages[1].body else { panic!() };
    assert!(matches!(parts[0], Content::Text(Cow::Borrowed("p"))));
}

#[test]
fn of_a_key_that_occurs_twice_the_last_counts() {
    let body = r#"{"model":"a","model":"b","messages":5,"messages":[{"role":"user","content":"\u0041"}]}"#;
    let request = Chat.decode(body, &NoHistory).unwrap();
    assert_eq!((request.model.as_ref(), request.last_user_text().as_deref()), ("b", Some("A")));
}

#[test]
fn tool_choices_have_their_neutral_words() {
    let choice = |field: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{field}}}"#);
        Chat.decode(&body, &NoHistory).unwrap().into_owned().tool_choice
    };
    assert_eq!(choice(r#""tool_choice":null"#), ToolChoice::Auto);
    assert_eq!(choice(r#""tool_choice":"none""#), ToolChoice::None);
    assert_eq!(choice(r#""tool_choice":"required""#), ToolChoice::Required);
    assert_eq!(choice(r#""function_call":"none""#), ToolChoice::None);
    assert_eq!(choice(r#""function_call":{"name":"f"}"#), ToolChoice::Named("f".into()));
    assert_eq!(choice(r#""tool_choice":{"type":"custom","custom":{"name":"c"}}"#), ToolChoice::Named("c".into()));
    let allowed = r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}}"#;
    assert_eq!(choice(allowed), ToolChoice::Required);
}

fn with(fields: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{fields}}}"#)
}

#[test]
fn only_allowed_tools_are_offered() {
    let tools = r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]"#;
    let offered = |allowed: &str| {
        let choice = format!(
            r#""tool_choice":{{"type":"allowed_tools","allowed_tools":{{"mode":"auto","tools":[{allowed}]}}}}"#
        );
        let body = with(&format!("{tools},{choice}"));
        let request = Chat.decode(&body, &NoHistory).unwrap();
        request.tools.iter().map(|tool| tool.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(offered(r#"{"type":"custom","custom":{"name":"c"}}"#), ["c"]);
    assert_eq!(offered(r#"{"type":"function","function":{"name":"f"}}"#), ["f"]);
    assert_eq!(offered(""), ["f", "c"]);
}

#[test]
fn the_form_is_what_the_client_asks_for() {
    let form = |fields: &str| {
        let body = with(fields);
        let request = Chat.decode(&body, &NoHistory).unwrap();
        (request.form.clone(), request.parallel_tool_calls)
    };
    let plain = Form::default();
    assert_eq!(form(r#""service_tier":"default","logprobs":false,"top_logprobs":0"#), (plain.clone(), true));
    assert_eq!(form(r#""logprobs":true"#), (Form { logprobs: Some(0), ..plain.clone() }, true));
    assert_eq!(form(r#""logprobs":true,"top_logprobs":20"#), (Form { logprobs: Some(20), ..plain.clone() }, true));
    assert_eq!(form(r#""stream_options":{"include_obfuscation":false}"#), (plain.clone(), true));
    assert_eq!(form(r#""functions":[{"name":"f"}]"#), (Form { functions: true, ..plain.clone() }, false));
    // Who offers tools speaks the newer protocol.
    assert_eq!(form(r#""tools":[],"functions":[{"name":"f"}]"#), (plain.clone(), true));
    assert_eq!(form(r#""functions":[]"#), (plain.clone(), true));
    let tier = |tier: &str| form(&format!(r#""service_tier":"{tier}""#)).0.echo;
    assert_eq!(tier("flex"), r#""service_tier":"flex""#);
    assert_eq!(tier("priority"), r#""service_tier":"priority""#);
    assert_eq!(tier("of my own"), "");
}

#[test]
fn what_is_too_much_is_refused() {
    let refused = |fields: &str| {
        let error = Chat.decode(&with(fields), &NoHistory).unwrap_err();
        assert_eq!(error.status, 400);
        (error.param.unwrap_or_default(), error.code, error.message)
    };
    let long = |param: &str, most: usize, found: usize| {
        let wanted =
            format!("Expected an array with maximum length {most}, but got an array with length {found} instead.");
        let message = format!("Invalid '{param}': array too long. {wanted}");
        (param.to_owned(), Some("array_above_max_length".to_owned()), message)
    };
    assert_eq!(refused(r#""stop":["a","b","c","d","e"]"#), long("stop", 4, 5));
    let tools = vec![r#"{"type":"custom","custom":{"name":"c"}}"#; 129].join(",");
    assert_eq!(refused(&format!(r#""tools":[{tools}]"#)), long("tools", 128, 129));
    let (param, _, message) = refused(r#""top_logprobs":1"#);
    assert_eq!(param, "top_logprobs");
    assert_eq!(message, "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.");
}
