//! What reports measure and plot: AT15's flows from the journal, load runs from their files.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../src/judge/tests/support/mod.rs"]
mod journals;

use journals::cases::{at15, flow_of};
use journals::script::{Script, hash_of};
use letterproof_evidence::{
    ATTESTATIONS_FILE, ATTESTATIONS_FORMAT, Attestations, Bundle, RunFolder,
};
use letterproof_judge::{Traffic, at15_performance};
use letterproof_reports::{Extras, LoadRun, html, write_all};

fn bundle_of(script: &Script) -> Bundle {
    let mut bundle = common::bundle();
    bundle.journal.recording = script.journal();
    bundle.context = script.context.clone();
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    bundle.results.performance = at15_performance(&traffic, &script.context);
    bundle
}

fn page(script: &Script) -> String {
    html(&bundle_of(script), &Extras::default()).unwrap()
}

/// Three flows; in the second one letter never arrives whole, and one arrives damaged.
fn flows() -> Script {
    at15(|s, id| match id {
        "F1-2" => {
            s.data(id).follow(id).answered(404);
            true
        }
        "F1-3" => {
            s.data(id).follow_to(id, hash_of("another"), None, Some("no trailer"));
            true
        }
        _ => false,
    })
}

fn table(script: &Script, name: &str) -> String {
    common::Written::of(&bundle_of(script)).file(name).unwrap()
}

#[test]
fn every_download_of_every_flow_is_listed_as_it_was_reviewed() {
    insta::assert_snapshot!(table(&flows(), "AT15/downloads.csv"));
}

#[test]
fn reports_and_judges_time_the_flows_alike() {
    let mut script = Script::small();
    (0..3).for_each(|flow| flow_of(&mut script, flow, 6, 3, |_, _| false));
    let judged: Vec<String> = bundle_of(&script)
        .results
        .performance
        .iter()
        .map(|flow| format!("{:.3}", flow.figures["elapsed_ms"]))
        .collect();
    let timings = table(&script, "AT15/timings.csv");
    let shown: Vec<&str> =
        timings.lines().filter(|l| l.starts_with("AT15 flow")).map(|l| cell(l, 3)).collect();
    // The judges stop at the last download, the table at the empty list after it.
    assert_eq!(shown.len(), 3);
    for (judged, shown) in judged.iter().zip(shown) {
        let (judged, shown): (f64, f64) = (judged.parse().unwrap(), shown.parse().unwrap());
        assert!(judged <= shown && shown - judged < 20.0, "{judged} {shown}");
    }
}

#[test]
fn page_tables_and_results_tell_of_the_same_flows() {
    // However many letters the queue holds, a flow goes on until a list comes back empty.
    let mut two = Script::small();
    flow_of(&mut two, 0, 12, 3, |_, _| false);
    flow_of(&mut two, 1, 6, 3, |_, _| false);
    for (script, sizes) in [(two, vec![12, 6]), (at15(|_, _| false), vec![6; 3])] {
        let flows = sizes.len();
        let bundle = bundle_of(&script);
        let judged: Vec<&str> =
            bundle.results.performance.iter().map(|flow| flow.name.as_str()).collect();
        assert_eq!(judged.len(), flows);
        let timings = table(&script, "AT15/timings.csv");
        let timed: Vec<&str> = timings
            .lines()
            .filter(|line| line.starts_with("AT15 flow"))
            .map(|l| cell(l, 0))
            .collect();
        assert_eq!(timed, judged, "timings.csv and results.json");
        let downloads = table(&script, "AT15/downloads.csv");
        let page = html(&bundle, &Extras::default()).unwrap();
        for (at, name) in judged.iter().enumerate() {
            let number = (at + 1).to_string();
            let letters = downloads.lines().filter(|line| cell(line, 0) == number).count();
            assert_eq!(letters, sizes[at], "downloads.csv lists the letters of {name}");
            let section = page.split(name).nth(1).unwrap_or_default();
            let words = format!("after {letters} letters in");
            assert!(section.contains(&words), "the page measures {name}");
        }
        assert!(!page.contains(&format!("AT15 flow {}", flows + 1)), "and no other flow");
    }
}

fn cell(line: &str, at: usize) -> &str {
    line.split(',').nth(at).unwrap()
}

#[test]
fn a_kept_limit_is_seen_at_a_glance_with_plots_and_tables() {
    let page = page(&flows());
    assert_eq!(page.matches("Limit kept</span>").count(), 3);
    assert!(!page.contains("Limit not kept"));
    for part in [
        "The best of the flows.",
        "Latency percentiles by operation",
        "Latency of API calls over time",
        "Download throughput",
        "Second by second",
        "aria-labelledby=\"flow-1-rate-title flow-1-rate-description\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn more_calls_than_the_limit_or_a_429_show_as_a_limit_not_kept() {
    let mut tight = flows();
    tight.context.rate_limit = 5;
    assert_eq!(page(&tight).matches("Limit not kept</span>").count(), 3);
    let mut refused = Script::small();
    flow_of(&mut refused, 0, 6, 3, |s, id| {
        if id == "F0-2" {
            s.data(id).answered(429);
        }
        false
    });
    let page = page(&refused);
    assert!(page.contains("Limit not kept: at most"), "a 429 counts");
    assert!(
        page.contains("1 was refused with 429") || page.contains("1 call was refused with 429")
    );
}

#[test]
fn a_journal_without_flows_has_no_plot() {
    let mut script = Script::small();
    script.status();
    assert!(!page(&script).contains("class=\"plots\""));
}

#[test]
fn a_load_run_is_plotted_from_its_files() {
    let page = html(&common::bundle(), &common::extras()).unwrap();
    for part in [
        "Load spike",
        "A burst after idle. Ran to its end.",
        "Limit not kept: at most 312 calls were sent in any one second, 300 allowed; 12 were \
         refused with 429.",
        "aria-labelledby=\"load-1-rate-title load-1-rate-description\"",
        "<th scope=\"row\">max_429</th>",
        ">broken</td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn files_that_are_no_load_run_are_named_and_refused() {
    let summary = r#"{"format":"letterproof-load/1","ended":{"how":"completed"}}"#;
    let parse = |summary: &str, timeline: &str| {
        LoadRun::parse("soak", summary.as_bytes(), timeline.as_bytes()).map(|_| ())
    };
    assert!(parse(summary, "").is_ok());
    assert!(parse(summary, "second,sent,a later column\n0,1,x").is_err());
    for (summary, timeline, said) in [
        (summary, "second,sent\n0,many", "performance/soak/timeline.csv: line 2: `sent`"),
        ("{", "", "performance/soak/summary.json: not the JSON"),
        (&summary.replace("load/1", "load/9"), "", "summary.json: its format is not"),
    ] {
        let error = parse(summary, timeline).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn load_runs_and_statements_that_lie_in_the_folder_are_in_its_reports() {
    let out = tempfile::tempdir().unwrap();
    let bundle = common::bundle();
    let folder = RunFolder::create(out.path(), &bundle.results.run.id).unwrap();
    let (summary, timeline) = common::load_files();
    folder.write("performance/spike/summary.json", summary.as_bytes()).unwrap();
    folder.write("performance/spike/timeline.csv", timeline.as_bytes()).unwrap();
    let attestations = Attestations {
        format: ATTESTATIONS_FORMAT.into(),
        attestations: common::extras().attestations,
    };
    let text = serde_json::to_vec(&attestations).unwrap();
    folder.write(ATTESTATIONS_FILE, &text).unwrap();
    write_all(&bundle, &folder).unwrap();
    let page = std::fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(page.contains("Load spike") && page.contains("id=\"statement-1\""));
    folder.write("performance/spike/summary.json", b"{}").unwrap();
    let error = write_all(&bundle, &folder).unwrap_err().to_string();
    assert!(error.contains("performance/spike/summary.json"), "{error}");
}
