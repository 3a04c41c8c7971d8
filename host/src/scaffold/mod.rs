//! `standin new`: the small project that an author begins with, in any of nine languages.
//!
//! Every language has a folder in `templates/`, whose files are embedded; `templates/all` holds what no language needs
//! otherwise. In names and contents `{{name}}` is the project's name, `{{name_snake}}` the same for where a hyphen cannot be.
//! `generated` adds what is made from the contract.

pub mod abi;
pub mod bindings;
mod generated;
mod language;
mod name;
#[cfg(test)]
mod tests;
mod typescript;
mod write;

pub use self::language::Language;
pub use self::name::Name;
pub use self::write::{WriteError, write};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/templates.rs"));
}

/// One file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it belongs, from the project's folder on, with `/` between the parts.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl File {
    fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }

    /// Whether it is run: the one script of every project.
    pub fn is_executable(&self) -> bool {
        self.path == "build"
    }
}

/// Every file of a new project, sorted by path.
///
/// # Errors
/// What the contract is turned into cannot be made, which a test would have noticed.
pub fn project(language: Language, name: &Name) -> Result<Vec<File>, String> {
    let mut files = rendered(language.name(), name);
    for file in rendered(ALL, name).into_iter().chain(generated::files(language)?) {
        if files.iter().all(|own| own.path != file.path) {
            files.push(file);
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The folder of what every language gets, unless it has a file of that name itself.
const ALL: &str = "all";

/// The files of one folder of `templates/`, for a project of this name.
fn rendered(folder: &str, name: &Name) -> Vec<File> {
    let inside = |path: &'static str| path.strip_prefix(folder)?.strip_prefix('/');
    let files = embedded::TEMPLATES.iter().filter_map(|(path, bytes)| Some((inside(path)?, *bytes)));
    files
        .map(|(path, bytes)| {
            let path = match name.fill(path) {
                path if path == "gitignore" => ".gitignore".to_owned(),
                path => path,
            };
            let bytes = match std::str::from_utf8(bytes) {
                Ok(text) => name.fill(text).into_bytes(),
                Err(_) => bytes.to_vec(),
            };
            File { path, bytes }
        })
        .collect()
}
