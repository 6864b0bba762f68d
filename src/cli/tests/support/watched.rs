//! A witness in front of a mock, and a plain client that calls it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use letterproof_mock::{AuthMode, Mix, MockConfig, MockServer};

use super::{Ended, command, quick_profile, with_credentials};

const SOON: Duration = Duration::from_secs(25);

/// A double on a runtime of its own, quick enough for a test.
pub(crate) struct Double {
    pub(crate) server: MockServer,
    _runtime: tokio::runtime::Runtime,
}

impl Double {
    pub(crate) fn start(letters: u32, auth: AuthMode) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = MockConfig {
            letters,
            auth,
            visibility_timeout: Duration::from_secs(1),
            apply_delay: Duration::from_millis(50),
            seeds: Mix::Varied.plan(),
            queue_lag: Duration::ZERO,
            rate_limit: None,
            ..MockConfig::default()
        };
        let server = runtime.block_on(MockServer::start(config)).unwrap();
        Self { server, _runtime: runtime }
    }
}

/// A witness that is killed at the latest with the test.
pub(crate) struct Watching {
    pub(crate) child: Child,
    pub(crate) ready: serde_json::Value,
    pub(crate) log: PathBuf,
}

impl Watching {
    /// `letterproof witness ARGUMENTS`, with its log beside the evidence.
    pub(crate) fn start(out: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::at("127.0.0.1:0", out, arguments, environment)
    }

    /// The same at another address.
    pub(crate) fn at(
        listen: &str,
        out: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        use std::io::BufRead as _;
        let log = out.join(".log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_letterproof"));
        let listen = ["witness", "--listen", listen, "--ui", "127.0.0.1:0", "--out"];
        command.args(listen).arg(out).args(arguments).envs(environment.iter().copied());
        let errors = std::fs::File::create(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told = || format!("`{line}` {}", std::fs::read_to_string(&log).unwrap());
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {}", told()));
        Self { child, ready, log }
    }

    pub(crate) fn url(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    /// The page's button, pressed and confirmed; the exit code.
    pub(crate) fn finished(self) -> i32 {
        let url = format!("{}finish", self.url("ui"));
        assert_eq!(call("POST", &url, "", "confirm=yes").status, 200);
        self.ended()
    }

    pub(crate) fn ended(mut self) -> i32 {
        let end = Instant::now() + SOON;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it was not killed");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it did not end: {}", std::fs::read_to_string(&self.log).unwrap());
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A day of the sample supplier through a witness.
pub(crate) fn print_house(double: &Double, witness: &Watching, arguments: &[&str]) -> Ended {
    let addresses = [
        "supplier",
        "--base-url",
        witness.url("base_url"),
        "--token-url",
        witness.url("token_url"),
        "--audience",
        double.server.token_url(),
        "--visibility-timeout",
        "1s",
        "--poll",
        "100ms",
        "--rate-limit",
        "2900",
        "--yes-storage",
        witness.url("downloads").strip_prefix("http://").unwrap(),
    ];
    with_credentials(command(&addresses), &double.server).args(arguments).ended()
}

/// A profile of the double, with a limit that the sample supplier can keep.
pub(crate) fn profile(out: &Path, double: &Double) -> String {
    let path = quick_profile(out, &double.server);
    // Its last table holds the limits.
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(file, "rate_limit = 3000").unwrap();
    path
}

/// An answer as a plain client reads it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A call as curl would make it; `headers` are whole lines.
pub(crate) fn call(method: &str, url: &str, headers: &str, body: &str) -> Answer {
    let rest = url.strip_prefix("http://").unwrap();
    let at = rest.find('/').unwrap();
    let (host, path) = rest.split_at(at);
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         {headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").expect("an HTTP answer");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

/// The value of a header field.
pub(crate) fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (given, value) = line.split_once(": ")?;
        given.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// The header lines of an API call.
pub(crate) fn api_headers(more: &str) -> String {
    format!(
        "X-Request-ID: {}\r\nContent-Type: application/vnd.api+json\r\n{more}",
        uuid::Uuid::new_v4()
    )
}

pub(crate) fn verified(folder: &Path) -> Ended {
    command(&["verify"]).args([folder]).ended()
}
