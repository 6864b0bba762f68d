//! Choosing letters to work on, always from the ledger: no letter that another scenario has, and no
//! exceptional letter for an ordinary flow. What the ledger knows from before this process is read
//! again before anything rests on it.

use letterproof_client::{ClientError, Content, LetterRecord};
use letterproof_model::{Capability, LetterId, LetterStatus, SpecificationKind};

use crate::preparing::{Preparation, Prepared};
use crate::supplier::{AT_ONCE, Supplier};

/// How often a shortfall is made up before it counts as one.
const MOST_ROUNDS: usize = 5;

/// Which letters are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterFilter {
    /// Letters to print, in any language, whose PDF is sound.
    Standard,
    /// Letters in an accessible format.
    Accessible,
    /// Any letter.
    Any,
}

impl LetterFilter {
    const fn phrase(self) -> &'static str {
        match self {
            Self::Standard => "ordinary letters",
            Self::Accessible => "letters in accessible formats",
            Self::Any => "letters",
        }
    }
}

impl Supplier {
    /// Takes letters that nobody works on and that are seen as ACCEPTED: such as are known first,
    /// then PENDING ones, accepted in bulk now. They are the caller's until
    /// [`letterproof_client::Ledger::release`].
    ///
    /// # Errors
    /// When the target has too few, or the API refuses or gives no answer.
    pub async fn take_accepted(
        &self,
        n: usize,
        filter: LetterFilter,
    ) -> Result<Vec<LetterId>, ClientError> {
        let mut taken = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let known = self.take_known(n - taken.len(), LetterStatus::Accepted, filter).await?;
            taken.extend(self.keep_sound(known, filter).await?);
            if taken.len() >= n {
                return Ok(taken);
            }
            let _deciding = self.decide().await;
            let fresh = self.take_pending(n - taken.len(), filter).await?;
            if fresh.is_empty() {
                break;
            }
            let sent = self.accept_in_bulk(&fresh).await?;
            taken.extend(self.see(&sent.letters, LetterStatus::Accepted).await?.confirmed());
            if taken.len() >= n {
                return Ok(taken);
            }
        }
        self.too_few(n, &taken, filter, "ACCEPTED or PENDING")
    }

    /// Takes PENDING letters that nobody works on, listing them first where too few are known.
    /// Gives fewer where there are fewer.
    ///
    /// # Errors
    /// When the API refuses or gives no answer.
    pub async fn take_pending(
        &self,
        n: usize,
        filter: LetterFilter,
    ) -> Result<Vec<LetterId>, ClientError> {
        let mut taken = Vec::new();
        let mut listed = false;
        while taken.len() < n {
            let known = self.take_known(n - taken.len(), LetterStatus::Pending, filter).await?;
            if !known.is_empty() {
                taken.extend(self.keep_sound(known, filter).await?);
                continue;
            }
            if self.is_known(LetterStatus::Pending, filter) {
                continue;
            }
            if listed {
                break;
            }
            let mut listing = self.shared.listing.lock().await;
            // Another scenario may have listed while this one waited for its turn.
            if self.is_known(LetterStatus::Pending, filter) {
                continue;
            }
            listed = true;
            self.list_in_turn(&mut listing, Some(2_500)).await?;
        }
        Ok(taken)
    }

    /// Takes PENDING letters and looks at them until `n` are as `wanted` says, or none is left to
    /// look at; the others are released. Letters without a stated hash, which have no PDF as a rule,
    /// are looked at last.
    ///
    /// # Errors
    /// When the API refuses or gives no answer.
    pub async fn find(
        &self,
        n: usize,
        status: LetterStatus,
        wanted: impl Fn(&Prepared) -> bool,
    ) -> Result<Vec<Prepared>, ClientError> {
        let mut found: Vec<Prepared> = Vec::new();
        let mut looked_at = std::collections::HashSet::new();
        for suspicious in [false, true] {
            while found.len() < n {
                let fresh = |record: &LetterRecord| {
                    ready_to_move(record, status) && record.sha256.is_none() == suspicious
                };
                let batch = self
                    .ledger()
                    .take(AT_ONCE * 4, |record| fresh(record) && !looked_at.contains(&record.id));
                if batch.is_empty() {
                    break;
                }
                looked_at.extend(batch.iter().map(|record| record.id.clone()));
                let batch = self.confirmed(batch, fresh).await?;
                let batch: Vec<LetterId> = batch.into_iter().map(|record| record.id).collect();
                for prepared in self.prepare(&batch).await? {
                    if found.len() < n && wanted(&prepared) {
                        found.push(prepared);
                    } else {
                        self.ledger().release([&prepared.id]);
                    }
                }
            }
        }
        Ok(found)
    }

    async fn take_known(
        &self,
        n: usize,
        status: LetterStatus,
        filter: LetterFilter,
    ) -> Result<Vec<LetterRecord>, ClientError> {
        let wanted =
            |record: &LetterRecord| ready_to_move(record, status) && self.fits(record, filter);
        self.confirmed(self.ledger().take(n, wanted), wanted).await
    }

    fn is_known(&self, status: LetterStatus, filter: LetterFilter) -> bool {
        let known = self
            .ledger()
            .take(1, |record| ready_to_move(record, status) && self.fits(record, filter));
        self.ledger().release(known.iter().map(|record| &record.id));
        !known.is_empty()
    }

    /// Of letters to print, keeps those whose PDF is sound; the others are released, and the
    /// ledger remembers why.
    async fn keep_sound(
        &self,
        records: Vec<LetterRecord>,
        filter: LetterFilter,
    ) -> Result<Vec<LetterId>, ClientError> {
        let ids = |records: Vec<LetterRecord>| records.into_iter().map(|record| record.id);
        if filter != LetterFilter::Standard {
            return Ok(ids(records).collect());
        }
        let (known, unknown): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| self.known_content(record).is_some());
        let mut sound: Vec<LetterId> = ids(known).collect();
        let unknown: Vec<LetterId> = ids(unknown).collect();
        for prepared in self.prepare(&unknown).await? {
            if prepared.is_ready() {
                sound.push(prepared.id);
            } else if !matches!(prepared.outcome, Preparation::Unfetched { .. }) {
                // What could not be fetched stays taken, so that nobody tries it for ever.
                self.ledger().release([&prepared.id]);
            }
        }
        Ok(sound)
    }

    /// Whether a letter is of the kind wanted, as far as known.
    fn fits(&self, record: &LetterRecord, filter: LetterFilter) -> bool {
        let kind =
            record.specification.as_ref().and_then(|id| self.context().specification_kind(id));
        match filter {
            LetterFilter::Any => true,
            LetterFilter::Accessible => kind == Some(SpecificationKind::Accessible),
            LetterFilter::Standard => {
                matches!(kind, Some(SpecificationKind::Standard | SpecificationKind::Language))
                    && matches!(self.known_content(record), None | Some(Content::Sound { .. }))
            }
        }
    }

    /// What this run knows of a letter's content: an earlier one left no record in this journal.
    pub(crate) fn known_content(&self, record: &LetterRecord) -> Option<Content> {
        record.content_since(self.shared.since)
    }

    fn too_few(
        &self,
        needed: usize,
        taken: &[LetterId],
        filter: LetterFilter,
        statuses: &str,
    ) -> Result<Vec<LetterId>, ClientError> {
        self.ledger().release(taken);
        Err(ClientError::TooFewLetters {
            what: format!("{} in {statuses}", filter.phrase()),
            needed,
            found: taken.len(),
            remedy: self.remedy_of_shortage(
                "Wait until hidden letters show again, or ask NHS Notify to seed the target again.",
            ),
        })
    }
}

impl Supplier {
    /// What to try where letters are too few: what helps on a seeded target, and what helps on one
    /// that nobody seeds.
    pub(crate) fn remedy_of_shortage(&self, seeded: &'static str) -> &'static str {
        if self.context().has(Capability::Seeded) {
            seeded
        } else {
            "This target is not seeded: leave this test out, or run it on a target that is."
        }
    }
}

/// Whether a letter is seen in a status and no update of it is under way.
fn ready_to_move(record: &LetterRecord, status: LetterStatus) -> bool {
    record.status == Some(status) && !record.in_flight()
}

impl Supplier {
    /// Whether the API has shown any letter during this run.
    #[must_use]
    pub fn has_seen_letters(&self) -> bool {
        !self.ledger().select(|record| self.has_seen(record)).is_empty()
    }

    /// Whether the API has shown this letter during this run.
    #[must_use]
    pub fn has_seen(&self, record: &LetterRecord) -> bool {
        record.seen_since(self.shared.since)
    }

    /// Of letters taken from the ledger, keeps those that are still as `wanted` says. A letter that
    /// this process has heard of is taken at its word; any other is looked up. The rest are
    /// released, but for those that could not be read, so that nobody tries them for ever.
    pub(crate) async fn confirmed(
        &self,
        records: Vec<LetterRecord>,
        wanted: impl Fn(&LetterRecord) -> bool,
    ) -> Result<Vec<LetterRecord>, ClientError> {
        if records.iter().all(|record| record.seen_since(self.shared.opened)) {
            return Ok(records);
        }
        let read = self
            .each("looking letters up", records, |record| async move {
                if record.seen_since(self.shared.opened) {
                    return Ok(Some(record));
                }
                let found = self.look_up(&record.id).await?;
                Ok(found.or_else(|| self.ledger().get(&record.id).filter(|r| r.status.is_none())))
            })
            .await?;
        let (kept, gone): (Vec<_>, Vec<_>) = read.into_iter().flatten().partition(wanted);
        self.ledger().release(gone.iter().map(|record| &record.id));
        Ok(kept)
    }
}
