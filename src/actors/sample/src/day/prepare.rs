//! Fetching documents and looking at them before they go to print (AT12, AT15).
//! Refuses to hold documents: each is looked at as soon as it is there, and dropped.

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use letterproof_model::LetterId;

use super::Day;
use super::job::Prepared;
use crate::error::SupplierError;
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::line::Fetched;
use crate::pdf::{Flaw, flaw};
use crate::wire::Letter;

impl Day<'_> {
    /// Fetches the documents of all letters taken on.
    pub(super) async fn fetch(&mut self) -> Result<String, SupplierError> {
        let open = self.jobs.iter().filter(|job| !job.closed && job.prepared.is_none());
        let letters: Vec<&Letter> = open.map(|job| &job.letter).collect();
        let prepared = self.prepare_for_print(letters).await?;
        let flawed = prepared.iter().filter(|(_, one)| one.reason_to_fail().is_some()).count();
        let text =
            format!("{} documents asked for, {flawed} of them not to be printed", prepared.len());
        let mut prepared: HashMap<LetterId, Prepared> = prepared.into_iter().collect();
        for job in &mut self.jobs {
            job.prepared = prepared.remove(&job.letter.id).or(job.prepared);
        }
        Ok(text)
    }

    /// Fetches the documents of accepted letters, unless a fault has them printed without.
    pub(super) async fn prepare_for_print(
        &self,
        letters: Vec<&Letter>,
    ) -> Result<Vec<(LetterId, Prepared)>, SupplierError> {
        let unseen = [Wrong::NoDownload, Wrong::DownloadAfter, Wrong::PrintUnseen];
        if unseen.into_iter().any(|wrong| self.faults.has(wrong)) {
            let ready = |letter: &Letter| (letter.id.clone(), Prepared::Ready);
            return Ok(letters.into_iter().map(ready).collect());
        }
        self.prepare(letters).await
    }

    /// Whether a fault takes less than a whole document for one.
    fn is_content_with_less(&self) -> bool {
        [Wrong::PartialDownload, Wrong::GapDownload, Wrong::LinkUnfollowed]
            .into_iter()
            .any(|wrong| self.faults.has(wrong))
    }

    /// Where a fault wants it: fetches the documents of letters that were produced without.
    pub(super) async fn fetch_afterwards(&self) -> Result<(), SupplierError> {
        if self.faults.has(Wrong::DownloadAfter) {
            self.prepare(self.jobs.iter().map(|job| &job.letter)).await?;
        }
        Ok(())
    }

    /// Fetches documents, several at a time, and looks at each.
    pub(super) async fn prepare(
        &self,
        letters: impl IntoIterator<Item = &Letter>,
    ) -> Result<Vec<(LetterId, Prepared)>, SupplierError> {
        let work: Vec<_> = letters.into_iter().map(|letter| self.prepare_one(letter)).collect();
        stream::iter(work).buffer_unordered(self.settings.in_flight).try_collect().await
    }

    async fn prepare_one(&self, letter: &Letter) -> Result<(LetterId, Prepared), SupplierError> {
        let id = letter.id.clone();
        let prepared = match self.line.fetch(&id).await? {
            Fetched::Document(bytes) => {
                let found = flaw(&bytes, letter.attributes.sha256_hash.as_deref());
                let long = found == Some(Flaw::TooLong) && self.settings.has(Manner::AnyLength);
                found.filter(|_| !long).map_or(Prepared::Ready, Prepared::Flawed)
            }
            Fetched::Missing => Prepared::NoPdf,
            Fetched::Not(_) if self.is_content_with_less() => Prepared::Ready,
            Fetched::Not(status) => {
                let answer = status.map_or("no answer".to_owned(), |status| status.to_string());
                self.note(format!("the PDF of {id} could not be had ({answer}); try it tomorrow"));
                Prepared::NotHad
            }
        };
        let ignored =
            self.faults.has(Wrong::IgnoreFlaws) && matches!(prepared, Prepared::Flawed(_));
        Ok((id, if ignored { Prepared::Ready } else { prepared }))
    }
}
