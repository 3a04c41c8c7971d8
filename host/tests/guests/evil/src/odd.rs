//! Odd replies, and odd uses of what the host offers.

use std::cell::Cell;
use std::time::Duration;

use standin_sdk::{
    ApiError, Chunking, Event, Fault, Outcome, Pacing, RawResponse, Reasoning, Reply, Request, Result, ToolCall, Usage,
    state,
};

use crate::Mode;

/// All that a request tells, a line for each function.
pub(crate) fn inspect(request: &Request) -> String {
    [
        format!("id: {:?}", request.id()),
        format!("operation: {:?}", request.operation()),
        format!("provider: {:?}", request.provider()),
        format!("path: {:?}", request.path()),
        format!("model: {:?}", request.model()),
        format!("is-streaming: {:?}", request.is_streaming()),
        format!("choice-index: {:?}", request.choice_index()),
        format!("matched-condition: {:?}", request.matched_condition()),
        format!("last-user-text: {:?}", request.last_user_text()),
        format!("last-role: {:?}", request.last_role()),
        format!("system-text: {:?}", request.system_text()),
        format!("message-count: {:?}", request.message_count()),
        format!("message-at: {}", request.messages().eq(request.list_messages())),
        format!("past-the-end: {:?}", request.message_at(request.message_count())),
        format!("list-messages: {:?}", request.list_messages()),
        format!("list-tools: {:?}", request.tools()),
        format!("get-tool-choice: {:?}", request.tool_choice()),
        format!("output-schema: {:?}", request.output_schema()),
        format!("max-output-tokens: {:?}", request.max_output_tokens()),
        format!("stop-sequences: {:?}", request.stop_sequences()),
        format!("embedding-inputs: {:?}", request.embedding_inputs()),
        format!("header: {:?}", request.header("X-Test")),
        format!("json-at: {:?}", request.json_at::<f64>("/temperature").map_err(|error| error.to_string())),
        format!("body: {} bytes", request.body().len()),
        format!("tokens: {}", standin_sdk::tokens::count(&request.model(), "one two three")),
    ]
    .join("\n")
}

pub(crate) fn state_flood(count: u64) -> String {
    let value = "x".repeat(1024);
    for key in 0..count {
        if let Err(error) = state::set(&format!("key-{key}"), &value) {
            return format!("{key} {error:?}");
        }
    }
    format!("{count}")
}

/// How often this instance has been asked. No plugin should do so: see `state`.
pub(crate) fn instance_count() -> u64 {
    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }
    COUNT.set(COUNT.get() + 1);
    COUNT.get()
}

pub(crate) fn fault(name: &str) -> Result<Outcome> {
    let fault = match name {
        "disconnect" => Fault::Disconnect,
        "truncate" => Fault::Truncate,
        "stall" => Fault::Stall,
        "garbage" => Fault::Garbage("data: {garbage\n\n".to_owned()),
        "error" => Fault::Error(ApiError::new(503, "too much to do").retry_after(7)),
        other => return Err(format!("no fault is called {other}").into()),
    };
    Ok(Reply::text("one two").fault(fault).say(" three").into())
}

pub(crate) fn verbatim(status: u64, body: &str) -> Outcome {
    RawResponse::new(u16::try_from(status).unwrap_or_default(), body).header("x-own", "yes").into()
}

/// The outcome of a mode which says more, or less, than a text.
pub(crate) fn outcome(mode: Mode, count: u64) -> Outcome {
    let odd = Reply::text("odd");
    match mode {
        Mode::MillionEvents => (0..count).fold(Reply::new(), |reply, _| reply.say("x")).into(),
        Mode::Headers => odd
            .header("x-good", "yes")
            .header("x-good", "twice")
            .header("X-Case", "kept or not")
            .header("bad name", "yes")
            .header("", "no name")
            .header("x-bad-value", "one\r\nx-injected: two")
            .header("content-length", "1")
            .header("content-type", "text/evil")
            .header("transfer-encoding", "chunked")
            .into(),
        Mode::Patch => odd.patch(r#"{ "system_fingerprint": "fp_evil", "x": { "y": [1] }, "id": null }"#).into(),
        Mode::Events => odd
            .reasoning("first")
            .say(" and even")
            .pause(Duration::from_millis(1))
            .event(Event::ToolCall(ToolCall { id: Some("call_evil".to_owned()), ..ToolCall::function("a", "{\"x\":") }))
            .event(Event::ToolArguments("1".to_owned()))
            .event(Event::ToolArguments("}".to_owned()))
            .tool_call("b", "{}")
            .into(),
        Mode::InvalidPatch => odd.patch("{").into(),
        Mode::InvalidStatus => ApiError::new(99, "odd").retry_after(u32::MAX).into(),
        Mode::InvalidVerbatim => RawResponse::new(999, "no JSON").header("bad name", "\n").into(),
        Mode::InvalidPacing => {
            let pacing = Pacing::new().chunking(Chunking::Characters(0)).jitter(f32::NAN).ttft(Duration::MAX);
            odd.pacing(pacing).into()
        }
        Mode::StrayArguments => odd.event(Event::ToolArguments("{}".to_owned())).into(),
        Mode::InvalidCall => odd.tool_call("", "{").into(),
        Mode::InvalidBlock => odd.event(Event::Block("{".to_owned())).into(),
        Mode::LongPause => odd.pause(Duration::MAX).say("!").into(),
        Mode::InvalidFinish => odd.finish("\u{0}odd\n").into(),
        Mode::GiantUsage => odd
            .usage(Usage {
                cache_read_input_tokens: u32::MAX,
                cache_creation_input_tokens: u32::MAX,
                reasoning_output_tokens: u32::MAX,
                ..Usage::new(u32::MAX, u32::MAX)
            })
            .into(),
        Mode::Characters => Reply::text("\u{0}\u{feff}\u{2028}\u{202e}\u{10ffff}\r\n\"\\")
            .event(Event::Reasoning(Reasoning { text: "\u{0}".to_owned(), signature: None, redacted: true }))
            .into(),
        _ => Reply::new().into(),
    }
}
