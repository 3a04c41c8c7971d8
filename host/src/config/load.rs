//! From a file to a configuration that can be used, or to everything that is wrong with it.
//!
//! Which strategies there are, this floor does not know; the caller finds out and tells it at the place of the stage
//! ([`Loaded::stage_error`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::allow::Rights;
use super::check::{Check, plain_join};
use super::formats::{self, Foreign, Format, Found, Variables};
use super::model::{Config, Isolation, Limits};
use super::report::{ConfigError, Diagnostic, Severity, Text};
use super::tree::{Node, Place, Position, Step, Tree};
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
    /// How much the log says, as for `--log`, where the file of another system or its variables speak of it.
    pub log: Option<&'static str>,
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
    /// What the strategy may do beyond answering.
    pub rights: Rights,
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
            rights: Rights::default(),
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
    /// What was installed: `pack:…` or `oci://…`, as it is written.
    Installed(String),
}

impl Loaded {
    /// The configuration of somebody who has none.
    pub fn defaults() -> Self {
        let config = Config::default();
        Self { config, stages: None, warnings: Vec::new(), files: Vec::new(), log: None, origin: None }
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

    /// Whether a stage speaks of rights, be it to grant none.
    pub fn speaks_of_rights(&self, index: usize) -> bool {
        let path = format!("/strategies/{index}/allow");
        self.origin.as_ref().is_some_and(|(_, tree)| tree.value.pointer(&path).is_some_and(|it| !it.is_null()))
    }

    /// An error about the strategy of a stage: `no strategy named …`.
    pub fn stage_error(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        if self.config.format != Format::Standin
            && let Some((text, _)) = &self.origin
        {
            // Its chain is not written as ours is.
            return match self.stages.as_ref().and_then(|stages| stages.get(index)?.position) {
                Some(at) => text.error(Place { at, width: 1 }, message),
                None => Diagnostic::file(&text.file, message),
            };
        }
        self.error_at(&["strategies".into(), index.into(), "use".into()], message)
    }

    /// An error about the settings of a stage: what the strategy says of them.
    pub fn settings_error(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        if self.config.format != Format::Standin {
            return self.stage_error(index, message);
        }
        let from_file = self.stages.as_ref().and_then(|stages| stages.get(index)?.settings_file.as_ref()).is_some();
        let key = if from_file { "settings-file" } else { "settings" };
        self.error_at(&["strategies".into(), index.into(), key.into()], message)
    }
}

/// Reads a configuration file, whosesoever it is.
///
/// # Errors
/// Everything that is wrong with it and with its settings files, at once.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    load_as(path, None, &Variables::new())
}

/// The same, for a format that is known, where one is named, and with the variables that other systems have beside their files.
///
/// # Errors
/// As [`load`].
pub fn load_as(path: &Path, format: Option<Format>, variables: &Variables) -> Result<Loaded, ConfigError> {
    check(source::read(path)?, format, variables)
}

/// Reads a configuration from a text; `file_name` is what it is called in errors, and paths are relative to its folder.
///
/// # Errors
/// As [`load`].
pub fn from_str(text: &str, file_name: &Path) -> Result<Loaded, ConfigError> {
    from_str_as(text, file_name, None, &Variables::new())
}

/// [`load_as`] for a text.
///
/// # Errors
/// As [`load`].
pub fn from_str_as(
    text: &str,
    file_name: &Path,
    format: Option<Format>,
    variables: &Variables,
) -> Result<Loaded, ConfigError> {
    check(Text::new(file_name, text), format, variables)
}

/// Reads a settings file that no configuration names. Warnings come second.
///
/// # Errors
/// That it cannot be read, or what is wrong with it.
pub fn settings(path: &Path) -> Result<(Arc<Value>, Vec<Diagnostic>), Diagnostic> {
    let (value, warnings) = source::parse_value(&source::read(path)?)?;
    Ok((or_none(value), warnings))
}

fn check(mut text: Text, format: Option<Format>, variables: &Variables) -> Result<Loaded, ConfigError> {
    let (tree, warnings) = source::parse(&mut text)?;
    match format.map_or_else(|| formats::recognise(&tree, &text), Found::Format) {
        Found::Format(Format::Standin) => own(text, tree, warnings),
        Found::Format(format) => foreign(format, text, tree, warnings, variables),
        // Somebody who has just misspelt a key of ours is told so, and somebody with another file what it could be.
        Found::Nothing => own(text, tree, warnings).map_err(|mut error| {
            let first = error.diagnostics.first_mut();
            first.into_iter().for_each(|first| first.help.extend(formats::all_told()));
            error
        }),
        Found::Several(mistake) => {
            let files = vec![text.file.to_path_buf()];
            Err(ConfigError::new(warnings.into_iter().chain([*mistake]).collect(), files))
        }
    }
}

/// The file of another system.
fn foreign(
    format: Format,
    text: Text,
    tree: Tree,
    mut warnings: Vec<Diagnostic>,
    variables: &Variables,
) -> Result<Loaded, ConfigError> {
    let (Foreign { mut config, stages, log }, told) = formats::read(format, &text, tree, variables);
    let (diagnostics, odd): (Vec<_>, Vec<_>) = told.into_iter().partition(|it| it.severity == Severity::Error);
    warnings.extend(odd);
    let folder = text.file.parent().unwrap_or(Path::new(""));
    config.strategies_dir = plain_join(folder, &config.strategies_dir);
    let files = vec![text.file.to_path_buf()];
    // Its values are settings now. The text alone shows where a strategy stands.
    let tree = Tree { value: Value::Null, node: Node::leaf(Place::START) };
    conclude(Loaded { config, stages: Some(stages), warnings, files, log, origin: Some((text, tree)) }, diagnostics)
}

/// Our own file.
pub(super) fn own(text: Text, mut tree: Tree, warnings: Vec<Diagnostic>) -> Result<Loaded, ConfigError> {
    let (mut config, diagnostics) = typed::read(&mut tree, &text);
    let folder = text.file.parent().unwrap_or(Path::new("")).to_owned();
    let mut check = Check::new(text, tree, folder, warnings, diagnostics);
    check.values(&config);
    check.access(&config);
    config.strategies_dir = plain_join(&check.folder, &config.strategies_dir);
    let stages = config
        .strategies
        .as_ref()
        .map(|stages| stages.iter().enumerate().map(|(index, stage)| check.stage(index, stage)).collect());
    let Check { text, tree, files, warnings, diagnostics, .. } = check;
    conclude(Loaded { config, stages, warnings, files, log: None, origin: Some((text, tree)) }, diagnostics)
}

/// What was read where nothing is wrong, else all that is.
fn conclude(mut loaded: Loaded, mut diagnostics: Vec<Diagnostic>) -> Result<Loaded, ConfigError> {
    let files = loaded.files.clone();
    // The mistakes of each file together, and those of the configuration first.
    let rank = |file: &Path| files.iter().position(|other| other == file);
    let order = |it: &Diagnostic| (rank(&it.file), it.position.map_or((1, None), |at| (0, Some(at))));
    if diagnostics.is_empty() {
        loaded.warnings.sort_by_key(order);
        return Ok(loaded);
    }
    // Some mistakes come of what is only odd by itself.
    diagnostics.extend_from_slice(&loaded.warnings);
    diagnostics.sort_by_key(order);
    Err(ConfigError { rest: Some(Box::new(loaded)), ..ConfigError::new(diagnostics, files) })
}

/// An empty file is no settings.
pub(super) fn or_none(settings: Value) -> Arc<Value> {
    if settings.is_null() { no_settings() } else { Arc::new(settings) }
}

pub(super) fn no_settings() -> Arc<Value> {
    Arc::new(Value::Object(serde_json::Map::new()))
}
