//! Greets whoever says its name: `my name is Ada` is answered with `Hello, Ada!`.

use serde::Deserialize;
use standin_sdk::{Activation, Condition, Outcome, Plugin, Reply, Request, Result};

const OPENING: &str = "my name is ";

struct Greeter {
    settings: Settings,
}

/// What `standin.yaml` may say under `settings`.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    greeting: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { greeting: "Hello".to_owned() }
    }
}

impl Plugin for Greeter {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        Ok(Self { settings })
    }

    // When the server has to ask: all other requests are answered without a call.
    fn activation(&self) -> Activation {
        Activation::any([Condition::user_text_contains(OPENING)])
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let text = request.last_user_text().unwrap_or_default();
        let Some(name) = name_in(&text) else { return Ok(Outcome::Pass) };
        Ok(Reply::text(format!("{}, {name}!", self.settings.greeting)).into())
    }
}

standin_sdk::export!(Greeter);

/// What follows the opening, up to the first mark or the end of the line.
fn name_in(text: &str) -> Option<&str> {
    let start = text.to_ascii_lowercase().find(OPENING)? + OPENING.len();
    let name = text[start..].split(['.', '!', '?', ',', '\n']).next()?.trim();
    (!name.is_empty()).then_some(name)
}

// `cargo test` runs these without WebAssembly and without a server.
#[cfg(test)]
mod tests {
    use standin_sdk::testing::{Host, Request, json, run};

    use super::*;

    #[test]
    fn greets_by_name() {
        let outcome = run::<Greeter>(&Request::user("Hi! My name is Ada.")).unwrap();
        assert_eq!(outcome.text().as_deref(), Some("Hello, Ada!"));
    }

    #[test]
    fn greets_as_the_settings_say() {
        let mut host = Host::<Greeter>::new().settings(json!({ "greeting": "Good day" }));
        let outcome = host.respond(&Request::user("my name is Ada")).unwrap();
        assert_eq!(outcome.text().as_deref(), Some("Good day, Ada!"));
    }

    #[test]
    fn leaves_everything_else_to_the_next_strategy() {
        for text in ["hello", "my name is ", "my name is ..."] {
            assert_eq!(run::<Greeter>(&Request::user(text)).unwrap(), Outcome::Pass, "{text}");
        }
    }
}
