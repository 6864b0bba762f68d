//! The time stamps of a bundle: of heads in its journal, and of its manifest.
//!
//! Each is checked offline against a hash that is taken again here, and the times of the run are
//! held against it: what was recorded before a stamp happened before it, what was recorded after
//! it no earlier. Refuses to take a stamper's word where the reader did not say that it is known:
//! it is told who stamped, and that nobody vouches for it.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _};

use jiff::SignedDuration;
use letterproof_model::{Journal as _, Mark, MarkKind, Stamp, Timestamp};
use serde::{Deserialize, Serialize};

use crate::journal::LINE_LIMIT;
use crate::stamp::{Stamped, StamperCertificates, TIMESTAMP_FILE, check_stamp, read_stamp};
use crate::{
    EvidenceError, FileReader, JOURNAL_FILE, MANIFEST_FILE, Opened, Problem, ProblemKind,
    SavedJournal, sha256_hex,
};

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

/// A stamp in the journal, and the mark that holds it.
struct Held<'a> {
    mark: &'a Mark,
    line: u64,
    head: &'a str,
    stamp: &'a Stamp,
}

impl Stamps {
    /// Returns whether the run asked for stamps at all.
    fn of_journal(
        &mut self,
        opened: &Opened,
        marks: &[Mark],
        known: Option<&StamperCertificates>,
    ) -> bool {
        let mut held = Vec::new();
        let mut asked = false;
        for mark in marks {
            match &mark.kind {
                MarkKind::Stamped { line, head, stamp } => {
                    held.push(Held { mark, line: *line, head, stamp });
                }
                MarkKind::Unstamped { stamper, reason, .. } => {
                    asked = true;
                    self.notes.push(format!(
                        "no time stamp was got of {} at {}: {}",
                        crate::names::shown(stamper),
                        mark.at,
                        crate::names::shown(reason)
                    ));
                }
                _ => {}
            }
        }
        if held.len() > MOST {
            self.wrong(JOURNAL_FILE, "holds more time stamps than any run asks for");
            return true;
        }
        if !held.is_empty()
            && let Err(error) = self.walk(opened, &held, known)
        {
            let rest = format!("cannot be read again for its time stamps: {error}");
            self.wrong(JOURNAL_FILE, &rest);
        }
        asked || !held.is_empty()
    }

    /// Goes through the journal once more, for the hashes and times of its lines.
    fn walk(
        &mut self,
        opened: &Opened,
        held: &[Held<'_>],
        known: Option<&StamperCertificates>,
    ) -> Result<(), EvidenceError> {
        let mut lines = Lines::of(opened, held)?;
        let mut next = held.iter();
        while let Some(line) = lines.next()? {
            if line.is_stamp
                && let Some(held) = next.next()
            {
                match lines.check(held, line.number, known) {
                    Ok(stamped) => {
                        lines.since(stamped.at);
                        self.saw(JOURNAL_FILE, Some(held.line), stamped);
                    }
                    Err(fault) => {
                        let rest =
                            format!("holds a time stamp in line {} that {fault}", line.number);
                        self.wrong(JOURNAL_FILE, &rest);
                    }
                }
            }
        }
        if let Some((line, at, floor)) = lines.too_early {
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
                        "the run asked for time stamps, and its manifest bears none; `letterproof \
                         stamp` gets one"
                            .to_owned(),
                    );
                }
                return;
            }
            Err(_) => {
                let rest = "holds no time stamp of a format that this version reads";
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
                        "is of {}, before the run had ended by its own word at {finished}",
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
                (at.to_owned(), format!("is stamped by {by}, whom {file} does not vouch for"))
            })
            .collect();
        for (at, rest) in sentences {
            self.wrong(&at, &rest);
        }
        if self.seen.is_empty() && self.problems.is_empty() {
            let sentence = format!(
                "the bundle bears no time stamp, though one is expected by a stamper of {file}"
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

/// The lines of a journal, with what stamps rest on.
struct Lines {
    input: BufReader<FileReader>,
    buffer: Vec<u8>,
    number: u64,
    /// The latest moment that any line so far tells.
    latest: Option<Timestamp>,
    /// Hash of each line that a stamp is about, and the latest moment up to it.
    wanted: HashMap<u64, Option<(String, Option<Timestamp>)>>,
    /// The latest stamp so far, and the first line after it that tells an earlier time.
    floor: Option<Timestamp>,
    too_early: Option<(u64, Timestamp, Timestamp)>,
}

/// A line that was gone over.
struct Gone {
    number: u64,
    is_stamp: bool,
}

/// What of a line tells a time; everything else is passed over.
#[derive(Deserialize)]
struct Told {
    started: Option<Timestamp>,
    exchange: Option<ToldExchange>,
    mark: Option<ToldMark>,
}

#[derive(Deserialize)]
struct ToldExchange {
    started: Timestamp,
}

#[derive(Deserialize)]
struct ToldMark {
    at: Timestamp,
    kind: String,
}

impl Lines {
    fn of(opened: &Opened, held: &[Held<'_>]) -> Result<Self, EvidenceError> {
        Ok(Self {
            input: BufReader::with_capacity(1 << 16, opened.reader(JOURNAL_FILE)?),
            buffer: Vec::new(),
            number: 0,
            latest: None,
            wanted: held.iter().map(|held| (held.line, None)).collect(),
            floor: None,
            too_early: None,
        })
    }

    /// The next whole line.
    fn next(&mut self) -> Result<Option<Gone>, EvidenceError> {
        self.buffer.clear();
        let read = EvidenceError::io("read", JOURNAL_FILE, "check that the file is readable");
        self.input
            .by_ref()
            .take(LINE_LIMIT + 1)
            .read_until(b'\n', &mut self.buffer)
            .map_err(read)?;
        if self.buffer.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.number += 1;
        let told: Option<Told> = serde_json::from_slice(&self.buffer).ok();
        let (at, is_stamp) = match told {
            Some(Told { exchange: Some(exchange), .. }) => (Some(exchange.started), false),
            Some(Told { mark: Some(mark), .. }) => (Some(mark.at), mark.kind == MarkKind::STAMPED),
            Some(Told { started, .. }) => (started, false),
            None => (None, false),
        };
        if let (Some(at), Some(floor)) = (at, self.floor)
            && floor.duration_since(at) > TOLERANCE
        {
            self.too_early.get_or_insert((self.number, at, floor));
        }
        self.latest = self.latest.max(at);
        if let Some(wanted) = self.wanted.get_mut(&self.number) {
            *wanted = Some((sha256_hex(&self.buffer), self.latest));
        }
        Ok(Some(Gone { number: self.number, is_stamp }))
    }

    /// Checks a stamp against the line it is about, which stands before the mark in line `number`.
    fn check(
        &self,
        held: &Held<'_>,
        number: u64,
        known: Option<&StamperCertificates>,
    ) -> Result<Stamped, String> {
        let line = self.wanted.get(&held.line).and_then(Option::as_ref);
        let Some((hash, latest)) = line.filter(|_| held.line < number) else {
            return Err("is about a line that does not come before it".to_owned());
        };
        if hash != held.head {
            return Err(format!("does not name the hash of line {}", held.line));
        }
        let stamped = check_stamp(held.stamp, hash, known)?;
        let (at, told) = (stamped.at, held.mark.at);
        if at.duration_since(told).abs() > TOLERANCE {
            return Err(format!("is of {at}, where the journal says {told}"));
        }
        if let Some(latest) = latest.filter(|latest| latest.duration_since(at) > TOLERANCE) {
            return Err(format!("is of {at}, and about lines that say {latest}"));
        }
        Ok(stamped)
    }

    /// What follows is no earlier than this stamp.
    fn since(&mut self, at: Timestamp) {
        self.floor = self.floor.max(Some(at));
    }
}
