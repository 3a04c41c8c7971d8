//! A plugin in the test harness meets what it would meet in a server.

use std::time::Duration;

use serde::Deserialize;
use standin_sdk::testing::{self, Host, Request, json};
use standin_sdk::{
    Activation, ApiError, Condition, EmbeddingOutcome, Event, Outcome, Plugin, RawResponse, Reply, Result, Role,
    ToolCall, context, from_json, log, settings, state, tokens,
};

/// Answers what the last user text asks for.
struct Probe;

impl Plugin for Probe {
    type Settings = settings::Unread;

    fn new(_: settings::Unread) -> Result<Self> {
        log::debug("made");
        Ok(Self)
    }

    fn respond(&self, request: &standin_sdk::Request) -> Result<Outcome> {
        let text = request.last_user_text().unwrap_or_default();
        let answer = match text.as_str() {
            "count" => state::fetch_add("count", 1)?.to_string(),
            "spoil" => state::set("count", "many").map(|()| String::new())?,
            "forget" => {
                state::delete("count");
                format!("{:?}", state::get("count"))
            }
            "random" => format!("{:x} {:x}", context::random(), context::random()),
            "dice" => {
                let rolls: Vec<_> = (0..100).map(|_| context::below(6)).collect();
                assert!(rolls.iter().all(|roll| *roll < 6) && rolls.contains(&0) && rolls.contains(&5));
                assert!((0.0..1.0).contains(&context::fraction()));
                assert_eq!((context::below(0), context::pick::<u8>(&[]), context::pick(&[7])), (0, None, Some(&7)));
                String::new()
            }
            "context" => format!("{} {} {}", context::session(), context::turn(), context::now_ms()),
            "temperature" => format!("{:?}", request.json_at::<f32>("/temperature")?),
            "messages" => request.messages().rev().map(|message| message.text().unwrap_or_default()).collect(),
            "header" => format!("{:?}", request.header("X-TEAM")),
            "system" => format!("{:?}", request.system_text()),
            "tokens" => tokens::count(&request.model(), "one two three").to_string(),
            "tools" => format!("{:?}", request.tools().into_iter().map(|tool| tool.parameters).collect::<Vec<_>>()),
            "plan" => match state::get("plan") {
                Some(plan) => from_json::<Vec<String>>("the plan", &plan)?.join(", "),
                None => return Ok(RawResponse::new(204, "").into()),
            },
            _ => return Ok(Outcome::Pass),
        };
        Ok(Reply::text(answer).into())
    }

    fn amend(&self, request: &standin_sdk::Request, reply: Reply) -> Result<Reply> {
        Ok(reply.map_text(|text| text.to_uppercase()).say(request.model()))
    }

    fn embed(&self, request: &standin_sdk::Request) -> Result<EmbeddingOutcome> {
        if request.embedding_inputs().is_empty() {
            return Ok(RawResponse::new(200, "none").into());
        }
        let lengths = request.embedding_inputs().iter().map(|text| vec![text.len() as f32]).collect::<Vec<_>>();
        Ok(lengths.into())
    }
}

standin_sdk::export!(Probe: strategy, amender, embedder);

fn ask(host: &mut Host<Probe>, request: Request) -> String {
    host.respond(&request)
        .map_or_else(|error| error, |outcome| outcome.text().unwrap_or_else(|| format!("{outcome:?}")))
}

#[test]
fn state_is_kept_per_session() {
    let mut host = Host::<Probe>::new();
    let mut count = |session: &str| ask(&mut host, Request::user("count").session(session));
    assert_eq!([count("a"), count("a"), count("b")], ["0", "1", "0"]);
    assert_eq!(host.state("a", "count"), Some("2"));
    ask(&mut host, Request::user("spoil"));
    let error = host.respond(&Request::user("count")).unwrap_err();
    assert!(error.contains("NotANumber") || error.contains("not-a-number"), "{error}");
    assert_eq!(ask(&mut host, Request::user("forget")), "None");
}

#[test]
fn chance_is_seeded() {
    let random = |seed| {
        let mut host = Host::<Probe>::new().seed(seed);
        [ask(&mut host, Request::user("random")), ask(&mut host, Request::user("random"))]
    };
    assert_eq!(random(1), random(1));
    assert_ne!(random(1), random(2));
    assert_ne!(random(1)[0], random(1)[1]);
    ask(&mut Host::new(), Request::user("dice"));
}

#[test]
fn the_context_counts_turns() {
    let mut host = Host::<Probe>::new().now_ms(5);
    let request = Request::user("context").session("a");
    assert_eq!([ask(&mut host, request.clone()), ask(&mut host, request)], ["a 0 5", "a 1 5"]);
}

#[test]
fn a_request_is_pulled() {
    let mut host = Host::<Probe>::new();
    let request = |text| {
        let talk =
            Request::new().message(Role::System, "be ").message(Role::Developer, "brief").message(Role::User, text);
        talk.header("x-team", "blue").body(json!({ "temperature": "hot" }))
    };
    assert_eq!(ask(&mut host, request("messages")), "messagesbriefbe ");
    assert_eq!(ask(&mut host, request("system")), "Some(\"be \\nbrief\")");
    assert_eq!(ask(&mut host, request("header")), "Some(\"blue\")");
    assert_eq!(ask(&mut host, request("tokens")), "3");
    let error = host.respond(&request("temperature")).unwrap_err();
    assert_eq!(error, "the request's body.temperature: invalid type: string \"hot\", expected f32");
    assert_eq!(ask(&mut host, request("temperature").body(json!({}))), "None");
}

#[test]
fn tools_may_have_parameters() {
    let request = Request::user("tools").tool("f").tool_with("g", json!({ "type": "object" }));
    assert_eq!(ask(&mut Host::new(), request), r#"[None, Some("{\"type\":\"object\"}")]"#);
}

#[test]
fn what_is_kept_is_read_as_json() {
    let plan = |json| Host::<Probe>::new().keep("default", "plan", json).respond(&Request::user("plan"));
    assert_eq!(plan(r#"["rest", "work"]"#).unwrap().text().as_deref(), Some("rest, work"));
    assert_eq!(plan(r#"["rest", 8]"#).unwrap_err(), "the plan[1]: invalid type: integer `8`, expected a string");
}

#[test]
fn a_response_may_be_verbatim() {
    let mut host = Host::<Probe>::new();
    assert_eq!(host.respond(&Request::user("plan")).unwrap().as_verbatim(), Some(&RawResponse::new(204, "")));
    assert_eq!(host.respond(&Request::user("tokens")).unwrap().as_verbatim(), None);
    assert_eq!(host.embed(&Request::new()).unwrap(), RawResponse::new(200, "none").into());
}

#[test]
fn it_amends_and_embeds_and_logs() {
    let mut host = Host::<Probe>::new();
    let reply = Reply::text("a").tool_call("f", "{}").pause(Duration::from_millis(2));
    let reply = host.amend(&Request::new().model("m"), reply).unwrap();
    let call = ToolCall::function("f", "{}");
    let expected = [Event::Text("A".into()), Event::ToolCall(call), Event::Pause(2000), Event::Text("m".into())];
    assert_eq!(reply.events, expected);
    assert_eq!(reply.said(), "Am");
    let vectors = host.embed(&Request::new().embedding_input("one").embedding_input("")).unwrap();
    assert_eq!(vectors, vec![vec![3.0], vec![0.0]].into());
    assert_eq!(host.log(), [(log::Level::Debug, "made".to_owned())]);
}

/// Answers more than it says.
struct Unsound;

impl Plugin for Unsound {
    type Settings = ();

    fn new(_: ()) -> Result<Self> {
        Ok(Self)
    }

    fn activation(&self) -> Activation {
        Activation::any([Condition::model("gpt-*"), Condition::HasTools])
    }

    fn respond(&self, request: &standin_sdk::Request) -> Result<Outcome> {
        match request.matched_condition() {
            Some(index) => Ok(Reply::text(index.to_string()).into()),
            None if request.model() == "other" => Ok(Outcome::Pass),
            None => Ok(ApiError::new(500, "unsound").into()),
        }
    }
}

#[test]
fn an_unsound_activation_is_found() {
    let run = |request: Request| testing::run::<Unsound>(&request);
    assert_eq!(run(Request::new()).unwrap().text().as_deref(), Some("0"));
    assert_eq!(run(Request::new().model("claude").tool("f")).unwrap().text().as_deref(), Some("1"));
    assert_eq!(run(Request::new().model("other")).unwrap(), Outcome::Pass);
    let error = run(Request::new().model("claude")).unwrap_err();
    assert!(error.starts_with("the activation does not hold for this request"), "{error}");
}

#[test]
fn a_failure_names_its_causes() {
    #[derive(Debug, Deserialize)]
    struct Nothing;
    struct Failing;
    impl Plugin for Failing {
        type Settings = Nothing;
        fn new(_: Nothing) -> Result<Self> {
            let cause = std::io::Error::other(std::fmt::Error);
            Err(Box::new(cause))
        }
    }
    let configure = |settings| Host::<Failing>::new().settings(settings).configure().unwrap_err();
    assert!(configure(json!(null)).starts_with("an error occurred"));
    assert_eq!(configure(json!([])), "settings: invalid type: sequence, expected unit struct Nothing");
}
