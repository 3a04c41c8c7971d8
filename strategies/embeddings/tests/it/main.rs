//! The embeddings plugin, as a client meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod near;
mod vectors;

use embeddings::Embed;
use standin_sdk::EmbeddingOutcome;
use standin_sdk::testing::{Host, Request, json};

/// A request for these texts.
fn request(texts: &[impl AsRef<str>]) -> Request {
    texts.iter().fold(Request::new(), |request, text| request.embedding_input(text.as_ref()))
}

/// What a fresh plugin makes of a request.
fn answer(request: Request) -> EmbeddingOutcome {
    Host::<Embed>::new().embed(&request.model("text-embedding-3-small")).unwrap()
}

/// The vectors of these texts.
fn embed(texts: &[impl AsRef<str>], dimensions: usize) -> Vec<Vec<f32>> {
    match answer(request(texts).body(json!({ "dimensions": dimensions }))) {
        EmbeddingOutcome::Vectors(vectors) => vectors,
        other => panic!("{other:?}"),
    }
}

fn cosine(one: &[f32], two: &[f32]) -> f64 {
    one.iter().zip(two).map(|(one, two)| f64::from(*one) * f64::from(*two)).sum()
}
