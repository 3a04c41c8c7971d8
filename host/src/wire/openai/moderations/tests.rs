//! Judgements: their shape, what flags a category, and what is refused.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::check::tests::spoiled;

fn judged(input: &Value) -> Value {
    let body = json!({ "input": input }).to_string();
    serde_json::from_slice(&answer(&body, &mut Ids::new(1)).unwrap()).unwrap()
}

fn flagged(result: &Value) -> Vec<&str> {
    let categories = result["categories"].as_object().unwrap();
    assert_eq!(result["flagged"], categories.values().any(|is| *is == true));
    categories.iter().filter(|(_, is)| **is == true).map(|(name, _)| name.as_str()).collect()
}

/// The keys of the newest SDK's types.
const SDK: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

#[test]
fn a_harmless_text_byte_by_byte() {
    let body = String::from_utf8(answer(r#"{"input":"Good morning"}"#, &mut Ids::new(1)).unwrap()).unwrap();
    let id = Ids::new(1).hex("modr-", 32);
    let start = format!(
        r#"{{"id":"{id}","model":"omni-moderation-latest","results":[{{"flagged":false,"categories":{{"harassment":false,"harassment/threatening":false,"sexual":false,"hate":false,"hate/threatening":false,"illicit":false,"illicit/violent":false,"self-harm/intent":false,"self-harm/instructions":false,"self-harm":false,"sexual/minors":false,"violence":false,"violence/graphic":false}},"category_scores":{{"harassment":0.0"#
    );
    assert!(body.starts_with(&start), "{body}");
    let end = r#""category_applied_input_types":{"harassment":["text"],"harassment/threatening":["text"],"sexual":["text"],"hate":["text"],"hate/threatening":["text"],"illicit":["text"],"illicit/violent":["text"],"self-harm/intent":["text"],"self-harm/instructions":["text"],"self-harm":["text"],"sexual/minors":["text"],"violence":["text"],"violence/graphic":["text"]}}]}"#;
    assert!(body.ends_with(end), "{body}");
    let whole: Value = serde_json::from_str(&body).unwrap();
    for key in ["categories", "category_scores", "category_applied_input_types"] {
        let keys: BTreeSet<&str> = whole["results"][0][key].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(SDK), "{key}");
    }
    assert_eq!(answer(r#"{"input":"Good morning"}"#, &mut Ids::new(1)).unwrap(), body.into_bytes());
}

#[test]
fn a_category_is_flagged_where_it_is_named() {
    for name in SDK {
        let body = judged(&json!(format!("This is {}!", name.to_uppercase())));
        let flagged = flagged(&body["results"][0]);
        assert!(flagged.contains(&name), "{name}: {flagged:?}");
        // A part of a category names the whole as well, and nothing else.
        assert!(flagged.iter().all(|other| name.starts_with(other)), "{name}: {flagged:?}");
        assert!(body["results"][0]["category_scores"][name].as_f64().unwrap() > 0.9);
    }
    for text in ["whatever", "bisexual", "violences", "violence2", "éhate", "self harm", "illicitly"] {
        assert!(flagged(&judged(&json!(text))["results"][0]).is_empty(), "{text}");
    }
    assert_eq!(flagged(&judged(&json!("“hate”"))["results"][0]), ["hate"]);
}

#[test]
fn texts_are_judged_one_by_one_and_parts_together() {
    let texts = judged(&json!(["fine", "violence", ""]));
    let results: Vec<_> = texts["results"].as_array().unwrap().iter().map(flagged).collect();
    assert_eq!(results, [vec![], vec!["violence"], vec![]]);

    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let parts = judged(
        &json!([{"type": "text", "text": "hate"}, image("https://x/violence.png"), image("https://x/hate.png")]),
    );
    let [result] = parts["results"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(flagged(result), ["hate", "violence"]);
    let types = &result["category_applied_input_types"];
    assert_eq!((&types["violence"], &types["hate"]), (&json!(["text", "image"]), &json!(["text"])));

    // A picture cannot be of hate, and its bytes are no address.
    let picture = judged(&json!([image("https://x/hate"), image("data:image/png;base64,/violence/")]));
    let result = &picture["results"][0];
    assert!(flagged(result).is_empty());
    let types = &result["category_applied_input_types"];
    assert_eq!((&types["violence"], &types["hate"]), (&json!(["image"]), &json!([])));
}

#[test]
fn the_model_is_the_one_that_was_asked_for() {
    let body = answer(r#"{"input":"a","model":"text-moderation-latest"}"#, &mut Ids::new(1)).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["model"], "text-moderation-latest");
}

#[test]
fn what_is_wrong_is_worded_as_the_provider_does() {
    let refused = |body: &str| answer(body, &mut Ids::new(1)).unwrap_err();
    assert_eq!(refused("{}").message, "Missing required parameter: 'input'.");
    assert!(refused("[").message.starts_with("We could not parse the JSON body of your request."));
    let error = refused(r#"{"input":5}"#);
    let wanted = "Invalid type for 'input': expected one of a string or array of strings, but got an integer instead.";
    assert_eq!((error.message.as_str(), error.param.as_deref()), (wanted, Some("input")));
    assert_eq!(refused(r#"{"input":["a",{}]}"#).param.as_deref(), Some("input[1]"));
    assert_eq!(refused(r#"{"input":[{"type":"text"}]}"#).message, "Missing required parameter: 'input[0].text'.");
    assert_eq!(refused(r#"{"input":[{"type":"audio"}]}"#).code.as_deref(), Some("invalid_value"));
    let many = json!({"input": vec!["a"; 2049]}).to_string();
    assert_eq!(refused(&many).code.as_deref(), Some("array_above_max_length"));
    assert!(
        answer(r#"{"input":5,"input":"a"}"#, &mut Ids::new(1)).is_ok(),
        "of a key that occurs twice the last counts"
    );
}

#[test]
fn the_two_halves_of_the_decoder_agree() {
    let image = json!({"type": "image_url", "image_url": {"url": "u"}});
    for input in [json!("a"), json!(["a", "b"]), json!([{"type": "text", "text": "t"}, image])] {
        let body = json!({"input": input, "model": "m", "other": 1});
        for (what, body) in spoiled(&body).into_iter().chain([("nothing".to_owned(), body)]) {
            let violation = first_violation(body_shape(&body), &body);
            assert_eq!(read(&body.to_string()).is_some(), violation.is_none(), "{what}: {violation:?}");
        }
    }
}

proptest! {
    #[test]
    fn every_score_is_near_its_judgement(text in "\\PC{0,30}|(violence|sexual/minors|[a-z ]{0,9}){0,4}") {
        let body = judged(&json!(text));
        let result = &body["results"][0];
        for name in SDK {
            let score = result["category_scores"][name].as_f64().unwrap();
            let near = if result["categories"][name] == true { 0.9..1.0 } else { 0.0..0.01 };
            prop_assert!(near.contains(&score), "{}: {}", name, score);
        }
    }

    #[test]
    fn no_body_makes_it_panic(input in "[\\[\\]{}\",0-9a.e:-]{0,24}") {
        let _ = answer(&input, &mut Ids::new(1));
        let _ = answer(&format!(r#"{{"input":{input}}}"#), &mut Ids::new(1));
    }
}
