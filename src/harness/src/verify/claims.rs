//! What a bundle says of itself held against what it recorded: the target's name against the hosts
//! that answered, the run's id against its times, the machine's account against the journal's head
//! and the command line, the nonce against the correlation ids.
//!
//! None of it enters a verdict, and all of it is believed by readers. Only what cannot both be true
//! is a contradiction, and each is one sentence.
//!
//! The command line that a bundle says it was made by, as far as it can be held against a journal.
//!
//! Hosts as a bundle names them, which need not be reached to be told apart.

use std::net::IpAddr;

use letterproof_evidence::{ENVIRONMENT_FILE, Environment, Problem, ProblemKind, SavedJournal};
use letterproof_judge::conformance::{FOREIGN, TokenProbe};
use letterproof_model::{
    Actor, Brief, Direction, Exchange, ExchangeRef, Journal as _, Mark, MarkKind, Route,
    SupplierKind, Timestamp, correlation_prefix, is_misnamed,
};
use url::{Host, Url};

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
    (!told.is_empty()).then(|| {
        format!("by its command line, faults were injected on purpose: {}", told.join(", "))
    })
}

/// What a reader must know of the clock that the times are by; no contradiction. A process carries its
/// first reading of the clock on, so that only a run gone on with has times of two clocks.
pub(super) fn clock(journal: &SavedJournal) -> Option<String> {
    let mut latest = journal.header.started;
    for mark in journal.recording.marks() {
        let back = seconds(mark.at, latest);
        if mark.kind == MarkKind::Resumed && back > READING {
            return Some(format!(
                "the machine's clock went back by {back} s before the run was resumed at {}: times \
                 before and after that cannot be compared",
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
                "every correlation id of such a run begins with the nonce, but those of {} calls, \
                 the first of them {}, do not",
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
                self.add(format!("`{}` names {what} than the journal's head", ENVIRONMENT_FILE));
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
            wrong.push(format!("was `{verb}`, which does not make such traffic"));
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
                "injected the fault `{fault}` into a mock, but the target is called `{name}`"
            ));
        }
        let is_injected = |mark: &Mark| matches!(mark.kind, MarkKind::Injected { .. });
        if !header.is_format_1()
            && line.value("inject").is_none()
            && self.journal.recording.marks().iter().any(is_injected)
        {
            wrong.push("asked for no fault, but the journal names injected ones".to_owned());
        }
        for rest in wrong {
            self.add(format!("the command line in `{}` {rest}", ENVIRONMENT_FILE));
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

/// The commands whose bundles hold the traffic that they made or were given.
const VERBS: [&str; 4] = ["run", "load", "witness", "judge"];
/// What stands where a secret was.
const REDACTED: &str = "redacted:";

/// A command line that was read.
pub(super) struct CommandLine<'a> {
    verb: Option<&'a str>,
    options: Vec<(&'a str, &'a str)>,
}

impl<'a> CommandLine<'a> {
    /// Reads `letterproof run --target int`; `--name value` and `--name=value` alike.
    pub(super) fn read(words: &'a [String]) -> Self {
        let mut words = words.iter().map(String::as_str).skip(1).peekable();
        let verb = words.next().filter(|verb| VERBS.contains(verb));
        let mut options = Vec::new();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else { continue };
            let (name, value) = match option.split_once('=') {
                Some(both) => both,
                None => (option, words.next_if(|next| !next.starts_with("--")).unwrap_or_default()),
            };
            if !value.contains(REDACTED) {
                options.push((name, value));
            }
        }
        // What a run that is gone on with was asked for stands elsewhere.
        if options.iter().any(|(name, _)| *name == "resume") {
            options.clear();
        }
        Self { verb, options }
    }

    /// The command, where it makes bundles of its own.
    pub(super) fn verb(&self) -> Option<&'a str> {
        self.verb
    }

    /// The value of an option given once; of one given several times the last.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).pop()
    }

    /// Every value of an option.
    pub(super) fn values(&self, name: &str) -> Vec<&'a str> {
        let of_name = self.options.iter().filter(|(given, _)| *given == name);
        of_name.map(|(_, value)| *value).collect()
    }
}

/// The host of a URL, without the brackets of an IPv6 address and without a full stop at its end.
#[must_use]
pub(crate) fn host_of(url: &str) -> Option<String> {
    Some(match Url::parse(url).ok()?.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

/// Whether such a host is the machine that made the call, however it is written.
#[must_use]
pub(crate) fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|address| address.is_loopback())
        }
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_both_spellings_and_a_resumed_run_has_none() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let line =
            words("letterproof run --yes --target=int --fault a --fault b=1 --nonce redacted:1");
        let read = CommandLine::read(&line);
        assert_eq!(read.verb(), Some("run"));
        assert_eq!(read.value("target"), Some("int"));
        assert_eq!(read.values("fault"), ["a", "b=1"]);
        assert_eq!((read.value("nonce"), read.value("yes")), (None, Some("")));
        let line = words("letterproof run --resume d --target int");
        assert_eq!(CommandLine::read(&line).value("target"), None);
        assert_eq!(CommandLine::read(&words("letterproof selftest")).verb(), None);
    }

    #[test]
    fn a_machine_calls_itself_by_many_names() {
        let is_here = |url: &str| host_of(url).is_some_and(|host| is_this_machine(&host));
        for url in [
            "http://127.0.0.1:9000/x",
            "http://LOCALHOST./",
            "http://mock.localhost/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0:1/",
        ] {
            assert!(is_here(url), "{url}");
        }
        for url in ["https://int.api.service.nhs.uk/", "http://10.0.0.1/", "no address"] {
            assert!(!is_here(url), "{url}");
        }
    }
}
