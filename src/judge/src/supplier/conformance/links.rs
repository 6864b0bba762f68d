//! Download links: followed, expired, tampered with, asked for with HEAD. Signatures are not read: a
//! link changed in any way is one that no 303 gave.

use std::collections::{HashMap, HashSet};

use letterproof_model::Capability;

use super::check::{Check, Concluded, traffic};
use super::matching::Probed;
use super::plan::{LetterNeed, ProbePlan};
use super::read::none_or;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Micros, Print, Printer, Traffic};
use letterproof_model::text::seconds;

const DATA: &str = "OAS getDataId";
const STORAGE: &str = "storage behind the API, recorded";
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

/// When a link came into being, and how long it lives: between these two times.
struct Born {
    asked: Micros,
    given: Micros,
    life: Micros,
}

impl Born {
    /// The link that a call was answered with.
    fn of(call: &Call) -> Self {
        let life = call.link_life.unwrap_or_default();
        Self { asked: call.started, given: call.finished, life }
    }
}

/// Where links came from, by the prints of their URLs, and what followed them.
pub(super) struct Given {
    links: HashMap<Print, CallIx>,
    followed: Vec<Followed>,
}

/// A call of the storage.
struct Followed {
    ix: CallIx,
    link: Print,
    is_head: bool,
    /// Whether a link with this path was given.
    is_known_path: bool,
}

impl Given {
    /// The links that these calls for data were answered with, and the downloads.
    pub(super) fn by(data: &[CallIx], downloads: &[CallIx], traffic: &Traffic) -> Self {
        let printer = Printer::default();
        let (mut links, mut paths) = (HashMap::new(), HashSet::new());
        for ix in data {
            let call = traffic.call(*ix);
            if call.answer() != Answer::Status(303) {
                continue;
            }
            let exchange = call.exchange();
            if let Some(link) = exchange.response().and_then(|it| it.header("location")) {
                links.insert(printer.print(link), *ix);
                paths.insert(printer.print(path_of(link)));
            }
        }
        let followed = |ix: &CallIx| {
            let exchange = traffic.call(*ix).exchange();
            let url = exchange.request.url.as_str();
            Followed {
                ix: *ix,
                link: printer.print(url),
                is_head: exchange.request.method == "HEAD",
                is_known_path: paths.contains(&printer.print(path_of(url))),
            }
        };
        let followed = downloads.iter().map(followed).collect();
        Self { links, followed }
    }
}

fn path_of(link: &str) -> &str {
    link.split('?').next().unwrap_or(link)
}

/// Looks at each download, and at the link that it followed where that was given.
fn over_downloads(
    probed: &Probed<'_>,
    wanted: impl Fn(&Call, &Followed) -> bool,
    mut each: impl FnMut(&Followed, &Call, Option<&Born>, &mut Tally),
) -> Tally {
    let mut tally = Tally::default();
    for followed in &probed.given.followed {
        let call = probed.traffic.call(followed.ix);
        if wanted(call, followed) {
            let given = probed.given.links.get(&followed.link);
            let born = given.map(|given| Born::of(probed.traffic.call(*given)));
            each(followed, call, born.as_ref(), &mut tally);
        }
    }
    tally
}

fn is_get(call: &Call, _: &Followed) -> bool {
    call.is_get()
}

fn fresh(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, is_get, |followed, call, born, tally| {
        let Some(born) = born else { return };
        // A letter without a hash may have no content.
        let known = call.letter.is_some_and(|l| probed.traffic.letter(l).hash().is_some());
        if !known || call.finished - born.asked >= born.life - probed.traffic.slack() {
            return;
        }
        match call.answer() {
            Answer::Status(200) => tally.good([followed.ix]),
            Answer::Lost | Answer::Status(429 | 500..) => {}
            answer => tally.fault(call.letter, [followed.ix], format!("was {}", answer.words())),
        }
    });
    none_or(tally, probed, "download", "answered with 200")
}

/// Suppliers begin a broken download again, with the link they have.
fn again(probed: &Probed<'_>) -> Concluded {
    let mut given_before: HashMap<Print, (CallIx, Micros)> = HashMap::new();
    let tally = over_downloads(probed, is_get, |followed, call, born, tally| {
        let (Some(born), ix) = (born, followed.ix) else { return };
        let within = call.finished - born.asked < born.life - probed.traffic.slack();
        match (call.answer(), given_before.get(&followed.link).copied()) {
            (Answer::Status(200 | 206), None) => {
                given_before.insert(followed.link, (ix, call.finished));
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
    });
    none_or(tally, probed, "link followed again", "answered with the content")
}

/// Media types under which a PDF may come: its own, and those of a store that was told none.
const OF_PDF: [&str; 3] = ["application/pdf", "application/octet-stream", "binary/octet-stream"];

fn announced(probed: &Probed<'_>) -> Concluded {
    let tally = over_downloads(probed, is_get, |followed, call, born, tally| {
        if born.is_none() || !matches!(call.answer(), Answer::Status(200 | 206)) {
            return;
        }
        let ix = followed.ix;
        let media = call.media.map(|media| {
            let media = probed.traffic.text(media).split(';').next().unwrap_or_default();
            media.trim().to_ascii_lowercase()
        });
        match media {
            Some(media) if OF_PDF.contains(&media.as_str()) => tally.good([ix]),
            Some(media) => {
                let words = format!("has the media type {media} instead of application/pdf");
                tally.fault(call.letter, [ix], words);
            }
            // A recording made elsewhere may hold no headers at all.
            None if call.exchange().response().is_none_or(|it| it.headers.is_empty()) => {
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
    let tally = over_downloads(probed, is_get, |followed, call, born, tally| {
        let (Some(born), ix) = (born, followed.ix) else { return };
        let age = call.started - born.given;
        // A second of grace, since the storage's clock is not ours.
        if age < born.life.saturating_add(1_000_000) {
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
    let tally = over_downloads(probed, is_get, |followed, call, born, tally| {
        if born.is_some() || !followed.is_known_path {
            return;
        }
        match call.answer() {
            Answer::Status(403) => tally.good([followed.ix]),
            answer if is_cut_off(answer) => {}
            answer => tally.fault(None, [followed.ix], format!("was {}", answer.words())),
        }
    });
    none_or(tally, probed, "changed link", "refused with 403")
}

fn head(probed: &Probed<'_>) -> Concluded {
    let is_head = |_: &Call, followed: &Followed| followed.is_head;
    let tally = over_downloads(probed, is_head, |followed, call, _, tally| {
        if !followed.is_known_path {
            return;
        }
        match call.answer() {
            Answer::Status(200 | 403 | 405) => tally.good([followed.ix]),
            answer if is_cut_off(answer) => {}
            answer => tally.fault(None, [followed.ix], format!("was {}", answer.words())),
        }
    });
    none_or(tally, probed, "HEAD", "refused, or answered without content")
}
