//! Every rule of matching, on the file that mockllm's document shows and on what it leaves open.

use serde_json::Value;
use standin_sdk::testing::{Host, Request, json};
use standin_sdk::{EmbeddingOutcome, Outcome, RawResponse};

use super::*;

/// The file of the document, with what it leaves out.
fn document() -> Value {
    json!({
        "listen_addr": "127.0.0.1:8090",
        "openai": [
            { "name": "initial_request",
              "match": { "match_type": "exact", "message": { "content": "List all nodes in the cluster", "role": "user" } },
              "response": { "id": "chatcmpl-1", "object": "chat.completion", "choices": [{ "index": 0, "role": "assistant" }] } },
            { "name": "k8s_get_resources_response",
              "match": { "match_type": "contains",
                         "message": { "content": "kagent-control-plane", "role": "tool", "tool_call_id": "call_1" } },
              "response": { "id": "call_1", "created": 1677652288 } },
        ],
        "openai_response": [],
        "anthropic": [
            { "name": "hi",
              "match": { "match_type": "contains",
                         "message": { "role": "user", "content": [{ "type": "text", "text": "Hello" }] } },
              "response": { "id": "msg_123", "type": "message" } },
        ],
    })
}

fn chat(message: Value) -> Request {
    Request::new().body(json!({ "model": "m", "messages": [{ "role": "user", "content": "before" }, message] }))
}

fn anthropic(message: Value) -> Request {
    chat(message).provider("anthropic").path("/v1/messages")
}

fn responses(input: Value) -> Request {
    Request::new().path("/openai/v1/responses").body(json!({ "model": "m", "input": input }))
}

/// Which mock answers, by the `id` of its response; none for a 404.
fn id(host: &mut Host<Mocks>, request: &Request) -> Option<String> {
    match host.respond(request).unwrap() {
        Outcome::Verbatim(response) => {
            let body: Value = serde_json::from_str(&response.body).unwrap();
            Some(body["id"].as_str().unwrap_or("(none)").to_owned())
        }
        Outcome::Error(error) if error.status == 404 => None,
        other => panic!("{other:?}"),
    }
}

/// Whether a mock that expects one thing answers another.
fn fits(list: &str, key: &str, match_type: &str, expected: Value, request: Request) -> bool {
    let mock = json!({ "name": "m", "match": { "match_type": match_type, key: expected }, "response": { "id": "it" } });
    id(&mut Host::new().settings(json!({ list: [mock] })), &request).is_some()
}

#[test]
fn the_document_is_answered() {
    let mut host = Host::<Mocks>::new().settings(document());
    let list = chat(json!({ "role": "user", "content": "List all nodes in the cluster" }));
    let response = host.respond(&list).unwrap();
    let expected = r#"{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"role":"assistant"}]}"#;
    assert_eq!(response.as_verbatim(), Some(&RawResponse::new(200, expected)));
    assert_eq!(host.respond(&list.clone().streaming()).unwrap(), response, "the server streams it");
    let tool = json!({ "role": "tool", "tool_call_id": "other", "content": "NAME\nkagent-control-plane Ready" });
    assert_eq!(id(&mut host, &chat(tool)).as_deref(), Some("call_1"));
    let hello = anthropic(json!({ "role": "user", "content": "Hello there" }));
    assert_eq!(id(&mut host, &hello).as_deref(), Some("msg_123"));
    assert_eq!(id(&mut host, &responses(json!("Hello"))), None);
}

#[test]
fn what_nothing_matches_is_shown() {
    let request = Request::new().body(json!({ "model": "m", "messages": [{ "role": "user", "content": "?" }] }));
    let outcome = Host::<Mocks>::new().settings(document()).respond(&request).unwrap();
    let shown = "{\n  \"model\": \"m\",\n  \"messages\": [\n    {\n      \"role\": \"user\",\n      \"content\": \"?\"\n    \
                 }\n  ]\n}";
    let expected = ApiError::new(404, format!("No matching mock found. Request: {shown}"));
    assert_eq!(outcome, expected.into());
    for body in [json!({ "messages": [] }), json!({})] {
        assert_eq!(id(&mut Host::new().settings(document()), &Request::new().body(body)), None);
    }
}

#[test]
fn other_endpoints_are_passed() {
    let mut host = Host::<Mocks>::new().settings(document());
    let message = json!({ "role": "user", "content": "List all nodes in the cluster" });
    assert_eq!(host.respond(&chat(message.clone()).path("/v1/x")).unwrap(), Outcome::Pass);
    let completion = chat(message.clone()).path("/v1/completions").operation("text_completion");
    assert_eq!(host.respond(&completion).unwrap(), Outcome::Pass);
    assert_eq!(host.respond(&chat(message.clone()).provider("other")).unwrap(), Outcome::Pass);
    assert!(id(&mut host, &chat(message).path("/prefix/chat/completions")).is_some());
}

#[test]
fn exact_is_the_whole_message() {
    let expected = json!({ "role": "tool", "tool_call_id": "call_1", "content": "ok", "name": null });
    let is = |message| fits("openai", "message", "exact", expected.clone(), chat(message));
    assert!(is(json!({ "content": "ok", "role": "tool", "tool_call_id": "call_1" })));
    assert!(is(json!({ "content": "ok", "refusal": null, "role": "tool", "tool_call_id": "call_1" })));
    assert!(!is(json!({ "content": "ok", "role": "tool", "tool_call_id": "call_2" })));
    assert!(!is(json!({ "content": "ok ", "role": "tool", "tool_call_id": "call_1" })));
    assert!(!is(json!({ "content": "ok", "role": "tool", "tool_call_id": "call_1", "name": "f" })));
    assert!(!is(json!({ "content": [{ "type": "text", "text": "ok" }], "role": "tool", "tool_call_id": "call_1" })));
    let deep = |arguments| json!({ "role": "assistant", "tool_calls": [{ "a": { "x": 1, "y": arguments } }] });
    assert!(fits(
        "openai",
        "message",
        "exact",
        deep(json!(null)),
        chat(json!({ "role": "assistant",
        "tool_calls": [{ "a": { "x": 1 } }], "content": null }))
    ));
    assert!(!fits("openai", "message", "exact", deep(json!(2)), chat(deep(json!(3)))));
}

#[test]
fn only_the_last_message_counts() {
    let expected = json!({ "role": "user", "content": "before" });
    let request = chat(json!({ "role": "user", "content": "after" }));
    assert!(!fits("openai", "message", "exact", expected.clone(), request.clone()));
    assert!(!fits("openai", "message", "contains", expected.clone(), request.clone()));
    let request = request.provider("anthropic").path("/v1/messages");
    assert!(!fits("anthropic", "message", "contains", expected, request));
}

#[test]
fn contains_compares_roles_and_plain_texts() {
    let is = |expected, message| fits("openai", "message", "contains", expected, chat(message));
    let user = |content| json!({ "role": "user", "content": content });
    assert!(is(user(json!("lo")), user(json!("hello"))));
    assert!(is(user(json!("")), user(json!(""))));
    assert!(!is(user(json!("LO")), user(json!("hello"))));
    assert!(!is(user(json!("hello")), user(json!("lo"))));
    assert!(!is(user(json!("lo")), json!({ "role": "developer", "content": "hello" })));
    let part = |text: &str| json!({ "type": "text", "text": text });
    assert!(is(user(json!("lo")), user(json!([part("hello")]))));
    assert!(is(user(json!([part("lo")])), user(json!("hello"))));
    assert!(!is(user(json!("lo")), user(json!([part("hello"), part("hello")]))));
    assert!(!is(user(json!([part("lo"), part("lo")])), user(json!("lolo"))));
    assert!(!is(user(json!("lo")), user(json!([{ "type": "image_url", "text": "hello" }]))));
    assert!(!is(user(json!("lo")), user(json!(null))));
    assert!(!is(user(json!(null)), user(json!("lo"))));
    assert!(!is(json!({ "content": "lo" }), user(json!("hello"))), "a mock without a role matches nothing");
    assert!(!is(json!({ "content": "lo" }), json!({ "content": "hello" })));
}

#[test]
fn anthropics_text_is_one_block() {
    let is = |match_type, expected, content| {
        let message = json!({ "role": "user", "content": content });
        fits("anthropic", "message", match_type, json!({ "role": "user", "content": expected }), anthropic(message))
    };
    let block = |text: &str| json!({ "type": "text", "text": text });
    assert!(is("exact", json!("hello"), json!([block("hello")])));
    assert!(is("exact", json!([block("hello")]), json!("hello")));
    assert!(!is("exact", json!("hello"), json!([block("hello"), block("hello")])));
    assert!(is("contains", json!("lo"), json!([block("hi"), block("hello")])));
    assert!(is("contains", json!([block("lo")]), json!("hello")));
    assert!(!is("contains", json!([block("lo"), block("hi")]), json!([block("lo"), block("hi")])));
    let result = json!({ "type": "tool_result", "tool_use_id": "t", "content": "hello" });
    assert!(!is("contains", json!("lo"), json!([result])));
    assert!(is("contains", json!("lo"), json!([result, block("hello")])));
    assert!(!is("contains", json!([result]), json!([result])));
    assert!(!is("contains", json!([block("lo"), result]), json!("lo")));
    assert!(is("exact", json!([result]), json!([result])));
}

#[test]
fn an_input_is_matched() {
    let is = |match_type, expected, input| fits("openai_response", "input", match_type, expected, responses(input));
    assert!(is("exact", json!("hello"), json!("hello")));
    assert!(!is("exact", json!("hello"), json!("hello ")));
    let item = |role: &str, content| json!({ "role": role, "content": content });
    let parts = json!([{ "type": "input_text", "text": "one" }, { "type": "input_text", "text": "hello" }]);
    let items = json!([item("user", json!("first")), item("user", parts)]);
    assert!(is("exact", items.clone(), items.clone()));
    assert!(!is("exact", json!([items[1]]), items.clone()));
    assert!(is("contains", json!("lo"), json!("hello")));
    assert!(is("contains", json!("e\nhe"), items.clone()));
    assert!(!is("contains", json!("first"), items.clone()));
    assert!(is("contains", json!([item("user", json!("lo"))]), items.clone()));
    let output = json!({ "type": "function_call_output", "call_id": "c", "output": "sunny" });
    assert!(is("contains", json!("sun"), json!([items[0], output])));
    assert!(!is("contains", json!("first"), json!([items[0], output])), "so that a tool loop ends");
    assert!(!is("contains", json!(""), json!([])));
}

#[test]
fn embeddings_are_matched_by_their_input() {
    let mock = |match_type: &str, input: Value, id: &str| {
        json!({
        "match": { "match_type": match_type, "input": input }, "response": { "id": id, "data": [0.25] } })
    };
    let mocks = json!({ "openai_embeddings": [mock("exact", json!("one"), "a"), mock("exact", json!(["one", "two"]), "b"),
        mock("contains", json!("three"), "c")] });
    let mut host = Host::<Mocks>::new().settings(mocks);
    let mut ask = |input: Value| {
        let request = Request::new().operation("embeddings").path("/v1/embeddings").body(json!({ "input": input }));
        host.embed(&request).unwrap()
    };
    let found = |id: &str| RawResponse::new(200, json!({ "id": id, "data": [0.25] }).to_string()).into();
    assert_eq!(ask(json!("one")), found("a"));
    assert_eq!(ask(json!(["one", "two"])), found("b"));
    assert_eq!(ask(json!("two three four")), found("c"));
    for input in [json!(["one"]), json!(["two", "one"]), json!(["three"]), json!("two")] {
        let EmbeddingOutcome::Error(error) = ask(input) else { panic!("it should not match") };
        assert!(error.status == 404 && error.message.starts_with("No matching mock found. Request: {\n  \"input\": "));
    }
}

#[test]
fn vectors_are_in_the_encoding_that_is_asked_for() {
    let response = json!({ "object": "list", "data": [{ "index": 0, "embedding": [0.5, -0.25, 0.125] },
        { "embedding": "as it is" }], "model": "m" });
    let mock = json!({ "match": { "match_type": "exact", "input": "one" }, "response": response });
    let mut host = Host::<Mocks>::new().settings(json!({ "openai_embeddings": [mock] }));
    let mut ask = |format: Value| {
        let body = json!({ "input": "one", "encoding_format": format });
        host.embed(&Request::new().operation("embeddings").path("/v1/embeddings").body(body)).unwrap()
    };
    let raw = |body: Value| EmbeddingOutcome::from(RawResponse::new(200, body.to_string()));
    assert_eq!(ask(json!("float")), raw(response.clone()));
    assert_eq!(ask(json!(null)), raw(response.clone()));
    let mut encoded = response.clone();
    encoded["data"][0]["embedding"] = json!("AAAAPwAAgL4AAAA+");
    assert_eq!(ask(json!("base64")), raw(encoded));
}

#[test]
fn the_first_match_wins() {
    let mock = |id: &str, match_type: &str, text: &str| {
        json!({
        "match": { "match_type": match_type, "message": { "role": "user", "content": text } }, "response": { "id": id } })
    };
    let mocks = json!({ "openai": [mock("a", "contains", "x"), mock("b", "exact", "xy"), mock("c", "contains", "y")] });
    let mut host = Host::new().settings(mocks);
    let mut ask = |text: &str| id(&mut host, &chat(json!({ "role": "user", "content": text })));
    assert_eq!(["xy", "y", "z"].map(&mut ask), [Some("a".to_owned()), Some("c".to_owned()), None]);
}

#[test]
fn an_unknown_type_never_matches() {
    let message = json!({ "role": "user", "content": "hi" });
    for match_type in [json!("regex"), json!(""), json!("Exact"), json!(null)] {
        let mock = json!({ "match": { "match_type": match_type, "message": message }, "response": {} });
        let mut host = Host::new().settings(json!({ "openai": [mock] }));
        assert_eq!(id(&mut host, &chat(message.clone())), None, "{match_type}");
    }
    let mut host = Host::new().settings(json!({ "openai": [{ "match": {}, "response": {} }] }));
    assert_eq!(id(&mut host, &chat(json!({}))), None);
}

#[test]
fn all_headers_have_to_be_there() {
    let message = json!({ "role": "user", "content": "Hello" });
    let mock = json!({
        "name": "tenant-a-response",
        "match": { "match_type": "contains", "message": message, "headers": [
            { "name": "X-Tenant-ID", "value": "tenant-a", "match_type": "exact" },
            { "name": "Authorization", "value": "Bearer", "match_type": "contains" },
        ] },
        "response": {},
    });
    let mut host = Host::new().settings(json!({ "openai": [mock] }));
    let mut ask = |headers: &[(&str, &str)]| {
        let request = headers.iter().fold(chat(message.clone()), |it, (name, value)| it.header(*name, *value));
        id(&mut host, &request).is_some()
    };
    assert!(ask(&[("x-tenant-id", "tenant-a"), ("AUTHORIZATION", "Bearer key")]));
    assert!(!ask(&[("x-tenant-id", "tenant-ab"), ("authorization", "Bearer key")]));
    assert!(!ask(&[("x-tenant-id", "tenant-a"), ("authorization", "Basic key")]));
    assert!(!ask(&[("x-tenant-id", "tenant-a")]));
    assert!(!ask(&[]));
}

#[test]
fn a_header_is_exact_by_default() {
    let message = json!({ "role": "user", "content": "Hello" });
    let ask = |header: Value| {
        let mock =
            json!({ "match": { "match_type": "exact", "message": message, "headers": [header] }, "response": {} });
        id(&mut Host::new().settings(json!({ "openai": [mock] })), &chat(message.clone()).header("a", "bc")).is_some()
    };
    assert!(ask(json!({ "name": "A", "value": "bc" })));
    assert!(!ask(json!({ "name": "A", "value": "b" })));
    assert!(!ask(json!({ "name": "A", "value": "BC" })));
    assert!(!ask(json!({ "name": "A", "value": "b", "match_type": "prefix" })));
    assert!(!ask(json!({ "name": "other", "value": "" })));
}

#[test]
fn it_is_asked_for_chats_and_embeddings() {
    let activation = Host::<Mocks>::new().configure().unwrap();
    assert_eq!(activation, Activation::any([Condition::operation("chat"), Condition::operation("embeddings")]));
}

#[test]
fn mistakes_name_their_place() {
    let mock = |wanted| json!({ "match": wanted, "response": {} });
    for (settings, expected) in [
        (json!({ "openais": [] }), "settings.openais: unknown field `openais`, expected one of `openai`"),
        (json!({ "anthropic": {} }), "settings.anthropic: invalid type: map, expected a sequence"),
        (json!({ "openai": [{ "response": {} }] }), "settings.openai[0]: missing field `match`"),
        (json!({ "openai": [{ "match": {} }] }), "settings.openai[0]: missing field `response`"),
        (
            json!({ "openai": [{ "match": {}, "response": [] }] }),
            "settings.openai[0].response: invalid type: sequence, expected an object: the whole response",
        ),
        (
            json!({ "openai": [{ "match": {}, "responses": {} }] }),
            "settings.openai[0].responses: unknown field `responses`",
        ),
        (json!({ "openai": [mock(json!({ "match_type": 1 }))] }), "settings.openai[0].match.match_type: invalid type"),
        (
            json!({ "openai": [mock(json!({ "type": "exact" }))] }),
            "settings.openai[0].match.type: unknown field `type`",
        ),
        (
            json!({ "openai": [mock(json!({ "match_type": "exact" }))] }),
            "settings.openai[0].match: missing field `message`",
        ),
        (
            json!({ "anthropic": [mock(json!({ "match_type": "exact", "message": "hi" }))] }),
            "settings.anthropic[0].match.message: found `\"hi\"`, expected an object with `role` and `content`",
        ),
        (
            json!({ "openai_response": [mock(json!({})), mock(json!({ "match_type": "exact", "message": {} }))] }),
            "settings.openai_response[1].match.message: unknown field `message`, expected `input`",
        ),
        (
            json!({ "openai_embeddings": [mock(json!({ "match_type": "contains" }))] }),
            "settings.openai_embeddings[0].match: missing field `input`",
        ),
        (
            json!({ "openai": [mock(json!({ "headers": [{ "name": "a" }] }))] }),
            "settings.openai[0].match.headers[0]: missing field `value`",
        ),
        (
            json!({ "openai": [mock(json!({ "headers": [{ "name": "a", "value": "b", "match": "c" }] }))] }),
            "settings.openai[0].match.headers[0].match: unknown field `match`",
        ),
    ] {
        let error = Host::<Mocks>::new().settings(settings).configure().unwrap_err();
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}
