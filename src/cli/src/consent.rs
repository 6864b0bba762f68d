//! What a person must say before something is used up or production is reached.
//! Refuses to take silence for consent: without a terminal, only an explicit option counts.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal as _};

use letterproof_client::{Target, is_loopback};
use letterproof_model::{Capability, LetterId, TestId};

use crate::failure::Failure;

/// Asks before a run changes letters that are not this machine's own; `--yes` answers beforehand.
pub(crate) fn before_changes(
    target: &Target,
    tests: &[TestId],
    conformance: bool,
    yes: bool,
) -> Result<(), Failure> {
    if yes || is_loopback(&target.base_url) || !target.has(Capability::Stateful) {
        return Ok(());
    }
    let plan = changes(target, tests, conformance);
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

/// What the tests use up, as the acceptance pack sizes them.
fn changes(target: &Target, tests: &[TestId], conformance: bool) -> String {
    let base = target.base_url.as_str().trim_end_matches('/');
    let mut text = format!("This run changes letters on {} ({base}):\n", target.name);
    for test in tests {
        let used = match test.to_string().as_str() {
            "AT1" => "lists letters, which hides them for a while".to_owned(),
            "AT2" => format!("lists up to {}, which hides them", target.seeded_letters),
            "AT3" => "accepts 25 letters".to_owned(),
            "AT4" => format!("accepts {}, fails the few unfit among them", target.at4_batch),
            "AT5" => "takes 10 accepted letters to PRINTED".to_owned(),
            "AT6" => "takes 10 accepted letters to ENCLOSED".to_owned(),
            "AT7" => "dispatches 20 letters".to_owned(),
            "AT8" => "delivers 12 letters".to_owned(),
            "AT9" => "forwards 6 letters in accessible formats".to_owned(),
            "AT10" => "returns 20 letters".to_owned(),
            "AT11" => "cancels 9 letters".to_owned(),
            "AT12" => "fails 4 damaged or too long letters".to_owned(),
            "AT13" => "rejects the letters that cannot be taken on".to_owned(),
            "AT14" => "dispatches up to 10 letters, submits management information".to_owned(),
            "AT15" => format!("accepts the whole queue, {} at a time", target.at15_chunk),
            _ => continue,
        };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {test:<5} {used}");
    }
    if conformance {
        text.push_str("  conformance checks accept and change some letters more\n");
    }
    text.push_str("What is used up stays so until the target is seeded anew.\n");
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
        let all: Vec<TestId> = letterproof_model::pack().iter().map(|test| test.id).collect();
        let text = changes(&target, &all, true);
        assert_eq!(text.lines().count(), 18, "{text}");
        for word in ["int.api.service.nhs.uk", "AT4   accepts 1000", "500 at a time"] {
            assert!(text.contains(word), "{word} in {text}");
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
