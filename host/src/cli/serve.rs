//! `standin serve`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::ValueEnum;
use standin::config::{self, Config};
use standin::reload::{self, Source, Watched};
use standin::server::Server;
use standin::snapshot::{Snapshot, names, with_missing_strategies};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::config_file;
use super::output::{complain, say};

#[derive(clap::Args, Clone)]
pub(crate) struct Args {
    /// The configuration file. Default: `standin.yaml` where it is there, else none.
    #[arg(short, long, value_name = "FILE", env = "STANDIN_CONFIG")]
    config: Option<PathBuf>,
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
    /// How the log is written.
    #[arg(long, value_name = "FORMAT", env = "STANDIN_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// What the log says: error, warn, info, debug or trace, also per part (`warn,standin::request=info`).
    #[arg(long, value_name = "LEVEL", env = "STANDIN_LOG", default_value = "info")]
    log: String,
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
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    start_log(&args)?;
    let file = config_file(args.config.clone());
    if let Some(dir) = args.strategies.as_ref().filter(|dir| !dir.is_dir()) {
        anyhow::bail!("--strategies {}: there is no such folder", dir.display());
    }
    let overrides = args.clone();
    let mut source = Source::new(move |loader| {
        let mut loaded = match config_file(file.clone()) {
            Some(file) => config::load(&file).map_err(with_missing_strategies)?,
            None => defaults(),
        };
        overrides.over(&mut loaded.config);
        let mut built = Snapshot::build(loaded, loader)?;
        if let (None, Ok(usual)) = (&overrides.config, std::path::absolute(super::CONFIG)) {
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
    // Before anybody is told where to point a client: a signal may come right after that.
    let (mut terminate, mut interrupt, mut hangup) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
    };
    greet(server.address, &chain);

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

fn greet(address: SocketAddr, chain: &str) {
    let host =
        if address.ip().is_unspecified() { format!("127.0.0.1:{}", address.port()) } else { address.to_string() };
    say(&format!("standin {} listens on http://{host}", env!("CARGO_PKG_VERSION")));
    say(&format!("  strategies  {chain}"));
    say(&format!("  OpenAI      OPENAI_BASE_URL=http://{host}/v1    (any API key)"));
    say(&format!("  Anthropic   ANTHROPIC_BASE_URL=http://{host}    (any API key)"));
    if !address.ip().is_loopback() {
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

fn start_log(args: &Args) -> anyhow::Result<()> {
    let filter: Targets = args.log.parse().map_err(|error| {
        anyhow::anyhow!("--log {}: {error}; expected a level such as `info`, or `warn,standin=debug`", args.log)
    })?;
    let layer = fmt::layer().with_writer(std::io::stderr);
    let log = tracing_subscriber::registry();
    match args.log_format {
        LogFormat::Text => {
            let layer = layer.with_target(false).with_ansi(std::io::stderr().is_terminal());
            log.with(layer.with_filter(filter)).init();
        }
        LogFormat::Json => log.with(layer.json().flatten_event(true).with_filter(filter)).init(),
    }
    Ok(())
}
