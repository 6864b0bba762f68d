//! Which kinds of file can be attached: what a reviewer opens without special programs.
//! Refuses other extensions, and a file whose content is not what its extension says.

use std::path::Path;

use serde::de::IgnoredAny;

/// The extensions of files that can be attached.
pub const ACCEPTED_KINDS: [&str; 8] = ["pdf", "png", "jpg", "jpeg", "csv", "txt", "log", "json"];

/// The media type of a file, if its content is what its extension says.
pub(super) fn media_type(path: &Path, bytes: &[u8]) -> Result<&'static str, String> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let extension = extension.to_ascii_lowercase();
    let (media_type, fits) = match extension.as_str() {
        "pdf" => ("application/pdf", bytes.starts_with(b"%PDF-")),
        "png" => ("image/png", bytes.starts_with(b"\x89PNG\r\n\x1a\n")),
        "jpg" | "jpeg" => ("image/jpeg", bytes.starts_with(b"\xff\xd8\xff")),
        "csv" => ("text/csv", is_text(bytes)),
        "txt" | "log" => ("text/plain", is_text(bytes)),
        "json" => ("application/json", serde_json::from_slice::<IgnoredAny>(bytes).is_ok()),
        _ => {
            let accepted = ACCEPTED_KINDS.join(", ");
            return Err(format!("files of this kind are not attached; use one of {accepted}"));
        }
    };
    if fits {
        Ok(media_type)
    } else {
        Err(format!("its content is not what the extension `{extension}` says; export it again"))
    }
}

/// Whether these bytes are text: UTF-8, and no control characters but those of lines.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|c| !c.is_control() || "\n\r\t\u{c}".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, bytes: &[u8]) -> Result<&'static str, String> {
        media_type(Path::new(name), bytes)
    }

    #[test]
    fn what_a_reviewer_can_open_is_taken() {
        for (name, bytes, expected) in [
            ("proof.PDF", b"%PDF-1.7\n".as_slice(), "application/pdf"),
            ("a.png", b"\x89PNG\r\n\x1a\n....", "image/png"),
            ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
            ("a.csv", "id,état\r\n1,2\n".as_bytes(), "text/csv"),
            ("a.log", b"one\ttwo\n", "text/plain"),
            ("a.json", b"{\"a\":[1]}", "application/json"),
        ] {
            assert_eq!(kind(name, bytes).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn other_kinds_and_disguises_are_refused() {
        for (name, bytes, reason) in [
            ("a.exe", b"MZ".as_slice(), "use one of pdf"),
            ("a.html", b"<script>", "use one of"),
            ("a.svg", b"<svg>", "use one of"),
            ("none", b"text", "use one of"),
            ("a.pdf", b"MZ\x90", "`pdf`"),
            ("a.png", b"%PDF-1.7", "`png`"),
            ("a.jpg", b"\x89PNG\r\n\x1a\n", "`jpg`"),
            ("a.txt", b"MZ\x90\x00\x03", "`txt`"),
            ("a.csv", b"a\x00b", "`csv`"),
            ("a.log", b"\x1b[2J", "`log`"),
            ("a.json", b"{\"a\":", "`json`"),
        ] {
            let error = kind(name, bytes).unwrap_err();
            assert!(error.contains(reason), "{name}: {error}");
        }
    }
}
