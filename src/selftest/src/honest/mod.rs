//! The honest half of the matrix: allowed ways of seeding, working, calling and answering, each of
//! which must turn nothing red.
//!
//! One table names each variation, how it is made (a habit of the sample supplier, an option of the
//! mock, a failure in passing), and under which tests it is run. Every row has a run, and every
//! criterion left open a reason.

mod catalogue;

use std::fmt;
use std::time::Duration;

use letterproof_mock::{
    Fault, Framing, LetterPlan, MediaType, Mix, MockConfig, PdfKind, Refusals, SeedPlan,
    StoragePlace,
};

pub(crate) use catalogue::Run;
pub use catalogue::honest_catalogue;

/// What a variation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Which letters are seeded.
    Seeding,
    /// How letters move.
    Workflow,
    /// How a supplier works and calls.
    Habit,
    /// What the gateway does with calls and answers.
    Gateway,
    /// Where and how documents are served.
    Storage,
    /// How the queue follows the letters.
    Queue,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Seeding => "seeding",
            Self::Workflow => "workflow",
            Self::Habit => "habit",
            Self::Gateway => "gateway",
            Self::Storage => "storage",
            Self::Queue => "queue",
        })
    }
}

/// A criterion that a variation may leave open although its control decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// A clause of the pack, a check of the conformance suite, or one of an observer's.
    pub id: &'static str,
    /// Why it cannot be decided.
    pub reason: &'static str,
}

/// An allowed variation.
#[derive(Debug)]
pub struct HonestEntry {
    /// Its name in the matrix.
    pub name: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// What differs from the control, in one sentence, with its scale.
    pub does: &'static str,
    /// How it is made.
    pub ways: &'static [Way],
    pub(crate) runs: &'static [Run],
    /// What it may leave open.
    pub open: &'static [Open],
    /// Checks of ours (`O-…`) that it may be advised by: advice blames nobody.
    pub advised: &'static [&'static str],
}

/// One thing that differs from the control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A habit of the sample supplier.
    Habit(&'static str),
    /// What the witness makes to go wrong in passing, in its own notation.
    Injected(&'static str),
    /// A fault of the mock that strikes in passing or harms nobody, in its own notation.
    Fault(&'static str),
    /// Days pass where the supplier waits for one: the record's times are moved so far.
    DaysPass,
    /// So many letters are seeded.
    Letters(u32),
    /// These letters are seeded.
    Seeds(Seeds),
    /// No id is sent back.
    NoIds,
    /// No correlation id is made where the caller sends none.
    NoCorrelationId,
    /// JSON is announced as `application/json`.
    PlainJson,
    /// `X-Correlation-ID` is a chain of ids with dots.
    DottedIds,
    /// How the gateway's refusals are written.
    Refusals(Refusals),
    /// How bodies come.
    Framing(Framing),
    /// `Date` is so many seconds fast.
    DateOff(i64),
    /// Tokens live so many milliseconds.
    TokenLife(u64),
    /// The API lets so many calls a second through.
    RateLimit(u32),
    /// Documents are on another host.
    StorageHost(&'static str),
    /// Documents are below another folder.
    StorageFolder(&'static str),
    /// Documents come with the headers of a store and a cache.
    StorageHeaders,
    /// A letter stays in the queue so many milliseconds after it has left PENDING.
    QueueLag(u64),
    /// Updates overtake each other.
    Unordered,
    /// Updates show after up to so many milliseconds more.
    ApplyJitter(u64),
    /// Listed letters are hidden for so many milliseconds.
    Visibility(u64),
}

/// Letters other than the varied ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeds {
    /// The kinds of NHS's own batch script.
    Int,
    /// Every letter has its document.
    NoneMissing,
    /// All letters are of one specification and group.
    OneSpecification,
    /// Every document has six pages.
    SixPages,
    /// One specification in three groups.
    ThreeGroups,
    /// The varied ones and others without a group.
    SomeGroupless,
}

/// What a store and a cache in front of it add to a document.
const STORE_HEADERS: [(&str, &str); 5] = [
    ("x-amz-request-id", "TX000000000000000001"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-cache", "Miss from cloudfront"),
    ("content-disposition", "attachment; filename=\"letter.pdf\""),
    ("cache-control", "private, max-age=60"),
];

impl Way {
    /// Puts the numbers into a set-up that follow from this way.
    pub(crate) fn scale(self, letters: &mut u32, visibility: &mut Duration) {
        match self {
            Self::Letters(number) => *letters = number,
            Self::Visibility(millis) => *visibility = Duration::from_millis(millis),
            _ => {}
        }
    }

    /// Sets the mock up this way.
    ///
    /// # Errors
    /// A fault that does not exist.
    pub(crate) fn configure(self, config: &mut MockConfig) -> Result<(), String> {
        let millis = Duration::from_millis;
        match self {
            Self::Habit(_)
            | Self::Injected(_)
            | Self::DaysPass
            | Self::Letters(_)
            | Self::Visibility(_) => {}
            Self::Fault(text) => {
                config.faults.push(Fault::parse(text).map_err(|error| error.to_string())?);
            }
            Self::Seeds(seeds) => {
                config.seeds = SeedPlan { pdf_bytes: config.seeds.pdf_bytes, ..seeds.plan() };
            }
            Self::NoIds => {
                config.gateway.echo_ids = false;
                config.gateway.generate_correlation_id = false;
            }
            Self::NoCorrelationId => config.gateway.generate_correlation_id = false,
            Self::PlainJson => config.gateway.media_type = MediaType::Json,
            Self::DottedIds => config.gateway.dotted_correlation_id = true,
            Self::Refusals(refusals) => config.gateway.refusals = refusals,
            Self::Framing(framing) => config.gateway.framing = framing,
            Self::DateOff(seconds) => config.gateway.date_off = seconds,
            Self::TokenLife(life) => config.token_lifetime = millis(life),
            Self::RateLimit(limit) => config.rate_limit = Some(limit),
            Self::StorageHost(host) => config.storage.host = Some(host.to_owned()),
            Self::StorageFolder(folder) => {
                config.storage =
                    StoragePlace { folder: folder.to_owned(), ..config.storage.clone() };
            }
            Self::StorageHeaders => config.storage.headers = STORE_HEADERS.to_vec(),
            Self::QueueLag(lag) => config.queue_lag = millis(lag),
            Self::Unordered => config.unordered = true,
            Self::ApplyJitter(jitter) => config.apply_jitter = millis(jitter),
        }
        Ok(())
    }
}

impl Seeds {
    fn plan(self) -> SeedPlan {
        let of = |kind: &str, group: &str| {
            LetterPlan::share(&format!("integration-specification-{kind}"), group, 1.0)
        };
        let letters = match self {
            Self::Int => {
                let plans = Mix::Int.plan().letters.into_iter();
                plans.map(|plan| LetterPlan { pdf_bytes: None, documents: 2, ..plan }).collect()
            }
            Self::NoneMissing => {
                let plans = Mix::Varied.plan().letters.into_iter();
                plans.filter(|plan| plan.pdf == PdfKind::Valid).collect()
            }
            Self::OneSpecification => vec![of("english", "group-english")],
            Self::SomeGroupless => {
                let groupless = LetterPlan { share: 20.0, ..of("english", "") };
                Mix::Varied.plan().letters.into_iter().chain([groupless]).collect()
            }
            Self::SixPages => vec![
                LetterPlan { pages: Some(6), ..of("english", "group-english") },
                LetterPlan { pages: Some(6), ..of("arabic", "group-international") },
            ],
            Self::ThreeGroups => {
                ["group-a", "group-b", "group-c"].map(|group| of("english", group)).to_vec()
            }
        };
        SeedPlan { letters, ..SeedPlan::default() }
    }
}

impl fmt::Display for Way {
    /// As a command line would say it, or in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Habit(name) => write!(f, "--habit {name}"),
            Self::Injected(rule) => write!(f, "--inject {rule}"),
            Self::Fault(text) => write!(f, "--fault {text}"),
            Self::DaysPass => f.write_str("days pass"),
            Self::Letters(number) => write!(f, "--letters {number}"),
            Self::Seeds(seeds) => f.write_str(match seeds {
                Seeds::Int => "--mix int",
                Seeds::NoneMissing => "no document missing",
                Seeds::OneSpecification => "one specification",
                Seeds::SixPages => "six pages",
                Seeds::ThreeGroups => "three groups",
                Seeds::SomeGroupless => "some letters without a group",
            }),
            Self::NoIds => f.write_str("no ids"),
            Self::NoCorrelationId => f.write_str("no correlation id made"),
            Self::PlainJson => f.write_str("application/json"),
            Self::DottedIds => f.write_str("dotted ids"),
            Self::Refusals(Refusals::Problems) => f.write_str("401 as a problem"),
            Self::Refusals(_) => f.write_str("401 and 429 as faults"),
            Self::Framing(Framing::Gzip) => f.write_str("gzip"),
            Self::Framing(_) => f.write_str("chunked"),
            Self::DateOff(seconds) => write!(f, "Date off by {seconds} s"),
            Self::TokenLife(life) => write!(f, "tokens of {life} ms"),
            Self::RateLimit(limit) => write!(f, "--rate-limit {limit}"),
            Self::StorageHost(host) => write!(f, "storage at {host}"),
            Self::StorageFolder(folder) => write!(f, "storage below /{folder}"),
            Self::StorageHeaders => f.write_str("storage headers"),
            Self::QueueLag(lag) => write!(f, "--queue-lag {lag}ms"),
            Self::Unordered => f.write_str("--unordered"),
            Self::ApplyJitter(jitter) => write!(f, "updates up to {jitter} ms later"),
            Self::Visibility(millis) => write!(f, "--visibility-timeout {millis}ms"),
        }
    }
}
