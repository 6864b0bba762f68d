//! One request from its arrival to its answer: routed, passed on, recorded.
//!
//! The order is fixed: nothing is asked of the API while the journal cannot be written, and nothing
//! of a short answer, or the end of a long one, reaches the supplier before the recorder has the
//! exchange. Where that fails the supplier gets a 503, although the API may have carried the call
//! out. No request is repeated: that is the supplier's own affair, and part of what is judged.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use letterproof_model::{Operation, TransportErrorKind};
use letterproof_wire::Abort;
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use crate::answer::{AnswerBody, Passage};
use crate::config::Limits;
use crate::connection::Connection;
use crate::doors::Door;
use crate::exchange::{Begun, Budget, Keeping, UnderWay};
use crate::inject::{Chaos, Injection, Meddling};
use crate::recording::{Book, bump};
use crate::request::{RequestBody, RequestCopy, RequestFault, Room};
use crate::routes::{Misdirected, Routed, Routes};
use crate::upstream::{Sender, classify, refusal};
use crate::{answer, headers, inject};

/// What one witness does with requests.
pub(crate) struct Proxy {
    routes: Routes,
    sender: Sender,
    book: Arc<Book>,
    budget: Arc<Budget>,
    room: Room,
    limits: Limits,
    chaos: Chaos,
    credentials_noted: AtomicBool,
    /// What the guard refused, each once.
    refusals: Mutex<HashSet<String>>,
}

/// How the note of a link begins that the guard let nobody follow.
pub const NOT_FOLLOWED: &str = "a link was not followed";

const TOO_MANY: &str = "it has more header fields than this witness takes";

type Answer = Result<Response<AnswerBody>, Abort>;

impl Proxy {
    pub(crate) fn new(
        routes: Routes,
        sender: Sender,
        book: Arc<Book>,
        limits: Limits,
        inject: Vec<Injection>,
        seed: u64,
    ) -> Self {
        let budget = Arc::new(Budget::new(limits.held_downloads, limits.kept_body));
        let (chaos, credentials_noted) = (Chaos::new(inject, seed), AtomicBool::new(false));
        let room = Arc::new(AtomicUsize::new(limits.bodies_in_flight));
        let refusals = Mutex::default();
        Self { routes, sender, book, budget, room, limits, chaos, credentials_noted, refusals }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    /// Answers one request.
    pub(crate) async fn respond(&self, from: &Connection, request: Request<Incoming>) -> Answer {
        bump(&self.book.counters.requests);
        let reused = from.used_again();
        if let Some(failure) = self.book.failure() {
            bump(&self.book.counters.unrecorded);
            return Ok(answer::unrecorded(failure));
        }
        let (parts, body) = request.into_parts();
        if parts.headers.len() > self.limits.headers {
            // HTTP/1.1 was held to it while it was read.
            let (status, why) = (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_MANY);
            return Ok(self.misdirected(&parts, &Misdirected { status, why }));
        }
        let routed = match self.routes.route(&parts, from.door()) {
            Ok(routed) => routed,
            Err(misdirected) => return Ok(self.misdirected(&parts, &misdirected)),
        };
        let version = parts.version;
        let operation = routed.operation;
        let (longest, time) = (self.limits.request_body, self.limits.body_timeout);
        let (body, copy) = RequestBody::new(body, longest, time, &self.room);
        let mut passed_on = headers::passed_on(&parts.headers, Some(&routed.host));
        if routed.link_apart == Some(false) && headers::strip_credentials(&mut passed_on) {
            self.note_credentials();
        }
        let request = Received { door: from.door(), passed_on, parts, routed, body, copy };
        if request.announced().is_some_and(|length| length > longest) {
            let under_way = request.begin(&self.book, reused, None);
            return Ok(self.refused(under_way, RequestFault::TooLong).await);
        }
        let chosen = self.chaos.choose(operation);
        let under_way = request.begin(&self.book, reused, chosen);
        let answer = match chosen.map(|(meddling, _)| meddling) {
            Some(
                meddling @ (Meddling::Answer(_) | Meddling::Timeout(_) | Meddling::ExpiredLink),
            ) => self.in_place(meddling, request, under_way).await,
            meddling => self.pass(request, under_way, meddling).await,
        };
        if answer.is_err() {
            from.reset(version);
        }
        answer
    }

    /// Passes a request on and its answer back.
    async fn pass(
        &self,
        request: Received,
        mut under_way: UnderWay,
        meddling: Option<Meddling>,
    ) -> Answer {
        let led_from = self.routes.led_from(&request.parts, &request.routed, request.door);
        let download = request.routed.operation == Operation::Download;
        let (version, copy) = (request.parts.version, Arc::clone(&request.copy));
        let sent = self.sender.send(request.outgoing(), version);
        let (status, kind, cause) = match timeout(self.limits.answer_timeout, sent).await {
            Ok(Ok(response)) => {
                let passage = Passage {
                    book: &self.book,
                    routes: &self.routes,
                    budget: &self.budget,
                    limits: &self.limits,
                    led_from: &led_from,
                    download,
                    meddling,
                };
                return passage.pass(response, under_way).await;
            }
            Ok(Err(error)) => {
                if let Some(fault) = copy.fault() {
                    return Ok(self.refused(under_way, fault).await);
                }
                if let Some(refusal) = refusal(&error) {
                    let cause = refusal.to_string();
                    self.note_refusal(&cause);
                    let kept = under_way.failed(TransportErrorKind::Connect, &cause, 0).await;
                    return Ok(match kept {
                        Ok(()) => answer::reply(
                            StatusCode::BAD_GATEWAY,
                            &format!("nothing was sent where the link leads: {cause}"),
                        ),
                        Err(error) => answer::unrecorded(&error),
                    });
                }
                let (kind, cause) = classify(&error);
                (StatusCode::BAD_GATEWAY, kind, cause)
            }
            Err(_) => {
                let cause = format!("no answer within {} s", self.limits.answer_timeout.as_secs());
                (StatusCode::GATEWAY_TIMEOUT, TransportErrorKind::Timeout, cause)
            }
        };
        Ok(match under_way.failed(kind, &cause, 0).await {
            Ok(()) => answer::reply(status, &format!("the API gave no answer: {cause}")),
            Err(error) => answer::unrecorded(&error),
        })
    }

    /// Answers, or does not answer, in place of the API.
    async fn in_place(
        &self,
        meddling: Meddling,
        request: Received,
        mut under_way: UnderWay,
    ) -> Answer {
        let operation = request.routed.operation;
        request.body.drain().await;
        if let Some(fault) = request.copy.fault() {
            return Ok(self.refused(under_way, fault).await);
        }
        let response = match meddling {
            Meddling::Answer(status) => inject::failure(status, operation, &request.parts.headers),
            Meddling::Timeout(time) => {
                sleep(time).await;
                let cause = "injected: the API was not asked and no answer given";
                // Recorded or not, there is no answer.
                let _ = under_way.failed(TransportErrorKind::Timeout, cause, 0).await;
                return Err(Abort);
            }
            _ => inject::expired_link(),
        };
        let (parts, bytes) = response.into_parts();
        under_way.answered(parts.status);
        let download = operation == Operation::Download;
        let mut keeping = Keeping::new(&self.budget, download, &parts.headers);
        keeping.add(&bytes);
        let body = keeping.finish().await;
        let at = under_way.elapsed_us();
        Ok(match under_way.whole(&parts.headers, body, at, at).await {
            Ok(()) => Response::from_parts(parts, AnswerBody::whole(bytes)),
            Err(error) => answer::unrecorded(&error),
        })
    }

    /// Refuses a request whose body cannot be taken; the API saw nothing of it, or only a part.
    async fn refused(&self, mut under_way: UnderWay, fault: RequestFault) -> Response<AnswerBody> {
        bump(&self.book.counters.refused);
        let (status, kind) = match fault {
            RequestFault::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, TransportErrorKind::Body),
            RequestFault::TooSlow => (StatusCode::REQUEST_TIMEOUT, TransportErrorKind::Timeout),
            RequestFault::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, TransportErrorKind::Body),
            RequestFault::Broken => (StatusCode::BAD_REQUEST, TransportErrorKind::Protocol),
        };
        let cause = format!("{fault}; the witness answered {} itself", status.as_u16());
        match under_way.failed(kind, &cause, 0).await {
            Ok(()) => answer::last_reply(status, &fault.to_string()),
            Err(error) => answer::unrecorded(&error),
        }
    }

    /// Notes once that credentials came where HTTP libraries rightly send them: to the host name
    /// of the API. The record of the request has none, so that nobody is blamed.
    fn note_credentials(&self) {
        if !self.credentials_noted.swap(true, Ordering::Relaxed) {
            let note = "credentials came with a download, whose link had the host name of the API; \
                        the storage did not get them, and they are left out of the record";
            // Where this cannot be written, every later request is refused.
            let _ = self.book.note(note);
        }
    }

    /// Notes once what the guard let nobody reach, with what to do about it.
    fn note_refusal(&self, cause: &str) {
        if self.refusals.lock().insert(cause.to_owned()) {
            // Where this cannot be written, every later request is refused.
            let _ = self.book.note(&format!("{NOT_FOLLOWED}: {cause}"));
        }
    }

    /// Refuses a request that goes nowhere. It is noted without its query, which may hold secrets.
    fn misdirected(&self, parts: &Parts, refused: &Misdirected) -> Response<AnswerBody> {
        let Misdirected { status, why } = refused;
        let path: String = parts.uri.path().chars().take(100).collect();
        let path =
            if path.starts_with(crate::routes::PREFIX) { crate::routes::PREFIX } else { &path };
        let (method, status_code) = (&parts.method, status.as_u16());
        self.book.note_refusal(&format!("{method} {path} was refused with {status_code}: {why}"));
        answer::last_reply(*status, why)
    }
}

/// A request of the supplier.
struct Received {
    door: Door,
    parts: Parts,
    /// The fields to pass on and to record.
    passed_on: HeaderMap,
    routed: Routed,
    body: RequestBody,
    copy: Arc<RequestCopy>,
}

impl Received {
    fn begin(
        &self,
        book: &Arc<Book>,
        reused: bool,
        chosen: Option<(Meddling, &Injection)>,
    ) -> UnderWay {
        let begun = Begun {
            method: self.parts.method.as_str().to_owned(),
            url: self.routed.url.clone(),
            headers: self.passed_on.clone(),
            body: Arc::clone(&self.copy),
            reused,
            injected: chosen.map(|(meddling, rule)| note(meddling, rule)),
        };
        UnderWay::begin(book, begun)
    }

    /// The length the supplier announced.
    fn announced(&self) -> Option<u64> {
        headers::text(&self.parts.headers, header::CONTENT_LENGTH)?.parse().ok()
    }

    /// The request as it is sent on. Its extensions go along: they hold the case of the names.
    fn outgoing(self) -> Request<RequestBody> {
        let Self { mut parts, mut passed_on, routed, body, .. } = self;
        if parts.version >= Version::HTTP_2 {
            // HTTP/2 names the host in its own way; two of them could differ.
            passed_on.remove(header::HOST);
        }
        if routed.link_apart.is_some() {
            // The storage is not the API. The record keeps that they came.
            headers::keep_for_storage(&mut passed_on);
        }
        parts.headers = passed_on;
        parts.uri = routed.uri;
        Request::from_parts(parts, body)
    }
}

/// What the journal says of an injection.
fn note(meddling: Meddling, rule: &Injection) -> String {
    let what = match meddling {
        Meddling::Answer(status) => {
            format!("{} in place of the API, which was not asked", status.as_u16())
        }
        Meddling::Timeout(_) => "no answer; the API was not asked".to_owned(),
        Meddling::Drop => "the API was asked and its answer dropped".to_owned(),
        Meddling::Slow(time) => format!("the body spread over {} ms", time.as_millis()),
        Meddling::ExpiredLink => "the link refused as expired; storage was not asked".to_owned(),
    };
    format!("{what} (rule `{rule}`)")
}
