//! An author's tests as data: read, run in the real engine without HTTP, and compared.
//!
//! `model` is what a file says, `read` reads it with every mistake at its place, `run` asks the chain by way of `ask`, `compare`
//! looks for differences, `tell` shows them, `update` writes what came, `junit` tells machines.

pub mod ask;
pub mod compare;
pub mod find;
pub mod junit;
pub mod model;
mod neutral;
pub mod outcome;
pub mod read;
pub mod run;
pub mod tell;
pub mod update;
mod yaml;

use std::fmt;
use std::path::{Path, PathBuf};

use self::run::{Options, Ran};
use self::tell::Paint;
use crate::config::ConfigError;
use crate::strategy::loader::Loader;

pub use self::model::schema;

/// What came of the tests below a folder. Shown, it is a line for each file that passed, and what is wrong with the others.
#[derive(Debug)]
pub struct Summary {
    /// How many cases passed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// What is told of them.
    pub told: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told)
    }
}

/// Why tests could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A folder cannot be read.
    #[error("cannot look for tests in {}: {source}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is wrong, or a component does not load.
    #[error("{}", mistakes(.0))]
    File(#[from] ConfigError),
    /// The engine has no thread to run on.
    #[error("cannot run tests: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Runs every `*.test.yaml` below a folder, which may hold none.
///
/// # Errors
/// A folder cannot be read, a file is wrong, or a component does not load.
pub fn run_folder(dir: &Path) -> Result<Summary, SuiteError> {
    let (files, _) = find::find(dir).map_err(|(folder, source)| SuiteError::Folder { folder, source })?;
    let runtime = runtime()?;
    let mut loader = Loader::default();
    let mut summary = Summary { passed: 0, failed: 0, told: String::new() };
    for file in files {
        let ran = run::run(&file, &Options::default(), &mut loader, &runtime)?;
        let failed = count_failed(&ran);
        summary.failed += failed;
        summary.passed += ran.cases.len() - failed;
        summary.told.push_str(&tell::file(&ran, dir, Paint::Plain));
    }
    Ok(summary)
}

/// Everything that is wrong with a file of tests.
pub fn mistakes(error: &ConfigError) -> String {
    let told: Vec<_> = error.diagnostics.iter().map(ToString::to_string).collect();
    told.join("\n\n")
}

/// An outcome, as it would be written.
pub fn shown(outcome: &serde_json::Value) -> String {
    yaml::document(outcome)
}

/// How many cases did not pass.
pub fn count_failed(ran: &Ran) -> usize {
    ran.cases.iter().filter(|case| !case.failures.is_empty()).count()
}

/// What guests that may wait wait on.
///
/// # Errors
/// The system has none.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
