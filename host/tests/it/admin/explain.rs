//! Who would answer, and why: told without a trace.

use serde_json::{Value, json};

use super::{get, post, problem, prompt};
use crate::api::{Anthropic, OpenAi};
use crate::http::Request;
use crate::support::Site;

fn outcomes(explained: &Value) -> Vec<(String, String)> {
    let text = |stage: &Value, key: &str| stage[key].as_str().unwrap().to_owned();
    explained["stages"].as_array().unwrap().iter().map(|it| (text(it, "name"), text(it, "outcome"))).collect()
}

fn table() -> Site {
    Site::new().guest("amend", "amender").guest("evil", "trap").chain(json!([
        "script",
        "error",
        { "use": "trap", "settings": { "mode": "trap", "contains": "trap" } },
        "tool-call",
        { "use": "lookup", "settings": { "responses": { "What is the capital of France?": "Paris" } } },
        { "use": "amender", "settings": { "suffix": "." } },
        "mirror",
        "embeddings",
    ]))
}

#[test]
fn an_explanation_tells_who_would_answer_and_why() {
    let server = table().serve();
    let explained = post(&server, "/explain", &prompt("hello")).json();
    assert_eq!([&explained["strategy"], &explained["reply"]["text"]], ["mirror", "hello."]);
    let expected = [
        ("script", "skipped"),
        ("error", "skipped"),
        ("trap", "skipped"),
        ("tool-call", "skipped"),
        ("lookup", "skipped"),
        ("amender", "skipped"),
        ("mirror", "answered"),
        ("embeddings", "not_reached"),
    ];
    assert_eq!(outcomes(&explained), expected.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())));
    let stages = &explained["stages"];
    assert_eq!(stages[1]["reason"], "it is asked where the last user text contains \"raise error\"");
    assert!(stages[1]["duration_us"].is_null() && stages[6]["duration_us"].is_u64());
    assert!(stages[6]["memory_bytes"].as_u64() > Some(0));
    assert_eq!(
        [&explained["amenders"][0]["name"], &explained["amenders"][0]["changed"]],
        [&json!("amender"), &json!(true)]
    );

    let outcome = |body: &Value, name: &str| {
        let explained = post(&server, "/explain", body).json();
        let (_, outcome) = outcomes(&explained).into_iter().find(|(it, _)| it == name).unwrap();
        (explained, outcome)
    };
    let (explained, error) = outcome(&prompt(r#"raise error {"code": 503, "message": "m"}"#), "error");
    assert_eq!((error.as_str(), &explained["error"]["status"]), ("answered", &json!(503)));
    let (_, passed) = outcome(&prompt("raise error"), "error");
    assert_eq!(passed, "passed");
    let (explained, failed) = outcome(&prompt("trap"), "trap");
    assert_eq!((failed.as_str(), &explained["strategy"]), ("failed", &json!("trap")));
    assert!(explained["failure"].as_str().unwrap().starts_with("trapped: "), "{explained}");
    let mut call = prompt("call tool 'search' with '{\"q\":1}'");
    call["tools"] = json!([{ "type": "function", "function": { "name": "search" } }]);
    let (explained, _) = outcome(&call, "tool-call");
    assert_eq!(explained["reply"]["tool_calls"], json!([{ "name": "search", "arguments": "{\"q\":1}" }]));
    let embed = json!({ "path": "/v1/embeddings", "body": { "model": "m", "input": ["a", "b"] } });
    let (explained, _) = outcome(&embed, "embeddings");
    assert_eq!([&explained["strategy"], &explained["vectors"]["count"]], [&json!("embeddings"), &json!(2)]);
}

#[test]
fn an_explanation_heeds_what_the_request_says_of_itself() {
    let server = table().serve();
    let ask = |headers: Value, text: &str| {
        post(
            &server,
            "/explain",
            &json!({ "path": "/v1/messages", "headers": headers, "body": Anthropic.body(json!([{ "role": "user", "content": text }]), false) }),
        )
    };
    let strict = ask(json!({ "X-Standin-Strict": "true" }), "What is the capitol of france").json();
    assert_eq!([&strict["strategy"], &strict["strict"]], [&json!(null), &json!(true)]);
    assert_eq!(strict["stages"][6]["reason"], "it is a fallback, and the request is strict");
    let nearest = strict["nearest"][0].as_str().unwrap();
    assert_eq!(nearest, "`lookup` answers where the last user text is \"What is the capital of France?\"");
    let forced = ask(json!({ "x-standin-strategy": "mirror" }), "What is the capital of France?").json();
    assert_eq!(forced["reply"]["text"], "What is the capital of France?.");
    assert_eq!(forced["stages"][4]["reason"], "the request names another strategy");
    let by_header = Request::post("/_standin/explain", prompt("What is the capital of France?").to_string());
    let forced = server.send(&by_header.header("x-standin-strategy", "mirror")).json();
    assert_eq!(forced["strategy"], "mirror");
    for (response, status, reason) in [
        (ask(json!({ "x-standin-strategy": "nobody" }), "a"), 400, "there is no strategy `nobody`"),
        (ask(json!({ "x-standin-strict": "maybe" }), "a"), 400, "expected true or false, found `maybe`"),
        (post(&server, "/explain?path=/v1/models", &prompt("a")), 400, "no strategy is asked at `/v1/models`"),
        (post(&server, "/explain?path=/nothing", &prompt("a")), 400, "strategies answer nothing at `/nothing`"),
        (post(&server, "/explain", &json!({ "body": {}, "hedaers": {} })), 400, "unknown field `hedaers`"),
        (post(&server, "/explain", &json!([])), 400, "expected a JSON object"),
        (post(&server, "/explain", &json!({ "model": "m" })), 422, "the request would be refused with the status 400"),
    ] {
        let message = problem(&response, status);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn an_explanation_leaves_nothing_behind() {
    let counter = json!({ "use": "counter", "settings": { "mode": "state-counter", "contains": "count" } });
    let server = Site::new().guest("evil", "counter").chain(json!(["script", counter, "mirror"])).serve();
    let explain = |text: &str| {
        let request = Request::post("/_standin/explain", prompt(text).to_string()).session("s");
        server.send(&request).json()
    };
    let says = |text: &str| OpenAi.said(&server.send(&OpenAi.ask(text, false).session("s")));
    assert_eq!(explain("count")["reply"]["text"], "0");
    assert_eq!(server.get("/_standin/state?session=s").status, 404, "no session was made");
    assert_eq!(says("count"), "0");
    let before = get(&server, "/state?session=s");
    for _ in 0..3 {
        let explained = explain("count");
        assert_eq!([&explained["reply"]["text"], &explained["turn"]], [&json!("1"), &json!(1)]);
    }
    assert_eq!(get(&server, "/state?session=s"), before);
    assert_eq!(get(&server, "/requests?session=s")["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(says("count"), "1");
    post(&server, "/script?session=s", &json!({ "replies": ["one", "two"] }));
    assert_eq!([&explain("count")["reply"]["text"], &explain("count")["reply"]["text"]], ["one", "one"]);
    assert_eq!([says("count"), says("count")], ["one", "two"]);
}

#[test]
fn what_is_explained_is_what_is_answered() {
    let server = table().serve();
    let bodies = [
        "hello",
        "What is the capital of France?",
        "raise error",
        r#"raise error {"code": 503, "message": "m"}"#,
        "call tool 'a' with '{}'",
        "trap",
        "",
    ];
    for (n, text) in bodies.iter().enumerate() {
        for api in [OpenAi, Anthropic] {
            let body = api.body(json!([{ "role": "user", "content": text }]), false);
            let session = format!("{api:?}-{n}");
            let explained = server.send(
                &Request::post(&format!("/_standin/explain?path={}", api.path()), body.to_string()).session(&session),
            );
            assert_eq!(explained.status, 200, "{text:?}: {}", explained.text());
            let explained = explained.json();
            let answer = server.send(&api.request(&body).session(&session));
            assert_eq!(explained["strategy"].as_str(), answer.header("x-standin-strategy"), "{text:?}");
            if answer.status == 200 {
                assert_eq!(explained["reply"]["text"].as_str(), Some(api.said(&answer).as_str()));
            } else {
                let said = answer.json()["error"]["message"].as_str().unwrap().to_owned();
                let told = explained["error"]["message"].as_str().or(explained["failure"].as_str()).unwrap();
                assert!(said.contains(told), "{said}: {told}");
            }
        }
    }
}
