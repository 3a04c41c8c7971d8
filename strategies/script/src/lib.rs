//! Gives the replies of a script, one after the other: a test says beforehand what the model will answer.
//!
//! Settings, all optional:
//! - `replies`, or `responses`: a list. Each reply is a text, or an object as `reply.rs` describes it; an empty list is one
//!   reply of nothing but defaults
//! - `then`: when all are given, `repeat` gives the last one again, and `pass` asks the next strategy. Left out: `repeat`
//!
//! A test may also queue replies for its session while the server runs: the state holds `script`, which is the same as
//! the settings in JSON, and `next`, how many of its replies are given. It comes before the settings, which are asked when
//! it passes. Each request takes one reply, whatever it says and however many choices it wants; requests that come
//! at the same time get different ones. Every session begins at the first reply.

mod chunks;
mod reply;
#[cfg(test)]
mod tests;
mod time;

use serde::Deserialize;
use serde_json::value::RawValue;
use standin_sdk::{Activation, Condition, Outcome, Plugin, Request, Result, from_json, state};

use self::reply::Scripted;

/// The key of the state under which a session has a script of its own.
const SCRIPT: &str = "script";
/// Counts the replies that were given of the session's own script.
const NEXT: &str = "next";
/// Counts the replies that were given of the settings.
const NEXT_OF_SETTINGS: &str = "settings-next";

/// Knows its part.
pub struct Script {
    settings: Option<Lines<Scripted>>,
}

/// What to say, line by line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines<T> {
    #[serde(alias = "responses")]
    replies: Vec<T>,
    #[serde(default)]
    then: Then,
}

/// What follows the last reply.
#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
enum Then {
    #[default]
    Repeat,
    Pass,
}

/// What the configuration says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(alias = "responses")]
    replies: Option<Vec<Scripted>>,
    then: Option<Then>,
}

impl Plugin for Script {
    type Settings = Settings;

    fn new(Settings { replies, then }: Settings) -> Result<Self> {
        if replies.is_none() && then.is_some() {
            return Err("settings.then: nothing found that it could follow; give `replies` as well".into());
        }
        Ok(Self { settings: replies.map(|replies| Lines { replies, then: then.unwrap_or_default() }) })
    }

    fn activation(&self) -> Activation {
        match self.settings {
            None => Activation::any([Condition::has_state(SCRIPT)]),
            Some(_) => Activation::Always,
        }
    }

    fn respond(&self, request: &Request) -> Result<Outcome> {
        // A request takes one reply: the first choice is repeated for the others.
        if request.choice_index() > 0 {
            return Ok(Outcome::Pass);
        }
        if let Some(reply) = queued()? {
            return Ok(reply.outcome());
        }
        let Some(lines) = &self.settings else { return Ok(Outcome::Pass) };
        Ok(match lines.next(NEXT_OF_SETTINGS)? {
            Place::At(index) => lines.replies[index].outcome(),
            Place::Default => Scripted::default().outcome(),
            Place::Over => Outcome::Pass,
        })
    }
}

/// The next reply of the session's own script.
fn queued() -> Result<Option<Scripted>> {
    let Some(json) = state::get(SCRIPT) else { return Ok(None) };
    // Only the reply that is given is read: a script may be long, and this is done for each request.
    let lines: Lines<Box<RawValue>> = from_json(SCRIPT, &json)?;
    Ok(match lines.next(NEXT)? {
        Place::At(index) => Some(from_json(&format!("{SCRIPT}.replies[{index}]"), lines.replies[index].get())?),
        Place::Default => Some(Scripted::default()),
        Place::Over => None,
    })
}

/// Which reply is the next.
enum Place {
    At(usize),
    /// There are none at all.
    Default,
    /// All are given.
    Over,
}

impl<T> Lines<T> {
    /// Takes the next reply, which a counter in the state tells.
    fn next(&self, counter: &str) -> Result<Place> {
        let taken = take(counter, self.replies.len())?;
        Ok(match (taken, self.then, self.replies.len()) {
            (Some(index), ..) => Place::At(index),
            (None, Then::Pass, _) => Place::Over,
            (None, Then::Repeat, 0) => Place::Default,
            (None, Then::Repeat, count) => Place::At(count - 1),
        })
    }
}

/// Counts one more of so many replies, and says which; none where all are given. The counter does not stay above their
/// number: what a test queues later is given from its beginning.
fn take(counter: &str, count: usize) -> Result<Option<usize>> {
    let count = i64::try_from(count)?;
    let given = state::get(counter).and_then(|given| given.parse().ok());
    if given.unwrap_or(0) >= count {
        return Ok(None);
    }
    let mut taken = state::fetch_add(counter, 1)?;
    // The session was reset between the two steps of a request that is put right below.
    while taken < 0 {
        taken = state::fetch_add(counter, 1)?;
    }
    if taken >= count {
        // Another request was faster.
        state::fetch_add(counter, -1)?;
        return Ok(None);
    }
    Ok(usize::try_from(taken).ok())
}

standin_sdk::export!(Script);
