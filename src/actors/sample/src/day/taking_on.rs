//! Lists and what becomes of them: whether anybody is there, the whole list, the same list again, and
//! letters taken on, each list in one update that also rejects what cannot be produced (AT1 to AT4,
//! AT13). Nothing is updated before the list has been seen twice.

use std::collections::HashMap;

use futures::future::try_join;
use letterproof_model::{LetterId, LetterStatus};
use tokio::time::{Instant, sleep, sleep_until};

use super::production::{Job, Prepared};
use super::{Day, Part, Shift};
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::line::{Letter, Reason, Update};
use crate::report::SupplierError;

/// Into how many pieces a list falls that is wrongly fetched in pieces.
const PAGES: u32 = 50;

impl Day<'_> {
    /// Asks whether the API is up; a day without any list asks for one letter too.
    pub(super) async fn connect(&mut self, shift: &Shift) -> Result<String, SupplierError> {
        self.line.status().await?;
        let lists = [Part::WholeList, Part::TakeOn, Part::FastIntake];
        if !lists.into_iter().any(|part| shift.has(part)) {
            self.line.list(1).await?;
        }
        Ok("the API is up".to_owned())
    }

    /// Receives the whole list in one call.
    pub(super) async fn whole_list(&mut self) -> Result<Vec<Letter>, SupplierError> {
        if !self.faults.has(Wrong::ListInPages) {
            let letters = self.look(self.settings.whole_list).await?;
            let sound = letters.iter().find(|letter| letter.attributes.sha256_hash.is_some());
            if let Some(letter) = sound.filter(|_| self.faults.has(Wrong::HoardLinks)) {
                self.line.hoard(&letter.id).await?;
            }
            return Ok(letters);
        }
        let mut letters = Vec::new();
        for _ in 0..PAGES {
            let page = self.look((self.settings.whole_list / PAGES).max(1)).await?;
            if page.is_empty() {
                break;
            }
            letters.extend(page);
        }
        Ok(letters)
    }

    /// Receives the list again, at once and when its letters are visible again.
    pub(super) async fn list_again(&mut self, whole: &[Letter]) -> Result<String, SupplierError> {
        if self.faults.has(Wrong::NoSecondList) {
            return Ok("left out".to_owned());
        }
        if self.faults.has(Wrong::UpdateBetweenLists)
            && let Some(letter) = whole.first()
        {
            self.line.patch(Update::new(&letter.id, LetterStatus::Accepted, None)).await?;
        }
        let limit = self.settings.whole_list;
        let at_once = self.look(limit).await?;
        self.wait_until_visible().await;
        let after = self.look(limit).await?;
        let same = after.iter().filter(|one| whole.iter().any(|two| two.id == one.id)).count();
        if self.faults.has(Wrong::SecondJob)
            && let Some(letter) = after.iter().find(|one| one.attributes.sha256_hash.is_some())
        {
            self.line.fetch(&letter.id).await?;
        }
        Ok(format!(
            "{} letters at once, {} after the visibility timeout, {same} of them listed before; none handled twice",
            at_once.len(),
            after.len()
        ))
    }

    /// Asks for a list whose letters are left for later.
    async fn look(&mut self, limit: u32) -> Result<Vec<Letter>, SupplierError> {
        let letters = self.line.list(limit).await?;
        if !letters.is_empty() {
            self.hidden_until = Some(Instant::now() + self.settings.visibility_timeout);
        }
        Ok(letters)
    }

    /// Waits until letters that were listed and left can be listed again.
    pub(super) async fn wait_until_visible(&mut self) {
        let Some(visible) = self.hidden_until.take() else { return };
        self.tell("waiting for the visibility timeout", 0, None);
        sleep_until(visible).await;
        // The API's clock began with the answer, and may be a little behind.
        sleep(self.settings.visibility_timeout / 20).await;
    }
}

/// Letters that a forgetful supplier forgets.
const FORGOTTEN: usize = 2;

/// What was found of listed letters before they were taken on.
#[derive(Default)]
pub(super) struct Screened {
    /// Letters to reject, and why.
    pub(super) unfit: HashMap<LetterId, Reason>,
    /// Documents that had to be asked for already.
    pub(super) prepared: HashMap<LetterId, Prepared>,
}

/// A list as it was answered for.
pub(super) struct Answered {
    pub(super) accepted: Vec<Letter>,
    pub(super) rejected: Vec<LetterId>,
    pub(super) prepared: HashMap<LetterId, Prepared>,
}

impl Day<'_> {
    /// Takes on list after list until nothing new is listed.
    pub(super) async fn take_on(&mut self) -> Result<String, SupplierError> {
        self.wait_until_visible().await;
        let (mut lists, mut accepted, mut rejected) = (0, 0, 0);
        loop {
            let listed = self.list_batch().await?;
            let mut new = self.next_new(listed, self.batch()).await?;
            if new.is_empty() {
                break;
            }
            lists += 1;
            self.send_astray_unaccepted(&mut new).await?;
            let answered = self.answer(new).await?;
            accepted += answered.accepted.len();
            rejected += answered.rejected.len();
            self.enter(answered).await?;
            self.tell("letters taken on", accepted, None);
            if self.list_by_list() {
                break;
            }
        }
        if lists == 0 && self.known.is_empty() {
            self.note("the queue was empty; ask for it to be seeded".to_owned());
        }
        self.list_on().await?;
        Ok(format!("{lists} lists: {accepted} letters accepted, {rejected} rejected"))
    }

    /// Letters of one list that is taken on.
    fn batch(&self) -> u32 {
        let own = |manner| if let Manner::ListsOf(number) = manner { Some(number) } else { None };
        self.settings.manners().find_map(own).unwrap_or(self.settings.batch)
    }

    async fn list_batch(&self) -> Result<Vec<Letter>, SupplierError> {
        let list = || self.line.list(self.batch());
        if self.faults.has(Wrong::ParallelLists) {
            let (mut one, two) = try_join(list(), list()).await?;
            one.extend(two);
            return Ok(one);
        }
        list().await
    }

    /// The new letters of this list, or where it has none, of the next one that does; empty once the
    /// queue is. A queue that lags goes on to name letters that were taken on, and new ones may wait
    /// behind them: asked again, it shows those. One that named each known letter is not asked again.
    pub(super) async fn next_new(
        &mut self,
        mut listed: Vec<Letter>,
        limit: u32,
    ) -> Result<Vec<Letter>, SupplierError> {
        let mut again = 0;
        loop {
            let named = listed.len();
            let new = self.new_letters(listed);
            again += named;
            if !new.is_empty() || named == 0 || again > self.known.len() {
                return Ok(new);
            }
            listed = self.line.list(limit).await?;
        }
    }

    /// The letters of a list that were not handled before, each once.
    pub(super) fn new_letters(&mut self, listed: Vec<Letter>) -> Vec<Letter> {
        listed.into_iter().filter(|letter| self.known.insert(letter.id.clone())).collect()
    }

    /// Accepts what can be produced and rejects the rest, in one update.
    pub(super) async fn answer(&self, letters: Vec<Letter>) -> Result<Answered, SupplierError> {
        let Screened { unfit, prepared } = self.screen(&letters).await?;
        let (rejected, mut accepted): (Vec<_>, Vec<_>) =
            letters.into_iter().partition(|letter| unfit.contains_key(&letter.id));
        let mut rejected: Vec<LetterId> = rejected.into_iter().map(|letter| letter.id).collect();
        if self.faults.has(Wrong::SkipAccept) {
            accepted.drain(..accepted.len().min(FORGOTTEN));
        }
        if self.faults.has(Wrong::SkipUnfit) {
            rejected.clear();
        }
        let accept = |letter: &Letter| Update::new(&letter.id, LetterStatus::Accepted, None);
        let acceptances: Vec<Update> = accepted.iter().map(accept).collect();
        let rejections = rejected.iter().map(|id| {
            let reason = self.reason(LetterStatus::Rejected, unfit.get(id).cloned());
            Update::new(id, LetterStatus::Rejected, reason)
        });
        self.send_answers(acceptances, rejections.collect()).await?;
        Ok(Answered { accepted, rejected, prepared })
    }

    async fn send_answers(
        &self,
        acceptances: Vec<Update>,
        rejections: Vec<Update>,
    ) -> Result<(), SupplierError> {
        if self.faults.has(Wrong::AcceptOneByOne) {
            self.patch_each(acceptances.into_iter().chain(rejections)).await?;
            return Ok(());
        }
        if self.faults.has(Wrong::AcceptInParts) {
            let (one, two) = acceptances.split_at(acceptances.len() / 2);
            self.bulk(one.to_vec()).await?;
            return self.bulk(two.iter().cloned().chain(rejections).collect()).await;
        }
        self.bulk(acceptances.iter().cloned().chain(rejections).collect()).await?;
        if self.faults.has(Wrong::DuplicateAccept) {
            self.bulk(acceptances).await?;
        }
        Ok(())
    }

    /// Sees what was sent, and enters the accepted letters in the books.
    async fn enter(&mut self, answered: Answered) -> Result<(), SupplierError> {
        let Answered { accepted, rejected, mut prepared } = answered;
        let ids: Vec<LetterId> = accepted.iter().map(|letter| letter.id.clone()).collect();
        self.jobs.extend(accepted.into_iter().map(|letter| {
            let prepared = prepared.remove(&letter.id);
            Job::new(letter, prepared)
        }));
        self.see_all(ids, LetterStatus::Accepted).await?;
        self.see_all(rejected, LetterStatus::Rejected).await
    }

    /// Looks for what cannot be produced, from what the list says; only where it names no hash, as
    /// of a letter without a document, the document is asked for.
    pub(super) async fn screen(&self, letters: &[Letter]) -> Result<Screened, SupplierError> {
        let mut screened = Screened::default();
        if self.faults.has(Wrong::AcceptUnfit) {
            return Ok(screened);
        }
        let mut doubtful = Vec::new();
        for letter in letters {
            let reason = match &letter.attributes.specification_id {
                None => Some(Reason::new("J01", "The letter names no specification")),
                Some(id) if self.settings.kind(id).is_none() => {
                    Some(Reason::new("J02", "The specification is not one agreed"))
                }
                Some(_) if self.rejects_groupless(letter) => {
                    Some(Reason::new("J01", "The letter names no group"))
                }
                Some(_) => None,
            };
            if let Some(reason) = reason {
                screened.unfit.insert(letter.id.clone(), reason);
            } else if self.is_doubtful(letter) {
                doubtful.push(letter);
            }
        }
        for (id, prepared) in self.prepare(doubtful).await? {
            if prepared == Prepared::NoPdf {
                let reason = Reason::new("J03", "There is no PDF");
                screened.unfit.insert(id, reason);
            } else if let Prepared::Flawed(_) = prepared
                && self.settings.has(Manner::RejectBadPdfs)
            {
                let reason = Reason::new("J04", "The PDF cannot be produced");
                screened.unfit.insert(id, reason);
            } else {
                screened.prepared.insert(id, prepared);
            }
        }
        Ok(screened)
    }

    /// Whether a habit rejects the letter for want of a group.
    fn rejects_groupless(&self, letter: &Letter) -> bool {
        letter.attributes.group_id.is_none() && self.settings.has(Manner::RejectGroupless)
    }

    /// Whether a letter's document is looked at before the letter is answered for.
    fn is_doubtful(&self, letter: &Letter) -> bool {
        match letter.attributes.sha256_hash {
            Some(_) => self.settings.has(Manner::RejectBadPdfs),
            None => {
                let unseen = [Wrong::PrintUnseen, Wrong::ForgetMissing];
                !self.settings.has(Manner::FailBadPdfs)
                    && !unseen.into_iter().any(|wrong| self.faults.has(wrong))
            }
        }
    }

    /// Where a fault wants it: moves a letter on that was never accepted, and lays it aside.
    async fn send_astray_unaccepted(
        &mut self,
        letters: &mut Vec<Letter>,
    ) -> Result<(), SupplierError> {
        let fit = letters.iter().position(|letter| letter.attributes.sha256_hash.is_some());
        let Some(at) = fit.filter(|_| self.faults.stray_from(LetterStatus::Pending).is_some())
        else {
            return Ok(());
        };
        if !self.strayed {
            let id = letters.remove(at).id;
            self.send_astray(&id, LetterStatus::Pending).await?;
        }
        Ok(())
    }
}
