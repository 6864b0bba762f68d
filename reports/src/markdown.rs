//! Text and tables as Markdown (GitHub's kind, which CI servers show).
//! Refuses markup from outside: what is not ours is shown letter for letter.

/// Text that Markdown shows as it is, on one line.
pub(crate) fn text(plain: &str) -> String {
    let mut safe = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            '&' => safe.push_str("&amp;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// The same, cut after so many characters.
pub(crate) fn short(plain: &str, most: usize) -> String {
    match plain.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text(&plain[..at])),
        None => text(plain),
    }
}

/// Appends a line of a table.
pub(crate) fn row(output: &mut String, cells: &[&str]) {
    output.push_str("| ");
    output.push_str(&cells.join(" | "));
    output.push_str(" |\n");
}

/// Appends the head of a table.
pub(crate) fn head(output: &mut String, cells: &[&str]) {
    row(output, cells);
    row(output, &vec!["---"; cells.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_from_outside_stays_text() {
        assert_eq!(text("a|b <script> [x](y)\n*b*"), "a\\|b \\<script\\> \\[x\\](y) \\*b\\*");
        assert_eq!(short("abc", 2), "ab…");
        assert_eq!(short("abc", 3), "abc");
    }
}
