//! `standin test`.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use standin::reload::{Changes, Watched};
use standin::strategy::loader::Loader;
use standin::suite::find::{find, is_test};
use standin::suite::run::{Options, Ran, run as run_file};
use standin::suite::tell::{self, Paint};
use standin::suite::{count_failed, junit, mistakes, runtime, update};
use tokio::runtime::Runtime;

use super::output::{complain, say, say_as_it_is};

#[derive(clap::Args)]
#[command(after_help = "\
Example: greeter.test.yaml

  strategy: ./greeter.wasm        # or the name of a bundled one; or `strategies:`, a chain
  settings: { greeting: Good day }
  cases:
    - name: greets by name
      request: my name is Ada
      expect: { text: \"Good day, Ada!\" }
    - name: leaves everything else to others
      request: hello
      expect: pass

`standin schema --tests` prints everything that such a file may say. Exit code 0 where all cases
passed, 1 where one did not, 2 where a file is wrong or a component does not load.")]
pub(crate) struct Args {
    /// Files of tests, or folders that they are looked for in: `*.test.yaml`. Default: the working directory.
    #[arg(value_name = "DIR|FILE")]
    paths: Vec<PathBuf>,
    /// Write what came into the files, where something else is expected, or nothing yet.
    #[arg(long)]
    update: bool,
    /// Run only cases whose name contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// What ids and random numbers are drawn from, in place of the seeds of the files.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write a report in JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Stay, and run them again when a test, a settings file or a component changes.
    #[arg(long)]
    watch: bool,
}

const FAILED: u8 = 1;
const WRONG: u8 = 2;

pub(super) fn run(args: &Args) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot run tests: {error}"));
            return WRONG.into();
        }
    };
    let mut round = Round { args, runtime, loader: Loader::default(), paint: paint(), seen: Seen::default() };
    if !args.watch {
        return round.run().into();
    }
    let mut changes = Changes::default();
    loop {
        // Watched before anything is read: what changes from here on is seen. The first time, only where to look is known.
        round.seen.roots(args);
        changes.follow(&round.seen.watched());
        round.run();
        changes.follow(&round.seen.watched());
        say("watching; stop with Ctrl-C");
        let (files, folders) = (&round.seen.files, &round.seen.folders);
        let matters = |path: &Path| {
            files.contains(path) || (is_test(path) && path.parent().is_some_and(|it| folders.contains(it)))
        };
        if !changes.wait(matters) {
            return WRONG.into();
        }
    }
}

/// Colours are for a terminal whose user did not say no.
fn paint() -> Paint {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    if std::io::stdout().is_terminal() && !unwanted { Paint::Colours } else { Paint::Plain }
}

/// What tests were made from.
#[derive(Default)]
struct Seen {
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Seen {
    fn roots(&mut self, args: &Args) {
        for path in paths(args) {
            let path = absolute(&path);
            if path.is_dir() {
                self.folders.insert(path)
            } else {
                self.files.insert(path)
            };
        }
    }

    fn watched(&self) -> Watched {
        // A file of each folder stands for the folder.
        let inside = self.folders.iter().map(|folder| folder.join("any"));
        let strategies = self.folders.first().cloned().unwrap_or_default();
        Watched { files: self.files.iter().cloned().chain(inside).collect(), strategies }
    }
}

/// Runs all tests, once or again.
struct Round<'a> {
    args: &'a Args,
    runtime: Runtime,
    loader: Loader,
    paint: Paint,
    seen: Seen,
}

impl Round<'_> {
    fn run(&mut self) -> u8 {
        let started = Instant::now();
        let here = std::env::current_dir().unwrap_or_default();
        let options = Options { filter: self.args.filter.clone(), seed: self.args.seed, incomplete: self.args.update };
        let (mut wrong, mut ran) = (false, Vec::new());
        let files = match self.find() {
            Ok(files) => files,
            Err(reason) => {
                complain(&reason);
                return WRONG;
            }
        };
        for file in &files {
            self.seen.files.insert(file.clone());
            match run_file(file, &options, &mut self.loader, &self.runtime) {
                Ok(one) => {
                    self.seen.files.extend(one.files.iter().map(|file| absolute(file)));
                    one.suite.loaded.warnings.iter().for_each(|warning| complain(&warning.to_string()));
                    say_as_it_is(&tell::file(&one, &here, self.paint));
                    ran.push(one);
                }
                Err(error) => {
                    self.seen.files.extend(error.files.iter().map(|file| absolute(file)));
                    complain(&mistakes(&error));
                    wrong = true;
                }
            }
        }
        let failed: usize = ran.iter().map(count_failed).sum();
        let passed = ran.iter().map(|ran| ran.cases.len()).sum::<usize>() - failed;
        let left_out = ran.iter().map(|ran| ran.left_out).sum();
        say(&tell::summary(files.len(), passed, failed, left_out, started.elapsed(), self.paint));
        let mut mended = 0;
        if self.args.update {
            match write(&ran) {
                Ok(count) => mended = count,
                Err(reason) => {
                    complain(&reason);
                    wrong = true;
                }
            }
        }
        if let Some(path) = &self.args.junit
            && let Err(reason) = report(&ran, &here, path)
        {
            complain(&reason);
            wrong = true;
        }
        match failed > mended {
            _ if wrong => WRONG,
            true => FAILED,
            false => 0,
        }
    }

    /// The files of tests that are meant.
    fn find(&mut self) -> Result<Vec<PathBuf>, String> {
        let mut files = Vec::new();
        for path in paths(self.args) {
            let path = absolute(&path);
            if path.is_dir() {
                let (found, folders) = find(&path)
                    .map_err(|(folder, error)| format!("cannot look for tests in {}: {error}", folder.display()))?;
                self.seen.folders.extend(folders);
                files.extend(found);
            } else if path.exists() {
                files.push(path);
            } else {
                return Err(format!("{}: there is no such file or folder", path.display()));
            }
        }
        let mut known = BTreeSet::new();
        files.retain(|file| known.insert(file.clone()));
        if files.is_empty() {
            let places: Vec<_> = paths(self.args).iter().map(|path| path.display().to_string()).collect();
            return Err(format!(
                "there are no tests in {}: no file whose name ends with `.test.yaml`; `standin test --help` shows one",
                places.join(", ")
            ));
        }
        Ok(files)
    }
}

fn paths(args: &Args) -> Vec<PathBuf> {
    if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() }
}

/// Without the `.` that it may be written with.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components().collect()
}

/// Writes what came. Says how many cases are good now.
fn write(files: &[Ran]) -> Result<usize, String> {
    let mut mended = 0;
    for ran in files {
        let file = ran.suite.written.file();
        let cannot = |reason: String| format!("{} is not updated: {reason}", file.display());
        let Some((text, count)) = update::update(ran).map_err(cannot)? else { continue };
        std::fs::write(file, text).map_err(|error| cannot(error.to_string()))?;
        let word = if count == 1 { "expectation" } else { "expectations" };
        say(&format!("wrote {count} {word} into {}", file.display()));
        let all = |case: &&standin::suite::run::CaseRan| {
            !case.failures.is_empty() && case.failures.iter().all(|it| it.what.mend().is_some())
        };
        mended += ran.cases.iter().filter(all).count();
    }
    Ok(mended)
}

fn report(ran: &[Ran], here: &Path, path: &Path) -> Result<(), String> {
    let cannot = |reason: String| format!("cannot write {}: {reason}", path.display());
    let text = junit::report(ran, here).map_err(cannot)?;
    std::fs::write(path, text).map_err(|error| cannot(error.to_string()))
}
