//! The contract that this binary carries: the files of `wit/`, parsed for the version that a module was built for.

use wit_parser::{Function, InterfaceId, Resolve, SourceMap, WorldId};

/// What every name of ours begins with.
pub(super) const PACKAGE: &str = "standin:plugin/";

/// The interfaces of which a plugin exports one at least.
pub(super) const ROLES: [&str; 3] = ["strategy", "amender", "embedder"];
const EXPORTED: [&str; 4] = ["lifecycle", ROLES[0], ROLES[1], ROLES[2]];

/// The files of `wit/`, by name: what a project gets as its copy of the contract.
pub const FILES: [(&str, &str); 3] = [
    ("host.wit", include_str!("../../../wit/host.wit")),
    ("types.wit", include_str!("../../../wit/types.wit")),
    ("worlds.wit", include_str!("../../../wit/worlds.wit")),
];

/// The version of the contract, as its files say.
pub fn version() -> &'static str {
    let line = FILES[0].1.lines().next().unwrap_or_default();
    line.rsplit_once('@').map_or("", |(_, version)| version.trim_end_matches(';'))
}

/// A world of the contract.
pub struct World {
    /// Everything that was parsed.
    pub resolve: Resolve,
    /// The world itself.
    pub id: WorldId,
}

/// Parses the contract, with one more world in it.
///
/// # Errors
/// The WIT is wrong, which a test would have noticed.
pub fn world(name: &str, source: &str) -> Result<World, String> {
    parse(version(), name, source)
}

/// One of the worlds that the contract defines.
///
/// # Errors
/// There is none of that name.
pub fn named(name: &str) -> Result<World, String> {
    parse(version(), name, "")
}

fn parse(version: &str, name: &str, source: &str) -> Result<World, String> {
    let mut files = SourceMap::new();
    for (file, text) in FILES {
        files.push_str(file, text.replacen(self::version(), version, 1));
    }
    if !source.is_empty() {
        files.push_str("world.wit", source);
    }
    let group = files.parse().map_err(|(_, error)| error.to_string())?;
    let mut resolve = Resolve::new();
    let package = resolve.push_group(group).map_err(|error| error.to_string())?;
    let id = resolve.select_world(&[package], Some(name)).map_err(|error| format!("{error:#}"))?;
    Ok(World { resolve, id })
}

/// The contract in the version that a module names: within a minor version a newer host runs an older guest.
pub(super) struct Contract {
    version: String,
    resolve: Resolve,
}

impl Contract {
    /// The contract for a module with these names of exports and imports; ours where it names none.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, String> {
        let found = names.filter_map(|name| version_of(name)).find(|found| same_minor(found, version()));
        let version = found.unwrap_or(version()).to_owned();
        let resolve = parse(&version, "strategy-plugin", "")?.resolve;
        Ok(Self { version, resolve })
    }

    /// Whether a name of ours is in the version that the module speaks.
    pub(super) fn speaks(&self, name: &str) -> bool {
        version_of(name) == Some(&self.version)
    }

    /// The canonical name for an export that is written as an identifier.
    pub(super) fn canonical(&self, name: &str) -> Option<String> {
        let (post, plain) = name.strip_prefix("cabi_post_").map_or(("", name), |plain| ("cabi_post_", plain));
        EXPORTED.into_iter().find_map(|interface| {
            let function = plain.strip_prefix(interface)?.strip_prefix('_')?.replace('_', "-");
            let known = self.functions(interface).any(|it| it.name == function);
            known.then(|| format!("{post}{}#{function}", self.name(interface)))
        })
    }

    /// Which of the interfaces that a plugin may export are there, at least in part.
    pub(super) fn exported(&self, functions: &[&str]) -> Vec<&'static str> {
        let there = |interface: &&str| {
            let prefix = format!("{}#", self.name(interface));
            functions.iter().any(|name| name.starts_with(&prefix))
        };
        EXPORTED.into_iter().filter(there).collect()
    }

    /// The names that a plugin with these interfaces exports: `lifecycle` is always among them.
    pub(super) fn functions_of(&self, interfaces: &[&str]) -> Vec<String> {
        let with_lifecycle = EXPORTED.into_iter().filter(|it| *it == "lifecycle" || interfaces.contains(it));
        let wanted = with_lifecycle.filter(|it| interfaces != ROLES || *it != "lifecycle");
        wanted
            .flat_map(|interface| {
                self.functions(interface).map(move |it| format!("{}#{}", self.name(interface), it.name))
            })
            .collect()
    }

    /// Whether the host has this function.
    pub(super) fn offers(&self, from: &str, function: &str) -> bool {
        let interface = from.strip_prefix(PACKAGE).and_then(|it| it.strip_suffix(&format!("@{}", self.version)));
        let imported = interface.filter(|it| !EXPORTED.contains(it) && *it != "types");
        imported.is_some_and(|interface| self.functions(interface).any(|it| it.name == function))
    }

    /// The world that exports exactly these interfaces.
    pub(super) fn world(&self, interfaces: &[&str]) -> Result<World, String> {
        let exports: String = interfaces.iter().map(|interface| format!("export {interface};\n")).collect();
        let package = format!("package {}@{};", PACKAGE.trim_end_matches('/'), self.version);
        parse(&self.version, "module", &format!("{package}\nworld %module {{ include host;\n{exports} }}\n"))
    }

    fn name(&self, interface: &str) -> String {
        format!("{PACKAGE}{interface}@{}", self.version)
    }

    fn functions(&self, interface: &str) -> impl Iterator<Item = &Function> {
        let named = |id: &InterfaceId| self.resolve.interfaces[*id].name.as_deref() == Some(interface);
        let id = self.resolve.interfaces.iter().map(|(id, _)| id).find(named);
        id.into_iter().flat_map(|id| self.resolve.interfaces[id].functions.values())
    }
}

/// The version in `standin:plugin/strategy@0.1.0#respond`.
fn version_of(name: &str) -> Option<&str> {
    let (_, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    Some(version.split_once('#').map_or(version, |(version, _)| version))
}

fn same_minor(a: &str, b: &str) -> bool {
    let minor = |text: &str| semver::Version::parse(text).map(|it| (it.major, it.minor)).ok();
    minor(a).is_some() && minor(a) == minor(b)
}
