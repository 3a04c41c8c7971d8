//! What is written is what is read, whatever the bounds are.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::filter::{Fields, Filter, Word};
use super::{Entry, Journal, Page};
use crate::chat::Usage;
use crate::config::{self, Size};
use crate::record::{FailureKind, Record, set_worker};

fn limits(entries: usize, bytes: u64, body: u64) -> config::Journal {
    config::Journal { entries, bytes: Size(bytes), body: Size(body) }
}

fn record<'a>(session: &'a str, id: &'a str, body: &'a [u8], at_ms: u64) -> Record<'a> {
    Record {
        session,
        method: "POST",
        path: "/v1/chat/completions",
        body,
        status: 200,
        at: UNIX_EPOCH + Duration::from_millis(at_ms),
        ..Record::new("openai", id)
    }
}

fn ids(page: &Page) -> Vec<String> {
    page.entries.iter().map(id).collect()
}

fn id(entry: &Entry) -> String {
    entry.view().expect("an entry").id.to_owned()
}

fn all(journal: &Journal) -> Vec<String> {
    ids(&journal.page(&Filter::default(), None, 100_000))
}

fn told(journal: &Journal, id: &str) -> Value {
    serde_json::to_value(journal.find(id).expect("an entry").view().expect("an entry").json()).unwrap()
}

#[test]
fn everything_that_is_written_is_read() {
    let journal = Journal::new(2, limits(10, 1 << 20, 1 << 10));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "test"),
        ("authorization", "Bearer sk-secret"),
        ("x-api-key", "sk-secret"),
        ("x-multi", "one"),
        ("x-multi", "two"),
    ] {
        headers.append(name, value.parse().unwrap());
    }
    journal.record(&Record {
        turn: Some(3),
        query: Some("key=sk-secret&alt=sse"),
        headers: &headers,
        operation: Some("chat"),
        model: Some("gpt-4o"),
        streamed: true,
        strategy: Some("mirror"),
        failure: Some(FailureKind::PutAside),
        answer: b"data: {}\n\n",
        whole: false,
        usage: Some(Usage { input_tokens: 1, output_tokens: 2, reasoning_output_tokens: 3, ..Usage::default() }),
        chunks: 4,
        first_byte: Duration::from_micros(5),
        duration: Duration::from_micros(6),
        ..record("s", "req_1", br#"{"a":[1]}"#, 1_500)
    });
    let expected = json!({
        "id": "req_1", "session": "s", "turn": 3, "at": "1970-01-01T00:00:01.500000Z", "method": "POST",
        "path": "/v1/chat/completions", "query": "key=***&alt=sse",
        "headers": { "host": "test", "authorization": "Bearer ***", "x-api-key": "***", "x-multi": "one, two" },
        "body": { "a": [1] }, "body_size": 9, "body_cut": false, "model": "gpt-4o", "provider": "openai",
        "operation": "chat", "strategy": "mirror", "status": 200, "streamed": true, "answer": "data: {}\n\n",
        "answer_size": 10, "answer_cut": false,
        "usage": { "input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 0, "reasoning_output_tokens": 3 },
        "chunks": 4, "timing": { "first_byte_us": 5, "duration_us": 6 }, "whole": false, "failure": "put_aside",
    });
    assert_eq!(told(&journal, "req_1"), expected);
    journal.record(&record("s", "req_2", b"\xff", 0));
    let bare = told(&journal, "req_2");
    let absent = ["turn", "query", "operation", "model", "strategy", "usage", "failure"];
    assert!(absent.iter().all(|field| bare[field].is_null()), "{bare}");
    assert_eq!([&bare["body"], &bare["answer"]], [&json!("\u{fffd}"), &json!("")]);
    assert!(journal.find("req_3").is_none());
}

#[test]
fn a_large_body_is_cut_between_characters_and_says_so() {
    let journal = Journal::new(1, limits(10, 1 << 20, 4));
    for (text, kept) in
        [("abcd", "abcd"), ("abcde", "abcd"), ("abcü", "abc"), ("aüüü", "aü"), ("€€", "€"), ("ab€", "ab")]
    {
        journal.record(&Record { answer: text.as_bytes(), ..record("s", text, text.as_bytes(), 0) });
        let told = told(&journal, text);
        for part in ["body", "answer"] {
            assert_eq!(told[part], kept, "{text}");
            assert_eq!(told[format!("{part}_size")], text.len(), "{text}");
            assert_eq!(told[format!("{part}_cut")], text.len() > 4, "{text}");
        }
    }
}

#[test]
fn the_newest_entries_stay_whoever_wrote_them() {
    let journal = Journal::new(3, limits(10, 16 << 20, 1 << 10));
    for n in 0..25 {
        set_worker(n % 3);
        journal.record(&record("s", &n.to_string(), b"", n as u64));
    }
    assert_eq!(all(&journal), (15..25).map(|n| n.to_string()).collect::<Vec<_>>());
    set_worker(0);
    for n in 25..60 {
        journal.record(&record("s", &n.to_string(), b"", n as u64));
    }
    assert_eq!(all(&journal), (50..60).map(|n| n.to_string()).collect::<Vec<_>>(), "one worker may have them all");
}

#[test]
fn memory_is_bounded_and_used_again() {
    let journal = Journal::new(2, limits(1_000_000, 1 << 20, 1 << 20));
    let body = vec![b'x'; 3_000];
    for n in 0..5_000_u64 {
        set_worker((n % 2) as usize);
        let body = if n % 100 == 0 { &[b'y'; 200_000][..] } else { &body };
        journal.record(&record("s", &n.to_string(), body, n));
        let taken = {
            let open: usize = journal.open.iter().map(|open| super::lock(&open.0).capacity()).sum();
            let shelf = super::lock(&journal.shelf);
            open + shelf.full.iter().map(|segment| segment.capacity()).sum::<usize>()
        };
        assert!(taken <= (1 << 20) + (64 << 10), "{taken} bytes after {n}");
    }
    let left = all(&journal);
    assert!(left.len() > 100, "{}", left.len());
    assert_eq!(left.last().map(String::as_str), Some("4999"));
    for worker in 0..2 {
        let left: Vec<u64> = left.iter().filter_map(|id| id.parse().ok()).filter(|id| id % 2 == worker).collect();
        assert!(left.windows(2).all(|pair| pair[1] == pair[0] + 2), "the oldest of each worker go first: {left:?}");
    }
    set_worker(0);
}

#[test]
fn nothing_is_kept_where_it_is_off() {
    let journal = Journal::new(1, limits(0, 1 << 20, 1 << 10));
    journal.record(&record("s", "1", b"", 0));
    assert!(all(&journal).is_empty());
    journal.resize(limits(2, 1 << 20, 1 << 10));
    for n in ["2", "3", "4"] {
        journal.record(&record("s", n, b"", 0));
    }
    assert_eq!(all(&journal).len(), 2);
    journal.resize(limits(0, 1 << 20, 1 << 10));
    assert!(all(&journal).is_empty());
    assert_eq!(super::lock(&journal.shelf).bytes, 0);
    journal.resize(limits(2, 0, 1 << 10));
    assert_eq!(journal.entries.load(Ordering::Relaxed), 0);
}

#[test]
fn a_session_is_forgotten_alone() {
    let journal = Journal::new(2, limits(10_000, 16 << 20, 1 << 10));
    for n in 0..2_000 {
        set_worker(n % 2);
        journal.record(&record(["a", "b"][n / 2 % 2], &n.to_string(), &[b'x'; 1_000], n as u64));
    }
    set_worker(0);
    let of = |session: &str| {
        let filter = Filter::new(Fields { session: Some(session.into()), ..Fields::default() }).unwrap();
        journal.page(&filter, None, 10_000).entries.len()
    };
    assert_eq!([of("a"), of("b"), of("c")], [1_000, 1_000, 0]);
    journal.clear(Some("a"));
    assert_eq!([of("a"), of("b")], [0, 1_000]);
    journal.record(&record("a", "new", b"", 0));
    assert_eq!([of("a"), of("b")], [1, 1_000]);
    journal.clear(None);
    assert_eq!([of("a"), of("b")], [0, 0]);
    journal.record(&record("a", "newer", b"", 0));
    assert_eq!(all(&journal), ["newer"]);
}

#[test]
fn pages_join_without_gap_or_repetition() {
    let journal = Journal::new(2, limits(1_000, 16 << 20, 1 << 10));
    // Many at one time, and written in another order than they came in.
    for n in (0..250).rev() {
        set_worker(n % 2);
        journal.record(&record("s", &format!("{n:03}"), b"", n as u64 / 10));
    }
    set_worker(0);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = journal.page(&Filter::default(), after.as_ref(), 7);
        seen.extend(ids(&page));
        match page.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, (0..250).map(|n| format!("{n:03}")).collect::<Vec<_>>());
    assert!("nonsense".parse::<super::Cursor>().is_err());
}

#[test]
fn a_filter_admits_what_has_no_differences() {
    let journal = Journal::new(1, limits(100, 16 << 20, 1 << 10));
    for (n, model, status, body) in
        [("1", "gpt-4o", 200, "one two"), ("2", "gpt-4o-mini", 429, "three"), ("3", "claude", 503, "two")]
    {
        let strategy = if status == 200 { Some("mirror") } else { None };
        let record = record("s", n, body.as_bytes(), n.parse::<u64>().unwrap() * 1_000);
        journal.record(&Record { model: Some(model), status, strategy, ..record });
    }
    let text = |text: &str| Some(text.to_owned());
    let word = |text: &str| Some(Word::Text(text.to_owned()));
    for (fields, wanted) in [
        (Fields::default(), &["1", "2", "3"][..]),
        (Fields { session: text("t"), ..Fields::default() }, &[]),
        (Fields { model: text("gpt-*"), ..Fields::default() }, &["1", "2"]),
        (Fields { path: text("*/completions"), ..Fields::default() }, &["1", "2", "3"]),
        (Fields { path: text("/completions"), ..Fields::default() }, &[]),
        (Fields { strategy: text("mirror"), ..Fields::default() }, &["1"]),
        (Fields { provider: text("anthropic"), ..Fields::default() }, &[]),
        (Fields { status: Some(Word::Number(429)), ..Fields::default() }, &["2"]),
        (Fields { status: word("400-503"), ..Fields::default() }, &["2", "3"]),
        (Fields { since: word("2000"), ..Fields::default() }, &["2", "3"]),
        (Fields { until: word("1970-01-01T00:00:02Z"), ..Fields::default() }, &["1", "2"]),
        (Fields { contains: text("two"), ..Fields::default() }, &["1", "3"]),
        (Fields { contains: text("two"), status: word("5xx"), ..Fields::default() }, &["3"]),
    ] {
        let filter = Filter::new(fields.clone()).unwrap();
        assert_eq!(ids(&journal.page(&filter, None, 10)), wanted, "{fields:?}");
        journal.visit(None, |view, _| {
            assert_eq!(filter.differences(view).is_empty(), wanted.contains(&view.id), "{fields:?} {}", view.id);
        });
    }
}

#[test]
fn readers_and_writers_do_not_disturb_each_other() {
    let journal = Journal::new(2, limits(500, 1 << 20, 1 << 10));
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2_usize)
            .map(|worker| {
                let journal = &journal;
                scope.spawn(move || {
                    set_worker(worker);
                    for n in 0..20_000_u64 {
                        let (id, body) = (format!("{worker}-{n}"), vec![b'a' + worker as u8; (n % 1_000) as usize]);
                        journal.record(&record(if n % 2 == 0 { "even" } else { "odd" }, &id, &body, n));
                    }
                })
            })
            .collect();
        while !writers.iter().all(|writer| writer.is_finished()) {
            let page = journal.page(&Filter::default(), None, 1_000);
            assert!(page.entries.len() <= 500);
            let mut seen = std::collections::HashSet::new();
            for entry in &page.entries {
                let view = entry.view().expect("an entry");
                let worker = view.id.as_bytes()[0] - b'0';
                assert!(view.body.iter().all(|byte| *byte == b'a' + worker), "an entry of one worker");
                assert!(seen.insert(view.id.to_owned()), "{} twice", view.id);
            }
            journal.clear(Some("even"));
        }
    });
    journal.clear(Some("even"));
    assert!(all(&journal).iter().all(|id| id.as_bytes().last().unwrap() % 2 == 1));
}
