//! Probes of updates, reads, lists, documents and records.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::item;
use crate::{Probe, Stage, a_moment, probe};

pub(crate) const PROBES: &[Probe] = &[
    probe!("lose-update", Open, accepted),
    probe!("late-update", Open, accepted),
    probe!("swap-updates", Open, each_its_own),
    probe!("wrong-status", Open, accepted),
    probe!("wrong-letter", Open, accepted),
    probe!("spill-update", Open, others_untouched),
    probe!("drop-reason", Open, reason_kept),
    probe!("alter-reason", Open, reason_kept),
    probe!("half-bulk", Open, bulk_applied),
    probe!("ignore-bulk", Open, bulk_applied),
    probe!("ignore-patch", Open, accepted),
    probe!("revert-update=1ms", Open, stays_accepted),
    probe!("hold-update", Open, last_wins),
    probe!("relist", Open, gone_from_list),
    probe!("keep-listed", Open, gone_from_list),
    probe!("respecify", Open, same_specification),
    probe!("stale-read", Open, accepted),
    probe!("flapping-read", Open, reads_agree),
    probe!("neighbour-read", Open, right_letter),
    probe!("unknown-as-known", Open, unknown_is_404),
    probe!("wrong-hash", Open, complete_download),
    probe!("no-hash", Open, complete_download),
    probe!("list-omit", Open, whole_list),
    probe!("list-repeat", Open, whole_list),
    probe!("list-wrong-status", Open, all_pending),
    probe!("list-changing-ids", Open, listed_can_be_read),
    probe!("list-over", Open, ten_of_ten),
    probe!("list-under", Open, ten_of_ten),
    probe!("list-no-hide", Open, hidden_at_once),
    probe!("list-hide-forever", Short, back_after_timeout),
    probe!("list-shuffle", Open, same_order),
    probe!("list-foreign", Two, listed_can_be_read),
    probe!("list-empty", Open, whole_list),
    probe!("list-wrong-specification", Open, list_and_letter_agree),
    probe!("link-eternal", Short, old_link_refused),
    probe!("link-expired", Open, complete_download),
    probe!("link-unsigned", Open, tampered_link_refused),
    probe!("link-500", Open, tampered_link_refused),
    probe!("download-truncated", Open, complete_download),
    probe!("download-altered", Open, complete_download),
    probe!("download-html", Open, complete_download),
    probe!("download-swapped", Open, complete_download),
    probe!("download-empty", Open, complete_download),
    probe!("download-missing", Open, complete_download),
    probe!("download-cut", Open, complete_download),
    probe!("mi-alter", Open, record_reads_back),
    probe!("mi-lose", Open, record_reads_back),
    probe!("mi-double", Open, record_reads_back),
    probe!("mi-drop-group", Open, record_reads_back),
    probe!("mi-same-id", Open, records_have_ids_of_their_own),
    probe!("mi-any-timestamp", Open, bad_timestamp_refused),
];

async fn first(stage: &Stage) -> String {
    stage.caller.ids(1).await.remove(0)
}

async fn accepted(stage: &Stage) -> bool {
    let id = first(stage).await;
    stage.caller.patch(&id, "ACCEPTED").await.status() == StatusCode::ACCEPTED
        && stage.caller.status(&id).await == "ACCEPTED"
}

async fn each_its_own(stage: &Stage) -> bool {
    let ids = stage.caller.ids(2).await;
    let items = [item(&ids[0], "ACCEPTED"), item(&ids[1], "REJECTED")];
    stage.caller.send(Method::POST, "/letters", json!({ "data": items }).to_string()).await;
    stage.caller.status(&ids[0]).await == "ACCEPTED"
        && stage.caller.status(&ids[1]).await == "REJECTED"
}

async fn others_untouched(stage: &Stage) -> bool {
    let ids = stage.caller.ids(2_500).await;
    stage.caller.patch(&ids[0], "ACCEPTED").await;
    let mut pending = 0;
    for id in &ids {
        pending += usize::from(stage.caller.status(id).await == "PENDING");
    }
    pending == ids.len() - 1
}

async fn reason_kept(stage: &Stage) -> bool {
    let id = first(stage).await;
    let mut letter = item(&id, "RETURNED");
    letter["attributes"]["reasonCode"] = "R01".into();
    letter["attributes"]["reasonText"] = "Addressee gone away".into();
    let path = format!("/letters/{id}");
    stage.caller.send(Method::PATCH, &path, json!({ "data": letter }).to_string()).await;
    let read = stage.caller.json(&path).await;
    read["data"]["attributes"]["reasonCode"] == "R01"
        && read["data"]["attributes"]["reasonText"] == "Addressee gone away"
}

async fn bulk_applied(stage: &Stage) -> bool {
    let ids = stage.caller.ids(4).await;
    stage.caller.bulk(&ids, "ACCEPTED").await;
    for id in &ids {
        if stage.caller.status(id).await != "ACCEPTED" {
            return false;
        }
    }
    true
}

async fn stays_accepted(stage: &Stage) -> bool {
    let id = first(stage).await;
    stage.caller.patch(&id, "ACCEPTED").await;
    stage.caller.status(&id).await;
    a_moment().await;
    stage.caller.status(&id).await == "ACCEPTED"
}

async fn last_wins(stage: &Stage) -> bool {
    let id = first(stage).await;
    stage.caller.patch(&id, "ACCEPTED").await;
    stage.caller.patch(&id, "DISPATCHED").await;
    while stage.server.state_summary().updates_waiting > 0 {
        a_moment().await;
    }
    stage.caller.status(&id).await == "DISPATCHED"
}

async fn gone_from_list(stage: &Stage) -> bool {
    let id = first(stage).await;
    stage.caller.patch(&id, "ACCEPTED").await;
    stage.caller.status(&id).await;
    stage.server.make_visible();
    !stage.caller.ids(2_500).await.contains(&id)
}

async fn same_specification(stage: &Stage) -> bool {
    let before = stage.caller.list(1).await.remove(0);
    let id = before["id"].as_str().unwrap();
    stage.caller.patch(id, "ACCEPTED").await;
    let after = stage.caller.json(&format!("/letters/{id}")).await;
    after["data"]["attributes"]["specificationId"] == before["attributes"]["specificationId"]
}

async fn reads_agree(stage: &Stage) -> bool {
    let id = first(stage).await;
    stage.caller.patch(&id, "ACCEPTED").await;
    for _ in 0..4 {
        if stage.caller.status(&id).await != "ACCEPTED" {
            return false;
        }
    }
    true
}

async fn right_letter(stage: &Stage) -> bool {
    let id = first(stage).await;
    stage.caller.json(&format!("/letters/{id}")).await["data"]["id"] == *id
}

async fn unknown_is_404(stage: &Stage) -> bool {
    stage.caller.get("/letters/nobody").await.status() == StatusCode::NOT_FOUND
}

async fn whole_list(stage: &Stage) -> bool {
    let mut ids = stage.caller.ids(2_500).await;
    ids.sort_unstable();
    ids.dedup();
    ids.len() == 40
}

async fn all_pending(stage: &Stage) -> bool {
    let list = stage.caller.list(2_500).await;
    list.iter().all(|letter| letter["attributes"]["status"] == "PENDING")
}

async fn listed_can_be_read(stage: &Stage) -> bool {
    for id in stage.caller.ids(2_500).await {
        if stage.caller.get(&format!("/letters/{id}")).await.status() != StatusCode::OK {
            return false;
        }
    }
    true
}

async fn ten_of_ten(stage: &Stage) -> bool {
    stage.caller.ids(10).await.len() == 10
}

async fn hidden_at_once(stage: &Stage) -> bool {
    !stage.caller.ids(2_500).await.is_empty() && stage.caller.ids(2_500).await.is_empty()
}

async fn back_after_timeout(stage: &Stage) -> bool {
    let before = stage.caller.ids(2_500).await;
    a_moment().await;
    stage.caller.ids(2_500).await == before
}

async fn same_order(stage: &Stage) -> bool {
    let before = stage.caller.ids(2_500).await;
    stage.server.make_visible();
    stage.caller.ids(2_500).await == before
}

async fn list_and_letter_agree(stage: &Stage) -> bool {
    let listed = stage.caller.list(1).await.remove(0);
    let id = listed["id"].as_str().unwrap();
    stage.caller.json(&format!("/letters/{id}")).await["data"] == listed
}

async fn old_link_refused(stage: &Stage) -> bool {
    let id = first(stage).await;
    let link = stage.caller.link(&id).await;
    a_moment().await;
    stage.caller.client.get(link).send().await.unwrap().status() == StatusCode::FORBIDDEN
}

async fn tampered_link_refused(stage: &Stage) -> bool {
    let id = first(stage).await;
    let link = stage.caller.link(&id).await.replace("X-Amz-Signature=", "X-Amz-Signature=0");
    stage.caller.client.get(link).send().await.unwrap().status() == StatusCode::FORBIDDEN
}

pub(crate) async fn complete_download(stage: &Stage) -> bool {
    let letter = stage.caller.list(1).await.remove(0);
    let link = stage.caller.link(letter["id"].as_str().unwrap()).await;
    let Ok(reply) = stage.caller.client.get(link).send().await else { return false };
    let pdf = reply.headers().get("content-type").is_some_and(|v| v == "application/pdf");
    let status = reply.status();
    let Ok(bytes) = reply.bytes().await else { return false };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    status == StatusCode::OK && pdf && letter["attributes"]["sha256Hash"] == *hash
}

fn record(timestamp: &str) -> Value {
    json!({ "data": { "type": "ManagementInformation", "attributes": {
        "lineItem": "envelope", "timestamp": timestamp, "quantity": 22,
        "specificationId": "integration-specification-english", "groupId": "group-english",
    }}})
}

pub(crate) async fn submit(stage: &Stage) -> Value {
    let record = record("2026-11-17T14:27:51Z").to_string();
    stage.caller.send(Method::POST, "/mi", record).await.json().await.unwrap()
}

pub(crate) async fn record_reads_back(stage: &Stage) -> bool {
    let created = submit(stage).await;
    let id = created["data"]["id"].as_str().unwrap();
    let read = stage.caller.get(&format!("/mi/{id}")).await;
    read.status() == StatusCode::OK
        && read.json::<Value>().await.unwrap() == created
        && created["data"]["attributes"] == record("2026-11-17T14:27:51Z")["data"]["attributes"]
}

async fn records_have_ids_of_their_own(stage: &Stage) -> bool {
    submit(stage).await["data"]["id"] != submit(stage).await["data"]["id"]
}

async fn bad_timestamp_refused(stage: &Stage) -> bool {
    let reply = stage.caller.send(Method::POST, "/mi", record("yesterday").to_string()).await;
    reply.status() == StatusCode::BAD_REQUEST
}
