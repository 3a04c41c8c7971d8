//! Embeds texts as `[length, 0.5, -1.0]`, or wrongly as its settings say: `{ mode: nan }`.

use serde::Deserialize;
use standin_sdk::{ApiError, EmbeddingOutcome, Plugin, Request, Result};

struct Embed(Settings);

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Settings {
    mode: Mode,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Length,
    /// Numbers that JSON has no word for.
    Nan,
    /// One vector less than there are inputs.
    TooFew,
    /// Vectors of no dimension.
    Empty,
    Pass,
    Error,
    Err,
}

impl Plugin for Embed {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self> {
        Ok(Self(settings))
    }

    fn embed(&self, request: &Request) -> Result<EmbeddingOutcome> {
        let inputs = request.embedding_inputs();
        let mut vectors: Vec<_> = inputs.iter().map(|text| vec![text.chars().count() as f32, 0.5, -1.0]).collect();
        match self.0.mode {
            Mode::Length => {}
            Mode::Nan => vectors.iter_mut().for_each(|vector| vector.extend([f32::NAN, f32::INFINITY])),
            Mode::TooFew => drop(vectors.pop()),
            Mode::Empty => vectors.iter_mut().for_each(Vec::clear),
            Mode::Pass => return Ok(EmbeddingOutcome::Pass),
            Mode::Error => return Ok(ApiError::new(429, "too many texts").retry_after(1).into()),
            Mode::Err => return Err("no idea how".into()),
        }
        Ok(vectors.into())
    }
}

standin_sdk::export!(Embed: embedder);
