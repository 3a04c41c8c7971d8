//! The layout of the thesaurus, which the build script writes and the component reads: meanings sorted by key, and where
//! those of each bucket begin.

/// One meaning of a word, or of a phrase of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Meaning {
    /// See [`short`].
    pub(crate) key: u32,
    /// The words that mean about the same.
    pub(crate) group: u16,
    /// What they are about.
    pub(crate) topic: u8,
    /// Where that belongs; 0 where it comes up everywhere.
    pub(crate) field: u8,
}

/// Joined with a stem, it is the key of how much the word says: the group is then one of the following.
pub(crate) const IMPORT: u64 = 0x1f;
/// Next to nothing.
pub(crate) const COMMON: u16 = 1;
/// Little.
pub(crate) const LIGHT: u16 = 2;

const BITS: u32 = 12;
/// About half as many as there are meanings.
pub(crate) const BUCKETS: usize = 1 << BITS;

/// A key from a hash.
pub(crate) const fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The bucket of a key.
pub(crate) const fn bucket(key: u32) -> usize {
    (key >> (u32::BITS - BITS)) as usize
}
