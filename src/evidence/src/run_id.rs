//! Run ids: sortable by time, unique enough, and a folder name on every system.
//! Refuses colons, spaces and capitals that differ only in case: Windows could not store them.

use aws_lc_rs::rand;
use letterproof_model::{RunId, Timestamp};

use crate::EvidenceError;
use crate::digest::hex;

/// A new run id, such as `20260821t101500z-3f9a2c`: the UTC second it began and six random digits.
///
/// # Errors
/// When the system gives no random numbers.
pub fn new_run_id(started: Timestamp) -> Result<RunId, EvidenceError> {
    let mut random = [0_u8; 3];
    rand::fill(&mut random).map_err(|_| EvidenceError::Random)?;
    Ok(RunId::new(format!("{}-{}", started.strftime("%Y%m%dt%H%M%Sz"), hex(&random))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_sort_by_time_and_are_plain_file_names() {
        let early = new_run_id("2026-08-21T10:15:00Z".parse().unwrap()).unwrap();
        let late = new_run_id("2026-08-21T10:15:01Z".parse().unwrap()).unwrap();
        assert!(early.as_str().starts_with("20260821t101500z-"));
        assert!(early < late);
        assert!(early.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    }

    #[test]
    fn two_runs_of_one_second_differ() {
        let started = "2026-08-21T10:15:00Z".parse().unwrap();
        assert_ne!(new_run_id(started).unwrap(), new_run_id(started).unwrap());
    }
}
