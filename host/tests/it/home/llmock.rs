//! llmock: `config.yaml` and its variables, its triggers, who may ask, and what was asked.

use serde_json::{Value, json};

use super::{body, pieces, post, site, text_of, user, with};
use crate::api::{Anthropic, OpenAi};
use crate::http::{Request, Response};
use crate::support::{Running, Site};

const CHAT: &str = "/chat/completions";
const BEARER: (&str, &str) = ("authorization", "Bearer your-secret-api-key");
const PAGE: (&str, &str) = ("origin", "http://localhost:8000");

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

/// What was asked: method, path, body.
#[track_caller]
fn history(server: &Running) -> Vec<(String, String, Value)> {
    let answer = server.get("/history");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let answer = answer.json();
    assert_eq!(super::keys(&answer), ["requests"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = answer["requests"].as_array().unwrap().iter().map(|entry| {
        let mut keys = super::keys(entry);
        keys.sort_unstable();
        assert_eq!(keys, ["body", "method", "path", "timestamp"]);
        let at = text(&entry["timestamp"]);
        assert!(at.starts_with("20") && at.contains('T') && at.ends_with('Z'), "{at}");
        (text(&entry["method"]), text(&entry["path"]), entry["body"].clone())
    });
    entries.collect()
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
fn the_key_is_asked_for_in_its_words() {
    let server = serve();
    let missing = r#"{"error":{"message":"Missing API key","type":"auth_error","param":null,"code":null}}"#;
    let invalid = r#"{"error":{"message":"Invalid API key","type":"auth_error","param":null,"code":null}}"#;
    for path in ["/models", "/v1/models", "/models/gpt-4o", "/docs", "/nope"] {
        // `param` and `code` are what OpenAI's errors have besides.
        let answer = server.get(path);
        assert_eq!((answer.status, answer.text().as_str()), (401, missing), "{path}");
    }
    for path in [CHAT, "/v1/chat/completions", "/responses", "/v1/responses"] {
        for (headers, told) in [
            (vec![], missing),
            (vec![("authorization", "Basic your-secret-api-key")], missing),
            (vec![("authorization", "your-secret-api-key")], missing),
            (vec![("authorization", "Bearer other")], invalid),
            (vec![("authorization", "Bearer your-secret-api-key2")], invalid),
        ] {
            // Before the body.
            let answer = server.send(&with(Request::post(path, "{"), &headers));
            assert_eq!((answer.status, answer.text().as_str()), (401, told), "{path} {headers:?}");
        }
    }
    // Anthropic's SDK sends a key in this header; theirs has no route for it.
    let asked = body(user("Hello"), json!({ "max_tokens": 9 }));
    let headers = [("x-api-key", "your-secret-api-key"), ("anthropic-version", "2023-06-01")];
    assert_eq!(Anthropic.said(&post(&server, "/v1/messages", &headers, &asked)), "Hello");
}

#[test]
fn without_a_key_in_the_file_none_is_asked_for() {
    for key in ["", "''", "null"] {
        let text = text_of("llmock/config.yaml").replace("api-key: your-secret-api-key", &format!("api-key: {key}"));
        let server = Site::of("config.yaml", text).serve();
        assert_eq!(OpenAi.said(&post(&server, CHAT, &[], &body(user("Hello"), json!({})))), "Hello", "{key}");
        assert_eq!(server.get("/models").status, 200);
    }
}

#[test]
fn history_has_every_request_refused_ones_included() {
    let server = serve();
    let asked = body(user("Hello"), json!({}));
    chat(&server, user("Hello"), json!({}));
    post(&server, "/v1/chat/completions", &[BEARER], &asked);
    responses(&server, json!("Hello"), json!({}));
    server.send(&with(Request::get("/models"), &[BEARER]));
    server.send(&with(Request::get("/nope"), &[BEARER]));
    server.get("/models");
    server.send(&with(Request::post(CHAT, "not json"), &[BEARER]));
    // None of these is in it.
    server.get("/health");
    server.get("/history");
    server.send(&with(Request::new("OPTIONS", CHAT), &[PAGE, ("access-control-request-method", "POST")]));
    let entry = |method: &str, path: &str, body: Value| (method.to_owned(), path.to_owned(), body);
    let wanted = [
        entry("POST", CHAT, asked.clone()),
        entry("POST", "/v1/chat/completions", asked),
        entry("POST", "/responses", json!({ "model": "gpt-4o", "input": "Hello" })),
        entry("GET", "/models", json!(null)),
        entry("GET", "/nope", json!(null)),
        entry("GET", "/models", json!(null)),
        entry("POST", CHAT, json!("not json")),
    ];
    assert_eq!(history(&server), wanted);
}

#[test]
fn history_has_the_body_of_a_request_without_a_key() {
    let server = serve();
    let asked = body(user("Hello"), json!({}));
    assert_eq!(post(&server, CHAT, &[], &asked).status, 401);
    assert_eq!(history(&server), [("POST".to_owned(), CHAT.to_owned(), asked)]);
}

#[test]
fn history_is_forgotten_on_demand() {
    let server = serve();
    says(&server, user("Hello"));
    assert_eq!(history(&server).len(), 1);
    // Without a key, as theirs; and the answer has no body, and no length that says so.
    let answer = server.send(&Request::new("DELETE", "/history").header("connection", "close"));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(history(&server), []);
    says(&server, user("Hello"));
    assert_eq!(history(&server).len(), 1);
}

#[test]
fn a_page_may_ask_and_read_errors_as_well() {
    let server = serve();
    let preflight = |origin: &str| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        server.send(&with(Request::new("OPTIONS", "/v1/chat/completions"), &asked))
    };
    for origin in ["http://localhost:8000", "http://localhost:5173"] {
        let answer = preflight(origin);
        // Without a key: a browser sends none with it.
        assert_eq!(answer.status, 200, "{}", answer.fixed());
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "POST"),
            ("access-control-allow-headers", "authorization,content-type"),
            ("access-control-max-age", "600"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.fixed());
        }
    }
    assert_eq!(preflight("http://localhost:9000").header("access-control-allow-origin"), None);
    // Theirs has none on a 401, so that a page cannot tell why.
    let asked = body(user("Hello"), json!({}));
    let raised = body(user(r#"raise error {"code": 500, "message": "m"}"#), json!({}));
    for (headers, asked, status) in [
        (vec![PAGE, BEARER], &asked, 200),
        (vec![PAGE], &asked, 401),
        (vec![PAGE, BEARER], &raised, 500),
        (vec![PAGE, BEARER], &json!({}), 400),
    ] {
        let answer = post(&server, CHAT, &headers, asked);
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE.1), "{}", answer.fixed());
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    }
    let answer = server.send(&with(Request::get("/nope"), &[PAGE, BEARER]));
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (404, Some(PAGE.1)));
    let other = post(&server, CHAT, &[("origin", "http://localhost:9000"), BEARER], &asked);
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
}

#[test]
fn an_error_is_raised_by_a_line_of_the_last_user_message() {
    let server = serve();
    let whole = r#"{"code": 429, "message": "Rate limit exceeded", "type": "rate_limit_error", "error_code": "rate_limit_exceeded"}"#;
    let limit = r#"{"error":{"message":"Rate limit exceeded","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#;
    let line = format!("raise error {whole}");
    for stream in [false, true] {
        // Before a stream has begun.
        let more = json!({ "stream": stream });
        for answer in [chat(&server, user(line.as_str()), more.clone()), responses(&server, json!(line), more)] {
            assert_eq!((answer.status, answer.text().as_str()), (429, limit));
        }
    }
    let raised = |text: &str| {
        let answer = chat(&server, user(text), json!({}));
        (answer.status, answer.json()["error"]["message"].clone())
    };
    let first = "Hello\nraise error {no json}\nraise error {\"code\": \"500\", \"message\": \"a\"}\nPlease raise error   \
                 {\"code\": 418, \"message\": \"b\"} now\nraise error {\"code\": 500, \"message\": \"c\"}";
    assert_eq!(raised(first), (418, json!("b")), "the first that is good, anywhere in its line");
    let few = chat(&server, user(r#"raise error {"code": 503, "message": "m"}"#), json!({}));
    assert_eq!(
        (few.status, few.text().as_str()),
        (503, r#"{"error":{"message":"m","type":"api_error","param":null,"code":"error"}}"#)
    );
    // What is no error is mirrored.
    for text in ["raise error", r#"raise error {"code": 500}"#, r#"Raise error {"code": 500, "message": "m"}"#] {
        assert_eq!(says(&server, user(text)), text);
    }
    let earlier = json!([{ "role": "system", "content": line }, { "role": "user", "content": line }, { "role": "user", "content": "Hi" }]);
    assert_eq!(says(&server, earlier), "Hi", "only the last user message is looked at");
}

#[test]
fn custom_replies_are_found_whatever_the_space_around_them() {
    let server = serve();
    for (question, answer) in [
        ("How are you today?", "I'm fine. how are you?"),
        ("  How are you today?\n", "I'm fine. how are you?"),
        ("What is 1+1?", "2"),
        ("padded question", "trimmed"),
        ("how are you today?", "how are you today?"),
        ("How are you today", "How are you today"),
    ] {
        assert_eq!(says(&server, user(question)), answer, "{question}");
        assert_eq!(output(&responses(&server, json!(question), json!({})))[0]["content"][0]["text"], answer);
    }
}

#[test]
fn a_line_calls_a_tool() {
    let server = serve();
    let line = r#"call tool 'calculate' with '{"expression": "6*7"}'"#;
    let answer = chat(&server, user(line), tools(true)).json();
    let choice = &answer["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("tool_calls"), &json!(null)));
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!((&call["type"], &call["function"]["name"]), (&json!("function"), &json!("calculate")));
    assert_eq!(call["function"]["arguments"], r#"{"expression": "6*7"}"#);
    assert!(call["id"].as_str().unwrap().starts_with("call_"));
    let item = &output(&responses(&server, json!(line), tools(false)))[0];
    assert_eq!((&item["type"], &item["name"]), (&json!("function_call"), &json!("calculate")));
    assert_eq!(item["arguments"], r#"{"expression": "6*7"}"#);
    // Its name is not compared with the tools, and empty arguments are `{}`.
    let answer = chat(&server, user("call tool 'other' with ''"), tools(true)).json();
    let function = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(*function, json!({ "name": "other", "arguments": "{}" }));
}

#[test]
fn a_tool_is_called_where_the_request_offers_some() {
    // So its document; the program calls them without.
    let line = "call tool 'calculate' with '{}'";
    assert_eq!(says(&serve(), user(line)), line);
}

#[test]
fn lines_are_parallel_calls_of_one_choice() {
    // Theirs makes a choice of each, where no agent looks, and of a Response keeps only the first.
    let server = serve();
    let lines = "Please\ncall tool 'a' with '{\"n\": 1}'\nand call tool 'b' with '{}'.";
    let answer = chat(&server, user(lines), tools(true)).json();
    assert_eq!(answer["choices"].as_array().unwrap().len(), 1);
    let calls = answer["choices"][0]["message"]["tool_calls"].as_array().unwrap();
    let names: Vec<&Value> = calls.iter().map(|call| &call["function"]["name"]).collect();
    assert_eq!(names, ["a", "b"]);
    let mut more = tools(true);
    more["stream"] = json!(true);
    let stream = chat(&server, user(lines), more);
    let indices: Vec<Value> = stream
        .events()
        .iter()
        .filter(|event| event.data != "[DONE]")
        .filter_map(|event| Some(event.json().pointer("/choices/0/delta/tool_calls/0")?.clone()))
        .filter(|call| call["id"].is_string())
        .map(|call| json!([call["index"], call["function"]["name"]]))
        .collect();
    assert_eq!(indices, [json!([0, "a"]), json!([1, "b"])]);
    let items = output(&responses(&server, json!(lines), tools(false)));
    assert_eq!((&items[0]["name"], &items[1]["name"]), (&json!("a"), &json!("b")));
}

#[test]
fn the_result_of_a_tool_is_said() {
    let server = serve();
    let line = "call tool 'calculate' with '{}'";
    let call = json!({ "id": "call_1", "type": "function", "function": { "name": "calculate", "arguments": "{}" } });
    let talk = json!([
        user(line)[0],
        { "role": "assistant", "content": null, "tool_calls": [call] },
        { "role": "tool", "tool_call_id": "call_1", "content": "42" },
    ]);
    assert_eq!(OpenAi.said(&chat(&server, talk.clone(), tools(true))), "last tool call result is 42");
    // Theirs refuses the item that its own answer has, so that no agent comes to its second turn.
    let items = json!([
        { "role": "user", "content": line },
        { "type": "function_call", "call_id": "call_1", "name": "calculate", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "call_1", "output": "42" },
    ]);
    let said = output(&responses(&server, items, tools(false)));
    assert_eq!(said[0]["content"][0]["text"], "last tool call result is 42");
    // A user who goes on is heard.
    let mut talk = talk;
    talk.as_array_mut().unwrap().push(user("Thanks")[0].clone());
    assert_eq!(OpenAi.said(&chat(&server, talk, tools(true))), "Thanks");
}

#[test]
fn the_mirror_says_the_last_user_message() {
    let server = serve();
    let parts = json!([{ "type": "text", "text": "one" }, { "type": "text", "text": "two" }]);
    assert_eq!(says(&server, user(parts)), "one\ntwo");
    let talk = json!([user("first")[0], { "role": "assistant", "content": "a" }, user("last")[0], { "role": "system", "content": "s" }]);
    assert_eq!(says(&server, talk), "last");
    assert_eq!(says(&server, json!([{ "role": "system", "content": "s" }])), "No user message provided.");
    let said = output(&responses(&server, json!([{ "role": "system", "content": "s" }]), json!({})));
    assert_eq!(said[0]["content"][0]["text"], "No user input provided.");
    // Theirs knows no such role.
    assert_eq!(says(&server, json!([{ "role": "developer", "content": "d" }, user("Hi")[0]])), "Hi");
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
fn strategies_are_asked_in_the_order_of_the_file() {
    let text = text_of("llmock/config.yaml");
    let only = |chain: &str| {
        let (before, rest) = text.split_once("strategies:").unwrap();
        let (_, after) = rest.split_once("customReplies:").unwrap();
        Site::of("config.yaml", format!("{before}strategies: {chain}\ncustomReplies:{after}")).serve()
    };
    let raise = r#"raise error {"code": 418, "message": "m"}"#;
    assert_eq!(says(&only("[MirrorStrategy, ErrorStrategy]"), user(raise)), raise);
    assert_eq!(says(&only("[MirrorStrategy]"), user("What is 1+1?")), "What is 1+1?");
    assert_eq!(says(&only("[CustomAnswersStrategy, SomeStrategy]"), user("What is 1+1?")), "2");
    // An empty chain answers nothing; theirs sends a completion without choices, which breaks an SDK.
    assert!(OpenAi.error(&chat(&only("[]"), user("Hi"), json!({})), 404).contains("the chain is empty"));
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
