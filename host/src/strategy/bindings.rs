//! The contract of `wit/` as wasmtime types.
//!
//! A plugin exports `lifecycle` and any of three other interfaces, which no single world says: the bindings are made for all
//! of them, and the loader picks those that a component really exports.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated from wit/, which documents every item")]

wasmtime::component::bindgen!({
    path: "../wit",
    inline: "
        package standin:host;
        world plugin {
            include standin:plugin/host@0.1.0;
            export standin:plugin/lifecycle@0.1.0;
            export standin:plugin/strategy@0.1.0;
            export standin:plugin/amender@0.1.0;
            export standin:plugin/embedder@0.1.0;
        }
    ",
    world: "standin:host/plugin",
    imports: { default: trappable },
});

pub use self::standin::plugin::{context, log, request, settings, state, tokens, types};
pub use exports::standin::plugin::{amender, embedder, lifecycle, strategy};
