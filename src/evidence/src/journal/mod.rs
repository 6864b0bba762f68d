//! The journal on disk: one line for each exchange or mark, each chained to all before it. Nothing
//! is lost silently: a failed write stops the run, a broken chain stops a reader.

pub use crate::journal::format::{
    Carried, Entry, JOURNAL_FILE, JOURNAL_FORMAT, JOURNAL_FORMAT_1, JOURNAL_FORMAT_2,
    JournalHeader, chain_tail,
};
pub use crate::journal::reader::{JournalReader, SavedJournal, head_at, read_journal};
pub use crate::journal::writer::{ExchangeObserver, HeadObserver, JournalWriter, MarkObserver};

pub(crate) use crate::journal::format::{BEFORE, LINE_LIMIT};

mod format;
mod format1;
mod reader;
mod store;
mod writer;
