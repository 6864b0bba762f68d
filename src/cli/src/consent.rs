//! What a person must say before something is used up or production is reached.
//! Refuses to take silence for consent: without a terminal, only an explicit option counts.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal as _};

use letterproof_client::{Target, is_loopback};
use letterproof_model::{Capability, LetterId, Operation};
use letterproof_steps::plan::Plan;

use crate::failure::Failure;

/// Asks before a run changes letters that are not this machine's own; `--yes` answers beforehand.
pub(crate) fn before_changes(target: &Target, plan: &Plan, yes: bool) -> Result<(), Failure> {
    if yes || is_loopback(&target.base_url) || !target.has(Capability::Stateful) {
        return Ok(());
    }
    let plan = changes(target, plan);
    if !at_terminal() {
        return Err(Failure::Usage(format!(
            "{plan}nothing was sent: there is no terminal to ask at; give --yes to agree"
        )));
    }
    if typed(&format!("{plan}Type yes to start: "), "yes")? {
        return Ok(());
    }
    Err(Failure::Usage("nothing was sent: the run was not agreed to".to_owned()))
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
            Err(refused(&format!("--confirm names `{given}`, and the host is {host}")))
        };
    }
    if !at_terminal() {
        let why = format!("there is no terminal to ask at; give --confirm {host} to agree");
        return Err(refused(&why));
    }
    let names: Vec<String> = letters.iter().map(ToString::to_string).collect();
    let question = format!(
        "The smoke test fetches and downloads {} from {host}, submits one record of management \
         information for what can be printed, and reads it back. No status is reported.\nType the \
         host's name to start: ",
        names.join(", ")
    );
    if typed(&question, host)? { Ok(()) } else { Err(refused("the host's name was not typed")) }
}

/// Whether `doctor` may list one letter; `None` when there is nobody to ask.
pub(crate) fn to_list_one(target: &Target) -> Result<Option<bool>, Failure> {
    if !at_terminal() {
        return Ok(None);
    }
    let question = format!(
        "One check lists one letter, which hides it from lists for {} s.\nType yes to make it: ",
        target.visibility_timeout.as_secs()
    );
    typed(&question, "yes").map(Some)
}

/// What the scenarios change and use up.
fn changes(target: &Target, plan: &Plan) -> String {
    let base = target.base_url.as_str().trim_end_matches('/');
    let mut text = format!("This run changes letters on {} ({base}):\n", target.name);
    for scenario in &plan.scenarios {
        let bill = &scenario.bill;
        let mut words: Vec<String> =
            bill.updates.iter().map(|(status, letters)| format!("{status} {letters}")).collect();
        if bill.calls.contains_key(&Operation::ListLetters) {
            words.push("lists letters, which hides them".to_owned());
        }
        if !words.is_empty() {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "  {}\n    {}", scenario.scenario, words.join(", "));
        }
    }
    let _ = writeln!(
        text,
        "In all {} PENDING letters are used up, until the target is seeded anew.",
        plan.total().used_up
    );
    text
}

fn at_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn typed(question: &str, wanted: &str) -> Result<bool, Failure> {
    ask(question, wanted, &mut std::io::stdin().lock())
}

#[expect(clippy::print_stderr, reason = "questions go where results do not")]
fn ask(question: &str, wanted: &str, answers: &mut impl BufRead) -> Result<bool, Failure> {
    eprint!("{question}");
    let mut line = String::new();
    answers
        .read_line(&mut line)
        .map_err(|error| Failure::Usage(format!("the answer cannot be read: {error}")))?;
    Ok(line.trim().eq_ignore_ascii_case(wanted))
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
            assert_eq!(ask("", "yes", &mut answer.as_bytes()).unwrap(), agreed, "{answer:?}");
        }
        assert!(!ask("", "api.example", &mut &b"yes\n"[..]).unwrap());
    }

    #[test]
    fn a_run_says_what_each_of_its_tests_uses_up() {
        let target = Target::int(letterproof_client::Auth::None).unwrap();
        let outlook = Outlook::fresh(target.context(Mode::Driven), false);
        let plan = plan(&FeatureSet::built_in().unwrap(), outlook).unwrap();
        let text = changes(&target, &plan);
        for words in ["int.api.service.nhs.uk", "  AT4 ", "DISPATCHED 20", "PENDING letters"] {
            assert!(text.contains(words), "{words} in {text}");
        }
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
