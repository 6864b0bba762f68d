//! The batch of AT4: a list, and the updates that accepted its letters. An update belongs to a list
//! only by the letters it carries.

use std::collections::{BTreeSet, HashSet};

use letterproof_model::{Context, LetterStatus};

use crate::supplier::status_moves::Moved;
use crate::traffic::{CallIx, LetterIx, ListCall, Traffic, UpdateCall};

/// A list of the batch's size and what was accepted of it.
pub(crate) struct Batch<'a> {
    /// The traffic.
    pub(crate) traffic: &'a Traffic,
    /// The list.
    pub(crate) list: &'a ListCall,
    /// Its letters.
    pub(crate) letters: HashSet<LetterIx>,
    /// The supplier's updates after the list that carry an acceptance of a listed letter.
    pub(crate) updates: Vec<&'a UpdateCall>,
    /// What became of the letters accepted.
    pub(crate) moved: Moved<'a>,
}

/// The updates that first carried each letter's acceptance.
pub(crate) struct Carriers<'a> {
    /// The letters of the list whose acceptance was taken on.
    pub(crate) carried: HashSet<LetterIx>,
    /// The updates that first carried them, by time.
    pub(crate) carriers: Vec<&'a UpdateCall>,
    /// The last update that was not taken on.
    pub(crate) refused: Option<&'a UpdateCall>,
}

impl<'a> Batch<'a> {
    /// The batch that began with this list; `None` when none of its letters was accepted.
    pub(crate) fn of(
        list: &'a ListCall,
        traffic: &'a Traffic,
        context: &'a Context,
    ) -> Option<Self> {
        let letters: HashSet<LetterIx> = list.letters().into_iter().collect();
        let carriers: BTreeSet<CallIx> = letters
            .iter()
            .flat_map(|letter| traffic.letter(*letter).sent())
            .filter(|(event, update)| {
                update.status == LetterStatus::Accepted
                    && !traffic.overlaps(event.at, list.finished)
            })
            .map(|(event, _)| event.call)
            .collect();
        let mut updates: Vec<&UpdateCall> =
            carriers.into_iter().filter_map(|call| traffic.update(call)).collect();
        updates.sort_by_key(|update| update.started);
        if updates.is_empty() {
            return None;
        }
        let in_updates: HashSet<LetterIx> = updates
            .iter()
            .flat_map(|update| &update.letters)
            .filter(|(_, status)| *status == Some(LetterStatus::Accepted))
            .map(|(letter, _)| *letter)
            .collect();
        let moved = Moved::of(LetterStatus::Accepted, traffic, context, |letter| {
            in_updates.contains(&letter)
        });
        Some(Self { traffic, list, letters, updates, moved })
    }

    /// The first update that carried each letter's acceptance; repeats of a call that was not
    /// answered, or answered with 429 or 5xx, are the same update.
    pub(crate) fn carriers(&self) -> Carriers<'a> {
        let mut carried: HashSet<LetterIx> = HashSet::new();
        let mut carriers: Vec<&UpdateCall> = Vec::new();
        let mut refused: Option<&UpdateCall> = None;
        for update in &self.updates {
            if !update.answer.accepted() {
                refused = Some(update);
                continue;
            }
            let mut first = false;
            for (letter, status) in &update.letters {
                let ours = *status == Some(LetterStatus::Accepted) && self.letters.contains(letter);
                first |= ours && carried.insert(*letter);
            }
            if first {
                carriers.push(update);
            }
        }
        Carriers { carried, carriers, refused }
    }
}
