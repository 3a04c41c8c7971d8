//! One connection, and how many there may be. Whatever a client can leave unfinished has a deadline or a bound here: its first
//! bytes, a head, a preface, an answer that it does not read, and connections themselves.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// A client may take so long to send a request's head, and so long between two requests.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A client may leave an answer unread for so long.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest head of a request, in bytes; a larger one is a 431.
pub const HEAD_BYTES: usize = 128 << 10;
/// The most headers of a request; more are a 431. It is what hyper keeps without an allocation.
pub const HEADERS: usize = 100;

/// The connections that are open, of all workers together.
#[derive(Clone, Default)]
pub(super) struct Open(Arc<AtomicUsize>);

/// One open connection. Dropped, its place is free.
pub(super) struct Place(Open);

impl Open {
    /// A place for one more connection; none where there are as many as may be.
    pub(super) fn enter(&self, most: usize) -> Option<Place> {
        // One thread accepts: nobody else adds between the look and the addition.
        if self.0.load(Ordering::Relaxed) >= most {
            return None;
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

enum Protocol {
    Http1,
    Http2,
}

/// Serves a connection to its end. One that has not shown its protocol when the server stops is dropped.
pub(super) async fn serve(stream: TcpStream, router: Router, watcher: Watcher, mut stopped: watch::Receiver<bool>) {
    bound_unread(&stream);
    let protocol = tokio::select! {
        protocol = timeout(HEAD_TIMEOUT, protocol(&stream)) => protocol,
        _ = stopped.changed() => return,
    };
    let Ok(Ok(protocol)) = protocol else { return };
    let (io, service) = (TokioIo::new(stream), TowerToHyperService::new(router));
    // A connection that breaks is the client's business.
    let _ = match protocol {
        Protocol::Http1 => {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
            watcher.watch(builder.serve_connection(io, service)).await
        }
        Protocol::Http2 => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new()).max_header_list_size(HEAD_BYTES as u32);
            builder.keep_alive_interval(HEAD_TIMEOUT).keep_alive_timeout(HEAD_TIMEOUT);
            watcher.watch(builder.serve_connection(io, service)).await
        }
    };
}

/// Which protocol the first bytes begin, without taking them.
async fn protocol(stream: &TcpStream) -> io::Result<Protocol> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = [0; PREFACE.len()];
    loop {
        let seen = stream.peek(&mut first).await?;
        match PREFACE.strip_prefix(&first[..seen]) {
            _ if seen == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => return Ok(Protocol::Http1),
            Some([]) => return Ok(Protocol::Http2),
            // The same bytes would be seen again at once.
            Some(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

/// The kernel closes a connection whose client does not take what was sent: no timer of ours is needed for it.
fn bound_unread(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    {
        let millis = u32::try_from(UNREAD_TIMEOUT.as_millis()).unwrap_or(u32::MAX);
        let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, millis);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, UNREAD_TIMEOUT);
}

/// Tells a client that there are too many connections, and hangs up. What it sent is read away for a moment, or it would see
/// a reset in place of the answer.
pub(super) async fn turn_away(mut stream: TcpStream, most: usize) {
    const MOMENT: Duration = Duration::from_secs(1);
    let body = format!(
        r#"{{"type":"error","error":{{"type":"overloaded_error","message":"{most} connections are open, which is as many as `connections` allows","param":null,"code":"too_many_connections"}}}}"#
    );
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 1\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = timeout(MOMENT, async {
        if stream.try_write(answer.as_bytes()).is_err() {
            return;
        }
        let _ = tokio::io::AsyncWriteExt::shutdown(&mut stream).await;
        let mut sink = [0; 4096];
        while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    })
    .await;
}

/// Lets this process open as many files as it may; a shell's own limit is mostly 1,024. The number is that of the
/// connections for which there is room then.
pub(super) fn room() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// What else a server opens: components, the cache, watches.
    const OTHERS: u64 = 128;
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = if raised.is_ok() { limit.maximum } else { limit.current };
    files.map_or(usize::MAX, |files| usize::try_from(files.saturating_sub(OTHERS).max(1)).unwrap_or(usize::MAX))
}
