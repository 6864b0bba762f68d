//! Fetching documents and looking at them before they go to print (AT12, AT15): whether one is
//! damaged, longer than an envelope takes, or not the letter promised. Each is looked at as soon as
//! it is there, and dropped.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lc_rs::digest::{SHA256, digest};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use letterproof_model::LetterId;
use lopdf::{Document, LoadOptions};

use super::Day;
use super::production::Prepared;
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::line::{Fetched, Letter};
use crate::report::SupplierError;

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

/// The most pages that go into an envelope (AT12).
const MOST_PAGES: usize = 5;
/// The most any one stream of a letter may unpack to, in bytes.
const MOST_UNPACKED: usize = 16 * 1024 * 1024;

/// What is wrong with a letter's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Its SHA-256 is not the letter's, so it is some other document or not whole.
    OtherContent,
    /// It cannot be read as a PDF.
    Damaged,
    /// It has more pages than go into an envelope.
    TooLong,
}

/// Looks at a document; `None` when it can be printed.
pub(crate) fn flaw(bytes: &[u8], sha256: Option<&str>) -> Option<Flaw> {
    if sha256.is_some_and(|expected| !expected.eq_ignore_ascii_case(&sha256_hex(bytes))) {
        return Some(Flaw::OtherContent);
    }
    if !bytes.starts_with(b"%PDF-") {
        return Some(Flaw::Damaged);
    }
    // A damaged letter must not take the house down with the PDF reader.
    match catch_unwind(AssertUnwindSafe(|| pages(bytes))).ok().flatten() {
        None | Some(0) => Some(Flaw::Damaged),
        Some(pages) => (pages > MOST_PAGES).then_some(Flaw::TooLong),
    }
}

fn pages(bytes: &[u8]) -> Option<usize> {
    let options = LoadOptions::with_max_decompressed_size(MOST_UNPACKED);
    let document = Document::load_mem_with_options(bytes, options).ok()?;
    document.xref_recovery.is_none().then(|| document.get_pages().len())
}

fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pdf_is_damaged_and_other_content_is_told_first() {
        assert_eq!(flaw(b"", None), Some(Flaw::Damaged));
        assert_eq!(flaw(b"<html>", None), Some(Flaw::Damaged));
        assert_eq!(flaw(b"%PDF-1.7\nnonsense", None), Some(Flaw::Damaged));
        assert_eq!(flaw(b"%PDF-1.7", Some("00")), Some(Flaw::OtherContent));
        let empty = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
        assert_eq!(flaw(b"", Some(empty)), Some(Flaw::Damaged));
    }
}
