//! A journal at hand: its exchanges in memory, or beyond a limit in a store from which each is read
//! when it is asked for.
//! Beyond the limit only the places of exchanges stay in memory.

use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::{Exchange, ExchangeId, Journal, Mark, OpenStore, RecordError, Spool, Timestamp};

/// One exchange of a recording, wherever it is kept.
#[derive(Debug, Clone)]
pub enum Kept {
    /// In memory.
    Here(Arc<Exchange>),
    /// In a spool, under this number.
    Away(Arc<Spool>, u32),
}

impl Kept {
    /// The exchange. One that cannot be read is an empty one, and [`Self::whole`] tells of it.
    #[must_use]
    pub fn get(&self) -> ExchangeRef<'_> {
        match self {
            Self::Here(exchange) => ExchangeRef::Here(exchange),
            Self::Away(spool, number) => ExchangeRef::Read(spool.read(*number)),
        }
    }

    /// What went wrong so far where it is kept; see [`Journal::whole`].
    ///
    /// # Errors
    /// When it, or another exchange beside it, could not be kept or not be read again.
    pub fn whole(&self) -> Result<(), RecordError> {
        match self {
            Self::Here(_) => Ok(()),
            Self::Away(spool, _) => spool.whole(),
        }
    }
}

/// An exchange at hand: one that is in memory, or one that was read for whoever holds this.
#[derive(Debug, Clone)]
pub enum ExchangeRef<'a> {
    /// It is in memory.
    Here(&'a Arc<Exchange>),
    /// It was read.
    Read(Arc<Exchange>),
}

impl ExchangeRef<'_> {
    /// The exchange, to be held for longer.
    #[must_use]
    pub fn to_arc(&self) -> Arc<Exchange> {
        Arc::clone(match self {
            Self::Here(exchange) => exchange,
            Self::Read(exchange) => exchange,
        })
    }
}

impl Deref for ExchangeRef<'_> {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        match self {
            Self::Here(exchange) => exchange,
            Self::Read(exchange) => exchange,
        }
    }
}

/// The exchanges of a journal in the order of recording.
#[derive(Debug, Clone, Copy)]
pub struct Exchanges<'a>(&'a Keeping);

impl<'a> Exchanges<'a> {
    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        match self.0 {
            Keeping::Here(exchanges) => exchanges.len(),
            Keeping::Away(_, kept) => *kept as usize,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The one at a place, counted from 0.
    #[must_use]
    pub fn get(self, place: usize) -> Option<ExchangeRef<'a>> {
        match self.0 {
            Keeping::Here(exchanges) => exchanges.get(place).map(ExchangeRef::Here),
            Keeping::Away(spool, _) => {
                self.numbered(place).map(|number| ExchangeRef::Read(spool.read(number)))
            }
        }
    }

    /// The one at a place, to be held without being read.
    #[must_use]
    pub fn kept(self, place: usize) -> Option<Kept> {
        match self.0 {
            Keeping::Here(exchanges) => exchanges.get(place).cloned().map(Kept::Here),
            Keeping::Away(spool, _) => {
                self.numbered(place).map(|number| Kept::Away(Arc::clone(spool), number))
            }
        }
    }

    /// The number of a place that is one of these.
    fn numbered(self, place: usize) -> Option<u32> {
        u32::try_from(place).ok().filter(|_| place < self.len())
    }

    /// The first.
    #[must_use]
    pub fn first(self) -> Option<ExchangeRef<'a>> {
        self.get(0)
    }

    /// The last.
    #[must_use]
    pub fn last(self) -> Option<ExchangeRef<'a>> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Each after the other.
    #[must_use]
    pub const fn iter(self) -> EachExchange<'a> {
        EachExchange { exchanges: self, places: 0..self.len() }
    }

    /// All of them, in memory.
    #[must_use]
    pub fn to_vec(self) -> Vec<Arc<Exchange>> {
        self.iter().map(|exchange| exchange.to_arc()).collect()
    }

    /// The one with this id. In a journal that was read its number tells its place, so that nothing
    /// needs to be searched; in others it is looked for.
    #[must_use]
    pub fn find(self, id: &ExchangeId) -> Option<ExchangeRef<'a>> {
        let numbered = self.first().is_some_and(|first| first.id == ExchangeId::numbered(1));
        if !numbered {
            return self.iter().find(|exchange| exchange.id == *id);
        }
        let place = id.number()?.checked_sub(1).and_then(|place| usize::try_from(place).ok())?;
        self.get(place).filter(|exchange| exchange.id == *id)
    }
}

impl<'a> IntoIterator for Exchanges<'a> {
    type Item = ExchangeRef<'a>;
    type IntoIter = EachExchange<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One exchange of a journal after the other.
#[derive(Debug, Clone)]
pub struct EachExchange<'a> {
    exchanges: Exchanges<'a>,
    places: Range<usize>,
}

impl<'a> Iterator for EachExchange<'a> {
    type Item = ExchangeRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.exchanges.get(self.places.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl DoubleEndedIterator for EachExchange<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.exchanges.get(self.places.next_back()?)
    }
}

impl ExactSizeIterator for EachExchange<'_> {}

/// Where the exchanges of a recording are kept.
#[derive(Debug, Clone)]
enum Keeping {
    /// In memory.
    Here(Vec<Arc<Exchange>>),
    /// So many in a spool, under the numbers of their places.
    Away(Arc<Spool>, u32),
}

impl Default for Keeping {
    fn default() -> Self {
        Self::Here(Vec::new())
    }
}

/// A journal at hand.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    kept: Keeping,
    marks: Vec<Mark>,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    limit: Option<Limit>,
}

/// How much of a recording stays in memory.
#[derive(Debug, Clone)]
struct Limit {
    /// Bytes that are left.
    left: usize,
    open: OpenStore,
}

impl Recording {
    /// A journal of these exchanges.
    #[must_use]
    pub fn new(exchanges: Vec<Arc<Exchange>>, marks: Vec<Mark>) -> Self {
        let mut recording = Self { marks, ..Self::default() };
        exchanges.into_iter().for_each(|exchange| recording.push(exchange));
        recording
    }

    /// An empty journal whose exchanges take no more than about `room` bytes of memory: where there
    /// are more, all of them go into a store, which is opened only then.
    #[must_use]
    pub fn within(room: usize, open: OpenStore) -> Self {
        Self { limit: Some(Limit { left: room, open }), ..Self::default() }
    }

    /// Appends an exchange.
    pub fn push(&mut self, exchange: Arc<Exchange>) {
        self.ended = self.ended.max(Some(exchange.finished()));
        self.began = Some(self.began.map_or(exchange.started, |at| at.min(exchange.started)));
        let here = match &mut self.kept {
            Keeping::Away(spool, kept) => {
                spool.keep(&exchange);
                *kept += 1;
                return;
            }
            Keeping::Here(here) => here,
        };
        let room = exchange.room();
        here.push(exchange);
        let Some(limit) = &mut self.limit else { return };
        match limit.left.checked_sub(room) {
            Some(left) => limit.left = left,
            None => {
                let spool = Arc::new(Spool::open(limit.open));
                here.iter().for_each(|exchange| spool.keep(exchange));
                self.kept = Keeping::Away(spool, u32::try_from(here.len()).unwrap_or(u32::MAX));
            }
        }
    }

    /// Appends a mark.
    pub fn push_mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }
}

impl Journal for Recording {
    fn exchanges(&self) -> Exchanges<'_> {
        Exchanges(&self.kept)
    }

    fn marks(&self) -> &[Mark] {
        &self.marks
    }

    fn began(&self) -> Option<Timestamp> {
        self.began
    }

    fn ended(&self) -> Option<Timestamp> {
        self.ended
    }

    fn whole(&self) -> Result<(), RecordError> {
        match &self.kept {
            Keeping::Here(_) => Ok(()),
            Keeping::Away(spool, _) => spool.whole(),
        }
    }
}

#[cfg(test)]
mod tests;
