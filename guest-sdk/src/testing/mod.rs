//! Runs a plugin in an ordinary test: no WebAssembly, no server. Not there in a component.
//!
//! ```
//! use standin_sdk::testing::{self, Host, Request, json};
//! # use standin_sdk::{Outcome, Plugin, Reply, Result};
//! # struct Greeter(Settings);
//! # #[derive(serde::Deserialize)] struct Settings { greeting: String }
//! # impl Plugin for Greeter {
//! #     type Settings = Settings;
//! #     fn new(settings: Settings) -> Result<Self> { Ok(Greeter(settings)) }
//! #     fn respond(&self, _: &standin_sdk::Request) -> Result<Outcome> { Ok(Reply::text(&self.0.greeting).into()) }
//! # }
//!
//! let mut host = Host::<Greeter>::new().settings(json!({ "greeting": "hello" }));
//! let outcome = host.respond(&Request::user("hi").model("gpt-4o").header("x-team", "blue")).unwrap();
//! assert_eq!(outcome.text().as_deref(), Some("hello"));
//!
//! // Where the settings are `{}`, one call does:
//! let error = testing::run::<Greeter>(&Request::user("hi")).unwrap_err();
//! assert_eq!(error, "settings: missing field `greeting`");
//! ```

mod activation;
mod request;
mod scene;

use std::collections::BTreeMap;

pub use self::request::Request;
pub(crate) use self::scene::imports;
pub use serde_json::json;

use self::scene::Scene;
use crate::export::configure;
use crate::log::Level;
use crate::{Activation, EmbeddingOutcome, Error, Outcome, Plugin, Reply};

/// Answers one request with a plugin whose settings are `{}`.
///
/// # Errors
/// What the plugin reports; see [`Host::respond`].
pub fn run<P: Plugin>(request: &Request) -> Result<Outcome, String> {
    Host::<P>::new().respond(request)
}

/// What a server is to one plugin: its settings, its state and its log.
///
/// The plugin is configured at the first call. Each call counts as one request of its session.
#[derive(Debug)]
pub struct Host<P> {
    scene: Scene,
    turns: BTreeMap<String, u64>,
    plugin: Option<(P, Activation)>,
}

impl<P: Plugin> Host<P> {
    /// A host without settings, with the seed 0.
    pub fn new() -> Self {
        Self { scene: Scene::default(), turns: BTreeMap::new(), plugin: None }
    }

    /// What the configuration gives the plugin under `settings`.
    pub fn settings(mut self, settings: serde_json::Value) -> Self {
        self.scene.settings = settings;
        self
    }

    /// The seed of [`context::random`](crate::context::random).
    pub fn seed(mut self, seed: u64) -> Self {
        self.scene.seed = seed;
        self
    }

    /// What [`context::now_ms`](crate::context::now_ms) says.
    pub fn now_ms(mut self, now_ms: u64) -> Self {
        self.scene.now_ms = now_ms;
        self
    }

    /// Keeps something for the plugin, as if it had done so itself.
    pub fn keep(mut self, session: &str, key: &str, value: impl Into<String>) -> Self {
        self.scene.state.insert((session.to_owned(), key.to_owned()), value.into());
        self
    }

    /// Configures the plugin, if it is not yet, and says when it has to be asked.
    ///
    /// # Errors
    /// What the plugin says about its settings. Also where a [`Condition::UserTextKeyOf`] points at no object.
    ///
    /// [`Condition::UserTextKeyOf`]: crate::Condition::UserTextKeyOf
    pub fn configure(&mut self) -> Result<Activation, String> {
        if let Some((_, activation)) = &self.plugin {
            return Ok(activation.clone());
        }
        let plugin = self.scene.during(configure::<P>)?;
        let activation = plugin.activation();
        activation::check(&activation, &self.scene.settings)?;
        self.plugin = Some((plugin, activation.clone()));
        Ok(activation)
    }

    /// Answers a request, as a strategy does.
    ///
    /// # Errors
    /// What the plugin reports when it is configured or called. Also where its activation does not hold and it answers
    /// all the same: the server would not have asked it.
    pub fn respond(&mut self, request: &Request) -> Result<Outcome, String> {
        let asked = self.enter(request)?;
        let (state, log) = (self.scene.state.clone(), self.scene.log.len());
        let outcome = self.call(|plugin| plugin.respond(&crate::Request::CURRENT));
        if asked {
            return outcome;
        }
        self.scene.state = state;
        self.scene.log.truncate(log);
        match outcome {
            Ok(Outcome::Pass) => Ok(Outcome::Pass),
            other => Err(format!("the activation does not hold for this request, which the plugin answers: {other:?}")),
        }
    }

    /// Changes a reply, as an amender does.
    ///
    /// # Errors
    /// What the plugin reports when it is configured or called.
    pub fn amend(&mut self, request: &Request, reply: Reply) -> Result<Reply, String> {
        if !self.enter(request)? {
            return Ok(reply);
        }
        self.call(|plugin| plugin.amend(&crate::Request::CURRENT, reply))
    }

    /// Embeds the inputs of a request, as an embedder does.
    ///
    /// # Errors
    /// What the plugin reports when it is configured or called.
    pub fn embed(&mut self, request: &Request) -> Result<EmbeddingOutcome, String> {
        if !self.enter(request)? {
            return Ok(EmbeddingOutcome::Pass);
        }
        self.call(|plugin| plugin.embed(&crate::Request::CURRENT))
    }

    /// What the plugin keeps under this key for this session.
    pub fn state(&self, session: &str, key: &str) -> Option<&str> {
        self.scene.state.get(&(session.to_owned(), key.to_owned())).map(String::as_str)
    }

    /// What the plugin has logged so far.
    pub fn log(&self) -> &[(Level, String)] {
        &self.scene.log
    }

    /// Sets the scene for a request; whether the server would ask the plugin.
    fn enter(&mut self, request: &Request) -> Result<bool, String> {
        let activation = self.configure()?;
        let turn = self.turns.entry(request.session.clone()).or_default();
        self.scene.enter(request.clone(), *turn);
        *turn += 1;
        let kept = |key: &str| self.scene.state.contains_key(&(request.session.clone(), key.to_owned()));
        let held =
            activation.conditions().iter().position(|c| activation::holds(c, request, &self.scene.settings, &kept));
        self.scene.matched_condition = held.and_then(|index| u32::try_from(index).ok());
        Ok(held.is_some() || !matches!(activation, Activation::AnyOf(_)))
    }

    fn call<T>(&mut self, call: impl FnOnce(&P) -> Result<T, Error>) -> Result<T, String> {
        let Some((plugin, _)) = &self.plugin else { return Err("called before it was configured".to_owned()) };
        self.scene.during(|| call(plugin).map_err(crate::error::to_line))
    }
}

impl<P: Plugin> Default for Host<P> {
    fn default() -> Self {
        Self::new()
    }
}
