//! The pointer: clicks, moves and the wheel, derived from the states that minifb reports.
//!
//! minifb reports no events, only whether a button is down at the moment, so a press must last from one poll
//! to the next (20 ms), as a finger's does.

use minifb::{MouseButton, MouseMode, Window};

/// An event since the last poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Moved there, in pixels from the upper left corner.
    Moved(usize, usize),
    /// Moved there with the button down since it was pressed in the window; also beyond its edges.
    Dragged(usize, usize),
    /// The button was released.
    Released,
    /// Left the window.
    Left,
    /// Pressed there, in pixels from the upper left corner.
    Click(usize, usize),
    /// Turned by this many lines; positive is up.
    Wheel(isize),
}

/// Lines per notch of the wheel.
const NOTCH: f32 = 3.0;

/// State at the last poll.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pointer {
    at: Option<(usize, usize)>,
    down: bool,
    /// Whether it was pressed in the window, and is still down.
    pressed: bool,
    inside: bool,
}

impl Pointer {
    pub(crate) fn look(&mut self, window: &Window) -> Vec<Seen> {
        let place = |mode| window.get_unscaled_mouse_pos(mode).map(|(x, y)| (x as usize, y as usize));
        let inside = place(MouseMode::Discard);
        // A drag may leave the window; the position is clamped to its edge then.
        let at = if self.pressed { place(MouseMode::Clamp) } else { inside };
        let wheel = window.get_scroll_wheel().map_or(0.0, |(_, down)| down);
        self.turn(at, window.get_mouse_down(MouseButton::Left), wheel)
    }

    fn turn(&mut self, at: Option<(usize, usize)>, down: bool, wheel: f32) -> Vec<Seen> {
        let mut seen = Vec::new();
        // The position at release is not reported: a move since the last poll may be after the release.
        if !down && std::mem::take(&mut self.pressed) {
            seen.push(Seen::Released);
        }
        // The first known position is not a move.
        if let Some((x, y)) = at.filter(|_| at != self.at && self.at.is_some()) {
            seen.push(if self.pressed { Seen::Dragged(x, y) } else { Seen::Moved(x, y) });
        }
        if at.is_none() && std::mem::take(&mut self.inside) {
            seen.push(Seen::Left);
        }
        self.inside = at.is_some();
        if let (Some((x, y)), true, false) = (at, down, self.down) {
            seen.push(Seen::Click(x, y));
            self.pressed = true;
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
        assert_eq!(pointer.turn(Some((6, 5)), true, 0.0), [Seen::Moved(6, 5), Seen::Click(6, 5)]);
        assert_eq!(pointer.turn(Some((6, 5)), true, 0.0), []);
        assert_eq!(pointer.turn(None, false, 0.0), [Seen::Released, Seen::Left]);
        assert_eq!(pointer.turn(None, true, 0.0), [], "outside");
        assert_eq!(pointer.turn(Some((6, 5)), true, -1.0), [Seen::Wheel(-3)], "entering is no click");
    }

    #[test]
    fn what_is_pressed_in_the_window_is_dragged_until_it_is_released() {
        let mut pointer = Pointer::default();
        pointer.turn(Some((5, 5)), false, 0.0);
        assert_eq!(pointer.turn(Some((5, 5)), true, 0.0), [Seen::Click(5, 5)]);
        assert_eq!(pointer.turn(Some((9, 5)), true, 0.0), [Seen::Dragged(9, 5)]);
        assert_eq!(pointer.turn(Some((12, 5)), false, 0.0), [Seen::Released, Seen::Moved(12, 5)]);
        assert_eq!(pointer.turn(Some((13, 5)), false, 0.0), [Seen::Moved(13, 5)]);
    }
}
