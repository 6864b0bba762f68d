//! Text and tables as Markdown (GitHub's kind, which CI servers show).
//!
//! Markdown is made of what this crate wrote itself and of values, and every value is escaped on
//! its way in ([`put`]): text from outside is shown character for character, on one line, and what
//! it hides is made visible.

use std::fmt::{self, Display};

use letterproof_model::visible;

/// Markdown under way. Only [`put`] adds to it, whose text is known at compile time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markdown(String);

/// What stands in a cell of a table, or in a sentence.
pub trait Value {
    /// The value as Markdown shows it letter for letter.
    fn shown(&self) -> String;
}

impl<T: Display + ?Sized> Value for T {
    fn shown(&self) -> String {
        text(&self.to_string())
    }
}

/// Markdown that was made here stays what it is. It is no `Display`, so that it can go nowhere else.
impl Value for Markdown {
    fn shown(&self) -> String {
        self.0.clone()
    }
}

/// Adds text of our own to Markdown, each `{}` of it filled with an escaped value.
#[macro_export]
macro_rules! put {
    ($output:expr, $text:literal $(, $value:expr)* $(,)?) => {{
        const _: () = assert!(
            $crate::markdown::has_only_holes($text),
            "values are given after the text, so that each is escaped"
        );
        $output.filled(format_args!($text $(, $crate::markdown::Value::shown(&$value))*));
    }};
}
pub use put;

/// Markdown made of text of our own and escaped values.
#[macro_export]
macro_rules! md {
    ($text:literal $(, $value:expr)* $(,)?) => {{
        let mut made = $crate::markdown::Markdown::default();
        $crate::markdown::put!(made, $text $(, $value)*);
        made
    }};
}
pub use md;

/// Whether all braces of a text are `{}`.
#[must_use]
pub const fn has_only_holes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'{' {
            if at + 1 == bytes.len() || bytes[at + 1] != b'}' {
                return false;
            }
            at += 1;
        }
        at += 1;
    }
    true
}

impl Markdown {
    /// For [`put`] alone.
    pub fn filled(&mut self, text: fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        let _ = fmt::write(&mut self.0, text);
    }

    /// Adds a line of a table.
    pub fn row(&mut self, cells: &[&dyn Value]) {
        let cells: Vec<String> = cells.iter().map(|cell| cell.shown()).collect();
        self.0.push_str("| ");
        self.0.push_str(&cells.join(" | "));
        self.0.push_str(" |\n");
    }

    /// Adds the head of a table.
    pub fn head(&mut self, cells: &[&'static str]) {
        let cells: Vec<&dyn Value> = cells.iter().map(|cell| cell as &dyn Value).collect();
        self.row(&cells);
        self.0.push_str(&format!("|{}\n", " --- |".repeat(cells.len())));
    }

    /// Adds other Markdown.
    pub fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// The finished page.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }
}

/// Several pieces of Markdown as one, with a comma between them.
pub(crate) fn listed(pieces: &[Markdown]) -> Markdown {
    let pieces: Vec<&str> = pieces.iter().map(|piece| piece.0.as_str()).collect();
    Markdown(pieces.join(", "))
}

/// Text that Markdown shows as it is, on one line.
fn text(plain: &str) -> String {
    let plain = visible(plain);
    let mut safe = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Text cut after so many characters.
pub(crate) fn short(plain: &str, most: usize) -> String {
    match plain.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &plain[..at]),
        None => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_outside_stays_text() {
        assert_eq!(
            text("a|b <script> [x](y)\n*b* $x$\u{1b}\u{202e}"),
            "a\\|b &lt;script&gt; \\[x\\](y)\\\\n\\*b\\* \\$x\\$\\\\u{1b}\\\\u{202e}"
        );
        assert_eq!(short("abc", 2), "ab…");
        assert_eq!(short("abc", 3), "abc");
    }

    #[test]
    fn a_value_is_escaped_and_markdown_of_our_own_is_not() {
        let bold = md!("**{}**", "a*b");
        let mut page = md!("- {}: {}\n", bold, "<b>");
        page.row(&[&"x|y", &bold, &7]);
        assert_eq!(page.finish(), "- **a\\*b**: &lt;b&gt;\n| x\\|y | **a\\*b** | 7 |\n");
    }

    #[test]
    fn a_text_holds_values_in_no_other_way() {
        assert!(has_only_holes("a {} b {}"));
        assert!(!has_only_holes("a {name}") && !has_only_holes("{:>4}") && !has_only_holes("{"));
    }
}
