//! What a contract check costs: one letter, a list of 2,500, an unknown property in each of them,
//! a bulk update, and the inspection of a letter of 100 KB.
//! Everything is made here: no network, no files.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use letterproof_contract::{Contract, content};
use letterproof_model::{
    Actor, Body, Context, Direction, Exchange, ExchangeId, Header, Outcome, PackId, Request,
    Response, Timestamp,
};

const BASE: &str = "https://int.example/nhs-notify-supplier";
const HASH: &str = "e2a64d4a91f7ea2118cad31e644e5a11fa75173a63814203ba6511a88385c61a";

fn exchange(method: &str, path: &str, sent: Body, status: u16, body: Body) -> Exchange {
    let header = |name: &str, value: &str| Header::from((name.to_owned(), value.to_owned()));
    let ids = [
        header("X-Request-ID", "dcb9c8dc-c2f4-4d5f-8674-a2e913e040b2"),
        header("X-Correlation-ID", "11c46f5f-cdef-4865-94b2-0ee0edcc26da"),
        header("Content-Type", "application/vnd.api+json"),
    ];
    let mut headers = ids.to_vec();
    headers.push(header("Authorization", "Bearer redacted"));
    Exchange {
        id: ExchangeId::fixed("ex-000001"),
        actor: Actor::Supplier,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: Timestamp::UNIX_EPOCH,
        connection: None,
        request: Request {
            method: method.to_owned(),
            url: format!("{BASE}{path}"),
            headers,
            body: sent,
        },
        outcome: Outcome::Response(Response {
            status,
            headers: ids.to_vec(),
            body,
            headers_us: 1,
            done_us: 2,
        }),
    }
}

fn letter(number: usize, more: &str) -> String {
    format!(
        r#"{{"id":"250c199c-7b56-43b7-9ba2-{number:012}","type":"Letter","attributes":{{"status":"PENDING","specificationId":"integration-specification-english","groupId":"group-english","sha256Hash":"{HASH}"{more}}}}}"#
    )
}

fn list(count: usize, more: &str) -> Body {
    let letters: Vec<String> = (0..count).map(|number| letter(number, more)).collect();
    Body::Json { text: format!(r#"{{"data":[{}]}}"#, letters.join(",")) }
}

fn bulk(count: usize) -> Body {
    let items: Vec<String> = (0..count)
        .map(|n| format!(r#"{{"type":"Letter","id":"{n}","attributes":{{"status":"ACCEPTED"}}}}"#))
        .collect();
    Body::Json { text: format!(r#"{{"data":[{}]}}"#, items.join(",")) }
}

/// A PDF of one page, its content padded.
fn pdf(size: usize) -> Vec<u8> {
    use lopdf::{Document, Object, Stream, dictionary};
    let mut document = Document::with_version("1.7");
    let tree = document.new_object_id();
    let content = document.add_object(Stream::new(dictionary! {}, vec![b' '; size]));
    let page = dictionary! {
        "Type" => "Page", "Parent" => tree, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    };
    let page = document.add_object(page);
    let root = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    document.objects.insert(tree, Object::Dictionary(root));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap_or_default();
    bytes
}

fn checks(criterion: &mut Criterion) {
    let Ok(contract) = Contract::built_in() else { return };
    let context = Context::stand_in(BASE);
    let one = Body::Json { text: format!(r#"{{"data":{}}}"#, letter(1, "")) };
    let path = format!("/letters/250c199c-7b56-43b7-9ba2-{:012}", 1);
    let cases = [
        ("one letter", 0, exchange("GET", &path, Body::None, 200, one)),
        (
            "a list of 2,500",
            0,
            exchange("GET", "/letters?limit=2500", Body::None, 200, list(2_500, "")),
        ),
        (
            "a list of 2,500 with drift",
            1,
            exchange(
                "GET",
                "/letters?limit=2500",
                Body::None,
                200,
                list(2_500, r#","colour":"red""#),
            ),
        ),
        ("a bulk of 2,500", 0, exchange("POST", "/letters", bulk(2_500), 202, Body::None)),
    ];
    for (name, findings, exchange) in cases {
        // A bench that measures a wrong answer measures nothing.
        assert_eq!(contract.check(&exchange, &context).len(), findings, "{name}");
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| contract.check(black_box(&exchange), &context));
        });
    }
}

fn letters(criterion: &mut Criterion) {
    let bytes = pdf(100_000);
    assert_eq!(content::inspect_pdf(&bytes).pages, Some(1));
    let mut group = criterion.benchmark_group("content");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("a PDF of 100 KB", |bencher| {
        bencher.iter(|| content::inspect_pdf(black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, checks, letters);
criterion_main!(benches);
