//! The statuses of a letter, which moves a supplier may make between them, and the return reasons
//! R01 to R10 of AT10.
//!
//! The deployed API accepts every move, so this table only judges. For every status but RETURNED,
//! code and text are agreed case by case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A letter's status, as the API writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LetterStatus {
    /// Waiting to be fetched; only NHS Notify sets it.
    Pending,
    /// Taken on by the supplier.
    Accepted,
    /// Refused by the supplier before taking it on.
    Rejected,
    /// Printed.
    Printed,
    /// Put into its envelope.
    Enclosed,
    /// Stopped on NHS Notify's request.
    Cancelled,
    /// Handed to the postal carrier.
    Dispatched,
    /// Reported as delivered.
    Delivered,
    /// Could not be produced.
    Failed,
    /// Came back from the post.
    Returned,
    /// Passed on to a specialist supplier.
    Forwarded,
}

impl LetterStatus {
    /// Every status, in the order of the specification.
    pub const ALL: [Self; 11] = [
        Self::Pending,
        Self::Accepted,
        Self::Rejected,
        Self::Printed,
        Self::Enclosed,
        Self::Cancelled,
        Self::Dispatched,
        Self::Delivered,
        Self::Failed,
        Self::Returned,
        Self::Forwarded,
    ];

    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::Printed => "PRINTED",
            Self::Enclosed => "ENCLOSED",
            Self::Cancelled => "CANCELLED",
            Self::Dispatched => "DISPATCHED",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
            Self::Returned => "RETURNED",
            Self::Forwarded => "FORWARDED",
        }
    }

    /// The statuses a letter may have when a supplier moves it to this one (the pack's "eligible
    /// before" column, and FORWARDED→DELIVERED from its lifecycle diagram).
    #[must_use]
    pub const fn eligible_before(self) -> &'static [Self] {
        use LetterStatus::{
            Accepted, Delivered, Dispatched, Enclosed, Forwarded, Pending, Printed,
        };
        match self {
            Self::Pending => &[],
            Self::Accepted | Self::Rejected => &[Pending],
            Self::Printed | Self::Forwarded => &[Accepted],
            Self::Enclosed => &[Accepted, Printed],
            Self::Dispatched => &[Accepted, Printed, Enclosed],
            Self::Delivered => &[Accepted, Printed, Enclosed, Dispatched, Forwarded],
            Self::Returned => &[Dispatched, Delivered],
            Self::Cancelled | Self::Failed => &[Accepted, Forwarded, Printed, Enclosed],
        }
    }

    /// Whether an update to this status must carry a code and a text (AT9 to AT13).
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(
            self,
            Self::Rejected | Self::Cancelled | Self::Failed | Self::Returned | Self::Forwarded
        )
    }

    /// Whether the status says that the supplier produced something of the letter.
    #[must_use]
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Printed | Self::Enclosed | Self::Dispatched)
    }

    /// Whether production ends here: nothing may be printed, enclosed or dispatched afterwards.
    #[must_use]
    pub const fn ends_production(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled | Self::Failed | Self::Forwarded)
    }
}

impl fmt::Display for LetterStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no letter status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown letter status `{0}`")]
pub struct UnknownStatus(pub String);

impl FromStr for LetterStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// What a supplier's update from one status to another is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Move {
    /// The pack allows it.
    Eligible,
    /// The letter already has that status: no move, but a second update.
    Repeat,
    /// A move of the lifecycle that only NHS Notify makes.
    NotifyOnly,
    /// No move of the lifecycle.
    Illegal,
}

/// Judges a supplier's move of a letter by the pack's table.
#[must_use]
pub fn judge_move(from: LetterStatus, to: LetterStatus) -> Move {
    if to.eligible_before().contains(&from) {
        Move::Eligible
    } else if from == to {
        Move::Repeat
    } else if from == LetterStatus::Rejected
        && matches!(to, LetterStatus::Pending | LetterStatus::Failed)
    {
        Move::NotifyOnly
    } else {
        Move::Illegal
    }
}

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
    fn the_transition_table_is_the_one_that_was_reviewed() {
        let mut table = String::from("from \\ to  ");
        for to in LetterStatus::ALL {
            table.push_str(&format!(" {:<10}", to.as_str()));
        }
        for from in LetterStatus::ALL {
            table.push_str(&format!("\n{:<11}", from.as_str()));
            for to in LetterStatus::ALL {
                let word = match judge_move(from, to) {
                    Move::Eligible => "eligible",
                    Move::Repeat => "repeat",
                    Move::NotifyOnly => "notify",
                    Move::Illegal => "-",
                };
                table.push_str(&format!(" {word:<10}"));
            }
        }
        let table: String = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_flow_of_the_pack_is_made_of_eligible_moves() {
        for flow in [
            "PENDING ACCEPTED PRINTED ENCLOSED DISPATCHED DELIVERED",
            "PENDING ACCEPTED PRINTED DISPATCHED DELIVERED",
            "PENDING ACCEPTED ENCLOSED DISPATCHED DELIVERED",
            "PENDING ACCEPTED DISPATCHED",
            "PENDING REJECTED",
            "PENDING ACCEPTED CANCELLED",
            "PENDING ACCEPTED PRINTED CANCELLED",
            "PENDING ACCEPTED PRINTED ENCLOSED CANCELLED",
            "PENDING ACCEPTED FAILED",
            "PENDING ACCEPTED PRINTED FAILED",
            "PENDING ACCEPTED PRINTED ENCLOSED FAILED",
            "PENDING ACCEPTED FORWARDED",
            "PENDING ACCEPTED DISPATCHED RETURNED",
            "PENDING ACCEPTED DISPATCHED DELIVERED RETURNED",
        ] {
            let statuses: Vec<LetterStatus> =
                flow.split(' ').map(|word| word.parse().unwrap()).collect();
            for pair in statuses.windows(2) {
                assert_eq!(judge_move(pair[0], pair[1]), Move::Eligible, "{flow}: {pair:?}");
            }
        }
    }

    #[test]
    fn moves_the_pack_names_as_not_expected_are_illegal() {
        use LetterStatus::{Accepted, Dispatched, Failed, Pending};
        assert_eq!(judge_move(Accepted, Pending), Move::Illegal);
        assert_eq!(judge_move(Dispatched, Failed), Move::Illegal);
    }

    fn those(what: impl Fn(LetterStatus) -> bool) -> Vec<LetterStatus> {
        LetterStatus::ALL.into_iter().filter(|status| what(*status)).collect()
    }

    #[test]
    fn the_statuses_of_at9_to_at13_need_a_reason() {
        use LetterStatus::{Cancelled, Failed, Forwarded, Rejected, Returned};
        let expected = [Rejected, Cancelled, Failed, Returned, Forwarded];
        assert_eq!(those(LetterStatus::needs_reason), expected);
    }

    #[test]
    fn what_ends_production_can_be_followed_by_no_production() {
        use LetterStatus::{Cancelled, Dispatched, Enclosed, Failed, Forwarded, Printed, Rejected};
        let production = those(LetterStatus::is_production);
        assert_eq!(production, [Printed, Enclosed, Dispatched]);
        let ends = those(LetterStatus::ends_production);
        assert_eq!(ends, [Rejected, Cancelled, Failed, Forwarded]);
        for (end, next) in
            ends.iter().flat_map(|end| production.iter().map(move |next| (*end, *next)))
        {
            assert_eq!(judge_move(end, next), Move::Illegal, "{end} to {next}");
        }
    }

    #[test]
    fn a_status_reads_back_what_it_writes() {
        for status in LetterStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn what_is_no_status_is_refused_by_name() {
        for text in ["accepted", "ACCEPTED ", "", "LOST"] {
            assert_eq!(text.parse::<LetterStatus>(), Err(UnknownStatus(text.to_owned())));
        }
    }

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
