//! Answers with the last user message: the strategy that needs no configuration, and the smallest example of one.

use standin_sdk::{Activation, Outcome, Plugin, Reply, Request, Result};

/// Says what it hears.
pub struct Mirror;

impl Plugin for Mirror {
    type Settings = ();

    fn new(_: ()) -> Result<Self> {
        Ok(Self)
    }

    fn activation(&self) -> Activation {
        Activation::fallback([])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let text = request.last_user_text().unwrap_or_else(|| nothing_heard(&request.path()).to_owned());
        Ok(Reply::text(text).into())
    }
}

/// OpenAI's Responses call it input.
fn nothing_heard(path: &str) -> &'static str {
    if path.ends_with("/responses") { "No user input provided." } else { "No user message provided." }
}

standin_sdk::export!(Mirror);

#[cfg(test)]
mod tests {
    use standin_sdk::testing::{self, Host, Request, json};
    use standin_sdk::{Content, Message, Role};

    use super::*;

    fn answer(request: Request) -> Option<String> {
        testing::run::<Mirror>(&request).unwrap().text()
    }

    #[test]
    fn says_the_last_user_message() {
        let request = Request::user("one").message(Role::Assistant, "two").message(Role::User, " three\n");
        assert_eq!(answer(request.clone()).as_deref(), Some(" three\n"));
        assert_eq!(answer(request.tool_result("call_1", "four")).as_deref(), Some(" three\n"));
    }

    #[test]
    fn joins_text_parts_by_newlines() {
        let content = vec![Content::Text("one".into()), Content::Other("{}".into()), Content::Text("two".into())];
        let message = Message { role: Role::User, name: None, content };
        assert_eq!(answer(Request::new().push(message)).as_deref(), Some("one\ntwo"));
    }

    #[test]
    fn says_so_where_there_is_no_user_message() {
        assert_eq!(answer(Request::new()).as_deref(), Some("No user message provided."));
        let system = Request::new().message(Role::System, "be brief");
        assert_eq!(answer(system.clone()).as_deref(), Some("No user message provided."));
        assert_eq!(answer(system.path("/responses")).as_deref(), Some("No user input provided."));
    }

    #[test]
    fn refuses_settings() {
        let error = Host::<Mirror>::new().settings(json!({ "greeting": 1 })).configure().unwrap_err();
        assert_eq!(error, r#"settings: this plugin takes none, but was given {"greeting":1}"#);
    }
}
