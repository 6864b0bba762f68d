//! What a bundle says of its run that its exchanges do not bear out: each contradiction is a
//! failure with a sentence of its own, though every hash and every verdict fits. And every honest
//! kind of run, which none of it accuses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::cell::Cell;
use std::path::Path;

use letterproof_evidence::{read_journal, zip_path};
use letterproof_mock::AuthMode;
use letterproof_model::{Actor, ExchangeRef, Journal as _, Operation, Route, Timestamp};
use serde_json::{Value, json};
use support::bundles::{NONCE, copied, forge, printed, rechain, rewrite, sound, text, verify};
use support::watched::{Double, Watching, api_headers, call};
use support::{command, run, run_folder};

/// Verifies a run whose journal and environment were changed, and which was then judged anew and
/// sealed: its results follow from its journal. Returns every sentence, all of them contradictions,
/// or of the chain that ids carry.
#[track_caller]
fn claimed(line: impl Fn(&mut Value), told: impl FnOnce(&mut Value)) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, place.path());
    forge(&folder, None, |draft| {
        rechain(draft, line);
        rewrite(draft, "environment.json", told);
    });
    let out = place.path().join("judged");
    let judged = command(&["judge", "--from", text(&folder), "--out", text(&out)]).ended();
    assert!(judged.code < 2 || judged.code == 3, "{}", judged.stderr);
    let found = printed(&verify(&zip_path(&run_folder(&out)), &["--format", "json"]));
    let problems = found["problems"].as_array().unwrap();
    for problem in problems {
        let kind = problem["kind"].as_str().unwrap();
        // Another nonce or id is none that the chain could have made, either.
        assert!(["contradiction", "chain"].contains(&kind), "{problem}");
    }
    problems.iter().map(|problem| problem["sentence"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn contradicted(line: impl Fn(&mut Value), told: impl FnOnce(&mut Value), words: &str) {
    let sentences = claimed(line, told);
    assert!(sentences.iter().any(|one| one.contains(words)), "{words} in {sentences:?}");
}

/// Changes the journal's head.
fn head(change: impl Fn(&mut Value)) -> impl Fn(&mut Value) {
    move |line| {
        if line.get("format").is_some() {
            change(line);
        }
    }
}

fn same(_: &mut Value) {}

/// Gives the run another name, in its head and by the machine's account.
fn called(name: &'static str) -> (impl Fn(&mut Value), impl Fn(&mut Value)) {
    let line = head(move |head| head["brief"]["context"]["target"] = name.into());
    (line, move |told: &mut Value| told["target"] = name.into())
}

#[test]
fn a_copy_that_is_judged_again_unchanged_is_not_contradicted() {
    assert_eq!(claimed(same, same), [""; 0]);
}

#[test]
fn a_target_is_not_int_because_it_is_called_so() {
    for name in ["int", "sandbox", "prod-smoke"] {
        let (line, told) = called(name);
        let words = format!("the target is called `{name}`, and its calls went to 127.0.0.1");
        contradicted(line, told, &words);
    }
    // With the address made to fit, tokens and documents still came from this machine.
    let int = "https://int.api.service.nhs.uk/nhs-notify-supplier";
    let base = read_journal(&sound().folder.join("journal/exchanges.jsonl"));
    let base = base.unwrap().header.base_url;
    let line = |line: &mut Value| {
        if line.get("format").is_some() {
            line["base_url"] = int.into();
            line["brief"]["context"]["base_url"] = int.into();
            line["brief"]["context"]["target"] = "int".into();
        }
        if let Some(Value::String(url)) = line.pointer_mut("/exchange/request/url") {
            *url = url.replace(&base, int);
        }
    };
    let told = |told: &mut Value| {
        told["target"] = "int".into();
        told["profile"] = json!([]);
    };
    contradicted(line, told, "was answered by 127.0.0.1, which is the machine that made the call");
}

#[test]
fn a_run_began_when_its_calls_did() {
    let named = head(|head| head["run_id"] = "20270101t000000z-abcdef".into());
    contradicted(named, same, "the run is called `20270101t000000z-abcdef`, and by its journal");
    let later = head(|head| {
        head["run_id"] = "20990101t000000z-abcdef".into();
        head["started"] = "2099-01-01T00:00:00Z".into();
    });
    contradicted(later, same, "before the run began");
    let earlier = head(|head| {
        head["run_id"] = "20200101t000000z-abcdef".into();
        head["started"] = "2020-01-01T00:00:00Z".into();
    });
    contradicted(earlier, same, "its first call, was made at");
}

#[test]
fn the_machines_account_is_that_of_the_run() {
    for (field, value, words) in [
        ("tool", json!({"version": "9.9.9", "commit": "x"}), "another build of letterproof"),
        ("target", "our-int".into(), "another target"),
        ("capabilities", json!([]), "other capabilities"),
        ("specification", "0".repeat(64).into(), "another specification"),
        (
            "profile",
            json!([{"name": "base_url", "value": "https://int.example/api"}]),
            "another base URL",
        ),
    ] {
        contradicted(same, |told| told[field] = value, words);
    }
}

#[test]
fn the_command_line_asked_for_the_run_that_was_recorded() {
    for (words, sentence) in [
        (&["run", "--target", "int"][..], "named the target `int`"),
        (&["witness", "--upstream", "mock"], "was `witness`"),
        (&["judge", "x.har"], "was `judge`"),
        (&["run", "--window=2"], "gave another test window"),
        (&["run", "--nonce", "other"], "gave another nonce"),
        (&["run", "--base-url", "http://127.0.0.1:1/x"], "gave another base URL"),
        (
            &["load", "steady", "--base-url", "http://127.0.0.1:1/x", "--fault", "lose-update=1"],
            "injected the fault `lose-update=1` into a mock",
        ),
    ] {
        let line: Vec<&str> = [&["letterproof"][..], words].concat();
        contradicted(same, |told| told["command_line"] = json!(line), sentence);
    }
    let (line, told) = called("our-int");
    let faulty = json!(["letterproof", "run", "--fault", "lose-update=1"]);
    let told = |environment: &mut Value| {
        told(environment);
        environment["command_line"] = faulty;
    };
    contradicted(
        line,
        told,
        "injected the fault `lose-update=1` into a mock, but the target is called",
    );
    // A fault that a recording proxy put in was asked for.
    let injected = |line: &mut Value| {
        if line.pointer("/mark/kind").is_some_and(|kind| kind == "scenario-started") {
            let at = line["mark"]["at"].clone();
            line["mark"] = json!({"at": at, "kind": "injected", "exchange": "ex-000001",
                "rule": "503"});
        }
    };
    contradicted(injected, same, "asked for no fault, but the journal names injected ones");
}

#[test]
fn a_nonce_begins_the_correlation_id_of_every_driven_call() {
    let given = |told: &mut Value| told["command_line"] = json!([]);
    let line = head(|head| head["brief"]["nonce"] = "given-later".into());
    contradicted(line, given, "every correlation id of such a run begins with the nonce");
    // One call of another day is enough.
    let saved = read_journal(&sound().folder.join("journal/exchanges.jsonl")).unwrap();
    let is_list = |one: &ExchangeRef<'_>| {
        let route = Route::of_exchange(one, &saved.header.base_url);
        route.operation == Operation::ListLetters && one.actor == Actor::Supplier
    };
    let chosen = saved.recording.exchanges().iter().find(is_list).unwrap().id.to_string();
    let one = |line: &mut Value| {
        if line.pointer("/exchange/id").is_some_and(|id| *id == chosen.as_str()) {
            for header in line["exchange"]["request"]["headers"].as_array_mut().unwrap() {
                if header[0].as_str().unwrap().eq_ignore_ascii_case("x-correlation-id") {
                    header[1] = format!("{NONCE}x-0").into();
                }
            }
        }
    };
    let words = format!("those of 1 calls, the first of them {chosen}, do not");
    contradicted(one, same, &words);
}

/// Sets a time two hours back.
fn set_back(at: &mut Value) {
    let time: Timestamp = at.as_str().unwrap().parse().unwrap();
    *at = Timestamp::from_second(time.as_second() - 7_200).unwrap().to_string().into();
}

#[test]
fn calls_before_the_start_are_of_a_clock_that_was_set_back_only_where_the_journal_shows_it() {
    for shown in [true, false] {
        let turned = Cell::new(!shown);
        let line = |line: &mut Value| {
            if let Some(exchange) = line.get_mut("exchange") {
                set_back(&mut exchange["started"]);
            }
            let Some(mark) = line.get_mut("mark") else { return };
            set_back(&mut mark["at"]);
            if !turned.replace(true) {
                *mark = json!({ "at": mark["at"], "kind": "resumed" });
            }
        };
        let sentences = claimed(line, same);
        let accused = sentences.iter().any(|one| one.contains("before the run began"));
        assert_eq!(accused, !shown, "{sentences:?}");
    }
}

#[track_caller]
fn honest(folder: &Path) {
    for bundle in [folder, &zip_path(folder)] {
        let ended = verify(bundle, &[]);
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        assert!(!ended.stdout.contains("NOT checked"), "{}", ended.stdout);
    }
}

#[test]
fn an_honest_load_is_not_contradicted() {
    let out = tempfile::tempdir().unwrap();
    let ended = command(&["load", "steady", "--rate", "20", "--duration", "2s", "--nonce", NONCE])
        .args(["--letters", "400", "--out", text(out.path())])
        .ended();
    assert!(ended.code < 2, "{}{}", ended.stdout, ended.stderr);
    honest(&run_folder(out.path()));
}

#[test]
fn an_honest_target_at_an_address_of_its_own_is_not_contradicted_and_not_called_int() {
    let (double, out) = (Double::start(20, AuthMode::Jwt), tempfile::tempdir().unwrap());
    let asked = ["--target", "int", "--base-url", double.server.base_url(), "--nonce", "n 1"];
    let call =
        support::letterproof(out.path()).args(asked).args(["--only", "AT1", "--window", "2"]);
    let ended = support::with_credentials(call, &double.server).ended();
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let folder = run_folder(out.path());
    honest(&folder);
    assert!(support::results(&folder).run.target.name.starts_with("int at 127.0.0.1:"));
    // And the fault of a mock elsewhere is not this command's.
    let refused = run(out.path(), &[&asked[..], &["--fault", "lose-update"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    assert!(refused.stderr.contains("--fault is for the embedded mock"), "{}", refused.stderr);
}

#[test]
fn an_honest_witness_is_not_contradicted_whatever_ids_the_supplier_gives() {
    let (double, out) = (Double::start(5, AuthMode::None), tempfile::tempdir().unwrap());
    let upstream = ["--upstream", "mock", "--base-url", double.server.base_url()];
    let more = ["--nonce", NONCE, "--window", "1", "--inject", "POST /mi: 500", "--read-back"];
    let witness = Watching::start(out.path(), &[&upstream[..], &more].concat(), &[]);
    let base = witness.url("base_url").to_owned();
    let list = call("GET", &format!("{base}/letters?limit=2"), &api_headers(""), "");
    let list: Value = serde_json::from_slice(&list.body).unwrap();
    let accepted: Vec<Value> = list["data"].as_array().unwrap().iter().map(|letter| {
        json!({"id": letter["id"], "type": "Letter", "attributes": {"status": "ACCEPTED"}})
    }).collect();
    let body = json!({ "data": accepted }).to_string();
    let ids = api_headers("X-Correlation-ID: a-supplier-of-its-own\r\n");
    call("POST", &format!("{base}/letters"), &ids, &body);
    call("POST", &format!("{base}/mi"), &api_headers(""), "{}");
    witness.finished();
    let folder = run_folder(out.path());
    let saved = read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();
    let mut actors = saved.recording.exchanges().iter().map(|exchange| exchange.actor);
    assert!(actors.any(|actor| actor == Actor::Harness), "something was read back");
    honest(&folder);
}

#[test]
fn an_honest_import_is_not_contradicted() {
    let place = tempfile::tempdir().unwrap();
    let har = command(&["report", text(&sound().zip), "--format", "har"]).ended();
    let file = place.path().join("recording.har");
    std::fs::write(&file, har.stdout).unwrap();
    let base = support::results(&sound().folder).run.target.base_url;
    let out = place.path().join("out");
    let asked = ["judge", text(&file), "--target", "mock", "--base-url", &base];
    let ended = command(&asked).args(["--only", "AT1,AT4", "--out", text(&out)]).ended();
    assert!(ended.code == 0 || ended.code == 3, "{}{}", ended.stdout, ended.stderr);
    honest(&run_folder(&out));
}
