//! How a component that stands alone looks in a registry: the layout that the WebAssembly group of the CNCF has agreed on, so
//! that other tools can use what is pushed from here.

use serde_json::{Value, json};

use super::digest::Digest;

/// The media type of the description.
pub(super) const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The media type of the component.
pub(super) const LAYER: &str = "application/wasm";

/// What a registry shows of a component that stands alone. The same component gives the same bytes: a time has to be named, and is that of nothing.
pub fn describe_component(layer: Digest, exports: &[String], imports: &[String]) -> Value {
    json!({
        "created": "1970-01-01T00:00:00Z",
        "author": null,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer.to_string()],
        "component": { "exports": exports, "imports": imports, "target": null },
    })
}
