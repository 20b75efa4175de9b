//! The window as the window system sees it: whether it can be seen, how pixels get there, and what the user does.
//!
//! minifb copies the whole window and sends it to the X server for each picture, polls the pointer, and does not report
//! what happens to the window. On X11, a second connection does better: it sends only what has changed, straight
//! from the canvas, and receives the window's events. Elsewhere, or if that connection is not possible, minifb
//! does what it can, and the window counts as seen.

use std::time::Instant;

use minifb::Window;

use super::{
    pointer::PointerEvent,
    presses::Press,
    visibility::Visibility,
    x11::{self, X11Surface},
};
use crate::{drawing::Rect, picture::Canvas};

/// The window system, or this window manager, does not support a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the window manager does not support that")]
pub(crate) struct Unsupported;

/// The window's surface.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    x11: Option<X11Surface>,
}

impl Surface {
    /// The surface of this window.
    pub(crate) fn of(window: &Window) -> Self {
        let x11 = X11Surface::attach(window);
        Self { x11: x11.inspect_err(|error| tracing::debug!("no second connection: {error}")).ok() }
    }

    /// Whether the window system reports when pixels of the window were lost. If not, they have to be sent
    /// again from time to time.
    pub(crate) fn reports_losses(&self) -> bool {
        self.x11.is_some()
    }

    /// Whether the window can fill the screen, and stay on top if its window manager allows it.
    pub(crate) fn has_states(&self) -> bool {
        self.x11.is_some()
    }

    /// Asks the window system, if there is a second connection to it.
    fn ask<T>(
        &mut self,
        what: impl FnOnce(&mut X11Surface) -> Result<T, x11::Error>,
    ) -> Result<T, Unsupported> {
        let answer = what(self.x11.as_mut().ok_or(Unsupported)?);
        answer.map_err(|error| {
            tracing::debug!("the window system refuses: {error}");
            Unsupported
        })
    }

    /// What the pointer has done since the last call; `None` if minifb has to be asked for its state.
    pub(crate) fn pointer_events(&mut self) -> Option<Vec<PointerEvent>> {
        self.x11.as_mut()?.pointer_events()
    }

    /// The keys pressed since the last call, as the window system reports them.
    pub(crate) fn presses(&mut self) -> Vec<Press> {
        self.x11.as_mut().map(X11Surface::presses).unwrap_or_default()
    }

    /// Fills the screen with the window, or ends that.
    pub(crate) fn toggle_full_screen(&mut self) -> Result<(), Unsupported> {
        self.ask(X11Surface::toggle_full_screen)
    }

    /// Ends that, if the window fills the screen.
    pub(crate) fn leave_full_screen(&mut self) {
        let _ = self.ask(X11Surface::leave_full_screen); // what cannot be asked does not fill it
    }

    /// Keeps the window above others, or ends that; returns whether it stays above.
    pub(crate) fn toggle_on_top(&mut self) -> Result<bool, Unsupported> {
        self.ask(|x11| x11.toggle_on_top())
    }

    /// Makes the window small, in the proportions of a picture, or as it was before; returns whether it is small.
    pub(crate) fn toggle_small(&mut self, picture: (usize, usize)) -> Result<bool, Unsupported> {
        self.ask(|x11| x11.toggle_small(picture))
    }

    /// Whether the window is small.
    pub(crate) fn is_small(&self) -> bool {
        self.x11.as_ref().is_some_and(X11Surface::is_small)
    }

    /// Lets the user move the window with the pointer, whose button is down.
    pub(crate) fn move_with_pointer(&mut self) {
        let _ = self.ask(X11Surface::move_with_pointer); // what cannot be moved stays
    }

    /// Asks for the user's attention, or no longer.
    pub(crate) fn set_urgent(&mut self, urgent: bool) {
        let _ = self.ask(|x11| x11.set_urgent(urgent)); // a hint, and no more
    }

    /// Takes what the window system says about the window. Returns whether its pixels were lost.
    pub(crate) fn watch(&mut self, visibility: &mut Visibility, now: Instant) -> bool {
        let Some(x11) = &mut self.x11 else { return false };
        match x11.watch(visibility, now) {
            Ok(lost) => lost,
            Err(error) => {
                tracing::debug!("the second connection is lost: {error}");
                (self.x11, *visibility) = (None, Visibility::default());
                true
            }
        }
    }

    /// Lets minifb take its events.
    pub(crate) fn update(&mut self, window: &mut Window) {
        if let Some(x11) = &mut self.x11 {
            x11.note_presses();
        }
        window.update();
    }

    /// Shows these areas of the canvas, which has the window's size; returns once the display has them.
    pub(crate) fn present(
        &mut self,
        window: &mut Window,
        canvas: &Canvas,
        areas: &[Rect],
    ) -> Result<(), minifb::Error> {
        if let Some(x11) = &self.x11 {
            match x11.present(canvas, areas) {
                Ok(()) => {
                    self.update(window);
                    return Ok(());
                }
                Err(error) => {
                    tracing::debug!("the second connection is lost: {error}");
                    self.x11 = None;
                }
            }
        }
        window.update_with_buffer(&canvas.pixels, canvas.width, canvas.height)
    }
}
