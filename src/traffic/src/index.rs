//! The incremental index itself: push exchanges, ask for calls, lists and letters.
//! In whatever order exchanges were recorded in, judges see them by time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use letterproof_model::{
    Body, Context, Document, Exchange, ExchangeId, Journal, Kept, LetterId, LetterStatus, MarkKind,
    Operation, Route,
};

use crate::calls::{
    Answer, Call, CallIx, Echo, ListCall, ListContent, ListEntry, MiCall, MiRead, Micros,
    SentUpdate, Sort, Traits, UpdateCall, Via, by_supplier, life, origin,
};
use crate::clock;
use crate::letters::{Event, EventKind, Interner, Letter, LetterIx, Reason, TextIx};
use crate::prints::{Print, Printer};
use crate::wire::{Text, WireAttributes, WireLetter, read, read_mi};

/// Recorded traffic, indexed for judging.
///
/// Exchanges are shared or lie outside of memory, ids are interned: an index costs about 200 bytes
/// for each exchange beyond the exchanges themselves.
#[derive(Debug)]
pub struct Traffic {
    base_url: String,
    calls: Vec<Call>,
    by_start: Vec<CallIx>,
    ids: Interner,
    texts: Interner,
    letters: Vec<Letter>,
    lists: Vec<ListCall>,
    updates: Vec<UpdateCall>,
    mi: Vec<MiCall>,
    mi_reads: Vec<MiRead>,
    moved: [Vec<LetterIx>; LetterStatus::ALL.len()],
    links: HashMap<Print, LetterIx>,
    /// Downloads recorded before the call that gave their link.
    unlinked: HashMap<Print, Vec<CallIx>>,
    printer: Printer,
    sorts: HashSet<Arc<Sort>>,
    last: Micros,
    /// Labels that a person typed.
    pub(crate) typed: HashSet<Box<str>>,
    /// How far apart two times may seem that were the same.
    pub(crate) slack: Micros,
    /// From when to when nobody was watching.
    pub(crate) pauses: Vec<(Micros, Micros)>,
}

impl Traffic {
    /// An empty index for a target.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        Self::at(&context.base_url)
    }

    /// An empty index for the target at this base URL.
    #[must_use]
    pub fn at(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            calls: Vec::new(),
            by_start: Vec::new(),
            ids: Interner::default(),
            texts: Interner::default(),
            letters: Vec::new(),
            lists: Vec::new(),
            updates: Vec::new(),
            mi: Vec::new(),
            mi_reads: Vec::new(),
            moved: Default::default(),
            links: HashMap::new(),
            unlinked: HashMap::new(),
            printer: Printer::default(),
            sorts: HashSet::new(),
            last: Micros::MIN,
            typed: HashSet::new(),
            slack: 0,
            pauses: Vec::new(),
        }
    }

    /// The index of a whole journal.
    #[must_use]
    pub fn from_journal(journal: &dyn Journal, context: &Context) -> Self {
        let mut traffic = Self::for_journal(journal, context);
        traffic.absorb(journal);
        traffic.note(journal);
        traffic
    }

    /// An empty index for a journal whose exchanges are pushed by whoever reads them; see
    /// [`Self::note`].
    #[must_use]
    pub fn for_journal(journal: &dyn Journal, context: &Context) -> Self {
        Self { slack: clock::slack(journal), ..Self::new(context) }
    }

    /// Adds the exchanges of a growing journal that were not added yet: what was added before are its
    /// first ones.
    pub fn absorb(&mut self, journal: &dyn Journal) {
        let exchanges = journal.exchanges();
        let new = self.len()..exchanges.len();
        new.filter_map(|place| exchanges.kept(place)).for_each(|kept| self.push_kept(kept));
    }

    /// Takes in what the marks of a journal say, after its exchanges.
    pub fn note(&mut self, journal: &dyn Journal) {
        let typed = journal.marks().iter().filter(|mark| mark.kind == MarkKind::BegunByHand);
        typed.filter_map(|mark| mark.scenario.as_deref()).for_each(|l| self.typed_label(l));
        let resumed = journal.marks().iter().filter(|mark| mark.kind == MarkKind::Resumed);
        resumed.for_each(|mark| self.resumed(mark.at));
    }

    /// Takes in that a person typed this label: it narrows no choice.
    pub fn typed_label(&mut self, label: &str) {
        self.typed.insert(label.into());
    }

    /// How many exchanges have been pushed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nothing has been pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Adds one exchange, in any order.
    pub fn push(&mut self, exchange: Arc<Exchange>) {
        self.push_kept(Kept::Here(exchange));
    }

    /// Adds one exchange of a journal, in any order.
    pub fn push_kept(&mut self, kept: Kept) {
        let exchange = kept.get().to_arc();
        self.push_read(kept, &exchange);
    }

    /// Adds one exchange of a journal that was just read, in any order.
    pub fn push_read(&mut self, kept: Kept, exchange: &Exchange) {
        let route = Route::of_exchange(exchange, &self.base_url);
        let call = CallIx(u32::try_from(self.calls.len()).unwrap_or(u32::MAX));
        let started = exchange.started.as_microsecond();
        let finished = exchange.finished().as_microsecond();
        self.last = self.last.max(finished);
        let mut letter = route.letter.as_ref().map(|id| self.letter_of(id.as_str()));
        let mut traits = Traits::of(exchange);
        let mut hash = None;
        match route.operation {
            Operation::ListLetters => self.add_list(call, exchange, &route, started, finished),
            Operation::GetLetter => {
                (traits.is_own_letter, hash) =
                    self.add_read(call, exchange, letter, started, finished);
            }
            Operation::PatchLetter => self.add_patch(call, exchange, letter, started),
            Operation::UpdateLetters => self.add_bulk(call, exchange, started),
            Operation::GetLetterData => self.add_data(call, exchange, letter, started),
            Operation::CreateMi => self.add_mi(call, exchange, started),
            Operation::GetMi => self.add_mi_read(call, exchange, &route),
            Operation::Download => {
                letter = self.add_download(call, exchange, started);
                hash = self.hash_of_content(exchange);
            }
            Operation::Status | Operation::Token | Operation::Unknown => {}
        }
        let sort = self.sort_of(exchange, route.operation, traits);
        let request_id = exchange.request.header("x-request-id");
        let request_print = request_id.map_or(0, |id| self.printer.short(id));
        self.calls.push(Call { kept, sort, letter, started, finished, hash, request_print });
        let calls = &self.calls;
        let place =
            self.by_start.partition_point(|other| calls[other.0 as usize].started <= started);
        self.by_start.insert(place, call);
    }

    /// What a call has in common with others.
    fn sort_of(&mut self, exchange: &Exchange, operation: Operation, traits: Traits) -> Arc<Sort> {
        let request = &exchange.request;
        let response = exchange.response();
        let header = |name| response.and_then(|response| response.header(name));
        let link = header("location").filter(|_| operation == Operation::GetLetterData);
        let mut text = |text: &str| TextIx::at(self.texts.intern(text));
        let sort = Sort {
            operation,
            label: exchange.scenario.as_deref().map(&mut text),
            authorization: request.header("authorization").map(&mut text),
            agent: request.header("user-agent").map(&mut text),
            origin: text(origin(&request.url)),
            media: header("content-type").map(&mut text),
            link_life: link.map(life),
            request_id: Echo::of(exchange, "x-request-id"),
            correlation_id: Echo::of(exchange, "x-correlation-id"),
            answer: Answer::of(exchange),
            traits,
        };
        if let Some(known) = self.sorts.get(&sort) {
            return Arc::clone(known);
        }
        let sort = Arc::new(sort);
        self.sorts.insert(Arc::clone(&sort));
        sort
    }

    /// The SHA-256 of content that came whole.
    fn hash_of_content(&mut self, exchange: &Exchange) -> Option<TextIx> {
        let response = exchange.response().filter(|response| response.status == 200)?;
        let hash = response.body.content().map(|content| content.sha256.as_str())?;
        (!hash.is_empty()).then(|| TextIx::at(self.texts.intern(hash)))
    }

    fn letter_of(&mut self, id: &str) -> LetterIx {
        let place = self.ids.intern(id);
        if place as usize == self.letters.len() {
            self.letters.push(Letter::default());
        }
        LetterIx::at(place)
    }

    fn text_of(&mut self, text: Option<&Text<'_>>) -> Option<TextIx> {
        text.filter(|text| !text.0.trim().is_empty())
            .map(|text| TextIx::at(self.texts.intern(&text.0)))
    }

    fn reason_of(&mut self, attributes: &WireAttributes<'_>) -> Reason {
        Reason {
            code: self.text_of(attributes.reason_code.as_ref()),
            text: self.text_of(attributes.reason_text.as_ref()),
        }
    }

    /// Takes a letter's facts from the API's own description of it.
    fn describe(&mut self, wire: &WireLetter<'_>, at: Micros) -> (LetterIx, Option<LetterStatus>) {
        let letter = self.letter_of(&wire.id.0);
        let attributes = &wire.attributes;
        let known = self.letters[letter.place() as usize].facts();
        let given = [&attributes.specification_id, &attributes.group_id, &attributes.sha256_hash];
        let mut facts = known;
        for ((fact, text), known) in facts.iter_mut().zip(given).zip(known) {
            // The earliest description stands, so most texts need not be looked at.
            if known.is_none_or(|(first, _)| at < first) {
                *fact = self.text_of(text.as_ref()).map(|text| (at, text)).or(known);
            }
        }
        self.letters[letter.place() as usize].describe(facts);
        (letter, attributes.status())
    }

    fn add_event(&mut self, letter: LetterIx, event: Event) {
        self.letters[letter.place() as usize].add(event);
    }

    fn add_list(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        route: &Route,
        started: Micros,
        finished: Micros,
    ) {
        let by_supplier = by_supplier(exchange);
        let at = self.seen_at(started, finished);
        let content = match exchange.response() {
            Some(response) if response.status == 200 => match &response.body {
                Body::Json { text } => match serde_json::from_str(text) {
                    Ok(Document::<Vec<WireLetter<'_>>> { data }) => {
                        let mut entries = Vec::with_capacity(data.len());
                        for wire in &data {
                            let (letter, status) = self.describe(wire, finished);
                            let kind = EventKind::Listed(status);
                            self.add_event(letter, Event { at, started, call, by_supplier, kind });
                            entries.push(ListEntry { letter, status });
                        }
                        ListContent::Letters(entries)
                    }
                    Err(_) => ListContent::Malformed,
                },
                Body::None | Body::Opaque(_) => ListContent::NotRecorded,
                _ => ListContent::Malformed,
            },
            _ => ListContent::None(Answer::of(exchange)),
        };
        let mut limits = route.query_values("limit");
        let limit = match (limits.next(), limits.next()) {
            (Some(only), None) => only.parse().ok(),
            _ => None,
        };
        let list = ListCall { call, by_supplier, started, finished, limit, content };
        insert_by(&mut self.lists, list, |list| list.started);
    }

    /// Whether the letter asked for was answered, and with which hash.
    fn add_read(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        letter: Option<LetterIx>,
        started: Micros,
        finished: Micros,
    ) -> (bool, Option<TextIx>) {
        let (Some(letter), Some(response)) = (letter, exchange.response()) else {
            return (false, None);
        };
        if response.status != 200 {
            return (false, None);
        }
        let mut own = (false, None);
        let mut kind = EventKind::Read(None, Reason::default());
        if let Some(data) = read::<WireLetter<'_>>(&response.body) {
            // A letter answered under another id says nothing about the letter asked for.
            if data.id.0 == self.ids.text(letter.place()) {
                let reason = self.reason_of(&data.attributes);
                let (_, status) = self.describe(&data, finished);
                kind = EventKind::Read(status, reason);
                own = (true, self.text_of(data.attributes.sha256_hash.as_ref()));
            }
        }
        let at = self.seen_at(started, finished);
        let event = Event { at, started, call, by_supplier: by_supplier(exchange), kind };
        self.add_event(letter, event);
        own
    }

    fn add_patch(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        letter: Option<LetterIx>,
        started: Micros,
    ) {
        let Some(letter) = letter else { return };
        let Some(data) = read::<WireLetter<'_>>(&exchange.request.body) else { return };
        let status = self.add_sent(call, exchange, started, letter, &data, Via::Patch);
        self.add_update(call, exchange, started, Via::Patch, vec![(letter, status)]);
    }

    fn add_bulk(&mut self, call: CallIx, exchange: &Exchange, started: Micros) {
        let Some(data) = read::<Vec<WireLetter<'_>>>(&exchange.request.body) else { return };
        let mut letters = Vec::with_capacity(data.len());
        for wire in &data {
            let letter = self.letter_of(&wire.id.0);
            let status = self.add_sent(call, exchange, started, letter, wire, Via::Bulk);
            letters.push((letter, status));
        }
        self.add_update(call, exchange, started, Via::Bulk, letters);
    }

    fn add_sent(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        started: Micros,
        letter: LetterIx,
        wire: &WireLetter<'_>,
        via: Via,
    ) -> Option<LetterStatus> {
        let status = wire.attributes.status()?;
        let reason = self.reason_of(&wire.attributes);
        let answer = Answer::of(exchange);
        let by_supplier = by_supplier(exchange);
        let kind = EventKind::Sent(SentUpdate { status, reason, via, answer });
        self.add_event(letter, Event { at: started, started, call, by_supplier, kind });
        if by_supplier {
            let moved = &mut self.moved[status as usize];
            if let Err(place) = moved.binary_search(&letter) {
                moved.insert(place, letter);
            }
        }
        Some(status)
    }

    fn add_update(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        started: Micros,
        via: Via,
        letters: Vec<(LetterIx, Option<LetterStatus>)>,
    ) {
        let answer = Answer::of(exchange);
        let update = UpdateCall { call, via, started, answer, letters };
        insert_by(&mut self.updates, update, |update| update.started);
    }

    fn add_data(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        letter: Option<LetterIx>,
        started: Micros,
    ) {
        let Some(letter) = letter else { return };
        if let Some(location) = exchange
            .response()
            .filter(|response| response.status == 303)
            .and_then(|response| response.header("location"))
        {
            let key = self.printer.print(link_key(location));
            for download in self.unlinked.remove(&key).unwrap_or_default() {
                self.calls[download.0 as usize].letter = Some(letter);
                let followed = &self.calls[download.0 as usize];
                let (traits, started) = (followed.traits, followed.started);
                self.add_followed(download, traits, letter, started);
            }
            self.links.insert(key, letter);
        }
        let by_supplier = by_supplier(exchange);
        let kind = EventKind::DataAsked;
        self.add_event(letter, Event { at: started, started, call, by_supplier, kind });
    }

    fn add_download(
        &mut self,
        call: CallIx,
        exchange: &Exchange,
        started: Micros,
    ) -> Option<LetterIx> {
        let key = self.printer.print(link_key(&exchange.request.url));
        let Some(letter) = self.links.get(&key).copied() else {
            self.unlinked.entry(key).or_default().push(call);
            return None;
        };
        self.add_followed(call, Traits::of(exchange), letter, started);
        Some(letter)
    }

    fn add_followed(&mut self, call: CallIx, traits: Traits, letter: LetterIx, started: Micros) {
        if traits.is_get {
            let (by_supplier, kind) = (traits.by_supplier, EventKind::Downloaded);
            self.add_event(letter, Event { at: started, started, call, by_supplier, kind });
        }
    }

    fn add_mi(&mut self, call: CallIx, exchange: &Exchange, started: Micros) {
        if !by_supplier(exchange) {
            return;
        }
        let sent = exchange.request.body.json_text().and_then(read_mi);
        let echoed = exchange
            .response()
            .filter(|response| (200..300).contains(&response.status))
            .and_then(|response| response.body.json_text())
            .and_then(read_mi);
        let answer = Answer::of(exchange);
        let record = sent.map(|(_, record)| record);
        let (id, echoed) = echoed.map_or((None, None), |(id, record)| (id, Some(record)));
        let call = MiCall { call, started, answer, record, echoed, id };
        insert_by(&mut self.mi, call, |call| call.started);
    }

    fn add_mi_read(&mut self, call: CallIx, exchange: &Exchange, route: &Route) {
        let Some(id) = &route.mi else { return };
        let record = exchange
            .response()
            .filter(|response| response.status == 200)
            .and_then(|response| response.body.json_text())
            .and_then(read_mi)
            .map(|(_, record)| record);
        let id = id.as_str().to_owned();
        self.mi_reads.push(MiRead { call, id, answer: Answer::of(exchange), record });
    }
}

/// What judges and reports ask.
impl Traffic {
    /// One call.
    pub fn call(&self, call: CallIx) -> &Call {
        &self.calls[call.0 as usize]
    }

    /// Every call, by the time it was sent.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = (CallIx, &Call)> {
        self.by_start.iter().map(|call| (*call, self.call(*call)))
    }

    /// Every call, in the order of recording.
    pub fn recorded(&self) -> impl ExactSizeIterator<Item = &Call> {
        self.calls.iter()
    }

    /// Every call the supplier made, by the time it was sent.
    pub fn supplier_calls(&self) -> impl DoubleEndedIterator<Item = (CallIx, &Call)> {
        self.calls().filter(|(_, call)| call.by_supplier())
    }

    /// The id under which an exchange is reported.
    pub fn exchange_id(&self, call: CallIx) -> ExchangeId {
        self.call(call).exchange().id.clone()
    }

    /// One letter.
    pub fn letter(&self, letter: LetterIx) -> &Letter {
        &self.letters[letter.place() as usize]
    }

    /// Every letter the traffic mentions.
    pub fn letters(&self) -> impl Iterator<Item = (LetterIx, &Letter)> {
        (0..).map(LetterIx::at).zip(&self.letters)
    }

    /// A letter's id.
    pub fn letter_id(&self, letter: LetterIx) -> LetterId {
        LetterId::from(self.ids.text(letter.place()))
    }

    /// A letter's id as text.
    pub fn id_text(&self, letter: LetterIx) -> &str {
        self.ids.text(letter.place())
    }

    /// An interned text.
    pub fn text(&self, text: TextIx) -> &str {
        self.texts.text(text.place())
    }

    /// Every list call, by the time it was sent.
    pub fn lists(&self) -> &[ListCall] {
        &self.lists
    }

    /// The supplier's list calls, by the time they were sent.
    pub fn supplier_lists(&self) -> impl Iterator<Item = &ListCall> {
        self.lists.iter().filter(|list| list.by_supplier)
    }

    /// The update a call carried.
    pub fn update(&self, call: CallIx) -> Option<&UpdateCall> {
        let started = self.call(call).started;
        let from = self.updates.partition_point(|update| update.started < started);
        self.updates[from..].iter().find(|update| update.call == call)
    }

    /// The supplier's MI submissions, by the time they were sent.
    pub fn mi(&self) -> &[MiCall] {
        &self.mi
    }

    /// Every read of an MI record.
    pub fn mi_reads(&self) -> &[MiRead] {
        &self.mi_reads
    }

    /// The letters for which the supplier sent this status, whatever was answered.
    pub fn moved_to(&self, status: LetterStatus) -> &[LetterIx] {
        &self.moved[status as usize]
    }

    /// Whether a download, or the call for the link, says that there is no such PDF.
    #[must_use]
    pub fn says_no_pdf(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::Downloaded | EventKind::DataAsked)
            && self.call(event.call).answer() == Answer::Status(404)
    }

    /// When the last exchange of the recording ended.
    pub const fn ended(&self) -> Micros {
        self.last
    }
}

/// A link without scheme and host: a proxy may stand in front of the storage, and the signature
/// makes the rest unique.
fn link_key(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or(rest, |at| &rest[at..])
}

fn insert_by<T>(sorted: &mut Vec<T>, item: T, key: impl Fn(&T) -> Micros) {
    let at = key(&item);
    let place = sorted.partition_point(|other| key(other) <= at);
    sorted.insert(place, item);
}
