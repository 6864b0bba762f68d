//! Goose around the work: users, scenario, metrics and its report.
//!
//! Goose has no open arrival model, so its throttle and its run time are not used: each of its
//! users takes the next arrival of the shared schedule, and ends when there is none. Requests go
//! through the session and are told to goose with their latency from the scheduled time.
//! Refuses what goose does by itself: controllers on open ports, logs and tables on stdout, and an
//! HTML report that loads a script from elsewhere.

use std::path::Path;
use std::sync::Arc;

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction, TransactionFunction};
use goose::metrics::GooseCoordinatedOmissionMitigation;
use goose::{GooseAttack, GooseError};

use super::work::Work;
use crate::LoadError;
use crate::record::file;

/// Users launched in a second: all are there before the schedule begins.
const LAUNCHED_PER_SECOND: u32 = 5_000;

/// Runs the work on so many of goose's users, until the last is done.
pub(super) async fn attack(work: Arc<Work>, users: u32, folder: &Path) -> Result<(), LoadError> {
    let refused = |error: GooseError| LoadError::Goose { problem: error.to_string() };
    let host = work.session.target().base_url.as_str().to_owned();
    let reports = file::GOOSE.map(|name| folder.join(name).display().to_string());
    let scenario = Scenario::new(&work.scenario).register_transaction(arrival(work));
    // No user has a client of its own: nothing is sent but through the session.
    let client = GooseClientBuilder::new().without_cookies();
    GooseAttack::initialize_with_config(configuration(host, users, reports.into()))
        .and_then(|attack| attack.set_client_builder_without_cookies(client))
        .map_err(refused)?
        .register_scenario(scenario)
        .execute()
        .await
        .map_err(refused)?;
    Ok(())
}

/// The transaction of every user: one arrival.
fn arrival(work: Arc<Work>) -> Transaction {
    let function: TransactionFunction = Arc::new(move |user| {
        let work = Arc::clone(&work);
        Box::pin(async move {
            let Some(done) = work.next().await else {
                // Goose ends a user after its iterations; this one has had its last.
                user.config.iterations = Some(1);
                return Ok(());
            };
            user.record_custom_request_duration(
                done.method,
                done.name,
                done.latency,
                done.failure.is_none(),
                done.status,
                done.failure.as_deref(),
            )
            .await
        })
    });
    Transaction::new(function).set_name("next arrival")
}

fn configuration(host: String, users: u32, reports: Vec<String>) -> GooseConfiguration {
    // Goose keeps some of its fields to itself, so that no literal can be written.
    let mut settings = GooseConfiguration::default();
    settings.host = Some(host);
    settings.users = Some(users as usize);
    settings.increase_rate = Some(LAUNCHED_PER_SECOND.to_string());
    settings.report_file = reports;
    settings.co_mitigation = Some(GooseCoordinatedOmissionMitigation::Disabled);
    // With its metrics reset once all users are there, goose says nothing of it on stdout; the
    // schedule begins after that.
    settings.no_reset_metrics = false;
    settings.no_print_metrics = true;
    settings.no_telnet = true;
    settings.no_websocket = true;
    settings.quiet = 2;
    settings
}
