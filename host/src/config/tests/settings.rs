//! Files on disk: the configuration's own, and the settings files that it names.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use crate::config::{Config, ConfigError, Loaded, load};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str) -> Result<Loaded, ConfigError> {
        load(&self.path(name))
    }

    /// The error as it is shown, with the folder's name left out.
    fn error(&self, name: &str) -> String {
        let prefix = format!("{}/", self.0.path().display());
        self.load(name).unwrap_err().to_string().replace(&prefix, "")
    }
}

#[test]
fn settings_files_are_relative_to_the_configuration_and_read_once() {
    let folder = Folder::new(&[
        ("a.yaml", b"strategies:\n- {use: x, settings-file: t.yml}\n- {use: y, settings-file: t.yml}\n- {use: z, settings-file: e.json}\n"),
        ("t.yml", b"hello: world\nhello: there\n"),
        ("e.json", b"null"),
    ]);
    let loaded = folder.load("a.yaml").unwrap();
    assert_eq!(loaded.files, [folder.path("a.yaml"), folder.path("t.yml"), folder.path("e.json")]);
    let stages = loaded.stages.unwrap();
    assert_eq!(*stages[0].settings, json!({"hello": "there"}));
    assert_eq!(stages[0].settings_file, Some(folder.path("t.yml")));
    assert!(Arc::ptr_eq(&stages[0].settings, &stages[1].settings));
    assert_eq!(*stages[2].settings, json!({}), "an empty file is no settings");
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].to_string().starts_with("warning: the key `hello` stands here a second time"));
    assert_eq!(loaded.warnings[0].file, folder.path("t.yml"));
}

#[test]
fn a_settings_file_that_is_not_there_is_told_at_the_line_that_names_it() {
    let folder = Folder::new(&[("a.yaml", b"strategies:\n  - use: x\n    settings-file: no.yml\n")]);
    assert_eq!(
        folder.error("a.yaml"),
        "error: the settings file cannot be used: cannot read `no.yml`: No such file or directory (os error 2)
 --> a.yaml:3:20
  |
3 |     settings-file: no.yml
  |                    ^^^^^^
  = the path is relative to the folder of `a.yaml`"
    );
    let files = folder.load("a.yaml").unwrap_err().files;
    assert_eq!(files, [folder.path("a.yaml"), folder.path("no.yml")], "it may come, and is watched for");
}

#[test]
fn mistakes_in_a_settings_file_are_told_at_its_own_lines() {
    let folder = Folder::new(&[
        ("a.yaml", b"sed: 1\nstrategies:\n- {use: x, settings-file: t.yml}\n- {use: y, settings-file: t.json}\n"),
        ("t.yml", b"ok: 1\nb: c: d\n"),
        ("t.json", b"{\"ok\": 1,\n \"b\" 2}"),
    ]);
    let error = folder.error("a.yaml");
    let places: Vec<_> = error.lines().filter_map(|line| line.trim_start().strip_prefix("--> ")).collect();
    assert_eq!(places, ["a.yaml:1:1", "t.yml:2:5", "t.json:2:6"], "{error}");
    assert!(error.contains("= named as settings at a.yaml:3:27"), "{error}");
    assert!(error.contains("not valid JSON: expected `:`"), "{error}");
}

#[test]
fn settings_stand_in_one_place() {
    let folder =
        Folder::new(&[("a.yaml", b"strategies:\n- use: x\n  settings: {}\n  settings-file: t.yml\n"), ("t.yml", b"")]);
    assert_eq!(
        folder.error("a.yaml"),
        "error: `settings-file` stands beside `settings` (at 3:3); expected one of the two
 --> a.yaml:4:3
  |
4 |   settings-file: t.yml
  |   ^^^^^^^^^^^^^
  = leave out one of them"
    );
}

#[test]
fn a_file_that_is_no_text_is_told_with_the_byte() {
    let folder = Folder::new(&[
        ("latin.yaml", b"# fine\nmodels: [{id: caf\xe9}]\n"),
        ("utf16.yaml", b"\xff\xfes\0e\0e\0d\0:\0"),
        ("empty.yaml", b""),
        ("bom.yaml", b"\xef\xbb\xbfseed: 4\r\n"),
        ("nul.yaml", b"seed: 4\n\0\n"),
        ("names.yaml", b"strategies: [{use: x, settings-file: latin.yaml}]"),
    ]);
    let error = folder.error("latin.yaml");
    assert!(error.starts_with("error: the byte 0xE9 is not UTF-8\n --> latin.yaml:2:18\n"), "{error}");
    assert!(error.contains("2 | models: [{id: caf\u{fffd}}]\n  |                  ^\n"), "{error}");
    let error = folder.error("names.yaml");
    assert!(error.contains("latin.yaml:2:18") && error.contains("named as settings at names.yaml:1:38"), "{error}");
    assert!(folder.error("utf16.yaml").contains("UTF-16"));
    assert!(folder.error("nul.yaml").contains("nul.yaml:2:1"));
    assert!(folder.error("missing.yaml").starts_with("error: cannot read `missing.yaml`: No such file"));
    assert_eq!(folder.load("bom.yaml").unwrap().config.seed, 4);
    let config = folder.load("empty.yaml").unwrap().config;
    assert_eq!(config, Config { strategies_dir: folder.path("./strategies"), ..Config::default() });
}

#[test]
fn a_huge_settings_file_is_read_fast() {
    let rows = 100_000;
    let table: serde_json::Map<_, _> =
        (0..rows).map(|row| (format!("question {row}"), json!(format!("answer {row}")))).collect();
    let table = serde_json::to_vec(&table).unwrap();
    let yaml: String = (0..rows).map(|row| format!("question {row}: answer {row}\n")).collect();
    let folder = Folder::new(&[
        ("json.yaml", b"strategies: [{use: x, settings-file: t.json}]"),
        ("yaml.yaml", b"strategies: [{use: x, settings-file: t.yml}]"),
        ("t.json", &table),
        ("t.yml", yaml.as_bytes()),
    ]);
    for name in ["json.yaml", "yaml.yaml"] {
        let started = Instant::now();
        let loaded = folder.load(name).unwrap();
        println!("{name}, {rows} entries: {:?}", started.elapsed());
        assert_eq!(loaded.stages.unwrap()[0].settings.as_object().unwrap().len(), rows);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
