//! The journal on disk: one line for each exchange or mark, each chained to all before it.
//! Refuses to lose anything silently: a failed write stops the run, a broken chain stops a reader.

mod carried;
mod format;
mod format1;
mod reader;
mod store;
mod writer;

pub use carried::{Carried, chain_tail};
pub(crate) use format::{BEFORE, LINE_LIMIT};
pub use format::{
    Entry, JOURNAL_FILE, JOURNAL_FORMAT, JOURNAL_FORMAT_1, JOURNAL_FORMAT_2, JournalHeader,
};
pub use reader::{JournalReader, SavedJournal, head_at, read_journal};
pub use writer::{ExchangeObserver, HeadObserver, JournalWriter, MarkObserver};
