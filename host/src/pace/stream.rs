//! One stream, as the times at which its frames are due. Nothing here waits: [`body`](super::body) does.

use super::cut::{Cut, Cutter};
use crate::chat::{Chunking, Event, Fault, Pacing, Reply};
use crate::wire::{Ids, StreamEncoder};

/// How a reply is cut and timed, with nothing left open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Where to cut.
    pub chunking: Chunking,
    /// Time to first token, in microseconds.
    pub ttft_us: u64,
    /// Time per chunk after the first, in microseconds.
    pub chunk_us: u64,
    /// From 0 to 1: how far each time varies.
    pub jitter: f32,
}

impl Schedule {
    /// What a reply asks for, over the configuration's.
    pub fn of(self, pacing: Option<Pacing>) -> Self {
        let Some(pacing) = pacing else { return self };
        Self {
            chunking: pacing.chunking.unwrap_or(self.chunking),
            ttft_us: pacing.ttft_us.unwrap_or(self.ttft_us),
            chunk_us: pacing.chunk_us.unwrap_or(self.chunk_us),
            jitter: pacing.jitter.filter(|it| it.is_finite()).unwrap_or(self.jitter).clamp(0.0, 1.0),
        }
    }

    /// The time before a token's chunk.
    fn delay(&self, first: bool, dice: &mut Ids) -> u64 {
        let time = if first { self.ttft_us } else { self.chunk_us };
        if self.jitter == 0.0 || time == 0 {
            return time;
        }
        // 53 random bits make a number from 0 to 1, as floating point has them.
        let share = (dice.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let factor = 1.0 + f64::from(self.jitter) * (2.0 * share - 1.0);
        (time as f64 * factor) as u64
    }
}

/// What to do after the frames that were rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The next frame is due so many microseconds after this one.
    Wait(u64),
    /// Much is rendered: send it before the rest.
    Flush,
    /// The stream is complete.
    End,
    /// Close the connection.
    Disconnect,
    /// Send nothing more, and keep the connection open.
    Stall,
}

/// A buffer is sent when it has grown to this size, in bytes: few writes, and no stream is held in memory whole.
const FLUSH: usize = 128 << 10;

/// A stream on its way.
pub struct ReplyStream {
    encoder: Box<dyn StreamEncoder>,
    replies: Vec<(Reply, Schedule)>,
    /// The choice at hand.
    choice: usize,
    cutter: Cutter,
    started: bool,
    /// The choice at hand was told to the encoder.
    begun: bool,
    /// A token of this choice is out.
    first_out: bool,
    /// Rendered, and due after the wait that was asked for.
    pending: Vec<u8>,
    dice: Ids,
    /// What goes wrong after so many more chunks, whatever the replies say.
    breaks: Option<(u32, Fault)>,
    over: bool,
    chunks: u32,
}

impl ReplyStream {
    /// A stream of these replies, one a choice; the dice are for jitter.
    pub fn new(encoder: Box<dyn StreamEncoder>, replies: Vec<(Reply, Schedule)>, dice: Ids) -> Self {
        Self {
            encoder,
            replies,
            choice: 0,
            cutter: Cutter::default(),
            started: false,
            begun: false,
            first_out: false,
            pending: Vec::new(),
            dice,
            breaks: None,
            over: false,
            chunks: 0,
        }
    }

    /// Goes wrong after so many chunks, or at the end where there are fewer.
    pub fn break_after(&mut self, chunks: u32, fault: Fault) {
        self.breaks = Some((chunks, fault));
    }

    /// How many chunks are rendered so far.
    pub const fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Appends the frames that are due, up to the next wait.
    pub fn render(&mut self, out: &mut Vec<u8>) -> Step {
        out.append(&mut self.pending);
        if self.over {
            return Step::End;
        }
        if !self.started {
            self.started = true;
            self.encoder.open(out);
        }
        while let Some((reply, schedule)) = self.replies.get(self.choice) {
            let choice = self.choice as u32;
            if !self.begun {
                self.begun = true;
                self.encoder.begin(choice, reply);
            }
            let cut = self.cutter.next(reply, schedule.chunking);
            let is_due = match (&mut self.breaks, &cut) {
                (Some((0, _)), Some(Cut::Chunk { timed: true, .. }) | None) => true,
                (Some(_), None) => self.choice + 1 == self.replies.len(),
                (Some((left, _)), Some(Cut::Chunk { timed: true, .. })) => {
                    *left -= 1;
                    false
                }
                _ => false,
            };
            if is_due
                && let Some((_, fault)) = self.breaks.take()
                && let Some(step) = go_wrong(&fault, self.encoder.as_mut(), out)
            {
                self.over = true;
                return step;
            }
            match cut {
                Some(Cut::Chunk { chunk, timed }) => {
                    let delay = if timed { schedule.delay(!self.first_out, &mut self.dice) } else { 0 };
                    self.first_out |= timed;
                    self.chunks += u32::from(timed);
                    if delay > 0 {
                        self.encoder.chunk(choice, chunk, &mut self.pending);
                        return Step::Wait(delay);
                    }
                    self.encoder.chunk(choice, chunk, out);
                    if out.len() >= FLUSH {
                        return Step::Flush;
                    }
                }
                Some(Cut::Pause(us)) => return Step::Wait(us),
                Some(Cut::Fault(fault)) => {
                    if let Some(step) = go_wrong(fault, self.encoder.as_mut(), out) {
                        self.over = true;
                        return step;
                    }
                }
                None => {
                    self.encoder.finish(choice, reply.finish(), out);
                    self.choice += 1;
                    self.cutter = Cutter::default();
                    (self.begun, self.first_out) = (false, false);
                }
            }
        }
        self.encoder.close(out);
        self.over = true;
        Step::End
    }
}

/// What a fault leaves of a stream; none where it goes on.
fn go_wrong(fault: &Fault, encoder: &mut dyn StreamEncoder, out: &mut Vec<u8>) -> Option<Step> {
    match fault {
        Fault::Disconnect => Some(Step::Disconnect),
        Fault::Stall => Some(Step::Stall),
        Fault::Truncate => Some(Step::End),
        Fault::Error(error) => {
            encoder.error(error, out);
            Some(Step::End)
        }
        Fault::Garbage(bytes) => {
            out.extend_from_slice(bytes.as_bytes());
            None
        }
    }
}

/// How a reply that is not streamed differs from its body sent at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unary {
    /// Microseconds before it is sent: what its stream would have taken, up to its end or its first fault.
    pub delay_us: u64,
    /// The first fault.
    pub fault: Option<Fault>,
}

/// The timing of replies that are not streamed, one a choice.
pub fn unary(replies: &[Reply], schedules: &[Schedule], mut dice: Ids) -> Unary {
    let mut plan = Unary::default();
    for (reply, schedule) in replies.iter().zip(schedules) {
        let plain = |event: &Event| !matches!(event, Event::Pause(_) | Event::Fault(_));
        if schedule.ttft_us == 0 && schedule.chunk_us == 0 && reply.events.iter().all(plain) {
            continue;
        }
        let mut cutter = Cutter::default();
        let mut first = true;
        while let Some(cut) = cutter.next(reply, schedule.chunking) {
            match cut {
                Cut::Chunk { timed: true, .. } => {
                    plan.delay_us = plan.delay_us.saturating_add(schedule.delay(first, &mut dice));
                    first = false;
                }
                Cut::Chunk { .. } => {}
                Cut::Pause(us) => plan.delay_us = plan.delay_us.saturating_add(us),
                Cut::Fault(fault) => {
                    plan.fault = Some(fault.clone());
                    return plan;
                }
            }
        }
    }
    plan
}
