//! What one request sees: a configuration, checked whole and built, immutable, swapped whole.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, CorsLayer};

use crate::config::load::Reference;
use crate::config::{
    Clock, Config, ConfigError, Diagnostic, FaultRule, Format, Isolation, Journal, Limits, Loaded, RateLimits,
    ResolvedStage, Rights, TokenCount,
};
use crate::gate::Key;
use crate::pace::stream::Schedule;
use crate::strategy::chain::Chain;
use crate::strategy::loader::{BUNDLED, Folders, Loader};
use crate::strategy::plugin::{self, LoadError, Origin, Spec, stem};
use crate::wire;

mod installed;

use installed::{installed, shelf};

/// The file of settings that puts `lookup` into the chain of somebody who has no configuration.
pub const RESPONSES: &str = "responses.yml";

/// The strategy that gives the replies which a test has queued.
pub const SCRIPT: &str = "script";

/// A configuration, ready to serve.
pub struct Snapshot {
    /// The configuration itself.
    pub config: Config,
    /// The strategies, in order.
    pub chain: Chain,
    /// The models that are served; none: any.
    pub models: Vec<wire::Model>,
    /// How replies are cut and timed where they do not say.
    pub schedule: Schedule,
    /// What ids and random numbers are drawn from.
    pub seed: u64,
    /// What the time in answers is.
    pub clock: Clock,
    /// How tokens are counted.
    pub tokens: TokenCount,
    /// What goes wrong on purpose.
    pub faults: Vec<FaultRule>,
    /// What a key may use up in a minute.
    pub rate_limits: Option<RateLimits>,
    /// The key that a client has to send.
    pub api_key: Option<Key>,
    /// Fallbacks are not asked.
    pub strict: bool,
    /// Which web pages may ask; none: no page.
    pub cors: Option<CorsLayer>,
    /// What is remembered of requests.
    pub journal: Journal,
    /// Whether there are routes that look into the server.
    pub admin: bool,
    /// The key that they want.
    pub admin_key: Option<Key>,
    /// Whose configuration file this was made from.
    pub format: Format,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The most connections.
    pub connections: usize,
    /// How long open requests may go on after the signal to stop.
    pub shutdown_timeout: Duration,
}

/// A snapshot, and what to watch for its successor.
pub struct Built {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The configuration, as it was used.
    pub config: Config,
    /// Odd, and not wrong.
    pub warnings: Vec<Diagnostic>,
    /// Files that it was made from.
    pub files: Vec<PathBuf>,
}

/// The first instant of the seeded clock: 2025-01-01T00:00:00Z, in seconds since the Unix epoch.
pub const SEEDED_START: u64 = 1_735_689_600;

impl Snapshot {
    /// The time of a session's turn, in milliseconds since the Unix epoch.
    pub fn now_ms(&self, turn: u64) -> u64 {
        match self.clock {
            Clock::Seeded => (SEEDED_START + turn) * 1_000,
            Clock::Real => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// Whether a request may lack what a provider insists on: where the configuration is that of a system that was as lax.
    pub fn is_lax(&self) -> bool {
        matches!(self.format, Format::Responses | Format::Script)
    }

    /// Builds a snapshot, and tries every component in it.
    ///
    /// # Errors
    /// Every strategy that cannot be used, at once.
    pub fn build(loaded: Loaded, loader: &mut Loader) -> Result<Built, ConfigError> {
        let config = &loaded.config;
        let folders = Folders { strategies: config.strategies_dir.clone() };
        let mut files = loaded.files.clone();
        let mut diagnostics = Vec::new();

        let scanned = folders.scan().unwrap_or_else(|reason| {
            diagnostics.push(loaded.error_at(&["strategies-dir".into()], reason));
            Vec::new()
        });
        let default;
        let stages = match &loaded.stages {
            Some(stages) => stages,
            None => {
                default = default_chain(&loaded, &scanned, &mut files, &mut diagnostics);
                &default
            }
        };
        let shelf = shelf(&loaded, stages, &mut files)?;
        let mut plugins = Vec::with_capacity(stages.len());
        for (index, stage) in stages.iter().enumerate() {
            let mut stage = Cow::Borrowed(stage);
            let (name, origin) = match (&stage.strategy, &shelf) {
                (Reference::Path(path), _) => (stem(path), Origin::File(path.clone())),
                (Reference::Installed(text), Some(shelf)) => match installed(&loaded, index, text, shelf) {
                    Ok((name, origin, own)) => {
                        stage = Cow::Owned(own);
                        (name, origin)
                    }
                    Err(diagnostic) => {
                        diagnostics.push(diagnostic);
                        continue;
                    }
                },
                (Reference::Name(name) | Reference::Installed(name), _) => match folders.find(name) {
                    Some(origin) => (name.clone(), origin),
                    None => {
                        diagnostics.push(loaded.stage_error(index, unknown(name, &scanned, &folders)));
                        continue;
                    }
                },
            };
            if let Origin::File(path) | Origin::Installed { file: path, .. } = &origin {
                files.push(path.clone());
            }
            match loader.load(origin.clone(), spec(&name, &stage, config)) {
                Ok(plugin) => plugins.push(Arc::new(plugin)),
                Err(error) => diagnostics.push(explain(&loaded, index, &name, &origin, &error)),
            }
        }
        if !diagnostics.is_empty() {
            return Err(ConfigError::new(diagnostics, files));
        }
        loader.prune();
        let chain = Chain::new(plugins)
            .map_err(|reason| ConfigError::new(vec![loaded.error_at(&["strategies".into()], reason)], files.clone()))?;
        let snapshot = Self {
            config: config.clone(),
            chain,
            models: config
                .models
                .iter()
                .map(|model| wire::Model {
                    id: model.id.clone(),
                    created: model.created,
                    owned_by: model.owned_by.clone(),
                })
                .collect(),
            schedule: Schedule {
                chunking: config.pacing.chunking.into(),
                ttft_us: config.pacing.ttft.as_micros(),
                chunk_us: config.pacing.chunk.as_micros(),
                jitter: config.pacing.jitter,
            },
            seed: config.seed,
            clock: config.clock,
            tokens: config.tokens,
            faults: config.faults.clone(),
            rate_limits: config.rate_limits,
            api_key: config.api_key.as_ref().map(Key::new),
            strict: config.strict,
            cors: cors(&config.cors.allow_origins),
            journal: config.journal,
            admin: config.admin.enabled,
            admin_key: config.admin.key.as_ref().or(config.api_key.as_ref()).map(Key::new),
            format: config.format,
            body_limit: config.body_limit.as_usize(),
            connections: config.connections.get(),
            shutdown_timeout: config.shutdown_timeout.0,
        };
        Ok(Built { snapshot, warnings: loaded.warnings, config: loaded.config, files })
    }
}

/// Adds the strategies that are not there to what else is wrong with a configuration, so that one look tells all.
pub fn with_missing_strategies(mut error: ConfigError) -> ConfigError {
    let Some(rest) = error.rest.take() else { return error };
    let folders = Folders { strategies: rest.config.strategies_dir.clone() };
    let scanned = folders.scan().unwrap_or_default();
    let shelf = shelf(&rest, rest.stages.as_deref().unwrap_or_default(), &mut error.files).ok().flatten();
    for (index, stage) in rest.stages.iter().flatten().enumerate() {
        match &stage.strategy {
            Reference::Installed(text) => {
                let missing = shelf.as_ref().and_then(|shelf| installed(&rest, index, text, shelf).err());
                error.diagnostics.extend(missing);
            }
            Reference::Name(name) if !name.is_empty() && folders.find(name).is_none() => {
                error.diagnostics.push(rest.stage_error(index, unknown(name, &scanned, &folders)));
            }
            Reference::Path(path) if !path.is_file() => {
                let reason = LoadError::Read("there is no such file".into());
                error.diagnostics.push(rest.stage_error(index, format!("{} {reason}", path.display())));
                error.files.push(path.clone());
            }
            _ => {}
        }
    }
    error
}

/// The chain of somebody who configured none: what lies in the strategies folder, then the bundled ones. A component with a
/// bundled name stands in its place.
fn default_chain(
    loaded: &Loaded,
    scanned: &[(String, PathBuf)],
    files: &mut Vec<PathBuf>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ResolvedStage> {
    let own = scanned.iter().map(|(name, _)| name).filter(|name| !is_bundled(name)).cloned();
    let mut stages: Vec<ResolvedStage> = own.map(ResolvedStage::named).collect();
    // What a test queues comes before everything else.
    if !stages.iter().any(|stage| matches!(&stage.strategy, Reference::Name(name) if name == SCRIPT)) {
        stages.insert(0, ResolvedStage::named(SCRIPT));
    }
    stages.extend(["error", "tool-call"].map(ResolvedStage::named));
    let folder = loaded.files.first().and_then(|file| file.parent()).unwrap_or(Path::new(""));
    let responses = folder.join(RESPONSES);
    // Absolute, as changes to it are told.
    let responses = std::path::absolute(&responses).unwrap_or(responses);
    if responses.is_file() {
        match crate::config::load::settings(&responses) {
            Ok((settings, _)) => stages.push(ResolvedStage {
                settings,
                settings_file: Some(responses.clone()),
                ..ResolvedStage::named("lookup")
            }),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    // Watched whether it is there or not: it may appear.
    files.push(responses);
    stages.extend(["schema", "mirror", "reasoning", "embeddings"].map(ResolvedStage::named));
    stages
}

/// What web pages of these origins may do: everything that they ask for; with credentials, unless any page may.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    const SHOWN: [&str; 5] = ["x-request-id", "request-id", "x-standin-strategy", "retry-after", "openai-version"];
    if origins.is_empty() {
        return None;
    }
    let any = origins.iter().any(|origin| origin == "*");
    let named = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let layer = CorsLayer::new()
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(SHOWN.map(HeaderName::from_static))
        .max_age(Duration::from_secs(600));
    Some(if any {
        layer.allow_origin(Any)
    } else {
        layer.allow_origin(AllowOrigin::list(named)).allow_credentials(true)
    })
}

fn is_bundled(name: &str) -> bool {
    BUNDLED.iter().any(|it| it.name == name)
}

fn spec(name: &str, stage: &ResolvedStage, config: &Config) -> Spec {
    Spec {
        name: Arc::from(name),
        settings: Arc::clone(&stage.settings),
        limits: limits(&stage.limits, stage.rights.waits(), config),
        isolation: stage.isolation,
        rights: stage.rights.clone(),
        seed: config.seed,
    }
}

fn limits(limits: &Limits, waits: bool, config: &Config) -> plugin::Limits {
    plugin::Limits {
        memory: limits.memory().as_usize(),
        time: limits.time(waits).0,
        reply: limits.reply(config.body_limit).as_usize(),
    }
}

fn unknown(name: &str, scanned: &[(String, PathBuf)], folders: &Folders) -> String {
    let bundled: Vec<&str> = BUNDLED.iter().map(|it| it.name).collect();
    let found: Vec<&str> = scanned.iter().map(|(name, _)| name.as_str()).collect();
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    format!(
        "there is no strategy `{name}`; bundled are {}, and in {} there are: {found}",
        bundled.join(", "),
        folders.strategies.display()
    )
}

fn explain(loaded: &Loaded, index: usize, name: &str, origin: &Origin, error: &LoadError) -> Diagnostic {
    let subject = match origin {
        Origin::Bundled => format!("the bundled strategy `{name}`"),
        Origin::File(path) => path.display().to_string(),
        Origin::Installed { title, .. } => title.clone(),
    };
    let message = format!("{subject} {error}");
    match error {
        LoadError::Settings(_) => loaded.settings_error(index, message),
        _ => loaded.stage_error(index, message),
    }
}

/// A chain's names, as they are printed.
pub fn names(chain: &Chain) -> String {
    chain.stages().iter().map(|plugin| &*plugin.name).collect::<Vec<_>>().join(" → ")
}

impl From<crate::config::Chunking> for crate::chat::Chunking {
    fn from(chunking: crate::config::Chunking) -> Self {
        use crate::config::Chunking as Configured;
        match chunking {
            Configured::Words => Self::Words,
            Configured::Tokens => Self::Tokens,
            Configured::Verbatim => Self::Verbatim,
            Configured::Characters(n) => Self::Characters(n.get()),
        }
    }
}

/// A component alone, with default limits and no settings, for the commands that look at one.
pub fn lone(path: &Path) -> (Origin, Spec) {
    let spec = Spec {
        name: Arc::from(stem(path)),
        settings: Arc::new(serde_json::json!({})),
        limits: plugin::Limits::default(),
        isolation: Isolation::Warm,
        rights: Rights::default(),
        seed: 0,
    };
    (Origin::File(path.to_owned()), spec)
}
