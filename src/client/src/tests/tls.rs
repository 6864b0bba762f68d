//! Certificates and a TLS server on loopback, for tests of what the HTTPS client is set up with.
//! It speaks no more HTTP than an empty JSON answer.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A root of one's own, as a company has it, with its PEM in a folder.
pub(super) struct Certificates {
    folder: tempfile::TempDir,
    root: CertifiedIssuer<'static, KeyPair>,
}

/// A TLS server; it ends with this value.
pub(super) struct Secure {
    address: SocketAddr,
    /// For each connection that came to stand: whether the client showed a certificate.
    shown: Arc<Mutex<Vec<bool>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Secure {
    pub(super) fn base_url(&self) -> String {
        format!("https://{}/api", self.address)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn shown(&self) -> Vec<bool> {
        self.shown.lock().clone()
    }
}

impl Certificates {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
        Self { folder, root }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder().join("root.pem")
    }

    /// A certificate for a host, with its key, that ends on a day.
    fn issue(
        &self,
        host: &str,
        (year, month, day): (i32, u8, u8),
    ) -> (rcgen::Certificate, KeyPair) {
        let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, month, day);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.root).unwrap();
        (certificate, key)
    }

    /// Writes `client.pem` and, for its owner alone, `client-key.pem`.
    pub(super) fn write_client(&self) {
        let (certificate, key) = self.issue("client.example.test", (2090, 1, 1));
        std::fs::write(self.folder().join("client.pem"), certificate.pem()).unwrap();
        let path = self.folder().join("client-key.pem");
        std::fs::write(&path, key.serialize_pem()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// A server for this host, whose certificate ends on this day.
    pub(super) async fn server(&self, host: &str, last: (i32, u8, u8)) -> Secure {
        self.start(host, last, false).await
    }

    /// A server for this host that asks its clients for a certificate of the same root.
    pub(super) async fn strict_server(&self, host: &str) -> Secure {
        self.start(host, (2090, 1, 1), true).await
    }

    async fn start(&self, host: &str, last: (i32, u8, u8), strict: bool) -> Secure {
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let (certificate, key) = self.issue(host, last);
        let chain = vec![certificate.der().clone(), CertificateDer::clone(self.root.der())];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if strict {
            let mut roots = RootCertStore::empty();
            roots.add(self.root.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let config = builder.with_single_cert(chain, key).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn(serve(listener, Arc::new(config), shown.clone()));
        Secure { address, shown, server }
    }
}

async fn serve(
    listener: tokio::net::TcpListener,
    config: Arc<ServerConfig>,
    shown: Arc<Mutex<Vec<bool>>>,
) {
    let acceptor = TlsAcceptor::from(config);
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shown) = (acceptor.clone(), shown.clone());
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            shown.lock().push(stream.get_ref().1.peer_certificates().is_some());
            let _ = stream.read(&mut [0; 4_096]).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \
                          2\r\n\r\n{}";
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        });
    }
}
