//! Whom messages reach, and how: plans and patients, from a file that people write.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use letterproof_toml::{Problems, Table, read_file, read_text};

/// A way of reaching somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The NHS App.
    NhsApp,
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// Letter.
    Letter,
}

impl Channel {
    /// Every channel, in the order in which plans usually try them.
    pub const ALL: [Self; 4] = [Self::NhsApp, Self::Email, Self::Sms, Self::Letter];

    /// The API's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NhsApp => "nhsapp",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Letter => "letter",
        }
    }

    /// What may come of trying it: the first is what comes where nothing is said.
    const fn outcomes(self) -> &'static [&'static str] {
        match self {
            Self::NhsApp => &["read", "unread", "unnotified", "rejected"],
            Self::Email | Self::Sms => {
                &["delivered", "temporary_failure", "permanent_failure", "technical_failure", "missing"]
            }
            Self::Letter => &[
                "received",
                "cancelled",
                "virus_scan_failed",
                "validation_failed",
                "technical_failure",
                "permanent_failure",
                "missing",
            ],
        }
    }
}

/// A routing plan: which channels are tried one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its id, a UUID in lower case.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The channels, in the order in which they are tried.
    pub channels: Vec<Channel>,
    /// How long a message may lie unread in the App before the next channel is tried.
    pub read_within: Duration,
}

/// What comes of messages to a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// The end of the code with which messages fail before any channel is tried, such as `PDSV_0006`.
    pub enrichment: Option<String>,
    /// What each channel comes to, in the order of [`Channel::ALL`].
    outcomes: [&'static str; 4],
}

impl Default for Patient {
    fn default() -> Self {
        Self { enrichment: None, outcomes: Channel::ALL.map(|channel| channel.outcomes()[0]) }
    }
}

impl Patient {
    /// What trying a channel comes to, in the suppliers' words; `missing` where there is no contact detail.
    #[must_use]
    pub const fn outcome(&self, channel: Channel) -> &'static str {
        self.outcomes[channel as usize]
    }
}

/// All plans and patients of a mock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    plans: Vec<Plan>,
    patients: HashMap<String, Patient>,
    /// Everybody who is not named.
    others: Patient,
}

/// Codes with which a message may fail before any channel is tried.
const ENRICHMENT: [&str; 8] = [
    "PDSV_0001", "PDSV_0002", "PDSV_0004", "PDSV_0006", "PDSV_0008", "PDSV_0110", "PDSV_0111",
    "PDSV_0112",
];

/// The plans of the public sandbox and those for free text, and patients for each outcome.
const BUILT_IN: &str = include_str!("people.toml");

impl People {
    /// The plans and patients a mock has where nothing else is said.
    ///
    /// # Errors
    /// Never, unless this build is broken.
    pub fn built_in() -> Result<Self, Problems> {
        read_text(BUILT_IN, "people.toml of this build", read)
    }

    /// Reads plans and patients from a file.
    ///
    /// # Errors
    /// When the file cannot be read or has problems; all are told at once.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        read_file(path, "name a file with [[plan]] and [[patient]] tables", read)
    }

    /// The plan of an id, which is compared to the letter as the deployed API does.
    #[must_use]
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// What comes of messages to an NHS number; `None` stands for a recipient without one.
    #[must_use]
    pub fn patient(&self, nhs_number: Option<&str>) -> &Patient {
        nhs_number.and_then(|number| self.patients.get(number)).unwrap_or(&self.others)
    }
}

fn read(table: &Table<'_>) -> Option<People> {
    let plans: Vec<Option<Plan>> =
        table.required().tables("plan")?.iter().map(read_plan).collect();
    let mut patients = HashMap::new();
    for table in table.tables("patient").unwrap_or_default() {
        let number = table.required().text("nhs_number");
        let patient = read_patient(&table);
        if let Some(number) = number
            && patients.insert(number.to_owned(), patient).is_some()
        {
            table.problem("nhs_number", "stands here twice; give each patient one table");
        }
    }
    let others = read_patient(&table.table("others"));
    Some(People { plans: plans.into_iter().collect::<Option<_>>()?, patients, others })
}

fn read_plan(table: &Table<'_>) -> Option<Plan> {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let needed = table.required();
    let (id, names) = (needed.text("id"), needed.words("channels", &["nhsapp", "email", "sms", "letter"]));
    let channels = names?.into_iter().filter_map(|name| {
        Channel::ALL.into_iter().find(|channel| channel.name() == name)
    });
    Some(Plan {
        name: table.text("name").unwrap_or("routing-plan-name").to_owned(),
        read_within: table.time("read_within").unwrap_or(DAY),
        channels: channels.collect(),
        id: id?.to_owned(),
    })
}

fn read_patient(table: &Table<'_>) -> Patient {
    let mut patient = Patient {
        enrichment: table.word("enrichment", &ENRICHMENT).map(str::to_owned),
        ..Patient::default()
    };
    for channel in Channel::ALL {
        if let Some(word) = table.word(channel.name(), channel.outcomes()) {
            patient.outcomes[channel as usize] = word;
        }
    }
    patient
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_plans_and_patients_are_read() {
        let people = People::built_in().unwrap();
        let plan = people.plan("00000000-0000-0000-0000-000000000007").unwrap();
        assert_eq!(plan.channels, [Channel::NhsApp, Channel::Sms]);
        assert_eq!(plan.read_within, Duration::from_secs(4 * 3_600));
        assert_eq!(people.patient(None), &Patient::default());
        assert_eq!(people.patient(Some("9990000042")).enrichment.as_deref(), Some("PDSV_0006"));
    }

    #[test]
    fn every_mistake_in_a_file_is_told_with_the_near_word() {
        let text = "[[plan]]\nid = \"a\"\nchannels = [\"nhsap\"]\n[[patient]]\nnhs_number = \"1\"\nemail = \"bounced\"\n";
        let told = read_text(text, "people.toml", read).unwrap_err().to_string();
        assert!(told.contains("people.toml:3") && told.contains("nhsapp"), "{told}");
        assert!(told.contains("people.toml:6") && told.contains("permanent_failure"), "{told}");
    }
}
