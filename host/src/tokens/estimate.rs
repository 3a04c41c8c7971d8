//! The estimate for texts that are too long to encode: a weighted sum over kinds of bytes, each told by the byte and
//! the one ahead of it, so that the compiler can count in vectors.
//!
//! The weights are a least-squares fit of the relative error on some 1500 parts of 12 KB each: English prose, Markdown,
//! Rust, Python, JavaScript, JSON, and documentation in Chinese, Japanese, Korean, Russian and French.

/// Bytes per block. A kind is counted in a `u8`, so not more than 255.
const BLOCK: usize = 240;

/// Weights are in parts of a token.
const UNIT: u64 = 256;

/// Estimated number of tokens in a text of these bytes; zero for none.
pub(super) fn tokens(bytes: &[u8]) -> u64 {
    let [first, current @ ..] = bytes else { return 0 };
    let mut sum = partial(&[*first], b"\n");
    let (blocks, rest) = current.as_chunks();
    let previous = bytes.as_chunks().0;
    for (block, previous) in blocks.iter().zip(previous) {
        sum += units(block, previous);
    }
    if !rest.is_empty() {
        let start = bytes.len() - rest.len();
        sum += partial(rest, bytes.get(start - 1..).unwrap_or_default());
    }
    // A run of one letter is a single word to `units`.
    (sum / UNIT).max(bytes.len() as u64 / 32).max(1)
}

/// [`units`] of less than a block. What it is filled up with weighs nothing.
#[inline(never)]
fn partial(current: &[u8], previous: &[u8]) -> u64 {
    let fill = |bytes: &[u8]| {
        let mut block = [0; BLOCK];
        for (to, from) in block.iter_mut().zip(bytes) {
            *to = *from;
        }
        block
    };
    units(&fill(current), &fill(previous))
}

/// Weight of the bytes of a block, in [`UNIT`]s, given the byte ahead of each.
#[inline]
fn units(current: &[u8; BLOCK], previous: &[u8; BLOCK]) -> u64 {
    let count = |is: fn(u8, u8) -> bool, weight: u64| {
        let bytes = current.iter().zip(previous);
        weight * u64::from(bytes.fold(0u8, |n, (&byte, &ahead)| n.wrapping_add(u8::from(is(byte, ahead)))))
    };
    // Words, capitals within them, numbers, their further digits.
    let mut sum = count(|byte, ahead| letter(byte) && !letter(ahead) && ahead < 0x80, 264);
    sum += count(|byte, ahead| upper(byte) && lower(ahead), 398);
    sum += count(|byte, ahead| digit(byte) && !digit(ahead), 557);
    sum += count(|byte, ahead| digit(byte) && digit(ahead), 51);
    // Punctuation, and, on top of it, runs of punctuation.
    sum += count(|byte, _| punctuation(byte), 36);
    sum += count(|byte, ahead| punctuation(byte) && !punctuation(ahead), 119);
    sum += count(|byte, _| byte == b'\n', 234);
    sum += count(|byte, ahead| byte == b' ' && ahead <= b' ', 12);
    if !current.is_ascii() {
        // First bytes of characters: accented Latin, other two-byte scripts, South Asian scripts and symbols, kana and
        // Chinese, Hangul, the rest (mostly emoji).
        sum += count(|byte, _| within(byte, 0xc2, 0xc7), 228);
        sum += count(|byte, _| within(byte, 0xc8, 0xdf), 67);
        sum += count(|byte, _| within(byte, 0xe0, 0xe2), 202);
        sum += count(|byte, _| within(byte, 0xe3, 0xe9), 181);
        sum += count(|byte, _| within(byte, 0xea, 0xed), 189);
        sum += count(|byte, _| within(byte, 0xee, 0xff), 438);
    }
    sum
}

#[inline]
fn within(byte: u8, first: u8, last: u8) -> bool {
    byte.wrapping_sub(first) <= last - first
}

#[inline]
fn lower(byte: u8) -> bool {
    within(byte, b'a', b'z')
}

#[inline]
fn upper(byte: u8) -> bool {
    within(byte, b'A', b'Z')
}

#[inline]
fn letter(byte: u8) -> bool {
    lower(byte | 0x20)
}

#[inline]
fn digit(byte: u8) -> bool {
    within(byte, b'0', b'9')
}

#[inline]
fn punctuation(byte: u8) -> bool {
    within(byte, b'!', b'~') && !letter(byte) && !digit(byte)
}
