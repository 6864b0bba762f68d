//! `letterproof reconcile` and `letterproof sample`: a bundle against the gateway's own log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use letterproof_evidence::{JOURNAL_FILE, read_journal};
use letterproof_model::{Journal as _, Route, Timestamp};
use letterproof_testing::journal::rechained;
use support::bundles::{copied, faults, forge, printed, sound, text};
use support::{Ended, command};

/// A row of a gateway's log: correlation id, time, method, path, status and request id.
type Row = [String; 6];

const NAMES: &str = "correlation_id,time,method,path,status,request_id";

/// What the gateway logged of the sound run.
fn logged() -> Vec<Row> {
    let saved = read_journal(&sound().folder.join(JOURNAL_FILE)).unwrap();
    let base = &saved.header.base_url;
    let calls = saved
        .recording
        .exchanges()
        .iter()
        .filter(|exchange| Route::of_exchange(exchange, base).operation.is_api());
    calls
        .map(|exchange| {
            let header = |name| exchange.request.header(name).unwrap().to_owned();
            let path = exchange.request.url.split_once("://").unwrap().1;
            [
                header("x-correlation-id"),
                exchange.started.to_string(),
                exchange.request.method.clone(),
                path[path.find('/').unwrap()..].to_owned(),
                exchange.status().unwrap().to_string(),
                header("x-request-id"),
            ]
        })
        .collect()
}

fn csv(rows: &[Row]) -> String {
    rows.iter().fold(format!("{NAMES}\n"), |text, row| text + &row.join(",") + "\n")
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join("gateway.csv");
        fs::write(&path, bytes).unwrap();
        path
    }

    fn reconcile(&self, bundle: &Path, log: impl AsRef<[u8]>, arguments: &[&str]) -> Ended {
        let log = self.file(log);
        command(&["reconcile", text(bundle), text(&log)]).args(arguments).ended()
    }
}

#[track_caller]
fn says(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, code, "{}\n{}", ended.stdout, ended.stderr);
    for word in words {
        assert!(ended.stdout.contains(word), "{word} in {}", ended.stdout);
    }
}

#[test]
fn a_log_with_the_same_calls_agrees_however_it_was_exported() {
    let desk = Desk::new();
    let rows = logged();
    let agrees = ["every call that the gateway saw is in the bundle, and the other way round"];
    says(&desk.reconcile(&sound().zip, csv(&rows), &[]), 0, &agrees);

    let mut windows =
        "\u{feff}X-Correlation-ID;Timestamp;Verb;Request URI;Status Code\r\n".to_owned();
    for [id, time, method, path, status, _] in rows.iter().rev() {
        let time = time.replace('T', " ").replace('Z', "");
        let line =
            format!("gw-1.{id};\"{time}\";{};/int{path}?x=1;{status}\r\n", method.to_lowercase());
        windows.push_str(&line);
    }
    says(&desk.reconcile(&sound().folder, &windows, &[]), 0, &agrees);

    let later = |minutes: i64| {
        let mut rows = rows.clone();
        for row in &mut rows {
            let at: Timestamp = row[1].parse().unwrap();
            row[1] = (at + jiff::SignedDuration::from_mins(minutes)).to_string();
        }
        csv(&rows)
    };
    says(&desk.reconcile(&sound().zip, later(4), &[]), 0, &agrees);
    let apart = ["the two say different things of", "NOT the same calls"];
    says(&desk.reconcile(&sound().zip, later(10), &[]), 1, &apart);
    says(&desk.reconcile(&sound().zip, later(10), &["--tolerance", "15m"]), 0, &agrees);
}

#[test]
fn a_call_that_the_bundle_lacks_is_named_and_cannot_write_on_the_terminal() {
    let desk = Desk::new();
    let mut rows = logged();
    let mut lacking = rows[1].clone();
    (lacking[0], lacking[5]) = ("NHS-2026-0815-gone".into(), String::new());
    (lacking[3], lacking[4]) = ("/nhs-notify-supplier/letters/\u{1b}[2Jx".into(), "500".into());
    rows.insert(1, lacking);
    let mut early = rows[2].clone();
    early[0] = "gone-too".into();
    early[1] = "2001-01-01T00:00:00Z".into();
    early[5] = String::new();
    rows.push(early);
    let ended = desk.reconcile(&sound().zip, csv(&rows), &[]);
    says(
        &ended,
        1,
        &["the gateway saw, and the bundle lacks", "line 3", "NHS-2026-0815-gone", "500"],
    );
    assert!(ended.stdout.contains("did not go on then"), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}'), "{:?}", ended.stdout);
    assert!(!ended.stdout.contains("the gateway did not see"), "{}", ended.stdout);
    let found = printed(&desk.reconcile(&sound().zip, csv(&rows), &["--format", "json"]));
    assert_eq!(faults("reconciliation.json", &found), [""; 0], "{found}");
    assert_eq!((&found["agrees"], &found["only_gateway"][0]["line"]), (&false.into(), &3.into()));
    assert_eq!(found["only_gateway"][1]["during_run"], false);
}

#[test]
fn a_call_that_only_the_bundle_holds_and_one_with_another_status_are_named() {
    let desk = Desk::new();
    let mut rows = logged();
    let gone = rows.remove(2);
    let ended = desk.reconcile(&sound().zip, csv(&rows), &[]);
    says(&ended, 1, &["the bundle holds, and the gateway did not see", "ex-0000"]);
    rows.insert(2, gone);
    rows[3][4] = "503".into();
    let ended = desk.reconcile(&sound().zip, csv(&rows), &["--format", "json"]);
    let found = printed(&ended);
    assert_eq!(faults("reconciliation.json", &found), [""; 0], "{found}");
    let [one] = found["differing"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&one["line"], &one["gateway"]["status"]), (&5.into(), &503.into()));
    assert_ne!(one["bundle"]["status"], 503);
    let both = [&found["only_gateway"], &found["only_bundle"]];
    assert!(both.iter().all(|list| list.as_array().unwrap().is_empty()), "{found}");
}

#[test]
fn a_bundle_from_which_calls_were_cut_and_all_made_again_is_found_out() {
    let desk = Desk::new();
    let folder = copied(&sound().folder, &desk.0.path().join("cut"));
    let is_call = |line: &&str| line.contains("\"exchange\":{") && line.contains("/letters/");
    forge(&folder, Some(&sound().key), |draft| {
        let journal = fs::read_to_string(draft.journal_path()).unwrap();
        let first = journal.lines().position(|line| is_call(&line)).unwrap();
        let mut lines: Vec<&str> = journal.lines().collect();
        lines.drain(first..first + 3);
        let made = rechained(&lines);
        draft.write(JOURNAL_FILE, made.as_bytes()).unwrap();
    });
    let ended = desk.reconcile(&folder, csv(&logged()), &["--format", "json"]);
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    let found = printed(&ended);
    let lacking = found["only_gateway"].as_array().unwrap().len() as u64;
    let count = |side: &str| found[side].as_u64().unwrap();
    assert!(lacking > 0, "{found}");
    assert_eq!(lacking, count("gateway_calls") - count("bundle_calls"), "{found}");
    assert_eq!(found["only_bundle"].as_array().unwrap().len(), 0);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let desk = Desk::new();
    for (log, words) in [
        (String::new(), "line 1: it is empty"),
        ("time,method,path,status\n".into(), "line 1: no column is the correlation_id"),
        (format!("{NAMES}\na,b\n"), "line 2: has 2 cells"),
        (format!("{NAMES}\na,then,GET,/letters,200,r\n"), "line 2: its time `then`"),
    ] {
        let ended = desk.reconcile(&sound().zip, &log, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let ended = desk.reconcile(&sound().zip, b"\xff\xfet\0i\0", &[]);
    assert!(ended.code == 2 && ended.stderr.contains("UTF-16"), "{}", ended.stderr);
    let ended = command(&["reconcile", text(&sound().zip), "no-such.csv"]).ended();
    assert!(ended.code == 2 && ended.stderr.contains("no-such.csv"), "{}", ended.stderr);
    let folder = copied(&sound().folder, &desk.0.path().join("changed"));
    fs::write(folder.join("index.html"), "doctored").unwrap();
    let ended = desk.reconcile(&folder, csv(&logged()), &[]);
    assert!(ended.code == 2 && ended.stderr.contains("not sound"), "{}", ended.stderr);
}

#[test]
fn a_sample_is_the_same_for_the_same_text_and_tells_what_it_may_miss() {
    let sample =
        |arguments: &[&str]| command(&["sample", text(&sound().zip)]).args(arguments).ended();
    let first = sample(&["--n", "5", "--seed", "window 1", "--format", "json"]);
    let again = sample(&["--n", "5", "--seed", "window 1", "--format", "json"]);
    assert_eq!((first.code, &first.stdout), (0, &again.stdout), "{}", first.stderr);
    let found = printed(&first);
    assert_eq!(faults("sample.json", &found), [""; 0], "{found}");
    let calls = logged().len();
    assert_eq!(found["calls"], calls);
    let picked = |found: &serde_json::Value| {
        let picked = found["picked"].as_array().unwrap().clone();
        picked.iter().map(|one| one["exchange"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(picked(&found).len(), 5);
    let other = printed(&sample(&["--n", "5", "--seed", "window 2", "--format", "json"]));
    assert_ne!(picked(&other), picked(&found));
    let missed = found["odds"][3]["missed"].as_f64().unwrap();
    assert!((0.3..0.65).contains(&missed), "10 % of {calls}: {missed}");

    let table = sample(&["--seed", "4711"]);
    says(&table, 0, &["chosen  ", "were forged", "from the gateway to the bundle"]);
    let all = printed(&sample(&["--n", "100000", "--seed", "x", "--format", "json"]));
    assert_eq!(picked(&all).len(), calls);
    assert!(all["odds"].as_array().unwrap().iter().all(|odds| odds["missed"] == 0.0));
    for wrong in [&["--n", "0", "--seed", "x"][..], &["--n", "5"]] {
        assert_eq!(sample(wrong).code, 2, "{wrong:?}");
    }
}

/// A recording of the sound run as a forger would show it: every host INT's, and no word of a mock. Its
/// calls carry the headers of which this holds, by URL and name.
fn at_int(out: &Path, carries: impl Fn(&str, &str) -> bool) -> PathBuf {
    let har = command(&["report", text(&sound().folder), "--format", "har"]).ended();
    assert_eq!(har.code, 0, "{}", har.stderr);
    let base = read_journal(&sound().folder.join(JOURNAL_FILE)).unwrap().header.base_url;
    let host = base.split('/').nth(2).unwrap();
    let har = har.stdout.replace(&format!("http://{host}"), "https://int.api.service.nhs.uk");
    let mut har: serde_json::Value = serde_json::from_str(&har).unwrap();
    for entry in har["log"]["entries"].as_array_mut().unwrap() {
        let headers = entry["response"]["headers"].as_array_mut().unwrap();
        headers.retain(|header| header["name"] != "x-letterproof-mock");
        let url = entry["request"]["url"].as_str().unwrap().to_owned();
        let headers = entry["request"]["headers"].as_array_mut().unwrap();
        headers
            .retain(|header| carries(&url, &header["name"].as_str().unwrap().to_ascii_lowercase()));
    }
    let file = out.join(".recording.har");
    fs::write(&file, har.to_string()).unwrap();
    let made = command(&["judge", text(&file), "--target", "int", "--only", "AT1", "--out"]);
    let made = made.args([out]).ended();
    assert!(made.code != 2 && made.code != 4, "{}{}", made.stdout, made.stderr);
    support::run_folder(out)
}

#[test]
fn int_is_reconciled_only_where_the_gateways_own_log_is_given_and_agrees() {
    let (desk, out) = (Desk::new(), tempfile::tempdir().unwrap());
    let (bundle, rows) = (at_int(out.path(), |_, _| true), logged());
    let gate = |log: Option<&Path>| {
        let gate = ["gate", text(&bundle), "--require", "AT1", "--allow", "driven,unsigned"];
        let log = log.into_iter().flat_map(|log| ["--gateway", text(log)]);
        command(&gate).without("GITHUB_STEP_SUMMARY").args(log).ended()
    };
    let line = |ended: &Ended, demand: &str| {
        let found = ended.stdout.lines().find(|line| line.contains(demand));
        found.unwrap_or_else(|| panic!("{demand} in {}", ended.stdout)).to_owned()
    };
    let claimed = line(&gate(None), "run at INT");
    assert!(claimed.contains("INT (claimed), shown by hosts in the record"), "{claimed}");
    assert!(!claimed.contains("NOT met"), "{claimed}");
    let log = desk.file(csv(&rows));
    let reconciled = line(&gate(Some(&log)), "the same calls in the gateway's log");
    assert!(reconciled.contains("INT (reconciled)"), "{reconciled}");
    assert!(!reconciled.contains("NOT met"), "{reconciled}");
    let ready = command(&["readiness", text(&bundle), "--gateway", text(&log)]).ended();
    says(&ready, 1, &["imported at INT (reconciled)"]);
    let log = desk.file(csv(&rows[1..]));
    let other = line(&gate(Some(&log)), "the same calls in the gateway's log");
    assert!(other.contains("NOT met"), "{other}");
    let ready = command(&["readiness", text(&bundle), "--gateway", text(&log)]).ended();
    says(&ready, 1, &["imported at INT (claimed)"]);
    // A log says nothing of a mock, though it holds the same calls.
    let log = desk.file(csv(&rows));
    let mocked = command(&["readiness", text(&sound().zip), "--gateway", text(&log)]).ended();
    says(&mocked, 1, &["driven at a mock"]);
}

#[test]
fn calls_that_are_known_by_likeness_alone_are_told_so_and_reconcile_nothing() {
    let (desk, out) = (Desk::new(), tempfile::tempdir().unwrap());
    let bundle = at_int(out.path(), |_, name| name != "x-correlation-id");
    // The gateway gives an id of its own to a call that came without one.
    let mut rows = logged();
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = format!("gateway-{at}");
    }
    let gate = |log: &Path| {
        let gate = ["gate", text(&bundle), "--require", "AT1", "--allow", "driven,unsigned"];
        command(&gate).without("GITHUB_STEP_SUMMARY").args(["--gateway", text(log)]).ended()
    };
    let reconciled = |ended: &Ended| {
        let lines = ended.stdout.lines();
        let found = lines.filter(|line| line.contains("the same calls in the gateway's log"));
        found.map(|line| !line.contains("NOT met")).collect::<Vec<_>>() == [true]
    };

    // With the request ids in the log, each call is known by its own.
    let count = rows.len();
    let ended = desk.reconcile(&bundle, csv(&rows), &[]);
    says(&ended, 0, &[" by request id"]);
    assert!(!ended.stdout.contains("weaker") && !ended.stdout.contains("NOT"), "{}", ended.stdout);
    let strong = gate(&desk.file(csv(&rows)));
    assert!(reconciled(&strong), "{}", strong.stdout);

    // Without them any call like it would fit.
    rows.iter_mut().for_each(|row| row[5].clear());
    let ended = desk.reconcile(&bundle, csv(&rows), &[]);
    let weak = ["by method, path, status and time only: weaker", "NOT enough for INT (reconciled)"];
    says(&ended, 0, &weak);
    let found = printed(&desk.reconcile(&bundle, csv(&rows), &["--format", "json"]));
    assert_eq!(faults("reconciliation.json", &found), [""; 0], "{found}");
    let by = &found["matched_by"];
    assert_eq!((&by["request_id"], &by["likeness"]), (&0.into(), &count.into()), "{found}");
    assert_eq!((&found["agrees"], &found["by_ids"]), (&true.into(), &false.into()));
    let log = desk.file(csv(&rows));
    let refused = gate(&log);
    assert!(!reconciled(&refused) && refused.code == 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("NOT enough for INT (reconciled)"), "{}", refused.stderr);
    let ready = command(&["readiness", text(&bundle), "--gateway", text(&log)]).ended();
    says(&ready, 1, &["imported at INT (claimed)"]);
}

#[test]
fn a_call_that_carries_no_id_may_be_known_by_likeness_beside_others_that_carry_theirs() {
    let (desk, out) = (Desk::new(), tempfile::tempdir().unwrap());
    // The specification has no header for `GET /_status`: a generated client cannot send one.
    let bundle = at_int(out.path(), |url, name| {
        !url.ends_with("/_status") || !["x-request-id", "x-correlation-id"].contains(&name)
    });
    let mut rows = logged();
    for row in rows.iter_mut().filter(|row| row[3].ends_with("/_status")) {
        (row[0], row[5]) = ("gateway-made".into(), String::new());
    }
    let ended = desk.reconcile(&bundle, csv(&rows), &[]);
    says(&ended, 0, &["weaker", " by request id"]);
    assert!(!ended.stdout.contains("NOT"), "{}", ended.stdout);
}

#[test]
fn a_sample_shows_both_ids_by_which_a_call_is_looked_up() {
    let sample = command(&["sample", text(&sound().zip), "--n", "3", "--seed", "1"]).ended();
    says(&sample, 0, &["request id", "correlation id"]);
    let picked = printed(
        &command(&["sample", text(&sound().zip), "--n", "3", "--seed", "1", "--format", "json"])
            .ended(),
    );
    for one in picked["picked"].as_array().unwrap() {
        says(&sample, 0, &[one["request_id"].as_str().unwrap()]);
    }
}
