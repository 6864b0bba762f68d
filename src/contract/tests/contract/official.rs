//! Exchanges held against an official document instead of our own schemas.

use std::fs;

use letterproof_contract::Contract;
use letterproof_model::FindingKind;
use serde_json::{Value, json};

use crate::calls::{listed, mi, patched};
use crate::drift::specification;
use crate::support::{Call, int, list, names, upstream};

const LETTER: &str = "/paths/~1letters/get/responses/200/content/application~1vnd.api+json/schema/properties/data/items/properties/attributes/properties";

fn contract(specification: &Value) -> Result<Contract, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.json");
    fs::write(&file, specification.to_string()).unwrap();
    Contract::from_specification(&file).map_err(|error| error.to_string())
}

fn check(contract: &Contract, call: Call) -> Vec<String> {
    names(&contract.check(&call.build(), &int()))
}

#[test]
fn the_document_decides_what_a_body_may_be() {
    let mut changed = specification();
    let attributes = changed.pointer_mut(LETTER).unwrap();
    attributes["postage"] = json!({ "type": "string", "nullable": true, "enum": ["first"] });
    attributes["groupId"] = json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true });
    let contract = contract(&changed).unwrap();
    let posted = |postage: &str| {
        let list = list(1).replace(r#""groupId":"group-english""#, postage);
        check(&contract, listed(0).with(&list))
    };
    assert_eq!(posted(r#""postage":"first""#), Vec::<String>::new());
    assert_eq!(posted(r#""postage":null"#), Vec::<String>::new());
    assert_eq!(
        posted(r#""postage":"third""#),
        ["violation F-LIST-SCHEMA-ENUM-DATA-ATTRIBUTES-POSTAGE"],
    );
    assert_eq!(
        posted(r#""groupId":"g""#),
        ["violation F-LIST-SCHEMA-TYPE-DATA-ATTRIBUTES-GROUPID"],
    );
    let findings = contract.check(&listed(1).build(), &int());
    assert_eq!(findings[0].source, "OAS listLetters 200; api.json");
}

#[test]
fn calls_and_statuses_the_document_leaves_out_are_held_against_our_own_schemas() {
    let mut changed = specification();
    changed["paths"].as_object_mut().unwrap().remove("/mi");
    let contract = contract(&changed).unwrap();
    assert_eq!(check(&contract, mi()), Vec::<String>::new());
    assert_eq!(
        check(&contract, mi().with(r#"{"data":{}}"#)).len(),
        3,
        "id, type and attributes are required by our own schema",
    );
    let report = json!({ "anything": 1 });
    assert_eq!(contract.faults(letterproof_contract::Document::Results, &report).len(), 9);
}

#[test]
fn a_schema_that_cannot_be_used_is_named() {
    let mut changed = specification();
    changed.pointer_mut(LETTER).unwrap()["groupId"] = json!({ "type": "strnig" });
    let error = contract(&changed).unwrap_err();
    assert!(error.contains("api.json") && error.contains("GET /letters /responses/200"), "{error}");
}

#[test]
fn the_official_document_itself_can_be_used() {
    let Some(text) = upstream("openapi.json") else { return };
    let contract = contract(&serde_json::from_str(&text).unwrap()).unwrap();
    for call in [listed(3), mi(), patched("PRINTED")] {
        assert_eq!(check(&contract, call), Vec::<String>::new());
    }
    let lost = listed(0).with(&list(1).replace("PENDING", "LOST"));
    let findings = contract.check(&lost.build(), &int());
    assert!(findings.iter().any(|f| f.kind == FindingKind::Violation), "{findings:?}");
}
