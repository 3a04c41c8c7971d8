//! Random schemas: each gets a value that fits, or an error with a place, and never more than its share of work.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{accepts, answer, count};

fn name() -> impl Strategy<Value = String> + Clone {
    prop::sample::select(vec!["a", "b", "c", "email", "x-y", "items"]).prop_map(str::to_owned)
}

fn leaf() -> impl Strategy<Value = Value> {
    let bound = -20_i64..20;
    prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"])
            .prop_map(|name| json!({ "type": name })),
        (bound.clone(), bound.clone())
            .prop_map(|(low, high)| json!({ "type": "integer", "minimum": low, "maximum": high })),
        (bound.clone(), 1_u32..9).prop_map(
            |(low, step)| json!({ "type": "number", "exclusiveMinimum": low, "multipleOf": f64::from(step) / 4.0 })
        ),
        (0_u32..6, 0_u32..9)
            .prop_map(|(least, most)| json!({ "type": "string", "minLength": least, "maxLength": most })),
        prop::sample::select(vec!["^a+$", "^[a-z]{2,4}$", "b", "^(x|yy)*z?$", "^(?!ab)[ab]{3}$", "\\d$"])
            .prop_map(|pattern| json!({ "type": "string", "pattern": pattern })),
        prop::sample::select(vec!["date", "email", "uuid", "ipv4", "date-time", "uri", "hostname", "duration"])
            .prop_map(|format| json!({ "type": "string", "format": format })),
        prop::collection::vec(
            prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("a")), Just(json!([])), Just(json!({"a": 1}))],
            1..4
        )
        .prop_map(|values| json!({ "enum": values })),
        bound.prop_map(|value| json!({ "const": value })),
        // A reference always leads one level down: to a schema that means itself, no validator gives a meaning.
        (prop::sample::select(vec!["#", "#/$defs/d", "#/properties/a"]), any::<bool>()).prop_map(|(target, list)| {
            let reference = json!({ "$ref": target });
            if list {
                json!({ "items": reference })
            } else {
                json!({ "properties": { "b": reference }, "required": ["b"] })
            }
        }),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    let inner = leaf().prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        let properties = prop::collection::btree_map(name(), inner.clone(), 0..4);
        prop_oneof![
            3 => (properties.clone(), prop::collection::vec(name(), 0..3), any::<Option<bool>>()).prop_map(|(properties, required, open)| {
                let mut required = required;
                required.sort();
                required.dedup();
                let mut schema = json!({ "type": "object", "properties": properties, "required": required });
                if let Some(open) = open {
                    schema["additionalProperties"] = json!(open);
                }
                schema
            }),
            1 => (properties, inner.clone(), 0_u32..3).prop_map(|(properties, more, least)| {
                json!({ "type": "object", "patternProperties": { "^x-": { "type": "integer" } }, "properties": properties,
                    "additionalProperties": more, "minProperties": least })
            }),
            2 => (inner.clone(), 0_u32..4, 0_u32..5, any::<bool>()).prop_map(|(items, least, most, unique)| {
                json!({ "type": "array", "items": items, "minItems": least, "maxItems": most, "uniqueItems": unique })
            }),
            1 => (list.clone(), inner.clone(), inner.clone()).prop_map(|(first, rest, contained)| {
                json!({ "type": "array", "prefixItems": first, "items": rest, "contains": contained })
            }),
            1 => list.clone().prop_map(|branches| json!({ "anyOf": branches })),
            1 => list.clone().prop_map(|branches| json!({ "oneOf": branches })),
            1 => list.prop_map(|branches| json!({ "allOf": branches })),
            1 => inner.clone().prop_map(|not| json!({ "not": not })),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(condition, then, other)| {
                json!({ "if": condition, "then": then, "else": other })
            }),
        ]
    });
    // With something for each of the references to mean.
    (inner.clone(), inner.clone(), inner)
        .prop_map(|(a, d, extra)| json!({ "properties": { "a": a }, "$defs": { "d": d }, "allOf": [extra] }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_fits_or_the_error_has_a_place(schema in schema(), seed in 0_u64..1000) {
        match answer(&schema, seed) {
            Ok(value) => {
                if let Err(error) = accepts(&schema, &value) {
                    prop_assert!(false, "{error}\n{schema}\n{value}");
                }
                prop_assert!(count(&value) < 5_000);
            }
            Err(error) => {
                let placed = error.contains(": at `/") || error.contains(": at its root: ");
                prop_assert!(placed || error.contains("takes too long"), "{error}\n{schema}");
            }
        }
        prop_assert_eq!(answer(&schema, seed), answer(&schema, seed));
    }
}

/// Most random schemas have values, and most of those are found: otherwise the test above shows nothing.
#[test]
fn most_random_schemas_are_answered() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut errors = std::collections::BTreeMap::new();
    for seed in 0..1000 {
        let schema = schema().new_tree(&mut runner).unwrap().current();
        if let Err(error) = answer(&schema, seed) {
            errors.entry(error.rsplit(": ").next().unwrap().to_owned()).or_insert_with(Vec::new).push(schema);
        }
    }
    let count: usize = errors.values().map(Vec::len).sum();
    if std::env::var_os("SHOW").is_some() {
        for (error, schemas) in &errors {
            let shortest = schemas.iter().map(Value::to_string).min_by_key(String::len).unwrap();
            println!("{:4} {error}\n       {shortest}", schemas.len());
        }
    }
    assert!(count < 300, "{count} of 1000");
}

#[cfg(feature = "jsonschema")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The own check and the independent one say the same about any value.
    #[test]
    fn the_check_is_right(schema in schema(), other in schema(), seed in 0_u64..1000) {
        use crate::budget::Budget;
        use crate::check::Checker;
        use crate::document::Document;

        let Ok(value) = answer(&other, seed) else { return Ok(()) };
        let budget = Budget::new(1_000_000);
        let document = Document::new(&schema, &budget).unwrap();
        let own = Checker::new(&document, &budget).holds(&value, &schema);
        if let Ok(own) = own {
            let validator = super::validator(&schema).map_err(TestCaseError::fail)?;
            prop_assert_eq!(own, validator.is_valid(&value), "{}\n{}", schema, value);
        }
    }
}
