//! The store of documents behind pre-signed links, as an object store serves them: 403 for an
//! expired or altered link and 404 for a missing document, both in XML. A link is good for GET
//! alone.

use std::borrow::Cow;
use std::collections::HashSet;

use aws_lc_rs::{constant_time, hmac, rand};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use crate::config::Profile;
use crate::error::MockError;
use crate::reply::{HTML, PDF, Reply, XML, empty, with_body};
use crate::shared::{Shared, micros};
use crate::supplier::documents::{Document, hex};
use crate::supplier::faults::{Effect, View};
use crate::supplier::letters::Letter;
use crate::supplier::sandbox;

/// The key that signs links, and the signatures that a fault has used up.
pub(crate) struct Storage {
    key: hmac::Key,
    used: Mutex<HashSet<String>>,
}

impl Storage {
    pub(crate) fn new() -> Result<Self, MockError> {
        hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
            .map(|key| Self { key, used: Mutex::default() })
            .map_err(|_| MockError::Crypto("the key that signs links"))
    }

    /// The signature of a link: half of it signs, the other half says when it was issued and how long it
    /// lives, in microseconds by the mock's own clock. The standard parameters know only whole seconds.
    fn sign(&self, path: &str, issued: u64, life: u64) -> String {
        let tag = hmac::sign(&self.key, format!("{path}\n{issued}\n{life}").as_bytes());
        format!("{}{issued:016x}{life:016x}", hex(&tag.as_ref()[..16]))
    }
}

/// When a link with this signature was issued and how long it lives; `None` where that is none of the
/// mock's making.
fn times_of(signature: &str) -> Option<(u64, u64)> {
    let number = |digits: Option<&str>| u64::from_str_radix(digits?, 16).ok();
    let times = (number(signature.get(32..48))?, number(signature.get(48..64))?);
    (signature.len() == 64).then_some(times)
}

/// The key of the document at a path, where the path is below the folder of documents.
pub(crate) fn key<'a>(shared: &Shared, path: &'a str) -> Option<&'a str> {
    let folder = shared.config.storage.folder.as_str();
    path.strip_prefix('/')?.strip_prefix(folder)?.strip_prefix('/')
}

/// Scheme, host and port of download links.
fn origin<'a>(shared: &Shared, root: &'a str) -> Cow<'a, str> {
    let host = shared.config.storage.host.as_deref();
    let parts =
        root.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once(':')?.1)));
    match (host, parts) {
        (Some(host), Some((scheme, port))) => Cow::Owned(format!("{scheme}://{host}:{port}")),
        _ => Cow::Borrowed(root),
    }
}

fn stamp(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The pre-signed link of a letter's document. The letter need not have one.
pub(crate) fn link(shared: &Shared, root: &str, letter: &Letter, faults: &View) -> String {
    let supplier = shared.suppliers.get(usize::from(letter.supplier));
    let supplier = supplier.map_or("nobody", |owner| owner.name.as_str());
    let object = &letter.object;
    let folder = &shared.config.storage.folder;
    let path = format!("/{folder}/{supplier}/{object}/{object}-PENDING.pdf");
    let root = origin(shared, root);
    let life = if faults.on(Effect::LinkExpired) { 0 } else { micros(shared.config.link_ttl) };
    let issued = shared.now();
    let signature = shared.storage.sign(&path, issued, life);
    let date = stamp(Timestamp::now());
    format!(
        "{root}{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD\
         &X-Amz-Credential=MOCK0000000000000000%2F{day}%2Feu-west-2%2Fs3%2Faws4_request&X-Amz-Date={date}\
         &X-Amz-Expires={seconds}&X-Amz-Signature={signature}&X-Amz-SignedHeaders=host\
         &x-amz-checksum-mode=ENABLED&x-id=GetObject",
        day = &date[..8],
        seconds = life.div_ceil(1_000_000),
    )
}

/// A request below the folder of documents.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) faults: &'a View,
}

/// Serves a request.
pub(crate) fn serve(shared: &Shared, request: &Request<'_>) -> Reply {
    let mut reply = found(shared, request);
    for (name, value) in &shared.config.storage.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(*value))
        {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

fn found(shared: &Shared, request: &Request<'_>) -> Reply {
    let Request { method, path, headers, faults, .. } = *request;
    if shared.config.profile == Profile::Sandbox {
        return sandbox::serve_document(shared, method);
    }
    let query = request.query.unwrap_or_default();
    let value = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let Some(signature) = value("X-Amz-Signature") else {
        return refused(method, "AccessDenied", "Access Denied", "");
    };
    let times = times_of(&signature);
    let genuine = times.is_some_and(|(issued, life)| {
        let expected = shared.storage.sign(path, issued, life);
        constant_time::verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).is_ok()
    });
    if *method != Method::GET || (!genuine && !faults.on(Effect::LinkUnsigned)) {
        let message = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
        return refused(method, "SignatureDoesNotMatch", message, "");
    }
    let now = shared.now();
    let (issued, life) = times.unwrap_or((now, micros(shared.config.link_ttl)));
    let end = issued.saturating_add(life);
    if now >= end && !faults.on(Effect::LinkEternal) {
        return expired(method, life, now - end);
    }
    if faults.on(Effect::LinkOnce) && !shared.storage.used.lock().insert(signature) {
        return refused(method, "AccessDenied", "Access Denied", "");
    }
    let key = key(shared, path).unwrap_or(path);
    let document = key
        .rsplit('/')
        .next()
        .and_then(|file| file.strip_suffix("-PENDING.pdf"))
        .and_then(|object| shared.letters.read().find_object(object)?.document.clone())
        .filter(|_| !faults.on(Effect::DownloadMissing));
    let Some(document) = document else {
        let key = format!("<Key>{}</Key>", escaped(key));
        let body = xml("NoSuchKey", "The specified key does not exist.", &key);
        return with_body(StatusCode::NOT_FOUND, XML, body);
    };
    let document = if faults.on(Effect::DownloadSwapped) {
        shared.shelf.read().other_than(&document.hash).unwrap_or(document)
    } else {
        document
    };
    let mut reply = part(document.bytes.clone(), headers);
    describe(&mut reply, &document);
    if !faults.is_empty() {
        spoil(&mut reply, faults);
    }
    reply
}

/// A whole document, as a public link answers with it.
pub(crate) fn whole(document: &Document) -> Reply {
    let mut reply = with_body(StatusCode::OK, PDF, document.bytes.clone());
    describe(&mut reply, document);
    reply
}

fn describe(reply: &mut Reply, document: &Document) {
    let fields = reply.headers_mut();
    if let (Ok(etag), Ok(hash)) =
        (HeaderValue::from_str(&document.etag), HeaderValue::from_str(&document.hash))
    {
        fields.insert(header::ETAG, etag);
        fields.insert("x-amz-meta-sha256hash", hash);
    }
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
}

/// The whole document, or the one range asked for.
fn part(bytes: Bytes, headers: &HeaderMap) -> Reply {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((from, to)) = range.and_then(|text| range_of(text, bytes.len())) else {
        return with_body(StatusCode::OK, PDF, bytes);
    };
    let mut reply = with_body(StatusCode::PARTIAL_CONTENT, PDF, bytes.slice(from..=to));
    if let Ok(value) = HeaderValue::from_str(&format!("bytes {from}-{to}/{}", bytes.len())) {
        reply.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    reply
}

/// First and last byte of a single satisfiable range; anything else means the whole.
fn range_of(text: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1)?;
    let (from, to) = match (from, to) {
        ("", count) => (length.saturating_sub(count.parse().ok()?), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()?.min(last)),
    };
    (from <= to && to <= last).then_some((from, to))
}

fn spoil(reply: &mut Reply, faults: &View) {
    if faults.on(Effect::DownloadTruncated) {
        let half = reply.body().len() / 2;
        reply.body_mut().truncate(half);
    }
    if faults.on(Effect::DownloadAltered) {
        let mut bytes = reply.body().to_vec();
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0x55;
        }
        *reply.body_mut() = bytes.into();
    }
    if faults.on(Effect::DownloadHtml) {
        *reply.body_mut() = Bytes::from_static(b"<html><body>Please sign in</body></html>");
        reply.headers_mut().insert(header::CONTENT_TYPE, HTML);
    }
    if faults.on(Effect::DownloadEmpty) {
        reply.body_mut().clear();
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The refusal of a link whose life ended so many microseconds ago.
fn expired(method: &Method, life: u64, ago: u64) -> Reply {
    let now = Timestamp::now();
    let ended = i64::try_from(ago).ok().map(SignedDuration::from_micros);
    let ended = ended.and_then(|ago| now.checked_sub(ago).ok()).unwrap_or(now);
    let form = "%Y-%m-%dT%H:%M:%SZ";
    let more = format!(
        "<X-Amz-Expires>{}</X-Amz-Expires><Expires>{}</Expires><ServerTime>{}</ServerTime>",
        life.div_ceil(1_000_000),
        ended.strftime(form),
        now.strftime(form),
    );
    refused(method, "AccessDenied", "Request has expired", &more)
}

fn xml(code: &str, message: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    )
}

fn refused(method: &Method, code: &str, message: &str, more: &str) -> Reply {
    if *method == Method::HEAD {
        return empty(StatusCode::FORBIDDEN);
    }
    with_body(StatusCode::FORBIDDEN, XML, xml(code, message, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_digit_of_a_signature_can_be_changed() {
        let storage = Storage::new().unwrap();
        let signature = storage.sign("/a.pdf", 1_500_000, 60_000_000);
        assert_eq!(times_of(&signature), Some((1_500_000, 60_000_000)));
        let holds = |signature: &str| {
            times_of(signature)
                .is_some_and(|(issued, life)| storage.sign("/a.pdf", issued, life) == signature)
        };
        assert!(holds(&signature));
        for at in 0..64 {
            let digit = if &signature[at..=at] == "0" { "1" } else { "0" };
            let changed = [&signature[..at], digit, &signature[at + 1..]].concat();
            assert!(!holds(&changed), "digit {at}");
        }
        for other in ["", "0", &format!("0{signature}"), &"é".repeat(32)] {
            assert_eq!(times_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_range_is_served_only_when_it_can_be() {
        assert_eq!(range_of("bytes=0-0", 10), Some((0, 0)));
        assert_eq!(range_of("bytes=5-", 10), Some((5, 9)));
        assert_eq!(range_of("bytes=-3", 10), Some((7, 9)));
        assert_eq!(range_of("bytes=5-500", 10), Some((5, 9)));
        for text in ["bytes=10-", "bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=-"]
        {
            assert_eq!(range_of(text, 10), None, "{text}");
        }
        assert_eq!(range_of("bytes=0-0", 0), None);
    }
}
