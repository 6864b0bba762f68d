//! Where the calls of a run went is told by hosts, certificates and answers, and not by a name.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use letterproof_model::{
    Header, MOCK_HEADER, Mark, MarkKind, Place, Proof, SupplierKind, Timestamp,
};
use letterproof_traffic::proven;
use support::Script;

const INT: &str = "https://int.api.service.nhs.uk";

/// A token and a status asked for at this origin, of a target that is called so.
fn at(name: &str, origin: &str) -> Script {
    let mut script = Script::small();
    script.token().status();
    let base = script.context.base_url.clone();
    let old = base.match_indices('/').nth(2).map_or(base.as_str(), |(end, _)| &base[..end]);
    for exchange in &mut script.exchanges {
        exchange.request.url = exchange.request.url.replace(old, origin);
    }
    script.context.base_url = base.replace(old, origin);
    name.clone_into(&mut script.context.target);
    script
}

fn place(script: &Script) -> Place {
    proven(&script.journal(), SupplierKind::Witnessed, &script.context).place
}

#[test]
fn the_place_is_the_host_that_answered_whatever_the_target_is_called() {
    for (name, origin, expected) in [
        ("int", INT, Place::IntClaimed),
        ("our-int", INT, Place::IntClaimed),
        ("our-int", "https://INT.api.service.nhs.uk.", Place::IntClaimed),
        ("int", "https://int.api.service.nhs.uk.evil.example", Place::Other),
        ("int", "https://internal-dev.api.service.nhs.uk", Place::Other),
        ("int", "http://int.api.service.nhs.uk", Place::Other),
        ("int", "https://int.api.service.nhs.uk:8443", Place::Other),
        ("INT", "http://127.0.0.1:9000", Place::Other),
        ("x", "https://sandbox.api.service.nhs.uk", Place::Sandbox),
        ("prod-smoke", "https://api.service.nhs.uk", Place::Other),
        ("mock", "http://127.0.0.1:9000", Place::Mock),
    ] {
        assert_eq!(place(&at(name, origin)), expected, "{name} at {origin}");
    }
}

#[test]
fn a_mock_that_says_so_is_one_behind_any_host_name() {
    let mut script = at("int", INT);
    script.edit_answer(|answer| {
        answer.headers.push(Header::from((MOCK_HEADER.to_owned(), "true".to_owned())))
    });
    let found = proven(&script.journal(), SupplierKind::Reference, &script.context);
    assert_eq!((found.word, found.place, found.mock_answers), (Proof::Driven, Place::Mock, true));
}

#[test]
fn what_letterproof_itself_sent_through_a_witness_is_driven() {
    let word = |agent: &str, origin: &str, name: &str| {
        let mut script = at(name, origin);
        for exchange in &mut script.exchanges {
            exchange.request.headers.retain(|header| header.name != *"user-agent");
            exchange
                .request
                .headers
                .push(Header::from(("user-agent".to_owned(), agent.to_owned())));
        }
        proven(&script.journal(), SupplierKind::Witnessed, &script.context).word
    };
    assert_eq!(word("letterproof/0.1.0", INT, "int"), Proof::Driven);
    assert_eq!(word("model-print-house", INT, "int"), Proof::Driven);
    assert_eq!(word("letterproofing/2", INT, "int"), Proof::Witnessed);
    assert_eq!(word("python-requests/2.32", INT, "int"), Proof::Witnessed);
    assert_eq!(word("letterproof/0.1.0", "http://127.0.0.1:9000", "mock"), Proof::Driven);
    // A rehearsal with the sample supplier looks as a witnessed run does.
    assert_eq!(word("model-print-house", "http://127.0.0.1:9000", "mock"), Proof::Witnessed);
}

#[test]
fn a_token_of_elsewhere_or_no_answer_at_all_is_not_int() {
    let mut script = at("int", INT);
    script.exchanges[0].request.url = "https://other.example/oauth2/token".into();
    let found = proven(&script.journal(), SupplierKind::Witnessed, &script.context);
    assert_eq!(
        (found.place, found.host_names().as_str()),
        (Place::Other, "other.example, int.api.service.nhs.uk")
    );
    let mut script = at("int", INT);
    script.exchanges.clear();
    assert_eq!(place(&script), Place::Other);
}

#[test]
fn a_host_stands_with_the_certificate_that_it_showed_last() {
    let script = at("int", INT);
    let mut journal = script.journal();
    for (host, certificate) in [
        ("int.api.service.nhs.uk", "aa"),
        ("INT.api.service.nhs.uk.", "bb"),
        ("storage.example", "cc"),
    ] {
        let (host, certificate) = (host.into(), certificate.into());
        let kind = MarkKind::Connected { host, certificate, chain: vec![] };
        journal.push_mark(Mark::new(Timestamp::UNIX_EPOCH, kind));
    }
    let found = proven(&journal, SupplierKind::Witnessed, &script.context);
    assert_eq!(found.hosts.len(), 1);
    assert_eq!(found.hosts[0].certificate.as_deref(), Some("bb"));
    assert!(found.sentence().contains("shown by hosts and certificates in the record"));

    // A load that is too long to be written down call by call.
    let mut unwritten = script.clone();
    unwritten.exchanges.clear();
    let mut journal = unwritten.journal();
    let host = "int.api.service.nhs.uk".into();
    let kind = MarkKind::Connected { host, certificate: "aa".into(), chain: vec![] };
    journal.push_mark(Mark::new(Timestamp::UNIX_EPOCH, kind));
    let found = proven(&journal, SupplierKind::Reference, &unwritten.context);
    assert_eq!((found.word, found.place), (Proof::Driven, Place::IntClaimed));
}

#[test]
fn only_calls_of_the_api_tell_where_it_is() {
    let hosts = |write: &dyn Fn(&mut Script)| {
        let mut script = at("int", INT);
        write(&mut script);
        proven(&script.journal(), SupplierKind::Witnessed, &script.context).host_names()
    };
    let int = "int.api.service.nhs.uk";
    let elsewhere = |method: &'static str, url: &'static str| {
        move |s: &mut Script| {
            s.status().edit(|exchange| {
                exchange.request.method = method.into();
                exchange.request.url = url.into();
            });
        }
    };
    assert_eq!(hosts(&elsewhere("GET", "https://storage.test/l.pdf?signature=redacted")), int);
    assert_eq!(hosts(&elsewhere("DELETE", "https://storage.test/l.pdf")), int);
    let alone = |url: &str| {
        let mut script = at("int", INT);
        script.exchanges.remove(0);
        script.edit(|exchange| {
            exchange.request.method = "DELETE".into();
            exchange.request.url = url.replace("BASE", INT);
        });
        script.context.base_url = format!("{INT}/base");
        proven(&script.journal(), SupplierKind::Witnessed, &script.context).host_names()
    };
    assert_eq!(alone("BASE/base/unknown"), int);
    assert_eq!(alone("BASE/other"), "");
}
