//! AT3: receive the same list twice without doing the work twice. The API's part is not asked of the
//! supplier: a second list at once may repeat the letters or hide them, and the limit may cut either
//! list.

use letterproof_model::{Context, LetterStatus};

use crate::moves::moves_to;
use crate::readback::{ReadBack, read_back};
use crate::ruling::{Ruling, Rulings, rule};
use crate::supplier::at02;
use crate::supplier::hidden::lost_before;
use crate::supplier::pairs::{
    Pair, Window, is_cut, listed_before, pairs, repeated_letters, updated_before,
};
use crate::supplier::status_moves::twice;
use crate::tally::Tally;
use crate::traffic::{LetterIx, Traffic};
use letterproof_model::text::{count, many, micros, seconds};

/// Judges AT3.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let pairs = pairs(traffic, context);
    let clean = pairs.iter().filter(|pair| pair.updated.is_none()).collect();
    let again = Again { pairs: &pairs, clean, traffic, context };
    rule(
        &again,
        [
            ("AT3.1", asked_again),
            ("AT3.3", after_timeout),
            ("AT3.5", updated_once),
            ("AT3.6", on_record),
        ],
    )
}

/// Lists asked for twice.
struct Again<'a> {
    pairs: &'a [Pair<'a>],
    /// Those without an update in between.
    clean: Vec<&'a Pair<'a>>,
    traffic: &'a Traffic,
    context: &'a Context,
}

fn nothing() -> Ruling {
    Ruling::not_run("no list was asked for twice without an update in between")
}

fn asked_again(Again { pairs, clean, .. }: &Again<'_>) -> Ruling {
    let shown = |pair: &Pair<'_>| [pair.first.call, pair.second.call];
    if !clean.is_empty() {
        let gaps: Vec<String> = clean.iter().take(3).map(|pair| seconds(pair.gap())).collect();
        let observed = format!("asked again after {}, no update in between", gaps.join(", "));
        return Ruling::pass(observed).shown_by(clean.iter().flat_map(|pair| shown(pair)));
    }
    // Other tests list, update and list again by design; only the whole list is AT3's, and only one
    // that comes again: the list of another day names other letters.
    let whole: Vec<_> = pairs
        .iter()
        .filter(|pair| pair.first.limit == Some(at02::SEEDED) && pair.mostly_again())
        .collect();
    if whole.is_empty() {
        return nothing();
    }
    Ruling::fail("the list was asked for again only after updates of its letters")
        .shown_by(whole.iter().flat_map(|pair| shown(pair)))
        .about(whole.iter().filter_map(|pair| pair.updated))
}

fn after_timeout(Again { clean, traffic, context, .. }: &Again<'_>) -> Ruling {
    let timeout = micros(context.visibility_timeout_ms);
    let mut tally = Tally::default();
    let mut same = String::new();
    let mut hidden_whole = Vec::new();
    for pair in clean.iter().filter(|pair| pair.window != Window::AtOnce) {
        let (first, second) = (pair.first.letters(), pair.second.letters());
        let back = first.iter().filter(|letter| second.binary_search(letter).is_ok()).count();
        // A list cut by its limit shows the head of the queue: what does not fit is not missed. What
        // is new came to the queue meanwhile, but a head that nobody ever saw is another queue.
        let strange =
            back == 0 && !second.iter().any(|letter| listed_before(*letter, pair.second, traffic));
        let missing = first.iter().filter(|_| strange || !is_cut(pair.second)).find(|letter| {
            second.binary_search(letter).is_err()
                && !pair.hidden(**letter, pair.second, traffic, timeout)
                && !updated_before(**letter, pair.second, traffic)
        });
        let added = second.first().filter(|_| strange);
        let came = match is_cut(pair.first) {
            true => String::new(),
            false => came_meanwhile(pair, &second, traffic),
        };
        let shown = [pair.first.call, pair.second.call];
        let gap = seconds(pair.gap());
        let (was, is) = (count(first.len() as u64), many(second.len(), "letter"));
        let lost = lost_before(pair.second, traffic, timeout)
            .or_else(|| lost_before(pair.first, traffic, timeout));
        match (missing, added) {
            (None, None) if back > 0 => {
                same = match first.len() - back {
                    taken if taken > 0 && is_cut(pair.second) => format!(
                        "{is} after {gap}, {} of them in the first list of {was}",
                        count(back as u64)
                    ),
                    0 => format!("{is} after {gap}, the same as before{came}"),
                    taken => format!(
                        "{is} after {gap}, the same as before but {} hidden or updated \
                         meanwhile{came}",
                        count(taken as u64)
                    ),
                };
                tally.good(shown);
            }
            _ if pair.window == Window::Edge => {}
            // Others took every letter meanwhile: none was seen to come back.
            (None, None) => hidden_whole.extend(shown),
            (Some(letter), _) | (None, Some(letter)) if lost.is_some() => tally.open(
                *letter,
                lost.into_iter().chain(shown),
                "is in only one of the two lists; a list whose answer was lost hid its letters",
            ),
            (Some(letter), _) => tally.fault(
                *letter,
                shown,
                format!("is missing from the second list ({was} before, {is} {gap} later)"),
            ),
            (None, Some(letter)) => tally.fault(
                *letter,
                shown,
                format!("is new in the second list ({was} before, {is} {gap} later)"),
            ),
        }
    }
    if tally.checked() == 0 && !hidden_whole.is_empty() {
        let reason = "every letter of the first list was hidden or updated meanwhile; ask again";
        return Ruling::open("no letter came back", reason).shown_by(hidden_whole);
    }
    if tally.checked() == 0 {
        return Ruling::not_run(format!(
            "no list was asked for again after the visibility timeout of {}",
            seconds(timeout)
        ));
    }
    tally.rule(traffic, "second list", |_| same)
}

/// What a second list says of letters that nobody had listed before it.
fn came_meanwhile(pair: &Pair<'_>, second: &[LetterIx], traffic: &Traffic) -> String {
    let new = second.iter().filter(|letter| !listed_before(**letter, pair.second, traffic));
    match new.count() {
        0 => String::new(),
        new => format!(" and {} new to the queue", count(new as u64)),
    }
}

fn updated_once(Again { clean, traffic, context, .. }: &Again<'_>) -> Ruling {
    if clean.is_empty() {
        return nothing();
    }
    let updated = repeated_letters(clean).into_iter().filter(|letter| {
        traffic.letter(*letter).sent().any(|(_, update)| update.answer.accepted())
    });
    let updated: Vec<LetterIx> = updated.collect();
    if updated.is_empty() {
        let reason = "no letter of the repeated list was updated, so nothing can be counted";
        return Ruling::open("nothing was processed", reason);
    }
    let lost: Vec<LetterIx> = never_applied(&updated, traffic, context);
    let ruling = twice(traffic, &LetterStatus::ALL, updated);
    match lost.first() {
        None => ruling,
        Some(first) => ruling.or_because(&format!(
            "the API answered the acceptance of {} with success but never applied it: {}{}",
            many(lost.len(), "letter"),
            traffic.id_text(*first),
            if lost.len() > 1 { " and others" } else { "" }
        )),
    }
}

/// The letters whose acceptance was answered with success and is certain to have been lost.
fn never_applied(letters: &[LetterIx], traffic: &Traffic, context: &Context) -> Vec<LetterIx> {
    let moves = moves_to(traffic, context, LetterStatus::Accepted).into_iter();
    moves
        .filter(|moved| letters.binary_search(&moved.letter).is_ok())
        .filter(|moved| moved.updates(traffic).any(|(_, update)| update.answer.accepted()))
        .filter(|moved| matches!(read_back(moved, traffic, context), ReadBack::Not { .. }))
        .map(|moved| moved.letter)
        .collect()
}

fn on_record(Again { clean, .. }: &Again<'_>) -> Ruling {
    if clean.is_empty() {
        return nothing();
    }
    let retrieved: usize = clean.iter().map(|pair| pair.second.entries().len()).sum();
    let unique = repeated_letters(clean).len();
    Ruling::pass(format!(
        "{} with {} unique letters, {} retrieved again",
        many(clean.len(), "repeated list"),
        count(unique as u64),
        count(retrieved as u64)
    ))
    .shown_by(clean.iter().flat_map(|pair| [pair.first.call, pair.second.call]))
}
