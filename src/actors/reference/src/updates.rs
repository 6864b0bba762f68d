//! Reporting statuses, one letter at a time or many at once, with the codes and texts that go with
//! them (AT9 to AT13). A letter whose status was not seen, or from which the pack does not allow the
//! move, is held back and named.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use letterproof_client::{ClientError, LetterRecord, LetterUpdate, Reason};
use letterproof_model::{Exchange, ExchangeId, LetterId, LetterStatus, ReturnReason};

use crate::supplier::Supplier;

/// The most letters one bulk update may name.
const MOST_IN_BULK: usize = 2_500;

/// What came of reporting a status.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The status reported.
    pub status: LetterStatus,
    /// The letters whose update the API took.
    pub letters: Vec<LetterId>,
    /// The letters that were not eligible and so not reported, with the status last seen.
    pub held_back: Vec<(LetterId, Option<LetterStatus>)>,
    /// The letters whose update was refused, with the status code.
    pub refused: Vec<(LetterId, u16)>,
    /// The exchanges of the updates.
    pub exchanges: Vec<ExchangeId>,
}

impl Supplier {
    /// Accepts letters in one bulk update (AT4).
    ///
    /// # Errors
    /// When the API refuses it or gives no answer.
    pub async fn accept_in_bulk(&self, letters: &[LetterId]) -> Result<Sent, ClientError> {
        self.move_in_bulk(letters, LetterStatus::Accepted, Reasons::None).await
    }

    /// Reports a status of many letters with `POST /letters`, up to 2,500 in one.
    ///
    /// # Errors
    /// When the API refuses it or gives no answer.
    pub async fn move_in_bulk(
        &self,
        letters: &[LetterId],
        status: LetterStatus,
        reasons: impl Into<Reasons>,
    ) -> Result<Sent, ClientError> {
        let (updates, mut sent) = self.eligible(letters, status, &reasons.into()).await?;
        self.pass_gate()?;
        let what = format!("reporting letters as {status}");
        for chunk in updates.chunks(MOST_IN_BULK) {
            self.shared.updates.fetch_add(1, Ordering::SeqCst);
            let answer = self.session().post_letters(&self.flow, chunk).await?;
            self.ledger().observe(&answer.exchange)?;
            if answer.value.is_none() {
                return Err(self.unexpected(&what, &answer.exchange, "202"));
            }
            sent.exchanges.push(answer.exchange.id.clone());
            sent.letters.extend(chunk.iter().map(|update| update.id.clone()));
            self.tell(&what, sent.letters.len() as u64, Some(updates.len() as u64), None);
        }
        Ok(sent)
    }

    /// Reports a status letter by letter with `PATCH /letters/{id}`.
    ///
    /// # Errors
    /// When the API refuses every one, or gives no answer.
    pub async fn move_one_by_one(
        &self,
        letters: &[LetterId],
        status: LetterStatus,
        reasons: impl Into<Reasons>,
    ) -> Result<Sent, ClientError> {
        let (updates, mut sent) = self.eligible(letters, status, &reasons.into()).await?;
        self.pass_gate()?;
        let what = format!("reporting letters as {status}, one by one");
        let answers = self.each(&what, updates, |update| self.patch(update)).await?;
        let mut refusal = None;
        for (id, exchange) in answers {
            sent.exchanges.push(exchange.id.clone());
            match exchange.status() {
                Some(202) => sent.letters.push(id),
                code => {
                    sent.refused.push((id, code.unwrap_or_default()));
                    refusal.get_or_insert(exchange);
                }
            }
        }
        match refusal {
            Some(exchange) if sent.letters.is_empty() => {
                Err(self.unexpected(&what, &exchange, "202"))
            }
            _ => Ok(sent),
        }
    }

    async fn patch(
        &self,
        update: LetterUpdate,
    ) -> Result<(LetterId, std::sync::Arc<Exchange>), ClientError> {
        self.shared.updates.fetch_add(1, Ordering::SeqCst);
        let answer = self.session().patch_letter(&self.flow, &update).await?;
        self.ledger().observe(&answer.exchange)?;
        Ok((update.id, answer.exchange))
    }

    /// The updates for the letters that may be moved; the others are held back.
    async fn eligible(
        &self,
        letters: &[LetterId],
        status: LetterStatus,
        reasons: &Reasons,
    ) -> Result<(Vec<LetterUpdate>, Sent), ClientError> {
        let unknown: Vec<LetterId> = letters
            .iter()
            .filter(|id| self.ledger().get(id).is_none_or(|record| record.status.is_none()))
            .cloned()
            .collect();
        self.each("looking letters up", unknown, |id| async move { self.look_up(&id).await })
            .await?;
        let mut sent = Sent {
            status,
            letters: Vec::new(),
            held_back: Vec::new(),
            refused: Vec::new(),
            exchanges: Vec::new(),
        };
        let mut updates: Vec<LetterUpdate> = Vec::new();
        let mut named = std::collections::HashSet::new();
        for id in letters.iter().filter(|id| named.insert(*id)) {
            let record = self.ledger().get(id);
            match record.as_ref().filter(|record| may_move(record, status)) {
                Some(_) => updates.push(LetterUpdate {
                    id: id.clone(),
                    status,
                    reason: reasons.of(updates.len(), id),
                }),
                None => sent.held_back.push((id.clone(), record.and_then(|record| record.status))),
            }
        }
        Ok((updates, sent))
    }
}

/// Whether the pack allows the move, and the status before it was seen.
fn may_move(record: &LetterRecord, status: LetterStatus) -> bool {
    !record.in_flight()
        && record.status.is_some_and(|from| status.eligible_before().contains(&from))
}

/// The reasons of a group of updates.
#[derive(Debug, Clone, Default)]
pub enum Reasons {
    /// None is given.
    #[default]
    None,
    /// All have the same.
    Same(Reason),
    /// The ten return reasons in turn, R01 first (AT10).
    ReturnsInTurn,
    /// Each has its own; a letter that is not named has none.
    Each(HashMap<LetterId, Reason>),
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Self {
        Self::Same(reason)
    }
}

impl Reasons {
    /// The reason of the letter at this place of the group.
    #[must_use]
    pub fn of(&self, at: usize, letter: &LetterId) -> Option<Reason> {
        match self {
            Self::None => None,
            Self::Same(reason) => Some(reason.clone()),
            Self::ReturnsInTurn => {
                ReturnReason::ALL.get(at % ReturnReason::ALL.len()).copied().map(Reason::from)
            }
            Self::Each(reasons) => reasons.get(letter).cloned(),
        }
    }
}
