//! The doctor: all in order, and each thing wrong with a remedy of its own.

use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::tls::{Certificates, Secure};
use letterproof_testing::stub;

use super::Stage;
use crate::{Auth, CheckState, Diagnosis, Doctor, DoctorOptions, SecretSource, SigningKey, Target};

async fn examined(stage: &Stage, options: DoctorOptions) -> Diagnosis {
    let doctor = Doctor::new(stage.target.clone(), stage.memory.clone(), options);
    doctor.examine().await.unwrap()
}

fn listing() -> DoctorOptions {
    DoctorOptions { list_one: true, ..DoctorOptions::default() }
}

/// The one failure of a diagnosis: its name, and found and remedy in one text.
fn failure(diagnosis: &Diagnosis) -> (&'static str, String) {
    let failed: Vec<_> =
        diagnosis.checks.iter().filter(|check| check.state == CheckState::Failure).collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(diagnosis.exit_code(), 1);
    let remedy = failed[0].remedy.clone().expect("a failure has a remedy");
    (failed[0].name, format!("{} / {remedy}", failed[0].found))
}

#[tokio::test]
async fn a_target_in_order_is_told_so_and_no_letter_is_listed_unasked() {
    let stage = Stage::set().await.with_jwt();
    stage.api.seed_ordinary(1);
    let diagnosis = examined(&stage, DoctorOptions::default()).await;
    assert_eq!(diagnosis.exit_code(), 0, "{diagnosis:#?}");
    for name in ["secrets", "name", "proxy", "status", "token", "clock", "limit"] {
        assert_eq!(diagnosis.check(name).unwrap().state, CheckState::Ok, "{name}");
    }
    assert_eq!(diagnosis.check("list").unwrap().state, CheckState::Skipped);
    assert_eq!(stage.memory.count("GET", "/letters"), 0);
    let diagnosis = examined(&stage, listing()).await;
    assert_eq!(diagnosis.check("list").unwrap().state, CheckState::Ok);
    assert_eq!(stage.memory.count("GET", "limit=1"), 1);
    let json = serde_json::to_string(&diagnosis).unwrap();
    assert!(!json.contains("canary"), "{json}");
}

#[tokio::test]
async fn each_thing_that_is_wrong_has_a_remedy_of_its_own() {
    let mut remedies = Vec::new();
    for wrong in 0..9 {
        let mut stage = Stage::set().await.with_jwt();
        let mut options = listing();
        let Auth::SignedJwt { api_key, kid, key } = &mut stage.target.auth else { panic!("JWT") };
        let expected = match wrong {
            0 => {
                *api_key = SecretSource::Env("LETTERPROOF_TEST_UNSET".to_owned());
                ("secrets", "LETTERPROOF_TEST_UNSET")
            }
            1 => {
                *key = SecretString::from("not a key").into();
                ("key", "letterproof keys")
            }
            2 => {
                let own = SigningKey::from_pem("another", stub::key_pem().into()).unwrap();
                options.jwks = Some(own.jwks());
                ("jwks", "Set the profile's kid")
            }
            3 => {
                let pem = SecretString::from(stub::other_key_pem());
                options.jwks = Some(SigningKey::from_pem(kid, pem).unwrap().jwks());
                ("jwks", "private key that goes with")
            }
            4 => {
                stage.target.base_url =
                    url::Url::parse("https://no-such-host.invalid/api").unwrap();
                ("name", "name server")
            }
            5 => {
                stage.target.base_url.set_path("/elsewhere");
                ("status", "path of base_url")
            }
            6 => {
                let said = r#"{"error":"invalid_request","error_description":"Missing or invalid aud claim in JWT"}"#;
                stage.api.world.lock().faults.token = vec![(401, said.to_owned())];
                ("token", "same environment")
            }
            7 => {
                let said =
                    r#"{"error":"public_key error","error_description":"no JWKS registered"}"#;
                stage.api.world.lock().faults.token = vec![(403, said.to_owned())];
                ("token", "Register the public key")
            }
            _ => {
                stage.api.world.lock().forbidden = true;
                ("list", "ask NHS Notify")
            }
        };
        let (name, said) = failure(&examined(&stage, options).await);
        assert_eq!(name, expected.0, "{said}");
        assert!(said.contains(expected.1), "{said}");
        remedies.push(said);
    }
    remedies.sort();
    remedies.dedup();
    assert_eq!(remedies.len(), 9);
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_and_corrected() {
    let stage = Stage::set().await.with_jwt();
    stage.api.world.lock().clock_ahead_s = 3_600;
    let diagnosis = examined(&stage, DoctorOptions::default()).await;
    let clock = diagnosis.check("clock").unwrap();
    assert_eq!(clock.state, CheckState::Warning);
    assert!(clock.found.contains("behind"), "{}", clock.found);
    let assertion = stage.api.world.lock().assertions[0].clone();
    let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(&assertion);
    let ahead =
        claims.unwrap().claims["exp"].as_i64().unwrap() - letterproof_model::now().as_second();
    assert!((3_600..3_900).contains(&ahead), "{ahead}");
}

/// A target behind a certificate that ends on this day.
async fn behind(certificates: &Certificates, last: (i32, u8, u8)) -> (Secure, Target) {
    let server = certificates.server("127.0.0.1", last).await;
    let mut target = Target::mock(&server.base_url(), "", Auth::None).unwrap();
    target.roots = vec![certificates.root()];
    (server, target)
}

#[tokio::test]
async fn a_certificate_is_checked_against_the_profiles_roots_and_its_end_is_told() {
    let certificates = Certificates::new();
    let mut stage = Stage::set().await;
    let (_server, target) = behind(&certificates, (2090, 1, 1)).await;
    stage.target = target;
    let diagnosis = examined(&stage, DoctorOptions::default()).await;
    let certificate = diagnosis.check("certificate").unwrap();
    assert_eq!(certificate.state, CheckState::Ok, "{diagnosis:#?}");
    assert!(certificate.found.contains("2090-01-01"), "{}", certificate.found);
    stage.target.roots.clear();
    let (name, said) = failure(&examined(&stage, DoctorOptions::default()).await);
    assert_eq!(name, "status");
    assert!(said.contains("`roots`"), "{said}");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_worth_a_warning() {
    let certificates = Certificates::new();
    let soon = letterproof_model::now() + jiff::SignedDuration::from_hours(24 * 10);
    let soon = soon.to_zoned(TimeZone::UTC).date();
    let day = |number: i8| u8::try_from(number).unwrap();
    let last = (i32::from(soon.year()), day(soon.month()), day(soon.day()));
    let mut stage = Stage::set().await;
    let (_server, target) = behind(&certificates, last).await;
    stage.target = target;
    let diagnosis = examined(&stage, DoctorOptions::default()).await;
    let certificate = diagnosis.check("certificate").unwrap();
    assert_eq!(certificate.state, CheckState::Warning, "{diagnosis:#?}");
    assert!(certificate.remedy.is_some());
}

#[tokio::test]
async fn an_expired_certificate_is_told_as_such_and_not_tried_again() {
    let certificates = Certificates::new();
    let mut stage = Stage::set().await;
    let (_server, target) = behind(&certificates, (2021, 1, 1)).await;
    stage.target = target;
    let error = stage.session().preflight(&stage.flow).await.unwrap_err();
    assert!(error.is_configuration());
    let text = error.to_string();
    assert!(text.to_lowercase().contains("expired"), "{text}");
    assert!(text.contains("Check the certificate and its date"), "{text}");
    assert_eq!(stage.memory.exchanges().len(), 1);
    let (name, said) = failure(&examined(&stage, DoctorOptions::default()).await);
    assert_eq!(name, "status");
    assert!(said.to_lowercase().contains("expired") && said.contains("its date"), "{said}");
}
