//! The server: a listener that hands connections to workers in turn, and on each worker the router.
//!
//! Every worker is a thread with a runtime of its own, so that its warm instances need no lock. A worker hears of a new
//! snapshot as a message, and makes its instances before a request needs them.

mod connection;
mod home;
mod route;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};

pub use self::connection::{HEAD_BYTES, HEAD_TIMEOUT, HEADERS};
use self::connection::{Open, Place, room, serve, turn_away};

use crate::exchange::{App, Reload};
use crate::record;
use crate::snapshot::Snapshot;
use crate::strategy::pool;

/// A running server. Dropped, it goes on; [`Server::stop`] ends it.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    app: Arc<App>,
    workers: Vec<Worker>,
    stop: watch::Sender<bool>,
    listener: Option<JoinHandle<()>>,
}

struct Worker {
    inbox: mpsc::UnboundedSender<Message>,
    thread: JoinHandle<()>,
}

enum Message {
    Connection(std::net::TcpStream, Place),
    Snapshot,
}

impl Server {
    /// Binds and serves.
    ///
    /// # Errors
    /// The address cannot be bound, or no thread be started.
    pub fn start(listen: SocketAddr, workers: usize, snapshot: Snapshot) -> io::Result<Self> {
        let socket = bind(listen)?;
        let address = socket.local_addr()?;
        let app = Arc::new(App::new(snapshot, workers.max(1)));
        let (stop, stopped) = watch::channel(false);
        let workers = (0..workers.max(1))
            .map(|number| Worker::start(number, Arc::clone(&app), stopped.clone()))
            .collect::<io::Result<Vec<Worker>>>()?;
        let inboxes: Vec<_> = workers.iter().map(|worker| worker.inbox.clone()).collect();
        let listener = thread::Builder::new().name("standin-listen".into()).spawn({
            let app = Arc::clone(&app);
            move || listen_on(socket, &app, &inboxes, stopped)
        })?;
        Ok(Self { address, app, workers, stop, listener: Some(listener) })
    }

    /// Replaces what requests see from now on. Those in flight keep what they have.
    pub fn swap(&self, snapshot: Snapshot) {
        self.app.metrics.reloaded(true);
        self.app.journal.resize(snapshot.journal);
        self.app.snapshot.store(Arc::new(snapshot));
        for worker in &self.workers {
            let _ = worker.inbox.send(Message::Snapshot);
        }
    }

    /// Counts a configuration that was not taken.
    pub fn refused(&self) {
        self.app.metrics.reloaded(false);
    }

    /// Tells the server how its configuration is read again.
    pub fn reload_with(&self, reload: Reload) {
        let _ = self.app.reload.set(reload);
    }

    /// What requests see now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.app.snapshot.load_full()
    }

    /// Stops accepting, lets open requests finish within the configured time, and returns when all is over.
    pub fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        for worker in self.workers.drain(..) {
            drop(worker.inbox);
            let _ = worker.thread.join();
        }
    }
}

/// Serves any router on one connection loop like the server's, and never returns: the measure of what HTTP alone costs.
///
/// # Errors
/// The address cannot be bound.
pub fn serve_router(listen: SocketAddr, router: Router) -> io::Result<()> {
    let socket = bind(listen)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = tokio::net::TcpListener::from_std(socket)?;
        let open = GracefulShutdown::new();
        let (_stop, stopped) = watch::channel(false);
        loop {
            let (stream, _) = socket.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream, router.clone(), open.watcher(), stopped.clone()));
        }
    })
}

fn bind(listen: SocketAddr) -> io::Result<std::net::TcpListener> {
    // The standard library's listener sets SO_REUSEADDR, so that a restart does not have to wait for old connections.
    let socket = std::net::TcpListener::bind(listen)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts, and hands connections to the workers in turn: keep-alive connections are few, and a hash over them would leave
/// workers idle.
fn listen_on(
    socket: std::net::TcpListener,
    app: &App,
    workers: &[mpsc::UnboundedSender<Message>],
    mut stopped: watch::Receiver<bool>,
) {
    /// So many clients at once are told that there is no place for them; the others are hung up on.
    const TOLD: usize = 256;
    let (open, room) = (Open::default(), room());
    let told = Arc::new(Semaphore::new(TOLD));
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(socket) = tokio::net::TcpListener::from_std(socket) else { return };
        let mut turn = 0;
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                _ = stopped.changed() => return,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, mostly: trying at once would only burn the processor.
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let most = app.snapshot.load().connections.min(room);
            let Some(place) = open.enter(most) else {
                if let Ok(permit) = Arc::clone(&told).try_acquire_owned() {
                    tokio::spawn(async move {
                        turn_away(stream, most).await;
                        drop(permit);
                    });
                }
                continue;
            };
            if let Ok(stream) = stream.into_std() {
                let _ = workers[turn % workers.len()].send(Message::Connection(stream, place));
                turn = turn.wrapping_add(1);
            }
        }
    });
}

impl Worker {
    fn start(number: usize, app: Arc<App>, stopped: watch::Receiver<bool>) -> io::Result<Self> {
        let (inbox, messages) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name(format!("standin-{number}")).spawn(move || {
            record::set_worker(number);
            runtime.block_on(work(app, messages, stopped));
        })?;
        Ok(Self { inbox, thread })
    }
}

async fn work(app: Arc<App>, mut messages: mpsc::UnboundedReceiver<Message>, mut stopped: watch::Receiver<bool>) {
    pool::prepare(&app.snapshot.load().chain);
    let router = route::router(Arc::clone(&app));
    let open = GracefulShutdown::new();
    loop {
        let message = tokio::select! {
            message = messages.recv() => message,
            _ = stopped.changed() => None,
        };
        match message {
            Some(Message::Connection(stream, place)) => {
                let _ = stream.set_nodelay(true);
                if let Ok(stream) = TcpStream::from_std(stream) {
                    let served = serve(stream, router.clone(), open.watcher(), stopped.clone());
                    tokio::spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
            }
            Some(Message::Snapshot) => pool::prepare(&app.snapshot.load().chain),
            None => break,
        }
    }
    let bound = app.snapshot.load().shutdown_timeout;
    if tokio::time::timeout(bound, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still open after {} s; closing their connections", bound.as_secs_f64());
    }
}
