//! What other windows of the program share with the viewer's: how they are opened, colours and measures.

pub(crate) use super::{
    blit::draw as blit,
    dpi::guess as scale,
    theme::{BACKGROUND, FAINT, Metrics, TEXT, Tone},
    window_system::open,
};
