//! Drawing text and flat shapes on a [`Canvas`](crate::picture::Canvas).
//!
//! Used by the window's overlay and the card in place of a missing camera.

mod brush;
mod rect;
mod text;
mod typeface;

pub use self::{
    brush::{fill, fill_around, hatch, rounded, stroke, triangle, veil},
    rect::Rect,
    text::{Painter, Plate, Style},
    typeface::SANS,
};
