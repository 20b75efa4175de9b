//! The pointer as the X server reports it: each press and move is an event, however short.
//!
//! minifb has taken the window's own button events, which only one client gets. So an invisible window that covers all
//! of it takes them first; keys go through it to the window.

use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{self, ConnectionExt, CreateWindowAux, EventMask, KeyButMask, WindowClass},
    },
    rust_connection::RustConnection,
};

use super::{
    pointer::{NOTCH, PointerEvent},
    x11::Error,
};

/// Longest time between the two presses of a double click, in milliseconds: as on most desktops.
const DOUBLE_CLICK: u32 = 400;

/// Farthest distance between them in pixels.
const DOUBLE_CLICK_REACH: usize = 8;

/// Sides of the invisible window: as large as a window can be, since it is clipped to the one that it covers.
const LARGEST: u16 = i16::MAX as u16;

/// Events kept until the window takes them, many times what happens between two looks.
const MOST_WAITING: usize = 1_024;

/// The invisible window.
#[derive(Debug)]
pub(super) struct X11Pointer {
    window: xproto::Window,
    buttons: Buttons,
}

impl X11Pointer {
    /// Covers this window.
    pub(super) fn cover(connection: &RustConnection, window: xproto::Window) -> Result<Self, Error> {
        let cover = connection.generate_id()?;
        let events = EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::POINTER_MOTION
            | EventMask::LEAVE_WINDOW;
        let how = CreateWindowAux::new().event_mask(events);
        let class = WindowClass::INPUT_ONLY;
        let made = connection.create_window(
            0,
            cover,
            window,
            0,
            0,
            LARGEST,
            LARGEST,
            0,
            class,
            x11rb::COPY_FROM_PARENT,
            &how,
        )?;
        made.check()?;
        connection.map_window(cover)?.check()?;
        Ok(Self { window: cover, buttons: Buttons::default() })
    }

    /// The invisible window.
    pub(super) const fn window(&self) -> xproto::Window {
        self.window
    }

    /// Takes an event, if it is one of the pointer.
    pub(super) fn take(&mut self, event: &Event) {
        let place = |x: i16, y: i16| (x.max(0) as usize, y.max(0) as usize);
        match event {
            Event::ButtonPress(event) if event.event == self.window => {
                let control = event.state.contains(KeyButMask::CONTROL);
                let at = place(event.event_x, event.event_y);
                self.buttons.pressed(event.detail, at, event.time, control);
            }
            Event::ButtonRelease(event) if event.event == self.window => self.buttons.released(event.detail),
            Event::MotionNotify(event) if event.event == self.window => {
                self.buttons.moved(place(event.event_x, event.event_y));
            }
            Event::LeaveNotify(event) if event.event == self.window => self.buttons.left(),
            _ => {}
        }
    }

    /// Forgets that a button is down: another program gets its release.
    pub(super) const fn forget_press(&mut self) {
        self.buttons.is_pressed = false;
    }

    /// What has happened since the last call.
    pub(super) fn events(&mut self) -> Vec<PointerEvent> {
        std::mem::take(&mut self.buttons.waiting)
    }
}

/// Presses and moves in order, as events of ours.
#[derive(Debug, Default)]
struct Buttons {
    /// Whether the first button is down since it was pressed in the window.
    is_pressed: bool,
    /// The last press of it, if another may follow: the server's time and the place.
    last: Option<(u32, (usize, usize))>,
    waiting: Vec<PointerEvent>,
}

impl Buttons {
    fn pressed(&mut self, button: u8, (x, y): (usize, usize), time: u32, control: bool) {
        match button {
            1 => {
                let is_near = |(last_x, last_y): (usize, usize)| {
                    last_x.abs_diff(x).max(last_y.abs_diff(y)) <= DOUBLE_CLICK_REACH
                };
                let before = self.last.take();
                // The server's time begins again after 50 days.
                let is_second = before
                    .is_some_and(|(before, at)| time.wrapping_sub(before) <= DOUBLE_CLICK && is_near(at));
                self.is_pressed = true;
                if is_second {
                    self.push(PointerEvent::DoubleClick(x, y));
                } else {
                    self.last = Some((time, (x, y)));
                    self.push(PointerEvent::Click(x, y));
                }
            }
            3 => self.push(PointerEvent::RightClick(x, y)),
            4 if control => self.push(PointerEvent::Zoom(1)),
            5 if control => self.push(PointerEvent::Zoom(-1)),
            4 => self.push(PointerEvent::Wheel(NOTCH as isize)),
            5 => self.push(PointerEvent::Wheel(-(NOTCH as isize))),
            _ => {}
        }
    }

    fn released(&mut self, button: u8) {
        if button == 1 && std::mem::take(&mut self.is_pressed) {
            self.push(PointerEvent::Released);
        }
    }

    fn moved(&mut self, (x, y): (usize, usize)) {
        let event = if self.is_pressed { PointerEvent::Dragged(x, y) } else { PointerEvent::Moved(x, y) };
        // Of moves in a row, the last one counts.
        if let Some(PointerEvent::Dragged(..) | PointerEvent::Moved(..)) = self.waiting.last() {
            self.waiting.pop();
        }
        self.push(event);
    }

    fn left(&mut self) {
        if !self.is_pressed {
            self.push(PointerEvent::Left);
        }
    }

    fn push(&mut self, event: PointerEvent) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_of_no_duration_is_a_click_and_two_are_a_double_click() {
        let mut buttons = Buttons::default();
        for time in [1_000, 1_300, 1_500, 2_200] {
            buttons.pressed(1, (5, 6), time, false);
            buttons.released(1);
        }
        let presses: Vec<_> =
            buttons.waiting.iter().filter(|event| **event != PointerEvent::Released).collect();
        let click = PointerEvent::Click(5, 6);
        assert_eq!(presses, [&click, &PointerEvent::DoubleClick(5, 6), &click, &click], "a third is a first");
        let mut buttons = Buttons::default();
        buttons.pressed(1, (5, 6), u32::MAX - 10, false);
        buttons.pressed(1, (9, 6), 20, false);
        buttons.pressed(1, (50, 6), 40, false);
        let [_, double, far] = buttons.waiting[..] else { panic!("{:?}", buttons.waiting) };
        assert_eq!((double, far), (PointerEvent::DoubleClick(9, 6), PointerEvent::Click(50, 6)));
    }

    #[test]
    fn moves_in_a_row_are_one_and_a_drag_may_leave_the_window() {
        let mut buttons = Buttons::default();
        buttons.moved((1, 1));
        buttons.moved((2, 1));
        buttons.pressed(1, (2, 1), 0, false);
        buttons.left();
        buttons.moved((0, 1));
        buttons.released(1);
        buttons.released(3);
        buttons.left();
        buttons.pressed(4, (2, 1), 0, false);
        buttons.pressed(5, (2, 1), 0, true);
        assert_eq!(
            buttons.waiting,
            [
                PointerEvent::Moved(2, 1),
                PointerEvent::Click(2, 1),
                PointerEvent::Dragged(0, 1),
                PointerEvent::Released,
                PointerEvent::Left,
                PointerEvent::Wheel(3),
                PointerEvent::Zoom(-1),
            ]
        );
    }
}
