//! What the client allows a reply to be: it ends at a stop sequence or at so many tokens, and calls one tool where only one
//! may be called. Strategies need not know.

use crate::chat::{Event, Reply, Request};
use crate::config::TokenCount;
use crate::usage::count;

/// Cuts a reply to what its request allows.
pub(crate) fn trim(reply: &mut Reply, request: &Request<'_>, mode: TokenCount) {
    if !request.parallel_tool_calls {
        first_call_only(reply);
    }
    if !request.stop.is_empty() {
        stop(reply, request);
    }
    if let Some(most) = request.max_output_tokens {
        shorten(reply, most, mode);
    }
}

fn first_call_only(reply: &mut Reply) {
    let mut calls = 0;
    reply.events.retain(|event| {
        calls += u32::from(matches!(event, Event::ToolCall(_)));
        // What is added to the arguments of a call that is left out goes with it.
        !(calls > 1 && matches!(event, Event::ToolCall(_) | Event::ToolArguments(_)))
    });
}

/// Ends the text before the first stop sequence in it, wherever events were cut. Only what the model says stops it, not what
/// it thinks.
fn stop(reply: &mut Reply, request: &Request<'_>) {
    let mut text = String::new();
    for (index, event) in reply.events.iter().enumerate() {
        match event {
            Event::Text(more) => {
                text.push_str(more);
                let found = request.stop.iter().filter(|stop| !stop.is_empty());
                let found = found.filter_map(|stop| Some((text.find(stop.as_ref())?, stop))).min_by_key(|(at, _)| *at);
                let Some((at, stop)) = found else { continue };
                reply.stop_sequence = Some(stop.to_string());
                reply.finish = Some("stop-sequence".to_owned());
                reply.events.truncate(index + 1);
                cut_back(&mut reply.events, text.len() - at);
                return;
            }
            // Another block begins a new text.
            Event::Pause(_) | Event::Fault(_) => {}
            _ => text.clear(),
        }
    }
}

/// Takes so many bytes from the end of the last texts.
fn cut_back(events: &mut [Event], mut bytes: usize) {
    for event in events.iter_mut().rev() {
        let Event::Text(text) = event else { continue };
        let keep = text.len().saturating_sub(bytes);
        bytes -= text.len() - keep;
        text.truncate(keep);
        if bytes == 0 {
            return;
        }
    }
}

/// Ends the reply after so many tokens, those of its reasoning included.
fn shorten(reply: &mut Reply, most: u32, mode: TokenCount) {
    // No token is shorter than a byte: most replies are within their limit at a glance.
    if reply.events.iter().map(length).sum::<usize>() <= most as usize {
        return;
    }
    let mut left = most;
    for index in 0..reply.events.len() {
        let (text, whole) = match &mut reply.events[index] {
            Event::Text(text) | Event::Refusal(text) | Event::ToolArguments(text) => (text, false),
            Event::Reasoning(reasoning) => (&mut reasoning.text, reasoning.redacted),
            Event::ToolCall(call) => (&mut call.arguments, false),
            Event::Block(json) => (json, true),
            Event::Pause(_) | Event::Fault(_) => continue,
        };
        let needed = count(mode, text);
        if needed <= left {
            left -= needed;
            continue;
        }
        reply.finish = Some("length".to_owned());
        if whole || left == 0 {
            reply.events.truncate(index);
        } else {
            text.truncate(prefix(text, left, mode));
            reply.events.truncate(index + 1);
        }
        // A reply that ends before its first token still has a place for its text.
        if reply.events.is_empty() {
            reply.events.push(Event::Text(String::new()));
        }
        return;
    }
}

/// What an event says, in bytes.
fn length(event: &Event) -> usize {
    match event {
        Event::Text(text) | Event::Refusal(text) | Event::ToolArguments(text) | Event::Block(text) => text.len(),
        Event::Reasoning(reasoning) => reasoning.text.len(),
        Event::ToolCall(call) => call.arguments.len(),
        Event::Pause(_) | Event::Fault(_) => 0,
    }
}

/// The bytes of a text's beginning that has at most so many tokens, cut between two characters.
fn prefix(text: &str, most: u32, mode: TokenCount) -> usize {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    ends[ends.partition_point(|end| count(mode, &text[..*end]) <= most).saturating_sub(1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Operation, Reasoning, ToolCall};

    fn request() -> Request<'static> {
        Request::new(Operation::Chat, "m")
    }

    fn text(text: &str) -> Event {
        Event::Text(text.into())
    }

    fn call(name: &str) -> Event {
        Event::ToolCall(ToolCall { id: None, kind: "function".into(), name: name.into(), arguments: "{}".into() })
    }

    fn trimmed(events: Vec<Event>, request: &Request<'_>) -> Reply {
        let mut reply = Reply { events, ..Reply::default() };
        trim(&mut reply, request, TokenCount::Exact);
        reply
    }

    #[test]
    fn the_first_stop_sequence_ends_the_text() {
        let request = Request { stop: vec!["END".into(), "".into(), "b c".into()], ..request() };
        let reply = trimmed(vec![text("a b c END")], &request);
        assert_eq!((&*reply.events, reply.stop_sequence.as_deref()), (&[text("a ")][..], Some("b c")));
        assert_eq!(reply.finish.as_deref(), Some("stop-sequence"));
    }

    #[test]
    fn a_stop_sequence_may_lie_across_events() {
        let request = Request { stop: vec!["END".into()], ..request() };
        let reply = trimmed(vec![text("one E"), Event::Pause(5), text("N"), text("D two"), call("f")], &request);
        assert_eq!(reply.events, [text("one "), Event::Pause(5), text(""), text("")]);
        let apart = vec![text("EN"), call("f"), text("D")];
        assert_eq!(trimmed(apart.clone(), &request).events, apart);
    }

    #[test]
    fn thoughts_and_calls_do_not_stop() {
        let request = Request { stop: vec!["END".into()], ..request() };
        let thought = Event::Reasoning(Reasoning { text: "END".into(), ..Reasoning::default() });
        let events = vec![thought, text("said")];
        let reply = trimmed(events.clone(), &request);
        assert_eq!((reply.events, reply.finish), (events, None));
    }

    #[test]
    fn tokens_end_the_reply_wherever_it_is() {
        for (most, wanted) in [(1, "one"), (2, "one two"), (3, "one two three"), (4, "one two three four")] {
            let request = Request { max_output_tokens: Some(most), ..request() };
            let reply = trimmed(vec![text("one two three four")], &request);
            assert_eq!(reply.events, [text(wanted)]);
            assert_eq!(reply.finish.as_deref(), (most < 4).then_some("length"));
        }
        let request = Request { max_output_tokens: Some(2), ..request() };
        assert_eq!(trimmed(vec![text("one two"), text(" three"), call("f")], &request).events, [text("one two")]);
        let zero = Request { max_output_tokens: Some(0), ..request };
        assert_eq!(trimmed(vec![text("one")], &zero).events, [text("")]);
    }

    #[test]
    fn a_cut_is_between_characters() {
        let request = Request { max_output_tokens: Some(1), ..request() };
        let reply = trimmed(vec![text("日本語のテキスト")], &request);
        let [Event::Text(kept)] = &*reply.events else { panic!("{reply:?}") };
        assert!("日本語のテキスト".starts_with(kept.as_str()) && count(TokenCount::Exact, kept) == 1, "{kept}");
    }

    #[test]
    fn one_call_where_only_one_may_be() {
        let request = Request { parallel_tool_calls: false, ..request() };
        let more = || Event::ToolArguments("x".into());
        let reply = trimmed(vec![text("a"), call("f"), more(), call("g"), more(), text("b")], &request);
        assert_eq!(reply.events, [text("a"), call("f"), more(), text("b")]);
    }
}
