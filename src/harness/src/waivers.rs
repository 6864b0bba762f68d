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

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use letterproof_judge::conformance::conformance_ids;
use letterproof_judge::observer_ids;
use letterproof_model::{Waiver, nearest, pack};
use letterproof_toml::{Problems, Table, Value, read_file};

/// Reads a waivers file.
///
/// # Errors
/// When the file cannot be read or an entry is not as it must be; each problem names its line.
pub fn read_waivers(path: &Path) -> Result<Vec<Waiver>, Problems> {
    read_file(path, "give --waivers a TOML file you may read", |top| {
        let entries = top.tables("waiver").unwrap_or_default();
        let waivers: Vec<Option<Waiver>> = entries.iter().map(waiver).collect();
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for (entry, waiver) in entries.iter().zip(&waivers) {
            let Some(waiver) = waiver else { continue };
            if let Some(line) = seen.insert(&waiver.id, waiver.line) {
                entry.problem("id", format!("the same is already waived at line {line}"));
            }
        }
        waivers.into_iter().collect()
    })
}

fn waiver(entry: &Table<'_>) -> Option<Waiver> {
    let entry = entry.required();
    let words = |name| Some(entry.text(name)?.trim().to_owned());
    let day = |name| entry.value(name, "a date such as 2026-12-31", Value::date);
    let (date, expires): (Option<Date>, Option<Date>) = (day("date"), day("expires"));
    if let (Some(date), Some(expires)) = (date, expires)
        && expires < date
    {
        let said = format!("it expires on {expires}, before it was agreed on {date}");
        entry.problem("expires", said);
    }
    let (id, reason) = (entry.parsed("id", known), words("reason"));
    let (agreed_by, reference) = (words("agreed_by"), words("reference"));
    Some(Waiver {
        id: id?,
        reason: reason?,
        agreed_by: agreed_by?,
        reference: reference?,
        date: date?,
        expires: expires?,
        line: entry.line(),
    })
}

/// The id of a criterion that is known, or of a finding.
fn known(id: &str) -> Result<String, String> {
    let id = id.trim();
    let known = id.strip_prefix("F-").is_some_and(|rest| !rest.is_empty())
        || known_ids().any(|known| known == id);
    if known {
        return Ok(id.to_owned());
    }
    let near = nearest(id, known_ids());
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!("this is not the id of a criterion (AT4.2, C-…, O-…) or of a finding (F-…){near}"))
}

/// The ids of all that can be waived but findings.
fn known_ids() -> impl Iterator<Item = &'static str> {
    let clauses = pack().iter().flat_map(|test| test.clauses).map(|clause| clause.id);
    clauses.chain(conformance_ids()).chain(observer_ids())
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
        for (from, to, told) in [
            (
                "AT10.3",
                "AT10.33",
                "2: field `waiver.id`: this is not the id of a criterion (AT4.2, C-…, O-…) or of a \
                 finding (F-…); did you mean `AT10.3`?",
            ),
            (
                "AT10.3",
                "at10.3",
                "2: field `waiver.id`: this is not the id of a criterion (AT4.2, C-…, O-…) or of a \
                 finding (F-…); did you mean `AT10.3`?",
            ),
            ("AT10.3", "", "2: field `waiver.id`: expected some text in quotes"),
            ("AT10.3", "F-", "2: field `waiver.id`: this is not the id of a criterion"),
            ("until release 4.2", " ", "3: field `waiver.reason`: expected some text in quotes"),
            (
                "2026-11-02",
                "\"soon\"",
                "6: field `waiver.date`: expected a date such as 2026-12-31",
            ),
            (
                "2026-12-31",
                "2026-11-01",
                "7: field `waiver.expires`: it expires on 2026-11-01, before it was agreed on \
                 2026-11-02",
            ),
            (
                "agreed_by",
                "agreed",
                "4: field `waiver.agreed`: no such field; did you mean `agreed_by`?",
            ),
            ("reference = \"SUP-118\"\n", "", "1: field `waiver.reference`: it is missing"),
            (
                "[[waiver]]",
                "[[waivers]]",
                "1: field `waivers`: no such field; did you mean `waiver`?",
            ),
        ] {
            let error = read(&WHOLE.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(&format!("waivers.toml:{told}")), "{to}: {error}");
        }
        let error = read(&format!("{WHOLE}\n{WHOLE}")).unwrap_err();
        assert!(
            error.contains(
                "waivers.toml:10: field `waiver.id`: the same is already waived at line 1"
            ),
            "{error}"
        );
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let wrong = WHOLE.replace("AT10.3", "AT99").replace("2026-12-31", "soon");
        assert_eq!(read(&wrong).unwrap_err().lines().count(), 2);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read_waivers(Path::new("no-such.toml")).unwrap_err().to_string();
        assert!(error.contains("no-such.toml") && error.contains("--waivers"), "{error}");
    }
}
