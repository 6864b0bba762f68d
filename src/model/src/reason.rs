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

#[cfg(test)]
mod tests {
    use super::*;

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
