//! The older form of `logprobs`: a list for each column.

use crate::wire::json::{write_number, write_string};
use crate::wire::openai::chat::logprobs::{Odds, Run, write_token};

/// Appends the columns of some runs of tokens, the first of which begins so many characters behind the prompt's beginning.
/// `top_logprobs` has the token that was said, and so many entries with it.
pub(super) fn write(out: &mut Vec<u8>, runs: &[Run<'_>], from: usize, top: u32) {
    let tokens = || runs.iter().flat_map(|run| run.tokens());
    if tokens().next().is_none() {
        out.extend_from_slice(b"null");
        return;
    }
    let mut offset = from;
    out.extend_from_slice(br#"{"text_offset":"#);
    list(out, tokens(), |out, _, token| {
        write_number(out, offset as u64);
        offset += characters(token);
    });
    out.extend_from_slice(br#","token_logprobs":"#);
    list(out, tokens(), |out, place, token| Odds::of(token, place).write(out));
    out.extend_from_slice(br#","tokens":"#);
    list(out, tokens(), |out, _, token| write_name(out, token));
    out.extend_from_slice(br#","top_logprobs":"#);
    list(out, tokens(), |out, place, token| {
        let odds = Odds::of(token, place);
        out.push(b'{');
        write_name(out, token);
        out.push(b':');
        odds.write(out);
        odds.others(token, top.saturating_sub(1) as usize, |other, logarithm| {
            out.push(b',');
            write_string(out, other);
            out.push(b':');
            logarithm(out);
        });
        out.push(b'}');
    });
    out.push(b'}');
}

/// How many characters begin in some bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count()
}

fn list<'t>(
    out: &mut Vec<u8>,
    tokens: impl Iterator<Item = (usize, &'t [u8])>,
    mut item: impl FnMut(&mut Vec<u8>, usize, &'t [u8]),
) {
    for (index, (place, token)) in tokens.enumerate() {
        out.push(if index == 0 { b'[' } else { b',' });
        item(out, place, token);
    }
    out.push(b']');
}

/// A token as a text; one that is no whole characters is marked, as the provider does.
fn write_name(out: &mut Vec<u8>, token: &[u8]) {
    out.extend_from_slice(if std::str::from_utf8(token).is_ok() { b"\"" } else { b"\"bytes:" });
    write_token(out, token);
    out.push(b'"');
}
