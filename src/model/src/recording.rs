//! A journal at hand: its exchanges in memory, or beyond a limit in a store from which each is read
//! when it is asked for.
//! Refuses to grow with the journal: beyond the limit only the places of exchanges stay in memory.

use std::ops::Deref;
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
pub struct Exchanges<'a>(&'a [Kept]);

impl<'a> Exchanges<'a> {
    pub(crate) const fn of(kept: &'a [Kept]) -> Self {
        Self(kept)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The one at a place, counted from 0.
    #[must_use]
    pub fn get(self, place: usize) -> Option<ExchangeRef<'a>> {
        self.0.get(place).map(Kept::get)
    }

    /// The first.
    #[must_use]
    pub fn first(self) -> Option<ExchangeRef<'a>> {
        self.get(0)
    }

    /// The last.
    #[must_use]
    pub fn last(self) -> Option<ExchangeRef<'a>> {
        self.0.last().map(Kept::get)
    }

    /// Each after the other.
    pub fn iter(self) -> <Self as IntoIterator>::IntoIter {
        self.into_iter()
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
    type IntoIter = std::iter::Map<std::slice::Iter<'a, Kept>, fn(&'a Kept) -> ExchangeRef<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(Kept::get)
    }
}

/// A journal at hand.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    kept: Vec<Kept>,
    marks: Vec<Mark>,
    ended: Option<Timestamp>,
    limit: Option<Limit>,
}

/// How much of a recording stays in memory.
#[derive(Debug, Clone)]
struct Limit {
    /// Bytes that are left.
    left: usize,
    open: OpenStore,
    /// What keeps the exchanges once nothing was left.
    spool: Option<Arc<Spool>>,
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
        Self { limit: Some(Limit { left: room, open, spool: None }), ..Self::default() }
    }

    /// Appends an exchange.
    pub fn push(&mut self, exchange: Arc<Exchange>) {
        self.ended = self.ended.max(Some(exchange.finished()));
        let Some(limit) = &mut self.limit else {
            return self.kept.push(Kept::Here(exchange));
        };
        if let Some(spool) = &limit.spool {
            self.kept.push(spool.keep(&exchange));
            return;
        }
        let room = exchange.room();
        self.kept.push(Kept::Here(exchange));
        match limit.left.checked_sub(room) {
            Some(left) => limit.left = left,
            None => {
                let spool = Arc::new(Spool::open(limit.open));
                for kept in &mut self.kept {
                    if let Kept::Here(exchange) = kept {
                        *kept = spool.keep(exchange);
                    }
                }
                limit.spool = Some(spool);
            }
        }
    }

    /// Appends a mark.
    pub fn push_mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }
}

impl Journal for Recording {
    fn kept(&self) -> &[Kept] {
        &self.kept
    }

    fn marks(&self) -> &[Mark] {
        &self.marks
    }

    fn ended(&self) -> Option<Timestamp> {
        self.ended
    }
}

#[cfg(test)]
mod tests;
