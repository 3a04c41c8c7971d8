//! What a project gets beside its templates: the contract, and what is made from it for its language.

use super::{File, Language, abi, bindings, embedded, typescript};
use crate::componentize::contract;

/// These files, for a language.
pub(super) fn files(language: Language) -> Result<Vec<File>, String> {
    let mut files: Vec<File> =
        contract::FILES.iter().map(|(name, text)| File::new(format!("wit/{name}"), *text)).collect();
    match language {
        Language::Rust => {
            files.extend(embedded::SDK.iter().map(|(path, bytes)| File::new(format!("sdk/{path}"), *bytes)));
        }
        Language::JavaScript | Language::TypeScript => {
            files.push(File::new("types/standin.d.ts", typescript::declarations()?));
        }
        // componentize-py makes its own as it builds.
        Language::Python => {}
        Language::C | Language::Cpp | Language::Zig => {
            files.extend(bindings::c()?.into_iter().map(|(name, bytes)| File::new(format!("bindings/{name}"), bytes)));
        }
        Language::Go => files.push(File::new("abi.go", abi::go()?)),
        Language::AssemblyScript => files.push(File::new("assembly/abi.ts", abi::assemblyscript()?)),
    }
    Ok(files)
}
