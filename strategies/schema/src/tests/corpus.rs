//! Schemas as tools and programs send them: whatever the seed, the value fits.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::{accepts, answer, count};

const SEEDS: u64 = 60;

fn corpus() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut schemas = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let map: Map<String, Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        schemas.extend(map.into_iter().map(|(name, schema)| (format!("{file}/{name}"), schema)));
    }
    assert!(schemas.len() >= 60, "{}", schemas.len());
    schemas
}

#[test]
fn every_value_fits_its_schema() {
    let mut wrong = Vec::new();
    for (name, schema) in corpus() {
        for seed in 0..SEEDS {
            let checked = answer(&schema, seed)
                .and_then(|value| accepts(&schema, &value).map_err(|error| format!("{error}\n{value}")));
            if let Err(error) = checked {
                wrong.push(format!("{name}, seed {seed}: {error}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} schemas:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_value() {
    for (name, schema) in corpus() {
        assert_eq!(answer(&schema, 7), answer(&schema, 7), "{name}");
    }
}

#[test]
fn other_seeds_give_other_values() {
    // Nothing, or next to nothing, is left to chance in these.
    let fixed = ["null_only", "constant_object", "no_parameters", "bare_object"];
    for (name, schema) in corpus() {
        if fixed.iter().any(|fixed| name.ends_with(fixed)) {
            continue;
        }
        let first = answer(&schema, 0);
        assert!((1..20).any(|seed| answer(&schema, seed) != first), "{name}");
    }
}

#[test]
fn recursion_is_bounded() {
    for (name, schema) in corpus() {
        for seed in 0..SEEDS {
            let size = answer(&schema, seed).map_or(0, |value| count(&value));
            assert!(size < 2_000, "{name}, seed {seed}: {size} values");
        }
    }
}

#[test]
fn recursive_values_are_not_always_flat() {
    for (name, schema) in corpus() {
        for recursive in ["linked_list", "json_value", "recursive_lazy", "binary_tree", "expression", "ui_component"] {
            if name.ends_with(recursive) {
                let deepest = (0..SEEDS).map(|seed| depth(&answer(&schema, seed).unwrap())).max();
                assert!(deepest >= Some(3), "{name}: {deepest:?}");
            }
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
