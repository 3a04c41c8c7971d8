//! What no single value of our own configuration shows: settings files, paths, duplicates, what excludes what.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::access::check_origin;
use super::allow::{Allow, Directory, Rights, check_variable};
use super::load::{Reference, ResolvedStage, no_settings, or_none};
use super::model::{Config, Limits, Stage};
use super::report::{Diagnostic, Text};
use super::source;
use super::tree::{Step, Tree};

/// A path of the configuration, without the `.` that it may be written with.
pub(super) fn plain_join(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path).components().collect()
}

/// The checks that look beyond a single value.
pub(super) struct Check {
    pub(super) text: Text,
    pub(super) tree: Tree,
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Settings files; none for one that could not be read, which is told once.
    read: HashMap<PathBuf, Option<Arc<Value>>>,
}

impl Check {
    pub(super) fn new(
        text: Text,
        tree: Tree,
        folder: PathBuf,
        warnings: Vec<Diagnostic>,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        let files = vec![text.file.to_path_buf()];
        Self { text, tree, folder, files, warnings, diagnostics, read: HashMap::new() }
    }

    fn error(&mut self, path: &[Step], message: impl Into<String>, help: &str) {
        self.diagnostics.push(self.text.error(self.tree.place(path), message).with_help(help));
    }

    pub(super) fn values(&mut self, config: &Config) {
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

    /// Who may ask: what would let nobody in, or no page.
    pub(super) fn access(&mut self, config: &Config) {
        let keys = [(vec!["api-key".into()], &config.api_key), (vec!["admin".into(), "key".into()], &config.admin.key)];
        for (path, key) in keys {
            if key.as_ref().is_some_and(|key| key.reveal().trim().is_empty()) {
                let message = format!("`{}` is empty", self.tree.dotted(&path));
                self.error(&path, message, "left out, no key is asked for");
            }
        }
        for (index, origin) in config.cors.allow_origins.iter().enumerate() {
            if let Err(message) = check_origin(origin) {
                let path = ["cors".into(), "allow-origins".into(), index.into()];
                let message = format!("`{}`: {message}", self.tree.dotted(&path));
                self.error(&path, message, "a browser sends scheme, host and port alone, without a `/` at the end");
            }
        }
    }

    pub(super) fn stage(&mut self, index: usize, stage: &Stage) -> ResolvedStage {
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
        let strategy = if stage.is_installed() {
            Reference::Installed(stage.strategy.clone())
        } else if stage.is_path() {
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
            rights: self.rights(&stage.allow, &path(&["allow"])),
            position: Some(self.tree.place(&at).at),
        }
    }

    fn rights(&mut self, allow: &Allow, path: &[Step]) -> Rights {
        let at = |key: &str, index: usize| [path, &[key.into(), index.into()]].concat();
        for (index, name) in allow.env.iter().enumerate() {
            if let Err(message) = check_variable(name) {
                let path = at("env", index);
                let message = format!("`{}`: {message}", self.tree.dotted(&path));
                self.error(&path, message, "write the name alone, such as `API_KEY`");
            }
        }
        let mut read = Vec::with_capacity(allow.read.len());
        for (index, written) in allow.read.iter().enumerate() {
            let directory = plain_join(&self.folder, written);
            let looked_at = if directory.as_os_str().is_empty() { Path::new(".") } else { &directory };
            let shown = directory.display();
            let mistake = match looked_at.metadata() {
                _ if written.as_os_str().is_empty() => "the path is empty".to_owned(),
                Ok(meta) if meta.is_dir() => {
                    read.push(Directory { path: looked_at.to_owned(), name: written.to_string_lossy().into_owned() });
                    continue;
                }
                Ok(_) => format!("{shown}: this is a file, expected a directory"),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    format!("{shown}: there is no such directory")
                }
                Err(error) => format!("{shown}: {error}"),
            };
            let path = at("read", index);
            let message = format!("`{}`: {mistake}", self.tree.dotted(&path));
            let help = format!("the path is relative to the folder of `{}`", self.text.file.display());
            self.error(&path, message, &help);
        }
        Rights { env: allow.env.clone(), read, http: allow.http.clone() }
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
