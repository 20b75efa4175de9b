//! Scales pictures, whole or in part: the one place that uses `fast_image_resize`.
//!
//! The filter is bilinear and widens its kernel when shrinking: no shimmer, and cheaper than a cubic one, whose
//! sharper edges JPEG would soften again.

use fast_image_resize::{
    CropBox, FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8, U8x3, U8x4},
};

use super::{Canvas, Picture, Pixels};

/// A part of a picture in fractions of its size, so that it is the same part of each plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

impl Part {
    /// The whole picture.
    pub const WHOLE: Self = Self { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// The largest centred part of a picture of size `of` that has the proportions of `like`.
    pub(crate) fn covering(of: (usize, usize), like: (usize, usize)) -> Self {
        let ratio = (of.0 * like.1) as f64 / (of.1 * like.0) as f64;
        let (width, height) = if ratio > 1.0 { (1.0 / ratio, 1.0) } else { (1.0, ratio) };
        Self { left: (1.0 - width) / 2.0, top: (1.0 - height) / 2.0, width, height }
    }

    /// The crop box in a plane; rounding must not push it past the edge.
    fn in_plane(self, (width, height): (usize, usize)) -> CropBox {
        let span = |start: f64, length: f64, whole: usize| {
            let whole = whole as f64;
            let start = (start * whole).min(whole - 1.0).max(0.0);
            (start, (length * whole).max(1.0).min(whole - start))
        };
        let (left, width) = span(self.left, self.width, width);
        let (top, height) = span(self.top, self.height, height);
        CropBox { left, top, width, height }
    }
}

/// A picture that cannot be scaled: its pixels do not have the stated size, or a size has no pixels.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScaleError(String);

fn failed(error: impl std::fmt::Display) -> ScaleError {
    ScaleError(error.to_string())
}

/// Scales pictures one after another, reusing its memory.
#[derive(Debug, Default)]
pub struct Scaler {
    resizer: Resizer,
}

impl Scaler {
    /// Scales the canvas to `size`, in the memory of `reuse`; `None` if either has no pixels.
    pub fn fit(&mut self, source: &Canvas, size: (usize, usize), reuse: Canvas) -> Option<Canvas> {
        self.fit_part(source, Part::WHOLE, size, reuse)
    }

    /// The same with a part of the canvas.
    pub fn fit_part(
        &mut self,
        source: &Canvas,
        part: Part,
        size: (usize, usize),
        reuse: Canvas,
    ) -> Option<Canvas> {
        let from = (source.width, source.height);
        let is_side = |side: usize| u32::try_from(side).is_ok_and(|side| side > 0);
        if ![from.0, from.1, size.0, size.1].into_iter().all(is_side) {
            return None;
        }
        let mut canvas = Canvas { width: size.0, height: size.1, ..reuse };
        canvas.pixels.resize(size.0.checked_mul(size.1)?);
        let from = (bytemuck::cast_slice(&source.pixels), from);
        self.samples::<U8x4>(from, part, (bytemuck::cast_slice_mut(&mut canvas.pixels), size)).ok()?;
        Some(canvas)
    }

    /// Scales a picture to cover `size`: proportions are kept and the excess is cut off evenly. Planes stay
    /// planes and RGB stays RGB.
    ///
    /// # Errors
    /// [`ScaleError`] if the pixels are not those of the stated size.
    pub fn cover(&mut self, picture: &Picture, size: (usize, usize)) -> Result<Picture, ScaleError> {
        let from = (picture.width, picture.height);
        self.scale(picture, Part::covering(from, size), size)
    }

    /// Scales `part` of a plane of single samples to `size`, into `to`.
    pub(crate) fn plane(
        &mut self,
        from: (&[u8], (usize, usize)),
        part: Part,
        to: (&mut [u8], (usize, usize)),
    ) -> Result<(), ScaleError> {
        self.samples::<U8>(from, part, to)
    }

    /// Scales `part` of a picture to `size`.
    pub(crate) fn scale(
        &mut self,
        picture: &Picture,
        part: Part,
        size: (usize, usize),
    ) -> Result<Picture, ScaleError> {
        let from = (picture.width, picture.height);
        let pixels = match &picture.pixels {
            Pixels::Planar(subsampling, planes) => {
                let mut scaled = vec![0; subsampling.bytes(size.0, size.1)];
                let (mut rest, mut to) = (planes.as_slice(), scaled.as_mut_slice());
                for (from, size) in subsampling.plane_sizes(from).zip(subsampling.plane_sizes(size)) {
                    let (plane, others) = rest.split_at_checked(from.0 * from.1).unwrap_or_default();
                    let (target, targets) = to.split_at_mut(size.0 * size.1);
                    self.plane((plane, from), part, (target, size))?;
                    (rest, to) = (others, targets);
                }
                Pixels::Planar(*subsampling, scaled)
            }
            Pixels::Rgb(pixels) => Pixels::Rgb(self.packed(pixels, from, part, size)?),
            Pixels::Bgr(pixels) => Pixels::Bgr(self.packed(pixels, from, part, size)?),
        };
        Ok(Picture { width: size.0, height: size.1, pixels })
    }

    fn packed(
        &mut self,
        pixels: &[u8],
        from: (usize, usize),
        part: Part,
        size: (usize, usize),
    ) -> Result<Vec<u8>, ScaleError> {
        let mut scaled = vec![0; size.0 * size.1 * 3];
        self.samples::<U8x3>((pixels, from), part, (&mut scaled, size))?;
        Ok(scaled)
    }

    /// Of a pixel type that is known here: the crate's own choice among all of them would be linked, a megabyte.
    fn samples<P: PixelTrait>(
        &mut self,
        (from, from_size): (&[u8], (usize, usize)),
        part: Part,
        (to, to_size): (&mut [u8], (usize, usize)),
    ) -> Result<(), ScaleError> {
        let source = TypedImageRef::<P>::from_buffer(from_size.0 as u32, from_size.1 as u32, from);
        let target = TypedImage::<P>::from_buffer(to_size.0 as u32, to_size.1 as u32, to);
        let (source, mut target) = (source.map_err(failed)?, target.map_err(failed)?);
        let CropBox { left, top, width, height } = part.in_plane(from_size);
        // The fourth byte of a canvas is padding, not alpha.
        let options = bilinear().use_alpha(false).crop(left, top, width, height);
        self.resizer.resize_typed(&source, &mut target, &options).map_err(failed)
    }
}

fn bilinear() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Subsampling;

    #[test]
    fn covering_cuts_the_longer_side_evenly() {
        let wide = Part::covering((1600, 400), (800, 400));
        assert_eq!(wide, Part { left: 0.25, top: 0.0, width: 0.5, height: 1.0 });
        let tall = Part::covering((400, 800), (800, 800));
        assert_eq!(tall, Part { left: 0.0, top: 0.25, width: 1.0, height: 0.5 });
        assert_eq!(Part::covering((640, 360), (1280, 720)), Part::WHOLE);
    }

    /// Left third black, middle third mid, right third white, in every plane.
    fn thirds(subsampling: Subsampling, size: (usize, usize)) -> Picture {
        let planes = subsampling.plane_sizes(size).flat_map(|(width, height)| {
            (0..width * height).map(move |i| [0, 100, 200][i % width * 3 / width])
        });
        let pixels = Pixels::Planar(subsampling, planes.collect());
        Picture { width: size.0, height: size.1, pixels }
    }

    #[test]
    fn each_plane_shows_the_same_part() {
        for subsampling in [Subsampling::Yuv444, Subsampling::Yuv422, Subsampling::Yuv420, Subsampling::Grey]
        {
            let picture = thirds(subsampling, (90, 30));
            let scaled = Scaler::default().cover(&picture, (40, 40)).unwrap();
            assert_eq!(scaled.bytes().len(), scaled.expected_bytes());
            assert!(scaled.bytes().iter().all(|&sample| (80..=120).contains(&sample)), "{subsampling:?}");
        }
    }

    #[test]
    fn any_size_scales_to_any_other() {
        for from in [(1, 1), (1, 9), (5, 3), (64, 48)] {
            for to in [(1, 1), (7, 2), (33, 65)] {
                for subsampling in [Subsampling::Yuv422, Subsampling::Yuv420] {
                    let scaled = Scaler::default().cover(&thirds(subsampling, from), to).unwrap();
                    assert_eq!(scaled.bytes().len(), scaled.expected_bytes(), "{from:?} to {to:?}");
                }
                let rgb = Picture {
                    width: from.0,
                    height: from.1,
                    pixels: Pixels::Rgb(vec![9; from.0 * from.1 * 3]),
                };
                let scaled = Scaler::default().cover(&rgb, to).unwrap();
                assert!(scaled.bytes().len() == to.0 * to.1 * 3 && scaled.bytes().iter().all(|&b| b == 9));
            }
        }
    }

    #[test]
    fn pixels_that_do_not_fit_their_size_are_an_error() {
        let short = Picture { width: 8, height: 8, pixels: Pixels::Rgb(vec![0; 100]) };
        assert!(matches!(Scaler::default().cover(&short, (4, 4)), Err(ScaleError(_))));
        let planes = Pixels::Planar(Subsampling::Yuv420, vec![0; 70]);
        let short = Picture { width: 8, height: 8, pixels: planes };
        assert!(matches!(Scaler::default().cover(&short, (4, 4)), Err(ScaleError(_))));
    }

    #[test]
    fn scaling_keeps_colours_and_their_place() {
        let pixel = |i: usize| if i % 64 < 32 { 0x00c8_2010 } else { 0x0010_40e0 };
        let halves = Canvas { width: 64, height: 48, pixels: (0..64 * 48).map(pixel).collect() };
        let mut scaler = Scaler::default();
        for (width, height) in [(32, 24), (200, 150), (31, 77)] {
            let scaled = scaler.fit(&halves, (width, height), Canvas::default()).unwrap();
            assert_eq!((scaled.width, scaled.height, scaled.pixels.len()), (width, height, width * height));
            assert_eq!(scaled.pixel(1, height / 2).unwrap() & 0x00ff_ffff, 0x00c8_2010);
            assert_eq!(scaled.pixel(width - 2, height / 2).unwrap() & 0x00ff_ffff, 0x0010_40e0);
        }
    }

    #[test]
    fn a_part_of_a_canvas_is_enlarged() {
        let pixel = |i: usize| if i % 64 < 32 { 0x00c8_2010 } else { 0x0010_40e0 };
        let halves = Canvas { width: 64, height: 48, pixels: (0..64 * 48).map(pixel).collect() };
        let right = Part { left: 0.6, top: 0.5, width: 0.4, height: 0.25 };
        let scaled = Scaler::default().fit_part(&halves, right, (80, 30), Canvas::default()).unwrap();
        assert_eq!((scaled.width, scaled.height), (80, 30));
        assert!(scaled.pixels.iter().all(|pixel| pixel & 0x00ff_ffff == 0x0010_40e0));
        let beyond = Part { left: 2.0, top: -1.0, width: 9.0, height: 0.0 };
        assert!(Scaler::default().fit_part(&halves, beyond, (8, 3), Canvas::default()).is_some());
    }

    #[test]
    fn nothing_cannot_be_scaled() {
        let mut scaler = Scaler::default();
        assert!(scaler.fit(&Canvas::default(), (5, 5), Canvas::default()).is_none());
        assert!(scaler.fit(&Canvas::filled(5, 5, 1), (0, 5), Canvas::default()).is_none());
        let short = Canvas { width: 9, height: 9, pixels: vec![0; 3].into() };
        assert!(scaler.fit(&short, (5, 5), Canvas::default()).is_none());
    }
}
