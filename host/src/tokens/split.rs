//! The split pattern of o200k_base as a hand-written scanner: a regular expression engine would cost more than
//! everything else in the count, and would compile the pattern at start.
//!
//! The pattern (tiktoken's `openai_public.py`) is an alternation, of which the first alternative that matches wins:
//!
//! 1. `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
//! 2. `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
//! 3. `\p{N}{1,3}`
//! 4. ` ?[^\s\p{L}\p{N}]+[\r\n/]*`
//! 5. `\s*[\r\n]+`
//! 6. `\s+(?!\S)`
//! 7. `\s+`
//!
//! The first two share a scan, [`word`], whose result says which of them matched.

use super::layout::class::{LETTER, LOWER, MARK, NEWLINE, NUMBER, OTHER, SPACE, UPPER};
use super::layout::{PAGE, PAGE_BITS};

static PAGES: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/o200k_pages.bin")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/o200k_pages.bin"));
static CLASSES: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/o200k_classes.bin")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/o200k_classes.bin"));

/// Where the piece that starts at `start` ends. `start` is a character boundary before the end of the text, and so is
/// the result, except that it can be the end.
#[inline(always)]
pub(super) fn piece_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let Some((first, after)) = step(text, start) else { return bytes.len() };
    match first {
        UPPER | LOWER | LETTER => match word(text, start) {
            Word::None => after,
            Word::Mixed(end) | Word::Capitals(end) => contraction(bytes, end),
        },
        NUMBER => number(text, after),
        NEWLINE => whitespace(text, start),
        // `first` as the prefix of a word.
        _ => match word(text, after) {
            Word::Mixed(end) => contraction(bytes, end),
            // The second alternative matches with the prefix, but the first one, tried earlier, matches without it: it
            // backtracks to a word that is nothing but the mark.
            Word::Capitals(_) | Word::None if first == MARK => contraction(bytes, after),
            Word::Capitals(end) => contraction(bytes, end),
            Word::None if first == OTHER => punctuation(text, after),
            // A mark behind the space would have been a word.
            Word::None => match step(text, after) {
                Some((OTHER, behind)) if bytes.get(start) == Some(&b' ') => punctuation(text, behind),
                _ => whitespace(text, start),
            },
        },
    }
}

/// Class of the character at `at`, and where the next one is; `None` at the end of the text.
#[inline(always)]
fn step(text: &str, at: usize) -> Option<(u8, usize)> {
    let byte = *text.as_bytes().get(at)?;
    if byte < 0x80 { Some((CLASSES[usize::from(byte)], at + 1)) } else { step_wide(text, at) }
}

fn step_wide(text: &str, at: usize) -> Option<(u8, usize)> {
    let char = text.get(at..)?.chars().next()?;
    let point = char as usize;
    let block = usize::from(*PAGES.get(point >> PAGE_BITS)?);
    let class = *CLASSES.get(block << PAGE_BITS | point & (PAGE - 1))?;
    Some((class, at + char.len_utf8()))
}

/// What the letters at a place are to the first two alternatives, without prefix and contraction.
enum Word {
    /// Neither matches.
    None,
    /// The first one matches, up to here.
    Mixed(usize),
    /// Only the second one matches, up to here: nothing but `\p{Lu}` and `\p{Lt}`.
    Capitals(usize),
}

#[inline]
fn word(text: &str, start: usize) -> Word {
    let mut end = start;
    // End of the last character that both halves of the first alternative take.
    let mut shared = None;
    while let Some((class, next)) = step(text, end) {
        match class {
            UPPER => {}
            LETTER | MARK => shared = Some(next),
            LOWER => return Word::Mixed(lower(text, next)),
            _ => break,
        }
        end = next;
    }
    // The first half took everything there is, and the second half needs one character: the first half gives back as
    // much as it takes to find one that fits.
    match shared {
        Some(end) => Word::Mixed(end),
        None if end > start => Word::Capitals(end),
        None => Word::None,
    }
}

#[inline(always)]
fn lower(text: &str, mut end: usize) -> usize {
    while let Some((LOWER | LETTER | MARK, next)) = step(text, end) {
        end = next;
    }
    end
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`. Of its letters only `s` has a case variant outside ASCII, `ſ`.
#[inline(always)]
fn contraction(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) == Some(&b'\'') { at + suffix(bytes, at) } else { at }
}

fn suffix(bytes: &[u8], at: usize) -> usize {
    let byte = |ahead| bytes.get(at + ahead).copied().unwrap_or(0);
    match [byte(1), byte(2)] {
        [b's' | b'S' | b't' | b'T' | b'm' | b'M' | b'd' | b'D', _] => 2,
        [b'r' | b'R' | b'v' | b'V', b'e' | b'E'] | [b'l' | b'L', b'l' | b'L'] => 3,
        // U+017F, long s.
        [0xc5, 0xbf] => 3,
        _ => 0,
    }
}

/// `\p{N}{1,3}` behind the first digit.
fn number(text: &str, mut end: usize) -> usize {
    for _ in 0..2 {
        let Some((NUMBER, next)) = step(text, end) else { break };
        end = next;
    }
    end
}

/// `[^\s\p{L}\p{N}]+[\r\n/]*` behind the first character.
fn punctuation(text: &str, mut end: usize) -> usize {
    while let Some((OTHER | MARK, next)) = step(text, end) {
        end = next;
    }
    let bytes = text.as_bytes();
    while let Some(b'\r' | b'\n' | b'/') = bytes.get(end) {
        end += 1;
    }
    end
}

/// The last three alternatives, at a place where no earlier one matches.
fn whitespace(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut last = start;
    let mut newline = None;
    while let Some((class @ (SPACE | NEWLINE), next)) = step(text, end) {
        if class == NEWLINE {
            newline = Some(next);
        }
        last = end;
        end = next;
    }
    match newline {
        // `\s*` gives back what is behind the last line break.
        Some(end) => end,
        // `\s+(?!\S)` leaves the last space to what follows, if that is not all there is.
        None if last > start && end < text.len() => last,
        None => end,
    }
}
