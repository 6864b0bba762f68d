//! How long, how deep and how large a specification may be: at each bound it is read, one step
//! beyond it is refused.

use std::fs;

use letterproof_contract::drift::{DriftReport, compare_file};
use serde_json::{Map, Value, json};

use crate::drift::{LIST, changed, compare, specification};

fn read(specification: &Value) -> Result<DriftReport, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.json");
    fs::write(&file, specification.to_string()).unwrap();
    compare_file(&file).map_err(|error| error.to_string())
}

/// One call whose answer has this schema, which stands seven levels below `paths`.
fn with_schema(schema: &Value) -> Value {
    let content = json!({ "application/vnd.api+json": { "schema": schema } });
    json!({
        "openapi": "3.0.3",
        "paths": { "/letters": { "get": { "responses": { "200": { "content": content } } } } },
    })
}

#[test]
fn a_file_of_eight_mebibytes_is_read_and_a_byte_more_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.json");
    let mut text = specification().to_string();
    text.push_str(&" ".repeat(8 * 1024 * 1024 - text.len()));
    fs::write(&file, &text).unwrap();
    assert!(!compare_file(&file).unwrap().is_breaking());
    text.push(' ');
    fs::write(&file, &text).unwrap();
    let error = compare_file(&file).unwrap_err().to_string();
    assert!(error.contains("`api.json`: it is longer than 8388608 bytes"), "{error}");
}

/// A document whose schema leads over so many references to `last`.
fn chained(references: usize, last: &Value) -> Value {
    let mut steps = Map::new();
    for step in 1..references {
        let next = format!("#/steps/{}", step + 1);
        steps.insert(step.to_string(), json!({ "$ref": next }));
    }
    steps.insert(references.to_string(), last.clone());
    let mut document = with_schema(&json!({ "$ref": "#/steps/1" }));
    document["steps"] = Value::Object(steps);
    document
}

#[test]
fn two_hundred_levels_are_followed_and_one_more_is_refused() {
    // The schema stands at level 7; each reference and each value within adds one.
    for (references, last) in [
        (193, json!({})),
        (192, json!({ "type": "object" })),
        (191, json!({ "allOf": [{}] })),
        (190, json!({ "allOf": [{ "type": "object" }] })),
    ] {
        assert!(read(&chained(references, &last)).is_ok(), "{references}: {last}");
        let error = read(&chained(references + 1, &last)).unwrap_err();
        assert!(error.contains("nests too deeply"), "{references}: {error}");
    }
}

#[test]
fn a_hundred_and_fifty_thousand_values_are_read_and_one_more_is_refused() {
    // Nine are there before the first of the list.
    let of = |values: usize| with_schema(&json!({ "prefixItems": vec![0; values - 9] }));
    assert!(read(&of(150_000)).is_ok());
    let error = read(&of(150_001)).unwrap_err();
    assert!(error.contains("grows too large"), "{error}");
}

#[test]
fn references_within_a_list_are_followed() {
    let item = format!("{LIST}/properties/data/items");
    let whole = specification().pointer(&item).unwrap().clone();
    let mut split = changed(&item, Some(json!({ "allOf": [{ "$ref": "#/components/item" }] })));
    split["components"] = json!({ "item": whole });
    let report = compare(&split);
    assert!(report.breaking.is_empty() && report.additive.is_empty(), "{report}");
    split.pointer_mut("/components/item/properties").unwrap().as_object_mut().unwrap().remove("id");
    let report = compare(&split);
    assert_eq!(report.breaking.len(), 1, "{report}");
    assert_eq!(report.breaking[0].place, "200 body data[].id");
}
