//! The phrases of the features: each a sentence about a print house, bound to one action.
//! Refuses loops, JSON and assertions: what a phrase needs is an action of the supplier or a judge.

use std::str::FromStr;

use cucumber::gherkin::Step;
use cucumber::{Parameter, given, then, when};
use letterproof_client::{LetterFilter, Reason, Reasons, letter_ids};
use letterproof_model::{LetterStatus, UnknownStatus};

use crate::counts::Count;
use crate::house::{PrintHouse, Share, StepError, Way};
use crate::sizes::agreed;

/// A letter status in a phrase.
#[derive(Debug, Clone, Copy, Parameter)]
#[param(name = "status", regex = "[A-Z]+")]
pub(crate) struct Status(pub(crate) LetterStatus);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

type Done = Result<(), StepError>;

#[given("a supplier with credentials for this target")]
fn a_supplier(house: &mut PrintHouse) -> Done {
    house.supplier().map(|_| ())
}

#[given("every letter seeded is waiting and visible")]
#[given("the supplier has letters waiting that show in a list")]
async fn letters_show(house: &mut PrintHouse) -> Done {
    let waited = house.supplier()?.wait_until_listed_letters_show_again().await;
    house.noted(waited).map(|_| ())
}

#[given("the supplier has received its daily list")]
#[when("the supplier receives its daily list unless it holds it already")]
async fn has_daily_list(house: &mut PrintHouse) -> Done {
    let supplier = house.supplier()?;
    let list = supplier.receive_daily_list_if_stale().await;
    house.listed = letter_ids(&house.noted(list)?);
    Ok(())
}

#[given(expr = "the supplier has accepted {count} ordinary letters")]
async fn has_accepted_ordinary(house: &mut PrintHouse, n: Count) -> Done {
    let taken = house.supplier()?.take_accepted(n.into(), LetterFilter::Standard).await;
    house.letters = house.noted(taken)?;
    Ok(())
}

#[given(expr = "the supplier has accepted {count} letters in accessible formats")]
async fn has_accepted_accessible(house: &mut PrintHouse, n: Count) -> Done {
    let taken = house.supplier()?.take_accepted(n.into(), LetterFilter::Accessible).await;
    house.letters = house.noted(taken)?;
    Ok(())
}

#[given(expr = "the supplier has accepted {count} letters that turn out damaged or too long")]
async fn has_accepted_unproducible(house: &mut PrintHouse, n: Count) -> Done {
    let taken = house.supplier()?.accept_unproducible(n.into()).await;
    house.noted(taken).map(|_| ())
}

#[given("the supplier has no decision under way that a list would not show")]
async fn decisions_show(house: &mut PrintHouse) -> Done {
    let waited = house.supplier()?.wait_until_decisions_show().await;
    house.noted(waited)
}

#[given("the supplier has found the letters that it cannot accept")]
async fn has_found_unfit(house: &mut PrintHouse) -> Done {
    let unfit = house.supplier()?.take_unfit().await;
    house.unfit = house.noted(unfit)?;
    Ok(())
}

#[given(expr = "the supplier has dispatched letters, at least {count}")]
async fn has_dispatched(house: &mut PrintHouse, n: Count) -> Done {
    let dispatched = house.supplier()?.have_dispatched(n.into()).await;
    house.noted(dispatched)
}

#[given("the queue is seeded again where the target allows it")]
#[when("the queue is seeded again where the target allows it")]
async fn seeded_anew(house: &mut PrintHouse) -> Done {
    let seeded = house.seed_anew().await;
    house.noted(seeded)
}

#[when("the supplier asks whether the service is up")]
async fn asks_service(house: &mut PrintHouse) -> Done {
    let answer = house.supplier()?.check_service().await;
    house.noted(answer).map(|_| ())
}

#[when("the supplier looks whether there is a letter to print")]
async fn looks_for_a_letter(house: &mut PrintHouse) -> Done {
    let list = house.supplier()?.list(Some(1)).await;
    house.listed = letter_ids(&house.noted(list)?);
    Ok(())
}

#[when("the supplier receives its daily list")]
#[when("the supplier receives its daily list again at once")]
async fn receives_daily_list(house: &mut PrintHouse) -> Done {
    let list = house.supplier()?.daily_list().await;
    house.noted(list).map(|_| ())
}

#[when("the supplier receives its daily list again when the letters show again")]
async fn receives_daily_list_later(house: &mut PrintHouse) -> Done {
    letters_show(house).await?;
    receives_daily_list(house).await
}

#[when(expr = "the supplier prepares the print jobs of the first {count} letters listed")]
#[when(
    expr = "the supplier prepares the print jobs of the first {count} letters listed, none a second time"
)]
async fn prepares_jobs(house: &mut PrintHouse, n: Count) -> Done {
    let prepared = house.supplier()?.prepare_ready(house.first_listed(n.into())).await;
    house.letters = house.noted(prepared)?;
    Ok(())
}

#[when("the supplier accepts the letters it has prepared")]
async fn accepts_prepared(house: &mut PrintHouse) -> Done {
    house.report(Share::All, LetterStatus::Accepted, Way::InOneUpdate, Reasons::None).await
}

#[when(expr = "the supplier receives a(nother) list of {count} letters")]
async fn receives_list(house: &mut PrintHouse, n: Count) -> Done {
    let supplier = house.supplier()?;
    let list = supplier.list_to_take_on(agreed(n.0, supplier.context())).await;
    house.listed = letter_ids(&house.noted(list)?);
    Ok(())
}

#[when("the supplier accepts the listed letters in one update")]
async fn accepts_listed(house: &mut PrintHouse) -> Done {
    let taken = house.supplier()?.take_on(&house.listed).await;
    let taken = house.noted(taken)?;
    house.letters = taken.accepted.letters;
    house.rejected = taken.rejected.map(|sent| sent.letters).unwrap_or_default();
    Ok(())
}

#[when(
    regex = r"^the supplier reports (these letters|the other letters|the first [\d,.-]+ of these letters) as ([A-Z]+) (one by one|in one update)$"
)]
async fn reports(house: &mut PrintHouse, share: String, status: Status, way: String) -> Done {
    let share = house.named_share(&share);
    house.report(share, status.0, Way::named(&way), Reasons::None).await
}

#[when("the supplier takes these letters through PRINTED, ENCLOSED and DISPATCHED")]
async fn takes_through(house: &mut PrintHouse) -> Done {
    const WAY: [LetterStatus; 3] =
        [LetterStatus::Printed, LetterStatus::Enclosed, LetterStatus::Dispatched];
    let taken = house.supplier()?.take_through(&house.letters, &WAY).await;
    house.noted(taken)
}

#[when("the supplier forwards these letters to a specialist")]
async fn forwards(house: &mut PrintHouse) -> Done {
    let reason = Reason::new("FWD-ACCESS", "Passed on to a specialist for accessible formats");
    house.report(Share::All, LetterStatus::Forwarded, Way::InOneUpdate, reason).await
}

#[when("the supplier reports these letters as RETURNED, each return reason in turn")]
async fn returns_in_turn(house: &mut PrintHouse) -> Done {
    let reasons = Reasons::ReturnsInTurn;
    house.report(Share::All, LetterStatus::Returned, Way::InOneUpdate, reasons).await
}

#[when("the supplier cancels these letters as a list by e-mail asks")]
async fn cancels(house: &mut PrintHouse) -> Done {
    let reason = Reason::new("CAN-ASKED", "Stopped on request of NHS Notify");
    house.report(Share::All, LetterStatus::Cancelled, Way::InOneUpdate, reason).await
}

#[when("the supplier reports these letters as FAILED, since their address cannot be used")]
async fn fails_for_address(house: &mut PrintHouse) -> Done {
    let reason = Reason::new("FAIL-ADDR", "The address cannot be used");
    house.report(Share::All, LetterStatus::Failed, Way::InOneUpdate, reason).await
}

#[when("the supplier reports the letters that it cannot produce as FAILED")]
async fn fails_unproducible(house: &mut PrintHouse) -> Done {
    let sent = house.supplier()?.fail_unproducible().await;
    house.letters = house.noted(sent)?.map(|sent| sent.letters).unwrap_or_default();
    Ok(())
}

#[when("the supplier rejects the letters that it cannot accept")]
async fn rejects_unfit(house: &mut PrintHouse) -> Done {
    let unfit = std::mem::take(&mut house.unfit);
    let sent = house.supplier()?.reject(unfit).await;
    house.letters = house.noted(sent)?.letters;
    Ok(())
}

#[when("the supplier submits management information for the letters that it has dispatched")]
async fn submits_mi(house: &mut PrintHouse) -> Done {
    let submitted = house.supplier()?.report_dispatched().await;
    house.submitted = house.noted(submitted)?;
    Ok(())
}

#[when("the supplier reads its management information back")]
async fn reads_mi_back(house: &mut PrintHouse) -> Done {
    let read = house.supplier()?.read_back_mi(&house.submitted).await;
    house.noted(read)
}

#[when(expr = "the supplier receives the whole queue in lists of {count}")]
async fn takes_in_queue(house: &mut PrintHouse, chunk: Count) -> Done {
    let supplier = house.supplier()?;
    let taken = supplier.take_in_queue_and_clear_up(agreed(chunk.0, supplier.context())).await;
    house.noted(taken).map(|_| ())
}

#[when(expr = "the supplier looks up each of these letters until it is {status}")]
async fn looks_up_each(house: &mut PrintHouse, status: Status) -> Done {
    house.look_up(Share::All, status.0).await
}

#[when(expr = "the supplier looks up the first {count} of these letters until each is {status}")]
async fn looks_up_first(house: &mut PrintHouse, n: Count, status: Status) -> Done {
    house.look_up(Share::First(n.into()), status.0).await
}

#[when(expr = "the supplier looks up the other letters until each is {status}")]
async fn looks_up_others(house: &mut PrintHouse, status: Status) -> Done {
    let share = house.named_share("the other letters");
    house.look_up(share, status.0).await
}

#[when("the harness sends the probes of these checks")]
async fn sends_probes(house: &mut PrintHouse, step: &Step) -> Done {
    let rows = step.table.as_ref().map(|table| table.rows.clone()).unwrap_or_default();
    house.probe(&rows).await
}

#[then("these checks hold")]
fn checks_hold(house: &mut PrintHouse) {
    house.name_checks();
}

#[then(regex = r"^criterion (AT\d+\.\d+) holds$")]
fn criterion_holds(house: &mut PrintHouse, criterion: String) {
    house.name_criterion(&criterion);
}
