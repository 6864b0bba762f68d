//! The time stamps of a bundle: of heads in its journal, and of its manifest.
//!
//! Each is checked offline against a hash that is taken again here, and the times of the run are
//! held against it: what was recorded before a stamp happened before it, what was recorded after it
//! no earlier. A stamper counts only where the reader said that it is known: else it is told who
//! stamped, and that nobody vouches for it.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::SignedDuration;
use letterproof_evidence::{
    Entry, EvidenceError, JOURNAL_FILE, JournalReader, MANIFEST_FILE, Opened, Problem, ProblemKind,
    SavedJournal, Stamped, StamperCertificates, TIMESTAMP_FILE, bundled_reader, check_stamp,
    read_stamp, sha256_hex, shown_name,
};
use letterproof_model::{Journal as _, Mark, MarkKind, Stamp, Timestamp};
use serde::Serialize;

/// How far this machine's clock and a stamper's may be apart: five minutes, beyond which the API
/// takes no token either.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Most stamps that are checked; a run has about one for each scenario.
const MOST: usize = 10_000;
/// Longest manifest read, in bytes.
const MANIFEST_LIMIT: u64 = 32 << 20;

/// A time stamp that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampSeen {
    /// The file it vouches for, or whose head.
    pub file: String,
    /// The line of the journal that it vouches for, with all lines before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// When, by the stamper's clock.
    pub at: Timestamp,
    /// Who, as its certificate names it.
    pub by: String,
    /// Whether a certificate that the reader gave vouches for it.
    pub known: bool,
}

/// What was found of a bundle's stamps.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    pub(super) seen: Vec<StampSeen>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
}

/// Checks every stamp of a bundle. `finished` is when its manifest says that the run had ended.
pub(super) fn stamps(
    opened: &Opened,
    journal: Option<&SavedJournal>,
    finished: Option<Timestamp>,
    known: Option<&StamperCertificates>,
) -> Stamps {
    let mut found = Stamps::default();
    let marks = journal.map_or(&[][..], |journal| journal.recording.marks());
    let asked = found.of_journal(opened, marks, known);
    found.of_manifest(opened, finished, known, asked);
    if let Some(known) = known {
        found.demand(known);
    }
    found
}

impl Stamps {
    /// Returns whether the run asked for stamps at all.
    fn of_journal(
        &mut self,
        opened: &Opened,
        marks: &[Mark],
        known: Option<&StamperCertificates>,
    ) -> bool {
        let mut about = HashSet::new();
        let (mut asked, mut stamps) = (false, 0);
        for mark in marks {
            match &mark.kind {
                MarkKind::Stamped { line, .. } => {
                    about.insert(*line);
                    stamps += 1;
                }
                MarkKind::Unstamped { stamper, reason, .. } => {
                    asked = true;
                    self.notes.push(format!(
                        "no time stamp was obtained from {} at {}: {}",
                        shown_name(stamper),
                        mark.at,
                        shown_name(reason)
                    ));
                }
                _ => {}
            }
        }
        if stamps > MOST {
            self.wrong(JOURNAL_FILE, "holds more time stamps than a run can ask for");
            return true;
        }
        if stamps > 0
            && let Err(error) = self.walk(opened, about, known)
        {
            let rest = format!("cannot be read again for its time stamps: {error}");
            self.wrong(JOURNAL_FILE, &rest);
        }
        asked || stamps > 0
    }

    /// Goes through the journal once more, for the hashes and times of the lines that stamps are about.
    fn walk(
        &mut self,
        opened: &Opened,
        about: HashSet<u64>,
        known: Option<&StamperCertificates>,
    ) -> Result<(), EvidenceError> {
        let mut reader = bundled_reader(opened)?;
        let mut past = Past::new(about, &reader);
        while let Some(entry) = reader.next().transpose()? {
            past.line(&reader, entry.at());
            let Entry::Mark(mark) = &entry else { continue };
            let MarkKind::Stamped { line, head, stamp } = &mark.kind else { continue };
            let number = reader.lines();
            match past.check(number, (*line, head), stamp, mark.at, known) {
                Ok(stamped) => {
                    past.floor = past.floor.max(Some(stamped.at));
                    self.saw(JOURNAL_FILE, Some(*line), stamped);
                }
                Err(fault) => {
                    let rest = format!("holds a time stamp in line {number} that {fault}");
                    self.wrong(JOURNAL_FILE, &rest);
                }
            }
        }
        if let Some((line, at, floor)) = past.too_early {
            let rest = format!(
                "says in line {line} that it was {at}, after a time stamp of {floor}: the clock it \
                 was recorded by, or the record, is wrong"
            );
            self.wrong(JOURNAL_FILE, &rest);
        }
        Ok(())
    }

    fn of_manifest(
        &mut self,
        opened: &Opened,
        finished: Option<Timestamp>,
        known: Option<&StamperCertificates>,
        asked: bool,
    ) {
        let stamp = match read_stamp(opened) {
            Ok(Some(stamp)) => stamp,
            Ok(None) => {
                if asked {
                    self.notes.push(
                        "the run asked for time stamps, but its manifest has none; `letterproof \
                         stamp` gets one"
                            .to_owned(),
                    );
                }
                return;
            }
            Err(_) => {
                let rest = "does not hold a time stamp in a format that this version reads";
                return self.wrong(TIMESTAMP_FILE, rest);
            }
        };
        let Ok(manifest) = opened.read(MANIFEST_FILE, MANIFEST_LIMIT) else {
            return self.wrong(TIMESTAMP_FILE, "is about a manifest that cannot be read");
        };
        match check_stamp(&stamp, &sha256_hex(&manifest), known) {
            Err(fault) => self.wrong(TIMESTAMP_FILE, &fault),
            Ok(stamped) => {
                if let Some(finished) = finished
                    && finished.duration_since(stamped.at) > TOLERANCE
                {
                    let rest = format!(
                        "is of {}, before the run ended at {finished} by its own record",
                        stamped.at
                    );
                    self.wrong(TIMESTAMP_FILE, &rest);
                }
                self.saw(MANIFEST_FILE, None, stamped);
            }
        }
    }

    /// Every stamp must be of a stamper that these vouch for, and there must be one.
    fn demand(&mut self, known: &StamperCertificates) {
        let file = known.path().display();
        let mut strangers: BTreeMap<&str, &str> = BTreeMap::new();
        for seen in self.seen.iter().filter(|seen| !seen.known) {
            strangers.entry(&seen.by).or_insert(&seen.file);
        }
        let sentences: Vec<(String, String)> = strangers
            .into_iter()
            .map(|(by, at)| {
                (at.to_owned(), format!("is stamped by {by}, who is not listed in {file}"))
            })
            .collect();
        for (at, rest) in sentences {
            self.wrong(&at, &rest);
        }
        if self.seen.is_empty() && self.problems.is_empty() {
            let sentence = format!(
                "the bundle has no time stamp, though one is expected from a stamper in {file}"
            );
            self.problems.push(Problem::whole(ProblemKind::Stamp, sentence));
        }
    }

    fn saw(&mut self, file: &str, line: Option<u64>, stamped: Stamped) {
        let Stamped { at, by, is_known } = stamped;
        self.seen.push(StampSeen { file: file.to_owned(), line, at, by, known: is_known });
    }

    fn wrong(&mut self, file: &str, rest: &str) {
        self.problems.push(Problem::of(ProblemKind::Stamp, file, rest));
    }
}

/// What stamps rest on, of the lines of a journal so far.
struct Past {
    /// The lines that stamps are about.
    about: HashSet<u64>,
    /// Of those that were read, the hash and the latest moment up to them.
    lines: HashMap<u64, (String, Timestamp)>,
    /// The latest moment that any line so far tells.
    latest: Timestamp,
    /// The latest stamp so far, and the first line after it that tells an earlier time.
    floor: Option<Timestamp>,
    too_early: Option<(u64, Timestamp, Timestamp)>,
}

impl Past {
    /// After the header.
    fn new(about: HashSet<u64>, reader: &JournalReader) -> Self {
        let began = reader.header().started;
        let mut past =
            Self { about, lines: HashMap::new(), latest: began, floor: None, too_early: None };
        past.line(reader, began);
        past
    }

    /// Takes in the line read last, which tells this time.
    fn line(&mut self, reader: &JournalReader, at: Timestamp) {
        let number = reader.lines();
        if let Some(floor) = self.floor
            && floor.duration_since(at) > TOLERANCE
        {
            self.too_early.get_or_insert((number, at, floor));
        }
        self.latest = self.latest.max(at);
        if self.about.contains(&number) {
            self.lines.insert(number, (reader.head().to_owned(), self.latest));
        }
    }

    /// Checks the stamp in line `number` against the line and head it is about; the mark that holds
    /// it is of `told`.
    fn check(
        &self,
        number: u64,
        (line, head): (u64, &str),
        stamp: &Stamp,
        told: Timestamp,
        known: Option<&StamperCertificates>,
    ) -> Result<Stamped, String> {
        let Some((hash, latest)) = self.lines.get(&line).filter(|_| line < number) else {
            return Err("is about a line that does not come before it".to_owned());
        };
        if hash != head {
            return Err(format!("does not name the hash of line {line}"));
        }
        let stamped = check_stamp(stamp, hash, known)?;
        let at = stamped.at;
        if at.duration_since(told).abs() > TOLERANCE {
            return Err(format!("is of {at}, but the journal says {told}"));
        }
        if latest.duration_since(at) > TOLERANCE {
            return Err(format!("is of {at}, but about lines that say {latest}"));
        }
        Ok(stamped)
    }
}
