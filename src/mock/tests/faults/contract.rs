//! Probes of the contract: fields, status codes, headers, media type, JSON, what may be sent.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::item;
use crate::{Probe, Stage, probe};

pub(crate) const PROBES: &[Probe] = &[
    probe!("missing-id", Open, letters_by_the_schema),
    probe!("numeric-id", Open, letters_by_the_schema),
    probe!("missing-type", Open, letters_by_the_schema),
    probe!("wrong-type", Open, letters_by_the_schema),
    probe!("missing-status", Open, letters_by_the_schema),
    probe!("null-status", Open, letters_by_the_schema),
    probe!("unknown-status", Open, letters_by_the_schema),
    probe!("missing-specification", Open, letters_by_the_schema),
    probe!("mistyped-group", Open, letters_by_the_schema),
    probe!("missing-attributes", Open, letters_by_the_schema),
    probe!("missing-data", Open, letters_by_the_schema),
    probe!("renamed-data", Open, letters_by_the_schema),
    probe!("list-not-array", Open, letters_by_the_schema),
    probe!("extra-field", Open, letters_by_the_schema),
    probe!("truncated-json", Open, letters_by_the_schema),
    probe!("invalid-json", Open, letters_by_the_schema),
    probe!("empty-body", Open, letters_by_the_schema),
    probe!("mi-without-id", Open, record_by_the_schema),
    probe!("mi-text-quantity", Open, record_by_the_schema),
    probe!("mi-200", Open, record_by_the_schema),
    probe!("error-without-errors", Open, problem_by_the_schema),
    probe!("error-unknown-code", Open, problem_by_the_schema),
    probe!("error-as-html", Open, problem_by_the_schema),
    probe!("error-numeric-status", Open, problem_by_the_schema),
    probe!("invalid-422", Open, problem_by_the_schema),
    probe!("not-found-410", Open, unknown_is_404),
    probe!("patch-200", Open, update_codes),
    probe!("post-201", Open, update_codes),
    probe!("body-on-202", Open, update_codes),
    probe!("data-302", Open, link_by_the_contract),
    probe!("data-200", Open, link_by_the_contract),
    probe!("no-location", Open, link_by_the_contract),
    probe!("relative-location", Open, link_by_the_contract),
    probe!("list-206", Open, list_headers),
    probe!("no-request-id", Open, list_headers),
    probe!("wrong-request-id", Open, list_headers),
    probe!("no-correlation-id", Open, list_headers),
    probe!("wrong-correlation-id", Open, list_headers),
    probe!("empty-correlation-id", Open, list_headers),
    probe!("letter-206", Open, a_letter_is_200),
    probe!("mi-read-206", Open, a_record_is_200),
    probe!("repeat-409", Open, an_update_repeated),
    probe!("unknown-route-200", Open, no_such_route),
    probe!("media-type-html", Open, list_headers),
    probe!("no-media-type", Open, list_headers),
    probe!("media-type-charset", Open, list_headers),
    probe!("accept-duplicates", Open, duplicates_refused),
    probe!("accept-too-many", Open, too_many_refused),
    probe!("accept-mismatch", Open, mismatch_refused),
    probe!("accept-unknown-status", Open, unknown_status_refused),
    probe!("accept-unknown-property", Open, unknown_property_refused),
    probe!("accept-malformed", Open, malformed_refused),
    probe!("accept-no-request-id", Open, missing_request_id_refused),
    probe!("accept-any-limit", Open, limit_zero_refused),
    probe!("accept-unknown-query", Open, unknown_query_refused),
    probe!("refuse-bulk=5", Open, bulk_of_six_taken),
];

const STATUSES: [&str; 11] = [
    "PENDING",
    "ACCEPTED",
    "REJECTED",
    "PRINTED",
    "ENCLOSED",
    "CANCELLED",
    "DISPATCHED",
    "DELIVERED",
    "FAILED",
    "RETURNED",
    "FORWARDED",
];

fn is_letter(letter: &Value) -> bool {
    let attributes = &letter["attributes"];
    let keys = ["status", "specificationId", "groupId", "sha256Hash"];
    letter["id"].is_string()
        && letter["type"] == "Letter"
        && attributes["status"].as_str().is_some_and(|status| STATUSES.contains(&status))
        && attributes.as_object().is_some_and(|map| {
            map.keys().all(|key| keys.contains(&key.as_str())) && map.values().all(Value::is_string)
        })
        && attributes["specificationId"].is_string()
}

/// Both the list and one letter of it; the id comes from the admin's knowledge, so that a list
/// without ids does not hide what is wrong with letters.
async fn letters_by_the_schema(stage: &Stage) -> bool {
    let Ok(list) = stage.caller.get("/letters?limit=3").await.json::<Value>().await else {
        return false;
    };
    let Some(letters) = list["data"].as_array() else { return false };
    if letters.len() != 3 || !letters.iter().all(is_letter) {
        return false;
    }
    let id = letters[0]["id"].as_str().unwrap();
    let letter = stage.caller.get(&format!("/letters/{id}")).await.json::<Value>().await;
    letter.is_ok_and(|letter| is_letter(&letter["data"]))
}

async fn record_by_the_schema(stage: &Stage) -> bool {
    let record = json!({ "data": { "type": "ManagementInformation", "attributes": {
        "lineItem": "envelope", "timestamp": "2026-11-17T14:27:51Z", "quantity": 22,
    }}});
    let reply = stage.caller.send(Method::POST, "/mi", record.to_string()).await;
    let status = reply.status();
    let body: Value = reply.json().await.unwrap();
    status == StatusCode::CREATED
        && body["data"]["id"].is_string()
        && body["data"]["attributes"]["quantity"].is_number()
}

pub(crate) async fn problem_by_the_schema(stage: &Stage) -> bool {
    let reply = stage.caller.get("/letters?limit=0").await;
    let status = reply.status();
    let Ok(body) = reply.json::<Value>().await else { return false };
    let problem = &body["errors"][0];
    status == StatusCode::BAD_REQUEST
        && problem["code"] == "NOTIFY_INVALID_REQUEST"
        && problem["status"] == "400"
        && problem["links"]["about"].is_string()
}

async fn unknown_is_404(stage: &Stage) -> bool {
    stage.caller.get("/letters/nobody").await.status() == StatusCode::NOT_FOUND
}

async fn update_codes(stage: &Stage) -> bool {
    let ids = stage.caller.ids(2).await;
    let one = stage.caller.patch(&ids[0], "ACCEPTED").await;
    let many = stage.caller.bulk(&ids, "ACCEPTED").await;
    one.status() == StatusCode::ACCEPTED
        && many.status() == StatusCode::ACCEPTED
        && one.bytes().await.unwrap().is_empty()
        && many.bytes().await.unwrap().is_empty()
}

pub(crate) async fn link_by_the_contract(stage: &Stage) -> bool {
    let id = stage.caller.ids(1).await.remove(0);
    let reply = stage.caller.get(&format!("/letters/{id}/data")).await;
    let location = reply.headers().get("location").and_then(|value| value.to_str().ok());
    reply.status() == StatusCode::SEE_OTHER
        && location.is_some_and(|url| url.starts_with("http://"))
}

async fn list_headers(stage: &Stage) -> bool {
    let reply = stage.caller.get("/letters?limit=1").await;
    let is = |name: &str, value: &str| reply.headers().get(name).is_some_and(|v| v == value);
    reply.status() == StatusCode::OK
        && is("content-type", "application/vnd.api+json")
        && is("x-request-id", "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11")
        && is("x-correlation-id", "flow-1")
}

async fn refused(stage: &Stage, method: Method, path: &str, body: impl Into<String>) -> bool {
    stage.caller.send(method, path, body).await.status() == StatusCode::BAD_REQUEST
}

async fn duplicates_refused(stage: &Stage) -> bool {
    let items = [item("a", "ACCEPTED"), item("a", "ACCEPTED")];
    refused(stage, Method::POST, "/letters", json!({ "data": items }).to_string()).await
}

async fn too_many_refused(stage: &Stage) -> bool {
    let items: Vec<Value> = (0..2_501).map(|at| item(&at.to_string(), "ACCEPTED")).collect();
    refused(stage, Method::POST, "/letters", json!({ "data": items }).to_string()).await
}

async fn mismatch_refused(stage: &Stage) -> bool {
    let body = json!({ "data": item("a", "ACCEPTED") }).to_string();
    refused(stage, Method::PATCH, "/letters/b", body).await
}

async fn unknown_status_refused(stage: &Stage) -> bool {
    let body = json!({ "data": item("a", "LOST") }).to_string();
    refused(stage, Method::PATCH, "/letters/a", body).await
}

async fn unknown_property_refused(stage: &Stage) -> bool {
    let body = json!({ "data": item("a", "ACCEPTED"), "more": 1 }).to_string();
    refused(stage, Method::PATCH, "/letters/a", body).await
}

async fn malformed_refused(stage: &Stage) -> bool {
    refused(stage, Method::PATCH, "/letters/a", "{\"data\":").await
}

async fn missing_request_id_refused(stage: &Stage) -> bool {
    let url = format!("{}/letters?limit=1", stage.caller.base);
    !stage.caller.client.get(url).send().await.unwrap().status().is_success()
}

async fn limit_zero_refused(stage: &Stage) -> bool {
    stage.caller.get("/letters?limit=0").await.status() == StatusCode::BAD_REQUEST
}

async fn unknown_query_refused(stage: &Stage) -> bool {
    stage.caller.get("/letters?page=1").await.status() == StatusCode::BAD_REQUEST
}

pub(crate) async fn a_letter_is_200(stage: &Stage) -> bool {
    let id = stage.caller.ids(1).await.remove(0);
    stage.caller.get(&format!("/letters/{id}")).await.status() == StatusCode::OK
}

async fn a_record_is_200(stage: &Stage) -> bool {
    let record = json!({ "data": { "type": "ManagementInformation", "attributes": {
        "lineItem": "envelope", "timestamp": "2026-11-17T14:27:51Z", "quantity": 22,
    }}});
    let reply = stage.caller.send(Method::POST, "/mi", record.to_string()).await;
    let body: Value = reply.json().await.unwrap();
    let id = body["data"]["id"].as_str().unwrap().to_owned();
    stage.caller.get(&format!("/mi/{id}")).await.status() == StatusCode::OK
}

async fn an_update_repeated(stage: &Stage) -> bool {
    let id = stage.caller.ids(1).await.remove(0);
    let first = stage.caller.patch(&id, "ACCEPTED").await.status();
    first == stage.caller.patch(&id, "ACCEPTED").await.status()
}

async fn no_such_route(stage: &Stage) -> bool {
    !stage.caller.get("/nothing").await.status().is_success()
}

async fn bulk_of_six_taken(stage: &Stage) -> bool {
    let ids = stage.caller.ids(6).await;
    stage.caller.bulk(&ids, "ACCEPTED").await.status() == StatusCode::ACCEPTED
}
