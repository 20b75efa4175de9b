//! Stands for the connection to an X server where there is none: on macOS and Windows, minifb does what it can.

use std::time::Instant;

use minifb::Window;

use super::{pointer::PointerEvent, presses::Press, visibility::Visibility};
use crate::{drawing::Rect, picture::Canvas};

/// There is no X server.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no X server on this system")]
pub(crate) struct Error;

/// Never exists.
#[derive(Debug)]
pub(crate) enum X11Surface {}

/// Pictures are pasted on X11 only.
pub(crate) const fn clipboard_picture() -> Option<Vec<u8>> {
    None
}

impl X11Surface {
    pub(crate) fn attach(_: &Window) -> Result<Self, Error> {
        Err(Error)
    }

    pub(crate) fn watch(&mut self, _: &mut Visibility, _: Instant) -> Result<bool, Error> {
        match *self {}
    }

    pub(crate) fn present(&self, _: &Canvas, _: &[Rect]) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn note_presses(&mut self) {
        match *self {}
    }

    pub(crate) fn presses(&mut self) -> Vec<Press> {
        match *self {}
    }

    pub(crate) fn pointer_events(&mut self) -> Option<Vec<PointerEvent>> {
        match *self {}
    }

    pub(crate) fn toggle_full_screen(&mut self) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn leave_full_screen(&mut self) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn toggle_on_top(&self) -> Result<bool, Error> {
        match *self {}
    }

    pub(crate) fn toggle_small(&mut self, _: (usize, usize)) -> Result<bool, Error> {
        match *self {}
    }

    pub(crate) fn is_small(&self) -> bool {
        match *self {}
    }

    pub(crate) fn move_with_pointer(&mut self) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn set_urgent(&mut self, _: bool) -> Result<(), Error> {
        match *self {}
    }
}
