//! `standin new`: what it writes where, and what it says where it cannot. What becomes of a project is tested by
//! `tests/languages/run`, which needs the languages' toolchains.

use std::fs;

use super::{fails, prints, run};

const LANGUAGES: [&str; 9] = ["rust", "python", "javascript", "typescript", "go", "c", "cpp", "zig", "assemblyscript"];

#[test]
fn a_project_is_written_in_every_language() {
    let place = tempfile::tempdir().unwrap();
    for language in LANGUAGES {
        let name = format!("my-{language}");
        let said = prints(place.path(), &["new", &name, "--lang", language]);
        for part in [&format!("wrote {name}"), "README.md", "wit/ (", "./build", "standin test", &format!("cd {name}")]
        {
            assert!(said.contains(part), "{part} is missing:\n{said}");
        }
        let folder = place.path().join(&name);
        for file in ["README.md", ".gitignore", "standin.yaml", "wit/types.wit", &format!("tests/{name}.test.yaml")] {
            assert!(folder.join(file).is_file(), "{language}: {file}");
        }
        let mode = std::os::unix::fs::PermissionsExt::mode(&folder.join("build").metadata().unwrap().permissions());
        assert_eq!(mode & 0o100, 0o100, "{language}");
        // A project is no second one's place.
        let told = fails(place.path(), &["new", &name, "--lang", language]);
        assert!(told.contains("is not empty"), "{told}");
    }
}

#[test]
fn a_project_goes_where_it_is_told_to() {
    let place = tempfile::tempdir().unwrap();
    let said = prints(place.path(), &["new", "greeter", "--lang", "Python", "--dir", "a/b"]);
    assert!(said.contains("cd a/b"), "{said}");
    assert!(place.path().join("a/b/tests/greeter.test.yaml").is_file());
    fs::create_dir(place.path().join("empty")).unwrap();
    prints(&place.path().join("empty"), &["new", "greeter", "--lang", "c", "--dir", "."]);
    assert!(place.path().join("empty/build").is_file());
}

#[test]
fn a_wrong_use_says_what_to_do_and_writes_nothing() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "mine").unwrap();
    for (args, parts) in [
        (&["new"][..], &["NAME", "standin new NAME --lang LANG"][..]),
        (&["new", "greeter"], &["--lang rust", "assemblyscript", "componentize-py"]),
        (&["new", "greeter", "--lang", "perl"], &["`perl`", "python", "clang and wasi-libc"]),
        (&["new", "MyGreeter", "--lang", "c"], &["the capital letter `M`", "try `my-greeter`"]),
        (&["new", "a/greeter", "--lang", "c"], &["is a path", "`greeter --dir a/greeter`"]),
        (&["new", "file", "--lang", "c"], &["file is there already, and is no folder", "--dir"]),
        (&["new", "greeter", "--lang", "c", "--dir", "."], &[". is there already, and is not empty", "--dir"]),
        (&["new", "greeter", "--lang", "c", "--dir", "file/x"], &["file/x"]),
    ] {
        let (code, stdout, told) = run(place.path(), args);
        assert_eq!((code, &*stdout), (Some(2), ""), "{args:?}: {told}");
        for part in parts {
            assert!(told.contains(part), "{args:?}: {part} is missing:\n{told}");
        }
    }
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["file"]);
    assert_eq!(fs::read_to_string(place.path().join("file")).unwrap(), "mine");
}

#[test]
fn its_help_lists_the_languages_and_has_an_example() {
    let place = tempfile::tempdir().unwrap();
    let help = prints(place.path(), &["new", "--help"]);
    for part in LANGUAGES.into_iter().chain(["Example:", "standin new greeter --lang python", "--dir"]) {
        assert!(help.contains(part), "{part} is missing:\n{help}");
    }
}
