//! The configuration: what it may say ([`model`]), and from a file to checked values ([`load()`]).
//!
//! The way of a file: text → [`yaml`] (values, and the place of each) → `typed` (a [`Config`], or *all* the mistakes) →
//! `check` (what no single value shows: paths, duplicates, settings files). The file of another system takes the way of
//! `formats` in place of the last two. Mistakes are [`report::Diagnostic`]s, each with its line.

mod access;
mod allow;
mod check;
mod formats;
pub mod load;
pub mod model;
pub mod report;
mod scalar;
mod source;
pub mod spans;
mod syntax;
mod tree;
mod trouble;
mod typed;
pub mod units;
mod words;
pub mod written;
pub mod yaml;

pub use access::{Admin, Cors, Journal, Secret};
pub use allow::{Allow, Directory, Host, Rights};
pub use formats::{Format, PREFIXES, Variables};
pub use load::{Loaded, Reference, ResolvedStage, from_str, from_str_as, load, load_as};
pub use model::{Chunking, Clock, Config, Isolation, Limits, Model, Pacing, Stage, TokenCount, schema};
pub use report::{ConfigError, Diagnostic, Severity};
pub use tree::{Position, Step};
pub use trouble::{Break, BreakKind, FaultRule, RateLimits};
pub use units::{Size, Time, parse_listen};

#[cfg(test)]
mod tests;
