//! The read-backs that a witness makes itself, after the traffic: one look at each letter whose
//! last status the supplier's system never saw, repeated while the update may still be queued; then
//! one at each letter that moved, and at a sample of the others, to see whether they stayed.
//! Refuses to go on without end: letters, time and calls under way are bounded.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use letterproof_client::{ClientError, Flow, Session};
use letterproof_model::{Capability, LetterId, RunId};
use letterproof_reference_supplier::ProgressEvent;
use letterproof_witness::{Live, SWEEP};

/// Letters read back at most: the pack's whole list.
const MOST: usize = 2_500;
/// Reads under way at the same time.
const AT_A_TIME: usize = 16;
/// The first pause before letters that did not show yet are read again; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads back what nobody has seen yet, as the harness's own, until all of it shows or the target's
/// time for an update is over, and then sweeps; tells what is left, in sentences.
///
/// # Errors
/// When the target cannot be reached or refuses the credentials, or an exchange could not be
/// recorded.
pub(crate) async fn read_back(
    live: &Live,
    session: &Session,
    run: &RunId,
    tell: impl Fn(&ProgressEvent),
) -> Result<Vec<String>, ClientError> {
    let deadline = Instant::now() + session.target().update_deadline;
    let flow = Flow::harness(session.nonce());
    let mut letters = live.unseen().await;
    letters.truncate(MOST);
    let mut pause = PAUSE;
    while !letters.is_empty() {
        read(&letters, session, &flow, &tell).await?;
        let unseen = live.unseen().await;
        letters.retain(|letter| unseen.binary_search(letter).is_ok());
        if letters.is_empty() || Instant::now() + pause > deadline {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let mut left = Vec::new();
    match live.unseen().await.len() {
        0 => {}
        unseen => left.push(format!("{unseen} letters were not seen at the status sent last")),
    }
    left.extend(sweep(live, session, run, &tell).await?);
    Ok(left)
}

/// Reads once more what moved and a sample of what did not; tells what was left out.
async fn sweep(
    live: &Live,
    session: &Session,
    run: &RunId,
    tell: &impl Fn(&ProgressEvent),
) -> Result<Option<String>, ClientError> {
    if !session.target().has(Capability::Stateful) {
        return Ok(None);
    }
    let mut due = live.sweep(run.as_str()).await;
    if due.moved.is_empty() {
        return Ok(None);
    }
    let left_out = due.moved.len().saturating_sub(MOST);
    due.moved.truncate(MOST);
    let flow = Flow::harness(session.nonce()).in_scenario(SWEEP);
    read(&[due.moved, due.still].concat(), session, &flow, tell).await?;
    Ok((left_out > 0).then(|| format!("{left_out} letters that moved were not read once more")))
}

async fn read(
    letters: &[LetterId],
    session: &Session,
    flow: &Flow,
    tell: &impl Fn(&ProgressEvent),
) -> Result<(), ClientError> {
    let reads = letters.iter().map(|letter| session.get_letter(flow, letter));
    let mut reads = stream::iter(reads).buffer_unordered(AT_A_TIME);
    let mut done = 0;
    while reads.try_next().await?.is_some() {
        done += 1;
        tell(&ProgressEvent {
            what: "reading back".to_owned(),
            done,
            total: Some(letters.len() as u64),
            remaining: None,
        });
    }
    Ok(())
}
