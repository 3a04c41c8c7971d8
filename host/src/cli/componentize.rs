//! `standin componentize CORE.wasm [-o OUT.wasm]`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use standin::componentize::componentize;

use super::output::say;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  clang --target=wasm32-wasi -mexec-model=reactor -O2 -o core.wasm greeter.c bindings/strategy_plugin.c\n  \
                        standin componentize core.wasm -o greeter.wasm"
)]
pub(crate) struct Args {
    /// The core module: exports the functions of `lifecycle` and of a role, such as
    /// `standin:plugin/strategy@0.1.0#respond` or, in short, `strategy_respond`.
    #[arg(value_name = "CORE.wasm")]
    core: PathBuf,
    /// Where to write the component. Default: beside the module, as `NAME.component.wasm`.
    #[arg(short, long, value_name = "OUT.wasm")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let shown = args.core.display();
    let core = fs::read(&args.core).with_context(|| format!("cannot read {shown}"))?;
    let component = componentize(&core).map_err(|error| anyhow::anyhow!("{shown} {error}"))?;
    let output = args.output.clone().unwrap_or_else(|| beside(&args.core));
    fs::write(&output, &component).with_context(|| format!("cannot write {}", output.display()))?;
    say(&format!("{} {} bytes", output.display(), component.len()));
    Ok(())
}

fn beside(core: &Path) -> PathBuf {
    core.with_extension("component.wasm")
}
