//! What a drift report says of each difference, to the letter, and what it calls meant.

use letterproof_contract::Document;
use letterproof_contract::drift::{Aspect, DriftReport, known_differences};
use serde_json::{Value, json};

use crate::drift::{ITEM, LIST, UPDATE, changed, compare, specification};

const MI_DATA: &str =
    "/paths/~1mi~1{id}/get/responses/200/content/application~1vnd.api+json/schema/properties/data";

/// The breaking and the additive lines of a report, and whether the build should fail.
fn lines(report: &DriftReport) -> (Vec<String>, Vec<String>) {
    assert_eq!(report.is_breaking(), !report.breaking.is_empty());
    assert!(report.deliberate.is_empty(), "{report}");
    let said = |changes: &[letterproof_contract::drift::Change]| {
        changes.iter().map(ToString::to_string).collect()
    };
    (said(&report.breaking), said(&report.additive))
}

#[track_caller]
fn breaks(pointer: &str, new: Option<Value>, line: &str) {
    let report = compare(&changed(pointer, new));
    assert_eq!(lines(&report), (vec![line.to_owned()], vec![]), "{pointer}");
    assert!(report.is_breaking());
}

#[track_caller]
fn adds(pointer: &str, new: Option<Value>, line: &str) {
    let report = compare(&changed(pointer, new));
    assert_eq!(lines(&report), (vec![], vec![line.to_owned()]), "{pointer}");
    assert!(!report.is_breaking());
}

#[test]
fn a_specification_that_says_the_same_breaks_nothing() {
    assert!(!compare(&specification()).is_breaking());
}

#[test]
fn what_one_side_lacks_is_said_from_both_sides() {
    let has_not = "contract has it, specification does not have it";
    let has = "contract does not have it, specification has it";
    breaks("/paths/~1mi~1{id}", None, &format!("GET /mi/{{id}}: {has_not}"));
    breaks("/paths/~1mi/post/responses/201", None, &format!("POST /mi, 201: {has_not}"));
    adds("/paths/~1mi/post/responses/400", None, &format!("POST /mi, 400: {has_not}"));
    breaks("/paths/~1mi/post/responses/200", Some(json!({})), &format!("POST /mi, 200: {has}"));
    adds("/paths/~1mi/post/responses/413", Some(json!({})), &format!("POST /mi, 413: {has}"));
    breaks(
        "/paths/~1mi/post/responses/201/content",
        None,
        &format!("POST /mi, 201 body: {has_not}"),
    );
    breaks(
        "/paths/~1mi/post/responses/201/headers/X-Request-ID",
        None,
        &format!("POST /mi, 201 header x-request-id: {has_not}"),
    );
}

#[test]
fn types_are_listed_and_none_is_any() {
    let id = format!("{LIST}{ITEM}/id");
    let place = "GET /letters, 200 body data[].id";
    breaks(
        &format!("{id}/type"),
        Some(json!("integer")),
        &format!("{place}: contract string, specification integer"),
    );
    breaks(
        &format!("{id}/nullable"),
        Some(json!(true)),
        &format!("{place}: contract string, specification null or string"),
    );
    breaks(
        &format!("{id}/type"),
        None,
        &format!("{place}: contract string, specification any type"),
    );
}

#[test]
fn a_whole_number_is_a_number_but_not_the_other_way_round() {
    adds(
        &format!("{MI_DATA}/properties/attributes/properties/quantity/type"),
        Some(json!("integer")),
        "GET /mi/{id}, 200 body data.attributes.quantity: contract number, specification integer",
    );
    breaks(
        "/paths/~1letters/get/parameters",
        Some(json!([{ "in": "query", "name": "limit", "schema": { "type": "integer" } }])),
        "GET /letters, parameter query limit: contract number, specification integer",
    );
    breaks(
        &format!("{MI_DATA}/properties/attributes/properties/quantity/type"),
        Some(json!("string")),
        "GET /mi/{id}, 200 body data.attributes.quantity: contract number, specification string",
    );
    let busy = "/paths/~1mi/post/responses/429/content/application~1json/schema/properties/limit";
    breaks(
        &format!("{busy}/type"),
        Some(json!("number")),
        "POST /mi, 429 body limit: contract integer, specification number",
    );
}

#[test]
fn of_the_values_each_side_names_those_the_other_lacks() {
    let place = "GET /letters, 200 body data[].type";
    let values = format!("{LIST}{ITEM}/type/enum");
    breaks(
        &values,
        Some(json!(["Letter", "Parcel", "Card"])),
        &format!("{place}: contract nothing more, specification also Card or Parcel"),
    );
    breaks(
        &values,
        Some(json!(["Parcel"])),
        &format!("{place}: contract also Letter, specification also Parcel"),
    );
    breaks(&values, None, &format!("{place}: contract only Letter, specification any value"));
    adds(
        &format!("{LIST}{ITEM}/id/enum"),
        Some(json!(["a", "b"])),
        "GET /letters, 200 body data[].id: contract any value, specification only a or b",
    );
    let long = "x".repeat(500);
    adds(
        &format!("{LIST}{ITEM}/id/enum"),
        Some(json!([long])),
        &format!(
            "GET /letters, 200 body data[].id: contract any value, specification only {}…",
            "x".repeat(120)
        ),
    );
}

#[test]
fn formats_and_what_is_required_are_said_in_words() {
    adds(
        &format!("{LIST}{ITEM}/id/format"),
        Some(json!("uuid")),
        "GET /letters, 200 body data[].id: contract no format, specification format uuid",
    );
    breaks(
        &format!("{UPDATE}/properties/attributes/required"),
        Some(json!(["status", "reasonCode"])),
        "PATCH /letters/{id}, request body data.attributes.reasonCode: contract optional, specification required",
    );
}

#[test]
fn another_media_type_breaks_one_more_adds_and_one_less_changes_nothing() {
    let vnd = "application/vnd.api+json";
    let place = "/paths/~1letters/get/responses/200/content";
    let schema = Document::LetterList.resolved().unwrap();
    breaks(
        place,
        Some(json!({ "text/json": { "schema": schema } })),
        &format!("GET /letters, 200 body: contract {vnd}, specification text/json"),
    );
    adds(
        &format!("{place}/text~1json"),
        Some(json!({ "schema": schema })),
        &format!("GET /letters, 200 body: contract {vnd}, specification {vnd} or text/json"),
    );
    // The contract takes either from the gateway, the specification names one.
    assert_eq!(lines(&compare(&specification())), (vec![], vec![]));
}

#[test]
fn a_difference_that_is_meant_is_listed_with_its_reason_and_breaks_nothing() {
    let known = |field: &str| {
        let mut known = known_differences().iter();
        known.find(|known| known.document == Document::LetterList && known.field == field).unwrap()
    };
    for (pointer, left, field, place) in [
        (format!("{LIST}/required"), json!([]), "data", "200 body data"),
        (
            format!("{LIST}/properties/data/items/required"),
            json!(["type", "attributes"]),
            "data[].id",
            "200 body data[].id",
        ),
    ] {
        let report = compare(&changed(&pointer, Some(left)));
        assert!(!report.is_breaking() && report.additive.is_empty(), "{report}");
        let [meant] = report.deliberate.as_slice() else { panic!("{report}") };
        assert_eq!((meant.change.place.as_str(), meant.change.aspect), (place, Aspect::Required));
        assert_eq!(
            (meant.change.ours.as_str(), meant.change.theirs.as_str()),
            ("required", "optional"),
        );
        assert_eq!(meant.reason, known(field).reason);
        assert!(report.to_string().ends_with("deliberate: 1"), "{report}");
    }
}
