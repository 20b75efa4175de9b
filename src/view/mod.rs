//! The window.

mod brush;
mod fit;
mod grid;
mod text;
mod typeface;
