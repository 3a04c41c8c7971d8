//! A component that passed every check, ready to be instantiated.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wasmtime::component::{Component, InstancePre};

use super::activation::{Activation, Condition};
use super::bindings::{amender, embedder, lifecycle, strategy};
use super::engine::{self, Side};
use super::grants::Grants;
use super::guest::{Guest, finish};
use super::health::Health;
use super::imports::{Ctx, Parts};
use super::instance::Failure;
use super::trial;
use crate::componentize::ComponentizeError;
use crate::config::{Isolation, Rights};

/// The version of `wit/` that this host offers.
pub const CONTRACT: &str = "0.1.0";
const PACKAGE: &str = "standin:plugin/";
const ROLES: [&str; 3] = ["strategy", "amender", "embedder"];

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one instance, in bytes; default 64 MiB.
    pub memory: usize,
    /// Time of one call; default 20 ms. That of a plugin that may wait counts on the wall.
    pub time: Duration,
    /// What one call may hand to the host, in bytes; default 16 MiB.
    pub reply: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 64 << 20, time: Duration::from_millis(20), reply: 16 << 20 }
    }
}

/// How the configuration wants a plugin run.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name in the chain, in the log and to clients.
    pub name: Arc<str>,
    /// Its settings.
    pub settings: Arc<Value>,
    /// What a call may use.
    pub limits: Limits,
    /// Instance reuse.
    pub isolation: Isolation,
    /// What it may do beyond answering.
    pub rights: Rights,
    /// The configuration's seed.
    pub seed: u64,
}

/// Where a component came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Embedded in the binary.
    Bundled,
    /// A file.
    File(PathBuf),
    /// Something that was installed.
    Installed {
        /// Of which version of what it is.
        title: String,
        /// Its component.
        file: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => f.write_str("bundled"),
            Self::File(path) => path.display().fmt(f),
            Self::Installed { title, .. } => f.write_str(title),
        }
    }
}

/// The interfaces that a component exports.
pub struct Exports {
    pub(super) lifecycle: lifecycle::GuestIndices,
    pub(super) strategy: Option<strategy::GuestIndices>,
    pub(super) amender: Option<amender::GuestIndices>,
    pub(super) embedder: Option<embedder::GuestIndices>,
}

impl Exports {
    /// The names of the roles that the plugin plays.
    pub fn roles(&self) -> impl Iterator<Item = &'static str> {
        let plays = [self.strategy.is_some(), self.amender.is_some(), self.embedder.is_some()];
        ROLES.into_iter().zip(plays).filter_map(|(role, plays)| plays.then_some(role))
    }
}

/// A component that passed every check.
pub struct Plugin {
    /// Its name in the chain.
    pub name: Arc<str>,
    /// Where it came from.
    pub origin: Origin,
    /// What it says about itself.
    pub description: lifecycle::Description,
    /// When it need not be asked.
    pub activation: Activation,
    /// Instance reuse.
    pub isolation: Isolation,
    /// What a call may use.
    pub limits: Limits,
    /// What it exports.
    pub exports: Exports,
    /// Whether it is put aside.
    pub health: Health,
    /// Its settings.
    pub settings: Arc<Value>,
    /// What it may do beyond answering.
    pub grants: Arc<Grants>,
    /// Whether it may have to wait, for a disk or a host.
    pub waits: bool,
    pub(super) seed: u64,
    pub(super) pre: InstancePre<Ctx>,
}

/// Why a component cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(String),
    /// Not WebAssembly, or damaged.
    #[error("is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// A core module that cannot be made a component.
    #[error("is a core WebAssembly module, which is made a component as it is loaded, and it {0}")]
    CoreModule(ComponentizeError),
    /// Exports no role.
    #[error(
        "exports nothing that standin knows; expected `{PACKAGE}lifecycle@{CONTRACT}` and one of {PACKAGE}strategy, amender or \
         embedder, found {found}"
    )]
    NoKnownExport {
        /// The names of its exports.
        found: String,
    },
    /// Built for another version of the contract.
    #[error(
        "was built for `{found}`, and this standin offers version {CONTRACT}; build it against the `wit/` of this standin"
    )]
    Version {
        /// The interface, with its version.
        found: String,
    },
    /// Imports what the host does not offer.
    #[error(
        "imports what standin does not offer: {names}; a plugin may import the interfaces of standin:plugin@{CONTRACT} and of \
         WASI 0.2"
    )]
    UnknownImports {
        /// The names of the imports.
        names: String,
    },
    /// Does not link, for another reason than those above.
    #[error("cannot be linked: {0}")]
    Link(String),
    /// Failed as it was tried.
    #[error("failed in `{call}` as it was tried at load: it {failure}")]
    Trial {
        /// The function.
        call: &'static str,
        /// What happened.
        failure: Failure,
    },
    /// Refuses its settings.
    #[error("refuses its settings: {0}")]
    Settings(String),
}

impl Plugin {
    /// Checks what a compiled component says of itself, and links it. It is instantiated and described, and knows no settings
    /// yet.
    ///
    /// # Errors
    /// The first check that it does not pass.
    pub fn link(origin: Origin, component: &Component, side: &Side, spec: Spec) -> Result<Self, LoadError> {
        check_names(component, side)?;
        let link = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let waits = spec.rights.waits();
        let asks = component.component_type().imports(&side.engine).any(|(name, _)| name.starts_with("wasi:http/"));
        let linker = side.linker(waits, asks).map_err(LoadError::Link)?;
        let pre = linker.instantiate_pre(component).map_err(link)?;
        let has = |interface| exports(component, side, interface);
        let exports = Exports {
            lifecycle: lifecycle::GuestIndices::new(&pre).map_err(link)?,
            strategy: has("strategy").then(|| strategy::GuestIndices::new(&pre)).transpose().map_err(link)?,
            amender: has("amender").then(|| amender::GuestIndices::new(&pre)).transpose().map_err(link)?,
            embedder: has("embedder").then(|| embedder::GuestIndices::new(&pre)).transpose().map_err(link)?,
        };
        let mut plugin = Self {
            name: spec.name,
            origin,
            description: lifecycle::Description {
                name: String::new(),
                version: String::new(),
                summary: String::new(),
                settings_schema: String::new(),
            },
            activation: Activation::Always,
            isolation: spec.isolation,
            limits: spec.limits,
            exports,
            health: Health::default(),
            settings: spec.settings,
            grants: Arc::new(Grants::new(spec.rights)),
            waits,
            seed: spec.seed,
            pre,
        };
        let described = || async {
            let mut guest = Guest::unconfigured(&plugin).await.map_err(failed_in("instantiation"))?;
            guest.describe().await.map_err(failed_in("describe"))
        };
        plugin.description = finish(waits, described).map_err(failed_in("instantiation"))??;
        Ok(plugin)
    }

    /// Proves that the plugin works: configures an instance, and calls it once with a canned request.
    ///
    /// # Errors
    /// It refuses its settings, or fails.
    pub fn prove(&mut self) -> Result<(), LoadError> {
        let this = &*self;
        let proved = || async {
            let mut guest = Guest::unconfigured(this).await.map_err(failed_in("instantiation"))?;
            let activation = match guest.configure().await {
                Ok(activation) => Activation::from(activation),
                Err(Failure::Own(reason)) => return Err(LoadError::Settings(reason)),
                Err(failure) => return Err(failed_in("configure")(failure)),
            };
            check_tables(&activation, &this.settings)?;
            match trial::run(this, &mut guest).await {
                // The host that it asked may be silent today: no reason not to serve the others.
                Err((call, failure @ Failure::Timeout(_))) if this.waits => {
                    tracing::warn!(strategy = &*this.name, "as it was tried at load, `{call}` {failure}");
                    Ok(activation)
                }
                Err((call, failure)) => Err(LoadError::Trial { call, failure }),
                Ok(()) => Ok(activation),
            }
        };
        self.activation = finish(this.waits, proved).map_err(failed_in("instantiation"))??;
        Ok(())
    }

    /// What the host's side of an instance is made of.
    pub(super) fn parts(&self) -> Parts {
        Parts {
            strategy: Arc::clone(&self.name),
            settings: Arc::clone(&self.settings),
            grants: Arc::clone(&self.grants),
            seed: self.seed,
            memory: self.limits.memory,
            reply: self.limits.reply,
        }
    }

    /// The names of what the component exports, and of what it imports.
    pub fn names(&self) -> (Vec<String>, Vec<String>) {
        let kind = self.pre.component().component_type();
        let engine = self.pre.engine();
        let exported = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
        (exported, kind.imports(engine).map(|(name, _)| name.to_owned()).collect())
    }

    /// The engine's side for this kind of reuse.
    ///
    /// # Errors
    /// This machine cannot run it.
    pub fn side(isolation: Isolation) -> Result<&'static Side, String> {
        match isolation {
            Isolation::Warm => engine::warm(),
            Isolation::Fresh => engine::fresh(),
        }
    }
}

fn failed_in(call: &'static str) -> impl Fn(Failure) -> LoadError {
    move |failure| LoadError::Trial { call, failure }
}

/// A table that stays in the host is looked at by the host alone: that it is there, nobody else would notice.
fn check_tables(activation: &Activation, settings: &Value) -> Result<(), LoadError> {
    for condition in activation.conditions() {
        let Condition::UserTextKeyOf(pointer) = condition else { continue };
        let found = match settings.pointer(pointer) {
            Some(Value::Object(_)) => continue,
            None => "nothing",
            Some(Value::Array(_)) => "a list",
            Some(Value::String(_)) => "a text",
            Some(Value::Number(_)) => "a number",
            Some(Value::Bool(_)) => "true or false",
            Some(Value::Null) => "null",
        };
        let path = pointer.replace('/', ".");
        return Err(LoadError::Settings(format!(
            "`settings{path}`: found {found}, expected a mapping of texts to answers"
        )));
    }
    Ok(())
}

pub(super) fn interface_of<'n>(name: &'n str, interface: &str) -> Option<&'n str> {
    name.strip_prefix(PACKAGE)?.strip_prefix(interface)?.strip_prefix('@')
}

fn exports(component: &Component, side: &Side, interface: &str) -> bool {
    component.component_type().exports(&side.engine).any(|(name, _)| interface_of(name, interface).is_some())
}

/// The names say what a component needs and offers, and in which version: checked before anything is linked, so that the
/// reason is ours and names everything at once.
fn check_names(component: &Component, side: &Side) -> Result<(), LoadError> {
    let kind = component.component_type();
    let exported: Vec<&str> = kind.exports(&side.engine).map(|(name, _)| name).collect();
    let imported: Vec<&str> = kind.imports(&side.engine).map(|(name, _)| name).collect();
    let ours = exported.iter().chain(&imported).filter(|name| name.starts_with(PACKAGE));
    for name in ours {
        if !name.rsplit_once('@').is_some_and(|(_, version)| compatible(version, CONTRACT)) {
            return Err(LoadError::Version { found: (*name).to_owned() });
        }
    }
    let has = |interface| exported.iter().any(|name| interface_of(name, interface).is_some());
    if !has("lifecycle") || !ROLES.into_iter().any(has) {
        let found = if exported.is_empty() { "nothing".to_owned() } else { exported.join(", ") };
        return Err(LoadError::NoKnownExport { found });
    }
    let unknown: BTreeSet<&str> = imported.into_iter().filter(|name| !offered(name)).collect();
    if !unknown.is_empty() {
        return Err(LoadError::UnknownImports { names: Vec::from_iter(unknown).join(", ") });
    }
    Ok(())
}

/// Whether a guest that was built for one version runs on a host that offers another: within a minor version everything that
/// grows is added beside what was there.
pub fn compatible(guest: &str, host: &str) -> bool {
    let minor = |version: &str| {
        let mut parts = version.split('.');
        Some((parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?, parts.next()?.is_empty()))
    };
    minor(guest).is_some_and(|guest| Some(guest) == minor(host))
}

fn offered(import: &str) -> bool {
    const OURS: [&str; 7] = ["types", "request", "settings", "context", "state", "log", "tokens"];
    const WASI: [&str; 8] = [
        "wasi:cli/",
        "wasi:clocks/",
        "wasi:filesystem/",
        "wasi:http/outgoing-handler@",
        "wasi:http/types@",
        "wasi:io/",
        "wasi:random/",
        "wasi:sockets/",
    ];
    OURS.into_iter().chain(["lifecycle", "strategy"]).any(|interface| interface_of(import, interface).is_some())
        || (WASI.into_iter().any(|package| import.starts_with(package))
            && import.rsplit_once('@').is_some_and(|(_, version)| version.starts_with("0.2.")))
}

/// The name that a file gives to its plugin: the stem.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_of_the_same_minor_version_runs() {
        assert!(compatible("0.1.0", "0.1.9"));
        assert!(compatible("0.1.9", "0.1.0"));
        assert!(!compatible("0.1.0", "0.2.0"));
        assert!(!compatible("0.2.0", "0.1.0"));
        assert!(!compatible("1.1.0", "0.1.0"));
        assert!(!compatible("", "0.1.0"));
    }
}
