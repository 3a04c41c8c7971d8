//! From a file to a configuration that can be used, or to everything that is wrong with it.
//!
//! Beyond what a value shows by itself: settings files, paths, duplicates. Which strategies there are, this floor does not
//! know; the caller finds out and tells it at the place of the stage ([`Loaded::stage_error`]).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::model::{Config, Isolation, Limits, Stage};
use super::report::{ConfigError, Diagnostic, Text};
use super::tree::{Position, Step, Tree};
use super::{source, typed};

/// A configuration that was read and checked.
#[derive(Debug)]
pub struct Loaded {
    /// What it says. Paths are resolved: those of a file are relative to its folder.
    pub config: Config,
    /// The chain, resolved; none where the configuration has no `strategies`.
    pub stages: Option<Vec<ResolvedStage>>,
    /// What is odd, and not wrong.
    pub warnings: Vec<Diagnostic>,
    /// The files that this was read from, to be watched: the configuration itself, and the settings files.
    pub files: Vec<PathBuf>,
    origin: Option<(Text, Tree)>,
}

/// A stage with its settings at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedStage {
    /// Which strategy.
    pub strategy: Reference,
    /// Its settings; `{}` where there are none. Stages with one settings file share them.
    pub settings: Arc<Value>,
    /// Where they are from, if from a file of their own.
    pub settings_file: Option<PathBuf>,
    /// What one call may use up.
    pub limits: Limits,
    /// Whether an instance serves more than one request.
    pub isolation: Isolation,
    /// Where the stage is written, if it is.
    pub position: Option<Position>,
}

impl ResolvedStage {
    /// A stage that no file speaks of, with no settings.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            strategy: Reference::Name(name.into()),
            settings: no_settings(),
            settings_file: None,
            limits: Limits::default(),
            isolation: Isolation::default(),
            position: None,
        }
    }
}

/// How a stage says which strategy it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A component's file.
    Path(PathBuf),
    /// A name: in the folder of strategies, or bundled.
    Name(String),
}

impl Loaded {
    /// The configuration of somebody who has none.
    pub fn defaults() -> Self {
        Self { config: Config::default(), stages: None, warnings: Vec::new(), files: Vec::new(), origin: None }
    }

    /// An error about the value at a path, such as `["strategies-dir"]`, or the nearest that there is around it; about the file
    /// as a whole where not even the first key is written.
    pub fn error_at(&self, path: &[Step], message: impl Into<String>) -> Diagnostic {
        match &self.origin {
            Some((text, tree)) if path.first().is_none_or(|step| tree.has(step)) => {
                text.error(tree.place(path), message)
            }
            Some((text, _)) => Diagnostic::file(&text.file, message),
            None => Diagnostic::file(Path::new("(defaults)"), message),
        }
    }

    /// An error about the strategy of a stage: `no strategy named …`.
    pub fn stage_error(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        self.error_at(&["strategies".into(), index.into(), "use".into()], message)
    }

    /// An error about the settings of a stage: what the strategy says of them.
    pub fn settings_error(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        let from_file = self.stages.as_ref().and_then(|stages| stages.get(index)?.settings_file.as_ref()).is_some();
        let key = if from_file { "settings-file" } else { "settings" };
        self.error_at(&["strategies".into(), index.into(), key.into()], message)
    }
}

/// Reads a configuration file.
///
/// # Errors
/// Everything that is wrong with it and with its settings files, at once.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    check(source::read(path)?)
}

/// Reads a configuration from a text; `file_name` is what it is called in errors, and paths are relative to its folder.
///
/// # Errors
/// As [`load`].
pub fn from_str(text: &str, file_name: &Path) -> Result<Loaded, ConfigError> {
    check(Text::new(file_name, text))
}

/// Reads a settings file that no configuration names. Warnings come second.
///
/// # Errors
/// That it cannot be read, or what is wrong with it.
pub fn settings(path: &Path) -> Result<(Arc<Value>, Vec<Diagnostic>), Diagnostic> {
    let (value, warnings) = source::parse_value(&source::read(path)?)?;
    Ok((or_none(value), warnings))
}

fn check(text: Text) -> Result<Loaded, ConfigError> {
    let (mut tree, warnings) = source::parse(&text)?;
    let (mut config, diagnostics) = typed::read(&mut tree, &text);
    let folder = text.file.parent().unwrap_or(Path::new("")).to_owned();
    let mut check =
        Check { files: vec![text.file.to_path_buf()], text, tree, folder, warnings, diagnostics, read: HashMap::new() };
    check.values(&config);
    config.strategies_dir = plain_join(&check.folder, &config.strategies_dir);
    let stages = config
        .strategies
        .as_ref()
        .map(|stages| stages.iter().enumerate().map(|(index, stage)| check.stage(index, stage)).collect());
    let Check { text, tree, files, warnings, mut diagnostics, .. } = check;
    let loaded = Loaded { config, stages, warnings, files, origin: Some((text, tree)) };
    if diagnostics.is_empty() {
        return Ok(loaded);
    }
    // Some mistakes come of what is only odd by itself.
    diagnostics.extend_from_slice(&loaded.warnings);
    let files = loaded.files.clone();
    // The mistakes of each file together, and those of the configuration first.
    let rank = |file: &Path| files.iter().position(|other| other == file);
    diagnostics
        .sort_by_key(|diagnostic| (rank(&diagnostic.file), diagnostic.position.map_or((1, None), |at| (0, Some(at)))));
    Err(ConfigError { rest: Some(Box::new(loaded)), ..ConfigError::new(diagnostics, files) })
}

/// A path of the configuration, without the `.` that it may be written with.
fn plain_join(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path).components().collect()
}

/// The checks that look beyond a single value.
struct Check {
    text: Text,
    tree: Tree,
    folder: PathBuf,
    files: Vec<PathBuf>,
    warnings: Vec<Diagnostic>,
    diagnostics: Vec<Diagnostic>,
    /// Settings files; none for one that could not be read, which is told once.
    read: HashMap<PathBuf, Option<Arc<Value>>>,
}

impl Check {
    fn error(&mut self, path: &[Step], message: impl Into<String>, help: &str) {
        self.diagnostics.push(self.text.error(self.tree.place(path), message).with_help(help));
    }

    fn values(&mut self, config: &Config) {
        if config.body_limit.0 == 0 {
            self.error(&["body-limit".into()], "`body-limit`: expected more than 0, found 0", "such as `16MiB`");
        }
        for (index, fault) in config.faults.iter().enumerate() {
            let at = |key: &str| ["faults".into(), index.into(), Step::from(key)];
            if let Some(status) = fault.status.filter(|status| !(400..600).contains(status)) {
                let message = format!("`faults[{index}].status`: expected 400 to 599, found {status}");
                self.error(&at("status"), message, "an error has a status from 400 to 599");
            }
            if fault.retry_after.is_some() && fault.status.is_none() {
                let message = format!("`faults[{index}].retry-after` stands without a `status`");
                self.error(&at("retry-after"), message, "only an error tells the client to try again");
            }
            // What was taken out of it as a mistake is told already.
            let whole = self.diagnostics.is_empty();
            if whole && fault.status.is_none() && fault.fault.is_none() && fault.delay.0.is_zero() {
                let message = format!("`faults[{index}]` does nothing: expected `status`, `fault` or `delay`");
                self.error(&at("rate")[..2], message, "say what goes wrong");
            }
        }
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, model) in config.models.iter().enumerate() {
            let path = ["models".into(), index.into(), "id".into()];
            if model.id.is_empty() {
                self.error(&path, "the `id` of a model is empty", "write the name that clients ask for");
            } else if let Some(first) = seen.get(model.id.as_str()) {
                let first = self.tree.place(&["models".into(), (*first).into(), "id".into()]).at;
                let message = format!("the model `{}` stands here a second time; the first is at {first}", model.id);
                self.error(&path, message, "leave out one of the two");
            } else {
                seen.insert(&model.id, index);
            }
        }
    }

    fn stage(&mut self, index: usize, stage: &Stage) -> ResolvedStage {
        let at: [Step; 2] = ["strategies".into(), index.into()];
        let path =
            |keys: &[&str]| at.iter().cloned().chain(keys.iter().map(|key| Step::from(*key))).collect::<Vec<_>>();
        if stage.strategy.trim().is_empty() {
            self.error(&path(&["use"]), "the name of a strategy is empty", "write a name, or the path of a component");
        }
        let Limits { memory, time, reply } = stage.limits;
        let zeros = [
            ("memory", memory.is_some_and(|size| size.0 == 0), "64MiB"),
            ("time", time.is_some_and(|time| time.0.is_zero()), "20ms"),
            ("reply", reply.is_some_and(|size| size.0 == 0), "16MiB"),
        ];
        for (key, _, default) in zeros.into_iter().filter(|(_, zero, _)| *zero) {
            let path = path(&["limits", key]);
            let message = format!("`{}`: expected more than 0, found 0", self.tree.dotted(&path));
            self.error(&path, message, &format!("left out, it is `{default}`"));
        }
        let settings_file = stage.settings_file.as_ref().map(|file| plain_join(&self.folder, file));
        let settings = match (&stage.settings, &settings_file) {
            (Some(_), Some(_)) => {
                let place = self.tree.key_place(&path(&["settings-file"]));
                let first = self.tree.key_place(&path(&["settings"])).at;
                let message = format!("`settings-file` stands beside `settings` (at {first}); expected one of the two");
                self.diagnostics.push(self.text.error(place, message).with_help("leave out one of them"));
                None
            }
            (Some(settings), None) => Some(Arc::new(settings.clone())),
            (None, Some(file)) => self.settings_file(file, &path(&["settings-file"])),
            (None, None) => None,
        };
        let strategy = if stage.is_path() {
            Reference::Path(plain_join(&self.folder, Path::new(&stage.strategy)))
        } else {
            Reference::Name(stage.strategy.clone())
        };
        ResolvedStage {
            strategy,
            settings: settings.unwrap_or_else(no_settings),
            settings_file,
            limits: stage.limits,
            isolation: stage.isolation,
            position: Some(self.tree.place(&at).at),
        }
    }

    fn settings_file(&mut self, file: &Path, path: &[Step]) -> Option<Arc<Value>> {
        if let Some(settings) = self.read.get(file) {
            return settings.clone();
        }
        self.files.push(file.to_owned());
        let from = self.tree.place(path);
        let settings = match source::read(file).and_then(|text| source::parse_value(&text)) {
            Ok((value, warnings)) => {
                self.warnings.extend(warnings);
                Some(or_none(value))
            }
            // That it cannot be opened is a mistake of the line that names it; what is in it, one of its own lines.
            Err(error) if error.position.is_none() => {
                let message = format!("the settings file cannot be used: {}", error.message);
                let help = format!("the path is relative to the folder of `{}`", self.text.file.display());
                self.diagnostics.push(self.text.error(from, message).with_help(help));
                None
            }
            Err(error) => {
                let named = format!("named as settings at {}:{}", self.text.file.display(), from.at);
                self.diagnostics.push(error.with_help(named));
                None
            }
        };
        self.read.insert(file.to_owned(), settings.clone());
        settings
    }
}

/// An empty file is no settings.
fn or_none(settings: Value) -> Arc<Value> {
    if settings.is_null() { no_settings() } else { Arc::new(settings) }
}

fn no_settings() -> Arc<Value> {
    Arc::new(Value::Object(serde_json::Map::new()))
}
