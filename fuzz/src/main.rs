//! One fuzzer for every decoder, which `FUZZ_TARGET` names. `run` builds it with coverage, and runs each over its corpus.
//!
//! A target says whether an input was decoded to the end: a fuzzer that only ever sees refusals tests half of a decoder. What was
//! decoded is rendered as well, so that encoders meet what people would never write.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use libfuzzer_sys::fuzz_target;
use standin::chat::{Event, Reply, Request};
use standin::config;
use standin::wire::{EmbeddingFormat, Envelope, History, Ids, NoHistory, WireFormat, anthropic, json, openai};

/// What one target does with an input; true where it was decoded.
type Target = fn(&str) -> bool;

/// Every target, by name; the names are those of the folders in `corpus`.
const TARGETS: [(&str, Target); 11] = [
    ("openai-chat", |text| answered(&openai::chat::Chat, text, &NoHistory)),
    ("openai-responses", |text| answered(&openai::responses::Responses, text, &Said)),
    ("openai-completions", |text| answered(&openai::completions::Completions, text, &NoHistory)),
    ("openai-embeddings", embedded),
    ("openai-moderations", |text| openai::moderations::answer(text, &mut Ids::new(1)).is_ok()),
    ("anthropic-messages", |text| answered(&anthropic::messages::Messages, text, &NoHistory)),
    ("anthropic-count", |text| anthropic::messages::count::decode(text).is_ok()),
    ("replies", replied),
    ("configuration", |text| config::from_str(text, Path::new("standin.yaml")).is_ok()),
    ("settings", |text| config::yaml::to_value(text).is_ok()),
    ("pointers", pointed),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}; expected one of {:?}", TARGETS.map(|(name, _)| name))).1
});

fuzz_target!(|bytes: &[u8]| {
    static REACHED: AtomicBool = AtomicBool::new(false);
    // As the server does: what is no text, or holds lone surrogates, goes through here first.
    let Ok(text) = json::sanitize(bytes) else { return };
    if TARGET(&text) && !REACHED.swap(true, Ordering::Relaxed) {
        eprintln!("decoded: {:?}", text.chars().take(80).collect::<String>());
    }
});

/// A conversation that requests can refer to.
struct Said;

impl History for Said {
    fn conversation(&self, id: &str) -> Option<Vec<std::sync::Arc<str>>> {
        id.starts_with("resp").then(|| vec![r#"{"type":"message","role":"user","content":"hi"}"#.into(), id.into()])
    }

    fn item(&self, id: &str) -> Option<std::sync::Arc<str>> {
        Some(id.into())
    }
}

/// Decodes, and answers with what was said, in both modes.
fn answered(format: &dyn WireFormat, text: &str, history: &dyn History) -> bool {
    let Ok(request) = format.decode(text, history) else { return false };
    let reply = Reply::text(request.last_user_text().unwrap_or_default());
    let envelope = envelope(&request);
    let unary = format.unary(&envelope, std::slice::from_ref(&reply));
    std::str::from_utf8(&unary).expect("an answer is text");
    render(format, &envelope, &reply);
    if request.form.keep {
        let _ = format.keep(text, &unary);
    }
    true
}

fn render(format: &dyn WireFormat, envelope: &Envelope, reply: &Reply) {
    use standin::chat::{Chunking, Event as E};
    use standin::pace::cut::{Cut, Cutter};
    let (mut out, mut stream) = (Vec::new(), format.stream(envelope));
    stream.open(&mut out);
    stream.begin(0, reply);
    let mut cutter = Cutter::default();
    while let Some(cut) = cutter.next(reply, Chunking::Words) {
        if let Cut::Chunk { chunk, .. } = cut {
            stream.chunk(0, chunk, &mut out);
        }
    }
    stream.finish(0, reply.finish(), &mut out);
    stream.close(&mut out);
    let has_broken = reply.events.iter().any(|event| matches!(event, E::Fault(_)));
    assert!(has_broken || out.ends_with(b"\n\n"), "a stream ends in a frame");
}

fn envelope(request: &Request<'_>) -> Envelope {
    Envelope {
        ids: Ids::new(7),
        created: 1,
        model: request.model.to_string(),
        usage: Default::default(),
        stream_usage: request.stream_usage,
        patch: None,
        form: request.form.clone(),
    }
}

fn embedded(text: &str) -> bool {
    let Ok(request) = openai::embeddings::Embeddings.decode(text) else { return false };
    let vectors = vec![vec![0.5, -1.0e-30]; request.embedding_inputs.len()];
    std::str::from_utf8(&openai::embeddings::Embeddings.encode(&envelope(&request), &vectors))
        .expect("an answer is text");
    true
}

/// Bodies that a strategy gives in a provider's own bytes, which are streamed.
fn replied(text: &str) -> bool {
    let formats: [&dyn WireFormat; 4] = [
        &openai::chat::Chat,
        &openai::responses::Responses,
        &openai::completions::Completions,
        &anthropic::messages::Messages,
    ];
    let envelope = envelope(&Request::new(standin::chat::Operation::Chat, "m"));
    let mut is_any = false;
    for format in formats {
        let Ok(mut reply) = format.decode_reply(text) else { continue };
        is_any = true;
        // The host names every call before a format sees it.
        for event in &mut reply.events {
            if let Event::ToolCall(call) = event {
                call.id.get_or_insert_with(|| "call_1".to_owned());
            }
        }
        let envelope = Envelope { patch: reply.patch.clone(), ..envelope.clone() };
        render(format, &envelope, &reply);
        format.unary(&envelope, &[reply]);
    }
    is_any
}

/// A pointer, a line break, and a document.
fn pointed(text: &str) -> bool {
    text.split_once('\n').is_some_and(|(pointer, document)| json::at(document, pointer).is_some())
}
