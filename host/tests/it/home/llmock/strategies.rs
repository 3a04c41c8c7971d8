//! What the strategies answer, by their triggers, letter by letter.

use serde_json::{Value, json};

use super::{chat, output, responses, says, serve, tools};
use crate::api::OpenAi;
use crate::home::{text_of, user};
use crate::support::Site;

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
