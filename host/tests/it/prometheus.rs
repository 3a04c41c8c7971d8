//! A strict reader of the Prometheus text format, version 0.0.4: it takes nothing that the format does not say.

#![allow(unreachable_pub, reason = "it is read in two places")]

use std::collections::{BTreeMap, BTreeSet};

/// Samples by name and labels, `name{a="1"}`; labels in the order of their names, values as they are meant.
pub type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Reads a page, and panics on everything that is wrong with it.
#[track_caller]
pub fn read(page: &str) -> Samples {
    assert!(page.ends_with('\n'), "the last line has no end");
    let mut samples = Samples::new();
    let mut described = BTreeSet::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").unwrap_or_else(|| panic!("a metric begins with its help: {line:?}"));
        let (name, help) = help.split_once(' ').expect("a help says something");
        assert!(is_name(name, true), "{line:?}");
        assert!(!help.replace("\\\\", "").replace("\\n", "").contains('\\'), "an escape that is none: {line:?}");
        assert!(described.insert(name.to_owned()), "{name} comes twice");
        let line = lines.next().expect("a help is followed by a type");
        let kind = line.strip_prefix(&format!("# TYPE {name} ")).unwrap_or_else(|| panic!("not its type: {line:?}"));
        assert!(["counter", "gauge", "histogram"].contains(&kind), "{line:?}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{line:?}");
        let mut family = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let sample = sample(line);
            if kind == "histogram" {
                let suffix = sample.0.strip_prefix(name).unwrap_or_else(|| panic!("not of {name}: {line:?}"));
                assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line:?}");
            } else {
                assert_eq!(sample.0, name, "{line:?}");
                assert!(!sample.1.contains_key("le"), "{line:?}");
            }
            family.push(sample);
        }
        if kind == "histogram" {
            histograms(name, &family);
        }
        for (name, labels, value) in family {
            assert!(value >= 0.0, "{name} {value}");
            let before = samples.insert((name.clone(), labels.clone()), value);
            assert_eq!(before, None, "{name} {labels:?} comes twice");
        }
    }
    samples
}

/// Every histogram of a family: buckets that rise, the last of which holds all, then the sum and the count.
fn histograms(name: &str, family: &[(String, BTreeMap<String, String>, f64)]) {
    let mut rest = family;
    while let [(_, first, _), ..] = rest {
        let mut labels = first.clone();
        labels.remove("le");
        let (mut bound, mut total) = (f64::NEG_INFINITY, 0.0);
        while let [(it, of, count), more @ ..] = rest
            && let Some(le) = of.get("le")
        {
            let mut of = of.clone();
            of.remove("le");
            assert_eq!((it.as_str(), &of), (format!("{name}_bucket").as_str(), &labels));
            let le = if le == "+Inf" { f64::INFINITY } else { le.parse().expect("a bound") };
            assert!(le > bound, "{name} {labels:?}: {le} comes after {bound}");
            assert!(*count >= total && count.fract() == 0.0, "{name} {labels:?}: {count} comes after {total}");
            (bound, total, rest) = (le, *count, more);
        }
        assert_eq!(bound, f64::INFINITY, "{name} {labels:?}: the last bucket");
        let [(sum, of_sum, _), (count, of_count, counted), more @ ..] = rest else {
            panic!("{name} {labels:?} has no sum and count");
        };
        assert_eq!((sum.as_str(), of_sum), (format!("{name}_sum").as_str(), &labels));
        assert_eq!((count.as_str(), of_count), (format!("{name}_count").as_str(), &labels));
        assert_eq!(*counted, total, "{name} {labels:?}");
        rest = more;
    }
}

/// `name{label="value",…} number`.
#[track_caller]
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("not a sample: {line:?}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name, true), "{line:?}");
    let mut labels = BTreeMap::new();
    if let Some(braced) = rest.strip_prefix('{') {
        rest = braced;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("not a label: {line:?}"));
            assert!(is_name(label, false) && !label.starts_with("__"), "{line:?}");
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next().unwrap_or_else(|| panic!("a value without an end: {line:?}")) {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match characters.next() {
                        Some((_, 'n')) => '\n',
                        Some((_, it @ ('\\' | '"'))) => it,
                        other => panic!("an escape that is none: {other:?} in {line:?}"),
                    }),
                    (_, other) => value.push(other),
                }
            };
            assert!(!value.is_empty(), "an empty value is no label: {line:?}");
            assert_eq!(labels.insert(label.to_owned(), value), None, "{line:?}");
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap_or_else(|| panic!("not closed: {line:?}"));
    }
    let number = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no number: {line:?}"));
    assert!(number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{line:?}");
    (name.to_owned(), labels, number.parse().expect("a number"))
}

fn is_name(name: &str, of_metric: bool) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (of_metric && byte == b':');
    name.bytes().all(fits) && !name.starts_with(|first: char| first.is_ascii_digit()) && !name.is_empty()
}

/// What all samples of this name that have these labels come to.
pub fn total(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits =
        |of: &BTreeMap<String, String>| labels.iter().all(|(name, value)| of.get(*name).map_or("", |it| it) == *value);
    samples.iter().filter(|((it, of), _)| it == name && fits(of)).map(|(_, value)| value).sum()
}
