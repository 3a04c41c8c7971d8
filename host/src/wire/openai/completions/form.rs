//! What of the prompts stands in an answer: on its way from the decoder to the encoders it is text, members of a JSON object.

use serde::Deserialize;

use crate::wire::Envelope;
use crate::wire::json::{write_number, write_string};

/// The prompts of an answer's choices.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Prompts {
    /// How many choices each of them has.
    n: u32,
    /// They stand in front of their choices' texts.
    pub(super) echo: bool,
    prompts: Vec<String>,
}

impl Prompts {
    /// Those that a decoder wrote down.
    pub(super) fn of(envelope: &Envelope) -> Self {
        serde_json::from_str(&format!("{{{}}}", envelope.form.echo)).unwrap_or_default()
    }

    /// The prompt of a choice.
    pub(super) fn at(&self, choice: u32) -> &str {
        self.prompts.get((choice / self.n.max(1)) as usize).map_or("", String::as_str)
    }

    /// What stands in front of a choice's text.
    pub(super) fn echoed(&self, choice: u32) -> &str {
        if self.echo { self.at(choice) } else { "" }
    }
}

/// What [`Prompts::of`] reads.
pub(super) fn write<'p>(n: u32, echo: bool, prompts: impl Iterator<Item = &'p str>) -> String {
    let mut out = br#""n":"#.to_vec();
    write_number(&mut out, n.into());
    out.extend_from_slice(if echo { br#","echo":true,"prompts":["# } else { br#","echo":false,"prompts":["# });
    for (index, prompt) in prompts.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(&mut out, prompt);
    }
    out.push(b']');
    // Only whole texts went in.
    String::from_utf8(out).unwrap_or_default()
}
