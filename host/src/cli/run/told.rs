//! What `standin run` prints.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use standin::strategy::activation::Activation;
use standin::suite::outcome::Outcome;
use standin::suite::shown;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::super::output::say;

/// One call, with all that is known of it.
pub(super) struct Told<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) name: String,
    /// Whether the strategy is asked, and by which of its conditions; none where the provider refuses the request.
    pub(super) condition: Option<Option<Option<u32>>>,
    pub(super) activation: &'a Activation,
    pub(super) size: Option<u64>,
    pub(super) load: Duration,
    pub(super) first: Duration,
    pub(super) warm: Option<Duration>,
    pub(super) repeat: usize,
    pub(super) memory: Option<usize>,
    pub(super) log: Vec<String>,
}

impl Told<'_> {
    pub(super) fn text(&self) {
        let outcome = shown(&self.outcome.describe());
        let mut lines = outcome.lines();
        let line = |what: &str, value: &str| say(&format!("{what:<12}{value}"));
        line("outcome", lines.next().unwrap_or_default());
        lines.for_each(|more| line("", more));
        line("asked", &self.asked());
        line("first", &format!("{} (an instance is made, and called)", time(self.first)));
        if let Some(warm) = self.warm {
            let calls =
                if self.repeat == 1 { "1 call".to_owned() } else { format!("the median of {} calls", self.repeat) };
            line("warm", &format!("{} ({calls})", time(warm)));
        }
        line("load", &time(self.load));
        if let Some(memory) = self.memory {
            line("memory", &format!("{} KiB an instance", memory / 1024));
        }
        if let Some(size) = self.size {
            line("size", &format!("{size} bytes"));
        }
        for (at, logged) in self.log.iter().enumerate() {
            line(if at == 0 { "log" } else { "" }, logged);
        }
    }

    pub(super) fn json(&self) {
        let micros = |time: Duration| Value::from(time.as_nanos() as f64 / 1_000.0);
        let asked = self.condition.is_some_and(|it| it.is_some());
        let condition = self.condition.flatten().flatten().map(|at| self.nth(at));
        say(&json!({
            "outcome": self.outcome.describe(),
            "by": self.outcome.by,
            "strategy": self.name,
            "asked": asked,
            "condition": condition,
            "size_bytes": self.size,
            "load_us": micros(self.load),
            "first_us": micros(self.first),
            "warm_us": self.warm.map(micros),
            "repeat": self.repeat,
            "memory_bytes": self.memory,
            "log": self.log,
        })
        .to_string());
    }

    fn asked(&self) -> String {
        match self.condition {
            None => "no: the provider refuses the request before any strategy is asked".to_owned(),
            Some(None) => format!("no: it is asked {}", self.activation),
            Some(Some(None)) => format!("yes: it is asked {}", self.activation),
            Some(Some(Some(at))) => format!("yes: {}", self.nth(at)),
        }
    }

    /// One of the conditions, in words.
    fn nth(&self, at: u32) -> String {
        let Some(condition) = self.activation.conditions().get(at as usize) else { return String::new() };
        let alone = Activation::AnyOf(vec![condition.clone()]).to_string();
        alone.strip_prefix("where ").unwrap_or(&alone).to_owned()
    }
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        ..1_000 => format!("{:.1} µs", time.as_nanos() as f64 / 1e3),
        _ => format!("{:.2} ms", time.as_secs_f64() * 1e3),
    }
}

/// The lines that plugins log.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Collects them from now on.
    pub(super) fn start() -> Self {
        let lines = Self::default();
        let sink = lines.clone();
        let layer = fmt::layer().without_time().with_target(false).with_ansi(false).with_writer(move || sink.clone());
        let guests = Targets::new().with_target("standin", tracing::Level::WARN);
        let guests = guests.with_target("standin::strategy", tracing::Level::INFO);
        let guests = guests.with_target("standin::strategy::imports", tracing::Level::TRACE);
        let guests = guests.with_target("standin::plugin", tracing::Level::TRACE);
        // A second log in one process there is not.
        let _ = tracing_subscriber::registry().with(layer.with_filter(guests)).try_init();
        lines
    }

    /// What there is by now.
    pub(super) fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
