//! The honest sample supplier: every criterion that its traffic can show is met.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use letterproof_mock::{AuthMode, MockConfig, MockServer};
use letterproof_model::{Journal as _, LetterStatus, TestId, Verdict};
use letterproof_sample_supplier::{DayEnd, SampleSupplier, SupplierSettings};
use support::tap::Trouble;
use support::{Concluded, Day, Setting, day};
use url::Url;

const EVERYTHING: [u8; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// What is not met, apart from what a smaller seeding than the pack's leaves open, and checks that
/// nothing in the traffic called for.
fn unmet(day: &Day) -> Vec<Concluded> {
    day.judged()
        .into_iter()
        .filter(|one| one.verdict != Verdict::Pass)
        .filter(|one| {
            !(one.verdict == Verdict::Inconclusive && one.words.contains("the pack asks for"))
        })
        .filter(|one| !(one.verdict == Verdict::NotRun && one.id.starts_with("O-")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_day_meets_every_criterion() {
    let day = day(&Setting::small(&EVERYTHING), &[]).await;
    assert_eq!(day.report.end, DayEnd::Whole, "{:#?}", day.report);
    assert!(day.report.problems.is_empty(), "{:#?}", day.report);
    assert!(unmet(&day).is_empty(), "{:#?}", unmet(&day));
    for status in LetterStatus::ALL.into_iter().filter(|one| *one != LetterStatus::Pending) {
        assert!(day.report.seen.contains_key(&status), "{status}: {:#?}", day.report);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_wait_behind_those_taken_on_are_found_while_the_queue_lags() {
    // The flow pauses until its first list is visible again, and that stays in the queue: the next list
    // is full of letters that were accepted.
    let setting = Setting {
        visibility: Duration::from_secs(3),
        agreed_time: Duration::from_millis(3_500),
        queue_lag: Duration::from_secs(60),
        ..Setting::small(&[15])
    };
    let day = day(&setting, &["slow-flow", "one-flow"]).await;
    assert_eq!(day.report.end, DayEnd::Whole, "{:#?}", day.report);
    for id in ["AT15.1", "AT15.2", "AT15.3"] {
        let said = day.of(id);
        let is_small =
            said.verdict == Verdict::Inconclusive && said.words.contains("the pack asks");
        assert!(said.verdict == Verdict::Pass || is_small, "{id}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_the_packs_size_meets_every_criterion_to_the_letter() {
    let setting = Setting {
        letters: 2_500,
        batch: 1_000,
        chunk: 500,
        visibility: Duration::from_secs(4),
        deadline: Duration::from_secs(60),
        ..Setting::small(&EVERYTHING)
    };
    let day = day(&setting, &[]).await;
    let short: Vec<Concluded> = day
        .judged()
        .into_iter()
        .filter(|one| one.id.starts_with("AT") && one.verdict != Verdict::Pass)
        .collect();
    assert!(short.is_empty(), "{short:#?}\n{:#?}", day.report);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_the_api_refuses_it() {
    let setting = Setting {
        token_life: Duration::from_secs(4),
        pace: 60,
        ..Setting::small(&[4, 5, 6, 7, 8])
    };
    let day = day(&setting, &[]).await;
    assert_eq!(day.report.end, DayEnd::Whole, "{:#?}", day.report);
    let status =
        |wanted| day.recording.exchanges().iter().filter(move |one| one.status() == Some(wanted));
    assert_eq!(status(401).count(), 0);
    let tokens = status(200).filter(|one| one.request.url.ends_with("/oauth2/token")).count();
    assert!(tokens >= 2, "{tokens}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_endpoint_in_trouble_is_asked_again_unless_a_fault_gives_up() {
    let trouble = Some(Trouble::Status("POST", "/oauth2/token", 2, 502));
    let setting = Setting { trouble, ..Setting::small(&[1]) };
    let patient = day(&setting, &[]).await;
    assert_eq!(patient.report.end, DayEnd::Whole, "{:#?}", patient.report);
    let all = patient.recording.exchanges().iter();
    let asked = all.filter(|one| one.request.url.ends_with("/oauth2/token"));
    let answers: Vec<_> = asked.filter_map(|one| one.status()).collect();
    assert_eq!(answers[..3], [502, 502, 200]);
    let gone = day(&setting, &["give-up"]).await;
    let DayEnd::Broken(problem) = &gone.report.end else { panic!("{:#?}", gone.report) };
    assert!(problem.contains("POST /oauth2/token") && problem.contains("502"), "{problem}");
}

#[tokio::test]
async fn a_certificate_is_trusted_by_the_roots_that_were_given_and_not_without() {
    let config =
        MockConfig { letters: 3, tls: true, auth: AuthMode::None, ..MockConfig::default() };
    let mock = MockServer::start(config).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, mock.certificate_pem().unwrap()).unwrap();
    for (roots, trusted) in [(vec![root], true), (Vec::new(), false)] {
        let settings = SupplierSettings {
            tests: TestId::new(1).into_iter().collect(),
            roots,
            attempts: 1,
            ..SupplierSettings::new(Url::parse(mock.base_url()).unwrap())
        };
        let supplier = SampleSupplier::new(settings, []).unwrap();
        let report = supplier.run(&|_| (), std::future::pending()).await.unwrap();
        assert_eq!(report.end == DayEnd::Whole, trusted, "{report:#?}");
    }
    mock.shutdown().await;
}
