//! Where statuses, moves and their numbers stand, placed by hand.
//!
//! The main flow runs down the left; moves that skip a status pass on its left, each target having a
//! lane of its own; what ends production stands on the right. A move that the table gains must be
//! placed here, and a test says which.

use letterproof_model::LetterStatus::{
    self, Accepted, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Pending,
    Printed, Rejected, Returned,
};

/// A point, in pixels at full size.
pub(super) type Point = (f32, f32);

/// Half the width of a status's box.
pub(super) const HALF_WIDTH: f32 = 64.0;
/// Half the height of a status's box.
pub(super) const HALF_HEIGHT: f32 = 26.0;
/// The diagram's width without moves that are not allowed.
pub(super) const WIDTH: f32 = 668.0;
/// The diagram's height.
pub(super) const HEIGHT: f32 = 656.0;
/// The column of the main flow.
pub(super) const FLOW: f32 = 212.0;
/// The column of what ends production.
pub(super) const ENDS: f32 = 480.0;

/// The middle of a status's box.
pub(super) const fn place(status: LetterStatus) -> Point {
    match status {
        Pending => (FLOW, 40.0),
        Accepted => (FLOW, 136.0),
        Printed => (FLOW, 232.0),
        Enclosed => (FLOW, 328.0),
        Dispatched => (FLOW, 424.0),
        Delivered => (FLOW, 520.0),
        Returned => (FLOW, 616.0),
        Rejected => (ENDS, 40.0),
        Forwarded => (ENDS, 136.0),
        Cancelled => (ENDS, 232.0),
        Failed => (ENDS, 328.0),
    }
}

/// The way of one move, and where its number stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) from: LetterStatus,
    pub(super) to: LetterStatus,
    pub(super) points: &'static [Point],
    pub(super) label: Label,
}

/// Where a number stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    /// Across the line, centred here.
    On(Point),
    /// To the right of an upright line, beginning here.
    Beside(Point),
    /// Nowhere: only NHS Notify makes the move.
    None,
}

use Label::{Beside, On};

const fn route(
    from: LetterStatus,
    to: LetterStatus,
    points: &'static [Point],
    label: Label,
) -> Route {
    Route { from, to, points, label }
}

/// Every move of the pack's table, and those only NHS Notify makes.
#[rustfmt::skip]
pub(super) const ROUTES: [Route; 26] = [
    // Down the main flow.
    route(Pending, Accepted, &[(212., 66.), (212., 110.)], Beside((220., 88.))),
    route(Accepted, Printed, &[(212., 162.), (212., 206.)], Beside((220., 184.))),
    route(Printed, Enclosed, &[(212., 258.), (212., 302.)], Beside((220., 280.))),
    route(Enclosed, Dispatched, &[(212., 354.), (212., 398.)], Beside((220., 376.))),
    route(Dispatched, Delivered, &[(212., 450.), (212., 494.)], Beside((220., 472.))),
    route(Delivered, Returned, &[(212., 546.), (212., 590.)], Beside((220., 568.))),
    // Past a status, on the left: a lane for each target.
    route(Accepted, Enclosed, &[(148., 154.), (56., 154.), (56., 319.), (148., 319.)], On((104., 154.))),
    route(Accepted, Dispatched, &[(148., 136.), (36., 136.), (36., 415.), (148., 415.)], On((104., 136.))),
    route(Accepted, Delivered, &[(148., 118.), (16., 118.), (16., 520.), (148., 520.)], On((104., 118.))),
    route(Printed, Dispatched, &[(148., 241.), (36., 241.), (36., 415.), (148., 415.)], On((104., 241.))),
    route(Printed, Delivered, &[(148., 223.), (16., 223.), (16., 520.), (148., 520.)], On((104., 223.))),
    route(Enclosed, Delivered, &[(148., 337.), (16., 337.), (16., 520.), (148., 520.)], On((104., 337.))),
    route(Dispatched, Returned, &[(148., 433.), (56., 433.), (56., 616.), (148., 616.)], On((104., 433.))),
    // To what ends production, on the right: a lane for CANCELLED and one for FAILED.
    route(Pending, Rejected, &[(276., 32.), (416., 32.)], On((320., 32.))),
    route(Accepted, Forwarded, &[(276., 118.), (416., 118.)], On((320., 118.))),
    route(Accepted, Cancelled, &[(276., 136.), (390., 136.), (390., 223.), (416., 223.)], On((320., 136.))),
    route(Accepted, Failed, &[(276., 154.), (368., 154.), (368., 337.), (416., 337.)], On((320., 154.))),
    route(Printed, Cancelled, &[(276., 223.), (416., 223.)], On((320., 223.))),
    route(Printed, Failed, &[(276., 241.), (368., 241.), (368., 337.), (416., 337.)], On((320., 241.))),
    route(Enclosed, Cancelled, &[(276., 319.), (390., 319.), (390., 223.), (416., 223.)], On((320., 319.))),
    route(Enclosed, Failed, &[(276., 337.), (416., 337.)], On((320., 337.))),
    // From FORWARDED.
    route(Forwarded, Cancelled, &[(480., 162.), (480., 206.)], Beside((488., 184.))),
    route(Forwarded, Failed, &[(544., 145.), (632., 145.), (632., 328.), (544., 328.)], On((588., 145.))),
    route(Forwarded, Delivered, &[(544., 127.), (652., 127.), (652., 520.), (276., 520.)], On((588., 127.))),
    // By NHS Notify only.
    route(Rejected, Pending, &[(416., 52.), (276., 52.)], Label::None),
    route(Rejected, Failed, &[(544., 40.), (632., 40.), (632., 328.), (544., 328.)], Label::None),
];

/// A curve for a move that no route is placed for: from corner to corner of two boxes, where no
/// route begins or ends, and away from their numbers.
pub(super) fn detour(from: LetterStatus, to: LetterStatus) -> [Point; 4] {
    let ((x1, y1), (x2, y2)) = (place(from), place(to));
    let down = if y2 >= y1 { 1.0 } else { -1.0 };
    let level = if y2 == y1 { -1.0 } else { 1.0 };
    let (start, end) = (y1 + 22.0 * down, y2 - 22.0 * down * level);
    let (lean, meet) = (start + 20.0 * down, end - 20.0 * down * level);
    if x1 == x2 {
        // Around the outside; a curve bulges by three quarters of its handles.
        let bulge = 214.0 + (y2 - y1).abs() / 6.0 + if down > 0.0 { 0.0 } else { 20.0 };
        let (side, bulge) = if x1 < ENDS { (-1.0, bulge) } else { (1.0, bulge - 24.0) };
        let x = x1 + side * HALF_WIDTH;
        [(x, start), (x + side * bulge, lean), (x + side * bulge, meet), (x, end)]
    } else {
        let side = if x1 < x2 { 1.0 } else { -1.0 };
        let (x1, x2) = (x1 + side * HALF_WIDTH, x2 - side * HALF_WIDTH);
        [(x1, start), (x1 + side * 70.0, lean), (x2 - side * 70.0, meet), (x2, end)]
    }
}

/// A point on a curve, `along` from 0 to 1.
pub(super) fn on_curve(curve: &[Point; 4], along: f32) -> Point {
    let rest = 1.0 - along;
    let weights =
        [rest.powi(3), 3.0 * rest * rest * along, 3.0 * rest * along * along, along.powi(3)];
    curve
        .iter()
        .zip(weights)
        .fold((0.0, 0.0), |(x, y), (point, weight)| (x + point.0 * weight, y + point.1 * weight))
}

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area(pub(super) f32, pub(super) f32, pub(super) f32, pub(super) f32);

impl Area {
    /// The box of a status.
    pub(super) fn of(status: LetterStatus) -> Self {
        Self::around(place(status), HALF_WIDTH, HALF_HEIGHT)
    }

    /// A rectangle around a point.
    pub(super) fn around((x, y): Point, half_width: f32, half_height: f32) -> Self {
        Self(x - half_width, y - half_height, x + half_width, y + half_height)
    }

    /// The middle.
    pub(super) const fn middle(&self) -> Point {
        ((self.0 + self.2) / 2.0, (self.1 + self.3) / 2.0)
    }

    /// How much two rectangles share.
    pub(super) fn shared(&self, other: &Self) -> f32 {
        let width = self.2.min(other.2) - self.0.max(other.0);
        let height = self.3.min(other.3) - self.1.max(other.1);
        width.max(0.0) * height.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use letterproof_model::Move;

    use super::super::table;
    use super::*;

    #[test]
    fn every_move_of_the_table_has_its_way_and_no_other_has() {
        let placed: BTreeSet<_> = ROUTES.iter().map(|route| (route.from, route.to)).collect();
        let table: BTreeSet<_> = table(Move::Eligible).chain(table(Move::NotifyOnly)).collect();
        assert_eq!(placed, table);
        assert_eq!(placed.len(), ROUTES.len());
    }

    #[test]
    fn every_way_begins_and_ends_at_its_boxes_and_turns_at_right_angles() {
        for route in ROUTES {
            let touches = |status, point: &Point| {
                let Area(left, top, right, bottom) = Area::of(status);
                let (x, y) = *point;
                let beside = (x == left || x == right) && y > top && y < bottom;
                let above = (y == top || y == bottom) && x > left && x < right;
                beside || above
            };
            let name = format!("{} to {}", route.from, route.to);
            assert!(touches(route.from, route.points.first().unwrap()), "{name}");
            assert!(touches(route.to, route.points.last().unwrap()), "{name}");
            for leg in route.points.windows(2) {
                assert!((leg[0].0 == leg[1].0) != (leg[0].1 == leg[1].1), "{name}");
            }
        }
    }

    #[test]
    fn no_way_runs_through_a_status() {
        for route in ROUTES {
            for leg in route.points.windows(2) {
                let ((x1, y1), (x2, y2)) = (leg[0], leg[1]);
                let leg =
                    Area(x1.min(x2) - 1.0, y1.min(y2) - 1.0, x1.max(x2) + 1.0, y1.max(y2) + 1.0);
                for status in LetterStatus::ALL {
                    let (x, y) = place(status);
                    let inner = Area::around((x, y), HALF_WIDTH - 2.0, HALF_HEIGHT - 2.0);
                    let name = format!("{} to {} through {status}", route.from, route.to);
                    assert!(leg.shared(&inner) == 0.0, "{name}");
                }
            }
        }
    }
}
