//! The exchanges a report embeds: those that criteria and findings point to, gravest first. Only as
//! many are embedded in full as a browser opens quickly; the rest have one line each.

use std::collections::HashSet;

use letterproof_evidence::Bundle;
use letterproof_model::{
    Actor, Body, CriterionResult, Exchange, ExchangeId, Exchanges, Header, Journal as _, Outcome,
    Verdict,
};
use serde::Serialize;

use crate::words;

/// Bytes of exchange details after which only one line is embedded for each further exchange.
const FULL_BUDGET: usize = 6_000_000;
/// Exchanges embedded at most, even as lines.
const MOST: usize = 5_000;
/// Characters of a body that are shown.
const BODY_SHOWN: usize = 2_000;
/// Exchanges a passed criterion points to; one that did not pass points to all it lists.
const SHOWN_FOR_PASS: usize = 8;
/// Exchanges a finding points to.
const SHOWN_FOR_FINDING: usize = 5;

/// A reference to an exchange, as criteria show it.
#[derive(Debug, Serialize)]
pub(crate) struct Reference {
    id: String,
    /// `GET /letters → 200`; empty where the id must do.
    headline: String,
    /// Whether the exchange is embedded, so that a link leads somewhere.
    linked: bool,
}

/// References of one criterion or finding.
#[derive(Debug, Default, Serialize)]
pub(crate) struct References {
    shown: Vec<Reference>,
    /// `and 975 more in the journal`; empty when all are shown.
    more: String,
}

/// An embedded exchange.
#[derive(Debug, Serialize)]
pub(crate) struct Embedded {
    id: String,
    method: String,
    address: String,
    /// `200`, or `no answer`.
    status: String,
    /// `ok`, `refused` or `broken`, for the eye only.
    tone: &'static str,
    took: String,
    full: Option<Full>,
}

#[derive(Debug, Serialize)]
struct Full {
    url: String,
    facts: Vec<(&'static str, String)>,
    request_headers: Vec<(String, String)>,
    request_body: Option<BodyView>,
    response_headers: Vec<(String, String)>,
    response_body: Option<BodyView>,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct BodyView {
    /// `JSON, 646,213 bytes`.
    label: String,
    text: String,
    /// What was cut off, in a sentence.
    cut: Option<String>,
}

/// Which exchanges are embedded, and how references to them look.
pub(crate) struct Shelf<'a> {
    journal: Exchanges<'a>,
    embedded: HashSet<&'a ExchangeId>,
}

impl<'a> Shelf<'a> {
    /// Chooses the exchanges of a bundle.
    pub(crate) fn of(bundle: &'a Bundle) -> (Self, Vec<Embedded>) {
        let journal = bundle.journal.recording.exchanges();
        let results = &bundle.results;
        let mut criteria: Vec<&CriterionResult> = results
            .tests
            .iter()
            .flat_map(|test| &test.criteria)
            .chain(results.observer.iter().flat_map(|check| &check.criteria))
            .chain(results.conformance.iter().flat_map(|check| &check.criteria))
            .collect();
        criteria.sort_by_key(|criterion| std::cmp::Reverse(criterion.verdict));
        let (grave, light): (Vec<_>, Vec<_>) =
            criteria.into_iter().partition(|criterion| criterion.verdict != Verdict::Pass);
        let mut seen = HashSet::new();
        let wanted = grave
            .into_iter()
            .flat_map(shown)
            .chain(results.findings.iter().flat_map(|f| f.exchanges.iter().take(SHOWN_FOR_FINDING)))
            .chain(light.into_iter().flat_map(shown));
        let mut spent = 0;
        let chosen = wanted
            .filter(|id| seen.insert(*id))
            .filter_map(|id| Some((id, journal.find(id)?)))
            .take(MOST)
            .map(|(id, exchange)| {
                spent += cost(&exchange);
                (id, view(&exchange, spent <= FULL_BUDGET))
            });
        let mut chosen: Vec<(&ExchangeId, Embedded)> = chosen.collect();
        chosen.sort_by(|a, b| a.0.cmp(b.0));
        let (embedded, views): (Vec<_>, Vec<_>) = chosen.into_iter().unzip();
        (Self { journal, embedded: embedded.into_iter().collect() }, views)
    }

    /// What a criterion points to.
    pub(crate) fn criterion(&self, criterion: &CriterionResult) -> References {
        let with_headline = criterion.verdict != Verdict::Pass;
        self.references(shown(criterion), criterion.exchange_count, with_headline)
    }

    /// What a finding points to.
    pub(crate) fn finding(&self, finding: &letterproof_model::Finding) -> References {
        let ids = finding.exchanges.iter().take(SHOWN_FOR_FINDING);
        self.references(ids, finding.exchanges.len() as u64, true)
    }

    fn references<'b>(
        &self,
        ids: impl Iterator<Item = &'b ExchangeId>,
        count: u64,
        with_headline: bool,
    ) -> References {
        let shown: Vec<Reference> = ids
            .map(|id| Reference {
                id: id.to_string(),
                headline: match self.journal.find(id) {
                    Some(exchange) if with_headline => exchange.headline(),
                    Some(_) => String::new(),
                    None => "is not in the journal".to_owned(),
                },
                linked: self.embedded.contains(id),
            })
            .collect();
        let rest = count.saturating_sub(shown.len() as u64);
        let more = match (rest, shown.is_empty()) {
            (0, _) | (_, true) => String::new(),
            _ => format!("and {} more in the journal", words::number(rest)),
        };
        References { shown, more }
    }
}

fn shown(criterion: &CriterionResult) -> impl Iterator<Item = &ExchangeId> {
    let most = if criterion.verdict == Verdict::Pass { SHOWN_FOR_PASS } else { usize::MAX };
    criterion.exchanges.iter().take(most)
}

/// Roughly the bytes an exchange takes on the page.
fn cost(exchange: &Exchange) -> usize {
    let body = |body: &Body| match body {
        Body::Json { text } | Body::Text { text } => text.len().min(BODY_SHOWN) * 5 / 4,
        Body::Form { fields } => {
            fields.iter().map(|(n, v)| n.len() + v.len().min(BODY_SHOWN)).sum()
        }
        Body::None | Body::Pdf(_) | Body::Opaque(_) => 100,
    };
    let headers = |headers: &[Header]| -> usize {
        headers.iter().map(|h| h.name.len() + h.value.len() + 60).sum()
    };
    let request = &exchange.request;
    let response = exchange.response().map_or(200, |r| body(&r.body) + headers(&r.headers));
    1_500 + request.url.len() * 2 + body(&request.body) + headers(&request.headers) + response
}

fn view(exchange: &Exchange, full: bool) -> Embedded {
    let (status, tone, took) = match &exchange.outcome {
        Outcome::Response(response) => (
            response.status.to_string(),
            if response.status < 400 { "ok" } else { "refused" },
            response.done_us,
        ),
        Outcome::Error(error) => ("no answer".to_owned(), "broken", error.after_us),
    };
    Embedded {
        id: exchange.id.to_string(),
        method: exchange.request.method.clone(),
        address: address(&exchange.request.url),
        status,
        tone,
        took: words::duration_us(took),
        full: full.then(|| details(exchange)),
    }
}

/// The part of a URL that fits on one line: path and query, a download's host before it.
fn address(url: &str) -> String {
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or(url);
    cut(path, 90).map_or_else(|| path.to_owned(), |short| format!("{short}…"))
}

fn details(exchange: &Exchange) -> Full {
    let mut facts = vec![("Sent", format!("{} UTC", words::clock(exchange.started)))];
    if let Some(scheduled) = exchange.scheduled {
        facts.push(("Due", format!("{} UTC", words::clock(scheduled))));
    }
    let mut error = None;
    match &exchange.outcome {
        Outcome::Response(response) => {
            facts.push(("To the last header", words::duration_us(response.headers_us)));
            facts.push(("To the last byte", words::duration_us(response.done_us)));
        }
        Outcome::Error(failure) => {
            facts.push(("Failed after", words::duration_us(failure.after_us)));
            let received = words::counted(failure.received, "byte", "bytes");
            error = Some(format!("{} ({received} of the answer had arrived)", failure.message));
        }
    }
    let actor = match exchange.actor {
        Actor::Supplier => "supplier",
        Actor::Harness => "harness",
    };
    facts.push(("Made by", actor.to_owned()));
    facts.push(("Attempt", exchange.attempt.to_string()));
    if let Some(connection) = exchange.connection {
        let how = if connection.reused { "reused" } else { "new" };
        facts.push(("Connection", how.to_owned()));
    }
    if let Some(scenario) = &exchange.scenario {
        facts.push(("Scenario", scenario.clone()));
    }
    let response = exchange.response();
    Full {
        url: exchange.request.url.clone(),
        facts,
        request_headers: headers(&exchange.request.headers),
        request_body: body(&exchange.request.body),
        response_headers: response.map(|r| headers(&r.headers)).unwrap_or_default(),
        response_body: response.and_then(|r| body(&r.body)),
        error,
    }
}

fn headers(headers: &[Header]) -> Vec<(String, String)> {
    headers.iter().map(|h| (h.name.to_string(), h.value.to_string())).collect()
}

fn body(body: &Body) -> Option<BodyView> {
    let bytes = words::counted(body.length(), "byte", "bytes");
    let kept = |kind: &str, content: &letterproof_model::Content| {
        let pages = content.pages.map(|pages| words::counted(pages.into(), "page", "pages"));
        let lines = [
            (!content.sha256.is_empty()).then(|| format!("SHA-256 {}", content.sha256)),
            content.problem.as_ref().map(|problem| format!("Problem: {problem}")),
        ];
        BodyView {
            label: [Some(kind.to_owned()), pages, Some(bytes.clone())]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
            text: lines.into_iter().flatten().collect::<Vec<_>>().join("\n"),
            cut: Some("The content itself is never kept.".to_owned()),
        }
    };
    let text = |label: String, text: &str| {
        let short = cut(text, BODY_SHOWN);
        let left_out = short.map(|short| words::number((text.len() - short.len()) as u64));
        BodyView {
            label,
            text: short.unwrap_or(text).to_owned(),
            cut: left_out
                .map(|n| format!("{n} more bytes are in the journal and in the HAR file.")),
        }
    };
    match body {
        Body::None => None,
        Body::Json { text: json } => Some(text(format!("JSON, {bytes}"), json)),
        Body::Text { text: plain } => Some(text(format!("Text, {bytes}"), plain)),
        Body::Form { fields } => {
            let lines: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            Some(text("Form".to_owned(), &lines.join("\n")))
        }
        Body::Pdf(content) => Some(kept("PDF", content)),
        Body::Opaque(content) => Some(kept("Content that is not JSON or text", content)),
    }
}

/// The first characters of a text; `None` when it is not longer.
fn cut(text: &str, characters: usize) -> Option<&str> {
    text.char_indices().nth(characters).map(|(at, _)| &text[..at])
}
