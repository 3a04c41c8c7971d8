//! `standin pack`: a file for each of its commands.

mod build;
mod install;
mod list;
mod publish;

use std::path::PathBuf;

use clap::Subcommand;
use standin::pack::lock::Lock;
use standin::pack::registry::Registry;
use standin::pack::store::{Store, VARIABLE};

use super::CONFIG;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a pack, run its tests, and write its archive: the same pack gives the same bytes.
    Build(build::Args),
    /// Publish a pack, or a component that stands alone, in a registry.
    Push(publish::Push),
    /// Fetch a pack's archive, or a component, from a registry into a file.
    Pull(publish::Pull),
    /// Install a pack and pin it in standin.lock; without an argument, all that configuration and lock name.
    Install(install::Args),
    /// List what is installed.
    #[command(visible_alias = "ls")]
    List(list::List),
    /// Remove what is installed.
    #[command(visible_alias = "rm")]
    Remove(list::Remove),
    /// Hash again what is installed, and what standin.lock pins.
    Verify(list::Verify),
}

/// How a registry is spoken to.
#[derive(clap::Args)]
struct Http {
    /// Speak to the registry without TLS. Default: only to one on this machine.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    plain_http: Option<bool>,
}

impl Http {
    fn registry(&self) -> anyhow::Result<Registry> {
        Ok(Registry::new(self.plain_http)?)
    }
}

/// Where packs are kept.
#[derive(clap::Args)]
struct Stored {
    /// The folder of what is installed. Default: ~/.local/share/standin/packs.
    #[arg(long, value_name = "DIR", env = VARIABLE)]
    store: Option<PathBuf>,
}

impl Stored {
    fn open(&self) -> anyhow::Result<Store> {
        Ok(match &self.store {
            Some(folder) => Store::new(std::path::absolute(folder)?),
            None => Store::users()?,
        })
    }
}

/// What pins.
#[derive(clap::Args)]
struct Pinned {
    /// The lock. Default: standin.lock beside standin.yaml, where that is there.
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
}

impl Pinned {
    /// The lock that is read and written, if any.
    fn file(&self) -> Option<PathBuf> {
        let beside = || Some(PathBuf::from(CONFIG)).filter(|file| file.is_file()).map(|file| Lock::beside(&file));
        self.lock.clone().or_else(beside)
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Build(args) => build::run(&args),
        Command::Push(args) => publish::push(&args),
        Command::Pull(args) => publish::pull(&args),
        Command::Install(args) => install::run(&args),
        Command::List(args) => list::list(&args),
        Command::Remove(args) => list::remove(&args),
        Command::Verify(args) => list::verify(&args),
    }
}
