//! What is read from a body, and what is wrong with one.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::any_json;
use crate::chat::{Body, Content, Media, MediaSource, Message, Role, ToolChoice};
use crate::wire::NoHistory;
use crate::wire::check::tests::assert_halves_agree;

fn everything() -> Value {
    json!({
        "model": "claude", "max_tokens": 5, "stream": true, "stop_sequences": ["a", "b"],
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
                {"type": "document", "source": {"type": "file", "file_id": "file_1"}, "title": null},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
                {"type": "search_result", "source": "s", "title": "t", "content": []},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "h", "signature": "sig"},
                {"type": "redacted_thinking", "data": "enc"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": [
                    {"type": "text", "text": "x"}, {"type": "text", "text": "y"},
                    {"type": "image", "source": {"type": "url", "url": "u"}},
                ], "cache_control": {"type": "ephemeral"}},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": "z"},
                {"type": "tool_result", "tool_use_id": "toolu_3"},
                {"type": "text", "text": "and"},
            ]},
            {"role": "assistant", "content": "a"},
            {"role": "system", "content": "mid"},
        ],
        "tools": [
            {"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": true, "defer_loading": false},
            {"type": "custom", "name": "g", "input_schema": {}, "cache_control": {"type": "ephemeral"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 2, "allowed_domains": ["x"]},
            {"type": "browser_toolset_20260801", "configs": {"zoom": {"enabled": true}}},
            {"type": "mcp_toolset", "mcp_server_name": "files"},
            {"type": "computer_20251124", "name": "computer", "display_width_px": 1, "display_height_px": 1},
        ],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "temperature": 1, "top_p": 0.5, "top_k": 3, "metadata": {"user_id": "u"},
        "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        "cache_control": {"type": "ephemeral"}, "diagnostics": {"previous_message_id": "msg_0"}, "container": "c",
        "service_tier": "auto", "inference_geo": "us", "speed": "fast", "unknown": [1],
    })
}

/// The same with everything that can be said in another way, and what only beta clients say.
fn everything_else() -> Value {
    let mut other = everything();
    other["system"] = json!("s");
    other["container"] = json!({"id": "c", "skills": [{"type": "anthropic", "skill_id": "pptx", "version": "latest"}]});
    other["output_format"] = other["output_config"]["format"].take();
    other["output_config"] = json!({"task_budget": {"type": "tokens", "total": 9}});
    other["thinking"] = json!({"type": "adaptive", "display": "summarized"});
    other["tool_choice"] = json!({"type": "auto", "disable_parallel_tool_use": false});
    other["context_management"] = json!({"edits": [{"type": "clear_tool_uses_20250919"}]});
    other["mcp_servers"] = json!([{"type": "url", "name": "files", "url": "https://x", "authorization_token": "t"}]);
    other["thread"] = json!({"type": "create"});
    other["fallbacks"] = json!([{"model": "m"}]);
    other["fallback_credit_token"] = json!("t");
    other["compaction"] = json!({"type": "summarize", "instructions": "short"});
    other["billing_policy"] = json!({"type": "billing_policy"});
    other["messages"] = json!([
        {"role": "user", "content": [
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "in"}]}},
            {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "hit"}]},
            {"type": "container_upload", "file_id": "file_1"},
            {"type": "of a later day", "text": 5},
        ]},
        {"role": "assistant", "content": [
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result"}]},
            {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_2", "content": {"type": "x"}},
            {"type": "mcp_tool_use", "id": "m", "name": "n", "server_name": "s", "input": {}},
            {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": false, "content": [{"type": "text", "text": "r"}]},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": [
                {"type": "tool_reference", "tool_name": "f"},
                {"type": "search_result", "source": "s", "title": "t", "content": []},
            ]},
        ]},
    ]);
    other
}

fn text(text: &str) -> Content<'_> {
    Content::Text(text.into())
}

fn result<'a>(call_id: &'a str, content: &'a str, is_error: bool) -> Content<'a> {
    Content::ToolResult { call_id: call_id.into(), content: content.into(), is_error }
}

fn at(url: &'static str) -> Media<'static> {
    Media { media_type: None, source: MediaSource::Url(url.into()) }
}

#[test]
fn a_whole_request_is_read() {
    let body = everything().to_string();
    let request = Messages.decode(&body, &NoHistory).unwrap();
    assert_eq!((request.stream, request.stream_usage, request.choices), (true, true, 1));
    assert_eq!((request.max_output_tokens, request.stop.as_slice()), (Some(5), &["a".into(), "b".into()][..]));
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert!(!request.parallel_tool_calls && !request.form.keep);
    assert_eq!(request.form.echo, r#""inference_geo":"us","speed":"fast""#);
    assert_eq!(request.output_schema.as_deref(), Some(r#"{"type":"object"}"#));
    let tools: Vec<_> =
        request.tools.iter().map(|t| (t.kind.as_ref(), t.name.as_ref(), t.parameters.as_deref())).collect();
    let wanted = [
        ("function", "f", Some(r#"{"type":"object"}"#)),
        ("function", "g", Some("{}")),
        ("web_search_20250305", "web_search", None),
        ("browser_toolset_20260801", "browser_toolset_20260801", None),
        ("mcp_toolset", "files", None),
        ("computer_20251124", "computer", None),
    ];
    assert_eq!(tools, wanted);

    let user = vec![
        text("t"),
        Content::Image(Media { media_type: Some("image/png".into()), source: MediaSource::Data("AAAA".into()) }),
        Content::Image(at("https://x/y.png")),
        Content::File(Media { media_type: None, source: MediaSource::FileId("file_1".into()) }),
        Content::Other(r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}"#.into()),
        Content::Other(r#"{"type":"search_result","source":"s","title":"t","content":[]}"#.into()),
    ];
    let assistant = vec![
        Content::Reasoning { text: "h".into(), signature: Some("sig".into()), redacted: false },
        Content::Reasoning { text: "enc".into(), signature: None, redacted: true },
        Content::ToolCall {
            id: "toolu_1".into(),
            kind: "function".into(),
            name: "f".into(),
            arguments: r#"{"a":1}"#.into(),
        },
    ];
    let results = vec![
        result("toolu_1", "x\ny", true),
        Content::Image(at("u")),
        result("toolu_2", "z", false),
        result("toolu_3", "", false),
    ];
    let message = |role, parts| Message { role, name: None, body: Body::Parts(parts) };
    let wanted = [
        message(Role::System, vec![text("s")]),
        message(Role::User, user),
        message(Role::Assistant, assistant),
        message(Role::Tool, results),
        message(Role::User, vec![text("and")]),
        Message::text_of(Role::Assistant, "a"),
        Message::text_of(Role::System, "mid"),
    ];
    assert_eq!(request.messages, wanted);
    assert_eq!(request.clone().into_owned(), request);
}

#[test]
fn blocks_without_a_neutral_name_are_their_own_json() {
    let body = everything_else();
    let text = body.to_string();
    let request = Messages.decode(&text, &NoHistory).unwrap();
    assert!(request.parallel_tool_calls && request.form.keep);
    assert_eq!(request.form.echo, r#""inference_geo":"us","speed":"fast","context_management":{"applied_edits":[]}"#);
    assert_eq!(request.output_schema.as_deref(), Some(r#"{"type":"object"}"#));
    let blocks = |message: usize| {
        body["messages"][message]["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| Content::Other(block.to_string().into()))
    };
    for (message, role) in [(0, Role::User), (1, Role::Assistant)] {
        let wanted = Message { role, name: None, body: Body::Parts(blocks(message).collect()) };
        assert_eq!(request.messages[message + 1], wanted);
    }
    let held = body["messages"][2]["content"][0]["content"].as_array().unwrap();
    let held = held.iter().map(|block| Content::Other(block.to_string().into()));
    let wanted = std::iter::once(result("t", "", false)).chain(held).collect();
    assert_eq!(request.messages[3], Message { role: Role::Tool, name: None, body: Body::Parts(wanted) });
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    for body in [everything(), everything_else()] {
        assert_halves_agree(&body, decode::fast, &shape::CREATE);
        assert_halves_agree(&body, decode::any_length, &shape::ANY_LENGTH);
    }
}

#[test]
fn who_may_call_what_is_told() {
    for (choice, wanted, parallel) in [
        (r#"{"type":"auto"}"#, ToolChoice::Auto, true),
        (r#"{"type":"any","disable_parallel_tool_use":true}"#, ToolChoice::Required, false),
        (r#"{"type":"any","disable_parallel_tool_use":null}"#, ToolChoice::Required, true),
        (r#"{"type":"tool","name":"f"}"#, ToolChoice::Named("f".into()), true),
        (r#"{"type":"none"}"#, ToolChoice::None, true),
    ] {
        let body = format!(
            r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"a"}}],"tool_choice":{choice}}}"#
        );
        let request = Messages.decode(&body, &NoHistory).unwrap();
        assert_eq!((request.tool_choice, request.parallel_tool_calls), (wanted, parallel), "{choice}");
    }
}

#[test]
fn a_schema_is_found_where_both_generations_put_it() {
    let format = |schema: &str| format!(r#"{{"type":"json_schema","schema":{schema}}}"#);
    for (fields, wanted) in [
        (format!(r#""output_format":{}"#, format(r#"{ "a":1 }"#)), Some(r#"{ "a":1 }"#)),
        (format!(r#""output_config":{{"format":{}}}"#, format(r#"{"b":1}"#)), Some(r#"{"b":1}"#)),
        (
            format!(r#""output_config":{{"format":{}}},"output_format":{}"#, format("{}"), format(r#"{"a":1}"#)),
            Some("{}"),
        ),
        (r#""output_config":{"effort":"high","format":null},"output_format":null"#.to_owned(), None),
    ] {
        let body = format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"a"}}],{fields}}}"#);
        let request = Messages.decode(&body, &NoHistory).unwrap();
        assert_eq!(request.output_schema.as_deref(), wanted, "{fields}");
    }
}

#[test]
fn an_answer_may_be_begun_by_the_client() {
    let body = r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"The"}]}"#;
    let request = Messages.decode(body, &NoHistory).unwrap();
    assert_eq!(request.messages[1], Message::text_of(Role::Assistant, "The"));
    assert_eq!((request.last_role(), request.last_user_text().as_deref()), (Some(Role::Assistant), Some("a")));
}

#[test]
fn a_limit_can_be_left_out_where_it_is_not_insisted_on() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#;
    assert_eq!(Messages.decode(body, &NoHistory).unwrap_err().message, "max_tokens: Field required");
    let request = super::super::decode(body, &NoHistory, MaxTokens::Optional).unwrap();
    assert_eq!((request.max_output_tokens, request.last_user_text().as_deref()), (None, Some("a")));
}

#[test]
fn results_alone_are_one_tool_message_and_borrowed() {
    let body = r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[
        {"type":"tool_result","tool_use_id":"a","content":"x"},
        {"type":"tool_result","tool_use_id":"b","content":[{"type":"tool_result","tool_use_id":"in"}]}]}]}"#;
    let request = Messages.decode(body, &NoHistory).unwrap();
    let [Message { role: Role::Tool, body: Body::Parts(parts), .. }] = request.messages.as_slice() else { panic!() };
    let inner = Content::Other(r#"{"type":"tool_result","tool_use_id":"in"}"#.into());
    assert_eq!(parts, &[result("a", "x", false), result("b", "", false), inner]);
    assert!(matches!(&parts[0], Content::ToolResult { content: Cow::Borrowed("x"), .. }));
}

#[test]
fn arguments_are_passed_on_as_they_came() {
    let body = r#"{"model":"m","max_tokens":0,"messages":[{"role":"assistant","content":[
        {"type":"tool_use","id":"a","name":"f","input":{"b" : 1.50, "a":[ ]}}]}]}"#;
    let request = Messages.decode(body, &NoHistory).unwrap();
    let Body::Parts(parts) = &request.messages[0].body else { panic!() };
    assert!(matches!(&parts[0], Content::ToolCall { arguments: Cow::Borrowed(r#"{"b" : 1.50, "a":[ ]}"#), .. }));
    assert_eq!(request.max_output_tokens, Some(0));
}

#[test]
fn of_a_key_that_occurs_twice_the_last_counts() {
    let body = r#"{"model":"a","model":"b","max_tokens":1,"messages":[{"role":"user","content":"x","content":"y"}]}"#;
    let request = Messages.decode(body, &NoHistory).unwrap();
    assert_eq!((request.model.as_ref(), request.last_user_text().as_deref()), ("b", Some("y")));
}

proptest! {
    #[test]
    fn no_json_makes_the_decoder_panic(json in any_json(), place in any::<prop::sample::Index>(), base in any::<bool>()) {
        let _ = Messages.decode(&json.to_string(), &NoHistory);
        let _ = count::decode(&json.to_string());
        let _ = Messages.decode_reply(&json.to_string());
        let mut body = if base { everything() } else { everything_else() };
        let mut places = Vec::new();
        pointers(&body, String::new(), &mut places);
        *body.pointer_mut(&places[place.index(places.len())]).unwrap() = json;
        let body = body.to_string();
        // Whatever is wrong is the client's fault.
        if let Err(error) = Messages.decode(&body, &NoHistory) {
            prop_assert!(error.status == 400 || error.code.as_deref() == Some("thread_not_found"));
        }
    }
}

fn pointers(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| pointers(value, format!("{at}/{key}"), places)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| pointers(value, format!("{at}/{index}"), places));
        }
        _ => {}
    }
    places.push(at);
}
