//! Every fault of the catalogue is caught by the criterion it names, which an honest day in the same
//! setting meets.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use letterproof_model::{CriterionId, Verdict};
use letterproof_sample_supplier::{FaultEntry, fault_catalogue};
use support::tap::Trouble;
use support::{Setting, day};

/// Days worked at the same time.
const DAYS: usize = 10;

/// What the day of a fault is about; what else must notice it takes other days.
fn first(entry: &FaultEntry) -> &'static str {
    entry.caught_by[0]
}

/// The day in which a fault shows.
fn setting(entry: &FaultEntry) -> Setting {
    let small = Setting::small;
    let trouble = |tests: &[u8], trouble| Setting { trouble: Some(trouble), ..small(tests) };
    const BULK: (&str, &str) = ("POST", "/letters");
    match entry.name {
        "over-rate" => Setting { rate: 40, pace: 25, batch: 60, ..small(&[4]) },
        "late-download" => Setting { link_life: Duration::from_secs(1), ..small(&[9]) },
        "ignore-429" => trouble(&[4], Trouble::Status(BULK.0, BULK.1, 2, 429)),
        "give-up" | "hammer-5xx" => trouble(&[4], Trouble::Status(BULK.0, BULK.1, 4, 502)),
        "mi-again-unanswered" => trouble(&[14], Trouble::Cut("POST", "/mi")),
        "slow-flow" => Setting { agreed_time: Duration::from_secs(1), ..small(&[15]) },
        "print-at-once" => small(&[5]),
        "enclose-at-once" | "enclose-twice" => small(&[6]),
        "dispatch-at-once" | "dispatch-twice" => small(&[7]),
        "deliver-at-once" | "deliver-twice" => small(&[7, 8]),
        "hoard-links" => small(&[2, 15]),
        "second-job" => small(&[3]),
        // The printed letter that it sets back is one of the only batch.
        "step-back" => Setting { letters: 24, ..small(&[4, 5]) },
        // The letters that an e-mail stops are cancelled at every stage.
        "dispatch-cancelled" => small(&[7, 11]),
        "cancel-dispatched" | "fail-dispatched" => small(&[7, 11, 12]),
        "forward-printed" => small(&[5, 9]),
        "return-undispatched" => small(&[10]),
        "forget-missing-pdf" => small(&[5, 13]),
        "print-unseen" => small(&[5, 7, 12, 13]),
        _ => match (first(entry), CriterionId::from(first(entry)).test()) {
            (_, Some(test)) => small(&[test.number()]),
            ("O-MOVE-ELIGIBLE", None) => small(&[5]),
            ("O-MI-TIME", None) => small(&[14]),
            ("O-NOTHING-AFTER-END", None) => small(&[12]),
            (_, None) => small(&[4, 7]),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_fails_the_criterion_it_names() {
    let days = fault_catalogue().iter().map(|entry| async move {
        let day = day(&setting(entry), &[entry.name]).await;
        (entry, day.of(first(entry)), day.report)
    });
    let mut wrong = Vec::new();
    let mut days = stream::iter(days).buffered(DAYS);
    while let Some((entry, concluded, report)) = days.next().await {
        let line = format!(
            "{:<24} {:<20} {:<12} {}",
            entry.name,
            first(entry),
            concluded.verdict,
            concluded.words
        );
        println!("{line}");
        if concluded.verdict != entry.ends_with {
            wrong.push(format!("{line}\n{report:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_day_in_the_setting_of_each_fault_meets_its_criterion() {
    let mut settings: BTreeMap<String, (Setting, Vec<&FaultEntry>)> = BTreeMap::new();
    // How long an honest day takes depends on the machine.
    for entry in fault_catalogue().iter().filter(|entry| entry.name != "slow-flow") {
        let setting = setting(entry);
        settings.entry(format!("{setting:?}")).or_insert((setting, Vec::new())).1.push(entry);
    }
    let days = settings.into_values().map(|(setting, entries)| async move {
        let day = day(&setting, &[]).await;
        let mut wrong = Vec::new();
        for entry in entries {
            let concluded = day.of(first(entry));
            // What only a small seeding leaves open is no fault of the supplier.
            let short = concluded.words.contains("the pack asks for");
            if concluded.verdict != Verdict::Pass && !short {
                wrong.push(format!("{}: {concluded:?}\n{:#?}", entry.name, day.report));
            }
        }
        wrong
    });
    let wrong: Vec<String> = stream::iter(days).buffered(DAYS).concat().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
