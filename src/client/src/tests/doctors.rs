//! The doctor: all in order, and each thing wrong with a remedy of its own.

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{Stage, double};
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
    stage.double.seed_ordinary(1);
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
                let own = SigningKey::from_pem("another", double::key_pem().into()).unwrap();
                options.jwks = Some(own.jwks());
                ("jwks", "Set the profile's kid")
            }
            3 => {
                let pem = SecretString::from(double::other_key_pem());
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
                stage.double.world.lock().faults.token = vec![(401, said.to_owned())];
                ("token", "same environment")
            }
            7 => {
                let said =
                    r#"{"error":"public_key error","error_description":"no JWKS registered"}"#;
                stage.double.world.lock().faults.token = vec![(403, said.to_owned())];
                ("token", "Register the public key")
            }
            _ => {
                stage.double.world.lock().forbidden = true;
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
    stage.double.world.lock().clock_ahead_s = 3_600;
    let diagnosis = examined(&stage, DoctorOptions::default()).await;
    let clock = diagnosis.check("clock").unwrap();
    assert_eq!(clock.state, CheckState::Warning);
    assert!(clock.found.contains("behind"), "{}", clock.found);
    let assertion = stage.double.world.lock().assertions[0].clone();
    let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(&assertion);
    let ahead =
        claims.unwrap().claims["exp"].as_i64().unwrap() - letterproof_model::now().as_second();
    assert!((3_600..3_900).contains(&ahead), "{ahead}");
}

/// A TLS server on loopback with its own certificate, which answers everything with `{}`.
async fn tls_server(folder: &Path, last_year: i32) -> Target {
    let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let root = folder.join("root.pem");
    std::fs::write(&root, certificate.pem()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4_096]).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let mut target = Target::mock(&format!("https://{address}"), "", Auth::None).unwrap();
    target.roots = vec![root];
    target
}

#[tokio::test]
async fn a_certificate_is_checked_against_the_profiles_roots_and_its_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::set().await;
    stage.target = tls_server(folder.path(), 2090).await;
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
async fn an_expired_certificate_is_a_tls_failure_that_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::set().await;
    stage.target = tls_server(folder.path(), 2021).await;
    let error = stage.session().preflight(&stage.flow).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("certificate") && text.to_lowercase().contains("expired"), "{text}");
    assert_eq!(stage.memory.exchanges().len(), 1);
}
