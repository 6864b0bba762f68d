//! Where a clause of the pack turns, and the words it turns with: what is cut, hidden or lost, what
//! was taken on before, which download counts, which record stands beside which.

mod support;

use letterproof_model::LetterStatus::{Accepted, Dispatched, Pending, Printed};
use letterproof_model::Verdict::{Fail, Inconclusive, NotApplicable, NotRun, Pass};
use letterproof_model::{Body, ClauseKind, Content};
use support::cases::{accepted, at14, damaged, header, ids, passing, record, script, then};
use support::probed::said;
use support::told::{SINCE_CALL, ends_with, explains, says, tells};
use support::{Script, judge_every, letters, result};

/// Longer than a listed letter stays hidden, in seconds.
const LATER: f64 = 301.0;

#[test]
fn a_whole_list_after_a_lost_one_is_whole() {
    let mut script = Script::pack();
    script.list(2_500, &[]).lost().list(2_500, &letters(2_500));
    ends_with(Pass, "AT2.2", &script);
}

#[test]
fn letters_that_were_hidden_excuse_no_more_than_their_number() {
    // Six are seeded; of three and two hidden ones one is lost.
    let short = script(|s| {
        let all = letters(6);
        s.list(2, &all[..2]).wait(10.0).list(2_500, &all[2..5]);
    });
    tells(Fail, "3 entries in the list", "AT2.2", &short);
}

#[test]
fn a_second_list_of_letters_that_nobody_ever_saw_is_another_queue() {
    let mut script = Script::pack();
    let first = letters(2_500);
    let mut other = first.clone();
    other.iter_mut().for_each(|letter| letter.id.insert(0, 'N'));
    script.list(2_500, &first).wait(LATER).list(2_500, &other);
    ends_with(Fail, "AT3.3", &script);
}

#[test]
fn a_second_list_says_how_many_of_its_letters_were_in_the_first() {
    let again = |from: usize| {
        script(|s| {
            let all = letters(6);
            s.list(4, &all[..4]).wait(LATER).list(4, &all[from..from + 4]);
        })
    };
    let moved_on = "4 letters after 301.0 s, 2 of them in the first list of 4";
    says(moved_on, "AT3.3", &again(2));
    says("4 letters after 301.0 s, the same as before", "AT3.3", &again(0));
}

#[test]
fn an_acceptance_that_was_refused_before_the_list_excuses_no_omission() {
    let omitted = script(|s| {
        let batch = letters(4);
        s.patch("L4", Accepted).answered(400).list(4, &batch);
        s.bulk(Accepted, &ids(&batch[..3])).wait(3.0);
        batch[..3].iter().for_each(|letter| then(s.read(&letter.id, Accepted)));
    });
    tells(Fail, "1 of 4 letters: L4 was listed and not accepted", "AT4.4", &omitted);
}

#[test]
fn of_a_letters_downloads_the_last_whole_one_before_it_was_produced_counts() {
    let whole = |s: &mut Script| then(s.fetch("L1"));
    let spoiled = |s: &mut Script| damaged(s, "L1");
    let printed = |s: &mut Script| then(s.moved("L1", Printed));
    let gone = |s: &mut Script| then(s.fetch_nothing("L1"));
    let after =
        |steps: &[&dyn Fn(&mut Script)]| accepted(|s| steps.iter().for_each(|step| step(s)));
    ends_with(Pass, "AT12.4", &after(&[&whole, &printed, &spoiled]));
    ends_with(Fail, "AT12.4", &after(&[&whole, &spoiled, &printed]));
    ends_with(Pass, "AT12.4", &after(&[&spoiled, &whole, &printed]));
    // A storage that denies the letter is no second look at its PDF.
    ends_with(Fail, "AT12.4", &after(&[&spoiled, &gone, &printed]));
    let reader = |s: &mut Script| {
        s.harness();
        damaged(s, "L1");
        s.supplier();
    };
    ends_with(Pass, "AT12.4", &after(&[&whole, &reader, &printed]));
    let meanwhile = |s: &mut Script| {
        damaged(s, "L1");
        s.set_clock(s.now() - SINCE_CALL).moved("L1", Printed);
    };
    ends_with(Pass, "AT12.4", &after(&[&whole, &meanwhile]));
    explains("no PDF was downloaded in full", "AT12.4", &after(&[&gone]));
}

#[test]
fn records_that_stand_apart_by_their_date_need_no_explanation() {
    let script = at14(|s| {
        s.mi("MI1", &record("2026-01-01", 1)).mi("MI2", &record("2026-01-02", 1));
    });
    let result = result("AT14.3", &script);
    assert_eq!((result.verdict, result.reason), (Pass, None));
}

#[test]
fn one_line_item_of_several_may_count_the_letters() {
    let of = |quantities: [u32; 3]| {
        at14(|s| {
            for (item, quantity) in ["letter", "envelope", "sheet"].into_iter().zip(quantities) {
                let mut record = record("2026-01-01", quantity);
                record["lineItem"] = item.into();
                s.mi(item, &record);
            }
        })
    };
    ends_with(Pass, "AT14.2", &of([2, 5, 7]));
    ends_with(Fail, "AT14.2", &of([3, 5, 7]));
}

#[test]
fn a_second_list_whose_letters_another_list_named_before_is_the_same_queue() {
    let other = script(|s| {
        let all = letters(8);
        s.list(4, &all[..4]).harness().list(4, &all[4..]).supplier();
        s.wait(LATER).list(4, &all[4..]);
    });
    ends_with(Inconclusive, "AT3.3", &other);
    // That they were read before puts them in no queue.
    let read = script(|s| {
        let all = letters(8);
        s.list(4, &all[..4]);
        all[4..].iter().for_each(|letter| then(s.read(&letter.id, Pending)));
        s.wait(LATER).list(4, &all[4..]);
    });
    ends_with(Fail, "AT3.3", &read);
}

#[test]
fn only_the_whole_list_may_be_asked_for_again_in_pages() {
    let pages = script(|s| {
        let all = letters(4);
        s.list(4, &all).wait(LATER).list(2, &all[..2]).list(2, &all[2..]);
    });
    ends_with(NotRun, "AT3.3", &pages);
}

#[test]
fn letters_that_are_hidden_or_were_taken_on_are_not_missing_from_the_whole_list() {
    let after = |status: u16, later: bool, seeded: usize| {
        script(|s| {
            let all = letters(seeded);
            let accept = |s: &mut Script| then(s.patch("L1", Accepted).answered(status));
            s.list(2, &all[..2]);
            if !later {
                accept(s);
            }
            s.wait(10.0).list(2_500, &all[2..]);
            if later {
                accept(s);
            }
        })
    };
    ends_with(Inconclusive, "AT2.2", &after(202, false, 6));
    ends_with(Inconclusive, "AT2.2", &after(400, false, 6));
    ends_with(Inconclusive, "AT2.2", &after(202, true, 6));
    ends_with(Fail, "AT2.2", &after(202, false, 5));
    ends_with(Fail, "AT2.2", &after(400, false, 5));
}

#[test]
fn a_letter_that_was_not_taken_on_before_the_whole_list_is_missing_from_it() {
    let after = |status: u16, later: bool| {
        script(|s| {
            let all = letters(6);
            let accept = |s: &mut Script| then(s.patch("L1", Accepted).answered(status));
            s.list(2, &all[..2]);
            if !later {
                accept(s);
            }
            s.wait(LATER).list(2_500, &all[1..]);
            if later {
                accept(s);
            }
        })
    };
    ends_with(Inconclusive, "AT2.2", &after(202, false));
    ends_with(Fail, "AT2.2", &after(400, false));
    ends_with(Fail, "AT2.2", &after(202, true));
}

#[test]
fn a_test_that_does_not_apply_asks_for_no_statement() {
    let kept = |applies: bool| {
        let mut script = passing(13);
        if !applies {
            script.context.supports.clear();
        }
        let attested = judge_every(&script).into_iter().filter(|result| {
            result.id.as_str().starts_with("AT13.") && result.kind == ClauseKind::Attestation
        });
        attested.map(|result| (result.verdict, result.reason.unwrap())).collect::<Vec<_>>()
    };
    let (asked, spared) = (kept(true), kept(false));
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|(verdict, why)| *verdict == NotRun && why.contains("attested")));
    let why = "the profile does not declare REJECTED".to_owned();
    assert_eq!(spared, vec![(NotApplicable, why); asked.len()]);
}

#[test]
fn a_list_after_an_update_or_after_the_timeout_shows_nothing_of_hiding() {
    let all = letters(4);
    let updated = script(|s| then(s.list(4, &all).patch("L1", Accepted).list(4, &all)));
    assert_eq!(said("C-LIST-HIDES", &updated).0, NotApplicable);
    let late = script(|s| then(s.list(4, &all).wait(LATER).list(4, &[])));
    assert_eq!(said("C-LIST-HIDES", &late).0, NotApplicable);
}

/// Ten letters known, and a list much later that lacks the first, after this.
fn missing_after(write: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        let all = letters(10);
        s.list(10, &all).wait(LATER);
        write(s);
        s.list(20, &all[1..]);
    })
}

#[test]
fn what_changed_nothing_excuses_no_letter_that_is_missing_from_the_list() {
    let refused = missing_after(|s| then(s.patch("L1", Accepted).answered(400)));
    assert_eq!(said("C-LIST-COMPLETE", &refused).0, Fail);
    let read = missing_after(|s| then(s.read("L1", Pending)));
    assert_eq!(said("C-LIST-COMPLETE", &read).0, Fail);
}

#[test]
fn a_letter_that_any_later_list_names_was_with_another_consumer() {
    let mut cut = missing_after(|_| {});
    cut.wait(LATER).list(1, &letters(1));
    assert_ne!(said("C-LIST-COMPLETE", &cut).0, Fail);
}

#[test]
fn a_letter_that_was_only_read_is_missed_once_the_queue_may_lag_no_longer() {
    let after = |seconds: f64| {
        script(|s| {
            let all = letters(10);
            s.list(10, &all[..9]).read("L10", Pending).wait(seconds).list(20, &all[..9]);
        })
    };
    assert_ne!(said("C-LIST-COMPLETE", &after(LATER)).0, Fail);
    assert_eq!(said("C-LIST-COMPLETE", &after(1_000.0)).0, Fail);
}

#[test]
fn letters_taken_on_that_no_later_list_could_name_show_no_lag() {
    let nothing = script(|s| then(s.list(4, &letters(1)).moved("L1", Accepted)));
    assert_eq!(said("C-LIST-LAG", &nothing).0, NotApplicable);
}

#[test]
fn a_gateway_may_make_a_chain_of_the_correlation_id_and_of_no_other() {
    let answered = |check: &str, name: &str, back: &str| {
        let mut script = Script::pack();
        script.read("L1", Pending).without(name).edit(|exchange| {
            exchange.request.headers.push(header(name, "one"));
        });
        script.edit_answer(|answer| answer.headers.push(header(name, back)));
        said(check, &script).0
    };
    let (correlation, request) = ("C-CORRELATION-ID-ECHO", "C-REQUEST-ID-ECHO");
    assert_eq!(answered(correlation, "X-Correlation-ID", "one.two"), Pass);
    assert_eq!(answered(correlation, "X-Correlation-ID", "three.two"), Fail);
    assert_eq!(answered(request, "X-Request-ID", "one.two"), Fail);
}

#[test]
fn a_list_after_an_earlier_update_is_a_look_at_the_letter_before_its_next() {
    let moved = |listed: bool| {
        script(|s| {
            s.patch("L1", Accepted);
            if listed {
                s.list(100, &letters(1));
            }
            s.moved("L1", Printed);
        })
    };
    ends_with(Pass, "AT5.5", &moved(true));
    ends_with(Inconclusive, "AT5.5", &moved(false));
}

#[test]
fn records_are_judged_by_the_reads_of_letters_as_well_as_by_lists_and_updates() {
    let reported = |on_record: bool| {
        at14(|s| {
            s.mi("MI1", &record("2026-01-01", 1)).read("L1", Dispatched);
            if !on_record {
                s.edit_answer(|answer| answer.body = Body::Opaque(Content::unrecorded(300)));
            }
        })
    };
    ends_with(Pass, "AT14.3", &reported(true));
    ends_with(Inconclusive, "AT14.3", &reported(false));
}
