//! What a chain would make of a request, and why: the same as [`Chain::answer`] and [`Chain::embed`], told stage by stage.
//!
//! Each plugin is asked in a fresh instance, which is thrown away: nothing stays of it but what it wrote into the request's
//! session, which is to be an overlay, and into the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::activation::Selection;
use super::asked::Asked;
use super::chain::{Answer, Answered, Chain, part, settle, wanted};
use super::guest::{Guest, finish};
use super::health::Health;
use super::instance::Failure;
use super::plugin::Plugin;
use crate::chat::{EmbeddingOutcome, Outcome, Reply};

/// What a chain would answer, and how it would come to that.
pub struct Explained {
    /// The answer, amended.
    pub answered: Answered,
    /// Every stage, in order.
    pub stages: Vec<Stage>,
    /// The amenders that were called, in order.
    pub amendments: Vec<Amendment>,
}

/// One stage of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: Arc<str>,
    /// What came of it.
    pub verdict: Verdict,
    /// What it used up; none where it was not asked.
    pub cost: Option<Cost>,
}

/// What came of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was not asked, and why.
    Skipped(Skipped),
    /// It left the request to the next one.
    Passed,
    /// It answered.
    Answered,
    /// It failed.
    Failed(Failure),
    /// An earlier one answered.
    NotReached,
}

/// Why a stage was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// It answers no such requests.
    Role,
    /// Its conditions do not hold.
    Activation,
    /// It is a fallback, which a strict request does not want.
    Fallback,
    /// The request names another one.
    Forced,
}

/// What a call used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The time of its calls.
    pub duration: Duration,
    /// Linear memory of the instance, in bytes.
    pub memory: usize,
}

/// What an amender did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Its name.
    pub name: Arc<str>,
    /// Whether the reply was another one after it.
    pub changed: bool,
    /// How it failed.
    pub failure: Option<Failure>,
    /// What it used up; none where it was put aside.
    pub cost: Option<Cost>,
}

/// What a stage made of a request: none where it passed.
type Made = Option<Answer>;

impl Chain {
    /// What would be answered. The request's session is to be an overlay: what plugins keep, they keep there.
    pub fn explain(&self, asked: &Arc<Asked>) -> Explained {
        let embeds = !asked.request().embedding_inputs.is_empty();
        if let Some((name, strategy)) = &self.native {
            let answered = Answered { answer: settle(strategy(asked)), by: Some(Arc::clone(name)) };
            return Explained { answered, stages: Vec::new(), amendments: Vec::new() };
        }
        let selection = self.index.select(asked);
        let mut answered = Answered { answer: Answer::Nobody, by: None };
        let mut amendments = Vec::new();
        let mut stages = Vec::with_capacity(self.stages.len());
        for (stage, plugin) in self.stages.iter().enumerate() {
            let (verdict, cost) = if answered.by.is_some() {
                (Verdict::NotReached, None)
            } else if let Some(why) = skipped(asked, &selection, stage, plugin, embeds) {
                (Verdict::Skipped(why), None)
            } else {
                let condition = wanted(asked, &selection, stage).flatten();
                let (made, cost) = in_fresh_instance(plugin, async |guest| match embeds {
                    true => embed(plugin, guest, asked, condition).await,
                    false => respond(plugin, guest, asked, condition).await,
                });
                let verdict = match &made {
                    Ok(None) => Verdict::Passed,
                    Ok(Some(Answer::Failed(failure))) | Err(failure) => Verdict::Failed(failure.clone()),
                    Ok(Some(_)) => Verdict::Answered,
                };
                if let Some(answer) = made.unwrap_or_else(|failure| Some(Answer::Failed(failure))) {
                    answered = Answered { answer, by: Some(Arc::clone(&plugin.name)) };
                }
                (verdict, cost)
            };
            stages.push(Stage { name: Arc::clone(&plugin.name), verdict, cost });
        }
        if let Answer::Replies(replies) = &mut answered.answer
            && let Err((by, failure)) = self.amend(asked, &selection, replies, &mut amendments)
        {
            answered = Answered { answer: Answer::Failed(failure), by: Some(by) };
        }
        Explained { answered, stages, amendments }
    }

    fn amend(
        &self,
        asked: &Arc<Asked>,
        selection: &Selection,
        replies: &mut [Reply],
        told: &mut Vec<Amendment>,
    ) -> Result<(), (Arc<str>, Failure)> {
        for &stage in self.amenders.iter().filter(|stage| selection.of(**stage).is_some()) {
            let plugin = &self.stages[stage];
            let before = replies.to_vec();
            let (amended, cost) = in_fresh_instance(plugin, async |guest| {
                for (choice, reply) in (0..).zip(&mut *replies) {
                    *reply = guest.amend(plugin, asked, choice, std::mem::take(reply)).await?;
                }
                Ok(())
            });
            let name = Arc::clone(&plugin.name);
            let changed = amended.is_ok() && *replies != *before;
            told.push(Amendment { name: Arc::clone(&name), changed, failure: amended.clone().err(), cost });
            amended.map_err(|failure| (name, failure))?;
        }
        Ok(())
    }
}

/// Why a stage is not asked; none where it is.
fn skipped(asked: &Asked, selection: &Selection, stage: usize, plugin: &Plugin, embeds: bool) -> Option<Skipped> {
    let answers = if embeds { plugin.exports.embedder.is_some() } else { plugin.exports.strategy.is_some() };
    if !answers {
        return Some(Skipped::Role);
    }
    if wanted(asked, selection, stage).is_some() {
        return None;
    }
    Some(match asked.forced {
        Some(_) => Skipped::Forced,
        None if asked.strict && selection.is_fallback(stage) => Skipped::Fallback,
        None => Skipped::Activation,
    })
}

/// Calls a plugin in an instance that nobody had before or has after it.
fn in_fresh_instance<T: Send>(
    plugin: &Plugin,
    call: impl AsyncFnOnce(&mut Guest) -> Result<T, Failure> + Send,
) -> (Result<T, Failure>, Option<Cost>) {
    if !plugin.health.is_well() {
        return (Err(Failure::PutAside(Health::TIMEOUTS)), None);
    }
    let made = finish(plugin.waits, || async {
        let mut guest = match Guest::new(plugin).await {
            Ok(guest) => guest,
            Err(failure) => return (Err(failure), None),
        };
        let started = Instant::now();
        let made = call(&mut guest).await;
        (made, Some(Cost { duration: started.elapsed(), memory: guest.memory() }))
    });
    made.unwrap_or_else(|failure| (Err(failure), None))
}

/// Asks for every choice; see [`Chain::answer`].
async fn respond(
    plugin: &Plugin,
    guest: &mut Guest,
    asked: &Arc<Asked>,
    condition: Option<u32>,
) -> Result<Made, Failure> {
    let mut replies = match guest.respond(plugin, asked, 0, condition).await? {
        Outcome::Pass => return Ok(None),
        Outcome::Reply(reply) => vec![reply],
        other => return Ok(Some(settle(other))),
    };
    for choice in 1..asked.request().choices.max(1) {
        let reply = match guest.respond(plugin, asked, choice, condition).await? {
            Outcome::Reply(reply) => reply,
            Outcome::Pass | Outcome::Error(_) | Outcome::Verbatim(_) => replies[0].clone(),
        };
        replies.push(reply);
    }
    Ok(Some(Answer::Replies(replies)))
}

/// Asks about all texts; see [`Chain::embed`].
async fn embed(
    plugin: &Plugin,
    guest: &mut Guest,
    asked: &Arc<Asked>,
    condition: Option<u32>,
) -> Result<Made, Failure> {
    let texts = &asked.request().embedding_inputs;
    let mut vectors = Vec::with_capacity(texts.len());
    while vectors.len() < texts.len() {
        let part = part(texts, vectors.len());
        let wanted = part.len();
        match guest.embed(plugin, asked, part, condition).await? {
            EmbeddingOutcome::Vectors(more) if more.len() == wanted => vectors.extend(more),
            EmbeddingOutcome::Vectors(more) => {
                let reason = format!("answered with {} vectors; expected {wanted}, one for each text", more.len());
                return Err(Failure::Own(reason));
            }
            EmbeddingOutcome::Pass => return Ok(None),
            EmbeddingOutcome::Error(error) => return Ok(Some(Answer::Error(error))),
            EmbeddingOutcome::Verbatim(response) => return Ok(Some(Answer::Verbatim(response))),
        }
    }
    Ok(Some(Answer::Vectors(vectors)))
}
