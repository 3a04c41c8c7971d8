//! The routes with which a test looks into the server, and tells it what to say.

mod explain;

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use standin::reload::{self, Source, Watched};
use standin::server::Server;

use crate::api::{Anthropic, Api, MODES, OpenAi};
use crate::http::{Connection, Request, Response};
use crate::support::{Running, Site};

fn post(server: &Running, path: &str, body: &Value) -> Response {
    server.send(&Request::post(&format!("/_standin{path}"), body.to_string()))
}

fn get(server: &Running, path: &str) -> Value {
    let response = server.get(&format!("/_standin{path}"));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Sends what is answered without a body, and without a length that says so.
fn done(server: &Running, method: &str, path: &str, session: Option<&str>) -> u16 {
    let request = Request::new(method, &format!("/_standin{path}")).header("connection", "close");
    let request = session.into_iter().fold(request, Request::session);
    server.send(&request).status
}

#[track_caller]
fn problem(response: &Response, status: u16) -> String {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    response.json()["error"]["message"].as_str().expect("a message").to_owned()
}

fn prompt(text: &str) -> Value {
    OpenAi.body(json!([{ "role": "user", "content": text }]), false)
}

#[test]
fn every_documented_route_answers_as_documented() {
    let server = Site::new().serve();
    let document = get(&server, "/openapi.json");
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let request = match operation.get("requestBody") {
                Some(_) => Request { method: method.clone(), ..Request::post(path, "{}") },
                None => Request::new(&method, path),
            };
            let request = Request { path: path.replace("{id}", "req_none"), ..request };
            // Some answers have no body, and no length that says so.
            let response = server.send(&request.header("connection", "close"));
            let documented = &operation["responses"][response.status.to_string()];
            assert!(documented.is_object(), "{method} {path}: {} is not documented", response.status);
            assert_eq!(documented.get("content").is_some(), !response.body.is_empty(), "{method} {path}");
            asked += 1;
        }
        let other = server.send(&Request::new("PUT", path).header("connection", "close"));
        assert_eq!(other.status, 405, "{path} {other:?}");
        assert!(problem(&other, 405).contains("PUT is not a method of"), "{path}");
        assert!(other.header("allow").is_some());
    }
    assert!(asked > 10);
    for path in ["/_standin", "/_standin/nothing", "/_standin/requests/a/b"] {
        assert!(problem(&server.get(path), 404).contains("there is no route"), "{path}");
    }
}

#[test]
fn a_count_is_verified() {
    let server = Site::new().serve();
    for (session, text) in [("a", "one"), ("a", "two"), ("b", "three")] {
        server.send(&OpenAi.ask(text, false).session(session));
    }
    for body in [
        json!({ "exactly": 3 }),
        json!({ "session": "a", "exactly": 2 }),
        json!({ "session": "a", "contains": "one", "exactly": 1 }),
        json!({ "path": "*/completions", "at_least": 3 }),
        json!({ "status": 200, "at_least": 1, "at_most": 5 }),
        json!({ "model": "gpt-*", "at_most": 0 }),
    ] {
        let verified = post(&server, "/verify", &body);
        assert_eq!(verified.status, 200, "{body}: {}", verified.text());
    }
    let by_header = Request::post("/_standin/verify", r#"{"exactly":1}"#).session("b");
    assert_eq!(server.send(&by_header).json(), json!({ "matched": 1 }));
}

#[test]
fn a_count_that_is_not_met_is_told_with_the_nearest_misses() {
    let server = Site::new().serve();
    for (session, text) in
        [("a", "What is the weather in Paris?"), ("a", "How are you?"), ("b", "What is the weather in Rome?")]
    {
        server.send(&OpenAi.ask(text, false).session(session));
    }
    let wanted = json!({ "session": "a", "model": "test-*", "contains": "the weather in Rome", "exactly": 1 });
    let refuted = post(&server, "/verify", &wanted);
    assert_eq!(problem(&refuted, 422), "expected exactly 1 matching, and found 0");
    let refuted = refuted.json();
    assert_eq!([&refuted["matched"], &refuted["expected"]], [&json!(0), &json!({ "exactly": 1 })]);
    let nearest = refuted["nearest"].as_array().unwrap();
    let differences: Vec<_> = nearest.iter().map(|it| it["differences"][0]["field"].as_str().unwrap()).collect();
    assert_eq!(differences, ["contains", "contains", "session"], "a request of another session comes last");
    let first = &nearest[0]["differences"][0];
    assert_eq!(first["expected"], "the weather in Rome");
    assert!(first["found"].as_str().unwrap().contains("Paris"), "the text that is most alike comes first: {first}");
    assert_eq!(nearest[2]["differences"], json!([{ "field": "session", "expected": "a", "found": "b" }]));

    let many = post(&server, "/verify", &json!({ "session": "a", "at_most": 1 })).json();
    assert_eq!(many["matches"].as_array().map(Vec::len), Some(2));
    for (body, reason) in [
        (json!({}), "no count is there"),
        (json!({ "exactly": 1, "at_least": 1 }), "`exactly` stands beside another count"),
        (json!({ "exactly": "1" }), "`exactly`: invalid type: string \"1\", expected u64"),
        (json!({ "sesion": "a", "exactly": 1 }), "`sesion`: unknown field `sesion`, expected one of"),
        (json!({ "status": "many", "exactly": 1 }), "expected a status such as"),
        (json!([]), "expected an object"),
    ] {
        let message = problem(&post(&server, "/verify", &body), 400);
        assert!(message.contains(reason), "{body}: {message}");
    }
}

#[test]
fn a_script_is_queued_given_and_forgotten() {
    let server = Site::new().serve();
    let says = |session: &str| {
        let response = server.send(&OpenAi.ask("hello", false).session(session));
        OpenAi.said(&response)
    };
    let queued = post(
        &server,
        "/script",
        &json!({ "session": "a", "replies": ["one", { "content": "two", "finishReason": "stop" }] }),
    );
    assert_eq!(queued.status, 200, "{}", queued.text());
    assert_eq!(queued.json()["left"], json!([{ "content": "one" }, { "content": "two", "finish_reason": "stop" }]));
    assert_eq!([says("a"), says("b")], ["one", "hello"]);
    assert_eq!(
        get(&server, "/script?session=a"),
        json!({
            "session": "a", "given": 1, "left": [{ "content": "two", "finish_reason": "stop" }], "then": "repeat",
        })
    );
    assert_eq!([says("a"), says("a"), says("a")], ["two", "two", "two"], "the last one is repeated");
    post(&server, "/script?session=a", &json!({ "replies": ["three", "four"], "then": "pass" }));
    assert_eq!([says("a"), says("a"), says("a")], ["three", "four", "hello"], "what is new comes next");
    let by_header = Request::post("/_standin/script", r#"{"replies":["five"]}"#).session("c");
    assert_eq!(server.send(&by_header).json()["session"], "c");
    assert_eq!(says("c"), "five");
    assert_eq!(done(&server, "DELETE", "/script?session=c", None), 204);
    assert_eq!(says("c"), "hello");
    assert_eq!(get(&server, "/script?session=nobody")["left"], json!([]));
}

#[test]
fn a_script_errs_and_calls_tools_in_every_mode() {
    let server = Site::new().serve();
    for (api, stream) in MODES {
        let session = format!("{api:?}-{stream}");
        let replies = json!({ "session": session, "replies": [
            { "error": { "status": 429, "message": "slow down", "retry_after": 3 } },
            { "content": "", "tool_calls": [{ "name": "search", "arguments": { "q": 1 } }] },
            { "content": "late", "delay": "1ms" },
        ]});
        assert_eq!(post(&server, "/script", &replies).status, 200);
        let ask = || server.send(&api.ask("hello", stream).session(&session));
        let refused = ask();
        assert_eq!(api.error(&refused, 429), "slow down");
        assert_eq!(refused.header("retry-after"), Some("3"));
        let called = ask();
        assert!(called.text().contains("search"), "{}", called.text());
        assert_eq!(api.said(&ask()), "late");
    }
}

#[test]
fn a_script_that_says_nothing_sensible_is_refused_with_its_place() {
    let server = Site::new().serve();
    for (replies, reason) in [
        (json!([]), "`replies`: found an empty list"),
        (json!([1]), "`replies[0]`: invalid type: integer `1`, expected a reply: its text, or a mapping"),
        (json!(["a", { "contnt": "b" }]), "`replies[1].contnt`: unknown field `contnt`, expected one of `content`"),
        (json!([{ "tokens": "many" }]), "`replies[0].tokens`: invalid type"),
        (
            json!([{ "error": { "status": 200, "message": "m" } }]),
            "`replies[0].error.status`: found the status 200, expected 400 to 599",
        ),
        (json!([{ "error": { "status": 500 } }]), "`replies[0].error`: missing field `message`"),
        (json!([{ "fault": "explode" }]), "`replies[0].fault`: "),
        (json!([{ "delay": "5" }]), "for milliseconds write `5ms`"),
        (json!([{ "tool_calls": [{ "id": "c" }] }]), "`replies[0].tool_calls[0]`: missing field `name`"),
    ] {
        let message = problem(&post(&server, "/script", &json!({ "replies": replies })), 400);
        assert!(message.contains(reason), "{replies}: {message}");
    }
    assert_eq!(get(&server, "/script")["left"], json!([]), "nothing of it is queued");
    let message = problem(&post(&server, "/script", &json!({ "replies": ["x".repeat(2 << 20)] })), 422);
    assert!(message.contains("no room for the script"), "{message}");
    let server = Site::new().chain(json!(["mirror"])).serve();
    let message = problem(&post(&server, "/script", &json!({ "replies": ["a"] })), 409);
    assert!(message.contains("the chain has no strategy `script`: mirror"), "{message}");
}

#[test]
fn the_server_tells_what_it_is_made_of() {
    let config = json!({
        "models": [{ "id": "gpt-4o" }],
        "admin": { "key": "sk-admin" },
        "strategies": [{ "use": "lookup", "settings": { "responses": { "a": "b" } }, "limits": { "time": "30ms" } }, "mirror"],
    });
    let server = Site::new().config(config).serve();
    let get = |path: &str| {
        let response =
            server.send(&Request::get(&format!("/_standin{path}")).header("authorization", "Bearer sk-admin"));
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    };
    let strategies = get("/strategies");
    let lookup = &strategies["strategies"][0];
    for (field, value) in [
        ("name", json!("lookup")),
        ("origin", json!("bundled")),
        ("isolation", json!("warm")),
        ("health", json!("well")),
        ("roles", json!(["strategy"])),
    ] {
        assert_eq!(lookup[field], value, "{field}");
    }
    assert_eq!(lookup["limits"]["time_ms"], 30);
    assert!(lookup["activation"].as_str().unwrap().contains("is a key of settings"), "{lookup}");
    assert_eq!(strategies["strategies"][1]["activation"], "always, as a fallback");
    let models = get("/models");
    assert_eq!([&models["any"], &models["models"][0]["id"]], [&json!(false), &json!("gpt-4o")]);
    let config = get("/config");
    assert_eq!(config["strategies"][0]["limits"]["time"], "30ms");
    assert!(!config.to_string().contains("sk-admin"), "{config}");
}

#[test]
fn state_is_told_and_reset_session_by_session() {
    let settings = json!({ "mode": "state-counter" });
    let site =
        || Site::new().guest("evil", "counter").chain(json!(["script", { "use": "counter", "settings": settings }]));
    let server = site().serve();
    let says = |session: &str| OpenAi.said(&server.send(&OpenAi.ask("hello", false).session(session)));
    assert_eq!([says("a"), says("a"), says("b")], ["0", "1", "0"]);
    post(&server, "/script?session=b", &json!({ "replies": ["scripted"] }));
    let state = get(&server, "/state?session=a");
    assert_eq!(state["sessions"][0]["turns"], 2);
    let counter = state["sessions"][0]["strategies"]["counter"].as_object().expect("its state");
    assert!(counter.values().any(|value| value == "2"), "{state}");
    assert_eq!(
        get(&server, "/state?session=b&strategy=counter")["sessions"][0]["strategies"].as_object().map(|it| it.len()),
        Some(1)
    );
    let first = get(&server, "/state?limit=2");
    let names =
        |page: &Value| page["sessions"].as_array().unwrap().iter().map(|it| it["session"].clone()).collect::<Vec<_>>();
    assert_eq!((names(&first), &first["next"]), (vec![json!("a"), json!("b")], &json!("b")));
    let rest = get(&server, "/state?limit=2&after=b");
    assert_eq!((names(&rest), &rest["next"]), (vec![json!("default")], &json!(null)));

    assert_eq!(done(&server, "POST", "/reset?session=a", None), 204);
    assert_eq!([says("a"), says("b")], ["0", "scripted"]);
    assert_eq!(get(&server, "/requests?session=a")["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(done(&server, "POST", "/reset", Some("b")), 204);
    assert_eq!([says("a"), says("b")], ["1", "0"]);
    assert_eq!(done(&server, "POST", "/reset", None), 204);
    assert_eq!(get(&server, "/requests")["requests"], json!([]));
    assert_eq!([says("a"), says("b")], ["0", "0"]);
}

#[test]
fn a_reload_is_waited_for() {
    let site = Arc::new(Site::new().chain(json!(["mirror"])));
    let built = site.build().unwrap_or_else(|error| panic!("{error}"));
    let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), 1, built.snapshot).unwrap();
    let server = Arc::new(server);
    let reload = || Connection::open(server.address).send(&Request::new("POST", "/_standin/reload"));
    assert!(problem(&reload(), 409).contains("without a configuration that could be read again"));

    let read = Arc::clone(&site);
    // Nothing is watched but a folder that is not there: only who asks makes it read.
    let watched = Watched { files: Vec::new(), strategies: site.path("nowhere/strategies") };
    let source = Source::new(move |_| read.build());
    let trigger = reload::watch(source, watched, reload::swap_in(Arc::downgrade(&server))).unwrap();
    server.reload_with(Box::new(move || trigger.reload_and_wait()));
    site.put("standin.yaml", b"strategies: [error, mirror]");
    let reloaded = reload();
    assert_eq!((reloaded.status, reloaded.json()), (200, json!({ "chain": "error \u{2192} mirror" })));
    assert_eq!(server.snapshot().chain.stages().len(), 2, "it is in use when that is said");
    site.put("standin.yaml", b"strategies: [nobody]");
    let message = problem(&reload(), 422);
    assert!(message.contains("standin.yaml:1:") && message.contains("there is no strategy `nobody`"), "{message}");
    assert_eq!(server.snapshot().chain.stages().len(), 2);
    Arc::into_inner(server).expect("nobody else holds it").stop();
}

#[test]
fn both_providers_share_a_session() {
    let server = Site::new().serve();
    let sessions: [Api; 2] = [OpenAi, Anthropic];
    post(&server, "/script?session=s", &json!({ "replies": ["one", "two"] }));
    let said = sessions.map(|api| api.said(&server.send(&api.ask("hello", false).session("s"))));
    assert_eq!(said, ["one", "two"]);
    assert_eq!(post(&server, "/verify?session=s", &json!({ "strategy": "script", "exactly": 2 })).status, 200);
}
