//! A mock's vectors in the encoding that a request wants. OpenAI's SDKs ask for base64 unless they are told otherwise, and the
//! one for JavaScript takes whatever comes for it.

use serde_json::Value;
use standin_sdk::{Request, Result};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The response as it is; where base64 is asked for, with that in place of each list of numbers.
pub(crate) fn encoded(response: String, request: &Request) -> Result<String> {
    if request.json_at::<Value>("/encoding_format")?.is_none_or(|format| format != "base64") {
        return Ok(response);
    }
    let mut body: Value = serde_json::from_str(&response)?;
    let data = body.get_mut("data").and_then(Value::as_array_mut);
    for vector in data.into_iter().flatten().filter_map(|it| it.get_mut("embedding")) {
        if let Some(numbers) = vector.as_array() {
            *vector = Value::String(base64(numbers));
        }
    }
    Ok(body.to_string())
}

/// The bytes of the numbers, little-endian, as text.
fn base64(numbers: &[Value]) -> String {
    let numbers = numbers.iter().map(|number| number.as_f64().unwrap_or_default() as f32);
    let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place) & 63) as usize;
            text.push(if place <= group.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use standin_sdk::testing::json;

    use super::*;

    #[test]
    fn numbers_are_written_as_their_bytes() {
        for (numbers, text) in [
            (json!([]), ""),
            (json!([1]), "AACAPw=="),
            (json!([1, -2.5]), "AACAPwAAIMA="),
            (json!([0.5, -0.25, 0.125]), "AAAAPwAAgL4AAAA+"),
        ] {
            assert_eq!(base64(numbers.as_array().unwrap()), text);
        }
    }
}
