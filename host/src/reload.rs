//! Watches what a configuration was made from, and swaps in a new snapshot when it changes. A change that cannot be used is
//! told in the log, and what was there stays.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::config::ConfigError;
use crate::server::Server;
use crate::snapshot::{Built, Snapshot, names};
use crate::strategy::loader::Loader;

/// Editors and builds write a file in several steps: the last one counts.
const QUIET: Duration = Duration::from_millis(60);
/// A folder in which something always moves must not put a reload off for ever.
const PATIENCE: Duration = Duration::from_millis(600);

type Read = Box<dyn Fn(&mut Loader) -> Result<Built, ConfigError> + Send>;

/// Where configurations come from: reads and builds one, and knows how to do it again.
pub struct Source {
    read: Read,
    loader: Loader,
}

impl Source {
    /// A source that reads with this function.
    pub fn new(read: impl Fn(&mut Loader) -> Result<Built, ConfigError> + Send + 'static) -> Self {
        Self { read: Box::new(read), loader: Loader::default() }
    }

    /// The same source, with this loader.
    pub fn with_loader(self, loader: Loader) -> Self {
        Self { loader, ..self }
    }

    /// Reads, checks and builds.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn build(&mut self) -> Result<Built, ConfigError> {
        (self.read)(&mut self.loader)
    }
}

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Files, whether they are there or not.
    pub files: Vec<PathBuf>,
    /// A folder in which components come and go.
    pub strategies: PathBuf,
}

/// Wakes the reloader, for a signal and for tests.
#[derive(Clone)]
pub struct Trigger(Sender<Wake>);

enum Wake {
    Changed(PathBuf),
    Asked,
}

impl Trigger {
    /// Reads the configuration again, changed or not.
    pub fn reload(&self) {
        let _ = self.0.send(Wake::Asked);
    }
}

/// Watches in a thread of its own, for as long as the process lives. `server` gives the server to swap, until it is gone.
///
/// # Errors
/// No thread could be started.
pub fn watch(
    mut source: Source,
    watched: Watched,
    server: impl Fn(Snapshot) -> bool + Send + 'static,
) -> std::io::Result<Trigger> {
    let (sender, wakes) = channel();
    let trigger = Trigger(sender.clone());
    // Watched before the thread starts: what changes from now on is seen.
    let mut watcher = Watching::new(sender);
    watcher.follow(&watched);
    let mut watched = watched;
    thread::Builder::new().name("standin-reload".into()).spawn(move || {
        while wait(&wakes, &watched) {
            let started = Instant::now();
            match source.build() {
                Ok(built) => {
                    for warning in &built.warnings {
                        tracing::warn!("{warning}");
                    }
                    let chain = names(&built.snapshot.chain);
                    watched = Watched { files: built.files, strategies: built.config.strategies_dir };
                    watcher.follow(&watched);
                    if !server(built.snapshot) {
                        return;
                    }
                    tracing::info!(duration_ms = started.elapsed().as_millis() as u64, "reloaded: {chain}");
                }
                Err(error) => {
                    // The files at fault are watched too: mending one of them is a change.
                    watched.files.extend(error.files.iter().cloned());
                    watched.files.sort();
                    watched.files.dedup();
                    watcher.follow(&watched);
                    tracing::error!("not reloaded, and the old configuration stays:\n{error}");
                }
            }
        }
    })?;
    Ok(trigger)
}

/// Swaps the snapshot of a server that others hold too.
pub fn swap_in(server: std::sync::Weak<Server>) -> impl Fn(Snapshot) -> bool + Send + 'static {
    move |snapshot| match server.upgrade() {
        Some(server) => {
            server.swap(snapshot);
            true
        }
        None => false,
    }
}

/// Waits for a change that matters, and then for quiet. False where there will be none.
fn wait(wakes: &Receiver<Wake>, watched: &Watched) -> bool {
    loop {
        match wakes.recv() {
            Ok(wake) if matters(&wake, watched) => break,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    let first = Instant::now();
    while first.elapsed() < PATIENCE {
        match wakes.recv_timeout(QUIET) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

fn matters(wake: &Wake, watched: &Watched) -> bool {
    let Wake::Changed(path) = wake else { return true };
    let component = path.extension().is_some_and(|it| it == "wasm") && path.parent() == Some(&watched.strategies);
    component || *path == watched.strategies || watched.files.contains(path)
}

/// The folders that are watched: files are replaced by renaming, which a watch on the file itself would lose.
struct Watching {
    watcher: Option<RecommendedWatcher>,
    folders: HashSet<PathBuf>,
}

impl Watching {
    fn new(sender: Sender<Wake>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            // Reading a file is an event too, and a reload reads them all.
            let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
            if matches!(event.kind, EventKind::Access(_)) && event.kind != closed {
                return;
            }
            for path in event.paths {
                let _ = sender.send(Wake::Changed(path));
            }
        });
        let watcher = watcher
            .inspect_err(|error| tracing::warn!("files cannot be watched ({error}): changes need a restart, or SIGHUP"))
            .ok();
        Self { watcher, folders: HashSet::new() }
    }

    fn follow(&mut self, watched: &Watched) {
        let Some(watcher) = &mut self.watcher else { return };
        let parents = watched.files.iter().chain([&watched.strategies]).filter_map(|path| path.parent());
        let wanted: HashSet<PathBuf> = parents
            .chain([watched.strategies.as_path()])
            .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
            .filter(|folder| folder.is_dir())
            .map(Path::to_owned)
            .collect();
        for gone in self.folders.difference(&wanted) {
            let _ = watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.folders) {
            if let Err(error) = watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!("{} cannot be watched ({error}): changes need a restart, or SIGHUP", new.display());
            }
        }
        self.folders = wanted;
    }
}
