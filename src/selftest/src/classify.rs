//! What a trial and its control show together. Pure: verdicts in, outcome out.
//! Refuses to call anything caught that broke, or that was red without the fault as well.

use letterproof_model::Verdict;

use crate::judges::Verdicts;
use crate::plan::Claim;
use crate::register::is_advice;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
