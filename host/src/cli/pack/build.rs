//! `standin pack build [DIR] [-o FILE]`.

use std::path::{Path, PathBuf};

use standin::pack::archive::EXTENSION;
use standin::pack::build::Pack;
use standin::pack::store::write_whole;
use standin::strategy::loader::Loader;

use crate::cli::output::say;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  standin pack build greetings -o greetings.standin.tar.gz")]
pub(super) struct Args {
    /// The folder of the pack, with its pack.yaml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The archive to write. Default: NAME-VERSION.standin.tar.gz here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let pack = checked(&args.dir)?;
    let name = || PathBuf::from(format!("{}-{}{EXTENSION}", pack.manifest.name, pack.manifest.version));
    let file = args.output.clone().unwrap_or_else(name);
    write_whole(&file, &pack.archive)?;
    say(&format!("pack        {}", pack.title()));
    say(&format!("file        {}", file.display()));
    say(&format!("size        {} bytes", pack.archive.len()));
    say(&format!("digest      {}", pack.digest()));
    Ok(())
}

/// A pack whose components work and whose tests pass.
pub(super) fn checked(folder: &Path) -> anyhow::Result<Pack> {
    let pack = Pack::from_folder(folder)?;
    pack.prove(&mut Loader::default(), |strategy| folder.join(&strategy.file))?;
    run_tests(&folder.join(&pack.manifest.tests))?;
    Ok(pack)
}

fn run_tests(folder: &Path) -> anyhow::Result<()> {
    if !folder.is_dir() {
        say("tests       none: there is no folder of tests");
        return Ok(());
    }
    let summary = standin::suite::run_folder(folder)?;
    if summary.failed > 0 {
        anyhow::bail!(
            "{}\n{} of the pack's tests fail, so that it is not built",
            summary.told.trim_end(),
            summary.failed
        );
    }
    say(&format!("tests       {} passed", summary.passed));
    Ok(())
}
