//! The host over a real port, asked with raw HTTP: one module per concern, each behaviour one test.
//!
//! `support` starts servers in this process, `http` is the client, `api` what the two providers have in common, `guests`
//! the components that misbehave on command. Nothing here depends on how fast time passes: what takes time is waited for,
//! with a bound far above what it takes.

#![allow(missing_docs, unreachable_pub, reason = "nobody uses this crate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod api;
mod guests;
mod http;
mod prometheus;
mod support;

mod access;
mod activation;
mod admin;
mod command_line;
mod connections;
mod determinism;
mod embedded;
mod faults;
mod golden;
mod home;
mod hostile;
mod journal;
mod limits;
mod load;
mod metrics;
mod openai;
mod pacing;
mod packs;
mod reload;
mod rights;
mod sandbox;
mod sessions;
mod strategies;
mod suite;
mod wire;
