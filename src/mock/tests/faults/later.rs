//! Probes of what becomes of letters some time after an update, and beside it.

use reqwest::StatusCode;

use crate::{Probe, Stage, a_moment, probe};

pub(crate) const PROBES: &[Probe] = &[
    probe!("revert-acceptance=1ms", Open, stays_accepted),
    probe!("revert-dispatch=1ms", Open, stays_dispatched),
    probe!("wander-update=1ms", Open, stays_accepted),
    probe!("stir-other=1ms", Open, others_stay),
    probe!("vanish-letter=1ms", Open, stays_accepted),
    probe!("refuse-and-apply", Open, taken_or_left),
    probe!("reopen-rejected=1ms", Open, stays_rejected),
    probe!("fail-rejected=1ms", Open, stays_rejected),
    probe!("regroup", Open, same_group),
    probe!("read-without-group", Open, same_group),
    probe!("read-lower-case", Open, stays_accepted),
];

/// Whether a letter shows a status now and a moment later.
async fn stays(stage: &Stage, status: &str) -> bool {
    let id = stage.caller.ids(1).await.remove(0);
    stage.caller.patch(&id, status).await;
    stage.caller.status(&id).await;
    a_moment().await;
    stage.caller.status(&id).await == status
}

async fn stays_accepted(stage: &Stage) -> bool {
    stays(stage, "ACCEPTED").await
}

async fn stays_dispatched(stage: &Stage) -> bool {
    stays(stage, "DISPATCHED").await
}

async fn stays_rejected(stage: &Stage) -> bool {
    stays(stage, "REJECTED").await
}

async fn others_stay(stage: &Stage) -> bool {
    let ids = stage.caller.ids(2_500).await;
    stage.caller.patch(&ids[0], "ACCEPTED").await;
    a_moment().await;
    let mut pending = 0;
    for id in &ids {
        pending += usize::from(stage.caller.status(id).await == "PENDING");
    }
    pending == ids.len() - 1
}

async fn taken_or_left(stage: &Stage) -> bool {
    let id = stage.caller.ids(1).await.remove(0);
    let taken = stage.caller.patch(&id, "ACCEPTED").await.status() == StatusCode::ACCEPTED;
    taken == (stage.caller.status(&id).await == "ACCEPTED")
}

async fn same_group(stage: &Stage) -> bool {
    let before = stage.caller.list(1).await.remove(0);
    let id = before["id"].as_str().unwrap();
    stage.caller.patch(id, "ACCEPTED").await;
    let after = stage.caller.json(&format!("/letters/{id}")).await;
    after["data"]["attributes"]["groupId"] == before["attributes"]["groupId"]
}
