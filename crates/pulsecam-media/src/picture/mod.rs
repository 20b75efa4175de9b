//! Uncompressed pictures, from sources to the encoder and from the decoder to the window.

mod orientation;
mod pixel_buffer;
mod planes;
mod scaler;

pub use self::{
    orientation::Orientation,
    pixel_buffer::PixelBuffer,
    scaler::{Part, ScaleError, Scaler},
};

/// How chroma is sampled in planar YUV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsampling {
    /// One chroma sample for each pixel (4:4:4).
    Yuv444,
    /// One for two pixels next to each other (4:2:2).
    Yuv422,
    /// One for a block of two by two pixels (4:2:0).
    Yuv420,
    /// Luma only.
    Grey,
}

impl Subsampling {
    /// Pixels that share one chroma sample, across and down.
    #[must_use]
    pub const fn block(self) -> (usize, usize) {
        match self {
            Self::Yuv444 | Self::Grey => (1, 1),
            Self::Yuv422 => (2, 1),
            Self::Yuv420 => (2, 2),
        }
    }

    /// Bytes of the planes of a `width` x `height` picture, Y then U then V. Each dimension is first rounded
    /// up to whole blocks; there is no padding between rows.
    #[must_use]
    pub const fn bytes(self, width: usize, height: usize) -> usize {
        let (across, down) = self.block();
        let (w, h) = (width.next_multiple_of(across), height.next_multiple_of(down));
        match self {
            Self::Grey => w * h,
            _ => w * h + 2 * (w / across) * (h / down),
        }
    }

    /// Width and height of each plane of a picture of this size.
    pub(crate) fn plane_sizes(self, (width, height): (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
        let (across, down) = self.block();
        let chroma = (width.div_ceil(across), height.div_ceil(down));
        let luma = (chroma.0 * across, chroma.1 * down);
        let planes = if self == Self::Grey { 1 } else { 3 };
        [luma, chroma, chroma].into_iter().take(planes)
    }
}

/// The pixels of a [`Picture`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Planes Y, U, V one after the other (full-range BT.601, as in JFIF). Rows have no padding; the length
    /// is [`Subsampling::bytes`].
    Planar(Subsampling, Vec<u8>),
    /// Three bytes a pixel: red, green, blue.
    Rgb(Vec<u8>),
    /// Three bytes a pixel: blue, green, red.
    Bgr(Vec<u8>),
}

/// An uncompressed picture, as produced by a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// The samples.
    pub pixels: Pixels,
}

impl Picture {
    /// Bytes that `pixels` must have for the stated size.
    #[must_use]
    pub const fn expected_bytes(&self) -> usize {
        match &self.pixels {
            Pixels::Planar(subsampling, _) => subsampling.bytes(self.width, self.height),
            Pixels::Rgb(_) | Pixels::Bgr(_) => self.width * self.height * 3,
        }
    }

    /// The samples as one slice.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.pixels {
            Pixels::Planar(_, bytes) | Pixels::Rgb(bytes) | Pixels::Bgr(bytes) => bytes,
        }
    }
}

impl Picture {
    /// Returns the memory of the samples, for reuse.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self.pixels {
            Pixels::Planar(_, bytes) | Pixels::Rgb(bytes) | Pixels::Bgr(bytes) => bytes,
        }
    }
}

/// A picture for display: `0x00RRGGBB` per pixel, rows without padding, the window's format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canvas {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `width * height` pixels, row by row.
    pub pixels: PixelBuffer,
}

/// The largest size with the proportions of `picture` within `room`, in whole pixels. (0, 0) for a picture
/// without pixels.
#[must_use]
pub fn contained(picture: (usize, usize), room: (usize, usize)) -> (usize, usize) {
    let (width, height) = picture;
    if width == 0 || height == 0 {
        return (0, 0);
    }
    // u128, so that the products cannot overflow.
    let scaled = |side: usize, by: usize, of: usize| {
        let exact = (side as u128 * by as u128 + of as u128 / 2) / of as u128;
        usize::try_from(exact).unwrap_or(usize::MAX).max(1)
    };
    if width as u128 * room.1 as u128 >= height as u128 * room.0 as u128 {
        (room.0, scaled(height, room.0, width))
    } else {
        (scaled(width, room.1, height), room.1)
    }
}

/// One colour in full-range BT.601, as JFIF defines it.
pub(crate) fn yuv(rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(f32::from);
    [
        0.299 * r + 0.587 * g + 0.114 * b,
        128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
        128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
    ]
    .map(|sample| sample.round() as u8)
}

impl Canvas {
    /// The pixels as bytes, in this machine's order.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.pixels)
    }

    /// A canvas of one colour.
    #[must_use]
    pub fn filled(width: usize, height: usize, colour: u32) -> Self {
        let mut pixels = PixelBuffer::black(width * height);
        pixels.fill(colour);
        Self { width, height, pixels }
    }

    /// The pixel at `x`, `y`, if there is one.
    #[must_use]
    pub fn pixel(&self, x: usize, y: usize) -> Option<u32> {
        (x < self.width).then(|| self.pixels.get(y * self.width + x).copied()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plane_sizes_round_up_to_whole_blocks() {
        assert_eq!(Subsampling::Yuv420.bytes(640, 480), 640 * 480 * 3 / 2);
        assert_eq!(Subsampling::Yuv420.bytes(5, 3), 6 * 4 + 2 * 3 * 2);
        assert_eq!(Subsampling::Yuv422.bytes(5, 3), 6 * 3 + 2 * 3 * 3);
        assert_eq!(Subsampling::Yuv444.bytes(5, 3), 5 * 3 * 3);
        assert_eq!(Subsampling::Grey.bytes(5, 3), 15);
    }

    #[test]
    fn colours_are_those_of_jfif() {
        assert_eq!(yuv([255, 255, 255]), [255, 128, 128]);
        assert_eq!(yuv([255, 0, 0]), [76, 85, 255]);
        assert_eq!(yuv([0, 0, 255]), [29, 255, 107]);
    }
}
