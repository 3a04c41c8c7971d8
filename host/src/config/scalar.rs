//! What a plain scalar means: the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).
//!
//! Not that of YAML 1.1: `yes`, `no`, `on` and `off` are text, and `0o17`, not `017`, is octal.

use serde_json::{Number, Value};

/// What a plain scalar means.
///
/// # Errors
/// For a number that is none in JSON: infinity, not-a-number, or one that is too large.
pub(super) fn resolve(text: &str) -> Result<Value, String> {
    // Most scalars are text: told by their first character.
    let Some(first) = text.bytes().next() else { return Ok(Value::Null) };
    if !matches!(first, b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'+' | b'-' | b'.' | b'0'..=b'9') {
        return Ok(Value::String(text.to_owned()));
    }
    match text {
        "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Err(no_json_number(text)),
        _ => {}
    }
    if let ".inf" | ".Inf" | ".INF" = text.strip_prefix(['+', '-']).unwrap_or(text) {
        return Err(no_json_number(text));
    }
    if let Some(number) = based(text, "0x", 16).or_else(|| based(text, "0o", 8)) {
        return float(text, number);
    }
    if is_integer(text) {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = digits.parse::<i64>() {
            return Ok(number.into());
        }
        if let Ok(number) = digits.parse::<u64>() {
            return Ok(number.into());
        }
    } else if !is_float(text) {
        return Ok(Value::String(text.to_owned()));
    }
    text.parse::<f64>().map_or_else(|_| Ok(Value::String(text.to_owned())), |number| float(text, Based::Float(number)))
}

enum Based {
    Whole(u64),
    Float(f64),
}

/// `0x1F` and `0o17`; a float where it does not fit.
fn based(text: &str, prefix: &str, radix: u32) -> Option<Based> {
    let digits = text.strip_prefix(prefix)?;
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    Some(u64::from_str_radix(digits, radix).map_or_else(
        |_| {
            let digits = digits.chars().filter_map(|digit| digit.to_digit(radix));
            Based::Float(digits.fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit)))
        },
        Based::Whole,
    ))
}

fn float(text: &str, number: Based) -> Result<Value, String> {
    match number {
        Based::Whole(number) => Ok(number.into()),
        Based::Float(number) => Number::from_f64(number).map(Value::Number).ok_or_else(|| no_json_number(text)),
    }
}

fn no_json_number(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("`{shown}` is a number that JSON does not have; as text, it needs quotes")
}

/// `[-+]? [0-9]+`
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent.is_none_or(is_integer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_core_schema() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("Null", json!(null)),
            ("nULL", json!("nULL")),
            ("TRUE", json!(true)),
            ("False", json!(false)),
            ("yes", json!("yes")),
            ("off", json!("off")),
            ("n", json!("n")),
            ("0", json!(0)),
            ("-7", json!(-7)),
            ("+12", json!(12)),
            ("007", json!(7)),
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0x", json!("0x")),
            ("0o8", json!("0o8")),
            ("-0x1F", json!("-0x1F")),
            ("0xFFFFFFFFFFFFFFFFF", json!(295_147_905_179_352_830_000.0)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1.", json!(1.0)),
            ("-1e3", json!(-1000.0)),
            ("1e", json!("1e")),
            (".", json!(".")),
            ("-", json!("-")),
            ("+", json!("+")),
            ("1_000", json!("1_000")),
            ("12:30", json!("12:30")),
            ("2001-01-01", json!("2001-01-01")),
            ("infinity", json!("infinity")),
            ("nan", json!("nan")),
            ("1.2.3", json!("1.2.3")),
            ("20ms", json!("20ms")),
        ] {
            assert_eq!(resolve(text), Ok(value), "{text}");
        }
        for text in [".inf", "-.Inf", "+.INF", ".NaN", "1e999", &"9".repeat(400)] {
            assert!(resolve(text).unwrap_err().contains("needs quotes"), "{text}");
        }
    }
}
