//! Who makes a request and which letter flow it belongs to.
//! Refuses dots in correlation ids: the gateway's logs cannot be searched for those.

use std::sync::Arc;

use letterproof_model::{Actor, CorrelationId, correlation_prefix};
use tokio::time::Instant;
use uuid::Uuid;

/// What requests of one letter flow share.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Who makes them.
    pub actor: Actor,
    /// The scenario under way: a hint for readers of the journal.
    pub scenario: Option<Arc<str>>,
    /// The value of `X-Correlation-ID`; none is sent when absent.
    pub correlation: Option<CorrelationId>,
    /// When its next request is due on the caller's own schedule (an open arrival model); `None`
    /// leaves it to the session's pacer.
    pub due: Option<Instant>,
}

impl Flow {
    /// A flow of the supplier with a fresh correlation id, which begins with `nonce` where one is
    /// given, so that NHS Notify can find the run in the gateway's logs.
    #[must_use]
    pub fn supplier(nonce: Option<&str>) -> Self {
        Self {
            actor: Actor::Supplier,
            scenario: None,
            correlation: Some(fresh_correlation(nonce)),
            due: None,
        }
    }

    /// A flow of the harness itself.
    #[must_use]
    pub fn harness(nonce: Option<&str>) -> Self {
        Self { actor: Actor::Harness, ..Self::supplier(nonce) }
    }

    /// The same flow under a scenario's name.
    #[must_use]
    pub fn in_scenario(mut self, scenario: &str) -> Self {
        self.scenario = Some(scenario.into());
        self
    }

    /// The same flow with its next request due at this time.
    #[must_use]
    pub fn due_at(mut self, due: Instant) -> Self {
        self.due = Some(due);
        self
    }

    /// The same actor and scenario with a correlation id of its own.
    #[must_use]
    pub fn renewed(&self, nonce: Option<&str>) -> Self {
        Self { correlation: Some(fresh_correlation(nonce)), ..self.clone() }
    }
}

fn fresh_correlation(nonce: Option<&str>) -> CorrelationId {
    let id = Uuid::new_v4();
    CorrelationId::new(match nonce.and_then(correlation_prefix) {
        Some(prefix) => format!("{prefix}-{id}"),
        None => id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_id_begins_with_the_nonce_and_holds_no_dot() {
        let flow = Flow::supplier(Some("window.1 run"));
        let id = flow.correlation.unwrap();
        assert!(id.as_str().starts_with("window-1-run-"), "{id}");
        assert!(!id.as_str().contains('.'));
    }

    #[test]
    fn two_flows_never_share_a_correlation_id() {
        let flow = Flow::supplier(None);
        assert_ne!(flow.correlation, flow.renewed(None).correlation);
    }
}
