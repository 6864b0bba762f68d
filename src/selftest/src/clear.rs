//! Whether an honest variation was blamed, held against its control. Pure: what was judged in, outcome
//! out.
//! Refuses to clear a variation whose control shows nothing, and to pass over what a control shows and
//! the variation does not.

use std::collections::BTreeSet;

use letterproof_model::Verdict;

use crate::classify::Outcome;
use crate::honest::HonestEntry;
use crate::judges::Judged;

/// The exit code of a run that left something open.
const INCOMPLETE: u8 = 3;

/// What a run ended with, or why it broke.
type Ended = Result<Judged, String>;

/// Classifies a variation: what each of its runs and that run's control ended with. Gives the
/// outcome and all that blamed it.
pub fn clear<'a>(
    entry: &HonestEntry,
    runs: impl IntoIterator<Item = (&'a Ended, &'a Ended)>,
) -> (Outcome, Vec<String>) {
    let void = |reason: String| (Outcome::Void(reason), Vec::new());
    let (mut accused, mut alarms) = (BTreeSet::new(), BTreeSet::new());
    for (varied, control) in runs {
        let (varied, control) = match (varied, control) {
            (_, Err(reason)) => return void(format!("its control broke: {reason}")),
            (Err(reason), _) => return void(reason.clone()),
            (Ok(varied), Ok(control)) => (varied, control),
        };
        let judges = varied.verdicts.iter().chain(&control.verdicts);
        if let Some((id, _)) = judges.into_iter().find(|(_, verdict)| **verdict == Verdict::Error) {
            return void(format!("{id} ended with an error of the judge"));
        }
        if !control.verdicts.values().any(|verdict| *verdict == Verdict::Pass) {
            return void("its control shows nothing".to_owned());
        }
        alarms.extend(failed(control).cloned());
        alarms.extend(control.about_supplier.iter().cloned());
        accused.extend(accusations(entry, varied, control));
    }
    if !alarms.is_empty() {
        return (Outcome::FalseAlarm(alarms.into_iter().collect()), Vec::new());
    }
    let accused: Vec<String> = accused.into_iter().collect();
    if accused.is_empty() {
        return (Outcome::Cleared, accused);
    }
    (Outcome::Accused(accused.clone()), accused)
}

fn failed(judged: &Judged) -> impl Iterator<Item = &String> {
    judged.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Fail).map(|(id, _)| id)
}

/// What blames a variation in one of its runs.
fn accusations(entry: &HonestEntry, varied: &Judged, control: &Judged) -> Vec<String> {
    let advised = |id: &String| entry.advised.contains(&id.as_str());
    let mut accused: Vec<String> = failed(varied).filter(|id| !advised(id)).cloned().collect();
    accused.extend(varied.about_supplier.iter().cloned());
    let mut left_open = false;
    for (id, _) in control.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Pass) {
        let verdict = varied.verdicts.get(id).copied().unwrap_or(Verdict::NotRun);
        match verdict {
            Verdict::Pass | Verdict::Fail | Verdict::Error => {}
            _ if entry.open.iter().any(|open| open.id == id) => left_open = true,
            _ => accused.push(format!("{id} {verdict}")),
        }
    }
    // A variation may show more than its control, which the clock may have cut short.
    let as_expected = [control.exit_code, 0].contains(&varied.exit_code)
        || (left_open && varied.exit_code == INCOMPLETE);
    if !as_expected {
        accused.push(format!("exit code {}", varied.exit_code));
    }
    accused
}

#[cfg(test)]
mod tests {
    use Verdict::{Error, Fail, Inconclusive, NotApplicable, NotRun, Pass};

    use super::*;
    use crate::honest::{Kind, Open};

    const PLAIN: HonestEntry = HonestEntry {
        name: "n",
        kind: Kind::Habit,
        does: "d",
        ways: &[],
        runs: &[],
        open: &[],
        advised: &[],
    };
    const OPEN: HonestEntry = HonestEntry {
        open: &[Open { id: "AT7.2", reason: "nobody reads" }],
        advised: &["O-FIRST"],
        ..PLAIN
    };

    fn judged(exit_code: u8, verdicts: &[(&str, Verdict)], about: &[&str]) -> Ended {
        Ok(Judged {
            verdicts: verdicts.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict)).collect(),
            about_supplier: about.iter().map(|id| (*id).to_owned()).collect(),
            exit_code,
        })
    }

    fn cleared(entry: &HonestEntry, varied: &Ended, control: &Ended) -> (&'static str, String) {
        let (outcome, accused) = clear(entry, [(varied, control)]);
        assert_eq!(outcome.is_good(), outcome == Outcome::Cleared);
        (outcome.word(), accused.join(", "))
    }

    #[test]
    fn each_way_of_being_blamed_is_an_accusation() {
        let control = judged(0, &[("AT4.1", Pass), ("AT7.2", Pass), ("AT8.1", Inconclusive)], &[]);
        let all = [("AT4.1", Pass), ("AT7.2", Pass), ("AT8.1", Inconclusive)];
        let with = |id, verdict| {
            let mut verdicts = all.to_vec();
            verdicts.retain(|(known, _)| *known != id);
            verdicts.push((id, verdict));
            verdicts
        };
        for (case, varied, expected) in [
            ("nothing", judged(0, &all, &[]), ""),
            ("more is shown", judged(0, &with("AT8.1", Pass), &[]), ""),
            ("a criterion fails", judged(0, &with("AT4.1", Fail), &[]), "AT4.1"),
            ("a new one fails", judged(0, &with("C-NEW", Fail), &[]), "C-NEW"),
            ("one is open", judged(0, &with("AT7.2", Inconclusive), &[]), "AT7.2 inconclusive"),
            ("one is not run", judged(0, &with("AT4.1", NotRun), &[]), "AT4.1 not run"),
            ("one is missing", judged(0, &all[1..], &[]), "AT4.1 not run"),
            ("none applies", judged(0, &with("AT4.1", NotApplicable), &[]), "AT4.1 not applicable"),
            ("a finding", judged(0, &all, &["F-LATE"]), "F-LATE"),
            ("another exit code", judged(3, &all, &[]), "exit code 3"),
            ("advice that no row names", judged(0, &with("O-FIRST", Fail), &[]), "O-FIRST"),
        ] {
            let word = if expected.is_empty() { "not accused" } else { "accused" };
            assert_eq!(cleared(&PLAIN, &varied, &control), (word, expected.to_owned()), "{case}");
        }
    }

    #[test]
    fn what_a_row_names_may_stay_open_and_advise_but_never_fail() {
        let control = judged(0, &[("AT4.1", Pass), ("AT7.2", Pass), ("O-FIRST", Pass)], &[]);
        let of = |exit, at7, first| {
            judged(exit, &[("AT4.1", Pass), ("AT7.2", at7), ("O-FIRST", first)], &[])
        };
        for (varied, expected) in [
            (of(3, Inconclusive, Fail), ""),
            (of(0, NotRun, Pass), ""),
            (of(0, Pass, Fail), ""),
            (of(3, Pass, Pass), "exit code 3"),
            (of(1, Inconclusive, Pass), "exit code 1"),
            (of(1, Fail, Pass), "AT7.2, exit code 1"),
        ] {
            assert_eq!(cleared(&OPEN, &varied, &control).1, expected, "{varied:?}");
        }
    }

    #[test]
    fn a_run_or_control_that_shows_nothing_clears_nobody() {
        let good = judged(0, &[("AT4.1", Pass)], &[]);
        let broke = Err("no port is free".to_owned());
        let empty = judged(0, &[("AT4.1", NotRun)], &[]);
        let failing = judged(0, &[("AT4.1", Error)], &[]);
        for (varied, control) in [
            (&broke, &good),
            (&good, &broke),
            (&good, &empty),
            (&failing, &good),
            (&good, &failing),
        ] {
            assert_eq!(cleared(&PLAIN, varied, control).0, "void", "{varied:?} {control:?}");
        }
        let red = judged(1, &[("AT4.1", Pass), ("AT5.1", Fail)], &[]);
        let blamed = judged(0, &[("AT4.1", Pass)], &["F-LATE"]);
        for control in [red, blamed] {
            assert_eq!(cleared(&PLAIN, &control, &control).0, "false alarm", "{control:?}");
        }
    }

    #[test]
    fn of_several_runs_each_is_held_against_its_own_control() {
        let whole = judged(0, &[("AT4.1", Pass)], &[]);
        let part = judged(3, &[("AT4.1", Pass), ("AT5.1", Inconclusive)], &[]);
        let alike = [(&whole, &whole), (&part, &part)];
        assert_eq!(clear(&PLAIN, alike).0, Outcome::Cleared);
        assert_eq!(clear(&PLAIN, [(&whole, &part)]).0, Outcome::Cleared, "more is shown");
        let crossed = [(&whole, &whole), (&part, &whole)];
        assert_eq!(clear(&PLAIN, crossed).1, ["exit code 3"]);
    }
}
