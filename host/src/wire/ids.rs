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
        // Ten base-62 digits to a draw: 62^10 < 2^60, so the bias is far below what an id could show.
        self.mint(prefix, length, 10, ALPHANUMERIC)
    }

    /// A prefix and so many hexadecimal digits, such as `req_` and 32.
    pub fn hex(&mut self, prefix: &str, length: usize) -> String {
        self.mint(prefix, length, 16, HEX)
    }

    fn mint(&mut self, prefix: &str, length: usize, per_draw: usize, digits: &[u8]) -> String {
        let mut id = String::with_capacity(prefix.len() + length);
        id.push_str(prefix);
        let base = digits.len() as u64;
        let mut left = 0;
        let mut draw = 0;
        for _ in 0..length {
            if left == 0 {
                draw = self.next_u64();
                left = per_draw;
            }
            id.push(char::from(digits[(draw % base) as usize]));
            draw /= base;
            left -= 1;
        }
        id
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
