//! A temporary file without a name for the exchanges of a journal that is too large for memory: only
//! this process can open it, and it is gone with the process however that ends.
//! It is never in the run's folder, which holds nothing but evidence.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use letterproof_model::{Recording, Store};
use parking_lot::Mutex;

/// The room that the exchanges of a journal may take in memory, in bytes, about: those of a full run
/// with all its probes fit, and those of the longest journal that is kept in memory where its calls are of
/// usual length.
const ROOM: usize = 80 << 20;

/// The longest journal whose exchanges are kept in memory, in bytes. Of a longer one none is from the
/// beginning: memory that was taken for them and given back is of little use for what is made of them.
const LONGEST: u64 = 64 << 20;

/// An empty recording, of a journal that is so many bytes long, which does not outgrow memory.
pub(super) fn bounded(length: u64) -> Recording {
    Recording::within(if length > LONGEST { 0 } else { ROOM }, open)
}

fn open() -> io::Result<Box<dyn Store>> {
    Ok(Box::new(TemporaryFile(Mutex::new(tempfile::tempfile()?))))
}

struct TemporaryFile(Mutex<File>);

impl Store for TemporaryFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.0.lock();
        file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)
    }

    fn read(&self, from: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut file = self.0.lock();
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_read_from_where_it_lies() {
        let store = open().unwrap();
        store.append(b"one").unwrap();
        store.append(b"two").unwrap();
        let mut bytes = [0; 4];
        store.read(1, &mut bytes).unwrap();
        assert_eq!(&bytes, b"netw");
        store.append(b"!").unwrap();
        store.read(3, &mut bytes).unwrap();
        assert_eq!(&bytes, b"two!");
        assert!(store.read(4, &mut bytes).is_err(), "there is less");
    }
}
