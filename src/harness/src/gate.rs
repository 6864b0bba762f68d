//! `gate`: what a pipeline asks of a bundle before it lets a release through.
//! Results are not trusted: the caller has the bundle verified first, says what that found, and
//! gives the standing that the journal shows.

use jiff::SignedDuration;
use letterproof_evidence::StatementState;
use letterproof_model::{
    Place, Proof, Results, TestId, Timestamp, Verdict, pack, unwaived_verdict,
};
use serde::Serialize;

use crate::readiness::{Submission, beside_the_pack, owed};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Demands {
    /// The tests that must have passed.
    pub tests: Vec<TestId>,
    /// Whether the supplier's own system must have made the calls.
    pub witnessed: bool,
    /// Whether the calls must have gone to INT, by the record.
    pub int: bool,
    /// Whether the gateway's own log must hold the same calls.
    pub reconciled: bool,
    /// How long ago the run may have ended.
    pub max_age: Option<SignedDuration>,
    /// The target it must have been run against, by name.
    pub target: Option<String>,
    /// The one host that must have answered its calls.
    pub host: Option<String>,
    /// The reviewer's nonce that it must bear.
    pub nonce: Option<String>,
    /// The test window that it must belong to.
    pub window: Option<u8>,
    /// The revision of the pack that it must be judged by.
    pub pack_version: Option<String>,
    /// Whether every statement must have been given that the tests demanded ask for, or optional ones
    /// that were declared, asked for by name, or judged.
    pub nothing_owed: bool,
    /// Whether nothing may have been seen that a supplier may not do.
    pub no_violations: bool,
}

/// One demand, and whether it is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// What was asked for.
    pub demand: String,
    /// Whether it is met.
    pub met: bool,
    /// What was found.
    pub found: String,
}

impl Demand {
    fn new(demand: impl Into<String>, met: bool, found: impl Into<String>) -> Self {
        Self { demand: demand.into(), met, found: found.into() }
    }
}

/// Holds a run against demands, at this moment.
#[must_use]
pub fn gate(run: &Submission<'_>, demands: &Demands, now: Timestamp) -> Vec<Demand> {
    let results = run.results;
    let mut asked = of_its_standing(results, demands);
    asked.extend(demands.tests.iter().map(|test| passed(*test, results)));
    if let Some(limit) = demands.max_age {
        let age = now.duration_since(results.run.finished);
        asked.push(Demand::new(
            format!("ended within the last {}", spoken(limit)),
            age <= limit && !age.is_negative(),
            format!("ended {}", results.run.finished),
        ));
    }
    asked.extend(of_its_head(results, demands));
    if demands.nothing_owed {
        let asking = pack().iter().map(|test| test.id);
        let asking =
            asking.filter(|test| demands.tests.contains(test) || shows_optional(*test, results));
        let owed: Vec<_> = asking.flat_map(|test| owed(test, &[run])).collect();
        let listed = |wanted, words| {
            let of_it = owed.iter().filter(|(_, state)| *state == wanted);
            let ids: Vec<&str> = of_it.map(|(id, _)| id.as_str()).collect();
            (!ids.is_empty()).then(|| format!("{words} {}", ids.join(", ")))
        };
        let found: Vec<String> = [
            listed(StatementState::Owed, "needed for"),
            listed(StatementState::FileMissing, "stated without the file that is needed:"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let found = if found.is_empty() { "none is needed".to_owned() } else { found.join("; ") };
        asked.push(Demand::new("no statement still needed", owed.is_empty(), found));
    }
    if demands.no_violations {
        let seen: Vec<String> = beside_the_pack(run)
            .into_iter()
            .filter(|issue| issue.open)
            .map(|issue| format!("{}: {}", issue.id, issue.observed))
            .collect();
        let found = if seen.is_empty() { "none seen".to_owned() } else { seen.join("; ") };
        asked.push(Demand::new("no violation by the supplier", seen.is_empty(), found));
    }
    let stale: Vec<String> = results.waivers.iter().filter_map(|used| used.advice()).collect();
    if !results.waivers.is_empty() {
        let found = if stale.is_empty() { "all are needed".to_owned() } else { stale.join("; ") };
        let demand = "no waiver that has expired or is no longer needed";
        asked.push(Demand::new(demand, stale.is_empty(), found));
    }
    asked
}

/// Whether a run was to show this optional test (its profile declares it, or it was asked for by name),
/// or did. One that the supplier's workflow leaves out asks for nothing.
fn shows_optional(test: TestId, results: &Results) -> bool {
    let idle = |verdict| matches!(verdict, Verdict::NotRun | Verdict::NotApplicable);
    results.tests.iter().filter(|result| result.id == test && !result.required).any(|result| {
        results.run.deciding.contains(&test) || result.selected && !idle(result.verdict)
    })
}

/// Whose system made the calls, and where they went.
fn of_its_standing(results: &Results, demands: &Demands) -> Vec<Demand> {
    let (standing, name) = (results.run.standing(), &results.run.target.name);
    let mut asked = Vec::new();
    if demands.witnessed {
        let met = standing.word == Proof::Witnessed;
        let found = format!("{}: {}", standing.word, standing.word.meaning());
        asked.push(Demand::new("witnessed", met, found));
    }
    let called = match name.as_str() {
        "mock" | "sandbox" => String::new(),
        name => format!("the target is named `{name}`, but "),
    };
    let shows = |met: bool| match met {
        true => format!("{}, {}", standing.place, standing.reason()),
        false => format!("{called}the record shows {}: {}", standing.place, standing.reason()),
    };
    if demands.int {
        let met = standing.place.is_int();
        asked.push(Demand::new("run at INT", met, shows(met)));
    }
    if demands.reconciled {
        let met = standing.place == Place::IntReconciled;
        let found = match standing.place {
            Place::IntReconciled => shows(true),
            Place::IntClaimed => {
                "the log given does not contain the same calls, or the bundle does not verify; \
                 `letterproof reconcile` lists the differences"
                    .to_owned()
            }
            place => format!(
                "a gateway's log can confirm only calls to INT, but the record shows {place}"
            ),
        };
        asked.push(Demand::new("the same calls in the gateway's log", met, found));
    }
    if let Some(target) = &demands.target {
        let is_there = match target.as_str() {
            "int" => standing.place.is_int(),
            "sandbox" => standing.place == Place::Sandbox,
            "mock" => standing.place == Place::Mock,
            _ => true,
        };
        let met = target == name && is_there;
        let found = match target == name && !is_there {
            true => shows(false),
            false => format!("run against {name}"),
        };
        asked.push(Demand::new(format!("run against {target}"), met, found));
    }
    if let Some(host) = &demands.host {
        let seen = &standing.hosts;
        let met = !seen.is_empty() && seen.iter().all(|one| one.host.eq_ignore_ascii_case(host));
        let found = match seen.is_empty() {
            true => "no call was answered".to_owned(),
            false => format!("answered by {}", standing.host_names()),
        };
        asked.push(Demand::new(format!("answered only by {host}"), met, found));
    }
    asked
}

/// What stands at the head of the record.
fn of_its_head(results: &Results, demands: &Demands) -> Vec<Demand> {
    let run = &results.run;
    let mut asked = Vec::new();
    if let Some(nonce) = &demands.nonce {
        let found = run
            .nonce
            .as_ref()
            .map_or_else(|| "no nonce".to_owned(), |its| format!("the nonce {its}"));
        let found = match (run.standing().word, &run.nonce) {
            // Its ids are the supplier's own.
            (Proof::Witnessed, Some(_)) => {
                format!("{found}, which only calls made by letterproof carry")
            }
            _ => found,
        };
        asked.push(Demand::new(
            format!("made with the nonce {nonce}"),
            run.nonce.as_ref() == Some(nonce),
            found,
        ));
    }
    if let Some(window) = demands.window {
        let found = run
            .window
            .map_or_else(|| "no test window".to_owned(), |its| format!("test window {its}"));
        let is_named = run.window == Some(window);
        // Days that were stated count as the number does.
        let outside = run.outside_window().filter(|_| is_named);
        let met = is_named && outside.is_none();
        let found = match outside {
            Some(words) => format!("{found}, but {words}"),
            None => found,
        };
        asked.push(Demand::new(format!("of test window {window}"), met, found));
    }
    if let Some(version) = &demands.pack_version {
        asked.push(Demand::new(
            format!("judged by the pack of {version}"),
            run.pack.version == *version,
            format!("judged by the pack of {}", run.pack.version),
        ));
    }
    asked
}

/// Whole days as days, all else as it was given.
fn spoken(limit: SignedDuration) -> String {
    let hours = limit.as_hours();
    if hours > 0 && hours % 24 == 0 && limit == SignedDuration::from_hours(hours) {
        format!("{} days", hours / 24)
    } else {
        format!("{limit:#}")
    }
}

fn passed(test: TestId, results: &Results) -> Demand {
    let result = results.tests.iter().find(|result| result.id == test);
    let shown = result.map_or(Verdict::NotRun, |result| result.verdict);
    let decides = result.map_or(shown, |result| unwaived_verdict(result, &results.waivers));
    let met = decides == Verdict::Pass;
    let waived = if met && shown == Verdict::Fail { ", waived" } else { "" };
    Demand::new(format!("{test} passed"), met, format!("{shown}{waived}"))
}
