//! The pointer: clicks, moves and the wheel, from what minifb tells of the moment.
//!
//! It tells no events, only whether a button is down when it is asked, so a press has to last from one look to the next (20 ms): a finger's
//! does.

use minifb::{MouseButton, MouseMode, Window};

/// What the pointer did since it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// To there, in pixels from the upper left corner.
    Moved(usize, usize),
    /// Moved there with the button down since it was pressed in the window; also beyond its edges.
    Dragged(usize, usize),
    /// The button came up again.
    Released,
    /// Left the window.
    Left,
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
    /// Whether it was pressed in the window, and is still down.
    pressed: bool,
    inside: bool,
}

impl Pointer {
    pub(crate) fn look(&mut self, window: &Window) -> Vec<Seen> {
        let place = |mode| window.get_unscaled_mouse_pos(mode).map(|(x, y)| (x as usize, y as usize));
        let inside = place(MouseMode::Discard);
        // Who drags may leave the window's edge: that is its edge then.
        let at = if self.pressed { place(MouseMode::Clamp) } else { inside };
        let wheel = window.get_scroll_wheel().map_or(0.0, |(_, down)| down);
        self.turn(at, window.get_mouse_down(MouseButton::Left), wheel)
    }

    fn turn(&mut self, at: Option<(usize, usize)>, down: bool, wheel: f32) -> Vec<Seen> {
        let mut seen = Vec::new();
        // Where it stands at first, it has not moved to.
        // Where it was when the button came up is not told: what it moved since the last look may be after that.
        if !down && std::mem::take(&mut self.pressed) {
            seen.push(Seen::Released);
        }
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
        assert_eq!(pointer.turn(Some((6, 5)), true, -1.0), [Seen::Wheel(-3)], "and no click by coming in");
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
