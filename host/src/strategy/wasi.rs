//! WASI preview 2 for guests that are called on a worker: nothing that they may import blocks, starts a runtime, reads this
//! machine's clock, dice, files, network or environment.
//!
//! wasmtime-wasi's synchronous shims start a runtime of their own inside ours and panic. Where it could block, this file
//! shadows it: the operation is polled once, and where it would have to wait, the guest traps with a sentence that says so.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::filesystem::FsPerms;
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, OutputStream, Pollable, StreamError, StreamResult,
};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_io::bindings::wasi::io::{poll as async_poll, streams as async_streams};

use super::files;
use super::grants::Grants;
use super::imports::Ctx;
use super::sockets;
use crate::wire::ids::{Ids, key};

/// Adds every WASI interface to a linker.
pub(super) fn link(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    poll::add_to_linker::<Ctx, Unwaiting>(linker, |ctx| AtOnce(&mut ctx.table))?;
    streams::add_to_linker::<Ctx, Unwaiting>(linker, |ctx| AtOnce(&mut ctx.table))?;
    sockets::link(linker)?;
    files::link(linker, false)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The grain of the seeded clock.
pub(super) const RESOLUTION_NS: u64 = 1_000;

/// The time and the dice of the call that an instance serves; the WASI context and the host interfaces read the same ones.
#[derive(Default)]
pub(super) struct Moment {
    now_ns: AtomicU64,
    dice: AtomicU64,
}

impl Moment {
    /// Sets the clock and the dice for the next call.
    pub(super) fn set(&self, now_ms: u64, dice: u64) {
        self.now_ns.store(now_ms.wrapping_mul(1_000_000), Ordering::Relaxed);
        self.dice.store(dice, Ordering::Relaxed);
    }

    /// Nanoseconds since the Unix epoch. Each look advances the clock by a microsecond, so that a guest that waits for time to
    /// pass gets there, the same way every time.
    pub(super) fn now_ns(&self) -> u64 {
        self.now_ns.fetch_add(RESOLUTION_NS, Ordering::Relaxed)
    }

    /// Something was waited for: it is so late now, if it was not later before.
    pub(super) fn leap_to(&self, ns: u64) {
        self.now_ns.fetch_max(ns, Ordering::Relaxed);
    }

    fn next_u64(&self) -> u64 {
        let mut ids = Ids::new(self.dice.load(Ordering::Relaxed));
        let number = ids.next_u64();
        self.dice.store(number, Ordering::Relaxed);
        number
    }
}

/// The WASI context of one instance. Hash maps seed themselves from `insecure-seed` once per instance, so that depends on the
/// strategy alone: their order is the same in every instance.
///
/// # Errors
/// A directory that is granted cannot be opened.
pub(super) fn context(
    strategy: &str,
    seed: u64,
    moment: &Arc<Moment>,
    output: &Arc<Output>,
    grants: &Grants,
) -> Result<WasiCtx, String> {
    let hash_seed = u128::from(key(seed, "", 0, strategy)) << 64 | u128::from(key(seed, "", 1, strategy));
    let mut wasi = WasiCtxBuilder::new();
    for directory in &grants.rights.read {
        let opened = wasi.preopened_dir(&directory.path, &directory.name, FsPerms::ReadOnly);
        opened.map_err(|error| format!("the directory {} cannot be opened: {error:#}", directory.path.display()))?;
    }
    wasi.stdout(Sink(Arc::clone(output)))
        .stderr(Sink(Arc::clone(output)))
        .wall_clock(Clock(Arc::clone(moment)))
        .monotonic_clock(Clock(Arc::clone(moment)))
        .secure_random(Dice(Arc::clone(moment)))
        .insecure_random(Dice(Arc::clone(moment)))
        .insecure_random_seed(hash_seed)
        .allow_tcp(false)
        .allow_udp(false);
    Ok(wasi.build())
}

struct Clock(Arc<Moment>);

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.now_ns())
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        RESOLUTION_NS
    }
    fn now(&self) -> u64 {
        self.0.now_ns()
    }
}

struct Dice(Arc<Moment>);

impl rand_core::TryRng for Dice {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.0.next_u64() >> 32) as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.0.next_u64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// What a guest may write to its log in one call, in bytes.
pub(super) const MAX_OUTPUT: usize = 64 << 10;

/// What a guest prints, line by line into the server's log, under the plugin's name.
pub(super) struct Output {
    strategy: String,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    line: Vec<u8>,
    /// The last lines of this call, for the report of a panic.
    tail: String,
    bytes: usize,
}

impl Output {
    /// The output of one instance of a strategy.
    pub(super) fn new(strategy: &str) -> Self {
        Self { strategy: strategy.to_owned(), written: Mutex::default() }
    }

    /// A new call begins: its share is whole again.
    pub(super) fn begin(&self) {
        let mut written = self.lock();
        if written.bytes != 0 {
            *written = Written::default();
        }
    }

    /// Counts bytes against the call's share. False where it is used up; the log says so once.
    pub(super) fn allow(&self, bytes: usize) -> bool {
        let mut written = self.lock();
        let before = written.bytes;
        written.bytes = before.saturating_add(bytes.max(1));
        if written.bytes > MAX_OUTPUT && before <= MAX_OUTPUT {
            tracing::warn!(
                strategy = self.strategy,
                "wrote more than {MAX_OUTPUT} bytes of log in one call; the rest is dropped"
            );
        }
        written.bytes <= MAX_OUTPUT
    }

    /// What the guest printed last in this call: where it panicked, the reason.
    pub(super) fn tail(&self) -> String {
        let written = self.lock();
        let mut tail = written.tail.clone();
        let _ = write!(tail, "{}", String::from_utf8_lossy(&written.line));
        tail.trim().to_owned()
    }

    fn print(&self, bytes: &[u8]) {
        if !self.allow(bytes.len()) {
            return;
        }
        let mut written = self.lock();
        for byte in bytes {
            if *byte != b'\n' {
                written.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut written.line);
            let line = String::from_utf8_lossy(&line);
            if !line.is_empty() {
                tracing::info!(strategy = self.strategy, "{line}");
            }
            if written.tail.len() < 2_048 {
                written.tail.push_str(&line);
                written.tail.push('\n');
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Sink(Arc<Output>);

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Asked for by preview 3 alone, which is not linked.
        Box::new(tokio::io::sink())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.print(&bytes);
        Ok(())
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_OUTPUT)
    }
}

/// Marks the views of [`AtOnce`] to wasmtime.
struct Unwaiting;

impl HasData for Unwaiting {
    type Data<'a> = AtOnce<'a>;
}

/// The same resources as wasmtime-wasi's, with operations that finish at once or not at all.
struct AtOnce<'a>(&'a mut ResourceTable);

/// Polls a future once.
fn at_once<T>(future: impl Future<Output = T>) -> wasmtime::Result<T> {
    const WAITS: &str = "the plugin tried to wait (a sleep, or blocking input or output); a call has to finish at once, and a \
                         reply can ask for a pause instead";
    // Timers need a runtime around them, even to be polled once.
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(wasmtime::Error::msg(WAITS));
    }
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(wasmtime::Error::msg(WAITS)),
    }
}

impl poll::Host for AtOnce<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        at_once(async_poll::Host::poll(self.0, pollables))?
    }
}

impl poll::HostPollable for AtOnce<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        at_once(async_poll::HostPollable::ready(self.0, pollable))?
    }
    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        at_once(async_poll::HostPollable::block(self.0, pollable))?
    }
    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        async_poll::HostPollable::drop(self.0, pollable)
    }
}

impl streams::Host for AtOnce<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        streams::Host::convert_stream_error(self.0, error)
    }
}

fn stream_at_once<T>(future: impl Future<Output = StreamResult<T>>) -> StreamResult<T> {
    at_once(future).map_err(StreamError::Trap)?
}

impl streams::HostOutputStream for AtOnce<'_> {
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        at_once(async_streams::HostOutputStream::drop(self.0, stream))?
    }
    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        streams::HostOutputStream::check_write(self.0, stream)
    }
    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        streams::HostOutputStream::write(self.0, stream, bytes)
    }
    fn blocking_write_and_flush(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        stream_at_once(async_streams::HostOutputStream::blocking_write_and_flush(self.0, stream, bytes))
    }
    fn blocking_write_zeroes_and_flush(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        stream_at_once(async_streams::HostOutputStream::blocking_write_zeroes_and_flush(self.0, stream, len))
    }
    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        streams::HostOutputStream::subscribe(self.0, stream)
    }
    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        streams::HostOutputStream::write_zeroes(self.0, stream, len)
    }
    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        streams::HostOutputStream::flush(self.0, stream)
    }
    fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        stream_at_once(async_streams::HostOutputStream::blocking_flush(self.0, stream))
    }
    fn splice(&mut self, to: Resource<DynOutputStream>, from: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        streams::HostOutputStream::splice(self.0, to, from, len)
    }
    fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        stream_at_once(async_streams::HostOutputStream::blocking_splice(self.0, to, from, len))
    }
}

impl streams::HostInputStream for AtOnce<'_> {
    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        at_once(async_streams::HostInputStream::drop(self.0, stream))?
    }
    fn read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        streams::HostInputStream::read(self.0, stream, len)
    }
    fn blocking_read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        stream_at_once(async_streams::HostInputStream::blocking_read(self.0, stream, len))
    }
    fn skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        streams::HostInputStream::skip(self.0, stream, len)
    }
    fn blocking_skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        stream_at_once(async_streams::HostInputStream::blocking_skip(self.0, stream, len))
    }
    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        streams::HostInputStream::subscribe(self.0, stream)
    }
}
