//! Findings: those about the supplier, the API and the harness each by themselves.

use letterproof_model::{About, Finding, Results, Verdict};
use serde::Serialize;

use super::exchanges::{References, Shelf};
use crate::{waived, words};

/// Findings about one of the three.
#[derive(Debug, Serialize)]
pub(super) struct FindingGroup {
    anchor: &'static str,
    title: &'static str,
    lead: &'static str,
    none: &'static str,
    items: Vec<FindingView>,
}

#[derive(Debug, Serialize)]
struct FindingView {
    id: String,
    anchor: String,
    kind: &'static str,
    waived: Option<String>,
    title: String,
    expected: String,
    observed: String,
    source: String,
    seen: String,
    exchanges: References,
}

/// Words every finding.
pub(super) fn finding_groups(results: &Results, shelf: &Shelf<'_>) -> Vec<FindingGroup> {
    let group = |about, anchor, title, lead, none| FindingGroup {
        anchor,
        title,
        lead,
        none,
        items: results
            .findings
            .iter()
            .filter(|finding| finding.about == about)
            .map(|finding| view(finding, results, shelf))
            .collect(),
    };
    vec![
        group(
            About::Supplier,
            "findings-supplier",
            "Findings about the supplier",
            "What the supplier under test did that someone should know of.",
            "Nothing was found about the supplier.",
        ),
        group(
            About::Api,
            "findings-api",
            "Findings about the API",
            "How the API differs from its specification. None of these is the supplier's fault, \
             and none makes an acceptance test fail by itself.",
            "Nothing was found about the API.",
        ),
        group(
            About::Harness,
            "findings-harness",
            "Findings about this harness",
            "What the harness could not do, or did in a way that a reader must know of.",
            "Nothing was found about the harness.",
        ),
    ]
}

fn view(finding: &Finding, results: &Results, shelf: &Shelf<'_>) -> FindingView {
    let kind = words::finding_kind(finding.kind);
    FindingView {
        id: finding.id.clone(),
        anchor: words::finding_anchor(finding),
        kind,
        waived: waived::waiver_of(results, &finding.id, Verdict::Fail).map(waived::words),
        title: finding.title.clone(),
        expected: finding.expected.clone(),
        observed: finding.observed.clone(),
        source: finding.source.clone(),
        seen: match finding.count {
            1 => "seen once".to_owned(),
            count => format!("seen {} times", words::number(count)),
        },
        exchanges: shelf.finding(finding),
    }
}
