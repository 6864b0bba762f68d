//! The checklist of a witness on stderr: a table that turns on a terminal, else a plain line every
//! few seconds. Refuses stdout, which belongs to results.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use letterproof_model::{Counts, Verdict};
use letterproof_witness::{NOT_FOLLOWED, Snapshot, Stage};
use tokio::sync::watch;

use crate::out;

/// Between two plain lines, when stderr is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows how far a witness is; cheap to clone.
#[derive(Clone)]
pub(crate) struct Board {
    bar: Option<ProgressBar>,
    page: Arc<str>,
    started: Instant,
}

impl Board {
    /// A board for a person at a terminal, or for a log; `page`: where the live page is.
    pub(crate) fn start(page: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            bar
        });
        let board = Self { bar, page: page.into(), started: Instant::now() };
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
            match &self.bar {
                Some(bar) => bar.set_message(table(&snapshot, &self.page)),
                None => self.note(&line(&snapshot)),
            }
            if self.bar.is_none() {
                tokio::time::sleep(PLAIN_EVERY).await;
            }
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    }

    /// A line worth keeping on screen and in a log.
    #[expect(clippy::print_stderr, reason = "progress for logs goes to stderr")]
    pub(crate) fn note(&self, text: &str) {
        let line = format!("{:6.1}s {text}", self.started.elapsed().as_secs_f64());
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the table away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Everything at a glance.
fn table(snapshot: &Snapshot, page: &str) -> String {
    let mut table = out::table(["AT", "verdict", "criteria", "title"]);
    for test in &snapshot.verdicts.tests {
        let passed = format!("{}/{}", test.check_counts().pass, test.checks().count());
        table.add_row([test.id.to_string(), test.verdict.to_string(), passed, test.title.clone()]);
    }
    let observer = &snapshot.verdicts.observer;
    let failed: Vec<&str> =
        observer.iter().filter(|check| check.is_broken()).map(|check| check.id.as_str()).collect();
    let letters: Vec<String> = snapshot
        .letters
        .iter()
        .map(|count| format!("{} {} sent, {} seen", count.status, count.sent, count.seen))
        .collect();
    let mut text = format!("{table}\n");
    let _ = writeln!(text, "observer  {}", words(Counts::of(observer.iter().map(|c| c.verdict))));
    if !failed.is_empty() {
        let _ = writeln!(text, "failed    {}", failed.join(", "));
    }
    if !letters.is_empty() {
        let _ = writeln!(text, "letters   {}", letters.join("; "));
    }
    let _ = writeln!(text, "traffic   {}", traffic(snapshot));
    if let Some(step) = snapshot.verdicts.next.first() {
        let _ = writeln!(text, "next      {}: {}", step.test, step.sentence);
    }
    let _ = write!(text, "page      {page}");
    text
}

/// The same in one line.
fn line(snapshot: &Snapshot) -> String {
    let verdicts = words(snapshot.verdicts.counts);
    let next = snapshot.verdicts.next.first();
    let next = next.map(|step| format!("; next, {}: {}", step.test, step.sentence));
    format!("tests: {verdicts}; {}{}", traffic(snapshot), next.unwrap_or_default())
}

/// `2 pass, 13 not-run`.
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
