//! The ids of the lists that AT2 and AT3 rest on, each once for each list, with how often it stood
//! there.

use std::collections::{BTreeMap, BTreeSet};

use letterproof_model::{ExchangeId, TestResult};
use letterproof_traffic::Traffic;

use crate::csv;

const HEADINGS: [&str; 6] =
    ["list", "exchange", "asked_at", "letters_in_list", "letter", "times_in_list"];

/// The file; `None` for other tests, and where no list is pointed to.
///
/// `by_letter` puts the rows of a letter together, in the order of its lists: one sees at once which list
/// lacks it, and its id packs to nothing the second time. Otherwise list follows list, as in bundles of
/// earlier versions, whose tables are compared byte for byte.
pub(super) fn csv(test: &TestResult, traffic: &Traffic, by_letter: bool) -> Option<String> {
    if !matches!(test.id.number(), 2 | 3) {
        return None;
    }
    let shown: BTreeSet<&ExchangeId> =
        test.checks().flat_map(|criterion| &criterion.exchanges).collect();
    let mut rows: Vec<(&str, String)> = Vec::new();
    let lists = traffic.lists().iter().filter(|list| list.readable());
    let lists = lists.filter(|list| shown.contains(&traffic.exchange_id(list.call)));
    let mut number = 0;
    for list in lists {
        number += 1;
        let exchange = traffic.call(list.call).exchange();
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in list.entries() {
            *times.entry(traffic.id_text(entry.letter)).or_default() += 1;
        }
        let head = [
            number.to_string(),
            exchange.id.to_string(),
            csv::time(exchange.started),
            list.entries().len().to_string(),
        ];
        let row = |letter: &str, times: &str| {
            let mut row = String::new();
            csv::line(&mut row, &[&head[0], &head[1], &head[2], &head[3], letter, times]);
            row
        };
        if list.entries().is_empty() {
            // An empty list is an answer too.
            rows.push(("", row("", "")));
        }
        rows.extend(
            times.into_iter().map(|(letter, times)| (letter, row(letter, &times.to_string()))),
        );
    }
    if by_letter {
        rows.sort_by_key(|(letter, _)| *letter);
    }
    let mut file = String::new();
    csv::line(&mut file, &HEADINGS);
    file.extend(rows.into_iter().map(|(_, row)| row));
    (number > 0).then_some(file)
}
