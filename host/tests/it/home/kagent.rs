//! kagent's mockllm: `mocks.json`, whole responses for four kinds of requests.

use serde_json::{Value, json};

use super::{body, names, pieces, post, site, text_of, user, with};
use crate::api::{Anthropic, OpenAi};
use crate::http::{Request, Response};
use crate::support::{Running, Site};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const BEARER: (&str, &str) = ("authorization", "Bearer any");
const CLAUDE: [(&str, &str); 2] = [("x-api-key", "any"), ("anthropic-version", "2023-06-01")];

fn serve() -> Running {
    site("kagent/mocks.json").serve()
}

/// The response of a mock, as the file has it.
fn mock(list: &str, name: &str) -> Value {
    let file: Value = serde_json::from_str(&text_of("kagent/mocks.json")).unwrap();
    let mocks = file[list].as_array().unwrap();
    mocks.iter().find(|mock| mock["name"] == name).unwrap_or_else(|| panic!("{name}"))["response"].clone()
}

#[track_caller]
fn chat(server: &Running, messages: Value, stream: bool) -> Response {
    post(server, CHAT, &[BEARER], &body(messages, json!({ "stream": stream })))
}

#[track_caller]
fn message(server: &Running, messages: Value, stream: bool) -> Response {
    post(server, MESSAGES, &CLAUDE, &body(messages, json!({ "stream": stream, "max_tokens": 1024 })))
}

#[track_caller]
fn responses(server: &Running, input: Value, stream: bool) -> Response {
    post(server, "/v1/responses", &[BEARER], &json!({ "model": "gpt-4o", "input": input, "stream": stream }))
}

#[track_caller]
fn embeddings(server: &Running, input: Value, format: &str) -> Response {
    let asked = json!({ "model": "embeddinggemma", "input": input, "encoding_format": format });
    post(server, "/v1/embeddings", &[BEARER], &asked)
}

#[track_caller]
fn is(response: &Response, mock: &Value) {
    assert_eq!(response.status, 200, "{}", response.fixed());
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.json(), *mock);
}

/// What nothing matches: the message has the request in it, indented.
#[track_caller]
fn no_match(message: &str, part: &str) {
    let request = message.strip_prefix("No matching mock found. Request: ").unwrap_or_else(|| panic!("{message}"));
    let request: Value = serde_json::from_str(request).unwrap();
    assert_eq!(message.lines().nth(1), Some("  \"model\": \"gpt-4o\","), "indented, in the order of the request");
    assert!(request.to_string().contains(part), "{request}");
}

#[test]
fn health_counts_the_mocks() {
    // No key is asked for here.
    let health = serve().get("/health");
    assert_eq!((health.status, health.header("content-type")), (200, Some("application/json")));
    assert_eq!(health.text(), r#"{"anthropic":4,"openai":4,"service":"mock-llm","status":"healthy"}"#);
    let few = Site::of("mocks.json", r#"{"anthropic": []}"#).serve().get("/health").json();
    assert_eq!(few, json!({ "anthropic": 0, "openai": 0, "service": "mock-llm", "status": "healthy" }));
}

#[test]
fn it_listens_where_the_file_says() {
    let listen = |site: Site| site.build().ok().unwrap().config.listen.to_string();
    assert_eq!(listen(site("kagent/mocks.json")), "127.0.0.1:0");
    let all = text_of("kagent/mocks.json").replace("127.0.0.1:0", ":8090");
    assert_eq!(listen(Site::of("mocks.json", all)), "0.0.0.0:8090");
    // Theirs takes a free port of every address; a program of ours has one port, which one can write down, and no other
    // machine reaches it. Embedded in a test, ours takes a free port as well.
    assert_eq!(listen(Site::of("mocks.json", r#"{"openai": []}"#)), "127.0.0.1:8000");
}

#[test]
fn exact_is_the_whole_last_message() {
    let server = serve();
    let nodes = mock("openai", "initial_request");
    let asked = user("List all nodes in the cluster");
    is(&chat(&server, asked.clone(), false), &nodes);
    let long = json!([{ "role": "system", "content": "s" }, { "role": "user", "content": "before" }, asked[0]]);
    is(&chat(&server, long, false), &nodes);
    let other =
        |message: Value| no_match(&OpenAi.error(&chat(&server, json!([message]), false), 404), "List all nodes");
    other(json!({ "role": "user", "content": "List all nodes in the cluster " }));
    other(json!({ "role": "user", "content": "list all nodes in the cluster. List all nodes" }));
    other(json!({ "role": "user", "content": "List all nodes in the cluster", "name": "me" }));
    other(json!({ "role": "system", "content": "List all nodes in the cluster" }));
    other(json!({ "role": "user", "content": [{ "type": "text", "text": "List all nodes in the cluster" }] }));
    let before = json!([asked[0], { "role": "assistant", "content": "which?" }]);
    no_match(&OpenAi.error(&chat(&server, before, false), 404), "which?");
    is(&message(&server, user("What is 2+2?"), false), &mock("anthropic", "exact"));
    let block = json!([{ "type": "text", "text": "What is 2+2?" }]);
    is(&message(&server, user(block), false), &mock("anthropic", "exact"));
    no_match(&Anthropic.error(&message(&server, user("What is 2+2"), false), 404), "What is 2+2");
}

#[test]
fn contains_is_the_role_and_a_part_of_the_text() {
    let server = serve();
    let result = |role: &str, text: &str| {
        let call = json!({ "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
        let last = match role {
            "tool" => json!({ "role": "tool", "tool_call_id": "call_1", "content": text }),
            _ => json!({ "role": role, "content": text }),
        };
        chat(
            &server,
            json!([user("go")[0], { "role": "assistant", "content": null, "tool_calls": [call] }, last]),
            false,
        )
    };
    is(&result("tool", "NAME kagent-control-plane Ready"), &mock("openai", "k8s_get_resources_response"));
    assert_eq!(result("tool", "kagent").status, 404);
    assert_eq!(result("user", "kagent-control-plane").status, 404);
    // A block of Anthropic's that has the text; what a tool returned is none.
    let hi = mock("anthropic", "hi");
    is(&message(&server, user("Well, Hello there"), false), &hi);
    let text = |text: &str| json!({ "type": "text", "text": text });
    is(&message(&server, user(json!([text("one"), text("Hello")])), false), &hi);
    let used = json!({ "type": "tool_use", "id": "toolu_1", "name": "f", "input": {} });
    let returned = json!({ "type": "tool_result", "tool_use_id": "toolu_1", "content": "Hello" });
    let talk =
        json!([user("go")[0], { "role": "assistant", "content": [used] }, { "role": "user", "content": [returned] }]);
    no_match(&Anthropic.error(&message(&server, talk, false), 404), "tool_result");
}

#[test]
fn headers_have_to_match_all_of_them_whatever_the_case_of_their_names() {
    let server = serve();
    let ask =
        |headers: &[(&str, &str)]| post(&server, CHAT, headers, &body(user("Hello"), json!({}))).json()["id"].clone();
    assert_eq!(ask(&[BEARER, ("X-Tenant-ID", "tenant-a")]), "chatcmpl-3");
    assert_eq!(ask(&[("AUTHORIZATION", "Bearer any"), ("x-tenant-id", "tenant-a")]), "chatcmpl-3");
    // The next mock of the list has the same text, and wants no headers.
    for value in ["tenant-b", "tenant-ab", "Tenant-A"] {
        assert_eq!(ask(&[BEARER, ("x-tenant-id", value)]), "chatcmpl-4", "{value}");
    }
    assert_eq!(ask(&[BEARER]), "chatcmpl-4");
    let tenant = |value| {
        post(&server, MESSAGES, &[CLAUDE[0], CLAUDE[1], ("X-TENANT-ID", value)], &{
            body(user("Hello"), json!({ "max_tokens": 9 }))
        })
    };
    is(&tenant("tenant-a"), &mock("anthropic", "tenant"));
    is(&tenant("tenant-b"), &mock("anthropic", "hi"));
}

#[test]
fn the_first_match_answers() {
    let mock = |id: &str, match_type: &str, text: &str| json!({ "match": { "match_type": match_type, "message": { "role": "user", "content": text } }, "response": { "id": id } });
    let mocks = [mock("a", "contains", "x"), mock("b", "exact", "xy"), mock("c", "contains", "y")];
    let server = Site::of("mocks.json", json!({ "openai": mocks })).serve();
    let says = |text: &str| chat(&server, user(text), false).json()["id"].clone();
    assert_eq!([says("xy"), says("y")], ["a", "c"]);
}

#[test]
fn an_input_is_matched_as_a_text_and_as_items() {
    let server = serve();
    let (haiku, call) = (mock("openai_response", "haiku"), mock("openai_response", "weather_call"));
    is(&responses(&server, json!("Write a haiku"), false), &haiku);
    is(&responses(&server, json!("What is the weather in Paris?"), false), &call);
    let items = json!([{ "role": "user", "content": "A question" }, { "role": "user", "content": "a haiku, please" }]);
    is(&responses(&server, items, false), &haiku);
    let answer = responses(&server, json!("What is the weather in Rome?"), false);
    no_match(&OpenAi.error(&answer, 404), "in Rome?");
}

#[test]
fn embeddings_are_matched_by_their_whole_input() {
    let server = serve();
    is(&embeddings(&server, json!("Hello world"), "float"), &mock("openai_embeddings", "hello_world"));
    is(&embeddings(&server, json!(["one", "two"]), "float"), &mock("openai_embeddings", "two_texts"));
    for input in [json!("Hello"), json!(["two", "one"]), json!(["one"])] {
        let message = OpenAi.error(&embeddings(&server, input.clone(), "float"), 404);
        assert!(message.starts_with("No matching mock found. Request: {"), "{message}");
    }
    // The SDK for JavaScript asks for it, and takes a list for bytes.
    let encoded = embeddings(&server, json!("Hello world"), "base64").json();
    assert_eq!(encoded["data"][0]["embedding"], "AAAAPwAAgL4AAAA+");
}

#[test]
fn a_mock_of_a_chat_streams() {
    // Theirs sends the same JSON, streaming or not.
    let server = serve();
    let stream = chat(&server, user("Hello"), true);
    assert_eq!(pieces(&stream, "/choices/0/delta/content").concat(), "Hello, whoever you are!");
    let events = stream.events();
    assert_eq!(events.last().unwrap().data, "[DONE]");
    let first = events[0].json();
    let wanted = (json!("chatcmpl-4"), json!("gpt-4.1-mini"), json!(1_677_652_291));
    assert_eq!((first["id"].clone(), first["model"].clone(), first["created"].clone()), wanted);
    let stream = chat(&server, user("List all nodes in the cluster"), true);
    let call = "/choices/0/delta/tool_calls/0";
    assert_eq!(pieces(&stream, &format!("{call}/id")), ["call_1"]);
    assert_eq!(pieces(&stream, &format!("{call}/function/name")), ["k8s_get_resources"]);
    let arguments = pieces(&stream, &format!("{call}/function/arguments")).concat();
    assert_eq!(arguments, "{\"resource_type\": \"nodes\"}");
    assert_eq!(pieces(&stream, "/choices/0/finish_reason"), ["tool_calls"]);
}

#[test]
fn a_mock_of_a_response_streams() {
    let server = serve();
    let stream = responses(&server, json!("a haiku"), true);
    let deltas: Vec<_> =
        stream.events().into_iter().filter(|it| it.name.as_deref() == Some("response.output_text.delta")).collect();
    let text: String = deltas.iter().map(|it| it.json()["delta"].as_str().unwrap().to_owned()).collect();
    assert_eq!(text, "Old pond, a frog leaps in.");
    let last = stream.events().last().unwrap().json();
    assert_eq!((&last["type"], &last["response"]["id"]), (&json!("response.completed"), &json!("resp_1")));
    assert_eq!(last["response"]["usage"]["total_tokens"], 13);
    let stream = responses(&server, json!("What is the weather in Paris?"), true);
    let last = stream.events().last().unwrap().json();
    let item = &last["response"]["output"][0];
    assert_eq!(
        (&item["type"], &item["call_id"], &item["name"]),
        (&json!("function_call"), &json!("call_2"), &json!("get_weather"))
    );
    assert_eq!(item["arguments"], "{\"city\": \"Paris\"}");
}

#[test]
fn a_mock_of_a_message_streams() {
    let server = serve();
    let stream = message(&server, user("Hello"), true);
    assert_eq!(pieces(&stream, "/delta/text").concat(), "Hi");
    assert_eq!(pieces(&stream, "/message/id"), ["msg_123"]);
    let stream = message(&server, user("The weather?"), true);
    assert_eq!(pieces(&stream, "/delta/text").concat(), "I look it up.");
    assert_eq!(pieces(&stream, "/content_block/id"), ["toolu_1"]);
    let input: Value = serde_json::from_str(&pieces(&stream, "/delta/partial_json").concat()).unwrap();
    assert_eq!(input, json!({ "city": "Paris" }));
    assert_eq!(pieces(&stream, "/delta/stop_reason"), ["tool_use"]);
    let names = names(&stream);
    assert_eq!((names.first().unwrap().as_str(), names.last().unwrap().as_str()), ("message_start", "message_stop"));
}

#[test]
fn what_nothing_matches_is_an_error_in_a_stream_too() {
    // Theirs sends it as plain text, which the official SDKs cannot take apart.
    let server = serve();
    no_match(&OpenAi.error(&chat(&server, user("other"), true), 404), "other");
    no_match(&Anthropic.error(&message(&server, user("other"), true), 404), "other");
}

#[test]
fn openais_routes_want_an_authorization() {
    // As its document has it; the program itself asks for none.
    let server = serve();
    for path in [CHAT, "/v1/responses", "/v1/embeddings"] {
        let answer = server.send(&Request::post(path, "{"));
        assert_eq!(OpenAi.error(&answer, 401), "Missing Authorization header", "{path}");
    }
    let answer = server.send(&with(Request::post(CHAT, "{"), &[BEARER]));
    assert!(OpenAi.error(&answer, 400).contains("JSON"));
}

#[test]
fn anthropics_route_wants_a_key_then_a_version_then_a_body() {
    let server = serve();
    let send = |headers: &[(&str, &str)], body: &str| server.send(&with(Request::post(MESSAGES, body), headers));
    assert_eq!(Anthropic.error(&send(&[], "{"), 401), "Missing x-api-key header");
    assert_eq!(Anthropic.error(&send(&[CLAUDE[1]], "{"), 401), "Missing x-api-key header");
    assert!(Anthropic.error(&send(&[CLAUDE[0]], "{"), 400).contains("anthropic-version"));
    assert!(Anthropic.error(&send(&CLAUDE, "{"), 400).contains("not valid JSON"));
    let good = body(user("Hello"), json!({ "max_tokens": 9 })).to_string();
    // A token of OAuth stands for a key, as it does at Anthropic.
    assert_eq!(send(&[BEARER, CLAUDE[1]], &good).json()["id"], "msg_123");
    assert_eq!(send(&CLAUDE, &good).json()["id"], "msg_123");
    // Anthropic's contract: their program reads a request without it.
    let less = body(user("Hello"), json!({})).to_string();
    assert_eq!(Anthropic.error(&send(&CLAUDE, &less), 400), "max_tokens: Field required");
}

#[test]
fn a_key_on_the_other_providers_header_is_none() {
    let server = serve();
    let good = body(user("Hello"), json!({ "max_tokens": 9 }));
    let answer = post(&server, CHAT, &[CLAUDE[0]], &good);
    assert_eq!(OpenAi.error(&answer, 401), "Missing Authorization header");
    // Presence is all that counts, not the scheme.
    assert_eq!(post(&server, CHAT, &[("authorization", "any")], &good).status, 200);
}

#[test]
fn what_is_no_route_is_told_before_the_key() {
    let server = serve();
    let answer = server.get("/v1/nothing");
    assert_eq!(OpenAi.error(&answer, 404), "Invalid URL (GET /v1/nothing)");
    let answer = server.get(CHAT);
    OpenAi.error(&answer, 405);
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[test]
fn messages_that_cannot_match_are_refused_as_the_provider_does() {
    // Theirs finds no mock for an empty list, and breaks on a message without a role.
    let server = serve();
    OpenAi.error(&chat(&server, json!([]), false), 400);
    Anthropic.error(&message(&server, json!([]), false), 400);
    OpenAi.error(&chat(&server, json!([{ "content": "Hello" }]), false), 400);
    Anthropic.error(&message(&server, json!([{ "content": "Hello" }]), false), 400);
}

#[test]
fn an_unknown_match_type_is_told_at_once() {
    // Theirs loads such a mock, which never matches.
    let told = Site::of("mocks.json", text_of("kagent/mocks.json").replacen("exact", "regex", 1)).refused();
    assert!(told.contains("mocks.json:7:") && told.contains("`exact`") && told.contains("`contains`"), "{told}");
}

#[test]
fn any_model_is_served() {
    let server = serve();
    let asked = json!({ "model": "no-such-model", "messages": user("Hello") });
    is(&post(&server, CHAT, &[BEARER], &asked), &mock("openai", "any_tenant"));
}

#[test]
fn a_mock_is_whole_in_a_stream_whatever_the_limit() {
    let server = serve();
    for stream in [false, true] {
        let asked =
            body(user("The weather?"), json!({ "stream": stream, "max_tokens": 1, "stop_sequences": ["look"] }));
        let answer = post(&server, MESSAGES, &CLAUDE, &asked);
        assert_eq!(Anthropic.said(&answer), "I look it up.", "{stream}");
        let asked = body(user("Hello"), json!({ "stream": stream, "max_tokens": 1, "stop": "whoever" }));
        assert_eq!(OpenAi.said(&post(&server, CHAT, &[BEARER], &asked)), "Hello, whoever you are!", "{stream}");
    }
}

#[test]
fn a_mock_may_say_little() {
    // Theirs fills in zeros. Ours sends what is written, and fills in what a stream needs.
    let mock =
        |list: &str, match_: Value, response: Value| json!({ list: [{ "match": match_, "response": response }] });
    let said = json!({ "content": [{ "type": "text", "text": "Hi" }] });
    let asked = json!({ "match_type": "contains", "message": { "role": "user", "content": "Hello" } });
    let server = Site::of("mocks.json", mock("anthropic", asked.clone(), said.clone())).serve();
    is(&message(&server, user("Hello"), false), &said);
    assert_eq!(Anthropic.said(&message(&server, user("Hello"), true)), "Hi");
    let said = json!({ "choices": [{ "index": 0, "message": { "content": "Hi" } }] });
    let server = Site::of("mocks.json", mock("openai", asked.clone(), said.clone())).serve();
    is(&chat(&server, user("Hello"), false), &said);
    assert_eq!(OpenAi.said(&chat(&server, user("Hello"), true)), "Hi");
    let server = Site::of("mocks.json", mock("openai", asked, json!({}))).serve();
    is(&chat(&server, user("Hello"), false), &json!({}));
    let reason = OpenAi.error(&chat(&server, user("Hello"), true), 500);
    assert!(reason.contains("cannot be streamed: `choices` holds no choice"), "{reason}");
}
