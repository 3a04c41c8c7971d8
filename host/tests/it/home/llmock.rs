//! llmock: `config.yaml` and its variables, its triggers, who may ask, and what was asked.

mod access;
mod strategies;

use serde_json::{Value, json};

use super::{body, pieces, post, site, user, with};
use crate::api::OpenAi;
use crate::http::{Request, Response};
use crate::support::{Running, Site};

const CHAT: &str = "/chat/completions";
const BEARER: (&str, &str) = ("authorization", "Bearer your-secret-api-key");

fn serve() -> Running {
    site("llmock/config.yaml").serve()
}

#[track_caller]
fn chat(server: &Running, messages: Value, more: Value) -> Response {
    post(server, CHAT, &[BEARER], &body(messages, more))
}

#[track_caller]
fn says(server: &Running, messages: Value) -> String {
    OpenAi.said(&chat(server, messages, json!({})))
}

#[track_caller]
fn responses(server: &Running, input: Value, more: Value) -> Response {
    let mut asked = json!({ "model": "gpt-4o", "input": input });
    for (key, value) in more.as_object().unwrap() {
        asked[key] = value.clone();
    }
    post(server, "/responses", &[BEARER], &asked)
}

/// What a Response says.
#[track_caller]
fn output(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.fixed());
    let body = response.json();
    assert_eq!((&body["object"], &body["status"]), (&json!("response"), &json!("completed")));
    body["output"].clone()
}

/// A function that the request offers, in the shape of each API.
fn tools(nested: bool) -> Value {
    let function = json!({ "name": "calculate", "parameters": { "type": "object", "properties": {} } });
    if nested {
        return json!({ "tools": [{ "type": "function", "function": function }] });
    }
    json!({ "tools": [{ "type": "function", "name": "calculate", "parameters": function["parameters"], "strict": false }] })
}

fn listen(site: &Site) -> String {
    site.build().unwrap_or_else(|error| panic!("{error}")).config.listen.to_string()
}

#[test]
fn health_is_told_without_a_key() {
    let answer = serve().get("/health");
    assert_eq!((answer.status, answer.json()["status"].clone()), (200, json!("healthy")));
    let at = answer.json()["timestamp"].as_str().unwrap().to_owned();
    assert!(at.len() > 20 && at.ends_with('Z'), "{at}");
}

#[test]
fn models_are_listed_with_and_without_v1() {
    let server = serve();
    let get = |path: &str| server.send(&with(Request::get(path), &[BEARER]));
    let one = |id: &str, created: u64| json!({ "id": id, "object": "model", "created": created, "owned_by": "openai" });
    let data = [one("gpt-4o", 1_715_367_049), one("gpt-4o-mini", 1_721_172_741), one("gpt-3.5-turbo", 1_677_610_602)];
    for prefix in ["", "/v1"] {
        assert_eq!(get(&format!("{prefix}/models")).json(), json!({ "object": "list", "data": data }));
        assert_eq!(get(&format!("{prefix}/models/gpt-4o")).json(), data[0]);
        let unknown = get(&format!("{prefix}/models/nope"));
        assert!(OpenAi.error(&unknown, 404).starts_with("The model 'nope' does not exist"));
    }
}

#[test]
fn both_apis_answer_with_and_without_v1() {
    let server = serve();
    for prefix in ["", "/v1"] {
        let asked = body(user("Hello!"), json!({}));
        assert_eq!(OpenAi.said(&post(&server, &format!("{prefix}{CHAT}"), &[BEARER], &asked)), "Hello!");
        let asked = json!({ "model": "gpt-4o", "input": "Hello!" });
        let answer = post(&server, &format!("{prefix}/responses"), &[BEARER], &asked);
        assert_eq!(output(&answer)[0]["content"][0]["text"], "Hello!");
    }
}

#[test]
fn an_unknown_model_is_a_404_in_openais_shape() {
    // Theirs wraps it in `detail`, where no SDK looks.
    let server = serve();
    let chat = post(&server, CHAT, &[BEARER], &json!({ "model": "nope", "messages": user("Hello") }));
    let response = post(&server, "/responses", &[BEARER], &json!({ "model": "nope", "input": "Hello" }));
    for answer in [chat, response] {
        assert!(OpenAi.error(&answer, 404).starts_with("The model 'nope' does not exist"));
        let error = &answer.json()["error"];
        assert_eq!((&error["type"], &error["code"]), (&json!("invalid_request_error"), &json!("model_not_found")));
    }
    // Without a list any model is served.
    for text in ["port: 0", "{ port: 0, models: [] }"] {
        let server = Site::of("config.yaml", text).serve();
        let answer = post(&server, CHAT, &[], &json!({ "model": "nope", "messages": user("Hello") }));
        assert_eq!(OpenAi.said(&answer), "Hello");
    }
}

#[test]
fn what_is_no_request_is_a_400_in_openais_shape() {
    // Theirs is a 422 of its framework.
    let server = serve();
    OpenAi.error(&server.send(&with(Request::post(CHAT, "{"), &[BEARER])), 400);
    OpenAi.error(&post(&server, CHAT, &[BEARER], &json!({ "model": "gpt-4o" })), 400);
    OpenAi.error(&chat(&server, json!([{ "role": "robot", "content": "Hi" }]), json!({})), 400);
    for more in [json!({ "temperature": 2.5 }), json!({ "max_tokens": 0 })] {
        OpenAi.error(&chat(&server, user("Hi"), more), 400);
    }
    for more in [json!({ "truncation": "some" }), json!({ "top_p": 1.5 })] {
        OpenAi.error(&responses(&server, json!("Hi"), more), 400);
    }
}

#[test]
fn a_chat_completion_is_openais() {
    let answer = chat(&serve(), user("Hello"), json!({})).json();
    assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!((&answer["object"], &answer["model"]), (&json!("chat.completion"), &json!("gpt-4o")));
    let choice = &answer["choices"][0];
    assert_eq!(
        (&choice["index"], &choice["finish_reason"], &choice["logprobs"]),
        (&json!(0), &json!("stop"), &json!(null))
    );
    let message = &choice["message"];
    assert_eq!(
        (&message["role"], &message["content"], &message["refusal"]),
        (&json!("assistant"), &json!("Hello"), &json!(null))
    );
    // Theirs has nulls there, which OpenAI leaves out.
    assert!(message.get("tool_calls").is_none() && message.get("function_call").is_none());
    let count = |key: &str| answer["usage"][key].as_u64().unwrap();
    assert!(count("prompt_tokens") > 0 && count("prompt_tokens") + count("completion_tokens") == count("total_tokens"));
}

#[test]
fn a_chat_stream_is_cut_into_words() {
    let server = serve();
    let stream =
        chat(&server, user("Hello there you"), json!({ "stream": true, "stream_options": { "include_usage": true } }));
    assert_eq!(stream.header("cache-control"), Some("no-cache"));
    assert_eq!(pieces(&stream, "/choices/0/delta/content"), ["", "Hello", " there", " you"]);
    assert_eq!(pieces(&stream, "/choices/0/delta/role"), ["assistant"]);
    assert_eq!(pieces(&stream, "/choices/0/finish_reason"), ["stop"]);
    let events = stream.events();
    let [.., usage, done] = &events[..] else { panic!("{}", stream.text()) };
    assert_eq!((&usage.json()["choices"], done.data.as_str()), (&json!([]), "[DONE]"));
    assert!(usage.json()["usage"]["total_tokens"].as_u64() > Some(0));
    let stream = chat(&server, user("Hello"), json!({ "stream": true }));
    assert!(!stream.text().contains("\"usage\":{"), "only where it is asked for");
}

#[test]
fn a_response_is_openais() {
    let more = json!({ "instructions": "Be brief.", "max_output_tokens": 50, "metadata": { "a": "b" }, "temperature": 0.5,
        "top_p": 0.9, "truncation": "auto", "parallel_tool_calls": false });
    let answer = responses(&serve(), json!("Hello"), more.clone()).json();
    for (key, value) in more.as_object().unwrap() {
        assert_eq!(answer[key], *value, "{key}");
    }
    // Whole seconds, as OpenAI has them; theirs are floats.
    assert!(answer["created_at"].is_u64() && answer["completed_at"].is_u64());
    assert!(answer["id"].as_str().unwrap().starts_with("resp_"));
    let message = &answer["output"][0];
    assert!(message["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
    assert_eq!(message["content"][0]["type"], "output_text");
    assert_eq!((&answer["tool_choice"], &answer["tools"]), (&json!("auto"), &json!([])));
    let count = |key: &str| answer["usage"][key].as_u64().unwrap();
    assert_eq!(count("input_tokens") + count("output_tokens"), count("total_tokens"));
}

#[test]
fn a_response_stream_has_openais_events_in_their_order() {
    let server = serve();
    let stream = responses(&server, json!("Hello there"), json!({ "stream": true }));
    let text = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(super::names(&stream), text);
    // Theirs has no numbers.
    let numbers: Vec<u64> = stream.events().iter().map(|it| it.json()["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    assert!(!stream.text().contains("[DONE]"));
    let mut more = tools(false);
    more["stream"] = json!(true);
    let stream = responses(&server, json!("call tool 'calculate' with '{}'"), more);
    let call = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(super::names(&stream), call);
}

#[test]
fn variables_override_what_the_file_has() {
    let site = || site("llmock/config.yaml");
    assert_eq!(listen(&site().variable("LLMOCK_PORT", "8123")), "127.0.0.1:8123");
    let server = site().variable("LLMOCK_API_KEY", "other").serve();
    let asked = body(user("Hello"), json!({}));
    assert_eq!(post(&server, CHAT, &[BEARER], &asked).status, 401);
    assert_eq!(post(&server, CHAT, &[("authorization", "Bearer other")], &asked).status, 200);
    // An empty one takes the key away.
    assert_eq!(post(&site().variable("LLMOCK_API_KEY", "").serve(), CHAT, &[], &asked).status, 200);
    for origins in ["http://a:1;http://b:2", r#"["http://a:1", "http://b:2"]"#] {
        let config = site().variable("LLMOCK_CORS_ALLOW_ORIGINS", origins).build().ok().unwrap().config;
        assert_eq!(config.cors.allow_origins, ["http://a:1", "http://b:2"], "{origins}");
    }
    for strategies in ["MirrorStrategy", r#"["MirrorStrategy"]"#] {
        let server = site().variable("LLMOCK_STRATEGIES", strategies).serve();
        assert_eq!(says(&server, user("What is 1+1?")), "What is 1+1?");
    }
    let server = site().variable("LLMOCK_CUSTOMREPLIES", r#"[{"question": "ping", "answer": "pong"}]"#).serve();
    assert_eq!(
        (says(&server, user("ping")), says(&server, user("What is 1+1?"))),
        ("pong".into(), "What is 1+1?".into())
    );
    let server = site().variable("LLMOCK_MODELS", r#"[{"id": "mine"}]"#).serve();
    let answer = post(&server, CHAT, &[BEARER], &json!({ "model": "mine", "messages": user("Hello") }));
    assert_eq!(OpenAi.said(&answer), "Hello");
    assert_eq!(chat(&server, user("Hello"), json!({})).status, 404);
    assert!(site().variable("LLMOCK_STRATEGIES", "[Mirror").refused().contains("LLMOCK_STRATEGIES"));
    // Only what stands in the file.
    let few = Site::of("config.yaml", "debug: false").variable("LLMOCK_PORT", "8123").build().ok().unwrap();
    assert_eq!(few.config.listen.port(), 8000);
    assert!(few.warnings[0].to_string().contains("LLMOCK_PORT"), "{}", few.warnings[0]);
}
