//! AT3: receive the same list twice without doing the work twice.
//! Refuses one reading of "again at once": the time between the two calls decides whether the
//! visibility timeout hides the letters, and the ruling says which window was observed.

use std::collections::HashSet;

use letterproof_model::{Context, LetterStatus};

use crate::at02;
use crate::moved::twice;
use crate::pairs::{Pair, Window, pairs, repeated_letters, updated_before};
use crate::ruling::{Ruling, Rulings, rule};
use crate::tally::Tally;
use crate::traffic::{EventKind, LetterIx, Traffic};
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
            ("AT3.2", at_once),
            ("AT3.3", after_timeout),
            ("AT3.4", handled_once),
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
    // Other tests list, update and list again by design; only the whole list is AT3's.
    let whole: Vec<_> =
        pairs.iter().filter(|pair| pair.first.limit == Some(at02::SEEDED)).collect();
    if whole.is_empty() {
        return nothing();
    }
    Ruling::fail("the list was asked for again only after updates of its letters")
        .shown_by(whole.iter().flat_map(|pair| shown(pair)))
        .about(whole.iter().filter_map(|pair| pair.updated))
}

fn at_once(Again { clean, traffic, context, .. }: &Again<'_>) -> Ruling {
    let timeout = seconds(micros(context.visibility_timeout_ms));
    let mut tally = Tally::default();
    let mut gaps = Vec::new();
    for pair in clean.iter().filter(|pair| pair.window != Window::After) {
        let first: HashSet<LetterIx> = pair.first.letters().into_iter().collect();
        let repeated: Vec<LetterIx> =
            pair.second.letters().into_iter().filter(|letter| first.contains(letter)).collect();
        let shown = [pair.first.call, pair.second.call];
        if repeated.is_empty() {
            gaps.push(seconds(pair.gap()));
            tally.good(shown);
        } else if pair.window == Window::AtOnce {
            let words = format!(
                "is one of {} listed again {} later",
                many(repeated.len(), "letter"),
                seconds(pair.gap())
            );
            tally.fault(repeated[0], shown, words);
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run(format!(
            "no list was asked for again within the visibility timeout of {timeout}"
        ));
    }
    tally.rule(traffic, "second list", |n| {
        format!(
            "{} within the timeout of {timeout} (after {}), no letter repeated",
            many(n, "second list"),
            gaps[..gaps.len().min(3)].join(", ")
        )
    })
}

fn after_timeout(Again { clean, traffic, context, .. }: &Again<'_>) -> Ruling {
    let timeout = micros(context.visibility_timeout_ms);
    let mut tally = Tally::default();
    let mut same = String::new();
    let mut hidden_whole = Vec::new();
    for pair in clean.iter().filter(|pair| pair.window != Window::AtOnce) {
        let (first, second) = (pair.first.letters(), pair.second.letters());
        let missing = first.iter().find(|letter| {
            second.binary_search(letter).is_err()
                && !pair.hidden(**letter, pair.second, traffic, timeout)
                && !updated_before(**letter, pair.second, traffic)
        });
        let added = second.iter().find(|letter| {
            first.binary_search(letter).is_err()
                && !pair.hidden(**letter, pair.first, traffic, timeout)
        });
        let shown = [pair.first.call, pair.second.call];
        let gap = seconds(pair.gap());
        let (was, is) = (count(first.len() as u64), many(second.len(), "letter"));
        let back = first.iter().filter(|letter| second.binary_search(letter).is_ok()).count();
        match (missing, added) {
            (None, None) if back > 0 => {
                same = match first.len() - back {
                    0 => format!("{is} after {gap}, the same as before"),
                    taken => format!(
                        "{is} after {gap}, the same as before but {} hidden or updated meanwhile",
                        count(taken as u64)
                    ),
                };
                tally.good(shown);
            }
            _ if pair.window == Window::Edge => {}
            // Others took every letter meanwhile: none was seen to come back.
            (None, None) => hidden_whole.extend(shown),
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

fn handled_once(Again { clean, traffic, .. }: &Again<'_>) -> Ruling {
    if clean.is_empty() {
        return nothing();
    }
    let mut tally = Tally::default();
    for letter in repeated_letters(clean) {
        let jobs: Vec<_> = traffic
            .letter(letter)
            .events
            .iter()
            .filter(|event| event.by_supplier && matches!(event.kind, EventKind::Downloaded))
            .filter(|event| traffic.call(event.call).answer().accepted())
            .map(|event| event.call)
            .collect();
        match jobs.len() {
            0 => {}
            1 => tally.good(jobs),
            n => tally.fault(letter, jobs, format!("was downloaded {n} times")),
        }
    }
    if tally.checked() == 0 {
        let reason = "no letter of the repeated list was downloaded, so no job can be counted";
        return Ruling::open("nothing was handled", reason);
    }
    tally.rule(traffic, "letter", |n| format!("{} downloaded, each once", many(n, "letter")))
}

fn updated_once(Again { clean, traffic, .. }: &Again<'_>) -> Ruling {
    if clean.is_empty() {
        return nothing();
    }
    let updated = repeated_letters(clean).into_iter().filter(|letter| {
        traffic.letter(*letter).sent().any(|(_, update)| update.answer.accepted())
    });
    let updated: Vec<LetterIx> = updated.collect();
    if updated.is_empty() {
        let reason = "no letter of the repeated list was updated, so nothing can be counted";
        return Ruling::open("nothing was handled", reason);
    }
    twice(traffic, &LetterStatus::ALL, updated)
}

fn on_record(Again { clean, traffic, .. }: &Again<'_>) -> Ruling {
    if clean.is_empty() {
        return nothing();
    }
    let rule = |pair: &Pair<'_>| {
        let rulings = [pair.first, pair.second].map(|list| at02::on_record(list, traffic));
        rulings.into_iter().find(|ruling| !ruling.passed())
    };
    match clean.iter().find_map(|pair| rule(pair)) {
        Some(ruling) => ruling,
        None => {
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
    }
}
