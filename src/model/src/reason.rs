//! The return reasons R01 to R10 of AT10, each with its own text.
//! Refuses other codes: for every other status code and text are agreed case by case.

/// A return reason: its code and the text that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnReason {
    /// `R01` to `R10`.
    pub code: &'static str,
    /// The text that goes with the code.
    pub text: &'static str,
}

impl ReturnReason {
    /// The ten reasons of the pack (AT10), in order.
    pub const ALL: [Self; 10] = [
        Self { code: "R01", text: "Addressee gone away" },
        Self { code: "R02", text: "Address incomplete" },
        Self { code: "R03", text: "Address inaccessible" },
        Self { code: "R04", text: "Addressee unknown" },
        Self { code: "R05", text: "Addressee gone away/Refused" },
        Self { code: "R06", text: "Not called for" },
        Self { code: "R07", text: "No such address" },
        Self { code: "R08", text: "No reason given" },
        Self { code: "R09", text: "Deceased" },
        Self { code: "R10", text: "Miscellaneous" },
    ];
}

/// The text that belongs to a return code; `None` for any other code.
#[must_use]
pub fn return_reason_text(code: &str) -> Option<&'static str> {
    ReturnReason::ALL.iter().find(|reason| reason.code == code).map(|reason| reason.text)
}

/// A reason's text as it is compared: case, spaces and the kind of dash do not matter, nor a code
/// that stands before it as the pack's own list writes it.
#[must_use]
pub fn bare_reason(text: &str, code: &str) -> String {
    let text = plain(text);
    text.strip_prefix(&plain(code)).unwrap_or(&text).to_owned()
}

fn plain(text: &str) -> String {
    let dashes = ['-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}'];
    let kept = text.chars().filter(|c| !c.is_whitespace() && !dashes.contains(c));
    kept.flat_map(char::to_lowercase).collect()
}

/// Whether a text is one of the ten, as [`bare_reason`] compares them, whichever code it comes with.
#[must_use]
pub fn is_return_reason(text: &str) -> bool {
    // The longest of the ten, with a code before it, and dashes and spaces to spare.
    const LONGEST: usize = 64;
    if ReturnReason::ALL.iter().any(|reason| reason.text == text) {
        return true;
    }
    if text.len() > LONGEST {
        return false;
    }
    let text = plain(text);
    let without_code = ReturnReason::ALL.iter().find_map(|r| text.strip_prefix(&plain(r.code)));
    let text = without_code.unwrap_or(&text);
    ReturnReason::ALL.iter().any(|reason| plain(reason.text) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_known_in_whatever_case_and_with_whatever_dash() {
        for text in [
            "Addressee gone away",
            "ADDRESSEE  GONE AWAY",
            "R01 - Addressee gone away",
            "R05\u{2013}addressee gone away/refused",
            "R02 Deceased",
        ] {
            assert!(is_return_reason(text), "{text}");
        }
        for text in
            ["", "R01", "Addressee gone away to 12 Acacia Road", "Mrs Smith", "R11 Deceased"]
        {
            assert!(!is_return_reason(text), "{text}");
        }
        assert_eq!(bare_reason("R09 - Deceased", "R09"), "deceased");
    }

    #[test]
    fn a_reason_with_more_spaces_than_anyone_types_is_none() {
        for (length, known) in [(63, true), (64, true), (65, false), (66, false)] {
            assert_eq!(
                is_return_reason(&format!("{:<length$}", "R09 Deceased")),
                known,
                "{length}"
            );
        }
    }

    #[test]
    fn ten_codes_each_with_a_text_of_its_own() {
        let mut texts: Vec<_> = ReturnReason::ALL.iter().map(|r| r.text).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 10);
        assert_eq!(return_reason_text("R09"), Some("Deceased"));
        assert_eq!(return_reason_text("R11"), None);
    }
}
