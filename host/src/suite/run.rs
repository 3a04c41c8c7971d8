//! Runs the tests of a file: each in fresh instances, and again in used ones, which may make no difference.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::ask::{Ready, ask, outcome, ready};
use super::compare::{Compared, Mend, compare};
use super::model::{Case, Expect, Request};
use super::outcome::Outcome;
use super::read::{self, Suite, of_a_test};
use crate::config::{ConfigError, Step};
use crate::snapshot::Snapshot;
use crate::strategy::chain::Chain;
use crate::strategy::loader::Loader;
use crate::strategy::state::{COMMON, Session};

/// How tests are run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only cases whose name contains this.
    pub filter: Option<String>,
    /// In place of the seeds of the files.
    pub seed: Option<u64>,
    /// Expectations that are missing are no mistake.
    pub incomplete: bool,
}

/// What came of the tests of a file.
#[derive(Debug)]
pub struct Ran {
    /// The file, as it is written.
    pub suite: Suite,
    /// The cases that were run.
    pub cases: Vec<CaseRan>,
    /// How many were left out.
    pub left_out: usize,
    /// Files that they depend on.
    pub files: Vec<std::path::PathBuf>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRan {
    /// Its name.
    pub name: String,
    /// The line in its file.
    pub line: u32,
    /// What is wrong; nothing where it passed.
    pub failures: Vec<Failure>,
    /// How long it took, all runs together.
    pub duration: Duration,
}

/// Why a case failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Which turn, from 1, where the case has several.
    pub turn: Option<usize>,
    /// Where the expectation is written, or would be.
    pub path: Vec<Step>,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// Another outcome than expected; by whom it came.
    Different {
        /// What was expected, and what came.
        compared: Box<Compared>,
        /// Who answered.
        by: Option<String>,
    },
    /// Nothing is expected yet: this came.
    Unexpected(Value),
    /// A used instance answers otherwise: what a fresh one answers, and what the used one does.
    Leaks {
        /// Of the fresh one.
        fresh: Value,
        /// Of the used one.
        used: Value,
    },
    /// The request says nothing sensible.
    Request(String),
}

impl Wrong {
    /// What `--update` has to write for it to be right.
    pub fn mend(&self) -> Option<Mend> {
        match self {
            Self::Different { compared, .. } => compared.mend.clone(),
            Self::Unexpected(came) => Some(Mend::Whole(came.clone())),
            Self::Leaks { .. } | Self::Request(_) => None,
        }
    }
}

/// Runs the tests of a file.
///
/// # Errors
/// The file is wrong, or a component does not load: everything at once.
pub fn run(path: &Path, options: &Options, loader: &mut Loader, runtime: &Runtime) -> Result<Ran, ConfigError> {
    let mut suite = read::read(path, options.incomplete)?;
    if let Some(seed) = options.seed {
        suite.loaded.config.seed = seed;
    }
    let one = suite.written.value().get("strategy").is_some();
    let built = {
        let _inside = runtime.enter();
        Snapshot::build(suite.loaded, loader).map_err(|error| of_a_test(error, one))?
    };
    suite.loaded = crate::config::Loaded::defaults();
    suite.loaded.warnings = built.warnings;
    let mut bench = Bench { snapshot: built.snapshot, runtime };
    let wanted = |case: &Case| options.filter.as_ref().is_none_or(|part| case.name.contains(part.as_str()));
    let chosen: Vec<_> = suite.cases.iter().enumerate().filter(|(_, case)| wanted(case)).collect();
    // Fresh ones first and used ones then: a worker keeps the instances of one chain only.
    let fresh: Vec<_> = chosen.iter().map(|(_, case)| bench.timed(case, true)).collect();
    bench.renew();
    let mut cases = Vec::with_capacity(chosen.len());
    for ((index, case), (fresh, first)) in chosen.iter().zip(fresh) {
        let (_, before) = bench.timed(case, false);
        let (used, again) = bench.timed(case, false);
        cases.push(CaseRan {
            name: case.name.clone(),
            line: suite.written.line(&["cases".into(), (*index).into()]),
            failures: judge(*index, case, fresh, used),
            duration: first + before + again,
        });
    }
    let left_out = suite.cases.len() - cases.len();
    Ok(Ran { suite, cases, left_out, files: built.files })
}

/// A chain that cases are tried on.
struct Bench<'a> {
    snapshot: Snapshot,
    runtime: &'a Runtime,
}

impl Bench<'_> {
    /// The same plugins, with no instance of them.
    fn renew(&mut self) {
        // The conditions were indexed before, so that they can be.
        if let Ok(chain) = Chain::new(self.snapshot.chain.stages().to_vec()) {
            self.snapshot.chain = chain;
        }
    }

    /// The outcome of each turn of a case, in a session of its own; where `fresh`, each in an instance of its own.
    fn timed(&mut self, case: &Case, fresh: bool) -> (Vec<Result<Outcome, String>>, Duration) {
        let started = Instant::now();
        let session = Arc::new(Session::named(case.session.as_deref().unwrap_or(COMMON)));
        let seed = case.seed.unwrap_or(self.snapshot.seed);
        let outcomes = turns(case).into_iter().map(|(request, _)| {
            if fresh {
                self.renew();
            }
            // A plugin that times out would be put aside, and not be asked in the next case.
            self.snapshot.chain.stages().iter().for_each(|plugin| plugin.health.answered());
            Ok(match ready(&self.snapshot, request, &session, seed)? {
                Ready::Refused(outcome) => outcome,
                Ready::Asked(format, asked) => {
                    let answered = ask(self.runtime, &self.snapshot, format, &asked);
                    outcome(&self.snapshot, format, &asked, answered)
                }
            })
        });
        (outcomes.collect(), started.elapsed())
    }
}

/// The requests of a case, and what is expected of each.
fn turns(case: &Case) -> Vec<(&Request, Option<&Expect>)> {
    match (&case.turns, &case.request) {
        (Some(turns), _) => turns.iter().map(|turn| (&turn.request, turn.expect.as_ref())).collect(),
        (None, request) => request.iter().map(|request| (request, case.expect.as_ref())).collect(),
    }
}

fn judge(
    index: usize,
    case: &Case,
    fresh: Vec<Result<Outcome, String>>,
    used: Vec<Result<Outcome, String>>,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (at, ((_, expect), (fresh, used))) in turns(case).into_iter().zip(fresh.into_iter().zip(used)).enumerate() {
        let mut path = vec!["cases".into(), index.into()];
        if case.turns.is_some() {
            path.extend(["turns".into(), at.into()]);
        }
        let turn = case.turns.as_ref().filter(|turns| turns.len() > 1).map(|_| at + 1);
        let mut wrong = |what| failures.push(Failure { turn, path: path.clone(), what });
        match (fresh, used) {
            (Err(reason), _) | (_, Err(reason)) => wrong(Wrong::Request(reason)),
            (Ok(fresh), Ok(used)) => {
                match expect.map(|expect| compare(expect, &fresh)) {
                    None => wrong(Wrong::Unexpected(fresh.describe())),
                    Some(compared) if compared.mend.is_some() => {
                        wrong(Wrong::Different { compared: Box::new(compared), by: fresh.by.clone() });
                    }
                    Some(_) => {}
                }
                if fresh != used {
                    wrong(Wrong::Leaks { fresh: fresh.whole(), used: used.whole() });
                }
            }
        }
    }
    failures
}
