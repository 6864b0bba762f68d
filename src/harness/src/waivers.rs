//! The waivers file: TOML, one `[[waiver]]` for each agreed exception.
//!
//! ```toml
//! [[waiver]]
//! id = "AT10.3"                     # the criterion (AT…, C-…, O-…) or finding (F-…)
//! reason = "R08 is sent for R10 until release 4.2"
//! agreed_by = "NHS Notify onboarding lead"
//! reference = "SUP-118"
//! date = 2026-11-02
//! expires = 2026-12-31
//! ```
//!
//! Refuses an entry that lacks anything of this, a criterion nobody knows, and two for the same.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use letterproof_judge::conformance::conformance_ids;
use letterproof_judge::observer_ids;
use letterproof_model::{CriterionId, Waiver, clause, decode_text, pack};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use letterproof_evidence::EvidenceError;

/// Longest waivers file read, in bytes.
const LIMIT: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waiver: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    reason: Spanned<String>,
    agreed_by: Spanned<String>,
    reference: Spanned<String>,
    date: Spanned<Day>,
    expires: Spanned<Day>,
}

/// A date, as TOML's own or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Day {
    Toml(Datetime),
    Text(String),
}

impl Day {
    fn read(&self) -> Option<Date> {
        match self {
            Self::Toml(day) => day.to_string().parse().ok(),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Reads a waivers file.
///
/// # Errors
/// When the file cannot be read or an entry is not as it must be; the message names the line.
pub fn read_waivers(path: &Path) -> Result<Vec<Waiver>, EvidenceError> {
    let io = EvidenceError::io("read", path, "give --waivers a TOML file you may read");
    let size = std::fs::metadata(path).map(|found| found.len());
    let text = match size {
        Ok(size) if size > LIMIT => Err(std::io::Error::other("it is longer than 1 MiB")),
        _ => std::fs::read(path).and_then(|bytes| Ok(decode_text(bytes)?)),
    }
    .map_err(io)?;
    Reader { path, text: &text }.waivers()
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn waivers(&self) -> Result<Vec<Waiver>, EvidenceError> {
        let file: File = toml::from_str(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.wrong(at, error.message().replace('\n', " "))
        })?;
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut waivers = Vec::new();
        for entry in file.waiver {
            let waiver = self.waiver(&entry)?;
            if let Some(line) = seen.insert(waiver.id.clone(), waiver.line) {
                let problem = format!("{} is waived at line {line} already", waiver.id);
                return Err(self.wrong(entry.span().start, problem));
            }
            waivers.push(waiver);
        }
        Ok(waivers)
    }

    fn waiver(&self, entry: &Spanned<Entry>) -> Result<Waiver, EvidenceError> {
        let line = self.line(entry.span().start);
        let entry = entry.as_ref();
        let date = self.day(&entry.date, "date")?;
        let expires = self.day(&entry.expires, "expires")?;
        if expires < date {
            let problem = format!("it expires on {expires}, before it was agreed on {date}");
            return Err(self.wrong(entry.expires.span().start, problem));
        }
        Ok(Waiver {
            id: self.id(&entry.id)?,
            reason: self.words(&entry.reason, "reason")?,
            agreed_by: self.words(&entry.agreed_by, "agreed_by")?,
            reference: self.words(&entry.reference, "reference")?,
            date,
            expires,
            line,
        })
    }

    fn id(&self, given: &Spanned<String>) -> Result<String, EvidenceError> {
        let id = given.as_ref().trim();
        let known = clause(&CriterionId::from(id)).is_some()
            || id.strip_prefix("F-").is_some_and(|rest| !rest.is_empty())
            || conformance_ids().chain(observer_ids()).any(|known| known == id);
        if known {
            return Ok(id.to_owned());
        }
        let near = nearest(id).map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let problem =
            format!("`{id}` is no criterion (AT4.2, C-…, O-…) and no finding (F-…){near}");
        Err(self.wrong(given.span().start, problem))
    }

    fn words(&self, given: &Spanned<String>, field: &str) -> Result<String, EvidenceError> {
        let text = given.as_ref().trim();
        if text.is_empty() {
            return Err(self.wrong(given.span().start, format!("`{field}` is empty")));
        }
        Ok(text.to_owned())
    }

    fn day(&self, given: &Spanned<Day>, field: &str) -> Result<Date, EvidenceError> {
        given.as_ref().read().ok_or_else(|| {
            let problem = format!("`{field}` is no date; write for example 2026-12-31");
            self.wrong(given.span().start, problem)
        })
    }

    fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(offset);
        u32::try_from(before.filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
    }

    fn wrong(&self, offset: usize, problem: String) -> EvidenceError {
        EvidenceError::Waivers {
            path: self.path.to_owned(),
            line: u64::from(self.line(offset)),
            problem,
        }
    }
}

/// The known criterion whose name is nearest.
fn nearest(id: &str) -> Option<&'static str> {
    let clauses = pack().iter().flat_map(|test| test.clauses).map(|clause| clause.id);
    let near = |known: &&str| strsim::damerau_levenshtein(known, &id.to_uppercase());
    let ids = clauses.chain(conformance_ids()).chain(observer_ids());
    ids.min_by_key(near).filter(|known| near(known) <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\
[[waiver]]
id = \"AT10.3\"
reason = \"until release 4.2\"
agreed_by = \"onboarding lead\"
reference = \"SUP-118\"
date = 2026-11-02
expires = \"2026-12-31\"
";

    fn read(text: &str) -> Result<Vec<Waiver>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waivers.toml");
        std::fs::write(&path, text).unwrap();
        read_waivers(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_of_another_editor_is_read_or_named() {
        let waivers = read(&format!("\u{feff}{WHOLE}").replace('\n', "\r\n")).unwrap();
        assert_eq!((waivers[0].line, waivers[0].reason.as_str()), (1, "until release 4.2"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waivers.toml");
        let wide = WHOLE.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        std::fs::write(&path, [&b"\xff\xfe"[..], &wide].concat()).unwrap();
        let error = read_waivers(&path).unwrap_err().to_string();
        assert!(error.contains("UTF-16"), "{error}");
    }

    #[test]
    fn an_entry_is_read_with_the_line_on_which_it_begins() {
        let waivers = read(&format!("# agreed with NHS\n\n{WHOLE}")).unwrap();
        assert_eq!((waivers.len(), waivers[0].id.as_str(), waivers[0].line), (1, "AT10.3", 3));
        assert_eq!(waivers[0].expires.to_string(), "2026-12-31");
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        for (from, to, line, told) in [
            ("AT10.3", "AT10.33", "line 2", "did you mean AT10.3"),
            ("AT10.3", "", "line 2", "no criterion"),
            ("until release 4.2", " ", "line 3", "`reason` is empty"),
            ("2026-11-02", "\"soon\"", "line 6", "no date"),
            ("2026-12-31", "2026-11-01", "line 7", "before it was agreed"),
            ("agreed_by", "agreed", "line 4", "unknown field"),
            ("reference = \"SUP-118\"\n", "", "line 1", "missing field `reference`"),
            ("[[waiver]]", "[[waivers]]", "line 1", "unknown field"),
        ] {
            let error = read(&WHOLE.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(line) && error.contains(told), "{to}: {error}");
        }
        let error = read(&format!("{WHOLE}\n{WHOLE}")).unwrap_err();
        assert!(error.contains("line 9") && error.contains("waived at line 1"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read_waivers(Path::new("no-such.toml")).unwrap_err().to_string();
        assert!(error.contains("no-such.toml") && error.contains("--waivers"), "{error}");
    }
}
