//! The Markdown summary, and how waivers, statements and broken runs are told in every report.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{at, bundle, environment, extras, waive};
use letterproof_model::{Brief, CheckResult, Context, Place, RunEnd, Selection, Verdict};
use letterproof_reports::{Extras, html, junit, mail_summary, step_summary, summary};

#[test]
fn the_summary_is_the_one_that_was_reviewed() {
    let mut bundle = bundle();
    waive(&mut bundle, "AT4.3", "2026-12-01");
    insta::assert_snapshot!(summary(&bundle, &extras()));
}

#[test]
fn a_step_summary_is_made_of_results_alone_and_holds_no_foreign_markup() {
    let mut bundle = bundle();
    bundle.results.tests[3].criteria[2].observed = "<img src=x> | [a](http://evil.example)".into();
    let text = step_summary(&bundle.results).finish();
    assert!(text.starts_with("# 1 required test failed\n"));
    assert!(text.contains("&lt;img src=x&gt; \\| \\[a\\](http://evil.example)"), "{text}");
    assert!(!text.contains("How to check"));
    assert!(text.contains("| AT4 | Accept a list of letters in one update | Failed |"), "{text}");
}

#[test]
fn a_waived_failure_stays_a_failure_and_says_on_what_terms() {
    let mut bundle = bundle();
    waive(&mut bundle, "AT4.3", "2026-12-01");
    waive(&mut bundle, "F-MEDIA-TYPE", "2026-12-01");
    let terms = "waived until 2026-12-01: the API loses one update in a thousand; agreed by the \
                 service manager on 2026-08-01, reference RISK-7";
    let page = html(&bundle, &Extras::default()).unwrap();
    assert_eq!(page.matches(&format!("This failure is {terms}.")).count(), 2);
    assert!(page.contains("Failed, waived</span>"));
    let xml = junit(&bundle, &Extras::default()).unwrap();
    let case = xml.split("<testcase ").find(|case| case.contains("name=\"AT4.3 ")).unwrap();
    assert!(case.contains("<failure ") && case.contains("<system-out>"), "{case}");
    assert!(case.contains(terms), "{case}");
    let other =
        xml.split("<testcase ").find(|case| case.contains("name=\"C-LIST-LIMIT-0 ")).unwrap();
    assert!(other.contains("<failure ") && !other.contains("waived"), "{other}");
}

#[test]
fn a_waived_test_never_counts_as_passed() {
    let mut bundle = bundle();
    for test in &mut bundle.results.tests {
        if test.id.number() != 4 {
            test.verdict = Verdict::Pass;
            test.criteria.iter_mut().for_each(|criterion| criterion.verdict = Verdict::Pass);
        }
    }
    bundle.results.conformance.clear();
    waive(&mut bundle, "AT4.3", "2026-12-01");
    assert_eq!(bundle.results.exit_code, 0);
    let text = step_summary(&bundle.results).finish();
    assert!(text.starts_with("# 1 required test failed, under a waiver\n"), "{text}");
    assert!(text.contains("Failed under a waiver: AT4."), "{text}");
    let page = html(&bundle, &Extras::default()).unwrap();
    assert!(page.contains("verdict-panel inconclusive"));
}

#[test]
fn a_waiver_that_must_go_is_told_before_anything_else() {
    let mut bundle = bundle();
    waive(&mut bundle, "AT4.3", "2026-08-20");
    let page = html(&bundle, &Extras::default()).unwrap();
    let notice = "The waiver of AT4.3 expired on 2026-08-20: delete its entry at line 12";
    assert!(page.find(notice).unwrap() < page.find("id=\"tests\"").unwrap());
    assert!(page.contains("no longer waived (its waiver expired on 2026-08-20)"));
    assert!(summary(&bundle, &Extras::default()).contains("delete its entry at line 12"));
}

#[test]
fn statements_stand_apart_with_their_files_and_are_no_verdicts() {
    let bundle = bundle();
    let page = html(&bundle, &extras()).unwrap();
    let path = "attachments&#x2f;AT3.7&#x2f;efefefefefef-processing-log.pdf";
    assert!(page.contains(&format!("<a href=\"{path}\">processing-log.pdf</a>")));
    assert!(page.contains("The second list &lt;started&gt; no job"));
    assert!(page.contains("Stated by A. &lt;Sample&gt;, test manager of the supplier on"));
    assert!(page.contains("of 20 August 2026."));
    let xml = junit(&bundle, &extras()).unwrap();
    let case = |id: &str| {
        let name = format!("name=\"{id} ");
        xml.split("<testcase ").find(|case| case.contains(&name)).unwrap().to_owned()
    };
    assert!(case("AT3.7").contains("<skipped ") && case("AT3.7").contains("attestation, given on"));
    assert!(case("AT11.2").contains("<skipped ") && case("AT11.2").contains("owed"));
    let text = summary(&bundle, &extras());
    assert!(
        text.contains("- AT3.7: given on") && text.contains("- AT11.2: **still needed**"),
        "{text}"
    );
}

#[test]
fn the_page_says_what_is_signed_asserted_and_checkable_and_claims_no_more() {
    let mut bundle = bundle();
    let plain = html(&bundle, &Extras::default()).unwrap();
    assert!(plain.contains("not signed; check with <code>letterproof verify"));
    assert!(plain.contains("environment.json is missing"));
    bundle.environment = Some(environment());
    let page = html(&bundle, &extras()).unwrap();
    assert!(page.contains("to be signed with key 3f3f3f3f3f3f3f3f…"));
    for part in [
        "What is self-asserted",
        "What is signed",
        "What NHS Notify can check on its side",
        "What follows from the journal",
        "letterproof run --target our-int.toml",
        "the target&#x27;s clock was 412 ms ahead",
        "0 of 7 API calls carry a correlation id that begins with reviewer-7Q2",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for claim in ["is signed with key", "was signed with", "signature is valid"] {
        assert!(!page.contains(claim), "{claim}");
    }
}

#[test]
fn a_run_that_broke_off_says_so_on_the_first_screen() {
    let mut bundle = bundle();
    bundle.journal.header.brief =
        Some(Brief::new(Selection::everything(), Context::stand_in(common::BASE)));
    let told = |bundle: &letterproof_evidence::Bundle| {
        let page = html(bundle, &Extras::default()).unwrap();
        (page.contains("The run was interrupted"), page.contains("The run had to stop: disk full"))
    };
    assert_eq!(told(&bundle), (true, false));
    bundle.journal.recording.push_mark(RunEnd::Stopped("disk full".into()).mark(at(150)));
    assert_eq!(told(&bundle), (false, true));
    assert!(summary(&bundle, &Extras::default()).contains("The run had to stop: disk full"));
    bundle.journal.recording.push_mark(RunEnd::Whole.mark(at(151)));
    assert_eq!(told(&bundle), (false, false));
}

#[test]
fn what_an_observer_saw_stands_beside_the_pack_in_every_report() {
    let mut bundle = bundle();
    let mut check: CheckResult = bundle.results.conformance[0].clone();
    check.id = letterproof_model::CriterionId::fixed("O-LOST-202");
    check.criteria[0].id = check.id.clone();
    bundle.results.observer = vec![check];
    let page = html(&bundle, &Extras::default()).unwrap();
    assert!(page.contains("What an observer of the supplier saw"));
    assert!(page.contains("id=\"O-LOST-202\""));
    let xml = junit(&bundle, &Extras::default()).unwrap();
    assert!(xml.contains("classname=\"letterproof.observer\""));
    assert!(step_summary(&bundle.results).finish().contains("O-LOST-202"));
}

#[test]
fn advice_that_was_not_followed_is_shown_as_advice_and_fails_nothing() {
    let mut bundle = bundle();
    let mut check = bundle.results.conformance[0].clone();
    check.id = letterproof_model::CriterionId::fixed("O-STATUS-SEEN-FIRST");
    check.strength = Some(letterproof_model::Strength::Ours);
    check.criteria[0].id = check.id.clone();
    bundle.results.observer = vec![check];
    let xml = junit(&bundle, &Extras::default()).unwrap();
    let case = xml.split("<testcase ").find(|case| case.contains("name=\"O-STATUS-")).unwrap();
    assert!(case.contains("<skipped ") && !case.contains("<failure "), "{case}");
    let page = html(&bundle, &Extras::default()).unwrap();
    assert!(page.contains("1 advice"), "the group counts it apart");
    let text = step_summary(&bundle.results).finish();
    assert!(text.contains("## Advice, which decides nothing"), "{text}");
    assert!(!text.contains("## Rules that an observer saw broken"), "{text}");
}

#[test]
fn every_report_says_that_a_run_was_gone_on_with_and_was_not_within_its_window() {
    let mut bundle = bundle();
    let run = &mut bundle.results.run;
    let (resumed, outside) = ("was resumed at", "outside its stated test window of 2026-11-02");
    let says = |bundle: &letterproof_evidence::Bundle| {
        let reports = [
            html(bundle, &Extras::default()).unwrap(),
            summary(bundle, &Extras::default()),
            step_summary(&bundle.results).finish(),
            // Its lines are short.
            mail_summary(bundle, &Extras::default()).text().replace('\n', " "),
        ];
        [resumed, outside].map(|words| reports.iter().filter(|text| text.contains(words)).count())
    };
    run.resumed = vec![at(60)];
    run.who.window_dates = Some("2026-11-02/2026-11-13".parse().unwrap());
    assert_eq!(says(&bundle), [4, 4]);
    // Once, where a reviewer looks first.
    let page = html(&bundle, &Extras::default()).unwrap();
    let (first, rest) = page.split_once("</section>").unwrap();
    for words in [resumed, outside] {
        assert_eq!((first.matches(words).count(), rest.matches(words).count()), (1, 0), "{words}");
    }
    let xml = junit(&bundle, &Extras::default()).unwrap();
    for name in ["resumed", "outside window"] {
        assert!(xml.contains(&format!("<property name=\"{name}\" value=\"")), "{name}");
    }
    let run = &mut bundle.results.run;
    run.resumed.clear();
    run.who.window_dates = Some("2026-08-17/2026-08-28".parse().unwrap());
    assert_eq!(says(&bundle), [0, 0], "within its window, at one go");
}

#[test]
fn what_was_shown_on_a_mock_asks_for_int() {
    let mut bundle = bundle();
    bundle.results.conformance.clear();
    for test in &mut bundle.results.tests {
        test.verdict = Verdict::Pass;
    }
    bundle.results.exit_code = 0;
    let told =
        |bundle: &letterproof_evidence::Bundle| mail_summary(bundle, &Extras::default()).text();
    assert!(!told(&bundle).contains("INT is still to come"), "{}", told(&bundle));
    for (place, words, title) in [
        (Place::Mock, "on a mock only", "Shown on a mock only ("),
        (Place::Sandbox, "at the sandbox only", "Shown at the sandbox only ("),
    ] {
        bundle.results.run.standing.as_mut().unwrap().place = place;
        let text = told(&bundle);
        let headline = text.lines().next().unwrap();
        assert!(headline.ends_with(&format!("passed, {words}")), "{headline}");
        for part in ["This was a rehearsal: INT is still to come.", title] {
            assert!(text.replace('\n', " ").contains(part), "{part} in {text}");
        }
        let page = html(&bundle, &Extras::default()).unwrap();
        assert!(page.contains("<div class=\"ask not-at-int\">"), "{place}");
        // The heading says where, and so does the sentence below it; the facts do not repeat it.
        let (first, _) = page.split_once("</section>").unwrap();
        assert!(!first.contains("driven at"), "{first}");
        assert!(step_summary(&bundle.results).finish().starts_with(&format!("# {headline}\n")));
    }
    for place in [Place::IntClaimed, Place::IntReconciled] {
        bundle.results.run.standing.as_mut().unwrap().place = place;
        assert!(!told(&bundle).contains("still to come"), "{place}");
    }
}

#[test]
fn junit_html_and_summary_have_one_spelling_of_not_run() {
    let bundle = bundle();
    let xml = junit(&bundle, &Extras::default()).unwrap();
    assert!(!xml.contains("message=\"not-run") && xml.contains("message=\"not run: "), "{xml}");
    let text = summary(&bundle, &Extras::default());
    assert!(!text.contains("not-run") && text.contains("not run"), "{text}");
}
