//! What strategies say of when they need not be asked is sound: a chain that is asked in full gives the same answers.

use serde_json::{Value, json};

use crate::api::{Api, MODES};
use crate::http::Request;
use crate::support::{Running, Site};

const RESPONSES: &str = r#"
responses:
  "ping": "pong"
  " padded ": "padded"
  "STRASSE": "upper"
  "straße": "lower"
  "é": "composed"
  "e\u0301": "decomposed"
  "call tool 'search' with '{}'": "a call"
  "İ": "dotted"
  "": "nothing"
"#;

fn site() -> Site {
    Site::new().guest("evil", "trigger").guest("amend", "amender").file("responses.yml", RESPONSES).chain(json!([
        "error",
        { "use": "trigger", "settings": { "mode": "answer", "text": "triggered", "contains": "Zauberwort Ä" } },
        "tool-call",
        { "use": "lookup", "settings-file": "responses.yml" },
        { "use": "amender", "settings": { "suffix": "." } },
        "mirror",
    ]))
}

/// Prompts, each with what may stand around it.
fn prompts() -> Vec<String> {
    let seeds = [
        "",
        "hello",
        "ping",
        "PING",
        "Ping",
        " padded ",
        "padded",
        "STRASSE",
        "straße",
        "STRAẞE",
        "é",
        "e\u{301}",
        "É",
        "İ",
        "i̇",
        "ﬁ",
        "Zauberwort Ä",
        "zauberwort ä",
        "ZAUBERWORT Ä",
        "Zauberwort A\u{308}",
        "Zauberwort  Ä",
        r#"raise error {"code": 503, "message": "m"}"#,
        r#"RAISE ERROR {"code": 503, "message": "m"}"#,
        r#"raise  error {"code": 503, "message": "m"}"#,
        r#"raise error   {"code": 429, "message": "m", "retry_after": 1}"#,
        r#"raise error {"code": 99, "message": "m"}"#,
        "raise error",
        "call tool 'search' with '{}'",
        "Call Tool 'search' with '{}'",
        "call tool 'search' with ''",
        "call tool ''",
        "ſ K Å",
        "\0",
    ];
    let frames =
        [("", ""), (" ", "\t\n"), ("\u{a0}", "\u{3000}"), ("before\r\n", "\r\nafter"), ("x", "x"), ("\u{feff}", "")];
    let framed = |seed: &str| frames.map(|(before, after)| format!("{before}{seed}{after}"));
    seeds.iter().flat_map(|seed| framed(seed)).collect()
}

/// Each prompt in the shapes in which a client may send it.
fn bodies(api: Api, prompt: &str, stream: bool) -> Vec<Value> {
    let user = |content: Value| json!({ "role": "user", "content": content });
    let text = |text: &str| json!({ "type": "text", "text": text });
    let half = (0..=prompt.len() / 2).rev().find(|at| prompt.is_char_boundary(*at)).unwrap_or(0);
    let messages = [
        json!([user(prompt.into())]),
        json!([user(json!([text(prompt)]))]),
        json!([user(json!([text(&prompt[..half]), text(&prompt[half..])]))]),
        json!([user("before".into()), { "role": "assistant", "content": prompt }, user("after".into())]),
        json!([user(prompt.into()), { "role": "assistant", "content": "answer" }]),
        match api {
            Api::OpenAi => json!([
                user(prompt.into()),
                { "role": "assistant", "tool_calls":
                    [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
                { "role": "tool", "tool_call_id": "c", "content": prompt },
            ]),
            Api::Anthropic => json!([
                user(prompt.into()),
                { "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "f", "input": {} }] },
                user(json!([{ "type": "tool_result", "tool_use_id": "c", "content": prompt }])),
            ]),
        },
    ];
    let tools = match api {
        Api::OpenAi => json!([{ "type": "function", "function": { "name": "search" } }]),
        Api::Anthropic => json!([{ "name": "search", "input_schema": { "type": "object" } }]),
    };
    let plain = messages.map(|messages| api.body(messages, stream));
    let offering = plain.clone().map(|mut body| {
        body["tools"] = tools.clone();
        body
    });
    plain.into_iter().chain(offering).collect()
}

#[test]
fn a_chain_with_conditions_answers_as_one_without() {
    let (with, without) = (site().workers(1).serve(), site().workers(1).asking_everyone().serve());
    let connect = |server: &Running| server.connect();
    let (mut one, mut other) = (connect(&with), connect(&without));
    let mut strategies = std::collections::BTreeSet::new();
    for prompt in prompts() {
        for (api, stream) in MODES {
            for body in bodies(api, &prompt, stream) {
                let request: Request = api.request(&body);
                let (left, right) = (one.send(&request), other.send(&request));
                assert_eq!(left.fixed(), right.fixed(), "{body}");
                strategies.insert(left.header("x-standin-strategy").map(str::to_owned));
            }
        }
    }
    let answered: Vec<_> = strategies.iter().flatten().map(String::as_str).collect();
    assert_eq!(answered, ["error", "lookup", "mirror", "tool-call", "trigger"], "the corpus reaches everyone");
}

#[test]
fn a_strategy_is_told_which_condition_matched() {
    // Its first condition is a model that nobody asks for, its second the text.
    let settings = json!({ "mode": "matched", "contains": "evil" });
    let server = Site::new().guest("evil", "told").chain(json!([{ "use": "told", "settings": settings }])).serve();
    assert_eq!(server.said("evil"), "Some(1)");
    let mut body = Api::OpenAi.body(json!([{ "role": "user", "content": "evil" }]), false);
    body["model"] = "no-such-model".into();
    assert_eq!(Api::OpenAi.said(&server.send(&Api::OpenAi.request(&body))), "Some(0)");
}

#[test]
fn a_strategy_whose_conditions_fail_costs_nothing_even_where_it_would_loop() {
    // Said to be asked for `evil` alone; that it is not asked is seen in that its instances are never made anew.
    let chain: Vec<Value> = (0..50)
        .map(|n| json!({ "use": "idle", "settings": { "mode": "loop", "contains": format!("word-{n}!") } }))
        .chain([json!("mirror")])
        .collect();
    let server = Site::new().guest("evil", "idle").chain(chain.into()).serve();
    assert_eq!(server.said("word-50!"), "word-50!");
    assert_eq!(server.ask(Api::OpenAi, "word-49!", false).status, 504);
}
