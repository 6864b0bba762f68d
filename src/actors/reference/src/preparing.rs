//! Looking at letters before producing them: what the API says of each, and what its PDF is. The
//! seed is never looked at: a letter is exceptional because its data or its PDF shows it.

use letterproof_client::{ClientError, Content, Download, LetterRecord};
use letterproof_model::{Content as Kept, ExchangeId, LetterId, SpecificationKind};

use crate::supplier::Supplier;
use letterproof_client::Reason;

/// What a letter turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Preparation {
    /// Its PDF is sound.
    Ready {
        /// Its pages.
        pages: u32,
    },
    /// There is no PDF: reject it.
    MissingPdf,
    /// The PDF cannot be read, or is not the one the API's hash names: fail it.
    UnusablePdf {
        /// Why, in a few words; empty where an older ledger did not keep it.
        problem: String,
    },
    /// The PDF has more than five pages: fail it.
    TooManyPages {
        /// Its pages.
        pages: u32,
    },
    /// Nobody agreed its specification: reject it.
    UnknownSpecification,
    /// The API names no specification: reject it.
    MissingMetadata,
    /// It is in an accessible format: forward it. Its content is not fetched.
    Accessible,
    /// Its content could not be fetched, which says nothing about the letter.
    Unfetched {
        /// The status code that came instead, if any.
        status: Option<u16>,
    },
}

/// A letter that was looked at.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The letter.
    pub id: LetterId,
    /// What it turned out to be.
    pub outcome: Preparation,
    /// What is kept of its content.
    pub content: Option<Kept>,
    /// Why it is not ready, in a few words.
    pub problem: Option<String>,
    /// The exchanges that show it.
    pub exchanges: Vec<ExchangeId>,
}

impl Prepared {
    fn unfetched(id: LetterId) -> Self {
        Self {
            id,
            outcome: Preparation::Unfetched { status: None },
            content: None,
            problem: None,
            exchanges: Vec::new(),
        }
    }

    /// Whether the letter can be produced.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.outcome, Preparation::Ready { .. })
    }
}

impl From<Content> for Preparation {
    fn from(content: Content) -> Self {
        match content {
            Content::Sound { pages } => Self::Ready { pages },
            Content::Missing => Self::MissingPdf,
            Content::Unusable { problem } => Self::UnusablePdf { problem },
            Content::TooLong { pages } => Self::TooManyPages { pages },
        }
    }
}

impl Supplier {
    /// Validates letters and downloads the PDF of each, right after its link was given. A letter
    /// whose content this run knows is not fetched a second time (AT3).
    ///
    /// # Errors
    /// When the API gives no answer, or an exchange could not be recorded. A letter that is not
    /// as it should be is no error.
    pub async fn prepare(&self, letters: &[LetterId]) -> Result<Vec<Prepared>, ClientError> {
        self.each("preparing letters", letters.to_vec(), |id| self.prepare_one(id)).await
    }

    async fn prepare_one(&self, id: LetterId) -> Result<Prepared, ClientError> {
        let mut prepared = Prepared::unfetched(id);
        let record = match self.ledger().get(&prepared.id) {
            Some(record) if record.status.is_some() => record,
            _ => match self.look_up(&prepared.id).await? {
                Some(record) => record,
                None => return Ok(prepared),
            },
        };
        if let Some(outcome) = self.by_metadata(&record) {
            prepared.outcome = outcome;
            return Ok(prepared);
        }
        if let Some(known) = record.content_since(self.shared.since) {
            prepared.outcome = known.into();
            return Ok(prepared);
        }
        self.fetch(&record, &mut prepared).await?;
        self.note(prepared)
    }

    /// Downloads a letter's PDF whatever its data says (AT15).
    pub(crate) async fn fetch_always(&self, id: LetterId) -> Result<Prepared, ClientError> {
        let mut prepared = Prepared::unfetched(id);
        if let Some(record) = self.ledger().get(&prepared.id) {
            self.fetch(&record, &mut prepared).await?;
        }
        self.note(prepared)
    }

    /// Keeps in the ledger what a letter's content turned out to be.
    fn note(&self, prepared: Prepared) -> Result<Prepared, ClientError> {
        let content = match &prepared.outcome {
            Preparation::Ready { pages } => Content::Sound { pages: *pages },
            Preparation::MissingPdf => Content::Missing,
            Preparation::UnusablePdf { problem } => Content::Unusable { problem: problem.clone() },
            Preparation::TooManyPages { pages } => Content::TooLong { pages: *pages },
            _ => return Ok(prepared),
        };
        self.ledger().note_content(&prepared.id, content)?;
        Ok(prepared)
    }

    /// What the letter's data alone says.
    pub(crate) fn by_metadata(&self, record: &LetterRecord) -> Option<Preparation> {
        let Some(specification) =
            record.specification.as_ref().filter(|id| !id.as_str().is_empty())
        else {
            return Some(Preparation::MissingMetadata);
        };
        match self.context().specification_kind(specification) {
            None => Some(Preparation::UnknownSpecification),
            Some(SpecificationKind::Accessible) => Some(Preparation::Accessible),
            Some(SpecificationKind::Standard | SpecificationKind::Language) => None,
        }
    }

    async fn fetch(
        &self,
        record: &LetterRecord,
        prepared: &mut Prepared,
    ) -> Result<(), ClientError> {
        // A link lives for a minute; one that had expired is asked for once more.
        for last in [false, true] {
            let answer = self.session().letter_data(&self.flow, &record.id).await?;
            prepared.exchanges.push(answer.exchange.id.clone());
            let Some(link) = answer.value else {
                prepared.outcome = match answer.status {
                    404 => Preparation::MissingPdf,
                    status => Preparation::Unfetched { status: Some(status) },
                };
                return Ok(());
            };
            let download = self.session().download(&self.flow, &link).await?;
            prepared.exchanges.push(download.exchange.id.clone());
            if download.status() == Some(403) && !last {
                continue;
            }
            inspect(record, &download, prepared);
            return Ok(());
        }
        Ok(())
    }
}

fn inspect(record: &LetterRecord, download: &Download, prepared: &mut Prepared) {
    prepared.content = download.content().cloned();
    (prepared.outcome, prepared.problem) =
        match Content::of(&download.exchange, record.sha256.as_deref()) {
            Some((content, problem)) => (content.into(), problem),
            None => (Preparation::Unfetched { status: download.status() }, None),
        };
}

impl Preparation {
    /// The reason to reject a PENDING letter for; `None` when it can be taken on.
    #[must_use]
    pub fn reason_to_reject(&self) -> Option<Reason> {
        match self {
            Self::MissingPdf => Some(Reason::new("REJ-NOPDF", "The letter has no PDF")),
            Self::UnusablePdf { problem } => Some(Reason::new("REJ-PDF", unusable(problem))),
            Self::TooManyPages { pages } => Some(Reason::new("REJ-PAGES", too_long(*pages))),
            Self::UnknownSpecification => {
                Some(Reason::new("REJ-SPEC", "The specification is not one agreed"))
            }
            Self::MissingMetadata => {
                Some(Reason::new("REJ-META", "The letter names no specification"))
            }
            _ => None,
        }
    }

    /// The reason to fail an accepted letter for; `None` when it can be produced.
    #[must_use]
    pub fn reason_to_fail(&self) -> Option<Reason> {
        match self {
            Self::UnusablePdf { problem } => Some(Reason::new("FAIL-PDF", unusable(problem))),
            Self::TooManyPages { pages } => Some(Reason::new("FAIL-PAGES", too_long(*pages))),
            // Found only after acceptance, when it is too late to reject.
            Self::MissingPdf => Some(Reason::new("FAIL-NOPDF", "The letter has no PDF")),
            _ => None,
        }
    }
}

/// Why a PDF cannot be printed, as it was found out.
fn unusable(problem: &str) -> String {
    const TEXT: &str = "The PDF cannot be printed";
    if problem.is_empty() { TEXT.to_owned() } else { format!("{TEXT}: {problem}") }
}

fn too_long(pages: u32) -> String {
    format!("The PDF has {pages} pages; at most five can be enclosed")
}
