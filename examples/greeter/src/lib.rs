//! Greets whoever says its name: `my name is Ada` is answered with `hello, Ada!`.

use serde::Deserialize;
use standin_sdk::{Activation, Condition, Outcome, Plugin, Reply, Request, Result};

const OPENING: &str = "my name is ";

struct Greeter {
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    greeting: String,
}

impl Plugin for Greeter {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        if settings.greeting.is_empty() {
            return Err("settings.greeting: expected a word or two, such as `hello`".into());
        }
        Ok(Self { settings })
    }

    // Optional: other requests are answered without asking this plugin.
    fn activation(&self) -> Activation {
        Activation::any([Condition::user_text_contains(OPENING)])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let text = request.last_user_text().unwrap_or_default();
        let Some(name) = text.strip_prefix(OPENING) else { return Ok(Outcome::Pass) };
        Ok(Reply::text(format!("{}, {}!", self.settings.greeting, name.trim())).into())
    }
}

standin_sdk::export!(Greeter);

#[cfg(test)]
mod tests {
    use standin_sdk::testing::{Host, Request, json};

    use super::*;

    #[test]
    fn greets_by_name() {
        let mut host = Host::<Greeter>::new().settings(json!({ "greeting": "hello" }));
        let outcome = host.respond(&Request::user("my name is Ada")).unwrap();
        assert_eq!(outcome.text().as_deref(), Some("hello, Ada!"));
    }

    #[test]
    fn leaves_everything_else_to_the_next_strategy() {
        let mut host = Host::<Greeter>::new().settings(json!({ "greeting": "hello" }));
        for text in ["what is your name?", "I say my name is Ada"] {
            assert_eq!(host.respond(&Request::user(text)).unwrap(), Outcome::Pass);
        }
    }

    #[test]
    fn needs_a_greeting() {
        let error = Host::<Greeter>::new().settings(json!({ "greting": "hello" })).configure().unwrap_err();
        assert_eq!(error, "settings.greting: unknown field `greting`, expected `greeting`");
        let error = Host::<Greeter>::new().settings(json!({ "greeting": "" })).configure().unwrap_err();
        assert_eq!(error, "settings.greeting: expected a word or two, such as `hello`");
    }
}
