//! Calls the tools that the last user message names, and says what they answered.
//!
//! Each line that contains `call tool '<name>' with '<json>'` is one call, and several lines are parallel calls of one
//! reply. The arguments are passed on as they are, empty ones as `{}`; they cannot contain a `'`. When the results come
//! back, the reply is `last tool call result is <content>`, unless the client asks for an answer of another form: one that
//! satisfies a schema, or a call. Everything else is left to the next strategy.
//!
//! Settings: `require-tools`, by default true: only where the request offers tools. Their names are not compared.

use serde::Deserialize;
use standin_sdk::{Activation, Condition, Content, Message, Outcome, Plugin, Reply, Request, Result, Role, ToolChoice};

const OPENING: &str = "call tool '";
const MIDDLE: &str = "' with '";

/// Does as it is told.
pub struct ToolCall {
    settings: Settings,
}

/// When tools are called.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Only where the request offers tools.
    #[serde(default = "yes")]
    pub require_tools: bool,
}

fn yes() -> bool {
    true
}

impl Plugin for ToolCall {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        Ok(Self { settings })
    }

    fn activation(&self) -> Activation {
        Activation::any([Condition::LastRole(Role::Tool), Condition::user_text_contains(OPENING)])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        Ok(match request.last_role() {
            Some(Role::Tool) if wants_a_form(request) => Outcome::Pass,
            Some(Role::Tool) => result(request).map_or(Outcome::Pass, Outcome::Reply),
            Some(Role::User) => self.calls(request).map_or(Outcome::Pass, Outcome::Reply),
            _ => Outcome::Pass,
        })
    }
}

impl ToolCall {
    fn calls(&self, request: &Request) -> Option<Reply> {
        let text = request.last_user_text()?;
        let mut calls = text.lines().filter_map(call).peekable();
        calls.peek()?;
        if self.settings.require_tools && request.tool_count() == 0 {
            return None;
        }
        Some(calls.fold(Reply::new(), |reply, (name, arguments)| {
            reply.tool_call(name, if arguments.is_empty() { "{}" } else { arguments })
        }))
    }
}

/// A sentence would not be what the client asks for.
fn wants_a_form(request: &Request) -> bool {
    request.output_schema().is_some() || matches!(request.tool_choice(), ToolChoice::Required | ToolChoice::Named(_))
}

/// What the last tool answered.
fn result(request: &Request) -> Option<Reply> {
    let message = request.messages().rfind(|message| message.role == Role::Tool)?;
    Some(Reply::text(format!("last tool call result is {}", answer(&message))))
}

fn answer(message: &Message) -> String {
    let result = message.content.iter().rev().find_map(|content| match content {
        Content::ToolResult(result) => Some(result.content.clone()),
        _ => None,
    });
    result.or_else(|| message.text()).unwrap_or_default()
}

/// The first match of `call tool '([^']+)' with '([^']*)'` in a line.
fn call(line: &str) -> Option<(&str, &str)> {
    line.match_indices(OPENING).find_map(|(start, _)| {
        let (name, rest) = line[start + OPENING.len()..].split_once('\'')?;
        // The quote that ends the name is also the first character of what follows it.
        let (arguments, _) = rest.strip_prefix(&MIDDLE[1..])?.split_once('\'')?;
        (!name.is_empty()).then_some((name, arguments))
    })
}

standin_sdk::export!(ToolCall);

#[cfg(test)]
mod tests {
    use standin_sdk::testing::{self, Host, Request, json};

    use super::*;

    fn run(request: Request) -> Outcome {
        testing::run::<ToolCall>(&request).unwrap()
    }

    #[test]
    fn a_line_is_a_call() {
        let outcome = run(Request::user("Please call tool 'calculate' with '{\"expression\": \"6*7\"}'!").tool("f"));
        assert_eq!(outcome.tool_calls(), [("calculate", r#"{"expression": "6*7"}"#)]);
        assert_eq!(outcome.text().as_deref(), Some(""));
    }

    #[test]
    fn lines_are_parallel_calls() {
        let text = "call tool 'a' with '1' call tool 'never' with '0'\r\nnothing\ncall tool 'b' with ''";
        assert_eq!(run(Request::user(text).tool("f")).tool_calls(), [("a", "1"), ("b", "{}")]);
    }

    #[test]
    fn the_name_is_not_compared_with_the_tools() {
        let text = "call tool 'get_weather' with '{}'";
        assert_eq!(run(Request::user(text).tool_with("other", json!({}))).tool_calls(), [("get_weather", "{}")]);
    }

    #[test]
    fn a_user_who_goes_on_after_a_result_is_heard() {
        let text = "call tool 'a' with 'not {json'";
        let request = Request::user(text).tool("a").tool_result("call_1", "one").message(Role::User, text);
        assert_eq!(run(request.clone()).tool_calls(), [("a", "not {json")]);
        assert_eq!(run(request.message(Role::System, "be brief")).tool_calls(), [("a", "not {json")]);
    }

    #[test]
    fn what_is_no_call_is_passed() {
        for text in
            ["call tool '' with '{}'", "call tool 'a' with '{}", "call tool 'a'with '{}'", "Call tool 'a' with ''"]
        {
            assert_eq!(run(Request::user(text).tool("f")), Outcome::Pass, "{text}");
        }
        assert_eq!(run(Request::user("call tool 'a\n' with ''").tool("f")), Outcome::Pass);
    }

    #[test]
    fn a_false_start_does_not_hide_a_call() {
        assert_eq!(call("call tool 'x call tool 'y' with '1'"), Some(("y", "1")));
    }

    #[test]
    fn tools_are_required_unless_settings_say_otherwise() {
        let request = Request::user("call tool 'a' with '1'");
        assert_eq!(run(request.clone()), Outcome::Pass);
        let mut host = Host::<ToolCall>::new().settings(json!({ "require-tools": false }));
        assert_eq!(host.respond(&request).unwrap().tool_calls(), [("a", "1")]);
    }

    #[test]
    fn a_result_is_said() {
        let request = Request::user("call tool 'a' with '1'").tool_result("call_1", "one").tool_result("call_2", "two");
        let expected = Some("last tool call result is two".to_owned());
        assert_eq!(run(request.clone()).text(), expected);
        assert_eq!(run(request.message(Role::System, "be brief")).text(), expected);
    }

    #[test]
    fn an_answer_of_another_form_is_left_to_others() {
        let request = Request::user("call tool 'a' with '1'").tool("a").tool_result("call_1", "one");
        assert_eq!(run(request.clone().output_schema("{}")), Outcome::Pass);
        assert_eq!(run(request.clone().tool_choice(ToolChoice::Required)), Outcome::Pass);
        assert!(run(request.tool_choice(ToolChoice::Auto)).text().is_some());
    }

    #[test]
    fn only_a_user_or_a_tool_is_answered() {
        let request = Request::user("call tool 'a' with '1'").tool("a").message(Role::Assistant, "I did");
        assert_eq!(run(request.clone()), Outcome::Pass);
        assert_eq!(run(request.message(Role::User, "thanks")), Outcome::Pass);
    }

    #[test]
    fn settings_are_checked() {
        let configure = |settings| Host::<ToolCall>::new().settings(settings).configure().unwrap_err();
        let error = configure(json!({ "require-tools": "yes" }));
        assert_eq!(error, "settings.require-tools: invalid type: string \"yes\", expected a boolean");
        let error = configure(json!({ "require_tools": true }));
        assert_eq!(error, "settings.require_tools: unknown field `require_tools`, expected `require-tools`");
    }
}
