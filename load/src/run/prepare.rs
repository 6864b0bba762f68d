//! Before the first scheduled request: reach the target, list letters, create a first record.
//! Refuses to begin a load that could only fail.

use letterproof_client::{Flow, Session};
use letterproof_model::Exchange;

use super::call::mi_record;
use super::stock::Stock;
use crate::LoadError;
use crate::mix::LoadOperation;
use crate::plan::AttackPlan;
use crate::record::{Label, Part, labelled};

/// Reaches the target and gathers what the mix works on.
pub(super) async fn prepare(
    plan: &AttackPlan,
    session: &Session,
    agree: &Agree,
) -> Result<Stock, LoadError> {
    let flow =
        Flow::harness(session.nonce()).in_scenario(&format!("load {}: before", plan.profile.name));
    labelled(Label::of(Part::Prepare), gather(plan, session, &flow, agree)).await
}

/// Whether the load may begin, by the target's first answer.
type Agree = dyn Fn(&Exchange) -> Result<(), Vec<String>> + Send + Sync;

async fn gather(
    plan: &AttackPlan,
    session: &Session,
    flow: &Flow,
    agree: &Agree,
) -> Result<Stock, LoadError> {
    let first = session.preflight(flow).await?;
    agree(&first).map_err(LoadError::NotAgreed)?;
    let listed = if plan.profile.needs_letters() {
        let answer = session.list_letters(flow, Some(plan.profile.letters)).await?;
        let letters = answer.value.map(|list| list.data).unwrap_or_default();
        if letters.is_empty() {
            return Err(LoadError::NoLetters {
                profile: plan.profile.name.clone(),
                url: answer.exchange.request.url.clone(),
                hidden_for: session.target().visibility_timeout.as_secs(),
            });
        }
        letters
    } else {
        Vec::new()
    };
    let stock = Stock::new(listed);
    if plan.profile.mix.has(LoadOperation::MiRead) {
        let answer = session.create_mi(flow, &mi_record()).await?;
        if let Some(document) = answer.value {
            stock.created(document.data.id);
        }
    }
    Ok(stock)
}
