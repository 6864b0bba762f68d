//! File names inside evidence: plain ones, that every system stores and none leads elsewhere.
//! Absolute paths, `..`, backslashes, drive letters, device names and hidden files are none.

use letterproof_model::{is_device_name, visible};

/// Most folders a file may lie in.
const DEPTH_LIMIT: usize = 8;
/// Longest path inside a bundle, in bytes; Windows' own limit is 260 with the folder above.
pub(crate) const LENGTH_LIMIT: usize = 200;

/// Whether every system can store this one name, and it cannot lead elsewhere.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !is_device_name(name)
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Why this path, with `/` between its names, cannot be that of a file in a bundle.
pub(crate) fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("has no name")
    } else if path.contains('\\') {
        Some("has a backslash in its name")
    } else if path.starts_with('/') {
        Some("has an absolute path")
    } else if path.split('/').any(|name| name == "..") {
        Some("leads out of the bundle")
    } else if path.contains(':') {
        Some("names a drive or a stream")
    } else if path.len() > LENGTH_LIMIT {
        Some("has too long a name")
    } else if path.split('/').count() > DEPTH_LIMIT {
        Some("is nested too deeply")
    } else if !path.split('/').all(is_plain) {
        Some("has a name that not every system can store")
    } else {
        None
    }
}

/// A name fit to be shown: all of it seen, and not endless.
#[must_use]
pub fn shown(name: &str) -> String {
    visible(name).chars().take(LENGTH_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_pass() {
        for path in ["results.json", "AT4/letters.csv", "attachments/AT12.3/0123-proof.pdf"] {
            assert_eq!(fault(path), None, "{path}");
        }
    }

    #[test]
    fn every_other_path_is_refused_for_its_own_reason() {
        for (path, reason) in [
            ("", "no name"),
            ("a\\b", "backslash"),
            ("/etc/passwd", "absolute"),
            ("a/../b", "leads out"),
            ("C:/x", "drive"),
            ("a:stream", "drive"),
            ("a/b/c/d/e/f/g/h/i", "nested"),
            (".hidden", "store"),
            ("a//b", "store"),
            ("a/", "store"),
            ("a/./b", "store"),
            ("AUX", "store"),
            ("com1.txt", "store"),
            ("a b", "store"),
            ("é", "store"),
        ] {
            assert!(fault(path).is_some_and(|found| found.contains(reason)), "{path}");
        }
        assert!(fault(&"a".repeat(LENGTH_LIMIT + 1)).unwrap().contains("long"));
    }

    #[test]
    fn what_is_shown_cannot_move_the_cursor() {
        assert_eq!(shown("a\u{1b}[2Jb\n\u{202e}"), "a\\u{1b}[2Jb\\n\\u{202e}");
    }
}
