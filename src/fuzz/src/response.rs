//! An answer of the API, as everything that reads one meets it.
//!
//! The first line names a call and a status; fields, an empty line and the body follow. `@@` stands
//! for the bearer that the request carried. The answer goes over loopback to the client, through
//! the recorder's redaction into a journal, and from there to the contract and all judges. No
//! secret reaches the journal, and two readings of it conclude the same.
//! No link is followed, since an answer may point anywhere, and nothing is asked twice.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use letterproof_client::{
    Answer, Auth, ClientError, Flow, LetterDocument, LetterList, LetterUpdate, MiDocument,
    MiRecord, Probe, Session, SessionOptions, Target,
};
use letterproof_contract::Contract;
use letterproof_evidence::{JournalHeader, JournalWriter, read_journal};
use letterproof_judge::{Head, conclude};
use letterproof_model::{
    Brief, Exchange, Journal as _, LetterStatus, Mode, Results, RunEnd, RunId, Selection, ToolInfo,
    now,
};
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::common::{HANG, Scripted, bounded, find, in_folder, runtime};

/// The bearer of every request; it and the others must not be kept.
const BEARER: &str = "CANARY-bearer-7Qz4";
/// Stand for signatures and sessions in seeds, each in a place that gives it away.
const SIGNATURE: &str = "CANARY-signature-9Kd2";
const COOKIE: &str = "CANARY-cookie-3Vn8";
/// Fields that every answer carries besides its own.
const FIELDS: &str = "Set-Cookie: session=CANARY-cookie-3Vn8; Path=/\r\n";
/// How long the client has to read what was recorded before it is taken to wait.
const READING: Duration = Duration::from_millis(5);
/// What stands for the bearer within an answer.
const PLACE: &[u8] = b"@@";

/// One API for all cases.
static STAGE: LazyLock<Mutex<Stage>> = LazyLock::new(|| {
    let runtime = runtime();
    let api = runtime.block_on(Scripted::start());
    Mutex::new(Stage { runtime, api })
});

struct Stage {
    runtime: Runtime,
    api: Scripted,
}

/// Bytes as an answer of the API.
pub fn response(data: &[u8]) {
    let Some(scripted) = Said::read(bounded(data)) else { return };
    in_folder(|folder| {
        let path = folder.join("response.jsonl");
        // Nothing is there before the first case of a thread.
        let _ = std::fs::remove_file(&path);
        let stage = STAGE.lock();
        stage.api.answer_with(&scripted.on_the_wire());
        let header = header(&stage.api.base_url);
        stage.runtime.block_on(meet(&scripted, &stage.api.base_url, &path, &header));
        let text = std::fs::read(&path).expect("a journal");
        for secret in [BEARER, SIGNATURE, COOKIE] {
            let kept = find(&text, secret.as_bytes());
            assert!(kept.is_none() || scripted.spells(secret), "{secret} is kept");
        }
        is_judged(&path, &header);
    });
}

/// An answer as it was written down.
struct Said {
    call: Call,
    status: u16,
    fields: Vec<u8>,
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Status,
    List,
    Read,
    Data,
    Patch,
    Bulk,
    Mi,
    MiRead,
    Probe,
}

impl Said {
    fn read(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
        let (call, status) = std::str::from_utf8(&text[..end]).ok()?.split_once(' ')?;
        let call = match call {
            "status" => Call::Status,
            "list" => Call::List,
            "read" => Call::Read,
            "data" => Call::Data,
            "patch" => Call::Patch,
            "bulk" => Call::Bulk,
            "mi" => Call::Mi,
            "mi-read" => Call::MiRead,
            _ => Call::Probe,
        };
        let rest = text.get(end + 1..).unwrap_or_default();
        let (fields, body) = match find(rest, b"\n\n") {
            Some(at) => (&rest[..at], &rest[at + 2..]),
            None => (rest, &[][..]),
        };
        let fields = fields.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let fields = fields.flat_map(|line| [line, b"\r\n"].concat()).collect::<Vec<u8>>();
        let status = status.parse().ok().filter(|status| (100..1_000).contains(status))?;
        Some(Self { call, status, fields: with_bearer(&fields), body: with_bearer(body) })
    }

    fn on_the_wire(&self) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {} So\r\n{FIELDS}Connection: close\r\nContent-Length: {}\r\n",
            self.status,
            self.body.len()
        );
        [head.as_bytes(), &self.fields, b"\r\n", &self.body].concat()
    }

    /// Whether a secret stands where nothing gives it away: the bearer is known and never does.
    fn spells(&self, secret: &str) -> bool {
        let plain = |text: &[u8]| find(text, secret.as_bytes()).is_some();
        secret == SIGNATURE && (plain(&self.fields) || plain(&self.body))
    }
}

fn with_bearer(text: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, PLACE) {
        whole.extend_from_slice(&rest[..at]);
        whole.extend_from_slice(BEARER.as_bytes());
        rest = &rest[at + PLACE.len()..];
    }
    whole.extend_from_slice(rest);
    whole
}

fn header(base_url: &str) -> JournalHeader {
    let target = target(base_url);
    let brief = Brief::new(Selection::everything(), target.context(Mode::Driven));
    let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
    JournalHeader::briefed(RunId::fixed("fuzzed"), now(), tool, brief)
}

fn target(base_url: &str) -> Target {
    let auth = Auth::Bearer(SecretString::from(BEARER).into());
    let mut target = Target::mock(base_url, "", auth).expect("a target");
    target.token_url = None;
    target
}

/// Has the client meet the answer, and record it.
async fn meet(said: &Said, base_url: &str, path: &Path, header: &JournalHeader) {
    let recorded = Arc::new(Notify::new());
    let tell = Arc::clone(&recorded);
    let journal = JournalWriter::create(path, header).expect("a journal");
    let journal = Arc::new(journal.with_observer(Box::new(move |_| tell.notify_one())));
    let options = SessionOptions::default();
    let session = Session::new(target(base_url), Arc::clone(&journal) as _, options);
    let session = session.expect("a session");
    let flow = Flow::supplier(None);
    let asked = async {
        tokio::select! {
            asked = ask(said, &session, &flow) => asked.err(),
            // It waits to ask again, and would get the same.
            () = async { recorded.notified().await; sleep(READING).await } => None,
        }
    };
    let failed = timeout(HANG, asked).await.expect("an answer that is read in time");
    let shown = failed.map_or_else(String::new, |error| error.to_string());
    assert!(!shown.contains(BEARER), "a message shows the bearer: {shown}");
    session.mark(letterproof_model::MarkKind::Note { text: shown }, None).expect("a mark");
    letterproof_model::Recorder::mark(&*journal, RunEnd::Whole.mark(now())).expect("an end");
}

async fn ask(said: &Said, session: &Session, flow: &Flow) -> Result<(), ClientError> {
    let letter = "L1".into();
    match said.call {
        Call::Status => is_of(session.check_status(flow).await?, said),
        Call::List => {
            let answer: Answer<LetterList> = session.list_letters(flow, Some(10)).await?;
            is_of(answer, said);
        }
        Call::Read => {
            let answer: Answer<LetterDocument> = session.get_letter(flow, &letter).await?;
            is_of(answer, said);
        }
        Call::Data => is_of(session.letter_data(flow, &letter).await?, said),
        Call::Patch => is_of(session.patch_letter(flow, &update()).await?, said),
        Call::Bulk => is_of(session.post_letters(flow, &[update()]).await?, said),
        Call::Mi => {
            let answer: Answer<MiDocument> = session.create_mi(flow, &record()).await?;
            is_of(answer, said);
        }
        Call::MiRead => is_of(session.get_mi(flow, &"M1".into()).await?, said),
        Call::Probe => {
            let probe = Probe { patient: false, ..Probe::new("GET", "/letters/L1/data") };
            let (exchange, link) = session.probe_for_link(flow, &probe).await?;
            assert!(link.is_none() || exchange.status() == Some(303), "a link without a 303");
        }
    }
    Ok(())
}

/// What the client makes of an answer is what was recorded of it, and no value without a success.
fn is_of<T>(answer: Answer<T>, said: &Said) {
    assert_eq!(Some(answer.status), answer.exchange.status());
    assert!(answer.value.is_none() || answer.status < 400, "{:?} has a value", said.status);
}

fn update() -> LetterUpdate {
    LetterUpdate { id: "L1".into(), status: LetterStatus::Accepted, reason: None }
}

fn record() -> MiRecord {
    MiRecord {
        line_item: "letters".to_owned(),
        timestamp: now(),
        quantity: 1,
        specification_id: None,
        group_id: None,
        stock_remaining: None,
    }
}

/// What was recorded is read back and judged, twice with the same result.
fn is_judged(path: &Path, header: &JournalHeader) {
    let saved = read_journal(path).expect("a journal that was written");
    let contract = Contract::built_in().expect("the contract");
    let brief = header.brief.as_ref().expect("its brief");
    for exchange in saved.recording.exchanges() {
        let found = |exchange: &Exchange| contract.check(exchange, &brief.context);
        assert_eq!(found(&exchange), found(&exchange), "two checks of one exchange");
    }
    let head = Head { run_id: &header.run_id, started: header.started, tool: &header.tool, brief };
    let concluded = || -> Results { conclude(&saved.recording, &head, contract) };
    assert_eq!(concluded(), concluded(), "two judgements of one journal");
}
