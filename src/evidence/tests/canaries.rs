//! Secrets planted in every place and many encodings: none may reach the journal's bytes.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{BASE, exchange, headers, journal, path, text};
use letterproof_evidence::read_journal;
use letterproof_model::{
    Content, Journal as _, RawBody, RawExchange, RawOutcome, RawResponse, Recorder, TransportError,
    TransportErrorKind,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

/// The secrets of a run. Each holds a mark that must not be found afterwards.
struct Canaries {
    api_key: String,
    assertion: String,
    token: String,
    signature: String,
    access_key: String,
    session: String,
}

impl Canaries {
    fn of(salt: &str) -> Self {
        let api_key = format!("APIKEY{salt}/+=canary");
        let claims = format!("{{\"iss\":\"{api_key}\",\"sub\":\"{api_key}\",\"jti\":\"{salt}\"}}");
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let assertion = format!(
            "{}.{}.{}",
            part("{\"alg\":\"RS512\",\"kid\":\"k\"}"),
            part(&claims),
            part(&format!("SIGNATURE-OF-{salt}"))
        );
        Self {
            api_key,
            assertion,
            token: format!("TOKEN-{salt}~+/opaque"),
            signature: format!("f00d{salt}beef+/="),
            // An access key is alphanumeric; the slash ends it.
            access_key: format!("AKIA{}CANARY", salt.replace(|c: char| !c.is_alphanumeric(), "0")),
            session: format!("SESSION{salt}//=="),
        }
    }

    fn all(&self) -> [&str; 6] {
        [
            &self.api_key,
            &self.assertion,
            &self.token,
            &self.signature,
            &self.access_key,
            &self.session,
        ]
    }

    fn link(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!(
            "https://bucket.example/L1.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}\
             &X-Amz-Date=20260821T101500Z&X-Amz-Expires=60&X-Amz-Security-Token={}\
             &X-Amz-SignedHeaders=host&X-Amz-Signature={}",
            encoded(&format!("{}/20260821/eu-west-2/s3/aws4_request", self.access_key)),
            encoded(&self.session),
            encoded(&self.signature)
        )
    }
}

/// Every way in which a secret may be written down.
fn encodings(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    // A fold takes white space with it, so none is folded where a secret has its own.
    let seam = (secret.len() / 2..secret.len()).find(|at| secret.as_bytes()[*at] != b' ');
    let (first, second) = secret.split_at(seam.unwrap());
    vec![
        secret.to_owned(),
        percent.clone(),
        percent.replace("%2F", "%2f").replace("%2B", "+").replace("%3D", "%3d"),
        hex,
        serde_json::to_string(secret).unwrap().trim_matches('"').replace('/', "\\/"),
        STANDARD.encode(format!("user:{secret}")),
        URL_SAFE_NO_PAD.encode(format!("x{secret}")),
        secret.to_uppercase(),
        secret.to_lowercase(),
        base32(&format!("user:{secret}")),
        base32(&format!("k={secret}\n")).to_lowercase(),
        escaped(secret, |c| format!("&#{};", u32::from(c))),
        escaped(secret, |c| format!("&#x{:X};", u32::from(c))),
        secret.replace('&', "&amp;").replace('+', "&plus;").replace('/', "&sol;"),
        escaped(secret, |c| format!("\\u{:04x}", u32::from(c))),
        format!("{first}\r\n1f\r\n{second}"),
        format!("{first}\n {second}"),
        STANDARD.encode(gzip(secret)),
        URL_SAFE_NO_PAD.encode(gzip(&format!("{{\"token\":\"{secret}\"}}"))),
    ]
}

fn escaped(secret: &str, escape: impl Fn(char) -> String) -> String {
    let one = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { escape(c) };
    secret.chars().map(one).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Base32 of RFC 4648, by way of the bits as text.
fn base32(text: &str) -> String {
    let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
    let digit = |bits: &[u8]| {
        let bits = format!("{:0<5}", std::str::from_utf8(bits).unwrap());
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from_str_radix(&bits, 2).unwrap()]
    };
    let digits: Vec<u8> = bits.as_bytes().chunks(5).map(digit).collect();
    format!("{:=<1$}", String::from_utf8(digits).unwrap(), text.len().div_ceil(5) * 8)
}

/// What must not be found: the secret, and any ten characters out of its encodings' middle.
fn traces(secret: &str) -> Vec<String> {
    encodings(secret)
        .into_iter()
        .map(|form| {
            let middle = form.len() / 2;
            form.get(middle.saturating_sub(5)..(middle + 5).min(form.len()))
                .unwrap_or(&form)
                .to_owned()
        })
        .collect()
}

/// A token call, an API call, a link and its download, each with its secrets where they belong.
fn proper_traffic(canaries: &Canaries) -> Vec<RawExchange> {
    let mut token = exchange("POST", "https://int.example/oauth2/token");
    token.request.headers = headers(&[
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("apikey", &canaries.api_key),
    ]);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_assertion", &canaries.assertion)
        .finish();
    token.request.body = text(&form);
    set_answer(
        &mut token,
        &format!("{{\"access_token\":{:?},\"expires_in\":\"599\"}}", canaries.token),
    );

    let mut data = exchange("GET", &format!("{BASE}/letters/L1/data"));
    data.request.headers.push(("Authorization".into(), format!("Bearer {}", canaries.token)));
    if let RawOutcome::Response(response) = &mut data.outcome {
        response.status = 303;
        response.headers.push(("Location".into(), canaries.link()));
        response.headers.push(("Set-Cookie".into(), format!("sid={}; Path=/", canaries.session)));
        response.body = RawBody::None;
    }
    let mut download = exchange("GET", &canaries.link());
    download.request.headers.clear();
    if let RawOutcome::Response(response) = &mut download.outcome {
        let content = Content {
            length: 9,
            sha256: "00".repeat(32),
            pages: Some(1),
            repaired: None,
            problem: None,
        };
        response.body = RawBody::Download { content, pdf: true };
    }
    vec![token, data, download]
}

fn set_answer(raw: &mut RawExchange, body: &str) {
    if let RawOutcome::Response(RawResponse { body: slot, .. }) = &mut raw.outcome {
        *slot = text(body);
    }
}

/// Calls that repeat a secret where it does not belong.
fn echoes(form: &str) -> Vec<RawExchange> {
    let mut echoes = Vec::new();
    let mut json = exchange("GET", &format!("{BASE}/letters/L2"));
    // A form that came escaped stays escaped; another is quoted as JSON asks.
    let quoted = if form.contains("\\/") {
        format!("\"{form}\"")
    } else {
        serde_json::to_string(form).unwrap()
    };
    set_answer(&mut json, &format!("{{\"errors\":[{{\"detail\":{quoted}}}],{quoted}:1}}"));
    echoes.push(json);
    if form.contains("\\/") {
        return echoes;
    }
    let mut html = exchange("GET", &format!("{BASE}/letters/{form}"));
    set_answer(&mut html, &format!("<p>Refused {form}.</p>"));
    echoes.push(html);
    let mut header = exchange("GET", &format!("{BASE}/letters?limit={form}"));
    header.request.headers.push(("X-Correlation-ID".into(), form.into()));
    header.scenario = Some(format!("scenario {form}"));
    echoes.push(header);
    let mut error = exchange("GET", &format!("{BASE}/letters"));
    error.request.body = text(&format!("{{broken json {form}"));
    error.outcome = RawOutcome::Error(TransportError {
        kind: TransportErrorKind::Reset,
        message: format!("error sending request for url (https://b.example/x?k={form}): reset"),
        after_us: 5,
        status: None,
        received: 0,
    });
    echoes.push(error);
    echoes
}

/// A record of the same calls without any canary.
fn innocent() -> String {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    let none = Canaries::of("");
    for raw in proper_traffic(&none).into_iter().chain(echoes("nothing")) {
        journal.record(raw).unwrap();
    }
    std::fs::read_to_string(path(&folder)).unwrap()
}

fn check(salt: &str) {
    let canaries = Canaries::of(salt);
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    journal.redactor().learn(&canaries.api_key);
    for raw in proper_traffic(&canaries) {
        journal.record(raw).unwrap();
    }
    for secret in canaries.all() {
        // Link values are looked for as they stand and percent-encoded; credentials in all forms.
        let is_link = secret == canaries.signature || secret == canaries.access_key;
        for form in encodings(secret).into_iter().take(if is_link { 3 } else { usize::MAX }) {
            for raw in echoes(&form) {
                journal.record(raw).unwrap();
            }
            assert!(!journal.scrub(&form).contains(&form), "{form}");
        }
    }
    let bytes = String::from_utf8(std::fs::read(path(&folder)).unwrap()).unwrap();
    for secret in canaries.all() {
        for trace in traces(secret) {
            let found =
                bytes.find(&trace).map(|at| &bytes[at.saturating_sub(80)..at + trace.len()]);
            assert_eq!(found, None, "`{trace}` of `{secret}`");
        }
    }
    read_journal(&path(&folder)).unwrap();
}

#[test]
fn no_canary_reaches_the_journal() {
    check("9c0ffee5");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_canary_of_any_kind_reaches_the_journal(salt in "[A-Za-z0-9+/=_~ -]{8,40}") {
        // A salt may happen to be what stands in every record: `0000-4000-8000` in its ids.
        let innocent = innocent();
        let canaries = Canaries::of(&salt);
        let mut traces = canaries.all().into_iter().flat_map(traces);
        prop_assume!(!traces.any(|trace| innocent.contains(&trace)));
        check(&salt);
    }

    /// Whatever is in a text, cleaning it neither panics nor leaves a learned secret.
    #[test]
    fn any_text_can_be_scrubbed(before in "\\PC{0,60}", secret in "[!-~]{8,30}", after in "\\PC{0,60}") {
        let redactor = letterproof_evidence::Redactor::new(BASE).unwrap();
        redactor.learn(&secret);
        let clean = redactor.scrub(&format!("{before}{secret}{after}"));
        prop_assert!(!clean.contains(&secret) || "redacted:".contains(&secret), "{clean}");
    }
}

#[test]
fn a_download_still_matches_the_link_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    let recorded: Vec<_> = proper_traffic(&Canaries::of("9c0ffee5"))
        .into_iter()
        .map(|raw| journal.record(raw).unwrap())
        .collect();
    let location = recorded[1].response().unwrap().header("location").unwrap();
    assert_eq!(location, recorded[2].request.url);
    assert!(location.contains("X-Amz-Expires=60"));
    let authorization = recorded[1].request.headers.last().unwrap();
    assert!(authorization.value.starts_with("Bearer redacted:"));
    let saved = read_journal(&path(&folder)).unwrap();
    assert_eq!(saved.recording.exchanges().to_vec(), recorded);
}

#[test]
fn a_letter_handed_over_whole_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    let mut raw = exchange("GET", "https://bucket.example/L1.pdf");
    if let RawOutcome::Response(response) = &mut raw.outcome {
        response.body = RawBody::Bytes(b"%PDF-1.7 Dear CANARY, your appointment".to_vec());
    }
    journal.record(raw).unwrap();
    let bytes = std::fs::read_to_string(path(&folder)).unwrap();
    assert!(!bytes.contains("CANARY") && bytes.contains("\"kind\":\"pdf\""), "{bytes}");
}
