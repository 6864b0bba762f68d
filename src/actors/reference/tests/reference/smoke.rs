//! The production smoke test, as far as it can be made on this machine.

use letterproof_client::{Auth, Probe, ProductionConsent, Target};
use letterproof_model::LetterId;

use crate::Stage;

#[tokio::test]
async fn the_smoke_test_fetches_the_named_letters_submits_one_record_and_reads_it_back() {
    let mut stage = Stage::set().await;
    stage.api.seed_ordinary(3);
    let named = vec![LetterId::from("L0001"), LetterId::from("L0003")];
    // As production would be, but on this machine: the consent limits the session all the same.
    let consent = ProductionConsent::given("api.service.nhs.uk", named).unwrap();
    let production = Target::prod_smoke(Auth::None, consent).unwrap();
    stage.target = production.at(&stage.api.base_url()).unwrap();
    let supplier = stage.supplier();
    let run = supplier.smoke_test(letterproof_model::now()).await.unwrap();
    assert_eq!(run.letters.len(), 2);
    assert_eq!(run.record.unwrap().record.quantity, 2);
    assert_eq!(run.read_back.unwrap().value.unwrap().data.id.as_str(), "mi-1");
    assert_eq!(stage.memory.count("GET", "L0002"), 0);
    assert_eq!(stage.memory.count("PATCH", "") + stage.memory.count("POST", "/letters"), 0);
    let session = supplier.session();
    let second = session.probe(&stage.flow, &Probe::new("POST", "/mi").with_body("{}")).await;
    assert!(second.is_err(), "one record is all that may be submitted");
}

#[tokio::test]
async fn without_consent_there_is_no_smoke_test() {
    let stage = Stage::set().await;
    assert!(stage.supplier().smoke_test(letterproof_model::now()).await.is_err());
    assert!(stage.memory.exchanges().is_empty());
}
