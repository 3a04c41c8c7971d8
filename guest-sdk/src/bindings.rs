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

/// The entry point of a strategy, without a `cabi_post_…` beside it: what an answer holds is freed as the next call begins,
/// which saves the host a second call for each answer.
///
/// wit-bindgen's `export!` takes the path under which it finds the entry points of each interface; this is such a path, down
/// to the names.
pub mod lean {
    macro_rules! path_to {
        ($interface:ident { $($body:item)* }) => {
            pub mod exports {
                pub mod standin {
                    pub mod plugin {
                        pub mod $interface {
                            $($body)*
                        }
                    }
                }
            }
        };
    }

    path_to!(strategy {
        use crate::bindings::strategy::exports::standin::plugin::strategy as generated;
        pub use crate::__standin_export_strategy as __export_standin_plugin_strategy_0_1_0_cabi;

        use std::cell::Cell;
        use std::ptr;

        std::thread_local! {
            /// What the last call returned; null before the first.
            static LAST: Cell<*mut u8> = const { Cell::new(ptr::null_mut()) };
        }

        /// Answers, after freeing what the last answer held.
        pub fn respond<T: generated::Guest>() -> *mut u8 {
            let last = LAST.replace(ptr::null_mut());
            // SAFETY: the pointer is the last call's own, and nothing was written there since: the host has read the answer
            // before it calls again, as an instance serves one call at a time.
            unsafe {
                if !last.is_null() {
                    generated::__post_return_respond::<T>(last);
                }
                let answer = generated::_export_respond_cabi::<T>();
                LAST.set(answer);
                answer
            }
        }
    });
}

#[doc(hidden)]
#[macro_export]
macro_rules! __standin_export_strategy {
    ($slot:ident with_types_in $($path:tt)*) => {
        #[unsafe(export_name = "standin:plugin/strategy@0.1.0#respond")]
        extern "C" fn respond() -> *mut u8 {
            $($path)*::respond::<$slot>()
        }
    };
}
