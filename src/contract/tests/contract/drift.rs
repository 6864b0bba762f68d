//! The contract held against specifications: the official one where it is at hand, and one made of
//! our own schemas that is then changed in one place at a time.

use letterproof_contract::Document;
use letterproof_contract::drift::known_differences;
use letterproof_contract::drift::{Aspect, Change, DriftReport, Severity, compare_file};
use serde_json::{Value, json};

use crate::support::upstream;

/// A specification that says exactly what the contract says.
pub(crate) fn specification() -> Value {
    let schema = |document: Document| document.resolved().unwrap();
    let body =
        |media: &str, document| json!({ "content": { media: { "schema": schema(document) } } });
    let vnd = "application/vnd.api+json";
    let plain = "application/json";
    let echoes = json!({
        "X-Request-ID": { "schema": { "type": "string" } },
        "X-Correlation-ID": { "schema": { "type": "string" } },
    });
    let with_echoes = |mut answer: Value| {
        answer["headers"] = echoes.clone();
        answer
    };
    let answers = |success: &str, answer: Value, refusals: &[&str]| {
        let mut answers = json!({
            success: with_echoes(answer),
            "429": body(plain, Document::RateLimited),
            "500": body(vnd, Document::Errors),
            "502": body(plain, Document::BadGateway),
        });
        for status in refusals {
            answers[*status] = body(vnd, Document::Errors);
        }
        answers
    };
    let header = |name: &str, required: bool| json!({ "in": "header", "name": name, "required": required, "schema": { "type": "string" } });
    let headers = [
        header("Authorization", true),
        header("X-Request-ID", true),
        header("X-Correlation-ID", false),
    ];
    let id =
        json!({ "in": "path", "name": "id", "required": true, "schema": { "type": "string" } });
    let mut with_id = headers.to_vec();
    with_id.push(id);
    let mut data = answers("303", json!({}), &["404"]);
    data["303"]["headers"]["Location"] = json!({ "schema": { "type": "string" } });
    let limit = json!({ "in": "query", "name": "limit", "schema": { "type": "number" } });
    json!({
        "openapi": "3.0.3",
        "info": { "title": "t", "version": "1" },
        "paths": {
            "/_status": { "get": { "responses": { "200": body(plain, Document::Status) } } },
            "/letters": {
                "parameters": headers,
                "get": {
                    "parameters": [limit],
                    "responses": answers("200", body(vnd, Document::LetterList), &["400"]),
                },
                "post": {
                    "requestBody": body(vnd, Document::LetterUpdateList),
                    "responses": answers("202", json!({}), &["400"]),
                },
            },
            "/letters/{id}": {
                "parameters": with_id,
                "get": { "responses": answers("200", body(vnd, Document::Letter), &["404"]) },
                "patch": {
                    "requestBody": body(vnd, Document::LetterUpdate),
                    "responses": answers("202", json!({}), &["400", "404"]),
                },
            },
            "/letters/{id}/data": { "parameters": with_id, "get": { "responses": data } },
            "/mi": {
                "parameters": headers,
                "post": {
                    "requestBody": body(vnd, Document::MiCreate),
                    "responses": answers("201", body(vnd, Document::Mi), &["400"]),
                },
            },
            "/mi/{id}": {
                "parameters": with_id,
                "get": { "responses": answers("200", body(vnd, Document::Mi), &["404"]) },
            },
        },
    })
}

pub(crate) fn compare(specification: &Value) -> DriftReport {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, specification.to_string()).unwrap();
    compare_file(&file).unwrap()
}

#[test]
fn our_schemas_are_structurally_those_of_the_official_specification() {
    let Some(text) = upstream("openapi.json") else { return };
    let report = compare(&serde_json::from_str(&text).unwrap());
    assert_eq!(report.breaking, Vec::<Change>::new());
    assert_eq!(report.additive, Vec::<Change>::new());
    assert_eq!(report.operations, 8);
    for known in known_differences() {
        let used = report.deliberate.iter().any(|found| {
            found.reason == known.reason
                && found.change.aspect == known.aspect
                && found.change.place.ends_with(format!("body {}", known.field).trim_end())
        });
        assert!(used, "{known:?} no longer differs: {:#?}", report.deliberate);
    }
}

#[test]
fn a_specification_made_of_our_schemas_differs_in_nothing() {
    let report = compare(&specification());
    assert_eq!(report.breaking, Vec::<Change>::new());
    assert_eq!(report.additive, Vec::<Change>::new());
    assert!(report.deliberate.is_empty());
    assert_eq!(report.operations, 8);
}

/// Changes one place; takes it away when there is nothing to put there.
pub(crate) fn changed(pointer: &str, new: Option<Value>) -> Value {
    let mut value = specification();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = value.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
    match (parent, new) {
        (Value::Object(map), Some(new)) => drop(map.insert(name, new)),
        (Value::Object(map), None) => {
            map.remove(&name).unwrap_or_else(|| panic!("{pointer} is not there"));
        }
        (Value::Array(items), Some(new)) => items.push(new),
        (other, _) => panic!("{pointer} is in {other}"),
    }
    value
}

#[track_caller]
fn expect(pointer: &str, new: Option<Value>, severity: Severity, aspect: Aspect, place: &str) {
    let report = compare(&changed(pointer, new));
    let (found, others) = match severity {
        Severity::Breaking => (&report.breaking, &report.additive),
        Severity::Additive => (&report.additive, &report.breaking),
    };
    let places: Vec<String> =
        found.iter().map(|change| format!("{} {}", change.operation, change.place)).collect();
    assert_eq!(places, [place], "{report}");
    assert_eq!(found[0].aspect, aspect, "{report}");
    assert!(others.is_empty(), "{report}");
}

pub(crate) const LIST: &str =
    "/paths/~1letters/get/responses/200/content/application~1vnd.api+json/schema";
pub(crate) const ITEM: &str = "/properties/data/items/properties";
pub(crate) const UPDATE: &str = "/paths/~1letters~1{id}/patch/requestBody/content/application~1vnd.api+json/schema/properties/data";

#[test]
fn what_an_answer_loses_or_loosens_is_breaking() {
    use Severity::Breaking;
    let at = |rest: &str| format!("{LIST}{ITEM}{rest}");
    for (pointer, new, aspect, place) in [
        (at("/attributes/properties/groupId"), None, Aspect::Presence, ".attributes.groupId"),
        (at("/attributes"), None, Aspect::Presence, ".attributes"),
        (
            at("/attributes/required"),
            Some(json!(["specificationId"])),
            Aspect::Required,
            ".attributes.status",
        ),
        (at("/id/type"), Some(json!("integer")), Aspect::Type, ".id"),
        (at("/id"), Some(json!({ "type": "string", "nullable": true })), Aspect::Type, ".id"),
        (
            at("/attributes/properties/status/enum/-"),
            Some(json!("LOST")),
            Aspect::Values,
            ".attributes.status",
        ),
    ] {
        let place = format!("GET /letters 200 body data[]{place}");
        // The required of a removed field goes with it, as it would in a real edit.
        if pointer.ends_with("/attributes") {
            let mut value = changed(&pointer, new);
            value.pointer_mut(&format!("{LIST}/properties/data/items")).unwrap()["required"] =
                json!(["id", "type"]);
            let report = compare(&value);
            assert_eq!(report.breaking.len(), 1, "{report}");
            assert_eq!(report.breaking[0].place, place.trim_start_matches("GET /letters "));
        } else {
            expect(&pointer, new, Breaking, aspect, &place);
        }
    }
}

#[test]
fn what_an_answer_gains_or_tightens_is_additive() {
    use Severity::Additive;
    let at = |rest: &str| format!("{LIST}{ITEM}{rest}");
    expect(
        &at("/attributes/properties/colour"),
        Some(json!({ "type": "object", "properties": { "shade": { "type": "string" } } })),
        Additive,
        Aspect::Presence,
        "GET /letters 200 body data[].attributes.colour",
    );
    expect(
        &at("/attributes/required"),
        Some(json!(["specificationId", "status", "groupId"])),
        Additive,
        Aspect::Required,
        "GET /letters 200 body data[].attributes.groupId",
    );
    expect(
        &at("/attributes/properties/status/enum"),
        Some(json!(["PENDING"])),
        Additive,
        Aspect::Values,
        "GET /letters 200 body data[].attributes.status",
    );
    expect(
        &at("/id/format"),
        Some(json!("uuid")),
        Additive,
        Aspect::Format,
        "GET /letters 200 body data[].id",
    );
}

#[test]
fn in_a_request_it_is_the_other_way_round() {
    use Severity::{Additive, Breaking};
    let place = |rest: &str| format!("PATCH /letters/{{id}} request body data{rest}");
    let at = |rest: &str| format!("{UPDATE}/properties/attributes{rest}");
    for (pointer, new, severity, aspect, rest) in [
        (at("/properties/reasonCode"), None, Breaking, Aspect::Presence, ".attributes.reasonCode"),
        (
            at("/properties/colour"),
            Some(json!({ "type": "string" })),
            Additive,
            Aspect::Presence,
            ".attributes.colour",
        ),
        (
            at("/required"),
            Some(json!(["status", "reasonCode"])),
            Breaking,
            Aspect::Required,
            ".attributes.reasonCode",
        ),
        (at("/required"), Some(json!([])), Additive, Aspect::Required, ".attributes.status"),
        (
            at("/properties/status/enum"),
            Some(json!(["ACCEPTED"])),
            Breaking,
            Aspect::Values,
            ".attributes.status",
        ),
        (
            at("/properties/reasonText/format"),
            Some(json!("uuid")),
            Breaking,
            Aspect::Format,
            ".attributes.reasonText",
        ),
        (
            at("/properties/reasonText/type"),
            Some(json!(["string", "null"])),
            Additive,
            Aspect::Type,
            ".attributes.reasonText",
        ),
    ] {
        expect(&pointer, new, severity, aspect, &place(rest));
    }
    let mut value = changed(&at("/properties/colour"), Some(json!({ "type": "string" })));
    value.pointer_mut(&at("/required")).unwrap().as_array_mut().unwrap().push(json!("colour"));
    assert_eq!(compare(&value).breaking.len(), 1);
}

#[test]
fn operations_statuses_parameters_headers_and_media_types_count() {
    use Severity::{Additive, Breaking};
    let nothing = || Some(json!({}));
    for (pointer, new, severity, aspect, place) in [
        ("/paths/~1mi~1{id}", None, Breaking, Aspect::Presence, "GET /mi/{id} "),
        (
            "/paths/~1letters/head",
            Some(json!({ "responses": {} })),
            Additive,
            Aspect::Presence,
            "HEAD /letters ",
        ),
        ("/paths/~1mi/post/responses/201", None, Breaking, Aspect::Presence, "POST /mi 201"),
        ("/paths/~1mi/post/responses/200", nothing(), Breaking, Aspect::Presence, "POST /mi 200"),
        ("/paths/~1mi/post/responses/400", None, Additive, Aspect::Presence, "POST /mi 400"),
        ("/paths/~1mi/post/responses/413", nothing(), Additive, Aspect::Presence, "POST /mi 413"),
        (
            "/paths/~1mi/post/responses/201/content",
            None,
            Breaking,
            Aspect::Body,
            "POST /mi 201 body",
        ),
        (
            "/paths/~1letters/post/responses/202/content",
            Some(json!({ "application/json": { "schema": {} } })),
            Breaking,
            Aspect::Body,
            "POST /letters 202 body",
        ),
        (
            "/paths/~1mi/post/responses/201/headers/X-Request-ID",
            None,
            Breaking,
            Aspect::Presence,
            "POST /mi 201 header x-request-id",
        ),
        (
            "/paths/~1mi/post/responses/201/headers/X-New",
            nothing(),
            Additive,
            Aspect::Presence,
            "POST /mi 201 header x-new",
        ),
        (
            "/paths/~1letters~1{id}~1data/get/responses/303/headers/Location",
            None,
            Breaking,
            Aspect::Presence,
            "GET /letters/{id}/data 303 header location",
        ),
        (
            "/paths/~1letters/get/parameters",
            Some(json!([])),
            Breaking,
            Aspect::Presence,
            "GET /letters parameter query limit",
        ),
        (
            "/paths/~1letters/get/parameters/-",
            Some(json!({ "in": "query", "name": "page", "schema": { "type": "integer" } })),
            Additive,
            Aspect::Presence,
            "GET /letters parameter query page",
        ),
        (
            "/paths/~1letters/get/parameters/-",
            Some(json!({ "in": "header", "name": "X-New", "required": true })),
            Breaking,
            Aspect::Presence,
            "GET /letters parameter header x-new",
        ),
    ] {
        expect(pointer, new, severity, aspect, place);
    }
    let text = specification().to_string().replace("application/vnd.api+json", "application/xml");
    let report = compare(&serde_json::from_str(&text).unwrap());
    assert!(report.breaking.iter().all(|change| change.aspect == Aspect::MediaType), "{report}");
    assert!(report.is_breaking());
}

#[test]
fn the_names_of_path_parameters_do_not_matter() {
    let text = specification().to_string();
    let text = text.replace("/letters/{id}", "/letters/{letterId}").replace("/mi/{id}", "/mi/{}");
    let mut renamed: Value = serde_json::from_str(&text).unwrap();
    for (path, name) in [
        ("/letters/{letterId}", "letterId"),
        ("/letters/{letterId}/data", "letterId"),
        ("/mi/{}", ""),
    ] {
        let parameters = renamed["paths"][path]["parameters"].as_array_mut().unwrap();
        let id = parameters.iter_mut().find(|parameter| parameter["in"] == "path").unwrap();
        id["name"] = json!(name);
    }
    let report = compare(&renamed);
    assert!(report.breaking.is_empty() && report.additive.is_empty(), "{report}");
    assert_eq!(report.operations, 8);
    // A parameter that is not the path's own is still another one.
    let mut other = specification();
    let id = &mut other["paths"]["/mi/{id}"]["parameters"].as_array_mut().unwrap()[3];
    id["name"] = json!("miId");
    assert!(compare(&other).is_breaking());
}

#[test]
fn what_is_composed_of_parts_is_read_as_one() {
    let item = format!("{LIST}/properties/data/items");
    let whole = specification().pointer(&item).unwrap().clone();
    let split = json!({ "allOf": [
        { "type": "object", "required": ["id"], "properties": { "id": whole["properties"]["id"] } },
        { "allOf": [{ "required": ["type", "attributes"], "properties": {
            "type": whole["properties"]["type"], "attributes": whole["properties"]["attributes"],
        } }] },
    ] });
    let report = compare(&changed(&item, Some(split)));
    assert!(report.breaking.is_empty() && report.additive.is_empty(), "{report}");
}

#[test]
fn a_report_reads_as_text_and_as_data() {
    let mut value = changed(&format!("{LIST}{ITEM}/attributes/properties/groupId"), None);
    value["paths"]["/letters"]["head"] = json!({ "responses": {} });
    let report = compare(&value);
    insta::assert_snapshot!(report.to_string());
    let data = serde_json::to_value(&report).unwrap();
    assert_eq!(data["breaking"][0]["severity"], "breaking");
    assert_eq!(data["additive"][0]["operation"], "HEAD /letters");
}
