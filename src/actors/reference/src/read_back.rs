//! Reading letters back until a status shows: updates are queued, so a 202 proves nothing yet. A
//! letter that does not change ends no run: it is reported, and judges decide.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use letterproof_client::{Answer, ClientError, Flow, LetterDocument, LetterRecord};
use letterproof_model::{ExchangeId, LetterId, LetterStatus};
use tokio::time::Instant;

use crate::supplier::Supplier;
use crate::updates::Reasons;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Up to so many letters are all read at once; of more, one is read first.
const FEW: usize = 4;

/// What became of one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It shows the status.
    Changed,
    /// It shows the status, but only after the deadline.
    ChangedLate,
    /// It shows what it showed before.
    NeverChanged,
    /// It shows another status.
    ChangedToSomethingElse(LetterStatus),
    /// It showed the status, and later another.
    WentBack(LetterStatus),
    /// It could not be read; the status code that came instead, if any.
    Unreadable(Option<u16>),
}

/// One letter that was read back.
#[derive(Debug, Clone)]
pub struct SeenLetter {
    /// The letter.
    pub id: LetterId,
    /// What became of it.
    pub change: Change,
    /// How often it was read.
    pub reads: u32,
    /// When the status was first seen, from the beginning of the reading.
    pub after: Option<Duration>,
    /// The last read.
    pub exchange: Option<ExchangeId>,
}

/// What came of reading letters back.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The status that was awaited.
    pub wanted: LetterStatus,
    /// The letters, in the order asked for.
    pub letters: Vec<SeenLetter>,
    /// How long it took.
    pub waited: Duration,
}

impl Seen {
    /// The letters that show the status now.
    #[must_use]
    pub fn confirmed(&self) -> Vec<LetterId> {
        self.letters
            .iter()
            .filter(|letter| letter.shows())
            .map(|letter| letter.id.clone())
            .collect()
    }
}

impl SeenLetter {
    /// Whether it shows the status now.
    #[must_use]
    pub const fn shows(&self) -> bool {
        matches!(self.change, Change::Changed | Change::ChangedLate)
    }
}

/// What was read of one letter so far.
struct Watch {
    id: LetterId,
    before: Option<LetterStatus>,
    last: Option<LetterStatus>,
    /// When the wanted status was first read; set from the start where the ledger had seen it.
    reached: Option<Instant>,
    went_back: bool,
    failed: Option<Option<u16>>,
    reads: u32,
    exchange: Option<ExchangeId>,
}

impl Watch {
    fn settled(&self, wanted: LetterStatus) -> bool {
        self.went_back || (self.last == Some(wanted) && self.failed.is_none())
    }

    fn take(&mut self, answer: &Answer<LetterDocument>, wanted: LetterStatus) {
        self.reads += 1;
        self.exchange = Some(answer.exchange.id.clone());
        let status = answer.value.as_ref().and_then(|document| document.data.attributes.status);
        let Some(status) = status else {
            self.failed = Some(Some(answer.status));
            return;
        };
        self.failed = None;
        self.last = Some(status);
        if status == wanted {
            self.reached.get_or_insert_with(Instant::now);
        } else if self.reached.is_some() {
            self.went_back = true;
        }
    }

    fn change(&self, wanted: LetterStatus, deadline: Instant) -> Change {
        match (self.failed, self.last) {
            (Some(code), _) => Change::Unreadable(code),
            (None, None) => Change::Unreadable(None),
            (None, Some(last)) if last != wanted && self.reached.is_some() => {
                Change::WentBack(last)
            }
            (None, Some(last)) if last == wanted => match self.reached {
                Some(at) if at > deadline => Change::ChangedLate,
                _ => Change::Changed,
            },
            (None, Some(last)) if Some(last) == self.before => Change::NeverChanged,
            (None, Some(last)) => Change::ChangedToSomethingElse(last),
        }
    }
}

impl Supplier {
    /// Reads letters back until each shows a status, or until some time after the target's
    /// deadline, so that a late change is told from none.
    ///
    /// One letter is read first, with growing pauses, then all, then those that do not show it
    /// yet. A letter that the ledger had seen in the status and that shows another has gone back.
    ///
    /// # Errors
    /// When the API gives no answer at all, or an exchange could not be recorded.
    pub async fn see(
        &self,
        letters: &[LetterId],
        wanted: LetterStatus,
    ) -> Result<Seen, ClientError> {
        let started = Instant::now();
        let deadline = started + self.session().target().update_deadline;
        let end = deadline + self.session().target().update_deadline / 4;
        let what = format!("waiting for {wanted}");
        let mut watches: Vec<Watch> = letters.iter().map(|id| self.watch(id, wanted)).collect();
        let mut pause = self.first_pause(&watches, wanted);
        let mut round = 0;
        loop {
            if !pause.is_zero() {
                self.session()
                    .sleep(pause.min(end.saturating_duration_since(Instant::now())))
                    .await?;
            }
            let open: Vec<usize> = (0..watches.len())
                .filter(|at| watches[*at].reads == 0 || !watches[*at].settled(wanted))
                .collect();
            let sampling =
                open.len() > FEW && open.len() == watches.len() && Instant::now() < deadline;
            // Another letter each round, so that one lost update does not hide all the others.
            let sample = open.get(round % open.len().max(1)).copied();
            if sampling && let Some(at) = sample {
                self.read_back(&mut watches, &[at], wanted).await?;
                if watches[at].settled(wanted) {
                    self.read_back(&mut watches, &open, wanted).await?;
                }
            } else {
                self.read_back(&mut watches, &open, wanted).await?;
            }
            round += 1;
            let shown = watches.iter().filter(|watch| watch.settled(wanted)).count();
            let left = deadline.saturating_duration_since(Instant::now());
            self.tell(&what, shown as u64, Some(watches.len() as u64), Some(left));
            let all_read = watches.iter().all(|watch| watch.reads > 0);
            if all_read && (shown == watches.len() || Instant::now() >= end) {
                break;
            }
            pause = grown(pause);
        }
        self.learn_delay(&watches, started);
        let letters = watches
            .into_iter()
            .map(|watch| SeenLetter {
                change: watch.change(wanted, deadline),
                reads: watch.reads,
                after: watch.reached.map(|at| at.saturating_duration_since(started)),
                id: watch.id,
                exchange: watch.exchange,
            })
            .collect();
        Ok(Seen { wanted, letters, waited: started.elapsed() })
    }

    /// Reads back every letter with an update whose effect was not seen, as a crash or Ctrl-C
    /// leaves them, until it shows or its deadline is over. So a resumed run need not send it
    /// again.
    ///
    /// # Errors
    /// As [`Supplier::see`].
    pub async fn settle(&self) -> Result<Vec<Seen>, ClientError> {
        let mut awaited: BTreeMap<LetterStatus, Vec<LetterId>> = BTreeMap::new();
        for record in self.ledger().select(LetterRecord::in_flight) {
            if let Some(moved) = record.moved {
                awaited.entry(moved.status).or_default().push(record.id);
            }
        }
        let reads = awaited.iter().map(|(status, letters)| self.see(letters, *status));
        futures::future::try_join_all(reads).await
    }

    /// Reads a letter once; what it shows goes into the ledger.
    ///
    /// # Errors
    /// When the API gives no answer, or the exchange could not be recorded.
    pub async fn look_up(&self, id: &LetterId) -> Result<Option<LetterRecord>, ClientError> {
        let answer = self.session().get_letter(&self.flow, id).await?;
        self.ledger().observe(&answer.exchange)?;
        Ok(answer.value.and_then(|_| self.ledger().get(id)))
    }

    fn watch(&self, id: &LetterId, wanted: LetterStatus) -> Watch {
        let record = self.ledger().get(id);
        let before = record.as_ref().and_then(|record| record.status);
        Watch {
            id: id.clone(),
            before,
            last: before,
            reached: (before == Some(wanted)).then(Instant::now),
            went_back: false,
            failed: None,
            reads: 0,
            exchange: None,
        }
    }

    /// Reads some of the letters. One that gives no answer counts as unreadable, unless none does.
    async fn read_back(
        &self,
        watches: &mut [Watch],
        which: &[usize],
        wanted: LetterStatus,
    ) -> Result<(), ClientError> {
        let what = format!("reading letters back for {wanted}");
        let jobs: Vec<(usize, LetterId)> =
            which.iter().map(|at| (*at, watches[*at].id.clone())).collect();
        let answers = self
            .each(&what, jobs, |(at, id)| async move {
                match self.session().get_letter(&self.flow, &id).await {
                    Ok(answer) => {
                        self.ledger().observe(&answer.exchange)?;
                        Ok((at, Ok(answer)))
                    }
                    Err(error @ ClientError::Unreachable { .. }) => Ok((at, Err(error))),
                    Err(error) => Err(error),
                }
            })
            .await?;
        if let Some((_, Err(error))) = answers.first()
            && answers.iter().all(|(_, answer)| answer.is_err())
        {
            return Err(error.clone());
        }
        for (at, answer) in answers {
            match answer {
                Ok(answer) => watches[at].take(&answer, wanted),
                Err(_) => {
                    watches[at].reads += 1;
                    watches[at].failed = Some(None);
                }
            }
        }
        Ok(())
    }

    /// Nothing to wait for where all is known to show; else a little less than it took last time.
    fn first_pause(&self, watches: &[Watch], wanted: LetterStatus) -> Duration {
        if watches.iter().all(|watch| watch.before == Some(wanted)) {
            return Duration::ZERO;
        }
        let usual = *self.shared.usual_delay.lock();
        usual.map_or(FIRST_PAUSE, |usual| usual.mul_f64(0.8).max(FIRST_PAUSE))
    }

    fn learn_delay(&self, watches: &[Watch], started: Instant) {
        let soonest = watches
            .iter()
            .filter(|watch| watch.before != Some(watch.last.unwrap_or(LetterStatus::Pending)))
            .filter_map(|watch| watch.reached)
            .min();
        if let Some(at) = soonest {
            *self.shared.usual_delay.lock() = Some(at.saturating_duration_since(started));
        }
    }
}

fn grown(pause: Duration) -> Duration {
    // After a long first pause the change is near: begin small again.
    if pause > Duration::from_millis(400) && pause < LONGEST_PAUSE {
        pause.mul_f64(0.25).max(FIRST_PAUSE)
    } else {
        pause.max(FIRST_PAUSE).mul_f64(1.4).min(LONGEST_PAUSE)
    }
}

impl Supplier {
    /// Reads each of these letters once, as the harness's own under a scenario's name; tells how many
    /// were answered, and the error that ended it.
    pub async fn read_once(
        &self,
        letters: Vec<LetterId>,
        scenario: &str,
    ) -> (usize, Result<(), ClientError>) {
        let flow = Flow::harness(self.session().nonce()).in_scenario(scenario);
        let (flow, answered) = (&flow, &AtomicUsize::new(0));
        let read = self
            .each("reading letters for the record", letters, |id| async move {
                let answer = self.session().get_letter(flow, &id).await?;
                answered.fetch_add(1, Ordering::Relaxed);
                self.ledger().observe(&answer.exchange)
            })
            .await;
        (answered.load(Ordering::Relaxed), read.map(drop))
    }
}

impl Supplier {
    /// Reports several statuses one after the other, each seen before the next is sent. Those that
    /// the workflow does not declare are left out.
    ///
    /// # Errors
    /// When the API refuses an update or gives no answer.
    pub async fn take_through(
        &self,
        letters: &[LetterId],
        statuses: &[LetterStatus],
    ) -> Result<(), ClientError> {
        let mut letters = letters.to_vec();
        for status in statuses.iter().filter(|status| self.context().reports(**status)) {
            let sent = self.move_in_bulk(&letters, *status, Reasons::None).await?;
            letters = self.see(&sent.letters, *status).await?.confirmed();
        }
        Ok(())
    }
}
