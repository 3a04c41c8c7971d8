//! What the wire formats need of JSON beside serde: a body made fit for it, text written fast, a patch merged, a
//! value found without building the tree around it.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::field::Text;

#[cfg(test)]
mod tests;

/// A body that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not UTF-8: the bytes up to offset {valid_up_to} are, and the next is not")]
pub struct NotUtf8 {
    /// How many leading bytes are well-formed.
    pub valid_up_to: usize,
}

/// Makes a body fit for serde_json: checks its UTF-8, and rewrites escapes of lone surrogates, which JavaScript and
/// Python write for text that was cut in the middle of a character, to `\ufffd`. A body without any is not copied.
///
/// # Errors
/// The body is not UTF-8.
pub fn sanitize(body: &[u8]) -> Result<Cow<'_, str>, NotUtf8> {
    let text = std::str::from_utf8(body).map_err(|error| NotUtf8 { valid_up_to: error.valid_up_to() })?;
    // Most bodies have no escape at all, which one pass over the bytes tells.
    if memchr::memchr(b'\\', body).is_none() {
        return Ok(Cow::Borrowed(text));
    }
    let mut mended: Option<String> = None;
    let mut copied = 0;
    let mut pair_ends = 0;
    for at in memmem::find_iter(body, br"\u") {
        // The second half of a pair; and a backslash that is itself escaped starts no escape.
        if at < pair_ends || escaped(body, at) {
            continue;
        }
        match code_unit(body, at) {
            Some(0xd800..=0xdbff) if matches!(code_unit(body, at + 6), Some(0xdc00..=0xdfff)) => pair_ends = at + 12,
            Some(0xd800..=0xdfff) => {
                let mended = mended.get_or_insert_with(|| String::with_capacity(body.len()));
                mended.push_str(text.get(copied..at).unwrap_or_default());
                mended.push_str(r"\ufffd");
                copied = at + 6;
            }
            _ => {}
        }
    }
    Ok(match mended {
        None => Cow::Borrowed(text),
        Some(mut mended) => {
            mended.push_str(text.get(copied..).unwrap_or_default());
            Cow::Owned(mended)
        }
    })
}

/// Whether the byte at a position stands behind an odd number of backslashes.
fn escaped(body: &[u8], at: usize) -> bool {
    body.iter().take(at).rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The UTF-16 code unit of an escape at a position, if there is one.
fn code_unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(br"\u")?;
    digits.iter().try_fold(0u16, |unit, digit| Some((unit << 4) | char::from(*digit).to_digit(16)? as u16))
}

/// How a byte is written inside a JSON string: 0 as it is, `u` as `\u00xx`, else as a backslash and this letter.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends a text as a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    write_escaped(out, text);
    out.push(b'"');
}

/// Appends a text as it stands inside a JSON string, without the quotes.
pub fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut start = 0;
    let mut at = 0;
    loop {
        // Eight bytes at a time, as long as none of them needs an escape.
        while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>)
            && !any_escape(u64::from_ne_bytes(*word))
        {
            at += 8;
        }
        let stop = bytes.len().min(at + 8);
        while at < stop {
            let byte = bytes[at];
            let escape = ESCAPES[usize::from(byte)];
            if escape != 0 {
                out.extend_from_slice(&bytes[start..at]);
                write_escape(out, byte, escape);
                start = at + 1;
            }
            at += 1;
        }
        if at == bytes.len() {
            out.extend_from_slice(&bytes[start..]);
            return;
        }
    }
}

/// Whether one of eight bytes is a quote, a backslash or a control character. "Determine if a word has a byte less
/// than n", from Anderson's "Bit Twiddling Hacks"; a byte equal to n is a zero byte of the word xor n.
const fn any_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let found = (word.wrapping_sub(ONES * 0x20) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash);
    found & HIGHS != 0
}

fn write_escape(out: &mut Vec<u8>, byte: u8, escape: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    if escape == b'u' {
        let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
        out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
    } else {
        out.extend_from_slice(&[b'\\', escape]);
    }
}

/// The digits of 00 to 99.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// Appends a number in decimal.
pub fn write_number(out: &mut Vec<u8>, mut number: u64) {
    // Most are small: counts and indices.
    if number < 10 {
        out.push(b'0' + number as u8);
        return;
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    while number >= 10 {
        let pair = 2 * (number % 100) as usize;
        number /= 100;
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if number > 0 {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends JSON text on one line. Inside a JSON string no raw line break can stand, so blanks take the place of all.
pub fn write_line(out: &mut Vec<u8>, json: &str) {
    out.extend(json.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}

/// Whether a text is one JSON value.
pub fn is_valid(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Whether a text is one JSON object.
pub fn is_object(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{') && is_valid(text)
}

/// Applies a JSON merge patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)).
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, change) in patch {
        if change.is_null() {
            target.shift_remove(key);
        } else {
            merge_patch(target.entry(key.as_str()).or_insert(Value::Null), change);
        }
    }
}

/// What a decoded envelope says beyond some fields, as the text of a merge patch that says it again. Null would
/// delete a field there, so it is left out.
pub fn remainder(object: &Map<String, Value>, known: &[&str]) -> Option<String> {
    let rest: Map<String, Value> =
        object.iter().filter(|(key, _)| !known.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect();
    let rest = without_nulls(Value::Object(rest));
    rest.as_object().is_some_and(|rest| !rest.is_empty()).then(|| rest.to_string())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        // A patch replaces a list as a whole, nulls and all.
        other => other,
    }
}

/// The text of the value at a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), as it stands in the
/// JSON. Of a key that occurs more than once the last one counts. None where there is no such value, and for invalid
/// JSON.
pub fn at<'a>(json: &'a str, pointer: &str) -> Option<&'a str> {
    let mut tokens = pointer.split('/');
    if !tokens.next()?.is_empty() {
        return None;
    }
    let tokens: Vec<Cow<'_, str>> = tokens
        .map(|token| match token.contains('~') {
            true => Cow::Owned(token.replace("~1", "/").replace("~0", "~")),
            false => Cow::Borrowed(token),
        })
        .collect();
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = Find(&tokens).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    found.map(RawValue::get)
}

/// Follows a pointer, and skips whatever is not on its way.
struct Find<'t>(&'t [Cow<'t, str>]);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0.split_first() {
            None => <&RawValue>::deserialize(deserializer).map(Some),
            Some((token, rest)) => deserializer.deserialize_any(FindIn { token, rest }),
        }
    }
}

/// A value that the pointer goes into.
struct FindIn<'t> {
    token: &'t str,
    rest: &'t [Cow<'t, str>],
}

impl<'de> Visitor<'de> for FindIn<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Text(key)) = map.next_key()? {
            if key == self.token {
                found = map.next_value_seed(Find(self.rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        // RFC 6901, section 4: digits only, and no leading zero.
        let plain = self.token.bytes().all(|byte| byte.is_ascii_digit());
        let plain = plain && (self.token == "0" || !self.token.starts_with('0'));
        let wanted = if plain { self.token.parse().unwrap_or(usize::MAX) } else { usize::MAX };
        for _ in 0..wanted {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = seq.next_element_seed(Find(self.rest))?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found.flatten())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}
