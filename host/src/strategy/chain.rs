//! The chain: strategies in order, the first answer wins, then the amenders in the same order.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::activation::{Index, Selection};
use super::asked::Asked;
use super::instance::Failure;
use super::plugin::Plugin;
use super::pool;
use super::waiting::Waiting;
use crate::chat::{ApiError, EmbeddingOutcome, Outcome, RawResponse, Reply};

/// The plugins of a configuration, in order.
pub struct Chain {
    /// Tells one chain from another, in this process.
    id: u64,
    pub(super) stages: Vec<Arc<Plugin>>,
    pub(super) amenders: Vec<usize>,
    pub(super) index: Index,
    pub(super) native: Option<(Arc<str>, Native)>,
}

/// A strategy as a function of the host.
pub type Native = fn(&Arc<Asked>) -> Outcome;

/// What a chain makes of a request.
pub enum Answer {
    /// A reply for each choice, at least one.
    Replies(Vec<Reply>),
    /// A vector for each text.
    Vectors(Vec<Vec<f32>>),
    /// A failure that the strategy wants the client to see.
    Error(ApiError),
    /// A whole response.
    Verbatim(RawResponse),
    /// The plugin itself failed.
    Failed(Failure),
    /// Every strategy passed.
    Nobody,
}

/// An answer, and the name of the plugin that gave it, or failed to.
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Who answered; none where nobody did.
    pub by: Option<Arc<str>>,
}

impl Chain {
    /// A chain of these plugins.
    ///
    /// # Errors
    /// Their conditions cannot be indexed.
    pub fn new(stages: Vec<Arc<Plugin>>) -> Result<Self, String> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let index = Index::new(stages.iter().map(|plugin| (&plugin.name, &plugin.activation, &plugin.settings)))?;
        let amenders = (0..stages.len()).filter(|i| stages[*i].exports.amender.is_some()).collect();
        Ok(Self { id: IDS.fetch_add(1, Ordering::Relaxed), stages, amenders, index, native: None })
    }

    /// A chain of one function, to measure what WebAssembly costs.
    pub fn native(name: &str, strategy: Native) -> Self {
        let native = Some((Arc::from(name), strategy));
        Self { id: 0, stages: Vec::new(), amenders: Vec::new(), index: Index::default(), native }
    }

    /// The same chain, asked without regard to conditions.
    pub fn ask_everyone(mut self) -> Self {
        self.index = Index::without_conditions(self.stages.len());
        self
    }

    /// The place of the first plugin of that name.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|plugin| &*plugin.name == name)
    }

    /// Tells one chain from another.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The plugins, in order.
    pub fn stages(&self) -> &[Arc<Plugin>] {
        &self.stages
    }

    /// Whether a stage is asked about a request, and if so, by which of its conditions; none of them where it always is.
    pub fn condition(&self, asked: &Asked, stage: usize) -> Option<Option<u32>> {
        wanted(asked, &self.index.select(asked), stage)
    }

    /// Asks the strategies in order, and lets the amenders change what the first one answers. It waits for plugins that may
    /// wait, and for no others.
    pub async fn answer(&self, asked: &Arc<Asked>) -> Answered {
        if let Some((name, strategy)) = &self.native {
            return Answered { answer: settle(strategy(asked)), by: Some(Arc::clone(name)) };
        }
        let selection = self.index.select(asked);
        for (stage, plugin) in self.stages.iter().enumerate() {
            // The selection first: it lies in one piece, and the plugins of a long chain do not.
            let Some(condition) = wanted(asked, &selection, stage) else { continue };
            if plugin.exports.strategy.is_none() {
                continue;
            }
            let outcome = self.respond(stage, asked, 0, condition).await;
            let answer = match outcome {
                Ok(Outcome::Pass) => continue,
                Ok(Outcome::Reply(reply)) => match self.replies(stage, reply, asked, &selection).await {
                    Ok(replies) => Answer::Replies(replies),
                    Err((failed, failure)) => {
                        return Answered {
                            answer: Answer::Failed(failure),
                            by: Some(Arc::clone(&self.stages[failed].name)),
                        };
                    }
                },
                Ok(Outcome::Error(error)) => Answer::Error(error),
                Ok(Outcome::Verbatim(response)) => Answer::Verbatim(response),
                Err(failure) => Answer::Failed(failure),
            };
            return Answered { answer, by: Some(Arc::clone(&plugin.name)) };
        }
        Answered { answer: Answer::Nobody, by: None }
    }

    /// The further choices, from the strategy that gave the first, each amended. Where it passes or errs, the first stands in.
    async fn replies(
        &self,
        stage: usize,
        first: Reply,
        asked: &Arc<Asked>,
        selection: &Selection,
    ) -> Result<Vec<Reply>, (usize, Failure)> {
        let condition = selection.of(stage).flatten();
        let choices = asked.request().choices.max(1);
        let mut replies = Vec::with_capacity(choices as usize);
        replies.push(first);
        for choice in 1..choices {
            let outcome = self.respond(stage, asked, choice, condition).await;
            replies.push(match outcome.map_err(|failure| (stage, failure))? {
                Outcome::Reply(reply) => reply,
                Outcome::Pass | Outcome::Error(_) | Outcome::Verbatim(_) => replies[0].clone(),
            });
        }
        for &stage in self.amenders.iter().filter(|stage| selection.of(**stage).is_some()) {
            for (choice, reply) in (0..).zip(&mut replies) {
                let before = std::mem::take(reply);
                *reply = self.amended(stage, asked, choice, before).await.map_err(|failure| (stage, failure))?;
            }
        }
        Ok(replies)
    }

    /// Asks a strategy: at once, or where it may wait, boxed, so that the others carry nothing of that.
    async fn respond(
        &self,
        stage: usize,
        asked: &Arc<Asked>,
        choice: u32,
        condition: Option<u32>,
    ) -> Result<Outcome, Failure> {
        let plugin = &self.stages[stage];
        if !plugin.waits {
            return pool::call(self, stage, plugin, |instance| instance.respond(asked, choice, condition));
        }
        let call = async |it: &mut Waiting, time| it.respond(asked, choice, condition, time).await;
        Box::pin(pool::wait(self, stage, plugin, call)).await
    }

    /// Lets an amender change a reply.
    async fn amended(&self, stage: usize, asked: &Arc<Asked>, choice: u32, reply: Reply) -> Result<Reply, Failure> {
        let plugin = &self.stages[stage];
        if !plugin.waits {
            return pool::call(self, stage, plugin, |instance| instance.amend(asked, choice, reply));
        }
        let call = async |it: &mut Waiting, time| it.amend(asked, choice, reply, time).await;
        Box::pin(pool::wait(self, stage, plugin, call)).await
    }

    /// Asks the embedders in order.
    pub async fn embed(&self, asked: &Arc<Asked>) -> Answered {
        let selection = self.index.select(asked);
        for (stage, plugin) in self.stages.iter().enumerate() {
            let Some(condition) = wanted(asked, &selection, stage) else { continue };
            if plugin.exports.embedder.is_none() {
                continue;
            }
            let Some(answer) = self.embed_with(stage, asked, condition).await else { continue };
            return Answered { answer, by: Some(Arc::clone(&plugin.name)) };
        }
        Answered { answer: Answer::Nobody, by: None }
    }

    /// Asks one embedder about all texts, part by part; none where it passes.
    async fn embed_with(&self, stage: usize, asked: &Arc<Asked>, condition: Option<u32>) -> Option<Answer> {
        let plugin = &self.stages[stage];
        let texts = &asked.request().embedding_inputs;
        let mut vectors = Vec::with_capacity(texts.len());
        while vectors.len() < texts.len() {
            let part = part(texts, vectors.len());
            let wanted = part.len();
            let outcome = match plugin.waits {
                false => pool::call(self, stage, plugin, |instance| instance.embed(asked, part, condition)),
                true => {
                    let call = async |it: &mut Waiting, time| it.embed(asked, part, condition, time).await;
                    Box::pin(pool::wait(self, stage, plugin, call)).await
                }
            };
            match outcome {
                Ok(EmbeddingOutcome::Vectors(more)) if more.len() == wanted => vectors.extend(more),
                Ok(EmbeddingOutcome::Vectors(more)) => {
                    let reason = format!("answered with {} vectors; expected {wanted}, one for each text", more.len());
                    return Some(Answer::Failed(Failure::Own(reason)));
                }
                Ok(EmbeddingOutcome::Pass) => return None,
                Ok(EmbeddingOutcome::Error(error)) => return Some(Answer::Error(error)),
                Ok(EmbeddingOutcome::Verbatim(response)) => return Some(Answer::Verbatim(response)),
                Err(failure) => return Some(Answer::Failed(failure)),
            }
        }
        Some(Answer::Vectors(vectors))
    }
}

/// Whether a stage is to be asked, and if so, by which of its conditions.
pub(super) fn wanted(asked: &Asked, selection: &Selection, stage: usize) -> Option<Option<u32>> {
    match asked.forced {
        Some(forced) if forced == stage => Some(selection.of(stage).flatten()),
        Some(_) => None,
        None if asked.strict && selection.is_fallback(stage) => None,
        None => selection.of(stage),
    }
}

/// The texts that are handed over at once, from this one on: what an embedder can do within its time.
pub(super) fn part(texts: &[Cow<'_, str>], from: usize) -> Range<usize> {
    const TEXTS: usize = 64;
    const BYTES: usize = 32 << 10;
    let mut bytes = 0;
    let fits = |text: &&Cow<'_, str>| {
        bytes += text.len();
        bytes <= BYTES
    };
    let count = texts[from..].iter().take(TEXTS).take_while(fits).count();
    from..from + count.max(1)
}

pub(super) fn settle(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Pass => Answer::Nobody,
        Outcome::Reply(reply) => Answer::Replies(vec![reply]),
        Outcome::Error(error) => Answer::Error(error),
        Outcome::Verbatim(response) => Answer::Verbatim(response),
    }
}
