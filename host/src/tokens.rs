//! Token counts: what a real server would put into the `usage` of a response, in the encoding of GPT-4o and later,
//! o200k_base.
//!
//! The encoder is our own because it only counts, and because the server must neither parse a vocabulary nor compile a
//! regular expression at start: `build/tokens.rs` lays out read-only tables. It is also several times faster than
//! tiktoken: about 120 ns for a short English sentence.

mod bpe;
mod estimate;
mod layout;
mod split;

/// The longest text, in bytes, that [`count`] encodes: some 60 µs of work for English or code, 300 µs for Chinese, 400
/// µs for the worst text known, a run of spaces.
pub const EXACT_LIMIT: usize = 8 * 1024;

/// Number of tokens of a text, exact up to [`EXACT_LIMIT`] bytes and estimated above.
pub fn count(text: &str) -> u32 {
    if text.len() <= EXACT_LIMIT { exact(text) } else { estimate(text) }
}

/// Exact number of o200k_base tokens of a text of any length, as tiktoken's `encode_ordinary` makes them: the names of
/// special tokens, such as `<|endoftext|>`, are text like any other.
///
/// Allocates only for a piece of more than 128 bytes that is not a token, such as a very long word. Time grows as O(n
/// log n) at worst.
pub fn exact(text: &str) -> u32 {
    let mut tokens = 0u32;
    let mut start = 0;
    while start < text.len() {
        let end = split::piece_end(text, start);
        let piece = text.as_bytes().get(start..end).unwrap_or_default();
        tokens = tokens.saturating_add(bpe::count(piece));
        start = end;
    }
    tokens
}

/// Where each token of a text ends, in bytes; a token can end in the middle of a character. There are as many as
/// [`exact`] counts, and it takes as long.
pub fn ends(text: &str) -> Vec<usize> {
    // English has four to five bytes to a token.
    let mut ends = Vec::with_capacity(text.len() / 4 + 1);
    let mut start = 0;
    while start < text.len() {
        let end = split::piece_end(text, start);
        bpe::ends(text.as_bytes().get(start..end).unwrap_or_default(), start, &mut ends);
        start = end;
    }
    ends
}

/// The number behind the last token that has one.
pub const IDS: u32 = 200_019;

/// The text of tokens, given by their numbers; none where one of them is not below [`IDS`]. What is not UTF-8, as half a
/// character is not, becomes U+FFFD, and so does a number that o200k_base leaves free.
pub fn decode(ids: &[u32]) -> Option<String> {
    let mut text = Vec::with_capacity(4 * ids.len());
    for &id in ids {
        text.extend_from_slice(match id {
            199_999 => b"<|endoftext|>",
            200_018 => b"<|endofprompt|>",
            IDS.. => return None,
            id => bpe::token(id).unwrap_or("\u{fffd}".as_bytes()),
        });
    }
    Some(match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// Estimated number of o200k_base tokens of a text, in a single pass of more than 1 GB/s; zero only for no text.
///
/// For texts of more than [`EXACT_LIMIT`] bytes it is off by 2 % on English prose, 4 to 6 % on code, 7 % on JSON, and 2
/// to 3 % on Chinese, Japanese and Korean, on average; at worst, by a third on ordinary text. Text that is none, such
/// as one character over and over, can be off by more than ten times.
pub fn estimate(text: &str) -> u32 {
    u32::try_from(estimate::tokens(text.as_bytes())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
