//! `standin test`.

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_: &Args) -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
