//! From the events of a reply to a timed stream: cut into chunks, paced, and the only place that sleeps.
//!
//! [`cut`] knows what a reply says, piece by piece; [`stream`] when each piece is due, and renders it through the wire
//! format's encoder; `body` hands the rendered frames to the connection in time.

pub mod cut;
pub mod stream;

#[cfg(feature = "engine")]
pub mod body;
