//! The production smoke test, once it was agreed to: the named letters are fetched and downloaded, one
//! record of management information is submitted for those that can be printed, and read back. A person
//! prints and posts the sample.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterproof_client::{Flow, Ledger, Session, SessionOptions, Target};
use letterproof_evidence::{JournalHeader, RunFolder, new_run_id, read_journal};
use letterproof_model::{Journal as _, Mode, Recorder, ToolInfo, now};
use letterproof_reference_supplier::{Preparation, Prepared, SmokeRun, Supplier};
use serde_json::{Value, json};

use crate::folder::{begin_journal, new_folder};
use crate::told::{Failure, Onlooker, unless_asked};

/// The version of `smoke.json`.
const FORMAT: &str = "letterproof-smoke/1";

/// A smoke test that was agreed to.
pub struct Smoke<'a> {
    /// Which build this is.
    pub tool: ToolInfo,
    /// The folder in which its own is made.
    pub out: &'a Path,
    /// The target, and the name by which it was asked for.
    pub target: Target,
    /// See [`Self::target`].
    pub named: &'a str,
    /// The reviewer's nonce.
    pub nonce: Option<String>,
    /// Who is told how it goes.
    pub onlooker: &'a dyn Onlooker,
}

impl Smoke<'_> {
    /// Makes the smoke test; returns what came of it, as it stands in `smoke.json`, and where that is.
    /// `leftovers` is told what killed runs left. Where nothing was sent, nothing is kept.
    ///
    /// # Errors
    /// When it cannot be made to its end, or its evidence not be written.
    pub async fn drive(
        self,
        leftovers: impl FnOnce(&RunFolder),
    ) -> Result<(Value, PathBuf), Failure> {
        let run_id = new_run_id(now())?;
        let folder = new_folder(self.out, &run_id, None)?;
        leftovers(&folder);
        let context = self.target.context(Mode::Driven);
        let header = JournalHeader::new(run_id, self.tool.clone(), context.base_url.clone());
        let header = header.with_chained_ids();
        let journal = Arc::new(begin_journal(&folder.journal_path(), &header)?);
        let recorder: Arc<dyn Recorder> = journal.clone();
        let words = format!(
            "stopped before the end; what was recorded is in {}. What was sent cannot be taken back, and a smoke test cannot be resumed: start it again",
            folder.path().display()
        );
        self.onlooker.waiting(&format!("the smoke test of {}", context.base_url));
        let named = self.named;
        let run = match self.session(recorder, &words).await {
            Ok(run) => run,
            Err(failure) => {
                drop(journal);
                let sent = read_journal(&folder.journal_path())
                    .is_ok_and(|saved| !saved.recording.exchanges().is_empty());
                if !sent {
                    folder.discard()?;
                }
                return Err(failure);
            }
        };
        journal.sync().map_err(|error| Failure::Harness(error.message))?;
        drop(journal);
        let value = result(&run, named, &context.base_url);
        folder.write_context(&context)?;
        folder.write("smoke.json", format!("{value:#}\n").as_bytes())?;
        Ok((value, folder.finish()?))
    }

    async fn session(
        self,
        recorder: Arc<dyn Recorder>,
        stopped: &str,
    ) -> Result<SmokeRun, Failure> {
        let asked_to_stop = self.onlooker.stop_request(stopped.to_owned());
        let options = SessionOptions { nonce: self.nonce, ..SessionOptions::default() };
        let session = Session::new(self.target, recorder, options)?;
        let smoked = async {
            session.preflight(&Flow::supplier(session.nonce())).await?;
            let ledger = Ledger::in_memory(session.target());
            let supplier =
                Supplier::new(session.clone(), ledger).for_scenario("production smoke test");
            supplier.smoke_test(now()).await
        };
        let smoked = unless_asked(asked_to_stop, smoked, || session.stop()).await;
        // However it ended: nothing is recorded behind the back of what is written next.
        session.close().await;
        match smoked {
            Some(smoked) => Ok(smoked?),
            None => Err(Failure::Stopped(stopped.to_owned())),
        }
    }
}

/// What came of it: it passed when every letter can be printed and the record reads back.
fn result(run: &SmokeRun, target: &str, base_url: &str) -> Value {
    let letters: Vec<Value> = run
        .letters
        .iter()
        .map(|letter| {
            let (outcome, pages) = match letter.outcome {
                Preparation::Ready { pages } => ("can be printed", Some(pages)),
                _ => (letter.problem.as_deref().unwrap_or("cannot be printed"), None),
            };
            json!({
                "id": letter.id,
                "printable": letter.is_ready(),
                "outcome": outcome,
                "pages": pages,
                "exchanges": letter.exchanges,
            })
        })
        .collect();
    let submitted = run.record.as_ref();
    let read = run.read_back.as_ref();
    let same = read.is_some_and(|answer| {
        answer.status == 200
            && answer.value.as_ref().zip(submitted).is_some_and(|(document, submission)| {
                Some(&document.data.id) == submission.id.as_ref()
                    && document.data.attributes.as_ref() == Some(&submission.record)
            })
    });
    json!({
        "format": FORMAT,
        "target": target,
        "base_url": base_url,
        "letters": letters,
        "record": {
            "id": submitted.and_then(|submission| submission.id.as_ref()),
            "quantity": submitted.map(|submission| submission.record.quantity),
            "read_back": read.map(|answer| answer.status),
            "same": same,
        },
        "passed": same && run.letters.iter().all(Prepared::is_ready),
    })
}
