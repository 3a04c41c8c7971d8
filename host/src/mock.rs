//! A server inside a Rust test: made by a builder, on a free port, gone when it is dropped.
//!
//! Every mock has threads of its own, so it needs no async runtime and may be used within one; many may run in one process.
//!
//! ```
//! use standin::mock::{Mock, MockError};
//!
//! fn main() -> Result<(), MockError> {
//!     let mock = Mock::builder()
//!         .config("strategies: [{ use: lookup, settings: { responses: { ping: pong } } }]")
//!         .start()?;
//!     // An OpenAI client takes `{base_url}/v1`, an Anthropic client the base URL as it is.
//!     assert_eq!(mock.base_url(), format!("http://{}", mock.address()));
//!     Ok(())
//! }
//! ```

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::config::{self, ConfigError, Loaded};
use crate::server::Server;
use crate::snapshot::{Built, Snapshot, with_missing_strategies};
use crate::strategy::loader::Loader;

/// Open requests may go on for so long when a mock is stopped: who stops it has seen what it wanted to see.
const GRACE: Duration = Duration::from_millis(200);

/// A running server. Dropped, it stops.
#[must_use = "a mock stops when it is dropped"]
pub struct Mock {
    address: SocketAddr,
    base_url: String,
    /// There until it is stopped.
    server: Option<Server>,
}

/// What a mock is to be like.
#[derive(Debug, Clone)]
pub struct Builder {
    config: Source,
    seed: Option<u64>,
    listen: SocketAddr,
    workers: usize,
}

#[derive(Debug, Clone)]
enum Source {
    Defaults,
    File(PathBuf),
    Text(String),
}

/// Why a mock did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MockError {
    /// The configuration cannot be used: everything that is wrong with it, at once.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// No server could be started.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl Mock {
    /// A mock with the default chain, on a free port of this machine, until it is told otherwise.
    pub fn builder() -> Builder {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Builder { config: Source::Defaults, seed: None, listen, workers: 1 }
    }

    /// Where clients find it, without a slash at the end: `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, as dropping it does. When this returns, its port is free, its threads are gone, and requests that were open
    /// are answered or, after a fifth of a second, cut off.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }
}

impl Builder {
    /// With the configuration in this file, in any format that `standin serve` takes. Where it listens and with how many
    /// workers is not taken from it.
    pub fn config_file(self, path: impl Into<PathBuf>) -> Self {
        Self { config: Source::File(path.into()), ..self }
    }

    /// With this configuration, as [`Builder::config_file`] would read it; paths in it begin at the working directory.
    pub fn config(self, text: impl Into<String>) -> Self {
        Self { config: Source::Text(text.into()), ..self }
    }

    /// With another seed for ids and random numbers than the configuration's.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// On this address instead of a free port of 127.0.0.1.
    pub fn listen(self, address: impl Into<SocketAddr>) -> Self {
        Self { listen: address.into(), ..self }
    }

    /// With so many threads that serve, instead of one.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Starts it. When this returns, it takes connections.
    ///
    /// # Errors
    /// The configuration cannot be used, or the address not be listened on.
    pub fn start(self) -> Result<Mock, MockError> {
        // A thread without a runtime: the caller's may not be blocked, and guests that are tried need one of their own.
        let started = thread::scope(|scope| scope.spawn(|| self.start_here()).join());
        started.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn start_here(&self) -> Result<Mock, MockError> {
        let cannot_listen = |source| MockError::Listen { address: self.listen, source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot_listen)?;
        let built = {
            let _inside = runtime.enter();
            self.build()?
        };
        for warning in &built.warnings {
            tracing::warn!("{warning}");
        }
        let server = Server::start(self.listen, self.workers, built.snapshot).map_err(cannot_listen)?;
        let address = server.address;
        Ok(Mock { address, base_url: format!("http://{address}"), server: Some(server) })
    }

    fn build(&self) -> Result<Built, ConfigError> {
        let mut loaded = match &self.config {
            Source::Defaults => Ok(Loaded::defaults()),
            Source::File(path) => config::load(path),
            Source::Text(text) => config::from_str(text, Path::new("mock.yaml")),
        }
        .map_err(with_missing_strategies)?;
        if let Some(seed) = self.seed {
            loaded.config.seed = seed;
        }
        let mut built = Snapshot::build(loaded, &mut Loader::default())?;
        built.snapshot.shutdown_timeout = built.snapshot.shutdown_timeout.min(GRACE);
        Ok(built)
    }
}
