//! The Rust side of `wit/`, as wit-bindgen generates it.
//!
//! There is one module for what every plugin imports, and one for each interface that a plugin may export: a component
//! exports exactly the interfaces that its author named in [`export!`](crate::export), and wit-component merges them
//! into one world. Everything here is reached through the crate's own names, except by the macro.

#![allow(missing_docs, unreachable_pub)]
// SAFETY: the canonical ABI passes pointers and lengths; only the generated code touches them, and it is generated from
// the same `wit/` as the host's.
#![allow(unsafe_code)]

/// What the host offers.
pub mod host {
    wit_bindgen::generate!({
        path: "../wit",
        world: "standin:plugin/host",
        generate_all,
        additional_derives: [PartialEq],
    });
}

macro_rules! exported {
    ($(#[$doc:meta])* $module:ident, $inline:literal) => {
        $(#[$doc])*
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                inline: $inline,
                pub_export_macro: true,
                additional_derives: [PartialEq],
                with: { "standin:plugin/types@0.1.0": crate::bindings::host::standin::plugin::types },
            });
        }
    };
}

exported!(
    /// Exported by every plugin.
    lifecycle,
    "package standin:lifecycle; world lifecycle { export standin:plugin/lifecycle@0.1.0; }"
);
exported!(
    /// Exported by what answers.
    strategy,
    "package standin:strategy; world strategy { export standin:plugin/strategy@0.1.0; }"
);
exported!(
    /// Exported by what changes an answer.
    amender,
    "package standin:amender; world amender { export standin:plugin/amender@0.1.0; }"
);
exported!(
    /// Exported by what embeds texts.
    embedder,
    "package standin:embedder; world embedder { export standin:plugin/embedder@0.1.0; }"
);
