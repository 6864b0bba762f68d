//! The report a reviewer reads: one HTML file, no script, no network, no other file.
//!
//! The views hold every word and number; the template only lays them out. Refuses to grow without
//! bound: exchanges are embedded where a criterion or a finding points to them, the gravest first,
//! and only as many in full as the file can bear.

mod acceptance;
mod before_after;
mod checks;
mod exchanges;
mod findings;
mod letters;
mod page;
mod performance;
mod plots;
mod statements;
mod table;
mod trust;

use std::borrow::Cow;
use std::sync::LazyLock;

use letterproof_evidence::Bundle;
use letterproof_model::{visible, visible_lines};
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::Flow;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, context, escape_formatter};

use crate::tables::File;
use crate::{Extras, ReportError};

const TEMPLATE: &str = "report.html";

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_formatter(visibly);
    templates.add_filter("lines", lines);
    templates.add_template(TEMPLATE, include_str!("../../templates/report.html"))?;
    templates.add_template("parts.html", include_str!("../../templates/parts.html"))?;
    templates.add_template("sections.html", include_str!("../../templates/sections.html"))?;
    Ok(templates)
});

/// A text of several lines, for the few places that show them: as [`visibly`], with its line feeds.
fn lines(text: &str) -> minijinja::Value {
    minijinja::Value::from_safe_string(HtmlEscape(&visible_lines(text)).to_string())
}

/// Every value on its way into the page: what it hides is seen, and what it marks up is text. A line
/// feed, which a page would show as a blank, is seen too.
fn visibly(
    output: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()).map(visible) {
        Some(Cow::Owned(seen)) => escape_formatter(output, state, &minijinja::Value::from(seen)),
        _ => escape_formatter(output, state, value),
    }
}

/// Renders a bundle as one self-contained HTML page, with links to these tables beside it.
pub(crate) fn render(
    bundle: &Bundle,
    traffic: &Traffic,
    flows: &[Flow<'_>],
    extras: &Extras,
    tables: &[File],
) -> Result<String, ReportError> {
    let templates = match &*TEMPLATES {
        Ok(templates) => templates,
        Err(error) => return Err(minijinja::Error::new(error.kind(), error.to_string()).into()),
    };
    let page = Serde(page::page(bundle, traffic, flows, extras, tables));
    let style = include_str!("../../templates/report.css");
    Ok(templates.get_template(TEMPLATE)?.render(context! { page, style })?)
}
