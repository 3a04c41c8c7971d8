//! `standin check [FILE]`.

use std::path::PathBuf;

use standin::config::{self, Format};
use standin::snapshot::{Snapshot, with_missing_strategies};
use standin::strategy::loader::Loader;

use super::output::say;
use super::{config_file, format_parser, inspect, variables};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A configuration, or a component (`*.wasm`). Default: `standin.yaml`, else what is served without one.
    file: Option<PathBuf>,
    /// Whose configuration it is. Default: that of the system whose keys it has.
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    format: Option<Format>,
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
        Some(file) => config::load_as(file, args.format, &variables()).map_err(with_missing_strategies)?,
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
    if built.config.format != Format::Standin {
        say(&format!("format      {}: {}", built.config.format, built.config.format.about()));
    }
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
