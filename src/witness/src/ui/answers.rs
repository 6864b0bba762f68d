//! What the live page answers to each request, and its stream of what changed (server-sent events).
//! Only what changed is sent, and the witness is ended only after a second question.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::Stream;
use futures::stream::unfold;
use letterproof_model::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use url::form_urlencoded;

use crate::ui::live::{Live, UiError};
use crate::ui::snapshot;
use crate::ui::snapshot::{Parts, Snapshot, Stage};

/// Longest note, in characters.
const NOTE: usize = 500;
/// Longest label of a scenario, in characters.
const LABEL: usize = 100;

/// What the answers are made from.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) live: Arc<Live>,
    pub(crate) stop: watch::Receiver<bool>,
    /// Places for readers of the stream.
    pub(crate) places: Arc<Semaphore>,
}

/// The query of the page.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// Load it again after so many seconds.
    every: Option<u32>,
}

/// `GET /`
pub(crate) async fn page(
    State(shown): State<Shown>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, UiError> {
    let snapshot = shown.live.snapshots().borrow().clone();
    let every = asked.every.map(|seconds| seconds.clamp(2, 600));
    Ok(Html(snapshot::page(&snapshot, every)?))
}

/// `GET /events`
pub(crate) async fn stream(State(shown): State<Shown>) -> Response {
    let Ok(place) = Arc::clone(&shown.places).try_acquire_owned() else {
        let why = "too many pages are open; close one";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    let changes = changes(shown.live.snapshots(), shown.stop, place);
    Sse::new(changes).keep_alive(KeepAlive::default()).into_response()
}

/// `GET /state.json`
pub(crate) async fn state(State(shown): State<Shown>) -> Response {
    let snapshot = shown.live.snapshots().borrow().clone();
    json(&snapshot)
}

/// `POST /mark`, with `text`
pub(crate) async fn mark(
    State(shown): State<Shown>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, UiError> {
    let Some(text) = field(&form, "text", NOTE) else { return Ok(missing("text", NOTE)) };
    shown.live.mark(text).await?;
    Ok(done(&headers, "The note is in the journal."))
}

/// `POST /scenario/begin`, with `label`
pub(crate) async fn begin(
    State(shown): State<Shown>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, UiError> {
    let Some(label) = field(&form, "label", LABEL) else { return Ok(missing("label", LABEL)) };
    let words = format!("The scenario \"{label}\" began.");
    shown.live.begin_scenario(label).await?;
    Ok(done(&headers, &words))
}

/// `POST /scenario/end`
pub(crate) async fn end(
    State(shown): State<Shown>,
    headers: HeaderMap,
) -> Result<Response, UiError> {
    shown.live.end_scenario().await?;
    Ok(done(&headers, "The scenario ended."))
}

/// `GET /finish`: the question before the end
pub(crate) async fn ask(State(shown): State<Shown>) -> Result<Html<String>, UiError> {
    let snapshot = shown.live.snapshots().borrow().clone();
    Ok(Html(snapshot::end(&snapshot)?))
}

/// `POST /finish`, with `confirm=yes`
pub(crate) async fn finish(
    State(shown): State<Shown>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, UiError> {
    if field(&form, "confirm", LABEL).as_deref() != Some("yes") {
        let why = "to end the witness, send confirm=yes";
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, why).into_response());
    }
    if shown.live.snapshots().borrow().stage == Stage::Watching {
        shown.live.set_stage(Stage::Ending("Calls under way may finish.".to_owned()));
    }
    shown.live.ask_to_end();
    Ok(done(&headers, "The witness is ending."))
}

/// A field of a form, on one line; `None` where it is empty or too long.
fn field(form: &[u8], name: &str, longest: usize) -> Option<String> {
    let (_, value) = form_urlencoded::parse(form).find(|(key, _)| key == name)?;
    let plain = value.replace(char::is_control, " ");
    let plain = plain.trim();
    (!plain.is_empty() && plain.chars().count() <= longest).then(|| plain.to_owned())
}

fn missing(name: &str, longest: usize) -> Response {
    let why = format!("`{name}` holds 1 to {longest} characters");
    (StatusCode::UNPROCESSABLE_ENTITY, why).into_response()
}

/// A browser goes back to the page; a program gets a line of JSON.
fn done(headers: &HeaderMap, words: &str) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        Redirect::to("/").into_response()
    } else {
        json(&json!({ "done": words }))
    }
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

impl IntoResponse for UiError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Ended => StatusCode::CONFLICT,
            Self::Record(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.to_string()).into_response()
    }
}

/// Verdicts told in words at a time; a reader of a screen cannot listen to more.
const TOLD: usize = 5;

/// What changed.
#[derive(Debug, Serialize)]
struct Change<'a> {
    parts: Parts,
    title: String,
    /// What is to be read out.
    told: String,
    ended: bool,
    stage: &'a Stage,
}

/// One reader of the stream.
struct Reader {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: watch::Receiver<bool>,
    shown: Option<(Arc<Snapshot>, Parts)>,
    over: bool,
    _place: OwnedSemaphorePermit,
}

/// Tells one reader everything at first, and then what changes, until the page stops.
pub(crate) fn changes(
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stop: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let reader = Reader { snapshots, stop, shown: None, over: false, _place: place };
    unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    })
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        loop {
            if self.shown.is_some() {
                // Both senders live as long as the page; where one is gone, so is the page.
                self.over = tokio::select! {
                    changed = self.snapshots.changed() => changed.is_err(),
                    _ = self.stop.wait_for(|stop| *stop) => true,
                };
            }
            let snapshot = self.snapshots.borrow_and_update().clone();
            match self.change(snapshot) {
                Some(event) => return Some(event),
                None if self.over => return None,
                None => {}
            }
        }
    }

    fn change(&mut self, snapshot: Arc<Snapshot>) -> Option<Event> {
        let rendered = snapshot::parts(&snapshot).ok()?;
        let mut parts = rendered.clone();
        let mut told = String::new();
        if let Some((before, shown)) = &self.shown {
            parts.retain(|name, html| shown.get(name) != Some(html));
            told = turned(before, &snapshot);
        }
        let stage = &snapshot.stage;
        let ended = matches!(stage, Stage::Ended(_));
        let first = self.shown.is_none();
        let change = (first || !parts.is_empty()).then(|| Change {
            parts,
            title: snapshot::title(&snapshot),
            told,
            ended,
            stage,
        });
        let text = change.and_then(|change| serde_json::to_string(&change).ok());
        let event = text.map(|text| Event::default().data(text));
        self.shown = Some((snapshot, rendered));
        event
    }
}

/// The verdicts that turned, in words.
fn turned(before: &Snapshot, after: &Snapshot) -> String {
    let verdicts = |snapshot: &Snapshot| -> Vec<(String, Verdict)> {
        let tests = snapshot.verdicts.tests.iter();
        let checks = snapshot.verdicts.observer.iter();
        tests
            .map(|test| (test.id.to_string(), test.verdict))
            .chain(checks.map(|check| (check.id.to_string(), check.verdict)))
            .collect()
    };
    let news: Vec<String> = verdicts(after)
        .into_iter()
        .zip(verdicts(before))
        .filter(|(now, then)| now != then)
        .map(|((id, verdict), _)| format!("{id}: {verdict}."))
        .collect();
    let more = news.len().saturating_sub(TOLD);
    let mut words = news[..news.len() - more].join(" ");
    if more > 0 {
        words.push_str(&format!(" And {more} more."));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_one_plain_line_of_bounded_length() {
        assert_eq!(field(b"text=+AT4%0Aagain+", "text", 20).as_deref(), Some("AT4 again"));
        assert_eq!(field(b"text=%00%1b", "text", 20), None);
        assert_eq!(field(b"other=x", "text", 20), None);
        assert_eq!(field(b"text=12345", "text", 4), None);
    }
}
