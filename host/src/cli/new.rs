//! `standin new`.

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_: &Args) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
