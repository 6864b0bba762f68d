//! Where the conformance checks of letters, lists, links and PDFs turn: at which moment, by which
//! answer, and what is left aside.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{self, Accepted, Pending, Printed, Rejected};
use letterproof_model::{FindingKind, Verdict};
use support::cases::{header, then};
use support::clock::{TAKES, TAKES_COARSELY, in_milliseconds};
use support::probed::{after, known, nothing, result, said};
use support::{Script, letter, letters};

#[test]
fn a_letter_must_be_found_from_the_moment_it_was_listed() {
    let read = |write: &dyn Fn(&mut Script)| said("C-LETTER-LISTED", &after(|s| write(s)));
    let good = "1 read, each of a letter that was listed".to_owned();
    assert_eq!(read(&|s| then(s.read("L1", Pending))), (Verdict::Pass, good));
    let words = "1 of 1 read: L1 was listed, but is not found".to_owned();
    assert_eq!(read(&|s| then(s.read("L1", Pending).answered(404))), (Verdict::Fail, words));
    let early = |s: &mut Script| {
        s.patch("N1", Accepted).read("N1", Pending).answered(404).list(9, &[letter("N1")]);
    };
    assert_eq!(read(&early), nothing());
}

/// What becomes of C-LETTER-KEPT when L1 is updated and read like this.
fn kept(write: impl FnOnce(&mut Script)) -> (Verdict, String) {
    said("C-LETTER-KEPT", &after(write))
}

/// Reads L1 in each of these statuses.
fn read(s: &mut Script, statuses: &[LetterStatus]) {
    statuses.iter().for_each(|status| then(s.read("L1", *status)));
}

fn went_back(from: &str, to: &str, reads: &str) -> (Verdict, String) {
    (Verdict::Fail, format!("1 of {reads}: L1 was read as {from}, and as {to} again"))
}

fn stayed(reads: &str) -> (Verdict, String) {
    let words = "each with the same status or a later one";
    (Verdict::Pass, format!("{reads}, {words}"))
}

#[test]
fn a_letter_that_nobody_updates_stays_what_it_was_read_as() {
    for status in [Pending, Accepted, Rejected] {
        assert_eq!(kept(|s| read(s, &[status; 3])), stayed("2 reads"), "{status}");
    }
    assert_eq!(kept(|s| read(s, &[Accepted, Printed])), stayed("1 read"));
    let back = kept(|s| read(s, &[Accepted, Printed, Accepted]));
    assert_eq!(back, went_back("PRINTED", "ACCEPTED", "2 reads"));
    // Nobody but NHS Notify sets PENDING, and only on a rejected letter.
    let pending = kept(|s| read(s, &[Accepted, Pending]));
    assert_eq!(pending, went_back("ACCEPTED", "PENDING", "1 read"));
    assert_eq!(kept(|s| read(s, &[Rejected, Pending])), stayed("1 read"));
}

#[test]
fn only_an_update_sent_since_a_status_was_read_brings_it_back() {
    let since = kept(|s| {
        read(s, &[Accepted, Printed]);
        s.patch("L1", Accepted);
        read(s, &[Accepted]);
    });
    assert_eq!(since, stayed("2 reads"));
    let before = kept(|s| {
        s.patch("L1", Accepted);
        read(s, &[Accepted, Printed, Accepted]);
    });
    assert_eq!(before, went_back("PRINTED", "ACCEPTED", "2 reads"));
}

#[test]
fn reads_that_may_have_been_made_side_by_side_tell_nothing_of_an_order() {
    let read_again = |takes: i64, earlier: i64| {
        after(|s| {
            let began = s.now();
            s.read("L1", Accepted).set_clock(began + takes - earlier).read("L1", Pending);
        })
    };
    let fine = |earlier| said("C-LETTER-KEPT", &read_again(TAKES, earlier));
    assert_eq!(fine(1), nothing());
    assert_eq!(fine(0), went_back("ACCEPTED", "PENDING", "1 read"));
    // By a clock of milliseconds the second may have begun up to two of them later.
    let by_milliseconds =
        |earlier| said("C-LETTER-KEPT", &in_milliseconds(read_again(TAKES_COARSELY, earlier)));
    assert_eq!(by_milliseconds(1_000), nothing());
    assert_eq!(by_milliseconds(0), went_back("ACCEPTED", "PENDING", "1 read"));
}

#[test]
fn a_letter_that_stands_in_a_list_twice_is_not_out_of_order_there() {
    let [one, two] = [letter("L1"), letter("L2")];
    let listed = |again: &[support::script::Letter]| {
        said("C-LIST-ORDER", &after(|s| then(s.list(9, again))))
    };
    let good = (Verdict::Pass, "1 list, each in the order of the one before".to_owned());
    assert_eq!(listed(&[one.clone(), two.clone()]), good);
    assert_eq!(listed(&[one.clone(), one.clone(), two.clone()]), good);
    let words = "1 of 1 list: L1 comes after L2, but came before it".to_owned();
    assert_eq!(listed(&[two, one]), (Verdict::Fail, words));
}

#[test]
fn lists_out_of_order_are_counted_as_lists_and_say_how_many_letters_are_misplaced() {
    let [one, two, three] = [letter("L1"), letter("L2"), letter("L3")];
    let turned = after(|s| then(s.list(9, &[three, two, one])));
    let words = "1 of 1 list: L2 comes after L3, but came before it (1 letter more out of order \
                 in this list)";
    assert_eq!(said("C-LIST-ORDER", &turned), (Verdict::Fail, words.to_owned()));
}

#[test]
fn a_letter_that_is_described_otherwise_is_told_with_the_field_and_both_values() {
    let described = |letter: support::script::Letter| {
        said("C-LETTER-CONSTANT", &after(|s| then(s.read_letter(&letter, None))))
    };
    let words = |words: &str| (Verdict::Fail, format!("1 of 1 description: L1 {words}"));
    let none = described(letter("L1").in_group(None));
    assert_eq!(none, words("has groupId missing, which was \"group-a\" before"));
    let other = described(letter("L1").of(Some("other")).in_group(Some("b")));
    let both = "has specificationId \"other\", which was \"integration-specification-english\" before \
                and has groupId \"b\", which was \"group-a\" before";
    assert_eq!(other, words(both));
    // A list names the letter itself.
    let listed = said(
        "C-LETTER-CONSTANT",
        &after(|s| {
            s.list(9, &[letter("L1").in_group(Some("b"))]);
        }),
    );
    assert_eq!(listed, words("has groupId \"b\", which was \"group-a\" before"));
    // So does an answer about another letter than the one asked for.
    let other = after(|s| {
        s.read_letter(&letter("L2").in_group(Some("b")), None);
        s.edit(|exchange| exchange.request.url = exchange.request.url.replace("L2", "L1"));
    });
    let words = "1 of 1 description: L1 L2 has groupId \"b\", which was \"group-a\" before";
    assert_eq!(said("C-LETTER-CONSTANT", &other), (Verdict::Fail, words.to_owned()));
}

#[test]
fn an_empty_location_is_none() {
    let given = |location: &str| {
        said("C-DATA-LOCATION", &{
            let mut script = known();
            script.data("L1").edit_answer(|a| a.headers = vec![header("Location", location)]);
            script
        })
    };
    assert_eq!(given("https://storage.test/a"), (Verdict::Pass, "1 303, with its link".to_owned()));
    let words = "1 of 1 303: L1 was answered with 303 and no Location".to_owned();
    assert_eq!(given(""), (Verdict::Fail, words.clone()));
    assert_eq!(given(" "), (Verdict::Fail, words));
}

#[test]
fn a_missing_pdf_may_be_missed_by_the_api_or_as_a_deviation_by_its_storage() {
    let fetched = |write: &dyn Fn(&mut Script)| {
        let unfit = [letter("N1").without_hash(), letter("N2").without_hash()];
        let missing = result(
            "C-DATA-MISSING-PDF",
            &after(|s| {
                s.list(9, &unfit);
                write(s);
            }),
        );
        let criterion = &missing.criteria[0];
        (missing.finding, criterion.observed.clone(), criterion.reason.clone())
    };
    let none = "1 letter, not found".to_owned();
    let by_api = fetched(&|s| then(s.data("N1").answered(404)));
    assert_eq!(by_api, (None, none.clone(), None));
    let by_storage = fetched(&|s| then(s.fetch_nothing("N1")));
    let reason = "the API gives a link, but its storage has no content (deployed behaviour)";
    assert_eq!(by_storage, (Some(FindingKind::Deviation), none, Some(reason.to_owned())));
    // What one letter's storage says does not excuse the content of another.
    let content = "1 of 2 letters: N2 has content but no hash".to_owned();
    let beside = fetched(&|s| then(s.fetch_nothing("N1").fetch("N2")));
    assert_eq!(beside, (Some(FindingKind::Violation), content, None));
}

#[test]
fn a_link_is_changed_only_where_its_path_was_given() {
    let called = |method: &str, path: &str, write: &dyn Fn(&mut Script)| {
        after(|s| {
            s.data("L1").follow("L1").edit(|exchange| {
                exchange.request.method = method.into();
                exchange.request.url = format!("https://storage.test{path}");
            });
            write(s);
        })
    };
    let changed = |path: &str, write: &dyn Fn(&mut Script)| {
        said("C-LINK-TAMPERED", &called("GET", path, write))
    };
    let refused = |s: &mut Script| then(s.answered(403));
    let good = (Verdict::Pass, "1 changed link, refused with 403".to_owned());
    assert_eq!(changed("/letters/L1.pdf?signature=redacted:other", &refused), good);
    let words = "1 of 1 changed link: was answered with 200".to_owned();
    let content = changed("/letters/L1.pdf?signature=redacted:other", &|_| {});
    assert_eq!(content, (Verdict::Fail, words));
    assert_eq!(changed("/elsewhere.pdf?signature=redacted:L1", &|_| {}), nothing());
    assert_eq!(changed("/letters/L1.pdf?signature=redacted:L1", &|_| {}), nothing());
    // What was cut off on its way tells nothing of the link.
    for way in [|s: &mut Script| then(s.lost()), |s: &mut Script| then(s.answered(503))] {
        assert_eq!(changed("/letters/L1.pdf?signature=redacted:other", &way), nothing());
    }

    let head = |path: &str| said("C-LINK-HEAD", &called("HEAD", path, &refused));
    let good = (Verdict::Pass, "1 HEAD, refused, or answered without content".to_owned());
    assert_eq!(head("/letters/L1.pdf?signature=redacted:L1"), good);
    assert_eq!(head("/elsewhere.pdf"), nothing());
}

#[test]
fn a_link_has_expired_a_second_after_its_life_and_not_before() {
    let followed = |after_given: i64| {
        after(|s| {
            let asked = s.now();
            s.data("L1").set_clock(asked + TAKES + after_given).follow("L1").answered(403);
        })
    };
    let expired = |after_given| said("C-LINK-EXPIRED", &followed(after_given));
    assert_eq!(expired(60_999_999), nothing());
    let good = (Verdict::Pass, "1 expired link, refused with 403".to_owned());
    assert_eq!(expired(61_000_000), good);
}

#[test]
fn a_link_is_fresh_by_a_coarse_clock_only_where_rounding_does_not_make_it_so() {
    // Within 60 s of its asking, until the download was whole.
    let whole_before_end = |earlier: i64, again: bool| {
        let script = after(|s| {
            let asked = s.now();
            let whole = asked + 60_000_000 - earlier;
            s.data("L1");
            if again {
                s.follow("L1");
            }
            s.set_clock(whole - TAKES_COARSELY).follow("L1").answered(403);
        });
        said(if again { "C-LINK-AGAIN" } else { "C-LINK" }, &in_milliseconds(script))
    };
    for again in [false, true] {
        assert_eq!(whole_before_end(1_000, again), nothing());
        assert_eq!(whole_before_end(2_000, again), nothing());
    }
    let words = "1 of 1 download: L1 was answered with 403".to_owned();
    assert_eq!(whole_before_end(3_000, false), (Verdict::Fail, words));
    assert_eq!(whole_before_end(3_000, true).0, Verdict::Fail);
}

#[test]
fn only_an_update_between_two_lists_may_put_a_letter_elsewhere() {
    let [one, two] = [letter("L1"), letter("L2")];
    let update = |s: &mut Script| then(s.bulk(Accepted, &["L1", "L2"]));
    let turned = |when: usize| {
        let script = after(|s| {
            for (number, list) in [[&one, &two], [&two, &one]].into_iter().enumerate() {
                if when == number {
                    update(s);
                }
                s.list(9, &list.map(Clone::clone));
            }
            update(s);
        });
        said("C-LIST-ORDER", &script)
    };
    let words = "1 of 1 list: L1 stands behind L2, and stood before it".to_owned();
    assert_eq!(turned(0), (Verdict::Fail, words));
    let good = (Verdict::Pass, "1 list, each in the order of the one before".to_owned());
    assert_eq!(turned(1), good);
}

#[test]
fn letters_listed_once_have_no_order_to_keep() {
    let script = after(|s| then(s.list(9, &[letters(4)[3].clone()])));
    assert_eq!(said("C-LIST-ORDER", &script), (Verdict::NotApplicable, "nothing".to_owned()));
}
