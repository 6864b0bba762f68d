//! `letterproof readiness`: how far a supplier is, over all its runs. Each bundle must verify: what
//! was changed afterwards shows nothing. All must be of one supplier: what one's system showed says
//! nothing of another's.

use letterproof_evidence::{
    Attestation, Attestations, EvidenceError, Opened, read_context, read_results,
};
use letterproof_harness::{
    Failure, Readiness, RunLine, Submission, mark_reconciled, readiness_markdown,
};
use letterproof_model::{Context, Results};

use crate::args::{ReadinessOptions, SummaryFormat};
use crate::out::{self, Table, Text};
use crate::{reconcile, verify};

/// Prints how far the supplier is; returns 0 when nothing remains, else 1.
pub(crate) fn readiness(options: &ReadinessOptions) -> Result<u8, Failure> {
    let mut runs = Vec::new();
    for bundle in &options.bundles {
        let found = verify::sound(bundle, None, None)?;
        let mut run = Run::read(bundle).map_err(|error| Failure::Usage(error.to_string()))?;
        run.results.run.standing = found.standing;
        if reconcile::agrees_with_any(bundle, &options.gateway)? {
            mark_reconciled(&mut run.results);
        }
        runs.push(run);
    }
    let submissions: Vec<Submission<'_>> = runs.iter().map(Run::submission).collect();
    let readiness = letterproof_harness::readiness(&submissions)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    match options.format {
        SummaryFormat::Table => out::print(&Shown::of(&readiness).text())?,
        SummaryFormat::Markdown => out::document(&readiness_markdown(&readiness))?,
        SummaryFormat::Json => out::json(&readiness)?,
    }
    Ok(u8::from(!readiness.ready))
}

/// What readiness and gate need of one bundle.
pub(crate) struct Run {
    pub(crate) results: Results,
    context: Context,
    attestations: Vec<Attestation>,
}

impl Run {
    pub(crate) fn read(bundle: &std::path::Path) -> Result<Self, EvidenceError> {
        let opened = Opened::open(bundle)?;
        Ok(Self {
            results: read_results(&opened)?,
            context: read_context(&opened)?,
            attestations: Attestations::of(&opened)?.attestations,
        })
    }

    pub(crate) fn submission(&self) -> Submission<'_> {
        let Self { results, context, attestations } = self;
        Submission { results, context, attestations }
    }
}

/// What is shown: the supplier, its runs by number, the tests, and below each other what is to be read.
struct Shown {
    whose: Vec<String>,
    tables: [Table; 2],
    lists: Vec<(&'static str, Table)>,
}

impl Shown {
    fn of(readiness: &Readiness) -> Self {
        let whose = readiness.whose.lines();
        Self {
            whose: whose.iter().map(|(label, stated)| format!("{label:<14}  {stated}")).collect(),
            tables: [runs(&readiness.runs), tests(readiness)],
            lists: lists(readiness)
                .into_iter()
                .filter(|(_, lines)| !lines.is_empty())
                .map(|(title, lines)| (title, out::list(lines)))
                .collect(),
        }
    }

    fn text(&self) -> Text {
        let mut text = Text::default();
        self.whose.iter().for_each(|line| text.line(line));
        for table in &self.tables {
            text.gap();
            text.table(table);
        }
        for (title, list) in &self.lists {
            text.gap();
            text.line(title);
            text.table(list);
        }
        text
    }
}

fn runs(runs: &[RunLine]) -> Table {
    let mut table = out::table(["#", "run", "window", "shown"]);
    for (number, run) in (1..).zip(runs) {
        let window = run.window.map_or_else(|| "–".to_owned(), |window| window.to_string());
        table.row([number.to_string(), run.id.to_string(), window, run.standing.words()]);
    }
    table
}

/// The tests, each with the number of the run that decides: its id would leave no room beside it.
fn tests(readiness: &Readiness) -> Table {
    let mut table = out::table(["AT", "title", "needed", "state", "shown", "run"]);
    for test in &readiness.tests {
        let run = readiness.runs.iter().position(|run| Some(&run.id) == test.run.as_ref());
        table.row([
            test.id.to_string(),
            test.title.clone(),
            test.need.to_string(),
            test.state(),
            test.standing.map_or_else(|| "–".to_owned(), |word| word.to_string()),
            run.map_or_else(|| "–".to_owned(), |at| format!("#{}", at + 1)),
        ]);
    }
    table
}

fn lists(readiness: &Readiness) -> Vec<(&'static str, Vec<String>)> {
    let remarks = (1..).zip(&readiness.runs).flat_map(|(number, run)| {
        run.remarks.iter().map(move |remark| format!("run #{number}: {remark}"))
    });
    let failures = readiness.tests.iter().flat_map(|test| {
        test.failures.iter().map(|failure| format!("failure {}: {}", test.id, failure.words()))
    });
    let issues = readiness.issues.iter().map(|issue| {
        let mitigation = issue.mitigation.as_deref().unwrap_or("nothing agreed");
        format!("issue {}: {}; {mitigation}", issue.id, issue.observed)
    });
    let statements = readiness.attestations.iter().flat_map(|given| {
        let (clause, run) = (&given.criterion, &given.run);
        let withdrawn = match &given.withdrawn {
            Some(reason) => format!(", WITHDRAWN: {reason}"),
            None => String::new(),
        };
        let signer = given.signer();
        [
            format!("statement {clause} of run {run}, {signer}{withdrawn}"),
            format!("sha256 {}", given.hash),
        ]
    });
    let remaining: (_, Vec<String>) = match readiness.ready {
        true => ("ready", vec!["nothing remains".to_owned()]),
        false => ("what remains", readiness.remaining.clone()),
    };
    vec![
        ("remarks", remarks.collect()),
        ("failures", failures.collect()),
        ("issues", issues.collect()),
        ("statements", statements.collect()),
        remaining,
    ]
}

#[cfg(test)]
mod tests {
    use letterproof_model::pack;
    use serde_json::json;

    use super::*;

    /// A witnessed run against INT in which one test failed and the others passed.
    fn run(id: &str, minute: u8) -> Results {
        let tests = pack().iter().map(|test| {
            json!({
                "id": test.id, "title": test.title, "required": test.required, "selected": true,
                "verdict": if test.id.number() == 4 { "inconclusive" } else { "not-applicable" },
                "mode": "observed", "attempts": [], "criteria": [],
            })
        });
        serde_json::from_value(json!({
            "format": "", "exit_code": 1, "tests": tests.collect::<Vec<_>>(), "conformance": [],
            "findings": [], "performance": [], "counts": letterproof_model::Counts::default(),
            "run": {
                "id": id, "started": "2026-11-20T10:15:00Z", "supplier": "witnessed",
                "finished": format!("2026-11-20T10:{minute}:00Z"), "exchanges": {}, "window": 1,
                "tool": { "version": "", "commit": "" }, "pack": { "version": "" },
                "target": { "name": "", "base_url": "", "capabilities": [] },
                "standing": { "word": "witnessed", "place": "int-reconciled", "hosts": [] },
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_terminal_of_80_columns_has_room_for_every_word() {
        let runs = [run("20261120t101500z-abc123", 15), run("20261120t104500z-def456", 45)];
        let context = Context::stand_in("https://int.api.service.nhs.uk/nhs-notify-supplier");
        let submissions = runs.each_ref().map(|results| Submission {
            results,
            context: &context,
            attestations: &[],
        });
        let readiness = letterproof_harness::readiness(&submissions).unwrap();
        let mut shown = Shown::of(&readiness);
        let whole = shown.text();
        shown.tables.iter_mut().for_each(|table| table.within(80));
        shown.lists.iter_mut().for_each(|(_, list)| list.within(80));
        let narrow = shown.text();
        let lines: Vec<&str> = narrow.as_str().lines().collect();
        for line in &lines {
            assert!(line.chars().count() <= 80, "{line}\n{}", narrow.as_str());
        }
        let words = |text: &Text| -> Vec<String> {
            let mut words: Vec<_> = text.as_str().split_whitespace().map(str::to_owned).collect();
            words.sort();
            words
        };
        assert_eq!(words(&narrow), words(&whole), "no word is broken\n{}", narrow.as_str());
        let row = |id: &str| lines.iter().position(|line| line.trim_start().starts_with(id));
        let (first, last) = (row("AT1 ").unwrap(), row("AT15 ").unwrap());
        assert!(last - first <= 22, "few titles take a second line\n{}", narrow.as_str());
    }
}
