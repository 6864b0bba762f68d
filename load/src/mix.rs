//! What is sent: the operations a profile may name, and in which order a mix takes them.
//! Refuses chance: the order follows from the weights alone, so that a run can be repeated and
//! what it uses up can be counted before it starts.

use letterproof_model::Operation;

/// An operation a mix may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LoadOperation {
    /// `GET /_status`.
    Status,
    /// `GET /letters`, which hides the letters it lists.
    List,
    /// `GET /letters/{id}`.
    Letter,
    /// `GET /letters/{id}/data`, and the download behind it.
    Data,
    /// `PATCH /letters/{id}` to ACCEPTED.
    Update,
    /// `POST /letters`: several letters to ACCEPTED.
    Bulk,
    /// `POST /mi`.
    Mi,
    /// `GET /mi/{id}`.
    MiRead,
}

impl LoadOperation {
    /// Every operation, in the order of profiles and announcements.
    pub const ALL: [Self; 8] = [
        Self::Status,
        Self::List,
        Self::Letter,
        Self::Data,
        Self::Update,
        Self::Bulk,
        Self::Mi,
        Self::MiRead,
    ];

    /// The word used in profiles and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        word(self.operation())
    }

    /// The API's operation.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::Status => Operation::Status,
            Self::List => Operation::ListLetters,
            Self::Letter => Operation::GetLetter,
            Self::Data => Operation::GetLetterData,
            Self::Update => Operation::PatchLetter,
            Self::Bulk => Operation::UpdateLetters,
            Self::Mi => Operation::CreateMi,
            Self::MiRead => Operation::GetMi,
        }
    }

    /// Whether it is about letters that must be known first.
    #[must_use]
    pub(crate) const fn needs_letters(self) -> bool {
        matches!(self, Self::Letter | Self::Data | Self::Update | Self::Bulk)
    }

    /// Whether a success has this status code. The sandbox answers `POST /mi` with 200 where the
    /// specification says 201.
    pub(crate) fn expects(self, status: u16) -> bool {
        match self {
            Self::Status | Self::List | Self::Letter | Self::MiRead => status == 200,
            Self::Data => status == 303,
            Self::Update | Self::Bulk => status == 202,
            Self::Mi => matches!(status, 200 | 201),
        }
    }
}

/// The word for an operation in records; calls around the API have words too.
pub(crate) const fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Status => "status",
        Operation::ListLetters => "list",
        Operation::UpdateLetters => "bulk",
        Operation::GetLetter => "letter",
        Operation::PatchLetter => "update",
        Operation::GetLetterData => "data",
        Operation::CreateMi => "mi",
        Operation::GetMi => "mi-read",
        Operation::Token => "token",
        Operation::Download => "download",
        Operation::Unknown => "unknown",
    }
}

/// Takes the operations of a mix in turn: each as often as its weight says, spread evenly.
#[derive(Debug, Clone)]
pub(crate) struct MixCursor {
    entries: Vec<(LoadOperation, f64, f64)>,
    total: f64,
}

impl MixCursor {
    /// Begins a mix of operations with weights that do not sum to nothing.
    pub(crate) fn new(weights: &[(LoadOperation, f64)]) -> Self {
        let entries = weights.iter().map(|(operation, weight)| (*operation, *weight, 0.0));
        Self { entries: entries.collect(), total: weights.iter().map(|(_, weight)| weight).sum() }
    }

    /// The next operation: the one that has waited longest for its share.
    pub(crate) fn next(&mut self) -> LoadOperation {
        for (_, weight, credit) in &mut self.entries {
            *credit += *weight;
        }
        let ahead = self.entries.iter_mut().max_by(|(_, _, one), (_, _, two)| one.total_cmp(two));
        match ahead {
            Some((operation, _, credit)) => {
                *credit -= self.total;
                *operation
            }
            None => LoadOperation::Status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_operation_comes_as_often_as_its_weight_says(
            weights in prop::collection::vec(0.1f64..50.0, 1..8),
            count in 1usize..2_000,
        ) {
            let mix: Vec<_> = LoadOperation::ALL.into_iter().zip(weights).collect();
            let total: f64 = mix.iter().map(|(_, weight)| weight).sum();
            let mut cursor = MixCursor::new(&mix);
            let taken: Vec<_> = (0..count).map(|_| cursor.next()).collect();
            for (operation, weight) in &mix {
                let seen = taken.iter().filter(|one| *one == operation).count() as f64;
                let due = count as f64 * weight / total;
                prop_assert!((seen - due).abs() <= mix.len() as f64, "{operation:?}: {seen} of {due}");
            }
        }
    }

    #[test]
    fn the_order_is_the_same_each_time_and_spread_evenly() {
        let mix = [(LoadOperation::Letter, 3.0), (LoadOperation::List, 1.0)];
        let take = || {
            let mut cursor = MixCursor::new(&mix);
            (0..8).map(|_| cursor.next().as_str()).collect::<Vec<_>>()
        };
        assert_eq!(take(), take());
        let lists = take().iter().filter(|word| **word == "list").count();
        assert_eq!(lists, 2);
        assert!(take()[..4].contains(&"list") && take()[4..].contains(&"list"));
    }
}
