//! `POST /v1/embeddings`: the decoder and the encoder. An answer is never streamed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::ser::{CompactFormatter, Formatter};

use self::input::{MOST, SHAPES, Texts, shape_of};
use super::OpenAi;
use super::error::OpenAiWording;
use crate::chat::{ApiError, Operation, Request};
use crate::wire::check::{self, Field, Shape, optional, required};
use crate::wire::field::{Int, Text};
use crate::wire::json::{write_number, write_string};
use crate::wire::{EmbeddingFormat, Envelope, Provider};

pub(in crate::wire::openai) mod input;
#[cfg(test)]
mod tests;

/// OpenAI's embeddings.
#[derive(Debug, Clone, Copy)]
pub struct Embeddings;

impl EmbeddingFormat for Embeddings {
    fn provider(&self) -> &'static dyn Provider {
        &OpenAi
    }

    fn decode<'a>(&self, body: &'a str) -> Result<Request<'a>, ApiError> {
        let request = match fast(body) {
            Some(request) => request,
            None => check::decode(body, fast, &BODIES[shape_of(body, "/input")], &OpenAiWording)?,
        };
        let inputs = &request.embedding_inputs;
        if inputs.len() > MOST {
            return Err(invalid(&format!("The array length must be {MOST} or less, and is {}. ", inputs.len())));
        }
        if inputs.iter().any(|text| text.is_empty()) {
            return Err(invalid("It cannot be or hold an empty string. "));
        }
        Ok(request)
    }

    fn encode(&self, envelope: &Envelope, vectors: &[Vec<f32>]) -> Vec<u8> {
        // A number takes about twelve characters, and four bytes take less than six in base64.
        let per_number = if envelope.form.base64 { 6 } else { 13 };
        let size: usize = vectors.iter().map(|vector| 64 + per_number * vector.len()).sum();
        let mut out = Vec::with_capacity(160 + envelope.model.len() + size);
        out.extend_from_slice(br#"{"object":"list","data":["#);
        for (index, vector) in vectors.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(br#"{"object":"embedding","index":"#);
            write_number(&mut out, index as u64);
            out.extend_from_slice(br#","embedding":"#);
            if envelope.form.base64 {
                write_base64(&mut out, vector);
            } else {
                write_numbers(&mut out, vector);
            }
            out.push(b'}');
        }
        out.extend_from_slice(br#"],"model":"#);
        write_string(&mut out, &envelope.model);
        out.extend_from_slice(br#","usage":{"prompt_tokens":"#);
        write_number(&mut out, envelope.usage.input_tokens.into());
        out.extend_from_slice(br#","total_tokens":"#);
        write_number(&mut out, envelope.usage.input_tokens.into());
        out.extend_from_slice(b"}}");
        out
    }
}

/// What the provider says of texts that it does not embed. It names no parameter, and has no code.
fn invalid(what: &str) -> ApiError {
    let reference = "Please check the API reference: https://platform.openai.com/docs/api-reference.";
    ApiError::new(400, format!("'$.input' is invalid. {what}{reference}"))
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct Wire<'a> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    input: Texts<'a>,
    encoding_format: Option<Encoding>,
    // An embedder finds it in the body.
    dimensions: Option<Int<1, { i64::MAX }>>,
    #[serde(borrow)]
    user: Option<Text<'a>>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Float,
    Base64,
}

static BODIES: [Shape; 4] = [
    Shape::Object(&fields(SHAPES[0])),
    Shape::Object(&fields(SHAPES[1])),
    Shape::Object(&fields(SHAPES[2])),
    Shape::Object(&fields(SHAPES[3])),
];

const fn fields(input: &'static [Shape]) -> [Field; 5] {
    [
        required("model", Shape::Text),
        required("input", Shape::Either(input)),
        optional("encoding_format", Shape::Word(&["float", "base64"])),
        optional("dimensions", Shape::Int(1, i64::MAX)),
        optional("user", Shape::Text),
    ]
}

fn fast(body: &str) -> Option<Request<'_>> {
    let wire: Wire<'_> = serde_json::from_str(body).ok()?;
    let mut request = Request::new(Operation::Embeddings, wire.model.0);
    request.embedding_inputs = wire.input.0;
    request.form.base64 = wire.encoding_format == Some(Encoding::Base64);
    Some(request)
}

/// A list of the shortest numbers that are these. The caller sees to it that all are finite.
fn write_numbers(out: &mut Vec<u8>, vector: &[f32]) {
    out.push(b'[');
    for (index, number) in vector.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        // Writing to memory does not fail.
        let _ = CompactFormatter.write_f32(out, *number);
    }
    out.push(b']');
}

/// The bytes of the numbers, little-endian, as a text.
fn write_base64(out: &mut Vec<u8>, vector: &[f32]) {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    // The room is what it takes.
    let _ = STANDARD.encode_slice(&bytes, &mut out[start..]);
    out.push(b'"');
}
