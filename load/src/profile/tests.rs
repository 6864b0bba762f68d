//! Reading load profiles: those that come with the harness, and everything that is refused.

use super::*;
use letterproof_client::{Auth, ProductionConsent, Target};

const BASE: &str =
    "name = \"x\"\nshape = \"steady\"\nrate = 10\nduration = \"2s\"\n[mix]\nstatus = 1\n";

fn target(limit: Option<u32>) -> Target {
    let url = "http://127.0.0.1:9/nhs-notify-supplier";
    let mut target = Target::mock(url, "http://127.0.0.1:9/oauth2/token", Auth::None).unwrap();
    target.rate_limit = limit;
    target
}

fn refusal(text: &str) -> String {
    LoadProfile::parse(text, "my.toml").unwrap_err().to_string()
}

#[test]
fn the_profiles_that_come_with_the_harness_are_read_and_fit_the_stand_in() {
    for name in LoadProfile::NAMES {
        let profile = LoadProfile::named(name).unwrap();
        assert_eq!(profile.name, name);
        let plan = profile.plan(&target(Some(300))).unwrap();
        assert!(plan.announcement()[0].contains(name));
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_near_one() {
    let error = LoadProfile::resolve("stedy").unwrap_err().to_string();
    assert!(error.contains("did you mean `steady`?"), "{error}");
    let error = LoadProfile::resolve("/nowhere/mine.toml").unwrap_err().to_string();
    assert!(error.contains("/nowhere/mine.toml") && error.contains("cannot be read"), "{error}");
}

#[test]
fn every_kind_of_bad_input_is_one_clear_error_with_file_line_and_field() {
    for (change, expected) in [
        (
            ("rate = 10", "rate = 0"),
            "my.toml:3: field `rate`: expected a number of requests per second above zero",
        ),
        (("rate = 10", "rate = -5"), "my.toml:3: field `rate`: expected a number"),
        (("rate = 10", "rate = nan"), "my.toml:3: field `rate`: expected a number"),
        (("rate = 10", "rate = inf"), "my.toml:3: field `rate`: expected a number"),
        (("rate = 10", "rate = \"fast\""), "my.toml:3: field `rate`: expected a number"),
        (
            ("rate = 10\n", ""),
            "my.toml:1: field `rate`: it is missing; expected a number of requests",
        ),
        (
            ("rate = 10", "raet = 10"),
            "my.toml:3: field `raet`: no such field; did you mean `rate`?",
        ),
        (
            ("rate = 10", "rate = 10\nburst = \"1s\""),
            "my.toml:4: field `burst`: shape steady has no such field; it belongs to spike",
        ),
        (
            ("duration = \"2s\"", "duration = \"0s\""),
            "my.toml:4: field `duration`: expected a length of time above zero",
        ),
        (("duration = \"2s\"", "duration = \"-2s\""), "my.toml:4: field `duration`: expected"),
        (("duration = \"2s\"", "duration = 0"), "my.toml:4: field `duration`: expected"),
        (("duration = \"2s\"", "duration = 2.5"), "my.toml:4: field `duration`: expected"),
        (("duration = \"2s\"", "duration = \"745h\""), "my.toml:4: field `duration`: expected"),
        (
            ("shape = \"steady\"", "shape = \"stead\""),
            "my.toml:2: field `shape`: no such word; did you mean `steady`?",
        ),
        (("name = \"x\"", "name = \"../x\""), "my.toml:1: field `name`: use up to 64 letters"),
        (
            ("status = 1", "statu = 1"),
            "my.toml:6: field `mix.statu`: no such field; did you mean `status`?",
        ),
        (("status = 1", "status = 0"), "my.toml:5: field `mix`: its weights sum to nothing"),
        (("status = 1", ""), "my.toml:5: field `mix`: its weights sum to nothing"),
        (
            ("status = 1", "status = -1"),
            "my.toml:6: field `mix.status`: expected a weight of at least zero",
        ),
        (("[mix]\nstatus = 1\n", ""), "my.toml:1: field `mix`: it is missing"),
        (
            ("status = 1", "status = 1\n[thresholds]\nerror_rate = 2"),
            "my.toml:8: field `thresholds.error_rate`: expected a share from 0 to 1",
        ),
        (
            ("status = 1", "status = 1\n[thresholds]\np99 = 2"),
            "my.toml:8: field `thresholds.p99`: no such field; did you mean `p99_ms`?",
        ),
        (
            ("status = 1", "status = 1\n[thresholds]\nmax_ratio = 2"),
            "my.toml:8: field `thresholds.max_ratio`: shape steady has no such field; it belongs to at15",
        ),
        (
            ("status = 1", "status = 1\n[thresholds]\nmax_429 = 0.5"),
            "my.toml:8: field `thresholds.max_429`: expected a whole number from 0",
        ),
        (
            ("rate = 10", "letters = 9000\nrate = 10"),
            "my.toml:3: field `letters`: expected a whole number from 1 to 2500",
        ),
        (("rate = 10", "rate = = 10"), "my.toml:3: this is not TOML"),
    ] {
        let text = BASE.replace(change.0, change.1);
        assert_ne!(text, BASE, "{change:?} changes nothing");
        let error = refusal(&text);
        assert!(error.contains(expected), "{change:?}: {error}");
    }
}

#[test]
fn a_length_of_time_may_be_whole_seconds_as_in_every_file() {
    let read = |text: &str| LoadProfile::parse(text, "my.toml").unwrap();
    assert_eq!(read(&BASE.replace("\"2s\"", "2")), read(BASE));
}

#[test]
fn all_problems_are_told_at_once() {
    let error = refusal(&BASE.replace("rate = 10", "rate = 0").replace("2s", "0s"));
    assert_eq!(error.lines().count(), 2, "{error}");
}

#[test]
fn a_rate_above_the_limit_is_refused_whoever_asks_for_it() {
    let profile = LoadProfile::parse(&BASE.replace("rate = 10", "rate = 301"), "my.toml").unwrap();
    let error = profile.plan(&target(Some(300))).unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error.to_string().starts_with("my.toml: field `rate`: 301/s is above the limit of 300/s"),
        "{error}"
    );
    let profile = LoadProfile::named("steady").unwrap().with_rate(500.0).unwrap();
    let error = profile.plan(&target(Some(300))).unwrap_err().to_string();
    assert!(
        error.starts_with("--rate: 500/s is above the limit of 300/s of target mock"),
        "{error}"
    );
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(LoadProfile::named("ramp").unwrap().with_rate(rate).is_err());
    }
    let error = LoadProfile::named("steady").unwrap().plan(&target(None)).unwrap_err().to_string();
    assert!(error.contains("has no limit to keep"), "{error}");
}

#[test]
fn changes_that_a_shape_has_no_room_for_are_refused() {
    let at15 = || LoadProfile::named("at15").unwrap();
    assert!(at15().with_rate(10.0).is_err());
    assert!(at15().with_duration(Duration::from_secs(1)).is_err());
    for time in [Duration::ZERO, Duration::from_secs(745 * 3_600), Duration::MAX] {
        assert!(LoadProfile::named("steady").unwrap().with_duration(time).is_err(), "{time:?}");
    }
    let bursts = LoadProfile::named("spike").unwrap().with_duration(Duration::from_secs(86_400));
    assert!(bursts.unwrap_err().to_string().contains("5760 bursts"));
    let soak = LoadProfile::named("soak").unwrap();
    assert!(soak.clone().with_duration(Duration::from_secs(86_401)).is_err());
    let LoadPlan::Attack(plan) =
        soak.with_duration(Duration::from_secs(24)).unwrap().plan(&target(Some(300))).unwrap()
    else {
        panic!("a soak is sent by this crate")
    };
    assert!((plan.schedule().duration().as_secs_f64() - 24.0).abs() < 0.01);
}

#[test]
fn no_load_is_ever_sent_to_production() {
    let consent = ProductionConsent::given("api.service.nhs.uk", vec!["L1".into()]).unwrap();
    let prod = Target::prod_smoke(Auth::None, consent).unwrap();
    let hidden = target(Some(300)).at("https://api.service.nhs.uk/nhs-notify-supplier").unwrap();
    for target in [prod, hidden] {
        for name in LoadProfile::NAMES {
            let error = LoadProfile::named(name).unwrap().plan(&target).unwrap_err();
            assert!(matches!(error, LoadError::Refused { .. }), "{error}");
        }
    }
}

#[test]
fn what_is_scheduled_stays_under_the_limit_with_room_for_jitter() {
    for name in ["steady", "ramp", "spike", "soak"] {
        let LoadPlan::Attack(plan) =
            LoadProfile::named(name).unwrap().plan(&target(Some(300))).unwrap()
        else {
            panic!("{name} is sent by this crate")
        };
        let peak = plan.schedule().peak();
        assert!((0.95 * 150.0..=0.98 * 300.0).contains(&peak), "{name}: {peak}");
    }
}

#[test]
fn what_is_used_up_is_counted_before_the_start() {
    let text = BASE.replace("status = 1", "list = 1\nupdate = 2\nbulk = 1\nmi-read = 1");
    let text = text.replace("rate = 10", "rate = 10\nletters = 7\nlist_limit = 50\nbulk_size = 3");
    let plan = LoadProfile::parse(&text, "my.toml").unwrap().plan(&target(Some(300))).unwrap();
    let said = plan.announcement().join("\n");
    let LoadPlan::Attack(plan) = plan else { panic!("sent by this crate") };
    let used = plan.letters;
    assert_eq!((used.listed_before, used.lists, used.hidden), (7, 4, 207));
    assert_eq!((used.updates, used.changed, used.mi_records), (12, 7, 1));
    for part in ["up to 207 are listed", "up to 7 are set to ACCEPTED", "1 of management"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_ramp_that_falls_is_refused() {
    let text = "name = \"r\"\nshape = \"ramp\"\nfrom = 50\nto = 20\nsteps = 3\nduration = \"3s\"\n[mix]\nstatus = 1\n";
    let error = LoadProfile::parse(text, "my.toml").unwrap().plan(&target(Some(300))).unwrap_err();
    assert!(error.to_string().contains("`from`: 50/s is above the last step's 20/s"), "{error}");
}

#[test]
fn at15_is_judged_by_its_best_run() {
    let LoadPlan::At15(plan) =
        LoadProfile::named("at15").unwrap().plan(&target(Some(300))).unwrap()
    else {
        panic!("run by the caller")
    };
    let run = |seconds, incomplete, throttled| At15Run {
        elapsed: Duration::from_secs_f64(seconds),
        floor: Duration::from_secs(8),
        letters: 2_500,
        incomplete,
        throttled,
    };
    assert_eq!(plan.runs, 3);
    assert!(plan.check(&[run(12.0, 0, 0), run(8.4, 0, 0)]).iter().all(|one| one.kept));
    assert_eq!(plan.check(&[run(8.4, 1, 2)]).iter().filter(|one| !one.kept).count(), 2);
    assert!(plan.check(&[]).iter().all(|one| !one.kept));
}

use crate::{At15Run, LoadPlan};
