//! The pointer: clicks, moves and the wheel, derived from the states that minifb reports.
//!
//! minifb reports no events, only whether a button is down at the moment, so a press must last from one poll
//! to the next (20 ms), as a finger's does.

use minifb::{MouseButton, MouseMode, Window};

/// An event since the last poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointerEvent {
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
    /// Pressed there for the second time in a row.
    #[cfg_attr(not(all(unix, not(target_os = "macos"))), expect(dead_code, reason = "reported by X11 only"))]
    DoubleClick(usize, usize),
    /// Pressed there with the right button.
    RightClick(usize, usize),
    /// Turned by this many lines; positive is up.
    Wheel(isize),
    /// Turned by this many notches with the control key down.
    #[cfg_attr(not(all(unix, not(target_os = "macos"))), expect(dead_code, reason = "reported by X11 only"))]
    Zoom(isize),
}

/// Lines per notch of the wheel.
pub(super) const NOTCH: f32 = 3.0;

/// State at the last poll.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pointer {
    at: Option<(usize, usize)>,
    down: bool,
    right_down: bool,
    /// Whether it was pressed in the window, and is still down.
    pressed: bool,
    inside: bool,
}

impl Pointer {
    pub(crate) fn poll(&mut self, window: &Window) -> Vec<PointerEvent> {
        let place = |mode| window.get_unscaled_mouse_pos(mode).map(|(x, y)| (x as usize, y as usize));
        let inside = place(MouseMode::Discard);
        // A drag may leave the window; the position is clamped to its edge then.
        let at = if self.pressed { place(MouseMode::Clamp) } else { inside };
        let wheel = window.get_scroll_wheel().map_or(0.0, |(_, down)| down);
        let mut events = self.update(at, window.get_mouse_down(MouseButton::Left), wheel);
        events.extend(self.right(inside, window.get_mouse_down(MouseButton::Right)));
        events
    }

    fn right(&mut self, at: Option<(usize, usize)>, down: bool) -> Option<PointerEvent> {
        let was_down = std::mem::replace(&mut self.right_down, down);
        at.filter(|_| down && !was_down).map(|(x, y)| PointerEvent::RightClick(x, y))
    }

    fn update(&mut self, at: Option<(usize, usize)>, down: bool, wheel: f32) -> Vec<PointerEvent> {
        let mut events = Vec::new();
        // The position at release is not reported: a move since the last poll may be after the release.
        if !down && std::mem::take(&mut self.pressed) {
            events.push(PointerEvent::Released);
        }
        // The first known position is not a move.
        if let Some((x, y)) = at.filter(|_| at != self.at && self.at.is_some()) {
            events.push(if self.pressed { PointerEvent::Dragged(x, y) } else { PointerEvent::Moved(x, y) });
        }
        if at.is_none() && std::mem::take(&mut self.inside) {
            events.push(PointerEvent::Left);
        }
        self.inside = at.is_some();
        if let (Some((x, y)), true, false) = (at, down, self.down) {
            events.push(PointerEvent::Click(x, y));
            self.pressed = true;
        }
        let lines = (wheel * NOTCH).round() as isize;
        if lines != 0 {
            events.push(PointerEvent::Wheel(lines));
        }
        (self.at, self.down) = (at.or(self.at), down);
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_one_click_however_long_and_a_place_is_no_move() {
        let mut pointer = Pointer::default();
        assert_eq!(pointer.update(Some((5, 5)), false, 0.0), []);
        assert_eq!(
            pointer.update(Some((6, 5)), true, 0.0),
            [PointerEvent::Moved(6, 5), PointerEvent::Click(6, 5)]
        );
        assert_eq!(pointer.update(Some((6, 5)), true, 0.0), []);
        assert_eq!(pointer.update(None, false, 0.0), [PointerEvent::Released, PointerEvent::Left]);
        assert_eq!(pointer.update(None, true, 0.0), [], "outside");
        assert_eq!(
            pointer.update(Some((6, 5)), true, -1.0),
            [PointerEvent::Wheel(-3)],
            "entering is no click"
        );
        let right = [true, true, false, true].map(|down| pointer.right(Some((6, 5)), down).is_some());
        assert_eq!(right, [true, false, false, true]);
        assert_eq!(pointer.right(None, false), None);
        assert_eq!(pointer.right(None, true), None, "outside");
    }

    #[test]
    fn a_button_that_is_pressed_in_the_window_is_dragged_until_release() {
        let mut pointer = Pointer::default();
        pointer.update(Some((5, 5)), false, 0.0);
        assert_eq!(pointer.update(Some((5, 5)), true, 0.0), [PointerEvent::Click(5, 5)]);
        assert_eq!(pointer.update(Some((9, 5)), true, 0.0), [PointerEvent::Dragged(9, 5)]);
        assert_eq!(
            pointer.update(Some((12, 5)), false, 0.0),
            [PointerEvent::Released, PointerEvent::Moved(12, 5)]
        );
        assert_eq!(pointer.update(Some((13, 5)), false, 0.0), [PointerEvent::Moved(13, 5)]);
    }
}
