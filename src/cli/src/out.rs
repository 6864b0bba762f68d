//! All that this program says: text for people, one JSON document, a report, progress on stderr.
//!
//! Nothing else here may write to stdout or stderr (clippy refuses it). Text is made line by line,
//! and in a line every control, escape, bidirectional and invisible character is shown as what it
//! is, a line feed too: whatever a bundle, a server or a file holds, it moves no cursor, turns no
//! text round and adds no line. Colours are a closed set.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use letterproof_harness::Failure;
use letterproof_model::{visible, visible_json, visible_lines};
use serde::Serialize;

/// Text for people: whole lines, each made visible.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Text of one line.
    pub(crate) fn of(line: impl Display) -> Self {
        let mut text = Self::default();
        text.line(line);
        text
    }

    /// Adds one line; whatever it holds, it stays one.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.0.push_str(&visible(&line.to_string()));
        self.0.push('\n');
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.0.push('\n');
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, table: &Table) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "{}", table.0.trim_fmt());
    }

    /// Adds other text.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sentences one below the other, indented and wrapped as wide as the terminal; where there is none,
/// each stays one line.
pub(crate) fn list<D: Display>(sentences: impl IntoIterator<Item = D>) -> Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.add_rows(sentences.into_iter().map(|one| [visible(&one.to_string()).into_owned()]));
    if let Some(column) = table.column_mut(0) {
        column.set_padding((2, 0));
    }
    Table(table)
}

/// How a cell is to look on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Good,
    Bad,
    Open,
    Dim,
}

/// A table without lines, as wide as the terminal; its cells are made visible.
pub(crate) struct Table(comfy_table::Table);

/// A table with this heading.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.map(|cell| visible(cell).into_owned()));
    Table(table)
}

impl Table {
    /// Adds a row.
    pub(crate) fn row<D: Display, const N: usize>(&mut self, cells: [D; N]) {
        self.0.add_row(cells.map(|cell| visible(&cell.to_string()).into_owned()));
    }

    /// Adds a row of cells that look different; numbers stand to the right.
    pub(crate) fn styled<const N: usize>(&mut self, cells: [(Look, bool, String); N]) {
        self.0.add_row(cells.map(|(look, right, text)| {
            let cell = Cell::new(visible(&text));
            let cell = if right { cell.set_alignment(CellAlignment::Right) } else { cell };
            match look {
                Look::Plain => cell,
                Look::Good => cell.fg(Color::Green),
                Look::Bad => cell.fg(Color::Red).add_attribute(Attribute::Bold),
                Look::Open => cell.fg(Color::Yellow),
                Look::Dim => cell.add_attribute(Attribute::Dim),
            }
        }));
    }

    /// Makes it as wide as a terminal of so many columns.
    #[cfg(test)]
    pub(crate) fn within(&mut self, columns: u16) {
        self.0.set_width(columns);
    }

    /// Shows the looks of its cells where that is wanted.
    pub(crate) fn coloured(&mut self, colour: bool) {
        if colour {
            self.0.enforce_styling();
        } else {
            self.0.force_no_tty();
        }
    }
}

/// Whether stdout takes colours.
pub(crate) fn takes_colour() -> bool {
    stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether a person can be asked.
pub(crate) fn is_at_terminal() -> bool {
    io::stdin().is_terminal() && stderr().is_terminal()
}

/// Prints text for people.
pub(crate) fn print(text: &Text) -> Result<(), Failure> {
    written(&text.0)
}

/// Prints one JSON document, and nothing else.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(unwritten)?;
    written(&format!("{}\n", visible_json(&text)))
}

/// Prints one JSON document on one line, for which scripts wait.
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(unwritten)?;
    written(&format!("{}\n", visible_json(&text)))
}

/// Prints a JSON document that was written already.
pub(crate) fn json_document(document: &str) -> Result<(), Failure> {
    written(&visible_json(document))
}

/// Prints a report, a script or a manual page line by line as it is; what its lines hide is seen.
pub(crate) fn document(document: &str) -> Result<(), Failure> {
    written(&visible_lines(document))
}

/// Says on stderr why a command failed; the lines are its own.
pub(crate) fn failed<S: AsRef<str>>(lines: &[S]) {
    let mut text = Text::default();
    for (at, line) in lines.iter().enumerate() {
        match at {
            0 => text.line(format_args!("letterproof: {}", line.as_ref())),
            _ => text.line(line.as_ref()),
        }
    }
    told(&text.0);
}

/// Says on stderr what is wrong with the command line.
pub(crate) fn wrong_usage(error: &clap::Error) {
    told(&visible_lines(&error.render().to_string()));
}

/// Marks a failure for the CI server that this runs under, where that is GitHub: it shows the marks
/// beside the change. They go to stderr, which it reads as well, so that stdout stays the result's.
pub(crate) fn annotate(marks: impl IntoIterator<Item = (String, String)>) {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return;
    }
    marks.into_iter().for_each(|(title, message)| told(&annotation(&title, &message)));
}

/// One workflow command, on one line.
fn annotation(title: &str, message: &str) -> String {
    let message = visible(message).replace('%', "%25");
    let title = visible(title).replace('%', "%25").replace(':', "%3A").replace(',', "%2C");
    format!("::error title={title}::{message}\n")
}

/// Asks on stderr, and leaves the cursor behind the question's last line.
pub(crate) fn ask(before: &Text, question: &str) {
    told(&format!("{}{}", before.0, visible(question)));
}

/// Where log lines go: one line for each event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

impl io::Write for Log {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        told(&format!("{}\n", visible(text.strip_suffix('\n').unwrap_or(&text))));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

/// What changes while a command is at work: a live line or table on a terminal, else nothing; and
/// lines that stay, with the time since it began.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    bar: Option<ProgressBar>,
    started: Instant,
}

impl Live {
    /// Begins; `template` is that of indicatif, and `tick` says how often the spinner turns.
    pub(crate) fn start(template: &str, tick: Option<Duration>) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            if let Some(tick) = tick {
                bar.enable_steady_tick(tick);
            }
            bar
        });
        Self { bar, started: Instant::now() }
    }

    /// Whether a person sees it change.
    pub(crate) fn is_live(&self) -> bool {
        self.bar.is_some()
    }

    /// Shows this instead of what was shown before.
    pub(crate) fn show(&self, text: &Text) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.0.trim_end_matches('\n').to_owned());
        }
    }

    /// A line that stays on screen and in a log.
    pub(crate) fn keep(&self, line: &str) {
        let text = Text::of(format_args!("{:6.1}s {line}", self.started.elapsed().as_secs_f64()));
        match &self.bar {
            Some(bar) => bar.suspend(|| told(&text.0)),
            None => told(&text.0),
        }
    }

    /// Takes what changes out of the way for a while.
    pub(crate) fn hide(&self) {
        if let Some(bar) = &self.bar {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// Shows again what was hidden.
    pub(crate) fn show_again(&self) {
        if let Some(bar) = &self.bar {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes away what changes.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn unwritten(error: serde_json::Error) -> Failure {
    Failure::Harness(format!("the result cannot be written as JSON: {error}"))
}

fn written(text: &str) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Who reads only the beginning has what they wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Harness(format!("stdout cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes to stderr; where that is closed there is nobody to tell.
fn told(text: &str) {
    let mut stderr = stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program writes")]
fn stdout() -> io::Stdout {
    io::stdout()
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program writes")]
fn stderr() -> io::Stderr {
    io::stderr()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "x\nsignature  by the expected key\u{1b}[1A\u{202e}\u{200b}";

    #[test]
    fn an_annotation_is_one_command_whatever_it_says() {
        let text = annotation("AT4: a, b", "100 %\n::error::forged");
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(text.starts_with("::error title=AT4%3A a%2C b::100 %25"), "{text}");
    }

    #[test]
    fn a_line_stays_a_line_and_a_cell_a_cell() {
        let mut text = Text::of(HOSTILE);
        let mut cells = table(["what", HOSTILE]);
        cells.row([HOSTILE, "plain"]);
        cells.styled([(Look::Bad, false, HOSTILE.to_owned()), (Look::Plain, true, "1".to_owned())]);
        text.table(&cells);
        assert!(!text.as_str().chars().any(|c| c != '\n' && letterproof_model::is_hidden(c)));
        for line in text.as_str().lines() {
            assert!(!line.starts_with("signature"), "{line}");
        }
    }
}
