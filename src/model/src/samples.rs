//! Small values that the tests of several modules start from, each as plain as its type allows.

use crate::{
    About, Actor, Body, CheckResult, ClauseKind, CriterionId, CriterionResult, Direction, Exchange,
    ExchangeId, Finding, FindingKind, Header, Mode, Outcome, PackId, Request, Response, TestId,
    TestResult, Verdict,
};

/// A test of the pack that ended so, without criteria.
pub(crate) fn test(verdict: Verdict, required: bool, selected: bool) -> TestResult {
    TestResult {
        id: TestId::at(1),
        title: "t".into(),
        required,
        selected,
        verdict,
        mode: Mode::Driven,
        standing: None,
        attempts: vec![],
        span: None,
        criteria: vec![],
    }
}

/// A criterion judged from traffic.
pub(crate) fn checked(id: &str, verdict: Verdict) -> CriterionResult {
    CriterionResult {
        id: CriterionId::from(id),
        kind: ClauseKind::Check,
        clause: "c".into(),
        verdict,
        mode: Mode::Driven,
        expected: "e".into(),
        observed: "o".into(),
        exchanges: vec![],
        exchange_count: 0,
        letters: vec![],
        reason: None,
    }
}

/// A check that ended so, without criteria.
pub(crate) fn check(id: &'static str, verdict: Verdict) -> CheckResult {
    CheckResult {
        id: CriterionId::from(id),
        title: "x".into(),
        verdict,
        finding: None,
        strength: None,
        criteria: vec![],
    }
}

/// A listing of ten letters, sent at noon, of which this came.
pub(crate) fn exchange(id: &'static str, outcome: Outcome) -> Exchange {
    Exchange {
        id: ExchangeId::fixed(id),
        actor: Actor::Supplier,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: "2026-08-21T12:00:00Z".parse().unwrap(),
        connection: None,
        request: Request {
            method: "GET".into(),
            url: "https://int.example/supplier/letters?limit=10".into(),
            headers: headers(&[("X-Request-ID", "req-1"), ("x-correlation-id", "cor-1")]),
            body: Body::None,
        },
        outcome,
    }
}

/// A whole response without a body, a quarter of a second after its request.
pub(crate) fn response(status: u16) -> Response {
    Response {
        status,
        headers: headers(&[("Retry-After", "1"), ("retry-after", "2")]),
        body: Body::None,
        headers_us: 200_000,
        done_us: 250_000,
    }
}

/// Header fields in this order.
pub(crate) fn headers(pairs: &[(&str, &str)]) -> Vec<Header> {
    pairs
        .iter()
        .map(|(name, value)| Header { name: (*name).into(), value: (*value).into() })
        .collect()
}

/// What was noticed once, without exchanges.
pub(crate) fn finding(id: &str, about: About, kind: FindingKind) -> Finding {
    Finding {
        id: id.into(),
        about,
        kind,
        title: "t".into(),
        expected: "e".into(),
        observed: "o".into(),
        source: "s".into(),
        exchanges: vec![],
        count: 1,
    }
}
