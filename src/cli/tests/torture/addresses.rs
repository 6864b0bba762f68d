//! Names that lead nowhere, and a machine that speaks IPv6 alone.
//! Refuses names that could exist: `.invalid` is reserved for those that do not.

use std::net::TcpListener;

use letterproof_model::Journal as _;
use letterproof_testing::{Skip, skip};

use crate::scene::{Double, TESTS, journal, killed_after_recording, passed};
use crate::stub::TOKEN;
use crate::support::{Call, bundles, command, folders, run_folder};

const NOWHERE: &str = "no-such-host.invalid";

/// The call without a proxy, which would resolve names in its own way.
fn direct(mut call: Call) -> Call {
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        call = call.without(name).without(&name.to_lowercase());
    }
    call
}

#[test]
fn a_base_url_that_does_not_resolve_ends_with_2_and_leaves_nothing() {
    let out = tempfile::tempdir().unwrap();
    let base = format!("https://{NOWHERE}/nhs-notify-supplier");
    for (verb, code, words) in [
        (
            &["run", "--only", "AT1", "--out", bundles::text(out.path())][..],
            2,
            "could not be resolved",
        ),
        (&["doctor"], 1, "FAILURE  name resolution"),
    ] {
        let call = command(verb).with_state(&out.path().join(".state"));
        let ended = direct(call.args(["--target", "sandbox", "--base-url", &base])).ended();
        let told = [ended.stdout, ended.stderr].concat();
        assert_eq!(ended.code, code, "{verb:?}: {told}");
        assert!(told.contains(NOWHERE) && told.contains(words), "{verb:?}: {told}");
        assert_eq!(folders(out.path()), [""; 0], "{verb:?}");
    }
}

#[test]
fn a_token_host_that_does_not_resolve_keeps_a_run_from_beginning_and_from_going_on() {
    let folder = tempfile::tempdir().unwrap();
    let double = Double::start(folder.path(), &[]);
    let nowhere = format!("token_url = \"https://{NOWHERE}{TOKEN}\"");
    let profile = |more: &str| double.profile(folder.path(), double.base_url(), more);
    let out = folder.path().join("out");
    let lost = profile(&nowhere);
    let ended = direct(double.run(&out, &lost, TESTS)).ended();
    assert_eq!(ended.code, 2, "{}\n{}", ended.stdout, ended.stderr);
    for words in [NOWHERE, "could not be resolved", "letterproof doctor"] {
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
    assert_eq!(folders(&out), [""; 0], "nothing was sent, so that nothing is left");

    // The name is lost while the run is broken off.
    let broken = killed_after_recording(double.run(&out, &profile(""), TESTS), &out, 50);
    let recorded = journal(&broken).recording.exchanges().len();
    profile(&nowhere);
    let ended = direct(double.resume(&out, &broken)).ended();
    assert_eq!(ended.code, 2, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(NOWHERE), "{}", ended.stderr);
    assert_eq!(run_folder(&out), broken, "it can be gone on with as before");
    profile("");
    let ended = double.resume(&out, &broken).ended();
    let whole = run_folder(&out);
    passed(&ended, &whole);
    let saved = journal(&whole);
    let later = saved.recording.exchanges().to_vec();
    let unresolved = later[recorded..].iter().filter_map(|one| one.error());
    assert!(unresolved.filter(|error| error.message.contains("resolved")).count() >= 1);
}

/// Whether this machine has the loopback address of IPv6.
fn has_ipv6() -> bool {
    let has = TcpListener::bind("[::1]:0").is_ok();
    if !has {
        skip(Skip::Machine, "this machine has no ::1");
    }
    has
}

#[test]
fn a_run_over_ipv6_passes_downloads_and_verifies() {
    if !has_ipv6() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let double = Double::on("[::1]:0", folder.path(), &[]);
    assert!(double.base_url().starts_with("http://[::1]:"), "{}", double.base_url());
    let profile = double.profile(folder.path(), double.base_url(), "");
    let examined = double.known_to(command(&["doctor", "--target", &profile])).ended();
    assert_eq!(examined.code, 0, "{}\n{}", examined.stdout, examined.stderr);
    let out = folder.path().join("out");
    let ended = double.run(&out, &profile, TESTS).ended();
    let whole = run_folder(&out);
    passed(&ended, &whole);
    let saved = journal(&whole);
    let downloads = saved.recording.exchanges().iter().filter(|one| {
        one.request.url.starts_with("http://[::1]:") && one.request.url.contains("/storage/")
    });
    assert!(downloads.count() >= 1, "no link led to [::1]");
}

#[cfg(unix)]
#[test]
fn the_witness_over_ipv6_records_a_supplier_that_speaks_nothing_else() {
    if !has_ipv6() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let double = Double::on("[::1]:0", folder.path(), &[]);
    let out = folder.path().join("out");
    let call = command(&["witness", "--upstream", "mock", "--visibility-timeout", "1s"])
        .with_state(&folder.path().join(".state"))
        .args(["--base-url", double.base_url(), "--listen", "[::1]:0", "--ui", "[::1]:0", "--out"])
        .args([&out]);
    let (mut witness, line) = double.known_to(call).ready();
    let told = ready(&line, "base_url");
    let downloads = ready(&line, "downloads");
    let supplier = |call: Call| {
        let quick = ["--visibility-timeout", "1s", "--poll", "100ms", "--rate-limit", "2900"];
        double
            .known_to(call)
            .args(quick)
            .args(["--only", "AT1,AT7", "--base-url", &told])
            .args(["--yes-storage", downloads.split('/').nth(2).unwrap()])
    };
    let audience = format!("http://{}{TOKEN}", double.address());
    let ended = supplier(command(&["supplier", "--audience", &audience])).ended();
    let interrupted =
        std::process::Command::new("kill").args(["-INT", &witness.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    witness.wait().unwrap();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let whole = run_folder(&out);
    assert_eq!(bundles::verify(&whole, &[]).code, 0);
    let saved = journal(&whole);
    assert!(saved.recording.exchanges().iter().any(|one| one.request.url.contains("/storage/")));
}

/// Where a witness says that it listens.
fn ready(line: &str, door: &str) -> String {
    let told: serde_json::Value = serde_json::from_str(line).unwrap();
    told[door].as_str().unwrap().to_owned()
}
