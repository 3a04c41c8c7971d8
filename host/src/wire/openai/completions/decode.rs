//! The decoder: a fast half, and the table that explains what it rejects.

use std::borrow::Cow;

use serde::Deserialize;

use super::form;
use crate::chat::{ApiError, Message, Operation, Request, Role};
use crate::wire::check::{self, Field, Shape, optional, required};
use crate::wire::field::{AnyObject, Int, Num, Text, TextOr};
use crate::wire::json;
use crate::wire::openai::chat::limits::{STOPS, at_most};
use crate::wire::openai::embeddings::input::{MOST, SHAPES, Texts, shape_of};
use crate::wire::openai::error::OpenAiWording;

#[derive(Deserialize)]
#[expect(dead_code, reason = "some fields are only checked")]
struct Wire<'a> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    prompt: Option<Texts<'a>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<Int<1, 128>>,
    best_of: Option<Int<0, 20>>,
    max_tokens: Option<Int<0, { i64::MAX }>>,
    #[serde(borrow)]
    stop: Option<TextOr<'a, Text<'a>>>,
    echo: Option<bool>,
    logprobs: Option<Int<0, 5>>,
    #[serde(borrow)]
    suffix: Option<Text<'a>>,
    temperature: Option<Num<0, 2>>,
    top_p: Option<Num<0, 1>>,
    frequency_penalty: Option<Num<-2, 2>>,
    presence_penalty: Option<Num<-2, 2>>,
    seed: Option<Int<{ i64::MIN }, { i64::MAX }>>,
    logit_bias: Option<AnyObject>,
    #[serde(borrow)]
    user: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
    // The type of this endpoint's chunks has no place for padding.
    #[expect(dead_code, reason = "only checked")]
    include_obfuscation: Option<bool>,
}

const STREAM_OPTIONS: &[Field] =
    &[optional("include_usage", Shape::Bool), optional("include_obfuscation", Shape::Bool)];
const STOP: &[Shape] = &[Shape::Text, Shape::List(&Shape::Text, 0)];

/// One for each form that a prompt can have.
pub(super) static BODIES: [Shape; 4] = [
    Shape::Object(&fields(SHAPES[0])),
    Shape::Object(&fields(SHAPES[1])),
    Shape::Object(&fields(SHAPES[2])),
    Shape::Object(&fields(SHAPES[3])),
];

const fn fields(prompt: &'static [Shape]) -> [Field; 18] {
    [
        required("model", Shape::Text),
        optional("prompt", Shape::Either(prompt)),
        optional("stream", Shape::Bool),
        optional("stream_options", Shape::Object(STREAM_OPTIONS)),
        optional("n", Shape::Int(1, 128)),
        optional("best_of", Shape::Int(0, 20)),
        optional("max_tokens", Shape::Int(0, i64::MAX)),
        optional("stop", Shape::Either(STOP)),
        optional("echo", Shape::Bool),
        optional("logprobs", Shape::Int(0, 5)),
        optional("suffix", Shape::Text),
        optional("temperature", Shape::Num(0, 2)),
        optional("top_p", Shape::Num(0, 1)),
        optional("frequency_penalty", Shape::Num(-2, 2)),
        optional("presence_penalty", Shape::Num(-2, 2)),
        optional("seed", Shape::Int(i64::MIN, i64::MAX)),
        optional("logit_bias", Shape::Object(&[])),
        optional("user", Shape::Text),
    ]
}

/// Decodes a body.
pub(super) fn decode(body: &str) -> Result<Request<'_>, ApiError> {
    let request = match fast(body) {
        Some(request) => request,
        None => check::decode(body, fast, &BODIES[shape_of(body, "/prompt")], &OpenAiWording)?,
    };
    let prompts = 1 + request.more_prompts.len();
    at_most("prompt", MOST, prompts)?;
    at_most("stop", STOPS, request.stop.len())?;
    if request.choices as usize * prompts > MOST {
        let message = format!(
            "{prompts} prompts with 'n' set to {} make more than {MOST} choices: send fewer at once.",
            request.choices
        );
        return Err(ApiError { param: Some("n".to_owned()), ..ApiError::new(400, message) });
    }
    best_of(body, &request)?;
    Ok(request)
}

/// There are no more choices than candidates, and of several candidates none can be streamed before all are there.
fn best_of(body: &str, request: &Request<'_>) -> Result<(), ApiError> {
    let asked = memchr::memmem::find(body.as_bytes(), b"best_of").and_then(|_| json::at(body, "/best_of"));
    // It was read as a number in its range before, or as null.
    let Some(best_of) = asked.and_then(|number| number.parse::<f64>().ok()).map(|number| number as u32) else {
        return Ok(());
    };
    let n = request.choices;
    let message = if n > best_of {
        format!(
            "You requested that the server return more choices than it will generate (HINT: you must set 'n' (currently \
             {n}) to be at most 'best_of' (currently {best_of}), or omit either parameter if you don't specifically want \
             to use them.)"
        )
    } else if request.stream && best_of > n {
        format!("Results cannot be streamed where 'best_of' (currently {best_of}) is greater than 'n' (currently {n}).")
    } else {
        return Ok(());
    };
    Err(ApiError { param: Some("best_of".to_owned()), ..ApiError::new(400, message) })
}

/// Decodes a body that is as it should be; none for any other.
pub(super) fn fast(body: &str) -> Option<Request<'_>> {
    let wire: Wire<'_> = serde_json::from_str(body).ok()?;
    let mut request = Request::new(Operation::TextCompletion, wire.model.0);
    request.stream = wire.stream.unwrap_or_default();
    request.stream_usage = wire.stream_options.and_then(|options| options.include_usage).unwrap_or_default();
    request.choices = wire.n.map_or(1, Int::to_u32);
    request.max_output_tokens = wire.max_tokens.map(Int::to_u32);
    request.stop = match wire.stop {
        None => Vec::new(),
        Some(TextOr::Text(text)) => vec![text],
        Some(TextOr::List(texts)) => texts.into_iter().map(|text| text.0).collect(),
    };
    request.form.logprobs = wire.logprobs.map(Int::to_u32);
    // Without a prompt a new text begins.
    let prompts = wire.prompt.map_or_else(|| vec![Cow::Borrowed("")], |texts| texts.0);
    let echo = wire.echo.unwrap_or_default();
    // Probabilities tell where their tokens stand behind the prompt.
    if echo || request.form.logprobs.is_some() {
        request.form.echo = form::write(request.choices, echo, prompts.iter().map(AsRef::as_ref));
    }
    let mut prompts = prompts.into_iter();
    request.messages = prompts.next().map(|prompt| Message::text_of(Role::User, prompt)).into_iter().collect();
    request.more_prompts = prompts.collect();
    Some(request)
}
