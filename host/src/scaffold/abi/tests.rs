//! What is generated lies in `host/tests/abi`, so that a change of the contract shows there. `UPDATE_GOLDEN=1 cargo test
//! --release -p standin --lib scaffold::abi` writes it anew: read the difference. That it compiles and runs is for the job
//! that builds a project in every language.

use std::path::Path;
use std::{env, fs};

use crate::scaffold::bindings;

fn compare(name: &str, came: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/abi").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, came).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let line = expected.lines().zip(came.lines()).position(|(a, b)| a != b).unwrap_or_default() + 1;
    assert!(expected == came, "{name} differs from line {line} on; UPDATE_GOLDEN=1 writes what came");
}

#[test]
fn go_is_what_it_was() {
    compare("abi.go", &super::go().unwrap());
}

#[test]
fn assemblyscript_is_what_it_was() {
    compare("abi.ts", &super::assemblyscript().unwrap());
}

#[test]
fn c_is_what_it_was() {
    let files = bindings::c().unwrap();
    assert_eq!(
        files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["strategy_plugin.c", "strategy_plugin.h"]
    );
    for (name, content) in files {
        let content = String::from_utf8(content).unwrap();
        assert!(!content.contains("__component_type_object"), "there is no object file to link");
        compare(&name, &content);
    }
}

/// Every function of the world and every type that it names is there, in the words of the language.
#[test]
fn nothing_of_the_contract_is_left_out() {
    let layout = super::Layout::of(super::WORLD).unwrap();
    let (go, script) = (super::go().unwrap(), super::assemblyscript().unwrap());
    for interface in layout.imports.iter().chain(&layout.exports) {
        for call in &interface.functions {
            let (import, export) =
                (format!("{} {}\n", interface.full, call.name), format!("{}#{}\n", interface.full, call.name));
            assert!(go.contains(&import) || go.contains(&export), "{export}");
            let import = format!("@external(\"{}\", \"{}\")", interface.full, call.name);
            let export = format!("function {}_{}()", interface.name, call.name);
            assert!(script.contains(&import) || script.contains(&export), "{import}");
        }
    }
    for named in &layout.types {
        let name = super::layout::upper(&named.name);
        assert!(go.contains(&format!("\ntype {name} ")), "{name}");
        let written = ["class", "abstract class", "enum"].map(|kind| format!("\nexport {kind} {name} {{"));
        assert!(written.iter().any(|it| script.contains(it)), "{name}");
    }
}
