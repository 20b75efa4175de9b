//! Pictures in a terminal: protocols, sizes and a cache.

use std::{fmt, str::FromStr};

use image::{DynamicImage, RgbImage};
use ratatui::{Frame, layout::Rect};
use ratatui_image::{
    FontSize, Image, Resize,
    picker::{Picker, ProtocolType},
    protocol::Protocol,
};

use crate::{
    picture::Canvas,
    view::{demand::ShownTile, update::RescaleRequest},
};

/// How pictures are drawn in a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Graphics {
    /// The best that the terminal reports support for.
    #[default]
    Auto,
    /// Two pixels per character cell, in its colours: every terminal of this century.
    Blocks,
    /// kitty's graphics protocol.
    Kitty,
    /// Sixels.
    Sixel,
}

/// The error for an unknown way of drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected auto, blocks, kitty or sixel")]
pub struct Unknown;

impl FromStr for Graphics {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Ok(match text {
            "auto" => Self::Auto,
            "blocks" => Self::Blocks,
            "kitty" => Self::Kitty,
            "sixel" => Self::Sixel,
            _ => return Err(Unknown),
        })
    }
}

/// Encodes pictures for the terminal, and caches those that have not changed.
pub(super) struct Pictures {
    picker: Picker,
    kept: Vec<Kept>,
    /// Pictures that were not available at their size.
    pub(super) rescale_requests: Vec<RescaleRequest>,
    /// Where each stream is shown.
    pub(super) tiles: Vec<ShownTile>,
}

struct Kept {
    stamp: u64,
    dimmed: bool,
    area: Rect,
    protocol: Protocol,
    used: bool,
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}

impl Pictures {
    /// Queries the terminal for its graphics, unless `graphics` names them.
    pub(super) fn new(graphics: Graphics) -> Self {
        // One pixel per half cell: more would only be discarded.
        let blocks = || {
            #[expect(deprecated, reason = "half blocks have no pixels of their own to ask for")]
            let mut picker = Picker::from_fontsize(FontSize::new(1, 2));
            picker.set_protocol_type(ProtocolType::Halfblocks);
            picker
        };
        // Inside tmux or screen nobody answers, and waiting for the answer would swallow keys.
        let within = ["TMUX", "STY"].iter().any(|name| std::env::var_os(name).is_some());
        let asked = || if within { None } else { Picker::from_query_stdio().ok() };
        let forced = |protocol| {
            let mut picker = asked().unwrap_or_else(Picker::halfblocks);
            picker.set_protocol_type(protocol);
            picker
        };
        let picker = match graphics {
            Graphics::Blocks => blocks(),
            Graphics::Kitty => forced(ProtocolType::Kitty),
            Graphics::Sixel => forced(ProtocolType::Sixel),
            Graphics::Auto => asked()
                .filter(|picker| picker.protocol_type() != ProtocolType::Halfblocks)
                .unwrap_or_else(blocks),
        };
        Self { picker, kept: Vec::new(), rescale_requests: Vec::new(), tiles: Vec::new() }
    }

    /// The size in pixels of this many columns and rows.
    pub(super) fn pixels(&self, columns: u16, rows: u16) -> (usize, usize) {
        let font = self.picker.font_size();
        (usize::from(columns) * usize::from(font.width), usize::from(rows) * usize::from(font.height))
    }

    /// The columns and rows of this size in pixels, rounded down.
    pub(super) fn cells(&self, pixels: (usize, usize)) -> (u16, u16) {
        let font = self.picker.font_size();
        let cells =
            |pixels: usize, of: u16| u16::try_from(pixels / usize::from(of).max(1)).unwrap_or(u16::MAX);
        (cells(pixels.0, font.width), cells(pixels.1, font.height))
    }

    /// Starts a new painting: pictures that the last one did not draw are dropped.
    pub(super) fn begin(&mut self) {
        self.rescale_requests.clear();
        self.tiles.clear();
        self.kept.retain_mut(|kept| std::mem::take(&mut kept.used));
    }

    /// Forgets what the terminal has, so that it gets every picture again.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// Draws a picture over this area. `stamp` identifies its content.
    pub(super) fn draw(
        &mut self,
        frame: &mut Frame<'_>,
        area: Rect,
        stamp: u64,
        canvas: &Canvas,
        dimmed: bool,
    ) {
        let fits = |kept: &Kept| (kept.stamp, kept.dimmed, kept.area) == (stamp, dimmed, area);
        let at = self.kept.iter().position(fits).or_else(|| {
            let protocol =
                self.picker.new_protocol(picture(canvas, dimmed)?, area.as_size(), Resize::Fit(None)).ok()?;
            self.kept.push(Kept { stamp, dimmed, area, protocol, used: false });
            Some(self.kept.len() - 1)
        });
        if let Some(kept) = at.and_then(|at| self.kept.get_mut(at)) {
            kept.used = true;
            frame.render_widget(Image::new(&kept.protocol).allow_clipping(true), area);
        }
    }
}

fn picture(canvas: &Canvas, dimmed: bool) -> Option<DynamicImage> {
    let part = if dimmed { 3 } else { 8 };
    let bytes = canvas.pixels.iter().flat_map(|pixel| {
        let [_, red, green, blue] = pixel.to_be_bytes();
        [red, green, blue].map(|channel| (u16::from(channel) * part / 8) as u8)
    });
    let (width, height) = (u32::try_from(canvas.width).ok()?, u32::try_from(canvas.height).ok()?);
    RgbImage::from_raw(width, height, bytes.collect()).map(DynamicImage::ImageRgb8)
}
