//! Writes the o200k_base tables that `src/tokens.rs` includes: the vocabulary as a hash table, the character classes of
//! the split pattern as a two-stage table.
//!
//! At build time, so that the server initialises nothing at start and the repository holds no copy of the vocabulary.
//! Both sources come from the registry: the ranks from `tiktoken-rs`, which packages OpenAI's `o200k_base.tiktoken`, and the general categories from `regex-syntax`, whose Unicode version is the one that
//! tiktoken matches with.

#[path = "../src/tokens/layout.rs"]
mod layout;

use layout::class;
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Ordinary tokens in o200k_base. Special tokens have no entry: their text is counted as any other.
const TOKENS: usize = 199_998;

/// FNV-1a over length and bytes of all tokens in rank order. A registry crate that changed a single byte of the
/// vocabulary would fail the build rather than count differently.
const CHECKSUM: u64 = 0xc7ba_5f03_2878_1837;

/// Writes the five tables, `o200k_*.bin`, into the directory.
pub(crate) fn write(out_dir: &Path) -> Result<()> {
    let [seeds, slots, entries] = vocabulary_tables()?;
    std::fs::write(out_dir.join("o200k_seeds.bin"), seeds)?;
    std::fs::write(out_dir.join("o200k_slots.bin"), slots)?;
    std::fs::write(out_dir.join("o200k_entries.bin"), entries)?;
    let (pages, classes) = class_table()?;
    std::fs::write(out_dir.join("o200k_pages.bin"), pages)?;
    std::fs::write(out_dir.join("o200k_classes.bin"), classes)?;
    Ok(())
}

/// The vocabulary in rank order.
fn vocabulary() -> Result<Vec<(u32, Vec<u8>)>> {
    let encoding = tiktoken_rs::o200k_base()?;
    let mut tokens = Vec::with_capacity(TOKENS);
    for rank in 0..u32::try_from(TOKENS)? {
        tokens.push((rank, encoding.decode_bytes(&[rank])?));
    }

    let bytes = tokens.iter().flat_map(|(_, token)| std::iter::once(token.len() as u8).chain(token.iter().copied()));
    let checksum =
        bytes.fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    if checksum != CHECKSUM {
        return Err(format!("o200k_base: the vocabulary has the checksum {checksum:#x}, and not {CHECKSUM:#x}").into());
    }
    Ok(tokens)
}

/// `SEEDS`, `SLOTS` and `ENTRIES`, see `layout`.
fn vocabulary_tables() -> Result<[Vec<u8>; 3]> {
    let mut buckets = vec![Vec::new(); layout::BUCKETS];
    let vocabulary = vocabulary()?;
    for (rank, token) in &vocabulary {
        let hash = layout::hash(token);
        buckets[layout::bucket(hash)].push((hash, rank, token));
    }
    // The fullest first, while there is room.
    let mut order: Vec<usize> = (0..layout::BUCKETS).collect();
    order.sort_by_key(|&bucket| std::cmp::Reverse(buckets[bucket].len()));

    let mut seeds = vec![0; layout::BUCKETS];
    let mut slots = vec![0u32; layout::SLOTS];
    // One byte ahead of the first entry, so that no slot in use is zero.
    let mut entries = vec![0];
    for bucket in order {
        let keys = &buckets[bucket];
        let fits = |seed: &u8| {
            let slot = |at: usize| layout::slot(keys[at].0, *seed);
            (0..keys.len()).all(|at| slots[slot(at)] == 0 && (0..at).all(|other| slot(other) != slot(at)))
        };
        let seed = (0..=u8::MAX).find(fits).ok_or("o200k_base: no seed keeps the keys of a bucket apart")?;
        seeds[bucket] = seed;
        for &(hash, rank, token) in keys {
            let place = u32::try_from(entries.len())?;
            if token.len() > layout::LONGEST || place >> (32 - layout::TAG_BITS) != 0 {
                return Err("o200k_base: `layout` is too small for the vocabulary".into());
            }
            slots[layout::slot(hash, seed)] = place << layout::TAG_BITS | layout::tag(hash);
            let [a, b, c, _] = rank.to_le_bytes();
            let head: [u8; layout::HEAD] = [u8::try_from(token.len())?, a, b, c];
            entries.extend(head);
            entries.extend(token);
        }
    }
    Ok([seeds, slots.iter().flat_map(|slot| slot.to_le_bytes()).collect(), entries])
}

/// `PAGES` and `CLASSES`, see `layout`.
fn class_table() -> Result<(Vec<u8>, Vec<u8>)> {
    let mut points = vec![class::OTHER; char::MAX as usize + 1];
    for (pattern, class) in [
        (r"[\p{Lu}\p{Lt}]", class::UPPER),
        (r"\p{Ll}", class::LOWER),
        (r"[\p{Lm}\p{Lo}]", class::LETTER),
        (r"\p{M}", class::MARK),
        (r"\p{N}", class::NUMBER),
        (r"\s", class::SPACE),
        (r"[\r\n]", class::NEWLINE),
    ] {
        let parsed = regex_syntax::parse(pattern)?;
        let regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(set)) = parsed.kind() else {
            return Err(format!("{pattern} is no Unicode class").into());
        };
        for range in set.iter() {
            points[range.start() as usize..=range.end() as usize].fill(class);
        }
    }

    let mut pages = Vec::new();
    let mut blocks: Vec<&[u8]> = Vec::new();
    for page in points.chunks(layout::PAGE) {
        let block = blocks.iter().position(|block| *block == page).unwrap_or(blocks.len());
        if block == blocks.len() {
            blocks.push(page);
        }
        pages.push(u8::try_from(block)?);
    }
    Ok((pages, blocks.concat()))
}
