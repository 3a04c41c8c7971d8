//! What holds for every language's project, without its toolchain; `tests/languages/run` builds and serves them.

use super::*;
use crate::componentize::contract;

const ALL_NAMES: [&str; 2] = ["greeter", "two-words"];

/// Every language's project, under every name.
fn projects() -> impl Iterator<Item = (Language, &'static str, Vec<File>)> {
    Language::ALL
        .into_iter()
        .flat_map(|language| ALL_NAMES.map(|name| (language, name, project(language, &name.parse().unwrap()).unwrap())))
}

fn text<'f>(files: &'f [File], path: &str) -> &'f str {
    let file = files.iter().find(|file| file.path == path);
    file.map(|file| std::str::from_utf8(&file.bytes).unwrap()).unwrap_or_else(|| panic!("{path} is missing"))
}

#[test]
fn every_project_has_what_the_commands_want() {
    for (language, name, files) in projects() {
        println!("{language:?} {name}");
        let build = files.iter().find(|file| file.path == "build").expect("a build script");
        assert!(build.is_executable());
        let script = text(&files, "build");
        assert!(script.starts_with("#!/bin/sh\n") && script.contains(&format!("{name}.wasm")), "{script}");
        let tests = text(&files, &format!("tests/{name}.test.yaml"));
        assert!(tests.contains(&format!("../{name}.wasm")), "{tests}");
        assert!(text(&files, "standin.yaml").contains(&format!("./{name}.wasm")));
        let readme = text(&files, "README.md");
        for part in [&format!("# {name}\n"), "./build", "standin test", &format!("{name}.wasm")] {
            assert!(readme.contains(part), "{part} is missing in\n{readme}");
        }
        assert!(text(&files, ".gitignore").contains(".wasm"));
        for (file, contents) in contract::FILES {
            assert_eq!(text(&files, &format!("wit/{file}")), contents);
        }
    }
}

#[test]
fn no_placeholder_is_left_and_no_path_is_there_twice() {
    for (language, name, files) in projects() {
        let mut paths: Vec<_> = files.iter().map(|file| &*file.path).collect();
        paths.dedup();
        assert_eq!(paths.len(), files.len(), "{language:?}");
        for file in &files {
            let contents = String::from_utf8_lossy(&file.bytes);
            for placeholder in ["{{name", "name}}", "{{ name"] {
                let left = file.path.contains(placeholder) || contents.contains(placeholder);
                assert!(!left, "{language:?} {name}: {placeholder} in {}", file.path);
            }
            assert!(!file.path.starts_with('/') && !file.path.contains(".."), "{}", file.path);
        }
    }
}

#[test]
fn every_project_speaks_the_contract_of_this_version() {
    for (language, _, files) in projects() {
        for file in files.iter().filter(|file| !file.path.starts_with("wit/")) {
            let contents = String::from_utf8_lossy(&file.bytes);
            for spoken in contents.split("standin:plugin/").skip(1).filter_map(|rest| rest.split_once('@')) {
                let (interface, version) = spoken;
                if interface.chars().all(|char| char.is_ascii_lowercase() || char == '-') {
                    assert!(version.starts_with(contract::version()), "{language:?} {}: {interface}", file.path);
                }
            }
        }
    }
}

#[test]
fn the_sdk_stands_alone() {
    let files = project(Language::Rust, &"greeter".parse().unwrap()).unwrap();
    let manifest = text(&files, "sdk/Cargo.toml");
    assert!(!manifest.contains("workspace") && !manifest.contains("[lints]"), "{manifest}");
    for part in ["name = \"standin-sdk\"", "version = \"", "edition = \"", "serde_json = {", "wit-bindgen = {"] {
        assert!(manifest.contains(part), "{part} is missing in\n{manifest}");
    }
    // The SDK reads the contract beside it.
    assert!(text(&files, "sdk/src/bindings.rs").contains("\"../wit\""));
}

#[test]
fn the_declarations_say_what_the_contract_says() {
    let text = typescript::declarations().unwrap();
    for part in [
        "declare module \"standin:plugin/request@0.1.0\" {",
        "  export function lastUserText(): string | null;",
        "  export function messageAt(index: number): Message | null;",
        "    content: Array<Content>;",
        "    name?: string | null;",
        "    headers: Array<[string, string]>;",
        "    | { tag: \"user-text-contains\"; val: string }",
        "    | { tag: \"has-tools\" }",
        "  import type { Reply } from \"standin:plugin/types@0.1.0\";",
        "  export interface Strategy {",
        "    respond(): Outcome;",
        "    amend(reply: Reply): Reply;",
        "    embed(): EmbeddingOutcome;",
        "  export { $delete as delete };",
        "   * Throws an `Error` whose `payload` is a `StateError`.",
        "     * Throw an `Error` for a failure.",
    ] {
        let part = part.replace("0.1.0", contract::version());
        assert!(text.contains(&part), "{part} is missing in\n{text}");
    }
    assert_eq!(text.matches("declare module").count(), 11, "each interface once");
}
