//! A journal's chain, written a second time from its description in `schemas/bundle.md`: to hold the
//! program's own against, and to chain a changed journal again as a forger would.

use aws_lc_rs::digest::{SHA256, digest};

const PREV: &str = "{\"prev\":\"";
const ID: &str = "\"exchange\":{\"id\":\"";

/// The chain of a journal up to a line.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Whether each head holds the one before, as from format 3 on.
    cumulative: bool,
    head: String,
}

impl Chain {
    /// After the header line, which says which format it is.
    ///
    /// # Panics
    /// It names no format of a journal.
    #[must_use]
    pub fn begin(header: &str) -> Self {
        let format = header.split("\"letterproof-journal/").nth(1).map(|rest| &rest[..1]);
        let format: u8 = format.and_then(|digit| digit.parse().ok()).expect("a journal's header");
        Self { cumulative: format >= 3, head: sha256(header) }
    }

    /// The head after the last line, as 64 digits.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The line with this after its `prev` (see [`rest`]), which becomes the last.
    pub fn line(&mut self, rest: &str) -> String {
        let digits = if self.cumulative { 8 } else { 64 };
        let line = format!("{PREV}{}\",{rest}", &self.head[..digits]);
        self.take(&line);
        line
    }

    /// Takes a line as it is.
    fn take(&mut self, line: &str) {
        self.head = match self.cumulative {
            true => sha256(&format!("{}{line}", self.head)),
            false => sha256(line),
        };
    }
}

/// What follows a line's `prev`, or its opening brace where it has none.
///
/// # Panics
/// It is no line of a journal.
#[must_use]
pub fn rest(line: &str) -> &str {
    let rest = match line.strip_prefix(PREV) {
        Some(rest) => rest.split_once("\",").map(|(_, rest)| rest),
        None => line.strip_prefix('{'),
    };
    rest.expect("a journal's line")
}

/// The head after each line of a journal.
#[must_use]
pub fn heads(journal: &str) -> Vec<String> {
    let mut lines = journal.lines();
    let mut chain = Chain::begin(lines.next().unwrap_or_default());
    let mut heads = vec![chain.head.clone()];
    heads.extend(lines.map(|line| {
        chain.take(line);
        chain.head.clone()
    }));
    heads
}

/// A journal of these lines, every `prev` and every exchange's number made again.
#[must_use]
pub fn rechained<T: AsRef<str>>(lines: &[T]) -> String {
    let header = lines.first().map(AsRef::as_ref).unwrap_or_default();
    let (mut chain, mut text, mut number) = (Chain::begin(header), format!("{header}\n"), 0);
    for line in lines.iter().skip(1) {
        let mut rest = rest(line.as_ref()).to_owned();
        if let Some(at) = rest.find(ID).map(|at| at + ID.len()) {
            number += 1;
            rest.replace_range(at..at + "ex-000001".len(), &format!("ex-{number:06}"));
        }
        text.push_str(&chain.line(&rest));
        text.push('\n');
    }
    text
}

fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_what_sha256sum_makes_of_the_head_before_and_the_line() {
        let text = rechained(&["{\"format\":\"letterproof-journal/3\"}", "{\"mark\":1}"]);
        // printf '{"format":"letterproof-journal/3"}' | sha256sum | cut -c1-8
        assert!(text.contains("{\"prev\":\"366cb61c\",\"mark\":1}"), "{text}");
        // printf '%s{"prev":"…","mark":1}' "$head" | sha256sum
        assert_eq!(
            heads(&text)[1],
            "3b43d653a6d496a40af251800ba056e71a19848c7c9f95ffe5eee8083352685e"
        );
        assert_eq!(rechained(&text.lines().collect::<Vec<_>>()), text);
    }
}
