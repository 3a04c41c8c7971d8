//! Registries: OCI, the standard for components. A pack has media types of its own; a component that stands alone is as other
//! tools know it.
//!
//! What comes is bounded, and hashed before anybody looks into it. What goes is the manifest last, so that an upload that breaks
//! leaves nothing behind that could be fetched.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::HeaderValue;
use oci_client::RegistryOperation;
use oci_client::errors::OciDistributionError;
use semver::Version;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWrite;
use tokio::runtime::Runtime;

use super::digest::Digest;
use super::reference::{Remote, Which, tag_of, version_of};
use super::store::Source;
use super::transport::{Line, is_missing, short};
use super::{PackError, Result, wasm};

/// The media type of a pack's description, and of the artifact.
pub const CONFIG: &str = "application/vnd.standin.pack.config.v1+json";
/// The media type of a pack's archive.
pub const LAYER: &str = "application/vnd.standin.pack.layer.v1.tar+gzip";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The largest manifest.
const MAX_MANIFEST: usize = 1 << 20;
/// The largest archive or component: 256 MiB.
pub const MAX_LAYER: u64 = 256 << 20;
/// How long a manifest or a list of tags may take altogether.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a registry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A pack.
    Pack,
    /// A component that stands alone.
    Component,
}

/// What was fetched.
pub struct Fetched {
    /// What it is.
    pub kind: Kind,
    /// From where.
    pub source: Source,
    /// The archive or the component, as its digest says.
    pub bytes: Vec<u8>,
}

/// What is to be published.
pub struct Artifact<'a> {
    /// What it is.
    pub kind: Kind,
    /// The archive or the component.
    pub bytes: &'a [u8],
    /// Its description.
    pub config: Value,
    /// What people are shown.
    pub annotations: BTreeMap<String, String>,
}

/// Speaks to registries.
pub struct Registry {
    runtime: Runtime,
    plain_http: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
}

impl Registry {
    /// A registry is spoken to without TLS where `plain_http` says so; unless it is said, where it is on this machine.
    ///
    /// # Errors
    /// No runtime can be had.
    pub fn new(plain_http: Option<bool>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| PackError::other(format!("no runtime for the network: {error}")))?;
        Ok(Self { runtime, plain_http })
    }

    /// Fetches what a reference means.
    ///
    /// # Errors
    /// It cannot be reached, is not there, or is something else.
    pub fn fetch(&self, remote: &Remote, which: &Which) -> Result<Fetched> {
        self.runtime.block_on(async {
            let line = Line::open(&remote.registry, self.plain_http)?;
            let doing = format!("fetch {remote}{which}");
            let image = |which: &str| image(remote, which);
            line.client.store_auth_if_needed(image("latest").resolve_registry(), &line.auth).await;
            let (tag, image) = match which {
                Which::Digest(digest) => {
                    let digest = digest.to_string();
                    let (registry, repository) = (remote.registry.clone(), remote.repository.clone());
                    (None, oci_client::Reference::with_digest(registry, repository, digest))
                }
                Which::Tag(tag) => (Some(tag.clone()), image(tag)),
                Which::Version(..) | Which::Newest => {
                    let tag = self.newest(&line, remote, which, &doing).await?;
                    (Some(tag.clone()), image(&tag))
                }
            };
            let pull = line.client.pull_manifest_raw(&image, &line.auth, &[MANIFEST]);
            let (bytes, _) = patient(&line, &doing, pull).await?;
            if bytes.len() > MAX_MANIFEST {
                return Err(PackError::other(format!(
                    "cannot {doing}: its manifest has more than {MAX_MANIFEST} bytes"
                )));
            }
            let manifest = Digest::of(&bytes);
            if let Which::Digest(expected) = which
                && *expected != manifest
            {
                let (registry, advice) = (&remote.registry, "nothing of it was kept".to_owned());
                let by = format!("what {registry} was asked for");
                return Err(PackError::Digest {
                    what: "the manifest".to_owned(),
                    expected: *expected,
                    by: by.into(),
                    found: manifest,
                    advice: advice.into(),
                });
            }
            let (kind, layer) =
                read_manifest(&bytes).map_err(|why| PackError::other(format!("cannot {doing}: {why}")))?;
            let expected: Digest = layer
                .digest
                .parse()
                .map_err(|why| PackError::other(format!("cannot {doing}: its manifest is wrong: {why}")))?;
            // What the manifest says of the size holds, whatever is sent.
            let mut blob = Blob { bytes: Vec::new(), left: layer.size };
            let pulled = line.client.pull_blob(&image, layer.digest.as_str(), &mut blob).await;
            pulled.map_err(|error| line.tell(&doing, &error))?;
            let found = Digest::of(&blob.bytes);
            if found != expected {
                let advice = "nothing of it was kept".to_owned();
                return Err(PackError::Digest {
                    what: format!("{remote}{which}"),
                    expected,
                    by: "its manifest".into(),
                    found,
                    advice: advice.into(),
                });
            }
            let Remote { registry, repository } = remote.clone();
            Ok(Fetched { kind, source: Source { registry, repository, tag, manifest }, bytes: blob.bytes })
        })
    }

    /// The tag of the highest version that is meant.
    async fn newest(&self, line: &Line, remote: &Remote, which: &Which, doing: &str) -> Result<String> {
        const PAGE: usize = 1_000;
        const MOST: usize = 50;
        let repository = image(remote, "latest");
        let mut tags: Vec<String> = Vec::new();
        for _ in 0..MOST {
            let last = tags.last().cloned();
            let list = line.client.list_tags(&repository, &line.auth, Some(PAGE), last.as_deref());
            let page = patient(line, doing, list).await?.tags;
            let (count, before) = (page.len(), tags.len());
            tags.extend(page.into_iter().filter(|tag| Some(tag) != last.as_ref()));
            // One that does not know pages gives everything each time.
            if count < PAGE || tags.len() == before {
                break;
            }
        }
        let versions = tags.iter().filter_map(|tag| Some((version_of(tag)?, tag)));
        let fitting = versions.filter(|(version, _)| which.admits(Some(version), None, None));
        if let Some((_, tag)) = fitting.max_by(|(a, _), (b, _)| a.cmp(b)) {
            return Ok(tag.clone());
        }
        if let Which::Version(text, _) = which
            && tags.contains(text)
        {
            return Ok(text.clone());
        }
        let there =
            if tags.is_empty() { "none".to_owned() } else { short(&tags[tags.len().saturating_sub(10)..].join(", ")) };
        Err(PackError::other(format!("cannot {doing}: no version there fits; its tags are {there}")))
    }

    /// Publishes under a tag, and says what the manifest's digest is. A version that is published stays what it is.
    ///
    /// # Errors
    /// It cannot be reached, refuses, or has another of this version.
    pub fn push(&self, remote: &Remote, tag: &str, artifact: &Artifact<'_>) -> Result<Digest> {
        self.runtime.block_on(async {
            let line = Line::open(&remote.registry, self.plain_http)?;
            let doing = format!("push {remote}@{tag}");
            let image = image(remote, tag);
            let auth = line.client.auth(&image, &line.auth, RegistryOperation::Push);
            patient(&line, &doing, auth).await?;
            let config = artifact.config.to_string().into_bytes();
            let manifest = write_manifest(artifact, &config);
            let digest = Digest::of(&manifest);
            match line.client.fetch_manifest_digest(&image, &line.auth).await {
                Ok(there) if there == digest.to_string() => return Ok(digest),
                Ok(there) if version_of(tag).is_some() => {
                    return Err(PackError::other(format!(
                        "cannot {doing}: {there} is published as {tag}, and this is {digest}; a version that is published stays what \
                         it is, so raise the version and push that"
                    )));
                }
                Err(error) if !is_missing(&error) => return Err(line.tell(&doing, &error)),
                _ => {}
            }
            for bytes in [artifact.bytes, &config] {
                let blob = Digest::of(bytes).to_string();
                if line.client.blob_exists(&image, &blob).await.unwrap_or(false) {
                    continue;
                }
                let pushed = line.client.push_blob(&image, bytes.to_vec(), &blob).await;
                pushed.map_err(|error| line.tell(&doing, &error))?;
            }
            let pushed = line.client.push_manifest_raw(&image, manifest, HeaderValue::from_static(MANIFEST));
            patient(&line, &doing, pushed).await?;
            Ok(digest)
        })
    }
}

/// The tag of a version, or the tag that is named.
///
/// # Errors
/// Which means something else than one tag.
pub fn tag(which: &Which, version: Option<&Version>) -> std::result::Result<String, String> {
    match (which, version) {
        (Which::Newest, Some(version)) => Ok(tag_of(version)),
        (Which::Newest, None) => Err("a component has no version of its own; say one, such as `@1.0.0`".to_owned()),
        (Which::Version(text, _), Some(version)) if *text != version.to_string() => Err(format!(
            "the pack says of itself that it is {version}; leave out `@{text}`, or change `version` in pack.yaml"
        )),
        (Which::Version(text, _), _) => Ok(text.replace('+', "_")),
        (Which::Tag(tag), _) => Ok(tag.clone()),
        (Which::Digest(_), _) => Err("a digest comes of what is pushed; say a version, such as `@1.0.0`".to_owned()),
    }
}

fn image(remote: &Remote, tag: &str) -> oci_client::Reference {
    oci_client::Reference::with_tag(remote.registry.clone(), remote.repository.clone(), tag.to_owned())
}

/// Waits for an answer, not for ever.
async fn patient<T>(
    line: &Line,
    doing: &str,
    answer: impl Future<Output = std::result::Result<T, OciDistributionError>>,
) -> Result<T> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| line.tell(doing, &error)),
        Err(_) => {
            Err(PackError::other(format!("cannot {doing}: the registry took more than {} s", PATIENCE.as_secs())))
        }
    }
}

fn write_manifest(artifact: &Artifact<'_>, config: &[u8]) -> Vec<u8> {
    let (config_type, layer_type) = match artifact.kind {
        Kind::Pack => (CONFIG, LAYER),
        Kind::Component => (wasm::CONFIG, wasm::LAYER),
    };
    let descriptor = |media_type: &str, bytes: &[u8]| json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() });
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(config_type, config),
        "layers": [descriptor(layer_type, artifact.bytes)],
        "annotations": artifact.annotations,
    });
    if artifact.kind == Kind::Pack {
        manifest["artifactType"] = CONFIG.into();
    }
    manifest.to_string().into_bytes()
}

fn read_manifest(bytes: &[u8]) -> std::result::Result<(Kind, Descriptor), String> {
    let manifest: Manifest =
        serde_json::from_slice(bytes).map_err(|error| format!("its manifest is wrong: {error}"))?;
    let config = manifest.config.map(|it| it.media_type).unwrap_or_default();
    let (kind, media_type) = match config.as_str() {
        CONFIG => (Kind::Pack, LAYER),
        wasm::CONFIG => (Kind::Component, wasm::LAYER),
        other => {
            return Err(format!("it is neither a pack of standin nor a WebAssembly component, but `{}`", short(other)));
        }
    };
    let [layer] = <[Descriptor; 1]>::try_from(manifest.layers)
        .map_err(|layers| format!("expected one layer of the type `{media_type}`, found {}", layers.len()))?;
    if layer.media_type != media_type {
        return Err(format!("expected a layer of the type `{media_type}`, found `{}`", short(&layer.media_type)));
    }
    if layer.size > MAX_LAYER {
        return Err(format!("it has {} bytes; standin takes {MAX_LAYER} at most", layer.size));
    }
    Ok((kind, layer))
}

/// Takes as many bytes as were announced.
struct Blob {
    bytes: Vec<u8>,
    left: u64,
}

impl AsyncWrite for Blob {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.left.checked_sub(bytes.len() as u64);
        let Some(left) = left else {
            return Poll::Ready(Err(io::Error::other("more is sent than the manifest says")));
        };
        self.left = left;
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
