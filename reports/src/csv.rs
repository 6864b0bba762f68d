//! Comma-separated values as spreadsheets and scripts read them (RFC 4180, lines ended by LF).
//! Refuses formulas: text from outside that a spreadsheet would compute is kept text.

use letterproof_model::Timestamp;

/// `2026-08-21T10:15:00.123456Z`.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// The same of microseconds since the Unix epoch.
pub(crate) fn time_of(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), time)
}

/// Appends one line.
pub(crate) fn line(output: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            output.push(',');
        }
        push(output, cell);
    }
    output.push('\n');
}

fn push(output: &mut String, cell: &str) {
    // An id or a reason beginning like a formula would run on the reviewer's machine.
    let formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let guard = if formula { "'" } else { "" };
    if formula || cell.contains([',', '"', '\n', '\r']) {
        output.push('"');
        output.push_str(guard);
        output.push_str(&cell.replace('"', "\"\""));
        output.push('"');
    } else {
        output.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_quoted_and_what_would_compute_stays_text() {
        let mut output = String::new();
        line(&mut output, &["L1", "a, b", "say \"x\"", "=1+1", "-3", "", "two\nlines"]);
        assert_eq!(output, "L1,\"a, b\",\"say \"\"x\"\"\",\"'=1+1\",-3,,\"two\nlines\"\n");
    }
}
