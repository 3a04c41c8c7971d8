//! Seeded ids and random numbers: the same key mints the same ids in the same order.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
//! Ids are no secrets; what matters is that they are distinct, look like the provider's, and cost nanoseconds.

/// Mints ids and random numbers from a key.
#[derive(Debug, Clone)]
pub struct Ids(u64);

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HEX: &[u8; 16] = b"0123456789abcdef";

impl Ids {
    /// A generator that depends on the key alone.
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The next random number.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A prefix and so many letters and digits, such as `chatcmpl-` and 29.
    pub fn alphanumeric(&mut self, prefix: &str, length: usize) -> String {
        self.mint(prefix, length, ALPHANUMERIC)
    }

    /// A prefix and so many hexadecimal digits, such as `req_` and 32.
    pub fn hex(&mut self, prefix: &str, length: usize) -> String {
        self.mint(prefix, length, HEX)
    }

    /// Appends what [`Ids::alphanumeric`] mints, without the text in between.
    pub fn write_alphanumeric(&mut self, out: &mut Vec<u8>, prefix: &str, length: usize) {
        out.extend_from_slice(prefix.as_bytes());
        self.digits(out, length, ALPHANUMERIC);
    }

    fn mint<const BASE: usize>(&mut self, prefix: &str, length: usize, alphabet: &[u8; BASE]) -> String {
        let mut id = Vec::with_capacity(prefix.len() + length);
        id.extend_from_slice(prefix.as_bytes());
        self.digits(&mut id, length, alphabet);
        // A prefix and ASCII: never the other case.
        String::from_utf8(id).unwrap_or_default()
    }

    /// A draw is a fraction of 64 bits, and its digits to the base are a multiplication each. Ten of them to a draw:
    /// 62^10 < 2^60, so the bias is far below what an id could show.
    fn digits<const BASE: usize>(&mut self, out: &mut Vec<u8>, length: usize, alphabet: &[u8; BASE]) {
        const PER_DRAW: usize = 10;
        let mut left = length;
        while left > 0 {
            let mut draw = self.next_u64();
            let digits: [u8; PER_DRAW] = std::array::from_fn(|_| {
                let product = u128::from(draw) * BASE as u128;
                draw = product as u64;
                alphabet[(product >> 64) as usize]
            });
            let taken = left.min(PER_DRAW);
            out.extend_from_slice(&digits[..taken]);
            left -= taken;
        }
    }
}

/// A key from what makes a request unique; stable across machines and releases. FNV-1a over the parts, each closed by a
/// byte that UTF-8 never holds, then mixed once.
pub fn key(seed: u64, session: &str, turn: u64, role: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    eat(&seed.to_le_bytes());
    eat(session.as_bytes());
    eat(&[0xff]);
    eat(&turn.to_le_bytes());
    eat(role.as_bytes());
    Ids::new(hash).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_length_and_alphabet_and_are_distinct() {
        let mut ids = Ids::new(1);
        let mut seen = std::collections::HashSet::new();
        let mut used = std::collections::HashSet::new();
        for length in [0, 1, 9, 10, 11, 29, 32, 40] {
            for _ in 0..200 {
                let id = ids.alphanumeric("call_", length);
                assert_eq!((id.len(), id.starts_with("call_")), (5 + length, true));
                used.extend(id.bytes().skip(5));
                assert!(length < 9 || seen.insert(id), "minted twice");
            }
            let hex = ids.hex("req_", length);
            assert_eq!(hex.len(), 4 + length);
            assert!(hex.bytes().skip(4).all(|digit| HEX.contains(&digit)), "{hex}");
        }
        let wanted: std::collections::HashSet<u8> = ALPHANUMERIC.iter().copied().collect();
        assert_eq!(used, wanted);
    }

    #[test]
    fn what_is_written_is_what_is_minted() {
        let mut out = b"id ".to_vec();
        Ids::new(7).write_alphanumeric(&mut out, "chatcmpl-", 29);
        assert_eq!(out, format!("id {}", Ids::new(7).alphanumeric("chatcmpl-", 29)).into_bytes());
    }

    #[test]
    fn every_digit_is_about_as_frequent_as_another() {
        let mut counts = [0_u32; 62];
        let text = Ids::new(3).alphanumeric("", 62_000);
        for digit in text.bytes() {
            counts[ALPHANUMERIC.iter().position(|it| *it == digit).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn keys_differ_in_every_part() {
        let base = key(1, "s", 2, "r");
        for other in [key(2, "s", 2, "r"), key(1, "t", 2, "r"), key(1, "s", 3, "r"), key(1, "s", 2, "q")] {
            assert_ne!(base, other);
        }
        assert_eq!(base, key(1, "s", 2, "r"));
    }
}
