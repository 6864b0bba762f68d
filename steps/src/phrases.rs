//! The phrases of the features: each a sentence about a supplier, bound to one action; and the
//! numbers in them.
//!
//! A phrase holds no loop, no JSON and no assertion. Every number is a count of letters, in one way
//! of writing: `10`, `1000` or `1,000`. The features say the pack's sizes of lists; a target may
//! have agreed on others.

use std::str::FromStr;

use cucumber::gherkin::Step;
use cucumber::{Parameter, given, then, when};
use letterproof_client::Reason;
use letterproof_model::{Context, LetterStatus, UnknownStatus};
use letterproof_reference_supplier::{LetterFilter, Reasons, letter_ids};

use crate::world::{Share, StepError, SupplierWorld, Way};

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
fn a_supplier(world: &mut SupplierWorld) -> Done {
    world.supplier().map(|_| ())
}

#[given("every letter seeded is waiting and visible")]
#[given("the supplier has letters waiting that show in a list")]
async fn letters_show(world: &mut SupplierWorld) -> Done {
    let waited = world.supplier()?.wait_until_listed_letters_show_again().await;
    world.noted(waited).map(|_| ())
}

#[given("the supplier has received its daily list")]
#[when("the supplier receives its daily list unless it holds it already")]
async fn has_daily_list(world: &mut SupplierWorld) -> Done {
    let supplier = world.supplier()?;
    let list = supplier.receive_daily_list_if_stale().await;
    world.listed = letter_ids(&world.noted(list)?);
    Ok(())
}

#[given(expr = "the supplier has accepted {count} ordinary letters")]
async fn has_accepted_ordinary(world: &mut SupplierWorld, n: Count) -> Done {
    let taken = world.supplier()?.take_accepted(n.into(), LetterFilter::Standard).await;
    world.letters = world.noted(taken)?;
    Ok(())
}

#[given(expr = "the supplier has accepted {count} letters in accessible formats")]
async fn has_accepted_accessible(world: &mut SupplierWorld, n: Count) -> Done {
    let taken = world.supplier()?.take_accepted(n.into(), LetterFilter::Accessible).await;
    world.letters = world.noted(taken)?;
    Ok(())
}

#[given(expr = "the supplier has accepted {count} letters that turn out damaged or too long")]
async fn has_accepted_unproducible(world: &mut SupplierWorld, n: Count) -> Done {
    let taken = world.supplier()?.accept_unproducible(n.into()).await;
    world.noted(taken).map(|_| ())
}

#[given("the supplier has no decision under way that a list would not show")]
async fn decisions_show(world: &mut SupplierWorld) -> Done {
    let waited = world.supplier()?.wait_until_decisions_show().await;
    world.noted(waited)
}

#[given("the supplier has found the letters that it cannot accept")]
async fn has_found_unfit(world: &mut SupplierWorld) -> Done {
    let unfit = world.supplier()?.take_unfit().await;
    world.unfit = world.noted(unfit)?;
    Ok(())
}

#[given(expr = "the supplier has dispatched letters, at least {count}")]
async fn has_dispatched(world: &mut SupplierWorld, n: Count) -> Done {
    let dispatched = world.supplier()?.have_dispatched(n.into()).await;
    world.noted(dispatched)
}

#[given("the queue is seeded again where the target allows it")]
#[when("the queue is seeded again where the target allows it")]
async fn seeded_anew(world: &mut SupplierWorld) -> Done {
    let seeded = world.seed_anew().await;
    world.noted(seeded)
}

#[when("the supplier asks whether the service is up")]
async fn asks_service(world: &mut SupplierWorld) -> Done {
    let answer = world.supplier()?.check_service().await;
    world.noted(answer).map(|_| ())
}

#[when("the supplier looks whether there is a letter to print")]
async fn looks_for_a_letter(world: &mut SupplierWorld) -> Done {
    let list = world.supplier()?.list(Some(1)).await;
    world.listed = letter_ids(&world.noted(list)?);
    Ok(())
}

#[when("the supplier receives its daily list")]
#[when("the supplier receives its daily list again at once")]
async fn receives_daily_list(world: &mut SupplierWorld) -> Done {
    let list = world.supplier()?.daily_list().await;
    world.noted(list).map(|_| ())
}

#[when("the supplier receives its daily list again when the letters show again")]
async fn receives_daily_list_later(world: &mut SupplierWorld) -> Done {
    letters_show(world).await?;
    receives_daily_list(world).await
}

#[when(expr = "the supplier prepares the print jobs of the first {count} letters listed")]
#[when(
    expr = "the supplier prepares the print jobs of the first {count} letters listed, none a second time"
)]
async fn prepares_jobs(world: &mut SupplierWorld, n: Count) -> Done {
    let prepared = world.supplier()?.prepare_ready(world.first_listed(n.into())).await;
    world.letters = world.noted(prepared)?;
    Ok(())
}

#[when("the supplier accepts the letters it has prepared")]
async fn accepts_prepared(world: &mut SupplierWorld) -> Done {
    world.report(Share::All, LetterStatus::Accepted, Way::InOneUpdate, Reasons::None).await
}

#[when(expr = "the supplier receives a(nother) list of {count} letters")]
async fn receives_list(world: &mut SupplierWorld, n: Count) -> Done {
    let supplier = world.supplier()?;
    let list = supplier.list_to_take_on(agreed(n.0, supplier.context())).await;
    world.listed = letter_ids(&world.noted(list)?);
    Ok(())
}

#[when("the supplier accepts the listed letters in one update")]
async fn accepts_listed(world: &mut SupplierWorld) -> Done {
    let taken = world.supplier()?.take_on(&world.listed).await;
    let taken = world.noted(taken)?;
    world.letters = taken.accepted.letters;
    world.rejected = taken.rejected.map(|sent| sent.letters).unwrap_or_default();
    Ok(())
}

#[when(
    regex = r"^the supplier reports (these letters|the other letters|the first [\d,.-]+ of these letters) as ([A-Z]+) (one by one|in one update)$"
)]
async fn reports(world: &mut SupplierWorld, share: String, status: Status, way: String) -> Done {
    let share = world.named_share(&share);
    world.report(share, status.0, Way::named(&way), Reasons::None).await
}

#[when("the supplier takes these letters through PRINTED, ENCLOSED and DISPATCHED")]
async fn takes_through(world: &mut SupplierWorld) -> Done {
    const WAY: [LetterStatus; 3] =
        [LetterStatus::Printed, LetterStatus::Enclosed, LetterStatus::Dispatched];
    let taken = world.supplier()?.take_through(&world.letters, &WAY).await;
    world.noted(taken)
}

#[when("the supplier forwards these letters to a specialist")]
async fn forwards(world: &mut SupplierWorld) -> Done {
    let reason = Reason::new("FWD-ACCESS", "Passed on to a specialist for accessible formats");
    world.report(Share::All, LetterStatus::Forwarded, Way::InOneUpdate, reason).await
}

#[when("the supplier reports these letters as RETURNED, each return reason in turn")]
async fn returns_in_turn(world: &mut SupplierWorld) -> Done {
    let reasons = Reasons::ReturnsInTurn;
    world.report(Share::All, LetterStatus::Returned, Way::InOneUpdate, reasons).await
}

#[when("the supplier cancels these letters as a list by e-mail asks")]
async fn cancels(world: &mut SupplierWorld) -> Done {
    let reason = Reason::new("CAN-ASKED", "Stopped on request of NHS Notify");
    world.report(Share::All, LetterStatus::Cancelled, Way::InOneUpdate, reason).await
}

#[when("the supplier reports these letters as FAILED, since their address cannot be used")]
async fn fails_for_address(world: &mut SupplierWorld) -> Done {
    let reason = Reason::new("FAIL-ADDR", "The address cannot be used");
    world.report(Share::All, LetterStatus::Failed, Way::InOneUpdate, reason).await
}

#[when("the supplier reports the letters that it cannot produce as FAILED")]
async fn fails_unproducible(world: &mut SupplierWorld) -> Done {
    let sent = world.supplier()?.fail_unproducible().await;
    world.letters = world.noted(sent)?.map(|sent| sent.letters).unwrap_or_default();
    Ok(())
}

#[when("the supplier rejects the letters that it cannot accept")]
async fn rejects_unfit(world: &mut SupplierWorld) -> Done {
    let unfit = std::mem::take(&mut world.unfit);
    let sent = world.supplier()?.reject(unfit).await;
    world.letters = world.noted(sent)?.letters;
    Ok(())
}

#[when("the supplier submits management information for the letters that it has dispatched")]
async fn submits_mi(world: &mut SupplierWorld) -> Done {
    let submitted = world.supplier()?.report_dispatched().await;
    world.submitted = world.noted(submitted)?;
    Ok(())
}

#[when("the supplier reads its management information back")]
async fn reads_mi_back(world: &mut SupplierWorld) -> Done {
    let read = world.supplier()?.read_back_mi(&world.submitted).await;
    world.noted(read)
}

#[when(expr = "the supplier receives the whole queue in lists of {count}")]
async fn takes_in_queue(world: &mut SupplierWorld, chunk: Count) -> Done {
    let supplier = world.supplier()?;
    let taken = supplier.take_in_queue_and_clear_up(agreed(chunk.0, supplier.context())).await;
    world.noted(taken).map(|_| ())
}

#[when(expr = "the supplier looks up each of these letters until it is {status}")]
async fn looks_up_each(world: &mut SupplierWorld, status: Status) -> Done {
    world.look_up(Share::All, status.0).await
}

#[when(expr = "the supplier looks up the first {count} of these letters until each is {status}")]
async fn looks_up_first(world: &mut SupplierWorld, n: Count, status: Status) -> Done {
    world.look_up(Share::First(n.into()), status.0).await
}

#[when(expr = "the supplier looks up the other letters until each is {status}")]
async fn looks_up_others(world: &mut SupplierWorld, status: Status) -> Done {
    let share = world.named_share("the other letters");
    world.look_up(share, status.0).await
}

#[when("the harness sends the probes of these checks")]
async fn sends_probes(world: &mut SupplierWorld, step: &Step) -> Done {
    let rows = step.table.as_ref().map(|table| table.rows.clone()).unwrap_or_default();
    world.probe(&rows).await
}

#[then("these checks hold")]
fn checks_hold(world: &mut SupplierWorld) {
    world.name_checks();
}

#[then(regex = r"^criterion (AT\d+\.\d+) holds$")]
fn criterion_holds(world: &mut SupplierWorld, criterion: String) {
    world.name_criterion(&criterion);
}

/// The largest number in a step: far more letters than anybody is sent.
const MOST: u32 = 999_999;

/// A number of letters in a phrase. It captures more than it reads, so that a number in another
/// form is named as such, and not as an unknown phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "count", regex = r"-?\d[\d.,]*")]
pub(crate) struct Count(pub(crate) u32);

/// A number that no phrase takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this step counts letters, from 0 to 999,999, as in 10, 1000 or 1,000")]
pub(crate) struct NoCount;

impl FromStr for Count {
    type Err = NoCount;

    fn from_str(text: &str) -> Result<Self, NoCount> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let digits = match text.split_once(',') {
            None => text.to_owned(),
            Some((first, rest)) => {
                let grouped = (1..=3).contains(&first.len())
                    && !first.starts_with('0')
                    && rest.split(',').all(|group| group.len() == 3);
                if !grouped {
                    return Err(NoCount);
                }
                text.replace(',', "")
            }
        };
        let count = is_number(&digits).then(|| digits.parse().ok()).flatten();
        count.filter(|count| *count <= MOST).map(Self).ok_or(NoCount)
    }
}

impl From<Count> for u64 {
    fn from(count: Count) -> Self {
        Self::from(count.0)
    }
}

impl From<Count> for usize {
    fn from(count: Count) -> Self {
        Self::try_from(count.0).unwrap_or(Self::MAX)
    }
}

/// Letters one list of AT4 asks for in the pack.
const BATCH: u32 = 1_000;
/// Letters one list of AT15 asks for in the pack.
const CHUNK: u32 = 500;

/// How many letters a list asks for at this target.
pub(crate) fn agreed(asked: u32, context: &Context) -> u32 {
    match asked {
        BATCH => context.at4_batch,
        CHUNK => context.at15_chunk,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_written_plain_or_in_groups_of_three() {
        for (text, count) in [
            ("0", 0),
            ("10", 10),
            ("999", 999),
            ("1000", 1_000),
            ("1,000", 1_000),
            ("2,500", 2_500),
            ("999,999", 999_999),
        ] {
            assert_eq!(text.parse(), Ok(Count(count)), "{text}");
        }
        for text in [
            "",
            "1,5",
            "1,50",
            "1,0000",
            "1000,000",
            "10,00",
            ",100",
            "1,",
            "1,000,",
            "0,100",
            "1.5",
            "1.000",
            "-1",
            "+1",
            "1e3",
            "1,000,000",
            "99999999999999999999",
            " 1",
            "1,-00",
        ] {
            assert_eq!(text.parse::<Count>(), Err(NoCount), "{text}");
        }
    }

    #[test]
    fn the_packs_sizes_give_way_to_those_that_were_agreed_and_no_others() {
        let mut context = Context::stand_in("http://127.0.0.1:9");
        assert_eq!([1_000, 500].map(|size| agreed(size, &context)), [1_000, 500]);
        (context.at4_batch, context.at15_chunk) = (40, 20);
        assert_eq!([1_000, 500, 2_500].map(|size| agreed(size, &context)), [40, 20, 2_500]);
    }
}
