//! What is refused before any traffic.

use letterproof_model::LetterId;

use super::Stage;
use crate::{Auth, Probe, ProductionConsent, Session, SessionOptions, Target};

fn opened(target: Target, stage: &Stage) -> Result<Session, String> {
    Session::new(target, stage.memory.clone(), SessionOptions::default())
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_profile_that_leads_to_production_is_refused_whatever_it_is_called() {
    let stage = Stage::set().await;
    let target = stage.target.clone().at("https://api.service.nhs.uk/nhs-notify-supplier").unwrap();
    assert!(opened(target, &stage).unwrap_err().contains("is production"));
    let mut target = stage.target.clone();
    target.auth = Auth::SignedJwt {
        api_key: crate::SecretSource::Env("X".to_owned()),
        kid: "k".to_owned(),
        key: crate::SecretSource::Env("Y".to_owned()),
    };
    target.token_url = Some("https://api.service.nhs.uk/oauth2/token".to_owned());
    assert!(opened(target, &stage).unwrap_err().contains("is production"));
}

#[tokio::test]
async fn credentials_never_go_over_plain_http_but_on_this_machine() {
    let stage = Stage::set().await;
    let target = stage.target.clone().at("http://supplier.example.org/api").unwrap();
    assert!(opened(target, &stage).unwrap_err().contains("need TLS"));
}

#[tokio::test]
async fn in_production_only_the_smoke_test_on_named_letters_is_sent() {
    let stage = Stage::set().await;
    let named: LetterId = "L1".into();
    let consent = ProductionConsent::given("api.service.nhs.uk", vec![named.clone()]).unwrap();
    let mut target = Target::prod_smoke(Auth::None, consent).unwrap();
    // Led to a closed port of this machine, so that nothing could leave it even if it were sent.
    target.proxy = Some(url::Url::parse("http://127.0.0.1:9").unwrap());
    let session = opened(target, &stage).unwrap();
    let flow = &stage.flow;
    for refused in [
        session.list_letters(flow, None).await.err(),
        session.get_letter(flow, &"L2".into()).await.err(),
        session.post_letters(flow, &[]).await.err(),
        session.probe(flow, &Probe::new("GET", "/letters?limit=1")).await.err(),
        session.probe(flow, &Probe::new("PATCH", "/letters/L1").with_body("{}")).await.err(),
    ] {
        assert!(refused.unwrap().to_string().contains("no part of the production smoke test"));
    }
    assert!(stage.memory.exchanges().is_empty());
}

#[tokio::test]
async fn a_redirect_of_an_api_call_is_an_answer_and_is_not_followed() {
    let stage = Stage::set().await;
    stage.double.seed_ordinary(1);
    let exchange = stage
        .session()
        .probe(&stage.flow, &Probe::new("GET", "/letters/L0001/data"))
        .await
        .unwrap();
    assert_eq!(exchange.status(), Some(303));
    assert_eq!(stage.memory.exchanges().len(), 1);
}
