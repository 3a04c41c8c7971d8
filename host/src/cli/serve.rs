//! `standin serve`.

mod dev;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use standin::config::{self, Config, Format, Secret};
use standin::reload::{self, Source, Watched};
use standin::server::Server;
use standin::snapshot::{Snapshot, names, with_missing_strategies};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use self::dev::Dev;
use super::output::{complain, say};
use super::{config_file, format_parser, variables};

/// What the log says where nobody says how much.
const LOG: &str = "info";

#[derive(clap::Args, Clone)]
#[command(after_help = "\
Example: serve a strategy while it is written; `cargo build` in another terminal swaps it.

  standin serve --dev target/wasm32-wasip2/debug/greeter.wasm")]
pub(crate) struct Args {
    /// The configuration file, standin's own or that of another system. Default: `standin.yaml` where it is there, else none.
    #[arg(short, long, value_name = "FILE", env = "STANDIN_CONFIG")]
    config: Option<PathBuf>,
    /// Whose configuration it is. Default: that of the system whose keys it has.
    #[arg(long, value_name = "FORMAT", env = "STANDIN_FORMAT", value_parser = format_parser())]
    format: Option<Format>,
    /// The address and port to listen on; port 0 takes a free one. Default: 127.0.0.1:8000.
    #[arg(short, long, value_name = "ADDRESS", env = "STANDIN_LISTEN", value_parser = config::parse_listen)]
    listen: Option<SocketAddr>,
    /// The folder that strategies (`*.wasm`) are looked up in. Default: ./strategies.
    #[arg(short, long, value_name = "DIR", env = "STANDIN_STRATEGIES")]
    strategies: Option<PathBuf>,
    /// What ids and random numbers are drawn from. Default: 0.
    #[arg(long, value_name = "N", env = "STANDIN_SEED")]
    seed: Option<u64>,
    /// How many threads serve. Default: one a processor core.
    #[arg(long, value_name = "N", env = "STANDIN_WORKERS")]
    workers: Option<NonZeroUsize>,
    /// The key that a client has to send. Default: none, and any key will do, or no key.
    #[arg(long, value_name = "KEY", env = "STANDIN_API_KEY", hide_env_values = true, value_parser = secret)]
    api_key: Option<Secret>,
    /// Refuse what only a fallback would answer, such as `mirror`.
    #[arg(long, env = "STANDIN_STRICT", value_parser = BoolishValueParser::new())]
    strict: bool,
    /// How the log is written.
    #[arg(long, value_name = "FORMAT", env = "STANDIN_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// What the log says: error, warn, info, debug or trace, also per part (`warn,standin::request=info`).
    /// Default: info.
    #[arg(long, value_name = "LEVEL", env = "STANDIN_LOG")]
    log: Option<String>,
    /// Develop a strategy: ask this component before the rest of the chain, load it again when it is built anew, and show its
    /// log and its backtraces. Repeat it for several; one that the configuration names stays where it is, with its settings.
    #[arg(long, value_name = "FILE.wasm")]
    dev: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Args {
    /// Flags and variables win over the file.
    fn over(&self, config: &mut Config) {
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let Some(strategies) = &self.strategies {
            config.strategies_dir = std::path::absolute(strategies).unwrap_or_else(|_| strategies.clone());
        }
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        if let Some(workers) = self.workers {
            config.workers = Some(workers);
        }
        if let Some(key) = &self.api_key {
            config.api_key = Some(key.clone());
        }
        config.strict |= self.strict;
    }
}

fn secret(text: &str) -> Result<Secret, &'static str> {
    if text.trim().is_empty() {
        return Err("the key is empty; left out, no key is asked for");
    }
    Ok(Secret::new(text))
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let log = start_log(&args)?;
    let variables = variables();
    // The way in which mockllm is told its file; such a file is meant then.
    let theirs = variables.get("MOCKLLM_RESPONSES_FILE").filter(|file| !file.is_empty() && args.config.is_none());
    let named = args.config.clone().or_else(|| theirs.map(PathBuf::from));
    let format = args.format.or(theirs.map(|_| Format::Responses));
    let unnamed = named.is_none();
    let file = config_file(named);
    if let Some(dir) = args.strategies.as_ref().filter(|dir| !dir.is_dir()) {
        anyhow::bail!("--strategies {}: there is no such folder", dir.display());
    }
    let overrides = args.clone();
    let dev = Dev::new(&args.dev)?;
    let mut source = Source::new(move |loader| {
        let mut loaded = match config_file(file.clone()) {
            Some(file) => config::load_as(&file, format, &variables).map_err(with_missing_strategies)?,
            None => defaults(),
        };
        log(loaded.log);
        overrides.over(&mut loaded.config);
        let mut built = Snapshot::build(loaded, loader)?;
        dev.join(&mut built, loader)?;
        if let (true, Ok(usual)) = (unnamed, std::path::absolute(super::CONFIG)) {
            // It may appear.
            built.files.push(usual);
        }
        Ok(built)
    });

    // A guest that is tried at load may look for timers, which need a runtime around them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let built = {
        let _inside = runtime.enter();
        source.build()?
    };
    for warning in &built.warnings {
        tracing::warn!("{warning}");
    }
    let config = built.config;
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = config.workers.unwrap_or(cores).get();
    let chain = names(&built.snapshot.chain);
    let server =
        Server::start(config.listen, workers, built.snapshot).map_err(|error| cannot_listen(config.listen, &error))?;
    let server = Arc::new(server);
    let watched = Watched { files: built.files, strategies: config.strategies_dir };
    let trigger = reload::watch(source, watched, reload::swap_in(Arc::downgrade(&server)))?;
    let asked = trigger.clone();
    server.reload_with(Box::new(move || asked.reload_and_wait()));
    // Before anybody is told where to point a client: a signal may come right after that.
    let (mut terminate, mut interrupt, mut hangup) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
    };
    greet(server.address, &chain, config.api_key.is_some());

    runtime.block_on(async {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => trigger.reload(),
            }
        }
    });
    tracing::info!("stopping: open requests may finish");
    // The reloader may hold the server for the moment of a swap.
    let mut server = server;
    loop {
        match Arc::try_unwrap(server) {
            Ok(server) => {
                server.stop();
                return Ok(());
            }
            Err(held) => {
                server = held;
                thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    }
}

/// The configuration of somebody who has no file: names are looked up from the working directory.
fn defaults() -> config::Loaded {
    let mut loaded = config::Loaded::defaults();
    let folder = &mut loaded.config.strategies_dir;
    *folder = std::path::absolute(&*folder).unwrap_or_else(|_| folder.clone());
    loaded
}

fn greet(address: SocketAddr, chain: &str, key: bool) {
    let host =
        if address.ip().is_unspecified() { format!("127.0.0.1:{}", address.port()) } else { address.to_string() };
    say(&format!("standin {} listens on http://{host}", env!("CARGO_PKG_VERSION")));
    say(&format!("  strategies  {chain}"));
    let asked = if key { "the configured API key" } else { "any API key" };
    say(&format!("  OpenAI      OPENAI_BASE_URL=http://{host}/v1    ({asked})"));
    say(&format!("  Anthropic   ANTHROPIC_BASE_URL=http://{host}    ({asked})"));
    if !address.ip().is_loopback() && !key {
        complain("warning: this address can be reached from other machines, and no key is asked for");
    }
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is in use; stop the program that listens there, or choose another port with --listen {}:PORT",
            address.ip()
        ),
        std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "{address} may not be listened on by this user; choose a port above 1023 with --listen {}:PORT",
            address.ip()
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    }
}

/// Starts the log, and says how its level is set from a configuration: nothing is, where it was named.
fn start_log(args: &Args) -> anyhow::Result<impl Fn(Option<&str>) + Send + use<>> {
    let usual = if args.dev.is_empty() { LOG } else { dev::LOG };
    let level = args.log.as_deref().unwrap_or(usual);
    let filter: Targets = level.parse().map_err(|error| {
        anyhow::anyhow!("--log {level}: {error}; expected a level such as `info`, or `warn,standin=debug`")
    })?;
    let (filter, handle) = tracing_subscriber::reload::Layer::new(filter);
    let layer = fmt::layer().with_writer(std::io::stderr);
    let log = tracing_subscriber::registry();
    match args.log_format {
        LogFormat::Text => {
            let layer = layer.with_target(false).with_ansi(std::io::stderr().is_terminal());
            log.with(layer.with_filter(filter)).init();
        }
        LogFormat::Json => log.with(layer.json().flatten_event(true).with_filter(filter)).init(),
    }
    let named = args.log.is_some();
    Ok(move |level: Option<&str>| {
        if !named && let Ok(filter) = level.unwrap_or(usual).parse::<Targets>() {
            // The log is there as long as the process.
            let _ = handle.reload(filter);
        }
    })
}
