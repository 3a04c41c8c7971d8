//! Weather for retries: calm stretches in which everything passes, and storms in which requests fail. When a storm begins, how
//! long it lasts and what it does is drawn from the seed, apart for each session: a test that failed in a storm meets the same
//! storm again.

use serde::{Deserialize, Serialize};
use standin_sdk::{ApiError, Fault, Outcome, Plugin, Reply, Request, Result, context, state};

/// Where the weather of a session is kept.
const WEATHER: &str = "weather";

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// How many requests a calm stretch lasts, from and to.
    calm: [u64; 2],
    /// How many requests a storm lasts, from and to.
    storm: [u64; 2],
    /// What a storm does; one of these is drawn for each request.
    faults: Vec<Trouble>,
}

impl Default for Settings {
    fn default() -> Self {
        use Trouble::{Disconnect, Overloaded, RateLimit};
        Self { calm: [5, 10], storm: [2, 4], faults: vec![RateLimit, Overloaded, Disconnect] }
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Trouble {
    RateLimit,
    Overloaded,
    /// The answer breaks off after its first words.
    Disconnect,
}

#[derive(Serialize, Deserialize)]
struct Weather {
    stormy: bool,
    /// Requests that are left of it.
    left: u64,
}

struct FaultStorm(Settings);

impl Plugin for FaultStorm {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        for (name, [from, to]) in [("calm", settings.calm), ("storm", settings.storm)] {
            if from == 0 || from > to {
                return Err(format!("settings.{name}: found [{from}, {to}], expected [from, to], at least [1, 1]").into());
            }
        }
        if settings.faults.is_empty() {
            return Err("settings.faults: expected one at least; a storm has to do something".into());
        }
        Ok(Self(settings))
    }

    fn respond(&self, _: &Request) -> Result<Outcome> {
        let kept = state::get(WEATHER).map(|json| serde_json::from_str(&json)).transpose();
        let mut weather = kept.map_err(|error| error.to_string())?.unwrap_or_else(|| self.next(false));
        if weather.left == 0 {
            weather = self.next(!weather.stormy);
        }
        weather.left -= 1;
        let json = serde_json::to_string(&weather).map_err(|error| error.to_string())?;
        state::set(WEATHER, &json).map_err(|error| error.to_string())?;
        Ok(if weather.stormy { self.strike() } else { Outcome::Pass })
    }
}

impl FaultStorm {
    fn next(&self, stormy: bool) -> Weather {
        let [from, to] = if stormy { self.0.storm } else { self.0.calm };
        Weather { stormy, left: from + context::below(to - from + 1) }
    }

    fn strike(&self) -> Outcome {
        match context::pick(&self.0.faults).copied().unwrap_or(Trouble::Overloaded) {
            Trouble::RateLimit => ApiError::new(429, "Rate limit reached: a storm is passing").retry_after(1).into(),
            Trouble::Overloaded => ApiError::new(503, "The model is overloaded: a storm is passing").into(),
            Trouble::Disconnect => Reply::text("I was about to say that").fault(Fault::Disconnect).into(),
        }
    }
}

standin_sdk::export!(FaultStorm);

#[cfg(test)]
mod tests {
    use standin_sdk::testing::{Host, Request, json};

    use super::*;

    /// One letter for each request of a session: `.` passes, `x` fails.
    fn weather(seed: u64, settings: serde_json::Value) -> String {
        let mut host = Host::<FaultStorm>::new().seed(seed).settings(settings);
        let ask = |_| if host.respond(&Request::user("hi")).unwrap() == Outcome::Pass { '.' } else { 'x' };
        (0..40).map(ask).collect()
    }

    #[test]
    fn calm_and_storms_take_turns() {
        let weather = weather(1, json!({ "calm": [3, 3], "storm": [2, 2] }));
        assert_eq!(weather, "...xx".repeat(8));
    }

    #[test]
    fn the_seed_makes_the_weather() {
        assert_eq!(weather(1, json!({})), weather(1, json!({})));
        assert_ne!(weather(1, json!({})), weather(2, json!({})));
    }

    #[test]
    fn a_stretch_lasts_one_request_at_least() {
        let error = Host::<FaultStorm>::new().settings(json!({ "calm": [0, 3] })).configure().unwrap_err();
        assert_eq!(error, "settings.calm: found [0, 3], expected [from, to], at least [1, 1]");
    }
}
