//! `standin check [FILE]`.

use std::path::PathBuf;

use standin::config;
use standin::snapshot::{Snapshot, with_missing_strategies};
use standin::strategy::loader::Loader;

use super::output::say;
use super::{config_file, inspect};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A configuration, or a component (`*.wasm`). Default: `standin.yaml`, else what is served without one.
    file: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    if let Some(file) = args.file.as_ref().filter(|file| file.extension().is_some_and(|it| it == "wasm")) {
        inspect::print(file)?;
        say("ok          it loads, and answered a trial call");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let file = config_file(args.file);
    let loaded = match &file {
        Some(file) => config::load(file).map_err(with_missing_strategies)?,
        None => config::Loaded::defaults(),
    };
    let built = Snapshot::build(loaded, &mut Loader::default())?;
    for warning in &built.warnings {
        say(&warning.to_string());
    }
    say(&match &file {
        Some(file) => format!("{} is a good configuration", file.display()),
        None => "there is no standin.yaml; this is what is served without one".to_owned(),
    });
    say(&format!("listen      {}", built.config.listen));
    say("chain       (asked in this order)");
    for plugin in built.snapshot.chain.stages() {
        let about = &plugin.description;
        say(&format!(
            "  {:<12} {} {} ({}), asked {}",
            plugin.name, about.name, about.version, plugin.origin, plugin.activation
        ));
    }
    let models: Vec<&str> = built.snapshot.models.iter().map(|model| model.id.as_str()).collect();
    say(&format!("models      {}", if models.is_empty() { "any".to_owned() } else { models.join(", ") }));
    Ok(())
}
