//! Words and flat shapes on a [`Canvas`](crate::picture::Canvas), for whoever draws: the window its overlay, a
//! camera that is gone its card.

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
