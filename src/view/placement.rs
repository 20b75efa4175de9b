//! Where a window was, and where it goes the next time.

use serde::{Deserialize, Serialize};

/// Sides of a window that are accepted: a file may have been changed by hand.
const SIDES: std::ops::RangeInclusive<u32> = 120..=16_384;

/// The place of a window on the screen: the corner of its frame, and its size without that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placement {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Placement {
    /// The size in pixels.
    pub(crate) fn size(self) -> (usize, usize) {
        let side = |side: u32| side.clamp(*SIDES.start(), *SIDES.end()) as usize;
        (side(self.width), side(self.height))
    }

    /// The pixels that this has in common with another.
    fn common(self, other: Self) -> u64 {
        let side = |at: i32, length: u32, other: i32, other_length: u32| {
            let end = |at: i32, length: u32| i64::from(at) + i64::from(length);
            (end(at, length).min(end(other, other_length)) - i64::from(at.max(other))).max(0).cast_unsigned()
        };
        side(self.x, self.width, other.x, other.width) * side(self.y, self.height, other.y, other.height)
    }

    /// This place on the monitors that there are now: all of the window is on the one that has most of it, or else on
    /// the first. `None` without monitors.
    pub(crate) fn on(self, monitors: &[Self]) -> Option<Self> {
        let first = *monitors.first()?;
        let most = monitors.iter().copied().rev().max_by_key(|monitor| monitor.common(self));
        let monitor = most.filter(|monitor| monitor.common(self) > 0).unwrap_or(first);
        let side = |side: u32, room: u32| side.clamp(*SIDES.start(), *SIDES.end()).min(room);
        let (width, height) = (side(self.width, monitor.width), side(self.height, monitor.height));
        let at = |at: i32, length: u32, from: i32, room: u32| {
            let last = from.saturating_add_unsigned(room - length);
            at.clamp(from, last)
        };
        let x = at(self.x, width, monitor.x, monitor.width);
        let y = at(self.y, height, monitor.y, monitor.height);
        Some(Self { x, y, width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn place(x: i32, y: i32, width: u32, height: u32) -> Placement {
        Placement { x, y, width, height }
    }

    #[test]
    fn a_window_comes_back_where_it_was_if_it_can_be_seen_there() {
        let (left, right) = (place(0, 0, 1920, 1080), place(1920, 200, 1280, 720));
        let both = [left, right];
        for seen in [place(100, 50, 800, 600), place(1920, 200, 1280, 720), place(0, 0, 1920, 1080)] {
            assert_eq!(seen.on(&both), Some(seen));
        }
        assert_eq!(
            place(1_800, 300, 800, 600).on(&both),
            Some(place(1920, 300, 800, 600)),
            "most of it is there"
        );
        assert_eq!(place(2_000, 300, 800, 600).on(&[left]), Some(place(1_120, 300, 800, 600)), "unplugged");
        assert_eq!(place(-5_000, -5_000, 800, 600).on(&both), Some(place(0, 0, 800, 600)));
        assert_eq!(place(300, 700, 4_000, 3_000).on(&both), Some(left), "no larger than a monitor");
        assert_eq!(place(0, 0, 800, 600).on(&[]), None);
    }

    #[test]
    fn no_number_is_too_large() {
        let far = place(i32::MAX, i32::MIN, u32::MAX, 0);
        let monitor = place(i32::MAX - 10, i32::MAX - 10, 5, 5);
        assert_eq!(far.on(&[monitor]), Some(monitor));
        assert!(far.on(&[place(0, 0, 0, 0)]).is_some());
        assert_eq!(far.size(), (16_384, 120));
    }
}
