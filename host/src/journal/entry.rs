//! One entry, as it lies in memory.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::redact;
use crate::chat::Usage;
use crate::record::{FailureKind, Record};

const NO_TURN: u64 = u64::MAX;
const NOTHING: u32 = u32::MAX;
const STREAMED: u8 = 1;
const WHOLE: u8 = 2;
const COUNTED: u8 = 4;
const FAILURES: [FailureKind; 4] = [FailureKind::Trap, FailureKind::Timeout, FailureKind::PutAside, FailureKind::Other];

/// An entry that is to be written.
pub(super) struct Draft<'r> {
    record: &'r Record<'r>,
    query: Option<Cow<'r, str>>,
    body: &'r [u8],
    answer: &'r [u8],
}

impl<'r> Draft<'r> {
    /// An entry about a request, with so much of each body.
    pub(super) fn new(record: &'r Record<'r>, most: usize) -> Self {
        let query = record.query.map(redact::query);
        Self { record, query, body: cut(record.body, most), answer: cut(record.answer, most) }
    }

    pub(super) const fn session(&self) -> &str {
        self.record.session
    }

    fn texts(&self) -> [Option<&str>; 9] {
        let record = self.record;
        [
            Some(record.session),
            Some(record.id),
            Some(record.method),
            Some(record.path),
            self.query.as_deref(),
            Some(record.provider),
            record.operation,
            record.model,
            record.strategy,
        ]
    }

    /// It takes no more bytes.
    pub(super) fn size(&self) -> usize {
        let texts: usize = self.texts().iter().map(|text| text.map_or(0, str::len)).sum();
        let headers = self.record.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.as_str().len() + value.len() + HEADER).sum();
        FIXED + texts + self.body.len() + self.answer.len() + headers
    }

    /// Writes it, in the order of [`View::read`], and says how many bytes that were; none where there is no room.
    pub(super) fn write(&self, room: &mut [u8]) -> Option<usize> {
        let record = self.record;
        let before = room.len();
        let mut out = Writer(room);
        for number in [
            nanos(record.at),
            micros(record.first_byte),
            micros(record.duration),
            record.turn.unwrap_or(NO_TURN),
            record.body.len() as u64,
            record.answer.len() as u64,
        ] {
            out.put(&number.to_le_bytes())?;
        }
        let usage = record.usage.unwrap_or_default();
        for number in [
            record.chunks,
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_input_tokens,
            usage.reasoning_output_tokens,
        ] {
            out.put(&number.to_le_bytes())?;
        }
        out.put(&record.status.to_le_bytes())?;
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        let flags = flag(record.streamed, STREAMED) | flag(record.whole, WHOLE) | flag(record.usage.is_some(), COUNTED);
        let failure = record.failure.and_then(|it| FAILURES.iter().position(|kind| *kind == it));
        out.put(&[flags, failure.map_or(0, |at| at as u8 + 1)])?;
        for text in self.texts() {
            match text {
                Some(text) => out.sized(text.as_bytes())?,
                None => out.put(&NOTHING.to_le_bytes())?,
            }
        }
        out.sized(self.body)?;
        out.sized(self.answer)?;
        for (name, value) in record.headers {
            out.sized(name.as_str().as_bytes())?;
            if redact::is_credential(name.as_str()) {
                let [scheme, hidden] = redact::hide(value.as_bytes());
                out.put(&((scheme.len() + hidden.len()) as u32).to_le_bytes())?;
                out.put(scheme)?;
                out.put(hidden)?;
            } else {
                out.sized(value.as_bytes())?;
            }
        }
        Some(before - out.0.len())
    }
}

/// What the numbers of an entry take.
const NUMBERS: usize = 6 * 8 + 6 * 4 + 4;
/// What an entry takes without its texts: its numbers, and the lengths of nine texts and two bodies.
const FIXED: usize = NUMBERS + 11 * 4;
/// What a header takes beside its name and value: two lengths, and what stands in place of a credential.
const HEADER: usize = 2 * 4 + 3;

/// Writes to the front of some bytes.
struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let (place, rest) = std::mem::take(&mut self.0).split_at_mut_checked(bytes.len())?;
        place.copy_from_slice(bytes);
        self.0 = rest;
        Some(())
    }

    #[inline]
    fn sized(&mut self, bytes: &[u8]) -> Option<()> {
        self.put(&(bytes.len() as u32).to_le_bytes())?;
        self.put(bytes)
    }
}

/// So much of a body, and no half character at its end.
fn cut(body: &[u8], most: usize) -> &[u8] {
    if body.len() <= most {
        return body;
    }
    let part = &body[..most];
    let half = part.iter().rev().take(3).position(|byte| byte & 0xc0 != 0x80).map_or(0, |back| back + 1);
    let (before, last) = part.split_at(most - half);
    if std::str::from_utf8(last).is_ok() { part } else { before }
}

fn nanos(at: SystemTime) -> u64 {
    u64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// An entry as it lies in memory.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// When the request came, in nanoseconds since the Unix epoch.
    pub at_ns: u64,
    pub(super) first_byte_us: u64,
    pub(super) duration_us: u64,
    pub(super) turn: Option<u64>,
    pub(super) body_size: u64,
    pub(super) answer_size: u64,
    pub(super) chunks: u32,
    pub(super) usage: Option<Usage>,
    /// The answer's status.
    pub status: u16,
    pub(super) streamed: bool,
    pub(super) whole: bool,
    pub(super) failure: Option<FailureKind>,
    /// The session's name.
    pub session: &'a str,
    /// The request's id.
    pub id: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    pub(super) query: Option<&'a str>,
    /// Whose API was asked.
    pub provider: &'a str,
    pub(super) operation: Option<&'a str>,
    /// The model that was asked for.
    pub model: Option<&'a str>,
    /// Who answered.
    pub strategy: Option<&'a str>,
    /// The request's body, as far as it was kept.
    pub body: &'a [u8],
    pub(super) answer: &'a [u8],
    pub(super) headers: &'a [u8],
}

/// Reads from the front of some bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    pub(super) fn bytes(&mut self) -> Option<Option<&'a [u8]>> {
        match self.u32()? {
            NOTHING => Some(None),
            length => self.take(length as usize).map(Some),
        }
    }

    fn maybe(&mut self) -> Option<Option<&'a str>> {
        Some(match self.bytes()? {
            None => None,
            Some(bytes) => Some(std::str::from_utf8(bytes).ok()?),
        })
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.maybe()?
    }
}

impl<'a> View<'a> {
    /// Reads what [`Draft::write`] wrote.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let (at_ns, first_byte_us, duration_us) = (from.u64()?, from.u64()?, from.u64()?);
        let (turn, body_size, answer_size) = (from.u64()?, from.u64()?, from.u64()?);
        let chunks = from.u32()?;
        let usage = Usage {
            input_tokens: from.u32()?,
            output_tokens: from.u32()?,
            cache_read_input_tokens: from.u32()?,
            cache_creation_input_tokens: from.u32()?,
            reasoning_output_tokens: from.u32()?,
        };
        let status = u16::from_le_bytes(from.take(2)?.try_into().ok()?);
        let [flags, failure] = *from.take(2)? else { return None };
        Some(Self {
            at_ns,
            first_byte_us,
            duration_us,
            turn: (turn != NO_TURN).then_some(turn),
            body_size,
            answer_size,
            chunks,
            usage: (flags & COUNTED != 0).then_some(usage),
            status,
            streamed: flags & STREAMED != 0,
            whole: flags & WHOLE != 0,
            failure: usize::from(failure).checked_sub(1).and_then(|at| FAILURES.get(at)).copied(),
            session: from.text()?,
            id: from.text()?,
            method: from.text()?,
            path: from.text()?,
            query: from.maybe()?,
            provider: from.text()?,
            operation: from.maybe()?,
            model: from.maybe()?,
            strategy: from.maybe()?,
            body: from.bytes()??,
            answer: from.bytes()??,
            headers: from.0,
        })
    }

    /// The time and the id of an entry, without reading the rest.
    pub(super) fn place(bytes: &'a [u8]) -> Option<(u64, &'a str)> {
        let at_ns = Reader(bytes).u64()?;
        let mut texts = Reader(bytes.get(NUMBERS..)?);
        texts.bytes()?;
        Some((at_ns, texts.text()?))
    }

    /// When the request came, in RFC 3339.
    pub fn at(&self) -> String {
        humantime::format_rfc3339_micros(UNIX_EPOCH + Duration::from_nanos(self.at_ns)).to_string()
    }
}

/// An entry that was taken out of the journal.
#[derive(Debug, Clone)]
pub struct Entry(Box<[u8]>);

impl Entry {
    /// A copy of an entry's memory.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// What is in it.
    pub fn view(&self) -> Option<View<'_>> {
        View::read(&self.0)
    }
}
