//! The flows of AT15 as the journal shows them: list, accept, ask for each link, download, until
//! the list is empty; and what became of each letter's PDF.
//! Refuses judgement: a flow that broke off and a PDF that never came are told as they are.

use std::collections::{BTreeSet, HashMap};

use letterproof_evidence::Bundle;
use letterproof_model::{Actor, Operation};

use crate::lives::{List, Lives, Micros};

/// One run through the queue.
#[derive(Debug)]
pub(crate) struct Flow<'a> {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// When its first list was asked for.
    pub(crate) started: Micros,
    /// When its last call ended.
    pub(crate) ended: Micros,
    /// Whether its last list came back empty.
    pub(crate) whole: bool,
    /// Its letters, in the order in which they were listed.
    pub(crate) letters: Vec<Fetch<'a>>,
}

/// What became of one letter's PDF; places are those of the journal.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    /// The letter.
    pub(crate) letter: &'a str,
    /// The list that named it first.
    pub(crate) list: usize,
    /// The first call that asked for its link.
    pub(crate) asked: Option<usize>,
    /// The last download that was answered with 200, or else the last that was tried.
    pub(crate) download: Option<usize>,
    /// How many downloads were tried.
    pub(crate) tries: u64,
}

impl Flow<'_> {
    /// The name of its figures in the results.
    pub(crate) fn name(&self) -> String {
        format!("AT15 flow {}", self.number)
    }
}

/// Every flow in the journal, by time. Lists of the pack's size whose letters were also asked for
/// count; where lists are labelled AT15, only those.
pub(crate) fn flows<'a>(bundle: &Bundle, lives: &'a Lives<'_>) -> Vec<Flow<'a>> {
    let mut lists: Vec<&List> = lives
        .lists()
        .iter()
        .filter(|list| list.limit == Some(bundle.context.at15_chunk))
        .filter(|list| lives.at(list.exchange).actor == Actor::Supplier)
        .collect();
    lists.sort_by_key(|list| lives.at(list.exchange).started);
    let labelled = |list: &&List| {
        let scenario = lives.at(list.exchange).scenario.as_deref();
        scenario.is_some_and(|name| name.split_whitespace().next() == Some("AT15"))
    };
    if lists.iter().any(labelled) {
        lists.retain(labelled);
    }
    let tries = tries(lives);
    let runs: Vec<&[&List]> =
        lists.split_inclusive(|list| list.ids.is_empty()).filter(|run| !is_empty(run)).collect();
    let began = |run: &[&List]| lives.at(run[0].exchange).started.as_microsecond();
    let mut flows: Vec<Flow<'a>> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| {
            let until = runs.get(at + 1).map_or(Micros::MAX, |next| began(next));
            flow(run, began(run), until, lives, &tries)
        })
        .filter(|flow| flow.letters.iter().any(|fetch| fetch.asked.is_some()))
        .collect();
    for (at, flow) in flows.iter_mut().enumerate() {
        flow.number = at + 1;
    }
    flows
}

fn is_empty(run: &[&List]) -> bool {
    run.iter().all(|list| list.ids.is_empty())
}

/// The supplier's calls for each letter's content, in the order of their start.
type Tries<'a> = HashMap<&'a str, Vec<(Micros, usize, Operation)>>;

fn tries<'a>(lives: &'a Lives<'_>) -> Tries<'a> {
    let mut tries: Tries<'a> = HashMap::new();
    for (place, (exchange, call)) in lives.calls().enumerate() {
        if let (Operation::GetLetterData | Operation::Download, Some(letter), Actor::Supplier) =
            (call.operation, &call.letter, exchange.actor)
        {
            let of_it = tries.entry(letter.as_str()).or_default();
            of_it.push((exchange.started.as_microsecond(), place, call.operation));
        }
    }
    tries.values_mut().for_each(|of_it| of_it.sort_unstable());
    tries
}

fn flow<'a>(
    run: &[&'a List],
    started: Micros,
    until: Micros,
    lives: &'a Lives<'_>,
    tries: &Tries<'a>,
) -> Flow<'a> {
    let mut seen = BTreeSet::new();
    let mut letters = Vec::new();
    for list in run {
        for id in list.ids.iter().filter(|id| seen.insert(id.as_str())) {
            let within = tries.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            let within = within.iter().filter(|(at, ..)| (started..until).contains(at));
            letters.push(fetch(id, list.exchange, within.copied(), lives));
        }
    }
    let done = |place: usize| lives.at(place).finished().as_microsecond();
    let lists = run.iter().map(|list| list.exchange);
    let fetched = letters.iter().filter_map(|fetch| fetch.download);
    let ended = lists.chain(fetched).map(done).max().unwrap_or(started);
    let whole = run.last().is_some_and(|list| list.ids.is_empty());
    Flow { number: 0, started, ended, whole, letters }
}

fn fetch<'a>(
    letter: &'a str,
    list: usize,
    tries: impl Iterator<Item = (Micros, usize, Operation)>,
    lives: &Lives<'_>,
) -> Fetch<'a> {
    let mut fetch = Fetch { letter, list, asked: None, download: None, tries: 0 };
    let arrived = |place: usize| lives.at(place).status() == Some(200);
    for (_, place, operation) in tries {
        if operation == Operation::GetLetterData {
            fetch.asked = fetch.asked.or(Some(place));
        } else {
            fetch.tries += 1;
            if arrived(place) || !fetch.download.is_some_and(arrived) {
                fetch.download = Some(place);
            }
        }
    }
    fetch
}
