//! `standin pack list`, `remove` and `verify`: the local store.

use anyhow::bail;
use standin::pack::build::Pack;
use standin::pack::lock::Lock;
use standin::pack::manifest::rights;
use standin::pack::reference::{OCI, PACK, Reference};
use standin::pack::store::{Item, Store};

use super::{Pinned, Stored};
use crate::cli::output::{complain, say};

#[derive(clap::Args)]
#[command(after_help = "Example:\n  standin pack list -v")]
pub(super) struct List {
    /// Also tell the strategies, the rights that they ask for, digests, and where each is from.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    stored: Stored,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  standin pack remove greetings@1.2.0")]
pub(super) struct Remove {
    /// A pack, of one version or of all, or a component by its oci://REGISTRY/NAME@VERSION.
    #[arg(value_name = "NAME[@VERSION]")]
    name: String,
    #[command(flatten)]
    stored: Stored,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  standin pack verify greetings")]
pub(super) struct Verify {
    /// What to verify. Default: all that is installed, and all that standin.lock pins.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    pinned: Pinned,
    #[command(flatten)]
    stored: Stored,
}

pub(super) fn list(args: &List) -> anyhow::Result<()> {
    let store = args.stored.open()?;
    let items = items(&store)?;
    if items.is_empty() {
        say(&format!("nothing is installed in {}", store.folder().display()));
    }
    for item in &items {
        if !args.verbose {
            say(&item.title());
            continue;
        }
        say(&item.title());
        say(&format!("  digest    {}", item.digest));
        say(&format!("  size      {} bytes", item.size));
        match &item.source {
            Some(source) => say(&format!("  from      {}@{}", source.remote(), source.manifest)),
            None => say("  from      a file"),
        }
        if item.pack.is_some() {
            tell_pack(&store, item);
        }
    }
    Ok(())
}

fn tell_pack(store: &Store, item: &Item) {
    let pack = store.read(item.digest).and_then(|bytes| Pack::from_archive(bytes.unwrap_or_default(), &item.title()));
    let manifest = match pack {
        Ok(pack) => pack.manifest,
        Err(error) => return say(&format!("  damaged   {error}")),
    };
    say(&format!("  summary   {}", manifest.summary));
    say(&format!("  licence   {}", manifest.licence));
    for strategy in &manifest.strategies {
        say(&format!("  use       {PACK}{}/{}  {}", manifest.name, strategy.name, strategy.description));
        if !strategy.allow.is_empty() {
            say(&format!("  asks for  {}", rights(&strategy.allow)));
        }
    }
}

pub(super) fn remove(args: &Remove) -> anyhow::Result<()> {
    let store = args.stored.open()?;
    let items = items(&store)?;
    let meant = meant(&items, &args.name)?;
    for item in meant {
        store.remove(item)?;
        say(&format!("removed     {}", item.title()));
    }
    Ok(())
}

pub(super) fn verify(args: &Verify) -> anyhow::Result<()> {
    let store = args.stored.open()?;
    let items = items(&store)?;
    let mut chosen: Vec<&Item> = Vec::new();
    for name in &args.names {
        chosen.extend(meant(&items, name)?);
    }
    if args.names.is_empty() {
        chosen.extend(&items);
    }
    let mut wrong = 0;
    let mut check = |title: &str, item: &Item| {
        let mut blobs = item.components.iter().chain([&item.digest]);
        let verdict = blobs.try_for_each(|blob| match store.read(*blob) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(format!("{blob} is not in the local store; run `standin pack install` again")),
            Err(error) => Err(error.to_string()),
        });
        match verdict {
            Ok(()) => say(&format!("ok          {title}  {}", item.digest)),
            Err(why) => {
                wrong += 1;
                say(&format!("wrong       {title}: {why}"));
            }
        }
    };
    chosen.iter().for_each(|item| check(&item.title(), item));
    if let Some(lock) = args.pinned.file().filter(|_| args.names.is_empty()) {
        for pin in Lock::read(&lock)?.pins {
            let item = pin.as_item();
            check(&format!("{} in {}", item.title(), lock.display()), &item);
        }
    }
    if wrong > 0 {
        bail!("{wrong} of these are not what they should be");
    }
    Ok(())
}

fn items(store: &Store) -> anyhow::Result<Vec<Item>> {
    let (items, odd) = store.items()?;
    odd.iter().for_each(|line| complain(line));
    Ok(items)
}

/// What a name means: with or without `pack:`, as it is listed.
fn meant<'a>(items: &'a [Item], name: &str) -> anyhow::Result<Vec<&'a Item>> {
    let text = if name.starts_with(OCI) || name.starts_with(PACK) { name.to_owned() } else { format!("{PACK}{name}") };
    let reference: Reference = text.parse().map_err(anyhow::Error::msg)?;
    let all = matches!(reference.which, standin::pack::reference::Which::Newest);
    let meant: Vec<_> = items
        .iter()
        .filter(|item| match (&reference.place, all) {
            // Without a version, those before a release too.
            (standin::pack::reference::Place::Pack(pack), true) => item.pack.as_ref() == Some(pack),
            _ => item.answers(&reference),
        })
        .collect();
    if meant.is_empty() {
        let there: Vec<_> = items.iter().map(Item::title).collect();
        let there = if there.is_empty() { "nothing".to_owned() } else { there.join(", ") };
        bail!("`{name}` is not installed; installed is {there}");
    }
    Ok(meant)
}
