//! `standin schema`.

use super::output::say;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// That of files of tests: `*.test.yaml`.
    #[arg(long)]
    tests: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let schema = if args.tests { standin::suite::schema() } else { standin::config::schema() };
    say(&serde_json::to_string_pretty(&schema)?);
    Ok(())
}
