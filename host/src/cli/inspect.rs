//! `standin inspect FILE.wasm`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use standin::componentize::is_core;
use standin::snapshot::lone;
use standin::strategy::instance::Instance;
use standin::strategy::loader::Loader;
use standin::strategy::plugin::{CONTRACT, LoadError};

use super::output::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The component.
    file: PathBuf,
}

/// What a component may ask for, told from its imports. What the standard library of a language imports it need not use.
const RIGHTS: [(&str, &str); 4] = [
    ("wasi:cli/environment", "variables: `allow: { env: [NAME] }`"),
    ("wasi:filesystem/", "files: `allow: { read: [DIR] }`"),
    ("wasi:http/", "hosts: `allow: { http: [HOST] }`"),
    ("wasi:sockets/", "sockets: never granted"),
];

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    print(&args.file)
}

/// Prints what a component is. It is tried like one that is served; one that needs settings is a good component all the same.
pub(super) fn print(file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    // A guest that is tried may look for timers, which need a runtime around them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let (origin, spec) = lone(file);
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    let mut plugin = Loader::default().link(origin, spec).map_err(|error| anyhow::anyhow!("{shown} {error}"))?;
    let refusal = match plugin.prove() {
        Ok(()) => None,
        Err(LoadError::Settings(reason)) => Some(reason),
        Err(error) => anyhow::bail!("{shown} {error}"),
    };

    let line = |what: &str, value: &str| say(&format!("{what:<12}{value}"));
    let about = &plugin.description;
    line("file", &shown.to_string());
    line("size", &format!("{} bytes", bytes.len()));
    if is_core(&bytes) {
        line("form", "a core module, made a component as it is loaded");
    }
    line("name", &about.name);
    line("version", &about.version);
    line("summary", &about.summary);
    let worlds = plugin.exports.roles().map(|role| match role {
        "amender" => "amending-plugin",
        "embedder" => "embedding-plugin",
        _ => "strategy-plugin",
    });
    line("world", &worlds.map(|world| format!("standin:plugin/{world}@{CONTRACT}")).collect::<Vec<_>>().join(" + "));
    match &refusal {
        None => line("asked", &plugin.activation.to_string()),
        Some(reason) => line("asked", &format!("depends on its settings; without any it says: {reason}")),
    }
    if refusal.is_none()
        && let Ok(instance) = Instance::new(&plugin)
    {
        line("memory", &format!("{} KiB an instance", instance.memory() / 1024));
    }
    if !about.settings_schema.is_empty() {
        line("settings", &about.settings_schema);
    }
    let (exported, imported) = plugin.names();
    line("rights", "none, unless the configuration grants them");
    for (package, asked) in RIGHTS {
        if imported.iter().any(|name| name.starts_with(package)) {
            line("may ask for", asked);
        }
    }
    exported.iter().for_each(|name| line("exports", name));
    imported.iter().for_each(|name| line("imports", name));
    Ok(())
}
