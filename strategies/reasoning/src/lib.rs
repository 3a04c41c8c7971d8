//! Thinks before whatever is answered, so that a client's handling of reasoning can be tried from a prompt.
//!
//! Each line of the last user text that begins with `think: <text>` is thought, several lines as one thought of as many
//! lines. Letter case counts, as in the other triggers; white space before the line does not. The answer itself is left
//! as it is: a mirror still says the whole text. When a tool's result comes back, the line is not thought again.
//!
//! Settings, all optional:
//! - `text`: thought before every answer. A line of the user's takes its place. An empty text is an empty thought
//! - `redacted`, by default false: the thought is hidden by the provider, and its text is the opaque data
//! - `signature`: left out, the server mints one where the provider wants one. Not together with `redacted`
//!
//! An answer that begins with a thought of its own keeps that one. Where a strategy says what its answer cost, the tokens
//! of the thought are added to its output and its reasoning; otherwise the server counts them.

use serde::Deserialize;
use standin_sdk::{Activation, Condition, Event, Plugin, Reasoning, Reply, Request, Result, Role, tokens};

const TRIGGER: &str = "think: ";

const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "text": { "type": "string", "description": "Thought before every answer." },
    "redacted": { "type": "boolean", "default": false, "description": "Hidden: the text is the opaque data." },
    "signature": { "type": "string", "description": "Left out: minted where the provider wants one." }
  },
  "additionalProperties": false
}"#;

/// Thinks first.
pub struct Think {
    settings: Settings,
}

/// What is thought, and how.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Before every answer.
    pub text: Option<String>,
    /// Hidden by the provider.
    pub redacted: bool,
    /// Proves to the provider that the thought is its own.
    pub signature: Option<String>,
}

impl Plugin for Think {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        if settings.redacted && settings.signature.is_some() {
            return Err("settings.signature: a redacted thought has none; leave out `signature` or `redacted`".into());
        }
        Ok(Self { settings })
    }

    fn activation(&self) -> Activation {
        match self.settings.text {
            None => Activation::any([Condition::user_text_contains(TRIGGER)]),
            Some(_) => Activation::Always,
        }
    }

    fn amend(&self, request: &Request, mut reply: Reply) -> Result<Reply> {
        let begins = reply.events.iter().find(|event| !matches!(event, Event::Pause(_)));
        if matches!(begins, Some(Event::Reasoning(_))) {
            return Ok(reply);
        }
        let Some(text) = asked_for(request).or_else(|| self.settings.text.clone()) else { return Ok(reply) };
        if let Some(usage) = &mut reply.usage {
            let thought = tokens::count(&request.model(), &text);
            usage.output_tokens = usage.output_tokens.saturating_add(thought);
            usage.reasoning_output_tokens = usage.reasoning_output_tokens.saturating_add(thought);
        }
        let Settings { redacted, signature, .. } = &self.settings;
        let thought = Reasoning { text, signature: signature.clone(), redacted: *redacted };
        reply.events.insert(0, Event::Reasoning(thought));
        Ok(reply)
    }

    fn settings_schema() -> String {
        SCHEMA.to_owned()
    }
}

/// What the last user text wants to be thought, where it is the user's turn that is answered.
fn asked_for(request: &Request) -> Option<String> {
    let text = request.last_user_text()?;
    let lines: Vec<_> = text.lines().filter_map(thought).collect();
    (!lines.is_empty() && request.last_role() == Some(Role::User)).then(|| lines.join("\n"))
}

/// The thought of one line.
fn thought(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix(TRIGGER)?.trim();
    (!text.is_empty()).then_some(text)
}

standin_sdk::export!(Think: amender);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use standin_sdk::Usage;
    use standin_sdk::testing::{Host, Request, json};

    use super::*;

    fn amend(settings: serde_json::Value, request: Request, reply: Reply) -> Reply {
        Host::<Think>::new().settings(settings).amend(&request, reply).unwrap()
    }

    fn ask(text: &str) -> Reply {
        amend(json!({}), Request::user(text), Reply::text("Hello"))
    }

    #[test]
    fn a_line_is_thought_before_the_answer() {
        let expected = Reply::new().reasoning("A greeting, I'd say.").say("Hello");
        assert_eq!(ask("think: A greeting, I'd say.\nHello"), expected);
        assert_eq!(ask("Hello\r\n  think:  A greeting, I'd say. \r\n"), expected);
    }

    #[test]
    fn lines_are_one_thought() {
        assert_eq!(ask("think: one\nHello\nthink: two"), Reply::new().reasoning("one\ntwo").say("Hello"));
    }

    #[test]
    fn every_kind_of_answer_is_thought_about() {
        let reply = Reply::new().pause(Duration::from_millis(1)).tool_call("f", "{}").finish("tool-calls");
        let amended = amend(json!({}), Request::user("think: a tool\nGo"), reply.clone());
        assert_eq!(amended.events[0], Event::Reasoning(Reasoning { text: "a tool".into(), ..plain() }));
        assert_eq!(amended.events[1..], reply.events);
        assert_eq!(amended.finish, reply.finish);
    }

    fn plain() -> Reasoning {
        Reasoning { text: String::new(), signature: None, redacted: false }
    }

    #[test]
    fn what_asks_for_no_thought_is_left_alone() {
        for text in
            ["Hello", "I think: no", "Think: no", "think no", "think:no", "think: ", "think:\nno", "rethink: no"]
        {
            assert_eq!(ask(text), Reply::text("Hello"), "{text}");
        }
    }

    #[test]
    fn only_the_last_user_message_counts_and_only_once() {
        let settings = json!({});
        let reply = || Reply::text("Hello");
        let request = Request::user("think: one");
        assert_eq!(amend(settings.clone(), request.clone().message(Role::User, "hi"), reply()), reply());
        assert_eq!(amend(settings.clone(), request.clone().tool_result("call_1", "42"), reply()), reply());
        assert_eq!(amend(settings.clone(), request.clone().message(Role::Assistant, "So"), reply()), reply());
        assert_eq!(amend(settings, request.message(Role::System, "Be brief"), reply()).events.len(), 2);
    }

    #[test]
    fn the_settings_think_before_every_answer() {
        let settings = json!({ "text": "As always." });
        let expected = Reply::new().reasoning("As always.").say("Hello");
        let run = |request| amend(settings.clone(), request, Reply::text("Hello"));
        assert_eq!(run(Request::user("hi")), expected);
        assert_eq!(run(Request::new()), expected);
        assert_eq!(run(Request::user("think: now").tool_result("call_1", "42")), expected);
        assert_eq!(run(Request::user("think: now")), Reply::new().reasoning("now").say("Hello"));
        let empty = amend(json!({ "text": "" }), Request::user("hi"), Reply::text("Hello"));
        assert_eq!(empty, Reply::new().reasoning("").say("Hello"));
    }

    #[test]
    fn a_thought_may_be_redacted_or_signed() {
        let first = |settings| amend(settings, Request::user("think: one"), Reply::text("Hello")).events.remove(0);
        let expected = Reasoning { text: "one".into(), redacted: true, ..plain() };
        assert_eq!(first(json!({ "redacted": true })), Event::Reasoning(expected));
        let expected = Reasoning { text: "one".into(), signature: Some("EqQB".into()), ..plain() };
        assert_eq!(first(json!({ "signature": "EqQB" })), Event::Reasoning(expected));
    }

    #[test]
    fn an_answer_keeps_its_own_thought() {
        let run = |reply| amend(json!({ "text": "As always." }), Request::user("hi"), reply);
        let own = Reply::new().pause(Duration::from_millis(1)).reasoning("Mine.").say("Hello");
        assert_eq!(run(own.clone()), own);
        let later = Reply::text("Hello").reasoning("Mine.");
        assert_eq!(run(later).events.len(), 3);
        assert_eq!(run(Reply::new()), Reply::new().reasoning("As always."));
    }

    #[test]
    fn the_cost_includes_the_thought() {
        let run = |usage| amend(json!({}), Request::user("think: one two three"), Reply::text("Hello").usage(usage));
        let usage = run(Usage { reasoning_output_tokens: 1, ..Usage::new(10, 5) }).usage;
        assert_eq!(usage, Some(Usage { reasoning_output_tokens: 4, ..Usage::new(10, 8) }));
        assert_eq!(run(Usage::new(0, u32::MAX)).usage.map(|usage| usage.output_tokens), Some(u32::MAX));
        assert_eq!(ask("think: one").usage, None);
    }

    #[test]
    fn is_called_only_where_it_can_be_needed() {
        let activation = |settings| Host::<Think>::new().settings(settings).configure().unwrap();
        assert_eq!(activation(json!({})), Activation::any([Condition::user_text_contains("think: ")]));
        assert_eq!(activation(json!({ "redacted": true })), activation(json!({})));
        assert_eq!(activation(json!({ "text": "As always." })), Activation::Always);
    }

    #[test]
    fn settings_are_checked() {
        let configure = |settings| Host::<Think>::new().settings(settings).configure().unwrap_err();
        assert_eq!(
            configure(json!({ "redacted": true, "signature": "EqQB" })),
            "settings.signature: a redacted thought has none; leave out `signature` or `redacted`"
        );
        assert_eq!(
            configure(json!({ "texts": "a" })),
            "settings.texts: unknown field `texts`, expected one of `text`, `redacted`, `signature`"
        );
        assert_eq!(configure(json!({ "text": 1 })), "settings.text: invalid type: integer `1`, expected a string");
    }

    #[test]
    fn the_schema_names_every_setting() {
        let schema: serde_json::Value = serde_json::from_str(&Think::settings_schema()).unwrap();
        let names: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["text", "redacted", "signature"]);
    }
}
