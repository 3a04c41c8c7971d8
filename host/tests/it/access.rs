//! Who may ask, who is asked, and whose session it is: keys, web pages, wishes in headers, names in paths.

use serde_json::{Value, json};

use crate::api::{Anthropic, Api, MODES, OpenAi};
use crate::http::Request;
use crate::support::Site;

/// A request with these headers alone.
fn bare(api: Api, headers: &[(&str, &str)]) -> Request {
    let mut request = api.ask("hello", false);
    request.headers.retain(|(name, _)| !["authorization", "x-api-key", "api-key"].contains(&&*name.to_lowercase()));
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[test]
fn a_key_that_is_wanted_has_to_be_shown_in_any_of_its_headers() {
    let server = Site::new().config("api-key: right").serve();
    for (api, _) in MODES {
        for header in [("authorization", "Bearer right"), ("x-api-key", "right"), ("api-key", "right")] {
            assert_eq!(api.said(&server.send(&bare(api, &[header]))), "hello");
        }
        api.error(&server.send(&bare(api, &[])), 401);
        for header in [("authorization", "Bearer wrong"), ("x-api-key", "Right"), ("authorization", "right")] {
            api.error(&server.send(&bare(api, &[header])), 401);
        }
    }
    let missing = server.send(&bare(Anthropic, &[]));
    assert_eq!(missing.json()["error"]["type"], "authentication_error");
    let wrong = server.send(&bare(OpenAi, &[("authorization", "Bearer wrong")]));
    assert_eq!(wrong.json()["error"]["code"], "invalid_api_key");
    // In the words of the provider whose path it is.
    Anthropic.error(&server.send(&Request::post("/v1/messages/count_tokens", "{}")), 401);
    OpenAi.error(&server.send(&Request::post("/v1/moderations", "{}").header("anthropic-version", "2026-10-21")), 401);
    // What is no route wants the key too; whether the server is there, anybody may know.
    assert_eq!(server.send(&Request::get("/v1/nothing")).status, 401);
    assert_eq!(server.send(&Request::get("/v1/models")).status, 401);
    assert_eq!(server.send(&Request::get("/health")).status, 200);
}

#[test]
fn the_routes_for_tests_have_the_same_key_or_their_own_or_are_not_there() {
    let ask = |config: &str, headers: &[(&str, &str)], path: &str| {
        let server = Site::new().config(config).serve();
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(name, value));
        server.send(&request).status
    };
    let (key, admin) = ([("authorization", "Bearer key")], [("authorization", "Bearer admin")]);
    for path in ["/_standin/requests", "/_standin/openapi.json", "/metrics"] {
        assert_eq!(ask("{}", &[], path), 200, "{path}");
        assert_eq!(ask("api-key: key", &[], path), 401, "{path}");
        assert_eq!(ask("api-key: key", &key, path), 200, "{path}");
        let both = "{ api-key: key, admin: { key: admin } }";
        assert_eq!(ask(both, &key, path), 401, "{path}");
        assert_eq!(ask(both, &admin, path), 200, "{path}");
        assert_eq!(ask("admin: { key: admin }", &[], path), 401, "{path}");
    }
    assert_eq!(ask("admin: { enabled: false }", &[], "/_standin/requests"), 404);
    assert_eq!(ask("{}", &[], "/_standin/"), 404);
    assert_eq!(ask("{}", &[], "/_standinx"), 404);
}

#[test]
fn a_web_page_changes_nothing_unless_its_origin_is_allowed() {
    let reset = |origin: &str| Request::post("/_standin/reset", "{}").header("origin", origin);
    let closed = Site::new().serve();
    let refused = closed.send(&reset("http://elsewhere"));
    assert_eq!(refused.status, 403);
    let message = "a web page of http://elsewhere may not do this; add its origin to `cors: { allow-origins: […] }`";
    assert_eq!(refused.json()["error"]["message"], message);
    // Its own page, or no page at all.
    assert_eq!(closed.send(&reset("http://test")).status, 204);
    assert_eq!(closed.send(&Request::post("/_standin/reset", "{}")).status, 204);
    assert_eq!(closed.send(&Request::get("/_standin/requests").header("origin", "http://elsewhere")).status, 200);
    let open = Site::new().config("cors: { allow-origins: [http://elsewhere] }").serve();
    assert_eq!(open.send(&reset("http://elsewhere")).status, 204);
    assert_eq!(open.send(&reset("null")).status, 403);
}

#[test]
fn a_web_page_may_ask_where_its_origin_is_allowed() {
    let page = ("origin", "http://localhost:5173");
    let preflight = |origin: &str| {
        Request::new("OPTIONS", "/v1/chat/completions")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, x-stainless-os")
    };
    let server = Site::new().config("cors: { allow-origins: [http://localhost:5173] }").serve();
    let allowed = server.send(&preflight(page.1));
    assert_eq!(allowed.status, 200);
    for (name, value) in [
        ("access-control-allow-origin", "http://localhost:5173"),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "authorization, x-stainless-os"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(allowed.header(name), Some(value), "{name}");
    }
    assert_eq!(server.send(&preflight("http://elsewhere")).header("access-control-allow-origin"), None);
    // Errors too, or a page could not read them.
    for (request, status) in [
        (OpenAi.ask("hello", false), 200),
        (OpenAi.ask(r#"raise error {"code": 429, "message": "m"}"#, false), 429),
        (Request::get("/v1/nothing"), 404),
        (Request::get("/_standin/requests"), 200),
    ] {
        let answer = server.send(&request.header(page.0, page.1));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(page.1), "{status}");
    }
    let open = Site::new().config("cors: { allow-origins: ['*'] }").serve().send(&preflight("http://any"));
    assert_eq!(open.header("access-control-allow-origin"), Some("*"));
    assert_eq!(open.header("access-control-allow-credentials"), None);
    // Closed unless it is said.
    let closed = Site::new().serve();
    assert_eq!(closed.send(&preflight(page.1)).status, 405);
    assert_eq!(
        closed.send(&OpenAi.ask("hello", false).header(page.0, page.1)).header("access-control-allow-origin"),
        None
    );
}

#[test]
fn a_fallback_does_not_answer_in_strict_mode() {
    let table = json!({ "responses": { "What is the capital of France?": "Paris" },
        "defaults": { "unknown_response": "no idea" } });
    let site = || {
        Site::new().config(json!({ "strict": true, "strategies": [{ "use": "lookup", "settings": table }, "mirror"] }))
    };
    let server = site().serve();
    for (api, stream) in MODES {
        let answer = server.ask(api, "What is the capital of France?", stream);
        assert_eq!(api.said(&answer), "Paris");
        let message = api.error(&server.ask(api, "What is the capitol of France", stream), 404);
        assert!(message.contains("\"What is the capital of France?\"") && message.contains("`lookup`"), "{message}");
        // A header wins, either way.
        let lax = api.ask("What is the capitol of France", stream).header("x-standin-strict", "false");
        assert_eq!(api.said(&server.send(&lax)), "no idea");
    }
    let server = Site::new().serve();
    OpenAi.error(&server.send(&OpenAi.ask("hello", false).header("x-standin-strict", "true")), 404);
    let message = OpenAi.error(&server.send(&OpenAi.ask("hello", false).header("x-standin-strict", "perhaps")), 400);
    assert!(message.contains("expected true or false, found `perhaps`"), "{message}");
}

#[test]
fn a_client_may_say_who_is_to_answer() {
    let server = Site::new().serve();
    let prompt = "call tool 'a' with '{}'";
    let forced = |name: &str| server.send(&OpenAi.ask(prompt, false).header("x-standin-strategy", name));
    let answer = forced("mirror");
    assert_eq!((OpenAi.said(&answer).as_str(), answer.header("x-standin-strategy")), (prompt, Some("mirror")));
    // Nobody stands in for one who passes.
    let message = OpenAi.error(&forced("error"), 404);
    assert!(message.contains("asked: error"), "{message}");
    let message = OpenAi.error(&forced("nobody"), 400);
    assert!(message.contains("no strategy `nobody`") && message.contains("mirror"), "{message}");
}

#[test]
fn a_session_may_be_named_in_the_path() {
    let server = Site::new().serve();
    let ask = |path: &str| {
        let request = Request { path: path.into(), ..OpenAi.ask("hello", false) };
        server.send(&request)
    };
    let turns = |session: &str| {
        let page = server.get(&format!("/_standin/requests?session={session}")).json();
        page["requests"].as_array().unwrap().iter().map(|entry| entry["path"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(ask("/@one/v1/chat/completions").status, 200);
    assert_eq!(ask("/@one/openai/v1/chat/completions?api-version=1").status, 200);
    assert_eq!(turns("one"), ["/v1/chat/completions", "/openai/v1/chat/completions"]);
    assert_eq!(ask("/@a%20b/v1/chat/completions").status, 200);
    assert_eq!(turns("a%20b").len(), 1);
    // A header is of this request alone, and wins.
    let request = Request { path: "/@path/v1/chat/completions".into(), ..OpenAi.ask("hello", false) };
    server.send(&request.session("header"));
    assert_eq!((turns("header").len(), turns("path").len()), (1, 0));
    for path in ["/@one", "/@one/"] {
        assert_ne!(ask(path).status, 200, "{path}");
    }
    let anthropic = Request { path: "/@one/v1/messages".into(), ..Anthropic.ask("hello", true) };
    assert_eq!(Anthropic.said(&server.send(&anthropic)), "hello");
    // It is the provider's path that the rest of the server sees.
    assert_eq!(server.get("/@one/v1/models").status, 200);
    assert_eq!(server.get("/@one/health").status, 200);
}
