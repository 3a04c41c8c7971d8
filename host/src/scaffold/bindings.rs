//! The C bindings of the contract, which C, C++ and Zig use: a header and a source file, as `wit-bindgen c` writes them.
//!
//! The object file with the component's type, which usually goes with them, is left out: `standin componentize` knows the world
//! by the names of what is exported, and a build is one command less.

use wit_bindgen_c::Opts;
use wit_bindgen_core::Files;

use crate::componentize::contract;

/// What the source ends with: a function that drags the object file in.
const OBJECT_FILE: &str = "\n// Ensure that the *_component_type.o object is linked in";

/// The files of the bindings, by name: `strategy_plugin.h` and `strategy_plugin.c`.
///
/// # Errors
/// The contract does not parse, or has what C bindings cannot express.
pub fn c() -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut world = contract::named("strategy-plugin")?;
    let mut files = Files::default();
    let options = Opts { no_object_file: true, ..Opts::default() };
    options.build().generate(&mut world.resolve, world.id, &mut files).map_err(|error| format!("{error:#}"))?;
    Ok(files.iter().map(|(name, content)| (name.to_owned(), without_object_file(content).to_vec())).collect())
}

fn without_object_file(content: &[u8]) -> &[u8] {
    memchr::memmem::find(content, OBJECT_FILE.as_bytes()).and_then(|end| content.get(..end)).unwrap_or(content)
}
