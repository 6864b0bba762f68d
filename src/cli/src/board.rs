//! The checklist of a witness on stderr: a table that turns on a terminal, else a plain line every
//! few seconds. Stdout belongs to results.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use letterproof_model::{Counts, Verdict};
use letterproof_witness::{NOT_FOLLOWED, Snapshot, Stage};
use tokio::sync::watch;

use crate::out::{self, Live, Text};

/// Between two plain lines, when stderr is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows how far a witness is; cheap to clone.
#[derive(Clone)]
pub(crate) struct Board {
    live: Live,
    page: Arc<str>,
}

impl Board {
    /// A board for a person at a terminal, or for a log; `page`: where the live page is.
    pub(crate) fn start(page: &str) -> Self {
        let board = Self { live: Live::start("{msg}", None), page: page.into() };
        board.note(&format!("live page: {page} (Ctrl-C ends the witness and writes the evidence)"));
        board
    }

    /// Shows what changes, without end.
    pub(crate) async fn follow(self, mut snapshots: watch::Receiver<Arc<Snapshot>>) {
        let mut told = HashSet::new();
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            for note in &snapshot.notes {
                // Each link's host once: whoever runs the witness must state it or know why not.
                if note.text.starts_with(NOT_FOLLOWED) && told.insert(note.text.clone()) {
                    self.note(&note.text);
                }
            }
            if self.live.is_live() {
                self.live.show(&table(&snapshot, &self.page));
            } else {
                self.note(&line(&snapshot));
                tokio::time::sleep(PLAIN_EVERY).await;
            }
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    }

    /// A line worth keeping on screen and in a log.
    pub(crate) fn note(&self, text: &str) {
        self.live.keep(text);
    }

    /// Takes the table away.
    pub(crate) fn finish(&self) {
        self.live.finish();
    }
}

/// Everything at a glance.
fn table(snapshot: &Snapshot, page: &str) -> Text {
    let mut table = out::table(["AT", "verdict", "criteria", "title"]);
    for test in &snapshot.verdicts.tests {
        let passed = format!("{}/{}", test.check_counts().pass, test.checks().count());
        table.row([test.id.to_string(), test.verdict.to_string(), passed, test.title.clone()]);
    }
    let observer = &snapshot.verdicts.observer;
    let failed: Vec<&str> =
        observer.iter().filter(|check| check.is_broken()).map(|check| check.id.as_str()).collect();
    let letters: Vec<String> = snapshot
        .letters
        .iter()
        .map(|count| format!("{} {} sent, {} seen", count.status, count.sent, count.seen))
        .collect();
    let mut text = Text::default();
    text.table(&table);
    let counts = Counts::of(observer.iter().map(|check| check.verdict));
    text.line(format_args!("observer  {}", words(counts)));
    if !failed.is_empty() {
        text.line(format_args!("failed    {}", failed.join(", ")));
    }
    if !letters.is_empty() {
        text.line(format_args!("letters   {}", letters.join("; ")));
    }
    text.line(format_args!("traffic   {}", traffic(snapshot)));
    if let Some(step) = snapshot.verdicts.next.first() {
        text.line(format_args!("next      {}: {}", step.test, step.sentence));
    }
    text.line(format_args!("page      {page}"));
    text
}

/// The same in one line.
fn line(snapshot: &Snapshot) -> String {
    let verdicts = words(snapshot.verdicts.counts);
    let next = snapshot.verdicts.next.first();
    let next = next.map(|step| format!("; next, {}: {}", step.test, step.sentence));
    format!("tests: {verdicts}; {}{}", traffic(snapshot), next.unwrap_or_default())
}

/// `2 pass, 13 not run`.
fn words(counts: Counts) -> String {
    let words: Vec<String> = Verdict::ALL
        .into_iter()
        .filter(|verdict| counts.get(*verdict) > 0)
        .map(|verdict| format!("{} {verdict}", counts.get(verdict)))
        .collect();
    words.join(", ")
}

fn traffic(snapshot: &Snapshot) -> String {
    let now = &snapshot.traffic;
    let limit = now.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let mut text = format!("{} recorded, {}{limit} calls/s", now.recorded, now.rate);
    if now.injected > 0 {
        let _ = write!(text, ", {} made to go wrong", now.injected);
    }
    if let Some(reason) = &snapshot.refusing {
        let _ = write!(text, "; NOTHING PASSES: {reason}");
    } else if snapshot.stage != Stage::Watching {
        text.push_str("; ending");
    }
    text
}
