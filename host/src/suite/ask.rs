//! One request of a test: asked of the real chain, and what would be sent of the answer. No socket, and no sleep.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Runtime;

use super::model::Request;
use super::neutral::{self, json_text};
use super::outcome::{Came, Outcome, Said};
use crate::chat::ApiError;
use crate::exchange::Wishes;
use crate::exchange::dress::{Dressed, check_error, check_vectors, dress, plugin_headers, reply_of, status_of};
use crate::exchange::trim::trim;
use crate::exchange::unsent::{Format, NotAsked, Unsent, answer, serves};
use crate::kept::KeptAnswers;
use crate::snapshot::Snapshot;
use crate::strategy::asked::Asked;
use crate::strategy::chain::{Answer, Answered};
use crate::strategy::state::Session;

/// A request that is ready to be asked, or what came of it already.
pub enum Ready {
    /// Nobody was asked yet.
    Asked(Format, Arc<Asked>),
    /// The provider refuses it.
    Refused(Outcome),
}

/// Makes a request of a session ready. It takes a turn where strategies will see it.
///
/// # Errors
/// It says nothing sensible: a sentence.
pub fn ready(snapshot: &Snapshot, words: &Request, session: &Arc<Session>, seed: u64) -> Result<Ready, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &words.headers {
        let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
        let (name, value) = pair.ok_or_else(|| format!("the header `{name}: {value}` cannot be sent"))?;
        headers.insert(name, value);
    }
    let wishes = Wishes::read(snapshot, &headers).map_err(|error| error.message)?;
    let unsent = match &words.post {
        None => {
            let unsent = neutral::request(words);
            match serves(snapshot, unsent.format.provider(), unsent.decoded.request()) {
                Ok(()) => Ok(unsent),
                Err(error) => Err(NotAsked::Refused(error)),
            }
        }
        Some(path) => {
            let body = words.body.as_ref().map(json_text).unwrap_or_default();
            Unsent::read(snapshot, &KeptAnswers::default(), path, body)
        }
    };
    let path = words.post.as_deref().unwrap_or_default();
    let usual = "expected one such as `/v1/chat/completions`";
    match unsent {
        Ok(unsent) => {
            let format = unsent.format;
            Ok(Ready::Asked(format, Arc::new(unsent.asked(snapshot, session, headers, wishes, seed))))
        }
        Err(NotAsked::Refused(error)) => Ok(Ready::Refused(Outcome { by: None, came: Came::Error(error) })),
        Err(NotAsked::NoPath) => Err(format!("`{path}` is no path; {usual}")),
        Err(NotAsked::Nothing | NotAsked::NoStrategy) => Err(format!("no strategy is asked at `{path}`; {usual}")),
    }
}

/// Asks the chain of a snapshot: the one place where the suite runs guests.
pub fn ask(runtime: &Runtime, snapshot: &Snapshot, format: Format, asked: &Arc<Asked>) -> Answered {
    runtime.block_on(answer(&snapshot.chain, format, asked))
}

/// What would be sent of an answer: trimmed and dressed as every answer is.
pub fn outcome(snapshot: &Snapshot, format: Format, asked: &Asked, answered: Answered) -> Outcome {
    let by = answered.by.as_deref().map(str::to_owned);
    Outcome { by, came: came(snapshot, format, asked, answered.answer).unwrap_or_else(Came::Fails) }
}

fn came(snapshot: &Snapshot, format: Format, asked: &Asked, answer: Answer) -> Result<Came, String> {
    Ok(match (answer, format) {
        (Answer::Replies(mut replies), Format::Answer(format)) => {
            replies.iter_mut().for_each(|reply| trim(reply, asked.request(), asked.tokens));
            said(dress(snapshot, format, asked, replies)?)
        }
        (Answer::Verbatim(raw), format) => {
            let status = status_of(&raw)?;
            plugin_headers(&raw.headers)?;
            match format {
                Format::Answer(format) if asked.request().stream && status.is_success() => {
                    said(dress(snapshot, format, asked, vec![reply_of(format, raw)?])?)
                }
                _ => Came::Verbatim(raw),
            }
        }
        (Answer::Vectors(vectors), _) => {
            check_vectors(&vectors)?;
            Came::Vectors(vectors)
        }
        (Answer::Error(error), _) => checked(error)?,
        (Answer::Failed(failure), _) => Came::Fails(failure.to_string()),
        (Answer::Nobody | Answer::Replies(_), _) => Came::Pass,
    })
}

fn checked(error: ApiError) -> Result<Came, String> {
    check_error(&error).map(|()| Came::Error(error))
}

fn said(dressed: Dressed) -> Came {
    let Dressed { envelope, replies, schedules, headers, .. } = dressed;
    let chunking = schedules.first().map(|schedule| schedule.chunking).unwrap_or(crate::chat::Chunking::Verbatim);
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Came::Reply(Box::new(Said::new(replies, chunking, envelope.usage, envelope.model, headers)))
}
