//! Lists what `standin new` writes: every file of `templates/`, and the SDK in Rust with a manifest that stands alone.
//!
//! The SDK is not on crates.io, so a project in Rust carries it. Its manifest inherits from the workspace's; what it inherits
//! is written out here, so that neither can drift from the other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Result<T> = std::result::Result<T, String>;

/// Writes `templates.rs` into the directory, and the SDK's manifest beside it.
pub(crate) fn write(out: &Path) -> Result<()> {
    let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo did not set CARGO_MANIFEST_DIR")?);
    let root = host.parent().ok_or("host/ has no parent folder")?.to_owned();
    let (templates, sdk) = (host.join("templates"), root.join("guest-sdk"));
    for input in [&templates, &sdk, &root.join("Cargo.toml")] {
        println!("cargo::rerun-if-changed={}", input.display());
    }

    let mut files = Vec::new();
    collect(&templates, "", &mut files)?;
    let mut source = listing("TEMPLATES", "Every file of `templates/`, by its path there.", &files);

    let manifest = out.join("sdk.toml");
    let text = stand_alone(&read(&sdk.join("Cargo.toml"))?, &read(&root.join("Cargo.toml"))?)?;
    fs::write(&manifest, text).map_err(|error| format!("cannot write {}: {error}", manifest.display()))?;
    let mut files = vec![("Cargo.toml".to_owned(), manifest)];
    collect(&sdk.join("src"), "src/", &mut files)?;
    source += &listing("SDK", "The SDK in Rust, by path: its manifest inherits nothing.", &files);

    let listing = out.join("templates.rs");
    fs::write(&listing, source).map_err(|error| format!("cannot write {}: {error}", listing.display()))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Every file below a folder, by its path there.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Result<()> {
    let failed = |error| format!("cannot read {}: {error}", folder.display());
    let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push((path, entry.path()));
        }
    }
    Ok(())
}

fn listing(name: &str, about: &str, files: &[(String, PathBuf)]) -> String {
    let mut source = format!("/// {about}\npub(super) static {name}: &[(&str, &[u8])] = &[\n");
    for (path, file) in files {
        let _ = writeln!(source, "    ({path:?}, include_bytes!({:?})),", file.display().to_string());
    }
    source + "];\n"
}

/// A manifest with what it inherits from the workspace written out, and without what only a workspace wants.
fn stand_alone(manifest: &str, workspace: &str) -> Result<String> {
    let mut text = String::new();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        match line.split_once(".workspace = true") {
            _ if section == "lints" => {}
            Some((key, "")) => {
                let value = value(workspace, &format!("[workspace.{section}]"), key)?;
                let _ = writeln!(text, "{key} = {value}");
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    Ok(text.trim_end().to_owned() + "\n")
}

/// What a key is in a section of the workspace's manifest, where each is a line.
fn value<'t>(workspace: &'t str, section: &str, key: &str) -> Result<&'t str> {
    let lines = workspace.lines().skip_while(|line| *line != section).skip(1);
    let mut found = lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    let value = found.find_map(|(name, value)| (name == key).then_some(value));
    value.ok_or_else(|| format!("Cargo.toml: {section} has no line `{key} = …`, which guest-sdk/Cargo.toml inherits"))
}
