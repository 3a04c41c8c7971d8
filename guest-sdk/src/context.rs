//! Where a request stands, and the only sources of time and chance. Both are seeded: the same request in the same turn
//! of the same session meets the same numbers, so that an answer can be repeated.

use crate::host::context as host;

/// 64 random bits.
pub fn random() -> u64 {
    host::random()
}

/// A random number from 0 to `bound` - 1; 0 where `bound` is 0.
pub fn below(bound: u64) -> u64 {
    // The high half of the product: a shorter range than 2^64 makes its bias negligible, and it needs no loop.
    ((u128::from(random()) * u128::from(bound)) >> 64) as u64
}

/// A random number from 0.0 up to, but not including, 1.0.
pub fn fraction() -> f64 {
    (random() >> 11) as f64 / (1u64 << 53) as f64
}

/// One of these; none where there are none.
pub fn pick<T>(items: &[T]) -> Option<&T> {
    items.get(below(items.len() as u64) as usize)
}

/// Milliseconds since the Unix epoch, by the server's clock.
pub fn now_ms() -> u64 {
    host::now_ms()
}

/// The session that the client says it is, or the common one.
pub fn session() -> String {
    host::session()
}

/// How many requests this session has made before.
pub fn turn() -> u64 {
    host::turn()
}
