//! Drawing text and flat shapes on a [`Canvas`](crate::picture::Canvas).
//!
//! Used by the window's overlay and the card in place of a missing camera.

mod bundled;
mod rect;
mod shapes;
mod text;
mod typeface;

pub use self::{
    bundled::SANS,
    rect::Rect,
    shapes::{fill, fill_around, hatch, rounded, stroke, triangle, veil},
    text::{Plate, Style, TextPainter},
};
