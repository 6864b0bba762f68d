//! The live page as a browser and a program meet it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use letterproof_evidence::{JournalHeader, JournalWriter, read_journal};
use letterproof_mock::MockServer;
use letterproof_model::{
    Context, Exchange, Mark, MarkKind, Mode, RawExchange, RecordError, Recorder, Recording, RunId,
    ScenarioOutcome, ToolInfo, pack,
};
use letterproof_witness::{Feed, Live, LiveConfig, Page, Stage, UiError, Witness, WitnessConfig};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use support::{Scripted, client, quick, upstream};
use tokio::time::timeout;

const REQUEST_ID: &str = "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11";
const SOON: Duration = Duration::from_secs(10);

/// A journal that can be told to fail.
struct Kept {
    writer: JournalWriter,
    full: AtomicBool,
    folder: tempfile::TempDir,
}

impl Kept {
    fn room(&self) -> Result<(), RecordError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(RecordError { message: "the disk is full <b>".to_owned() });
        }
        Ok(())
    }

    fn recording(&self) -> Recording {
        read_journal(&self.folder.path().join("journal.jsonl")).unwrap().recording
    }
}

impl Recorder for Kept {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        self.room()?;
        self.writer.record(raw)
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        self.room()?;
        self.writer.mark(mark)
    }

    fn scrub(&self, text: &str) -> String {
        self.writer.scrub(text)
    }
}

/// A double, a witness in front of it, and its page.
struct Scene {
    api: MockServer,
    live: Arc<Live>,
    page: Page,
    journal: Arc<Kept>,
    client: Client,
    base_url: String,
}

impl Scene {
    async fn begin() -> Self {
        Self::before(None).await
    }

    /// A witness in front of another API than the double, where one is given.
    async fn before(other: Option<&str>) -> Self {
        let api = MockServer::start(quick()).await.unwrap();
        let base_url = other.unwrap_or(api.base_url());
        let (feed, folder) = (Feed::default(), tempfile::tempdir().unwrap());
        let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
        let header = JournalHeader::new(RunId::from("watched"), tool, base_url);
        let writer = JournalWriter::create(&folder.path().join("journal.jsonl"), &header)
            .unwrap()
            .with_observer(Box::new(feed.on_exchange()))
            .with_mark_observer(Box::new(feed.on_mark()));
        let journal = Arc::new(Kept { writer, full: AtomicBool::new(false), folder });
        let mut config = WitnessConfig::new(upstream(base_url, None), journal.clone());
        config.limits.grace = Duration::from_millis(300);
        config.inject = vec!["POST /mi: 500".parse().unwrap()];
        let rules = config.inject.clone();
        let witness = Witness::start(config).await.unwrap();
        let called = witness.base_url().to_owned();
        let context = Context { mode: Mode::Observed, ..Context::stand_in(base_url) };
        let tests = pack().iter().map(|test| test.id).collect();
        let live = Arc::new(Live::begin(witness, feed, LiveConfig { context, tests, rules }));
        let page = Page::serve(([127, 0, 0, 1], 0).into(), Arc::clone(&live)).await.unwrap();
        Self { api, live, page, journal, client: client(), base_url: called }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.page.url())
    }

    fn origin(&self) -> String {
        self.page.url().trim_end_matches('/').to_owned()
    }

    async fn get(&self, path: &str) -> String {
        let answer = self.client.get(self.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        readable(&answer.text().await.unwrap())
    }

    async fn post(&self, path: &str, form: &'static str) -> Response {
        self.client.post(self.url(path)).body(form).send().await.unwrap()
    }

    /// A call of the supplier through the witness.
    async fn call(&self, path: &str) -> StatusCode {
        let request = self.client.get(format!("{}{path}", self.base_url));
        request.header("X-Request-ID", REQUEST_ID).send().await.unwrap().status()
    }

    /// Waits until the state holds something.
    async fn until(&self, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..100 {
            let state = serde_json::from_str(&self.get("state.json").await).unwrap();
            if holds(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never so: {}", self.get("state.json").await);
    }

    async fn end(self) {
        self.live.stop_witness().await;
        self.page.stop().await;
        self.api.shutdown().await;
    }
}

/// HTML with its slashes as people write them.
fn readable(html: &str) -> String {
    html.replace("&#x2f;", "/")
}

/// Reads a stream until it holds a text.
async fn heard(stream: &mut Response, text: &str) -> String {
    let mut heard = String::new();
    let listening = async {
        while let Some(chunk) = stream.chunk().await.unwrap() {
            heard.push_str(&String::from_utf8_lossy(&chunk));
            if heard.contains(text) {
                return;
            }
        }
        panic!("the stream ended without `{text}`");
    };
    timeout(SOON, listening).await.unwrap_or_else(|_| panic!("`{text}` was not heard"));
    heard
}

#[tokio::test]
async fn the_page_is_whole_at_its_load_and_needs_nothing_from_elsewhere() {
    let scene = Scene::begin().await;
    let answer = scene.client.get(scene.page.url()).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let page = readable(&answer.text().await.unwrap());
    for test in pack() {
        assert!(page.contains(test.title), "{}", test.title);
    }
    for part in [
        "</span> not run</span>",
        "What to do next",
        "have your system fetch the whole list twice",
        "O-UPDATE-ONCE",
        "Letters by status",
        "of 300 allowed",
        "<code>POST /mi: 500</code>",
        "End the witness",
        "<noscript>",
        "href=\"#main\"",
        "role=\"status\"",
        "AT11.2",
    ] {
        assert!(page.contains(part), "`{part}` is missing in\n{page}");
    }
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let outside = page.matches("http").count() - page.matches(&scene.base_url).count();
    assert_eq!(outside, page.matches("http-equiv").count(), "no address but the witness's own");
    let again = scene.get("?every=10").await;
    assert!(again.contains("<meta http-equiv=\"refresh\" content=\"10\">"));
    assert!(!page.contains("http-equiv=\"refresh\""), "only on request");
    scene.end().await;
}

#[tokio::test]
async fn a_call_turns_its_criteria_and_the_stream_tells_it() {
    let scene = Scene::begin().await;
    let mut stream = scene.client.get(scene.url("events")).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = heard(&mut stream, "\n\n").await;
    assert!(first.contains("\"at15\""), "everything at first: {first}");
    assert_eq!(scene.call("/_status").await, StatusCode::OK);
    assert_eq!(scene.call("/letters?limit=10").await, StatusCode::OK);
    let news = heard(&mut stream, "AT1: ").await;
    assert!(!news.contains("\"at15\""), "only what changed: {news}");
    let state = scene.until(|state| state["judged"] == 2).await;
    let verdict = |id: &str| {
        let tests = state["tests"].as_array().unwrap().iter();
        let mut criteria = tests.flat_map(|test| test["criteria"].as_array().unwrap());
        criteria.find(|one| one["id"] == id).unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("AT1.1"), "pass");
    assert_eq!(verdict("AT1.2"), "pass");
    assert_eq!(verdict("AT4.2"), "not-run");
    assert_eq!(state["letters"][0]["seen"], 10);
    assert!(state["recent"][0]["headline"].as_str().unwrap().contains("/letters?limit=10 → 200"));
    let page = scene.get("").await;
    assert!(page.contains("/letters?limit=10 → 200"));
    scene.end().await;
}

#[tokio::test]
async fn notes_and_scenarios_are_in_the_journal() {
    let scene = Scene::begin().await;
    assert_eq!(scene.post("mark", "text=the+press+<b>stops").await.status(), StatusCode::OK);
    assert_eq!(scene.post("scenario/begin", "label=AT4+by+hand").await.status(), StatusCode::OK);
    scene.call("/_status").await;
    assert_eq!(scene.post("scenario/end", "").await.status(), StatusCode::OK);
    scene.call("/letters?limit=1").await;
    assert_eq!(scene.post("mark", "text=").await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let from_form = scene.client.post(scene.url("mark")).header("Accept", "text/html,*/*");
    let from_form = from_form.header("Origin", scene.origin()).body("text=by+form").send();
    let answer = from_form.await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );

    scene.until(|state| state["recent"].as_array().unwrap().len() == 2).await;
    let recording = scene.journal.recording();
    let marks: Vec<(MarkKind, Option<&str>)> = letterproof_model::Journal::marks(&recording)
        .iter()
        .map(|mark| (mark.kind.clone(), mark.scenario.as_deref()))
        .collect();
    let note = |text: &str| MarkKind::Note { text: text.to_owned() };
    assert_eq!(
        marks,
        [
            (note("the press <b>stops"), None),
            (MarkKind::BegunByHand, Some("AT4 by hand")),
            (MarkKind::ScenarioFinished(ScenarioOutcome::ByHand), Some("AT4 by hand")),
            (note("by form"), None),
        ]
    );
    let exchanges = letterproof_model::Journal::exchanges(&recording).to_vec();
    let scenarios: Vec<Option<&str>> =
        exchanges.iter().map(|exchange| exchange.scenario.as_deref()).collect();
    assert_eq!(scenarios, [Some("AT4 by hand"), None]);
    let page = scene.get("").await;
    assert!(page.contains("the press &lt;b&gt;stops") && !page.contains("<b>stops"));
    scene.end().await;
}

#[tokio::test]
async fn other_names_and_other_pages_are_refused() {
    let scene = Scene::begin().await;
    let rebound = scene.client.get(scene.page.url()).header("Host", "evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    for (path, form) in
        [("mark", "text=x"), ("scenario/begin", "label=x"), ("finish", "confirm=yes")]
    {
        let forged = scene.client.post(scene.url(path)).header("Origin", "http://evil.example");
        let answer = forged.body(form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let state = scene.until(|_| true).await;
    assert_eq!(
        (&state["stage"]["name"], &state["notes"]),
        (&"watching".into(), &Value::Array(vec![]))
    );
    let everyone: SocketAddr = ([0, 0, 0, 0], 0).into();
    let refused = Page::serve(everyone, Arc::clone(&scene.live)).await;
    assert!(matches!(refused, Err(UiError::NotLoopback { .. })), "{refused:?}");
    scene.end().await;
}

#[tokio::test]
async fn the_end_is_asked_for_twice_and_every_reader_is_told() {
    let scene = Scene::begin().await;
    let mut stream = scene.client.get(scene.url("events")).send().await.unwrap();
    assert!(scene.get("finish").await.contains("Required tests that are not decided yet: AT1, "));
    let unconfirmed = scene.post("finish", "").await.status();
    assert_eq!(unconfirmed, StatusCode::UNPROCESSABLE_ENTITY);
    let waiting = timeout(Duration::from_millis(50), scene.live.asked_to_end()).await;
    assert!(waiting.is_err(), "nobody confirmed");
    assert_eq!(scene.post("finish", "confirm=yes").await.status(), StatusCode::OK);
    timeout(SOON, scene.live.asked_to_end()).await.unwrap();
    scene.live.stop_witness().await;
    let refused = scene.post("mark", "text=late").await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    scene.live.set_stage(Stage::Ended("The evidence is in evidence/x.".to_owned()));
    let told = heard(&mut stream, "evidence/x").await;
    assert!(told.contains("\"ended\":true"), "{told}");
    timeout(SOON, scene.page.stop()).await.unwrap();
    scene.api.shutdown().await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_shown() {
    let scene = Scene::begin().await;
    scene.journal.full.store(true, Ordering::SeqCst);
    assert_eq!(scene.call("/_status").await, StatusCode::SERVICE_UNAVAILABLE);
    let refused = scene.post("mark", "text=x").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    scene.until(|state| state["refusing"].is_string()).await;
    let page = scene.get("").await;
    assert!(page.contains("The journal cannot be written"));
    assert!(page.contains("the disk is full &lt;b&gt;"), "{page}");
    scene.end().await;
}

#[tokio::test]
async fn an_injection_is_counted_and_noted() {
    let scene = Scene::begin().await;
    let mi = scene.client.post(format!("{}/mi", scene.base_url)).header("X-Request-ID", REQUEST_ID);
    assert_eq!(mi.body("{}").send().await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    let noted = |state: &Value| state["notes"][0].is_object() && state["traffic"]["injected"] == 1;
    let state = scene.until(noted).await;
    let note = state["notes"][0]["text"].as_str().unwrap();
    assert!(note.starts_with("injected into ex-"), "{}", state["notes"]);
    scene.end().await;
}

/// Markup, an attribute's end, an event of a stream, a template, and what no screen shows.
const HOSTILE: &str = "\"'><img src=x onerror=alert(1)><script>alert(2)</script><!--]]>{{ 7 * 19141 }}\
    {% raw %}\u{202e}\u{200b}\u{1b}[31m\r\n\r\nevent: hostile\r\ndata: {}\r\n\r\n</p></html>";

/// The same in a URL.
fn in_a_url(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// No word of it is markup, an event or hidden in what the page shows.
fn shows_only_text(html: &str) {
    for markup in ["<img", "alert(2)</script", "<!--]]", "\"'>", "133987"] {
        assert!(!html.contains(markup), "`{markup}` in\n{html}");
    }
    for hidden in ['\u{202e}', '\u{200b}', '\u{1b}'] {
        assert!(!html.contains(hidden), "{hidden:?} in\n{html}");
    }
    assert!(html.contains("&lt;img"), "nothing hostile is shown at all:\n{html}");
}

/// What is shown so far: the page, and what a stream begins with.
async fn shown(scene: &Scene) -> (String, String) {
    let page = scene.client.get(scene.page.url()).send().await.unwrap().text().await.unwrap();
    let mut stream = scene.client.get(scene.url("events")).send().await.unwrap();
    (page, heard(&mut stream, "\n\n").await)
}

async fn is_only_text(scene: &Scene) {
    let (page, events) = shown(scene).await;
    shows_only_text(&page);
    assert_eq!(page.matches("<script>").count(), 1, "the page has one script, its own");
    for line in events.lines().filter(|line| !line.is_empty()) {
        assert!(line.starts_with("data: "), "{line}");
    }
    let data = events.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let change: Value = serde_json::from_str(data).unwrap();
    let parts = change["parts"].as_object().unwrap().values();
    shows_only_text(&parts.map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join("\n"));
    let state = scene.client.get(scene.url("state.json")).send().await.unwrap();
    assert_eq!(state.headers()["content-type"], "application/json");
    assert_eq!(state.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn what_a_supplier_and_a_tester_write_is_never_markup() {
    let scene = Scene::begin().await;
    let typed = format!("text={0}&label={0}", in_a_url(HOSTILE));
    for form in ["mark", "scenario/begin"] {
        let posted = scene.client.post(scene.url(form)).body(typed.clone()).send().await.unwrap();
        let answer = posted.text().await.unwrap();
        assert!(!answer.contains("<img"), "{answer}");
    }
    let visible: String = HOSTILE.chars().filter(|c| (' '..='~').contains(c)).collect();
    let letter = in_a_url(HOSTILE);
    for (method, path) in
        [("GET", format!("/letters/{letter}?x={letter}")), ("PATCH", format!("/letters/{letter}"))]
    {
        let body = serde_json::json!({ "data": { "type": HOSTILE, "id": HOSTILE, "attributes": {
            "status": HOSTILE, "reasonCode": HOSTILE, "reasonText": HOSTILE,
            "specificationId": HOSTILE, "groupId": HOSTILE } } });
        let call =
            scene.client.request(method.parse().unwrap(), format!("{}{path}", scene.base_url));
        let call = call.header("X-Request-ID", &visible).header("X-Correlation-ID", &visible);
        call.header("Accept", &visible).body(body.to_string()).send().await.unwrap();
    }
    let batch = serde_json::json!({ "data": [{ "type": "Letter", "id": HOSTILE,
        "attributes": { "status": "ACCEPTED" } }, { "type": "Letter", "id": HOSTILE,
        "attributes": { "status": "PRINTED" } }] });
    let call = scene.client.post(format!("{}/letters", scene.base_url));
    call.header("X-Request-ID", REQUEST_ID).body(batch.to_string()).send().await.unwrap();
    scene.until(|state| state["judged"] == 3).await;
    is_only_text(&scene).await;
    scene.end().await;
}

#[tokio::test]
async fn what_an_api_answers_is_never_markup() {
    let letter = |id: &str| {
        serde_json::json!({ "type": "Letter", "id": id, "attributes": { "status": HOSTILE,
            "specificationId": HOSTILE, "groupId": HOSTILE, "sha256Hash": HOSTILE } })
    };
    let list = serde_json::json!({ "data": [letter(HOSTILE), letter("2L")] }).to_string();
    let problem = serde_json::json!({ "errors": [{ "id": HOSTILE, "code": HOSTILE, "detail": HOSTILE,
        "links": { "about": format!("javascript:{HOSTILE}") }, "status": HOSTILE, "title": HOSTILE }] });
    let visible: String = HOSTILE.chars().filter(|c| (' '..='~').contains(c)).collect();
    for (status, body) in [("200 OK", list), ("400 Bad Request", problem.to_string())] {
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; x={visible}\r\nx-request-id: {visible}\r\n\
             location: javascript:{visible}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let api = Scripted::answering(answer, 0).await;
        let scene = Scene::before(Some(&api.base_url)).await;
        for path in ["/letters?limit=10", "/letters/2L", "/letters/2L/data", "/_status"] {
            scene.call(path).await;
        }
        scene.post("mark", "text=%3Cimg").await;
        scene.until(|state| state["judged"] == 4).await;
        is_only_text(&scene).await;
        scene.end().await;
    }
}
