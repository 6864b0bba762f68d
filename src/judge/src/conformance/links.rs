//! Download links: followed, expired, tampered with, asked for with HEAD. Signatures are not read: a
//! link changed in any way is one that no 303 gave.

use std::collections::{HashMap, HashSet};

use letterproof_model::{Capability, Operation};

use super::check::{Check, Concluded, traffic};
use super::matching::Probed;
use super::plan::{LetterNeed, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Micros};
use letterproof_model::text::seconds;

const DATA: &str = "OAS getDataId";
const STORAGE: &str = "storage behind the API, recorded";
/// How long a link lives where it does not say so itself.
const LIFE: Micros = 60_000_000;

const LINK: ProbePlan = ProbePlan::new("GET", "/letters/{letter}/data").letter(LetterNeed::WithPdf);

/// The sandbox's one link leads to somebody else's server.
const STATEFUL: &[Capability] = &[Capability::Stateful];

pub(super) const CHECKS: &[Check] = &[
    traffic(
        "C-LINK",
        "A fresh link gives the content",
        &[LINK],
        fresh,
        "A link followed before it expires is answered with 200.",
        DATA,
    )
    .needing(STATEFUL),
    traffic(
        "C-LINK-AGAIN",
        "A link can be followed more than once",
        &[LINK],
        again,
        "A link followed again before it expires gives the content again.",
        STORAGE,
    )
    .needing(STATEFUL),
    traffic(
        "C-DOWNLOAD-TYPE",
        "A PDF has the right media type",
        &[LINK],
        announced,
        "The content of a letter has the media type of a PDF, or of bytes.",
        "ours: programs rely on the media type",
    )
    .needing(STATEFUL)
    .advice(),
    traffic(
        "C-LINK-EXPIRED",
        "An expired link gives nothing",
        &[LINK],
        expired,
        "A link followed after it has expired is refused with 403.",
        DATA,
    )
    .needing(STATEFUL),
    traffic(
        "C-LINK-TAMPERED",
        "A changed link gives nothing",
        &[LINK],
        tampered,
        "A link with a changed signature is refused with 403.",
        STORAGE,
    )
    .needing(STATEFUL),
    traffic(
        "C-LINK-HEAD",
        "HEAD on a link",
        &[LINK],
        head,
        "The link is signed for GET: HEAD is refused, or answered without content.",
        STORAGE,
    )
    .needing(STATEFUL),
];

/// When a link came into being: between these two times.
pub(super) struct Born {
    asked: Micros,
    given: Micros,
}

/// Where a link came from, by its URL and by its path alone.
pub(super) struct Given<'a> {
    links: HashMap<&'a str, Born>,
    paths: HashSet<&'a str>,
}

impl<'a> Given<'a> {
    /// The links that these calls were answered with.
    pub(super) fn by(calls: impl Iterator<Item = &'a Call>) -> Self {
        let mut given = Self { links: HashMap::new(), paths: HashSet::new() };
        for call in calls {
            let response = call.exchange.response().filter(|response| response.status == 303);
            if let Some(link) = response.and_then(|response| response.header("location")) {
                given.links.insert(link, Born { asked: call.started, given: call.finished });
                given.paths.insert(path_of(link));
            }
        }
        given
    }
}

fn path_of(link: &str) -> &str {
    link.split('?').next().unwrap_or(link)
}

/// The life a link states, or the documented one.
pub(crate) fn life(link: &str) -> Micros {
    let stated = link
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("X-Amz-Expires="))
        .and_then(|seconds| seconds.parse::<i64>().ok());
    stated.map_or(LIFE, |seconds| seconds.saturating_mul(1_000_000))
}

fn over_downloads(
    probed: &Probed<'_>,
    method: &str,
    mut each: impl FnMut(CallIx, &Call, &Given<'_>, &mut Tally),
) -> Tally {
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::Download) {
        if call.exchange.request.method == method {
            each(ix, call, &probed.given, &mut tally);
        }
    }
    tally
}

fn fresh(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, "GET", |ix, call, given, tally| {
        let url = call.exchange.request.url.as_str();
        let Some(born) = given.links.get(url) else { return };
        // A letter without a hash may have no content.
        let known = call.letter.is_some_and(|l| probed.traffic.letter(l).hash().is_some());
        if !known || call.finished - born.asked >= life(url) - probed.traffic.slack() {
            return;
        }
        match call.answer() {
            Answer::Status(200) => tally.good([ix]),
            Answer::Lost | Answer::Status(429 | 500..) => {}
            answer => tally.fault(call.letter, [ix], format!("was {}", answer.words())),
        }
    });
    none_or(tally, probed, "download", "answered with 200")
}

/// Suppliers begin a broken download again, with the link they have.
fn again(probed: &Probed<'_>) -> Concluded {
    let mut given_before: HashMap<&str, (CallIx, Micros)> = HashMap::new();
    let mut tally = Tally::default();
    for (ix, call) in probed.of_operation(Operation::Download) {
        let url = call.exchange.request.url.as_str();
        let Some(born) = probed.given.links.get(url).filter(|_| is_get(call)) else { continue };
        let within = call.finished - born.asked < life(url) - probed.traffic.slack();
        match (call.answer(), given_before.get(url).copied()) {
            (Answer::Status(200 | 206), None) => {
                given_before.insert(url, (ix, call.finished));
            }
            (Answer::Status(200 | 206), Some((first, _))) => tally.good([first, ix]),
            (Answer::Lost | Answer::Status(429 | 500..), _) | (_, None) => {}
            (answer, Some((first, at))) if within => {
                let after = seconds((call.started - at).max(0));
                let words = format!(
                    "was {} when followed again {after} after it had given the content",
                    answer.words()
                );
                tally.fault(call.letter, [first, ix], words);
            }
            _ => {}
        }
    }
    none_or(tally, probed, "link followed again", "answered with the content")
}

fn is_get(call: &Call) -> bool {
    call.exchange.request.method == "GET"
}

/// Media types under which a PDF may come: its own, and those of a store that was told none.
const OF_PDF: [&str; 3] = ["application/pdf", "application/octet-stream", "binary/octet-stream"];

fn announced(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, "GET", |ix, call, given, tally| {
        let Some(response) = call.exchange.response().filter(|it| matches!(it.status, 200 | 206))
        else {
            return;
        };
        if !given.links.contains_key(call.exchange.request.url.as_str()) {
            return;
        }
        let media = response
            .header("content-type")
            .map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        match media {
            Some(media) if OF_PDF.contains(&media.as_str()) => tally.good([ix]),
            Some(media) => {
                let words = format!("has the media type {media} instead of application/pdf");
                tally.fault(call.letter, [ix], words);
            }
            // A recording made elsewhere may hold no headers at all.
            None if response.headers.is_empty() => {
                tally.open(call.letter, [ix], "is recorded without its headers");
            }
            None => {
                let words = "has no media type; application/pdf was expected";
                tally.fault(call.letter, [ix], words);
            }
        }
    });
    none_or(tally, probed, "download", "with the media type of a PDF or of bytes")
}

/// A failure on the way, which tells nothing of the link.
fn is_cut_off(answer: Answer) -> bool {
    matches!(answer, Answer::Lost | Answer::Status(502..=504))
}

fn expired(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, "GET", |ix, call, given, tally| {
        let url = call.exchange.request.url.as_str();
        let Some(born) = given.links.get(url) else { return };
        let age = call.started - born.given;
        // A second of grace, since the storage's clock is not ours.
        if age < life(url).saturating_add(1_000_000) {
            return;
        }
        match call.answer() {
            Answer::Status(403) => tally.good([ix]),
            answer if is_cut_off(answer) => {}
            answer => {
                let words = format!("followed after {}, was {}", seconds(age), answer.words());
                tally.fault(call.letter, [ix], words);
            }
        }
    });
    none_or(tally, probed, "expired link", "refused with 403")
}

fn tampered(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, "GET", |ix, call, given, tally| {
        let url = call.exchange.request.url.as_str();
        if given.links.contains_key(url) || !given.paths.contains(path_of(url)) {
            return;
        }
        match call.answer() {
            Answer::Status(403) => tally.good([ix]),
            answer if is_cut_off(answer) => {}
            answer => tally.fault(None, [ix], format!("was {}", answer.words())),
        }
    });
    none_or(tally, probed, "changed link", "refused with 403")
}

fn head(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, "HEAD", |ix, call, given, tally| {
        if !given.paths.contains(path_of(&call.exchange.request.url)) {
            return;
        }
        match call.answer() {
            Answer::Status(200 | 403 | 405) => tally.good([ix]),
            answer if is_cut_off(answer) => {}
            answer => tally.fault(None, [ix], format!("was {}", answer.words())),
        }
    });
    none_or(tally, probed, "HEAD", "refused, or answered without content")
}
