//! The page on paper: one sheet of A4, and on the screen what to ask next.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{bundle, environment, extras, waive};
use letterproof_evidence::{Attestation, Bundle};
use letterproof_model::{CriterionId, Proof, Verdict};
use letterproof_reports::{Extras, html, junit, mail_summary, summary};
use letterproof_testing::{Skip, skip};

/// How long a browser may take to print one page.
const SOON: Duration = Duration::from_secs(90);

/// The fullest page: failures, waivers, statements, a load, findings.
fn page() -> String {
    let mut bundle = bundle();
    bundle.environment = Some(environment());
    waive(&mut bundle, "AT4.3", "2026-12-01");
    waive(&mut bundle, "F-MEDIA-TYPE", "2026-08-20");
    html(&bundle, &extras()).unwrap()
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    named.into_iter().chain(usual.map(PathBuf::from)).find(|path| path.is_file())
}

/// Prints a page as a browser does; `None` where it did not.
fn printed(browser: &Path, page: &str) -> Option<Vec<u8>> {
    let place = tempfile::tempdir().unwrap();
    let (source, paper) = (place.path().join("index.html"), place.path().join("page.pdf"));
    std::fs::write(&source, page).unwrap();
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", place.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", paper.display()))
        .arg(format!("file://{}", source.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let end = Instant::now() + SOON;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    std::fs::read(paper).ok()
}

#[test]
fn the_page_prints_on_one_sheet_of_a4() {
    let Some(browser) = chromium() else {
        skip(Skip::Machine, "Chromium is not here, so that the pages on paper are not counted");
        return;
    };
    let Some(paper) = printed(&browser, &page()) else {
        skip(Skip::Machine, "Chromium is here and does not print");
        return;
    };
    let paper = lopdf::Document::load_mem(&paper).unwrap();
    let pages = paper.get_pages();
    assert_eq!(pages.len(), 1);
    let size = paper.get_object(pages[&1]).unwrap().as_dict().unwrap().get(b"MediaBox").unwrap();
    let size: Vec<f32> = size.as_array().unwrap().iter().map(|n| n.as_float().unwrap()).collect();
    assert!((size[2] - 595.0).abs() < 1.5 && (size[3] - 842.0).abs() < 1.5, "{size:?}");
}

#[test]
fn on_paper_only_the_first_screen_and_the_questions_are_shown() {
    let page = page();
    let (_, print) = page.split_once("@media print {").unwrap();
    for rule in
        ["size: A4", "main > section:not(.first), .colophon, .skip, .contents { display: none"]
    {
        assert!(print.contains(rule), "{rule}");
    }
    let first: Vec<&str> = page
        .split("<section")
        .skip(1)
        .filter(|section| section.split('>').next().unwrap().contains("first"))
        .map(|section| section.split("id=\"").nth(1).unwrap().split('"').next().unwrap())
        .collect();
    assert_eq!(first, ["outcome", "tests", "questions"]);
}

/// The ids of the questions of a kind, as the page asks them.
fn asked(page: &str, kind: &str) -> Vec<String> {
    let head = format!("<div class=\"ask {kind}\">");
    let Some((_, group)) = page.split_once(&head) else { return Vec::new() };
    let group = group.split("</div>").next().unwrap();
    let ids = group.split("<a class=\"id\" href=\"#").skip(1);
    ids.map(|id| id.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

/// Has a run show its results in this way.
fn stand(run: &mut Bundle, word: Proof) {
    run.results.run.standing.as_mut().unwrap().word = word;
}

#[test]
fn everything_open_is_asked_about() {
    let page = page();
    assert_eq!(asked(&page, "failed"), [""; 0], "the one failure is waived");
    assert_eq!(asked(&page, "inconclusive"), ["AT7.1", "AT7.2"]);
    let not_run = asked(&page, "not-run");
    for id in ["AT3", "AT5", "AT8", "AT15"] {
        assert!(not_run.contains(&id.to_owned()), "{id} in {not_run:?}");
    }
    let owed = asked(&page, "owed");
    assert!(owed.contains(&"AT11.2".to_owned()) && !owed.contains(&"AT3.7".to_owned()), "{owed:?}");
    assert_eq!(asked(&page, "waived"), ["AT4.3", "F-MEDIA-TYPE"]);
    assert_eq!(asked(&page, "driven-only"), ["AT1", "AT2"]);
    assert_eq!(asked(&page, "deviating"), ["F-UPDATE-LOST", "F-MEDIA-TYPE", "C-LIST-LIMIT-0"]);
    for group in ["failed", "inconclusive", "not-run", "owed", "waived", "driven-only", "deviating"]
    {
        for anchor in page
            .split_once(&format!("<div class=\"ask {group}\">"))
            .map(|(_, rest)| rest.split("</div>").next().unwrap())
            .unwrap_or_default()
            .split("href=\"#")
            .skip(1)
            .map(|link| link.split('"').next().unwrap())
        {
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor} is on the page");
        }
    }
}

#[test]
fn a_failure_is_asked_about_until_it_is_waived_and_a_statement_once_it_is_withdrawn() {
    let mut run = bundle();
    assert_eq!(asked(&html(&run, &Extras::default()).unwrap(), "failed"), ["AT4.3"]);
    stand(&mut run, Proof::Witnessed);
    let witnessed = html(&run, &Extras::default()).unwrap();
    assert_eq!(asked(&witnessed, "driven-only"), [""; 0], "the supplier's own system was seen");
    stand(&mut run, Proof::Imported);
    assert_eq!(asked(&html(&run, &Extras::default()).unwrap(), "imported"), ["AT1", "AT2"]);

    let mut said = extras();
    let given = said.attestations[0].clone();
    said.attestations.push(Attestation {
        statement: "It was <another> log.".into(),
        withdraws: Some(given.hash()),
        ..given
    });
    let page = html(&run, &said).unwrap();
    assert!(asked(&page, "owed").contains(&"AT3.7".to_owned()));
    assert!(page.contains("A statement was withdrawn."));
    assert!(page.contains("<s>The second list &lt;started&gt; no job"), "struck through");
    assert!(page.contains("It was &lt;another&gt; log.") && !page.contains("id=\"statement-2\""));
    let text = mail_summary(&run, &said).text();
    assert!(text.contains("WITHDRAWN, It was <another> log."), "{text}");
}

#[test]
fn a_run_that_leaves_nothing_open_says_so() {
    let mut run = bundle();
    stand(&mut run, Proof::Witnessed);
    run.results.findings.clear();
    run.results.conformance.clear();
    for test in &mut run.results.tests {
        test.verdict = Verdict::Pass;
        test.criteria.iter_mut().for_each(|criterion| criterion.verdict = Verdict::Pass);
    }
    let page = html(&run, &Extras::default()).unwrap();
    assert!(page.contains(
        "None: nothing is inconclusive, not run, waived, driven only, deviating or waiting"
    ));
    assert!(!mail_summary(&run, &Extras::default()).text().contains("Questions"));
    assert!(!summary(&run, &Extras::default()).contains("still needed"));
}

#[test]
fn a_statement_without_the_file_that_its_clause_asks_for_stays_owed_in_every_page() {
    let (run, mut said) = (bundle(), extras());
    let missing = "stated, but its evidence is missing";
    assert!(!html(&run, &said).unwrap().contains(missing));
    said.attestations[0].files.clear();
    let page = html(&run, &said).unwrap();
    assert!(asked(&page, "owed").contains(&"AT3.7".to_owned()));
    assert!(page.contains(&format!("<strong>{missing}</strong>")), "in the table of statements");
    assert!(page.contains(&format!("<span class=\"hidden\"> {missing}</span>")), "in the brief");
    let text = summary(&run, &said);
    assert!(text.contains(&format!("- AT3.7: **{missing}**.")), "{text}");
    assert!(text.contains("- AT3.7: given on "), "it is shown all the same: {text}");
    let xml = junit(&run, &said).unwrap();
    assert!(xml.contains(&format!("attestation, {missing}: given on ")), "{xml}");
    // For what is in words alone, words suffice.
    said.attestations[0].criterion = CriterionId::fixed("AT14.6");
    assert!(!asked(&html(&run, &said).unwrap(), "owed").contains(&"AT14.6".to_owned()));
}

#[test]
fn nobody_owes_a_statement_on_a_test_that_does_not_apply() {
    let mut run = bundle();
    let at13 = run.results.tests.iter_mut().find(|test| test.id.number() == 13).unwrap();
    at13.criteria.iter_mut().for_each(|one| one.verdict = Verdict::NotApplicable);
    let page = html(&run, &Extras::default()).unwrap();
    let owed = asked(&page, "owed");
    assert!(owed.iter().all(|id| !id.starts_with("AT13.")), "{owed:?}");
    assert!(page.contains("<span class=\"hidden\"> no statement is asked for</span>"));
    let text = summary(&run, &Extras::default());
    assert!(
        !text.contains("- AT13.7: **still needed**") && text.contains("- AT12.7: **still needed**"),
        "{text}"
    );
}

#[test]
fn what_is_owed_is_among_the_questions_of_an_e_mail() {
    let text = mail_summary(&bundle(), &Extras::default()).text();
    let (_, questions) = text.split_once("Questions to ask next").unwrap();
    assert!(questions.contains("Statements still needed (7): AT3.7, AT7.7, "), "{text}");
}

#[test]
fn tables_beside_the_page_are_links() {
    let page = page().replace("&#x2f;", "/");
    for file in ["AT4/criteria.csv", "AT4/letters.csv", "junit.xml", "lifecycle.svg"] {
        assert!(page.contains(&format!("href=\"{file}\"")), "{file}");
    }
}
