//! `standin pack push REF [FILE|DIR]` and `standin pack pull REF [-o FILE]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use standin::pack::archive::EXTENSION;
use standin::pack::build::{Pack, prove_alone};
use standin::pack::digest::Digest;
use standin::pack::reference::{Place, Reference, Remote};
use standin::pack::registry::{Artifact, Kind, MAX_LAYER, tag};
use standin::pack::store::write_whole;
use standin::strategy::loader::Loader;

use super::{Http, build};
use crate::cli::output::say;

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  standin pack push oci://ghcr.io/team/greetings greetings\n  \
                        standin pack push oci://ghcr.io/team/greeter@1.0.0 greeter.wasm\n\n\
                        Credentials are those of the Docker configuration: `docker login ghcr.io`.")]
pub(super) struct Push {
    /// Where to: oci://REGISTRY/NAME, with @VERSION where it is a component.
    #[arg(value_name = "REF")]
    reference: String,
    /// The pack, its folder or its archive, or a component (`*.wasm`).
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    what: PathBuf,
    #[command(flatten)]
    http: Http,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  standin pack pull oci://ghcr.io/team/greetings@1.2 -o greetings.standin.tar.gz")]
pub(super) struct Pull {
    /// What to fetch: oci://REGISTRY/NAME@VERSION.
    #[arg(value_name = "REF")]
    reference: String,
    /// The file to write. Default: NAME-VERSION.standin.tar.gz or NAME.wasm here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    http: Http,
}

/// A place in a registry, and nothing in it.
fn remote(text: &str) -> anyhow::Result<(Reference, Remote)> {
    // Whoever comes from container tools leaves the scheme out.
    if !text.contains("://") && !text.starts_with("pack:") && format!("oci://{text}").parse::<Reference>().is_ok() {
        bail!("`{text}` is written `oci://{text}`");
    }
    let reference: Reference = text.parse().map_err(anyhow::Error::msg)?;
    match (&reference.place, &reference.strategy) {
        (Place::Pack(_), _) => bail!(
            "`{text}` names an installed pack; expected a place in a registry, such as `oci://ghcr.io/team/greetings`"
        ),
        (Place::Remote(_), Some(strategy)) => bail!("`{text}`: a pack goes as a whole; leave out `/{strategy}`"),
        (Place::Remote(remote), None) => {
            let remote = remote.clone();
            Ok((reference, remote))
        }
    }
}

pub(super) fn push(args: &Push) -> anyhow::Result<()> {
    let (reference, remote) = remote(&args.reference)?;
    let registry = args.http.registry()?;
    let (pack, component);
    let (artifact, version) = if args.what.extension().is_some_and(|it| it == "wasm") {
        component = read(&args.what)?;
        (of_component(&args.what, &component)?, None)
    } else {
        pack = if args.what.is_dir() { build::checked(&args.what)? } else { archive(&args.what)? };
        (of_pack(&pack), Some(&pack.manifest.version))
    };
    let tag = tag(&reference.which, version).map_err(|why| anyhow::anyhow!("`{}`: {why}", args.reference))?;
    let manifest = registry.push(&remote, &tag, &artifact)?;
    say(&format!("pushed      {remote}@{tag}"));
    say(&format!("manifest    {manifest}"));
    say(&format!("digest      {}", Digest::of(artifact.bytes)));
    say(&format!("size        {} bytes", artifact.bytes.len()));
    Ok(())
}

pub(super) fn pull(args: &Pull) -> anyhow::Result<()> {
    let (reference, remote) = remote(&args.reference)?;
    let fetched = args.http.registry()?.fetch(&remote, &reference.which)?;
    let name = match fetched.kind {
        Kind::Pack => {
            let pack = Pack::from_archive(fetched.bytes.clone(), &args.reference)?;
            format!("{}-{}{EXTENSION}", pack.manifest.name, pack.manifest.version)
        }
        Kind::Component => format!("{}.wasm", remote.repository.rsplit('/').next().unwrap_or("component")),
    };
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(name));
    write_whole(&file, &fetched.bytes)?;
    say(&format!("file        {}", file.display()));
    say(&format!("manifest    {}", fetched.source.manifest));
    say(&format!("digest      {}", Digest::of(&fetched.bytes)));
    say(&format!("size        {} bytes", fetched.bytes.len()));
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > MAX_LAYER {
        bail!("{} has {} bytes; {MAX_LAYER} at most are pushed", path.display(), bytes.len());
    }
    Ok(bytes)
}

/// An archive as it was built: its tests ran then.
fn archive(path: &Path) -> anyhow::Result<Pack> {
    if !path.exists() {
        bail!("there is no {}; expected the folder of a pack, its archive, or a component (`*.wasm`)", path.display());
    }
    Ok(Pack::from_archive(read(path)?, &path.display().to_string())?)
}

fn of_pack(pack: &Pack) -> Artifact<'_> {
    let manifest = &pack.manifest;
    let annotations = BTreeMap::from([
        ("org.opencontainers.image.title".to_owned(), manifest.name.clone()),
        ("org.opencontainers.image.version".to_owned(), manifest.version.to_string()),
        ("org.opencontainers.image.description".to_owned(), manifest.summary.clone()),
        ("org.opencontainers.image.licenses".to_owned(), manifest.licence.clone()),
    ]);
    Artifact { kind: Kind::Pack, bytes: &pack.archive, config: pack.describe(), annotations }
}

fn of_component<'a>(path: &Path, bytes: &'a [u8]) -> anyhow::Result<Artifact<'a>> {
    let shown = path.display();
    // The last of the first eight bytes tells a component from a core module, which other tools would take it for.
    if bytes.get(..8).is_some_and(|head| head == b"\0asm\x01\0\0\0") {
        bail!("{shown} is a core module; turn it into a component with `standin componentize {shown}`, and push that");
    }
    let plugin = prove_alone(&mut Loader::default(), path, &shown.to_string())?;
    let (exports, imports) = plugin.names();
    let about = &plugin.description;
    let said = [("title", &about.name), ("version", &about.version), ("description", &about.summary)];
    let said = said.into_iter().filter(|(_, text)| !text.is_empty());
    let annotations = said.map(|(key, text)| (format!("org.opencontainers.image.{key}"), text.clone())).collect();
    let config = standin::pack::describe_component(Digest::of(bytes), &exports, &imports);
    Ok(Artifact { kind: Kind::Component, bytes, config, annotations })
}
