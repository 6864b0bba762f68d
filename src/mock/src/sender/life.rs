//! What becomes of a message, from its plan and its patient: the same for whoever reads it and for
//! whoever is called back.
//!
//! The statuses are documented; the order in which a message passes through them, and all times, are
//! assumed.

use std::time::Duration;

use super::patients::{Channel, Patient, Plan};

/// Why a message or a channel failed: the end of its code, where it has one, and the words.
pub(crate) type Reason = (&'static str, &'static str);

/// What happens to a message at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The message has a new status.
    Message { status: &'static str, reason: Option<Reason> },
    /// A channel has a new status, or its supplier has.
    Channel {
        /// Which of the plan's channels, from 0.
        at: usize,
        channel: Channel,
        status: &'static str,
        supplier: Option<&'static str>,
        reason: Option<Reason>,
    },
}

/// Everything that happens to one message, in order, each with the time since it was created.
pub(crate) type Life = Vec<(Duration, Happening)>;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const ENRICHED_AFTER: Duration = Duration::from_secs(20);

/// Reasons by the end of their code, in our words.
const REASONS: [Reason; 10] = [
    ("PDSV_0001", "Failed reason: a contact detail is malformed"),
    ("PDSV_0002", "Failed reason: a contact detail is missing"),
    ("PDSV_0004", "Failed reason: the NHS number was not found"),
    ("PDSV_0006", "Failed reason: the patient is not in PDS"),
    ("PDSV_0008", "Failed reason: the patient's record is invalid"),
    ("PDSV_0110", "Failed reason: the patient has an exit code"),
    ("PDSV_0111", "Failed reason: the patient has died, informally told"),
    ("PDSV_0112", "Failed reason: the patient has died"),
    ("SUPE_0007", "Failed reason: the supplier could not deliver the message"),
    ("", "The message was not read in the time given"),
];

fn reason(code: &str) -> Option<Reason> {
    REASONS.into_iter().find(|reason| reason.0 == code)
}

/// What trying a channel looks like: the time since it began, its status and its supplier's.
type Step = (Duration, &'static str, Option<&'static str>);

/// The steps of a channel, the last of which ends it, and the code with which it fails.
fn steps(plan: &Plan, channel: Channel, outcome: &'static str) -> (Vec<Step>, Option<&'static str>) {
    if outcome == "missing" {
        return (vec![(SECOND, "failed", None)], Some("PDSV_0002"));
    }
    let mut steps: Vec<Step> = vec![(2 * SECOND, "sending", None)];
    let mut code = Some("SUPE_0007");
    let mut step = |after: Duration, status: &'static str, supplier: &'static str| {
        steps.push((after, status, Some(supplier)));
    };
    match (channel, outcome) {
        (Channel::NhsApp, "read" | "unread") => {
            step(5 * SECOND, "sending", "delivered");
            step(8 * SECOND, "sending", "notified");
            if outcome == "read" {
                step(10 * MINUTE, "delivered", "read");
                code = None;
            } else {
                steps.push((plan.read_within, "failed", None));
                code = Some("");
            }
        }
        (Channel::NhsApp, _) => step(10 * SECOND, "failed", outcome),
        (Channel::Email | Channel::Sms, "delivered") => {
            step(30 * SECOND, "delivered", "delivered");
            code = None;
        }
        // A supplier tries for three days before it gives up.
        (Channel::Email | Channel::Sms, "temporary_failure") => step(3 * DAY, "failed", outcome),
        (Channel::Email | Channel::Sms, _) => step(MINUTE, "failed", outcome),
        (Channel::Letter, "virus_scan_failed") => step(HOUR, "failed", outcome),
        (Channel::Letter, _) => {
            step(HOUR, "sending", "pending_virus_check");
            match outcome {
                "received" => {
                    step(2 * HOUR, "sending", "accepted");
                    step(3 * DAY, "delivered", "received");
                    code = None;
                }
                "cancelled" | "permanent_failure" => {
                    step(2 * HOUR, "sending", "accepted");
                    step(DAY, "failed", outcome);
                }
                _ => step(90 * MINUTE, "failed", outcome),
            }
        }
    }
    (steps, code)
}

/// What happens to a message by a plan to a patient.
pub(crate) fn life(plan: &Plan, patient: &Patient) -> Life {
    let message = |status, reason| Happening::Message { status, reason };
    let mut life = vec![(SECOND, message("pending_enrichment", None))];
    if let Some(code) = &patient.enrichment {
        life.push((ENRICHED_AFTER, message("failed", reason(code))));
        return life;
    }
    life.push((ENRICHED_AFTER, message("enriched", None)));
    let mut begin = ENRICHED_AFTER;
    let mut sending = false;
    let mut why = None;
    for (at, channel) in plan.channels.iter().copied().enumerate() {
        let on = |status, supplier, reason| Happening::Channel { at, channel, status, supplier, reason };
        life.push((begin, on("created", None, None)));
        let (steps, code) = steps(plan, channel, patient.outcome(channel));
        let last = steps.len() - 1;
        for (number, (after, status, supplier)) in steps.into_iter().enumerate() {
            let ended = code.filter(|_| number == last).and_then(reason);
            life.push((begin + after, on(status, supplier, ended)));
            if status == "sending" && !sending {
                sending = true;
                life.push((begin + after, message("sending", None)));
            }
            if number == last {
                begin += after;
            }
        }
        match code {
            None => {
                life.push((begin, message("delivered", None)));
                return life;
            }
            Some(code) => why = reason(code),
        }
    }
    life.push((begin, message("failed", why)));
    life
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::patients::People;
    use super::*;

    fn statuses(plan: &str, number: &str) -> Vec<String> {
        let people = People::built_in().unwrap();
        let life = life(people.plan(plan).unwrap(), people.patient(Some(number)));
        assert!(life.is_sorted_by_key(|(at, _)| *at), "{life:?}");
        let told = life.into_iter().map(|(_, happening)| match happening {
            Happening::Message { status, .. } => status.to_owned(),
            Happening::Channel { channel, status, supplier, .. } => {
                format!("{} {status} {}", channel.name(), supplier.unwrap_or("-"))
            }
        });
        told.collect()
    }

    const ALL: &str = "b838b13c-f98c-4def-93f0-515d4e4f4ee1";

    #[test]
    fn a_message_that_is_read_in_the_app_goes_no_further() {
        assert_eq!(
            statuses(ALL, "9990548609"),
            [
                "pending_enrichment",
                "enriched",
                "nhsapp created -",
                "nhsapp sending -",
                "sending",
                "nhsapp sending delivered",
                "nhsapp sending notified",
                "nhsapp delivered read",
                "delivered",
            ]
        );
    }

    #[test]
    fn each_channel_that_fails_is_followed_by_the_next() {
        let told = statuses(ALL, "9990000166");
        let ends: Vec<&String> = told.iter().filter(|it| it.contains("failed") || it.contains("deliv")).collect();
        assert_eq!(
            ends,
            ["nhsapp failed rejected", "email failed -", "sms failed -", "letter delivered received", "delivered"]
        );
        assert_eq!(statuses(ALL, "9990000174").last().unwrap(), "failed");
    }

    #[test]
    fn who_cannot_be_found_is_not_tried() {
        assert_eq!(statuses(ALL, "9990000042"), ["pending_enrichment", "failed"]);
    }
}
