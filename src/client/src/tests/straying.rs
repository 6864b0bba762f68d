//! Links that lead where nobody stated: nothing is sent there, and nothing more is sent.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::TcpListener;

use super::Stage;
use crate::{CheckState, ClientError, DataLink, Doctor, DoctorOptions, LinkChange, StorageConsent};

/// A server that nothing may connect to.
struct Trap {
    port: u16,
    sprung: tokio::task::JoinHandle<()>,
}

impl Trap {
    async fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sprung = tokio::spawn(async move {
            let _ = listener.accept().await;
        });
        Self { port, sprung }
    }

    fn is_untouched(&self) -> bool {
        !self.sprung.is_finished()
    }
}

/// Follows the link of a letter whose links lead to `host`.
async fn followed(stage: &Stage, host: &str) -> Result<Option<u16>, ClientError> {
    stage.api.seed_ordinary(1);
    stage.api.world.lock().faults.link_host = Some(host.to_owned());
    let session = stage.session();
    let link = session.letter_data(&stage.flow, &"L0001".into()).await?.value.unwrap();
    let ended = session.download(&stage.flow, &link).await.map(|download| download.status());
    if ended.is_err() {
        // Whoever asks next is told the same, and nothing is sent.
        let again = session.check_status(&stage.flow).await.map(|_| ()).unwrap_err();
        assert!(matches!(again, ClientError::Misled { .. }), "{again}");
        let probed = session.probe_link(&stage.flow, &link, LinkChange::Head).await;
        assert!(probed.is_err());
    }
    ended
}

fn notes(stage: &Stage) -> Vec<String> {
    stage.memory.marks.lock().iter().map(|mark| mark.words()).collect()
}

#[tokio::test]
async fn a_link_that_leads_astray_is_not_followed_and_ends_the_session() {
    let trap = Trap::set().await;
    for (host, words) in [
        (format!("http://127.0.0.1:{}", trap.port), format!("[\"127.0.0.1:{}\"]", trap.port)),
        (format!("http://localhost:{}", trap.port), format!("localhost:{}", trap.port)),
        (format!("http://[::ffff:127.0.0.1]:{}", trap.port), "does not state".to_owned()),
        (format!("http://127.1:{}", trap.port), "does not state".to_owned()),
        ("https://api.service.nhs.uk".to_owned(), "is production".to_owned()),
        ("https://API.service.nhs.uk.:8443".to_owned(), "is production".to_owned()),
        ("https://a@api.service.nhs.uk".to_owned(), "is production".to_owned()),
        ("http://169.254.169.254".to_owned(), "credentials".to_owned()),
        ("https://10.0.0.1".to_owned(), "a private address".to_owned()),
        ("https://0.0.0.0".to_owned(), "unspecified".to_owned()),
        ("https://bucket.example.org".to_owned(), "[\"bucket.example.org\"]".to_owned()),
        ("http://bucket.example.org".to_owned(), "without TLS".to_owned()),
    ] {
        let stage = Stage::set().await;
        let error = followed(&stage, &host).await.unwrap_err();
        assert!(matches!(error, ClientError::Misled { .. }) && error.is_fatal(), "{host}: {error}");
        assert!(error.is_configuration() && error.to_string().contains(&words), "{host}: {error}");
        assert_eq!(stage.memory.exchanges().len(), 1, "{host}: the link alone was asked for");
        let notes = notes(&stage);
        assert!(notes.len() == 1 && notes[0].contains(&words), "{host}: {notes:?}");
    }
    assert!(trap.is_untouched(), "something was sent there");
}

#[tokio::test]
async fn a_stated_storage_at_another_port_is_followed() {
    let mut stage = Stage::set().await;
    let storage = Stage::set().await;
    storage.api.seed_ordinary(1);
    let root = storage.api.base_url().replace("/api", "");
    stage.target.storage_hosts = vec![root.strip_prefix("http://").unwrap().parse().unwrap()];
    // Reached; the other server does not know this one's signature.
    assert!(followed(&stage, &root).await.unwrap().is_some());
    let other_name = root.replace("127.0.0.1", "localhost");
    let again = stage.session();
    let link = DataLink::to(&format!("{other_name}/files/L0001"));
    assert!(again.download(&stage.flow, &link).await.unwrap().status().is_some());
}

/// A person who answers so, and what they were asked about.
fn person(answer: bool) -> (StorageConsent, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&asked);
    let consent = StorageConsent::asking(move |host| {
        kept.lock().push(host.to_string());
        answer
    });
    (consent, asked)
}

#[tokio::test]
async fn a_person_is_asked_once_about_a_public_host_and_about_no_other() {
    let (consent, asked) = person(false);
    for host in ["http://127.0.0.1:1", "https://10.0.0.1", "https://api.service.nhs.uk"] {
        let mut stage = Stage::set().await;
        stage.target.storage_consent = Some(consent.clone());
        assert!(followed(&stage, host).await.is_err());
    }
    assert!(asked.lock().is_empty(), "{asked:?}");
    let mut stage = Stage::set().await;
    stage.target.storage_consent = Some(consent);
    let error = followed(&stage, "https://bucket.example.test").await.unwrap_err();
    assert!(matches!(error, ClientError::Misled { .. }), "{error}");
    assert_eq!(*asked.lock(), ["bucket.example.test"], "once, though it was followed again");
}

#[tokio::test]
async fn a_host_that_a_person_agreed_to_is_followed_and_the_journal_says_so() {
    let (consent, asked) = person(true);
    let mut stage = Stage::set().await;
    stage.target.storage_consent = Some(consent);
    // It is tried, and not found: no test leaves this machine.
    assert_eq!(followed(&stage, "https://bucket.example.test").await.unwrap(), None);
    assert_eq!(asked.lock().len(), 1);
    let notes = notes(&stage);
    assert_eq!(notes, ["a person agreed that bucket.example.test is the target's storage"]);
}

async fn examined(stage: &Stage) -> crate::Diagnosis {
    let options = DoctorOptions { list_one: true, ..DoctorOptions::default() };
    let doctor = Doctor::new(stage.target.clone(), stage.memory.clone(), options);
    doctor.examine().await.unwrap()
}

#[tokio::test]
async fn the_doctor_fetches_one_link_shows_its_host_and_asks_for_it_to_be_written_down() {
    let trap = Trap::set().await;
    for (host, state, found, remedy) in [
        (None, CheckState::Ok, "as stated".to_owned(), ""),
        (
            Some("https://bucket.example.org".to_owned()),
            CheckState::Warning,
            "links lead to bucket.example.org, which".to_owned(),
            "storage_hosts = [\"bucket.example.org\"]",
        ),
        (
            Some(format!("http://127.0.0.1:{}", trap.port)),
            CheckState::Failure,
            format!("127.0.0.1:{}", trap.port),
            "why its links lead there",
        ),
        (
            Some("https://api.service.nhs.uk".to_owned()),
            CheckState::Failure,
            "is production".to_owned(),
            "why its links lead there",
        ),
    ] {
        let stage = Stage::set().await;
        stage.api.seed_ordinary(1);
        stage.api.world.lock().faults.link_host = host.clone();
        let diagnosis = examined(&stage).await;
        let check = diagnosis.check("storage").unwrap();
        assert_eq!(check.state, state, "{host:?}: {check:?}");
        assert!(check.found.contains(&found), "{host:?}: {check:?}");
        assert!(check.remedy.as_deref().unwrap_or_default().contains(remedy), "{check:?}");
        assert_eq!(stage.memory.count("GET", "/files/"), 0, "the link is not followed");
    }
    assert!(trap.is_untouched(), "something was sent there");
    // Without a letter there is no link.
    let stage = Stage::set().await;
    assert_eq!(examined(&stage).await.check("storage").unwrap().state, CheckState::Skipped);
}
