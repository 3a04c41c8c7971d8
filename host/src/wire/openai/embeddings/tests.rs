//! What is read, what is refused, and what is written.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::Form;
use crate::tokens;
use crate::wire::check::first_violation;
use crate::wire::check::tests::spoiled;
use crate::wire::tests::envelope;

fn inputs(input: &str) -> Vec<String> {
    let body = format!(r#"{{"model":"m","input":{input}}}"#);
    let request = Embeddings.decode(&body).unwrap();
    assert_eq!(request.operation, Operation::Embeddings);
    request.embedding_inputs.iter().map(|text| text.to_string()).collect()
}

fn refused(input: &str) -> (String, Option<String>, Option<String>) {
    let error = Embeddings.decode(&format!(r#"{{"model":"m","input":{input}}}"#)).unwrap_err();
    assert_eq!((error.status, error.kind), (400, None));
    (error.message, error.param, error.code)
}

#[test]
fn every_form_of_an_input_is_read() {
    assert_eq!(inputs(r#""a \u00e9""#), ["a é"]);
    assert_eq!(inputs(r#"["a","b"]"#), ["a", "b"]);
    assert_eq!(inputs("[24912, 2375]"), ["hello world"]);
    assert_eq!(inputs("[24912.0, 2375]"), ["hello world"]);
    assert_eq!(inputs("[[24912], [2375]]"), ["hello", " world"]);
    assert_eq!(inputs("[200018]"), ["<|endofprompt|>"]);
}

#[test]
fn texts_are_borrowed() {
    let body = r#"{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":8,"user":"u"}"#;
    let request = Embeddings.decode(body).unwrap();
    assert!(matches!(request.embedding_inputs[1], std::borrow::Cow::Borrowed("b")));
    assert!(request.form.base64);
    assert!(!Embeddings.decode(r#"{"model":"m","input":"a","encoding_format":"float"}"#).unwrap().form.base64);
}

#[test]
fn what_cannot_be_embedded_is_refused() {
    let reference = "Please check the API reference: https://platform.openai.com/docs/api-reference.";
    let invalid = |what: &str| (format!("'$.input' is invalid. {what}{reference}"), None, None);
    assert_eq!(refused(r#""""#), invalid("It cannot be or hold an empty string. "));
    assert_eq!(refused(r#"["a",""]"#), invalid("It cannot be or hold an empty string. "));
    let many = format!("[{}]", vec![r#""a""#; 2049].join(","));
    assert_eq!(refused(&many), invalid("The array length must be 2048 or less, and is 2049. "));
    // One text of many tokens is one text.
    assert_eq!(inputs(&format!("[{}]", vec!["64"; 2049].join(","))), ["a".repeat(2049)]);

    let told =
        |message: &str, param: &str, code: &str| (message.to_owned(), Some(param.to_owned()), Some(code.to_owned()));
    let empty =
        "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    assert_eq!(refused("[]"), told(empty, "input", "empty_array"));
    let high = "Invalid 'input[1]': integer above maximum value. Expected a value <= 200018, but got 200019 instead.";
    assert_eq!(refused("[5,200019]"), told(high, "input[1]", "integer_above_max_value"));
    let low = "Invalid 'input[0][0]': integer below minimum value. Expected a value >= 0, but got -1 instead.";
    assert_eq!(refused("[[-1]]"), told(low, "input[0][0]", "integer_below_min_value"));
    let mixed = "Invalid type for 'input[1]': expected a string, but got an integer instead.";
    assert_eq!(refused(r#"["a",5]"#), told(mixed, "input[1]", "invalid_type"));
    let mixed = "Invalid type for 'input[1]': expected an integer, but got a string instead.";
    assert_eq!(refused(r#"[5,"a"]"#), told(mixed, "input[1]", "invalid_type"));
    let other = "Invalid type for 'input[0]': expected one of a string, integer or array, but got an object instead.";
    assert_eq!(refused("[{}]"), told(other, "input[0]", "invalid_type"));
    let number = "Invalid type for 'input': expected one of a string or array, but got an integer instead.";
    assert_eq!(refused("5"), told(number, "input", "invalid_type"));
    let missing = Embeddings.decode(r#"{"model":"m"}"#).unwrap_err();
    assert_eq!(missing.message, "Missing required parameter: 'input'.");
    let dimensions = Embeddings.decode(r#"{"model":"m","input":"a","dimensions":0}"#).unwrap_err();
    assert_eq!(dimensions.code.as_deref(), Some("integer_below_min_value"));
    let encoding = Embeddings.decode(r#"{"model":"m","input":"a","encoding_format":"hex"}"#).unwrap_err();
    assert_eq!(encoding.message, "Invalid value: 'hex'. Supported values are: 'float' and 'base64'.");
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    for input in [json!("a"), json!(["a", "b"]), json!([1, 2]), json!([[1], [2, 3]]), json!(["a"]), json!([[1]])] {
        let body =
            json!({"model": "m", "input": input, "encoding_format": "float", "dimensions": 3, "user": "u", "x": 1});
        for (what, body) in spoiled(&body).into_iter().chain([("nothing".to_owned(), body)]) {
            let text = body.to_string();
            let violation = first_violation(&BODIES[shape_of(&text, "/input")], &body);
            assert_eq!(fast(&text).is_some(), violation.is_none(), "{what}: {violation:?}");
        }
    }
}

#[test]
fn of_a_key_that_occurs_twice_the_last_counts() {
    let request = Embeddings.decode(r#"{"model":"m","input":5,"input":["a"]}"#).unwrap();
    assert_eq!(request.embedding_inputs, ["a"]);
}

fn written(form: Form, vectors: &[Vec<f32>]) -> String {
    String::from_utf8(Embeddings.encode(&Envelope { form, ..envelope() }, vectors)).unwrap()
}

#[test]
fn vectors_are_lists_or_base64() {
    let vectors = [vec![1.0, -0.25, 1e-7, 0.1], vec![]];
    let end = r#""model":"mock \"1\"","usage":{"prompt_tokens":30,"total_tokens":30}}"#;
    let wanted = format!(
        r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":[1.0,-0.25,1e-7,0.1]}},{{"object":"embedding","index":1,"embedding":[]}}],{end}"#
    );
    assert_eq!(written(Form::default(), &vectors), wanted);
    let base64 = Form { base64: true, ..Form::default() };
    let wanted = format!(
        r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":"AACAPwAAgL6Vv9YzzczMPQ=="}},{{"object":"embedding","index":1,"embedding":""}}],{end}"#
    );
    assert_eq!(written(base64, &vectors), wanted);
}

proptest! {
    #[test]
    fn numbers_are_read_back_as_they_were(vector in prop::collection::vec(any::<f32>(), 0..40)) {
        let vector: Vec<f32> = vector.into_iter().filter(|number| number.is_finite()).collect();
        let body: Value = serde_json::from_str(&written(Form::default(), std::slice::from_ref(&vector))).unwrap();
        let list: Vec<f32> = serde_json::from_value(body["data"][0]["embedding"].clone()).unwrap();
        prop_assert_eq!(&list, &vector);
        let base64 = Form { base64: true, ..Form::default() };
        let body: Value = serde_json::from_str(&written(base64, std::slice::from_ref(&vector))).unwrap();
        let bytes = STANDARD.decode(body["data"][0]["embedding"].as_str().unwrap()).unwrap();
        let (numbers, rest) = bytes.as_chunks::<4>();
        prop_assert!(rest.is_empty());
        let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let read: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
        prop_assert_eq!(bits(&read), bits(&vector));
    }

    #[test]
    fn tokens_are_their_text(text in "\\PC{1,40}|[a-z ]{1,60}") {
        let ids = tiktoken_rs::o200k_base_singleton().encode_ordinary(&text);
        prop_assert_eq!(inputs(&serde_json::to_string(&ids).unwrap()), [text]);
    }

    #[test]
    fn no_body_makes_it_panic(input in "[\\[\\]{}\",0-9a.e:-]{0,24}", ids in prop::collection::vec(0..tokens::IDS + 5, 0..9)) {
        for input in [input, format!("{ids:?}"), format!("[{ids:?}]")] {
            let _ = Embeddings.decode(&input);
            let _ = Embeddings.decode(&format!(r#"{{"model":"m","input":{input}}}"#));
        }
    }
}
