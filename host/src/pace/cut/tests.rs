//! Pieces put together are the text, never split a character, and arguments find their call.

use proptest::prelude::*;

use super::*;

fn pieces(text: &str, chunking: Chunking) -> Vec<String> {
    let reply = Reply::text(text);
    let mut cutter = Cutter::default();
    let mut pieces = Vec::new();
    while let Some(cut) = cutter.next(&reply, chunking) {
        match cut {
            Cut::Chunk { chunk: Chunk::Text(text), timed: true } => pieces.push(text.to_owned()),
            other => panic!("{other:?}"),
        }
    }
    pieces
}

fn chunks<'r>(reply: &'r Reply, chunking: Chunking) -> Vec<Chunk<'r>> {
    let mut cutter = Cutter::default();
    let mut chunks = Vec::new();
    while let Some(cut) = cutter.next(reply, chunking) {
        if let Cut::Chunk { chunk, .. } = cut {
            chunks.push(chunk);
        }
    }
    chunks
}

pub(crate) fn call(name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: None, kind: "function".into(), name: name.into(), arguments: arguments.into() }
}

#[test]
fn words_are_led_by_their_white_space() {
    assert_eq!(pieces("Hello  there ", Chunking::Words), ["Hello", "  there", " "]);
    assert_eq!(pieces(" a\u{a0}b\tc", Chunking::Words), [" a", "\u{a0}b", "\tc"]);
    assert_eq!(pieces("grüße an\u{3000}alle", Chunking::Words), ["grüße", " an", "\u{3000}alle"]);
}

#[test]
fn characters_are_scalar_values_and_zero_is_one() {
    assert_eq!(pieces("aé😀b", Chunking::Characters(2)), ["aé", "😀b"]);
    assert_eq!(pieces("aé", Chunking::Characters(0)), ["a", "é"]);
}

#[test]
fn tokens_cut_long_words_and_punctuation() {
    let cut = pieces("Hello, internationalization … 你好吗", Chunking::Tokens);
    assert_eq!(cut, ["Hello", ",", " intern", "ationa", "lizati", "on", " …", " 你好", "吗"]);
}

#[test]
fn an_empty_text_is_one_empty_chunk() {
    for chunking in [Chunking::Verbatim, Chunking::Characters(3), Chunking::Words, Chunking::Tokens] {
        assert_eq!(pieces("", chunking), [""]);
    }
}

#[test]
fn starts_and_ends_take_no_time() {
    let thought = Reasoning { text: "so so".into(), ..Reasoning::default() };
    let called = call("f", "{}");
    let reply = Reply {
        events: vec![Event::Reasoning(thought.clone()), Event::Pause(5), Event::ToolCall(called.clone())],
        ..Reply::default()
    };
    let mut cutter = Cutter::default();
    let mut cuts = Vec::new();
    while let Some(cut) = cutter.next(&reply, Chunking::Words) {
        cuts.push(cut);
    }
    let wanted = [
        untimed(Chunk::ReasoningStart(&thought)),
        timed(Chunk::ReasoningText("so")),
        timed(Chunk::ReasoningText(" so")),
        untimed(Chunk::ReasoningEnd(&thought)),
        Cut::Pause(5),
        untimed(Chunk::ToolStart(&called)),
        timed(Chunk::ToolArguments("{}")),
    ];
    assert_eq!(cuts, wanted);
}

#[test]
fn arguments_are_brought_forward_to_their_call() {
    let (first, second) = (call("f", "{"), call("g", ""));
    let reply = Reply {
        events: vec![
            Event::ToolArguments("lost".into()),
            Event::ToolCall(first.clone()),
            Event::ToolArguments("1".into()),
            Event::Pause(1),
            Event::Text("t".into()),
            Event::ToolArguments("2".into()),
            Event::Block("{}".into()),
            Event::ToolArguments("}".into()),
            Event::ToolCall(second.clone()),
            Event::ToolArguments("{}".into()),
        ],
        ..Reply::default()
    };
    let wanted = [
        Chunk::ToolStart(&first),
        Chunk::ToolArguments("{"),
        Chunk::ToolArguments("1"),
        Chunk::ToolArguments("2"),
        Chunk::ToolArguments("}"),
        Chunk::Text("t"),
        Chunk::Block("{}"),
        Chunk::ToolStart(&second),
        Chunk::ToolArguments("{}"),
    ];
    assert_eq!(chunks(&reply, Chunking::Verbatim), wanted);
    let wanted = [
        Part::ToolCall { call: &first, arguments: "{12}".into() },
        Part::Text("t".into()),
        Part::Block("{}"),
        Part::ToolCall { call: &second, arguments: "{}".into() },
    ];
    assert_eq!(parts(&reply), wanted);
}

#[test]
fn neighbouring_texts_are_one_and_pauses_do_not_part_them() {
    let reply = Reply {
        events: vec![
            Event::Text("a".into()),
            Event::Pause(1),
            Event::Fault(Fault::Garbage("x".into())),
            Event::Text("b".into()),
            Event::Refusal("c".into()),
            Event::Refusal("d".into()),
            Event::Text(String::new()),
        ],
        ..Reply::default()
    };
    assert_eq!(parts(&reply), [Part::Text("ab".into()), Part::Refusal("cd".into()), Part::Text("".into())]);
}

fn chunking() -> impl Strategy<Value = Chunking> {
    prop_oneof![
        Just(Chunking::Verbatim),
        (0u32..9).prop_map(Chunking::Characters),
        Just(Chunking::Words),
        Just(Chunking::Tokens)
    ]
}

proptest! {
    #[test]
    fn pieces_put_together_are_the_text(text in "\\PC{0,40}|[a-z ,.\u{a0}\u{e9}\t\n]{0,80}", chunking in chunking()) {
        let pieces = pieces(&text, chunking);
        prop_assert_eq!(pieces.concat(), text.as_str());
        prop_assert!(text.is_empty() || pieces.iter().all(|piece| !piece.is_empty()));
    }
}
