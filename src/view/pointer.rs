//! The pointer: clicks, moves and the wheel, from what minifb tells of the moment.
//!
//! It tells no events, only whether a button is down when it is asked, so a press has to last from one look to the next (20 ms): a finger's
//! does.

use minifb::{MouseButton, MouseMode, Window};

/// What the pointer did since it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Moved,
    /// Pressed there, in pixels from the upper left corner.
    Click(usize, usize),
    /// Turned by so many lines, up where positive.
    Wheel(isize),
}

/// Lines that one notch of the wheel is worth.
const NOTCH: f32 = 3.0;

/// Where it was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pointer {
    at: Option<(usize, usize)>,
    down: bool,
}

impl Pointer {
    pub(crate) fn look(&mut self, window: &Window) -> Vec<Seen> {
        let at = window.get_unscaled_mouse_pos(MouseMode::Discard).map(|(x, y)| (x as usize, y as usize));
        let wheel = window.get_scroll_wheel().map_or(0.0, |(_, down)| down);
        self.turn(at, window.get_mouse_down(MouseButton::Left), wheel)
    }

    fn turn(&mut self, at: Option<(usize, usize)>, down: bool, wheel: f32) -> Vec<Seen> {
        let mut seen = Vec::new();
        // Where it stands at first, it has not moved to.
        if at != self.at && at.is_some() && self.at.is_some() {
            seen.push(Seen::Moved);
        }
        if let (Some((x, y)), true, false) = (at, down, self.down) {
            seen.push(Seen::Click(x, y));
        }
        let lines = (wheel * NOTCH).round() as isize;
        if lines != 0 {
            seen.push(Seen::Wheel(lines));
        }
        (self.at, self.down) = (at.or(self.at), down);
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_one_click_however_long_and_a_place_is_no_move() {
        let mut pointer = Pointer::default();
        assert_eq!(pointer.turn(Some((5, 5)), false, 0.0), []);
        assert_eq!(pointer.turn(Some((6, 5)), true, 0.0), [Seen::Moved, Seen::Click(6, 5)]);
        assert_eq!(pointer.turn(Some((6, 5)), true, 0.0), []);
        assert_eq!(pointer.turn(None, false, 0.0), []);
        assert_eq!(pointer.turn(None, true, 0.0), [], "outside");
        assert_eq!(pointer.turn(Some((6, 5)), true, -1.0), [Seen::Wheel(-3)], "and no click by coming in");
    }
}
