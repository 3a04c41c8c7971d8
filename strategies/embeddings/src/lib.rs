//! Embeds texts without a model: similar ones lie near each other, the same ones at the same place.
//!
//! - The vectors have unit length, and depend on nothing but the text and the number of dimensions: not on the model, the
//!   session, the seed, or what else is in the batch.
//! - Texts are near that share words, whatever their inflection, or words of the same meaning, or that are about
//!   the same things, as far as a small built-in thesaurus knows. Slips of the pen and many words of other languages are near
//!   too. It is enough to try a search on; it is no substitute for a model where fine differences matter.
//! - Case, white space, punctuation and accents make no difference.
//! - `dimensions` of the request, from 1 to 3072. Left out: 3072 for `text-embedding-3-large`, 1536 for every other
//!   model. A vector of fewer dimensions is the beginning of a longer one, brought to unit length.
//!
//! There are no settings.

mod features;
mod sketch;
mod sound;
mod stem;
mod table;
mod thesaurus;
mod words;

use std::cell::RefCell;

use standin_sdk::{Activation, ApiError, Condition, EmbeddingOutcome, Plugin, Request, Result};

use features::Reader;
use sketch::{MOST, Sketch};

const USUAL: usize = 1536;
const LARGE: &str = "embedding-3-large";

/// Embeds.
pub struct Embed {
    /// Made at the first request: a server that embeds nothing should not wait for it.
    reader: RefCell<Option<Reader>>,
}

impl Plugin for Embed {
    type Settings = ();

    fn new(_: ()) -> Result<Self> {
        Ok(Self { reader: RefCell::new(None) })
    }

    fn activation(&self) -> Activation {
        Activation::any([Condition::operation("embeddings")])
    }

    fn embed(&self, request: &Request) -> Result<EmbeddingOutcome> {
        let dimensions = match dimensions(request) {
            Ok(dimensions) => dimensions,
            Err(why) => return Ok(ApiError::new(400, why).param("dimensions").into()),
        };
        let mut reader = self.reader.borrow_mut();
        let reader = reader.get_or_insert_with(Reader::new);
        let mut sketch = Sketch::new(dimensions);
        let vectors: Vec<_> = request
            .embedding_inputs()
            .iter()
            .map(|text| {
                reader.read(text, &mut sketch);
                sketch.take()
            })
            .collect();
        Ok(vectors.into())
    }
}

/// How many dimensions the client wants, and otherwise what is wrong with that.
fn dimensions(request: &Request) -> Result<usize, String> {
    let wanted: Option<Option<u64>> = request.json_at("/dimensions").map_err(|error| error.to_string())?;
    let Some(wanted) = wanted.flatten() else {
        return Ok(if request.model().contains(LARGE) { MOST } else { USUAL });
    };
    let fits = usize::try_from(wanted).ok().filter(|wanted| (1..=MOST).contains(wanted));
    fits.ok_or_else(|| format!("'dimensions' is {wanted}, expected 1 to {MOST}. Leave it out for the model's own."))
}

standin_sdk::export!(Embed: embedder);
