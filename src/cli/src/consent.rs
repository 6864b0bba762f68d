//! What a person must say before something is used up or production is reached. Silence is no
//! consent: without a terminal, only an explicit option counts.

use std::io::BufRead;

use letterproof_client::{StorageConsent, Target};
use letterproof_harness::Failure;
use letterproof_model::{Capability, Exchange, LetterId, Operation};
use letterproof_steps::plan::Plan;
use letterproof_wire::{StorageHost, is_loopback};

use crate::out::{self, Text};
use crate::progress::Progress;

/// Asks before a run on another machine changes letters, or exceeds a rate limit on purpose; `--yes`
/// answers beforehand. A target on this machine may be a mock, which its first answer tells:
/// [`on_this_machine`].
pub(crate) fn before_changes(target: &Target, plan: &Plan, yes: bool) -> Result<(), Failure> {
    if yes || !is_felt(target, plan) || !is_asked(target, None) {
        return Ok(());
    }
    agreed(changes(target, plan), NOTHING_SENT)
}

/// The same for a target on this machine, once its first answer did not say that it is a mock: what
/// looks like this machine may be a tunnel to another.
pub(crate) fn on_this_machine(
    target: &Target,
    plan: &Plan,
    yes: bool,
    first: &Exchange,
) -> Result<(), Failure> {
    if yes || !is_felt(target, plan) || !is_asked(target, Some(first)) {
        return Ok(());
    }
    agreed(changes(target, plan), NOTHING_CHANGED)
}

/// Asks before a load on another machine uses up letters; `--yes` answers beforehand. For a target on
/// this machine see [`load_on_this_machine`].
pub(crate) fn before_load(
    target: &Target,
    announced: Vec<String>,
    yes: bool,
) -> Result<(), Failure> {
    if yes || !target.has(Capability::Stateful) || !is_asked(target, None) {
        return Ok(());
    }
    agreed(announced, NOTHING_SENT)
}

/// The same for a target on this machine, once its first answer did not say that it is a mock; a
/// refusal is said in lines.
pub(crate) fn load_on_this_machine(
    target: &Target,
    announced: &[String],
    first: &Exchange,
) -> Result<(), Vec<String>> {
    if !target.has(Capability::Stateful) || !is_asked(target, Some(first)) {
        return Ok(());
    }
    agreed(announced.to_vec(), NOTHING_CHANGED).map_err(|failure| match failure {
        Failure::Lines(lines) => lines,
        other => vec![other.to_string()],
    })
}

const NOTHING_SENT: &str = "nothing was sent";
const NOTHING_CHANGED: &str = "nothing was changed";

/// Whether this is the moment to ask: another machine before anything is sent, this one once its
/// first answer did not say that a mock gave it.
fn is_asked(target: &Target, first: Option<&Exchange>) -> bool {
    match first {
        None => !is_loopback(&target.base_url),
        Some(first) => is_loopback(&target.base_url) && !first.is_of_a_mock(),
    }
}

fn is_felt(target: &Target, plan: &Plan) -> bool {
    target.has(Capability::Stateful)
        || plan.scenarios.iter().any(|scenario| scenario.bill.exceeds_limit)
}

/// Shows a plan and takes nothing but the word for consent.
fn agreed(mut plan: Vec<String>, so_far: &str) -> Result<(), Failure> {
    if !out::is_at_terminal() {
        plan.push(format!("{so_far}: there is no terminal to ask on; give --yes to agree"));
        return Err(Failure::Lines(plan));
    }
    if typed(&plan, "Type yes to continue: ", "yes")? {
        return Ok(());
    }
    Err(Failure::Usage(format!("{so_far}: you did not agree to the run")))
}

/// Asks for the name of the production host; `--confirm` answers beforehand.
pub(crate) fn to_production(
    host: &str,
    letters: &[LetterId],
    confirmed: Option<&str>,
) -> Result<(), Failure> {
    let refused = |why: &str| Failure::Usage(format!("refused before any traffic: {why}"));
    if let Some(given) = confirmed {
        return if given.trim().eq_ignore_ascii_case(host) {
            Ok(())
        } else {
            Err(refused(&format!("--confirm gives `{given}`, but the host is {host}")))
        };
    }
    if !out::is_at_terminal() {
        let why = format!("there is no terminal to ask on; give --confirm {host} to agree");
        return Err(refused(&why));
    }
    let names: Vec<String> = letters.iter().map(ToString::to_string).collect();
    let plan = format!(
        "The smoke test fetches and downloads {} from {host}, submits one record of management \
         information for what can be printed, and reads it back. No status is reported.",
        names.join(", ")
    );
    if typed(&[plan], "Type the host's name to continue: ", host)? {
        Ok(())
    } else {
        Err(refused("the host's name was not typed"))
    }
}

/// Whether `doctor` may list one letter; `None` when there is nobody to ask.
pub(crate) fn to_list_one(target: &Target) -> Result<Option<bool>, Failure> {
    if !out::is_at_terminal() {
        return Ok(None);
    }
    let plan = format!(
        "One check lists one letter, which hides it from lists for {} s.",
        target.visibility_timeout.as_secs()
    );
    typed(&[plan], "Type yes to continue: ", "yes").map(Some)
}

/// Asks whether a host that links lead to is the target's storage; `None` when there is nobody to ask.
pub(crate) fn about_storage(progress: Option<&Progress>) -> Option<StorageConsent> {
    let progress = out::is_at_terminal().then(|| progress.cloned())?;
    Some(StorageConsent::asking(move |host| {
        let plan = format!(
            "Links to letters lead to {host}, which the profile does not state. (So that you are not asked again, \
             write `storage_hosts = [\"{host}\"]` at the top of the profile.)"
        );
        let question = "If this is where NHS Notify keeps them, type the host's name: ";
        let answer = || typed(&[plan], question, &host.to_string());
        // Where the answer cannot be read there is none.
        match &progress {
            Some(shown) => shown.silent(answer).unwrap_or(false),
            None => answer().unwrap_or(false),
        }
    }))
}

/// Asks where a target's documents are, before a supplier's system asks for one; `None` when there is
/// nobody to ask, or no answer.
pub(crate) fn for_storage(target: &Target) -> Result<Option<Vec<StorageHost>>, Failure> {
    if !out::is_at_terminal() {
        return Ok(None);
    }
    let plan = format!(
        "The profile of {} does not state where its documents are (`letterproof doctor` shows where \
         links lead).",
        target.name
    );
    let question = "Type the host's name to let documents from there pass: ";
    let answer = asked(&[plan], question)?;
    match answer.trim() {
        "" => Ok(None),
        host => host
            .parse()
            .map(|host| Some(vec![host]))
            .map_err(|error| Failure::Usage(format!("`{host}` is not a storage host: {error}"))),
    }
}

/// What the scenarios change and use up, line by line.
fn changes(target: &Target, plan: &Plan) -> Vec<String> {
    let base = target.base_url.as_str().trim_end_matches('/');
    let mut lines = vec![format!("This run will change data on {} ({base}):", target.name)];
    for scenario in &plan.scenarios {
        let bill = &scenario.bill;
        let mut words: Vec<String> =
            bill.updates.iter().map(|(status, letters)| format!("{status} {letters}")).collect();
        if bill.calls.contains_key(&Operation::ListLetters) {
            words.push("lists letters, which hides them".to_owned());
        }
        if scenario.bill.exceeds_limit {
            words.push("calls beyond the rate limit on purpose, until one is refused".to_owned());
        }
        if !words.is_empty() {
            lines.push(format!("  {}", scenario.scenario));
            lines.push(format!("    {}", words.join(", ")));
        }
    }
    lines.push(format!(
        "In total this uses up {} PENDING letters, until the target is seeded again.",
        plan.total().used_up
    ));
    lines
}

fn typed(plan: &[String], question: &str, wanted: &str) -> Result<bool, Failure> {
    Ok(is_word(&asked(plan, question)?, wanted))
}

/// Whether an answer is the word asked for.
fn is_word(answer: &str, wanted: &str) -> bool {
    answer.trim().eq_ignore_ascii_case(wanted)
}

fn asked(plan: &[String], question: &str) -> Result<String, Failure> {
    let mut text = Text::default();
    plan.iter().for_each(|line| text.line(line));
    out::ask(&text, question);
    answered(&mut std::io::stdin().lock())
}

fn answered(answers: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    answers
        .read_line(&mut line)
        .map_err(|error| Failure::Usage(format!("the answer cannot be read: {error}")))?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use letterproof_model::Mode;
    use letterproof_steps::FeatureSet;
    use letterproof_steps::plan::{Outlook, plan};

    use super::*;

    #[test]
    fn only_the_word_asked_for_is_consent() {
        for (answer, agreed) in [("yes\n", true), (" YES \n", true), ("y\n", false), ("", false)] {
            let answered = answered(&mut answer.as_bytes()).unwrap();
            assert_eq!(is_word(&answered, "yes"), agreed, "{answer:?}");
        }
        assert!(!is_word("yes\n", "api.example"));
    }

    fn planned(target: &Target, acceptance: bool, conformance: bool) -> Plan {
        let outlook = Outlook::fresh(target.context(Mode::Driven), false);
        let features = FeatureSet::built_in().unwrap().of_suites(acceptance, conformance);
        plan(&features, outlook).unwrap()
    }

    #[test]
    fn a_run_says_what_each_of_its_tests_uses_up() {
        let target = Target::int(letterproof_client::Auth::None).unwrap();
        let text = changes(&target, &planned(&target, true, true)).join("\n");
        for words in ["int.api.service.nhs.uk", "  AT4 ", "DISPATCHED 20", "PENDING letters"] {
            assert!(text.contains(words), "{words} in {text}");
        }
    }

    #[test]
    fn the_limit_is_exceeded_elsewhere_only_when_that_was_shown_and_agreed_to() {
        const SHOWN: &str = "beyond the rate limit on purpose";
        let mut target = Target::int(letterproof_client::Auth::None).unwrap();
        let all = changes(&target, &planned(&target, true, true)).join("\n");
        assert_eq!(all.matches(SHOWN).count(), 1);
        assert!(!changes(&target, &planned(&target, true, false)).join("\n").contains(SHOWN));
        // Also where no letter can be changed.
        target.capabilities = [Capability::RateLimited].into();
        let conformance = planned(&target, false, true);
        let refused = before_changes(&target, &conformance, false).unwrap_err().to_string();
        assert!(refused.contains(SHOWN) && refused.contains("--yes"), "{refused}");
        assert!(before_changes(&target, &conformance, true).is_ok());
        target.capabilities.clear();
        let conformance = planned(&target, false, true);
        assert!(before_changes(&target, &conformance, false).is_ok());
        assert!(!changes(&target, &conformance).join("\n").contains(SHOWN));
    }

    #[test]
    fn production_is_confirmed_by_its_own_name_alone() {
        let letters = [LetterId::from("L1")];
        let host = "api.service.nhs.uk";
        assert!(to_production(host, &letters, Some("API.service.nhs.uk")).is_ok());
        for wrong in ["yes", "int.api.service.nhs.uk", ""] {
            assert!(to_production(host, &letters, Some(wrong)).is_err(), "{wrong}");
        }
    }
}
