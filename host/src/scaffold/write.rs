//! Puts a project's files into a folder: all of them, or none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::File;

/// Why a project was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody's work is there.
    #[error("{} is there already, and {found}; choose another name, or another folder with --dir", .folder.display())]
    Taken {
        /// Where the project was to go.
        folder: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The system refused.
    #[error("cannot write {}: {error}", .path.display())]
    Io {
        /// What was being written.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
}

/// Writes files into a folder that is empty or not there yet. Where one cannot be written, what was written is removed.
///
/// # Errors
/// The folder is taken, or a file cannot be written.
pub fn write(folder: &Path, files: &[File]) -> Result<(), WriteError> {
    let taken = |found| WriteError::Taken { folder: folder.to_owned(), found };
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(taken("is not empty"));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(taken("is no folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(WriteError::Io { path: folder.to_owned(), error }),
    }
    let mut made = Made::default();
    made.folder(folder)?;
    for file in files {
        let path = folder.join(&file.path);
        made.folder(path.parent().unwrap_or(folder))?;
        made.file(&path, file)?;
    }
    made.0.clear();
    Ok(())
}

/// What was made so far, in that order; removed when it goes, unless it was forgotten.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    fn folder(&mut self, path: &Path) -> Result<(), WriteError> {
        let missing: Vec<_> = path.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists()).collect();
        for path in missing.into_iter().rev() {
            fs::create_dir(path).map_err(|error| WriteError::Io { path: path.to_owned(), error })?;
            self.0.push(path.to_owned());
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, file: &File) -> Result<(), WriteError> {
        let failed = |error| WriteError::Io { path: path.to_owned(), error };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if file.is_executable() {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o777);
        }
        let mut open = options.open(path).map_err(failed)?;
        self.0.push(path.to_owned());
        open.write_all(&file.bytes).map_err(failed)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<File> {
        paths.iter().map(|path| File::new(*path, *path)).collect()
    }

    #[test]
    fn folders_are_made_on_the_way_and_the_build_can_be_run() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        write(&folder, &files(&["build", "c/d/e", "c/f"])).unwrap();
        assert_eq!(fs::read_to_string(folder.join("c/d/e")).unwrap(), "c/d/e");
        #[cfg(unix)]
        {
            let mode =
                |path| std::os::unix::fs::PermissionsExt::mode(&folder.join(path).metadata().unwrap().permissions());
            assert_eq!((mode("build") & 0o100, mode("c/f") & 0o111), (0o100, 0));
        }
    }

    #[test]
    fn an_empty_folder_is_taken_and_another_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), &files(&["a"])).unwrap();
        let told = write(place.path(), &files(&["b"])).unwrap_err().to_string();
        assert!(told.contains("is not empty") && told.contains("--dir"), "{told}");
        assert!(!place.path().join("b").exists());
        let told = write(&place.path().join("a"), &files(&["b"])).unwrap_err().to_string();
        assert!(told.contains("is no folder"), "{told}");
    }

    #[test]
    fn nothing_half_written_is_left() {
        let place = tempfile::tempdir().unwrap();
        // A file cannot be a folder as well.
        let told = write(&place.path().join("x/y"), &files(&["a", "b/c", "a/d"])).unwrap_err().to_string();
        assert!(told.starts_with("cannot write "), "{told}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        write(place.path(), &files(&["a", "b/c", "a/d"])).unwrap_err();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
