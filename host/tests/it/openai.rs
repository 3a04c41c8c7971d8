//! What OpenAI has beside chat: paths of gateways and of Azure, limits of a reply, completions, embeddings, moderations, and
//! responses that are kept.

use serde_json::{Value, json};

use crate::api::{Anthropic, OpenAi};
use crate::http::{Request, Response};
use crate::support::{Running, Site};

fn post(server: &Running, path: &str, body: &Value) -> Response {
    server.send(&Request::post(path, body.to_string()))
}

fn ok(server: &Running, path: &str, body: &Value) -> Value {
    let response = post(server, path, body);
    assert_eq!(response.status, 200, "{}", response.fixed());
    response.json()
}

fn chat(prompt: &str) -> Value {
    json!({ "model": "m", "messages": [{ "role": "user", "content": prompt }] })
}

#[test]
fn any_prefix_stands_before_a_known_tail() {
    let server = Site::new().serve();
    for path in ["/openai/v1/chat/completions", "/api/paas/v4/chat/completions", "/x/chat/completions?api-version=1"] {
        assert_eq!(ok(&server, path, &chat("hi"))["choices"][0]["message"]["content"], "hi", "{path}");
    }
    for path in ["/v1/chat/completion", "/v1/chat/completions/", "/chat", "/v1/xchat/completionsx", "/v1/files"] {
        let response = post(&server, path, &chat("hi"));
        assert_eq!(OpenAi.error(&response, 404), format!("Invalid URL (POST {path})"));
    }
    let wrong = server.get("/openai/v1/chat/completions");
    OpenAi.error(&wrong, 405);
    assert_eq!(wrong.header("allow"), Some("POST"));
}

#[test]
fn a_deployment_of_azure_names_the_model() {
    let server = Site::new().serve();
    let path = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21";
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let answer = server.send(&Request::post(path, body.to_string()).header("api-key", "k")).json();
    assert_eq!((&answer["model"], &answer["choices"][0]["message"]["content"]), (&json!("my-gpt"), &json!("hi")));
    assert_eq!(ok(&server, path, &chat("hi"))["model"], "m");
    let vectors = ok(&server, "/openai/deployments/my-embedder/embeddings", &json!({ "input": "hi" }));
    assert_eq!(vectors["model"], "my-embedder");
}

#[test]
fn a_stop_sequence_or_a_limit_ends_a_reply() {
    let server = Site::new().serve();
    let with = |api: crate::api::Api, key: &str, value: Value, stream: bool| {
        let mut body = api.body(json!([{ "role": "user", "content": "one two three four" }]), stream);
        body[key] = value;
        server.send(&api.request(&body))
    };
    for stream in [false, true] {
        let stopped = with(OpenAi, "stop", json!(["four", " three"]), stream);
        assert_eq!(OpenAi.said(&stopped), "one two");
        assert!(stopped.text().contains(r#""finish_reason":"stop""#));
        let short = with(OpenAi, "max_completion_tokens", json!(3), stream);
        assert_eq!(OpenAi.said(&short), "one two three");
        assert!(short.text().contains(r#""finish_reason":"length""#));
        let stopped = with(Anthropic, "stop_sequences", json!([" three"]), stream);
        assert_eq!(Anthropic.said(&stopped), "one two");
        assert!(
            stopped.text().contains(r#""stop_reason":"stop_sequence","stop_sequence":" three""#),
            "{}",
            stopped.text()
        );
        let short = with(Anthropic, "max_tokens", json!(2), stream);
        assert_eq!(Anthropic.said(&short), "one two");
        assert!(
            short.text().contains(r#""stop_reason":"max_tokens""#) && short.text().contains(r#""output_tokens":2"#)
        );
    }
}

#[test]
fn every_prompt_of_a_completion_is_answered() {
    let server = Site::new().serve();
    let body = json!({ "model": "m", "prompt": ["one", "two words"], "n": 2 });
    let answer = ok(&server, "/v1/completions", &body);
    let choices = answer["choices"].as_array().unwrap();
    let texts: Vec<_> =
        choices.iter().map(|choice| (choice["index"].as_u64().unwrap(), choice["text"].as_str().unwrap())).collect();
    assert_eq!(texts, [(0, "one"), (1, "one"), (2, "two words"), (3, "two words")]);
    let usage =
        ["prompt_tokens", "completion_tokens", "total_tokens"].map(|key| answer["usage"][key].as_u64().unwrap());
    assert_eq!(usage, [3, 6, 9]);
}

#[test]
fn texts_become_vectors() {
    let server = Site::new().serve();
    let embed = |body: Value| ok(&server, "/v1/embeddings", &body);
    let answer = embed(json!({ "model": "text-embedding-3-small", "input": ["a cat sat", "a dog ran", "a cat sat"] }));
    let vectors: Vec<Vec<f64>> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| serde_json::from_value(it["embedding"].clone()).unwrap())
        .collect();
    assert_eq!(vectors.iter().map(Vec::len).collect::<Vec<_>>(), [1536; 3]);
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    for vector in &vectors {
        let length: f64 = vector.iter().map(|it| it * it).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 9, "total_tokens": 9 }));
    let short = embed(json!({ "model": "m", "input": "hi", "dimensions": 8, "encoding_format": "base64" }));
    assert_eq!(short["data"][0]["embedding"].as_str().unwrap().len(), 44);
    let refused = post(&server, "/v1/embeddings", &json!({ "model": "m", "input": [] }));
    OpenAi.error(&refused, 400);
    // Without an embedder, nobody answers.
    let chain = Site::new().chain(json!(["mirror"])).serve();
    let message = OpenAi.error(&post(&chain, "/v1/embeddings", &json!({ "model": "m", "input": "hi" })), 404);
    assert!(message.contains("`embeddings`"), "{message}");
}

#[test]
fn embedders_that_answer_nonsense_are_named() {
    for (mode, status, part) in [
        ("nan", 500, "The strategy `odd` answered with a vector that holds no finite number"),
        ("too-few", 500, "The strategy `odd` failed: answered with 0 vectors; expected 1"),
        ("empty", 500, "The strategy `odd` answered with an empty vector"),
        ("err", 500, "The strategy `odd` failed: no idea how"),
        ("error", 429, "too many texts"),
        ("pass", 404, "No strategy answers this request (asked: odd)"),
    ] {
        let chain = json!([{ "use": "odd", "settings": { "mode": mode } }]);
        let server = Site::new().guest("embed", "odd").chain(chain).serve();
        let refused = post(&server, "/v1/embeddings", &json!({ "model": "m", "input": "hi" }));
        let message = OpenAi.error(&refused, status);
        assert!(message.starts_with(part), "{message}");
    }
}

#[test]
fn texts_are_judged() {
    let server = Site::new().serve();
    let answer = ok(&server, "/v1/moderations", &json!({ "input": ["a nice day", "some violence"] }));
    let flags: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|it| it["flagged"].as_bool().unwrap()).collect();
    assert_eq!(flags, [false, true]);
    assert_eq!(answer["results"][1]["categories"]["violence"], true);
}

#[test]
fn a_response_is_kept_until_it_is_deleted() {
    let server = Site::new().serve();
    let first = ok(&server, "/v1/responses", &json!({ "model": "m", "input": "hello", "metadata": { "a": "b" } }));
    let id = first["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/responses/{id}")).json(), first);
    let items = server.get(&format!("/v1/responses/{id}/input_items")).json();
    assert_eq!(items["data"][0]["content"][0]["text"], "hello");
    OpenAi.error(&post(&server, &format!("/v1/responses/{id}/cancel"), &json!({})), 400);
    let deleted = server.send(&Request::new("DELETE", &format!("/v1/responses/{id}"))).json();
    assert_eq!((&deleted["id"], &deleted["deleted"]), (&json!(id), &json!(true)));
    for path in [format!("/v1/responses/{id}"), format!("/v1/responses/{id}/input_items")] {
        OpenAi.error(&server.get(&path), 404);
    }
    let unkept = ok(&server, "/v1/responses", &json!({ "model": "m", "input": "hello", "store": false }));
    OpenAi.error(&server.get(&format!("/v1/responses/{}", unkept["id"].as_str().unwrap())), 404);
}

#[test]
fn strategies_see_the_conversation_that_a_response_continues() {
    let server = Site::new().serve();
    let first = ok(&server, "/v1/responses", &json!({ "model": "m", "input": "what was said first" }));
    // The mirror answers the last user message, which is now one of an earlier request.
    let body = json!({ "model": "m", "previous_response_id": first["id"], "input": [
        { "role": "assistant", "content": "and then" },
    ] });
    let second = ok(&server, "/v1/responses", &body);
    assert_eq!(second["output"][0]["content"][0]["text"], "what was said first");
    assert_eq!(second["previous_response_id"], first["id"]);
    assert!(second["usage"]["input_tokens"].as_u64() > first["usage"]["input_tokens"].as_u64());
    let unknown = json!({ "model": "m", "previous_response_id": "resp_none", "input": "x" });
    let refused = post(&server, "/v1/responses", &unknown);
    assert_eq!(OpenAi.error(&refused, 400), "Previous response with id 'resp_none' not found.");
    let reference = first["output"][0]["id"].clone();
    let body = json!({ "model": "m", "input": [{ "type": "item_reference", "id": reference }, { "role": "user", "content": "now" }] });
    assert_eq!(ok(&server, "/v1/responses", &body)["output"][0]["content"][0]["text"], "now");
}

#[test]
fn a_response_that_nobody_waits_for_is_there_when_it_is_asked_for() {
    let server = Site::new().serve();
    let ask = || ok(&server, "/v1/responses", &json!({ "model": "m", "input": "hello", "background": true }));
    let queued = ask();
    assert_eq!((&queued["status"], &queued["output"]), (&json!("queued"), &json!([])));
    let path = format!("/v1/responses/{}", queued["id"].as_str().unwrap());
    assert_eq!(server.get(&path).json()["status"], "completed");
    let cancelled = format!("/v1/responses/{}", ask()["id"].as_str().unwrap());
    assert_eq!(ok(&server, &format!("{cancelled}/cancel"), &json!({}))["status"], "cancelled");
    assert_eq!(server.get(&cancelled).json()["status"], "cancelled");
}

#[test]
fn a_streamed_response_is_kept_as_well() {
    let server = Site::new().serve();
    let response = post(&server, "/v1/responses", &json!({ "model": "m", "input": "one two", "stream": true }));
    let last = response.events().last().expect("an event").json();
    assert_eq!(last["type"], "response.completed");
    let id = last["response"]["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/responses/{id}")).json(), last["response"]);
}

#[test]
fn tokens_are_counted_before_they_are_spent() {
    let server = Site::new().serve();
    let messages = json!([{ "role": "user", "content": "hello there" }]);
    let counted = server.send(
        &Request::post("/v1/messages/count_tokens", json!({ "model": "m", "messages": messages }).to_string())
            .header("anthropic-version", "2023-06-01"),
    );
    let spent = server.send(&Anthropic.request(&Anthropic.body(messages, false))).json();
    assert_eq!(counted.json()["input_tokens"], spent["usage"]["input_tokens"]);
}
