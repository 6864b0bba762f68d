//! What a bundle says of itself held against what it recorded: the target's name against the hosts
//! that answered, the run's id against its times, the machine's account against the journal's head
//! and the command line, the nonce against the correlation ids.
//!
//! None of it enters a verdict, and all of it is believed by readers. Refuses to guess: only what
//! cannot both be true is a contradiction, and each is one sentence.

mod command;

use letterproof_judge::conformance::{FOREIGN, TokenProbe};
use letterproof_model::{
    Actor, Brief, Direction, Exchange, ExchangeRef, Journal as _, Mark, MarkKind, Route,
    SupplierKind, Timestamp, correlation_prefix, is_misnamed,
};
use url::Url;

use crate::hosts::{host_of, is_this_machine};
use crate::{Environment, Problem, ProblemKind, SavedJournal};
use command::CommandLine;

/// Longest time between the start of a driven run and its first call, in seconds.
const LONGEST_START: i64 = 24 * 3_600;
/// Seconds by which the clocks of one process may be read apart.
const READING: i64 = 1;

/// Every contradiction in what a bundle says of itself.
pub(super) fn contradictions(
    journal: &SavedJournal,
    environment: Option<&Environment>,
) -> Vec<Problem> {
    let Some(brief) = &journal.header.brief else { return Vec::new() };
    let mut claims = Claims { journal, brief, found: Vec::new() };
    claims.target();
    claims.times();
    claims.nonce();
    if let Some(environment) = environment {
        claims.environment(environment);
        claims.command_line(&CommandLine::read(&environment.command_line));
    }
    let problem = |sentence| Problem::whole(ProblemKind::Contradiction, sentence);
    claims.found.into_iter().map(problem).collect()
}

/// What a reader must know of how the target was set up; no contradiction.
pub(super) fn faults(environment: Option<&Environment>) -> Option<String> {
    let line = CommandLine::read(&environment?.command_line);
    let faults = line.values("fault");
    let injected = line.values("inject");
    let told: Vec<&str> = faults.iter().chain(&injected).copied().collect();
    (!told.is_empty())
        .then(|| format!("by its command line, faults were put in on purpose: {}", told.join(", ")))
}

/// What a reader must know of the clock that the times are by; no contradiction. A process carries its
/// first reading of the clock on, so that only a run gone on with has times of two clocks.
pub(super) fn clock(journal: &SavedJournal) -> Option<String> {
    let mut latest = journal.header.started;
    for mark in journal.recording.marks() {
        let back = seconds(mark.at, latest);
        if mark.kind == MarkKind::Resumed && back > READING {
            return Some(format!(
                "the clock of the machine went back by {back} s before the run was gone on with at {}: \
                 times before and after that are not of one clock",
                mark.at
            ));
        }
        latest = latest.max(mark.at);
    }
    None
}

struct Claims<'a> {
    journal: &'a SavedJournal,
    brief: &'a Brief,
    found: Vec<String>,
}

impl Claims<'_> {
    fn add(&mut self, sentence: impl Into<String>) {
        self.found.push(sentence.into());
    }

    fn exchanges(&self) -> impl Iterator<Item = ExchangeRef<'_>> {
        self.journal.recording.exchanges().iter()
    }

    fn was_resumed(&self) -> bool {
        let resumed = |mark: &Mark| mark.kind == MarkKind::Resumed;
        self.journal.recording.marks().iter().any(resumed)
    }

    /// The target's name and address against the hosts that answered.
    fn target(&mut self) {
        let context = &self.brief.context;
        if self.journal.header.base_url != context.base_url {
            self.add("the journal's head gives two base URLs for the API");
        }
        let Some(host) = host_of(&context.base_url) else {
            self.add("the journal's head gives a base URL that is not an address");
            return;
        };
        let name = &context.target;
        if is_misnamed(name, &host) {
            self.add(format!("the target is called `{name}`, and its calls went to {host}"));
        }
        if is_this_machine(&host) {
            return;
        }
        let answered = self.exchanges().filter(|exchange| {
            exchange.direction == Direction::ToApi && exchange.response().is_some()
        });
        let near = answered
            .filter_map(|exchange| {
                let host = host_of(&exchange.request.url)?;
                Some((exchange, host))
            })
            .find(|(_, host)| is_this_machine(host));
        if let Some((exchange, near)) = near {
            let sentence = format!(
                "the target is at {host}, and {} was answered by {near}, which is the machine \
                 that made the call",
                exchange.id
            );
            self.add(sentence);
        }
    }

    /// The run's id against the times in the journal.
    fn times(&mut self) {
        let header = &self.journal.header;
        let (id, started) = (header.run_id.as_str(), header.started);
        let second = started.strftime("%Y%m%dt%H%M%Sz").to_string();
        match id.split_once('-') {
            Some((time, _)) if time == second => {}
            _ => self
                .add(format!("the run is called `{id}`, and by its journal it began at {second}")),
        }
        // After an interruption the machine's clock may be another, and the journal then shows so:
        // what was done by that clock comes after the mark of going on.
        let resumed = self.was_resumed();
        let all = self.journal.recording.exchanges();
        let set_back = |at: Timestamp| {
            let marks = self.journal.recording.marks().iter();
            let mut again = marks.filter(|mark| mark.kind == MarkKind::Resumed);
            again.any(|mark| mark.at < started && seconds(mark.at, at) >= -READING)
        };
        let is_early = |at| seconds(at, started) > READING && !set_back(at);
        // Mostly the earliest call tells that none is.
        let early = self.journal.recording.began().filter(|at| is_early(*at) || resumed);
        let early = early.and_then(|_| all.iter().find(|exchange| is_early(exchange.started)));
        if let Some(early) = early {
            let sentence =
                format!("{} was made at {}, before the run began", early.id, early.started);
            self.add(sentence);
        }
        let is_driven = self.brief.supplier == SupplierKind::Reference;
        if let Some(first) = all.first()
            && is_driven
            && !resumed
            && seconds(started, first.started) > LONGEST_START
        {
            let sentence = format!(
                "the run began at {second} by its id, and {}, its first call, was made at {}",
                first.id, first.started
            );
            self.add(sentence);
        }
    }

    /// The nonce against the correlation ids of every call that this harness made.
    fn nonce(&mut self) {
        let Some(nonce) = &self.brief.nonce else { return };
        let Some(prefix) = correlation_prefix(nonce).map(|prefix| prefix + "-") else { return };
        let base = &self.brief.context.base_url;
        let by_us = |exchange: &ExchangeRef<'_>| match self.brief.supplier {
            SupplierKind::Reference => true,
            SupplierKind::Witnessed => exchange.actor == Actor::Harness,
            SupplierKind::Imported => false,
        };
        let is_api =
            |exchange: &ExchangeRef<'_>| Route::of_exchange(exchange, base).operation.is_api();
        let mut other = self
            .exchanges()
            .filter(by_us)
            .filter(is_api)
            .filter(|exchange| !bears(exchange, &prefix));
        if let Some(first) = other.next() {
            let other = 1 + other.count();
            let sentence = format!(
                "the nonce begins the correlation id of every call of such a run, and that of {} \
                 of them, {} the first, begins otherwise",
                other, first.id
            );
            self.add(sentence);
        }
    }

    /// The machine's account of the run against the journal's head.
    fn environment(&mut self, told: &Environment) {
        let (header, context) = (&self.journal.header, &self.brief.context);
        let capabilities = told.capabilities.iter().copied().collect();
        let base = told.profile.iter().find(|setting| setting.name == "base_url");
        for (is_same, what) in [
            // Another build may have gone on with the run.
            (told.tool == header.tool || self.was_resumed(), "another build of letterproof"),
            (told.target == context.target, "another target"),
            (context.capabilities == capabilities, "other capabilities of the target"),
            (told.specification == self.brief.specification, "another specification"),
            (
                base.is_none_or(|base| base.value.trim_end_matches('/') == context.base_url),
                "another base URL",
            ),
        ] {
            if !is_same {
                self.add(format!(
                    "`{}` tells of {what} than the journal's head",
                    crate::ENVIRONMENT_FILE
                ));
            }
        }
    }

    /// The command line against the journal: what was asked for there was recorded here.
    fn command_line(&mut self, line: &CommandLine<'_>) {
        let Some(verb) = line.verb() else { return };
        let (header, brief) = (&self.journal.header, self.brief);
        let made = match verb {
            "witness" => SupplierKind::Witnessed,
            "judge" => SupplierKind::Imported,
            _ => SupplierKind::Reference,
        };
        let mut wrong = Vec::new();
        if made != brief.supplier {
            wrong.push(format!("was `{verb}`, which makes no such traffic"));
        }
        if let Some(window) = line.value("window")
            && window.parse() != Ok(brief.window.unwrap_or_default())
        {
            wrong.push("gave another test window".to_owned());
        }
        if line.value("nonce").is_some_and(|nonce| brief.nonce.as_deref() != Some(nonce)) {
            wrong.push("gave another nonce".to_owned());
        }
        if let Some(url) = line.value("base-url").and_then(|url| Url::parse(url).ok())
            && url.as_str().trim_end_matches('/') != header.base_url
        {
            wrong.push("gave another base URL".to_owned());
        }
        let name = &brief.context.target;
        let named = line.value("target").or_else(|| line.value("upstream"));
        let built_in = named.filter(|named| is_built_in(named));
        if let Some(named) = built_in.filter(|named| !is_called(name, named)) {
            wrong.push(format!("named the target `{named}`"));
        }
        if let Some(fault) = line.value("fault")
            && !(is_called(name, "mock") && line.value("base-url").is_none())
        {
            wrong.push(format!(
                "put the fault `{fault}` into a mock, and the target is called `{name}`"
            ));
        }
        let is_injected = |mark: &Mark| matches!(mark.kind, MarkKind::Injected { .. });
        if !header.is_format_1()
            && line.value("inject").is_none()
            && self.journal.recording.marks().iter().any(is_injected)
        {
            wrong.push("asked for no fault, and the journal tells of injected ones".to_owned());
        }
        for rest in wrong {
            self.add(format!("the command line in `{}` {rest}", crate::ENVIRONMENT_FILE));
        }
    }
}

/// Whether a call has the correlation id that it must have: one that begins with the nonce. A probe
/// of the conformance suite may leave it out on purpose, or bear the suite's own label.
fn bears(exchange: &Exchange, prefix: &str) -> bool {
    let is_probe = exchange.actor == Actor::Harness;
    match exchange.request.header("x-correlation-id") {
        Some(id) => id.starts_with(prefix) || is_probe && is_label(id),
        None => is_probe,
    }
}

fn is_label(id: &str) -> bool {
    id == FOREIGN || id == TokenProbe::Outlived.label()
}

fn is_built_in(name: &str) -> bool {
    name == "mock" || letterproof_model::host_of_target(name).is_some()
}

/// Whether a target has this built-in name, or has it at an address of its own (`int at …`).
fn is_called(name: &str, built_in: &str) -> bool {
    name.strip_prefix(built_in).is_some_and(|rest| rest.is_empty() || rest.starts_with(" at "))
}

/// Seconds from one time to a later one; negative the other way round.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}
