//! The languages that a project can be written in.

/// A language that a project can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Language {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    Go,
    C,
    Cpp,
    Zig,
    AssemblyScript,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Go,
        Self::C,
        Self::Cpp,
        Self::Zig,
        Self::AssemblyScript,
    ];

    /// As it is named on the command line; also its folder in `templates/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Go => "go",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Zig => "zig",
            Self::AssemblyScript => "assemblyscript",
        }
    }

    /// What a project in it is built with.
    pub fn about(self) -> &'static str {
        match self {
            Self::Rust => "cargo and an SDK with tests of its own; small, and the fastest to be called",
            Self::Python => "CPython inside the component, by componentize-py",
            Self::JavaScript => "QuickJS inside the component, by componentize-qjs",
            Self::TypeScript => "the same, after tsc",
            Self::Go => "the usual Go, 1.24 or newer",
            Self::C => "clang and wasi-libc",
            Self::Cpp => "clang, wasi-libc and libc++, without exceptions",
            Self::Zig => "zig alone",
            Self::AssemblyScript => "asc from npm: what looks like TypeScript, compiled; tiny components",
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|language| language.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("`{name}` is no language that standin knows"))
    }
}
