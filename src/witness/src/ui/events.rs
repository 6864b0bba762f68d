//! The stream of what changed on the page (server-sent events).
//! Refuses to send what has not changed, and to outlive the page.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::Event;
use futures::Stream;
use futures::stream::unfold;
use letterproof_model::Verdict;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::render::{self, Parts};
use super::snapshot::{Snapshot, Stage};

/// Verdicts told in words at a time; a reader of a screen cannot listen to more.
const TOLD: usize = 5;

/// What changed.
#[derive(Debug, Serialize)]
struct Change<'a> {
    parts: Parts,
    title: String,
    /// What is to be read out.
    told: String,
    ended: bool,
    stage: &'a Stage,
}

/// One reader of the stream.
struct Reader {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: watch::Receiver<bool>,
    shown: Option<(Arc<Snapshot>, Parts)>,
    over: bool,
    _place: OwnedSemaphorePermit,
}

/// Tells one reader everything at first, and then what changes, until the page stops.
pub(crate) fn changes(
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let reader = Reader { snapshots, stop, shown: None, over: false, _place: place };
    unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    })
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        loop {
            if self.shown.is_some() {
                // Both senders live as long as the page; where one is gone, so is the page.
                self.over = tokio::select! {
                    changed = self.snapshots.changed() => changed.is_err(),
                    _ = self.stop.wait_for(|stop| *stop) => true,
                };
            }
            let snapshot = self.snapshots.borrow_and_update().clone();
            match self.change(snapshot) {
                Some(event) => return Some(event),
                None if self.over => return None,
                None => {}
            }
        }
    }

    fn change(&mut self, snapshot: Arc<Snapshot>) -> Option<Event> {
        let rendered = render::parts(&snapshot).ok()?;
        let mut parts = rendered.clone();
        let mut told = String::new();
        if let Some((before, shown)) = &self.shown {
            parts.retain(|name, html| shown.get(name) != Some(html));
            told = turned(before, &snapshot);
        }
        let stage = &snapshot.stage;
        let ended = matches!(stage, Stage::Ended(_));
        let first = self.shown.is_none();
        let change = (first || !parts.is_empty()).then(|| Change {
            parts,
            title: render::title(&snapshot),
            told,
            ended,
            stage,
        });
        let text = change.and_then(|change| serde_json::to_string(&change).ok());
        let event = text.map(|text| Event::default().data(text));
        self.shown = Some((snapshot, rendered));
        event
    }
}

/// The verdicts that turned, in words.
fn turned(before: &Snapshot, after: &Snapshot) -> String {
    let verdicts = |snapshot: &Snapshot| -> Vec<(String, Verdict)> {
        let tests = snapshot.verdicts.tests.iter();
        let checks = snapshot.verdicts.observer.iter();
        tests
            .map(|test| (test.id.to_string(), test.verdict))
            .chain(checks.map(|check| (check.id.to_string(), check.verdict)))
            .collect()
    };
    let news: Vec<String> = verdicts(after)
        .into_iter()
        .zip(verdicts(before))
        .filter(|(now, then)| now != then)
        .map(|((id, verdict), _)| format!("{id}: {verdict}."))
        .collect();
    let more = news.len().saturating_sub(TOLD);
    let mut words = news[..news.len() - more].join(" ");
    if more > 0 {
        words.push_str(&format!(" And {more} more."));
    }
    words
}
