//! What holds for every vector, whatever its text.

use embeddings::Embed;
use proptest::prelude::*;
use standin_sdk::testing::{Host, Request, json};
use standin_sdk::{Activation, ApiError, Condition, EmbeddingOutcome};

use crate::{answer, cosine, embed, request};

/// How many dimensions the vector of a request has.
fn length(request: &Request) -> usize {
    match Host::<Embed>::new().embed(request).unwrap() {
        EmbeddingOutcome::Vectors(vectors) => vectors[0].len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_model_says_how_many_dimensions_unless_the_client_does() {
    let ask = |model| request(&["Hello"]).model(model);
    for (model, expected) in [
        ("text-embedding-3-small", 1536),
        ("text-embedding-ada-002", 1536),
        ("text-embedding-3-large", 3072),
        ("openai/text-embedding-3-large", 3072),
        ("my-model", 1536),
    ] {
        assert_eq!(length(&ask(model)), expected, "{model}");
        assert_eq!(length(&ask(model).body(json!({ "dimensions": null }))), expected, "{model}");
        for dimensions in [1, 256, 1000, 3072] {
            assert_eq!(length(&ask(model).body(json!({ "dimensions": dimensions }))), dimensions);
        }
    }
}

#[test]
fn a_number_of_dimensions_that_cannot_be_is_the_clients_mistake() {
    let refused = |dimensions| match answer(request(&["Hello"]).body(json!({ "dimensions": dimensions }))) {
        EmbeddingOutcome::Error(error) => error,
        other => panic!("{other:?}"),
    };
    for dimensions in [0, 3073, 1_u64 << 40] {
        let message = format!("'dimensions' is {dimensions}, expected 1 to 3072. Leave it out for the model's own.");
        assert_eq!(refused(json!(dimensions)), ApiError::new(400, message).param("dimensions"));
    }
    for dimensions in [json!(-1), json!(1.5), json!("256"), json!([256])] {
        let error = refused(dimensions);
        assert_eq!((error.status, error.param.as_deref()), (400, Some("dimensions")));
        assert!(error.message.contains("dimensions: invalid "), "{}", error.message);
    }
}

#[test]
fn only_embeddings_are_its_business() {
    let mut host = Host::<Embed>::new();
    assert_eq!(host.configure().unwrap(), Activation::any([Condition::operation("embeddings")]));
    assert_eq!(host.embed(&Request::user("Hello")).unwrap(), EmbeddingOutcome::Pass);
    let error = Host::<Embed>::new().settings(json!({ "seed": 1 })).configure().unwrap_err();
    assert_eq!(error, r#"settings: this plugin takes none, but was given {"seed":1}"#);
}

#[test]
fn a_batch_may_be_empty() {
    assert_eq!(answer(Request::new().operation("embeddings")), EmbeddingOutcome::Vectors(Vec::new()));
}

#[test]
fn silence_has_a_place_of_its_own() {
    let vectors = embed(&["", " \n\t", "\u{200b}", "Hello", "?"], 1536);
    assert!(vectors[1..3].iter().all(|silent| *silent == vectors[0]));
    assert!((cosine(&vectors[0], &vectors[0]) - 1.0).abs() < 1e-6);
    assert!(vectors[3..].iter().all(|spoken| cosine(&vectors[0], spoken) < 0.5));
}

#[test]
fn the_batch_does_not_matter() {
    let long = "The ship sails at noon. ".repeat(100);
    let texts = ["Hello", "", &long, "Hello", "今天天气很好", "fn main() {}"];
    let together = embed(&texts, 1536);
    let reversed: Vec<_> = texts.iter().rev().collect();
    assert!(embed(&reversed, 1536).iter().rev().eq(&together));
    for (text, vector) in texts.iter().zip(&together) {
        assert!(embed(&[text], 1536)[0] == *vector, "{text}");
    }
    assert!(together[0] == together[3]);
}

#[test]
fn fewer_dimensions_are_the_first_ones() {
    let text = "A lighthouse keeper counts the ships that pass at night.";
    let whole = embed(&[text], 3072).remove(0);
    for dimensions in [1, 7, 256, 512, 1000, 1536, 3071] {
        let first = &whole[..dimensions];
        let length = cosine(first, first).sqrt();
        for (value, expected) in embed(&[text], dimensions)[0].iter().zip(first) {
            assert!((f64::from(*value) - f64::from(*expected) / length).abs() < 1e-5, "{dimensions}");
        }
    }
}

#[test]
fn repetition_and_order_matter_little() {
    let vectors = embed(
        &["the moon orbits the earth", "The earth orbits the moon.", "The moon! The moon orbits the earth"],
        1536,
    );
    assert!(vectors[1..].iter().all(|other| cosine(&vectors[0], other) > 0.9));
    assert!(vectors[0] != vectors[1]);
}

proptest! {
    #[test]
    fn every_text_has_a_unit_vector(texts in prop::collection::vec(any::<String>(), 1..4), dimensions in 1..=3072_usize) {
        let vectors = embed(&texts, dimensions);
        prop_assert_eq!(vectors.len(), texts.len());
        for vector in &vectors {
            prop_assert_eq!(vector.len(), dimensions);
            prop_assert!((cosine(vector, vector).sqrt() - 1.0).abs() < 1e-6);
        }
        prop_assert!(embed(&texts[..1], dimensions)[0] == vectors[0]);
    }

    #[test]
    fn case_and_space_matter_little(words in prop::collection::vec("[a-zA-Zäöüéñßœσд]{1,12}|[0-9]{1,3}|C\\+\\+", 1..12)) {
        let plain = words.join(" ");
        let texts = [plain.to_lowercase(), plain.to_uppercase(), format!("\n\t{}  ", words.join(" \r\n ")), plain];
        let vectors = embed(&texts, 1536);
        for vector in &vectors[1..] {
            prop_assert!(cosine(&vectors[0], vector) > 0.95);
        }
    }
}
