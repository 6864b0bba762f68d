//! A plan as text for people: each scenario with its costs, then the whole.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::time::Duration;

use letterproof_model::{Capability, LetterStatus, Operation};
use letterproof_steps::plan::{Bill, Need, Range};

use crate::out::Text;
use letterproof_harness::{Planned, shortage};

/// Renders a plan.
pub(crate) fn render(planned: &Planned) -> Text {
    let target = &planned.target;
    let place = if planned.embedded {
        "the embedded mock of INT".to_owned()
    } else {
        format!("{} ({})", target.name, target.base_url.as_str().trim_end_matches('/'))
    };
    let mut text = Text::of(format_args!("What a run would do on {place}. Nothing has been sent."));
    for scenario in &planned.plan.scenarios {
        text.gap();
        text.line(&scenario.scenario);
        bill(&mut text, &scenario.bill);
    }
    text.gap();
    text.line("In total, with a token and a read of /_status first");
    let mut total = planned.plan.total();
    // Each has its own line above.
    total.needs.clear();
    total.waits.clear();
    bill(&mut text, &total);
    seeding(&mut text, planned);
    let (least, most) = planned.plan.time();
    text.line(format_args!(
        "  time      {} to {}, plus the time for answers and downloads",
        duration(least),
        duration(most)
    ));
    text.gap();
    text.line(
        "Assumed: at most one letter in twenty cannot be accepted, and two in five cannot be accepted or produced. Reads and repeats may be more.",
    );
    text
}

fn bill(text: &mut Text, bill: &Bill) {
    line(text, "calls", &words(&bill.calls, |operation: &Operation| operation.label()));
    line(text, "reports", &words(&bill.updates, |status: &LetterStatus| status.as_str()));
    if bill.used_up.is_possible() {
        line(text, "uses up", &format!("{} PENDING letters", bill.used_up));
    }
    let needs = bill.needs.chunk_by(|a, b| a.what == b.what).map(need);
    line(text, "needs", &needs.collect::<Vec<_>>().join("; "));
    let waits: Vec<String> = bill
        .waits
        .iter()
        .map(|wait| match (wait.least, wait.most) {
            (least, most) if least == most => format!("until {}: {}", wait.what, duration(most)),
            (Duration::ZERO, most) => format!("until {}: up to {}", wait.what, duration(most)),
            (least, most) => {
                format!("until {}: {} to {}", wait.what, duration(least), duration(most))
            }
        })
        .collect();
    line(text, "waits", &waits.join("; "));
}

fn line(text: &mut Text, name: &str, words: &str) {
    if !words.is_empty() {
        text.line(format_args!("  {name:<9} {words}"));
    }
}

fn words<K, D: Display>(counts: &BTreeMap<K, Range>, name: impl Fn(&K) -> D) -> String {
    let words: Vec<String> =
        counts.iter().map(|(key, count)| format!("{} {count}", name(key))).collect();
    words.join(", ")
}

fn need(needs: &[Need]) -> String {
    let Some(need) = needs.first() else { return String::new() };
    let mut text = format!("{}: {}", need.what, counted(need.letters));
    if needs.len() > 1 {
        // Writing into a string cannot fail.
        let _ = write!(text, ", {} times", needs.len());
    }
    text
}

fn seeding(text: &mut Text, planned: &Planned) {
    let waiting = counted(planned.outlook.waiting);
    let seeded = counted(planned.target.seeded_letters);
    if let Some((place, known)) = &planned.ledger {
        let by_status: Vec<String> = known
            .by_status
            .iter()
            .map(|(status, count)| format!("{} {status}", counted(*count as u64)))
            .collect();
        let path = place.path.display();
        let words = if place.reseeded {
            format!("starts again at {path}")
        } else if known.known() == 0 {
            format!("knows no letter yet; it will be at {path}")
        } else {
            let flying = counted(known.in_flight as u64);
            format!("knows {}; {flying} not seen yet; {path}", by_status.join(", "))
        };
        line(text, "ledger", &words);
    } else if !planned.embedded {
        line(text, "ledger", "not known without credentials: it is named after LETTERPROOF_KID");
    }
    if !planned.target.has(Capability::Seeded) {
        return line(text, "seeding", "this target is not seeded");
    }
    line(text, "seeding", &format!("{waiting} of {seeded} letters are PENDING as far as known"));
    let short: Vec<String> = planned.plan.shortfalls().map(|short| shortage(&short)).collect();
    let perhaps: Vec<String> =
        planned.plan.possible_shortfalls().map(|short| shortage(&short)).collect();
    if short.is_empty() && perhaps.is_empty() {
        line(text, "", "enough letters");
    }
    for (verdict, list) in
        [("not enough letters: ", short), ("perhaps not enough letters: ", perhaps)]
    {
        for words in list {
            line(text, "", &format!("{verdict}{words}"));
        }
    }
}

/// `2,500`.
pub(crate) fn counted(number: impl Into<u64>) -> String {
    Range::exactly(number.into()).to_string()
}

/// `300 ms`, `4.2 s`, `75 s`, `6 min 15 s`, `2 h 5 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..=9 => format!("{:.1} s", time.as_secs_f64()),
        10..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_unit_that_fits() {
        for (millis, words) in [
            (300, "300 ms"),
            (4_240, "4.2 s"),
            (75_000, "75 s"),
            (375_000, "6 min 15 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), words);
        }
    }
}
