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
    /// Asked by somebody who waits for what comes of it.
    Awaited(Sender<Outcome>),
}

/// The chain that is in use now, or why the old one stays.
type Outcome = Result<String, String>;

impl Trigger {
    /// Reads the configuration again, changed or not.
    pub fn reload(&self) {
        let _ = self.0.send(Wake::Asked);
    }

    /// Reads the configuration again, and waits until it is in use, or refused. Says what the chain is then.
    ///
    /// # Errors
    /// Why the old configuration stays.
    pub fn reload_and_wait(&self) -> Result<String, String> {
        let (sender, outcome) = channel();
        let _ = self.0.send(Wake::Awaited(sender));
        outcome.recv().unwrap_or_else(|_| Err("the server is stopping, and reads nothing any more".to_owned()))
    }
}

/// Watches in a thread of its own, for as long as the process lives. `server` takes each new snapshot, and hears of a
/// configuration that was refused; it is false once the server is gone.
///
/// # Errors
/// No thread could be started.
pub fn watch(
    mut source: Source,
    watched: Watched,
    server: impl Fn(Option<Snapshot>) -> bool + Send + 'static,
) -> std::io::Result<Trigger> {
    let (sender, wakes) = channel();
    let trigger = Trigger(sender.clone());
    // Watched before the thread starts: what changes from now on is seen.
    let mut watcher = Watching::new(sender);
    watcher.follow(&watched);
    let mut watched = watched;
    thread::Builder::new().name("standin-reload".into()).spawn(move || {
        while let Some(waiting) = wait(&wakes, &watched) {
            let tell = |outcome: Outcome| waiting.iter().for_each(|it| drop(it.send(outcome.clone())));
            let started = Instant::now();
            match source.build() {
                Ok(built) => {
                    for warning in &built.warnings {
                        tracing::warn!("{warning}");
                    }
                    let chain = names(&built.snapshot.chain);
                    watched = Watched { files: built.files, strategies: built.config.strategies_dir };
                    watcher.follow(&watched);
                    if !server(Some(built.snapshot)) {
                        return;
                    }
                    tracing::info!(duration_ms = started.elapsed().as_millis() as u64, "reloaded: {chain}");
                    tell(Ok(chain));
                }
                Err(error) => {
                    // The files at fault are watched too: mending one of them is a change.
                    watched.files.extend(error.files.iter().cloned());
                    watched.files.sort();
                    watched.files.dedup();
                    watcher.follow(&watched);
                    tracing::error!("not reloaded, and the old configuration stays:\n{error}");
                    tell(Err(error.to_string()));
                    if !server(None) {
                        return;
                    }
                }
            }
        }
    })?;
    Ok(trigger)
}

/// Swaps the snapshot of a server that others hold too.
pub fn swap_in(server: std::sync::Weak<Server>) -> impl Fn(Option<Snapshot>) -> bool + Send + 'static {
    move |snapshot| {
        let Some(server) = server.upgrade() else { return false };
        match snapshot {
            Some(snapshot) => server.swap(snapshot),
            None => server.refused(),
        }
        true
    }
}

/// Changes of files, for whoever does something else about them than to reload.
pub struct Changes {
    watching: Watching,
    wakes: Receiver<Wake>,
}

impl Default for Changes {
    fn default() -> Self {
        let (sender, wakes) = channel();
        Self { watching: Watching::new(sender), wakes }
    }
}

impl Changes {
    /// Watches the folders of these from now on.
    pub fn follow(&mut self, watched: &Watched) {
        self.watching.follow(watched);
    }

    /// Waits for a change of a path that matters, and then for quiet; false where there will be none.
    pub fn wait(&self, matters: impl Fn(&Path) -> bool) -> bool {
        settle(&self.wakes, |wake| matches!(wake, Wake::Changed(path) if matters(path))).is_some()
    }
}

/// Waits for a change that matters, and then for quiet. Gives those who wait for what comes of it; none where there will be no
/// change.
fn wait(wakes: &Receiver<Wake>, watched: &Watched) -> Option<Vec<Sender<Outcome>>> {
    settle(wakes, |wake| matters(wake, watched))
}

fn settle(wakes: &Receiver<Wake>, matters: impl Fn(&Wake) -> bool) -> Option<Vec<Sender<Outcome>>> {
    let mut waiting = Vec::new();
    let mut wake = wakes.recv().ok()?;
    while !matters(&wake) {
        wake = wakes.recv().ok()?;
    }
    let first = Instant::now();
    loop {
        if let Wake::Awaited(sender) = wake {
            waiting.push(sender);
        }
        if first.elapsed() >= PATIENCE {
            return Some(waiting);
        }
        wake = match wakes.recv_timeout(QUIET) {
            Ok(wake) => wake,
            Err(RecvTimeoutError::Timeout) => return Some(waiting),
            Err(RecvTimeoutError::Disconnected) => return None,
        };
    }
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
