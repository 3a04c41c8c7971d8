//! Which requests are answered, and how.

use serde_json::{Value, json};
use standin_sdk::testing::{self, Host, Request};
use standin_sdk::{Content, Message, Outcome, Role, Tool, ToolCall, ToolChoice};

use super::{accepts, answer};
use crate::{Schema, forced};

fn run(request: &Request) -> Outcome {
    testing::run::<Schema>(request).unwrap()
}

fn tool(kind: &str, name: &str, parameters: Option<Value>) -> Tool {
    let parameters = parameters.map(|schema| schema.to_string());
    Tool { kind: kind.to_owned(), name: name.to_owned(), description: None, parameters }
}

fn weather() -> Value {
    json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] })
}

fn tools() -> [Tool; 4] {
    [
        tool("web_search", "web_search", None),
        tool("custom", "shell", None),
        tool("function", "get_weather", Some(weather())),
        tool("function", "get_time", None),
    ]
}

fn named(name: &str) -> ToolChoice {
    ToolChoice::Named(name.to_owned())
}

fn asked(choice: ToolChoice) -> Request {
    Request::user("hello").tool("get_weather").tool("get_time").tool_choice(choice)
}

#[test]
fn a_schema_is_answered_with_compact_json() {
    let schema = json!({ "type": "object", "properties": { "a": { "const": 1 }, "b": { "const": "x" } }, "required": ["b", "a"] });
    let outcome = run(&Request::user("hello").output_schema(schema.to_string()));
    assert_eq!(outcome.text().as_deref(), Some(r#"{"a":1,"b":"x"}"#));
}

#[test]
fn without_a_schema_or_a_tool_that_has_to_be_called_it_is_passed() {
    assert_eq!(run(&Request::user("hello")), Outcome::Pass);
    assert_eq!(run(&asked(ToolChoice::Auto)), Outcome::Pass);
    assert_eq!(run(&asked(ToolChoice::None)), Outcome::Pass);
    // A tool of the provider's own runs there, if anywhere.
    assert_eq!(forced(&named("web_search"), &tools()), None);
    assert_eq!(forced(&ToolChoice::Required, &tools()[..1]), None);
    assert_eq!(run(&Request::user("hello").tool_choice(ToolChoice::Required)), Outcome::Pass);
}

#[test]
fn the_first_function_is_called_where_one_has_to_be() {
    let outcome = forced(&ToolChoice::Required, &tools()).unwrap();
    let [(name, arguments)] = outcome.tool_calls()[..] else { panic!("{outcome:?}") };
    assert_eq!(name, "get_weather");
    accepts(&weather(), &serde_json::from_str(arguments).unwrap()).unwrap();
    assert!(!arguments.contains("\"\""), "{arguments}");
}

#[test]
fn a_named_tool_is_called() {
    assert_eq!(run(&asked(named("get_time"))).tool_calls(), [("get_time", "{}")]);
    let outcome = forced(&named("shell"), &tools()).unwrap();
    let call = outcome.as_reply().unwrap().tool_calls().next().unwrap();
    assert_eq!((call.kind.as_str(), call.name.as_str()), ("custom", "shell"));
    assert!(call.arguments.contains(' '), "{call:?}");
}

#[test]
fn a_tool_that_is_not_offered_is_an_error() {
    let outcome = run(&asked(named("other")));
    let error = outcome.as_error().unwrap();
    assert_eq!(error.status, 400);
    let offered = "`get_weather`, `get_time`";
    assert_eq!(error.message, format!("The tool choice names `other`, which is not offered. Tools: {offered}"));
}

#[test]
fn arguments_are_an_object_whatever_the_parameters_say() {
    for parameters in [json!({}), json!({ "description": "none" }), json!({ "type": ["object", "null"] })] {
        for _ in 0..20 {
            let offered = [tool("function", "f", Some(parameters.clone()))];
            let outcome = forced(&ToolChoice::Required, &offered).unwrap();
            assert!(outcome.tool_calls()[0].1.starts_with('{'), "{outcome:?}");
        }
    }
}

#[test]
fn a_result_ends_the_loop_of_the_client() {
    let call = |name: &str| Message {
        role: Role::Assistant,
        name: None,
        content: vec![Content::ToolCall(ToolCall::function(name, "{}"))],
    };
    let names = |outcome: Outcome| outcome.tool_calls().iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    // The last function is what agents take their result with.
    let once = asked(ToolChoice::Required).push(call("get_weather")).tool_result("call_1", "sunny");
    assert_eq!(names(run(&once)), ["get_time"]);
    let twice = once.push(call("get_time")).tool_result("call_2", "noon");
    assert_eq!(run(&twice), Outcome::Pass);
    assert_eq!(run(&twice.clone().output_schema(r#"{"const":7}"#)).text().as_deref(), Some("7"));
    // Somebody asks again: everything may be called once more.
    assert_eq!(names(run(&twice.message(Role::User, "and now?"))), ["get_weather"]);

    let once = asked(named("get_time")).push(call("get_time")).tool_result("call_1", "noon");
    assert_eq!(run(&once), Outcome::Pass);
    let other = asked(named("get_time")).push(call("get_weather")).tool_result("call_1", "sunny");
    assert_eq!(names(run(&other)), ["get_time"]);
}

#[test]
fn a_tool_that_has_to_be_called_comes_before_the_schema() {
    let outcome = run(&asked(ToolChoice::Required).output_schema("true"));
    assert_eq!(outcome.tool_calls().len(), 1);
    let outcome = run(&asked(ToolChoice::Auto).output_schema("true"));
    assert!(outcome.text().is_some_and(|text| !text.is_empty()));
}

#[test]
fn sessions_turns_and_choices_differ() {
    let schema = json!({ "type": "array", "items": { "type": "integer" }, "minItems": 8 });
    let request = Request::user("hello").output_schema(schema.to_string());
    let mut host = Host::<Schema>::new();
    let mut text = |request: &Request| host.respond(request).unwrap().text().unwrap();
    let said = [
        text(&request),
        text(&request),
        text(&request.clone().choice_index(1)),
        text(&request.clone().session("other")),
    ];
    for (index, one) in said.iter().enumerate() {
        assert!(said[..index].iter().all(|other| other != one), "{said:?}");
    }
}

#[test]
fn optional_properties_come_and_go() {
    let schema = json!({ "type": "object", "properties": { "a": { "type": "integer" }, "b": { "type": "integer" } } });
    let answers: Vec<_> = (0..100).map(|seed| answer(&schema, seed).unwrap()).collect();
    for has in [[true, true], [true, false], [false, true], [false, false]] {
        let found = answers.iter().filter(|value| has == ["a", "b"].map(|name| value.get(name).is_some())).count();
        assert!(found > 3, "{has:?}: {found} of 100");
    }
}

#[test]
fn arrays_texts_and_maps_are_seldom_empty() {
    let schema = json!({
        "type": "object",
        "properties": {
            "items": { "type": "array", "items": { "type": "string" } },
            "text": { "type": "string" },
            "matching": { "type": "string", "pattern": "^[a-z]*$" },
            "map": { "type": "object", "additionalProperties": { "type": "integer" } },
            "maybe": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
        },
        "required": ["items", "text", "matching", "map", "maybe"],
    });
    let answers: Vec<_> = (0..100).map(|seed| answer(&schema, seed).unwrap()).collect();
    let full = |name: &str| {
        let full = |value: &&Value| match &value[name] {
            Value::Array(items) => !items.is_empty(),
            Value::String(text) => !text.is_empty(),
            Value::Object(map) => !map.is_empty(),
            other => !other.is_null(),
        };
        answers.iter().filter(full).count()
    };
    for name in ["items", "text", "map"] {
        assert_eq!(full(name), 100, "{name}");
    }
    assert!(full("matching") > 70, "{}", full("matching"));
    // And null is possible.
    assert!((70..100).contains(&full("maybe")), "{}", full("maybe"));
    let lengths = |length| answers.iter().filter(|value| value["items"].as_array().unwrap().len() == length).count();
    assert!([1, 2, 3].iter().all(|length| lengths(*length) > 10));
}

#[test]
fn names_and_examples_make_values_plausible() {
    let schema = json!({
        "type": "object",
        "properties": {
            "contact_email": { "type": "string" },
            "homepageUrl": { "type": "string" },
            "age": { "type": "integer" },
            "latitude": { "type": "number" },
            "colour": { "type": "string", "examples": ["teal"] },
            "limit": { "type": "integer", "default": 12_345 },
        },
        "required": ["contact_email", "homepageUrl", "age", "latitude", "colour", "limit"],
    });
    let answers: Vec<_> = (0..50).map(|seed| answer(&schema, seed).unwrap()).collect();
    for value in &answers {
        assert!(value["contact_email"].as_str().unwrap().contains('@'), "{value}");
        assert!(value["homepageUrl"].as_str().unwrap().starts_with("https://"), "{value}");
        assert!((18..=90).contains(&value["age"].as_i64().unwrap()), "{value}");
        assert!((-90.0..90.0).contains(&value["latitude"].as_f64().unwrap()), "{value}");
    }
    for given in [("colour", json!("teal")), ("limit", json!(12_345))] {
        let taken = answers.iter().filter(|value| value[given.0] == given.1).count();
        assert!((10..40).contains(&taken), "{given:?}: {taken}");
    }
}

#[test]
fn the_schema_wins_over_the_name() {
    let schema = json!({
        "type": "object",
        "properties": {
            "email": { "type": "string", "maxLength": 4 },
            "age": { "type": "integer", "minimum": 500 },
            "url": { "type": "string", "pattern": "^urn:x:\\d+$", "default": "https://example.com" },
        },
        "required": ["email", "age", "url"],
    });
    for seed in 0..30 {
        accepts(&schema, &answer(&schema, seed).unwrap()).unwrap();
    }
}

#[test]
fn takes_no_settings() {
    let error = Host::<Schema>::new().settings(json!({ "optional": 1 })).configure().unwrap_err();
    assert_eq!(error, r#"settings: this plugin takes none, but was given {"optional":1}"#);
}
