//! Exchanges made by hand, and the captures of the real API where they are at hand.
//! A builder and a few readers.

use letterproof_contract::Contract;
use letterproof_model::{
    About, Actor, Body, Capability, Context, Direction, Exchange, ExchangeId, Finding, FindingKind,
    Header, Outcome, PackId, Request, Response, Timestamp,
};

pub(crate) const BASE: &str = "https://int.example/nhs-notify-supplier";
pub(crate) const GUID: &str = "dcb9c8dc-c2f4-4d5f-8674-a2e913e040b2";
pub(crate) const CORRELATION: &str = "11c46f5f-cdef-4865-94b2-0ee0edcc26da";
pub(crate) const HASH: &str = "e2a64d4a91f7ea2118cad31e644e5a11fa75173a63814203ba6511a88385c61a";
pub(crate) const VND: &str = "application/vnd.api+json";

/// An exchange under construction; starts as one the contract has nothing to say about.
#[derive(Clone)]
pub(crate) struct Call {
    exchange: Exchange,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{BASE}{path}") };
        let headers = [
            ("Authorization", "Bearer redacted"),
            ("X-Request-ID", GUID),
            ("X-Correlation-ID", CORRELATION),
        ];
        let request = Request {
            method: method.to_owned(),
            url,
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned()).into()).to_vec(),
            body: Body::None,
        };
        let outcome = Outcome::Response(Response {
            status: 200,
            headers: vec![],
            body: Body::None,
            headers_us: 1,
            done_us: 2,
        });
        let exchange = Exchange {
            id: ExchangeId::fixed("ex-000001"),
            actor: Actor::Supplier,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: None,
            started: Timestamp::UNIX_EPOCH,
            connection: None,
            request,
            outcome,
        };
        Self { exchange }
            .answer_header("X-Request-ID", GUID)
            .answer_header("X-Correlation-ID", CORRELATION)
    }

    pub(crate) fn by(mut self, actor: Actor) -> Self {
        self.exchange.actor = actor;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        set(&mut self.exchange.request.headers, name, Some(value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        set(&mut self.exchange.request.headers, name, None);
        self
    }

    pub(crate) fn sends(mut self, json: &str) -> Self {
        self.exchange.request.body = text_body(json);
        self.header("Content-Type", VND)
    }

    pub(crate) fn sends_body(mut self, body: Body) -> Self {
        self.exchange.request.body = body;
        self
    }

    fn response(&mut self) -> &mut Response {
        match &mut self.exchange.outcome {
            Outcome::Response(response) => response,
            Outcome::Error(_) => unreachable!("calls here have answers"),
        }
    }

    pub(crate) fn answers(mut self, status: u16) -> Self {
        self.response().status = status;
        self
    }

    pub(crate) fn with(self, json: &str) -> Self {
        self.with_body(text_body(json)).answer_header("Content-Type", VND)
    }

    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.response().body = body;
        self
    }

    pub(crate) fn answer_header(mut self, name: &str, value: &str) -> Self {
        set(&mut self.response().headers, name, Some(value));
        self
    }

    pub(crate) fn answer_without(mut self, name: &str) -> Self {
        set(&mut self.response().headers, name, None);
        self
    }

    pub(crate) fn build(self) -> Exchange {
        self.exchange
    }

    pub(crate) fn findings(self) -> Vec<Finding> {
        check(&self.exchange, &int())
    }

    pub(crate) fn sandbox_findings(self) -> Vec<Finding> {
        check(&self.exchange, &sandbox())
    }
}

fn set(headers: &mut Vec<Header>, name: &str, value: Option<&str>) {
    headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
    if let Some(value) = value {
        headers.push((name.to_owned(), value.to_owned()).into());
    }
}

/// What a recorder makes of a text.
pub(crate) fn text_body(text: &str) -> Body {
    if text.is_empty() {
        Body::None
    } else if serde_json::from_str::<serde_json::Value>(text).is_ok() {
        Body::Json { text: text.to_owned() }
    } else {
        Body::Text { text: text.to_owned() }
    }
}

pub(crate) fn int() -> Context {
    Context { target: "int".to_owned(), ..Context::stand_in(BASE) }
}

pub(crate) fn sandbox() -> Context {
    Context { target: "sandbox".to_owned(), capabilities: [].into(), ..Context::stand_in(BASE) }
}

/// The context of the handlers run without the gateway in front, as the capture of INT was made.
pub(crate) fn handlers() -> Context {
    let mut context = int();
    context.capabilities.remove(&Capability::Authenticated);
    context
}

pub(crate) fn check(exchange: &Exchange, context: &Context) -> Vec<Finding> {
    let findings = Contract::built_in().unwrap().check(exchange, context);
    for finding in &findings {
        assert_eq!(finding.exchanges, std::slice::from_ref(&exchange.id));
        assert_eq!(finding.count, 1);
        assert!(!finding.source.is_empty() && !finding.expected.is_empty(), "{finding:?}");
        assert!(finding.observed.chars().count() < 400, "{finding:?}");
    }
    findings
}

/// `violation F-LIST-STATUS-418`, sorted, as tests compare findings.
pub(crate) fn names(findings: &[Finding]) -> Vec<String> {
    let mut names: Vec<String> = findings
        .iter()
        .map(|finding| {
            let kind = match finding.kind {
                FindingKind::Violation => "violation",
                FindingKind::Deviation => "deviation",
                FindingKind::Drift => "drift",
                FindingKind::Note => "note",
            };
            let supplier = finding.id.starts_with("F-SUPPLIER-");
            assert_eq!(finding.about == About::Supplier, supplier, "{finding:?}");
            format!("{kind} {}", finding.id)
        })
        .collect();
    names.sort_unstable();
    names
}

/// The text of an official file; where it is missing the test is skipped.
pub(crate) fn upstream(file: &str) -> Option<String> {
    letterproof_testing::upstream(file).map(|path| std::fs::read_to_string(path).unwrap())
}

pub(crate) fn letter(id: &str, status: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"Letter","attributes":{{"status":"{status}","specificationId":"integration-specification-english","groupId":"group-english","sha256Hash":"{HASH}"}}}}"#
    )
}

pub(crate) fn list(count: usize) -> String {
    let letters: Vec<String> = (0..count).map(|n| letter(&format!("L{n}"), "PENDING")).collect();
    format!(r#"{{"data":[{}]}}"#, letters.join(","))
}

pub(crate) fn notify_error(status: u16, code: &str) -> String {
    format!(
        r#"{{"errors":[{{"id":"{CORRELATION}.rrt-1","code":"{code}","links":{{"about":"https://digital.example/api"}},"status":"{status}","title":"t","detail":"d"}}]}}"#
    )
}
