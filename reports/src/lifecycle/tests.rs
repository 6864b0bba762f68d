//! The drawing, held against reviewed snapshots and against its own rule that numbers stay readable.

use super::*;

/// Every move of the table made by this many letters, of which half were read back.
fn whole(moved: u64) -> Counts {
    let count =
        |at| Count { moved: moved + at, seen: if at % 4 == 3 { moved / 2 } else { moved + at } };
    let edges = (0..).zip(table(Move::Eligible));
    edges.map(|(at, (from, to))| ((Some(from), to), count(at))).collect()
}

#[test]
fn the_table_is_drawn_as_it_was_reviewed() {
    insta::assert_snapshot!(draw(&whole(100)));
}

#[test]
fn what_is_not_allowed_is_drawn_as_it_was_reviewed() {
    use LetterStatus::{Accepted, Cancelled, Dispatched, Enclosed, Failed, Pending, Printed};
    let mut counts = whole(100);
    for (from, to) in [
        (Pending, Dispatched),
        (Accepted, Pending),
        (Cancelled, Printed),
        (Cancelled, Failed),
        (Dispatched, Cancelled),
        (Enclosed, Printed),
    ] {
        counts.insert((Some(from), to), Count { moved: 3, seen: 2 });
    }
    let svg = draw(&counts);
    assert!(svg.contains("6 moves were made that it does not allow."));
    insta::assert_snapshot!(svg);
}

#[test]
fn no_number_covers_a_status_or_another_number() {
    let areas = covered(&whole(2_400));
    assert_eq!(areas.len(), 11 + 1 + 24);
    for (at, one) in areas.iter().enumerate() {
        for other in &areas[at + 1..] {
            assert!(one.shared(other) == 0.0, "{one:?} and {other:?}");
        }
    }
}

#[test]
fn the_number_of_a_single_move_that_is_not_allowed_covers_nothing() {
    let counts = whole(2_400);
    let wrong = table(Move::Illegal).chain(table(Move::NotifyOnly));
    let mut pressed = Vec::new();
    for (from, to) in wrong {
        let count = Count { moved: 1_200, seen: 1_100 };
        let mut one = vec![Wrong::of(&(Some(from), to), count).unwrap()];
        settle(&mut one, &counts);
        if covered(&counts).iter().any(|area| area.shared(&one[0].area()) > 0.0) {
            pressed.push(format!("{from} to {to}"));
        }
    }
    assert!(pressed.is_empty(), "{pressed:?}");
}

#[test]
fn moves_not_made_have_no_number() {
    let svg = draw(&Counts::new());
    // Only the two in the legend.
    assert_eq!(svg.matches("font-weight=\"600\" fill=\"#1d2830\"").count(), 2);
    assert!(svg.contains("0 were made in this run."));
}
