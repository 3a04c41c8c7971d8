//! Framing of server-sent events, as both providers write them: one `data:` line of JSON an event, closed by a blank
//! line. The JSON must not hold a raw line break, which would end the line; [`super::json::write_line`] sees to that.

/// Keeps a silent connection open; clients ignore it.
pub const COMMENT: &[u8] = b": keep-alive\n\n";

/// Ends a frame.
pub const END: &[u8] = b"\n\n";

/// Appends a frame without an event name.
pub fn data(out: &mut Vec<u8>, json: &[u8]) {
    out.reserve(json.len() + 8);
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(json);
    out.extend_from_slice(END);
}

/// Appends a frame with an event name.
pub fn event(out: &mut Vec<u8>, name: &str, json: &[u8]) {
    out.reserve(name.len() + json.len() + 16);
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
    data(out, json);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_with_a_blank_line() {
        let mut out = Vec::new();
        data(&mut out, b"[DONE]");
        event(&mut out, "ping", br#"{"type":"ping"}"#);
        assert_eq!(out, b"data: [DONE]\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
    }
}
