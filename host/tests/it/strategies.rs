//! Which strategies answer, in which order, and what they may do with an answer.

use serde_json::{Value, json};

use crate::api::{Anthropic, Api, MODES, OpenAi};
use crate::guests;
use crate::http::Response;
use crate::support::{Running, Site};

/// The hostile guest, well-behaved: says this to whatever contains that.
fn greeter(name: &str, wanted: &str, text: &str) -> Value {
    json!({ "use": name, "settings": { "mode": "answer", "contains": wanted, "text": text } })
}

/// The names of the chain, in order.
fn chain(server: &Running) -> String {
    standin::snapshot::names(&server.server().snapshot().chain)
}

#[test]
fn a_component_is_found_by_its_stem_and_by_its_path() {
    let site = Site::new().guest("evil", "greeter");
    site.put("plugins/other.v2.wasm", &guests::wasm("evil"));
    let mut by_path = greeter("./plugins/other.v2.wasm", "path", "found by path");
    let server = site.chain(json!([greeter("greeter", "name", "found by name"), by_path.take(), "mirror"])).serve();
    assert_eq!(chain(&server), "greeter → other.v2 → mirror");
    assert_eq!(server.said("by name"), "found by name");
    assert_eq!(server.said("by path"), "found by path");
    assert_eq!(server.said("neither"), "neither");
    assert_eq!(server.ask(OpenAi, "by path", true).header("x-standin-strategy"), Some("other.v2"));
}

#[test]
fn the_folder_of_strategies_is_a_setting() {
    let config = json!({ "strategies-dir": "elsewhere", "strategies": [greeter("greeter", "", "hello")] });
    let site = Site::new().config(config);
    site.put("elsewhere/greeter.wasm", &guests::wasm("evil"));
    assert_eq!(site.serve().said("anything"), "hello");
}

#[test]
fn a_file_replaces_the_bundled_strategy_of_its_name() {
    let settings = json!({ "mode": "answer", "text": "not a mirror" });
    let server = Site::new().guest("evil", "mirror").chain(json!([{ "use": "mirror", "settings": settings }])).serve();
    assert_eq!(server.said("hello"), "not a mirror");
    // In the default chain as well, in the place of the bundled one. It gets no settings there.
    let server = Site::new().guest("amend", "tool-call").serve();
    assert_eq!(chain(&server), "script → error → tool-call → schema → mirror → reasoning → embeddings");
    assert_eq!(server.said("call tool 'a' with ''"), "call tool 'a' with ''");
}

#[test]
fn the_default_chain_holds_what_lies_in_the_folder_before_the_bundled_ones() {
    assert_eq!(chain(&Site::new().serve()), "script → error → tool-call → schema → mirror → reasoning → embeddings");
    let site =
        Site::new().guest("amend", "second").guest("embed", "first").file("strategies/notes.txt", "no component");
    assert_eq!(
        chain(&site.serve()),
        "script → first → second → error → tool-call → schema → mirror → reasoning → embeddings"
    );
    let site = Site::new().guest("amend", "own").file("responses.yml", "responses: { ping: pong }");
    let server = site.serve();
    assert_eq!(chain(&server), "script → own → error → tool-call → lookup → schema → mirror → reasoning → embeddings");
    assert_eq!(server.said("ping"), "pong");
    assert_eq!(server.said("Ping"), "Ping");
}

#[test]
fn a_responses_file_that_is_wrong_is_told_with_its_line() {
    let reason = Site::new().file("responses.yml", "responses:\n  a: b\n  a: c\n  d: [\n").refused();
    assert!(reason.contains("responses.yml:"), "{reason}");
    let reason = Site::new().file("responses.yml", "responses: { a: b }\nsettings: { lag_factor: 0 }").refused();
    assert!(reason.contains("lag_factor"), "{reason}");
}

#[test]
fn an_empty_chain_answers_nothing_and_says_so() {
    let message = Site::new().chain(json!([])).serve().fails("hello", 404);
    assert!(message.contains("No strategy answers this request (the chain is empty)"), "{message}");
    let message = Site::new().chain(json!(["error", "tool-call"])).serve().fails("hello", 404);
    assert!(message.contains("asked: error, tool-call"), "{message}");
}

const RESPONSES: &str = r#"
responses:
  "what colour is the sky?": "The sky is blue during a clear day due to a phenomenon called Rayleigh scattering."
  "what is 2+2?": 4
  "ünïcödé 🦀": "found: 🦀"
  "  padded  ": "with blanks"
  "a/b~c": "pointer"
  "two\nlines": "both"
defaults:
  unknown_response: "I don't know the answer to that. This is a mock response."
settings:
  lag_enabled: false
  lag_factor: 10
"#;

#[test]
fn a_table_answers_to_the_letter_and_everything_else_with_its_default() {
    let stage = json!({ "use": "lookup", "settings-file": "responses.yml" });
    let server = Site::new().file("responses.yml", RESPONSES).chain(json!([stage, "mirror"])).serve();
    let unknown = "I don't know the answer to that. This is a mock response.";
    for (asked, answer) in [
        (
            "what colour is the sky?",
            "The sky is blue during a clear day due to a phenomenon called Rayleigh scattering.",
        ),
        ("what is 2+2?", "4"),
        ("ünïcödé 🦀", "found: 🦀"),
        ("  padded  ", "with blanks"),
        ("padded", unknown),
        ("a/b~c", "pointer"),
        ("two\nlines", "both"),
        ("What colour is the sky?", unknown),
        ("what colour is the sky? ", unknown),
        ("", unknown),
    ] {
        assert_eq!(server.said(asked), answer, "{asked:?}");
    }
    let response = server.ask(OpenAi, "what is 2+2?", true);
    assert_eq!(response.header("x-standin-strategy"), Some("lookup"));
}

#[test]
fn the_last_user_message_is_looked_up_its_parts_joined() {
    let stage = json!({ "use": "lookup", "settings-file": "responses.yml" });
    let server = Site::new().file("responses.yml", RESPONSES).chain(json!([stage])).serve();
    let parts = json!([{ "type": "text", "text": "two" }, { "type": "text", "text": "lines" }]);
    let messages = json!([
        { "role": "user", "content": "what is 2+2?" },
        { "role": "assistant", "content": "4" },
        { "role": "user", "content": parts },
    ]);
    for (api, stream) in MODES {
        assert_eq!(api.said(&server.send(&api.request(&api.body(messages.clone(), stream)))), "both");
    }
}

#[test]
fn a_table_without_a_default_passes_to_the_next() {
    let stage = json!({ "use": "lookup", "settings": { "responses": { "ping": "pong" } } });
    let server = Site::new().chain(json!([stage, "mirror"])).serve();
    assert_eq!(server.said("ping"), "pong");
    assert_eq!(server.said("something else"), "something else");
}

#[test]
fn a_table_is_streamed_by_the_character() {
    let server = Site::new().file("responses.yml", "responses: { ping: pöng }").serve();
    let deltas = server.ask(OpenAi, "ping", true).text().matches(r#""delta":{"content":""#).count();
    assert_eq!(deltas, 4);
}

#[test]
fn a_large_table_is_answered_from_within_the_default_limits() {
    let table: serde_json::Map<String, Value> =
        (0..100_000).map(|n| (format!("question {n}"), format!("answer {n}").into())).collect();
    let server = Site::new().file("responses.yml", json!({ "responses": table })).serve();
    assert_eq!(server.said("question 0"), "answer 0");
    assert_eq!(server.said("question 99999"), "answer 99999");
    assert_eq!(server.said("question 100000"), "question 100000");
}

fn calls(response: &Response, api: Api) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let body = response.json();
    match api {
        OpenAi => {
            assert_eq!(body["choices"].as_array().unwrap().len(), 1, "parallel calls are one choice");
            let calls = body["choices"][0]["message"]["tool_calls"].as_array().cloned().unwrap_or_default();
            calls.iter().map(|it| (text(&it["function"]["name"]), text(&it["function"]["arguments"]))).collect()
        }
        Anthropic => {
            let blocks = body["content"].as_array().unwrap().iter().filter(|it| it["type"] == "tool_use");
            blocks.map(|it| (text(&it["name"]), it["input"].to_string())).collect()
        }
    }
}

#[test]
fn tools_are_called_where_they_are_offered_unless_settings_say_otherwise() {
    let prompt = "call tool 'search' with '{\"q\":1}'\ncall tool 'other' with ''";
    let wanted = [("search".to_owned(), "{\"q\":1}".to_owned()), ("other".to_owned(), "{}".to_owned())];
    let server = Site::new().serve();
    assert_eq!(server.said(prompt), prompt, "no tools, no call");
    let stage = json!({ "use": "tool-call", "settings": { "require-tools": false } });
    let server = Site::new().chain(json!([stage, "mirror"])).serve();
    for api in [OpenAi, Anthropic] {
        assert_eq!(calls(&server.ask(api, prompt, false), api), wanted);
    }
}

#[test]
fn an_error_is_raised_as_the_prompt_says() {
    let server = Site::new().serve();
    for (status, kind) in [(400, "invalid_request_error"), (401, "x"), (404, "y"), (429, "z"), (500, "w"), (529, "v")] {
        let prompt = format!(
            r#"raise error {{"code": {status}, "message": "it's {{odd}}", "type": "{kind}", "error_code": "own"}}"#
        );
        for (api, stream) in MODES {
            let response = server.ask(api, &prompt, stream);
            assert_eq!(api.error(&response, status), "it's {odd}");
            let error = response.json()["error"].clone();
            assert_eq!(error["type"], kind);
            if api == OpenAi {
                assert_eq!((&error["code"], &error["param"]), (&json!("own"), &Value::Null));
            }
        }
    }
    let bare = server.ask(OpenAi, r#"raise error {"code": 503, "message": "m"}"#, false).json();
    assert_eq!(bare, json!({ "error": { "message": "m", "type": "api_error", "param": null, "code": "error" } }));
    for prompt in [r#"raise error {"code": 200, "message": "m"}"#, r#"raise error {"code": "500", "message": "m"}"#] {
        assert_eq!(server.said(prompt), prompt, "not an error");
    }
}

#[test]
fn settings_that_a_bundled_strategy_does_not_know_are_refused_with_their_path() {
    let reason = Site::new()
        .chain(json!([
            { "use": "tool-call", "settings": { "require-tool": false } },
            { "use": "tool-call", "settings": { "require-tools": 1 } },
            { "use": "mirror", "settings": { "greeting": "hi" } },
            { "use": "lookup", "settings": { "settings": { "lag_factor": -1 } } },
        ]))
        .refused();
    for part in ["require-tool", "settings.require-tools", "takes none", "lag_factor", "4 mistakes"] {
        assert!(reason.contains(part), "{part} is missing:\n{reason}");
    }
}

#[test]
fn amenders_change_an_answer_in_the_order_of_the_chain() {
    let amend = |name: &str, settings: Value| json!({ "use": name, "settings": settings });
    let site = Site::new().guest("amend", "shout").guest("amend", "exclaim").guest("amend", "ask");
    let server = site
        .chain(json!([
            amend("exclaim", json!({ "suffix": " indeed" })),
            "error",
            "mirror",
            amend("shout", json!({ "upper": true })),
            amend("ask", json!({ "suffix": "?" })),
        ]))
        .serve();
    assert_eq!(server.said("hello"), "HELLO INDEED?");
    let response = server.ask(OpenAi, "hello", false);
    assert_eq!(response.header("x-standin-strategy"), Some("mirror"), "who answered, not who amended");
    let prompt = r#"raise error {"code": 503, "message": "as it is"}"#;
    assert_eq!(server.fails(prompt, 503), "as it is");
}

#[test]
fn an_amender_that_fails_is_named() {
    let stage = json!({ "use": "amiss", "settings": { "fail": "cannot" } });
    let server = Site::new().guest("amend", "amiss").chain(json!(["error", "mirror", stage])).serve();
    assert_eq!(server.fails("hello", 500), "The strategy `amiss` failed: cannot");
    assert_eq!(server.fails(r#"raise error {"code": 503, "message": "m"}"#, 503), "m");
}

#[test]
fn further_choices_come_from_who_gave_the_first() {
    let ask = |mode: &str, stream: bool| {
        let stage = json!({ "use": "chooser", "settings": { "mode": mode, "text": "same" } });
        let server = Site::new().guest("evil", "chooser").chain(json!([stage, "mirror"])).serve();
        let mut body = OpenAi.body(json!([{ "role": "user", "content": "hello" }]), stream);
        body["n"] = 4.into();
        let response = server.send(&OpenAi.request(&body));
        if !stream {
            let body = response.json();
            let choices = body["choices"].as_array().unwrap();
            return choices.iter().map(|it| it["message"]["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        }
        let mut said = vec![String::new(); 4];
        for event in response.events().iter().filter(|event| event.data != "[DONE]") {
            let choice = &event.json()["choices"][0];
            let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
            said[index] += choice["delta"]["content"].as_str().unwrap_or_default();
        }
        said
    };
    for stream in [false, true] {
        assert_eq!(ask("choice", stream), ["0", "1", "2", "3"]);
        assert_eq!(ask("choice-even", stream), ["even"; 4]);
        assert_eq!(ask("answer", stream), ["same"; 4]);
    }
}

#[test]
fn usage_of_choices_adds_up() {
    let server = Site::new().serve();
    let usage = |n: u32| {
        let mut body = OpenAi.body(json!([{ "role": "user", "content": "one two three" }]), false);
        body["n"] = n.into();
        server.send(&OpenAi.request(&body)).json()["usage"].clone()
    };
    let (one, three) = (usage(1), usage(3));
    assert_eq!(one["completion_tokens"], 3);
    assert_eq!(three["completion_tokens"], 9);
    assert_eq!(three["prompt_tokens"], one["prompt_tokens"]);
    assert_eq!(three["total_tokens"].as_u64().unwrap(), three["prompt_tokens"].as_u64().unwrap() + 9);
}

#[test]
fn a_strategy_may_add_headers_and_none_that_frame_the_message() {
    let server = Site::evil("header", json!({ "mode": "headers" })).serve();
    let message = server.fails("evil", 500);
    assert!(message.starts_with("The strategy `header` answered with the header "), "{message}");
    assert!(message.ends_with(", which cannot be sent"), "{message}");
    for (api, stream) in MODES {
        let response = server.ask(api, "evil", stream);
        assert_eq!(response.header("x-injected"), None);
    }
    assert_eq!(server.said("hello"), "hello");
}

#[test]
fn a_patch_changes_the_envelope() {
    let server = Site::evil("patcher", json!({ "mode": "patch" })).serve();
    for (api, stream) in MODES {
        let response = server.ask(api, "evil", stream);
        assert_eq!(api.said(&response), "odd");
        let body = if !stream {
            response.json()
        } else if api == OpenAi {
            let events = response.events();
            assert!(events[..events.len() - 1].iter().all(|event| event.json()["system_fingerprint"] == "fp_evil"));
            events[0].json()
        } else {
            response.events()[0].json()["message"].clone()
        };
        assert_eq!(body["system_fingerprint"], "fp_evil");
        assert_eq!(body["x"], json!({ "y": [1] }));
    }
}

/// A strategy that gives whole responses, of this status.
fn verbatim(status: u16, body: &str) -> Running {
    let settings = json!({ "mode": "verbatim", "count": status, "text": body });
    Site::new().guest("evil", "raw").chain(json!([{ "use": "raw", "settings": settings }])).serve()
}

#[test]
fn a_verbatim_body_is_sent_as_it_is_and_streamed_where_a_stream_is_asked_for() {
    let openai = r#"{"id":"own", "object":"chat.completion","created":7,"model":"own-model","choices":[{"index":0,
        "message":{"role":"assistant","content":"word for word"},"finish_reason":"stop"}], "extra":[1]}"#;
    let anthropic = r#"{"id":"own","type":"message","role":"assistant","model":"own-model","content":[{"type":"text",
        "text":"word for word"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}"#;
    for (api, body) in [(OpenAi, openai), (Anthropic, anthropic)] {
        let server = verbatim(200, body);
        let unary = server.ask(api, "hello", false);
        assert_eq!((unary.status, unary.text().as_str()), (200, body));
        assert_eq!(unary.header("x-own"), Some("yes"));
        let stream = server.ask(api, "hello", true);
        assert_eq!(api.said(&stream), "word for word");
        assert_eq!(api.model(&stream), "own-model");
        assert_eq!(stream.header("x-own"), Some("yes"));
    }
}

#[test]
fn a_verbatim_error_is_sent_as_it_is_in_either_mode() {
    let server = verbatim(418, r#"{"teapot": true}"#);
    for (api, stream) in MODES {
        let response = server.ask(api, "hello", stream);
        assert_eq!((response.status, response.text().as_str()), (418, r#"{"teapot": true}"#));
    }
}

#[test]
fn a_verbatim_body_that_cannot_be_streamed_is_told() {
    let server = verbatim(200, "no JSON");
    for (api, stream) in MODES {
        let response = server.ask(api, "hello", stream);
        if stream {
            let message = api.error(&response, 500);
            assert!(
                message.starts_with("The strategy `raw` answered with a body that cannot be streamed: "),
                "{message}"
            );
        } else {
            assert_eq!(response.text(), "no JSON");
        }
    }
}

#[test]
fn a_minimal_component_is_at_most_100_kilobytes() {
    let mirror = standin::strategy::loader::BUNDLED.iter().find(|it| it.name == "mirror").unwrap();
    assert!(mirror.wasm.len() <= 100_000, "{} bytes", mirror.wasm.len());
}
