//! Where connections go, and where they do not: by name, by address, over time.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;

use tokio::net::TcpListener;

use crate::client::{Redirects, SendError};
use crate::guard::*;

/// Names with addresses that can change.
#[derive(Default)]
struct Names(Mutex<HashMap<String, Vec<IpAddr>>>);

impl Names {
    fn of(known: &[(&str, &[&str])]) -> Arc<Self> {
        let names = Arc::new(Self::default());
        known.iter().for_each(|(name, addresses)| names.set(name, addresses));
        names
    }

    fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.lock().insert(name.to_owned(), addresses);
    }
}

impl Lookup for Names {
    fn look_up(
        &self,
        host: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let found = self.0.lock().get(host.trim_end_matches('.')).cloned();
        let found = found.ok_or_else(|| io::Error::other(format!("{host} is not known")));
        Box::pin(std::future::ready(found))
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn going(target: &str, storage: &[&str]) -> Going {
    Going {
        target: vec![url(target)],
        storage: storage.iter().map(|text| text.parse().unwrap()).collect(),
        ..Going::default()
    }
}

fn guard(target: &str, storage: &[&str]) -> Guard {
    Guard::new(going(target, storage)).unwrap()
}

const INT: &str = "https://int.api.service.nhs.uk/nhs-notify-supplier";
const BUCKET: &str = "bucket.s3.eu-west-2.amazonaws.com";

#[test]
fn only_the_target_and_its_stated_storage_are_let_through() {
    let int = guard(INT, &[BUCKET, "files.example.org:8443", "10.0.0.7"]);
    for text in [
        INT,
        "https://INT.api.service.nhs.uk.:443/other",
        "https://bucket.s3.eu-west-2.amazonaws.com/L1.pdf?X-Amz-Signature=1",
        "https://BUCKET.s3.eu-west-2.amazonaws.com./L1.pdf",
        "https://files.example.org:8443/x",
        "https://10.0.0.7/x",
    ] {
        assert_eq!(int.check(&url(text)), Ok(()), "{text}");
    }
    for (text, words) in [
        ("https://other.s3.eu-west-2.amazonaws.com/x", "storage_hosts = [\"other.s3.eu-west-2"),
        ("https://files.example.org/x", "--yes-storage files.example.org"),
        ("https://bucket.s3.eu-west-2.amazonaws.com:444/x", "amazonaws.com:444\"]"),
        ("https://int.api.service.nhs.uk:8443/x", "does not state"),
        ("https://api.service.nhs.uk/x", "is production"),
        ("https://api.service.nhs.uk.:8443/x", "is production"),
        ("https://ａｐｉ.service.nhs.uk/x", "is production"),
        ("https://int.api.service.nhs.uk@api.service.nhs.uk/x", "is production"),
        ("http://api.service.nhs.uk/x", "is production"),
        ("http://bucket.s3.eu-west-2.amazonaws.com/x", "without TLS"),
        ("http://storage.example.org/x", "without TLS"),
        ("http://10.0.0.7/x", "a private address"),
        ("http://10.0.0.7:443/x", "without TLS"),
        ("https://someone@bucket.s3.eu-west-2.amazonaws.com/x", "a user's name"),
        ("http://169.254.169.254/latest/meta-data", "credentials"),
        ("https://[fd00:ec2::254]/latest", "credentials"),
        ("https://[::ffff:169.254.169.254]/x", "credentials"),
        ("https://2852039166/x", "credentials"),
        ("https://10.0.0.8/x", "a private address"),
        ("https://0xa000008/x", "a private address"),
        ("https://[64:ff9b::a00:8]/x", "a private address"),
        ("https://169.254.1.1/x", "a link-local address"),
        ("https://0.0.0.0/x", "the unspecified address"),
        ("http://127.0.0.1:6379/x", "does not state 127.0.0.1:6379"),
        ("http://localhost:6379/x", "does not state localhost:6379"),
        ("https://[::1]/x", "does not state [::1]"),
        ("ftp://bucket.s3.eu-west-2.amazonaws.com/x", "not a plain http"),
        ("file:///etc/passwd", "not a plain http"),
    ] {
        let refused = int.check(&url(text)).unwrap_err().to_string();
        assert!(refused.contains(words), "{text}: {refused}");
        assert!(!refused.contains("/x") && !refused.contains("meta-data"), "{refused}");
    }
}

#[test]
fn only_a_public_name_over_https_may_be_asked_about() {
    let int = guard(INT, &[]);
    for (text, may_ask) in [
        ("https://bucket.s3.eu-west-2.amazonaws.com/x", Some(BUCKET)),
        ("http://bucket.s3.eu-west-2.amazonaws.com/x", None),
        ("https://8.8.8.8/x", None),
        ("https://10.0.0.1/x", None),
        ("http://localhost:1/x", None),
        ("https://intranet/x", None),
        ("https://api.service.nhs.uk/x", None),
    ] {
        let refused = int.check(&url(text)).unwrap_err();
        assert_eq!(refused.askable().map(ToString::to_string).as_deref(), may_ask, "{text}");
    }
    int.agree_to(BUCKET.parse().unwrap());
    assert_eq!(int.check(&url("https://bucket.s3.eu-west-2.amazonaws.com/x")), Ok(()));
}

#[test]
fn a_target_on_this_machine_has_its_storage_at_its_own_port_or_where_it_is_stated() {
    let mock = guard("http://127.0.0.1:9000/api", &["localhost:9102"]);
    for text in [
        "http://127.0.0.1:9000/storage",
        "http://localhost:9000/storage",
        "http://[::1]:9000/storage",
        "http://localhost:9102/x",
        "http://127.0.0.1:9102/x",
    ] {
        assert_eq!(mock.check(&url(text)), Ok(()), "{text}");
    }
    for text in ["http://127.0.0.1:9001/x", "http://localhost/x", "https://127.0.0.1/x"] {
        assert!(matches!(mock.check(&url(text)), Err(Refusal::Unstated { .. })), "{text}");
    }
}

#[test]
fn production_is_reached_by_the_smoke_test_alone_and_never_through_a_link() {
    let smoke = |target: &str, agreed: &str| {
        Guard::new(Going { agreed: Some(agreed.to_owned()), ..going(target, &[]) })
    };
    let production = "https://api.service.nhs.uk/nhs-notify-supplier";
    let agreed = smoke(production, "api.service.nhs.uk").unwrap();
    assert_eq!(agreed.check(&url("https://api.service.nhs.uk/nhs-notify-supplier/mi")), Ok(()));
    assert!(agreed.check(&url("https://blue.api.service.nhs.uk/x")).is_err());
    assert!(smoke(production, "int.api.service.nhs.uk").is_err());
    assert!(Guard::new(going(production, &[])).is_err());
    // A rehearsal of the smoke test is no way there.
    let rehearsal = smoke("http://127.0.0.1:9000/api", "api.service.nhs.uk").unwrap();
    assert!(matches!(rehearsal.check(&url(production)), Err(Refusal::Production { .. })));
}

#[test]
fn a_target_that_cannot_be_reached_safely_has_no_guard() {
    for text in [
        "http://supplier.example.org/api",
        "http://10.0.0.5/api",
        "http://0.0.0.0:9000/api",
        "https://169.254.169.254/api",
        "https://[ff02::1]/api",
        "https://someone@int.example/api",
        "ftp://int.example/api",
    ] {
        assert!(Guard::new(going(text, &[])).is_err(), "{text}");
    }
    for text in ["https://10.0.0.5/api", "https://169.254.1.1/api", "http://localhost:1/api"] {
        assert!(Guard::new(going(text, &[])).is_ok(), "{text}");
    }
}

async fn resolved(guard: &Guard, host: &str) -> Result<usize, String> {
    guard.resolve(host).await.map(|found| found.len()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_by_its_address() {
    for address in [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "fd00:ec2::254",
        "224.0.0.1",
    ] {
        let names = Names::of(&[("int.example", &["8.8.8.8"]), (BUCKET, &[address])]);
        let int = Guard::looking_up(going("https://int.example/api", &[BUCKET]), names).unwrap();
        assert_eq!(resolved(&int, "int.example").await, Ok(1));
        let refused = resolved(&int, BUCKET).await.unwrap_err();
        assert!(refused.contains(address) && refused.contains(BUCKET), "{refused}");
    }
    // Of several addresses those that may be connected to are left.
    let names = Names::of(&[("int.example", &["8.8.8.8"]), (BUCKET, &["10.0.0.1", "9.9.9.9"])]);
    let int = Guard::looking_up(going("https://int.example/api", &[BUCKET]), names).unwrap();
    assert_eq!(int.resolve(BUCKET).await.unwrap(), ["9.9.9.9".parse::<IpAddr>().unwrap()]);
}

#[tokio::test]
async fn storage_lies_inside_where_the_target_does_or_its_address_is_stated() {
    let names = Names::of(&[("int.example", &["10.0.0.1"]), (BUCKET, &["10.9.9.9"])]);
    let inside = Guard::looking_up(going("https://int.example/api", &[BUCKET]), names).unwrap();
    assert_eq!(resolved(&inside, "int.example").await, Ok(1));
    assert_eq!(resolved(&inside, BUCKET).await, Ok(1));
    let names = Names::of(&[("int.example", &["8.8.8.8"]), (BUCKET, &["10.9.9.9"])]);
    let stated = going("https://int.example/api", &[BUCKET, "10.9.9.9"]);
    let stated = Guard::looking_up(stated, names).unwrap();
    assert_eq!(resolved(&stated, BUCKET).await, Ok(1));
    let names = Names::of(&[("files.example", &["127.0.0.1"])]);
    let here =
        Guard::looking_up(going("http://127.0.0.1:9000/api", &["files.example:9102"]), names);
    assert_eq!(resolved(&here.unwrap(), "files.example").await, Ok(1));
}

#[tokio::test]
async fn a_name_that_moves_inside_after_it_was_first_resolved_is_refused() {
    let names = Names::of(&[("int.example", &["8.8.8.8"])]);
    let target = going("https://int.example/api", &[]);
    let int = Guard::looking_up(target.clone(), names.clone()).unwrap();
    assert_eq!(resolved(&int, "int.example").await, Ok(1));
    for address in ["127.0.0.1", "10.0.0.1", "169.254.169.254"] {
        names.set("int.example", &[address]);
        let refused = resolved(&int, "int.example").await.unwrap_err();
        assert!(refused.contains(address), "{refused}");
    }
    names.set("int.example", &["9.9.9.9"]);
    assert_eq!(resolved(&int, "int.example").await, Ok(1));
    // A target that lies inside from the beginning stays there.
    names.set("int.example", &["10.0.0.1"]);
    let inside = Guard::looking_up(target, names).unwrap();
    assert_eq!(resolved(&inside, "int.example").await, Ok(1));
}

#[tokio::test]
async fn this_machine_by_name_is_this_machine_alone() {
    let names = Names::of(&[("localhost", &["8.8.8.8"])]);
    let mock = Guard::looking_up(going("http://localhost:9000/api", &[]), names).unwrap();
    assert!(resolved(&mock, "localhost").await.unwrap_err().contains("8.8.8.8"));
}

#[tokio::test]
async fn productions_address_is_refused_under_any_name_but_a_rehearsals() {
    let names = Names::of(&[
        ("api.service.nhs.uk", &["20.1.1.1", "20.1.1.2"]),
        ("int.api.service.nhs.uk", &["20.1.1.1"]),
        ("alias.example", &["20.1.1.2"]),
        ("other.example", &["20.1.1.3"]),
    ]);
    let of = |target: &str| Guard::looking_up(going(target, &["alias.example"]), names.clone());
    let alias = of("https://alias.example/api").unwrap();
    assert!(resolved(&alias, "alias.example").await.unwrap_err().contains("is production's"));
    assert_eq!(resolved(&of("https://other.example/api").unwrap(), "other.example").await, Ok(1));
    let int = of(INT).unwrap();
    assert_eq!(resolved(&int, "int.api.service.nhs.uk").await, Ok(1));
    assert!(resolved(&int, "alias.example").await.is_err(), "nor is it anybody's storage");
    let bare = of("https://20.1.1.1/api").unwrap();
    let refused = bare.admit(&url("https://20.1.1.1/api/x")).await.unwrap_err();
    assert!(matches!(refused, Refusal::ProductionAddress { .. }), "{refused}");
    let smoke = going("https://api.service.nhs.uk/x", &[]);
    let smoke = Going { agreed: Some("api.service.nhs.uk".to_owned()), ..smoke };
    let smoke = Guard::looking_up(smoke, names.clone()).unwrap();
    assert_eq!(resolved(&smoke, "api.service.nhs.uk").await, Ok(2));
}

#[tokio::test]
async fn a_proxy_may_be_anywhere_and_names_need_not_resolve_here() {
    let names = Names::of(&[("proxy.corp", &["10.0.0.3"])]);
    let proxied = Going {
        through: Through::Proxy(url("http://proxy.corp:3128")),
        ..going("https://int.example/api", &[BUCKET])
    };
    let proxied = Guard::looking_up(proxied, names).unwrap();
    assert_eq!(resolved(&proxied, "proxy.corp").await, Ok(1));
    // By name the rules hold all the same.
    assert_eq!(proxied.admit(&url("https://int.example/api")).await, Ok(()));
    assert_eq!(proxied.admit(&url("https://bucket.s3.eu-west-2.amazonaws.com/x")).await, Ok(()));
    for text in [
        "https://api.service.nhs.uk/x",
        "https://elsewhere.example/x",
        "https://169.254.169.254/x",
        "http://int.example/x",
    ] {
        assert!(proxied.admit(&url(text)).await.is_err(), "{text}");
    }
}

/// A listener that must never be connected to.
async fn trap() -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = tokio::spawn(async move {
        let _ = listener.accept().await;
    });
    (port, accepted)
}

#[tokio::test]
async fn no_client_and_no_stream_connects_where_the_guard_does_not_let_it() {
    let (port, trapped) = trap().await;
    // The name of a storage that is stated, and leads inside.
    let names = Names::of(&[("int.example", &["8.8.8.8"]), ("files.example", &["127.0.0.1"])]);
    let stated = format!("files.example:{port}");
    let int = Guard::looking_up(going("https://int.example/api", &[&stated]), names).unwrap();
    let client = int.client(Redirects::Followed, |builder| builder).unwrap();
    for text in [
        format!("https://files.example:{port}/x"),
        format!("http://127.0.0.1:{port}/x"),
        format!("http://localhost:{port}/x"),
        format!("https://[::ffff:127.0.0.1]:{port}/x"),
    ] {
        let request = reqwest::Request::new(http::Method::GET, url(&text));
        let error = client.execute(request).await.unwrap_err();
        assert!(matches!(error, SendError::Refused(_)), "{text}: {error}");
        assert!(int.connect(&url(&text)).await.is_err(), "{text}");
        let mut connector = int.connector(Duration::from_secs(1));
        let connected = tower_service::Service::call(&mut connector, text.parse().unwrap()).await;
        let error = connected.err().unwrap();
        assert!(Refusal::within(error.as_ref()).is_some(), "{text}: {error}");
    }
    assert!(!trapped.is_finished(), "somebody connected");
    trapped.abort();
}

#[tokio::test]
async fn what_two_libraries_would_read_differently_goes_nowhere() {
    let int = guard("https://int.example/api", &["files.example.org"]);
    for text in ["https://int.example/api", "https://INT.example:443/api", "https://int.example./x"]
    {
        assert!(int.check_uri(&text.parse().unwrap()).is_ok(), "{text}");
    }
    // One reads an address in octal digits, the other a name.
    let here = guard("http://127.0.0.1:9000/api", &[]);
    for text in ["http://0177.0.0.1:9000/x", "http://127.1:9000/x", "http://0x7f000001:9000/x"] {
        assert_eq!(here.check_uri(&text.parse().unwrap()), Err(Refusal::Address), "{text}");
    }
}

/// An API on this machine that answers every request with a redirect to `location`.
async fn leading_to(location: String) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 2_048];
            let _ = stream.read(&mut head).await;
            let answer = format!(
                "HTTP/1.1 303 See Other\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    base
}

#[tokio::test]
async fn a_client_that_follows_redirects_follows_none_unseen() {
    let (port, trapped) = trap().await;
    for location in
        [format!("http://127.0.0.1:{port}/x"), "https://api.service.nhs.uk/x".to_owned()]
    {
        let base = leading_to(location).await;
        let client = guard(&base, &[]).client(Redirects::Followed, |builder| builder).unwrap();
        let error = client.execute(reqwest::Request::new(http::Method::GET, url(&base))).await;
        assert!(matches!(error, Err(SendError::Refused(_))), "{error:?}");
    }
    assert!(!trapped.is_finished(), "somebody connected");
    trapped.abort();
}
