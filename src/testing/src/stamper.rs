//! A time-stamping authority for tests: `openssl ts` behind a port of this machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How a stamper signs, and for what its certificate is.
#[derive(Debug, Clone, Copy)]
pub struct StamperKind {
    /// What `openssl req -newkey` makes: `rsa:2048`, `ec:prime256v1`.
    pub key: &'static str,
    /// The digest that signatures are over.
    pub digest: &'static str,
    /// The extended key usage of its certificate.
    pub usage: &'static str,
    /// The common name of its certificate.
    pub name: &'static str,
    /// Whether its certificate is named by SHA-256 (RFC 5816) and not by SHA-1.
    pub named_by_sha256: bool,
}

impl Default for StamperKind {
    fn default() -> Self {
        Self {
            key: "rsa:2048",
            digest: "sha256",
            usage: "critical,timeStamping",
            name: "Test Stamper",
            named_by_sha256: true,
        }
    }
}

/// A stamper's authority, certificate and key, in files of a folder.
#[derive(Debug, Clone)]
pub struct OpensslStamper {
    folder: PathBuf,
}

impl OpensslStamper {
    /// Makes an authority and a stamper of it in this folder; `None` where there is no OpenSSL (macOS
    /// has another program of that name), and the test is then listed as skipped.
    ///
    /// # Panics
    /// When `openssl` fails.
    #[must_use]
    pub fn new(folder: &Path, kind: StamperKind) -> Option<Self> {
        let version = Command::new("openssl").arg("version").output();
        if !version.is_ok_and(|version| version.stdout.starts_with(b"OpenSSL ")) {
            crate::skip(crate::Skip::Machine, "there is no OpenSSL");
            return None;
        }
        let stamper = Self { folder: folder.to_owned() };
        stamper.write("config", &config(kind));
        let make = |key: &'static str| match key.strip_prefix("ec:") {
            Some(curve) => {
                vec!["ec".to_owned(), "-pkeyopt".into(), format!("ec_paramgen_curve:{curve}")]
            }
            None => vec![key.to_owned()],
        };
        let run = |words: &[&str], more: &[String]| stamper.openssl(words, more);
        let request = ["req", "-config", "config", "-nodes", "-newkey"];
        let mut root = make("ec:prime256v1");
        let words = "-x509 -extensions root -days 30 -subj /CN=Test-Root/O=Tests -keyout root.key -out root.pem";
        root.extend(words.split(' ').map(|word| word.replace("Test-Root", "Test Root")));
        run(&request, &root);
        let mut own = make(kind.key);
        own.extend(["-subj".to_owned(), format!("/O=Tests/CN={}", kind.name)]);
        own.extend("-keyout tsa.key -out tsa.csr".split(' ').map(str::to_owned));
        run(&request, &own);
        let words = "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 20 -extfile config -extensions stamper -out tsa.pem";
        run(&words.split(' ').collect::<Vec<_>>(), &[]);
        stamper.write("serial", "01\n");
        Some(stamper)
    }

    /// The authority's certificate, as a PEM file.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// The stamper's own certificate, as a PEM file.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("tsa.pem")
    }

    /// Answers a `TimeStampReq` with a `TimeStampResp`.
    ///
    /// # Panics
    /// When `openssl` fails.
    #[must_use]
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        self.try_answer(request).unwrap_or_else(|| panic!("openssl ts does not stamp"))
    }

    /// As [`Self::answer`]; `None` where `openssl` will not stamp with this certificate.
    #[must_use]
    pub fn try_answer(&self, request: &[u8]) -> Option<Vec<u8>> {
        std::fs::write(self.folder.join("query"), request).ok()?;
        let _ = std::fs::remove_file(self.folder.join("reply"));
        let words = "ts -reply -config config -queryfile query -out reply";
        let output =
            Command::new("openssl").args(words.split(' ')).current_dir(&self.folder).output();
        output.ok().filter(|output| output.status.success())?;
        std::fs::read(self.folder.join("reply")).ok()
    }

    fn write(&self, name: &str, text: &str) {
        let written = std::fs::write(self.folder.join(name), text);
        written.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    fn openssl(&self, words: &[&str], more: &[String]) {
        let output = Command::new("openssl")
            .args(words)
            .args(more)
            .current_dir(&self.folder)
            .output()
            .unwrap_or_else(|error| panic!("{error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {words:?} {more:?}: {said}");
    }
}

fn config(kind: StamperKind) -> String {
    let StamperKind { digest, usage, .. } = kind;
    let named_by = if kind.named_by_sha256 { "sha256" } else { "sha1" };
    format!(
        "[req]\ndistinguished_name = name\n[name]\n[root]\nbasicConstraints = critical,CA:true\n\
         keyUsage = critical,keyCertSign\n[stamper]\nbasicConstraints = CA:false\n\
         keyUsage = critical,digitalSignature\nextendedKeyUsage = {usage}\n[tsa]\n\
         default_tsa = own\n[own]\nserial = serial\nsigner_cert = tsa.pem\ncerts = root.pem\n\
         signer_key = tsa.key\nsigner_digest = {digest}\ndefault_policy = 1.2.3.4.1\n\
         digests = sha256\naccuracy = secs:1\nclock_precision_digits = 3\nordering = yes\n\
         tsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = {named_by}\n"
    )
}

/// How a test's server answers each request: its body in, status and body out.
pub type Answering = Arc<dyn Fn(&[u8]) -> (u16, Vec<u8>) + Send + Sync>;

/// Serves a stamper over plain HTTP for as long as the process lives; one request at a time.
///
/// # Panics
/// When no port is to be had.
#[must_use]
pub fn serve(answering: Answering) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("{error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever hangs up is the test's concern.
            let _ = exchange(stream, &answering);
        }
    });
    address
}

fn exchange(mut stream: TcpStream, answering: &Answering) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..length]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            if length == 0 {
                return Ok(());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let stated = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let stated = stated.and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or_default();
        if bytes.len() >= end + 4 + stated || length == 0 {
            let (status, body) = answering(&bytes[end + 4..]);
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/timestamp-reply\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            return stream.write_all(&body);
        }
    }
}
