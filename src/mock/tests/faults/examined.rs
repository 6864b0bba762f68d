//! Probes of what is compared over several calls: hashes, ids, records, links, and 429 where it is
//! documented.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::contract::{a_letter_is_200, link_by_the_contract, problem_by_the_schema};
use crate::letters::{complete_download, record_reads_back, submit};
use crate::transport::burst_limited;
use crate::trust::refused_assertion;
use crate::{Probe, Stage, probe};

pub(crate) const PROBES: &[Probe] = &[
    probe!("hash-lost", Open, hash_stays),
    probe!("letter-no-hash", Open, reads_as_listed),
    probe!("letter-other-hash", Open, reads_as_listed),
    probe!("letter-null-hash", Open, reads_as_listed),
    probe!("letter-no-id", Open, reads_as_listed),
    probe!("letter-numeric-id", Open, reads_as_listed),
    probe!("mi-wrong-type", Open, records_are_typed),
    probe!("mi-no-timestamp", Open, record_reads_back),
    probe!("mi-read-text-quantity", Open, record_reads_back),
    probe!("mi-read-no-attributes", Open, record_reads_back),
    probe!("mi-time-moved", Open, record_reads_back),
    probe!("mi-other-form", Open, record_reads_back),
    probe!("mi-read-404", Open, record_can_be_read),
    probe!("mi-read-403", Open, record_can_be_read),
    probe!("mi-few-ids", Open, three_records_have_three_ids),
    probe!("error-no-code", Open, problem_by_the_schema),
    probe!("error-not-a-list", Open, problem_by_the_schema),
    probe!("error-about-number", Open, errors_lead_somewhere),
    probe!("one-error-id", Open, errors_have_ids_of_their_own),
    probe!("status-text-code", Open, health_is_a_number),
    probe!("letter-403", Open, a_letter_is_200),
    probe!("data-403", Open, link_by_the_contract),
    probe!("some-request-ids", Open, ids_on_every_answer),
    probe!("some-correlation-ids", Open, ids_on_every_answer),
    probe!("one-correlation-id", Open, made_ids_differ),
    probe!("link-once", Open, a_link_works_again),
    probe!("download-as-page", Open, complete_download),
    probe!("download-untyped", Open, complete_download),
    probe!("token-error-empty", Tokens, a_refused_assertion_says_why),
    probe!("quota-html", Quota, burst_limited),
    probe!("quota-list", Quota, burst_limited),
    probe!("quota-text-limit", Quota, burst_limited),
    probe!("quota-untyped", Quota, limited_and_typed),
];

async fn hash_stays(stage: &Stage) -> bool {
    let letter = stage.caller.list(1).await.remove(0);
    let id = letter["id"].as_str().unwrap();
    stage.caller.patch(id, "ACCEPTED").await;
    let read = stage.caller.json(&format!("/letters/{id}")).await;
    read["data"]["attributes"]["status"] == "ACCEPTED"
        && read["data"]["attributes"]["sha256Hash"] == letter["attributes"]["sha256Hash"]
}

async fn reads_as_listed(stage: &Stage) -> bool {
    let letter = stage.caller.list(1).await.remove(0);
    let id = letter["id"].as_str().unwrap();
    stage.caller.json(&format!("/letters/{id}")).await["data"] == letter
}

async fn records_are_typed(stage: &Stage) -> bool {
    submit(stage).await["data"]["type"] == "ManagementInformation"
}

async fn record_can_be_read(stage: &Stage) -> bool {
    let created = submit(stage).await;
    let id = created["data"]["id"].as_str().unwrap();
    stage.caller.get(&format!("/mi/{id}")).await.status() == StatusCode::OK
}

async fn three_records_have_three_ids(stage: &Stage) -> bool {
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        ids.insert(submit(stage).await["data"]["id"].to_string());
    }
    ids.len() == 3
}

async fn refusal(stage: &Stage) -> Value {
    stage.caller.json("/letters?limit=0").await["errors"][0].clone()
}

async fn errors_lead_somewhere(stage: &Stage) -> bool {
    refusal(stage).await["links"]["about"].as_str().is_some_and(|url| url.starts_with("https://"))
}

async fn errors_have_ids_of_their_own(stage: &Stage) -> bool {
    refusal(stage).await["id"] != refusal(stage).await["id"]
}

async fn health_is_a_number(stage: &Stage) -> bool {
    stage.caller.json("/_status").await["code"] == 200
}

async fn ids_on_every_answer(stage: &Stage) -> bool {
    for _ in 0..2 {
        let reply = stage.caller.get("/letters?limit=1").await;
        let has = |name: &str| reply.headers().contains_key(name);
        if !(has("x-request-id") && has("x-correlation-id")) {
            return false;
        }
    }
    true
}

async fn made_ids_differ(stage: &Stage) -> bool {
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        let call = stage.caller.client.get(format!("{}/letters?limit=1", stage.caller.base));
        let reply = call.header("X-Request-ID", "r-1").send().await.unwrap();
        ids.insert(reply.headers()["x-correlation-id"].to_str().unwrap().to_owned());
    }
    ids.len() == 2
}

async fn a_link_works_again(stage: &Stage) -> bool {
    let id = stage.caller.ids(1).await.remove(0);
    let link = stage.caller.link(&id).await;
    let first = stage.caller.client.get(&link).send().await.unwrap().status();
    let second = stage.caller.client.get(&link).send().await.unwrap().status();
    (first, second) == (StatusCode::OK, StatusCode::OK)
}

async fn a_refused_assertion_says_why(stage: &Stage) -> bool {
    let reply = refused_assertion(stage).await;
    let status = reply.status();
    let body: Value = reply.json().await.unwrap_or(json!({}));
    status == StatusCode::BAD_REQUEST && body["error"].is_string()
}

async fn limited_and_typed(stage: &Stage) -> bool {
    for _ in 0..20 {
        let reply = stage.caller.request(Method::GET, "/letters/nobody").send().await.unwrap();
        if reply.status() == StatusCode::TOO_MANY_REQUESTS {
            return reply.headers().contains_key("content-type");
        }
    }
    false
}
