//! The body of a stream on its connection: sends what is due, and sleeps until the next frame is. One timer a stream; one
//! that fires late sends everything that has become due meanwhile.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};

use super::stream::{ReplyStream, Step};

/// Waits, for an answer that is not streamed.
pub async fn wait(us: u64) {
    if us > 0 {
        tokio::time::sleep(Duration::from_micros(us)).await;
    }
}

/// The body of one stream.
pub struct PacedBody {
    stream: ReplyStream,
    /// When the frames that come next are due.
    due: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    state: State,
    /// Rendered by [`PacedBody::at_once`], which found that it was not the whole.
    early: Option<(Vec<u8>, Step)>,
    /// Told when the body is dropped: how many chunks it had, and whether it was sent to its end.
    finished: Option<Box<dyn FnOnce(u32, bool) + Send>>,
}

enum State {
    Sending,
    /// The connection closes after so many more polls, which give it time to flush.
    Closing(u8),
    Stalled,
    Over,
}

impl PacedBody {
    /// A stream that begins now.
    pub fn new(stream: ReplyStream) -> Self {
        Self { stream, due: Instant::now(), timer: None, state: State::Sending, early: None, finished: None }
    }

    /// Tells when the stream is over how many chunks it had, and whether it was sent to its end.
    pub fn on_end(&mut self, tell: impl FnOnce(u32, bool) + Send + 'static) {
        self.finished = Some(Box::new(tell));
    }

    /// How many chunks are rendered so far.
    pub fn chunks(&self) -> u32 {
        self.stream.chunks()
    }

    /// The whole stream, where it needs no time and is small: one write, and a length that is known.
    pub fn at_once(&mut self) -> Option<Bytes> {
        let mut out = Vec::with_capacity(4 << 10);
        match self.stream.render(&mut out) {
            Step::End => {
                self.state = State::Over;
                Some(out.into())
            }
            step => {
                self.early = Some((out, step));
                None
            }
        }
    }
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        match &mut this.state {
            State::Sending => {}
            State::Stalled => return Poll::Pending,
            State::Over => return Poll::Ready(None),
            State::Closing(0) => {
                return Poll::Ready(Some(Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "a fault of the reply",
                ))));
            }
            State::Closing(polls) => {
                *polls -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        if let Some(timer) = &mut this.timer
            && timer.as_mut().poll(cx).is_pending()
        {
            return Poll::Pending;
        }
        let (mut out, mut early) = this.early.take().map_or((Vec::new(), None), |(out, step)| (out, Some(step)));
        loop {
            match early.take().unwrap_or_else(|| this.stream.render(&mut out)) {
                Step::Wait(us) => {
                    this.due += Duration::from_micros(us);
                    if this.due <= Instant::now() {
                        continue;
                    }
                    match &mut this.timer {
                        Some(timer) => timer.as_mut().reset(this.due),
                        None => this.timer = Some(Box::pin(sleep_until(this.due))),
                    }
                    if !out.is_empty() {
                        break;
                    }
                    // Nothing to send: the timer has to be polled, or it would not wake this stream.
                    if let Some(timer) = &mut this.timer
                        && timer.as_mut().poll(cx).is_pending()
                    {
                        return Poll::Pending;
                    }
                }
                Step::Flush => break,
                Step::End => {
                    this.state = State::Over;
                    break;
                }
                Step::Disconnect => {
                    this.state = State::Closing(2);
                    break;
                }
                Step::Stall => {
                    this.state = State::Stalled;
                    break;
                }
            }
        }
        if out.is_empty() {
            cx.waker().wake_by_ref();
            return if matches!(this.state, State::Over) { Poll::Ready(None) } else { Poll::Pending };
        }
        Poll::Ready(Some(Ok(Frame::data(out.into()))))
    }
}

impl Drop for PacedBody {
    fn drop(&mut self) {
        if let Some(finished) = self.finished.take() {
            finished(self.stream.chunks(), matches!(self.state, State::Over));
        }
    }
}

/// The body of an answer that breaks off: some bytes, and then the connection is closed, or nothing more comes.
pub struct BrokenBody {
    bytes: Option<Bytes>,
    state: State,
}

impl BrokenBody {
    /// Sends the bytes, then closes the connection.
    pub fn disconnect(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes), state: State::Closing(2) }
    }

    /// Sends nothing, and keeps the connection open.
    pub fn stall() -> Self {
        Self { bytes: None, state: State::Stalled }
    }
}

impl HttpBody for BrokenBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.state {
            State::Closing(polls) if *polls > 0 => {
                *polls -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            State::Closing(_) => {
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "a fault of the reply"))))
            }
            _ => Poll::Pending,
        }
    }
}
