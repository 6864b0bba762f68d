//! Asking for lists: whether anybody is there, the whole list, and the same list again (AT1 to AT3).
//! Refuses to update anything before the list has been seen twice.

use letterproof_model::LetterStatus;
use tokio::time::{Instant, sleep, sleep_until};

use super::Day;
use crate::error::SupplierError;
use crate::faults::Wrong;
use crate::shift::{Part, Shift};
use crate::wire::{Letter, Update};

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
