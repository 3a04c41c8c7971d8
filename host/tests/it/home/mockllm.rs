//! mockllm: `responses.yml`, and its two endpoints.

use std::time::Duration;

use serde_json::{Value, json};

use super::{body, pieces, post, site, text_of, user};
use crate::api::{Anthropic, Api, MODES, OpenAi};
use crate::http::Response;
use crate::support::{Running, Site, eventually, logged};

const SKY: &str = "what colour is the sky?";
const BLUE: &str = "The sky is blue during a clear day due to a phenomenon called Rayleigh scattering.";
const UNKNOWN: &str = "I don't know the answer to that. This is a mock response.";

fn serve() -> Running {
    site("mockllm/responses.yml").serve()
}

/// As its users send it: no key, no version, no `max_tokens`.
#[track_caller]
fn bare(server: &Running, api: Api, messages: Value, stream: bool) -> Response {
    let more = if stream { json!({ "stream": true }) } else { json!({}) };
    post(server, api.path(), &[], &body(messages, more))
}

#[track_caller]
fn said(server: &Running, messages: &Value) -> String {
    let said = MODES.map(|(api, stream)| api.said(&bare(server, api, messages.clone(), stream)));
    assert!(said.iter().all(|it| *it == said[0]), "{said:?}");
    said[0].clone()
}

#[test]
fn a_question_is_found_to_the_letter_and_nothing_but_the_body_is_needed() {
    let server = serve();
    for (question, answer) in [
        (SKY, BLUE),
        ("what is 2+2?", "2+2 equals 9."),
        ("what is 1+1?", "2"),
        (" padded ", "to the letter"),
        ("padded", UNKNOWN),
        ("What colour is the sky?", UNKNOWN),
        ("what colour is the sky? ", UNKNOWN),
        ("say it in two lines", "the first\nthe second"),
        ("café?", "naïve 😀"),
        ("silence", ""),
    ] {
        assert_eq!(said(&server, &user(question)), answer, "{question}");
    }
}

#[test]
fn the_last_user_message_is_the_question() {
    let server = serve();
    let talk = json!([
        { "role": "user", "content": "what is 2+2?" },
        { "role": "assistant", "content": "9" },
        { "role": "user", "content": SKY },
        { "role": "assistant", "content": "Let me see." },
    ]);
    assert_eq!(said(&server, &talk), BLUE);
    let system = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": SKY }]);
    assert_eq!(OpenAi.said(&bare(&server, OpenAi, system, false)), BLUE);
    let system = body(user(SKY), json!({ "system": "Be brief." }));
    assert_eq!(Anthropic.said(&post(&server, "/v1/messages", &[], &system)), BLUE);
}

#[test]
fn content_may_be_parts() {
    // Theirs answers 500.
    let server = serve();
    assert_eq!(said(&server, &user(json!([{ "type": "text", "text": SKY }]))), BLUE);
}

#[test]
fn any_model_answers_and_is_echoed() {
    let server = serve();
    for model in ["mock-llm", "gpt-3.5-turbo", "claude-3-sonnet-20240229", "no-such-model"] {
        for (api, stream) in MODES {
            let asked = json!({ "model": model, "messages": user(SKY), "stream": stream });
            let answer = post(&server, api.path(), &[], &asked);
            assert_eq!((api.model(&answer).as_str(), api.said(&answer).as_str()), (model, BLUE));
        }
    }
}

#[test]
fn without_a_default_of_its_own_the_built_in_sentence_answers() {
    let server = Site::of("responses.yml", "responses: { ping: pong }").serve();
    assert_eq!(said(&server, &user("ping")), "pong");
    assert_eq!(said(&server, &user("other")), "I don't know the answer to that.");
}

#[test]
fn a_chat_completion_is_openais() {
    let answer = bare(&serve(), OpenAi, user(SKY), false).json();
    // Theirs begins with `mock-`: no client looks at it, and OpenAI's is the contract.
    assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!((&answer["object"], answer["created"].is_u64()), (&json!("chat.completion"), true));
    assert_eq!(answer["choices"].as_array().unwrap().len(), 1);
    let choice = &answer["choices"][0];
    assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("stop")));
    assert_eq!((&choice["message"]["role"], &choice["message"]["content"]), (&json!("assistant"), &json!(BLUE)));
    let count = |key: &str| answer["usage"][key].as_u64().unwrap();
    assert!(count("prompt_tokens") > 0 && count("completion_tokens") > 0);
    assert_eq!(count("prompt_tokens") + count("completion_tokens"), count("total_tokens"));
}

#[test]
fn a_chat_stream_is_cut_into_characters() {
    let server = serve();
    for (question, answer) in [(SKY, BLUE), ("café?", "naïve 😀"), ("other", UNKNOWN)] {
        let stream = bare(&server, OpenAi, user(question), true);
        let pieces = pieces(&stream, "/choices/0/delta/content");
        let characters: Vec<String> = answer.chars().map(String::from).collect();
        // The chunk with the role has an empty text, as OpenAI's has.
        assert_eq!(pieces.strip_prefix(&[String::new()]), Some(&characters[..]), "{question}");
    }
    let stream = bare(&server, OpenAi, user(SKY), true);
    let events = stream.events();
    let [first, .., last, done] = &events[..] else { panic!("{}", stream.text()) };
    assert_eq!(first.json()["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(last.json()["choices"][0]["finish_reason"], "stop");
    assert_eq!(done.data, "[DONE]");
    // Theirs makes up an id for each chunk; OpenAI's chunks share one.
    assert!(events[..events.len() - 1].iter().all(|event| event.json()["id"] == first.json()["id"]));
}

#[test]
fn a_message_is_anthropics() {
    let answer = bare(&serve(), Anthropic, user(SKY), false).json();
    assert!(answer["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!((&answer["type"], &answer["role"]), (&json!("message"), &json!("assistant")));
    assert_eq!(answer["content"], json!([{ "type": "text", "text": BLUE }]));
    assert_eq!((&answer["stop_reason"], &answer["stop_sequence"]), (&json!("end_turn"), &json!(null)));
    let usage = &answer["usage"];
    assert!(usage["input_tokens"].as_u64() > Some(0) && usage["output_tokens"].as_u64() > Some(0));
    // Theirs has one, Anthropic's has not.
    assert_eq!(usage.get("total_tokens"), None);
}

#[test]
fn a_message_stream_is_anthropics_and_cut_into_characters() {
    // Theirs is a protocol of its own, on which Anthropic's SDK fails.
    let stream = bare(&serve(), Anthropic, user(SKY), true);
    let characters: Vec<String> = BLUE.chars().map(String::from).collect();
    assert_eq!(pieces(&stream, "/delta/text"), characters);
    let names: Vec<String> = super::names(&stream).into_iter().filter(|name| name != "ping").collect();
    let wanted = ["message_start", "content_block_start", "content_block_delta", "content_block_stop"];
    assert_eq!(names, [&wanted[..], &["message_delta", "message_stop"]].concat());
}

#[test]
fn without_a_user_message_the_request_is_refused() {
    let server = serve();
    let assistant = json!([{ "role": "assistant", "content": "Hello" }]);
    for (api, stream) in MODES {
        let answer = bare(&server, api, assistant.clone(), stream);
        assert_eq!(api.error(&answer, 400), "No user message found in request", "{api:?}");
        api.error(&bare(&server, api, json!([]), stream), 400);
    }
    let system = json!([{ "role": "system", "content": "Be brief." }]);
    assert_eq!(OpenAi.error(&bare(&server, OpenAi, system, false), 400), "No user message found in request");
}

#[test]
fn what_is_no_request_is_a_400_in_the_providers_shape() {
    // Theirs is a 500 without JSON, or a 422 of its framework.
    let server = serve();
    for api in [OpenAi, Anthropic] {
        api.error(&server.send(&crate::http::Request::post(api.path(), "{")), 400);
        api.error(&post(&server, api.path(), &[], &json!({ "model": "m" })), 400);
        api.error(&post(&server, api.path(), &[], &json!({ "messages": user(SKY) })), 400);
        api.error(&bare(&server, api, json!([{ "role": "robot", "content": SKY }]), false), 400);
    }
}

#[test]
fn providers_are_listed() {
    let answer = serve().get("/providers");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let provider = |provider: &str, path: &str, models: Value, capabilities: Value| {
        json!({
            "version": "1.0.0",
            "description": provider,
            "endpoints": [{ "path": path, "method": "POST", "handler": "handle_chat_completion" }],
            "models": models,
            "capabilities": capabilities,
        })
    };
    let openai = provider(
        "OpenAI Chat Completions API provider",
        "/v1/chat/completions",
        json!(["gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "gpt-4o", "gpt-4o-mini"]),
        json!({ "streaming": true, "function_calling": true, "vision": true }),
    );
    let anthropic = provider(
        "Anthropic Messages API provider",
        "/v1/messages",
        json!([
            "claude-3-opus-20240229",
            "claude-3-sonnet-20240229",
            "claude-3-haiku-20240307",
            "claude-2.1",
            "claude-2.0"
        ]),
        json!({ "streaming": true, "vision": true, "function_calling": false }),
    );
    assert_eq!(answer.json(), json!({ "openai": openai, "anthropic": anthropic }));
}

#[test]
fn models_are_listed_for_its_users_and_for_openais_clients() {
    let server = serve();
    let openai = ["gpt-3.5-turbo", "gpt-4", "gpt-4-turbo"];
    let anthropic = ["claude-3-sonnet-20240229", "claude-3-opus-20240229", "claude-3-haiku-20240307"];
    let all = [openai, anthropic].concat();
    let list = server.get("/models").json();
    assert_eq!(list["models"], json!(all));
    assert_eq!(list["by_provider"], json!({ "openai": openai, "anthropic": anthropic }));
    // The same models as OpenAI's list, for a client whose base URL lacks `/v1`.
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().filter_map(|model| model["id"].as_str()).collect();
    assert_eq!((&list["object"], ids), (&json!("list"), all));
    // Theirs knows no such path.
    assert_eq!(server.get("/v1/models").json()["object"], "list");
    assert_eq!(server.get("/v1/models/gpt-4").json()["id"], "gpt-4");
}

#[test]
fn other_paths_are_what_they_are_elsewhere() {
    let server = serve();
    // Theirs has none; every server of ours tells whether it is there.
    assert_eq!(server.get("/health").json()["status"], "healthy");
    for path in ["/docs", "/openapi.json", "/v1/nothing"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    let answer = bare(&server, OpenAi, user(SKY), false);
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{}", answer.fixed());
}

#[test]
fn the_file_is_read_again_when_it_changes_and_a_bad_one_changes_nothing() {
    let server = site("mockllm/responses.yml").serve_watched();
    let says = |question: &str| OpenAi.said(&bare(&server, OpenAi, user(question), false));
    assert_eq!(says(SKY), BLUE);
    server
        .site
        .put("responses.yml", text_of("mockllm/responses.yml").replace("The sky is blue", "It is blue").as_bytes());
    eventually("the change is seen", || says(SKY) == BLUE.replace("The sky is blue", "It is blue"));
    // Theirs answers 500 from here on.
    server.site.put("responses.yml", b"responses: { bad-table-of-mockllm: [1] }");
    logged(&["bad-table-of-mockllm", "responses.yml:1"]);
    assert_eq!(says("what is 2+2?"), "2+2 equals 9.");
    server.site.put("responses.yml", b"responses: { ping: pong }");
    eventually("it goes on", || says("ping") == "pong");
}

#[test]
fn a_lag_holds_back_every_character_and_the_whole_answer() {
    let lag = |factor: &str| {
        let text = text_of("mockllm/responses.yml").replace("lag_enabled: false", "lag_enabled: true");
        Site::of("responses.yml", text.replace("lag_factor: 10", &format!("lag_factor: {factor}"))).serve()
    };
    // A character takes a hundred seconds.
    let server = lag("0.001");
    for (api, stream) in MODES {
        let mut connection = server.connect();
        let more = if stream { json!({ "stream": true }) } else { json!({}) };
        let request = crate::http::Request::post(api.path(), body(user(SKY), more).to_string());
        connection.write(&request.bytes());
        if stream {
            let head = connection.read_until("\r\n\r\n");
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        }
        // What opens a stream may come, and no character.
        while !connection.is_silent_for(Duration::from_millis(150)) {}
        let came = connection.read_until("");
        assert!(came.is_empty() != stream && !came.contains(r#""T""#), "{came}");
    }
    assert_eq!(said(&lag("100000"), &user(SKY)), BLUE, "higher is faster");
}

#[test]
fn what_start_refused_is_refused() {
    for (text, wanted) in [
        ("just a text", "expected a mapping"),
        ("defaults: { unknown_response: hm }", "responses"),
        ("{ responses: text }", "expected a mapping"),
        ("responses: [", "responses.yml:1"),
    ] {
        let told = Site::of("responses.yml", text).refused();
        assert!(told.contains(wanted) && told.contains("responses.yml"), "{told}");
    }
    let site = Site::new();
    let missing = standin::config::load(&site.path("responses.yml")).unwrap_err().to_string();
    assert!(missing.contains("responses.yml") && missing.contains("No such file"), "{missing}");
}

#[test]
fn its_variables_are_those_of_its_document() {
    let site = site("mockllm/responses.yml").variable("MOCKLLM_HOST", "0.0.0.0").variable("MOCKLLM_PORT", "8123");
    assert_eq!(site.build().ok().unwrap().config.listen.to_string(), "0.0.0.0:8123");
    let site = super::site("mockllm/responses.yml");
    // Theirs can be reached from everywhere; ours only where one asks for it.
    assert_eq!(site.build().ok().unwrap().config.listen.to_string(), "127.0.0.1:8000");
}

#[test]
fn an_answer_is_no_longer_than_the_settings_allow() {
    let text = text_of("mockllm/responses.yml");
    let server = Site::of("responses.yml", format!("{text}  max_response_length: 7\n")).serve();
    assert_eq!(said(&server, &user(SKY)), "The sky");
    assert_eq!(said(&server, &user("other")), "I don't");
}
