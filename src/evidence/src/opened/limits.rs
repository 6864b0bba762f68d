//! How large a bundle may be, so that none can exhaust who reads it.
//! Refuses nothing itself; the numbers stand here once, for writing and for reading.

/// The limits of a bundle. A full run is about 20 files, 80 MB unpacked and 5 MB as a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most files.
    pub files: usize,
    /// Largest file, in bytes.
    pub file_bytes: u64,
    /// All files together, unpacked, in bytes; below what a zip without extensions can hold.
    pub total_bytes: u64,
    /// How many times larger than its packed form a file may be…
    pub ratio: u64,
    /// …once it is larger than this, in bytes.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 10_000,
            file_bytes: 2 << 30,
            total_bytes: 3 << 30,
            ratio: 200,
            ratio_from: 32 << 20,
        }
    }
}
