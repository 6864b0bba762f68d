//! What a run is judged to be, and what it shows beside its control: caught, survived, accused,
//! void. Pure: verdicts in, outcome out.
//!
//! Whatever turns a recording into results can be put to the test; no judge is known by name.
//! Nothing is caught that broke, or that was red without the fault as well, and no variation is
//! cleared by a control that shows nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use letterproof_contract::Contract;
use letterproof_judge::conformance::{conformance_checks, conformance_ids};
use letterproof_judge::{Head, conclude, observer_checks, observer_ids};
use letterproof_model::{
    About, Brief, ClauseKind, CriterionId, EVIDENCE_ONLY, Recording, Results, RunId, Strength,
    Verdict, clause, now, pack,
};

use crate::honest::HonestEntry;
use crate::plan::Claim;

/// What became of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every criterion that the catalogue names for it turned red.
    Caught,
    /// It did, and all of them are advice, which decides nothing: no official text asks for it.
    Advised,
    /// Criteria turned red, but not every one that the catalogue names.
    Elsewhere,
    /// Nothing turned red.
    Survived,
    /// The harness could not show anything; the reason.
    Void(String),
    /// Something was red that should not have been: without the fault, or for a harmless one.
    FalseAlarm(Vec<String>),
    /// A fault that harms nobody turned nothing red, as it should be.
    Harmless,
    /// An honest variation was blamed: by what, with what it is when it is not `fail`.
    Accused(Vec<String>),
    /// An honest variation was blamed by nothing, as it should be.
    Cleared,
}

impl Outcome {
    /// The word used in every rendering.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Advised => "caught (advice)",
            Self::Elsewhere => "caught elsewhere",
            Self::Survived => "survived",
            Self::Void(_) => "void",
            Self::FalseAlarm(_) => "false alarm",
            Self::Harmless => "harmless",
            Self::Accused(_) => "accused",
            Self::Cleared => "not accused",
        }
    }

    /// Whether the judges did what is asked of them.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        match self {
            Self::Caught | Self::Advised | Self::Elsewhere | Self::Harmless | Self::Cleared => true,
            Self::Survived | Self::Void(_) | Self::FalseAlarm(_) | Self::Accused(_) => false,
        }
    }
}

/// Classifies one trial: what was claimed, what its run and its control ended with (or why one of
/// them broke). Gives the outcome and every id that turned red.
#[must_use]
pub fn classify(
    claims: &[Claim],
    faulty: &Result<Verdicts, String>,
    control: &Result<Verdicts, String>,
) -> (Outcome, Vec<String>) {
    let void = |reason: String| (Outcome::Void(reason), Vec::new());
    let (faulty, control) = match (faulty, control) {
        (_, Err(reason)) => return void(format!("its control broke: {reason}")),
        (Err(reason), _) => return void(reason.clone()),
        (Ok(faulty), Ok(control)) => (faulty, control),
    };
    if let Some(id) = with(control, Verdict::Error).chain(with(faulty, Verdict::Error)).next() {
        return void(format!("{id} ended with an error of the judge"));
    }
    let alarms: Vec<String> = with(control, Verdict::Fail).cloned().collect();
    if !alarms.is_empty() {
        return (Outcome::FalseAlarm(alarms), Vec::new());
    }
    let red: Vec<String> = with(faulty, Verdict::Fail).cloned().collect();
    if claims.is_empty() {
        let harmless = red.is_empty();
        return (if harmless { Outcome::Harmless } else { Outcome::FalseAlarm(red.clone()) }, red);
    }
    if let Some(claim) = claims.iter().find(|claim| !reached(control, claim)) {
        return void(format!("its control never came to {}", claim.id));
    }
    let red = with_claims(red, claims, faulty);
    let met = claims.iter().filter(|claim| red.iter().any(|id| id == claim.id)).count();
    let outcome = match (met, red.is_empty()) {
        (met, _) if met == claims.len() => {
            let advice = claims.iter().all(|claim| is_advice(claim.id));
            if advice { Outcome::Advised } else { Outcome::Caught }
        }
        (_, false) => Outcome::Elsewhere,
        (_, true) => Outcome::Survived,
    };
    (outcome, red)
}

/// The verdicts of a trial's parts in one: of each criterion the one that tells most.
///
/// # Errors
/// When a part broke: why.
pub fn together<'a>(
    parts: impl IntoIterator<Item = &'a Result<Verdicts, String>>,
) -> Result<Verdicts, String> {
    let mut all = Verdicts::new();
    for part in parts {
        for (id, verdict) in part.as_ref().map_err(Clone::clone)? {
            let known = all.entry(id.clone()).or_insert(*verdict);
            if tells(*verdict) > tells(*known) {
                *known = *verdict;
            }
        }
    }
    Ok(all)
}

/// How much a verdict tells beside another one of the same criterion.
const fn tells(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotRun => 0,
        Verdict::NotApplicable => 1,
        Verdict::Inconclusive => 2,
        Verdict::Pass => 3,
        Verdict::Fail => 4,
        Verdict::Error => 5,
    }
}

fn with(verdicts: &Verdicts, wanted: Verdict) -> impl Iterator<Item = &String> {
    verdicts.iter().filter(move |(_, verdict)| **verdict == wanted).map(|(id, _)| id)
}

/// Whether a control shows that a criterion can hold: small sizes leave some open, which shows
/// nothing of a fault that leaves it open.
fn reached(control: &Verdicts, claim: &Claim) -> bool {
    match control.get(claim.id) {
        Some(Verdict::Pass) => true,
        Some(Verdict::Inconclusive) => claim.verdict != Verdict::Inconclusive,
        _ => false,
    }
}

/// What turned red, with those claims met that the catalogue makes for another verdict than `fail`.
fn with_claims(mut red: Vec<String>, claims: &[Claim], faulty: &Verdicts) -> Vec<String> {
    for claim in claims.iter().filter(|claim| claim.verdict != Verdict::Fail) {
        if faulty.get(claim.id) == Some(&claim.verdict) {
            red.push(claim.id.to_owned());
        }
    }
    red
}

/// The verdict of every criterion and check that was judged, by its id.
pub type Verdicts = BTreeMap<String, Verdict>;

/// Turns a recording and what it was asked to show into results.
pub type Judges = Arc<dyn Fn(&Recording, &Brief) -> Results + Send + Sync>;

/// The harness's own judges, as every run, `judge` and `verify` use them.
///
/// # Errors
/// When the built-in contract cannot be read.
pub(crate) fn built_in() -> Result<Judges, String> {
    let contract = Contract::built_in().map_err(|error| error.to_string())?;
    Ok(Arc::new(move |recording, brief| {
        let tool = crate::tool();
        let run_id = RunId::fixed("selftest");
        conclude(recording, &Head { run_id: &run_id, started: now(), tool: &tool, brief }, contract)
    }))
}

/// What a run was judged to be: all that a fault or a variation can change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// What each criterion and check ended with.
    pub verdicts: Verdicts,
    /// The findings about the supplier, by id.
    pub about_supplier: BTreeSet<String>,
    /// The exit code that the process would have.
    pub exit_code: u8,
}

impl Judged {
    /// What a results document says.
    pub(crate) fn of(results: &Results) -> Self {
        let about = results.findings.iter().filter(|finding| finding.about == About::Supplier);
        Self {
            verdicts: verdicts(results),
            about_supplier: about.map(|finding| finding.id.clone()).collect(),
            exit_code: results.exit_code,
        }
    }
}

/// Every verdict of a results document that says something of who was at fault: not those of tests
/// that were not selected, nor what an observer sees of the harness's own supplier.
fn verdicts(results: &Results) -> Verdicts {
    let selected = results.tests.iter().filter(|test| test.selected);
    let pack = selected.flat_map(|test| test.checks()).map(|one| (one.id.to_string(), one.verdict));
    let observed = results.observer.iter().filter(|_| !results.run.supplier.is_ours());
    let checks = results.conformance.iter().chain(observed);
    pack.chain(checks.map(|check| (check.id.to_string(), check.verdict))).collect()
}

/// The id of every criterion and check that recorded exchanges can fail, in order.
pub fn judged_ids() -> impl Iterator<Item = &'static str> {
    let clauses = pack().iter().flat_map(|test| test.clauses);
    let checks = clauses.filter(|clause| clause.kind == ClauseKind::Check).map(|clause| clause.id);
    let checks = checks.filter(|id| !EVIDENCE_ONLY.contains(id));
    checks.chain(conformance_ids()).chain(observer_ids())
}

/// Whether a criterion or check is ours alone, so that it decides nothing.
fn is_advice(id: &str) -> bool {
    let pack = clause(&CriterionId::from(id)).map(|clause| clause.strength);
    let mut observer = observer_checks().iter().filter(|check| check.id == id);
    let strength = pack.or_else(|| observer.next().map(|check| check.strength));
    strength == Some(Strength::Ours)
        || conformance_checks().iter().any(|check| check.id == id && check.advice)
}

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

    fn verdicts(of: &[(&str, Verdict)]) -> Result<Verdicts, String> {
        Ok(of.iter().map(|(id, verdict)| ((*id).to_owned(), *verdict)).collect())
    }

    const fn claim(id: &'static str) -> Claim {
        Claim { id, verdict: Verdict::Fail }
    }

    #[test]
    fn every_kind_of_end_has_its_outcome() {
        use Verdict::{Error, Fail, Inconclusive, NotRun, Pass};
        let good = verdicts(&[("A", Pass), ("B", Inconclusive), ("C", NotRun)]);
        let (a, ab) = (vec![claim("A")], vec![claim("A"), claim("B")]);
        let broke = || Err("the mock did not start".to_owned());
        let cases = [
            ("the named one is red", &a, verdicts(&[("A", Fail), ("B", Pass)]), "caught"),
            ("all named ones are red", &ab, verdicts(&[("A", Fail), ("B", Fail)]), "caught"),
            ("one of two is red", &ab, verdicts(&[("A", Fail), ("B", Pass)]), "caught elsewhere"),
            ("another is red", &a, verdicts(&[("A", Pass), ("D", Fail)]), "caught elsewhere"),
            ("nothing is red", &a, verdicts(&[("A", Pass), ("B", Pass)]), "survived"),
            ("undecided is not red", &a, verdicts(&[("A", Inconclusive)]), "survived"),
            ("left out is not red", &a, verdicts(&[("A", NotRun)]), "survived"),
            ("the judge broke", &a, verdicts(&[("A", Fail), ("B", Error)]), "void"),
            ("the run broke", &a, broke(), "void"),
        ];
        for (case, claims, faulty, expected) in cases {
            let (outcome, _) = classify(claims, &faulty, &good);
            assert_eq!(outcome.word(), expected, "{case}");
            assert_eq!(outcome.is_good(), expected.starts_with("caught"), "{case}");
        }
    }

    #[test]
    fn what_only_advice_notices_is_told_apart() {
        use Verdict::{Fail, Pass};
        let (advice, rule) = ("O-ONE-JOB", "AT3.5");
        let good = verdicts(&[(advice, Pass), (rule, Pass)]);
        let red = verdicts(&[(advice, Fail), (rule, Fail)]);
        let word = |claims: &[Claim], faulty| classify(claims, faulty, &good).0.word();
        assert_eq!(word(&[claim(advice)], &red), "caught (advice)");
        // A clause that decides something is enough, wherever it is named.
        assert_eq!(word(&[claim(advice), claim(rule)], &red), "caught");
        assert_eq!(word(&[claim(rule)], &red), "caught");
        assert_eq!(word(&[claim(advice)], &good), "survived");
    }

    #[test]
    fn a_broken_or_empty_control_catches_nothing() {
        let faulty = verdicts(&[("A", Verdict::Fail)]);
        for control in [
            Err("no port is free".to_owned()),
            verdicts(&[]),
            verdicts(&[("A", Verdict::NotRun)]),
            verdicts(&[("A", Verdict::NotApplicable)]),
            verdicts(&[("A", Verdict::Error)]),
        ] {
            let (outcome, red) = classify(&[claim("A")], &faulty, &control);
            assert_eq!(outcome.word(), "void", "{control:?}");
            assert!(red.is_empty());
        }
    }

    #[test]
    fn a_red_control_is_a_false_alarm_even_where_the_fault_is_caught() {
        let control = verdicts(&[("A", Verdict::Pass), ("Z", Verdict::Fail)]);
        let faulty = verdicts(&[("A", Verdict::Fail), ("Z", Verdict::Fail)]);
        let (outcome, _) = classify(&[claim("A")], &faulty, &control);
        assert_eq!(outcome, Outcome::FalseAlarm(vec!["Z".to_owned()]));
    }

    #[test]
    fn a_harmless_fault_must_turn_nothing_red() {
        let control = verdicts(&[("A", Verdict::Pass)]);
        assert_eq!(classify(&[], &control, &control).0, Outcome::Harmless);
        let faulty = verdicts(&[("A", Verdict::Fail)]);
        assert_eq!(classify(&[], &faulty, &control).0.word(), "false alarm");
    }

    #[test]
    fn of_several_parts_the_verdict_that_tells_most_stands_and_a_broken_one_breaks_all() {
        use Verdict::{Fail, Inconclusive, NotRun, Pass};
        let one = verdicts(&[("A", NotRun), ("B", Pass), ("C", Inconclusive)]);
        let two = verdicts(&[("A", Pass), ("B", Fail), ("C", NotRun)]);
        let all = verdicts(&[("A", Pass), ("B", Fail), ("C", Inconclusive)]);
        assert_eq!(together([&one, &two]), all);
        assert_eq!(together([&two, &one]), all);
        let broke = Err("no port is free".to_owned());
        assert_eq!(together([&one, &broke]), broke);
    }

    #[test]
    fn another_verdict_than_fail_counts_only_where_it_is_claimed() {
        let control = verdicts(&[("A", Verdict::Pass)]);
        let faulty = verdicts(&[("A", Verdict::NotRun)]);
        let undone = Claim { id: "A", verdict: Verdict::NotRun };
        assert_eq!(classify(&[undone], &faulty, &control).0, Outcome::Caught);
        assert_eq!(classify(&[claim("A")], &faulty, &control).0, Outcome::Survived);
    }

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
