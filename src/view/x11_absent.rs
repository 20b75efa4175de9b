//! Stands for the connection to an X server where there is none: on macOS and Windows, minifb does what it can.

use std::time::Instant;

use minifb::{Key, Window};

use super::{pointer::PointerEvent, visibility::Visibility};
use crate::{drawing::Rect, picture::Canvas};

/// There is no X server.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no X server on this system")]
pub(crate) struct Error;

/// Never exists.
#[derive(Debug)]
pub(crate) enum X11Surface {}

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

    pub(crate) fn letters(&mut self) -> Vec<Key> {
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

    pub(crate) fn set_urgent(&mut self, _: bool) -> Result<(), Error> {
        match *self {}
    }
}
