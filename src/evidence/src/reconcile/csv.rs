//! Comma-separated values as gateways and spreadsheets export them: rows of cells, each with its
//! line.
//! Refuses rows of another width than the head, and a quote that nobody closes: guessing would
//! shift cells into other columns.

use super::Fault;

/// A row and the line it begins on, counted from 1.
pub(super) type Row = (u64, Vec<String>);

/// The rows of a text, blank lines left out. Cells are parted by the comma, semicolon or tab that
/// the first line has most of.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Fault> {
    let first = text.lines().next().unwrap_or_default();
    let count = |c: &char| first.chars().filter(|other| other == c).count();
    // The last of equals counts, so that a comma does where there is nothing else.
    let parted_by = ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',');
    let mut rows: Vec<Row> = Vec::new();
    let mut rest = Cells { text: text.chars().peekable(), line: 1, parted_by };
    while let Some((line, cells)) = rest.row()? {
        let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
        if is_blank {
            continue;
        }
        if let Some((_, head)) = rows.first()
            && head.len() != cells.len()
        {
            let (found, wanted) = (cells.len(), head.len());
            let problem = format!("has {found} cells, but the first line has {wanted}");
            return Err(Fault { line, problem });
        }
        rows.push((line, cells));
    }
    Ok(rows)
}

struct Cells<'a> {
    text: std::iter::Peekable<std::str::Chars<'a>>,
    line: u64,
    parted_by: char,
}

impl Cells<'_> {
    fn row(&mut self) -> Result<Option<Row>, Fault> {
        if self.text.peek().is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            let (cell, end) = self.cell()?;
            cells.push(cell);
            if end != Some(self.parted_by) {
                self.line += 1;
                return Ok(Some((line, cells)));
            }
        }
    }

    /// A cell and what ends it: the separator, a line feed, or nothing.
    fn cell(&mut self) -> Result<(String, Option<char>), Fault> {
        let mut cell = String::new();
        if self.text.next_if_eq(&'"').is_some() {
            self.quoted(&mut cell)?;
        }
        loop {
            match self.text.next() {
                Some(c) if c == self.parted_by || c == '\n' => return Ok((cell, Some(c))),
                Some(c) => cell.push(c),
                None => return Ok((cell, None)),
            }
        }
    }

    /// What stands up to the closing quote.
    fn quoted(&mut self, cell: &mut String) -> Result<(), Fault> {
        let opened = self.line;
        loop {
            match self.text.next() {
                Some('"') if self.text.next_if_eq(&'"').is_some() => cell.push('"'),
                Some('"') => return Ok(()),
                Some(c) => {
                    self.line += u64::from(c == '\n');
                    cell.push(c);
                }
                None => {
                    let problem = "opens a quote that is never closed".to_owned();
                    return Err(Fault { line: opened, problem });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Row> {
        rows(text).unwrap()
    }

    #[test]
    fn cells_are_read_as_spreadsheets_write_them() {
        for text in ["a,b\n1,2\n", "a;b\n1;2", "a\tb\n\n1\t2\n\n"] {
            let cells: Vec<_> = read(text).into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(cells, [["a", "b"], ["1", "2"]], "{text:?}");
        }
        let text = "a,b\n\"x, \"\"y\"\"\nz\",2\n3,\n";
        assert_eq!(
            read(text),
            [
                (1, vec!["a".into(), "b".into()]),
                (2, vec!["x, \"y\"\nz".into(), "2".into()]),
                (4, vec!["3".into(), String::new()])
            ]
        );
        assert_eq!(read(""), []);
    }

    #[test]
    fn what_would_shift_cells_is_refused_with_its_line() {
        for (text, line, words) in [
            ("a,b\n1,2\n1,2,3\n", 3, "has 3 cells"),
            ("a,b\n1\n", 2, "has 1 cells"),
            ("a,b\n\"1,2\n3,4\n", 2, "never closed"),
        ] {
            let fault = rows(text).unwrap_err();
            assert_eq!(fault.line, line, "{text:?}");
            assert!(fault.problem.contains(words), "{}", fault.problem);
        }
    }
}
