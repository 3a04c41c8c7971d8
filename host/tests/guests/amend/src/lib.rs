//! Changes the text of a reply as its settings say: `{ upper: true, suffix: "!", fail: "why" }`.

use serde::Deserialize;
use standin_sdk::{Error, Plugin, Reply, Request, Result};

struct Amend(Settings);

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Settings {
    /// In capitals.
    upper: bool,
    /// Says this at the end.
    suffix: String,
    /// Fails with this.
    fail: Option<String>,
}

impl Plugin for Amend {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        Ok(Self(settings))
    }

    fn amend(&self, _: &Request, mut reply: Reply) -> Result<Reply> {
        if let Some(why) = &self.0.fail {
            return Err(Error::from(why.as_str()));
        }
        if self.0.upper {
            reply = reply.map_text(|text| text.to_uppercase());
        }
        Ok(if self.0.suffix.is_empty() { reply } else { reply.say(&self.0.suffix) })
    }
}

standin_sdk::export!(Amend: amender);
