//! The window as the window system sees it: whether it can be seen, and how pixels get there.
//!
//! minifb copies the whole window and sends it to the X server for each picture, and does not report what
//! happens to the window. On X11, a second connection does better: it sends only what has changed, straight
//! from the canvas, and receives the window's events. Elsewhere, or if that connection is not possible, minifb
//! does what it can, and the window counts as seen.

use std::time::Instant;

use minifb::Window;

use super::visibility::Visibility;
#[cfg(all(unix, not(target_os = "macos")))]
use super::x11::X11Surface;
use crate::{drawing::Rect, picture::Canvas};

/// The window's surface.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    #[cfg(all(unix, not(target_os = "macos")))]
    x11: Option<X11Surface>,
}

impl Surface {
    /// The surface of this window.
    pub(crate) fn of(window: &Window) -> Self {
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            let x11 = X11Surface::attach(window);
            Self { x11: x11.inspect_err(|error| tracing::debug!("no second connection: {error}")).ok() }
        }
        #[cfg(not(all(unix, not(target_os = "macos"))))]
        {
            let _ = window;
            Self::default()
        }
    }

    /// Whether the window system reports when pixels of the window were lost. If not, they have to be sent
    /// again from time to time.
    pub(crate) fn reports_losses(&self) -> bool {
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            self.x11.is_some()
        }
        #[cfg(not(all(unix, not(target_os = "macos"))))]
        {
            false
        }
    }

    /// Takes what the window system says about the window. Returns whether its pixels were lost.
    pub(crate) fn watch(&mut self, visibility: &mut Visibility, now: Instant) -> bool {
        #[cfg(all(unix, not(target_os = "macos")))]
        if let Some(x11) = &mut self.x11 {
            match x11.watch(visibility, now) {
                Ok(lost) => return lost,
                Err(error) => {
                    tracing::debug!("the second connection is lost: {error}");
                    (self.x11, *visibility) = (None, Visibility::default());
                    return true;
                }
            }
        }
        let _ = (visibility, now);
        false
    }

    /// Shows these areas of the canvas, which has the window's size; returns once the display has them.
    pub(crate) fn present(
        &mut self,
        window: &mut Window,
        canvas: &Canvas,
        areas: &[Rect],
    ) -> Result<(), minifb::Error> {
        #[cfg(all(unix, not(target_os = "macos")))]
        if let Some(x11) = &mut self.x11 {
            match x11.present(canvas, areas) {
                Ok(()) => {
                    window.update();
                    return Ok(());
                }
                Err(error) => {
                    tracing::debug!("the second connection is lost: {error}");
                    self.x11 = None;
                }
            }
        }
        let _ = areas;
        window.update_with_buffer(&canvas.pixels, canvas.width, canvas.height)
    }
}
