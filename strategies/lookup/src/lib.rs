//! Answers from a table of questions and answers: a `responses.yml` of mockllm, as settings.
//!
//! - `responses`: the table. A question is the whole last user text, to the letter; an answer that is no text, such as
//!   a number, is said as its JSON
//! - `trim`, by default false: white space around a question and around the user's text makes no difference. Letter case
//!   does all the same. Of questions that differ in nothing else the last one counts
//! - `defaults.unknown_response`, optional: the answer to everything else. Left out: the next strategy is asked
//! - `settings.lag_enabled`, by default false: answer slowly, a character every 1 / (10 · `lag_factor`) seconds, give
//!   or take a half. A unary reply comes after the time that its stream takes on average, without the chance
//! - `settings.lag_factor`, by default 10: a number above 0
//! - `chunking`, by default `characters`: a stream is cut into single characters, slow or not. `default` leaves how a reply is
//!   cut and timed to the server's configuration
//!
//! The table stays in the server, and an answer is fetched when it is asked for: a million of them cost an instance nothing.
//! With `trim` an instance looks through the questions once.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use standin_sdk::settings::{self, Unread};
use standin_sdk::{Activation, Chunking, Condition, Outcome, Pacing, Plugin, Reply, Request, Result};

/// Knows the answers.
pub struct Lookup {
    unknown: Option<String>,
    /// Where white space does not count: the questions that have some around them, by what they are without it.
    padded: Option<Padded>,
    /// None: the configuration's.
    pace: Option<Pace>,
}

/// A character at a time.
struct Pace {
    /// How long a character takes.
    lag: Option<Duration>,
}

/// Where a stream is cut.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
enum Cut {
    #[default]
    Characters,
    Default,
}

/// The table's `settings`, beside which others may stand that a server understands.
#[derive(Deserialize)]
#[serde(default)]
struct Lag {
    lag_enabled: bool,
    lag_factor: f64,
}

impl Default for Lag {
    fn default() -> Self {
        Self { lag_enabled: false, lag_factor: 10.0 }
    }
}

impl Plugin for Lookup {
    type Settings = Unread;

    fn new(_: Unread) -> Result<Self> {
        let unknown = answer_at("/defaults/unknown_response")?;
        let lag = settings::at::<Option<Lag>>("/settings")?.flatten().unwrap_or_default();
        let character = Duration::try_from_secs_f64(0.1 / lag.lag_factor).ok().filter(|_| lag.lag_factor > 0.0);
        let character = character.ok_or_else(|| {
            format!("settings.settings.lag_factor: invalid value: {}, expected a number above 0", lag.lag_factor)
        })?;
        let cut = settings::at::<Option<Cut>>("/chunking")?.flatten().unwrap_or_default();
        if cut == Cut::Default && lag.lag_enabled {
            let why = "settings.chunking: `default` found, which leaves the time to the configuration, beside \
                       `settings.lag_enabled`; leave out one of them";
            return Err(why.into());
        }
        let trim = settings::at::<Option<bool>>("/trim")?.flatten().unwrap_or_default();
        let padded = if trim { settings::at("/responses")? } else { None };
        let pace = (cut == Cut::Characters).then(|| Pace { lag: lag.lag_enabled.then_some(character) });
        Ok(Self { unknown, padded, pace })
    }

    fn activation(&self) -> Activation {
        let known = Condition::user_text_key_of("/responses");
        match self.unknown {
            None => Activation::any([known]),
            Some(_) => Activation::fallback([known]),
        }
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        let Some(text) = request.last_user_text() else { return Ok(Outcome::Pass) };
        let answer = answer_at(&settings::pointer(["responses", self.question(&text)]))?;
        let Some(answer) = answer.or_else(|| self.unknown.clone()) else { return Ok(Outcome::Pass) };
        let mut reply = Reply::text(answer);
        reply.pacing = self.pace.as_ref().map(|pace| pace.pacing(request));
        Ok(reply.into())
    }
}

impl Lookup {
    /// What to look up: a key of the table, if it is known.
    fn question<'a>(&'a self, text: &'a str) -> &'a str {
        match &self.padded {
            None => text,
            Some(Padded(padded)) => padded.get(text.trim()).map_or(text.trim(), String::as_str),
        }
    }
}

impl Pace {
    fn pacing(&self, request: &Request) -> Pacing {
        let pacing = Pacing::new().chunking(Chunking::Characters(1));
        match self.lag {
            None => pacing,
            Some(character) => {
                let jitter = if request.is_streaming() { 0.5 } else { 0.0 };
                pacing.ttft(character).per_chunk(character).jitter(jitter)
            }
        }
    }
}

/// Questions with white space around them, by what they are without it; those that a later question without any stands for
/// are left out.
struct Padded(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Padded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PaddedVisitor)
    }
}

struct PaddedVisitor;

impl<'de> Visitor<'de> for PaddedVisitor {
    type Value = Padded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of questions and answers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Padded, A::Error> {
        let mut padded = BTreeMap::new();
        while let Some((question, _)) = map.next_entry::<String, IgnoredAny>()? {
            let trimmed = question.trim();
            if trimmed.len() == question.len() {
                padded.remove(trimmed);
            } else {
                padded.insert(trimmed.to_owned(), question);
            }
        }
        Ok(Padded(padded))
    }
}

/// An answer of the settings, as text.
fn answer_at(pointer: &str) -> Result<Option<String>> {
    match settings::json_at(pointer) {
        Some(json) if json.starts_with('"') => Ok(Some(serde_json::from_str(&json)?)),
        Some(json) if json == "null" => Ok(None),
        other => Ok(other),
    }
}

standin_sdk::export!(Lookup);

#[cfg(test)]
mod tests {
    use standin_sdk::Role;
    use standin_sdk::testing::{Host, Request, json};

    use super::*;

    fn host(rest: serde_json::Value) -> Host<Lookup> {
        let mut settings = json!({ "responses": {
            "what colour is the sky?": "The sky is \"blue\".",
            " padded ": "yes",
            "a/b~c": "escaped",
            "1+1": 2,
            "sure": true,
            "": "silence",
            "nothing": null,
        } });
        for (key, value) in rest.as_object().unwrap() {
            settings[key] = value.clone();
        }
        Host::new().settings(settings)
    }

    #[test]
    fn answers_to_the_letter() {
        let mut host = host(json!({}));
        let mut ask = |text: &str| host.respond(&Request::user(text)).unwrap().text();
        assert_eq!(ask("what colour is the sky?").as_deref(), Some("The sky is \"blue\"."));
        assert_eq!(ask("What colour is the sky?"), None);
        assert_eq!(ask("what colour is the sky? "), None);
        assert_eq!(ask(" padded ").as_deref(), Some("yes"));
        assert_eq!(ask("padded"), None);
        assert_eq!(ask("a/b~c").as_deref(), Some("escaped"));
        assert_eq!(ask("1+1").as_deref(), Some("2"));
        assert_eq!(ask("sure").as_deref(), Some("true"));
        assert_eq!(ask("").as_deref(), Some("silence"));
        assert_eq!(ask("nothing"), None);
        assert_eq!(ask("0"), None);
    }

    #[test]
    fn the_last_user_message_is_the_question() {
        let request = Request::user("sure").message(Role::User, "1+1").message(Role::Assistant, "sure");
        assert_eq!(host(json!({})).respond(&request).unwrap().text().as_deref(), Some("2"));
    }

    #[test]
    fn may_answer_what_it_does_not_know() {
        let mut host = host(json!({ "defaults": { "unknown_response": "no idea" } }));
        assert_eq!(host.respond(&Request::user("why?")).unwrap().text().as_deref(), Some("no idea"));
        assert_eq!(host.respond(&Request::user("sure")).unwrap().text().as_deref(), Some("true"));
        assert_eq!(host.respond(&Request::new()).unwrap(), Outcome::Pass);
    }

    #[test]
    fn white_space_may_not_count() {
        let mut host = host(json!({ "trim": true }));
        let mut ask = |text: &str| host.respond(&Request::user(text)).unwrap().text();
        assert_eq!(ask("\n what colour is the sky?\t").as_deref(), Some("The sky is \"blue\"."));
        assert_eq!(ask("What colour is the sky?"), None);
        assert_eq!(ask("padded").as_deref(), Some("yes"));
        assert_eq!(ask(" padded").as_deref(), Some("yes"));
        assert_eq!(ask("1 +1"), None);
        assert_eq!(ask(" ").as_deref(), Some("silence"));
        assert_eq!(ask(" nothing"), None);
    }

    #[test]
    fn of_questions_that_are_the_same_the_last_counts() {
        let ask = |table: serde_json::Value| {
            let mut host = Host::<Lookup>::new().settings(json!({ "responses": table, "trim": true }));
            host.respond(&Request::user("q")).unwrap().text().unwrap()
        };
        assert_eq!(ask(json!({ "q": "a", " q": "b", "q ": "c" })), "c");
        assert_eq!(ask(json!({ " q": "a", "q": "b" })), "b");
        assert_eq!(ask(json!({ "q": "a", "q ": "b" })), "b");
    }

    #[test]
    fn the_pacing_may_be_the_configurations() {
        let reply = |settings| {
            let outcome = host(settings).respond(&Request::user("sure")).unwrap();
            outcome.as_reply().unwrap().clone()
        };
        assert_eq!(reply(json!({ "chunking": "default" })), Reply::text("true"));
        let characters = Pacing::new().chunking(Chunking::Characters(1));
        assert_eq!(reply(json!({ "chunking": "characters" })).pacing, Some(characters));
        let lagging = json!({ "responses": {}, "chunking": "default", "settings": { "lag_enabled": true } });
        let error = refused(lagging);
        assert!(error.starts_with("settings.chunking: `default` found, which leaves the time"), "{error}");
    }

    fn pacing(settings: serde_json::Value, request: Request) -> Pacing {
        let outcome = host(json!({ "settings": settings })).respond(&request).unwrap();
        outcome.as_reply().unwrap().pacing.unwrap()
    }

    #[test]
    fn is_cut_into_characters() {
        let expected = Pacing::new().chunking(Chunking::Characters(1));
        assert_eq!(pacing(json!({}), Request::user("sure")), expected);
        assert_eq!(pacing(json!({ "lag_enabled": false, "lag_factor": 3 }), Request::user("sure")), expected);
        assert_eq!(pacing(json!(null), Request::user("sure")), expected);
    }

    #[test]
    fn lags() {
        let expected = |millis, jitter| {
            let time = Duration::from_millis(millis);
            Pacing::new().chunking(Chunking::Characters(1)).ttft(time).per_chunk(time).jitter(jitter)
        };
        let request = Request::user("sure");
        assert_eq!(pacing(json!({ "lag_enabled": true }), request.clone()), expected(10, 0.0));
        assert_eq!(pacing(json!({ "lag_enabled": true }), request.clone().streaming()), expected(10, 0.5));
        assert_eq!(pacing(json!({ "lag_enabled": true, "lag_factor": 0.5 }), request), expected(200, 0.0));
    }

    fn refused(settings: serde_json::Value) -> String {
        Host::<Lookup>::new().settings(settings).configure().unwrap_err()
    }

    #[test]
    fn settings_are_checked() {
        for factor in [json!(0), json!(-1.5), json!(1e-300)] {
            let error = refused(json!({ "responses": {}, "settings": { "lag_factor": factor } }));
            assert!(error.starts_with("settings.settings.lag_factor: invalid value: "), "{error}");
            assert!(error.ends_with(", expected a number above 0"), "{error}");
        }
        let error = refused(json!({ "responses": {}, "settings": { "lag_enabled": "yes" } }));
        assert_eq!(error, "settings.settings.lag_enabled: invalid type: string \"yes\", expected a boolean");
        let error = refused(json!({ "responses": {}, "trim": "yes" }));
        assert_eq!(error, "settings.trim: invalid type: string \"yes\", expected a boolean");
        let error = refused(json!({ "responses": {}, "chunking": "words" }));
        assert_eq!(error, "settings.chunking: unknown variant `words`, expected `characters` or `default`");
        let error = refused(json!({ "responses": [], "trim": true }));
        assert_eq!(error, "settings.responses: invalid type: sequence, expected an object of questions and answers");
    }

    #[test]
    fn a_table_is_needed() {
        assert_eq!(refused(json!({})), "settings.responses: nothing found, expected an object");
        assert_eq!(
            refused(json!({ "responses": ["a"], "defaults": { "unknown_response": "?" } })),
            "settings.responses: an array found, expected an object"
        );
    }
}
