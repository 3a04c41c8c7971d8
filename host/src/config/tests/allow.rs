//! What a stage may grant to its strategy.

use std::path::Path;

use super::mistakes;
use crate::config::{Format, Host, from_str};

#[track_caller]
fn one(text: &str, expected: &str) {
    assert_eq!(mistakes(Format::Standin, text), [expected], "{text}");
}

fn host(text: &str) -> Host {
    text.parse().unwrap()
}

#[test]
fn a_host_covers_its_ports() {
    for (pattern, name, port, covered) in [
        ("example.com", "example.com", 80, true),
        ("example.com", "EXAMPLE.com", 443, true),
        ("example.com", "example.com", 8080, false),
        ("example.com", "a.example.com", 80, false),
        ("Example.com:8080", "example.com", 8080, true),
        ("example.com:8080", "example.com", 80, false),
        ("*.example.com", "a.example.com", 443, true),
        ("*.example.com", "a.b.example.com", 443, true),
        ("*.example.com", "example.com", 443, false),
        ("*.example.com", ".example.com", 443, false),
        ("*.example.com", "aexample.com", 443, false),
        ("*.example.com:81", "a.example.com", 81, true),
        ("127.0.0.1:8080", "127.0.0.1", 8080, true),
        ("127.0.0.1", "127.0.0.1", 8080, false),
        ("[::1]:8080", "[::1]", 8080, true),
        ("[0:0::1]", "[::1]", 80, true),
    ] {
        assert_eq!(host(pattern).covers(name, port), covered, "{pattern} {name}:{port}");
    }
}

#[test]
fn a_host_is_told_as_it_is_meant() {
    for text in ["example.com", "example.com:8080", "*.example.com", "127.0.0.1:1", "[::1]:2", "localhost"] {
        assert_eq!(host(text).to_string(), text);
    }
}

#[test]
fn what_is_no_host_is_refused() {
    let expected = "expected a host such as `example.com`, `example.com:8443`, `*.example.com` or `127.0.0.1:8080`";
    for (text, why) in [
        ("https://example.com", "leave out the scheme"),
        ("example.com/a", "leave out the path"),
        ("me@example.com", "leave out the user"),
        ("example.com:", "the port is a number from 1 to 65535"),
        ("example.com:0", "the port is a number from 1 to 65535"),
        ("example.com:99999", "the port is a number from 1 to 65535"),
        ("a:b:c", "an IPv6 address stands in brackets, such as `[::1]:8080`"),
        ("[::x]", "this is no IPv6 address"),
        ("", "a name is made of letters, digits, `-`, `_` and dots, and a `*` stands only before the first dot"),
        ("*", "a name is made of letters, digits, `-`, `_` and dots, and a `*` stands only before the first dot"),
        ("a.*.com", "a name is made of letters, digits, `-`, `_` and dots, and a `*` stands only before the first dot"),
        ("a..com", "a name is made of letters, digits, `-`, `_` and dots, and a `*` stands only before the first dot"),
    ] {
        let text_of = format!("strategies: [{{use: mirror, allow: {{http: ['{text}']}}}}]");
        one(&text_of, &format!("1:43 `strategies[0].allow.http[0]`: {expected}, found `{text}`: {why}"));
    }
}

#[test]
fn a_variable_has_a_name() {
    let env = |name: &str| format!("strategies: [{{use: mirror, allow: {{env: ['{name}']}}}}]");
    assert!(from_str(&env("API_KEY"), Path::new("a")).is_ok());
    let place = "1:42 `strategies[0].allow.env[0]`: ";
    one(&env(""), &format!("{place}the name of a variable is empty"));
    one(&env("A B"), &format!("{place}the name of a variable has no spaces"));
    one(&env("A=1"), &format!("{place}the name of a variable has no `=`, and its value is not written here"));
}

#[test]
fn what_can_be_granted_is_known() {
    one("strategies: [{use: mirror, allow: {write: [a]}}]", "1:36 unknown key `write`");
    one(
        "strategies: [{use: mirror, allow: all}]",
        "1:35 `strategies[0].allow`: expected a mapping (`key: value`), found the text `all`",
    );
}

#[test]
fn a_directory_is_there_and_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let file = folder.path().join("standin.yaml");
    let read = |dir: &str| from_str(&format!("strategies: [{{use: mirror, allow: {{read: ['{dir}']}}}}]"), &file);
    let loaded = read("./data").unwrap();
    let rights = &loaded.stages.unwrap()[0].rights;
    assert_eq!((rights.read[0].path.as_path(), &*rights.read[0].name), (&*folder.path().join("data"), "./data"));
    assert!(rights.waits());
    for (dir, why) in [("nothing", "there is no such directory"), ("file", "this is a file, expected a directory")] {
        let error = read(dir).unwrap_err();
        let shown = folder.path().join(dir);
        let expected = format!("`strategies[0].allow.read[0]`: {}: {why}", shown.display());
        assert_eq!((error.diagnostics.len(), &*error.diagnostics[0].message), (1, &*expected));
    }
    assert_eq!(read("").unwrap_err().diagnostics[0].message, "`strategies[0].allow.read[0]`: the path is empty");
}
