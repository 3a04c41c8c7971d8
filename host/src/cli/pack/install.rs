//! `standin pack install [REF|FILE|DIR]`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use standin::pack::install::{Installed, Installer, use_of};
use standin::pack::manifest::rights;
use standin::pack::reference::{OCI, PACK, Reference};
use standin::strategy::loader::Loader;

use super::{Http, Pinned, Stored};
use crate::cli::CONFIG;
use crate::cli::output::say;

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  standin pack install oci://ghcr.io/team/greetings@1.2\n  \
                        standin pack install greetings-1.2.0.standin.tar.gz\n  \
                        standin pack install          (all that standin.yaml and standin.lock name)")]
pub(super) struct Args {
    /// A place in a registry (oci://REGISTRY/NAME@VERSION), an archive, or the folder of a pack.
    #[arg(value_name = "REF|FILE|DIR")]
    what: Option<String>,
    #[command(flatten)]
    pinned: Pinned,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    http: Http,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let (store, registry) = (args.stored.open()?, args.http.registry()?);
    let lock = args.pinned.file();
    let mut installer = Installer { store: &store, registry: &registry, loader: Loader::default() };
    let Some(what) = &args.what else {
        let Some(lock) = lock else {
            bail!(
                "there is no {CONFIG} here; say what to install: `oci://REGISTRY/NAME@VERSION`, an archive or a folder, or a `--lock`"
            );
        };
        let config = Some(Path::new(CONFIG)).filter(|file| file.is_file());
        if config.is_none() && !lock.is_file() {
            bail!("there is neither {} nor {CONFIG} here, so that nothing says what to install", lock.display());
        }
        let installed = installer.restore(config, &lock)?;
        installed.iter().for_each(tell);
        if installed.is_empty() {
            say("everything is installed already");
        }
        return Ok(());
    };
    let installed = if what.starts_with(OCI) || what.starts_with(PACK) {
        let reference: Reference = what.parse().map_err(anyhow::Error::msg)?;
        installer.install(&reference, lock.as_deref())?
    } else {
        let path = PathBuf::from(what);
        if !path.exists() {
            let meant = format!("{OCI}{what}");
            let meant = if meant.parse::<Reference>().is_ok() {
                format!("; in a registry, it is `{meant}`")
            } else {
                String::new()
            };
            bail!(
                "there is no {what}; expected `oci://REGISTRY/NAME@VERSION`, an archive, or the folder of a pack{meant}"
            );
        }
        installer.install_file(&path, lock.as_deref())?
    };
    tell(&installed);
    match lock {
        Some(lock) => say(&format!("pinned in   {}", lock.display())),
        None => say(&format!("not pinned  there is no {CONFIG} here, and no --lock")),
    }
    Ok(())
}

fn tell(installed: &Installed) {
    let Installed { item, manifest, replaced } = installed;
    say(&format!("installed   {}", item.title()));
    say(&format!("digest      {}", item.digest));
    if let Some(before) = replaced {
        say(&format!("instead of  {before}"));
    }
    for text in use_of(item, manifest.as_ref()) {
        say(&format!("use         {text}"));
    }
    let asking = manifest.iter().flat_map(|it| &it.strategies).filter(|strategy| !strategy.allow.is_empty());
    for strategy in asking {
        say(&format!("asks for    {}: {}", strategy.name, rights(&strategy.allow)));
        say(&format!(
            "            nothing is granted but by the configuration, with `allow: {}`",
            rights(&strategy.allow)
        ));
    }
}
