//! An agent of three turns: it asks, proposes and concludes. An example of a strategy that remembers.
//!
//! Which turn it is, is counted in the `state`, for each session by itself: a client names its session with the header
//! `X-Standin-Session`. A field of [`Agent`] would not do, since there are several instances at a time, and any of them
//! may be thrown away between two requests.
//!
//! Settings: `turns`, by default those three; a list of at least one text. After the last, the last is said again.

use serde::Deserialize;
use standin_sdk::{Outcome, Plugin, Reply, Request, Result, state};

/// Gets somewhere.
pub struct Agent {
    turns: Vec<String>,
}

/// What it says.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// In its first turn, its second and so on.
    pub turns: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let turns = ["What would you like to achieve?", "I propose to do it in small steps. Shall I?", "It is done."];
        Self { turns: turns.map(str::to_owned).into() }
    }
}

impl Plugin for Agent {
    type Settings = Settings;

    fn new(Settings { turns }: Settings) -> Result<Self> {
        if turns.is_empty() {
            return Err("settings.turns: an empty list found, expected at least one text".into());
        }
        Ok(Self { turns })
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        // The further choices of a request are not turns of their own: the first is repeated for them.
        if request.choice_index() > 0 {
            return Ok(Outcome::Pass);
        }
        // Counts and returns the count before, in one step: two requests at the same time are two turns.
        let turn = usize::try_from(state::fetch_add("turns", 1)?)?;
        Ok(Reply::text(&self.turns[turn.min(self.turns.len() - 1)]).into())
    }
}

standin_sdk::export!(Agent);

#[cfg(test)]
mod tests {
    use standin_sdk::testing::{Host, Request, json};

    use super::*;

    fn host(turns: &[&str]) -> Host<Agent> {
        Host::new().settings(json!({ "turns": turns }))
    }

    fn answer(host: &mut Host<Agent>, session: &str) -> String {
        host.respond(&Request::user("go on").session(session)).unwrap().text().unwrap()
    }

    #[test]
    fn each_turn_has_its_own_answer() {
        let mut host = host(&["ask", "propose", "conclude"]);
        let answers = [(); 4].map(|()| answer(&mut host, "a"));
        assert_eq!(answers, ["ask", "propose", "conclude", "conclude"]);
        assert_eq!(host.state("a", "turns"), Some("4"));
    }

    #[test]
    fn each_session_has_its_own_turns() {
        let mut host = host(&["ask", "propose", "conclude"]);
        let answers = ["a", "a", "b", "a", "b"].map(|session| answer(&mut host, session));
        assert_eq!(answers, ["ask", "propose", "ask", "conclude", "propose"]);
    }

    #[test]
    fn it_needs_no_settings() {
        let mut host = Host::new();
        let answers = [(); 3].map(|()| answer(&mut host, "a"));
        assert_eq!(answers[0], "What would you like to achieve?");
        assert!(answers[0] != answers[1] && answers[1] != answers[2]);
    }

    #[test]
    fn several_choices_are_one_turn() {
        let mut host = host(&["ask", "propose"]);
        assert_eq!(answer(&mut host, "a"), "ask");
        assert_eq!(host.respond(&Request::user("go on").session("a").choice_index(1)).unwrap(), Outcome::Pass);
        assert_eq!(answer(&mut host, "a"), "propose");
    }

    #[test]
    fn settings_are_checked() {
        let refused = |settings| Host::<Agent>::new().settings(settings).configure().unwrap_err();
        let error = refused(json!({ "turns": [] }));
        assert_eq!(error, "settings.turns: an empty list found, expected at least one text");
        let error = refused(json!({ "turns": ["a", 2] }));
        assert_eq!(error, "settings.turns[1]: invalid type: integer `2`, expected a string");
        assert_eq!(refused(json!({ "turn": [] })), "settings.turn: unknown field `turn`, expected `turns`");
    }
}
