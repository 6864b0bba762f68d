//! The letter ledger: each letter's last known status, who moved it and when, and until when it is
//! hidden. It is the only source from which letters are chosen, and what one scenario took, no other
//! gets before it is released.
//!
//! It learns from recorded exchanges, live or replayed, in the same way, and knows nothing but what
//! an exchange shows. Of the harness's own probes only downloads are taken in, and of these only
//! what nobody can print: a sound letter is one that the supplier itself has fetched.

mod record;
mod store;

pub use record::{Content, LetterRecord, Moved, RunHead, Step};

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use letterproof_model::{
    Document, Exchange, GroupId, Journal, LetterId, LetterStatus, Operation, Route, RunId,
    SpecificationId, Timestamp, now,
};
use letterproof_traffic::{Traffic, updates_of};
use parking_lot::Mutex;
use serde::Deserialize;

use crate::documents::{LetterDocument, LetterList, MiRecord};
use crate::{ClientError, Target};
use store::{Header, Known, Store};

/// What is known of a target's letters; clones share it.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    base_url: String,
    visibility_timeout: Duration,
    run: OnceLock<RunId>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    letters: HashMap<LetterId, LetterRecord>,
    /// The order in which letters were first seen: the queue's.
    order: Vec<LetterId>,
    reserved: HashSet<LetterId>,
    mi: HashSet<String>,
    heads: BTreeMap<RunId, RunHead>,
    store: Option<Store>,
    /// Until when a list that was answered to nobody may hide any letter, known or not.
    veiled_until: Option<Timestamp>,
}

/// How many letters of one specification and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The specification.
    pub specification: Option<SpecificationId>,
    /// The group.
    pub group: Option<GroupId>,
    /// The letters.
    pub letters: Vec<LetterId>,
}

impl Ledger {
    /// A ledger that lives as long as the process.
    #[must_use]
    pub fn in_memory(target: &Target) -> Self {
        Self::of(target, Book::default())
    }

    /// The ledger kept in a file, made if there is none; one process at a time may use it.
    ///
    /// # Errors
    /// When the file cannot be used, belongs to another target or supplier, or is in use.
    pub fn open(path: &Path, target: &Target, supplier: &str) -> Result<Self, ClientError> {
        let header = Header::new(&base_of(target), supplier);
        let (store, known) = Store::open(path, &header)?;
        Ok(Self::of(target, Book { store: Some(store), ..Book::knowing(known) }))
    }

    /// What the file knows, read without locking or making it; `None` when there is no file. What
    /// is learned from then on is not kept.
    ///
    /// # Errors
    /// When the file cannot be read, or belongs to another target or supplier.
    pub fn peek(path: &Path, target: &Target, supplier: &str) -> Result<Option<Self>, ClientError> {
        let known = Store::peek(path, &Header::new(&base_of(target), supplier))?;
        Ok(known.map(|known| Self::of(target, Book::knowing(known))))
    }

    fn of(target: &Target, mut book: Book) -> Self {
        // What was written down lies behind, whatever the clock says that it was written by.
        let (now, hides) = (now(), target.visibility_timeout);
        let until =
            jiff::SignedDuration::try_from(hides).ok().and_then(|time| now.checked_add(time).ok());
        book.letters.values_mut().for_each(|record| record.written_by(now, until.unwrap_or(now)));
        Self {
            inner: Arc::new(Inner {
                base_url: base_of(target),
                visibility_timeout: target.visibility_timeout,
                run: OnceLock::new(),
                book: Mutex::new(book),
            }),
        }
    }

    /// The same ledger, noting this run with every update from now on.
    #[must_use]
    pub fn of_run(self, run: &RunId) -> Self {
        // A ledger that has a run keeps it: a process makes one run.
        let _ = self.inner.run.set(run.clone());
        self
    }

    pub(super) fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// Learns from one recorded exchange of the supplier; what is older than what is known of a
    /// letter changes nothing, so that an exchange may be taken in twice.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn observe(&self, exchange: &Exchange) -> Result<(), ClientError> {
        let Some(response) = exchange.response() else { return Ok(()) };
        let route = Route::of_exchange(exchange, &self.inner.base_url);
        // The clock may have been set back since a journal that is learned from was written.
        let at = exchange.finished().min(now());
        // Read before the lock is taken, which whoever writes the journal waits for.
        let (mut book, mut changed) = (None, Vec::new());
        let lock = || self.inner.book.lock();
        match (route.operation, response.status) {
            (Operation::ListLetters, 200) => {
                let Some(list) = response.body.parse::<LetterList>() else { return Ok(()) };
                let book = book.insert(lock());
                let hidden = self.hidden_until(at);
                for letter in list.data {
                    let record = book.entry(&letter.id);
                    if record.seen_after(at) {
                        continue;
                    }
                    record.listed(letter.attributes, at);
                    if record.status == Some(LetterStatus::Pending) {
                        record.hidden_until = hidden;
                    }
                    changed.push(letter.id);
                }
            }
            (Operation::GetLetter, 200) => {
                let Some(document) = response.body.parse::<LetterDocument>() else { return Ok(()) };
                let book = book.insert(lock());
                let record = book.entry(&document.data.id);
                if !record.seen_after(at) {
                    record.saw(document.data.attributes, at);
                    changed.push(document.data.id);
                }
            }
            (Operation::GetLetter, 404) => {
                let book = book.insert(lock());
                // A target seeded anew does not know the letters it had before.
                let known = route.letter.and_then(|id| book.letters.get_mut(&id));
                if let Some(record) = known.filter(|record| !record.seen_after(at)) {
                    record.unknown(at);
                    changed.push(record.id.clone());
                }
            }
            (Operation::PatchLetter | Operation::UpdateLetters, 202) => {
                let by = exchange.scenario.as_deref().unwrap_or_default();
                let run = self.inner.run.get();
                let updates = updates_of(exchange, &self.inner.base_url);
                let book = book.insert(lock());
                for (id, status) in updates {
                    let record = book.entry(&id);
                    if record.moved.as_ref().is_some_and(|moved| moved.at >= at) {
                        continue;
                    }
                    let (by, run) = (by.to_owned(), run.cloned());
                    record.moved = Some(Moved { status, at, by, run, seen: false });
                    changed.push(id);
                }
            }
            _ => {}
        }
        book.map_or(Ok(()), |mut book| book.write(&changed))
    }

    /// Notes what a letter's content turned out to be.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn note_content(&self, id: &LetterId, content: Content) -> Result<(), ClientError> {
        self.note_content_at(id, content, now())
    }

    pub(super) fn note_content_at(
        &self,
        id: &LetterId,
        content: Content,
        at: Timestamp,
    ) -> Result<(), ClientError> {
        let at = at.min(now());
        let mut book = self.inner.book.lock();
        let record = book.entry(id);
        if record.content_since(at).is_some() {
            return Ok(());
        }
        (record.content, record.content_at) = (Some(content), Some(at));
        book.write(std::slice::from_ref(id))
    }

    /// Notes that a record of management information was submitted, under its reporting date,
    /// specification and group; `false` when one was already.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn note_mi(&self, key: &str) -> Result<bool, ClientError> {
        let mut book = self.inner.book.lock();
        if !book.mi.insert(key.to_owned()) {
            return Ok(false);
        }
        if let Some(store) = &mut book.store {
            store.write_mi(key)?;
        }
        Ok(true)
    }

    /// Whether a record was submitted under this key.
    #[must_use]
    pub fn has_mi(&self, key: &str) -> bool {
        self.inner.book.lock().mi.contains(key)
    }

    /// Whether any record was submitted for the reporting date of this moment.
    #[must_use]
    pub fn has_mi_of(&self, moment: Timestamp) -> bool {
        let moment = moment.to_string();
        let date = moment.split('T').next().unwrap_or_default();
        self.inner.book.lock().mi.iter().any(|key| key.starts_with(date))
    }

    /// Notes how far a run's journal has come.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn note_head(&self, head: RunHead) -> Result<(), ClientError> {
        let mut book = self.inner.book.lock();
        if let Some(store) = &mut book.store {
            store.write_head(&head)?;
        }
        book.heads.insert(head.run.clone(), head);
        Ok(())
    }

    /// How far a run's journal had come when the ledger last heard of it.
    #[must_use]
    pub fn head_of(&self, run: &RunId) -> Option<RunHead> {
        self.inner.book.lock().heads.get(run).cloned()
    }

    /// How far the journals of all runs had come.
    #[must_use]
    pub fn heads(&self) -> Vec<RunHead> {
        self.inner.book.lock().heads.values().cloned().collect()
    }

    /// What is known of a letter.
    #[must_use]
    pub fn get(&self, id: &LetterId) -> Option<LetterRecord> {
        self.inner.book.lock().letters.get(id).cloned()
    }

    /// What is known of the letters that a condition holds for, in the order of the queue.
    pub fn select(&self, mut filter: impl FnMut(&LetterRecord) -> bool) -> Vec<LetterRecord> {
        let book = self.inner.book.lock();
        book.in_order().filter(|record| filter(record)).cloned().collect()
    }

    /// Takes up to `n` letters that nobody has taken and a condition holds for, in the order of
    /// the queue; they are this caller's until released.
    pub fn take(
        &self,
        n: usize,
        mut filter: impl FnMut(&LetterRecord) -> bool,
    ) -> Vec<LetterRecord> {
        let mut book = self.inner.book.lock();
        let taken: Vec<LetterRecord> = book
            .in_order()
            .filter(|record| !book.reserved.contains(&record.id) && filter(record))
            .take(n)
            .cloned()
            .collect();
        book.reserved.extend(taken.iter().map(|record| record.id.clone()));
        taken
    }

    /// Takes the last letter of the queue that nobody has taken and a condition holds for.
    pub fn take_last(&self, mut filter: impl FnMut(&LetterRecord) -> bool) -> Option<LetterRecord> {
        let mut book = self.inner.book.lock();
        let taken = book
            .in_order()
            .filter(|record| !book.reserved.contains(&record.id) && filter(record))
            .last()
            .cloned()?;
        book.reserved.insert(taken.id.clone());
        Some(taken)
    }

    /// Takes these letters; `false`, and none taken, when somebody has one of them.
    pub fn reserve(&self, letters: &[LetterId]) -> bool {
        let mut book = self.inner.book.lock();
        if letters.iter().any(|id| book.reserved.contains(id)) {
            return false;
        }
        book.reserved.extend(letters.iter().cloned());
        true
    }

    /// Gives letters back for others to take.
    pub fn release<'a>(&self, letters: impl IntoIterator<Item = &'a LetterId>) {
        let mut book = self.inner.book.lock();
        for id in letters {
            book.reserved.remove(id);
        }
    }

    /// How many known letters have each status; letters never seen in one count under `None`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Option<LetterStatus>, usize> {
        let mut counts = BTreeMap::new();
        for record in self.inner.book.lock().letters.values() {
            *counts.entry(record.status).or_insert(0) += 1;
        }
        counts
    }

    /// When the last of the hidden letters shows again; `None` when none is hidden.
    #[must_use]
    pub fn all_shown_at(&self) -> Option<Timestamp> {
        let now = now();
        let book = self.inner.book.lock();
        let hidden = book.letters.values().filter_map(|record| record.hidden_until);
        hidden.chain(book.veiled_until).filter(|at| *at > now).max()
    }

    /// Takes in that a list asked for until this time at the latest may hide letters, though nobody
    /// received it: its answer was lost, or the run stopped.
    pub fn note_lost_list(&self, at: Timestamp) {
        let until = self.hidden_until(at);
        let veiled = &mut self.inner.book.lock().veiled_until;
        *veiled = until.max(*veiled);
    }

    /// The letters that were first seen in a status at or after `since`, grouped by specification
    /// and group (AT14).
    #[must_use]
    pub fn tally(&self, status: LetterStatus, since: Timestamp) -> Vec<Tally> {
        let book = self.inner.book.lock();
        let mut groups: BTreeMap<_, Vec<LetterId>> = BTreeMap::new();
        for record in book.in_order() {
            let reached = record.history.iter().find(|step| step.status == status);
            if reached.is_some_and(|step| step.at >= since) {
                let key = (record.specification.clone(), record.group.clone());
                groups.entry(key).or_default().push(record.id.clone());
            }
        }
        groups
            .into_iter()
            .map(|((specification, group), letters)| Tally { specification, group, letters })
            .collect()
    }

    /// Puts what was written safely on disk.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn sync(&self) -> Result<(), ClientError> {
        self.inner.book.lock().store.as_mut().map_or(Ok(()), Store::sync)
    }

    fn hidden_until(&self, listed: Timestamp) -> Option<Timestamp> {
        let timeout = jiff::SignedDuration::try_from(self.inner.visibility_timeout).ok()?;
        (!timeout.is_zero()).then(|| listed.checked_add(timeout).ok()).flatten()
    }
}

impl Book {
    fn knowing(known: Known) -> Self {
        let Known { letters, mi, heads } = known;
        let mut book = Self { mi: mi.into_iter().collect(), heads, ..Self::default() };
        letters.into_iter().for_each(|record| book.put(record));
        book
    }

    fn entry(&mut self, id: &LetterId) -> &mut LetterRecord {
        if !self.letters.contains_key(id) {
            self.order.push(id.clone());
        }
        self.letters.entry(id.clone()).or_insert_with(|| LetterRecord::new(id.clone()))
    }

    fn put(&mut self, record: LetterRecord) {
        let id = record.id.clone();
        *self.entry(&id) = record;
    }

    fn in_order(&self) -> impl Iterator<Item = &LetterRecord> {
        self.order.iter().filter_map(|id| self.letters.get(id))
    }

    fn write(&mut self, changed: &[LetterId]) -> Result<(), ClientError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        store.write(changed.iter().filter_map(|id| self.letters.get(id)))
    }
}

fn base_of(target: &Target) -> String {
    target.base_url.as_str().trim_end_matches('/').to_owned()
}

impl Ledger {
    /// Learns from a whole journal.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn replay(&self, journal: &dyn Journal) -> Result<(), ClientError> {
        let mut traffic = Traffic::at(self.base_url());
        traffic.absorb(journal);
        for call in traffic.recorded() {
            match (call.operation, call.letter) {
                (Operation::Download, Some(letter)) => {
                    let letter = traffic.letter_id(letter);
                    self.replay_download(&letter, &call.exchange(), call.by_supplier())?;
                }
                (Operation::CreateMi, _) if call.by_supplier() => {
                    self.replay_mi(&call.exchange())?
                }
                _ if call.by_supplier() => self.observe(&call.exchange())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A record counts as submitted unless the API refused it: without an answer it may be there.
    fn replay_mi(&self, exchange: &Exchange) -> Result<(), ClientError> {
        #[derive(Deserialize)]
        struct Data {
            attributes: MiRecord,
        }
        let refused = exchange.status().is_some_and(|status| (400..500).contains(&status));
        match exchange.request.body.parse::<Document<Data>>() {
            Some(sent) if !refused => self.note_mi(&sent.data.attributes.key()).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn replay_download(
        &self,
        letter: &LetterId,
        exchange: &Exchange,
        by_supplier: bool,
    ) -> Result<(), ClientError> {
        let content = self.content_of(letter, exchange);
        let content = content.filter(|content| by_supplier || !content.is_sound());
        content.map_or(Ok(()), |content| self.note_content_at(letter, content, exchange.finished()))
    }

    /// Notes what a probe's download showed, where nobody can print it: whoever found that out, no
    /// scenario takes the letter on.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn note_probed(&self, letter: &LetterId, exchange: &Exchange) -> Result<(), ClientError> {
        self.replay_download(letter, exchange, false)
    }

    fn content_of(&self, letter: &LetterId, exchange: &Exchange) -> Option<Content> {
        let stated = self.get(letter).and_then(|record| record.sha256);
        Content::of(exchange, stated.as_deref()).map(|(content, _)| content)
    }
}
