//! Servers for tests: a folder with files, and what is served from it.

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::{Value, json};
use standin::config::{self, ConfigError, Variables};
use standin::reload::{self, Source, Trigger, Watched};
use standin::server::Server;
use standin::snapshot::{Built, Snapshot};
use standin::strategy::loader::Loader;
use tempfile::TempDir;

use crate::api::{Api, MODES};
use crate::guests;
use crate::http::{Connection, PATIENCE, Request, Response};

/// A folder with a configuration, and what it names.
pub struct Site {
    dir: TempDir,
    config: String,
    variables: Variables,
    workers: usize,
    everyone: bool,
}

impl Site {
    /// An empty folder, served with the default chain.
    pub fn new() -> Self {
        Self::of("standin.yaml", "{}")
    }

    /// A folder whose configuration is a file of this name, in whatever format.
    pub fn of(name: &str, text: impl Display) -> Self {
        log();
        let site = Self {
            dir: tempfile::tempdir().expect("a folder"),
            config: name.to_owned(),
            variables: Variables::new(),
            workers: 2,
            everyone: false,
        };
        site.file(name, text)
    }

    /// The configuration: YAML, or the same as JSON.
    pub fn config(self, config: impl Display) -> Self {
        let name = self.config.clone();
        self.file(&name, config)
    }

    /// A variable that another system has beside its file.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A chain, each stage a name or a mapping.
    pub fn chain(self, stages: Value) -> Self {
        self.config(json!({ "strategies": stages }))
    }

    pub fn file(self, name: &str, text: impl Display) -> Self {
        self.put(name, text.to_string().as_bytes());
        self
    }

    /// A guest, in the strategies folder under this name.
    pub fn guest(self, guest: &str, name: &str) -> Self {
        self.put(&format!("strategies/{name}.wasm"), &guests::wasm(guest));
        self
    }

    /// The hostile guest under this name, asked where the prompt contains `evil`, and `mirror` behind it.
    pub fn evil(name: &str, settings: Value) -> Self {
        Self::new().guest("evil", name).chain(json!([evil(name, settings), "mirror"]))
    }

    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Without regard to activations: every strategy is asked.
    pub fn asking_everyone(self) -> Self {
        Self { everyone: true, ..self }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file as an editor does: under another name, and renamed.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).unwrap();
        let half = path.with_extension("half");
        fs::write(&half, bytes).unwrap();
        fs::rename(half, path).unwrap();
    }

    /// Reads and builds, as `standin serve` does.
    pub fn build(&self) -> Result<Built, ConfigError> {
        build(&self.path(&self.config), &self.variables, &mut loader(), self.everyone)
    }

    /// The same, with a cache of its own.
    pub fn build_with_cache(&self, cache: &Path) -> Result<Built, ConfigError> {
        build(&self.path(&self.config), &self.variables, &mut Loader::with_cache(cache), self.everyone)
    }

    /// Why it cannot be served.
    #[track_caller]
    pub fn refused(&self) -> String {
        match self.build() {
            Ok(_) => panic!("this can be served, and should not"),
            Err(error) => error.to_string(),
        }
    }

    #[track_caller]
    pub fn serve(self) -> Running {
        self.start(false)
    }

    /// Serves, and watches its files.
    #[track_caller]
    pub fn serve_watched(self) -> Running {
        self.start(true)
    }

    #[track_caller]
    fn start(self, watch: bool) -> Running {
        let (file, variables) = (self.path(&self.config), self.variables.clone());
        let everyone = self.everyone;
        let mut source = Source::new(move |loader| build(&file, &variables, loader, everyone)).with_loader(loader());
        let built = source.build().unwrap_or_else(|error| panic!("{error}"));
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Arc::new(Server::start(free, self.workers, built.snapshot).expect("a server"));
        let trigger = watch.then(|| {
            let watched = Watched { files: built.files, strategies: built.config.strategies_dir };
            reload::watch(source, watched, reload::swap_in(Arc::downgrade(&server))).expect("a watcher")
        });
        Running { address: server.address, site: self, server: Some(server), trigger }
    }
}

/// A stage of the hostile guest, asked where the prompt contains `evil`.
pub fn evil(name: &str, mut settings: Value) -> Value {
    settings["contains"] = "evil".into();
    json!({ "use": name, "settings": settings })
}

fn loader() -> Loader {
    // Of this target directory, so that the tests leave nothing in the user's; and kept, so that they are quick.
    Loader::with_cache(guests::tmp().join("cache"))
}

fn build(file: &Path, variables: &Variables, loader: &mut Loader, everyone: bool) -> Result<Built, ConfigError> {
    // A guest that is tried may look for timers.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let mut built = Snapshot::build(config::load_as(file, None, variables)?, loader)?;
    if everyone {
        built.snapshot.chain = built.snapshot.chain.ask_everyone();
    }
    // A test that fails in the middle of a stalled stream is over soon.
    built.snapshot.shutdown_timeout = Duration::from_millis(200);
    Ok(built)
}

/// A server of this process; dropped, it stops.
pub struct Running {
    pub address: SocketAddr,
    pub site: Site,
    server: Option<Arc<Server>>,
    trigger: Option<Trigger>,
}

impl Running {
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Sends on a connection of its own.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Response {
        self.connect().send(request)
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    #[track_caller]
    pub fn ask(&self, api: Api, prompt: &str, stream: bool) -> Response {
        self.send(&api.ask(prompt, stream))
    }

    /// What is said to a prompt, which has to be the same from both providers, in both modes.
    #[track_caller]
    pub fn said(&self, prompt: &str) -> String {
        let said = MODES.map(|(api, stream)| api.said(&self.ask(api, prompt, stream)));
        for (other, mode) in said.iter().zip(MODES) {
            assert_eq!(*other, said[0], "{mode:?}");
        }
        let [said, ..] = said;
        said
    }

    /// What is said to a prompt, asked once.
    #[track_caller]
    pub fn says(&self, prompt: &str) -> String {
        let api = Api::OpenAi;
        api.said(&self.ask(api, prompt, false))
    }

    /// The message of the error that a prompt meets, in the provider's shape, from both and in both modes.
    #[track_caller]
    pub fn fails(&self, prompt: &str, status: u16) -> String {
        let messages = MODES.map(|(api, stream)| api.error(&self.ask(api, prompt, stream), status));
        for (other, mode) in messages.iter().zip(MODES) {
            assert_eq!(*other, messages[0], "{mode:?}");
        }
        let [message, ..] = messages;
        message
    }

    /// Reads the configuration again, as SIGHUP does.
    pub fn reload(&self) {
        self.trigger.as_ref().expect("a server that watches").reload();
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("a server")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A reload may hold the server for the moment of a swap.
        let mut held = self.server.take();
        while let Some(server) = held.take() {
            match Arc::try_unwrap(server) {
                Ok(server) => server.stop(),
                Err(server) => {
                    held = Some(server);
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
    }
}

/// Waits until something is so, with a bound.
#[track_caller]
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < PATIENCE, "in {PATIENCE:?} it did not happen that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for a line of the log that contains all of these. The log is that of every test at once, so one of them should be
/// a name that no other test uses.
#[track_caller]
pub fn logged(parts: &[&str]) -> Value {
    let mut found = None;
    eventually(&format!("the log says {parts:?}"), || {
        let log = log().lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&log);
        found = text.lines().find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned);
        found.is_some()
    });
    serde_json::from_str(&found.unwrap_or_default()).expect("a line of JSON")
}

/// How many lines of the log contain this, by now.
pub fn count_logged(part: &str) -> usize {
    let log = log().lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&log).lines().filter(|line| line.contains(part)).count()
}

/// The log of this process, as lines of JSON.
fn log() -> &'static Mutex<Vec<u8>> {
    static LOG: OnceLock<Mutex<Vec<u8>>> = OnceLock::new();
    struct Sink;
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let log = LOG.get_or_init(Mutex::default);
            log.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        tracing_subscriber::fmt().json().flatten_event(true).with_writer(|| Sink).init();
    });
    LOG.get_or_init(Mutex::default)
}
