//! From a [`Plugin`] to the functions that the server calls.
//!
//! [`export!`](crate::export) gives a plugin a [`Slot`], which keeps the configured instance, and every slot has the
//! generated `Guest` traits. Natively there is nothing to export, since [`testing`](crate::testing) calls the plugin
//! itself, and a linker may read the `@` in an exported name as the version of a symbol.

use std::cell::OnceCell;
use std::thread::LocalKey;

use crate::bindings::{amender, embedder, lifecycle, strategy};
use crate::error::to_line;
use crate::{Activation, EmbeddingOutcome, Outcome, Plugin, Reply, Request, settings};
use lifecycle::exports::standin::plugin::lifecycle::Description;

/// Where the one instance of a component lives. Written by [`export!`](crate::export).
pub trait Slot {
    /// Whose instance it is.
    type Plugin: Plugin;
    /// The package's name.
    const NAME: &'static str;
    /// The package's version.
    const VERSION: &'static str;
    /// The package's description.
    const SUMMARY: &'static str;
    /// The instance, once it is configured.
    fn instance() -> &'static LocalKey<OnceCell<Self::Plugin>>;
}

/// Makes a plugin from the host's settings.
pub(crate) fn configure<P: Plugin>() -> Result<P, String> {
    settings::read().and_then(P::new).map_err(to_line)
}

/// Calls the configured instance.
fn with<S: Slot, T>(call: impl FnOnce(&S::Plugin) -> crate::Result<T>) -> Result<T, String> {
    S::instance().with(|slot| match slot.get() {
        Some(plugin) => call(plugin).map_err(to_line),
        None => Err("called before it was configured".to_owned()),
    })
}

impl<S: Slot> lifecycle::exports::standin::plugin::lifecycle::Guest for S {
    fn describe() -> Description {
        Description {
            name: S::NAME.to_owned(),
            version: S::VERSION.to_owned(),
            summary: S::SUMMARY.to_owned(),
            settings_schema: S::Plugin::settings_schema(),
        }
    }

    fn configure() -> Result<Activation, String> {
        let plugin = configure::<S::Plugin>()?;
        S::instance().with(|slot| slot.set(plugin)).map_err(|_| "configured twice".to_owned())?;
        with::<S, _>(|plugin| Ok(plugin.activation()))
    }
}

impl<S: Slot> strategy::exports::standin::plugin::strategy::Guest for S {
    fn respond() -> Result<Outcome, String> {
        with::<S, _>(|plugin| plugin.respond(&Request::CURRENT))
    }
}

impl<S: Slot> amender::exports::standin::plugin::amender::Guest for S {
    fn amend(reply: Reply) -> Result<Reply, String> {
        with::<S, _>(|plugin| plugin.amend(&Request::CURRENT, reply))
    }
}

impl<S: Slot> embedder::exports::standin::plugin::embedder::Guest for S {
    fn embed() -> Result<EmbeddingOutcome, String> {
        with::<S, _>(|plugin| plugin.embed(&Request::CURRENT))
    }
}

/// Exports a [`Plugin`] from a component, as a strategy or as what is named: `strategy`, `amender`, `embedder`.
///
/// ```
/// # struct Shout;
/// # impl standin_sdk::Plugin for Shout {
/// #     type Settings = ();
/// #     fn new(_: ()) -> standin_sdk::Result<Self> { Ok(Self) }
/// # }
/// standin_sdk::export!(Shout: strategy, amender);
/// ```
///
/// A component has one plugin, so a crate has one `export!`. It allows `unsafe_code` for the entry points which
/// wit-bindgen writes, so the crate may `deny` it, but not `forbid` it.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        $crate::export!($plugin: strategy);
    };
    ($plugin:ty: $($role:ident),+ $(,)?) => {
        const _: () = {
            struct Exported;

            impl $crate::export::Slot for Exported {
                type Plugin = $plugin;
                const NAME: &'static str = env!("CARGO_PKG_NAME");
                const VERSION: &'static str = env!("CARGO_PKG_VERSION");
                const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
                fn instance() -> &'static ::std::thread::LocalKey<::std::cell::OnceCell<$plugin>> {
                    ::std::thread_local! {
                        static INSTANCE: ::std::cell::OnceCell<$plugin> = const { ::std::cell::OnceCell::new() };
                    }
                    &INSTANCE
                }
            }

            $crate::export!(@interface Exported, lifecycle);
            $($crate::export!(@interface Exported, $role);)+
        };
    };
    (@interface $slot:ident, lifecycle) => { $crate::__export!($slot, lifecycle); };
    (@interface $slot:ident, strategy) => { $crate::__export!($slot, strategy, lean); };
    (@interface $slot:ident, amender) => { $crate::__export!($slot, amender); };
    (@interface $slot:ident, embedder) => { $crate::__export!($slot, embedder); };
    (@interface $slot:ident, $other:ident) => {
        compile_error!("a plugin is exported as `strategy`, `amender`, `embedder`, or several of them");
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($slot:ident, $interface:ident) => {
        $crate::__export!($slot, $interface, $interface);
    };
    ($slot:ident, $interface:ident, $path:ident) => {
        // SAFETY: wit-bindgen's entry points, whose names are their whole contract; a component has each of them once.
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs)]
        const _: () = {
    $crate::bindings::$interface::export!($slot with_types_in $crate::bindings::$path);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            let _ = <$slot as $crate::export::Slot>::instance;
        };
    };
}
