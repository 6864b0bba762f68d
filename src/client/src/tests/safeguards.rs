//! What is refused before any traffic.

use std::time::Duration;

use letterproof_model::LetterId;

use super::Stage;
use crate::{Auth, DataLink, Probe, ProductionConsent, Session, SessionOptions, Target};

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
        assert!(refused.unwrap().to_string().contains("not part of the production smoke test"));
    }
    let burst = session.burst(flow, &Probe::new("GET", "/_status"), 400).await;
    assert!(burst.unwrap_err().to_string().contains("never exceeded on purpose"));
    assert!(stage.memory.exchanges().is_empty());
}

#[tokio::test]
async fn a_redirect_of_an_api_call_is_an_answer_and_is_not_followed() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    let exchange = stage
        .session()
        .probe(&stage.flow, &Probe::new("GET", "/letters/L0001/data"))
        .await
        .unwrap();
    assert_eq!(exchange.status(), Some(303));
    assert_eq!(stage.memory.exchanges().len(), 1);
}

#[tokio::test]
async fn the_limit_is_exceeded_on_purpose_only_where_there_is_one() {
    let mut stage = Stage::set().await;
    let probe = Probe::new("GET", "/_status");
    assert_eq!(stage.session().burst(&stage.flow, &probe, 5).await.unwrap(), 5);
    stage.target.capabilities.clear();
    let refused = stage.session().burst(&stage.flow, &probe, 5).await.unwrap_err();
    assert!(refused.to_string().contains("no rate limit to test"), "{refused}");
    assert_eq!(stage.memory.exchanges().len(), 5);
}

#[tokio::test]
async fn a_burst_goes_beyond_a_limit_of_hundreds_also_where_answers_are_slow() {
    let stage = Stage::set().await;
    stage.api.world.lock().faults.latency = Duration::from_secs(3_600);
    let (session, probe) = (stage.session(), Probe::new("GET", "/_status"));
    let every_call_came = async {
        while stage.api.world.lock().arrivals.len() < 350 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        ended = session.burst(&stage.flow, &probe, 350) => panic!("no answer comes: {ended:?}"),
        came = tokio::time::timeout(Duration::from_secs(60), every_call_came) => came.unwrap(),
    }
}

#[tokio::test]
async fn a_download_leaves_this_machine_only_over_tls() {
    let stage = Stage::set().await;
    let session = opened(Target::sandbox().unwrap(), &stage).unwrap();
    let link = DataLink::to("http://storage.example.org/L1?X-Amz-Signature=canary");
    let error = session.download(&stage.flow, &link).await.unwrap_err().to_string();
    assert!(error.contains("storage.example.org without TLS"), "{error}");
    assert!(!error.contains("canary"), "{error}");
    assert!(stage.memory.exchanges().is_empty());
}

#[tokio::test]
async fn a_redirect_of_a_download_is_not_followed_to_another_place() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    let session = stage.session();
    // Where the link should lead to a PDF, it leads to something that redirects.
    let link = DataLink::to(&format!("{}/letters/L0001/data", stage.api.base_url()));
    let download = session.download(&stage.flow, &link).await.unwrap();
    assert_eq!(download.status(), Some(303));
    assert_eq!(stage.memory.exchanges().len(), 1);
}
