//! The writer: each method appends one exchange and moves the clock on.

use std::sync::Arc;

use letterproof_model::{
    Actor, Body, Content, Context, Direction, Exchange, ExchangeId, Header, LetterStatus, Outcome,
    PackId, Recording, Request, Response, Timestamp, TransportError, TransportErrorKind,
};
use serde_json::{Value, json};

pub const BASE: &str = "https://int.test/nhs-notify-supplier";
/// When every script begins: not at a whole millisecond, as a recorder's clock would have it.
const BEGAN: i64 = 1_790_000_000_000_123;
pub const ENGLISH: &str = "integration-specification-english";
pub const BRAILLE: &str = "integration-specification-braille";

/// A letter as the API describes it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: String,
    pub status: LetterStatus,
    pub specification: Option<&'static str>,
    pub group: Option<&'static str>,
    pub hash: Option<String>,
}

/// A PENDING letter in English.
pub fn letter(id: &str) -> Letter {
    Letter {
        id: id.to_owned(),
        status: LetterStatus::Pending,
        specification: Some(ENGLISH),
        group: Some("group-a"),
        hash: Some(hash_of(id)),
    }
}

/// This many PENDING letters in English, `L1` onwards.
pub fn letters(count: usize) -> Vec<Letter> {
    (1..=count).map(|n| letter(&format!("L{n}"))).collect()
}

/// The SHA-256 that the scripts give a letter.
pub fn hash_of(id: &str) -> String {
    let mut hash = String::new();
    for byte in id.bytes().cycle().take(32) {
        hash.push_str(&format!("{byte:02x}"));
    }
    hash
}

impl Letter {
    pub fn of(mut self, specification: Option<&'static str>) -> Self {
        self.specification = specification;
        self
    }

    pub fn in_group(mut self, group: Option<&'static str>) -> Self {
        self.group = group;
        self
    }

    pub fn in_status(mut self, status: LetterStatus) -> Self {
        self.status = status;
        self
    }

    pub fn without_hash(mut self) -> Self {
        self.hash = None;
        self
    }

    fn json(&self) -> Value {
        json!({"id": self.id, "type": "Letter", "attributes": {
            "status": self.status, "specificationId": self.specification,
            "groupId": self.group, "sha256Hash": self.hash }})
    }
}

/// A journal in the making.
#[derive(Clone, Debug)]
pub struct Script {
    pub context: Context,
    pub exchanges: Vec<Exchange>,
    actor: Actor,
    scenario: Option<String>,
    now: i64,
}

impl Script {
    /// At the pack's sizes: 2,500 letters, lists of 1,000 and 500.
    pub fn pack() -> Self {
        let context = Context::stand_in(BASE);
        Self { context, exchanges: vec![], actor: Actor::Supplier, scenario: None, now: 0 }
    }

    /// At sizes a hand can write: 6 letters, lists of 4 and 3. What passes here at the pack's
    /// sizes is inconclusive; what fails fails.
    pub fn small() -> Self {
        let mut script = Self::pack();
        script.context.seeded_letters = 6;
        script.context.at4_batch = 4;
        script.context.at15_chunk = 3;
        script
    }

    pub fn supporting(mut self, statuses: &[LetterStatus]) -> Self {
        self.context.supports = statuses.iter().copied().collect();
        self
    }

    pub fn journal(&self) -> Recording {
        Recording::new(self.exchanges.iter().cloned().map(Arc::new).collect(), vec![])
    }

    pub fn now(&self) -> i64 {
        self.now
    }

    /// Lets time pass, in seconds.
    pub fn wait(&mut self, seconds: f64) -> &mut Self {
        self.now += (seconds * 1e6) as i64;
        self
    }

    /// Puts the clock to a moment, in microseconds since the script began.
    pub fn set_clock(&mut self, now: i64) -> &mut Self {
        self.now = now;
        self
    }

    pub fn scenario(&mut self, name: &str) -> &mut Self {
        self.scenario = Some(name.to_owned());
        self
    }

    /// What follows is done by the harness.
    pub fn harness(&mut self) -> &mut Self {
        self.actor = Actor::Harness;
        self
    }

    /// What follows is done by the supplier.
    pub fn supplier(&mut self) -> &mut Self {
        self.actor = Actor::Supplier;
        self
    }

    fn call(
        &mut self,
        method: &str,
        url: String,
        body: Body,
        status: u16,
        answer: Body,
    ) -> &mut Self {
        let number = self.exchanges.len() + 1;
        let mut headers = vec![
            Header { name: "X-Request-ID".into(), value: format!("request-{number}").into() },
            Header { name: "Authorization".into(), value: "Bearer redacted:1234".into() },
        ];
        if !url.starts_with(BASE) {
            headers = vec![Header { name: "Accept".into(), value: "*/*".into() }];
        }
        self.exchanges.push(Exchange {
            id: ExchangeId::new(format!("ex-{number:06}")),
            actor: self.actor,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: self.scenario.clone(),
            attempt: 1,
            scheduled: None,
            started: Timestamp::from_microsecond(BEGAN + self.now).unwrap(),
            connection: None,
            request: Request { method: method.into(), url, headers, body },
            outcome: Outcome::Response(Response {
                status,
                headers: vec![],
                body: answer,
                headers_us: 2_003,
                done_us: 3_007,
            }),
        });
        self.now += 4_000;
        self
    }

    pub fn status(&mut self) -> &mut Self {
        self.call(
            "GET",
            format!("{BASE}/_status"),
            Body::None,
            200,
            json_body(&json!({"code": 200})),
        )
    }

    pub fn token(&mut self) -> &mut Self {
        let url = "https://int.test/oauth2/token".to_owned();
        let form = Body::Form { fields: vec![("grant_type".into(), "client_credentials".into())] };
        let token = json!({"access_token": "redacted:1234", "expires_in": "599"});
        self.call("POST", url, form, 200, json_body(&token))
    }

    pub fn list(&mut self, limit: u32, letters: &[Letter]) -> &mut Self {
        let data: Vec<Value> = letters.iter().map(Letter::json).collect();
        let url = format!("{BASE}/letters?limit={limit}");
        self.call("GET", url, Body::None, 200, json_body(&json!({ "data": data })))
    }

    /// One bulk update of letters to a status.
    pub fn bulk(&mut self, status: LetterStatus, ids: &[&str]) -> &mut Self {
        let data: Vec<Value> = ids.iter().map(|id| update(id, status, None)).collect();
        let body = json_body(&json!({ "data": data }));
        self.call("POST", format!("{BASE}/letters"), body, 202, Body::None)
    }

    pub fn patch(&mut self, id: &str, status: LetterStatus) -> &mut Self {
        self.patch_for(id, status, None)
    }

    pub fn patch_for(
        &mut self,
        id: &str,
        status: LetterStatus,
        reason: Option<(&str, &str)>,
    ) -> &mut Self {
        let body = json_body(&json!({ "data": update(id, status, reason) }));
        self.call("PATCH", format!("{BASE}/letters/{id}"), body, 202, Body::None)
    }

    pub fn read(&mut self, id: &str, status: LetterStatus) -> &mut Self {
        self.read_for(id, status, None)
    }

    pub fn read_for(
        &mut self,
        id: &str,
        status: LetterStatus,
        reason: Option<(&str, &str)>,
    ) -> &mut Self {
        self.read_letter(&letter(id).in_status(status), reason)
    }

    pub fn read_letter(&mut self, letter: &Letter, reason: Option<(&str, &str)>) -> &mut Self {
        let mut data = letter.json();
        if let Some((code, text)) = reason {
            data["attributes"]["reasonCode"] = code.into();
            data["attributes"]["reasonText"] = text.into();
        }
        let url = format!("{BASE}/letters/{}", letter.id);
        self.call("GET", url, Body::None, 200, json_body(&json!({ "data": data })))
    }

    /// Moves a letter and sees it moved, by PATCH.
    pub fn moved(&mut self, id: &str, status: LetterStatus) -> &mut Self {
        self.patch(id, status).wait(2.0).read(id, status)
    }

    /// Moves a letter with a reason and sees both, by PATCH.
    pub fn moved_for(
        &mut self,
        id: &str,
        status: LetterStatus,
        code: &str,
        text: &str,
    ) -> &mut Self {
        let reason = Some((code, text));
        self.patch_for(id, status, reason).wait(2.0).read_for(id, status, reason)
    }

    /// Asks for a letter's link.
    pub fn data(&mut self, id: &str) -> &mut Self {
        let url = format!("{BASE}/letters/{id}/data");
        let link = self.link(id);
        self.call("GET", url, Body::None, 303, Body::None);
        self.edit_answer(|answer| {
            answer.headers.push(Header { name: "Location".into(), value: link.into() });
        })
    }

    fn link(&self, id: &str) -> String {
        format!("https://storage.test/letters/{id}.pdf?signature=redacted:{id}")
    }

    /// Follows a letter's link to a whole PDF of two pages.
    pub fn follow(&mut self, id: &str) -> &mut Self {
        self.follow_to(id, hash_of(id), Some(2), None)
    }

    pub fn follow_to(
        &mut self,
        id: &str,
        sha256: String,
        pages: Option<u32>,
        problem: Option<&str>,
    ) -> &mut Self {
        let problem = problem.map(str::to_owned);
        let content = Content { length: 100_000, sha256, pages, repaired: None, problem };
        let url = self.link(id);
        self.call("GET", url, Body::None, 200, Body::Pdf(content))
    }

    /// Asks for a letter's link and follows it.
    pub fn fetch(&mut self, id: &str) -> &mut Self {
        self.data(id).follow(id)
    }

    /// Asks for the link of a letter without a PDF and follows it to nothing.
    pub fn fetch_nothing(&mut self, id: &str) -> &mut Self {
        let content = Content {
            length: 300,
            sha256: hash_of("NoSuchKey"),
            pages: None,
            repaired: None,
            problem: Some("NoSuchKey".into()),
        };
        self.data(id).follow(id).edit_answer(|answer| {
            answer.status = 404;
            answer.body = Body::Opaque(content);
        })
    }

    pub fn mi(&mut self, id: &str, record: &Value) -> &mut Self {
        let sent = json!({"data": {"type": "ManagementInformation", "attributes": record}});
        let url = format!("{BASE}/mi");
        self.call("POST", url, json_body(&sent), 201, json_body(&mi_data(id, record)))
    }

    pub fn mi_read(&mut self, id: &str, record: &Value) -> &mut Self {
        let url = format!("{BASE}/mi/{id}");
        self.call("GET", url, Body::None, 200, json_body(&mi_data(id, record)))
    }

    /// Changes the last exchange.
    pub fn edit(&mut self, change: impl FnOnce(&mut Exchange)) -> &mut Self {
        change(self.exchanges.last_mut().unwrap());
        self
    }

    pub fn edit_answer(&mut self, change: impl FnOnce(&mut Response)) -> &mut Self {
        self.edit(|exchange| match &mut exchange.outcome {
            Outcome::Response(answer) => change(answer),
            Outcome::Error(_) => unreachable!("the last call was not answered"),
        })
    }

    /// The last call was answered with this status, and nothing else.
    pub fn answered(&mut self, status: u16) -> &mut Self {
        self.edit_answer(|answer| {
            answer.status = status;
            answer.body = Body::None;
        })
    }

    /// The last call was never answered.
    pub fn lost(&mut self) -> &mut Self {
        self.edit(|exchange| {
            exchange.outcome = Outcome::Error(TransportError {
                kind: TransportErrorKind::Reset,
                message: "connection reset".into(),
                after_us: 3_007,
                status: None,
                received: 0,
            });
        })
    }

    /// The last call lacks a header.
    pub fn without(&mut self, name: &str) -> &mut Self {
        self.edit(|exchange| exchange.request.headers.retain(|header| header.name != name))
    }

    /// The recording does not hold the last call's headers.
    pub fn headers_not_recorded(&mut self) -> &mut Self {
        self.edit(|exchange| exchange.request.headers.clear())
    }

    /// The recording does not hold the body of the last answer.
    pub fn body_not_recorded(&mut self) -> &mut Self {
        self.edit_answer(|answer| answer.body = Body::None)
    }
}

fn update(id: &str, status: LetterStatus, reason: Option<(&str, &str)>) -> Value {
    let mut attributes = json!({ "status": status });
    if let Some((code, text)) = reason {
        if !code.is_empty() {
            attributes["reasonCode"] = code.into();
        }
        if !text.is_empty() {
            attributes["reasonText"] = text.into();
        }
    }
    json!({"id": id, "type": "Letter", "attributes": attributes})
}

fn mi_data(id: &str, record: &Value) -> Value {
    json!({"data": {"id": id, "type": "ManagementInformation", "attributes": record}})
}

pub fn json_body(value: &Value) -> Body {
    Body::Json { text: value.to_string() }
}
