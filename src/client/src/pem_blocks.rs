//! The private key in a text that may hold more: certificates, public halves, remarks.
//! Line ends may be written out as `\n`, as settings of one line hold them.

/// The text with its line ends as line ends.
pub(crate) fn plain(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').trim();
    let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    // Base64 holds no backslash.
    unquoted.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\r", "\n")
}

/// Each block whose label ends with `PRIVATE KEY`, whole.
pub(crate) fn private(text: &str) -> Vec<&str> {
    const BEGIN: &str = "-----BEGIN ";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let block = &rest[at..];
        let Some((label, _)) = block[BEGIN.len()..].split_once("-----") else { break };
        let end = format!("-----END {label}-----");
        let Some(length) = block.find(&end).map(|at| at + end.len()) else {
            rest = &block[BEGIN.len()..];
            continue;
        };
        if label.ends_with("PRIVATE KEY") {
            found.push(&block[..length]);
        }
        rest = &block[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_blocks_are_found_among_others_and_written_out_line_ends_are_line_ends() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAQAB\n-----END {label}-----\n");
        let text = [
            "Bag Attributes\n",
            &block("CERTIFICATE"),
            &block("PRIVATE KEY"),
            &block("PUBLIC KEY"),
            &block("RSA PRIVATE KEY"),
            "-----BEGIN PRIVATE KEY-----\nAQ",
        ]
        .concat();
        let found = private(&text);
        assert_eq!(found, [block("PRIVATE KEY").trim(), block("RSA PRIVATE KEY").trim()]);
        let one = block("PRIVATE KEY");
        for written in [one.replace('\n', "\\n"), one.replace('\n', "\\r\\n")] {
            assert_eq!(plain(&format!("\"{written}\"")).trim(), one.trim());
        }
        assert_eq!(plain(&format!("\u{feff}{one}")), one.trim());
        for odd in ["", "-----BEGIN ", "-----BEGIN -----", "-----BEGIN A"] {
            assert!(private(odd).is_empty(), "{odd}");
        }
    }
}
