//! Whose runs are put together.
//! Refuses runs of different suppliers: what one's system showed says nothing of another's.

use letterproof_model::{RunId, Who};
use serde::Serialize;

use super::Submission;
use crate::EvidenceError;

/// Who stands behind runs that are put together, as their bundles state it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// The supplier's name, in each way in which it was written, the first first; empty where no run
    /// names it.
    pub suppliers: Vec<String>,
    /// The id of its application; empty where no run names it.
    pub application_ids: Vec<String>,
    /// Runs that name neither: nothing in them says that they are of this supplier.
    pub unnamed: Vec<RunId>,
}

impl Whose {
    /// Who stands behind these runs.
    ///
    /// # Errors
    /// When two of them are of different suppliers: of different applications, or, where one of them
    /// does not name its application, of different names. Capitals, spaces and punctuation of a name
    /// make no difference.
    pub(super) fn of(runs: &[&Submission<'_>]) -> Result<Self, EvidenceError> {
        let mut whose = Self::default();
        for (at, run) in runs.iter().enumerate() {
            let info = &run.results.run;
            if let Some(other) =
                runs[..at].iter().find(|one| differ(&one.results.run.who, &info.who))
            {
                let told = |run: &Submission<'_>| {
                    format!("run {} is of {}", run.results.run.id, named(&run.results.run.who))
                };
                return Err(EvidenceError::Suppliers { one: told(other), other: told(run) });
            }
            let Who { supplier, application_id, .. } = &info.who;
            add(&mut whose.suppliers, supplier.as_ref());
            add(&mut whose.application_ids, application_id.as_ref());
            if supplier.is_none() && application_id.is_none() {
                whose.unnamed.push(info.id.clone());
            }
        }
        Ok(whose)
    }

    /// Whose runs they are, one line each with its label; what no run states is said to be so.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let text = |all: &[String]| match all {
            [] => "not stated in any run".to_owned(),
            all => all.join(", also written "),
        };
        let mut lines = vec![
            ("Supplier", text(&self.suppliers)),
            ("Application id", text(&self.application_ids)),
        ];
        let is_anybodys = !self.unnamed.is_empty();
        if is_anybodys && !(self.suppliers.is_empty() && self.application_ids.is_empty()) {
            let ids: Vec<&str> = self.unnamed.iter().map(RunId::as_str).collect();
            lines.push(("Not stated in", format!("{}: nothing shows whose it is", ids.join(", "))));
        }
        lines
    }
}

fn add(all: &mut Vec<String>, stated: Option<&String>) {
    let new = stated.filter(|stated| !all.contains(stated));
    all.extend(new.cloned());
}

/// Whether two runs are of different suppliers, as far as both say. An application's id decides where
/// both name one: a name is text that is typed anew each time.
fn differ(one: &Who, other: &Who) -> bool {
    let plain = |name: &String| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    match (&one.application_id, &other.application_id) {
        (Some(one), Some(other)) => !one.eq_ignore_ascii_case(other),
        _ => matches!(
            (&one.supplier, &other.supplier),
            (Some(one), Some(other)) if plain(one) != plain(other)
        ),
    }
}

fn named(who: &Who) -> String {
    match (&who.supplier, &who.application_id) {
        (Some(name), Some(id)) => format!("{name} (application {id})"),
        (Some(name), None) => name.clone(),
        (None, Some(id)) => format!("application {id}"),
        (None, None) => "nobody".to_owned(),
    }
}
