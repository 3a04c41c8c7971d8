//! `standin inspect FILE.wasm`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use standin::snapshot::lone;
use standin::strategy::cache;
use standin::strategy::engine;
use standin::strategy::instance::Instance;
use standin::strategy::loader::Loader;
use standin::strategy::plugin::CONTRACT;
use wasmtime::component::Component;

use super::output::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The component.
    file: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    print(&args.file)
}

/// Prints what a component is. It is tried like one that is served.
pub(super) fn print(file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    let (origin, spec) = lone(file);
    let _runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plugin = {
        let _inside = _runtime.enter();
        Loader::default().load(origin, spec)
    };
    // A strategy that needs settings is a good component all the same: what it exports can be told.
    let refusal = match &plugin {
        Ok(_) => None,
        Err(error @ standin::strategy::plugin::LoadError::Settings(_)) => Some(error.to_string()),
        Err(error) => anyhow::bail!("{shown} {error}"),
    };
    let side = engine::warm().map_err(anyhow::Error::msg)?;
    let component = cache::compile(&side.engine, &cache::digest(&bytes), &bytes)
        .map_err(|error| anyhow::anyhow!("{shown} is not a WebAssembly component: {error:#}"))?;

    say(&format!("file        {shown}"));
    say(&format!("size        {} bytes", bytes.len()));
    if let Ok(plugin) = &plugin {
        let about = &plugin.description;
        say(&format!("name        {}", about.name));
        say(&format!("version     {}", about.version));
        say(&format!("summary     {}", about.summary));
        say(&format!("roles       {}", plugin.exports.roles().collect::<Vec<_>>().join(", ")));
        say(&format!("asked       {}", plugin.activation));
        let _inside = _runtime.enter();
        if let Ok(instance) = Instance::new(plugin) {
            say(&format!("memory      {} KiB an instance", instance.memory() / 1024));
        }
        if !about.settings_schema.is_empty() {
            say(&format!("settings    {}", about.settings_schema));
        }
    }
    say(&format!("contract    standin:plugin@{CONTRACT}"));
    let kind = component.component_type();
    for (name, _) in kind.exports(&side.engine) {
        say(&format!("exports     {name}"));
    }
    for (name, _) in kind.imports(&side.engine) {
        say(&format!("imports     {name}"));
    }
    if let Some(refusal) = refusal {
        say(&format!("note        without settings it {refusal}"));
    }
    Ok(())
}
