//! Modules that are put together by hand, of functions that take and return `i32` and trap when they are called.

use super::*;

type Signature = (usize, usize);

const REALLOC: (&str, Signature) = ("cabi_realloc", (4, 1));
const STRATEGY: [(&str, Signature); 4] = [
    ("standin:plugin/lifecycle@0.1.0#describe", (0, 1)),
    ("standin:plugin/lifecycle@0.1.0#configure", (0, 1)),
    ("standin:plugin/strategy@0.1.0#respond", (0, 1)),
    REALLOC,
];

#[derive(Default)]
struct Core<'a> {
    imports: Vec<(&'a str, &'a str, Signature)>,
    functions: Vec<(&'a str, Signature)>,
    no_memory: bool,
    data: &'a [u8],
}

impl Core<'_> {
    fn wasm(&self) -> Vec<u8> {
        let (imports, functions) = (self.imports.len(), self.functions.len());
        let signatures = self.imports.iter().map(|it| it.2).chain(self.functions.iter().map(|it| it.1));
        let mut types = vec![(imports + functions) as u8];
        for (params, results) in signatures {
            types.extend([0x60, params as u8]);
            types.extend(vec![0x7f; params]);
            types.push(results as u8);
            types.extend(vec![0x7f; results]);
        }
        let mut imported = vec![imports as u8];
        for (index, (from, name, _)) in self.imports.iter().enumerate() {
            imported.extend(text(from));
            imported.extend(text(name));
            imported.extend([0, index as u8]);
        }
        let mut declared = vec![functions as u8];
        declared.extend((imports..imports + functions).map(|index| index as u8));
        let mut exported = vec![(functions + usize::from(!self.no_memory)) as u8];
        for (index, (name, _)) in self.functions.iter().enumerate() {
            exported.extend(text(name));
            exported.extend([0, (imports + index) as u8]);
        }
        if !self.no_memory {
            exported.extend(text("memory"));
            exported.extend([2, 0]);
        }
        let mut code = vec![functions as u8];
        code.extend((0..functions).flat_map(|_| [3, 0, 0x00, 0x0b]));
        let mut data = vec![1, 0, 0x41, 0x80, 0x08, 0x0b, self.data.len() as u8];
        data.extend(self.data);
        let sections =
            [(1, types), (2, imported), (3, declared), (5, vec![1, 0, 4]), (7, exported), (10, code), (11, data)];
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        for (id, body) in sections {
            wasm.extend([id, body.len() as u8 & 0x7f | 0x80, (body.len() >> 7) as u8]);
            wasm.extend(body);
        }
        wasm
    }
}

fn text(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

fn strategy() -> Core<'static> {
    Core { functions: STRATEGY.to_vec(), ..Core::default() }
}

fn refused(core: &Core<'_>) -> String {
    componentize(&core.wasm()).unwrap_err().to_string()
}

fn exports(component: &[u8]) -> Vec<String> {
    let wit_component::DecodedWasm::Component(resolve, world) = wit_component::decode(component).unwrap() else {
        panic!("not a component")
    };
    resolve.worlds[world].exports.keys().map(|key| resolve.name_world_key(key)).collect()
}

#[test]
fn a_strategy_becomes_a_component() {
    let component = componentize(&strategy().wasm()).unwrap();
    assert_eq!(exports(&component), ["standin:plugin/lifecycle@0.1.0", "standin:plugin/strategy@0.1.0"]);
    assert_eq!(componentize(&strategy().wasm()).unwrap(), component, "the same module gives the same bytes");
}

#[test]
fn identifiers_stand_for_the_canonical_names() {
    let functions = ["lifecycle_describe", "lifecycle_configure", "strategy_respond", "cabi_realloc"];
    let functions = functions.into_iter().zip(STRATEGY).map(|(name, (_, signature))| (name, signature)).collect();
    let short = componentize(&Core { functions, ..Core::default() }.wasm()).unwrap();
    assert_eq!(short, componentize(&strategy().wasm()).unwrap());
}

#[test]
fn the_world_is_what_is_exported() {
    let mut core = strategy();
    core.functions.push(("amender_amend", (1, 1)));
    core.functions.push(("cabi_post_amender_amend", (1, 0)));
    core.functions.push(("embedder_embed", (0, 1)));
    let all = ["lifecycle", "strategy", "amender", "embedder"].map(|it| format!("standin:plugin/{it}@0.1.0"));
    assert_eq!(exports(&componentize(&core.wasm()).unwrap()), all);
}

#[test]
fn an_older_patch_version_is_kept() {
    let names = STRATEGY.map(|(name, signature)| (name.replace("0.1.0", "0.1.9"), signature));
    let functions = names.iter().map(|(name, signature)| (name.as_str(), *signature)).collect();
    let component = componentize(&Core { functions, ..Core::default() }.wasm()).unwrap();
    assert_eq!(exports(&component), ["standin:plugin/lifecycle@0.1.9", "standin:plugin/strategy@0.1.9"]);
}

#[test]
fn what_is_no_module_is_told_apart() {
    let refused = |bytes: &[u8]| componentize(bytes).unwrap_err().to_string();
    assert_eq!(refused(b""), "is no WebAssembly module: the file is empty");
    assert!(refused(b"just a text\n").contains("does not begin"));
    assert!(refused(&strategy().wasm()[..60]).contains("is a damaged WebAssembly module"));
    assert_eq!(refused(&componentize(&strategy().wasm()).unwrap()), ComponentizeError::Component.to_string());
}

#[test]
fn names_that_are_not_known_are_told_with_those_that_are() {
    let reason = refused(&Core { functions: vec![("run", (0, 0))], ..Core::default() });
    assert!(reason.contains("found run, memory") && reason.contains("strategy@0.1.0#respond`"), "{reason}");
    assert!(refused(&Core { no_memory: true, ..Core::default() }).contains("found nothing"));
}

#[test]
fn what_is_missing_is_named() {
    let mut core = strategy();
    core.functions.remove(1);
    assert!(refused(&core).ends_with("and lacks standin:plugin/lifecycle@0.1.0#configure"), "{}", refused(&core));
    let core = Core { functions: STRATEGY[..2].to_vec(), ..Core::default() };
    assert!(refused(&core).contains("lacks one of standin:plugin/strategy@0.1.0#respond"), "{}", refused(&core));
    assert_eq!(refused(&Core { no_memory: true, ..strategy() }), ComponentizeError::NoMemory.to_string());
}

#[test]
fn a_function_that_returns_texts_needs_realloc() {
    let imports = vec![("standin:plugin/request@0.1.0", "model", (1, 0))];
    let functions = STRATEGY[..3].to_vec();
    let reason = refused(&Core { imports, functions, ..Core::default() });
    assert_eq!(reason, ComponentizeError::NoRealloc.to_string());
}

#[test]
fn another_version_is_refused() {
    let core = Core { functions: vec![("standin:plugin/strategy@0.2.0#respond", (0, 1))], ..Core::default() };
    assert!(refused(&core).starts_with("was built for `standin:plugin/strategy@0.2.0#respond`"), "{}", refused(&core));
}

#[test]
fn unknown_imports_are_all_named() {
    let imports = vec![
        ("env", "emscripten_notify_memory_growth", (1, 0)),
        ("standin:plugin/request@0.1.0", "message-count", (0, 1)),
        ("standin:plugin/request@0.1.0", "no-such", (0, 1)),
    ];
    let reason = refused(&Core { imports, ..strategy() });
    let named = "env.emscripten_notify_memory_growth, standin:plugin/request@0.1.0.no-such;";
    assert!(reason.contains(named), "{reason}");
    let imports = vec![("wasi_snapshot_preview1", "no_such", (1, 0))];
    assert!(refused(&Core { imports, ..strategy() }).contains("no_such"));
}

#[test]
fn a_wrong_signature_is_told() {
    let mut core = strategy();
    core.functions[2].1 = (1, 1);
    let reason = refused(&core);
    assert!(reason.contains("respond") && reason.contains("mismatch"), "{reason}");
}

#[test]
fn a_program_is_no_library() {
    let mut core = strategy();
    core.functions.push(("_start", (0, 0)));
    assert_eq!(refused(&core), ComponentizeError::Program.to_string());
}

#[test]
fn the_adapter_is_there_where_it_is_wanted() {
    let component = componentize(&strategy().wasm()).unwrap();
    assert!(component.len() < 16 << 10, "{} bytes", component.len());
    let imports = vec![("wasi_snapshot_preview1", "fd_write", (4, 1))];
    let adapted = componentize(&Core { imports: imports.clone(), ..strategy() }.wasm()).unwrap();
    assert!(memchr::memmem::find(&adapted, b"wasi:io/streams@0.2").is_some());
    assert!(memchr::memmem::find(&adapted, b"cabi_realloc_adapter").is_none());
    // A module with pages for the adapter hands them out itself.
    let marked = Core { imports, data: module::MARK, ..strategy() };
    let adapted = componentize(&marked.wasm()).unwrap();
    assert!(memchr::memmem::find(&adapted, b"cabi_realloc_adapter").is_some());
}
