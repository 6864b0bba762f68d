//! A run told in an e-mail: plain text of 72 columns, and the same as data. It never says more than
//! the page does, and always says whose system was shown.

use letterproof_evidence::{Bundle, Stated, stated};
use letterproof_model::{
    Journal as _, Performance, Results, RunEnd, RunInfo, Standing, TestId, TestResult, Verdict,
    WaiverUse, visible,
};
use serde::Serialize;

use crate::questions::{Questions, questions};
use crate::{Extras, outcome, words};

/// The name and version of the format of a summary as data.
const MAIL_FORMAT: &str = "letterproof-summary/1";

/// Columns of the text.
const WIDTH: usize = 72;
/// The longest lead of a line; what is longer is text.
const LEAD: usize = 24;
/// Room for the ids of one question, in characters: two lines; the rest is counted.
const IDS: usize = 2 * WIDTH;

/// What a run amounts to, as it is told in an e-mail.
#[derive(Debug, Clone, Serialize)]
pub struct MailSummary {
    /// Always `letterproof-summary/1`.
    pub format: String,
    /// The outcome in one line, and what it rests on.
    headline: String,
    detail: String,
    verdict: Verdict,
    exit_code: u8,
    /// What a reader must know before anything else.
    notices: Vec<String>,
    /// Whose system made the calls, and where they went.
    standing: Standing,
    /// The same in a sentence.
    shows: String,
    run: RunInfo,
    tests: Vec<TestLine>,
    measured: Vec<Performance>,
    statements: Vec<StatementLine>,
    questions: Vec<Questions>,
    /// The id of the key that signed it, by the bundle's own account.
    signed_by: Option<String>,
    /// What verifying came to, as whoever made the summary saw it; empty where nobody did.
    pub verified: String,
    /// What the reader types to check it.
    verify: Vec<String>,
}

/// A test in one line.
#[derive(Debug, Clone, Serialize)]
struct TestLine {
    id: TestId,
    title: String,
    required: bool,
    selected: bool,
    verdict: Verdict,
    waived: bool,
}

/// A statement in one line.
#[derive(Debug, Clone, Serialize)]
struct StatementLine {
    number: usize,
    criterion: String,
    by: String,
    statement: String,
    /// Why it was withdrawn.
    withdrawn: Option<String>,
}

/// Sums a bundle up for an e-mail.
#[must_use]
pub fn mail_summary(bundle: &Bundle, extras: &Extras) -> MailSummary {
    let results = &bundle.results;
    let outcome = outcome::outcome(results);
    let standing = bundle.standing();
    let end = outcome::broken_off(&RunEnd::of(bundle.journal.recording.marks()))
        .filter(|_| bundle.journal.header.brief.is_some());
    let advice = results.waivers.iter().filter_map(WaiverUse::advice);
    let zip = format!("letterproof verify {}.zip", results.run.id);
    MailSummary {
        format: MAIL_FORMAT.to_owned(),
        headline: outcome.headline,
        detail: outcome.detail,
        verdict: outcome.verdict,
        exit_code: results.exit_code,
        notices: end.into_iter().chain(results.run.remarks()).chain(advice).collect(),
        shows: standing.sentence(),
        standing,
        run: results.run.clone(),
        tests: tests(results),
        measured: results.performance.clone(),
        statements: stated(&extras.attestations).iter().map(statement).collect(),
        questions: questions(results, &extras.attestations),
        signed_by: extras.signing_key.clone(),
        verified: String::new(),
        verify: match &extras.signing_key {
            Some(_) => vec![format!("{zip} --key supplier.pub.pem")],
            None => vec![zip],
        },
    }
}

fn tests(results: &Results) -> Vec<TestLine> {
    let line = |test: &TestResult| TestLine {
        id: test.id,
        title: test.title.clone(),
        required: test.required,
        selected: test.selected,
        verdict: test.verdict,
        waived: outcome::is_test_waived(test, results),
    };
    outcome::shown_tests(results).map(line).collect()
}

fn statement(one: &Stated<'_>) -> StatementLine {
    StatementLine {
        number: one.number,
        criterion: one.given.criterion.to_string(),
        by: one.given.by(),
        statement: one.given.statement.clone(),
        withdrawn: one.withdrawn.map(|by| by.statement.clone()),
    }
}

impl MailSummary {
    /// The summary as plain text of at most 72 columns.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = Page::default();
        page.wrapped("", &self.headline);
        page.line(&"=".repeat(self.headline.chars().count().min(WIDTH)));
        for paragraph in [&self.shows, &self.detail].into_iter().chain(&self.notices) {
            page.gap();
            page.wrapped("", paragraph);
        }
        self.facts(&mut page);
        if !self.tests.is_empty() {
            page.heading("Tests");
        }
        for test in &self.tests {
            let need = if test.required { "" } else { " (optional)" };
            let mut verdict = test.verdict.title().to_lowercase();
            if test.waived {
                verdict.push_str(", waived");
            }
            page.wrapped(
                &format!("{:<5} {verdict:<15} ", test.id),
                &format!("{}{need}", test.title),
            );
        }
        // Of a load it stands at the head already.
        let measured = self.measured.iter().map(words::measured);
        let measured: Vec<String> =
            measured.filter(|sentence| !self.detail.contains(sentence)).collect();
        if !measured.is_empty() {
            page.heading("Measured");
        }
        measured.iter().for_each(|sentence| page.wrapped("", sentence));
        self.statements(&mut page);
        self.questions(&mut page);
        self.checking(&mut page);
        page.0
    }

    fn facts(&self, page: &mut Page) {
        let run = &self.run;
        let window = run.window.map_or_else(|| "none given".to_owned(), |n| n.to_string());
        let took = words::duration_us(words::between_us(run.started, run.finished));
        page.gap();
        let who = run.who.lines();
        for (name, value) in who.into_iter().chain([
            ("Run", run.id.to_string()),
            ("Target", format!("{} ({})", run.target.name, run.target.base_url)),
            ("Window", window),
            ("Nonce", run.nonce.clone().unwrap_or_else(|| "none given".to_owned())),
            ("Began", format!("{}, took {took}", words::date(run.started))),
            ("Tool", format!("letterproof {} ({})", run.tool.version, run.tool.commit)),
            ("Pack", format!("revision of {}", run.pack.version)),
        ]) {
            page.wrapped(&format!("{name:<14} "), &value);
        }
    }

    fn statements(&self, page: &mut Page) {
        if !self.statements.is_empty() {
            page.heading("Statements by people, which decide nothing");
        }
        for given in &self.statements {
            let lead = format!("{:<8} ", given.criterion);
            let said = format!("{} ({})", given.statement, given.by);
            match &given.withdrawn {
                None => page.wrapped(&lead, &said),
                Some(why) => page.wrapped(&lead, &format!("WITHDRAWN, {why} It said: {said}")),
            }
        }
    }

    /// What is owed in full, and what each question is about.
    fn questions(&self, page: &mut Page) {
        for group in self.questions.iter().filter(|group| group.kind == "owed") {
            page.heading(&format!("Statements still needed ({})", group.items.len()));
            for open in &group.items {
                page.wrapped(&format!("{:<8} ", open.id), &open.why);
            }
        }
        if !self.questions.is_empty() {
            page.heading("Questions to ask next");
        }
        for group in &self.questions {
            let all: Vec<&str> = group.items.iter().map(|open| open.id.as_str()).collect();
            let ids = format!("{}. {}", fitting(&all), group.ask);
            page.wrapped("  ", &format!("{} ({}): {ids}", group.title, all.len()));
        }
    }

    fn checking(&self, page: &mut Page) {
        page.heading("How to check this");
        for line in &self.verify {
            page.wrapped("  ", line);
        }
        let key = match &self.signed_by {
            Some(key) => format!(
                "It is signed with the key {key}: get the public key from the supplier by another \
                 route than this e-mail."
            ),
            None => "It is not signed: nothing shows who made it.".to_owned(),
        };
        page.wrapped(
            "",
            &format!(
                "That needs no network, sends nothing and derives every verdict again from the \
                 recorded calls. {key} index.html in the bundle shows each criterion with the calls \
                 behind it, and prints on one page."
            ),
        );
        if !self.verified.is_empty() {
            page.gap();
            page.wrapped("", &self.verified);
        }
    }
}

/// All ids where there is room for them, else those for which there is, and how many more.
fn fitting(ids: &[&str]) -> String {
    let all = ids.join(", ");
    if all.chars().count() <= IDS {
        return all;
    }
    let room = IDS - " and 1,000 more".len();
    let mut taken = 0;
    let shown = ids.iter().take_while(|id| {
        taken += id.chars().count() + 2;
        taken <= room
    });
    let shown: Vec<&str> = shown.copied().collect();
    format!("{} and {} more", shown.join(", "), words::number((ids.len() - shown.len()) as u64))
}

/// Text under way, no line of it longer than [`WIDTH`].
#[derive(Default)]
struct Page(String);

impl Page {
    fn gap(&mut self) {
        self.0.push('\n');
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.gap();
        self.line(heading);
        self.line(&"-".repeat(heading.chars().count()));
    }

    /// A text after a lead, below which its further lines begin. What it hides is seen, and a word
    /// that is too long for a line is broken.
    fn wrapped(&mut self, lead: &str, text: &str) {
        // A line of its own stays a word apart.
        let seen = |text: &str| visible(&text.replace(['\n', '\t'], " ")).into_owned();
        let (mut lead, mut text) = (seen(lead), seen(text));
        if lead.chars().count() > LEAD {
            text = format!("{lead} {text}");
            lead.clear();
        }
        let indent = lead.chars().count();
        let room = WIDTH - indent;
        let (mut line, mut width) = (lead, 0);
        for word in text.split_whitespace() {
            let letters: Vec<char> = word.chars().collect();
            for (piece, letters) in letters.chunks(room).enumerate() {
                let gap = usize::from(width > 0 && piece == 0);
                if width + gap + letters.len() > room {
                    self.line(&line);
                    (line, width) = (" ".repeat(indent), 0);
                }
                if width > 0 && gap > 0 {
                    line.push(' ');
                    width += 1;
                }
                line.extend(letters);
                width += letters.len();
            }
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_only_where_there_is_no_room_for_them() {
        let tests: Vec<String> = (1..=15).map(|n| format!("AT{n}")).collect();
        let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
        assert_eq!(fitting(&tests), tests.join(", "));
        let many = ["C-LIST-LIMIT-0"; 2_000];
        let text = fitting(&many);
        assert!(text.ends_with(" and 1,992 more") && text.chars().count() <= IDS, "{text}");
        assert_eq!(fitting(&["x"]), "x");
    }

    #[test]
    fn lines_are_wrapped_under_their_lead_and_long_words_are_broken() {
        let mut page = Page::default();
        page.wrapped("AT1   ", &format!("{} {}", "word ".repeat(20), "x".repeat(150)));
        assert!(page.0.lines().count() > 3);
        for (at, line) in page.0.lines().enumerate() {
            assert!(line.chars().count() <= WIDTH, "{line}");
            assert!(line.starts_with(if at == 0 { "AT1   word" } else { "      " }), "{line}");
        }
        assert_eq!(page.0.matches('x').count(), 150);
        let mut page = Page::default();
        page.wrapped("", "a\u{1b}[2J\nb\u{202e}");
        assert_eq!(page.0, "a\\u{1b}[2J b\\u{202e}\n");
        let mut page = Page::default();
        page.wrapped(&"AT".repeat(50), "hostile");
        assert!(page.0.lines().all(|line| line.chars().count() <= WIDTH), "{}", page.0);
    }
}
