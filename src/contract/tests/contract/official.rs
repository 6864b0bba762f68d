//! Exchanges held against an official document instead of our own schemas.

use std::fs;

use letterproof_contract::Contract;
use letterproof_model::FindingKind;
use serde_json::{Value, json};

use crate::calls::{listed, mi, one, patched};
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
fn a_value_that_is_not_on_record_breaks_no_rule_of_a_newer_document() {
    let mut changed = specification();
    let attributes = changed.pointer_mut(LETTER).unwrap();
    attributes["pages"] = json!({ "type": "integer" });
    attributes["postage"] = json!({ "type": "string", "enum": ["first"] });
    attributes["reasonText"] = json!({ "type": "string", "maxLength": 5 });
    attributes["groupId"] = json!({ "type": "string", "pattern": "^g[0-9]+$" });
    let contract = contract(&changed).unwrap();
    let answered = |attribute: &str| {
        let list = list(1).replace(r#""groupId":"group-english""#, attribute);
        check(&contract, listed(0).with(&list))
    };
    for lost in ["pages", "postage"] {
        let answer = format!(r#""groupId":"g1","{lost}":"redacted:3f0a9c21d4e7""#);
        assert_eq!(answered(&answer), Vec::<String>::new(), "{lost}");
    }
    let text = r#""groupId":"g1","reasonText":"redacted:3f0a9c21d4e7, 4 bytes""#;
    assert_eq!(answered(text), Vec::<String>::new());
    // A recorder keeps what our own schemas know, so nothing is excused there.
    assert_eq!(
        answered(r#""groupId":"redacted:3f0a9c21d4e7""#),
        ["violation F-LIST-SCHEMA-PATTERN-DATA-ATTRIBUTES-GROUPID"],
    );
    assert_eq!(
        answered(r#""groupId":"g1","pages":"redacted""#),
        ["violation F-LIST-SCHEMA-TYPE-DATA-ATTRIBUTES-PAGES"],
    );
}

#[test]
fn a_path_is_known_whatever_its_parameters_are_called() {
    let text = specification().to_string().replace("{id}", "{letterId}");
    let mut changed: Value = serde_json::from_str(&text).unwrap();
    let answer = &mut changed["paths"]["/letters/{letterId}"]["get"]["responses"]["200"];
    let schema = &mut answer["content"]["application/vnd.api+json"]["schema"];
    *schema = json!({ "type": "object", "required": ["never"] });
    let found = check(&contract(&changed).unwrap(), one("A", "A"));
    assert!(found.iter().any(|name| name.contains("NEVER")), "{found:?}");
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
fn rules_of_the_document_in_its_own_words_are_kept() {
    let mut changed = specification();
    let attributes = changed.pointer_mut(LETTER).unwrap();
    attributes["weight"] = json!({ "type": "number", "minimum": 0, "exclusiveMinimum": 5 });
    attributes["marks"] = json!({ "type": "array", "uniqueItems": true });
    attributes["note"] = json!({ "allOf": [{ "type": "string", "nullable": true }] });
    let contract = contract(&changed).unwrap();
    let listed_with = |more: &str| {
        let list = list(1).replace(r#""groupId""#, &format!(r#"{more},"groupId""#));
        check(&contract, listed(0).with(&list))
    };
    assert_eq!(listed_with(r#""weight":5.5,"marks":[1,2],"note":null"#), Vec::<String>::new());
    for (broken, id) in [
        (r#""weight":5"#, "EXCLUSIVEMINIMUM-DATA-ATTRIBUTES-WEIGHT"),
        (r#""marks":[1,1]"#, "UNIQUEITEMS-DATA-ATTRIBUTES-MARKS"),
        (r#""note":7"#, "TYPE-DATA-ATTRIBUTES-NOTE"),
    ] {
        assert_eq!(listed_with(broken), [format!("violation F-LIST-SCHEMA-{id}")]);
    }
}

#[test]
fn what_is_composed_of_parts_is_known_by_the_names_of_all_of_them() {
    const ITEM: &str = "/paths/~1letters/get/responses/200/content/application~1vnd.api+json/schema/properties/data/items";
    const UPDATE: &str = "/paths/~1letters~1{id}/patch/requestBody/content/application~1vnd.api+json/schema/properties/data";
    let split = |place: &str, more: Value| {
        let mut changed = specification();
        let whole = changed.pointer(place).unwrap().clone();
        let named = |name: &str| json!({ "properties": { name: whole["properties"][name] } });
        let mut second = json!({ "allOf": [named("attributes"), { "oneOf": [named("type")] }] });
        second.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let first = json!({ "type": "object", "properties": { "id": whole["properties"]["id"] } });
        *changed.pointer_mut(place).unwrap() = json!({ "allOf": [first, second] });
        contract(&changed).unwrap()
    };
    let (letters, update) = (split(ITEM, json!({})), split(UPDATE, json!({})));
    assert_eq!(check(&letters, listed(2)), Vec::<String>::new());
    assert_eq!(check(&update, patched("ACCEPTED")), Vec::<String>::new());
    let wide = |before: &str| {
        listed(0).with(&list(1).replace(before, &format!(r#""colour":"red",{before}"#)))
    };
    assert_eq!(check(&letters, wide(r#""type""#)), ["drift F-LIST-UNKNOWN-DATA-COLOUR"]);
    assert_eq!(
        check(&letters, wide(r#""groupId""#)),
        ["drift F-LIST-UNKNOWN-DATA-ATTRIBUTES-COLOUR"],
    );
    // A part that says itself what it makes of other properties is taken at its word.
    for word in ["additionalProperties", "unevaluatedProperties"] {
        let open = split(ITEM, json!({ word: true }));
        assert_eq!(check(&open, wide(r#""type""#)), Vec::<String>::new());
    }
}

#[test]
fn an_unknown_property_is_found_in_each_place_of_a_list() {
    let mut changed = specification();
    let sized = json!({ "type": "object", "properties": { "width": { "type": "number" } } });
    changed.pointer_mut(LETTER).unwrap()["sizes"] =
        json!({ "type": "array", "prefixItems": [sized, true] });
    let contract = contract(&changed).unwrap();
    let sizes = |sizes: &str| {
        let list = list(1).replace(r#""groupId""#, &format!(r#""sizes":{sizes},"groupId""#));
        check(&contract, listed(0).with(&list))
    };
    assert_eq!(sizes(r#"[{"width":1},{"depth":1}]"#), Vec::<String>::new());
    assert_eq!(
        sizes(r#"[{"depth":1},{"depth":1}]"#),
        ["drift F-LIST-UNKNOWN-DATA-ATTRIBUTES-SIZES-DEPTH"],
    );
}

#[test]
fn a_flood_of_breaches_stays_a_handful_of_findings() {
    let mut changed = specification();
    let attributes = changed.pointer_mut(LETTER).unwrap();
    let names: Vec<String> = (10..40).map(|n| format!("p{n}")).collect();
    for name in &names {
        attributes[name] = json!({ "type": "string" });
    }
    let contract = contract(&changed).unwrap();
    let flawed = |count: usize| {
        let flaws: String = names[..count].iter().map(|name| format!(r#""{name}":7,"#)).collect();
        let list = list(1).replace(r#""groupId""#, &format!(r#"{flaws}"groupId""#));
        check(&contract, listed(0).with(&list)).len()
    };
    assert_eq!((flawed(19), flawed(20), flawed(21), flawed(30)), (19, 20, 20, 20));
}

#[test]
fn a_specification_is_known_by_what_it_says_of_bodies_alone() {
    let digest = |document: &Value| {
        let contract = contract(document).unwrap();
        contract.specification().map(str::to_owned).unwrap()
    };
    let ours = digest(&specification());
    assert!(ours.len() == 64 && ours.bytes().all(|byte| byte.is_ascii_hexdigit()), "{ours}");
    let mut told = specification();
    told["info"]["version"] = json!("2");
    told["paths"]["/letters"]["get"]["summary"] = json!("lists letters");
    assert_eq!(digest(&told), ours);
    let mut changed = specification();
    changed.pointer_mut(LETTER).unwrap()["postage"] = json!({ "type": "string" });
    assert_ne!(digest(&changed), ours);
    assert_eq!(Contract::built_in().unwrap().specification(), None);
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
