//! Which files of tests there are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the name of a file of tests ends with.
pub const ENDING: &str = ".test.yaml";

/// Whether a path is that of a file of tests.
pub fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING))
}

/// The files of tests below a folder, sorted, and the folders that were looked into. Hidden folders, `target` and
/// `node_modules` are not.
///
/// # Errors
/// A folder cannot be read: which, and why.
pub fn find(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), (PathBuf, io::Error)> {
    let (mut files, mut folders, mut open) = (Vec::new(), Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // One that vanished meanwhile, or may not be looked into, is no reason to test nothing.
            Err(_) if !folders.is_empty() => continue,
            Err(error) => return Err((folder, error)),
        };
        for entry in entries.filter_map(Result::ok) {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            // Links are not followed into folders: they may lead in a circle.
            let kind = entry.file_type();
            if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                if !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                    open.push(path);
                }
            } else if is_test(&path) && path.is_file() {
                files.push(path);
            }
        }
        folders.push(folder);
    }
    files.sort();
    Ok((files, folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_below_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["b.test.yaml", "a/x.test.yaml", "a/b/c.test.yaml", "a/x.yaml", ".git/x.test.yaml"];
        for name in names.into_iter().chain(["target/x.test.yaml", "a/node_modules/x.test.yaml", "a/y.test.yaml/x"]) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let (files, _) = find(folder.path()).unwrap();
        let files: Vec<_> = files.iter().map(|file| file.strip_prefix(folder.path()).unwrap()).collect();
        let wanted = ["a/b/c.test.yaml", "a/x.test.yaml", "b.test.yaml"].map(Path::new);
        assert_eq!(files, wanted);
        assert!(find(&folder.path().join("nothing")).is_err());
    }
}
