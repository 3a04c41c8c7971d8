//! Puts a fault into a reply after so many of its chunks.

use standin_sdk::{Event, Fault};

/// Puts a fault behind the first `chunks` chunks of what is said and called, or at the end where there are fewer. The
/// chunks are those of [`Chunking::Words`](standin_sdk::Chunking::Words); what the reply says is left as it is.
pub(crate) fn break_after(events: Vec<Event>, mut chunks: u32, fault: Fault) -> Vec<Event> {
    let mut broken = Vec::with_capacity(events.len() + 2);
    let mut fault = Some(fault);
    for event in events {
        let Some(text) = text_of(&event) else {
            broken.push(event);
            continue;
        };
        // An empty text is a chunk as well; a call without arguments is none.
        let last_chunk = matches!(event, Event::Text(_)).then_some(0).filter(|_| text.is_empty());
        let mut starts = starts(text).into_iter().chain(last_chunk);
        let at = starts.by_ref().find(|_| {
            let due = chunks == 0;
            chunks = chunks.saturating_sub(1);
            due
        });
        match at.filter(|_| fault.is_some()) {
            None => broken.push(event),
            Some(at) => {
                let (before, after) = split(event, at);
                broken.extend(before);
                broken.extend(fault.take().map(Event::Fault));
                broken.push(after);
            }
        }
    }
    broken.extend(fault.map(Event::Fault));
    broken
}

/// What of an event is cut into chunks.
fn text_of(event: &Event) -> Option<&str> {
    match event {
        Event::Text(text) => Some(text),
        Event::ToolCall(call) => Some(&call.arguments),
        _ => None,
    }
}

/// Where the words of a text begin, each with the white space before it.
fn starts(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut was_space = false;
    for (at, char) in text.char_indices() {
        let is_space = char.is_whitespace();
        if at == 0 || (is_space && !was_space) {
            starts.push(at);
        }
        was_space = is_space;
    }
    starts
}

/// The event in two, the first of which is left out where nothing is in it.
fn split(event: Event, at: usize) -> (Option<Event>, Event) {
    match event {
        Event::Text(mut text) => {
            let rest = text.split_off(at);
            ((at > 0).then_some(Event::Text(text)), Event::Text(rest))
        }
        Event::ToolCall(mut call) => {
            let rest = call.arguments.split_off(at);
            (Some(Event::ToolCall(call)), Event::ToolArguments(rest))
        }
        other => (None, other),
    }
}

#[cfg(test)]
mod tests {
    use standin_sdk::{Reply, ToolCall};

    use super::*;

    fn broken(reply: Reply, chunks: u32) -> Vec<Event> {
        break_after(reply.events, chunks, Fault::Stall)
    }

    fn text(text: &str) -> Event {
        Event::Text(text.to_owned())
    }

    const STALL: Event = Event::Fault(Fault::Stall);

    #[test]
    fn a_text_is_broken_between_words() {
        let reply = Reply::text(" one  two\nthree ");
        assert_eq!(broken(reply.clone(), 0), [STALL, text(" one  two\nthree ")]);
        assert_eq!(broken(reply.clone(), 1), [text(" one"), STALL, text("  two\nthree ")]);
        assert_eq!(broken(reply.clone(), 3), [text(" one  two\nthree"), STALL, text(" ")]);
        assert_eq!(broken(reply.clone(), 4), [text(" one  two\nthree "), STALL]);
        assert_eq!(broken(reply, u32::MAX), [text(" one  two\nthree "), STALL]);
        assert_eq!(broken(Reply::text(""), 1), [text(""), STALL]);
        assert_eq!(broken(Reply::text(""), 0), [STALL, text("")]);
    }

    #[test]
    fn a_call_is_broken_in_its_arguments() {
        let reply = Reply::text("a b").tool_call("f", "{\"x\": 1}").tool_call("g", "");
        let call = |arguments: &str| Event::ToolCall(ToolCall::function("f", arguments));
        let last = Event::ToolCall(ToolCall::function("g", ""));
        let rest = Event::ToolArguments(" 1}".to_owned());
        assert_eq!(broken(reply.clone(), 3), [text("a b"), call("{\"x\":"), STALL, rest, last.clone()]);
        let all = Event::ToolArguments("{\"x\": 1}".to_owned());
        assert_eq!(broken(reply.clone(), 2), [text("a b"), call(""), STALL, all, last.clone()]);
        assert_eq!(broken(reply, 4), [text("a b"), call("{\"x\": 1}"), last, STALL]);
    }
}
