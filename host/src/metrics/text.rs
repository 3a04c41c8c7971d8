//! The Prometheus text format, version 0.0.4: for each metric two lines that describe it, and a line for each set of labels.

use std::fmt::{Display, Write};

use super::histogram::Histogram;

/// A page that grows.
#[derive(Default)]
pub(super) struct Text(String);

/// Labels as they stand between braces: `a="1",b="2"`.
#[derive(Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Braced(String);

impl Braced {
    /// With one more. An empty value is no label at all.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            return self;
        }
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in value.chars() {
            match character {
                '\\' => self.0.push_str(r"\\"),
                '"' => self.0.push_str(r#"\""#),
                '\n' => self.0.push_str(r"\n"),
                other => self.0.push(other),
            }
        }
        self.0.push('"');
        self
    }
}

impl Text {
    /// What is to follow: samples of one metric.
    pub(super) fn describe(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    pub(super) fn sample(&mut self, name: &str, labels: &Braced, value: impl Display) {
        let _ = match labels.0.as_str() {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    /// A histogram of numbers of which so many are one of the unit that the page is in.
    pub(super) fn histogram<const BOUNDS: usize>(
        &mut self,
        name: &str,
        labels: &Braced,
        (bounds, unit): (&[u64; BOUNDS], u64),
        histogram: &Histogram<BOUNDS>,
    ) {
        let bucket = format!("{name}_bucket");
        for (bound, count) in bounds.iter().zip(histogram.cumulative()) {
            self.sample(&bucket, &labels.clone().with("le", &decimal(*bound, unit)), count);
        }
        self.sample(&bucket, &labels.clone().with("le", "+Inf"), histogram.count());
        self.sample(&format!("{name}_sum"), labels, decimal(histogram.sum(), unit));
        self.sample(&format!("{name}_count"), labels, histogram.count());
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A number divided by a power of ten, exactly, and with no more digits than it needs.
fn decimal(number: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let (whole, rest) = (number / unit, number % unit);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:0digits$}").trim_end_matches('0'))
}
