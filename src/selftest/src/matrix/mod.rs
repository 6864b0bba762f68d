//! The two-sided matrix: a row for each fault and each honest variation, and which criteria have a
//! killer. The same outcomes always give the same text.

mod render;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::SelftestError;
use crate::contract::contract_matrix;
use crate::plan::{Catalogue, Trial};
use crate::verdicts::{Outcome, judged_ids};

pub use render::{Document, Entry};

/// What became of one entry.
#[derive(Debug, Clone)]
pub struct Row {
    /// The trial.
    pub trial: Trial,
    /// What became of it.
    pub outcome: Outcome,
    /// Every criterion and check that turned red; of an honest variation, all that blamed it.
    pub red: Vec<String>,
}

impl Row {
    /// Of the criteria that the catalogue names, those that turned red.
    pub(crate) fn named_red(&self) -> impl Iterator<Item = &'static str> {
        let named = self.trial.claims.iter().map(|claim| claim.id);
        named.filter(|id| self.red.iter().any(|red| red == id))
    }

    /// What a rendering shows of what turned red: of a fault the criteria that are named, which do
    /// not differ from run to run; of an honest variation all that blamed it.
    fn shown_red(&self) -> Vec<&str> {
        match self.trial.honest {
            Some(_) => self.red.iter().map(String::as_str).collect(),
            None => self.named_red().collect(),
        }
    }

    /// What the catalogue names: of a fault what must turn red, of an honest variation what may stay
    /// open.
    fn named(&self) -> Vec<&'static str> {
        let open = self.trial.honest.map_or(&[][..], |entry| entry.open);
        let claims = self.trial.claims.iter().map(|claim| claim.id);
        claims.chain(open.iter().map(|open| open.id)).collect()
    }

    /// The faults or variations as they were armed, each once.
    #[must_use]
    pub fn armed(&self) -> Vec<&str> {
        let mut armed: Vec<&str> = Vec::new();
        for part in &self.trial.parts {
            if !armed.contains(&part.fault.text()) {
                armed.push(part.fault.text());
            }
        }
        armed
    }
}

/// What became of every entry.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// In the order of the catalogues.
    pub rows: Vec<Row>,
    /// Whether the whole catalogues were run.
    whole: bool,
}

impl Matrix {
    /// A matrix of these rows; `whole` when they are the whole catalogues.
    #[must_use]
    pub fn new(rows: Vec<Row>, whole: bool) -> Self {
        Self { rows, whole }
    }

    /// 4 where a trial was void, 1 where a fault survived, where an honest variation was accused or
    /// something else was red that should not have been, where the whole catalogues leave a
    /// criterion unproven, or where the contract does not notice a broken document, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.rows.iter().any(|row| matches!(row.outcome, Outcome::Void(_))) {
            4
        } else if self.rows.iter().any(|row| !row.outcome.is_good())
            || !self.unproven().is_empty()
            || contract_matrix().is_some_and(|contract| !contract.is_whole())
        {
            1
        } else {
            0
        }
    }

    /// The criteria and checks that no fault turned red; none while only some entries were run.
    #[must_use]
    pub fn unproven(&self) -> Vec<&'static str> {
        let red = |id: &&str| self.faults().any(|row| row.red.iter().any(|red| red == id));
        judged_ids().filter(|id| self.whole && !red(id)).collect()
    }

    /// For each criterion and check that is judged, the faults that turned it red: those that the
    /// catalogues name for it, else all.
    #[must_use]
    pub fn killers(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let names = |rows: Vec<&Row>| rows.into_iter().map(|row| row.trial.name).collect();
        judged_ids()
            .map(|id| {
                let named: Vec<&Row> =
                    self.faults().filter(|row| row.named_red().any(|red| red == id)).collect();
                let any = || self.faults().filter(|row| row.red.iter().any(|red| red == id));
                (id, names(if named.is_empty() { any().collect() } else { named }))
            })
            .collect()
    }

    /// How many rows ended with each outcome, in the order of [`OUTCOMES`].
    fn counts(&self) -> Vec<(&'static str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.outcome.word()).or_default() += 1;
        }
        OUTCOMES.iter().map(|word| (*word, counts.get(word).copied().unwrap_or(0))).collect()
    }

    fn faults(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.trial.honest.is_none())
    }

    fn of(&self, catalogue: Catalogue) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.trial.catalogue == catalogue)
    }

    /// Writes `matrix.md`, `matrix.csv`, `matrix.html` and `contract-matrix.md` into a folder, which is made if it is
    /// missing. Gives their paths.
    ///
    /// # Errors
    /// When a file cannot be rendered or written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, SelftestError> {
        let contract = contract_matrix().map(|contract| contract.markdown()).unwrap_or_default();
        let files = [
            ("matrix.md", self.markdown()),
            ("matrix.csv", self.csv()),
            ("matrix.html", self.html()?),
            ("contract-matrix.md", contract),
        ];
        crate::write(folder, files)
    }
}

/// Every outcome's word, the worst first.
const OUTCOMES: [&str; 9] = [
    "survived",
    "accused",
    "false alarm",
    "void",
    "caught elsewhere",
    "harmless",
    "caught (advice)",
    "caught",
    "not accused",
];
