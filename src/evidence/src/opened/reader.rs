//! Reads one file of a bundle, exactly as many bytes as declared.
//! Refuses a file that turns out longer or shorter: of a lying one, one byte too many is read.

use std::fmt;
use std::io::{Error, ErrorKind, Read, Result};

/// One file of a bundle, read piece by piece.
pub struct FileReader {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} more bytes of a file", self.left)
    }
}

impl FileReader {
    pub(super) fn new(inner: Box<dyn Read + Send>, size: u64) -> Self {
        Self { inner, left: size }
    }

    /// How many bytes are still to come.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(Error::new(ErrorKind::InvalidData, "it is longer than declared")),
            };
        }
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        match self.inner.read(&mut buffer[..wanted])? {
            0 => Err(Error::new(ErrorKind::UnexpectedEof, "it is shorter than declared")),
            read => {
                self.left -= read as u64;
                Ok(read)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8], size: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        FileReader::new(Box::new(bytes), size).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn a_file_is_read_when_it_is_as_long_as_declared() {
        assert_eq!(read(b"abc", 3).unwrap(), b"abc");
        assert_eq!(read(b"abc", 4).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        assert_eq!(read(b"abc", 2).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn of_a_file_that_never_ends_no_more_is_read_than_declared() {
        struct Endless(std::sync::Arc<std::sync::atomic::AtomicU64>);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
                self.0.fetch_add(buffer.len() as u64, std::sync::atomic::Ordering::Relaxed);
                Ok(buffer.len())
            }
        }
        let count = std::sync::Arc::default();
        let mut reader = FileReader::new(Box::new(Endless(std::sync::Arc::clone(&count))), 1_000);
        assert!(std::io::copy(&mut reader, &mut std::io::sink()).is_err());
        assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), 1_001);
    }
}
