//! From a core module to a component: an author in C, Zig, Go or AssemblyScript needs a compiler and nothing else.
//!
//! A core module names what it exports after the canonical ABI (`standin:plugin/strategy@0.1.0#respond`). These names say
//! which world it is for; that world, from the contract that this binary carries, is written into the module, and
//! wit-component does the rest. Languages whose exports are identifiers write `strategy_respond`. `module` reads and rewrites
//! the sections of a module, `contract` parses the WIT.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wit_component::{AdapterModuleDidNotExport, ComponentEncoder, StringEncoding, embed_component_metadata};

use self::contract::{Contract, PACKAGE};
use self::module::Module;

pub mod contract;
mod module;
#[cfg(test)]
mod tests;

/// Why a module cannot be made a component: what the sentence says of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentizeError {
    /// Nothing to do.
    #[error("is a component already; standin loads it as it is")]
    Component,
    /// Not WebAssembly.
    #[error("is no WebAssembly module: {0}")]
    NotWasm(&'static str),
    /// WebAssembly that ends early, or has been damaged.
    #[error("is a damaged WebAssembly module: {0}")]
    Damaged(String),
    /// Exports none of our functions.
    #[error(
        "exports nothing that standin knows; expected `{}#describe`, `{}#configure` and `{}#respond` (or, where names have to be \
         identifiers, `lifecycle_describe`, `lifecycle_configure` and `strategy_respond`), found {found}",
        of("lifecycle"),
        of("lifecycle"),
        of("strategy")
    )]
    NothingKnown {
        /// The names of its exports.
        found: String,
    },
    /// Exports some of what belongs together.
    #[error("exports {found}, and lacks {missing}")]
    Missing {
        /// What it exports.
        found: String,
        /// What goes with that.
        missing: String,
    },
    /// Built for another version of the contract.
    #[error(
        "was built for `{found}`, and this standin offers version {offered}; build it against the `wit/` of this standin"
    )]
    Version {
        /// The first name in that version.
        found: String,
        /// Ours.
        offered: String,
    },
    /// Imports what nobody offers.
    #[error(
        "imports what standin does not offer: {names}; a module may import the functions of standin:plugin and of \
         wasi_snapshot_preview1"
    )]
    UnknownImports {
        /// Module and function, as many as there are.
        names: String,
    },
    /// The host cannot see what the functions return.
    #[error("exports no memory; export it under the name `memory`")]
    NoMemory,
    /// The host has nowhere to put what the functions ask for.
    #[error(
        "exports no `cabi_realloc`, which the host calls to place texts and lists; expected `cabi_realloc(old: i32, old-size: \
         i32, align: i32, size: i32) -> i32`"
    )]
    NoRealloc,
    /// A program with a `main`.
    #[error(
        "is a program with a `_start`, and a strategy is a library; build a reactor, such as with `-mexec-model=reactor` or \
         `-buildmode=c-shared`"
    )]
    Program,
    /// Whatever else wit-component says, such as a wrong signature.
    #[error("cannot be made a component: {0}")]
    Encoding(String),
}

fn of(interface: &str) -> String {
    format!("{PACKAGE}{interface}@{}", contract::version())
}

/// Whether these bytes begin as a core module does.
pub fn is_core(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}

/// Turns a core module into a component of the world that its exports name. The same module gives the same bytes.
///
/// # Errors
/// What the module lacks, or has too much.
pub fn componentize(core: &[u8]) -> Result<Vec<u8>, ComponentizeError> {
    match core.get(..8) {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => {}
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => return Err(ComponentizeError::Component),
        _ if core.is_empty() => return Err(ComponentizeError::NotWasm("the file is empty")),
        _ => return Err(ComponentizeError::NotWasm("it does not begin as WebAssembly does (\\0asm)")),
    }
    let mut module = Module::read(core).map_err(|what| ComponentizeError::Damaged(what.into()))?;
    if module.exports("_start") {
        return Err(ComponentizeError::Program);
    }
    let described = module.has_component_type();
    let prepared = if described {
        core.to_vec()
    } else {
        let contract = Contract::of(module.names()).map_err(damaged_contract)?;
        module.rename_exports(|name| contract.canonical(name));
        let world = contract.world(&Needs::of(&module, &contract)?.exported).map_err(damaged_contract)?;
        module.give_pages_to_the_adapter();
        let mut bytes = module.write();
        embed_component_metadata(&mut bytes, &world.resolve, world.id, StringEncoding::UTF8).map_err(encoding)?;
        bytes
    };
    encode(&prepared, &module)
}

/// The adapter keeps its own pages apart from the module's heap: where it would ask the module for them, some modules (Go) are
/// not ready yet.
fn encode(prepared: &[u8], module: &Module<'_>) -> Result<Vec<u8>, ComponentizeError> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).realloc_via_memory_grow(!module.has_pages_for_the_adapter());
    encoder.module(prepared).map_err(encoding)?;
    if module.imports().any(|(from, _)| from == PREVIEW1) {
        encoder.adapter(PREVIEW1, ADAPTER).map_err(encoding)?;
    }
    encoder.encode().map_err(encoding)
}

/// What a module offers and wants, once it is known to be complete.
struct Needs {
    exported: Vec<&'static str>,
}

impl Needs {
    fn of(module: &Module<'_>, contract: &Contract) -> Result<Self, ComponentizeError> {
        let functions: Vec<&str> = module.functions().collect();
        let ours = |name: &&str| name.starts_with(PACKAGE);
        if let Some(found) = module.names().filter(ours).find(|name| !contract.speaks(name)) {
            let offered = contract::version().to_owned();
            return Err(ComponentizeError::Version { found: found.to_owned(), offered });
        }
        let exported: Vec<&'static str> = contract.exported(&functions);
        if exported.is_empty() {
            let found: Vec<&str> = module.exported().collect();
            let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
            return Err(ComponentizeError::NothingKnown { found });
        }
        let mut missing: Vec<String> = contract.functions_of(&exported);
        missing.retain(|name| !functions.contains(&name.as_str()));
        if exported == ["lifecycle"] {
            missing.push(format!("one of {}", contract.functions_of(&contract::ROLES).join(", ")));
        }
        if !missing.is_empty() {
            let found: Vec<&str> = functions.iter().copied().filter(ours).collect();
            return Err(ComponentizeError::Missing { found: found.join(", "), missing: missing.join(", ") });
        }
        let unknown: Vec<String> = module
            .imports()
            .filter(|(from, name)| *from != PREVIEW1 && !contract.offers(from, name))
            .map(|(from, name)| format!("{from}.{name}"))
            .collect();
        if !unknown.is_empty() {
            return Err(ComponentizeError::UnknownImports { names: unknown.join(", ") });
        }
        if !module.exports("memory") {
            return Err(ComponentizeError::NoMemory);
        }
        Ok(Self { exported })
    }
}

fn damaged_contract(error: String) -> ComponentizeError {
    ComponentizeError::Encoding(format!("the contract in this binary does not parse: {error}"))
}

/// What wit-component says, innermost last; the two that have a remedy get a sentence of ours.
fn encoding(error: anyhow::Error) -> ComponentizeError {
    if let Some(missing) = error.downcast_ref::<AdapterModuleDidNotExport>() {
        return ComponentizeError::Encoding(format!("it imports from {PREVIEW1} what that does not have: {missing}"));
    }
    let said = format!("{error:#}");
    if said.contains("does not export a function named `cabi_realloc`") {
        return ComponentizeError::NoRealloc;
    }
    ComponentizeError::Encoding(said)
}
