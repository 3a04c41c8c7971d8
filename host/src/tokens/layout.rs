//! What the build script, which writes the o200k_base tables, and the runtime, which reads them, must agree on.
//!
//! Compiled into both: here as a module of `tokens`, there through `#[path]`. It must therefore name nothing else of
//! the crate.
//!
//! The vocabulary is a perfect hash table, by displacement: the hash of a key tells its bucket, `SEEDS` holds the
//! bucket's seed, and hash and seed tell the key's slot. The build script tries seeds until no two keys share a slot.
//! So a lookup, of which most find nothing, looks at one slot, and the processor need not guess how many.
//!
//! `SLOTS` holds little-endian `u32`s: the low [`TAG_BITS`] bits are a tag of the key's hash, the others the place of
//! its entry in `ENTRIES`; zero is a free slot. An entry is the key's length (one byte), its rank (three bytes,
//! little-endian), and the key.
//!
//! `PAGES` maps a code point's page of [`PAGE`] code points to a block of `CLASSES`, which holds one of the `class`
//! values per code point. The first block is ASCII.

/// Buckets: three of the 199 998 tokens each, on average.
pub(super) const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 16;

/// Slots: three of four are in use.
pub(super) const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 18;

/// Bits of a slot that hold the tag.
pub(super) const TAG_BITS: u32 = 10;

/// Bytes of an entry ahead of its key.
pub(super) const HEAD: usize = 4;

/// Longest token of o200k_base, in bytes. A longer piece needs no lookup.
pub(super) const LONGEST: usize = 128;

/// Code points per page of the character class table.
pub(super) const PAGE: usize = 1 << PAGE_BITS;

/// Bits of a code point that address within a page.
pub(super) const PAGE_BITS: u32 = 7;

/// The character classes that the o200k_base split pattern tells apart.
pub(super) mod class {
    /// What none of the others holds: punctuation, symbols, controls, unassigned code points.
    pub(crate) const OTHER: u8 = 0;
    /// `\p{Lu}` and `\p{Lt}`: only in the first half of a word.
    pub(crate) const UPPER: u8 = 1;
    /// `\p{Ll}`: only in the second half of a word.
    pub(crate) const LOWER: u8 = 2;
    /// `\p{Lm}` and `\p{Lo}`: in either half.
    pub(crate) const LETTER: u8 = 3;
    /// `\p{M}`: in either half, and, as it is not `\p{L}`, wherever punctuation can be.
    pub(crate) const MARK: u8 = 4;
    /// `\p{N}`.
    pub(crate) const NUMBER: u8 = 5;
    /// `\r` and `\n`.
    pub(crate) const NEWLINE: u8 = 6;
    /// The rest of `\s`.
    pub(crate) const SPACE: u8 = 7;
}

const A: u64 = 0x9e37_79b9_7f4a_7c15;
const B: u64 = 0xd1b5_4a32_d192_ed03;

/// Hash of a token's bytes. See [`bucket`], [`slot`] and [`tag`] for what is made of it.
///
/// Keys of 4 to 16 bytes, most of the vocabulary, are read as two overlapping words and mixed by one multiplication.
#[inline]
pub(super) fn hash(key: &[u8]) -> u64 {
    let mut seed = A.wrapping_mul(key.len() as u64);
    let mut rest = key;
    while rest.len() > 16
        && let Some((word, tail)) = rest.split_first_chunk::<8>()
    {
        seed = fold(seed ^ u64::from_le_bytes(*word), B);
        rest = tail;
    }
    let (x, y) = match (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                (u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32, 0)
            }
            _ => match *rest {
                [a, b, c] => (u64::from(u32::from_le_bytes([a, b, c, 0])), 0),
                [a, b] => (u64::from(u16::from_le_bytes([a, b])), 0),
                [a] => (u64::from(a), 0),
                _ => (0, 0),
            },
        },
    };
    fold(x ^ seed, y ^ B)
}

/// The two halves of the full product, together.
#[inline]
fn fold(x: u64, y: u64) -> u64 {
    let product = u128::from(x) * u128::from(y);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The bucket of a key with this hash.
#[inline]
pub(super) fn bucket(hash: u64) -> usize {
    (hash >> (64 - BUCKET_BITS)) as usize
}

/// The slot of a key with this hash, in a bucket with this seed.
#[inline]
pub(super) fn slot(hash: u64, seed: u8) -> usize {
    // The seed goes in ahead of a multiplication: keys that collide with one seed do not with the next.
    let mixed = (hash ^ u64::from(seed)).wrapping_mul(A.wrapping_add(u64::from(seed) << 32));
    (mixed >> (64 - SLOT_BITS)) as usize
}

/// The tag of a slot whose key has this hash.
#[inline]
pub(super) fn tag(hash: u64) -> u32 {
    hash as u32 & ((1 << TAG_BITS) - 1)
}
