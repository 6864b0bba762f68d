//! A gateway's log of calls, as it is exported: which column is which, and what each row says.
//! Every row is read or is an error: a call that is left out in silence would be missed by nobody.
//!
//! Comma-separated values as gateways and spreadsheets export them: rows of cells, each with its
//! line.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use letterproof_evidence::{EvidenceError, shown_name};
use letterproof_model::decode_text;

use crate::reconcile::{Fault, Said};

/// Largest log read, in bytes.
const LIMIT: u64 = 1 << 30;

/// A column: what it is for, and how exports call it, small letters and digits alone.
type Column = (&'static str, &'static [&'static str]);

const CORRELATION: Column = ("correlation_id", &["correlationid", "xcorrelationid", "correlation"]);
const REQUEST: Column = ("request_id", &["requestid", "xrequestid"]);
const TIME: Column = (
    "time",
    &[
        "time",
        "timestamp",
        "datetime",
        "date",
        "timeutc",
        "started",
        "requesttime",
        "requesttimestamp",
        "eventtime",
        "receivedat",
        "clientreceivedstarttimestamp",
    ],
);
const METHOD: Column =
    ("method", &["method", "verb", "requestmethod", "requestverb", "httpmethod"]);
const PATH: Column =
    ("path", &["path", "uri", "url", "requestpath", "requesturi", "requesturl", "urlpath"]);
const STATUS: Column = (
    "status",
    &["status", "statuscode", "responsestatus", "responsestatuscode", "responsecode", "httpstatus"],
);

/// A call as the gateway logged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logged {
    pub(super) line: u64,
    pub(super) said: Said,
}

/// Reads a gateway's log; `base_url` is the bundle's, by which paths are told.
pub(super) fn read(path: &Path, base_url: &str) -> Result<Vec<Logged>, EvidenceError> {
    let hint = "check that the file is there and readable";
    let io = |source| EvidenceError::Io { action: "read", path: path.to_owned(), source, hint };
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > LIMIT {
        return Err(EvidenceError::TooLarge { path: path.to_owned(), size, limit: LIMIT });
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let at = |Fault { line, problem }| EvidenceError::GatewayLog {
        path: path.to_owned(),
        line,
        problem,
    };
    let text =
        decode_text(bytes).map_err(|error| at(Fault { line: 1, problem: error.to_string() }))?;
    parse(&text, base_url).map_err(at)
}

fn parse(text: &str, base_url: &str) -> Result<Vec<Logged>, Fault> {
    let rows = rows(text)?;
    let Some(((line, head), rows)) = rows.split_first() else {
        return Err(Fault { line: 1, problem: "it is empty; export it again".to_owned() });
    };
    let columns = Columns::of(head).map_err(|problem| Fault { line: *line, problem })?;
    rows.iter().map(|row| columns.read(row, base_url)).collect()
}

struct Columns {
    correlation: usize,
    request: Option<usize>,
    time: usize,
    method: usize,
    path: usize,
    status: usize,
}

impl Columns {
    fn of(head: &[String]) -> Result<Self, String> {
        let find = |column| find(head, column);
        Ok(Self {
            correlation: find(CORRELATION)?,
            request: find(REQUEST).ok(),
            time: find(TIME)?,
            method: find(METHOD)?,
            path: find(PATH)?,
            status: find(STATUS)?,
        })
    }

    fn read(&self, (line, cells): &Row, base_url: &str) -> Result<Logged, Fault> {
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        let fault = |problem: String| Fault { line: *line, problem };
        let id = |at: usize| Some(cell(at)).filter(|id| !["", "-", "null"].contains(id));
        let quoted = |at: usize| shown_name(cell(at)).chars().take(60).collect::<String>();
        let at = time(cell(self.time)).ok_or_else(|| {
            let found = quoted(self.time);
            fault(format!("its time `{found}` cannot be read; write 2026-08-21T10:15:00Z"))
        })?;
        let status = match cell(self.status) {
            "" | "-" | "0" => None,
            text => Some(text.parse().ok().filter(|code| (100..=599).contains(code)).ok_or_else(
                || fault(format!("its status `{}` is not an HTTP status", quoted(self.status))),
            )?),
        };
        let (method, path) = (cell(self.method), cell(self.path));
        for (what, text) in [("method", method), ("path", path)] {
            if text.is_empty() {
                return Err(fault(format!("its {what} is empty")));
            }
        }
        let said = Said {
            at,
            method: method.to_ascii_uppercase(),
            path: plain_path(path, base_url),
            status,
            request_id: self.request.and_then(id).map(str::to_owned),
            correlation_id: id(self.correlation).map(str::to_owned),
        };
        Ok(Logged { line: *line, said })
    }
}

/// The column with one of these names, else the only one whose name is one letter off.
fn find(head: &[String], (wanted, known): Column) -> Result<usize, String> {
    let plain: Vec<String> = head
        .iter()
        .map(|name| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let places = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..plain.len()).filter(|at| fits(&plain[*at])).collect()
    };
    let exact = places(&|name| known.contains(&name));
    let near = |name: &str| known.iter().any(|known| strsim::osa_distance(name, known) == 1);
    let found = if exact.is_empty() { places(&|name| name.len() > 4 && near(name)) } else { exact };
    let named = |places: &mut dyn Iterator<Item = usize>| {
        let names: Vec<String> = places.map(|at| format!("`{}`", shown_name(&head[at]))).collect();
        names.join(", ")
    };
    match found.as_slice() {
        [at] => Ok(*at),
        [] => Err(format!(
            "no column is the {wanted}; the columns are {}; name one `{wanted}`",
            named(&mut (0..head.len()))
        )),
        more => Err(format!(
            "{} may all be the {wanted}; name one of them `{wanted}` and leave the others out",
            named(&mut more.iter().copied())
        )),
    }
}

/// A time as logs write it; one without an offset is UTC, a number is seconds or milliseconds since
/// 1970.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        return match number > 100_000_000_000 {
            true => Timestamp::from_millisecond(number).ok(),
            false => Timestamp::from_second(number).ok(),
        };
    }
    let offset = || Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text.replacen(' ', "T", 1)).ok();
    let plain = || {
        let civil: DateTime = text.trim_end_matches(" UTC").parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    text.parse().ok().or_else(offset).or_else(plain)
}

/// What follows the API's own path, without the query: `/letters`.
pub(super) fn plain_path(url: &str, base_url: &str) -> String {
    let after_host = |url: &str| match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or_else(String::new, |at| rest[at..].to_owned()),
        None => url.to_owned(),
    };
    let path = after_host(url.split(['?', '#']).next().unwrap_or(url));
    let base = after_host(base_url);
    let base = base.trim_end_matches('/');
    let rest = (!base.is_empty())
        .then(|| path.split_once(base).map(|(_, rest)| rest))
        .flatten()
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = rest.unwrap_or(&path).trim_end_matches('/');
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// A row and the line it begins on, counted from 1.
type Row = (u64, Vec<String>);

/// The rows of a text, blank lines left out. Cells are parted by the comma, semicolon or tab that
/// the first line has most of.
fn rows(text: &str) -> Result<Vec<Row>, Fault> {
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

    const BASE: &str = "https://int.example/nhs-notify-supplier";

    fn logged(text: &str) -> Vec<Logged> {
        parse(text, BASE).unwrap()
    }

    #[test]
    fn columns_are_known_by_many_names_and_in_any_order() {
        for head in [
            "correlation_id,time,method,path,status",
            "X-Correlation-ID,@timestamp,Verb,URI,Status Code",
            "corelation_id,Request Time,HTTP method,url,response_status_code",
        ] {
            let text = format!(
                "{head}\nc-1,2026-08-21T10:15:00Z,get,https://int.example/nhs-notify-supplier/letters?limit=5,200\n"
            );
            let found = logged(&text);
            assert_eq!(found[0].line, 2, "{head}");
            let Said { method, path, status, correlation_id, .. } = &found[0].said;
            assert_eq!((method.as_str(), path.as_str(), *status), ("GET", "/letters", Some(200)));
            assert_eq!(correlation_id.as_deref(), Some("c-1"));
        }
    }

    #[test]
    fn times_are_read_as_logs_write_them() {
        let expected: Timestamp = "2026-08-21T10:15:00.25Z".parse().unwrap();
        for text in [
            "2026-08-21T10:15:00.25Z",
            "2026-08-21 10:15:00.25",
            "2026-08-21T10:15:00.250",
            "2026-08-21 11:15:00.250+0100",
            "2026-08-21T11:15:00.250+01:00",
            "2026-08-21 10:15:00.250 UTC",
            "1787307300250",
        ] {
            assert_eq!(time(text), Some(expected), "{text}");
        }
        assert_eq!(time("1787307300").map(|at| at.as_second()), Some(expected.as_second()));
        for wrong in ["", "yesterday", "21/08/2026 10:15"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        let head = "correlation_id,time,method,path,status\n";
        for (text, line, words) in [
            (String::new(), 1, "is empty"),
            ("time,method,path,status\n".to_owned(), 1, "no column is the correlation_id"),
            ("url,uri,time,method,status,correlation_id\n".to_owned(), 1, "may all be the path"),
            (format!("{head}c,soon,GET,/letters,200\n"), 2, "its time `soon`"),
            (
                format!("{head}\nc,2026-08-21T10:15:00Z,GET,/letters,fine\n"),
                3,
                "not an HTTP status",
            ),
            (format!("{head}c,2026-08-21T10:15:00Z,,/letters,200\n"), 2, "its method is empty"),
        ] {
            let fault = parse(&text, BASE).unwrap_err();
            assert_eq!(fault.line, line, "{text}");
            assert!(fault.problem.contains(words), "{}", fault.problem);
        }
        let fault = parse(&format!("{head}c,\u{1b}[2J,GET,/letters,200\n"), BASE).unwrap_err();
        assert!(!fault.problem.contains('\u{1b}'), "{:?}", fault.problem);
    }

    #[test]
    fn a_path_is_what_follows_the_apis_own() {
        for (url, expected) in [
            ("/nhs-notify-supplier/letters/L1?x=1", "/letters/L1"),
            ("/int/nhs-notify-supplier/letters/", "/letters"),
            ("/letters", "/letters"),
            ("letters", "/letters"),
            ("https://int.example/oauth2/token", "/oauth2/token"),
            ("/nhs-notify-suppliers/letters", "/nhs-notify-suppliers/letters"),
        ] {
            assert_eq!(plain_path(url, BASE), expected, "{url}");
        }
        assert_eq!(plain_path("http://127.0.0.1:9/letters", "http://127.0.0.1:9"), "/letters");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_whole_or_refused_with_a_line_of_it(
            text in "([a-z0-9:.,;\t\"\u{e9}/T-]{0,12}[,;\n\r\"]){0,40}",
            with_head in proptest::bool::ANY,
        ) {
            let head = "correlation_id,time,method,path,status\n";
            let text = if with_head { format!("{head}{text}") } else { text };
            match parse(&text, BASE) {
                Ok(found) => assert!(found.len() < 2 + text.matches('\n').count()),
                Err(fault) => assert!((1..=1 + text.matches('\n').count() as u64).contains(&fault.line)),
            }
        }
    }

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
