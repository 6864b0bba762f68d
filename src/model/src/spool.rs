//! Exchanges outside of memory: written once, one after the other, and read when they are asked for.
//! No fault is hidden: what cannot be written or read leaves one that whoever judged must ask for,
//! since an exchange that is not there could make anything pass.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::{
    Actor, Body, Direction, Exchange, ExchangeId, Outcome, PackId, RecordError, Request, Timestamp,
    TransportError, TransportErrorKind,
};

/// So many exchanges that were read last are at hand.
const AT_HAND: usize = 64;
/// The largest of them, in bytes: lists of many letters are read anew.
const LARGEST: usize = 16 << 10;

/// Bytes outside of memory, which nobody else changes.
pub trait Store: Send + Sync {
    /// Appends bytes.
    ///
    /// # Errors
    /// When they could not be written.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Reads as many bytes as the buffer takes, from so far from the beginning.
    ///
    /// # Errors
    /// When they could not be read.
    fn read(&self, from: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// What opens an empty store.
pub type OpenStore = fn() -> io::Result<Box<dyn Store>>;

/// An exchange that was read, with its number; none in a place that was not used yet.
type AtHand = Option<(u32, Arc<Exchange>)>;

/// Exchanges in a store, numbered from 0.
pub struct Spool {
    store: Option<Box<dyn Store>>,
    /// Where each exchange ends.
    ends: Mutex<Vec<u64>>,
    at_hand: Mutex<Vec<AtHand>>,
    fault: OnceLock<RecordError>,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("kept", &locked(&self.ends).len()).finish_non_exhaustive()
    }
}

impl Spool {
    /// An empty one.
    pub(crate) fn open(open: OpenStore) -> Self {
        let store = open();
        let spool = Self {
            store: None,
            ends: Mutex::default(),
            at_hand: Mutex::new(vec![None; AT_HAND]),
            fault: OnceLock::new(),
        };
        match store {
            Ok(store) => Self { store: Some(store), ..spool },
            Err(error) => {
                spool.fail(&error);
                spool
            }
        }
    }

    /// Keeps an exchange; after a fault nothing is kept any more.
    pub(crate) fn keep(&self, exchange: &Exchange) {
        let mut ends = locked(&self.ends);
        if self.fault.get().is_none() {
            let from = ends.last().copied().unwrap_or_default();
            match self.write(exchange) {
                Ok(length) => ends.push(from + length),
                Err(error) => self.fail(&error),
            }
        }
    }

    fn write(&self, exchange: &Exchange) -> io::Result<u64> {
        let bytes = serde_json::to_vec(exchange)?;
        self.store()?.append(&bytes)?;
        Ok(bytes.len() as u64)
    }

    /// The exchange with this number.
    pub(crate) fn read(&self, number: u32) -> Arc<Exchange> {
        let slot = number as usize % AT_HAND;
        if let Some(Some((known, exchange))) = locked(&self.at_hand).get(slot)
            && *known == number
        {
            return Arc::clone(exchange);
        }
        match self.read_anew(number as usize) {
            Ok((exchange, length)) => {
                let exchange = Arc::new(exchange);
                if length <= LARGEST
                    && let Some(slot) = locked(&self.at_hand).get_mut(slot)
                {
                    *slot = Some((number, Arc::clone(&exchange)));
                }
                exchange
            }
            Err(error) => {
                self.fail(&error);
                Arc::new(nothing())
            }
        }
    }

    fn read_anew(&self, number: usize) -> io::Result<(Exchange, usize)> {
        let (from, to) = {
            let ends = locked(&self.ends);
            let before = number.checked_sub(1).and_then(|before| ends.get(before));
            (before.copied().unwrap_or_default(), ends.get(number).copied())
        };
        let to = to.ok_or(io::ErrorKind::NotFound)?;
        let length = usize::try_from(to - from).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.store()?.read(from, &mut bytes)?;
        Ok((serde_json::from_slice(&bytes)?, length))
    }

    fn store(&self) -> io::Result<&dyn Store> {
        Ok(self.store.as_deref().ok_or(io::ErrorKind::NotFound)?)
    }

    fn fail(&self, error: &io::Error) {
        self.fault.get_or_init(|| RecordError {
            message: format!(
                "the journal is too large for memory, and the temporary file for its exchanges \
                 failed ({error}); make room in the system's folder for temporary files, or name \
                 another one (TMPDIR, on Windows TMP), and try again"
            ),
        });
    }

    /// Whether everything could be written and read so far.
    pub(crate) fn whole(&self) -> Result<(), RecordError> {
        self.fault.get().map_or(Ok(()), |fault| Err(fault.clone()))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands for an exchange that cannot be read, until the fault is asked for.
fn nothing() -> Exchange {
    let error = TransportError {
        kind: TransportErrorKind::Interrupted,
        message: String::new(),
        after_us: 0,
        status: None,
        received: 0,
    };
    Exchange {
        id: ExchangeId::fixed(""),
        actor: Actor::Harness,
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: Timestamp::UNIX_EPOCH,
        connection: None,
        request: Request {
            method: String::new(),
            url: String::new(),
            headers: Vec::new(),
            body: Body::None,
        },
        outcome: Outcome::Error(error),
    }
}
