//! Byte pair encoding of one piece: of all neighbouring tokens, the pair whose concatenation has the lowest rank is
//! merged, the leftmost one first, until no concatenation is a token.
//!
//! Most pieces of ordinary text are tokens themselves and end at the first lookup.

use super::layout::{self, BUCKETS, HEAD, LONGEST, TAG_BITS, bucket, hash, slot, tag};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::successors;
use std::sync::LazyLock;

static SEEDS: [u8; BUCKETS] = *include_bytes!(concat!(env!("OUT_DIR"), "/o200k_seeds.bin"));
static SLOTS: [u8; 4 * layout::SLOTS] = *include_bytes!(concat!(env!("OUT_DIR"), "/o200k_slots.bin"));
static ENTRIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k_entries.bin"));

/// Pieces up to this many bytes are merged on the stack.
const SHORT: usize = 128;

/// The rank of what is no token, above that of every token.
const NONE: u32 = u32::MAX;

/// Ordinary tokens; their ranks are the numbers below.
const VOCABULARY: usize = 199_998;

/// Number of tokens in a piece, which must not be empty.
#[inline]
pub(super) fn count(piece: &[u8]) -> u32 {
    if rank(piece) != NONE {
        1
    } else if piece.len() <= SHORT {
        merge_short(piece).0
    } else {
        merge_long(piece).0
    }
}

/// Appends where each token of a piece ends. The piece begins at `base`, and must not be empty.
pub(super) fn ends(piece: &[u8], base: usize, ends: &mut Vec<usize>) {
    if rank(piece) != NONE {
        ends.push(base + piece.len());
    } else if piece.len() <= SHORT {
        let (_, next) = merge_short(piece);
        // No token begins at the end of the piece, even where `next` is longer.
        let behind = |at: &usize| next[..piece.len()].get(*at).map(|end| usize::from(*end));
        ends.extend(successors(behind(&0), behind).map(|end| base + end));
    } else {
        let (_, nodes) = merge_long(piece);
        let behind = |at: &usize| nodes.get(*at).map(|node| node.next as usize);
        ends.extend(successors(behind(&0), behind).map(|end| base + end));
    }
}

/// The bytes of a token; none where no token has this rank.
pub(super) fn token(rank: u32) -> Option<&'static [u8]> {
    /// Places of entries by their ranks: found once, by one pass over the entries, and only where somebody asks.
    static PLACES: LazyLock<Vec<u32>> = LazyLock::new(|| {
        let mut places = vec![0; VOCABULARY];
        let mut at = 1;
        while let Some(&[len, a, b, c]) = ENTRIES.get(at..).and_then(<[u8]>::first_chunk::<HEAD>) {
            if let Some(place) = places.get_mut(u32::from_le_bytes([a, b, c, 0]) as usize) {
                *place = at as u32;
            }
            at += HEAD + usize::from(len);
        }
        places
    });

    let at = *PLACES.get(rank as usize)? as usize;
    let len = usize::from(*ENTRIES.get(at)?);
    ENTRIES.get(at + HEAD..at + HEAD + len)
}

/// Rank of a token, or [`NONE`].
#[inline]
fn rank(key: &[u8]) -> u32 {
    if key.len() > LONGEST {
        return NONE;
    }
    let hash = hash(key);
    let slot = u32::from_le_bytes(SLOTS.as_chunks().0[slot(hash, SEEDS[bucket(hash)])]);
    // A free slot leads to the byte ahead of the first entry, an entry of length zero.
    if slot & ((1 << TAG_BITS) - 1) == tag(hash)
        && let Some(entry) = ENTRIES.get((slot >> TAG_BITS) as usize..)
        && let Some((&[len, a, b, c], rest)) = entry.split_first_chunk::<HEAD>()
        && usize::from(len) == key.len()
        && rest.starts_with(key)
    {
        return u32::from_le_bytes([a, b, c, 0]);
    }
    NONE
}

/// As [`rank`], of a part of the piece; [`NONE`] if that reaches beyond the piece.
#[inline]
fn rank_of(piece: &[u8], start: usize, end: usize) -> u32 {
    piece.get(start..end).map_or(NONE, rank)
}

/// Merges in at most [`SHORT`] bytes, quadratic but without a heap.
///
/// Tokens are named by their first byte. `keys` holds, for each token and the one behind it, the rank of both together
/// and the token's place, so that its minimum is the leftmost pair of the lowest rank.
///
/// Returns the number of tokens, and for each of them where the one behind begins.
#[inline(always)]
fn merge_short(piece: &[u8]) -> (u32, [u8; SHORT]) {
    const PLACE_BITS: u32 = SHORT.trailing_zeros();
    const PLACE: usize = SHORT - 1;

    let key = |at: usize, start: usize, end: usize| match rank_of(piece, start, end) {
        NONE => NONE,
        rank => rank << PLACE_BITS | at as u32,
    };
    let len = piece.len().min(SHORT);
    let mut keys = [NONE; SHORT];
    // Start of the token behind, and of the one ahead; `len` behind the last token.
    let mut next = [0u8; SHORT];
    let mut previous = [0u8; SHORT];
    for at in 0..len {
        keys[at] = key(at, at, at + 2);
        next[at] = at as u8 + 1;
        previous[at] = (at as u8).wrapping_sub(1);
    }

    let mut tokens = len as u32;
    // Whole vectors: what is behind the piece is `NONE`.
    let used = len.next_multiple_of(8).min(SHORT);
    loop {
        let lowest = keys[..used].iter().fold(NONE, |lowest, &key| lowest.min(key));
        if lowest == NONE {
            return (tokens, next);
        }
        let left = lowest as usize & PLACE;
        let right = usize::from(next[left]) & PLACE;
        let behind = usize::from(next[right]);
        tokens -= 1;
        keys[right] = NONE;
        next[left] = behind as u8;
        keys[left] = NONE;
        if behind < len {
            previous[behind] = left as u8;
            keys[left] = key(left, left, usize::from(next[behind]));
        }
        if left > 0 {
            let ahead = usize::from(previous[left]) & PLACE;
            keys[ahead] = key(ahead, ahead, behind);
        }
    }
}

/// A token during [`merge_long`], named by its first byte.
#[derive(Clone, Copy)]
struct Node {
    /// Start of the token ahead.
    previous: u32,
    /// Start of the token behind, or the length of the piece.
    next: u32,
    /// Rank of this token and the one behind together.
    rank: u32,
}

/// The pairs of [`merge_long`], each as its rank above its place: the order of merging.
///
/// A heap alone would do, but most of the time would go into pairs that are outdated when they come up. So the pairs of
/// the single bytes are sorted once, and the pair that was found last is held back, since the next merge often replaces
/// it.
struct Queue {
    /// Pairs of single bytes, the next one last.
    bytes: Vec<u64>,
    merged: BinaryHeap<Reverse<u64>>,
    /// [`Queue::EMPTY`] or a pair.
    held: u64,
}

impl Queue {
    const EMPTY: u64 = u64::MAX;

    fn key(rank: u32, place: u32) -> u64 {
        u64::from(rank) << 32 | u64::from(place)
    }

    fn new(nodes: &[Node]) -> Self {
        let valid = (0..).zip(nodes).filter(|(_, node)| node.rank != NONE);
        let mut bytes: Vec<u64> = valid.map(|(place, node)| Self::key(node.rank, place)).collect();
        bytes.sort_unstable_by_key(|&key| Reverse(key));
        Self { bytes, merged: BinaryHeap::new(), held: Self::EMPTY }
    }

    /// Takes the leftmost of the pairs with the lowest rank.
    fn pop(&mut self) -> Option<(u32, u32)> {
        let byte = self.bytes.last().copied().unwrap_or(Self::EMPTY);
        let merged = self.merged.peek().map_or(Self::EMPTY, |key| key.0);
        let lowest = byte.min(merged).min(self.held);
        if lowest == Self::EMPTY {
            return None;
        }
        if lowest == self.held {
            self.held = Self::EMPTY;
        } else if lowest == byte {
            self.bytes.pop();
        } else {
            self.merged.pop();
        }
        Some(((lowest >> 32) as u32, lowest as u32))
    }

    /// Adds the new pair of this token and the one behind, in place of an earlier one.
    fn put(&mut self, rank: u32, place: u32) {
        if self.held != Self::EMPTY && self.held as u32 != place {
            self.merged.push(Reverse(self.held));
        }
        self.held = if rank == NONE { Self::EMPTY } else { Self::key(rank, place) };
    }
}

/// Merges in any number of bytes, O(n log n): the pairs are in a queue, from which outdated ones are dropped as they
/// come up. Returns the number of tokens, and the tokens.
fn merge_long(piece: &[u8]) -> (u32, Vec<Node>) {
    // Not within `tokens::count`, which estimates a text of 4 GiB.
    let Ok(len) = u32::try_from(piece.len()) else { return (u32::MAX, Vec::new()) };
    let mut nodes: Vec<Node> = (0..len)
        .map(|at| Node {
            previous: at.wrapping_sub(1),
            next: at + 1,
            rank: rank_of(piece, at as usize, at as usize + 2),
        })
        .collect();
    let mut queue = Queue::new(&nodes);

    let mut tokens = len;
    while let Some((lowest, left)) = queue.pop() {
        let Node { previous, next: right, rank } = nodes[left as usize];
        // A token only grows, and longer tokens have other ranks: an equal rank is the pair that was put into the
        // queue.
        if rank != lowest {
            continue;
        }
        let behind = nodes[right as usize].next;
        tokens -= 1;
        nodes[right as usize].rank = NONE;
        if let Some(node) = nodes.get_mut(previous as usize) {
            node.rank = rank_of(piece, previous as usize, behind as usize);
            queue.put(node.rank, previous);
        }
        let rank = match nodes.get_mut(behind as usize) {
            None => NONE,
            Some(node) => {
                node.previous = left;
                rank_of(piece, left as usize, node.next as usize)
            }
        };
        nodes[left as usize] = Node { previous, next: behind, rank };
        queue.put(rank, left);
    }
    (tokens, nodes)
}
