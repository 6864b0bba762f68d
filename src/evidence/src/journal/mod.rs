//! The journal on disk: one line for each exchange or mark, each chained to the line before it.
//! Refuses to lose anything silently: a failed write stops the run, a broken chain stops a reader.

mod format;
mod reader;
mod writer;

pub(crate) use format::write_line;
pub use format::{Entry, JOURNAL_FILE, JOURNAL_FORMAT, JournalHeader};
pub use reader::{JournalReader, SavedJournal, read_journal};
pub use writer::{ExchangeObserver, JournalWriter, MarkObserver};
