//! Opens windows of minifb, and calls into it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use minifb::{ScaleMode, Window, WindowOptions};

use super::{
    options::Error,
    refusal::{no_display, refusal},
};
use crate::sanitize::{CharClass, char_class};

/// Sides of a window in pixels: below, nothing can be read; above, X11 fails.
const SIDES: std::ops::RangeInclusive<usize> = 120..=16_384;

/// Opens a window that can be resized and does not pace its caller.
pub(crate) fn open(title: &str, (width, height): (usize, usize)) -> Result<Window, Error> {
    if let Some(reason) = no_display(|name| std::env::var_os(name)) {
        return Err(Error::NoDisplay(reason));
    }
    let side = |side: usize| side.clamp(*SIDES.start(), *SIDES.end());
    // A NUL would make minifb print a message, and a line end would break the title bar.
    let title: String = title.chars().filter(|&c| char_class(c) == CharClass::Shown).collect();
    // The canvas always has the window's size: the mode that scales nothing copies fastest.
    let how = WindowOptions { resize: true, scale_mode: ScaleMode::UpperLeft, ..Default::default() };
    let mut window = Window::new(&title, side(width), side(height), how)
        .map_err(|error| Error::NoDisplay(refusal(&error, std::env::var("DISPLAY").ok())))?;
    window.set_target_fps(0);
    Ok(window)
}

/// Calls into the window system. minifb panics if an input method commits more than 31 bytes at once; only
/// that event is lost.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call))
        .inspect_err(|_| tracing::warn!("an input event of the window system was lost"))
        .ok()
}
