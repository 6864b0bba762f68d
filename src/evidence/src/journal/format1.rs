//! Format `letterproof-journal/1`, read and no longer written.
//!
//! Its marks were a kind and a sentence, and whatever was decided by a mark was read out of that
//! sentence. A journal of this format keeps that reading: a note that begins like an injection
//! counts as one, whoever wrote it. Its exchanges had neither direction nor pack: all of them were
//! calls of the Supplier API.

use letterproof_model::{
    Actor, Connection, Direction, Exchange, ExchangeId, Mark, MarkKind, Outcome, PackId, Request,
    RunEnd, ScenarioOutcome, Timestamp,
};
use serde::Deserialize;

use crate::journal::format::Line;

/// A line of a journal of format 1.
pub(super) type OldLine = Line<OldExchange, OldMark>;

impl From<OldLine> for Line {
    fn from(line: OldLine) -> Self {
        let OldLine { prev, exchange, mark } = line;
        Self { prev, exchange: exchange.map(Into::into), mark: mark.map(Into::into) }
    }
}

/// An exchange as format 1 has it.
#[derive(Deserialize)]
pub(super) struct OldExchange {
    id: ExchangeId,
    actor: Actor,
    scenario: Option<String>,
    attempt: u32,
    scheduled: Option<Timestamp>,
    started: Timestamp,
    connection: Option<Connection>,
    request: Request,
    outcome: Outcome,
}

impl From<OldExchange> for Exchange {
    fn from(old: OldExchange) -> Self {
        Self {
            id: old.id,
            actor: old.actor,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: old.scenario,
            attempt: old.attempt,
            scheduled: old.scheduled,
            started: old.started,
            connection: old.connection,
            request: old.request,
            outcome: old.outcome,
        }
    }
}

/// A mark as format 1 has it.
#[derive(Deserialize)]
pub(super) struct OldMark {
    at: Timestamp,
    kind: OldKind,
    scenario: Option<String>,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OldKind {
    ScenarioStarted,
    ScenarioFinished,
    Wait,
    Resumed,
    Ended,
    Note,
}

impl From<OldMark> for Mark {
    fn from(OldMark { at, kind, scenario, text }: OldMark) -> Self {
        let kind = match kind {
            OldKind::ScenarioStarted => MarkKind::ScenarioStarted,
            OldKind::ScenarioFinished => {
                MarkKind::ScenarioFinished(outcome(text, scenario.as_deref()))
            }
            OldKind::Wait => wait(text),
            OldKind::Resumed => MarkKind::Resumed,
            OldKind::Ended => MarkKind::Ended(end(&text)),
            OldKind::Note => note(text),
        };
        Self { at, scenario, kind }
    }
}

fn outcome(text: String, scenario: Option<&str>) -> ScenarioOutcome {
    if text == "every step succeeded" {
        ScenarioOutcome::Succeeded
    } else if text.contains("the run was asked to stop") {
        ScenarioOutcome::Stopped(text)
    } else if Some(text.as_str()) == scenario {
        ScenarioOutcome::ByHand
    } else {
        ScenarioOutcome::Failed(text)
    }
}

fn wait(text: String) -> MarkKind {
    let told = text.strip_prefix("Waiting ").and_then(|rest| rest.split_once(" s: "));
    let parsed = told.and_then(|(seconds, reason)| {
        let (whole, tenths) = seconds.split_once('.')?;
        let ms = whole.parse::<u64>().ok()?.checked_mul(1_000)?;
        let ms = ms.checked_add(tenths.parse::<u64>().ok().filter(|n| *n < 10)? * 100)?;
        Some(MarkKind::Wait { ms, reason: reason.to_owned() })
    });
    parsed.unwrap_or(MarkKind::Wait { ms: 0, reason: text })
}

fn end(text: &str) -> RunEnd {
    let rest = |prefix| text.strip_prefix(prefix).map(str::to_owned);
    if text == "whole" {
        RunEnd::Whole
    } else if let Some(reason) = rest("missed: ") {
        RunEnd::Missed(reason)
    } else if let Some(reason) = rest("refused: ") {
        RunEnd::Refused(reason)
    } else if let Some(reason) = rest("stopped: ") {
        RunEnd::Stopped(reason)
    } else {
        RunEnd::Interrupted
    }
}

fn note(text: String) -> MarkKind {
    match text.strip_prefix("injected into ").and_then(|told| told.split_once(':')) {
        Some((exchange, rule)) => MarkKind::Injected {
            exchange: ExchangeId::from(exchange),
            rule: rule.strip_prefix(' ').unwrap_or(rule).to_owned(),
        },
        None => MarkKind::Note { text },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn read(kind: &str, text: &str) -> Mark {
        let mark = json!({ "at": Timestamp::UNIX_EPOCH, "kind": kind, "scenario": "AT4 by hand",
            "text": text });
        from_value::<OldMark>(mark).unwrap().into()
    }

    #[test]
    fn what_was_read_out_of_sentences_is_read_out_of_them_still() {
        let finished = MarkKind::ScenarioFinished;
        let injected = |rule: &str| MarkKind::Injected {
            exchange: ExchangeId::fixed("ex-000007"),
            rule: rule.into(),
        };
        for (kind, text, expected) in [
            ("scenario-started", "AT4 by hand", MarkKind::ScenarioStarted),
            ("scenario-finished", "every step succeeded", finished(ScenarioOutcome::Succeeded)),
            ("scenario-finished", "AT4 by hand", finished(ScenarioOutcome::ByHand)),
            (
                "scenario-finished",
                "the run was ended: the run was asked to stop",
                finished(ScenarioOutcome::Stopped(
                    "the run was ended: the run was asked to stop".into(),
                )),
            ),
            (
                "scenario-finished",
                "AT4.2 is fail",
                finished(ScenarioOutcome::Failed("AT4.2 is fail".into())),
            ),
            ("resumed", "The run goes on.", MarkKind::Resumed),
            ("ended", "whole", MarkKind::Ended(RunEnd::Whole)),
            ("ended", "interrupted", MarkKind::Ended(RunEnd::Interrupted)),
            ("ended", "anything else", MarkKind::Ended(RunEnd::Interrupted)),
            ("ended", "missed: p99_ms", MarkKind::Ended(RunEnd::Missed("p99_ms".into()))),
            ("ended", "refused: few", MarkKind::Ended(RunEnd::Refused("few".into()))),
            ("ended", "stopped: full", MarkKind::Ended(RunEnd::Stopped("full".into()))),
            ("note", "injected into ex-000007: 503: its words", injected("503: its words")),
            ("note", "injected into ex-000007:503", injected("503")),
            (
                "note",
                "injected into nothing",
                MarkKind::Note { text: "injected into nothing".into() },
            ),
            ("note", "whole", MarkKind::Note { text: "whole".into() }),
            (
                "wait",
                "Waiting 300.2 s: listed letters stay hidden",
                MarkKind::Wait { ms: 300_200, reason: "listed letters stay hidden".into() },
            ),
            (
                "wait",
                "Waiting 1.23 s: a while",
                MarkKind::Wait { ms: 0, reason: "Waiting 1.23 s: a while".into() },
            ),
            ("wait", "a while", MarkKind::Wait { ms: 0, reason: "a while".into() }),
        ] {
            let mark = read(kind, text);
            assert_eq!(mark.kind, expected, "{kind}: {text}");
            assert_eq!(mark.scenario.as_deref(), Some("AT4 by hand"));
        }
    }

    #[test]
    fn the_words_of_an_old_mark_are_what_stood_there() {
        for (kind, text) in [
            ("scenario-started", "AT4 by hand"),
            ("scenario-finished", "every step succeeded"),
            ("scenario-finished", "AT4 by hand"),
            ("scenario-finished", "AT4.2 is fail"),
            ("ended", "stopped: full"),
            ("note", "injected into ex-000007: 503: its words"),
            ("wait", "Waiting 300.2 s: listed letters stay hidden"),
        ] {
            assert_eq!(read(kind, text).words(), text);
        }
    }
}
