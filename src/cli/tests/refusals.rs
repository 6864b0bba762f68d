//! Everything that can be wrong between a user and a target, as the user is told of it: by
//! `doctor` with exit 1, by `run` with exit 2, each time with what to do next.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod stub;
mod support;

use std::path::{Path, PathBuf};

use letterproof_mock::{AuthMode, DemoCredentials, MockConfig, MockServer};
use stub::{Asked, Said, Stub, TOKEN};
use support::{Ended, command, folders, letterproof};

const API_KEY: &str = "canary-api-key-77c1";

/// What a user gives: a target, and where the key is.
struct Given {
    arguments: Vec<String>,
    key_file: PathBuf,
    folder: tempfile::TempDir,
}

impl Given {
    fn int(base_url: &str) -> Self {
        Self::with(["--target", "int", "--base-url", base_url])
    }

    fn with<const N: usize>(arguments: [&str; N]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pem = DemoCredentials::shared().unwrap().private_key_pem.expose();
        let key_file = private(folder.path(), "key.pem", pem.as_bytes());
        Self { arguments: arguments.map(str::to_owned).to_vec(), key_file, folder }
    }

    /// A profile with this text, besides its name.
    fn profile(text: &str) -> Self {
        let mut given = Self::with([]);
        let path = given.folder.path().join("ours.toml");
        std::fs::write(&path, text).unwrap();
        given.arguments = vec!["--target".to_owned(), path.display().to_string()];
        given
    }

    fn ended(&self, call: support::Call) -> Ended {
        self.with_secrets(call.args(&self.arguments))
    }

    fn with_secrets(&self, call: support::Call) -> Ended {
        let ended = call
            .env("LETTERPROOF_API_KEY", API_KEY)
            .env("LETTERPROOF_KID", "our-int-1")
            .env("LETTERPROOF_KEY_FILE", &self.key_file.display().to_string())
            .env("RUST_LOG", "trace")
            .ended();
        for text in [&ended.stdout, &ended.stderr] {
            assert!(!text.contains("canary") && !text.contains("eyJ"), "a secret shows:\n{text}");
        }
        ended
    }

    /// The doctor fails in one check, whose found or remedy says this; gives the lines of it.
    fn examined(&self, words: &str) -> String {
        let ended = self.ended(command(&["doctor", "--yes"]));
        assert_eq!(ended.code, 1, "{words}: {}\n{}", ended.stdout, ended.stderr);
        let lines: Vec<&str> = ended.stdout.lines().collect();
        let failed: Vec<usize> =
            (0..lines.len()).filter(|at| lines[*at].starts_with("FAILURE")).collect();
        assert_eq!(failed.len(), 1, "{words}: {}", ended.stdout);
        let said = format!("{} {}", lines[failed[0]], lines[failed[0] + 1].trim());
        assert!(said.contains("remedy: ") && said.contains(words), "{words}: {said}");
        said
    }

    /// A run ends before it has begun, leaves no folder, and says this.
    fn run(&self, words: &str) {
        let out = tempfile::tempdir().unwrap();
        let ended = self.ended(letterproof(out.path()).args(["--only", "AT1", "--yes"]));
        assert_eq!(ended.code, 2, "{words}: {}\n{}", ended.stdout, ended.stderr);
        let last = ended.stderr.lines().find(|line| line.starts_with("letterproof: "));
        let said = last.unwrap_or_default();
        assert!(said.contains(words), "{words}: {said}\n{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert_eq!(folders(out.path()), Vec::<String>::new());
    }

    /// The sample supplier ends before its day has begun, and says this.
    fn supplier(&self, words: &str) {
        let base_url = self.arguments.last().unwrap();
        let ended = self.with_secrets(command(&["supplier", "--base-url", base_url]));
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{words}: {}", ended.stderr);
        let said = ended.stderr.lines().find(|line| line.starts_with("letterproof: "));
        assert!(said.is_some_and(|said| said.contains(words)), "{words}: {}", ended.stderr);
    }

    /// Both of them say this.
    fn told(&self, words: &str) {
        self.examined(words);
        self.run(words);
    }
}

/// A file for its owner alone.
fn private(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    mode(&path, 0o600);
    path
}

fn mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let _ = (path, mode);
}

/// An API in order, whose token endpoint says this.
fn with_token(said: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| {
        Some(if asked.path == TOKEN { said(asked) } else { Said::json("200 OK", "{}") })
    })
}

#[test]
fn each_refusal_of_the_token_endpoint_says_what_to_do() {
    const ALTERED: &str = "check token_url and the proxy";
    const REQUEST: &str = "invalid_request";
    const KEY: &str = "public_key error";
    let (bad, denied, forbidden) = ("400 Bad Request", "401 Unauthorized", "403 Forbidden");
    for (status, error, description, words) in [
        (bad, REQUEST, "Invalid 'alg' header in JWT - must be 'RS512'", "registered for RS512"),
        (bad, REQUEST, "JWT token has expired", "set the clock"),
        (bad, REQUEST, "Missing 'kid' header in JWT", "Set the kid"),
        (bad, REQUEST, "Invalid 'typ' header in JWT - must be 'JWT'", ALTERED),
        (bad, REQUEST, "Missing 'exp' claim in JWT", ALTERED),
        (bad, REQUEST, "Invalid 'exp' claim in JWT - must be an integer", ALTERED),
        (bad, REQUEST, "Missing or non-matching 'iss'/'sub' claims in JWT", ALTERED),
        (bad, REQUEST, "Missing 'jti' claim in JWT", ALTERED),
        (bad, REQUEST, "Invalid 'jti' claim in JWT - must be a string value", ALTERED),
        (bad, REQUEST, "Non-unique 'jti' claim in JWT", "nothing replays"),
        (
            bad,
            REQUEST,
            "Invalid 'exp' claim in JWT - more than 5 minutes in future",
            "set the clock",
        ),
        (bad, REQUEST, "Missing grant_type", ALTERED),
        (bad, REQUEST, "Missing client_assertion", ALTERED),
        (bad, REQUEST, "Missing or invalid client_assertion_type", ALTERED),
        (denied, REQUEST, "Invalid 'iss'/'sub' claims in JWT", "API key is not known"),
        (denied, REQUEST, "Missing or invalid 'aud' claim in JWT", "same environment"),
        (denied, REQUEST, "Invalid 'kid' header in JWT - no matching public key", "compare both"),
        (denied, REQUEST, "JWT signature verification failed", "private key is not the one"),
        (forbidden, KEY, "You need to register a public key", "Register the public key"),
        (forbidden, KEY, "The JWKS endpoint can't be reached", "mend that address"),
    ] {
        let stub = with_token(move |_| Said::refusal(status, error, description));
        Given::int(&stub.base_url()).told(words);
    }
}

#[test]
fn a_refusal_that_repeats_the_secrets_it_was_sent_is_shown_without_them() {
    let stub = with_token(|asked| {
        let assertion = asked.body.rsplit('=').next().unwrap_or_default();
        let said = format!("Invalid kid in {assertion} of {API_KEY}");
        Said::refusal("401 Unauthorized", "invalid_request", &said)
    });
    Given::int(&stub.base_url()).told("compare both");
    assert!(stub.asked().iter().any(|asked| asked.body.contains("client_assertion=eyJ")));
}

#[test]
fn an_answer_that_is_no_token_says_what_to_check() {
    for said in [
        Said::page("200 OK"),
        Said::json("200 OK", "{\"token\": 1}"),
        Said::json("200 OK", "[not json"),
        Said::json("200 OK", ""),
        Said::page("407 Proxy Authentication Required"),
        Said::json("200 OK", "{\"access_token\": \"x\", \"expires_in\": \"soon\"}"),
    ] {
        let stub = with_token(move |_| said.clone());
        let given = Given::int(&stub.base_url());
        given.examined("Check token_url");
        given.run("Check the token URL");
    }
}

#[test]
fn a_page_in_the_apis_place_is_told_as_that_of_a_proxy() {
    for status in ["200 OK", "403 Forbidden", "502 Bad Gateway"] {
        let captive = Stub::start(move |asked| {
            Some(if asked.path == TOKEN { Said::token("canary-token") } else { Said::page(status) })
        });
        let given = Given::int(&captive.base_url());
        given.examined("sign-in portal answers");
        if status.starts_with("502") {
            // The run takes it for a passing fault, and asks again before it gives up.
            continue;
        }
        given.run("sign-in portal answers");
        let open = Given::with(["--target", "sandbox", "--base-url", &captive.base_url()]);
        open.told("sign-in portal answers");
    }
}

#[test]
fn a_proxy_that_answers_with_a_page_is_told_as_the_proxys_refusal() {
    let proxy = Stub::start(|_| Some(Said::page("403 Forbidden")));
    let text = |network: &str| {
        format!(
            "extends = \"sandbox\"\nbase_url = \"https://supplier.example.test/api\"\n{network}"
        )
    };
    let named = format!("[network]\nproxy = \"http://{}\"\n", proxy.address());
    let given = Given::profile(&text(&named));
    given.examined("ask whoever runs the proxy");
    given.run("the proxy opens no way to the host");
    let asked = proxy.asked();
    assert!(asked.iter().all(|asked| asked.method == "CONNECT"), "{asked:?}");
    assert_eq!(asked[0].path, "supplier.example.test:443");

    // Named in the environment it is told the same way.
    let given = Given::profile(&text(""));
    let call = command(&["doctor", "--yes"])
        .env("HTTPS_PROXY", &format!("http://{}", proxy.address()))
        .env("https_proxy", &format!("http://{}", proxy.address()));
    let ended = given.ended(call);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    for words in ["from the environment variable HTTPS_PROXY", "ask whoever runs the proxy"] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
}

/// An elliptic-curve key (PKCS#8, DER), made for this test and used nowhere.
const ELLIPTIC: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2FrnabjL+o/HgTHuN66PgXMrlQuGSZWl\
    ihRq4osx/06hRANCAASf5OvWky1SfNvRk01wERuV9Hc7VXgALeYA++cwl50N6rzd42gWOAuWv+fijcBY\
    0DUc0myuaZGh3SMopMvgxCwP";
/// An RSA key of 1024 bits (PKCS#1, DER), made for this test and used nowhere.
const SHORT: &str = "MIICXAIBAAKBgQDHmyhwGvT2jeQKvAfzfwlg3PpEQN87sOwqVr5svP4Ol+c6k9R3V8E0fDnLr/nwClRm\
    VVi0T02q/bL8Exqeaz56eo82QjotbopFaJiOUnSqfo9EANA4pbRqn074gchfju5TgmYcSDIsyD9PGfjy\
    Jh7StZ1W3Pt+2zpfy5IEU/1eqwIDAQABAoGAcmyGnOVHIgOrA2BQ6owbkzR6HyBVGAHPEGJTnUAmH7WC\
    rzjJZnSe4/iGpTZHAAzb3yHzzMFdU7VFom1NKB1wXYCuI9bZzPQXiJflaUksyOoESn+hwtRrTFsgWi1r\
    eWN8IqfxYkf3QM5L5NxoZJgbTi2MdEdRtVOLY3D0S2yh5rECQQDkvMsFVeQAG8CdV8ErbF2Fh596cjjy\
    dz/Nc5aUZRvZBCD8DtJWgsVSK5v7Zr78f6jMbMRuryRmctPgTGOGyXgjAkEA32WDD2Oy4XipCQ6nq7d2\
    zJtuSPFfJPkBzzcOyGjr6SyILYZ9ISKXe8TPutn1nS0pUa4aYY5RB89UEW7S4stj2QJAFqeoSAgAxA37\
    ntnhNQbPoHkVT5BemY08EYJASMRW5MCm77AcHxtmpcPR+C1t/x45vr2LGxdXuJno6E9IkEIGFwJBANBW\
    PD7a7NUnkQT4XNhg1fMFNXnjWKcDbnOQVkICz5f6xtkmJoYDW6C6sDwCzvORTYp2QvYeImWVLkK/xv5p\
    TikCQFNI/gvTBV5bN/dGr6LDvfnE6NYB6DcEShNb80NhIRNG+IetOAp4U+o6VvAWLDfH2daSXH553fZY\
    N5Y9ePIxwtM=";

#[test]
fn a_key_of_the_wrong_kind_is_told_by_its_kind() {
    let stub = with_token(|_| Said::token("canary-token"));
    let mut given = Given::int(&stub.base_url());
    let pem = |label: &str, base64: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    };
    let mut all = Vec::new();
    for (text, found, remedy) in [
        (pem("PRIVATE KEY", ELLIPTIC), "elliptic-curve key", "letterproof keys"),
        (pem("RSA PRIVATE KEY", SHORT), "fewer than 2048 bits", "letterproof keys"),
        (pem("PUBLIC KEY", SHORT), "public half", "private half"),
        (pem("ENCRYPTED PRIVATE KEY", SHORT), "passphrase", "openssl pkey"),
        (pem("CERTIFICATE", SHORT), "certificate", "letterproof keys"),
        (pem("OPENSSH PRIVATE KEY", SHORT), "OpenSSH", "letterproof keys"),
        ("{\"keys\": []}".to_owned(), "perhaps the JWKS", "letterproof keys"),
        ("canary".to_owned(), "no line `-----BEGIN", "whole PEM text"),
    ] {
        given.key_file = private(given.folder.path(), "wrong.pem", text.as_bytes());
        given.told(found);
        given.supplier(found);
        given.supplier(remedy);
        all.push(given.examined(remedy));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "{all:#?}");
    assert!(stub.asked().iter().all(|asked| asked.path != TOKEN), "no token was asked for");
}

#[test]
fn a_key_that_cannot_be_read_is_named_with_what_to_do() {
    let stub = with_token(|_| Said::token("canary-token"));
    let mut given = Given::int(&stub.base_url());
    let folder = given.folder.path().to_owned();
    let open = private(&folder, "open.pem", b"canary");
    mode(&open, 0o644);
    let locked = private(&folder, "locked.pem", b"canary");
    mode(&locked, 0o000);
    let mut cases = vec![
        (folder.join("none.pem"), "correct the path"),
        (folder.clone(), "name the file in it"),
        (private(&folder, "empty.pem", b""), "put the secret there"),
        (private(&folder, "binary.pem", b"\xff\xfe\x00"), "give the PEM"),
    ];
    if cfg!(unix) {
        cases.push((open, "chmod 600"));
    }
    // A superuser reads everything.
    if std::fs::read(&locked).is_err() {
        cases.push((locked, "check its owner and mode"));
    }
    for (path, words) in cases {
        given.key_file = path;
        given.told(words);
        given.supplier(words);
    }
    assert!(stub.asked().iter().all(|asked| asked.path != TOKEN), "no token was asked for");
}

#[test]
fn a_profile_with_an_unknown_field_is_refused_with_line_and_near_name() {
    let given =
        Given::profile("extends = \"int\"\n[auth]\nmethod = \"none\"\n[limits]\nrate_limt = 3\n");
    for verb in ["doctor", "run", "plan"] {
        let ended = given.ended(command(&[verb]));
        assert_eq!(ended.code, 2, "{verb}: {}", ended.stdout);
        for words in ["ours.toml:5", "`limits.rate_limt`", "did you mean `rate_limit`?"] {
            assert!(ended.stderr.contains(words), "{verb} {words}: {}", ended.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_trusted_through_the_profiles_roots_alone() {
    let config =
        MockConfig { auth: AuthMode::None, tls: true, letters: 3, ..MockConfig::default() };
    let server = MockServer::start(config).await.unwrap();
    let text = format!(
        "extends = \"mock\"\nbase_url = \"{}\"\n[auth]\nmethod = \"none\"\n",
        server.base_url()
    );
    Given::profile(&text).told("belongs in the profile's `roots`");
    let given = Given::profile(&format!("{text}[network]\nroots = [\"root.pem\"]\n"));
    std::fs::write(given.folder.path().join("root.pem"), server.certificate_pem().unwrap())
        .unwrap();
    let ended = given.ended(command(&["doctor", "--yes"]));
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("trusted, until"), "{}", ended.stdout);
    server.shutdown().await;
}
