//! Comma-separated values as spreadsheets and scripts read them (RFC 4180, lines ended by LF).
//! Text from outside that a spreadsheet would compute stays text, and what it hides is seen.

use crate::visible;

/// What a formula begins with; spreadsheets take the full-width signs for the narrow ones.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Appends one line.
pub fn csv_line(output: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            output.push(',');
        }
        push(output, cell);
    }
    output.push('\n');
}

fn push(output: &mut String, cell: &str) {
    let cell = visible(cell);
    // An id or a reason beginning like a formula would run on the reviewer's machine, behind
    // spaces too.
    let formula = cell.trim_start().starts_with(SIGNS) && cell.parse::<f64>().is_err();
    let guard = if formula { "'" } else { "" };
    if formula || cell.contains([',', '"']) {
        output.push('"');
        output.push_str(guard);
        output.push_str(&cell.replace('"', "\"\""));
        output.push('"');
    } else {
        output.push_str(&cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_quoted_and_what_would_compute_stays_text() {
        let mut output = String::new();
        csv_line(&mut output, &["L1", "a, b", "say \"x\"", "=1+1", "-3", "", "two\nlines"]);
        assert_eq!(output, "L1,\"a, b\",\"say \"\"x\"\"\",\"'=1+1\",-3,,two\\nlines\n");
    }

    #[test]
    fn what_would_compute_or_break_a_line_stays_text() {
        let mut line = String::new();
        for cell in ["a,b", "=1+1", "-2.5", "x\"y", "＝x", "\t=1\n\u{202e}"] {
            push(&mut line, cell);
            line.push(' ');
        }
        assert_eq!(line, "\"a,b\" \"'=1+1\" -2.5 \"x\"\"y\" \"'＝x\" \\t=1\\n\\u{202e} ");
    }

    #[test]
    fn no_spelling_of_a_formula_is_one() {
        for cell in
            ["=cmd()", " =cmd()", "＝cmd()", "＋1+1", "－1+1", "＠x", "@x", "-1+1", "\u{3000}=x"]
        {
            let mut output = String::new();
            csv_line(&mut output, &[cell]);
            assert_eq!(output, format!("\"'{cell}\"\n"));
        }
        for (cell, shown) in [("\t=1", "\\t=1"), ("\r=1", "\\r=1"), ("\u{200b}=1", "\\u{200b}=1")] {
            let mut output = String::new();
            csv_line(&mut output, &[cell]);
            assert_eq!(output, format!("{shown}\n"));
        }
    }
}
