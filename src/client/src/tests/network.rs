//! Roots, client certificate and proxy of a profile: each takes effect, and each fault has a remedy.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::{MarkKind, TransportErrorKind};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::Stage;
use super::tls::Certificates;
use crate::{CheckState, ClientError, Doctor, DoctorOptions, Profile, Target};

const HOST: &str = "supplier.example.test";

/// A proxy on loopback that says this to every CONNECT and, where that is a success, leads on.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    async fn start(says: &'static str, to: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(lead(stream, kept.clone(), says, to));
            }
        });
        Self { address, asked, server }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

async fn lead(
    mut stream: TcpStream,
    asked: Arc<Mutex<Vec<String>>>,
    says: &'static str,
    to: Option<SocketAddr>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    asked.lock().push(line);
    let _ = stream.write_all(says.as_bytes()).await;
    if let Some(to) = to {
        let mut onward = TcpStream::connect(to).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut onward).await;
    }
}

/// The target of a profile with this in its `[network]`, as if its file lay beside the certificates.
fn target(certificates: &Certificates, network: &str) -> Target {
    let text =
        format!("extends = \"sandbox\"\nbase_url = \"https://{HOST}/api\"\n[network]\n{network}\n");
    Profile::parse(&text, &certificates.folder().join("our.toml")).unwrap().target
}

fn proxied(proxy: &Proxy, rest: &str) -> String {
    format!("proxy = \"http://{}\"\n{rest}", proxy.address)
}

const OPEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const ROOT: &str = "roots = [\"root.pem\"]\n";
const CLIENT: &str = "client_certificate = \"client.pem\"\nclient_key = \"client-key.pem\"\n";

async fn preflight(stage: &mut Stage, target: Target) -> Result<(), ClientError> {
    stage.target = target;
    stage.session().preflight(&stage.flow).await.map(|_| ())
}

#[tokio::test]
async fn a_profiles_proxy_root_and_client_certificate_are_all_used() {
    let certificates = Certificates::new();
    certificates.write_client();
    let server = certificates.strict_server(HOST).await;
    let proxy = Proxy::start(OPEN, Some(server.address())).await;
    let mut stage = Stage::set().await;
    let whole = target(&certificates, &proxied(&proxy, &format!("{ROOT}{CLIENT}")));
    preflight(&mut stage, whole).await.unwrap();
    assert_eq!(proxy.asked(), [format!("CONNECT {HOST}:443 HTTP/1.1")]);
    assert_eq!(server.shown(), [true], "the client certificate was shown");
}

/// The connections that the marks tell of: host, certificate, and the chain that was shown.
fn connected(stage: &Stage) -> Vec<(String, String, Vec<String>)> {
    let marks = stage.memory.marks.lock();
    let told = marks.iter().filter_map(|mark| match &mark.kind {
        MarkKind::Connected { host, certificate, chain } => {
            Some((host.clone(), certificate.clone(), chain.clone()))
        }
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn the_chain_that_a_server_shows_is_on_record_for_every_connection() {
    let certificates = Certificates::new();
    let server = certificates.server(HOST, (2090, 1, 1)).await;
    let proxy = Proxy::start(OPEN, Some(server.address())).await;
    let mut stage = Stage::set().await;
    stage.target = target(&certificates, &proxied(&proxy, ROOT));
    let session = stage.session();
    session.preflight(&stage.flow).await.unwrap();
    let first = connected(&stage);
    let [(host, certificate, chain)] = first.as_slice() else { panic!("{first:?}") };
    assert_eq!((host.as_str(), certificate.len()), (HOST, 64));
    let own = STANDARD.decode(&chain[0]).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &own);
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(*certificate, hex, "the host's own certificate comes first");
    // Another session is another journal's; of this one each connection is told.
    preflight(&mut stage, target(&certificates, &proxied(&proxy, ROOT))).await.unwrap();
    assert_eq!(connected(&stage).len(), 2);
}

#[tokio::test]
async fn without_the_root_or_the_client_certificate_the_server_is_not_reached() {
    let certificates = Certificates::new();
    certificates.write_client();
    let server = certificates.strict_server(HOST).await;
    let proxy = Proxy::start(OPEN, Some(server.address())).await;
    let mut stage = Stage::set().await;
    for (network, words) in [(ROOT, "`client_certificate`"), (CLIENT, "`roots`")] {
        let lacking = target(&certificates, &proxied(&proxy, network));
        let error = preflight(&mut stage, lacking).await.unwrap_err();
        let text = error.to_string();
        let ClientError::Unreachable { kind, .. } = error else { panic!("{text}") };
        assert_eq!(kind, TransportErrorKind::Tls, "{text}");
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(server.shown(), Vec::<bool>::new());
    // A client that shows no certificate trusts the server all the same; one without the root not.
    assert!(connected(&stage).len() <= 1, "{:?}", connected(&stage));
}

#[tokio::test]
async fn a_server_that_asks_for_no_certificate_is_shown_none_unless_the_profile_names_one() {
    let certificates = Certificates::new();
    let server = certificates.server(HOST, (2090, 1, 1)).await;
    let proxy = Proxy::start(OPEN, Some(server.address())).await;
    let mut stage = Stage::set().await;
    preflight(&mut stage, target(&certificates, &proxied(&proxy, ROOT))).await.unwrap();
    assert_eq!(server.shown(), [false]);
}

#[tokio::test]
async fn a_proxy_that_answers_with_a_page_is_told_as_the_proxys_refusal() {
    let certificates = Certificates::new();
    for (says, words) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
            "opens no way",
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            "proxy authorization",
        ),
        ("<html>no proxy at all</html>\r\n\r\n", "proxy"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>Sign in</html>", "Check the certificate"),
    ] {
        let proxy = Proxy::start(says, None).await;
        let mut stage = Stage::set().await;
        stage.target = target(&certificates, &proxied(&proxy, ROOT));
        let error = stage.session().preflight(&stage.flow).await.unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        let doctor =
            Doctor::new(stage.target.clone(), stage.memory.clone(), DoctorOptions::default());
        let diagnosis = doctor.examine().await.unwrap();
        let status = diagnosis.check("status").unwrap();
        assert_eq!(status.state, CheckState::Failure, "{diagnosis:#?}");
        assert!(status.remedy.as_ref().unwrap().contains("proxy"), "{status:?}");
    }
}

#[tokio::test]
async fn files_of_a_profile_that_cannot_be_used_are_named_before_any_traffic() {
    let certificates = Certificates::new();
    certificates.write_client();
    let write = |name: &str, text: &str| {
        std::fs::write(certificates.folder().join(name), text).unwrap();
    };
    write("no-certificate.pem", "canary");
    let mut cases = vec![
        ("roots = [\"none.pem\"]".to_owned(), "none.pem"),
        ("roots = [\"no-certificate.pem\"]".to_owned(), "no PEM certificate"),
        (CLIENT.replace("client.pem", "no-certificate.pem"), "make no identity"),
        (CLIENT.replace("client-key.pem", "none.pem"), "none.pem"),
    ];
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = certificates.folder().join("open-key.pem");
        std::fs::copy(certificates.folder().join("client-key.pem"), &open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
        cases.push((CLIENT.replace("client-key.pem", "open-key.pem"), "chmod 600"));
    }
    let mut stage = Stage::set().await;
    for (network, words) in cases {
        stage.target = target(&certificates, &network);
        let options = crate::SessionOptions::default();
        let opened = crate::Session::new(stage.target.clone(), stage.memory.clone(), options);
        let error = opened.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
