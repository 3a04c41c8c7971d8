//! ModelMesh's mock client: replies in order, from a file or queued by a test, and the calls that were made.

use serde_json::{Value, json};

use super::{body, pieces, post, site, user};
use crate::api::{Anthropic, MODES, OpenAi};
use crate::http::{Request, Response};
use crate::support::{Running, Site};

const CHAT: &str = "/v1/chat/completions";

fn serve() -> Running {
    site("modelmesh/script.yml").serve()
}

/// A call of its client, which names a capability or a pool as the model.
#[track_caller]
fn call(server: &Running, stream: bool) -> Response {
    let asked = json!({ "model": "text-generation", "messages": user("Hi"), "stream": stream });
    post(server, CHAT, &[], &asked)
}

/// Content, model, finish reason, and the tokens: prompt, completion, total.
#[track_caller]
fn told(response: &Response) -> (String, String, String, [u64; 3]) {
    let said = OpenAi.said(response);
    let answer = response.json();
    let count = |key: &str| answer["usage"][key].as_u64().unwrap();
    let finish = answer["choices"][0]["finish_reason"].as_str().unwrap().to_owned();
    let counts = [count("prompt_tokens"), count("completion_tokens"), count("total_tokens")];
    (said, OpenAi.model(response), finish, counts)
}

fn line(content: &str, model: &str, finish: &str, counts: [u64; 3]) -> (String, String, String, [u64; 3]) {
    (content.to_owned(), model.to_owned(), finish.to_owned(), counts)
}

fn script(replies: Value) -> Site {
    Site::of("script.yml", json!({ "replies": replies }))
}

#[test]
fn replies_come_in_order_and_the_last_one_repeats() {
    let server = serve();
    for wanted in [
        line("Hello!", "gpt-4o", "stop", [3, 7, 10]),
        line("Goodbye!", "claude-3", "stop", [5, 10, 15]),
        line("Just text", "mock-model", "stop", [3, 7, 10]),
        line("Mock response", "mock-model", "stop", [3, 7, 10]),
        line("Counted", "mock-model", "length", [5, 15, 20]),
        line("Camel", "mock-model", "stop", [4, 8, 12]),
    ] {
        assert_eq!(told(&call(&server, false)), wanted);
    }
    let calls = call(&server, false).json();
    let choice = &calls["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let functions: Vec<&Value> =
        choice["message"]["tool_calls"].as_array().unwrap().iter().map(|call| &call["function"]).collect();
    assert_eq!(choice["message"]["tool_calls"][0]["id"], "call_1");
    assert_eq!(functions[0], &json!({ "name": "get_weather", "arguments": "{\"city\":\"Paris\"}" }));
    assert_eq!(functions[1], &json!({ "name": "get_time", "arguments": "{\"zone\": \"CET\"}" }));
    // The classes of its errors, as what a provider sends.
    let limit = call(&server, false);
    assert_eq!((OpenAi.error(&limit, 429).as_str(), limit.header("retry-after")), ("Rate limit exceeded", Some("2")));
    assert_eq!(OpenAi.error(&call(&server, false), 401), "Invalid or missing bearer token");
    assert_eq!(OpenAi.error(&call(&server, false), 503), "No active model");
    for _ in 0..3 {
        assert_eq!(told(&call(&server, false)), line("The last one repeats", "last-model", "stop", [3, 6, 9]));
    }
}

#[test]
fn usage_follows_its_rules() {
    for (reply, counts) in [
        (json!({}), [3, 7, 10]),
        (json!({ "tokens": 20 }), [6, 14, 20]),
        (json!({ "tokens": 2 }), [0, 2, 2]),
        (json!({ "tokens": 20, "prompt_tokens": 4 }), [4, 16, 20]),
        (json!({ "tokens": 20, "completion_tokens": 14 }), [6, 14, 20]),
        (json!({ "tokens": 0 }), [0, 0, 0]),
        // A total that is no sum: theirs sends it, and ours what an SDK adds up.
        (json!({ "tokens": 50, "prompt_tokens": 5, "completion_tokens": 15 }), [5, 15, 20]),
    ] {
        assert_eq!(told(&call(&script(json!([reply])).serve(), false)).3, counts, "{reply}");
    }
}

#[test]
fn asked_to_stream_it_streams() {
    // Theirs accepts `stream`, and ignores it.
    let server = script(json!([{ "content": "Hello there", "model": "gpt-4o", "tokens": 10 }])).serve();
    assert_eq!(server.said("Hi"), "Hello there");
    let more = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let stream = post(&server, CHAT, &[], &body(user("Hi"), more));
    assert_eq!(pieces(&stream, "/choices/0/delta/content").concat(), "Hello there");
    let usage = stream.events().iter().rev().nth(1).unwrap().json();
    assert_eq!((&usage["usage"]["total_tokens"], &usage["model"]), (&json!(10), &json!("gpt-4o")));
}

#[test]
fn no_messages_are_needed() {
    let server = script(json!(["First", "Second"])).serve();
    let empty = || OpenAi.said(&post(&server, CHAT, &[], &json!({ "model": "test", "messages": [] })));
    assert_eq!([empty(), empty(), empty()], ["First", "Second", "Second"]);
}

#[test]
fn without_replies_there_is_the_default_one() {
    for text in ["responses: []", "[]", "replies: []"] {
        let server = Site::of("script.yml", text).serve();
        for _ in 0..2 {
            assert_eq!(told(&call(&server, false)), line("Mock response", "mock-model", "stop", [3, 7, 10]), "{text}");
        }
    }
}

#[test]
fn a_reply_is_the_same_from_each_provider() {
    let server = serve();
    // A session each, so that each begins at the first reply.
    for (api, stream) in MODES {
        let session = format!("{api:?}-{stream}");
        let ask = || server.send(&api.ask("Hi", stream).session(&session));
        let (first, second) = (ask(), ask());
        assert_eq!((api.said(&first).as_str(), api.model(&first).as_str()), ("Hello!", "gpt-4o"));
        assert_eq!((api.said(&second).as_str(), api.model(&second).as_str()), ("Goodbye!", "claude-3"));
        for _ in 0..4 {
            api.said(&ask());
        }
        let calls = ask().text();
        assert!(calls.contains("get_weather") && calls.contains("get_time"), "{calls}");
        let limit = ask();
        assert_eq!((api.error(&limit, 429).as_str(), limit.header("retry-after")), ("Rate limit exceeded", Some("2")));
        assert_eq!(api.error(&ask(), 401), "Invalid or missing bearer token");
    }
}

#[test]
fn a_tool_loop_is_a_script_of_two() {
    let replies = json!([{ "tool_calls": [{ "id": "toolu_1", "name": "get_weather", "arguments": { "city": "Paris" } }] }, "Rain."]);
    let server = script(replies).serve();
    let asked = Anthropic.body(json!([{ "role": "user", "content": "The weather?" }]), false);
    let first = server.send(&Anthropic.request(&asked)).json();
    assert_eq!(first["stop_reason"], "tool_use");
    let used = json!({ "type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": { "city": "Paris" } });
    let block = &first["content"][0];
    for key in ["type", "id", "name", "input"] {
        assert_eq!(block[key], used[key]);
    }
    let talk = json!([
        { "role": "user", "content": "The weather?" },
        { "role": "assistant", "content": [used] },
        { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "toolu_1", "content": "rain" }] },
    ]);
    assert_eq!(Anthropic.said(&server.send(&Anthropic.request(&Anthropic.body(talk, false)))), "Rain.");
}

#[test]
fn after_the_last_one_the_next_strategy_may_be_asked() {
    let server = Site::of("script.yml", "{ replies: [only], then: pass }").serve();
    assert_eq!(OpenAi.said(&call(&server, false)), "only");
    OpenAi.error(&call(&server, false), 404);
}

#[test]
fn replies_are_queued_over_http_before_those_of_the_file() {
    // What a program of theirs gives to `mock_client`.
    let server = serve();
    let queued = json!({ "replies": [
        { "content": "Queued", "model": "queued-model", "tokens": 30, "promptTokens": 10 },
        { "error": { "status": 402, "message": "Budget exceeded" } },
    ], "then": "pass" });
    let answer = server.send(&Request::post("/_standin/script", queued.to_string()));
    assert_eq!((answer.status, answer.json()["left"].as_array().unwrap().len()), (200, 2), "{}", answer.text());
    assert_eq!(told(&call(&server, false)), line("Queued", "queued-model", "stop", [10, 20, 30]));
    assert_eq!(OpenAi.error(&call(&server, false), 402), "Budget exceeded");
    assert_eq!(OpenAi.said(&call(&server, false)), "Hello!");
    let left = server.get("/_standin/script").json();
    assert_eq!((&left["given"], &left["left"]), (&json!(2), &json!([])));
}

#[test]
fn calls_are_remembered() {
    // What its client has as `calls`: the model, the messages, the rest of the request, and the response.
    let server = serve();
    let messages =
        json!([{ "role": "system", "content": "You are helpful." }, { "role": "user", "content": "Summarize." }]);
    post(&server, CHAT, &[], &json!({ "model": "my-pool", "messages": messages, "temperature": 0.5 }));
    let calls = server.get("/_standin/requests").json();
    let [entry] = &calls["requests"].as_array().unwrap()[..] else { panic!("{calls}") };
    assert_eq!((&entry["model"], &entry["strategy"]), (&json!("my-pool"), &json!("script")));
    assert_eq!((&entry["body"]["messages"], &entry["body"]["temperature"]), (&messages, &json!(0.5)));
    assert_eq!(entry["answer"]["choices"][0]["message"]["content"], "Hello!");
    let made = json!({ "model": "my-pool", "exactly": 1 });
    let verified = server.send(&Request::post("/_standin/verify", made.to_string()));
    assert_eq!(verified.status, 200, "{}", verified.text());
}

#[test]
fn what_its_stubs_tell_has_its_place() {
    let server = serve();
    // `models.list()` is empty there as well.
    assert_eq!(server.get("/v1/models").json(), json!({ "object": "list", "data": [] }));
    // `explain(model)`: who would answer, and nothing is used up.
    let asked = json!({ "path": CHAT, "body": body(user("Hi"), json!({})) });
    let explained = server.send(&Request::post("/_standin/explain", asked.to_string()));
    assert_eq!(explained.status, 200, "{}", explained.text());
    assert!(explained.text().contains("script"), "{}", explained.text());
    // `describe()`, `active_providers()`, `pool_status()`: the chain, and whether each of it is well.
    let chain = server.get("/_standin/strategies").json();
    assert_eq!(
        (&chain["strategies"][0]["name"], &chain["strategies"][0]["health"]),
        (&json!("script"), &json!("well"))
    );
    assert_eq!(OpenAi.said(&call(&server, false)), "Hello!", "the first reply is still to come");
}
