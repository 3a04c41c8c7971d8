//! Stages that name what was installed: a strategy of a pack, or a component that stands alone.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::load::Reference;
use crate::config::{ConfigError, Diagnostic, Loaded, ResolvedStage};
use crate::pack::PackError;
use crate::pack::lock::Lock;
use crate::pack::resolve::Shelf;
use crate::strategy::plugin::Origin;

/// What is installed, where a stage names something that is. Its lock is watched.
pub(super) fn shelf(
    loaded: &Loaded,
    stages: &[ResolvedStage],
    files: &mut Vec<PathBuf>,
) -> Result<Option<Shelf>, ConfigError> {
    if !stages.iter().any(|stage| matches!(stage.strategy, Reference::Installed(_))) {
        return Ok(None);
    }
    let config = loaded.files.first().map(PathBuf::as_path);
    let watched = || files.iter().cloned().chain(config.map(Lock::beside)).collect();
    match Shelf::of(config) {
        Ok(shelf) => {
            files.push(shelf.lock().to_owned());
            Ok(Some(shelf))
        }
        Err(PackError::Written(error)) => Err(ConfigError { files: watched(), ..error }),
        Err(error) => {
            Err(ConfigError::new(vec![loaded.error_at(&["strategies".into()], error.to_string())], watched()))
        }
    }
}

/// The strategy that a stage means, and the stage with what the pack says where it is silent.
pub(super) fn installed(
    loaded: &Loaded,
    index: usize,
    text: &str,
    shelf: &Shelf,
) -> Result<(String, Origin, ResolvedStage), Diagnostic> {
    let found = shelf.find(text).map_err(|error| loaded.stage_error(index, error.to_string()))?;
    if let Some((message, help)) = found.ungranted()
        && !loaded.speaks_of_rights(index)
    {
        return Err(loaded.stage_error(index, message).with_help(help));
    }
    let mut stage = loaded.stages.as_ref().and_then(|stages| stages.get(index)).cloned().unwrap_or_else(|| {
        // Only a configuration names what is installed.
        ResolvedStage::named(text)
    });
    stage.settings = Arc::new(found.settings(&stage.settings));
    stage.limits = found.limits(&stage.limits);
    Ok((found.name, Origin::Installed { title: found.title, file: found.file }, stage))
}
