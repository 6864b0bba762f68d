//! What the supplier refuses, how its day ends early, and that it keeps secrets to itself.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use letterproof_mock::{AuthMode, MockConfig, MockServer, SecretToken};
use letterproof_sample_supplier::{
    Access, DayEnd, SampleSupplier, Secret, SupplierError, SupplierSettings,
};
use secrecy::SecretString;
use url::Url;

const CANARY: &str = "canary-7d1c0a";

fn settings(url: &str) -> SupplierSettings {
    SupplierSettings {
        attempts: 2,
        back_off: Duration::from_millis(10),
        answer_timeout: Duration::from_secs(2),
        ..SupplierSettings::new(Url::parse(url).unwrap())
    }
}

fn refusal(settings: SupplierSettings) -> String {
    SampleSupplier::new(settings, []).unwrap_err().to_string()
}

/// A secret that nobody may read.
fn unread() -> Secret {
    Secret::read_by(|| async { panic!("a secret was read before production was refused") })
}

#[test]
fn production_is_refused_before_anything_is_sent() {
    let url = "https://api.service.nhs.uk/nhs-notify-supplier";
    let error = SampleSupplier::new(settings(url), []).unwrap_err();
    assert!(matches!(error, SupplierError::Production { .. }), "{error}");
    let token_url = Url::parse("https://api.service.nhs.uk/oauth2/token").unwrap();
    let access = Access::SignedJwt {
        api_key: unread(),
        kid: "k".to_owned(),
        key: unread(),
        token_url,
        audience: None,
    };
    assert!(
        refusal(SupplierSettings { access, ..settings("http://127.0.0.1:1/x") })
            .contains("production")
    );
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let here = || settings("http://127.0.0.1:1/x");
    let access = Access::Bearer(Secret::from(SecretString::from(CANARY.to_owned())));
    let elsewhere = Url::parse("http://example.org/seed").unwrap();
    for (wrong, needle) in [
        (settings("ftp://127.0.0.1/x"), "not an http"),
        (settings("http://somebody:canary-7d1c0a@127.0.0.1/x"), "user or a query"),
        (SupplierSettings { access, ..settings("http://example.org/x") }, "without TLS"),
        (SupplierSettings { rate_limit: 0, ..here() }, "rate limit"),
        (SupplierSettings { batch: 2_501, ..here() }, "batch = 2501"),
        (SupplierSettings { reseed: Some(elsewhere), ..here() }, "on this machine"),
    ] {
        let message = refusal(wrong);
        assert!(message.contains(needle) && !message.contains(CANARY), "{message}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_and_nothing_is_sent() {
    let access =
        Access::Bearer(Secret::read_by(|| async { Err("variable UNSET is not set".to_owned()) }));
    let supplier =
        SampleSupplier::new(SupplierSettings { access, ..settings("http://127.0.0.1:1/x") }, []);
    let error = supplier.unwrap().run(&|_| (), std::future::pending()).await.unwrap_err();
    assert_eq!(error.to_string(), "variable UNSET is not set");
}

#[tokio::test]
async fn a_day_against_nobody_ends_broken_with_a_next_step() {
    let supplier = SampleSupplier::new(settings("http://127.0.0.1:1/nhs-notify-supplier"), []);
    let report = supplier.unwrap().run(&|_| (), std::future::pending()).await.unwrap();
    let DayEnd::Broken(problem) = &report.end else { panic!("{report:#?}") };
    assert!(problem.contains("GET /_status") && problem.contains("check that"), "{problem}");
}

#[tokio::test]
async fn a_refused_token_is_told_and_never_shown() {
    let mock = MockServer::start(MockConfig {
        letters: 10,
        auth: AuthMode::Static(SecretToken::new("another")),
        ..MockConfig::default()
    });
    let mock = mock.await.unwrap();
    let access = Access::Bearer(Secret::from(SecretString::from(CANARY.to_owned())));
    let settings = SupplierSettings { access, ..settings(mock.base_url()) };
    let shown = format!("{settings:?}");
    let supplier = SampleSupplier::new(settings, []).unwrap();
    let report = supplier.run(&|_| (), std::future::pending()).await.unwrap();
    let DayEnd::Broken(problem) = &report.end else { panic!("{report:#?}") };
    assert!(problem.contains("401") && problem.contains("token"), "{problem}");
    assert!(!format!("{shown}{supplier:?}{report:?}").contains(CANARY));
    mock.shutdown().await;
}

#[tokio::test]
async fn a_day_that_is_stopped_says_what_was_done() {
    let mock = MockServer::start(MockConfig {
        letters: 30,
        auth: AuthMode::None,
        seeds: letterproof_mock::SeedPlan::plain(),
        ..MockConfig::default()
    });
    let mock = mock.await.unwrap();
    let supplier = SampleSupplier::new(settings(mock.base_url()), []).unwrap();
    // The visibility timeout of five minutes is never waited out.
    let stop = async { tokio::time::sleep(Duration::from_secs(1)).await };
    let report = supplier.run(&|_| (), stop).await.unwrap();
    assert_eq!(report.end, DayEnd::Stopped);
    assert_eq!(report.parts.len(), 2, "{report:#?}");
    mock.shutdown().await;
}
