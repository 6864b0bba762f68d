//! Our own formats: what the model writes is what their schemas say, and nothing else is.

use letterproof_contract::{Contract, Document};
use letterproof_model::{
    Attempt, Body, Connection, Content, Context, CriterionResult, Exchange, Finding, Mark,
    MarkKind, Outcome, PACK_VERSION, PackInfo, Performance, RESULTS_FORMAT, Results, RunId,
    RunInfo, Span, SupplierKind, TargetInfo, TestResult, Timestamp, ToolInfo, TransportError,
    TransportErrorKind, Verdict,
};
use letterproof_model::{
    Brief, CheckResult, ClauseKind, Counts, CriterionId, ExchangeId, FindingKind, LetterId, Mode,
    Place, Proof, RunEnd, ScenarioOutcome, SeenHost, Selection, Stamp, Standing, Strength, Waiver,
    WaiverState, WaiverUse, Who, pack,
};
use serde_json::{Value, json};

use crate::support::{BASE, Call, HASH, list};

fn faults(document: Document, value: &Value) -> Vec<String> {
    Contract::built_in().unwrap().faults(document, value)
}

#[track_caller]
fn valid(document: Document, value: &Value) {
    assert_eq!(faults(document, value), Vec::<String>::new());
}

/// Changes one place of a document; removes it when there is nothing to put there.
fn mutated(value: &Value, pointer: &str, new: Option<Value>) -> Value {
    let mut value = value.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
    match (parent, new) {
        (Value::Object(map), Some(new)) => drop(map.insert(name.to_owned(), new)),
        (Value::Object(map), None) => drop(map.remove(name)),
        (Value::Array(items), Some(new)) => items[name.parse::<usize>().unwrap()] = new,
        (other, _) => panic!("{pointer} is in {other}"),
    }
    value
}

fn results() -> Value {
    let target = Context::stand_in(BASE);
    let criterion = CriterionResult {
        id: CriterionId::fixed("AT4.2"),
        kind: ClauseKind::Check,
        clause: "c".into(),
        verdict: Verdict::Fail,
        mode: Mode::Driven,
        expected: "e".into(),
        observed: "o".into(),
        exchanges: vec![ExchangeId::fixed("ex-000001")],
        exchange_count: 1,
        letters: vec![LetterId::fixed("L1")],
        reason: Some("r".into()),
    };
    let bare = CriterionResult { letters: vec![], reason: None, ..criterion.clone() };
    let attempt = Attempt {
        scenario: "s".into(),
        started: Timestamp::UNIX_EPOCH,
        finished: Some(Timestamp::UNIX_EPOCH),
        outcome: Some("passed".into()),
        exchanges: Some((ExchangeId::fixed("ex-000001"), ExchangeId::fixed("ex-000002"))),
    };
    let broken_off = Attempt { finished: None, outcome: None, exchanges: None, ..attempt.clone() };
    let tests = pack()
        .iter()
        .map(|test| TestResult {
            id: test.id,
            title: test.title.into(),
            required: test.required,
            selected: true,
            verdict: Verdict::NotRun,
            mode: Mode::Observed,
            standing: Some(Proof::Witnessed),
            attempts: vec![attempt.clone(), broken_off.clone()],
            span: Some(Span { started: Timestamp::UNIX_EPOCH, finished: Timestamp::UNIX_EPOCH }),
            criteria: vec![criterion.clone(), bare.clone()],
        })
        .collect();
    let check = CheckResult {
        id: CriterionId::fixed("C-LIST-LIMIT-0"),
        title: "t".into(),
        verdict: Verdict::Pass,
        finding: Some(FindingKind::Deviation),
        strength: None,
        criteria: vec![CriterionResult { id: CriterionId::fixed("C-X"), ..bare.clone() }],
    };
    let observed = CheckResult {
        id: CriterionId::fixed("O-LIST-SERIAL"),
        finding: Some(FindingKind::Violation),
        strength: Some(Strength::Implied),
        criteria: vec![CriterionResult { id: CriterionId::fixed("O-LIST-SERIAL"), ..bare }],
        ..check.clone()
    };
    let findings: Vec<Finding> =
        Call::new("GET", "/letters?limit=1").with(&list(2)).answers(418).findings();
    let results = Results {
        format: RESULTS_FORMAT.into(),
        run: RunInfo {
            id: RunId::fixed("run-1"),
            started: Timestamp::UNIX_EPOCH,
            finished: letterproof_model::now(),
            tool: ToolInfo { version: "0.1.0".into(), commit: "unknown".into() },
            pack: PackInfo { version: PACK_VERSION.into() },
            target: TargetInfo {
                name: target.target,
                base_url: target.base_url,
                capabilities: target.capabilities.into_iter().collect(),
            },
            window: Some(2),
            nonce: None,
            supplier: SupplierKind::Reference,
            standing: Some(Standing {
                word: Proof::Driven,
                place: Place::Mock,
                mock_answers: true,
                hosts: vec![SeenHost { host: "a".into(), certificate: Some("5e".repeat(32)) }],
            }),
            who: who(),
            resumed: vec![Timestamp::UNIX_EPOCH],
            deciding: Vec::new(),
            strict: None,
            exchanges: [("GET /letters".to_owned(), 3)].into(),
        },
        tests,
        conformance: vec![CheckResult { finding: None, ..check.clone() }, check],
        observer: vec![observed],
        findings,
        performance: vec![Performance {
            name: "AT15".into(),
            figures: [("elapsed_ms".to_owned(), 1.5)].into(),
        }],
        counts: Counts::default(),
        waivers: vec![WaiverUse { waiver: waiver(), state: WaiverState::Applied }],
        exit_code: 3,
    };
    serde_json::to_value(results).unwrap()
}

fn who() -> Who {
    let text = || Some("t".to_owned());
    let window_dates = Some("2026-11-02/2026-11-13".parse().unwrap());
    Who { supplier: text(), application_id: text(), test_manager: text(), window_dates }
}

fn waiver() -> Waiver {
    Waiver {
        id: "AT4.2".into(),
        reason: "r".into(),
        agreed_by: "a".into(),
        reference: "R-1".into(),
        date: "2026-08-01".parse().unwrap(),
        expires: "2026-08-31".parse().unwrap(),
        line: 3,
    }
}

#[test]
fn results_as_the_model_writes_them_are_valid() {
    let results = results();
    assert_eq!(results["tests"].as_array().unwrap().len(), 15);
    assert!(!results["findings"].as_array().unwrap().is_empty());
    valid(Document::Results, &results);
    valid(Document::Results, &mutated(&results, "/run/nonce", Some(json!("abc"))));
    valid(Document::Results, &mutated(&results, "/run/window", Some(Value::Null)));
}

#[test]
fn results_that_were_tampered_with_are_not() {
    let results = results();
    for (pointer, new) in [
        ("/format", Some(json!("letterproof-results/2"))),
        ("/exit_code", None),
        ("/exit_code", Some(json!(5))),
        ("/extra", Some(json!(1))),
        ("/run/started", Some(json!("yesterday"))),
        ("/run/window", Some(json!(3))),
        ("/run/target/capabilities", Some(json!(["psychic"]))),
        ("/tests/0/id", Some(json!("AT16"))),
        ("/tests/0/verdict", Some(json!("passed"))),
        ("/tests/0/attempts/0/exchanges", Some(json!(["ex-000001"]))),
        ("/tests/3/criteria/0/id", Some(json!("AT4"))),
        ("/tests/3/criteria/0/colour", Some(json!("red"))),
        ("/tests/3/criteria/0/exchange_count", Some(json!(-1))),
        ("/conformance/0/finding", Some(Value::Null)),
        ("/observer/0/id", Some(json!("C-LIST-SERIAL"))),
        ("/observer/0/criteria/0/id", Some(json!("X-LIST-SERIAL"))),
        ("/observer/0/verdict", None),
        ("/findings/0/about", Some(json!("us"))),
        ("/findings/0/count", Some(json!(0))),
        ("/performance/0/figures/elapsed_ms", Some(json!("1.5"))),
        ("/counts/not-run", None),
        ("/waivers/0/expires", None),
        ("/waivers/0/state", Some(json!("forgiven"))),
    ] {
        let value = mutated(&results, pointer, new.clone());
        assert!(!faults(Document::Results, &value).is_empty(), "{pointer} = {new:?}");
    }
}

fn journal_line(entry: Value) -> Value {
    let mut line = json!({ "prev": &HASH[..8] });
    line.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
    line
}

#[test]
fn journal_lines_as_the_model_writes_them_are_valid() {
    let header = json!({
        "format": "letterproof-journal/3", "run_id": "run-1", "started": Timestamp::UNIX_EPOCH,
        "tool": ToolInfo { version: "0.1.0".into(), commit: "unknown".into() }, "base_url": BASE,
    });
    valid(Document::Journal, &header);
    let mut brief = Brief::new(Selection::everything(), Context::stand_in(BASE));
    valid(Document::Journal, &mutated(&header, "/brief", Some(json!(brief))));
    brief.window = Some(1);
    brief.nonce = Some("n".into());
    brief.who = who();
    brief.waivers = vec![waiver()];
    brief.specification = Some(HASH.into());
    valid(Document::Journal, &mutated(&header, "/brief", Some(json!(brief))));
    let content =
        Content { length: 1, sha256: HASH.into(), pages: None, repaired: None, problem: None };
    let mut exchange = Call::new("GET", "/letters").with(&list(1)).build();
    let line = |exchange: &Exchange| journal_line(json!({ "exchange": exchange }));
    valid(Document::Journal, &line(&exchange));
    exchange.scenario = Some("AT2".into());
    exchange.scheduled = Some(letterproof_model::now());
    exchange.connection = Some(Connection { reused: true });
    for body in [
        Body::None,
        Body::Text { text: "x".into() },
        Body::Form { fields: vec![("a".into(), "b".into())] },
        Body::Pdf(Content { pages: Some(2), repaired: Some("r".into()), ..content.clone() }),
        Body::Opaque(Content { problem: Some("NoSuchKey".into()), ..content }),
    ] {
        exchange.request.body = body;
        valid(Document::Journal, &line(&exchange));
    }
    for status in [None, Some(200)] {
        exchange.outcome = Outcome::Error(TransportError {
            kind: TransportErrorKind::Body,
            message: "m".into(),
            after_us: 1,
            status,
            received: 3,
        });
        valid(Document::Journal, &line(&exchange));
    }
}

#[test]
fn a_mark_of_each_kind_is_valid_as_the_recorder_writes_it() {
    let (text, ms) = ("t".to_owned(), 300_000);
    for kind in [
        MarkKind::ScenarioStarted,
        MarkKind::BegunByHand,
        MarkKind::ScenarioFinished(ScenarioOutcome::Succeeded),
        MarkKind::ScenarioFinished(ScenarioOutcome::Failed(text.clone())),
        MarkKind::ScenarioFinished(ScenarioOutcome::Stopped(text.clone())),
        MarkKind::ScenarioFinished(ScenarioOutcome::ByHand),
        MarkKind::Wait { ms, reason: text.clone() },
        MarkKind::Resumed,
        MarkKind::Injected { exchange: ExchangeId::fixed("ex-000001"), rule: text.clone() },
        MarkKind::Ended(RunEnd::Whole),
        MarkKind::Ended(RunEnd::Interrupted),
        MarkKind::Ended(RunEnd::Missed(text.clone())),
        MarkKind::Ended(RunEnd::Refused(text.clone())),
        MarkKind::Ended(RunEnd::Stopped(text.clone())),
        MarkKind::Stamped {
            line: 7,
            head: HASH.into(),
            stamp: Stamp { stamper: text.clone(), nonce: "41".repeat(8), token: "MAA=".into() },
        },
        MarkKind::Unstamped { line: 7, stamper: text.clone(), reason: text.clone() },
        MarkKind::Connected {
            host: text.clone(),
            certificate: HASH.into(),
            chain: vec!["MAA=".into()],
        },
        MarkKind::Connected { host: text.clone(), certificate: HASH.into(), chain: vec![] },
        MarkKind::Note { text },
    ] {
        let mark = Mark::new(letterproof_model::now(), kind);
        let line = journal_line(json!({ "mark": mark }));
        valid(Document::Journal, &line);
        let labelled = Mark { scenario: Some("AT2".into()), ..mark };
        valid(Document::Journal, &journal_line(json!({ "mark": labelled })));
        // A sentence beside the fields, or a field less, is another format.
        for field in ["text", "reason", "rule", "exchange", "outcome", "end", "ms"] {
            let new = line["mark"].get(field).is_none().then(|| json!("t"));
            let value = mutated(&line, &format!("/mark/{field}"), new);
            assert!(!faults(Document::Journal, &value).is_empty(), "{field}: {value}");
        }
    }
}

#[test]
fn lines_of_earlier_formats_have_schemas_of_their_own() {
    let exchange = Call::new("GET", "/letters").with(&list(1)).build();
    let third = journal_line(json!({ "exchange": exchange }));
    let second = mutated(&third, "/prev", Some(json!(HASH)));
    let first = mutated(&mutated(&second, "/exchange/direction", None), "/exchange/pack", None);
    let mark = json!({ "at": Timestamp::UNIX_EPOCH, "kind": "ended", "text": "whole" });
    let mark = mutated(&journal_line(json!({ "mark": mark })), "/prev", Some(json!(HASH)));
    let header = |format: u8| {
        json!({
            "format": format!("letterproof-journal/{format}"), "run_id": "run-1",
            "started": Timestamp::UNIX_EPOCH, "base_url": BASE,
            "tool": { "version": "1.0.0", "commit": "abc" },
        })
    };
    let lines = [(&first, 1), (&mark, 1), (&second, 2), (&third, 3)];
    let headers = [1, 2, 3].map(|format| (header(format), format));
    for (line, format) in lines.into_iter().chain(headers.iter().map(|(line, f)| (line, *f))) {
        let held = [Document::Journal1, Document::Journal2, Document::Journal]
            .map(|document| faults(document, line).is_empty());
        assert_eq!(held, [1, 2, 3].map(|of| of == format), "{line}");
    }
}

#[test]
fn journal_lines_that_were_tampered_with_are_not() {
    let exchange = Call::new("GET", "/letters").with(&list(1)).build();
    let line = journal_line(json!({ "exchange": exchange }));
    let error = json!({ "kind": "timeout", "message": "m", "after_us": 1, "received": 0 });
    for (pointer, new) in [
        ("/prev", None),
        ("/prev", Some(json!("abc"))),
        ("/prev", Some(json!(HASH))),
        ("/exchange", None),
        ("/mark", Some(json!({ "at": "2026-01-01T00:00:00Z", "kind": "note", "text": "t" }))),
        ("/exchange/id", None),
        ("/exchange/attempt", Some(json!(0))),
        ("/exchange/started", Some(json!(1))),
        ("/exchange/actor", Some(json!("nobody"))),
        ("/exchange/direction", None),
        ("/exchange/direction", Some(json!("sideways"))),
        ("/exchange/pack", None),
        ("/exchange/pack", Some(json!("printer"))),
        ("/exchange/request/headers/0", Some(json!(["a"]))),
        ("/exchange/request/body", Some(json!({ "kind": "bytes" }))),
        ("/exchange/outcome/error", Some(error)),
        ("/exchange/outcome/response/status", Some(json!("200"))),
        ("/exchange/outcome/response/body/pages", Some(json!(1))),
    ] {
        let value = mutated(&line, pointer, new.clone());
        assert!(!faults(Document::Journal, &value).is_empty(), "{pointer} = {new:?}");
    }
    let header = json!({ "format": "letterproof-journal/4", "run_id": "r" });
    assert!(!faults(Document::Journal, &header).is_empty());
    assert!(!faults(Document::Journal, &json!({})).is_empty());
    assert!(!faults(Document::Journal, &json!([])).is_empty());
}

#[test]
fn every_schema_describes_itself_and_its_properties() {
    for document in Document::ALL {
        let schema = document.resolved().unwrap();
        for key in ["$schema", "title", "description"] {
            assert!(schema[key].is_string(), "{document:?} lacks {key}");
        }
        described(document, &schema);
    }
}

fn described(document: Document, schema: &Value) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            let known = property["description"].is_string() || property["const"].is_string();
            assert!(known, "{document:?}: `{name}` has no description");
            described(document, property);
        }
    }
    if schema["items"].is_object() {
        described(document, &schema["items"]);
    }
}

#[test]
fn an_unknown_property_is_found_by_the_strict_variant_only() {
    let contract = Contract::built_in().unwrap();
    let value = json!({ "data": [], "links": {} });
    assert_eq!(contract.faults(Document::LetterList, &value), Vec::<String>::new());
    assert_eq!(contract.unknown_properties(Document::LetterList, &value), ["links"]);
    let status = json!({ "anything": 1 });
    assert_eq!(contract.unknown_properties(Document::Status, &status), Vec::<String>::new());
}
