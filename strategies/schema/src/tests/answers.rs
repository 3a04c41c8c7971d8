//! Which requests are answered, and how.

use serde_json::{Value, json};
use standin_sdk::testing::{self, Host, Request};
use standin_sdk::{Outcome, Role, Tool, ToolChoice};

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
    for choice in [ToolChoice::Required, named("get_weather")] {
        let called = asked(choice).message(Role::Assistant, "").tool_result("call_1", "sunny");
        assert_eq!(run(&called), Outcome::Pass);
        let schema = json!({ "const": "done" });
        assert_eq!(run(&called.clone().output_schema(schema.to_string())).text().as_deref(), Some("\"done\""));
        // The next question is another matter.
        assert_eq!(run(&called.message(Role::User, "and tomorrow?")).tool_calls().len(), 1);
    }
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

#[test]
#[ignore]
fn zz_time() {
    let mut all: Vec<(String, Value)> = Vec::new();
    for file in std::fs::read_dir("tests/corpus").unwrap() {
        let map: serde_json::Map<String, Value> =
            serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        all.extend(map);
    }
    let map: serde_json::Map<String, Value> =
        serde_json::from_str(&std::fs::read_to_string("/work/tmp/schema-run/evil.json").unwrap()).unwrap();
    all.extend(map.into_iter().map(|(k, v)| (format!("EVIL {k}"), v)));
    for (name, schema) in all {
        let text = schema.to_string();
        let t = std::time::Instant::now();
        let root: Value = serde_json::from_str(&text).unwrap();
        let parse = t.elapsed();
        let mut worst = 0;
        let mut worst_t = std::time::Duration::ZERO;
        let mut doc_t = worst_t;
        for _ in 0..20 {
            let budget = crate::budget::Budget::new(crate::STEPS);
            let t = std::time::Instant::now();
            let Ok(document) = crate::document::Document::new(&root, &budget) else {
                println!("{name} doc too large {:?}", t.elapsed());
                continue;
            };
            doc_t = t.elapsed();
            let bes = Value::Bool(true);
            let _ = crate::generate::Generator::new(&document, &budget).value(&bes);
            let e = t.elapsed();
            let used = crate::STEPS - budget.left();
            if used >= worst || (used * 10 > worst * 9 && e < worst_t) {
                worst_t = if used == worst { worst_t.min(e) } else { e };
                worst = used;
            }
        }
        println!(
            "{:8} steps {:9.3} ms  parse {:6.3} doc {:6.3} {:6.0} ns/step {name}",
            worst,
            worst_t.as_secs_f64() * 1e3,
            parse.as_secs_f64() * 1e3,
            doc_t.as_secs_f64() * 1e3,
            worst_t.as_secs_f64() * 1e9 / worst as f64
        );
    }
}

#[test]
#[ignore]
fn zz_one() {
    let map: serde_json::Map<String, Value> =
        serde_json::from_str(&std::fs::read_to_string("/work/tmp/schema-run/evil.json").unwrap()).unwrap();
    let root = &map[&std::env::var("CASE").unwrap()];
    for _ in 0..5 {
        let budget = crate::budget::Budget::new(crate::STEPS);
        let document = crate::document::Document::new(root, &budget).unwrap();
        let bes = Value::Bool(true);
        let mut g = crate::generate::Generator::new(&document, &budget);
        let r = g.value(&bes);
        println!(
            "left {} {} {:?}",
            budget.left(),
            g.values,
            r.map(|v| v.to_string().len()).map_err(|f| f.message(&document))
        );
    }
}
